"""Lift with a calibrated camera and a known height, so that the result has its true size and position."""

from pathlib import Path

import numpy as np

from wholebody_lift import Keypoints2D, Lifter, formats

frames = formats.read(Path(__file__).parent / "data" / "squats.json")
phone = np.array([[1000.0, 0.0, 360.0], [0.0, 1000.0, 640.0], [0.0, 0.0, 1.0]])  # 720 x 1280 pixels
person = Keypoints2D(
    keypoints=frames.keypoints,
    scores=frames.scores,
    image_size=(720, 1280),
    image_ids=frames.image_ids,
    fps=frames.fps,
    K=phone,
    height_mm=1780,
)
pose = Lifter.from_pretrained().lift_sequence(person)

hips = pose.translation  # (frames, 3) mm from the camera: x right, y down, z away
print(pose.summary())
print(f"the hips are {np.median(hips[:, 2]) / 1000:.1f} m from the camera")
print(f"and move down and up by {np.ptp(hips[:, 1]) / 10:.0f} cm during the squats")
