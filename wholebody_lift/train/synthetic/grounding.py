"""Legs on the floor: standing on the feet, kneeling on the shanks, and sitting or lying."""

from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.anatomy import (
    DEGREE,
    Limbs,
    bend_to_span,
    constant,
    head_of,
    posed,
    put,
    reflect,
    turns_of,
)
from wholebody_lift.train.synthetic.joint_limits import SIDED
from wholebody_lift.train.synthetic.templates import FEET

_MAX_DORSIFLEXION, _MAX_PLANTARFLEXION = SIDED["ankle_dorsiflexion"].high, 45.0  # degrees

# The average adult in the rest pose, mm: the heel relative to the ankle, and the tips of the big and the
# small toe relative to the ball of the foot. All three are keypoints.
_SHANK_LENGTH_MM = 417.0
_HEEL, _TOES = (0.0, 56.0, -47.0), ((-14.0, -53.0, -9.0), (45.0, -15.0, -12.0))
# Heights above the floor, mm: hip or shoulder of someone lying down, a kneeling knee, heel or toes, and the
# ankle over a flat sole.
_TRUNK_DEPTH_MM, _KNEE_DEPTH_MM, _SKIN_MM, _ANKLE_HEIGHT_MM = 85.0, 45.0, 10.0, 66.0
_UPPER_LEG_RESTS = 0.6  # height at which a leg rests on the other one, as a share of the height of its hip
_MAX_KNEEL_TURN_DEGREES = 45.0


class _Body(NamedTuple):
    """A posed body: rotations and heads of its bones, both legs in the rest pose, and its size."""

    G: Tensor
    heads: Tensor
    limbs: Limbs
    scale: Tensor
    """(n, 1) in units of the average adult."""


def ground(L: Tensor, rest_heads: Tensor, feet: Tensor) -> Tensor:
    """Adjust the legs of poses L (n, J, 3, 3) so that they are on the floor as `feet` says, indices (n,) into
    `templates.FEET`.

    Hips and knees are changed, and ankles within their limits where soles are to be flat.
    """
    way = {name: (feet == i)[:, None] for i, name in enumerate(FEET)}  # (n, 1) each
    kneels = way["kneeling"] | way["one knee"]
    grounded = way["grounded"] | way["grounded, soles flat"] | way["grounded, feet free"]
    left = constant((True, False), kneels)  # of the two legs
    flat = way["flat"] | way["balanced"] | way["grounded, soles flat"] | (way["one knee"] & left)

    G, heads = posed(L, rest_heads)
    limbs = Limbs(rest_heads, "both")
    body = _Body(G, heads, limbs, size_of(rest_heads))
    scale = body.scale
    lowest = _lowest_points(body)
    thigh, knee_height = _kneel(body, lowest)

    ankles = _stand(body, way["balanced"])
    height = _lie(body, lowest[..., 2], way["grounded, feet free"], flat)
    height = torch.where(kneels, knee_height.flip(-1) + (_ANKLE_HEIGHT_MM - _KNEE_DEPTH_MM) * scale, height)
    height = torch.where(kneels | grounded, height, ankles[..., 2])
    ankles = torch.cat([ankles[..., :2], height[..., None]], -1)

    turns = _put_ankles(L, body, ankles, flat)
    kneeling = (kneels & ~flat)[..., None, None]
    kept = dict(zip(turns, turns_of(L, tuple(turns), "both"), strict=True))
    kept["upperleg01.L"] = thigh @ kept["upperleg01.L"]
    turns = {bone: torch.where(kneeling, kept[bone], turn) for bone, turn in turns.items()}
    L = L.clone()
    put(L, turns, "both")
    return L


def size_of(rest_heads: Tensor) -> Tensor:
    """Sizes (n, 1) of bodies (n, J, 3), relative to the average adult."""
    shank = head_of(rest_heads, "foot.L") - head_of(rest_heads, "lowerleg01.L")
    return torch.div(torch.linalg.vector_norm(shank, dim=-1, keepdim=True), _SHANK_LENGTH_MM)


