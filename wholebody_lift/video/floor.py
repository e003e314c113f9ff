"""Which way is down and where the floor is, from people who stand in front of a camera that does not move.

The unknowns are the direction down, as the slopes (a, c) of (a, 1, c), and the height h of the camera. One
robust least-squares problem weighs

- feet: the lowest point of each standing foot is on the floor; feet that stand far apart show how it slopes;
- bodies: who stands is upright on average, from ankles to shoulders; who sits, kneels or squats, roughly so,
  from hips to shoulders;
- the camera: it is held level, roughly, and hardly rolls.

The spread is that of the least-squares problem; its weights were chosen on validation videos
(`python -m benchmarks.sequences --split val`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from wholebody_lift._types import Floats, Mask
from wholebody_lift.ground import Ground, GroundSource
from wholebody_lift.skeleton import INDEX
from wholebody_lift.tracks import runs

ITERATIONS, EVEN_ITERATIONS = 20, 8
"""In the first ones, feet above the floor weigh as much as those below."""
ROLL_DEG, PITCH_DEG = 3.0, 25.0
"""Usual roll and pitch of a camera."""
LEAN_DEG = (5.0, 6.0)
"""Usual lean of someone who stands, across the picture and in depth, errors of the network included."""
TRUNK_LEAN_DEG = (17.0, 20.0)
"""Usual lean of the trunk of someone who is never seen to stand on straight legs."""
STRAIGHT = 0.8
"""Legs are straight if the way from hip to ankle is at least this share of their length."""
FOOT = 0.018
"""Usual distance of the lowest point of a standing foot from the floor, as a share of its distance."""
LEG_MM = 800.0
"""Feet that are less far below the hips than this, as of someone who sits or squats, are less certain in
proportion."""
LONG_SECONDS = 0.5
"""Feet that stand for a shorter time weigh less in proportion."""
APART_MM = 250.0
"""Feet that stand closer together than this err alike."""
FEET_ROBUST, RAISED_ROBUST, BODY_ROBUST = 2.5, 1.5, 4.0
"""Anything this many times farther off than usual has a quarter of the weight (Geman and McClure 1987): feet
below the floor; feet above it, which may be held still in the air; bodies."""
MOST_STANDS = 400
"""At most this many times at which a foot stands are used, spread over the video."""
LEAST_LEG_MM = 200.0
"""Feet that are less far below the hips than this carry nobody: people lie, or lift a leg."""
STEEPEST = 0.2
"""Bodies whose unit vector has a smaller component down the picture do not show which way is down."""
MOST_SLOPE = 2.0
"""Largest slopes of `down`; cameras that look steeper, from above or below, need `gravity`."""

_SIDES = ("left", "right")
_HIPS, _KNEES, _ANKLES, _SHOULDERS = (
    [INDEX[f"{side}_{name}"] for side in _SIDES] for name in ("hip", "knee", "ankle", "shoulder")
)
_SOLES = [[INDEX[f"{side}_{name}"] for name in ("big_toe", "small_toe", "heel")] for side in _SIDES]


class Standing(NamedTuple):
    """One person over T frames."""

    in_camera: Floats
    """(T, 133, 3) mm"""
    stands: Mask
    """(T, 2) whether the left and the right foot stand."""
    fps: float


class _Evidence(NamedTuple):
    soles: Floats
    """(R, 3, 3) mm, two toes and heel in each of R times that a foot stands."""
    hips: Floats
    """(R, 3) mm, the midpoint of the hips at these times."""
    long: Floats
    """(R,) 1 for those that last, less for short ones."""
    leans: Floats
    """(P, 2) slopes of the bodies of P people."""
    lean_usual: Floats
    """(P, 2) how far these usually are from `down`."""


def estimate(
    people: Sequence[Standing],
    *,
    down: Floats | None = None,
    spread_deg: float = 0.0,
    camera_height_mm: float | None = None,
) -> Ground | None:
    """The ground, or None if nobody is seen to stand.

    Args:
        people: in mm from the camera, in its axes (x right, y down, z forward).
        down: (3,) if it is known.
        spread_deg: by how many degrees `down` may be off.
        camera_height_mm: height of the camera above the floor, if it is known.
    """
    if down is not None:
        down = down / np.linalg.norm(down)
        if camera_height_mm is not None:
            return _ground(down, camera_height_mm, spread_deg, 0.0, "given")
    found = _solve(_gather(people), down, camera_height_mm)
    if found is None:
        return None
    sd = np.sqrt(np.diag(found.covariance))
    if down is not None:
        beside = found.middle - (found.middle @ down) * down
        at_feet = math.radians(spread_deg) * float(np.linalg.norm(beside)) / math.sqrt(2)
        return _ground(down, found.height, spread_deg, math.hypot(at_feet, sd[2]), "gravity")
    spread = math.degrees(math.sqrt(np.trace(found.turn @ found.covariance[:2, :2] @ found.turn.T)))
    gradient = np.array([*(found.middle @ found.turn), -1.0])
    spread_mm = math.sqrt(gradient @ found.covariance @ gradient)
    source: GroundSource = "people" if camera_height_mm is None else "camera_height"
    return _ground(found.down, found.height, spread, spread_mm, source)


class _Solution(NamedTuple):
    down: Floats
    """(3,)"""
    height: float
    """mm"""
    turn: Floats
    """(3, 2) the change of `down` with the slopes."""
    covariance: Floats
    """(3, 3) of the slopes and the height; 0 where they are given."""
    middle: Floats
    """(3,) mm, where the feet are."""


def _solve(evidence: _Evidence, down: Floats | None, camera_height_mm: float | None) -> _Solution | None:
    """The solution of the least-squares problem; None if nobody stands."""
    slopes = evidence.leans.mean(axis=0) if len(evidence.leans) else np.zeros(2)
    height, found = camera_height_mm, None
    free = [unknown for unknown, fixed in enumerate((down, down, camera_height_mm)) if fixed is None]
    for iteration in range(ITERATIONS):
        slopes = slopes.clip(-MOST_SLOPE, MOST_SLOPE)
        length = math.hypot(slopes[0], 1, slopes[1])
        towards = np.array([slopes[0], 1, slopes[1]]) / length if down is None else down
        lowest, below = _lowest(evidence, towards)
        carries = below > LEAST_LEG_MM
        if not carries.any():
            return None
        depth = lowest @ towards
        height = float(np.median(depth[carries])) if height is None else height
        turn = (np.eye(3) - np.outer(towards, towards))[:, [0, 2]] / length
        usual = FOOT * np.maximum(np.linalg.norm(lowest, axis=1), 1)
        usual *= np.maximum(LEG_MM / np.maximum(below, 1), 1)
        off = (depth - height) / usual
        gradient = np.column_stack((lowest @ turn, -np.ones(len(lowest)))) / usual[:, None]
        robust = np.where((off < 0) & (iteration >= EVEN_ITERATIONS), RAISED_ROBUST, FEET_ROBUST)
        weight = evidence.long * _alone(lowest, carries) / (1 + (off / robust) ** 2) ** 2
        square = (gradient * weight[:, None]).T @ gradient  # equations of the slopes and the height
        right = -(gradient * weight[:, None]).T @ off
        _add_leans(square, right, slopes, evidence)
        covariance = np.zeros((3, 3))
        covariance[np.ix_(free, free)] = np.linalg.inv(square[np.ix_(free, free)])
        step = covariance @ right
        found = _Solution(towards, height, turn, covariance, np.average(lowest, axis=0, weights=weight))
        slopes, height = slopes + step[:2], height + float(step[2])
    return found


def _add_leans(square: Floats, right: Floats, slopes: Floats, evidence: _Evidence) -> None:
    """Add the camera, which is level, roughly, and the bodies, which are upright, to the equations."""
    for mean, usual, robust in [
        (np.zeros(2), np.radians((ROLL_DEG, PITCH_DEG)), math.inf),
        *((*lean, BODY_ROBUST) for lean in zip(evidence.leans, evidence.lean_usual, strict=True)),
    ]:
        away = (slopes - mean) / usual
        share = 1 / (1 + (away @ away) / robust**2) ** 2
        square[[0, 1], [0, 1]] += share / usual**2
        right[:2] -= share * away / usual


def _gather(people: Sequence[Standing]) -> _Evidence:
    soles, hips, seconds, leans, usual = [], [], [], [], []
    for person in people:
        xyz = person.in_camera
        middle = xyz[:, _HIPS].mean(axis=1)
        for foot, keypoints in enumerate(_SOLES):
            for start, stop in runs(person.stands[:, foot]):
                soles.append(np.median(xyz[start:stop, keypoints], axis=0))
                hips.append(np.median(middle[start:stop], axis=0))
                seconds.append((stop - start) / person.fps)
        for lean, its_usual in _lean(person):
            leans.append(lean)
            usual.append(its_usual)
    some = np.linspace(0, len(soles) - 1, min(len(soles), MOST_STANDS)).round().astype(int)
    return _Evidence(
        soles=np.array(soles).reshape(-1, 3, 3)[some],
        hips=np.array(hips).reshape(-1, 3)[some],
        long=np.minimum(np.array(seconds)[some] / LONG_SECONDS, 1),
        leans=np.array(leans).reshape(-1, 2),
        lean_usual=np.radians(np.array(usual).reshape(-1, 2)),
    )


def _lean(person: Standing) -> Iterator[tuple[Floats, tuple[float, float]]]:
    """The slopes (2,) of someone who is upright while a foot stands, and by how many degrees these usually
    differ from `down`; from the times at which the legs are straight, if there are any."""
    hips, knees, ankles, shoulders = (
        person.in_camera[:, pair] for pair in (_HIPS, _KNEES, _ANKLES, _SHOULDERS)
    )
    length = np.linalg.norm(knees - hips, axis=-1) + np.linalg.norm(ankles - knees, axis=-1)  # (T, 2)
    straight = (np.linalg.norm(ankles - hips, axis=-1) > STRAIGHT * length).mean(axis=1) == 1
    stands = person.stands.any(axis=1)
    for lower, counts, usual in (
        (ankles, stands & straight, LEAN_DEG),
        (hips, stands, TRUNK_LEAN_DEG),
    ):
        upright = lower.mean(axis=1) - shoulders.mean(axis=1)
        upright /= np.maximum(np.linalg.norm(upright, axis=1, keepdims=True), 1e-6)
        upright = upright[counts & (upright[:, 1] > STEEPEST)]
        if len(upright):
            right, down, forward = np.median(upright, axis=0)
            yield np.array((right / down, forward / down)), usual
            return


def _lowest(evidence: _Evidence, down: Floats) -> tuple[Floats, Floats]:
    """The lowest points (R, 3) of the feet, and by how many mm these are below the hips (R,)."""
    place = (evidence.soles @ down).argmax(axis=1)
    lowest = evidence.soles[np.arange(len(place)), place]
    return lowest, np.asarray((lowest - evidence.hips) @ down)


def _alone(places: Floats, counts: Mask) -> Floats:
    """(R,) weights: 1 for a place by itself, less for each of several that are close together."""
    near = np.linalg.norm(places[:, None] - places, axis=-1) < APART_MM
    return np.asarray(counts / np.maximum((near & counts).sum(axis=1), 1))


def _ground(down: Floats, height: float, spread_deg: float, spread_mm: float, source: GroundSource) -> Ground:
    right, below, forward = (float(part) for part in down)
    return Ground((right, below, forward), float(height), float(spread_deg), float(spread_mm), source)
