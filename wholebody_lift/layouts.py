"""The layouts of other programs, by the names of their keypoints, and the way from them to the 133.

A name that `skeleton` has too is that keypoint. Any other has no place among the 133 and is lost; what a
layout lacks is missing. Both are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from wholebody_lift._types import Floats
from wholebody_lift.errors import DroppedWarning, InputError, listed, warn
from wholebody_lift.skeleton import INDEX, KEYPOINT_NAMES, NUM_KEYPOINTS, PARTS


class Layout(NamedTuple):
    """A layout: how it is called in messages, and the name of each of its keypoints in their order."""

    title: str
    names: tuple[str, ...]


def _part(*parts: str) -> tuple[str, ...]:
    return tuple(KEYPOINT_NAMES[i] for part in parts for i in PARTS[part])


FEET = _part("feet")
FACE = _part("face")
LEFT_HAND = _part("left_hand")
RIGHT_HAND = _part("right_hand")

COCO_WHOLEBODY = Layout("COCO-WholeBody", KEYPOINT_NAMES)
COCO = Layout("the COCO body", _part("body"))

HALPE_26 = Layout(
    "Halpe's body with feet",
    (
        *COCO.names,
        *("head", "neck", "hip"),
        *(f"{side}_{name}" for name in ("big_toe", "small_toe", "heel") for side in ("left", "right")),
    ),
)
"""Source: the table in the README of Fang-Haoshu/Halpe-FullBody."""

HALPE_136 = Layout("Halpe's full body", HALPE_26.names + FACE + LEFT_HAND + RIGHT_HAND)

_RIGHT_ARM = ("right_shoulder", "right_elbow", "right_wrist")
_LEFT_ARM = ("left_shoulder", "left_elbow", "left_wrist")
_RIGHT_LEG = ("right_hip", "right_knee", "right_ankle")
_LEFT_LEG = ("left_hip", "left_knee", "left_ankle")
_EYES_AND_EARS = ("right_eye", "left_eye", "right_ear", "left_ear")

OPENPOSE_18 = Layout(
    "OpenPose's COCO body",
    ("nose", "neck", *_RIGHT_ARM, *_LEFT_ARM, *_RIGHT_LEG, *_LEFT_LEG, *_EYES_AND_EARS),
)

BODY_25 = Layout(
    "OpenPose's BODY_25",
    ("nose", "neck", *_RIGHT_ARM, *_LEFT_ARM, "mid_hip", *_RIGHT_LEG, *_LEFT_LEG, *_EYES_AND_EARS, *FEET),
)
"""Source of both: OpenPose, doc/02_output.md."""

OPENPOSE_134 = Layout(
    "COCO-WholeBody in OpenPose's order", OPENPOSE_18.names + FEET + FACE + LEFT_HAND + RIGHT_HAND
)
"""What DWPose and rtmlib make of COCO-WholeBody with to_openpose=True."""

FACE_70 = (*FACE, "right_pupil", "left_pupil")

MEDIAPIPE_POSE = Layout(
    "MediaPipe's body",
    (
        "nose",
        *(f"left_eye{corner}" for corner in ("_inner", "", "_outer")),
        *(f"right_eye{corner}" for corner in ("_inner", "", "_outer")),
        *(f"{side}_ear" for side in ("left", "right")),
        *(f"mouth_{side}" for side in ("left", "right")),
        *(
            f"{side}_{name}"
            for name in (
                *("shoulder", "elbow", "wrist", "pinky", "index", "thumb"),
                *("hip", "knee", "ankle", "heel", "big_toe"),
            )
            for side in ("left", "right")
        ),
    ),
)
"""Source: `PoseLandmark` in mediapipe/python/solutions/pose.py, where our big toe is called foot index."""


def convert(values: Floats, *layouts: Layout) -> Floats:
    """(N, 133, C) from (N, K, C) in that one of the layouts that has K keypoints; NaN where missing.

    Raises InputError if none has.
    """
    by_count = {len(layout.names): layout for layout in layouts}
    came = values.shape[-2]
    if came not in by_count:
        wanted = (f"{number} ({layout.title})" for number, layout in sorted(by_count.items()))
        raise InputError(f"got {came} keypoints a person; {' or '.join(wanted)} were wanted")
    layout = by_count[came]
    warn_of_dropped_keypoints(layout.title, layout.names)
    ours = np.full((*values.shape[:-2], NUM_KEYPOINTS, values.shape[-1]), np.nan)
    place(values, layout.names, ours)
    return ours


def place(values: Floats, names: tuple[str, ...], ours: Floats) -> None:
    """Put what has a place into its rows of `ours` (..., 133, C); values (..., K, C) have these names."""
    kept = [i for i, name in enumerate(names) if name in INDEX]
    ours[..., [INDEX[names[i]] for i in kept], :] = values[..., kept, :]


def warn_of_dropped_keypoints(title: str, names: Iterable[str]) -> None:
    """Warn about what of these keypoints has no place among the 133, and what they lack. Else nothing."""
    came = set(names)
    lost = [name for name in dict.fromkeys(names) if name not in INDEX]
    texts = []
    if lost:
        texts.append(f"{listed(lost)}, which COCO-WholeBody does not have, left out")
    lacking = list(_lacking(came))
    if lacking:
        texts.append(f"{listed(lacking)} missing")
    if texts:
        warn(f"got {title}: {'; '.join(texts)}", DroppedWarning)


def _lacking(came: set[str]) -> Iterator[str]:
    """The parts, and the keypoints of other parts, that are not there."""
    for part, indices in PARTS.items():
        absent = [KEYPOINT_NAMES[i] for i in indices if KEYPOINT_NAMES[i] not in came]
        yield from [part] if len(absent) == len(indices) else absent
