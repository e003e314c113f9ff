"""Carries a recording over to Anny's skeleton.

Each bone of Anny is given the world orientation of its counterpart, G = G_source A, where A takes Anny's
rest pose to that of the source: it turns the bone's direction, and about it a second axis (the axis that
an elbow bends about, the row of knuckles, the sole), so that limbs are not twisted. What the source does
not record follows its parent.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .. import rotations
from .clip import Clip
from .skeleton import BONES, PARENT_BONES, rest_points

SIDES = ("L", "R")
SPINE = ("spine05", "spine04", "spine03", "spine02", "spine01")
NECK = ("neck01", "neck02", "neck03", "head")
TOES = range(1, 6)  # Anny counts from the big toe
FINGERS = range(1, 6)  # Anny counts from the thumb
PHALANGES = range(1, 4)

_X, _Y, _Z = torch.eye(3, dtype=torch.float64)

# Limits in degrees for channels that marker sets without enough markers record poorly. A forearm turns
# about 85 degrees either way and a wrist bends 60 to 80 (Boone and Azen, 1979).
_MAX_WRIST_TWIST = 85.0
_MAX_WRIST_BEND = 65.0
_TOE_RANGE = (-25.0, 45.0)


@dataclass(frozen=True)
class Source:
    """Which bone of a source skeleton drives what. "{side}" stands for `sides`, left first."""

    sides: tuple[str, str]
    pelvis: str
    spine: tuple[str, ...]  # above the pelvis, up to the one that carries the shoulders
    neck: tuple[str, ...]  # above those, up to the head
    clavicle: str
    upper_arm: str
    forearm: str
    hand: str
    middle_knuckle: str  # where this bone begins is the end of the palm
    thigh: str
    shin: str
    foot: str
    toes: str | None
    elbow_axis: tuple[float, float, float]  # about which the left elbow bends, in the rest pose
    head_lift: float = 0.0  # degrees by which the head of the rest pose looks up
    fingers: Mapping[int, tuple[str, str, str]] = field(default_factory=dict)  # by Anny's number

    def bone(self, pattern: str, side: str) -> str:
        """The bone of one side of Anny, "L" or "R"."""
        return pattern.format(side=self.sides[SIDES.index(side)])


# Palms face down and thumbs point forward in the T pose of all three, and the soles lie on the ground. The
# Acclaim files bend the elbow about the x axis of axis="180 -30 -90", and the BVH files were made from them.
_CMU_ELBOW = (0.0, -0.5, -(0.75**0.5))
CMU_BVH = Source(
    sides=("l", "r"),
    pelvis="hip",
    spine=("abdomen", "chest"),
    neck=("neck", "head"),
    clavicle="{side}Collar",
    upper_arm="{side}Shldr",
    forearm="{side}ForeArm",
    hand="{side}Hand",
    middle_knuckle="{side}Mid1",
    thigh="{side}Thigh",
    shin="{side}Shin",
    foot="{side}Foot",
    toes=None,
    elbow_axis=_CMU_ELBOW,
)
CMU_AMC = Source(
    sides=("l", "r"),
    pelvis="root",
    spine=("lowerback", "upperback", "thorax"),
    neck=("lowerneck", "upperneck", "head"),
    clavicle="{side}clavicle",
    upper_arm="{side}humerus",
    forearm="{side}radius",
    hand="{side}hand",
    middle_knuckle="{side}fingers",
    thigh="{side}femur",
    shin="{side}tibia",
    foot="{side}foot",
    toes="{side}toes",
    elbow_axis=_CMU_ELBOW,
    # In 32 trials of level walking the head bone looks 16 degrees down, where people look 6 down.
    head_lift=10.0,
)
QUATERNIUS = Source(
    sides=("L", "R"),
    pelvis="DEF-hips",
    spine=("DEF-spine.001", "DEF-spine.002", "DEF-spine.003"),
    neck=("DEF-neck", "DEF-head"),
    clavicle="DEF-shoulder.{side}",
    upper_arm="DEF-upper_arm.{side}",
    forearm="DEF-forearm.{side}",
    hand="DEF-hand.{side}",
    middle_knuckle="DEF-f_middle.01.{side}",
    thigh="DEF-thigh.{side}",
    shin="DEF-shin.{side}",
    foot="DEF-foot.{side}",
    toes="DEF-toe.{side}",
    elbow_axis=(0.0, 0.0, -1.0),
    fingers={
        number: (f"DEF-{name}.01.{{side}}", f"DEF-{name}.02.{{side}}", f"DEF-{name}.03.{{side}}")
        for number, name in enumerate(("thumb", "f_index", "f_middle", "f_ring", "f_pinky"), start=1)
    },
)


def retarget(clip: Clip, source: Source) -> Tensor:
    """Rest-aligned local rotations of Anny's bones, unit quaternions (T, J, 4), float32, wxyz.

    That of the root is the orientation of the pelvis in a world with z up. Raises `KeyError` where the
    clip lacks a bone that `source` names.
    """
    turned = {name: clip.rotations[:, i] for i, name in enumerate(clip.bones)}
    turned[source.neck[-1]] = turned[source.neck[-1]] @ _about(_X, -source.head_lift)
    world: dict[str, Tensor] = {"root": turned[source.pelvis]}
    world |= _spread(turned, (source.pelvis, *source.spine), SPINE)
    world |= _spread(turned, (source.spine[-1], *source.neck), NECK)
    for side in SIDES:
        world[f"clavicle.{side}"] = turned[source.bone(source.clavicle, side)]
        for bone, name, alignment in _align_limbs(clip, source, side):
            world[bone] = turned[name] @ alignment
        for limb in (_arm(side), _leg(side)):
            world[limb.upper] = _roll_to_bend(world, limb)

    local = _to_local(world)
    for side in SIDES:
        _settle_wrist(local, side)
        if source.toes is not None:
            foot, toes = source.bone(source.foot, side), source.bone(source.toes, side)
            _bend_toes(local, side, turned[foot].mT @ turned[toes])
    return rotations.canonical(
        torch.stack([rotations.from_matrix(local[bone]) for bone in BONES], 1)
    ).float()


def _spread(turned: dict[str, Tensor], names: tuple[str, ...], chain: tuple[str, ...]) -> dict[str, Tensor]:
    """World rotations of a chain of Anny's bones that shares out the turns between the source's bones.

    The first of `names` drives the bone below the chain and the last one its end.
    """
    knots = torch.stack([rotations.from_matrix(turned[name]) for name in names], 1)  # (T, names, 4)
    result = {}
    for i, bone in enumerate(chain, start=1):
        place = i / len(chain) * (len(names) - 1)
        below = min(int(place), len(names) - 2)
        fraction = torch.full(knots.shape[:1], place - below, dtype=knots.dtype)
        result[bone] = rotations.to_matrix(rotations.slerp(knots[:, below], knots[:, below + 1], fraction))
    return result


def _align_limbs(clip: Clip, source: Source, side: str) -> Iterator[tuple[str, str, Tensor]]:
    """For each bone of the limbs of one side: its name, the source's bone, and the rotation (3, 3) from
    Anny's rest pose to that of the source."""
    ours = rest_points()
    theirs = {name: clip.heads[i] for i, name in enumerate(clip.bones)}
    ends = {name: clip.tails[i] for i, name in enumerate(clip.bones)}

    def direction(begin: str, end: str) -> Tensor:
        return ours[f"{end}.{side}"] - ours[f"{begin}.{side}"]

    def their_direction(begin: str, end: str) -> Tensor:
        return theirs[source.bone(end, side)] - theirs[source.bone(begin, side)]

    def align(begin: str, end: str, second: Tensor, their_begin: str, their_end: str, their_second: Tensor) -> Tensor:
        along = ours[f"{end}.{side}"] - ours[f"{begin}.{side}"]
        their_along = theirs[source.bone(their_end, side)] - theirs[source.bone(their_begin, side)]
        return rotations.look_at(their_along, their_second) @ rotations.look_at(along, second).mT

