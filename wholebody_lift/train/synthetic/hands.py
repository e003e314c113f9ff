"""Hand shapes: how fingers bend, given joint limits, coupled joints, and what hands do.

A hand is the rest-aligned local rotations (n, F, 3, 3) of the fifteen `HAND_BONES` of a left hand. `attach`
puts one on the left arm of a pose and the mirror image of another on the right. Hands are composed from
anatomical angles: knuckles flex towards the palm, about axes derived from the rest pose, and spread about the
palm's normal.
"""

import functools
import math
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.anatomy import DEGREE
from wholebody_lift.train.synthetic.bones import BONES, HAND_BONES, MIRROR_BONES
from wholebody_lift.train.synthetic.draws import Draws
from wholebody_lift.train.synthetic.templates import GRIPS

SHARES_WITH_RECORDINGS: dict[str, float] = {"recorded": 0.4, "shape": 0.45, "limits": 0.15}
SHARES_ALONE: dict[str, float] = {"shape": 0.75, "limits": 0.25}
"""Shares of recorded hands, of named shapes, and of hands drawn within the joint limits."""

FOLLOWS_ACTIVITY = 0.7
"""Share of occupied hands whose shape suits what they do; the others have any shape."""


class Shape(NamedTuple):
    """A hand shape. Flexion in degrees of the knuckles (`mcp`) and of the middle joints (`pip`), from index
    to little finger; `spread` from 0, fingers side by side, to 1, as far apart as possible.

    The thumb: `abduction` of its base out of the palm's plane, `radial` away from the index finger within
    that plane (0 is along the fingers), flexion of its knuckle and outer joint, and `roll` of its pad towards
    the fingertips.
    """

    share: float
    mcp: tuple[float, float, float, float]
    pip: tuple[float, float, float, float]
    spread: float
    abduction: float
    radial: float
    thumb_mcp: float
    thumb_ip: float
    roll: float


SHAPES: dict[str, Shape] = {
    "relaxed": Shape(24, (20, 26, 30, 32), (28, 34, 36, 34), 0.25, 28, 38, 12, 18, 8),
    "loose": Shape(12, (10, 14, 18, 20), (18, 22, 24, 22), 0.35, 25, 45, 8, 12, 4),
    "half_closed": Shape(8, (36, 42, 46, 48), (52, 58, 58, 54), 0.15, 34, 30, 18, 26, 14),
    "flat": Shape(6, (2, 2, 2, 4), (4, 4, 4, 5), 0.1, 8, 36, 6, 4, 0),
    "open": Shape(6, (2, 4, 5, 5), (8, 9, 10, 10), 0.55, 18, 54, 4, 6, 0),
    "spread": Shape(3, (-6, -4, -4, -5), (5, 5, 5, 6), 1.0, 16, 66, 0, 0, -4),
    "fist": Shape(7, (80, 84, 85, 82), (96, 101, 101, 97), 0.0, 58, 26, 52, 58, 20),
    "power_grip": Shape(6, (46, 52, 57, 60), (64, 64, 62, 60), 0.15, 50, 20, 24, 30, 26),
    "hook": Shape(3, (12, 14, 16, 18), (82, 86, 86, 82), 0.1, 14, 36, 10, 16, 2),
    "ball_grip": Shape(2, (20, 22, 24, 26), (36, 38, 38, 36), 0.75, 48, 34, 10, 16, 22),
    "pinch": Shape(4, (44, 40, 38, 36), (47, 40, 38, 36), 0.2, 61, 17, 10, 36, 26),
    "tripod": Shape(3, (48, 50, 62, 64), (54, 58, 70, 72), 0.1, 63, 4, 14, 30, 20),
    "key_grip": Shape(2, (52, 58, 62, 64), (66, 70, 70, 66), 0.05, 16, 20, 16, 26, 6),
    "ok": Shape(1.5, (43, 14, 8, 4), (49, 16, 12, 12), 0.55, 58, 22, 15, 31, 16),
    "point": Shape(3, (6, 80, 84, 82), (6, 96, 98, 94), 0.1, 56, 22, 50, 52, 20),
    "gun": Shape(1, (4, 78, 82, 80), (5, 94, 96, 92), 0.15, 10, 72, 0, -2, 0),
    "victory": Shape(2, (4, 4, 82, 80), (5, 5, 96, 92), 0.7, 44, 10, 36, 44, 28),
    "two_together": Shape(0.7, (5, 6, 82, 80), (6, 7, 96, 92), 0.05, 42, 12, 36, 42, 26),
    "three": Shape(1, (4, 4, 4, 76), (5, 5, 6, 88), 0.6, 46, 8, 38, 40, 30),
    "thumb_and_two": Shape(0.7, (4, 5, 78, 78), (6, 6, 92, 90), 0.5, 12, 68, 0, 0, -2),
    "four": Shape(1, (2, 2, 3, 4), (5, 5, 6, 8), 0.5, 44, 6, 42, 46, 24),
    "thumb_up": Shape(2, (80, 84, 85, 82), (96, 101, 101, 97), 0.0, 6, 76, -2, -6, -2),
    "phone_call_sign": Shape(0.5, (78, 82, 80, 4), (94, 98, 94, 8), 0.5, 10, 70, -2, -2, 0),
    "horns": Shape(0.4, (4, 80, 82, 5), (6, 96, 96, 8), 0.4, 42, 12, 36, 42, 24),
    "hold_phone": Shape(4, (36, 40, 44, 46), (42, 44, 46, 48), 0.15, 42, 28, 14, 22, 20),
    "hold_cup": Shape(3, (38, 42, 45, 47), (50, 52, 52, 50), 0.2, 50, 24, 14, 20, 26),
    "hold_plate": Shape(1.5, (28, 24, 22, 20), (14, 12, 12, 14), 0.3, 42, 26, 14, 18, 20),
    "type": Shape(3, (24, 28, 28, 24), (42, 46, 46, 42), 0.4, 20, 30, 10, 12, 8),
    "claw": Shape(1, (-8, -6, -6, -6), (58, 62, 62, 58), 0.7, 30, 48, 4, 38, 8),
    "duck": Shape(1, (52, 54, 54, 52), (10, 10, 10, 12), 0.05, 46, 12, 10, 12, 26),
}
"""Named shapes with their relative shares. Shapes between two of them are drawn too."""

