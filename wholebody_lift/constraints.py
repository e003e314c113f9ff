"""What holds for one person over time: bones keep their length, the body its scale, feet their place.

Everything takes the keypoints of one person, (T, 133, 3) in mm, in camera axes. Nothing here filters what a
person does; `smoothing` does.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wholebody_lift.skeleton import FACE_FEATURES, INDEX, KEYPOINT_NAMES, PART_ROOTS, PARTS, ROOT, TREE_EDGES
from wholebody_lift.smoothing import low_pass

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

BONES: tuple[tuple[int, int], ...] = tuple(
    (parent, child)
    for parent, child in TREE_EDGES
    if child not in PARTS["face"] and not KEYPOINT_NAMES[child].endswith(("shoulder", "hip"))
)
"""(parent, child) of the edges that are as long in every pose, from the trunk outwards. The spine bends and
shoulders shrug, so that the edges from nose to shoulder and from shoulder to hip are none; the face moves."""

_LIMBS = [
    i
    for i, (_, child) in enumerate(BONES)
    if KEYPOINT_NAMES[child].endswith(("elbow", "wrist", "knee", "ankle"))
]
_PARENTS, _CHILDREN = (list(ends) for ends in zip(*BONES, strict=True))
_HIPS = list(ROOT)
_FACE = list(PARTS["face"])
_NOSE = PART_ROOTS["face"]
_FIRM_FACE = [i for name in ("right_eye", "left_eye", "nose") for i in FACE_FEATURES[name]]
"""Keypoints of the face whose distances an expression hardly changes."""

MEASURES = len(BONES) + 2
"""Bones, the width of the hips, and the size of the face: what stays constant."""


SCALE_HZ = 0.2
"""Cut-off of `steady_scale`."""


def measures(xyz: Floats) -> Floats:
    """Lengths in mm (T, MEASURES) of everything that stays constant."""
    bones = np.linalg.norm(xyz[:, _CHILDREN] - xyz[:, _PARENTS], axis=-1)
    hips = np.linalg.norm(xyz[:, _HIPS[0]] - xyz[:, _HIPS[1]], axis=-1)
    firm = xyz[:, _FIRM_FACE] - xyz[:, _FIRM_FACE].mean(axis=1, keepdims=True)
    face = np.sqrt((firm**2).sum(axis=-1).mean(axis=1))
    return np.concatenate((bones, hips[:, None], face[:, None]), axis=1)


def measure_weights(error_mm: Floats) -> Floats:
    """How far each of `measures` is to be trusted, (T, MEASURES), from errors (T, 133): inverse variances."""
    variance = error_mm.astype(np.float64) ** 2
    bones = variance[:, _CHILDREN] + variance[:, _PARENTS]
    hips = variance[:, _HIPS].sum(axis=1, keepdims=True)
    face = variance[:, _FIRM_FACE].mean(axis=1, keepdims=True)
    return np.asarray(1 / np.maximum(np.concatenate((bones, hips, face), axis=1), 1e-6))


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
    ratio = lengths[_LIMBS] / np.maximum(measures(xyz)[:, _LIMBS], 1e-6)
    weights = lengths[_LIMBS] ** 2 * measure_weights(error_mm)[:, _LIMBS]
    factor = np.log(weighted_median(ratio.T, weights.T))  # (T,)
    known = ~np.isnan(factor)[:, None]
    return np.asarray(np.exp(low_pass(factor[:, None, None], known, SCALE_HZ, fps)[:, 0, 0]))


def lock_lengths(xyz: Floats, lengths: Floats) -> Floats:
    """The people (T, 133, 3) with these lengths (MEASURES,): every bone keeps its direction.

    The midpoint of the hips and the shoulders and the nose relative to it stay; from there the change is
    carried outwards along the limbs. The face keeps its shape, at its size, about the nose.
    """
    locked = xyz - xyz[:, _HIPS].mean(axis=1, keepdims=True)
    half = (xyz[:, _HIPS[0]] - xyz[:, _HIPS[1]]) / 2
    half *= lengths[-2] / np.maximum(2 * np.linalg.norm(half, axis=-1, keepdims=True), 1e-6)
    locked[:, _HIPS[0]], locked[:, _HIPS[1]] = half, -half
    for (parent, child), length in zip(BONES, lengths[:-2], strict=True):  # parents come before children
        offset = xyz[:, child] - xyz[:, parent]
        offset *= length / np.maximum(np.linalg.norm(offset, axis=-1, keepdims=True), 1e-6)
        locked[:, child] = locked[:, parent] + offset
    size = measures(xyz)[:, -1]
    locked[:, _FACE] = (
        locked[:, [_NOSE]] + (xyz[:, _FACE] - xyz[:, [_NOSE]]) * (lengths[-1] / size)[:, None, None]
    )
    return np.asarray(locked)


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
