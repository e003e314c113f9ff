"""Inverse kinematics: hands that reach or touch something, feet that stand on one floor."""

import functools
import math

import torch
from torch import Tensor

from wholebody_lift.train import rotations
from wholebody_lift.train.activities import CONTACTS, SIDED
from wholebody_lift.train.anatomy import (
    BONE,
    DEGREE,
    SIDES,
    Limbs,
    arm_angles,
    head_of,
    mirrored,
    posed,
    put,
    reflect,
    split_hand,
    turn_of,
)
from wholebody_lift.train.rig import MIRROR_BONES

_MAX_ELBOW_DEGREES = 150.0
_MAX_FOOT_TURN_DEGREES = 40.0
_SWIVEL_DEGREES = 25.0
_SWIVEL_CANDIDATES = 12
_HANGING = (0.35, 0.35, -1.0)  # where a loose left elbow goes, in the chest's axes

_TRUNK_LENGTH_MM = 607.0  # root to head of the average adult to whom the offsets of contacts belong
_PARTS = {"palm": 0.75, "fingertips": 1.6}  # distance from the wrist in units of wrist to middle knuckle
_PALM_DEPTH_MM = 18.0
_HAND_SPREAD = 0.15  # of the direction of fingers and palm, radians
_ELBOW_SPREAD_DEGREES = 18.0


def reach(
    L: Tensor,
    rest_heads: Tensor,
    target: Tensor,
    fingers: Tensor | None = None,
    palm: Tensor | None = None,
    swivel: Tensor | None = None,
    side: str = "left",
) -> Tensor:
    """Poses L (n, J, 3, 3) whose wrist is at `target` (n, 3), in mm where `Rig.bones` puts the body.

    Shoulder, elbow and forearm move. `fingers` and `palm` (n, 3) are where the hand should point and where
    its palm should look; forearm and wrist follow as far as their limits go, and without these the hand keeps
    its angles. `swivel` (n,) turns the elbow about the line from shoulder to wrist, in degrees: 0 lets it
    hang, 90 lifts it sideways; the nearest swivel that suits the shoulder is taken. A target out of reach
    leaves a straight arm that points at it.
    """
    if side == "right":
        target = reflect(target)
        fingers, palm = (None if way is None else reflect(way) for way in (fingers, palm))
    if swivel is None:
        swivel = torch.full_like(target[:, 0], _SWIVEL_DEGREES)
    hand = None if fingers is None or palm is None else rotations.look_at(fingers, palm)
    G, heads = posed(L, rest_heads)
    L = L.clone()
    put(L, _solve_arm(L, G, heads, Limbs(rest_heads, side), target, hand, swivel, side), side)
    return L


def _solve_arm(
    L: Tensor,
    G: Tensor,
    heads: Tensor,
    limbs: Limbs,
    target: Tensor,
    hand: Tensor | None,
    swivel: Tensor,
    side: str,
) -> dict[str, Tensor]:
    """Local rotations of the arm's bones, as on the left, for a wrist at `target` (n, 3) and a hand whose
    columns (n, 3, 3) are fingers, palm and their cross product, both as seen from that side."""
    chest, parent = turn_of(G, "spine01", side), turn_of(G, "shoulder01.L", side)
    way = (chest.mT @ (target - head_of(heads, "upperarm01.L", side))[..., None]).squeeze(-1)

    # Elbow: law of cosines.
    elbow = _bend(way, limbs.upper_arm, limbs.forearm, limbs.elbow, limbs.elbow_rest, _MAX_ELBOW_DEGREES)
    span = limbs.upper_arm + (elbow @ limbs.forearm[..., None]).squeeze(-1)  # shoulder to wrist

    # Shoulder: of several swivels the one nearest to the wish that stays within the limits.
    step = torch.arange(_SWIVEL_CANDIDATES, device=L.device) * (2 * math.pi / _SWIVEL_CANDIDATES)
    step = torch.atan2(step.sin(), step.cos())
    direction = rotations.normalize(way)[:, None]  # (n, 1, 3)
    hanging = way.new_tensor(_HANGING)
    hanging = rotations.normalize(hanging - (hanging * direction).sum(-1, keepdim=True) * direction)
    turn = (swivel[:, None] * DEGREE + step)[..., None]  # (n, S, 1)
    outward = turn.cos() * hanging + turn.sin() * torch.linalg.cross(direction, hanging)  # (n, S, 3)
    hinge = torch.linalg.cross(outward, direction.expand_as(outward))
    frame = rotations.look_at(direction, hinge) @ rotations.look_at(span, limbs.elbow).mT[:, None]
    cost = 0.1 * step.abs()
    names = ("arm_raise", "arm_plane", "arm_rotation")
    for name, value in zip(names, arm_angles(frame @ limbs.arm[:, None]), strict=True):
        low, high = SIDED[name].low * DEGREE, SIDED[name].high * DEGREE
        cost = cost + (low - value).clamp_min(0) + (value - high).clamp_min(0)
    best = cost.argmin(-1)[:, None, None, None].expand(-1, 1, 3, 3)
    upper_arm = frame.gather(1, best).squeeze(1)  # (n, 3, 3), in the chest's axes

    turns = {
        "upperarm01.L": parent.mT @ chest @ upper_arm,
        "upperarm02.L": torch.eye(3, device=L.device).expand_as(elbow),
        "lowerarm01.L": elbow,
    }
    if hand is not None:
        forearm = chest @ upper_arm @ elbow
        pronation, wrist = split_hand(forearm.mT @ hand @ limbs.hand.mT, limbs)
        turns |= _hand_within_limits(pronation, wrist, limbs)
    return turns


