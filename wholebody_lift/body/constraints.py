"""What holds for one person over time: bones keep their length, the body its scale, feet their place.

Everything takes the keypoints of one person, (T, 133, 3) in mm, in camera axes. Nothing here filters what a
person does; `smoothing` does.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Floats, Mask
from wholebody_lift.body import girdle, rigid
from wholebody_lift.skeleton import FACE_FEATURES, INDEX, KEYPOINT_NAMES, PART_ROOTS, PARTS, ROOT, TREE_EDGES
from wholebody_lift.video.smoothing import low_pass

_X, _Y, _Z = range(3)

BONES: tuple[tuple[int, int], ...] = tuple(
    (parent, child)
    for parent, child in TREE_EDGES
    if child not in PARTS["face"] and not KEYPOINT_NAMES[child].endswith(("shoulder", "hip"))
)
"""(parent, child) of the edges that are as long in every pose, from the trunk outwards. Spine and neck bend,
so that the edges from nose to shoulder and from shoulder to hip are none; the face moves."""


class Body(NamedTuple):
    """Keypoints that do not move against each other, and the axes in which their shape is told.

    One axis goes from the origin to the middle of `ahead`, another as near as may be from the second to the
    first of `across`.
    """

    origin: int
    """The keypoint by which it hangs on the rest."""
    members: list[int]
    """The others."""
    ahead: list[int]
    across: tuple[int, int]


def _body(origin: str, members: str, ahead: str, across: str, prefix: str = "") -> Body:
    def numbers(names: str) -> list[int]:
        return [INDEX[prefix + name] for name in names.split()]

    left, right = numbers(across)
    return Body(INDEX[prefix + origin], numbers(members), numbers(ahead), (left, right))


def _bodies() -> tuple[Body, ...]:
    knuckles = "forefinger1 middle_finger1 ring_finger1 pinky_finger1"
    bodies = [_body("nose", "left_eye right_eye left_ear right_ear", *["left_ear right_ear"] * 2)]
    for side in ("left_", "right_"):
        bodies += [
            _body(
                "wrist", f"hand_root thumb1 {knuckles}", "middle_finger1", "forefinger1 pinky_finger1", side
            ),
            _body("ankle", "heel big_toe small_toe", "big_toe small_toe", "big_toe small_toe", side),
        ]
    return tuple(bodies)


BODIES: tuple[Body, ...] = _bodies()
"""The head, and for each side the palm with the root of the thumb, and the foot."""

_CARRIED = {i for body in BODIES for i in body.members}
LIMBS, FINGERS = (
    [(parent, child) for parent, child in BONES if child not in _CARRIED and (child in PARTS["body"]) == limb]
    for limb in (True, False)
)
"""The bones that turn by themselves: those of arms and legs, and of the fingers beyond the palm."""

_HIPS = list(ROOT)
_SHOULDERS = [INDEX["left_shoulder"], INDEX["right_shoulder"]]
_HEAD = list(girdle.HEAD)
_FACE = list(PARTS["face"])
_NOSE = PART_ROOTS["face"]
_FIRM_FACE = [i for name in ("right_eye", "left_eye", "nose") for i in FACE_FEATURES[name]]
"""Keypoints of the face whose distances an expression hardly changes."""


class Measures(NamedTuple):
    """What stays constant in whatever a person does, mm; (..., M) each, (..., MEASURES) side by side."""

    limbs: Floats
    fingers: Floats
    hips: Floats
    """The width of the hips, and so `shoulders`."""
    shoulders: Floats
    face: Floats
    """The size of the face."""
    neck: Floats
    """From where the collarbones begin to where the head nods (see `girdle`), with shoulders that hang."""
    shapes: Floats
    """Coordinates of the members of the `BODIES` in the axes of each, from its origin."""

    @classmethod
    def of(cls, values: Floats) -> Measures:
        """The measures in values (..., MEASURES)."""
        return cls(*np.split(values, _ENDS, axis=-1))


_ENDS = list(itertools.accumulate((len(LIMBS), len(FINGERS), 1, 1, 1, 1)))
MEASURES = _ENDS[-1] + sum(3 * len(body.members) for body in BODIES)
"""How many numbers measure a person."""

SCALE_HZ = 0.2
"""Cut-off of `steady_scale`."""


def measures(xyz: Floats) -> Floats:
    """The `Measures` in every frame, (T, MEASURES)."""
    firm = xyz[:, _FIRM_FACE] - xyz[:, _FIRM_FACE].mean(axis=1, keepdims=True)
    top = girdle.hanging(_waist(xyz, _trunk(xyz)), *xyz[:, _SHOULDERS].swapaxes(0, 1))
    found = Measures(
        limbs=_lengths(xyz, LIMBS),
        fingers=_lengths(xyz, FINGERS),
        hips=_lengths(xyz, [(_HIPS[0], _HIPS[1])]),
        shoulders=_lengths(xyz, [(_SHOULDERS[0], _SHOULDERS[1])]),
        face=np.sqrt((firm**2).sum(axis=-1).mean(axis=1, keepdims=True)),
        neck=np.linalg.norm(girdle.nod(xyz[:, _HEAD]) - top, axis=-1, keepdims=True),
        shapes=np.concatenate([_shape(xyz, body).reshape(len(xyz), -1) for body in BODIES], axis=1),
    )
    return np.concatenate(found, axis=1)


def _lengths(xyz: Floats, bones: list[tuple[int, int]]) -> Floats:
    """(T, bones)"""
    parents, children = (list(ends) for ends in zip(*bones, strict=True))
    return np.asarray(np.linalg.norm(xyz[:, children] - xyz[:, parents], axis=-1))


def _shape(xyz: Floats, body: Body) -> Floats:
    """(T, members, 3) from the body's origin, in its axes."""
    left, right = body.across
    ahead = xyz[:, body.ahead].mean(axis=1) - xyz[:, body.origin]
    axes = rigid.axes(_Z, ahead, _X, xyz[:, left] - xyz[:, right])
    return np.asarray((xyz[:, body.members] - xyz[:, [body.origin]]) @ axes)


