"""Spine, collarbones and neck: the bones between hips, shoulders and head, whose ends are not keypoints.

Shoulders rise and sink; spine and neck bend. Three lengths stay constant: the spine, from the waist to the
base of the neck, which lies behind the middle of the shoulders; the collarbones, which turn about that base;
and the neck, from there to the pivot of the head. If the shoulders are slightly nearer to the hips than
usual, or further away, the collarbones sink or rise; only if they are much nearer does the spine bend.

On moving synthetic people, the length of this neck has a standard deviation of 3 mm; measured from the middle
of the shoulders, it would be 5 mm.

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
"""Distance from the middle of the shoulders back to the base of the neck, in shoulder widths."""
HEAD_PIVOT = np.array([0.0, -0.25, -0.35])
"""Approximate pivot about which the head nods, from the middle of the ears in `head_axes`; the unit is the
distance from the middle of the ears to the nose."""

HEAD: tuple[int, ...] = tuple(
    INDEX[name] for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
)
"""Keypoints of the head that keep their distances from each other."""

SWING = 0.7
"""Sine of the largest angle by which collarbones rise and sink."""
LONGEST = 1.1
"""The longest spine, as a multiple of the usual one; shoulders further away are errors of single frames."""


def hip_axes(across: Floats, up: Floats) -> Floats:
    """Rotations (T, 3, 3): x across the hips, to the left one; y as closely as possible to the shoulders."""
    return rigid.axes(0, across, 1, up)


def head_axes(head: Floats) -> Floats:
    """Rotations (T, 3, 3) from `HEAD` (T, 5, 3): z forwards, level if the head is upright; x to the left."""
    nose, left_eye, right_eye, left_ear, right_ear = head.swapaxes(0, 1)
    ahead = ((left_eye + right_eye) / 2 + nose) / 2 - (left_ear + right_ear) / 2
    return rigid.axes(2, ahead, 0, left_ear - right_ear)


def head_pivot(head: Floats) -> Floats:
    """The point (T, 3) that the head nods about, from `HEAD` (T, 5, 3)."""
    ears = head[:, 3:].mean(axis=1)
    size = np.linalg.norm(head[:, 0] - ears, axis=-1, keepdims=True)
    return np.asarray(ears + size * (head_axes(head) @ HEAD_PIVOT))


def relaxed_neck_base(waist: Floats, left: Floats, right: Floats) -> Floats:
    """The base of the neck (T, 3), if the shoulders neither rise nor sink."""
    middle, _, back = _circle(waist, left, right)
    return np.asarray(middle + SET_BACK * np.linalg.norm(left - right, axis=-1, keepdims=True) * back)


def spine(waist: Floats, left: Floats, right: Floats, set_back: float) -> tuple[float, Floats]:
    """Length of the spine, and its upper end (T, 3), the base of the neck.

    The base lies `set_back` behind the middle of the shoulders, at the same distance from both: on that half
    circle, at the end of a straight spine or as near to it as the shoulders allow. Shoulders at their usual
    (median) distance from the waist neither rise nor sink. If they are out of reach in any frame, the spine
    is slightly longer.
    """
    middle, up, back = _circle(waist, left, right)
    chord = middle - waist
    squares = np.sum(chord**2, axis=-1) + set_back**2
    leeway = 2 * set_back * np.maximum(np.sum(chord * up, axis=-1), np.finfo(np.float64).tiny)
    usual = np.sqrt(np.median(squares))
    length = float(np.sqrt((squares - SWING * leeway).max()).clip(usual, LONGEST * usual))
    sine = ((squares - length**2) / leeway).clip(-SWING, SWING)[:, None]
    return length, np.asarray(middle + set_back * (np.sqrt(1 - sine**2) * back - sine * up))


def _circle(waist: Floats, left: Floats, right: Floats) -> tuple[Floats, Floats, Floats]:
    """The middle of the shoulders, and the directions up the trunk and backwards, square to the shoulders."""
    middle, across = (left + right) / 2, rigid.unit(left - right)
    chord = middle - waist
    up = rigid.unit(chord - np.sum(chord * across, axis=-1, keepdims=True) * across)
    return middle, up, np.cross(up, across)
