"""Everything that only retraining needs: synthetic people, recorded motion, losses, loop, evaluation."""