XX
    heading = (ends[foot] - theirs[foot]) * on_ground
    yield (
        f"foot.{side}",
        foot,
        rotations.look_at(heading, _Z) @ rotations.look_at(direction("foot", "toe2-1") * on_ground, _Z).mT,
    )
    for number, phalanges in source.fingers.items():
        for bone, pattern in enumerate(phalanges, start=1):
            name = source.bone(pattern, side)
            along = hand @ direction(f"finger{number}-{bone}", f"finger{number}-{bone + 1}")
            alignment = rotations.between(along, ends[name] - theirs[name]) @ hand
            yield f"finger{number}-{bone}.{side}", name, alignment


def _to_local(world: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rotations (T, 3, 3) relative to the parent; a bone that is not in `world` follows its parent."""
    world = dict(world)
    local = {"root": world["root"]}
    for bone, parent in PARENT_BONES.items():
        world.setdefault(bone, world[parent])
        local[bone] = world[parent].mT @ world[bone]
    return local


def _twist(rotation: Tensor, axis: Tensor) -> Tensor:
    """Angle (T,) of the turn about `axis` (3,) that rotations (T, 3, 3) contain: swing @ twist."""
    q = rotations.from_matrix(rotation)
    return 2 * torch.atan2((q[..., 1:] * axis).sum(-1), q[..., 0])


def _settle_wrist(local: dict[str, Tensor], side: str) -> None:
    """Keep the wrist within what wrists do, and share its twist out over the forearm, as skin does."""
    rest = rest_points()
    axis = rotations.normalize(rest[f"wrist.{side}"] - rest[f"lowerarm01.{side}"])
    wrist = local[f"wrist.{side}"]
    twist = _twist(wrist, axis)
    bend = rotations.to_rotation_vector(wrist @ rotations.from_axis_angle(axis, -twist))
    angle = torch.linalg.vector_norm(bend, dim=-1, keepdim=True).clamp_min(1e-9)
    bend = bend * (angle.clamp_max(math.radians(_MAX_WRIST_BEND)) / angle)
    limit = math.radians(_MAX_WRIST_TWIST)
    third = rotations.from_axis_angle(axis, twist.clamp(-limit, limit) / 3)
    local[f"lowerarm01.{side}"] = local[f"lowerarm01.{side}"] @ third
    local[f"lowerarm02.{side}"] = third
    # What the two bones of the forearm turn already is taken out of the wrist before it bends.
    whole = third @ third @ third
    local[f"wrist.{side}"] = (third @ third).mT @ rotations.from_rotation_vector(bend) @ whole


def _bend_toes(local: dict[str, Tensor], side: str, relative: Tensor) -> None:
    """Bend all toes of a foot as the source's toes (T, 3, 3) bend relative to its foot."""
    low, high = (math.radians(angle) for angle in _TOE_RANGE)
    bend = rotations.from_axis_angle(_X, -(-_twist(relative, _X)).clamp(low, high))
    for toe in TOES:
        local[f"toe{toe}-1.{side}"] = bend