def _bend(way: Tensor, first: Tensor, second: Tensor, hinge: Tensor, rest: Tensor, most: float) -> Tensor:
    """Rotation (n, 3, 3) of a hinge that makes two bones (n, 3), `rest` radians bent at rest, as long as
    `way` (n, 3)."""
    a, b = first.norm(dim=-1), second.norm(dim=-1)
    cosine = ((way * way).sum(-1) - a**2 - b**2) / (2 * a * b)
    bend = torch.acos(cosine.clamp(math.cos(most * DEGREE), 1.0))
    return rotations.from_axis_angle(hinge, bend - rest)


def _hand_within_limits(pronation: Tensor, wrist: Tensor, limbs: Limbs) -> dict[str, Tensor]:
    """Local rotations of the distal forearm and the hand, of angles in radians clamped to the limits."""

    def clamped(name: str, value: Tensor) -> Tensor:
        return value.clamp(SIDED[name].low * DEGREE, SIDED[name].high * DEGREE)[:, None]

    flexion = clamped("wrist_flexion", (wrist * limbs.wrist_flexion).sum(-1))
    deviation = clamped("wrist_deviation", (wrist * limbs.wrist_deviation).sum(-1))
    half = rotations.from_axis_angle(limbs.pronation, clamped("pronation", pronation)[:, 0] / 2)
    bend = rotations.from_rotation_vector(flexion * limbs.wrist_flexion + deviation * limbs.wrist_deviation)
    return {"lowerarm02.L": half, "wrist.L": half @ bend}


@functools.cache
def _contact_table(device: torch.device) -> dict[str, Tensor]:
    """`CONTACTS` as tensors with a leading contact axis; `bone` (2, C) for the left and the right hand."""
    contacts = list(CONTACTS.values())

    def column(*values: object) -> Tensor:
        return torch.tensor(values, dtype=torch.float32, device=device)

    bones = [BONE[contact.bone] for contact in contacts]
    return {
        "bone": torch.tensor([bones, [MIRROR_BONES[bone] for bone in bones]], device=device).mT,
        "offset": column(*(contact.offset for contact in contacts)),
        "fingers": column(*(contact.fingers for contact in contacts)),
        "palm": column(*(contact.palm for contact in contacts)),
        "along": column(*(_PARTS[contact.part] for contact in contacts)),
        "spread": column(*(contact.spread for contact in contacts)),
        "elbow": column(*(contact.elbow for contact in contacts)),
    }


def touch(
    L: Tensor, rest_heads: Tensor, contact: Tensor, generator: torch.Generator, side: str = "left"
) -> Tensor:
    """Poses L (n, J, 3, 3) whose hand of one side is at a contact: its number (n,) in `CONTACTS`.

    The place, the hand's direction and the elbow vary as the contact says.
    """
    n, device = len(L), L.device
    row = {name: column[contact] for name, column in _contact_table(device).items()}
    limbs = Limbs(rest_heads, side)
    G, heads = posed(L, rest_heads)
    people, bone = torch.arange(n, device=device), row["bone"][:, SIDES.index(side)]
    turn, head = G[people, bone], heads[people, bone]
    noise = torch.randn(n, 10, generator=generator, device=device)

    trunk = head_of(rest_heads, "head") - head_of(rest_heads, "root")
    scale = torch.linalg.vector_norm(trunk, dim=-1, keepdim=True) / _TRUNK_LENGTH_MM  # (n, 1)
    wished = [
        row["offset"] * scale + noise[:, :3] * row["spread"][:, None],
        row["fingers"] + _HAND_SPREAD * noise[:, 3:6],
        row["palm"] + _HAND_SPREAD * noise[:, 6:9],
    ]
    # Contacts are written for the left hand; for the right one the body is seen in the mirror.
    if side == "right":
        turn, head = mirrored(turn), reflect(head)
    place, fingers, palm = ((turn @ way[..., None]).squeeze(-1) for way in wished)
    place = place + head
    swivel = row["elbow"] + _ELBOW_SPREAD_DEGREES * noise[:, 9]
    part = row["along"][:, None] * limbs.to_knuckle + _PALM_DEPTH_MM * scale * limbs.palm

    # The wrist may not be able to turn the hand as wished; the second round starts from what it can do.
    wish = rotations.look_at(fingers, palm)
    hand, L = wish @ limbs.hand.mT, L.clone()
    shoulder = turn_of(G, "shoulder01.L", side)
    for _ in range(2):
        target = place - (hand @ part[..., None]).squeeze(-1)
        turns = _solve_arm(L, G, heads, limbs, target, wish, swivel, side)
        hand = shoulder
        for local in turns.values():
            hand = hand @ local
    put(L, turns, side)
    return L


