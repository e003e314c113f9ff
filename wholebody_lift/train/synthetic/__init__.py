"""Synthetic people: bodies, poses, cameras and detectors, drawn at random."""
