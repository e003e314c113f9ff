"""Retargeting of recordings to Anny's skeleton.

Each bone of Anny takes the world orientation of its counterpart, G = G_source A, where A rotates Anny's rest
pose to that of the source. A aligns the bone's direction and a second axis (the axis about which the elbow
bends, the row of knuckles, the sole), so that limbs are not twisted. Bones that the source does not record
follow their parents.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from wholebody_lift.skeleton import PARTS
from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.anatomy import rhythm
from wholebody_lift.train.synthetic.bones import BONES, PARENT_BONES
from wholebody_lift.train.synthetic.phenotypes import LOCAL_CHANGES, PHENOTYPES, Shape
from wholebody_lift.train.synthetic.recordings.clip import Clip
from wholebody_lift.train.synthetic.recordings.figures import SIDES, Source
from wholebody_lift.train.synthetic.rig import Rig

SPINE = ("spine05", "spine04", "spine03", "spine02", "spine01")
NECK = ("neck01", "neck02", "neck03", "head")
TOES = range(1, 6)  # Anny counts from the big toe
FINGERS = range(1, 6)  # Anny counts from the thumb
PHALANGES = range(1, 4)

_X, _Y, _Z = torch.eye(3, dtype=torch.float64)

# Limits in degrees for channels that are recorded poorly with few markers. A forearm turns about 85 degrees
# either way and a wrist bends 60 to 80 (Boone and Azen, 1979).
_MAX_FOREARM_TWIST = 85.0
_MAX_WRIST_BEND = 65.0
_TOE_RANGE = (-25.0, 45.0)
_MAX_ANKLE_ROLL = 35.0
# How much a foot counts as standing falls to zero as its ankle rises to this height above the other one, in
# metres, and as its pitch, up or down, grows from this angle to twice this angle.
_STEP_HEIGHT = 0.12
_MAX_STANCE_PITCH = 30.0
# A clip shows at which pitch its feet are level if they stand at least so often, and at least this share of
# that within so many degrees of one pitch.
_FEWEST_STANDS = 20
_LEAST_LEVEL = 0.25
_LEVEL_WIDTH = 4.0
# Bends between which the direction in which a limb bends becomes reliable.
_BEND_RANGE = (10.0, 30.0)

_ADULT_AGE = 0.8  # on Anny's scale

RestPose = Mapping[str, Tensor]
"""Heads (3,) of `bones.BONES` in the rest pose, and the fingertips, "finger1-4.L" and so on, by name."""


def rest_pose(rig: Rig) -> RestPose:
    """The rest pose of the average adult, float64, mm."""
    phenotypes = [_ADULT_AGE if name == "age" else 0.5 for name in PHENOTYPES]
    shape = Shape(torch.tensor([phenotypes]), torch.zeros(1, len(LOCAL_CHANGES)))
    rest = rig.rest(shape)
    points = dict(zip(BONES, rest.heads[0].double(), strict=True))
    for side, part in zip(SIDES, ("left_hand", "right_hand"), strict=True):
        hand = rest.keypoints[0, list(PARTS[part])].double()  # (21, 3): the root, then four of each finger
        points |= {f"finger{finger}-4.{side}": hand[4 * finger] for finger in FINGERS}
    return points


def retarget(clip: Clip, source: Source, ours: RestPose) -> Tensor:
    """Retarget a clip to rest-aligned local rotations of Anny's bones: unit quaternions (T, J, 4), float32,
    wxyz.

    `ours` is Anny's rest pose, from `rest_pose`; its size does not matter. The rotation of the root is the
    orientation of the pelvis in a world with z up. Raises `KeyError` if the clip lacks a bone that `source`
    names.
    """
    turned = {name: clip.rotations[:, i] for i, name in enumerate(clip.bones)}
    turned[source.neck[-1]] = turned[source.neck[-1]] @ _about(_X, -source.head_lift)
    world = {"root": turned[source.pelvis]}
    world |= _spread(turned, (source.pelvis, *source.spine), SPINE)
    world |= _spread(turned, (source.spine[-1], *source.neck), NECK)
    for side in SIDES:
        world[f"clavicle.{side}"] = turned[source.bone(source.clavicle, side)]
        for bone, (name, alignment) in _align_limbs(clip, source, ours, side).items():
            world[f"{bone}.{side}"] = turned[name] @ alignment
        arm = [f"{bone}.{side}" for bone in ("upperarm01", "lowerarm01", "wrist")]
        leg = [f"{bone}.{side}" for bone in ("upperleg01", "lowerleg01", "foot")]
        _roll_to_bend(world, ours, arm, _elbow_axis(ours, side))
        _roll_to_bend(world, ours, leg, _X)
        if source.knee_bend:
            _straighten_knee(world, ours, side, source.knee_bend)
        _raise_collarbone(world, ours, side)

    if not source.ankles_roll:
        places = dict(zip(clip.bones, clip.positions().unbind(1), strict=True))
        feet = torch.stack([places[source.bone(source.foot, side)][:, 2] for side in SIDES], 1)  # (T, 2)
        heights = feet - feet.amin(1, keepdim=True)
        for side, height in zip(SIDES, heights.unbind(1), strict=True):
            world[f"foot.{side}"] = _plant(world[f"foot.{side}"], height)
        if source.level_soles:
            _level(world, heights)

    local = _to_local(world)
    for side in SIDES:
        _settle_wrist(local, ours, side)
        if source.toes is not None:
            foot, toes = source.bone(source.foot, side), source.bone(source.toes, side)
            _bend_toes(local, side, turned[foot].mT @ turned[toes])
    return rotations.from_matrix(torch.stack([local[bone] for bone in BONES], 1)).float()


def _about(axis: Tensor, degrees: float) -> Tensor:
    return rotations.from_axis_angle(axis, torch.tensor(math.radians(degrees), dtype=axis.dtype))


def _spread(turned: dict[str, Tensor], names: tuple[str, ...], chain: tuple[str, ...]) -> dict[str, Tensor]:
    """World rotations of a chain of Anny's bones, interpolated between those of the source's bones.

    The first of `names` drives the bone below the chain, and the last one the end of the chain.
    """
    knots = torch.stack([rotations.from_matrix(turned[name]) for name in names], 1)  # (T, names, 4)
    result = {}
    for i, bone in enumerate(chain, start=1):
        place = i / len(chain) * (len(names) - 1)
        below = min(int(place), len(names) - 2)
        fraction = torch.full(knots.shape[:1], place - below, dtype=knots.dtype)
        result[bone] = rotations.to_matrix(rotations.slerp(knots[:, below], knots[:, below + 1], fraction))
    return result


def _elbow_axis(rest: RestPose, side: str) -> Tensor:
    """The axis (3,) about which Anny's elbow bends, from the rest pose, in which it is slightly bent."""
    shoulder, elbow, wrist = (rest[f"{bone}.{side}"] for bone in ("upperarm01", "lowerarm01", "wrist"))
    return rotations.normalize(torch.linalg.cross(elbow - shoulder, wrist - elbow))