def floor_of(heads: Tensor, scale: Tensor) -> Tensor:
    """Height (n, 1) of the floor under bodies of size `scale` (n, 1) that lie or sit, from bone heads
    (n, J, 3)."""
    hips, shoulders = (head_of(heads, f"{bone}.L", "both")[..., 2] for bone in ("upperleg01", "upperarm01"))
    return torch.cat([hips, shoulders], -1).amin(-1, keepdim=True) - _TRUNK_DEPTH_MM * scale


def _stand(body: _Body, balanced: Tensor) -> Tensor:
    """Positions (n, S, 3) of both ankles at one height, and under the body where `balanced` (n, 1)."""
    shift = torch.where(balanced, _imbalance(body.heads), 0)
    ankles = head_of(body.heads, "foot.L", "both") + torch.stack([shift, reflect(shift)], 1)  # (n, S, 3)
    way = ankles - head_of(body.heads, "upperleg01.L", "both")
    length = body.limbs.thigh.norm(dim=-1) + body.limbs.shank.norm(dim=-1)
    drop = (length**2 - way[..., 0] ** 2 - way[..., 1] ** 2).clamp_min(0).sqrt()
    # The floor is under the lower foot, or higher if a leg would not reach it there.
    lowest = (ankles[..., 2] - way[..., 2] - drop).amax(-1)
    floor = torch.maximum(ankles[..., 2].amin(-1), lowest)
    return torch.cat([ankles[..., :2], floor[:, None, None].expand(-1, 2, 1)], -1)


def _imbalance(heads: Tensor) -> Tensor:
    """Horizontal distance (n, 3) of the middle of the trunk from the area that the feet support."""
    trunk = (head_of(heads, "root") + head_of(heads, "spine02")) / 2
    feet = torch.stack([head_of(heads, f"foot.{side}") for side in "LR"], 1)
    toes = torch.stack([head_of(heads, f"toe2-1.{side}") for side in "LR"], 1)
    support = torch.cat([feet, toes], 1)
    shift = trunk - torch.minimum(torch.maximum(trunk, support.amin(1)), support.amax(1))
    return shift * constant((1.0, 1.0, 0.0), shift)


def _lie(body: _Body, lowest: Tensor, free: Tensor, flat: Tensor) -> Tensor:
    """Ankle heights (n, S) that put the feet of bodies that lie or sit on the floor onto it as well.

    Feet that are `free` (n, 1) are only kept from going below it. `lowest` (n, S) are the heights of their
    lowest points.
    """
    floor = floor_of(body.heads, body.scale)
    ankle, hip = (head_of(body.heads, bone, "both")[..., 2] for bone in ("foot.L", "upperleg01.L"))
    fall = lowest - floor - _SKIN_MM * body.scale
    rest = torch.where(free, torch.inf, _UPPER_LEG_RESTS * (hip - hip.amin(-1, keepdim=True)))
    height = ankle - fall.clamp_max(0) - (fall - rest).clamp_min(0)
    return torch.where(flat, floor + _ANKLE_HEIGHT_MM * body.scale, height)


def _lowest_points(body: _Body) -> Tensor:
    """The lowest point (n, S, 3) of each foot."""
    foot, toes = turns_of(body.G, ("foot.L", "toe2-1.L"), "both")
    heel = (foot @ constant(_HEEL, foot))[:, :, None]
    tips = (toes[:, :, None] @ constant(_TOES, toes)[..., None]).squeeze(-1)  # (n, S, 2, 3)
    ankle, ball = (head_of(body.heads, bone, "both")[:, :, None] for bone in ("foot.L", "toe2-1.L"))
    size = body.scale[..., None, None]
    points = torch.cat([ankle + size * heel, ball + size * tips], 2)  # (n, S, 3 points, 3)
    lowest = points[..., 2].argmin(-1)[..., None, None]
    return points.gather(2, lowest.expand(-1, -1, 1, 3)).squeeze(2)


