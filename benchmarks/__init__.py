"""Measurements of the library: each file or folder is a command."""
