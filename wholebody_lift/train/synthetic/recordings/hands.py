"""Recorded hands: 21 points in 3D, retargeted to the finger bones of Anny's left hand."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.bones import BONES, HAND_BONES, MIRROR_BONES
from wholebody_lift.train.synthetic.recordings.retarget import FINGERS, RestPose

# Limits of the two outer joints of a finger, in degrees from straight.
_BEND_LIMITS = ((-10.0, 120.0), (-20.0, 95.0))
# Weight of the plane in which a finger curls, against the row of knuckles, for the axis about which it bends.
_CURL_WEIGHT = 2.0


@dataclass(frozen=True)
class Hands:
    """The hands of one recording, as left hands: points (M, 21, 3) in mm, float64. The wrist comes first,
    then four points of each finger from its base, the thumb first."""

    name: str
    points: Tensor


def of_bodies(poses: Tensor) -> tuple[Tensor, Tensor]:
    """The left and the right hands of poses (T, J, 4) over `bones.BONES`, both as left hands (T, 15, 4) over
    `bones.HAND_BONES`."""
    left = [BONES.index(bone) for bone in HAND_BONES]
    right = [MIRROR_BONES[bone] for bone in left]
    return poses[:, left], poses[:, right] * poses.new_tensor([1.0, 1.0, -1.0, -1.0])


def read_leap(path: Path) -> list[Hands]:
    """Read recordings of a Leap sensor from an NPZ file with `joints`, `side` and `recording`."""
    with np.load(path) as file:
        points, recording = torch.from_numpy(file["joints"]).double(), file["recording"]
        points = _as_left(points, torch.from_numpy(file["side"] == "right"))
    names = dict.fromkeys(recording.tolist())
    return [Hands(name, points[torch.from_numpy(recording == name)]) for name in names]


def read_poses(path: Path) -> list[Hands]:
    """Read named still poses of one hand from JSON: `side`, and `poses` by name."""
    document = json.loads(path.read_text("utf-8"))
    return [
        Hands(name, _as_left(torch.tensor([pose]).double(), torch.tensor([document["side"] == "right"])))
        for name, pose in document["poses"].items()
    ]


def read_named(path: Path) -> list[Hands]:
    """Read named still hands of several collections from an NPZ file with `joints`, `side`, `name`, `source`.

    Hands without all 21 points are left out.
    """
    with np.load(path) as file:
        points = torch.from_numpy(file["joints"]).double()
        points = _as_left(points, torch.from_numpy(file["side"] == "right"))
        labels = zip(file["source"].tolist(), file["name"].tolist(), file["side"].tolist(), strict=True)
    return [
        Hands(f"{source}/{name}/{side}", hand[None])
        for (source, name, side), hand in zip(labels, points, strict=True)
        if hand.isfinite().all()
    ]


def _as_left(points: Tensor, right: Tensor) -> Tensor:
    sign = 1 - 2 * right.double()
    return torch.cat([points[..., :1] * sign[:, None, None], points[..., 1:]], -1)


def retarget(points: Tensor, rest: RestPose) -> Tensor:
    """Retarget hands to rest-aligned local rotations of `HAND_BONES`: unit quaternions (M, 15, 4), float32,
    wxyz.

    points: (M, 21, 3) of left hands, in right-handed axes and at any scale.

    First the palms are aligned with Anny's. The first bone of each finger then takes the recorded direction,
    and the two others bend about a single axis, like hinges. All bones of the thumb take their recorded
    directions. Lengths are not used.
    """
    ours = torch.stack(
        [rest["wrist.L"]] + [rest[f"finger{finger}-{i}.L"] for finger in FINGERS for i in range(1, 5)]
    )
    palm = [0, *(4 * (finger - 1) + 1 for finger in FINGERS if finger > 1)]
    turn = _fit_rotation(points[:, palm], ours[palm])
    points = points @ turn.mT
    along = rotations.normalize(points[:, 1:].reshape(-1, 5, 4, 3).diff(dim=2))  # (M, fingers, phalanges, 3)
    our_along = rotations.normalize(ours[1:].reshape(5, 4, 3).diff(dim=1))
    local = torch.cat(
        [_align_thumb(along[:, 0], our_along[0])[:, None], _align_fingers(along[:, 1:], our_along[1:], ours)],
        1,
    )  # (M, fingers, phalanges, 3, 3)
    return rotations.from_matrix(local.flatten(1, 2)).float()


def _fit_rotation(points: Tensor, target: Tensor) -> Tensor:
    """Rotations (M, 3, 3) that best align `points` (M, k, 3) with `target` (k, 3) (Kabsch 1976)."""
    points, target = points - points.mean(1, keepdim=True), target - target.mean(0)
    u, _, vh = torch.linalg.svd(points.mT @ target)
    sign = torch.linalg.det(u @ vh)
    diagonal = torch.stack([torch.ones_like(sign), torch.ones_like(sign), sign], -1)
    turn: Tensor = u * diagonal[:, None] @ vh
    return turn.mT


def _align_thumb(along: Tensor, our_along: Tensor) -> Tensor:
    """Local rotations (M, 3, 3, 3) of the thumb: the smallest rotation of each bone, from the base
    outwards."""
    world = torch.eye(3, dtype=along.dtype).expand(len(along), 3, 3)
    local = []
    for bone in range(3):
        turn = rotations.between(our_along[bone], (world.mT @ along[:, bone, :, None]).squeeze(-1))
        local.append(turn)
        world = world @ turn
    return torch.stack(local, 1)


def _align_fingers(along: Tensor, our_along: Tensor, ours: Tensor) -> Tensor:
    """Local rotations (M, 4, 3, 3, 3) of the fingers, from the directions of their bones (M, 4, 3, 3)."""
    row = rotations.normalize(ours[5] - ours[17])  # from the little finger's knuckle to the forefinger's
    curl = _curl(our_along).mean(0)
    row = row * (row @ curl).sign()
    axis, our_axis = _bend_axis(along, row), _bend_axis(our_along, row)
    base = rotations.look_at(along[..., 0, :], axis) @ rotations.look_at(our_along[..., 0, :], our_axis).mT
    local = [base]
    for joint, limits in enumerate(_BEND_LIMITS):
        low, high = (math.radians(angle) for angle in limits)
        bend = _bend(along, joint, axis).clamp(low, high) - _bend(our_along, joint, our_axis)
        local.append(rotations.from_axis_angle(our_axis.expand_as(axis), bend))
    return torch.stack(local, 2)


def _curl(along: Tensor) -> Tensor:
    """Normals (..., 3) of the plane in which fingers (..., 3, 3) curl; the more they curl, the longer."""
    normals: Tensor = torch.linalg.cross(along[..., :-1, :], along[..., 1:, :])
    return normals.sum(-2)


def _bend_axis(along: Tensor, row: Tensor) -> Tensor:
    """Unit axis (..., 3) about which fingers (..., 3, 3) bend, perpendicular to their first bone."""
    curl = _curl(along)
    forward = (curl * row).sum(-1, keepdim=True) > 0
    axis = row + _CURL_WEIGHT * torch.where(forward, curl, torch.zeros_like(curl))
    first = along[..., 0, :]
    return rotations.normalize(axis - (axis * first).sum(-1, keepdim=True) * first)


def _bend(along: Tensor, joint: int, axis: Tensor) -> Tensor:
    """Angle (...) by which a finger bends about `axis` (..., 3) between bone `joint` and the next."""
    before, after = along[..., joint, :], along[..., joint + 1, :]
    sine = (torch.linalg.cross(before, after) * axis).sum(-1)
    cosine = (before * after).sum(-1) - (before * axis).sum(-1) * (after * axis).sum(-1)
    return torch.atan2(sine, cosine)
