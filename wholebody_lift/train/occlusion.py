"""Which keypoints a person's own body hides from the camera.

The body is a set of capsules (segments with a radius) laid through the keypoints themselves, each
as thick as a fixed share of a length measured on that person. A keypoint is hidden if the line of
sight to it passes through a capsule that is not its own, or if it lies on a side of the head that
faces away from the camera. Objects and other people are the detector model's business.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.linalg import vector_norm

from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS, PARTS, indices

HORIZON = -0.15
"""A head keypoint is turned away if the cosine between its direction from the middle of the head and
the direction to the camera is lower. Slightly under zero: the nose still shows in a full profile."""

BEHIND = 0.5
"""A keypoint must lie this many radii deeper than the axis of a capsule to be hidden by it, so that one
on the skin of a neighbour, or inside it, is not."""

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
    """As a share of the distance between the keypoints `measure`."""
    measure: tuple[str, str]
    own: tuple[str, ...]
    """Keypoints that it never hides: they are its ends, or lie in it."""


def _capsules() -> list[Capsule]:
    shoulders = ("left_shoulder", "right_shoulder")
    middle_top = {name: 0.5 for name in shoulders}
    middle_bottom = {name: 0.5 for name in ("left_hip", "right_hip")}
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
                {name: 0.25 for name in knuckles},
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
"""How far its centre lies above the middle of the ears, in the same unit."""


@dataclass(frozen=True)
class _Tables:
    """C capsules without the head, which comes last in `own`."""

    start: Tensor  # (C, 133) weights
    end: Tensor
    radius: Tensor  # (C,)
    measure: Tensor  # (C, 2) keypoints
    own: Tensor  # (C + 1, 133) bool


@lru_cache
def _tables(device: torch.device) -> _Tables:
    def weights(mixes: Iterable[Mix]) -> Tensor:
        return torch.tensor([[mix.get(name, 0.0) for name in INDEX] for mix in mixes], device=device)

    def members(groups: Iterable[Sequence[int]]) -> Tensor:
        return torch.tensor([[i in group for i in range(NUM_KEYPOINTS)] for group in groups], device=device)

    return _Tables(
        start=weights(capsule.start for capsule in CAPSULES),
        end=weights(capsule.end for capsule in CAPSULES),
        radius=torch.tensor([capsule.radius for capsule in CAPSULES], device=device),
        measure=torch.tensor([[INDEX[name] for name in c.measure] for c in CAPSULES], device=device),
        own=members([*([INDEX[name] for name in capsule.own] for capsule in CAPSULES), _HEAD]),
    )


def hidden(xyz_cam: Tensor) -> Tensor:
    """(N, 133) bool: the person's own body hides the keypoint.

    `xyz_cam` (N, 133, 3) in camera axes from the camera centre; any unit.
    """
    table = _tables(xyz_cam.device)
    left_ear, right_ear = (xyz_cam[:, i] for i in _EARS)
    between_ears = vector_norm(left_ear - right_ear, dim=-1)
    upwards = _unit(xyz_cam[:, _NASION] - xyz_cam[:, _CHIN])
    middle = (left_ear + right_ear) / 2
    head = middle + upwards * HEAD_RISE * between_ears[:, None]

    a, b = table.measure.unbind(-1)
    radius = table.radius * vector_norm(xyz_cam[:, a] - xyz_cam[:, b], dim=-1)
    start = torch.cat([table.start @ xyz_cam, head[:, None]], 1)  # (N, C, 3)
    end = torch.cat([table.end @ xyz_cam, head[:, None]], 1)
    radius = torch.cat([radius, HEAD_RADIUS * between_ears[:, None]], 1)  # (N, C)

    covered = (_covers(start, end, radius, xyz_cam) & ~table.own).any(1)
    covered[:, _HEAD] |= _turned_away(xyz_cam[:, _HEAD], middle)
    return covered


def _covers(start: Tensor, end: Tensor, radius: Tensor, points: Tensor) -> Tensor:
    """(N, C, K) bool: the capsule (N, C) lies on the line from the camera to the point (N, K).

    Everything is measured from the middle of the points, or from the point on its line of sight: in
    float32 a person 80 m away would otherwise lose the millimetres.
    """
    middle = points.mean(1, keepdim=True)
    axis = end - start  # (N, C, 3)
    depth: Tensor = vector_norm(points, dim=-1)[:, None]  # (N, 1, K)
    sight = _unit(points).mT.contiguous()  # (N, 3, K)
    start, points = start - middle, (points - middle).mT.contiguous()
    # With w = start - point, the nearest approach of start + s * axis (s in 0..1) and point + t * sight.
    # The dot products of all pairs are matrix products: w.sight = [start, 1] [sight, -point.sight] etc.
    one_c, one_k = torch.ones_like(start[..., :1]), torch.ones_like(depth)
    square = _dot(axis, axis)[..., None]  # (N, C, 1)
    along = axis @ sight  # (N, C, K), as are all below
    w_sight = _cat(start, one_c) @ torch.cat([sight, -(points * sight).sum(1, keepdim=True)], 1)
    minus_w_axis = _cat(axis, -_dot(axis, start)[..., None]) @ torch.cat([points, one_k], 1)
    w_square = _cat(-2 * start, _dot(start, start)[..., None], one_c) @ torch.cat(
        [points, one_k, (points * points).sum(1, keepdim=True)], 1
    )
    slant = torch.addcmul(square, along, along, value=-1).clamp_min(torch.finfo(points.dtype).tiny)
    s = (torch.addcmul(minus_w_axis, along, w_sight) / slant).clamp(0, 1)
    t = torch.addcmul(w_sight, s, along)
    apart_square = torch.addcmul(w_square, s, s * square - 2 * minus_w_axis) - t * t
    radius = radius[..., None]
    return (apart_square < radius * radius) & (t < -BEHIND * radius) & (t > -depth)


def _turned_away(points: Tensor, middle: Tensor) -> Tensor:
    outwards = _unit(points - middle[:, None])
    to_camera = -_unit(points)
    return _dot(outwards, to_camera) < HORIZON


def _cat(*columns: Tensor) -> Tensor:
    return torch.cat(columns, -1)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(-1)


def _unit(vectors: Tensor) -> Tensor:
    unit: Tensor = torch.nn.functional.normalize(vectors, dim=-1)
    return unit
