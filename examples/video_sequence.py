"""Lift a whole video as one smooth motion, with constant bone lengths and standing feet locked."""

from pathlib import Path

import numpy as np

from wholebody_lift import Lifter, LiveLifter, Pose3D, formats
from wholebody_lift.body.constraints import measures

FPS = 5.0  # the example contains every sixth frame of a video


def jitter(pose: Pose3D) -> float:
    """Mean length of the second differences, mm: what remains after steady motion is removed."""
    return float(np.linalg.norm(np.diff(pose.in_camera, n=2, axis=0), axis=-1).mean())


frames = formats.read(Path(__file__).parent / "data" / "squats.json")
lifter = Lifter.from_pretrained()
stream = LiveLifter(lifter, FPS)  # for a running camera

single = lifter.lift(frames)
whole = lifter.lift_sequence(frames, FPS, lock_feet=True)
live = [stream.push(frame) for frame in frames]

print(whole.summary())
for name, pose in (("frame by frame", single), ("lift_sequence", whole)):
    lengths = measures(pose.xyz.astype(np.float64))
    spread = 100 * (lengths.std(axis=0) / lengths.mean(axis=0)).mean()
    print(f"{name:16s} jitters by {jitter(pose):4.0f} mm per frame², bones vary by {spread:4.1f} %")
print(f"live: {len(live)} results, the last one of frame {live[-1].image_ids[0]}")
