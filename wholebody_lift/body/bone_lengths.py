"""Bone lengths: what stays constant of one person, how it is measured, and how poses are given it.

Everything takes the keypoints of one person, (T, 133, 3) in mm, in any axes. Nothing here filters over time.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Floats
from wholebody_lift.body import girdle, rigid
from wholebody_lift.body.long_bones import weighted_median
from wholebody_lift.skeleton import FACE_FEATURES, INDEX, KEYPOINT_NAMES, PART_ROOTS, PARTS, ROOT, TREE_EDGES

_X, _Y, _Z = range(3)

CONSTANT_EDGES: tuple[tuple[int, int], ...] = tuple(
    (parent, child)
    for parent, child in TREE_EDGES
    if child not in PARTS["face"] and not KEYPOINT_NAMES[child].endswith(("shoulder", "hip"))
)
"""(parent, child) of the edges that have one length in every pose, from the trunk outwards. Spine and neck
bend, so the edges from nose to shoulder and from shoulder to hip are not among them; nor are the face's."""


class RigidPart(NamedTuple):
    """Keypoints that keep their distances from each other, and the axes that their shape is measured in.

    One axis points from the origin to the middle of `ahead`, another as closely as possible from the second
    to the first of `across`.
    """

    origin: int
    """The keypoint that attaches it to the rest of the body."""
    members: list[int]
    """The others."""
    ahead: list[int]
    across: tuple[int, int]


def _rigid_part(origin: str, members: str, ahead: str, across: str, prefix: str = "") -> RigidPart:
    def numbers(names: str) -> list[int]:
        return [INDEX[prefix + name] for name in names.split()]

    left, right = numbers(across)
    return RigidPart(INDEX[prefix + origin], numbers(members), numbers(ahead), (left, right))


def _rigid_parts() -> tuple[RigidPart, ...]:
    knuckles = "forefinger1 middle_finger1 ring_finger1 pinky_finger1"
    parts = [_rigid_part("nose", "left_eye right_eye left_ear right_ear", *["left_ear right_ear"] * 2)]
    for side in ("left_", "right_"):
        parts += [
            _rigid_part(
                "wrist", f"hand_root thumb1 {knuckles}", "middle_finger1", "forefinger1 pinky_finger1", side
            ),
            _rigid_part("ankle", "heel big_toe small_toe", "big_toe small_toe", "big_toe small_toe", side),
        ]
    return tuple(parts)


RIGID_PARTS: tuple[RigidPart, ...] = _rigid_parts()
"""The head, and for each side the palm with the root of the thumb, and the foot."""

_CARRIED = {i for part in RIGID_PARTS for i in part.members}
LIMB_EDGES, FINGER_EDGES = (
    [
        (parent, child)
        for parent, child in CONSTANT_EDGES
        if child not in _CARRIED and (child in PARTS["body"]) == limb
    ]
    for limb in (True, False)
)
"""The bones that turn by themselves: those of arms and legs, and of the fingers beyond the palm."""

_HIPS = list(ROOT)
_SHOULDERS = [INDEX["left_shoulder"], INDEX["right_shoulder"]]
_HEAD = list(girdle.HEAD)
_FACE = list(PARTS["face"])
_NOSE = PART_ROOTS["face"]
FIRM_FACE = [i for name in ("right_eye", "left_eye", "nose") for i in FACE_FEATURES[name]]
"""Keypoints of the face whose distances an expression hardly changes."""


class Measures(NamedTuple):
    """What stays constant in whatever a person does, mm; (..., M) each, (..., MEASURES) side by side."""

    limbs: Floats
    fingers: Floats
    hips: Floats
    """The distance between the hips; likewise `shoulders`."""
    shoulders: Floats
    face: Floats
    """The size of the face."""
    neck: Floats
    """From the base of the neck to the pivot of the head (see `girdle`), with relaxed shoulders."""
    shapes: Floats
    """Coordinates of the members of the `RIGID_PARTS` in the axes of each, from its origin."""

    @classmethod
    def of(cls, values: Floats) -> Measures:
        """The measures in values (..., MEASURES)."""
        return cls(*np.split(values, _ENDS, axis=-1))


_ENDS = list(itertools.accumulate((len(LIMB_EDGES), len(FINGER_EDGES), 1, 1, 1, 1)))
MEASURES = _ENDS[-1] + sum(3 * len(part.members) for part in RIGID_PARTS)
"""How many numbers measure a person."""


def measures(xyz: Floats) -> Floats:
    """The `Measures` of every frame, (T, MEASURES)."""
    top = girdle.relaxed_neck_base(_waist(xyz, _trunk(xyz)), *xyz[:, _SHOULDERS].swapaxes(0, 1))
    found = Measures(
        limbs=_lengths(xyz, LIMB_EDGES),
        fingers=_lengths(xyz, FINGER_EDGES),
        hips=_lengths(xyz, [(_HIPS[0], _HIPS[1])]),
        shoulders=_lengths(xyz, [(_SHOULDERS[0], _SHOULDERS[1])]),
        face=_face(xyz),
        neck=np.linalg.norm(girdle.head_pivot(xyz[:, _HEAD]) - top, axis=-1, keepdims=True),
        shapes=np.concatenate([_shape(xyz, part).reshape(len(xyz), -1) for part in RIGID_PARTS], axis=1),
    )
    return np.concatenate(found, axis=1)


def _lengths(xyz: Floats, bones: list[tuple[int, int]]) -> Floats:
    """(T, bones)"""
    parents, children = (list(ends) for ends in zip(*bones, strict=True))
    return np.asarray(np.linalg.norm(xyz[:, children] - xyz[:, parents], axis=-1))


