"""People over time: smoothing, standing feet, and whole sequences."""