def _align_limbs(clip: Clip, source: Source, rest: RestPose, side: str) -> dict[str, tuple[str, Tensor]]:
    """For each bone of one side's limbs, without ".L" or ".R": the source's bone, and the rotation (3, 3)
    from Anny's rest pose to that of the source."""
    ours = {name.removesuffix(f".{side}"): point for name, point in rest.items()}
    heads = dict(zip(clip.bones, clip.heads, strict=True))
    tails = dict(zip(clip.bones, clip.tails, strict=True))
    knuckles = ours["finger2-1"] - ours["finger5-1"]
    if source.elbow_axis is None:
        their_elbow, their_knuckles = (
            _elbow_axis(heads, side),
            heads[f"finger2-1.{side}"] - heads[f"finger5-1.{side}"],
        )
    else:
        their_elbow, their_knuckles = torch.tensor(source.elbow_axis, dtype=torch.float64), -_Y
        if side == "R":  # the mirror image of an axis of rotation
            their_elbow = their_elbow * torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)

    result: dict[str, tuple[str, Tensor]] = {}
    for begin, end, axis, their_begin, their_end, their_axis in (
        ("upperarm01", "lowerarm01", _elbow_axis(rest, side), source.upper_arm, source.forearm, their_elbow),
        ("lowerarm01", "wrist", _elbow_axis(rest, side), source.forearm, source.hand, their_elbow),
        ("wrist", "finger3-1", knuckles, source.hand, source.middle_knuckle, their_knuckles),
        ("upperleg01", "lowerleg01", _X, source.thigh, source.shin, _X),
        ("lowerleg01", "foot", _X, source.shin, source.foot, _X),
    ):
        name = source.bone(their_begin, side)
        along, their_along = ours[end] - ours[begin], heads[source.bone(their_end, side)] - heads[name]
        result[begin] = (
            name,
            rotations.look_at(their_along, their_axis) @ rotations.look_at(along, axis).mT,
        )

    # Anny's soles are flat on the ground, and so are those of sources with straight legs. The feet of the
    # Acclaim rest pose are at right angles to its spread legs.
    name, thigh, shin = (source.bone(bone, side) for bone in (source.foot, source.thigh, source.shin))
    up = (heads[thigh] - heads[shin]) * (1 - _Y)
    sole = rotations.look_at(up, tails[name] - heads[name])
    result["foot"] = (name, sole @ rotations.look_at(_Z, ours["toe2-1"] - ours["foot"]).mT)

    hand = result["wrist"][1]
    for number, phalanges in source.fingers.items():
        for phalanx, pattern in zip(PHALANGES, phalanges, strict=True):
            name = source.bone(pattern, side)
            along = ours[f"finger{number}-{phalanx + 1}"] - ours[f"finger{number}-{phalanx}"]
            turn = rotations.between(hand @ along, tails[name] - heads[name])
            result[f"finger{number}-{phalanx}"] = (name, turn @ hand)
    return result


