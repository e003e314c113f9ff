"""2D keypoints as other programs write them; one file a program."""
