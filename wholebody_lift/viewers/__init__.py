"""Ways to look at a Pose3D: `html` (a standalone page) and `figure` (matplotlib)."""