def _roll_to_bend(world: dict[str, Tensor], ours: RestPose, limb: list[str], axis: Tensor) -> None:
    """Rotate the upper bone of a limb about its own direction so that the limb bends about `axis` (3,), where
    it bends enough. In motion capture it already does; in animations it often does not.

    `limb` names the upper bone, the lower one and the bone at the end.
    """
    upper, lower, end = limb
    along = rotations.normalize(world[upper] @ (ours[lower] - ours[upper]))
    normal = torch.linalg.cross(along, rotations.normalize(world[lower] @ (ours[end] - ours[lower])))
    hinge = world[upper] @ axis
    angle = torch.atan2(
        (torch.linalg.cross(hinge, normal) * along).sum(-1),
        ((hinge - (hinge * along).sum(-1, keepdim=True) * along) * normal).sum(-1),
    )
    low, high = (math.sin(math.radians(bend)) for bend in _BEND_RANGE)
    trust = ((torch.linalg.vector_norm(normal, dim=-1) - low) / (high - low)).clamp(0, 1)
    world[upper] = rotations.from_axis_angle(along, trust * angle) @ world[upper]


def _straighten_knee(world: dict[str, Tensor], ours: RestPose, side: str, degrees: float) -> None:
    """Bend a knee by so many degrees less, or until it is straight; half of it by the thigh, half by the
    shank."""
    hip, knee, ankle = (f"{bone}.{side}" for bone in ("upperleg01", "lowerleg01", "foot"))
    hinge = world[hip] @ _X
    thigh, shank = world[hip] @ (ours[knee] - ours[hip]), world[knee] @ (ours[ankle] - ours[knee])
    bend = rotations.angle_about(hinge, thigh, shank)
    half = bend.clamp(0, math.radians(degrees)) / 2
    world[hip] = rotations.from_axis_angle(hinge, half) @ world[hip]
    world[knee] = rotations.from_axis_angle(hinge, -half) @ world[knee]


def _raise_collarbone(world: dict[str, Tensor], ours: RestPose, side: str) -> None:
    """Raise the collarbone with the arm. No source records this: their collarbones hardly move in the chest,
    at any height of the arm."""
    chest = world["spine01"]
    upper_arm = rotations.normalize(ours[f"lowerarm01.{side}"] - ours[f"upperarm01.{side}"])
    upwards = ((chest.mT @ world[f"upperarm01.{side}"])[..., 2, :] * upper_arm).sum(-1)
    lift = rhythm(torch.acos((-upwards).clamp(-1, 1)))
    turn = rotations.from_axis_angle(_Y, -lift if side == "L" else lift)
    world[f"clavicle.{side}"] = chest @ turn @ chest.mT @ world[f"clavicle.{side}"]


