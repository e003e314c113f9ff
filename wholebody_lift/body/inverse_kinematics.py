"""Keypoints over time as the bones of a skeleton that turn: rest pose, hierarchy, inverse kinematics.

Programs that animate know bones, which keep their length and turn, where a detector knows keypoints. `solve`
finds how long the bones of a person are (the median over the clip) and, frame by frame, how each is turned
from a rest pose: a T-pose with level arms, palms down and straight fingers that looks along z, with y up and
the person's left at x. `SkeletonPose.heads` goes back from there to positions.

Positions alone do not determine how a bone is turned about itself. The assumptions are:

- hips and chest turn with the lines between the hips and between the shoulders, the spine half way between;
- the head turns with eyes, ears and nose, a hand with its palm, a foot with heel and toes, as rigid bodies;
- the forearm takes half of the hand's turn about it, the neck half of the head's;
- every other bone swings from its parent the shortest way and does not turn about itself.

Where shoulders and hips are closer to each other than usual, or further apart, the collarbones turn, and
where they are much closer the spine bends forwards (see `girdle`). A limb aims at its keypoint from where its
bone begins, so that differences in length do not add up along it; hands and feet keep their shape.

Results of `Lifter.lift_sequence` have the bone lengths of such a skeleton (see `bone_lengths`), so its bones
then end at every keypoint of the body, the feet and the hands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from wholebody_lift._types import Floats
from wholebody_lift.body import girdle, rigid
from wholebody_lift.skeleton import FACE_FEATURES, INDEX, ROOT

_X, _Y, _Z = range(3)
_OUT, _UP, _FORWARDS = np.eye(3)  # rest directions on the left side
_THUMB = np.array([1.0, 0.0, 1.0]) / np.sqrt(2)
_SIDES = {"left": 1.0, "right": -1.0}
"""The sides of the body and the sign of x on them."""

_BALL = 0.7  # where the toes begin between heel (0) and their tips (1)

_FINGERS = {  # what the keypoints are called, and the bones
    "thumb": ("Thumb", ("Metacarpal", "Proximal", "Distal")),
    "forefinger": ("Index", ("Proximal", "Intermediate", "Distal")),
    "middle_finger": ("Middle", ("Proximal", "Intermediate", "Distal")),
    "ring_finger": ("Ring", ("Proximal", "Intermediate", "Distal")),
    "pinky_finger": ("Little", ("Proximal", "Intermediate", "Distal")),
}
_PALM = ("forefinger1", "middle_finger1", "ring_finger1", "pinky_finger1")
_CHIN = FACE_FEATURES["jaw"][8]


class Bone(NamedTuple):
    """A bone of the skeleton."""

    name: str
    """As in the humanoid of VRM 1.0, which is that of Unity except for the case of the first letter."""
    parent: int
    """Index of its parent in `BONES`; -1 for the hips."""
    keypoint: str | None
    """The keypoint at which it begins; None where that is no keypoint."""


def _bones() -> tuple[Bone, ...]:
    rows: list[tuple[str, str, str | None]] = [
        ("hips", "", None),  # begins half way between the hips
        ("spine", "hips", None),
        ("chest", "spine", None),
        ("neck", "chest", None),  # half way between the shoulders
        ("head", "neck", None),
    ]
    for side in _SIDES:
        rows += [
            (f"{side}Shoulder", "chest", None),  # the collarbone begins where the neck does
            (f"{side}UpperArm", f"{side}Shoulder", f"{side}_shoulder"),
            (f"{side}LowerArm", f"{side}UpperArm", f"{side}_elbow"),
            (f"{side}Hand", f"{side}LowerArm", f"{side}_wrist"),
        ]
        for finger, (name, segments) in _FINGERS.items():
            parent = f"{side}Hand"
            for number, segment in enumerate(segments, start=1):
                rows.append((f"{side}{name}{segment}", parent, f"{side}_{finger}{number}"))
                parent = f"{side}{name}{segment}"
    for side in _SIDES:
        rows += [
            (f"{side}UpperLeg", "hips", f"{side}_hip"),
            (f"{side}LowerLeg", f"{side}UpperLeg", f"{side}_knee"),
            (f"{side}Foot", f"{side}LowerLeg", f"{side}_ankle"),
            (f"{side}Toes", f"{side}Foot", None),  # at the ball of the foot
        ]
    index = {name: i for i, (name, _, _) in enumerate(rows)}
    return tuple(Bone(name, index.get(parent, -1), keypoint) for name, parent, keypoint in rows)


BONES: tuple[Bone, ...] = _bones()
"""The 51 bones, each followed by all that hang on it."""

BONE_INDEX: dict[str, int] = {bone.name: i for i, bone in enumerate(BONES)}
"""Index of each bone by name."""

CHILDREN: tuple[tuple[int, ...], ...] = tuple(
    tuple(child for child, bone in enumerate(BONES) if bone.parent == parent) for parent in range(len(BONES))
)
"""Indices of each bone's children; the bones without any are fingertips, toes and head."""