def measure_weights(error_mm: Floats) -> Floats:
    """How far each of `measures` is to be trusted, (T, MEASURES), from errors (T, 133): inverse variances."""
    variance = error_mm.astype(np.float64) ** 2

    def mean_of(members: list[int]) -> Floats:
        return np.asarray(2 * variance[:, members].mean(axis=1, keepdims=True))

    columns = [mean_of(list(ends)) for ends in (*LIMBS, *FINGERS, _HIPS, _SHOULDERS)]
    columns += [mean_of(members) for members in (_FIRM_FACE, _SHOULDERS + _HEAD)]
    for body in BODIES:
        columns += [mean_of([body.origin, *body.members])] * (3 * len(body.members))
    return np.asarray(1 / np.maximum(np.concatenate(columns, axis=1), 1e-6))


def weighted_median(values: Floats, weights: Floats) -> Floats:
    """(M,) for values and weights (T, M): half the weight is at or under it."""
    order = np.argsort(values, axis=0)
    cumulated = np.cumsum(np.take_along_axis(weights, order, axis=0), axis=0)
    middle = (cumulated >= cumulated[-1] / 2).argmax(axis=0)
    return np.asarray(np.take_along_axis(values, order, axis=0)[middle, np.arange(values.shape[1])])


def steady_scale(xyz: Floats, lengths: Floats, error_mm: Floats, fps: float) -> Floats:
    """Factor (T,) that brings the limbs to their `lengths` (MEASURES,), as they drift apart slowly.

    In each frame it is a weighted median over the limbs. Quick changes of that are errors of single bones,
    which `lock_lengths` mends, rather than of the scale. Frames that are NaN are filled in.
    """
    limbs = Measures.of(lengths).limbs
    ratio = limbs / np.maximum(_lengths(xyz, LIMBS), 1e-6)
    weights = limbs**2 * Measures.of(measure_weights(error_mm)).limbs
    factor = np.log(weighted_median(ratio.T, weights.T))  # (T,)
    known = ~np.isnan(factor)[:, None]
    return np.asarray(np.exp(low_pass(factor[:, None, None], known, SCALE_HZ, fps)[:, 0, 0]))


def lock_lengths(xyz: Floats, lengths: Floats) -> Floats:
    """The people (T, 133, 3) with the `Measures` (MEASURES,).

    The midpoints of hips and shoulders stay. From there limbs point at the places where their keypoints were,
    so that changes of length do not add up along them, and fingers keep their directions. What is rigid is
    turned so as to come closest to where it was. The head moves along the neck, and with it the face, which
    keeps its shape and gets its size.
    """
    wanted = Measures.of(lengths)
    xyz = xyz - xyz[:, _HIPS].mean(axis=1, keepdims=True)
    locked = xyz.copy()
    for pair, width in ((_HIPS, wanted.hips), (_SHOULDERS, wanted.shoulders)):
        half = width / 2 * rigid.unit(xyz[:, pair[0]] - xyz[:, pair[1]])
        middle = xyz[:, pair].mean(axis=1)
        locked[:, pair[0]], locked[:, pair[1]] = middle + half, middle - half
    for (parent, child), length in zip(LIMBS, wanted.limbs, strict=True):  # parents come before children
        locked[:, child] = locked[:, parent] + length * rigid.unit(xyz[:, child] - locked[:, parent])
    start = 0
    for body in BODIES:
        stop = start + 3 * len(body.members)
        shape = wanted.shapes[start:stop].reshape(-1, 3)
        turns = rigid.fit(shape, xyz[:, body.members] - xyz[:, [body.origin]])
        locked[:, body.members] = locked[:, [body.origin]] + shape @ turns.swapaxes(-1, -2)
        start = stop
    for (parent, child), length in zip(FINGERS, wanted.fingers, strict=True):
        locked[:, child] = locked[:, parent] + length * rigid.unit(xyz[:, child] - xyz[:, parent])
    locked[:, _HEAD] += _along_neck(locked, wanted)[:, None]
    factor = wanted.face / Measures.of(measures(xyz)).face  # (T, 1)
    locked[:, _FACE] = locked[:, [_NOSE]] + (xyz[:, _FACE] - xyz[:, [_NOSE]]) * factor[..., None]
    return np.asarray(locked)


