"""The layouts of other programs, by the names of their keypoints, and the way from them to the 133.

Names that `skeleton` has too are the same keypoints. Keypoints with other names have no place among the 133
and are dropped; those that a layout lacks are missing. The readers warn of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from wholebody_lift._types import Floats, Mask
from wholebody_lift.arrays import extent
from wholebody_lift.errors import DroppedWarning, InputError, listed, warn
from wholebody_lift.skeleton import INDEX, KEYPOINT_NAMES, NUM_KEYPOINTS, PARTS


class Layout(NamedTuple):
    """A layout: its name in messages, and the names of its keypoints in their order.

    A keypoint that stands for two of ours has both names, separated by a space.
    """

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

BODY_25B = Layout(
    "OpenPose's BODY_25B",
    (*COCO.names, "upper_neck", "head_top", *FEET),
)
BODY_135 = Layout(
    "OpenPose's BODY_135",
    (*BODY_25B.names, *LEFT_HAND[1:], *RIGHT_HAND[1:], *FACE, "right_pupil", "left_pupil"),
)
MPI_15 = Layout(
    "OpenPose's MPI body",
    ("head", "neck", *_RIGHT_ARM, *_LEFT_ARM, *_RIGHT_LEG, *_LEFT_LEG, "chest"),
)
"""Source of the three: OpenPose, src/openpose/pose/poseParameters.cpp."""

H36M_17 = Layout(
    "Human3.6M's body",
    (
        *("hip", *_RIGHT_LEG, *_LEFT_LEG, "spine", "thorax", "neck_base", "head"),
        *_LEFT_ARM,
        *_RIGHT_ARM,
    ),
)
"""Source: MMPose, configs/_base_/datasets/h36m.py."""


def _mhr_hand(side: str) -> tuple[str, ...]:
    """The fingers of MHR70 from tip to base, and the wrist, which is the root of our hand too."""
    fingers = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")
    return (
        *(f"{side}_{finger}{joint}" for finger in fingers for joint in (4, 3, 2, 1)),
        f"{side}_wrist {side}_hand_root",
    )


MHR_70 = Layout(
    "MHR70, of SAM 3D Body",
    (
        *("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
        *(
            f"{side}_{name}"
            for name in ("shoulder", "elbow", "hip", "knee", "ankle")
            for side in ("left", "right")
        ),
        *FEET,
        *_mhr_hand("right"),
        *_mhr_hand("left"),
        *(
            f"{side}_{name}"
            for name in ("olecranon", "cubital_fossa", "acromion")
            for side in ("left", "right")
        ),
        "neck",
    ),
)
SAPIENS_308 = Layout(
    "Sapiens' (Goliath) body, hands and dense face",
    (*MHR_70.names, *(f"dense_face_{i}" for i in range(308 - 70))),
)
"""Source of both: Sapiens, pose/configs/_base_/datasets/goliath.py. Its face is not iBUG's: it is left
out."""

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


NAMED: dict[str, Layout] = {
    "coco-wholebody": COCO_WHOLEBODY,
    "coco": COCO,
    "h36m": H36M_17,
    "halpe26": HALPE_26,
    "halpe136": HALPE_136,
    "openpose-coco": OPENPOSE_18,
    "body_25": BODY_25,
    "body_25b": BODY_25B,
    "body_135": BODY_135,
    "mpi": MPI_15,
    "openpose-wholebody": OPENPOSE_134,
    "mhr70": MHR_70,
    "sapiens308": SAPIENS_308,
}
"""The layouts that a caller can name where a file does not say its own."""


USUAL_LAYOUT: dict[int, str] = {
    **{
        len(layout.names): layout.title
        for layout in (OPENPOSE_18, BODY_25, HALPE_26, MEDIAPIPE_POSE, BODY_135, HALPE_136, SAPIENS_308)
    },
    17: f"{COCO.title} (our keypoints 0 to {PARTS['body'][-1]}) or, in another order, Human3.6M",
    21: "one hand",
    65: f"COCO-WholeBody without the face (our keypoints 0 to {PARTS['feet'][-1]} "
    f"and {PARTS['left_hand'][0]} to {PARTS['right_hand'][-1]})",
    68: f"the iBUG face of 300-W and dlib (our keypoints {PARTS['face'][0]} to {PARTS['face'][-1]})",
    70: "OpenPose's face (68 and the two pupils) or the MHR70 body with hands",
    134: "COCO-WholeBody put into OpenPose's order with a neck added, as by DWPose and rtmlib "
    "(where to_openpose=False turns it off)",
    137: "OpenPose's BODY_25 with both hands and the 70 keypoints of its face",
    543: "MediaPipe Holistic",
}
"""What a number of keypoints other than 133 usually is."""


def named(name: str) -> Layout:
    """The layout of that name. Raises InputError for an unknown one."""
    if name not in NAMED:
        raise InputError(f"expected one of the layouts {', '.join(NAMED)}, got {name!r}")
    return NAMED[name]


def choose(values: Floats, layouts: Sequence[Layout]) -> Layout:
    """The layout, one of these, that people (N, K, C), NaN where missing, are in.

    The number of keypoints decides; if several layouts have it, the positions decide (`_FITS`), or else the
    order of the layouts. Raises InputError if none has that number.
    """
    came = values.shape[-2]
    candidates = [layout for layout in layouts if len(layout.names) == came]
    if not candidates:
        wanted = " or ".join(
            f"{len(layout.names)} ({layout.title})"
            for layout in sorted(layouts, key=lambda layout: len(layout.names))
        )
        raise InputError(
            f"expected {wanted} keypoints per person, got {came}; name another layout with layout=..."
        )
    first, *others = candidates
    xy = np.where((values[..., :2] == 0).all(axis=-1, keepdims=True), np.nan, values[..., :2])
    for other in others:
        with np.errstate(over="ignore", invalid="ignore"):  # absurd coordinates fit nothing
            first_fits, other_fits = (
                _FITS[layout.title](xy) if layout.title in _FITS else None for layout in (first, other)
            )
        if other_fits is not None and (other_fits & ~_true(first_fits)).sum() > 0.5 * len(values):
            return other
    return first


def _true(fits: Mask | None) -> Mask:
    return np.zeros(1, dtype=bool) if fits is None else fits


def _size(xy: Floats) -> Floats:
    """(N,) the longer side of the box around people (N, K, 2), NaN where missing."""
    return np.asarray(extent(xy).max(axis=-1))


def _all_are_middles(xy: Floats, *middles: tuple[int, int, int], tolerance: float) -> Mask:
    """(N,) bool: each of some keypoints is half way between two others, within a share of the size, as
    far as they are seen; false where none is."""
    off = np.stack([np.linalg.norm(xy[:, m] - (xy[:, a] + xy[:, b]) / 2, axis=-1) for m, a, b in middles])
    known = ~np.isnan(off)
    return np.asarray(known.any(axis=0) & ((off < tolerance * _size(xy)) | ~known).all(axis=0))


def _fits_body_25(xy: Floats) -> Mask:
    """Neck and middle of the hips, which OpenPose puts between shoulders and between hips."""
    return _all_are_middles(xy, (1, 2, 5), (8, 9, 12), tolerance=0.07)


def _fits_body_25b(xy: Floats) -> Mask:
    """The upper neck, a little above the middle of the shoulders."""
    return _all_are_middles(xy, (17, 5, 6), tolerance=0.15)


def _fits_coco(xy: Floats) -> Mask:
    """The head: those of its five keypoints that are seen lie together."""
    head = np.where(np.isnan(xy[:, :5]).all(axis=1, keepdims=True), 0, xy[:, :5])
    return np.asarray(_size(head) < 0.3 * _size(xy))


def _fits_h36m(xy: Floats) -> Mask:
    """The root between the hips, and the spine between root and thorax."""
    return _all_are_middles(xy, (0, 1, 4), (7, 0, 8), tolerance=0.1)


_FITS: dict[str, Callable[[Floats], Mask]] = {
    BODY_25.title: _fits_body_25,
    BODY_25B.title: _fits_body_25b,
    COCO.title: _fits_coco,
    H36M_17.title: _fits_h36m,
}
"""Whether people (N, K, 2) can be in a layout that shares its number of keypoints with another: (N,) bool."""


def convert(values: Floats, *layouts: Layout) -> Floats:
    """(N, 133, C) from (N, K, C) in one of the layouts, as `choose` tells; NaN where missing.

    Raises InputError if none has K keypoints.
    """
    layout = choose(values, layouts)
    warn_of_dropped_keypoints(layout.title, layout.names)
    ours = np.full((*values.shape[:-2], NUM_KEYPOINTS, values.shape[-1]), np.nan)
    place(values, layout.names, ours)
    return ours


def place(values: Floats, names: tuple[str, ...], ours: Floats) -> None:
    """Copy values (..., K, C) of keypoints with these names into their rows of `ours` (..., 133, C)."""
    places = [(i, INDEX[name]) for i, both in enumerate(names) for name in both.split() if name in INDEX]
    ours[..., [place for _, place in places], :] = values[..., [i for i, _ in places], :]


def warn_of_dropped_keypoints(title: str, names: Iterable[str]) -> None:
    """Warn of those of these keypoints that have no place among the 133, and of those that are missing, if
    any."""
    came = {name for both in names for name in both.split()}
    lost = [name for name in dict.fromkeys(names) if not _is_ours(name)]
    texts = []
    if lost:
        texts.append(f"{listed(lost)}, which COCO-WholeBody does not have, left out")
    lacking = list(_lacking(came))
    if lacking:
        texts.append(f"{listed(lacking)} missing")
    if texts:
        warn(f"got {title}: {'; '.join(texts)}", DroppedWarning)


def _is_ours(name: str) -> bool:
    """Whether a keypoint of another layout is one of ours."""
    return all(one in INDEX for one in name.split())


def _lacking(came: set[str]) -> Iterator[str]:
    """What is missing: whole parts, and single keypoints of other parts."""
    for part, indices in PARTS.items():
        absent = [KEYPOINT_NAMES[i] for i in indices if KEYPOINT_NAMES[i] not in came]
        yield from [part] if len(absent) == len(indices) else absent