_TOWARDS: dict[str, str] = {
    **{bone.name: BONES[CHILDREN[i][0]].name for i, bone in enumerate(BONES) if CHILDREN[i]},
    **{f"{side}Hand": f"{side}MiddleProximal" for side in _SIDES},
}
"""The child at which a bone with children ends: the first but for the hands."""


@dataclass(frozen=True, eq=False)
class SkeletonPose:
    """A person's bones over T frames; B bones in the order of `BONES`. Lengths in the unit of the keypoints.

    Attributes:
        offsets: (B, 3) from where a bone's parent begins to where it begins, in the rest pose; zero for hips.
        ends: (B, 3) from where a bone begins to where it ends, in the rest pose.
        root: (T, 3) where the hips are.
        rotations: (T, B, 3, 3) relative to the parent; the identity is the rest pose.
    """

    offsets: Floats
    ends: Floats
    root: Floats
    rotations: Floats

    def __len__(self) -> int:
        """The number of frames T."""
        return len(self.root)

    def turns(self) -> Floats:
        """(T, B, 3, 3): how each bone is turned from the rest pose in the axes of the keypoints."""
        turns: list[Floats] = []
        for i, bone in enumerate(BONES):
            local = self.rotations[:, i]
            turns.append(local if bone.parent < 0 else turns[bone.parent] @ local)
        return np.stack(turns, axis=1)

    def heads(self) -> Floats:
        """(T, B, 3): where each bone begins, by forward kinematics."""
        turns = self.turns()
        heads: list[Floats] = []
        for i, bone in enumerate(BONES):
            if bone.parent < 0:
                heads.append(self.root)
            else:
                heads.append(heads[bone.parent] + turns[:, bone.parent] @ self.offsets[i])
        return np.stack(heads, axis=1)

    def tips(self) -> Floats:
        """(T, B, 3): where each bone ends."""
        return np.asarray(self.heads() + (self.turns() @ self.ends[:, :, None])[..., 0])

    def rest_heads(self) -> Floats:
        """(B, 3): where each bone begins in the rest pose, the lowest bone's end at height 0."""
        heads = np.zeros_like(self.offsets)
        for i, bone in enumerate(BONES):
            if bone.parent >= 0:
                heads[i] = heads[bone.parent] + self.offsets[i]
        lowest = np.minimum(heads, heads + self.ends)[:, _Y].min()
        return np.asarray(heads - lowest * _UP)


def solve(xyz: Floats) -> SkeletonPose:
    """The bones of one person over time.

    Args:
        xyz: (T, 133, 3) keypoints without gaps, in any unit, in right-handed axes with y up.
    """
    solver = _Solver({name: xyz[:, i] for name, i in INDEX.items()})
    solver.trunk(xyz[:, list(ROOT)].mean(axis=1))
    solver.head(xyz[:, girdle.HEAD], xyz[:, _CHIN])
    for side in _SIDES:
        solver.arm(side)
        solver.hand(side)
        solver.leg(side)
        solver.foot(side)
    return solver.result()