def plant_feet(L: Tensor, rest_heads: Tensor, balanced: Tensor) -> Tensor:
    """Poses L (n, J, 3, 3) with both ankles at one height, by hips and knees, and soles flat as far as ankles
    turn. Where `balanced` (n,) the feet also come under the body as far as they were not."""
    G, heads = posed(L, rest_heads)
    shift = torch.where(balanced[:, None], _imbalance(heads), 0)
    both = {side: Limbs(rest_heads, side) for side in SIDES}
    ankles = {side: head_of(heads, "foot.L", side).clone() for side in SIDES}
    floor = torch.minimum(ankles["left"][:, 2], ankles["right"][:, 2])
    for side, limbs in both.items():
        ankles[side] += shift if side == "left" else reflect(shift)
        hip = head_of(heads, "upperleg01.L", side)
        way = ankles[side] - hip
        length = limbs.thigh.norm(dim=-1) + limbs.shank.norm(dim=-1)
        drop = (length**2 - way[:, 0] ** 2 - way[:, 1] ** 2).clamp_min(0).sqrt()
        floor = torch.maximum(floor, hip[:, 2] - drop)
    L = L.clone()
    for side, limbs in both.items():
        ankles[side][:, 2] = floor
        put(L, _plant_foot(L, G, heads, limbs, ankles[side], side), side)
    return L


def _imbalance(heads: Tensor) -> Tensor:
    """How far (n, 3), in the plane of the floor, the middle of the trunk is from being over the feet."""
    trunk = (head_of(heads, "root") + head_of(heads, "spine02")) / 2
    feet = torch.stack([head_of(heads, f"foot.{side}") for side in "LR"], 1)
    toes = torch.stack([head_of(heads, f"toe2-1.{side}") for side in "LR"], 1)
    support = torch.cat([feet, toes], 1)
    shift = trunk - torch.minimum(torch.maximum(trunk, support.amin(1)), support.amax(1))
    return shift * shift.new_tensor([1.0, 1.0, 0.0])


def _plant_foot(
    L: Tensor, G: Tensor, heads: Tensor, limbs: Limbs, ankle: Tensor, side: str
) -> dict[str, Tensor]:
    root, parent = turn_of(G, "root", side), turn_of(G, "pelvis.L", side)
    way = (root.mT @ (ankle - head_of(heads, "upperleg01.L", side))[..., None]).squeeze(-1)
    knee = _bend(way, limbs.thigh, limbs.shank, limbs.knee, limbs.knee_rest, 180.0)
    span = limbs.thigh + (knee @ limbs.shank[..., None]).squeeze(-1)
    hinge = (root.mT @ turn_of(G, "upperleg01.L", side) @ limbs.knee[..., None]).squeeze(-1)
    thigh = rotations.look_at(way, hinge) @ rotations.look_at(span, limbs.knee).mT

    lower_leg = root @ thigh @ knee @ turn_of(L, "lowerleg02.L", side)
    toes = -(lower_leg @ turn_of(L, "foot.L", side))[..., 1]
    heading = torch.atan2(toes[:, 0], -toes[:, 1])
    flat = rotations.about("z", heading)
    turn = rotations.to_rotation_vector(lower_leg.mT @ flat)
    size = torch.linalg.vector_norm(turn, dim=-1, keepdim=True).clamp_min(1e-6)
    foot = rotations.from_rotation_vector(turn * (_MAX_FOOT_TURN_DEGREES * DEGREE / size).clamp_max(1.0))
    return {
        "upperleg01.L": parent.mT @ root @ thigh,
        "upperleg02.L": torch.eye(3, device=L.device).expand_as(thigh),
        "lowerleg01.L": knee,
        "foot.L": foot,
    }
