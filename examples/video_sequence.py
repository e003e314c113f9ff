"""Lift a whole video as one smooth motion, with constant bone lengths and standing feet locked."""

from pathlib import Path

import numpy as np

from wholebody_lift import Lifter, LiveLifter, Pose3D, formats
from wholebody_lift.skeleton import INDEX

FPS = 5.0  # the example contains every sixth frame of a video
LIMBS = (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))


def jitter(pose: Pose3D) -> float:
    """Mean length of the second differences, mm: what remains after steady motion is removed."""
    return float(np.linalg.norm(np.diff(pose.in_camera, n=2, axis=0), axis=-1).mean())


def length_spread(pose: Pose3D) -> float:
    """Standard deviation of the limbs' lengths over time, in percent of their means."""
    ends = [[INDEX[f"{side}_{end}"] for end in limb] for side in ("left", "right") for limb in LIMBS]
    lengths = np.linalg.norm(np.diff(pose.xyz[:, ends], axis=2)[:, :, 0], axis=-1)  # (T, limbs) mm
    return float(100 * (lengths.std(axis=0) / lengths.mean(axis=0)).mean())


frames = formats.read(Path(__file__).parent / "data" / "squats.json")
lifter = Lifter.from_pretrained()
stream = LiveLifter(lifter, FPS)  # for a running camera

single = lifter.lift(frames)
whole = lifter.lift_sequence(frames, FPS, lock_feet=True)
live = [stream.push(frame) for frame in frames]

print(whole.summary())
for name, pose in (("frame by frame", single), ("lift_sequence", whole)):
    print(f"{name:16s} jitter {jitter(pose):4.0f} mm per frame², lengths vary by {length_spread(pose):4.1f}%")
print(f"live: {len(live)} results, the last one of frame {live[-1].image_ids[0]}")