class _Solver:
    """Goes through the bones from the hips outwards and stores results by the name of the bone."""

    def __init__(self, keypoints: dict[str, Floats]) -> None:
        self.keypoints = keypoints  # (T, 3) each
        self.offsets: dict[str, Floats] = {"hips": np.zeros(3)}
        self.ends: dict[str, Floats] = {}
        self.turns: dict[str, Floats] = {}
        self.heads: dict[str, Floats] = {}

    def place(self, bone: str, offset: Floats) -> None:
        """A bone begins at an offset (3,) from its parent, in the rest pose."""
        parent = _parent(bone)
        self.offsets[bone] = offset
        self.heads[bone] = self.heads[parent] + self.turns[parent] @ offset

    def aim(self, bone: str, rest: Floats, direction: Floats) -> None:
        """Swing a bone the shortest way from its rest direction (3,) on its parent to a direction (T, 3)."""
        turn = self.turns[_parent(bone)]
        self.turns[bone] = _shortest(turn @ rest, direction) @ turn

    def share_turn(self, bone: str, child: str, axis: Floats) -> None:
        """Turn a bone about itself, an axis (3,) of the rest pose, by half of its child's turn."""
        relative = to_quaternions(self.turns[bone].swapaxes(-1, -2) @ self.turns[child])
        angle = np.unwrap(2 * np.arctan2(relative[:, :3] @ axis, relative[:, 3]))
        self.turns[bone] = self.turns[bone] @ _about(axis, angle / 2)

    def trunk(self, hips: Floats) -> None:
        """Hips, spine, chest, and where limbs and neck begin on them; `hips` (T, 3) is their middle."""
        left, right = self.keypoints["left_shoulder"], self.keypoints["right_shoulder"]
        up, across_shoulders = (left + right) / 2 - hips, left - right
        across_hips = self.keypoints["left_hip"] - self.keypoints["right_hip"]
        trunk, width = _median_length(up), _median_length(across_shoulders)
        back = girdle.SET_BACK * width

        self.heads["hips"] = hips
        self.turns["hips"] = girdle.hip_axes(across_hips, up)
        self.place("spine", girdle.WAIST * trunk * _UP)
        waist = self.heads["spine"]
        spine, top = girdle.spine(waist, left, right, back)
        rest = rigid.unit((1 - girdle.WAIST) * trunk * _UP - back * _FORWARDS)  # of spine and chest
        upright = _shortest(rest[None], _UP[None])
        across = rigid.unit(across_hips) + rigid.unit(across_shoulders)
        lower = _bend(top - waist, spine / 2, np.cross(top - waist, across))
        self.turns["spine"] = rigid.axes(_Y, lower, _X, across) @ upright
        self.place("chest", spine / 2 * rest)
        self.turns["chest"] = rigid.axes(_Y, top - self.heads["chest"], _X, across_shoulders) @ upright
        self.place("neck", spine / 2 * rest)
        for side, sign in _SIDES.items():
            self.place(f"{side}UpperLeg", sign * _median_length(across_hips) / 2 * _OUT)
            collarbone = sign * width / 2 * _OUT + back * _FORWARDS
            self.place(f"{side}Shoulder", spine / 2 * rest)
            self.aim(f"{side}Shoulder", collarbone, self._reach(f"{side}Shoulder", f"{side}_shoulder"))
            self.place(f"{side}UpperArm", collarbone)

    def head(self, skull: Floats, chin: Floats) -> None:
        """Neck and head; `skull` (T, 5, 3) are the keypoints `girdle.HEAD`."""
        ears = skull[:, 3:].mean(axis=1)
        self.turns["head"], _ = _rigid(skull - ears[:, None], girdle.head_axes(skull))
        pivot = girdle.HEAD_PIVOT * _median_length(skull[:, 0] - ears)
        rise = ears + self.turns["head"] @ pivot - self.heads["neck"]
        length = _median_length(rise)
        # In the rest pose the head is above the shoulders, which are in front of where the neck begins.
        rest = rigid.unit(length * _UP + self.offsets["leftUpperArm"] * _FORWARDS)
        self.aim("neck", rest, rise)
        self.place("head", length * rest)
        self.share_turn("neck", "head", rest)
        # The top of the skull is no keypoint; it is about as far above the ears as the chin is below.
        height = abs(_in_axes(self.turns["head"], chin - ears)[_Y])
        self.ends["head"] = (height - pivot[_Y]) * _UP

    def arm(self, side: str) -> None:
        """Upper arm and forearm, and where the hand begins."""
        sign = _SIDES[side]
        self.limb(f"{side}UpperArm", f"{side}LowerArm", sign * _OUT)
        self.limb(f"{side}LowerArm", f"{side}Hand", sign * _OUT)

    def leg(self, side: str) -> None:
        """Thigh and shin, and where the foot begins."""
        self.limb(f"{side}UpperLeg", f"{side}LowerLeg", -_UP)
        self.limb(f"{side}LowerLeg", f"{side}Foot", -_UP)

    def limb(self, bone: str, child: str, rest: Floats) -> None:
        """A long bone, from where it begins to the keypoint at which its child does."""
        begin, end = _keypoint(bone), _keypoint(child)
        self.aim(bone, rest, self._reach(bone, end))
        self.place(child, _median_length(self.keypoints[end] - self.keypoints[begin]) * rest)

    def hand(self, side: str) -> None:
        """The hand with its fingers."""
        sign, hand, wrist = _SIDES[side], f"{side}Hand", self.keypoints[f"{side}_wrist"]
        palm = np.stack([self.keypoints[f"{side}_{name}"] for name in _PALM], axis=1) - wrist[:, None]
        forefinger, middle, _, pinky = palm.swapaxes(0, 1)
        self.turns[hand], _ = _rigid(palm, rigid.axes(_X, sign * middle, _Z, forefinger - pinky))
        self.share_turn(f"{side}LowerArm", hand, _OUT)
        for finger, (name, segments) in _FINGERS.items():
            rest = (_THUMB if finger == "thumb" else _OUT) * (sign, 1, 1)
            joints = [self.keypoints[f"{side}_{finger}{number}"] for number in range(1, 5)]
            bones = [f"{side}{name}{segment}" for segment in segments]
            offset = _in_axes(self.turns[hand], joints[0] - wrist)
            for bone, begin, end in zip(bones, joints[:-1], joints[1:], strict=True):
                self.place(bone, offset)
                self.aim(bone, rest, end - begin)
                offset = _median_length(end - begin) * rest
            self.ends[bones[-1]] = offset

    def foot(self, side: str) -> None:
        """The foot with its toes."""
        sign, foot, toes = _SIDES[side], f"{side}Foot", f"{side}Toes"
        ankle = self.keypoints[f"{side}_ankle"]
        names = ("heel", "big_toe", "small_toe")
        sole = np.stack([self.keypoints[f"{side}_{name}"] for name in names], axis=1) - ankle[:, None]
        heel, big, small = sole.swapaxes(0, 1)
        ahead = (big + small) / 2 - heel
        self.turns[foot], shape = _rigid(sole, rigid.axes(_Z, ahead, _X, sign * (small - big)))
        ball = shape[0] + _BALL * (shape[1:].mean(axis=0) - shape[0])
        self.place(toes, ball)
        begin = (self.turns[foot] @ ball)[:, None]  # from the ankle
        self.turns[toes] = rigid.fit(shape[1:] - ball, sole[:, 1:] - begin)
        self.ends[toes] = shape[1:].mean(axis=0) - ball

    def result(self) -> SkeletonPose:
        """The result, with rotations relative to the parents."""
        names = [bone.name for bone in BONES]
        turns = np.stack([self.turns[name] for name in names], axis=1)  # (T, B, 3, 3)
        rotations = turns.copy()
        for i, bone in enumerate(BONES):
            if bone.parent >= 0:
                rotations[:, i] = turns[:, bone.parent].swapaxes(-1, -2) @ turns[:, i]
        ends = [self.offsets[_TOWARDS[name]] if name in _TOWARDS else self.ends[name] for name in names]
        offsets = np.stack([self.offsets[name] for name in names])
        return SkeletonPose(offsets, np.stack(ends), self.heads["hips"], rotations)

    def _reach(self, bone: str, keypoint: str) -> Floats:
        return self.keypoints[keypoint] - self.heads[bone]


