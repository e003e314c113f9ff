"""Damaged files for every reader: `python -m fuzz`. A reader may answer, or raise InputError or OSError."""
