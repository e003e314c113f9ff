"""Inverse kinematics of arms: hands that reach for or touch something, arms that rest on the floor."""

import functools
import math
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.anatomy import (
    DEGREE,
    Limbs,
    arm_angles,
    bend_to_span,
    constant,
    head_of,
    mirror,
    mirrored,
    mirrored_heads,
    posed,
    put,
    reflect,
    rhythm,
    turn_of,
    turns_of,
)
from wholebody_lift.train.synthetic.bones import BONE, MIRROR_BONES
from wholebody_lift.train.synthetic.contacts import CONTACTS
from wholebody_lift.train.synthetic.draws import Draws
from wholebody_lift.train.synthetic.grounding import floor_of, size_of
from wholebody_lift.train.synthetic.joint_limits import SIDED, SIDES

_MAX_ELBOW_DEGREES = 150.0
_SWIVEL_DEGREES = 25.0
_SWIVEL_CANDIDATES = 12
_SWIVEL_COST = 0.3  # per angle away from the preferred swivel; an angle beyond a limit costs 1
_HAND_EASE = 0.7  # share of its range beyond which a hand turns less and less
_HAND_ANGLES = ("pronation", "wrist_deviation", "wrist_flexion")
_SHOULDER_ANGLES = ("arm_raise", "arm_plane", "arm_rotation")
_HANGING = (0.35, 0.35, -1.0)  # direction of a relaxed left elbow, in the chest's axes

_TRUNK_LENGTH_MM = 607.0  # root to head of the average adult, to whom the offsets of contacts belong
_PARTS = {"palm": 0.75, "fingertips": 1.6}  # distance from the wrist in units of wrist to middle knuckle
_PALM_DEPTH_MM = 18.0
_HAND_SPREAD = 0.15  # of the direction of fingers and palm, radians
_ELBOW_SPREAD_DEGREES = 18.0

# Heights above the floor of an arm that rests on it, mm, and the length of a hand in the unit of `_PARTS`.
_ELBOW_HEIGHT_MM, _WRIST_HEIGHT_MM, _FINGER_HEIGHT_MM = 40.0, 40.0, 30.0
_HAND_LENGTH = 2.1
_LOW_SHOULDER_MM, _MAX_FALL_MM = 200.0, 350.0  # above the floor, for arms that fall to it
_BURIED_COST = 0.01  # per mm of an elbow below the floor


def reach(
    L: Tensor,
    rest_heads: Tensor,
    target: Tensor,
    fingers: Tensor | None = None,
    palm: Tensor | None = None,
    swivel: Tensor | None = None,
    side: str = "left",
) -> Tensor:
    """Poses L (n, J, 3, 3) with one wrist moved to `target` (n, 3), mm, in the coordinates of `Rig.bones`.

    Shoulder, elbow and forearm move, and the collarbone rises with the arm. `fingers` and `palm` (n, 3) are
    the directions in which the hand should point and its palm should face; forearm and wrist follow within
    their limits. Without them the hand keeps its angles. `swivel` (n,) is the preferred rotation of the elbow
    about the line from shoulder to wrist, in degrees: 0 lets it hang, 90 lifts it sideways. The closest
    swivel that suits shoulder and hand is used. If the target is out of reach, the straight arm points at it.
    """
    if side == "right":
        target = reflect(target)
        fingers, palm = (None if way is None else reflect(way) for way in (fingers, palm))
    if swivel is None:
        swivel = torch.full_like(target[:, 0], _SWIVEL_DEGREES)
    arm = _Arm(L, *posed(L, rest_heads), rest_heads, side)
    wish = None if fingers is None or palm is None else arm.hand_turn(fingers, palm)
    L = L.clone()
    put(L, arm.bring(target, None, wish, swivel), side)
    return L


class _Hold(NamedTuple):
    """A shoulder: local rotation of the collarbone (n, 3, 3), world rotation of the shoulder blade (n, 3, 3),
    and position of the joint (n, 3)."""

    collarbone: Tensor
    blade: Tensor
    joint: Tensor


