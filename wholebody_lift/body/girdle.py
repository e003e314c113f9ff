"""Between hips, shoulders and head: what keeps its length there, which is no distance between keypoints.

Shoulders rise and sink, spine and neck bend. What keeps its length is the spine, from the waist to where
collarbones and neck begin, behind the middle of the shoulders; the collarbones, which turn there; and the
neck, from there to where the head nods. Where shoulders are a little nearer to the hips than usual, or
further away, the collarbones sink or rise; only where they are much nearer does the spine bend.

On moving synthetic people the length of such a neck has a standard deviation of 3 mm, that of one which
begins in the middle of the shoulders 5 mm.

Everything takes keypoints over time, (T, 3) each, in any unit and any right-handed axes.
"""

from __future__ import annotations

import numpy as np

from wholebody_lift._types import Floats
from wholebody_lift.body import rigid
from wholebody_lift.skeleton import INDEX

WAIST = 0.1
"""Where the spine begins between the hips (0) and the shoulders (1)."""
SET_BACK = 0.16
"""How far behind the middle of the shoulders collarbones and neck begin; the unit is the shoulders' width."""
NOD = np.array([0.0, -0.25, -0.35])
"""About where the head nods, from the middle of the ears in `head_axes`; the unit is the distance from the
middle of the ears to the nose."""

HEAD: tuple[int, ...] = tuple(
    INDEX[name] for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
)
"""Keypoints of the head that do not move against each other."""

_SWING = 0.7
"""Sine of the angle by which collarbones rise and sink at most."""
_LONGEST = 1.1
"""The longest spine, in usual ones: shoulders that are further away are errors of single frames."""


def hip_axes(across: Floats, up: Floats) -> Floats:
    """Rotations (T, 3, 3): x across the hips, to the left one, y as near as may be up to the shoulders."""
    return rigid.axes(0, across, 1, up)


def head_axes(head: Floats) -> Floats:
    """Rotations (T, 3, 3) from `HEAD` (T, 5, 3): z ahead, level where the head is upright, x to the left."""
    nose, left_eye, right_eye, left_ear, right_ear = head.swapaxes(0, 1)
    ahead = ((left_eye + right_eye) / 2 + nose) / 2 - (left_ear + right_ear) / 2
    return rigid.axes(2, ahead, 0, left_ear - right_ear)


def nod(head: Floats) -> Floats:
    """(T, 3) where the head nods, from `HEAD` (T, 5, 3)."""
    ears = head[:, 3:].mean(axis=1)
    size = np.linalg.norm(head[:, 0] - ears, axis=-1, keepdims=True)
    return np.asarray(ears + size * (head_axes(head) @ NOD))


def hanging(waist: Floats, left: Floats, right: Floats) -> Floats:
    """(T, 3) where collarbones and neck would begin if the shoulders neither rose nor sank."""
    middle, _, back = _circle(waist, left, right)
    return np.asarray(middle + SET_BACK * np.linalg.norm(left - right, axis=-1, keepdims=True) * back)


def spine(waist: Floats, left: Floats, right: Floats, set_back: float) -> tuple[float, Floats]:
    """How long the spine is, and where (T, 3) it ends and collarbones and neck begin.

    It ends `set_back` behind the middle of the shoulders, as far from the left one as from the right: on that
    half circle, where a straight spine ends, or as near to it as shoulders allow. They neither rise nor sink
    where they are as far from the waist as usual, the median. If in any frame they are out of reach from
    there, the spine is longer, but not by much.
    """
    middle, up, back = _circle(waist, left, right)
    chord = middle - waist
    squares = np.sum(chord**2, axis=-1) + set_back**2
    leeway = 2 * set_back * np.maximum(np.sum(chord * up, axis=-1), np.finfo(np.float64).tiny)
    usual = np.sqrt(np.median(squares))
    length = float(np.sqrt((squares - _SWING * leeway).max()).clip(usual, _LONGEST * usual))
    sine = ((squares - length**2) / leeway).clip(-_SWING, _SWING)[:, None]
    return length, np.asarray(middle + set_back * (np.sqrt(1 - sine**2) * back - sine * up))


def _circle(waist: Floats, left: Floats, right: Floats) -> tuple[Floats, Floats, Floats]:
    """The middle of the shoulders, and the directions up the trunk and backwards, square to the shoulders."""
    middle, across = (left + right) / 2, rigid.unit(left - right)
    chord = middle - waist
    up = rigid.unit(chord - np.sum(chord * across, axis=-1, keepdims=True) * across)
    return middle, up, np.cross(up, across)