_FINGERS = (2, 3, 4, 5)
_LIMITS: dict[str, tuple[float, float]] = {
    **{f"mcp{finger}": (-20.0, 92.0) for finger in _FINGERS},
    **{f"pip{finger}": (0.0, 108.0) for finger in _FINGERS},
    **{f"dip{finger}": (-8.0, 82.0) for finger in _FINGERS},
    **{
        f"abduction{finger}": limits
        for finger, limits in zip(_FINGERS, ((-12, 24), (-14, 12), (-26, 6), (-42, 4)), strict=True)
    },
    "thumb_abduction": (-5.0, 65.0),
    "thumb_radial": (-12.0, 82.0),
    "thumb_mcp": (-10.0, 60.0),
    "thumb_ip": (-20.0, 80.0),
    "thumb_roll": (-12.0, 45.0),
}
ANGLES: tuple[str, ...] = tuple(_LIMITS)
"""Names of the angles, in the order of the angle axis A: flexion of knuckle, middle and outer joint of each
finger (2 to 5), its abduction (towards the thumb, from the line from wrist to middle knuckle), then the
thumb."""

LIMITS: dict[str, tuple[float, float]] = _LIMITS
"""Minimum and maximum of each angle in degrees: the ranges of the American Academy of Orthopaedic Surgeons
(1965) and, for the base of the thumb, of Cooney et al. (1981), rounded outwards."""

_DIP_PER_PIP = 2 / 3  # Rijpkema and Girard 1991
_SIDE_BY_SIDE = (2.0, -2.0, -5.0, -9.0)  # abduction in degrees of fingers that touch, and of spread fingers
_FAR_APART = (20.0, -4.0, -20.0, -36.0)
_DIP_REST = math.radians(2.5)  # of Anny's hand at rest, whose fingertips are not bones
_THUMB_REST = math.radians(10.0)  # flexion of Anny's rest thumb, at both joints
_CURL_WEIGHT = 2.0  # of the plane in which a finger curls, against the row of knuckles, for its hinge axis

_LEFT = tuple(BONES.index(bone) for bone in HAND_BONES)
_RIGHT = tuple(MIRROR_BONES[bone] for bone in _LEFT)


