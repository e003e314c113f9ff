"""The named views, the same in the page and in the figure.

"front" faces the people, "side" looks from their right, so that they face right, "top" looks from above with
their front at the bottom. All three are level with the camera, since one image does not show which way is
down. "camera" looks along the camera's z axis.
"""

import math

import numpy as np

from wholebody_lift._types import AnyFloats
from wholebody_lift.pose import FRAMES, Pose3D
from wholebody_lift.skeleton import INDEX

_ACROSS = [(INDEX[f"left_{name}"], INDEX[f"right_{name}"]) for name in ("shoulder", "hip")]
_LEAST_AGREEMENT = 0.3
"""If the mean of their unit directions is shorter than this, people face too many ways for a common front."""


def in_opencv(pose: Pose3D, xyz: AnyFloats) -> AnyFloats:
    """Positions (..., 3) in the axes of a pose's frame, as OpenCV camera axes."""
    return np.asarray(xyz, np.float64) @ FRAMES[pose.frame].matrix


def facing(pose: Pose3D) -> float:
    """Radians from the camera, around the vertical, to the viewpoint in front of the people.

    0: they face the camera; a quarter turn: they face the left of the image. The mean over all people and
    frames, from the lines through both shoulders and both hips; also 0 if they have no common front.
    """
    opencv = in_opencv(pose, pose.xyz)
    left = np.sum([opencv[:, a] - opencv[:, b] for a, b in _ACROSS], axis=0)[:, [0, 2]]  # (N, 2)
    length = np.linalg.norm(left, axis=1, keepdims=True)
    x, z = (left / np.maximum(length, 1e-9)).mean(axis=0)
    return math.atan2(-z, x) if math.hypot(x, z) >= _LEAST_AGREEMENT else 0.0


def axes(turn: float, lift: float) -> AnyFloats:
    """Right, down and forward (3, 3) of a viewer, in OpenCV camera axes.

    `turn` in radians around the vertical as in `facing`, `lift` in radians upwards, as the people see it.
    """
    s, c = math.sin(turn), math.cos(turn)
    sp, cp = math.sin(lift), math.cos(lift)
    return np.array([[c, 0.0, -s], [-sp * s, cp, -sp * c], [s * cp, sp, c * cp]])


def named(pose: Pose3D) -> dict[str, tuple[float, float]]:
    """(turn, lift) in radians of each named view of these people."""
    front = facing(pose)
    return {
        "camera": (0.0, 0.0),
        "front": (front, 0.0),
        "side": (front + math.pi / 2, 0.0),
        "top": (front, math.pi / 2),
    }
