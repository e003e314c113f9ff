"""BVH, a skeleton with hands that moves: one person, centimetres, y up. Written only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np

from wholebody_lift import atomic
from wholebody_lift._types import Floats
from wholebody_lift.body.inverse_kinematics import BONES, CHILDREN, SkeletonPose, solve
from wholebody_lift.body.joint_angles import continuous
from wholebody_lift.formats.results.bone_names import BoneNames, bone_names
from wholebody_lift.formats.results.motion import Origin, motion
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import Pose3D

FRAME = "opengl"
"""x right in the image, y up, z towards the camera: a person who faces the camera faces along +z."""

_CENTIMETRES = 0.1  # in one millimetre
_POSITION = "Xposition Yposition Zposition"
_ROTATION = "Zrotation Xrotation Yrotation"


def write(pose: Pose3D, path: Path, *, origin: Origin = "ground", names: BoneNames = "vrm") -> None:
    """Write one person over time as bones that turn (see `inverse_kinematics`).

    Every frame is written, from the person's first to the last; the keypoints of frames without the person
    are on straight lines between their neighbours. Lengths are in centimetres, angles in degrees, in the
    order Z, X, Y. BVH has no place to say so; the frame rate is its Frame Time.

    Args:
        pose: one person, with a frame rate if there are several frames.
        path: where to write.
        origin: see `motion.Origin`.
        names: see `bone_names.BoneNames`.

    Raises ValueError where there are several people, no frame rate, or an option is not known.
    """
    called = bone_names(names)
    moving = motion(pose, FRAME, origin)
    skeleton = solve(moving.only_track("a BVH file").without_gaps())
    angles = continuous(_angles(skeleton.rotations))  # (T, B, 3)
    values = np.hstack([skeleton.root * _CENTIMETRES, angles.reshape(len(angles), -1)])
    lines = [
        "HIERARCHY",
        *_hierarchy(skeleton, called, 0, ""),
        "MOTION",
        f"Frames: {len(skeleton)}",
        f"Frame Time: {1 / moving.fps:.9f}",
        *(" ".join(f"{value:.6f}" for value in row) for row in values),
    ]
    atomic.write_text(path, "\n".join(lines) + "\n", encoding="ascii")


def _hierarchy(skeleton: SkeletonPose, called: tuple[str, ...], bone: int, indent: str) -> Iterator[str]:
    root = BONES[bone].parent < 0
    yield f"{indent}{'ROOT' if root else 'JOINT'} {called[bone]}"
    yield f"{indent}{{"
    yield f"{indent}  {_offset(skeleton.offsets[bone])}"
    yield f"{indent}  CHANNELS {f'6 {_POSITION}' if root else '3'} {_ROTATION}"
    for child in CHILDREN[bone]:
        yield from _hierarchy(skeleton, called, child, indent + "  ")
    if not CHILDREN[bone]:
        yield f"{indent}  End Site"
        yield f"{indent}  {{"
        yield f"{indent}    {_offset(skeleton.ends[bone])}"
        yield f"{indent}  }}"
    yield f"{indent}}}"


def _offset(millimetres: Floats) -> str:
    x, y, z = millimetres * _CENTIMETRES + 0.0  # no -0
    return f"OFFSET {x:.6f} {y:.6f} {z:.6f}"


def _angles(rotations: Floats) -> Floats:
    """Degrees (..., 3) about z, x and y of rotations (..., 3, 3) = Rz @ Rx @ Ry."""
    (_, r01, _), (_, r11, _), (r20, r21, r22) = np.moveaxis(rotations, (-2, -1), (0, 1))
    z, x, y = np.arctan2(-r01, r11), np.arcsin(r21.clip(-1, 1)), np.arctan2(-r20, r22)
    return np.asarray(np.rad2deg(np.stack([z, x, y], axis=-1)))


KIND = Kind(
    ".bvh",
    "BVH",
    "animation",
    write,
    "Blender, MotionBuilder",
    unit="cm",
    frame=FRAME,
    obstacles=frozenset({"who", "when", "several"}),
    one_person=True,
    names=get_args(BoneNames),
)