def _along_neck(xyz: Floats, wanted: Measures) -> Floats:
    """By how much (T, 3) the head has to move for the neck to have its length."""
    left, right = xyz[:, _SHOULDERS].swapaxes(0, 1)
    waist = _waist(xyz, np.median(_trunk(xyz)))
    _, top = girdle.spine(waist, left, right, girdle.SET_BACK * float(wanted.shoulders[0]))
    neck = girdle.nod(xyz[:, _HEAD]) - top
    return np.asarray(wanted.neck * rigid.unit(neck) - neck)


def _waist(xyz: Floats, trunk: npt.ArrayLike) -> Floats:
    """(T, 3) the place of the waist of a trunk so long, one for all frames or (T, 1)."""
    left, right = xyz[:, _HIPS].swapaxes(0, 1)
    hips = (left + right) / 2
    axes = girdle.hip_axes(left - right, xyz[:, _SHOULDERS].mean(axis=1) - hips)
    return np.asarray(hips + girdle.WAIST * np.asarray(trunk) * axes[..., _Y])


def _trunk(xyz: Floats) -> Floats:
    """(T, 1) from the middle of the hips to that of the shoulders."""
    trunk = xyz[:, _SHOULDERS].mean(axis=1) - xyz[:, _HIPS].mean(axis=1)
    return np.asarray(np.linalg.norm(trunk, axis=-1, keepdims=True))


# ----------------------------------------------------------------------------------------------- feet

STILL_MM_PER_SECOND = 350.0
"""A foot that is slower in the picture stands, if for `STANDS_SECONDS` and within `STANDS_WITHIN_MM`."""
STANDS_SECONDS = 0.15
STANDS_WITHIN_MM = 60.0
STANDING_HZ = 3.0
"""Cut-off of the movement that this is told from."""
FOLLOW_HZ = 1.0
"""Cut-off of the movement of the whole person that brings the standing feet to their places."""
BLEND_HZ = 3.0
"""How quickly a correction of a foot may come and go."""
_HELD, _FREE = 1e4, 0.1
_PROJECTIONS, _SLACK = 20, 1e-4

BALLS: list[list[int]] = [
    [INDEX[f"{side}_{toe}_toe"] for toe in ("big", "small")] for side in ("left", "right")
]
"""The balls of the left and the right foot are in the middle of these keypoints."""
BIG_TOES: list[int] = [ball[0] for ball in BALLS]
"""The left and the right one; by them it is told whether the foot stands."""
_LEGS = [
    [*(INDEX[f"{side}_{name}"] for name in ("hip", "knee", "ankle", "heel")), *ball]
    for side, ball in zip(("left", "right"), BALLS, strict=True)
]


def lock_feet(xyz: Floats, path: Floats, seen: Floats, fps: float) -> tuple[Floats, Floats]:
    """Hold feet that stand where they stand, in front of a camera that stands still.

    Whether a foot stands is told from the picture, which shows movement better than 3D does. The ball of a
    foot that stands gets one place, the middle of where it was. First the whole person is moved, smoothly, so
    that the standing feet are nearly there on average, and at least within reach; what is left is done by
    the legs, whose bones keep their lengths. Ankle, heel and toes move together.

    Args:
        xyz: (T, 133, 3) relative to the midpoint of the hips, bones of constant length.
        path: (T, 3) the midpoint of the hips from the camera.
        seen: (T, 2, 2) where `BIG_TOES` are on the image plane; NaN if missing.
        fps: frames per second.

    Returns:
        The new `xyz` and `path`.
    """
    stands = standing(seen * path[:, None, 2:], fps)
    balls = np.stack([xyz[:, ball].mean(axis=1) for ball in BALLS], axis=1) + path[:, None]  # (T, 2, 3)
    off = np.zeros_like(balls)
    for foot in range(balls.shape[1]):
        for start, stop in runs(stands[:, foot]):
            off[start:stop, foot] = np.median(balls[start:stop, foot], axis=0) - balls[start:stop, foot]
    count = stands.sum(axis=1, keepdims=True)  # (T, 1)
    mean = off.sum(axis=1, keepdims=True) / np.maximum(count, 1)[..., None]  # (T, 1, 3)
    shift = low_pass(mean, np.where(count > 0, 1, _FREE), FOLLOW_HZ, fps)
    shift = (shift + _blend(_too_far(xyz, off - shift, stands)[:, None], count > 0, fps))[:, 0]
    left = _blend(off - shift[:, None], stands, fps)  # (T, 2, 3), what is left to the legs
    xyz = xyz.copy()
    for leg, move in zip(_LEGS, left.transpose(1, 0, 2), strict=True):
        _reach(xyz, leg, move)
    return xyz, path + shift


