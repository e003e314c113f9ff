"""Bodies with volume: the balls around which trunk, neck, head and limbs are drawn, in page and video.

Limbs are tapered capsules; trunk, neck, head and feet are hulls of balls. Hands and face stay fine lines.
Keypoints do not say how thick a limb is, so everyone gets the radii of an average adult: half of the
circumferences, divided by pi.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Integers
from wholebody_lift.skeleton import INDEX, KEYPOINT_NAMES

CHIN = INDEX["face-8"]


class Ball(NamedTuple):
    """A ball in the middle of some keypoints; one that is named twice counts twice."""

    radius: float
    """mm."""
    keypoints: tuple[int, ...]
    up: float = 0.0
    """mm from there towards the crown, which is away from the chin."""


class Solid(NamedTuple):
    """The hull of some balls."""

    part: str
    """With which it is shown and hidden."""
    group: str
    """Its colour in the palette."""
    balls: tuple[Ball, ...]
    pale: float = 0.0
    """How far its colour fades to the ground: 0 not at all, 1 completely."""

    @property
    def keypoints(self) -> tuple[int, ...]:
        """Those that it is drawn around, each once."""
        return tuple(dict.fromkeys(keypoint for ball in self.balls for keypoint in ball.keypoints))


def _ball(radius: float, *names: str, up: float = 0.0) -> Ball:
    return Ball(radius, tuple(INDEX[name] for name in names), up)


_SIDES = ("left", "right")
_SHOULDERS = tuple(f"{side}_shoulder" for side in _SIDES)
_HIPS = tuple(f"{side}_hip" for side in _SIDES)
_EARS = tuple(f"{side}_ear" for side in _SIDES)
_WAIST = tuple(  # a quarter of the way up from the hips, and narrower than they are
    _ball(62, f"{side}_shoulder", f"{side}_hip", f"{side}_hip", f"{other}_hip")
    for side, other in zip(_SIDES, _SIDES[::-1], strict=True)
)
_TRUNK_PALE, _HEAD_PALE = 0.165, 0.297


def _limbs(side: str) -> tuple[Solid, ...]:
    ends = ((47, "shoulder", 39, "elbow"), (39, "elbow", 27, "wrist"), (80, "hip", 56, "knee"))
    limbs = [
        Solid("body", f"body_{side}", (_ball(above, f"{side}_{upper}"), _ball(below, f"{side}_{lower}")))
        for above, upper, below, lower in (*ends, (56, "knee", 37, "ankle"))
    ]
    foot = ((34, "heel"), (24, "big_toe"), (21, "small_toe"), (33, "ankle"))
    feet = Solid("feet", f"feet_{side}", tuple(_ball(radius, f"{side}_{name}") for radius, name in foot))
    return (*limbs, feet)


SOLIDS: tuple[Solid, ...] = (
    Solid("body", "body_middle", (*(_ball(78, hip) for hip in _HIPS), *_WAIST), _TRUNK_PALE),
    Solid(
        "body",
        "body_middle",
        (*(_ball(50, shoulder) for shoulder in _SHOULDERS), _ball(66, *_SHOULDERS), *_WAIST),
        _TRUNK_PALE,
    ),
    Solid("body", "body_middle", (_ball(56, *_SHOULDERS), _ball(50, *_EARS)), _TRUNK_PALE),
    Solid(
        "body",
        "body_middle",
        (_ball(86, *_EARS, up=40), _ball(66, *_EARS), _ball(34, KEYPOINT_NAMES[CHIN])),
        _HEAD_PALE,
    ),
    *(solid for side in _SIDES for solid in _limbs(side)),
)
"""Pelvis, chest, neck, head; then upper arm, forearm, thigh, shank and foot of each side."""

COVERED: frozenset[int] = frozenset(
    {keypoint for solid in SOLIDS for keypoint in solid.keypoints} - {CHIN}
    | {INDEX[name] for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")}
)
"""Keypoints that lie inside the solids and are not drawn beside them; those of the face show on the head."""

FEET: tuple[tuple[int, ...], ...] = tuple(
    tuple(INDEX[f"{side}_{name}"] for name in ("ankle", "heel", "big_toe", "small_toe")) for side in _SIDES
)
"""The keypoints of each foot."""


def unseen_feet(observed: npt.NDArray[np.bool_], who: Integers) -> npt.NDArray[np.bool_]:
    """(N, 133): the heel and the toes of feet that no picture of a person shows.

    Their ankle, heel and toes are inferred in every row: where they are is only a guess from what people look
    like in general. The viewers hide them unless asked; the ankle ends the shank.

    Args:
        observed: (N, 133), as in `Pose3D`.
        who: (N,) the person of each row.
    """
    unseen = np.zeros_like(observed)
    for person in np.unique(who):
        rows = np.flatnonzero(who == person)
        for foot in FEET:
            if not observed[rows][:, foot].any():
                unseen[rows[:, None], foot[1:]] = True
    return unseen
