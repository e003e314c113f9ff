"""Recorded motion, hands and faces, read from their publishers' files and retargeted to Anny."""
