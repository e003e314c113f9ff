"""Conversion between anatomical angles and the rotations of bones.

A pose is L (n, J, 3, 3), the rest-aligned local rotations of `bones.BONES`: G_b = G_parent L_b rotates bone b
from the rest pose to its pose, and in the rest pose every G is the identity. The angles are those of
`joint_limits.ANGLES`. They are converted in frames derived from the rest pose, so the bones' own axes do not
matter. Formulas are written for left limbs and serve right ones by mirroring. A side is "left", "right", or
"both", which adds an axis S of two after the axis of people, with the right side mirrored.
"""

import functools
import math
from collections.abc import Callable

import torch
from torch import Tensor

from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.bones import BONE, BONES, MIRROR_BONES, PARENT_BONES
from wholebody_lift.train.synthetic.joint_limits import ANGLES, CENTRAL, SIDED

DEGREE = math.pi / 180

_ANGLE = {name: i for i, name in enumerate(ANGLES)}
_SPINE_BEND = {"spine05": 0.25, "spine04": 0.25, "spine03": 0.2, "spine02": 0.2, "spine01": 0.1}
_SPINE_TWIST = {"spine05": 0.1, "spine04": 0.1, "spine03": 0.2, "spine02": 0.35, "spine01": 0.25}
_NECK = {"neck01": 0.2, "neck02": 0.2, "neck03": 0.2, "head": 0.4}
_TOES = tuple(f"toe{i}-1.L" for i in range(1, 6))
_TURNED = (
    *("clavicle", "shoulder01", "upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist"),
    *("pelvis", "upperleg01", "upperleg02", "lowerleg01", "lowerleg02", "foot", "toe1-1"),
)

# Scapulohumeral rhythm: the collarbone lifts with the arm (Inman, Saunders and Abbott 1944).
_CLAVICLE_PER_RAISE, _CLAVICLE_FROM_DEGREES = 0.22, 30.0

# Columns: along the hanging limb, hinge axis of elbow or knee, their cross product; left side.
_HANGING_ARM = ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0), (-1.0, 0.0, 0.0))
_HANGING_LEG = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (-1.0, 0.0, 0.0))

# -------------------------------------------------------------------------------------------- bones and sides

# Bones that no angle rotates and that carry no limb. They take their parent's head and rotation.
_FINE = ("toe", "finger", "metacarpal", "eye")
_NEEDED = ("toe2-1", "metacarpal2", "finger3-1")


@functools.cache
def _levels(device: torch.device) -> tuple[list[tuple[Tensor, Tensor]], Tensor, Tensor, Tensor, Tensor]:
    """Index tables of the B bones of `_body`, sorted by depth.

    Returns (indices in L, positions of the parents in the level above) for each level below the root; indices
    in L (B,); positions of the parents (B,); a mask (B, B) of each bone's ancestors and itself; and for every
    bone of the rig its own position or that of its nearest ancestor among the B (J,).
    """
    depth = {"root": 0}
    for bone, parent in PARENT_BONES.items():
        depth[bone] = depth[parent] + 1
    body = sorted(
        (b for b in BONES if not b.startswith(_FINE) or b.startswith(_NEEDED)), key=depth.__getitem__
    )
    place = {bone: i for i, bone in enumerate(body)}
    for bone, parent in PARENT_BONES.items():
        place.setdefault(bone, place[parent])

    def numbers(values: list[int]) -> Tensor:
        return torch.tensor(values, device=device)

    levels, above = [], ["root"]
    for level in range(1, max(depth[bone] for bone in body) + 1):
        bones = [bone for bone in body if depth[bone] == level]
        places = [above.index(PARENT_BONES[bone]) for bone in bones]
        levels.append((numbers([BONE[bone] for bone in bones]), numbers(places)))
        above = bones
    parents = [place[PARENT_BONES.get(bone, "root")] for bone in body]
    ancestors = torch.eye(len(body))
    for i, above_it in enumerate(parents[1:], start=1):
        ancestors[i] += ancestors[above_it]
    return (
        levels,
        numbers([BONE[bone] for bone in body]),
        numbers(parents),
        ancestors.to(device),
        numbers([place[bone] for bone in BONES]),
    )