def attach(L: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """Poses (n, J, 3, 3) with these fingers. `left` and `right` (n, F, 3, 3) are both given as left hands."""
    L = L.clone()
    sign = L.new_tensor([-1.0, 1.0, 1.0])
    L[:, _LEFT] = left
    L[:, _RIGHT] = right * sign[:, None] * sign
    return L


class _Hand:
    """Directions of left hands in the rest pose, as unit vectors (n, 3)."""

    def __init__(self, rest_heads: Tensor):
        def head(bone: str) -> Tensor:
            return rest_heads[..., BONES.index(f"{bone}.L"), :]

        wrist = head("wrist")
        knuckles = {finger: head(f"finger{finger}-1") for finger in _FINGERS}
        row = knuckles[2] - knuckles[5]
        self.along, self.radial, self.palm = rotations.look_at(knuckles[3] - wrist, row).unbind(-1)
        self.first = {f: rotations.normalize(head(f"finger{f}-2") - knuckles[f]) for f in _FINGERS}
        second = {f: rotations.normalize(head(f"finger{f}-3") - head(f"finger{f}-2")) for f in _FINGERS}
        # Fingers close towards the base of the thumb: their axes fan out, as their curl at rest shows.
        towards = -rotations.normalize(row)
        self.axis = {}
        for f in _FINGERS:
            curl = torch.linalg.cross(self.first[f], second[f])
            axis = towards + _CURL_WEIGHT * curl
            self.axis[f] = rotations.normalize(
                axis - (axis * self.first[f]).sum(-1, keepdim=True) * self.first[f]
            )
        self.pip_rest = {f: rotations.angle_about(self.axis[f], self.first[f], second[f]) for f in _FINGERS}

        self.thumb = rotations.normalize(head("finger1-2") - head("finger1-1"))
        outer = rotations.normalize(head("finger1-3") - head("finger1-2"))
        self.thumb_axis = rotations.normalize(torch.linalg.cross(outer, 0.25 * self.along - self.radial))

    def rest_angles(self, finger: int) -> tuple[Tensor, Tensor]:
        """Flexion and abduction (n,) in radians of a finger's first bone in the rest pose."""
        first = self.first[finger]
        flexion = torch.asin((first * self.palm).sum(-1))
        return flexion, torch.atan2((first * self.radial).sum(-1), (first * self.along).sum(-1))


def compose(angles: Tensor, rest_heads: Tensor) -> Tensor:
    """Left hands (n, F, 3, 3) from angles (n, A) in degrees, for bodies with rest heads (n, J, 3)."""
    radians = dict(zip(ANGLES, (angles * DEGREE).unbind(-1), strict=True))
    hand = _Hand(rest_heads)

    # Thumb: two angles give the direction of its base, which also rolls; the two outer joints are hinges.
    abduction, radial = radians["thumb_abduction"][:, None], radians["thumb_radial"][:, None]
    towards = (
        radial.cos() * hand.along + radial.sin() * hand.radial
    ) * abduction.cos() + abduction.sin() * hand.palm
    base = rotations.from_axis_angle(towards, radians["thumb_roll"]) @ rotations.between(hand.thumb, towards)
    hinges = [
        rotations.from_axis_angle(hand.thumb_axis, radians[f"thumb_{name}"] - _THUMB_REST)
        for name in ("mcp", "ip")
    ]
    local = [base, *hinges]

    for finger in _FINGERS:
        flexion, sideways = hand.rest_angles(finger)
        axis = hand.axis[finger]
        spread = rotations.from_axis_angle(hand.palm, radians[f"abduction{finger}"] - sideways)
        local += [
            spread @ rotations.from_axis_angle(axis, radians[f"mcp{finger}"] - flexion),
            rotations.from_axis_angle(axis, radians[f"pip{finger}"] - hand.pip_rest[finger]),
            rotations.from_axis_angle(axis, radians[f"dip{finger}"] - _DIP_REST),
        ]
    return torch.stack(local, 1)


# ------------------------------------------------------------------------------------------------- sampling


def _angles(mcp: Tensor, pip: Tensor, dip: Tensor, spread: Tensor, thumb: Tensor) -> Tensor:
    """Angles (n, A) in degrees, clamped to the limits, from flexions (n, 4) each, spread (n,) and angles of
    the thumb (n, 5)."""
    near, far = (mcp.new_tensor(row) for row in (_SIDE_BY_SIDE, _FAR_APART))
    # The side ligaments of a bent knuckle are tight: at a right angle, fingers cannot spread.
    spread = spread[:, None] * (1 - mcp.clamp_min(0) / 90).clamp(0, 1)
    angles = torch.cat([mcp, pip, dip, near + spread * (far - near), thumb], -1)
    low, high = angles.new_tensor(list(LIMITS.values())).unbind(-1)
    angles = torch.where(angles > high, 2 * high - angles, angles)
    angles = torch.where(angles < low, 2 * low - angles, angles)
    return torch.minimum(torch.maximum(angles, low), high)


@functools.cache
def _shape_table(device: torch.device) -> Tensor:
    """`SHAPES` (S, 15): share, mcp, pip, spread and the thumb's five."""
    rows = [[s.share, *s.mcp, *s.pip, *s[3:]] for s in SHAPES.values()]
    return torch.tensor(rows, dtype=torch.float32, device=device)


@functools.cache
def _grip_table(device: torch.device) -> Tensor:
    """Weights (G, S) of each shape in each of `templates.GRIPS`; the first has the shares of `SHAPES`."""
    names = list(SHAPES)
    rows = torch.zeros(len(GRIPS), len(names))
    for row, grip in zip(rows, GRIPS, strict=True):
        for name in grip.split():
            row[names.index(name)] += 1
    rows = rows.to(device)
    rows[0] = _shape_table(device)[:, 0]
    return rows


def _deviations(draws: Draws) -> Tensor:
    """(n, 4) of unit standard deviation, correlated between neighbouring fingers."""
    z = draws.normal(5)
    own, shared = z[:, :4], z[:, 4:]
    neighbours = torch.stack(
        [own[:, 0] + own[:, 1], own.sum(1) - own[:, 3], own.sum(1) - own[:, 0], own[:, 2] + own[:, 3]], -1
    )
    scale = neighbours.new_tensor([2.0, 3.0, 3.0, 2.0]).sqrt()
    return math.sqrt(0.5) * neighbours / scale + math.sqrt(0.5) * shared


def sample_shapes(rest_heads: Tensor, generator: torch.Generator, shape: Tensor | None = None) -> Tensor:
    """Draw left hands (n, F, 3, 3) near named shapes, given as indices (n,) into `SHAPES` or drawn by their
    shares.

    Each hand is blended with another shape, most of them only slightly, and its angles vary.
    """
    draws = Draws(len(rest_heads), generator)
    table = _shape_table(draws.device)
    start = draws.choice(table[:, 0]) if shape is None else shape
    end = draws.choice(table[:, 0])
    way = draws.uniform(1) ** 5
    row = table[start, 1:].lerp(table[end, 1:], way)
    mcp, pip, spread, thumb = row[:, :4], row[:, 4:8], row[:, 8], row[:, 9:]
    boldness = (0.4 * draws.normal(1)).exp()
    pip = pip + boldness * 6 * _deviations(draws)
    return compose(
        _angles(
            mcp + boldness * 6 * _deviations(draws),
            pip,
            _DIP_PER_PIP * pip + 4 * draws.normal(4),
            (spread + 0.12 * draws.normal()).clamp(0, 1),
            thumb + boldness * 5 * draws.normal(5),
        ),
        rest_heads,
    )


def sample_limits(rest_heads: Tensor, generator: torch.Generator) -> Tensor:
    """Draw left hands (n, F, 3, 3) within the joint limits. Neighbouring fingers are alike, and the outer
    joints follow the middle ones."""
    draws = Draws(len(rest_heads), generator)
    pip = 38 + 30 * _deviations(draws)
    draws.normal(5)  # unused, but without it seeds would not give the people of the published figures
    low, high = torch.tensor([LIMITS[name] for name in ANGLES[-5:]], device=draws.device).unbind(-1)
    thumb = low + (high - low) * (0.5 + 0.22 * draws.normal(5)).clamp(0, 1)
    return compose(
        _angles(
            28 + 26 * _deviations(draws),
            pip,
            _DIP_PER_PIP * pip + 8 * draws.normal(4),
            draws.uniform(),
            thumb,
        ),
        rest_heads,
    )


def sample(
    rest_heads: Tensor,
    generator: torch.Generator,
    recorded: Tensor | None = None,
    grip: Tensor | None = None,
) -> Tensor:
    """Draw left hands (n, F, 3, 3) from the documented mixture, for bodies with rest heads (n, J, 3) in mm.

    recorded: unit quaternions (m, F, 4) wxyz of recorded left hands, or mirrored right ones, to draw from.
    grip: indices (n,) into `templates.GRIPS`. Where a grip names shapes, a share `FOLLOWS_ACTIVITY` of the
    hands follow it.
    """
    draws = Draws(len(rest_heads), generator)
    shares = SHARES_ALONE if recorded is None else SHARES_WITH_RECORDINGS
    source = draws.choice(torch.tensor(list(shares.values()), device=draws.device))
    names = list(shares)
    shape = None
    if grip is not None:
        follows = (grip > 0) & draws.happens(FOLLOWS_ACTIVITY)
        source = torch.where(follows, names.index("shape"), source)
        chances = _grip_table(draws.device)[torch.where(follows, grip, 0)]  # (n, S)
        shape = torch.multinomial(chances, 1, generator=generator).squeeze(-1)
    fingers = torch.where(
        (source == names.index("shape"))[:, None, None, None],
        sample_shapes(rest_heads, generator, shape),
        sample_limits(rest_heads, generator),
    )
    if recorded is not None:
        known = rotations.to_matrix(recorded[draws.index(len(recorded))])
        fingers = torch.where((source == names.index("recorded"))[:, None, None, None], known, fingers)
    return fingers