def _plant(foot: Tensor, height: Tensor) -> Tensor:
    """Roll feet (T, 3, 3) about their length until the sole is level, where they stand or nearly so.

    `height` (T,) is the height of the ankle above the lower of the two ankles, in metres.
    """
    along, across = -foot[..., 1], foot[..., 0]
    roll = torch.atan2(across[..., 2], foot[..., 2, 2])
    limit = math.radians(_MAX_ANKLE_ROLL)
    pitch = torch.asin(along[..., 2].clamp(-1, 1)).abs()
    trust = (1 - height / _STEP_HEIGHT).clamp(0, 1)
    trust = trust * (2 - pitch / math.radians(_MAX_STANCE_PITCH)).clamp(0, 1)
    return rotations.from_axis_angle(along, -trust * roll.clamp(-limit, limit)) @ foot


def _level(world: dict[str, Tensor], heights: Tensor) -> None:
    """Pitch both feet by one angle for the whole clip, such that the sole is level where they mostly stand.

    `heights` (T, 2) are those of the ankles above the lower one, in metres. Clips in which feet hardly stand,
    or each time differently, stay as they are.
    """
    feet = torch.stack([world[f"foot.{side}"] for side in SIDES], 1)  # (T, 2, 3, 3)
    pitch = torch.rad2deg(torch.asin((-feet[..., 2, 1]).clamp(-1, 1)))
    stands = pitch[(heights < _STEP_HEIGHT / 4) & (pitch.abs() < _MAX_STANCE_PITCH)]
    if len(stands) < _FEWEST_STANDS:
        return
    ordered = stands.sort().values
    first = torch.searchsorted(ordered, stands - _LEVEL_WIDTH, right=True)
    behind = torch.searchsorted(ordered, stands + _LEVEL_WIDTH)
    most = (behind - first).argmax()
    if behind[most] - first[most] < _LEAST_LEVEL * len(stands):
        return
    usual = ordered[first[most] : behind[most]].mean()
    for side in SIDES:
        foot = world[f"foot.{side}"]
        world[f"foot.{side}"] = rotations.from_axis_angle(foot[..., 0], torch.deg2rad(usual)) @ foot


def _to_local(world: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rotations (T, 3, 3) relative to the parent; a bone that is not in `world` follows its parent."""
    world = dict(world)
    local = {"root": world["root"]}
    for bone, parent in PARENT_BONES.items():
        world.setdefault(bone, world[parent])
        local[bone] = world[parent].mT @ world[bone]
    return local


def _split_twist(rotation: Tensor, axis: Tensor) -> tuple[Tensor, Tensor]:
    """Split rotations (T, 3, 3) into bend @ twist: the bend, and the angle (T,) of the twist about `axis`."""
    q = rotations.from_matrix(rotation)
    angle = 2 * torch.atan2((q[..., 1:] * axis).sum(-1), q[..., 0])
    return rotation @ rotations.from_axis_angle(axis, -angle), angle


def _settle_wrist(local: dict[str, Tensor], ours: RestPose, side: str) -> None:
    """Clamp the wrist to its limits, and distribute its twist along the forearm, as skin does."""
    elbow, forearm, wrist = (f"{bone}.{side}" for bone in ("lowerarm01", "lowerarm02", "wrist"))
    axis = rotations.normalize(ours[wrist] - ours[elbow])
    hinge, elbow_twist = _split_twist(local[elbow], axis)
    # The hand's rotation relative to a forearm that only bends at the elbow.
    bend, twist = _split_twist(rotations.from_axis_angle(axis, elbow_twist) @ local[wrist], axis)
    vector = rotations.to_rotation_vector(bend)
    angle = torch.linalg.vector_norm(vector, dim=-1, keepdim=True).clamp_min(1e-9)
    bend = rotations.from_rotation_vector(vector * (angle.clamp_max(math.radians(_MAX_WRIST_BEND)) / angle))
    limit = math.radians(_MAX_FOREARM_TWIST)
    third = rotations.from_axis_angle(axis, twist.clamp(-limit, limit) / 3)
    local[elbow] = hinge @ third
    local[forearm] = third
    local[wrist] = (third @ third).mT @ bend @ third @ third @ third


def _bend_toes(local: dict[str, Tensor], side: str, relative: Tensor) -> None:
    """Bend all toes of a foot as the source's toes rotate relative to its foot, (T, 3, 3)."""
    low, high = (math.radians(angle) for angle in _TOE_RANGE)
    _, down = _split_twist(relative, _X)
    bend = rotations.from_axis_angle(_X, down.clamp(-high, -low))
    for toe in TOES:
        local[f"toe{toe}-1.{side}"] = bend
