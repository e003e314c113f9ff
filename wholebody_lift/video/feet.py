"""Feet that stand: which ones do, and how they are held in their place.

Everything takes the keypoints of one person, (T, 133, 3) in mm, in the axes of a camera that stands still.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from wholebody_lift._types import Floats, Mask
from wholebody_lift.skeleton import INDEX
from wholebody_lift.tracks import runs
from wholebody_lift.video.smoothing import low_pass


class Still(NamedTuple):
    """What counts as still in the picture."""

    mm_per_second: float
    """It is slower than this,"""
    seconds: float
    """for at least so long,"""
    within_mm: float
    """and stays as close to its place."""


STANDS = Still(mm_per_second=500.0, seconds=0.1, within_mm=100.0)
"""A foot stands if it is as still as this."""
STANDING_HZ = 5.0
"""Cut-off of the movement that is compared with these limits."""
FOLLOW_HZ = 1.0
"""Cut-off of the shift of the whole person that brings standing feet to their places."""
BLEND_HZ = 3.0
"""How quickly the correction of a foot may start and end."""
_HELD, _FREE = 1e4, 0.1
_PROJECTIONS, _SLACK = 20, 1e-4

BALLS: list[list[int]] = [
    [INDEX[f"{side}_{toe}_toe"] for toe in ("big", "small")] for side in ("left", "right")
]
"""The ball of the left and of the right foot is the midpoint of these keypoints."""
_LEGS = [
    [*(INDEX[f"{side}_{name}"] for name in ("hip", "knee", "ankle", "heel")), *ball]
    for side, ball in zip(("left", "right"), BALLS, strict=True)
]


def lock_feet(xyz: Floats, path: Floats, stands: Mask, fps: float) -> tuple[Floats, Floats]:
    """Keep standing feet in their place, in front of a camera that does not move.

    The ball of a standing foot gets one place, the median of its positions. First the whole person is
    shifted, smoothly, so that the standing feet are close to their places on average, and at least within
    reach; the legs do the rest, and their bones keep their lengths. Ankle, heel and toes move together.

    Args:
        xyz: (T, 133, 3) relative to the midpoint of the hips, bones of constant length.
        path: (T, 3) the midpoint of the hips from the camera.
        stands: (T, 2) whether the left and the right foot stand.
        fps: frames per second.

    Returns:
        The new `xyz` and `path`.
    """
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
    """The smallest shift (T, 3) of the hips that brings standing feet, to be moved by (T, 2, 3), into reach.

    A foot is in reach if its hip is inside a sphere about the place of the ankle; the shift is projected onto
    the two spheres in turn.
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


def depth(places: Floats) -> Floats:
    """(T,) mm: how far before the camera people at places (T, 3) mm are; half their distance of those beside
    it or behind it."""
    return np.asarray(np.maximum(places[:, 2], np.linalg.norm(places, axis=-1) / 2))


def standing(seen: Floats, depth: Floats, fps: float, still: Still = STANDS) -> Mask:
    """Whether feet stand, (T, M).

    The picture decides, as it shows movement much better than 3D does. Movement in the picture is
    converted to mm after it has been measured, so an error of the depth does not look like a step. If a
    foot stands twice and stays close to the same place in between, it stands all the time.

    Args:
        seen: (T, M, 2) where feet are on the image plane; NaN if missing.
        depth: (T,) mm, how far away the person is.
        fps: frames per second.
        still: how still they are.
    """
    known = ~np.isnan(seen[..., 0])
    if len(seen) < 2:
        return np.zeros_like(known)
    smooth = low_pass(seen, known, STANDING_HZ, fps)
    speed = np.linalg.norm(np.gradient(smooth, axis=0), axis=-1) * fps * depth[:, None]
    stands: Mask = known & (speed < still.mm_per_second)
    for foot in range(seen.shape[1]):

        def stays(of: slice, place: Floats, foot: int = foot) -> Mask:
            away = np.linalg.norm(smooth[of, foot] - place, axis=-1) * depth[of]
            return np.asarray(away < still.within_mm)

        one = stands[:, foot]
        found = runs(one)
        for (a, b), (c, d) in itertools.pairwise(found):
            place = np.median(np.concatenate((smooth[a:b, foot], smooth[c:d, foot])), axis=0)
            one[b:c] = stays(slice(a, d), place).all()
        for start, stop in runs(one):
            one[start:stop] = stays(slice(start, stop), np.median(smooth[start:stop, foot], axis=0))
        for start, stop in runs(one):
            one[start:stop] = stop - start >= still.seconds * fps
    return stands


def places_seen(seen: Floats, placed: Floats, groups: Sequence[list[int]] = BALLS) -> Floats:
    """The mean places of M groups of keypoints on the image plane, (T, M, 2).

    Keypoints that are missing count as being where the network takes them to be, less its error, which is
    interpolated between frames in which they are seen, so that a toe that is lost or found again does not
    jump. A group that is never seen is NaN.

    Args:
        seen: (T, 133, 2) keypoints on the image plane; NaN where missing.
        placed: (T, 133, 3) mm from the camera.
        groups: the keypoints of each; the balls of the feet unless others are named.
    """
    places = np.empty((len(seen), len(groups), 2))
    time = np.arange(len(seen))
    for number, group in enumerate(groups):
        group = [keypoint for keypoint in group if not np.isnan(seen[:, keypoint, 0]).all()]
        full = placed[:, group, :2] / placed[:, group, 2:]
        for place, keypoint in enumerate(group):
            known = np.flatnonzero(~np.isnan(seen[:, keypoint, 0]))
            off = seen[known, keypoint] - full[known, place]
            full[:, place] += np.stack([np.interp(time, known, of_axis) for of_axis in off.T], axis=-1)
        places[:, number] = full.mean(axis=1) if group else np.nan
    return places


def _blend(correction: Floats, held: Mask, fps: float) -> Floats:
    """A correction (T, M, 3) that is kept where `held` (T, M) and fades smoothly towards zero elsewhere."""
    held = held[..., None]
    smooth = low_pass(np.where(held, correction, 0), np.where(held, _HELD, _FREE)[..., 0], BLEND_HZ, fps)
    return np.where(held, correction, smooth)


def _reach(xyz: Floats, leg: list[int], move: Floats) -> None:
    """Move a foot by (T, 3), as far as the leg reaches, and bend the knee within its plane."""
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
