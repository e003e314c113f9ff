"""Recorded motion, hands and faces, read from their publishers' files and carried over to Anny."""
