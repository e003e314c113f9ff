"""Keypoints and frames: keypoints.md, frames.md."""

from __future__ import annotations

from collections.abc import Callable

from blocks.writing import code, table
from wholebody_lift.pose import FRAMES
from wholebody_lift.skeleton import FACE_FEATURES, KEYPOINT_NAMES, PARENTS, PARTS


def keypoint_names() -> str:
    """Body and feet by index."""
    rows = []
    for part in ("body", "feet"):
        for i in PARTS[part]:
            parent = KEYPOINT_NAMES[PARENTS[i]] if PARENTS[i] >= 0 else "none: the top of the tree"
            rows.append((i, code(KEYPOINT_NAMES[i]), part, code(parent) if PARENTS[i] >= 0 else parent))
    return table(("Index", "Name", "Part", "Parent"), rows)


def face_names() -> str:
    """The features of the face that keypoints outline."""
    first = PARTS["face"].start
    rows = [
        (
            name.replace("_", " "),
            f"{part[0]} to {part[-1]}",
            f"`{KEYPOINT_NAMES[part[0]]}` to `{KEYPOINT_NAMES[part[-1]]}`",
            f"{part[0] - first} to {part[-1] - first}",
        )
        for name, part in FACE_FEATURES.items()
    ]
    return table(("Feature", "Index", "Names", "Number in iBUG's 68"), rows)


def hand_names() -> str:
    """Both hands, side by side."""
    left, right = PARTS["left_hand"], PARTS["right_hand"]
    rows = [
        (code(KEYPOINT_NAMES[a].removeprefix("left_")), a, b, code(_hand_parent(a)))
        for a, b in zip(left, right, strict=True)
    ]
    return table(("Name, after `left_` or `right_`", "Left", "Right", "Parent"), rows)


def _hand_parent(left: int) -> str:
    return KEYPOINT_NAMES[PARENTS[left]].removeprefix("left_")


def frames() -> str:
    """The frames of `Pose3D.to`."""
    rows = [(code(name), f.x, f.y, f.z, f.handedness) for name, f in FRAMES.items()]
    return table(("Frame", "x", "y", "z", "Handedness"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "keypoint-names": keypoint_names,
    "face-names": face_names,
    "hand-names": hand_names,
    "frames": frames,
}