def _too_far(xyz: Floats, off: Floats, stands: Mask) -> Floats:
    """The least shift (T, 3) of the hips that brings standing feet, which are to move by (T, 2, 3), in reach.

    A foot is in reach where its hip is in a ball about the place of the ankle; the shift is projected onto
    one ball and the other in turn.
    """
    shift = np.zeros_like(off[:, 0])
    hips, knees, ankles = (xyz[:, [leg[i] for leg in _LEGS]] for i in range(3))  # (T, 2, 3)
    reach = np.linalg.norm(knees - hips, axis=-1) + np.linalg.norm(ankles - knees, axis=-1)
    way = ankles + off - hips
    for _ in range(_PROJECTIONS):
        for foot in range(len(_LEGS)):
            to_go = way[:, foot] - shift
            distance = np.linalg.norm(to_go, axis=-1)
            too_far = np.maximum(distance - (1 - _SLACK) * reach[:, foot], 0) * stands[:, foot]
            shift += (too_far / np.maximum(distance, 1e-6))[:, None] * to_go
    return shift


def standing(feet: Floats, fps: float) -> Mask:
    """Whether each foot stands, (T, M), by its place across the line of sight (T, M, 2) mm; NaN: missing."""
    stands = ~np.isnan(feet[..., 0])
    if len(feet) < 2:
        return np.zeros_like(stands)
    smooth = low_pass(feet, stands, STANDING_HZ, fps)
    stands &= np.linalg.norm(np.gradient(smooth, axis=0), axis=-1) * fps < STILL_MM_PER_SECOND
    for foot in range(feet.shape[1]):
        for start, stop in runs(stands[:, foot]):
            place = smooth[start:stop, foot]
            away = np.linalg.norm(place - np.median(place, axis=0), axis=-1)
            stands[start:stop, foot] = away < STANDS_WITHIN_MM
        for start, stop in runs(stands[:, foot]):
            stands[start:stop, foot] = stop - start >= STANDS_SECONDS * fps
    return stands


def runs(mask: Mask) -> list[tuple[int, int]]:
    """(start, stop) of every unbroken run of True in (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _blend(correction: Floats, held: Mask, fps: float) -> Floats:
    """A correction (T, M, 3) that holds where (T, M) says so, and goes smoothly towards zero elsewhere."""
    held = held[..., None]
    smooth = low_pass(np.where(held, correction, 0), np.where(held, _HELD, _FREE)[..., 0], BLEND_HZ, fps)
    return np.where(held, correction, smooth)


def _reach(xyz: Floats, leg: list[int], move: Floats) -> None:
    """Move a foot by (T, 3), as far as the leg reaches, and bend the knee for it in the plane it bends in."""
    hip, knee, ankle, heel, *toes = leg
    thigh, shank = xyz[:, knee] - xyz[:, hip], xyz[:, ankle] - xyz[:, knee]
    a, b = (np.linalg.norm(bone, axis=-1, keepdims=True) for bone in (thigh, shank))
    way = xyz[:, ankle] + move - xyz[:, hip]
    distance = np.linalg.norm(way, axis=-1, keepdims=True)
    towards = way / np.maximum(distance, 1e-6)
    distance = np.clip(distance, np.abs(a - b) + 1e-6, a + b - 1e-6)
    forwards, foot = (
        bone - (bone * towards).sum(axis=-1, keepdims=True) * towards
        for bone in (thigh, xyz[:, toes].mean(axis=1) - xyz[:, heel])
    )
    bent = np.linalg.norm(forwards, axis=-1, keepdims=True) > 1e-3 * a
    forwards = np.where(bent, forwards, foot)  # a straight leg bends the way the foot points
    forwards /= np.maximum(np.linalg.norm(forwards, axis=-1, keepdims=True), 1e-6)
    along = (a**2 - b**2 + distance**2) / (2 * distance)
    across = np.sqrt(np.maximum(a**2 - along**2, 0))
    shift = xyz[:, hip] + distance * towards - xyz[:, ankle]
    xyz[:, knee] = xyz[:, hip] + along * towards + across * forwards
    for keypoint in (ankle, heel, *toes):
        xyz[:, keypoint] += shift