def to_quaternions(rotations: Floats) -> Floats:
    """Unit quaternions (..., 4), x y z w with w >= 0, of rotation matrices (..., 3, 3).

    The rows of the symmetric matrix 4 q q^T are read off the matrix and the one with the largest diagonal is
    normalised, so that no rotation comes close to a division by zero (Shepperd 1978).
    """
    (a, b, c), (d, e, f), (g, h, i) = np.moveaxis(rotations, (-2, -1), (0, 1))
    x, y, z = h - f, c - g, d - b
    rows = np.array(
        [
            [1 + a - e - i, b + d, c + g, x],
            [b + d, 1 - a + e - i, f + h, y],
            [c + g, f + h, 1 - a - e + i, z],
            [x, y, z, 1 + a + e + i],
        ]
    )
    rows = np.moveaxis(rows, (0, 1), (-2, -1))
    largest = rows.diagonal(axis1=-2, axis2=-1).argmax(axis=-1)
    q = rigid.unit(np.take_along_axis(rows, largest[..., None, None], axis=-2)[..., 0, :])
    return np.where(q[..., 3:] < 0, -q, q)


def _parent(bone: str) -> str:
    return BONES[BONES[BONE_INDEX[bone]].parent].name


def _keypoint(bone: str) -> str:
    keypoint = BONES[BONE_INDEX[bone]].keypoint
    assert keypoint is not None
    return keypoint