def _kneel(body: _Body, lowest: Tensor) -> tuple[Tensor, Tensor]:
    """Rotations (n, S, 3, 3) of the thighs, in their parents' axes, that bring knees and feet down to one
    floor, and the height (n, S) of the knees there. `lowest` (n, S, 3) are the lowest points of the feet."""
    root, parent = turns_of(body.G, ("root", "pelvis.L"), "both")
    across = root[..., 0]
    hip, knee = (head_of(body.heads, bone, "both") for bone in ("upperleg01.L", "lowerleg01.L"))
    foot = lowest - knee
    drop = (_SKIN_MM - _KNEE_DEPTH_MM) * body.scale

    # Rotated by t about a, v is at the height C + A cos t + B sin t.
    def height_of(v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        C = across[..., 2] * (across * v).sum(-1)
        return v[..., 2] - C, torch.linalg.cross(across, v)[..., 2], C

    A, B, C = height_of(foot)
    middle = torch.atan2(B, A)
    half = torch.acos(((drop - C) / torch.hypot(A, B).clamp_min(1.0)).clamp(-1, 1))
    either = torch.stack([middle - half, middle + half], -1)
    either = torch.atan2(either.sin(), either.cos())
    nearer = either.abs().argmin(-1, keepdim=True)
    most = _MAX_KNEEL_TURN_DEGREES * DEGREE
    turn = either.gather(-1, nearer).squeeze(-1).clamp(-most, most)
    A, B, C = height_of(knee - hip)
    frame = parent.mT @ root
    thigh = frame @ rotations.about("x", turn) @ frame.mT
    return thigh, hip[..., 2] + C + A * turn.cos() + B * turn.sin()


def _put_ankles(L: Tensor, body: _Body, ankles: Tensor, flat: Tensor) -> dict[str, Tensor]:
    """Local rotations (n, S, 3, 3) of the legs' bones that bring the ankles to `ankles` (n, S, 3). Where
    `flat` (n, S), soles are level as far as the ankles' limits allow; other feet keep their angles."""
    limbs = body.limbs
    root, parent, upper_leg = turns_of(body.G, ("root", "pelvis.L", "upperleg01.L"), "both")
    way = (root.mT @ (ankles - head_of(body.heads, "upperleg01.L", "both"))[..., None]).squeeze(-1)
    most = SIDED["knee_flexion"].high * DEGREE
    knee = bend_to_span(way, limbs.thigh, limbs.shank, limbs.knee, limbs.knee_rest, most)
    span = limbs.thigh + (knee @ limbs.shank[..., None]).squeeze(-1)
    hinge = (root.mT @ upper_leg @ limbs.knee[..., None]).squeeze(-1)
    thigh = rotations.look_at(way, hinge) @ rotations.look_at(span, limbs.knee).mT

    below_knee, foot = turns_of(L, ("lowerleg02.L", "foot.L"), "both")
    lower_leg = root @ thigh @ knee @ below_knee
    toes = -(lower_leg @ foot)[..., 1]
    heading = torch.atan2(toes[..., 0], -toes[..., 1])
    level = rotations.to_rotation_vector(lower_leg.mT @ rotations.about("z", heading))
    size = torch.linalg.vector_norm(level, dim=-1, keepdim=True).clamp_min(1e-6)
    upwards = _MAX_DORSIFLEXION * DEGREE - limbs.ankle_rest[..., None]
    farthest = torch.where(level[..., :1] < 0, upwards, _MAX_PLANTARFLEXION * DEGREE)
    level = rotations.from_rotation_vector(level * (farthest / size).clamp_max(1.0))
    return {
        "upperleg01.L": parent.mT @ root @ thigh,
        "upperleg02.L": torch.eye(3, device=L.device).expand_as(thigh),
        "lowerleg01.L": knee,
        "foot.L": torch.where(flat[..., None, None], level, foot),
    }