def _face(xyz: Floats) -> Floats:
    """(T, 1) size of the face."""
    firm = xyz[:, FIRM_FACE] - xyz[:, FIRM_FACE].mean(axis=1, keepdims=True)
    return np.asarray(np.sqrt((firm**2).sum(axis=-1).mean(axis=1, keepdims=True)))


def _shape(xyz: Floats, part: RigidPart) -> Floats:
    """(T, members, 3) from the part's origin, in its axes."""
    left, right = part.across
    ahead = xyz[:, part.ahead].mean(axis=1) - xyz[:, part.origin]
    axes = rigid.axes(_Z, ahead, _X, xyz[:, left] - xyz[:, right])
    return np.asarray((xyz[:, part.members] - xyz[:, [part.origin]]) @ axes)


def measure_weights(error_mm: Floats) -> Floats:
    """Weights of `measures`, (T, MEASURES): inverse variances, from errors (T, 133) in mm."""
    variance = error_mm.astype(np.float64) ** 2

    def mean_of(members: list[int]) -> Floats:
        return np.asarray(2 * variance[:, members].mean(axis=1, keepdims=True))

    columns = [mean_of(list(ends)) for ends in (*LIMB_EDGES, *FINGER_EDGES, _HIPS, _SHOULDERS)]
    columns += [mean_of(members) for members in (FIRM_FACE, _SHOULDERS + _HEAD)]
    for part in RIGID_PARTS:
        columns += [mean_of([part.origin, *part.members])] * (3 * len(part.members))
    return np.asarray(1 / np.maximum(np.concatenate(columns, axis=1), 1e-6))


def scale_to(xyz: Floats, lengths: Floats, error_mm: Floats) -> Floats:
    """Factor (T,) that brings the limbs of each frame to their `lengths` (MEASURES,).

    It is a weighted median over the limbs, by errors (T, 133); NaN in frames that are NaN.
    """
    limbs = Measures.of(lengths).limbs
    ratio = limbs / np.maximum(_lengths(xyz, LIMB_EDGES), 1e-6)
    weights = limbs**2 * Measures.of(measure_weights(error_mm)).limbs
    return weighted_median(ratio.T, weights.T)


def lock_lengths(xyz: Floats, lengths: Floats) -> Floats:
    """One person (T, 133, 3) with the given `Measures` (MEASURES,) in every frame.

    The midpoints of hips and shoulders stay in place. From there, limbs point at the previous positions of
    their keypoints, so that changes of length do not add up along them; fingers keep their directions. Rigid
    parts are turned to fit their previous keypoints best. The head moves along the neck and takes the face
    with it, which keeps its shape and is scaled to its size.
    """
    wanted = Measures.of(lengths)
    xyz = xyz - xyz[:, _HIPS].mean(axis=1, keepdims=True)
    locked = xyz.copy()
    for pair, width in ((_HIPS, wanted.hips), (_SHOULDERS, wanted.shoulders)):
        half = width / 2 * rigid.unit(xyz[:, pair[0]] - xyz[:, pair[1]])
        middle = xyz[:, pair].mean(axis=1)
        locked[:, pair[0]], locked[:, pair[1]] = middle + half, middle - half
    for (parent, child), length in zip(LIMB_EDGES, wanted.limbs, strict=True):  # parents come before children
        locked[:, child] = locked[:, parent] + length * rigid.unit(xyz[:, child] - locked[:, parent])
    start = 0
    for part in RIGID_PARTS:
        stop = start + 3 * len(part.members)
        shape = wanted.shapes[start:stop].reshape(-1, 3)
        turns = rigid.fit(shape, xyz[:, part.members] - xyz[:, [part.origin]])
        locked[:, part.members] = locked[:, [part.origin]] + shape @ turns.swapaxes(-1, -2)
        start = stop
    for (parent, child), length in zip(FINGER_EDGES, wanted.fingers, strict=True):
        locked[:, child] = locked[:, parent] + length * rigid.unit(xyz[:, child] - xyz[:, parent])
    locked[:, _HEAD] += _along_neck(locked, wanted)[:, None]
    factor = wanted.face / _face(xyz)  # (T, 1)
    locked[:, _FACE] = locked[:, [_NOSE]] + (xyz[:, _FACE] - xyz[:, [_NOSE]]) * factor[..., None]
    return np.asarray(locked)


def _along_neck(xyz: Floats, wanted: Measures) -> Floats:
    """The shift (T, 3) of the head that gives the neck its length."""
    left, right = xyz[:, _SHOULDERS].swapaxes(0, 1)
    waist = _waist(xyz, np.median(_trunk(xyz)))
    _, top = girdle.spine(waist, left, right, girdle.SET_BACK * float(wanted.shoulders[0]))
    neck = girdle.head_pivot(xyz[:, _HEAD]) - top
    return np.asarray(wanted.neck * rigid.unit(neck) - neck)


def _waist(xyz: Floats, trunk: npt.ArrayLike) -> Floats:
    """Position (T, 3) of the waist, for a trunk of this length: one number, or (T, 1)."""
    left, right = xyz[:, _HIPS].swapaxes(0, 1)
    hips = (left + right) / 2
    axes = girdle.hip_axes(left - right, xyz[:, _SHOULDERS].mean(axis=1) - hips)
    return np.asarray(hips + girdle.WAIST * np.asarray(trunk) * axes[..., _Y])


def _trunk(xyz: Floats) -> Floats:
    """Distance (T, 1) from the midpoint of the hips to that of the shoulders."""
    trunk = xyz[:, _SHOULDERS].mean(axis=1) - xyz[:, _HIPS].mean(axis=1)
    return np.asarray(np.linalg.norm(trunk, axis=-1, keepdims=True))