def posed(L: Tensor, rest_heads: Tensor) -> tuple[Tensor, Tensor]:
    """World rotation G (n, J, 3, 3) and head (n, J, 3) of each bone, as in `Rig.bones`.

    Most bones of hands and feet are not computed: they take the rotation and head of their nearest ancestor
    that is.
    """
    levels, body, parents, ancestors, place = _levels(L.device)
    turned = [L[:, :1]]
    for bones, above in levels:
        turned.append(turned[-1].index_select(1, above) @ L.index_select(1, bones))
    G = torch.cat(turned, 1)  # (n, B, 3, 3)
    heads = rest_heads.index_select(1, body)
    steps = heads - heads.index_select(1, parents)  # the root's is 0
    steps = (G.index_select(1, parents) @ steps[..., None]).squeeze(-1)
    heads = heads[:, :1] + ancestors @ steps
    return G.index_select(1, place), heads.index_select(1, place)


def mirror(L: Tensor) -> Tensor:
    """The mirror image of poses (..., J, 3, 3), with left and right swapped."""
    return mirrored(L.index_select(-3, _mirror_bones(L.device)))


def mirrored(R: Tensor) -> Tensor:
    """The mirror image of rotations R (..., 3, 3)."""
    return R * _signs(R.dtype, R.device)[1]


def mirrored_heads(heads: Tensor) -> Tensor:
    """The mirror image of bone heads (n, J, 3), with left and right swapped."""
    return reflect(heads.index_select(1, _mirror_bones(heads.device)))


def reflect(vectors: Tensor) -> Tensor:
    """The mirror image of vectors (..., 3): x is negated."""
    return vectors * constant((-1.0, 1.0, 1.0), vectors)


def constant(values: tuple[object, ...], like: Tensor) -> Tensor:
    """Nested tuples as a tensor, built once per dtype and device."""
    return _constant(values, like.dtype, like.device)