class _Arm:
    """One arm of each body in poses L, whose bones have world rotations G and heads. Right arms are
    mirrored."""

    def __init__(self, L: Tensor, G: Tensor, heads: Tensor, rest_heads: Tensor, side: str) -> None:
        self.limbs = Limbs(rest_heads, side)
        self.chest = turn_of(G, "spine01", side)
        self._beginning = head_of(heads, "clavicle.L", side)
        begin, blade, joint = (
            head_of(rest_heads, bone, side) for bone in ("clavicle.L", "shoulder01.L", "upperarm01.L")
        )
        self._bones = blade - begin, joint - blade
        collarbone, self._blade, upper_arm = turns_of(L, ("clavicle.L", "shoulder01.L", "upperarm01.L"), side)
        upwards = collarbone[:, 2:] @ self._blade @ upper_arm @ self.limbs.arm  # (n, 1, 3)
        self.lift = torch.acos((-upwards[:, 0, 0]).clamp(-1, 1))
        self._collarbone = rotations.to_rotation_vector(collarbone) + self._follow(self.lift)

    def _follow(self, lift: Tensor) -> Tensor:
        """How far the collarbone follows an arm raised by `lift` (n,), as a rotation vector (n, 3)."""
        return rhythm(lift)[:, None] * constant((0.0, 1.0, 0.0), lift)

    def hand_turn(self, fingers: Tensor, palm: Tensor) -> Tensor:
        """World rotation (n, 3, 3) of a hand whose fingers and palm point in these directions, (n, 3)
        each."""
        return rotations.look_at(fingers, palm) @ self.limbs.hand.mT

    def hold(self, lift: Tensor) -> _Hold:
        """The shoulder of an arm that is raised by `lift` (n,) radians."""
        collarbone = rotations.from_rotation_vector(self._collarbone - self._follow(lift))
        turn = self.chest @ collarbone
        blade = turn @ self._blade
        along, across = self._bones
        step = turn @ along[..., None] + blade @ across[..., None]
        return _Hold(collarbone, blade, self._beginning + step.squeeze(-1))

    def bring(
        self, place: Tensor, part: Tensor | None, wish: Tensor | None, swivel: Tensor
    ) -> dict[str, Tensor]:
        """Local rotations (n, 3, 3) of the arm's bones that bring a part of the hand, or the wrist if `part`
        is None, to `place` (n, 3).

        part: (n, 3) offset of the part from the wrist in the rest pose.
        wish: (n, 3, 3) preferred world rotation of the hand.
        """
        lift, hand = self.lift, wish
        # The wrist cannot always turn the hand as wished, and how far the collarbone follows the arm is not
        # known in advance. So a second round starts from the result of the first.
        for _ in range(2):
            hold = self.hold(lift)
            target = place if part is None or hand is None else place - (hand @ part[..., None]).squeeze(-1)
            turns, lift = self.solve(hold, target, wish, swivel)
            hand = functools.reduce(torch.matmul, turns.values(), hold.blade)
        return {"clavicle.L": hold.collarbone, **turns}

    def solve(
        self,
        hold: _Hold,
        target: Tensor,
        wish: Tensor | None,
        swivel: Tensor,
        floor: Tensor | None = None,
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Local rotations (n, 3, 3) of the bones from the upper arm on that bring the wrist to `target` (n,
        3), and how far the upper arm is raised (n,). The elbow stays above the height `floor` (n,) if it
        can."""
        limbs = self.limbs
        way = (self.chest.mT @ (target - hold.joint)[..., None]).squeeze(-1)

        # Elbow: law of cosines.
        most = _MAX_ELBOW_DEGREES * DEGREE
        elbow = bend_to_span(way, limbs.upper_arm, limbs.forearm, limbs.elbow, limbs.elbow_rest, most)
        span = limbs.upper_arm + (elbow @ limbs.forearm[..., None]).squeeze(-1)  # shoulder to wrist

        # Shoulder: of several swivels, the closest to the preferred one that keeps the arm within its limits.
        # With a swivel of t, the upper arm's rotation in the chest's axes is
        # hanging @ (rotation by t about x) @ limb^-1.
        direction = rotations.normalize(way)
        hanging = rotations.look_at(direction, torch.linalg.cross(_hanging(direction), direction))
        limb = rotations.look_at(span, limbs.elbow)
        step = _steps(way.device)
        turn = swivel[:, None] * DEGREE + step  # (n, S)
        frame = _swivelled(hanging, limb.mT @ limbs.arm, turn)  # (n, S, 3, 3)
        angle = torch.stack(arm_angles(frame), -1)  # (n, S, those of the shoulder and perhaps the hand)
        if wish is not None:
            hand = hanging.mT @ self.chest.mT @ wish
            angle = torch.cat([angle, _hand_angles(elbow.mT @ limb, hand, turn, limbs)], -1)
        low, high = _arm_limits(way.device)[:, : angle.shape[-1]]
        cost = _SWIVEL_COST * step.abs() + torch.maximum(low - angle, angle - high).clamp_min(0).sum(-1)
        if floor is not None:
            length = torch.linalg.vector_norm(limbs.upper_arm, dim=-1)[:, None]
            rise = (frame[..., 0] @ self.chest[:, 2, :, None]).squeeze(-1)
            height = hold.joint[:, 2, None] + length * rise - floor[:, None]
            cost = cost + _BURIED_COST * (_ELBOW_HEIGHT_MM - height).clamp_min(0)
        best = cost.argmin(-1)
        people = torch.arange(len(best), device=best.device)
        chosen = angle[people, best]

        turns = {
            "upperarm01.L": hold.blade.mT @ self.chest @ frame[people, best] @ limbs.arm.mT,
            "upperarm02.L": torch.eye(3, device=way.device).expand_as(elbow),
            "lowerarm01.L": elbow,
        }
        if wish is not None:
            turns |= _hand_within_limits(chosen[:, 3:], limbs)
        return turns, chosen[:, 0]


@functools.cache
def _steps(device: torch.device) -> Tensor:
    """Candidate swivels (S,) relative to the preferred one, in radians."""
    step = torch.arange(_SWIVEL_CANDIDATES, device=device) * (2 * math.pi / _SWIVEL_CANDIDATES)
    return torch.atan2(step.sin(), step.cos())


@functools.cache
def _arm_limits(device: torch.device) -> Tensor:
    """Minimum and maximum (2, angles) in radians of the shoulder's angles and, eased, of the hand's."""
    shoulder, hand = _limits(_SHOULDER_ANGLES, device), _limits(_HAND_ANGLES, device)
    return torch.cat([shoulder, _HAND_EASE * hand], -1)


@functools.cache
def _limits(names: tuple[str, ...], device: torch.device) -> Tensor:
    """Minimum and maximum (2, angles) in radians."""
    limits = [(SIDED[name].low, SIDED[name].high) for name in names]
    return torch.tensor(limits, device=device).mT * DEGREE


def _hanging(direction: Tensor) -> Tensor:
    """Direction (n, 3) in which a relaxed elbow hangs, for unit vectors (n, 3) from shoulder to wrist."""
    hanging = constant(_HANGING, direction)
    return rotations.normalize(hanging - (hanging * direction).sum(-1, keepdim=True) * direction)


def _swivelled(first: Tensor, last: Tensor, turn: Tensor) -> Tensor:
    """first @ (rotation by `turn` about x) @ last, (n, S, 3, 3), of rotations (n, 3, 3) and angles (n, S).

    A rotation about x is linear in cosine and sine, so three matrix products suffice for all angles.
    """
    _, y, z = first.unbind(-1)
    fixed = first[..., :1] @ last[:, :1]
    sine = torch.stack([z, -y], -1) @ last[:, 1:]
    cosine = first[..., 1:] @ last[:, 1:]
    angle = turn[..., None, None]
    return fixed[:, None] + angle.cos() * cosine[:, None] + angle.sin() * sine[:, None]


def _hand_angles(first: Tensor, last: Tensor, turn: Tensor, limbs: Limbs) -> Tensor:
    """Pronation, deviation and flexion (n, S, 3) in radians, as `split_hand`, of a hand whose rotation on the
    forearm is first @ (rotation by -turn about x) @ last, of rotations (n, 3, 3) and angles (n, S)."""
    w, x, y, z = rotations.from_matrix(first).unbind(-1)
    # Without a turn, and after half a turn: the quaternions of all turns are combinations of these two.
    parts = torch.stack([w, x, y, z, x, -w, -z, y], -1).reshape(-1, 2, 4)
    parts = rotations.multiply(parts, rotations.from_matrix(last)[:, None])
    axes = torch.stack([limbs.pronation, limbs.wrist_deviation, limbs.wrist_flexion], -1)
    parts = torch.cat([parts[..., :1], parts[..., 1:] @ axes], -1)  # (n, 2, 4)
    half = turn[..., None] / 2
    w, a, b, c = (half.cos() * parts[:, :1] + half.sin() * parts[:, 1:]).unbind(-1)  # (n, S) each

    # The wrist bends first, about axes across the forearm, and then the forearm turns.
    size = torch.hypot(w, a).clamp_min(1e-6)
    b, c = (w * b + a * c) / size, (w * c - a * b) / size
    bend = torch.hypot(b, c).clamp_min(1e-6)
    ratio = 2 * torch.atan2(bend, size) / bend
    pronation = 2 * torch.atan2(torch.where(w < 0, -a, a), w.abs())
    return torch.stack([pronation, ratio * b, ratio * c], -1)


def _hand_within_limits(angle: Tensor, limbs: Limbs) -> dict[str, Tensor]:
    """Local rotations of the distal forearm and the hand, from pronation, deviation and flexion (n, 3) in
    radians. Angles are eased so that they approach their limits without reaching them, and none pile up
    there."""
    limits = _limits(_HAND_ANGLES, angle.device)
    low, high = _HAND_EASE * limits
    low_room, high_room = (limits - _HAND_EASE * limits).abs()
    over, under = (angle - high).clamp_min(0), (low - angle).clamp_min(0)
    eased = over * high_room / (over + high_room) - under * low_room / (under + low_room)
    pronation, deviation, flexion = (torch.minimum(torch.maximum(angle, low), high) + eased).split(1, -1)
    half = rotations.from_axis_angle(limbs.pronation, pronation[:, 0] / 2)
    bend = rotations.from_rotation_vector(flexion * limbs.wrist_flexion + deviation * limbs.wrist_deviation)
    return {"lowerarm02.L": half, "wrist.L": half @ bend}


@functools.cache
def _contact_table(device: torch.device) -> dict[str, Tensor]:
    """`CONTACTS` as tensors with a leading contact axis, except `bone` (2, C), for the left and the right
    hand."""
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
    """Poses L (n, J, 3, 3) with the hand of one side brought to a contact, an index (n,) into `CONTACTS`.

    The place, the direction of the hand and the elbow vary as the contact says.
    """
    device = L.device
    row = {name: column[contact] for name, column in _contact_table(device).items()}
    G, heads = posed(L, rest_heads)
    arm = _Arm(L, G, heads, rest_heads, side)
    people, bone = torch.arange(len(L), device=device), row["bone"][:, SIDES.index(side)]
    turn, head = G[people, bone], heads[people, bone]
    noise = Draws(len(L), generator).normal(10)

    trunk = head_of(rest_heads, "head") - head_of(rest_heads, "root")
    scale = torch.linalg.vector_norm(trunk, dim=-1, keepdim=True) / _TRUNK_LENGTH_MM  # (n, 1)
    wished = [
        row["offset"] * scale + noise[:, :3] * row["spread"][:, None],
        row["fingers"] + _HAND_SPREAD * noise[:, 3:6],
        row["palm"] + _HAND_SPREAD * noise[:, 6:9],
    ]
    # Contacts are defined for the left hand; for the right hand the body is mirrored.
    if side == "right":
        turn, head = mirrored(turn), reflect(head)
    place, fingers, palm = ((turn @ way[..., None]).squeeze(-1) for way in wished)
    place = place + head
    swivel = row["elbow"] + _ELBOW_SPREAD_DEGREES * noise[:, 9]
    part = row["along"][:, None] * arm.limbs.to_knuckle + _PALM_DEPTH_MM * scale * arm.limbs.palm
    L = L.clone()
    put(L, arm.bring(place, part, arm.hand_turn(fingers, palm), swivel), side)
    return L


def rest_arms(L: Tensor, rest_heads: Tensor, loose: Tensor) -> Tensor:
    """Lift the arms that are below the floor in poses L (n, J, 3, 3) of bodies that lie or sit on it.

    `loose` arms (n, 2), left and right, also fall to the floor if they begin near it. All other arms stay as
    they are.
    """
    # Right arms are handled as the left arms of mirrored people.
    both = torch.cat([L, mirror(L)])
    rest_heads = torch.cat([rest_heads, mirrored_heads(rest_heads)])
    G, heads = posed(both, rest_heads)
    arm = _Arm(both, G, heads, rest_heads, "left")
    hold, limbs = arm.hold(arm.lift), arm.limbs
    floor = floor_of(heads, size_of(rest_heads)).squeeze(-1)
    elbow, wrist = head_of(heads, "lowerarm01.L"), head_of(heads, "wrist.L")
    fingers, palm, _ = (turn_of(G, "wrist.L") @ limbs.hand).unbind(-1)

    height = wrist[:, 2] - floor
    falls = loose.mT.flatten() & (hold.joint[:, 2] - floor < _LOW_SHOULDER_MM) & (height < _MAX_FALL_MM)
    height = torch.where(falls, 0, height).clamp_min(_WRIST_HEIGHT_MM)
    place = _at_height(wrist, floor + height)
    # Hands on the floor lie flat.
    flat = height == _WRIST_HEIGHT_MM
    palm = torch.where(flat[:, None], palm + _at_height(torch.zeros_like(palm), 3 * palm[:, 2].sign()), palm)
    length = _HAND_LENGTH * torch.linalg.vector_norm(limbs.to_knuckle, dim=-1)
    least = ((floor + _FINGER_HEIGHT_MM - place[:, 2]) / length).clamp(-1, 0.9)
    rise = torch.where(flat, least, torch.maximum(fingers[:, 2], least))
    wish = arm.hand_turn(_at_height(fingers, rise), palm)
    moves = flat | (elbow[:, 2] - floor < _ELBOW_HEIGHT_MM) | (fingers[:, 2] < least)

    way, outward = ((arm.chest.mT @ (end - hold.joint)[..., None]).squeeze(-1) for end in (wrist, elbow))
    direction = rotations.normalize(way)
    hanging = _hanging(direction)
    sideways = torch.linalg.cross(direction, hanging)
    swivel = torch.atan2((outward * sideways).sum(-1), (outward * hanging).sum(-1)) / DEGREE
    turns, _ = arm.solve(hold, place, wish, swivel, floor)

    L = L.clone()
    kept = turns_of(both, tuple(turns))
    chosen = [torch.where(moves[:, None, None], *pair) for pair in zip(turns.values(), kept, strict=True)]
    for i, side in enumerate(SIDES):
        put(L, {bone: turn.chunk(2)[i] for bone, turn in zip(turns, chosen, strict=True)}, side)
    return L


def _at_height(v: Tensor, z: Tensor) -> Tensor:
    """Vectors (n, 3) with their z replaced (n,)."""
    return torch.cat([v[:, :2], z[:, None]], -1)