def _median_length(x: Floats) -> float:
    """The median over the clip of the lengths of vectors (T, 3)."""
    return float(np.median(np.linalg.norm(x, axis=-1)))


def _shortest(a: Floats, b: Floats) -> Floats:
    """The smallest rotations (T, 3, 3) from directions a (T, 3) to b; half turns where they are opposite."""
    a, b = rigid.unit(a), rigid.unit(b)
    cosine = np.sum(a * b, axis=-1)
    opposite = cosine < -1 + 1e-12
    axis = np.where(opposite[:, None], np.cross(a, np.eye(3)[np.abs(a).argmin(axis=-1)]), np.cross(a, b))
    # I + [v] + [v]^2 / (1 + cos), with v = a x b; and 2 n n^T - I for half a turn about n.
    x, y, z = axis.T
    zero = np.zeros_like(x)
    skew = np.array([[zero, -z, y], [z, zero, -x], [-y, x, zero]]).transpose(2, 0, 1)
    scale = np.where(opposite, 1.0, 1 + cosine)[:, None, None]
    n = rigid.unit(axis)
    half_turn = 2 * n[:, :, None] * n[:, None] - np.eye(3)
    return np.where(opposite[:, None, None], half_turn, np.eye(3) + skew + skew @ skew / scale)


def _about(axis: Floats, angle: Floats) -> Floats:
    """Rotations (T, 3, 3) by angles (T,) in radians about a unit vector (3,) (Rodrigues)."""
    skew = np.cross(axis, np.eye(3)).T  # skew @ v = axis x v
    sine, cosine = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    return np.asarray(np.eye(3) + sine * skew + (1 - cosine) * skew @ skew)


def _bend(chord: Floats, length: float, towards: Floats) -> Floats:
    """The middle (T, 3) of two links of one length whose ends are a chord (T, 3) apart, bent to one side.

    Straight along the chord, and so too short, where it is longer than both links.
    """
    half = chord / 2
    rise = np.sqrt(np.maximum(length**2 - np.sum(half**2, axis=-1, keepdims=True), 0))
    return np.asarray(half + rise * rigid.unit(towards))


def _rigid(points: Floats, start: Floats) -> tuple[Floats, Floats]:
    """A rigid body over time: its turns (T, 3, 3) about the origin, and its shape (P, 3) in the rest pose.

    The shape is the median of the points (T, P, 3) in the axes `start` (T, 3, 3); the turns bring it closest
    to the points in each frame.
    """
    shape = np.median(points @ start, axis=0)
    return rigid.fit(shape, points), shape


def _in_axes(turns: Floats, x: Floats) -> Floats:
    """The median over the clip (3,) of vectors (T, 3), each in the axes of a turn (T, 3, 3)."""
    return np.asarray(np.median((x[:, None] @ turns)[:, 0], axis=0))
