"""Which keypoints a person's own body hides from the camera.

The body is a set of capsules (segments with a radius) that run through the keypoints. The radius of each is a
fixed share of a length of that person. A keypoint is hidden if the line of sight to it passes through a
capsule that is not its own, or if it is on a side of the head that faces away from the camera. Occlusion by
objects and other people is part of the detector model.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS, PARTS, indices

HORIZON = -0.15
"""A head keypoint is turned away if the cosine between its direction from the middle of the head and the
direction to the camera is lower. Slightly below zero, because the nose is still visible in full profile."""

BEHIND = 0.5
"""A capsule hides only keypoints that lie this many radii deeper than its axis, so a keypoint on its skin or
inside it stays visible."""

_EARS = (INDEX["left_ear"], INDEX["right_ear"])
_CHIN, _NASION = PARTS["face"][8], PARTS["face"][27]
_HEAD = indices("face") + [INDEX[name] for name in ("nose", "left_eye", "right_eye")] + list(_EARS)

Mix = dict[str, float]
"""A point as a weighted mean of keypoints."""


@dataclass(frozen=True)
class Capsule:
    start: Mix
    end: Mix
    radius: float
    """Radius, as a share of the distance between the keypoints `measure`."""
    measure: tuple[str, str]
    own: tuple[str, ...]
    """Keypoints that it never hides, because they are its ends or lie in it."""


def _capsules() -> list[Capsule]:
    shoulders = ("left_shoulder", "right_shoulder")
    middle_top = dict.fromkeys(shoulders, 0.5)
    middle_bottom = dict.fromkeys(("left_hip", "right_hip"), 0.5)
    capsules = [Capsule(middle_top, middle_bottom, 0.30, shoulders, ())]
    for side, other in (("left", "right"), ("right", "left")):
        shoulder, elbow, wrist, hip, knee, ankle, root, heel = (
            f"{side}_{name}"
            for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "hand_root", "heel")
        )
        knuckles = tuple(
            f"{side}_{finger}1" for finger in ("forefinger", "middle_finger", "ring_finger", "pinky_finger")
        )
        top = {shoulder: 0.75, f"{other}_shoulder": 0.25}
        capsules += [
            Capsule(top, {hip: 1.0}, 0.27, shoulders, (shoulder, hip)),
            Capsule({shoulder: 1.0}, {elbow: 1.0}, 0.15, (shoulder, elbow), (shoulder, elbow)),
            Capsule({elbow: 1.0}, {wrist: 1.0}, 0.15, (elbow, wrist), (elbow, wrist, root)),
            Capsule({hip: 1.0}, {knee: 1.0}, 0.17, (hip, knee), (hip, knee)),
            Capsule({knee: 1.0}, {ankle: 1.0}, 0.12, (knee, ankle), (knee, ankle, heel)),
            Capsule(
                {root: 1.0},
                dict.fromkeys(knuckles, 0.25),
                0.33,
                (root, f"{side}_middle_finger1"),
                (wrist, root, *knuckles),
            ),
        ]
    return capsules


CAPSULES: tuple[Capsule, ...] = tuple(_capsules())
"""Trunk (three, side by side), limbs and palms; the head is a sphere, see `HEAD_RADIUS`."""

HEAD_RADIUS = 0.6
"""Radius of the head, as a share of the distance between the ears."""
HEAD_RISE = 0.25
"""Height of its centre above the middle of the ears, in the same unit."""


@dataclass(frozen=True)
class _Tables:
    """The tables above as tensors: C capsules, of which the last is the head."""

    ends: Tensor  # (133, 2 (C - 1)) weights of the keypoints in starts and ends; the head has none
    radius: Tensor  # (C - 1,)
    measure: Tensor  # (2, C - 1) keypoints
    own: Tensor  # (C, 133) infinite for keypoints that the capsule never hides, zero for others
    head: Tensor  # (133,) bool


@lru_cache
def _tables(device: torch.device) -> _Tables:
    def weights(mixes: Iterable[Mix]) -> Tensor:
        return torch.tensor([[mix.get(name, 0.0) for name in INDEX] for mix in mixes], device=device)

    def members(groups: Iterable[Sequence[int]]) -> Tensor:
        return torch.tensor([[i in group for i in range(NUM_KEYPOINTS)] for group in groups], device=device)

    own = members([*([INDEX[name] for name in capsule.own] for capsule in CAPSULES), _HEAD])
    starts, ends = (capsule.start for capsule in CAPSULES), (capsule.end for capsule in CAPSULES)
    return _Tables(
        ends=weights((*starts, *ends)).T.contiguous(),
        radius=torch.tensor([capsule.radius for capsule in CAPSULES], device=device),
        measure=torch.tensor([[INDEX[name] for name in c.measure] for c in CAPSULES], device=device).T,
        own=torch.where(own, torch.inf, 0.0),
        head=own[-1],
    )


def hidden(xyz_cam: Tensor) -> Tensor:
    """(N, 133) bool: the person's own body hides the keypoint.

    `xyz_cam` (N, 133, 3): keypoints in camera axes, relative to the camera centre, in any unit.
    """
    table = _tables(xyz_cam.device)
    points = (
        xyz_cam.mT.contiguous()
    )  # (N, 3, 133): arithmetic on separate coordinates is several times faster
    left_ear, right_ear = (points[..., i] for i in _EARS)
    between_ears = _length(left_ear - right_ear)[:, None]
    upwards = points[..., _NASION] - points[..., _CHIN]
    middle = (left_ear + right_ear) / 2
    head = middle + upwards * (HEAD_RISE * between_ears / _length(upwards)[:, None])

    starts, ends = (points @ table.ends).chunk(2, -1)
    starts, ends = (torch.cat([some, head[..., None]], -1) for some in (starts, ends))  # (N, 3, C)
    a, b = (points.index_select(-1, keypoints) for keypoints in table.measure)
    radius = torch.cat([table.radius * _length(a - b), HEAD_RADIUS * between_ears], -1)  # (N, C)

    depth = _length(points)  # (N, 133) along the line of sight
    covered = (_clearance(starts, ends, radius, points, depth) + table.own).amin(1) < 0
    return covered | (_turned_away(points, depth, middle) & table.head)


def _clearance(start: Tensor, end: Tensor, radius: Tensor, points: Tensor, depth: Tensor) -> Tensor:
    """(N, C, K), negative where the capsule (N, 3, C) is on the line from the camera to the point (N, 3, K).

    Positions are relative to the mean of the points, or to the point itself along its line of sight.
    Otherwise float32 would lose the millimetres of a person 80 m away.
    """
    middle, axis = points.mean(-1, keepdim=True), (end - start).mT  # (N, C, 3)
    sight = points / depth[:, None]  # (N, 3, K)
    start, points = (start - middle).mT, points - middle
    # The closest approach of start + s * axis (s in 0..1) and point + t * sight, with w = start - point.
    # The dot products of all pairs are matrix products: w.sight = [start, 1] [sight, -point.sight] etc.
    one, reach = torch.ones_like(start[..., :1]), radius[..., None]
    square = _dot(axis, axis)  # (N, C, 1)
    along = axis @ sight  # (N, C, K), as are all below
    w_sight = _cat(start, one) @ _rows(sight, -_sum(points * sight))
    minus_w_axis = _cat(axis, -_dot(axis, start)) @ _rows(points, torch.ones_like(depth)[:, None])
    beside = _cat(-2 * start, _dot(start, start) - reach * reach, one) @ _rows(
        points, torch.ones_like(depth)[:, None], _sum(points * points)
    )  # w squared less the radius squared
    # The same across the line of sight. In place, because no other arrays of synthetic people are as large.
    slant = torch.addcmul(square, along, along, value=-1).clamp_min_(torch.finfo(points.dtype).tiny)
    minus_w_axis.addcmul_(along, w_sight)
    beside.addcmul_(w_sight, w_sight, value=-1)
    s = (minus_w_axis / slant).clamp_(0, 1)
    t = w_sight.addcmul_(s, along)
    beside.addcmul_(s, slant.mul_(s).sub_(minus_w_axis, alpha=2))
    in_front = torch.add(BEHIND * reach, t)  # of the point
    behind_camera = torch.sub(-depth[:, None], t)
    return torch.maximum(torch.maximum(beside, in_front), behind_camera)


def _turned_away(points: Tensor, depth: Tensor, middle: Tensor) -> Tensor:
    """(N, K) bool: the point (N, 3, K), on a ball around `middle` (N, 3), faces away from the camera; `depth`
    (N, K) is its distance from it."""
    outwards = points - middle[..., None]
    return -_sum(points * outwards)[:, 0] < HORIZON * depth * _length(outwards)


def _cat(*columns: Tensor) -> Tensor:
    return torch.cat(columns, -1)


def _rows(*rows: Tensor) -> Tensor:
    return torch.cat(rows, 1)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(-1, keepdim=True)


def _sum(vectors: Tensor) -> Tensor:
    """Sum of the coordinates of (N, 3, K): (N, 1, K)."""
    return vectors.sum(1, keepdim=True)


def _length(vectors: Tensor) -> Tensor:
    """Lengths of vectors (N, 3, ...). `vector_norm` takes many times longer along a middle axis."""
    return (vectors * vectors).sum(1).sqrt()
