"""Lift a whole video: smooth, with bones that keep their length, and feet that stand where they stand."""

from pathlib import Path

import numpy as np

from wholebody_lift import Lifter, LiveLifter, Pose3D, formats
from wholebody_lift.body.constraints import measures

FPS = 5.0  # of the example, which is every sixth frame of a video


def shaking(pose: Pose3D) -> float:
    """Mean length of the second differences, mm: what is left of a movement beyond steady motion."""
    return float(np.linalg.norm(np.diff(pose.in_camera, n=2, axis=0), axis=-1).mean())


frames = formats.read(Path(__file__).parent / "data" / "squats.json")
lifter = Lifter.from_pretrained()
stream = LiveLifter(lifter, FPS)  # what a running camera would use

single = lifter.lift(frames)
whole = lifter.lift_sequence(frames, FPS, lock_feet=True)
live = [stream.push(frame) for frame in frames]

print(whole.summary())
for name, pose in (("frame by frame", single), ("lift_sequence", whole)):
    lengths = measures(pose.xyz.astype(np.float64))
    spread = 100 * (lengths.std(axis=0) / lengths.mean(axis=0)).mean()
    print(f"{name:16s} shakes by {shaking(pose):4.0f} mm per frame², bones vary by {spread:4.1f} %")
print(f"live: {len(live)} results, the last one of frame {live[-1].image_ids[0]}")