@functools.cache
def _constant(values: tuple[object, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(values, dtype=dtype, device=device)


@functools.cache
def _mirror_bones(device: torch.device) -> Tensor:
    return torch.tensor(MIRROR_BONES, device=device)


@functools.cache
def _signs(dtype: torch.dtype, device: torch.device) -> Tensor:
    """(2, 3, 3) factors of a rotation's entries: ones for the left side, then those that mirror it."""
    sign = torch.tensor([[1.0, 1.0, 1.0], [-1.0, 1.0, 1.0]], dtype=dtype, device=device)
    return sign[:, :, None] * sign[:, None]


@functools.cache
def _numbers(bones: tuple[str, ...], device: torch.device) -> Tensor:
    """Indices (2 B,) of the left bones, then of the right ones."""
    left = [BONE[bone] for bone in bones]
    return torch.tensor(left + [MIRROR_BONES[i] for i in left], device=device)


def turn_of(R: Tensor, bone: str, side: str = "left") -> Tensor:
    """Select one bone's rotation, (n, 3, 3) or (n, S, 3, 3), from those of all bones (n, J, 3, 3).

    The bone is named as on the left; the rotation of the right side is mirrored.
    """
    return turns_of(R, (bone,), side)[0]


def turns_of(R: Tensor, bones: tuple[str, ...], side: str = "left") -> tuple[Tensor, ...]:
    """As `turn_of`, for several bones."""
    numbers, signs = _numbers(bones, R.device), _signs(R.dtype, R.device)
    if side == "both":
        both = R.index_select(1, numbers).reshape(len(R), 2, len(bones), 3, 3) * signs[:, None]
        return both.unbind(2)
    if side == "left":
        return R.index_select(1, numbers[: len(bones)]).unbind(1)
    return (R.index_select(1, numbers[len(bones) :]) * signs[1]).unbind(1)


def head_of(heads: Tensor, bone: str, side: str = "left") -> Tensor:
    """As `turn_of`, for a bone's head: (n, 3) or (n, S, 3), from those of all bones (n, J, 3)."""
    left, right = heads[:, BONE[bone]], heads[:, MIRROR_BONES[BONE[bone]]]
    if side == "both":
        return torch.stack([left, reflect(right)], 1)
    return left if side == "left" else reflect(right)


def put(L: Tensor, turns: dict[str, Tensor], side: str = "left") -> None:
    """Write rotations (n, 3, 3) or (n, S, 3, 3) of a side's bones, named as on the left, into poses L
    (n, J, 3, 3). The inverse of `turn_of`."""
    numbers, signs = _numbers(tuple(turns), L.device), _signs(L.dtype, L.device)
    if side == "both":
        L.index_copy_(1, numbers, (torch.stack(list(turns.values()), 2) * signs[:, None]).flatten(1, 2))
        return
    left, right = numbers.chunk(2)
    stacked = torch.stack(list(turns.values()), 1)
    L.index_copy_(1, left if side == "left" else right, stacked if side == "left" else stacked * signs[1])


class Limbs:
    """Vectors (n, 3) and frames (n, 3, 3) of the limbs of one side in the rest pose, or (n, S, ...) of both.
    Right limbs are mirrored."""

    def __init__(self, rest_heads: Tensor, side: str = "left") -> None:
        heads = rest_heads
        if side != "left":
            heads = mirrored_heads(heads)
        if side == "both":
            heads = torch.stack([rest_heads, heads], 1)

        def head(bone: str) -> Tensor:
            return heads[..., BONE[bone], :]

        self.upper_arm = head("lowerarm01.L") - head("upperarm01.L")
        self.forearm = head("wrist.L") - head("lowerarm01.L")
        self.elbow = rotations.normalize(torch.linalg.cross(self.upper_arm, self.forearm))
        self.elbow_rest = rotations.angle_about(self.elbow, self.upper_arm, self.forearm)
        self.arm = rotations.look_at(self.upper_arm, self.elbow)
        self.pronation = rotations.normalize(head("wrist.L") - head("lowerarm02.L"))

        to_index, to_middle, to_pinky = (head(f"finger{i}-1.L") - head("wrist.L") for i in (2, 3, 5))
        self.to_knuckle = to_middle
        self.palm = rotations.normalize(torch.linalg.cross(to_pinky, to_index))
        self.hand = rotations.look_at(to_middle, self.palm)
        # The wrist's axes are perpendicular to the forearm's, so its bends separate exactly from pronation.
        _, self.wrist_deviation, self.wrist_flexion = rotations.look_at(self.pronation, self.palm).unbind(-1)

        self.thigh = head("lowerleg01.L") - head("upperleg01.L")
        self.shank = head("foot.L") - head("lowerleg01.L")
        self.leg = rotations.look_at(self.thigh, constant((1.0, 0.0, 0.0), heads))
        self.knee = self.leg[..., 1]
        self.knee_rest = rotations.angle_about(self.knee, self.thigh, self.shank)
        self.ankle_rest = torch.atan2(self.shank[..., 1], -self.shank[..., 2])


def bend_to_span(
    way: Tensor, first: Tensor, second: Tensor, hinge: Tensor, rest: Tensor, most: float
) -> Tensor:
    """Rotation (..., 3, 3) of the hinge between two bones (..., 3) that makes them span the length of `way`
    (..., 3). At rest they are bent by `rest` radians; they bend by `most` radians at most."""
    a, b = first.norm(dim=-1), second.norm(dim=-1)
    cosine = ((way * way).sum(-1) - a**2 - b**2) / (2 * a * b)
    angle = torch.acos(cosine.clamp(math.cos(most), 1.0))
    return rotations.from_axis_angle(hinge, angle - rest)


def _arm_frame(lift: Tensor, plane: Tensor, outward: Tensor) -> Tensor:
    """Frames (..., 3, 3) of left upper arms in the chest's axes, from angles (...) in radians."""
    turned = outward + _obligatory_rotation(lift, plane)
    axis = torch.stack([-plane.sin(), -plane.cos(), torch.zeros_like(plane)], -1)
    hanging = constant(_HANGING_ARM, lift)
    return rotations.from_axis_angle(axis, lift) @ rotations.about("z", turned) @ hanging


def _obligatory_rotation(lift: Tensor, plane: Tensor) -> Tensor:
    """Outward rotation (...) that raising the arm forces: above the shoulder an arm raised sideways must turn
    outward, and one raised in front need not."""
    return (lift / (math.pi / 2) - 1).clamp_min(0) * (math.pi - 2 * plane)


def arm_angles(frame: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Inverse of `_arm_frame`: lift, plane and outward rotation (...) in radians."""
    along, hinge = frame[..., 0], frame[..., 1]
    lift = torch.acos((-along[..., 2]).clamp(-1, 1))
    plane = torch.atan2(-along[..., 1], along[..., 0])
    # Straight back is -90 degrees; anything below -135 degrees is an arm across the chest.
    plane = torch.where(plane < -0.75 * math.pi, plane + 2 * math.pi, plane)
    straight = _arm_frame(lift, plane, torch.zeros_like(lift))[..., 1]
    return lift, plane, -rotations.angle_about(along, straight, hinge)


def _xyz_angles(R: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Angles (...) in radians such that R = Rx Ry Rz."""
    x = torch.atan2(-R[..., 1, 2], R[..., 2, 2])
    y = torch.asin(R[..., 0, 2].clamp(-1, 1))
    return x, y, torch.atan2(-R[..., 0, 1], R[..., 0, 0])


# ------------------------------------------------------------------------------------- angles <-> rotations


def compose(angles: Tensor, rest_heads: Tensor) -> Tensor:
    """Poses L (n, J, 3, 3) from anatomical angles (n, A) in degrees, in the order of `ANGLES`."""
    radians = angles * DEGREE
    L = torch.eye(3, dtype=angles.dtype, device=angles.device).repeat(len(angles), len(BONES), 1, 1)

    def angle(name: str) -> Tensor:
        return radians[:, _ANGLE[name]]

    L[:, BONE["root"]] = (
        rotations.about("x", angle("root_pitch"))
        @ rotations.about("y", angle("root_lean"))
        @ rotations.about("z", angle("root_spin"))
    )
    for part, bend, twist in (("spine", _SPINE_BEND, _SPINE_TWIST), ("neck", _NECK, _NECK)):
        whole = torch.stack([angle(f"{part}_{kind}") for kind in ("flexion", "lateral", "twist")], -1)
        share = constant(tuple((bend[bone], bend[bone], twist[bone]) for bone in bend), whole)
        turns = rotations.from_rotation_vector(whole[:, None] * share)
        put(L, dict(zip(bend, turns.unbind(1), strict=True)))

    sided = radians[:, len(CENTRAL) :].reshape(-1, 2, len(SIDED))  # (n, S, angles of a side)
    put(L, _compose_side(dict(zip(SIDED, sided.unbind(-1), strict=True)), Limbs(rest_heads, "both")), "both")
    return L


def _compose_side(angle: dict[str, Tensor], limbs: Limbs) -> dict[str, Tensor]:
    """Local rotations (n, S, 3, 3) of the limbs' bones, by name, from angles (n, S) in radians."""
    lift, zero = angle["arm_raise"], torch.zeros_like(angle["arm_raise"])
    upper_arm = _arm_frame(lift, angle["arm_plane"], angle["arm_rotation"]) @ limbs.arm.mT
    clavicle, wrist, half_pronation, elbow, knee = _at_once(
        rotations.from_rotation_vector,
        torch.stack([zero, -angle["clavicle_elevation"] - rhythm(lift), -angle["clavicle_protraction"]], -1),
        angle["wrist_flexion"][..., None] * limbs.wrist_flexion
        + angle["wrist_deviation"][..., None] * limbs.wrist_deviation,
        limbs.pronation * angle["pronation"][..., None] / 2,
        limbs.elbow * (angle["elbow_flexion"] - limbs.elbow_rest)[..., None],
        limbs.knee * (angle["knee_flexion"] - limbs.knee_rest)[..., None],
    )
    thigh = (
        rotations.about("x", -angle["hip_flexion"])
        @ rotations.about("y", -angle["hip_abduction"])
        @ rotations.about("z", angle["hip_rotation"])
        @ constant(_HANGING_LEG, lift)
    )
    foot = rotations.about("x", limbs.ankle_rest - angle["ankle_dorsiflexion"]) @ rotations.about(
        "y", angle["ankle_inversion"]
    )
    toes = rotations.about("x", -angle["toe_extension"])
    return {
        "clavicle.L": clavicle,
        "upperarm01.L": clavicle.mT @ upper_arm,
        "lowerarm01.L": elbow,
        "lowerarm02.L": half_pronation,
        "wrist.L": half_pronation @ wrist,
        "upperleg01.L": thigh @ limbs.leg.mT,
        "lowerleg01.L": knee,
        "foot.L": foot,
        **dict.fromkeys(_TOES, toes),
    }


def _at_once(function: Callable[[Tensor], Tensor], *inputs: Tensor) -> tuple[Tensor, ...]:
    """`function` of each input, computed in a single call."""
    return function(torch.stack(inputs)).unbind()


def rhythm(lift: Tensor) -> Tensor:
    """How far the collarbone rises with an arm that is raised by `lift`; both in radians."""
    return _CLAVICLE_PER_RAISE * (lift - _CLAVICLE_FROM_DEGREES * DEGREE).clamp_min(0)


def decompose(L: Tensor, rest_heads: Tensor) -> Tensor:
    """Anatomical angles (n, A) in degrees of poses L (n, J, 3, 3). The inverse of `compose`.

    A recorded pose may rotate bones in ways that no angle describes; its angles are then the closest
    approximation.
    """
    pitch, lean, spin = _xyz_angles(turn_of(L, "root"))
    angle = {"root_pitch": pitch, "root_lean": lean, "root_spin": spin}
    for part, bones in (("spine", _SPINE_BEND), ("neck", _NECK)):
        whole = rotations.to_rotation_vector(torch.stack(turns_of(L, tuple(bones)))).sum(0)
        for kind, component in zip(("flexion", "lateral", "twist"), whole.unbind(-1), strict=True):
            angle[f"{part}_{kind}"] = component
    sided = _decompose_sides(L, Limbs(rest_heads, "both"))
    columns = [torch.stack([angle[name] for name in CENTRAL], -1)]
    columns += torch.stack([sided[name] for name in SIDED], -1).unbind(1)
    return torch.cat(columns, -1) / DEGREE


def _decompose_sides(L: Tensor, limbs: Limbs) -> dict[str, Tensor]:
    """Angles (n, S) in radians, by name."""
    turns = dict(zip(_TURNED, turns_of(L, tuple(f"{bone}.L" for bone in _TURNED), "both"), strict=True))

    def turn(*bones: str) -> Tensor:
        return functools.reduce(torch.matmul, (turns[bone] for bone in bones))

    lift, plane, outward = arm_angles(turn("clavicle", "shoulder01", "upperarm01") @ limbs.arm)
    clavicle, forearm, shank, toe = _at_once(
        rotations.to_rotation_vector,
        turn("clavicle"),
        turn("upperarm02", "lowerarm01"),
        turn("upperleg02", "lowerleg01"),
        turn("toe1-1"),
    )
    _, up, forward_ = (-clavicle).unbind(-1)
    elbow, knee = (forearm * limbs.elbow).sum(-1), (shank * limbs.knee).sum(-1)
    pronation, wrist = split_hand(turn("lowerarm02", "wrist"), limbs)
    thigh = turn("pelvis", "upperleg01") @ limbs.leg @ constant(_HANGING_LEG, L).mT
    flexion, abduction, rotation = _xyz_angles(thigh)
    ankle, inversion, _ = _xyz_angles(turn("lowerleg02", "foot"))
    return {
        "clavicle_elevation": up - rhythm(lift),
        "clavicle_protraction": forward_,
        "arm_raise": lift,
        "arm_plane": plane,
        "arm_rotation": outward,
        "elbow_flexion": elbow + limbs.elbow_rest,
        "pronation": pronation,
        "wrist_flexion": (wrist * limbs.wrist_flexion).sum(-1),
        "wrist_deviation": (wrist * limbs.wrist_deviation).sum(-1),
        "hip_flexion": -flexion,
        "hip_abduction": -abduction,
        "hip_rotation": rotation,
        "knee_flexion": knee + limbs.knee_rest,
        "ankle_dorsiflexion": limbs.ankle_rest - ankle,
        "ankle_inversion": inversion,
        "toe_extension": -toe[..., 0],
    }


def split_hand(turn: Tensor, limbs: Limbs) -> tuple[Tensor, Tensor]:
    """Split the hand's rotation on the forearm (..., 3, 3) into pronation (...) in radians and the wrist's
    rotation vector (..., 3)."""
    q = rotations.from_matrix(turn)
    pronation = 2 * torch.atan2((q[..., 1:] * limbs.pronation).sum(-1), q[..., 0])
    bend = rotations.from_axis_angle(limbs.pronation, -pronation) @ turn
    return pronation, rotations.to_rotation_vector(bend)
