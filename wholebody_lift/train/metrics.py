"""Errors of lifted people, as in the protocol of H3WB (Zhu, Samet, Picard, ICCV 2023).

Everything takes predicted and true keypoints (N, 133, 3) in mm and gives one distance in mm for every person
and keypoint, (N, 133), so that means can be taken over any part.
"""

import torch
from torch import Tensor

from wholebody_lift import skeleton

REPORTED_PARTS: dict[str, list[int]] = {
    "whole": list(range(skeleton.NUM_KEYPOINTS)),
    "body": skeleton.indices("body", "feet"),
    "face": skeleton.indices("face"),
    "hands": skeleton.indices("left_hand", "right_hand"),
}
"""The protocol's parts: body with feet (0-22), face (23-90), both hands (91-132)."""

_HAND_ROOTS = {name: skeleton.INDEX[f"{name}_root"] for name in ("left_hand", "right_hand")}


def _at_root(xyz: Tensor) -> Tensor:
    return xyz - xyz[:, list(skeleton.ROOT)].mean(1, keepdim=True)


def _length(vectors: Tensor) -> Tensor:
    return vectors.square().sum(-1).sqrt()


def root_aligned(xyz: Tensor, truth: Tensor) -> Tensor:
    """MPJPE: both with the midpoint of the hips at the origin."""
    return _length(_at_root(xyz) - _at_root(truth))


def scale_aligned(xyz: Tensor, truth: Tensor) -> Tensor:
    """N-MPJPE (Rhodin et al. 2018): as MPJPE, after the scale of each person that fits best."""
    xyz, truth = _at_root(xyz), _at_root(truth)
    scale = (xyz * truth).sum((1, 2)) / xyz.square().sum((1, 2)).clamp_min(1e-12)
    return _length(xyz * scale[:, None, None] - truth)


def procrustes_aligned(xyz: Tensor, truth: Tensor) -> Tensor:
    """PA-MPJPE: after the similarity (rotation, scale, translation; no mirror) that fits best."""
    xyz = xyz - xyz.mean(1, keepdim=True)
    truth = truth - truth.mean(1, keepdim=True)
    u, s, vt = torch.linalg.svd(xyz.mT @ truth)
    sign = torch.ones_like(s)
    sign[:, 2] = torch.det(u @ vt).sign()
    rotation = (u * sign[:, None]) @ vt
    scale = (s * sign).sum(-1) / xyz.square().sum((1, 2)).clamp_min(1e-12)
    return _length((xyz @ rotation) * scale[:, None, None] - truth)


def part_aligned(xyz: Tensor, truth: Tensor) -> Tensor:
    """Face with the nose at the origin, hands with their own root there; body and feet as in MPJPE."""
    distance = root_aligned(xyz, truth)
    anchors = {"face": skeleton.INDEX["nose"], **_HAND_ROOTS}
    offset = xyz - truth
    for name, anchor in anchors.items():
        part = skeleton.indices(name)
        distance[:, part] = _length(offset[:, part] - offset[:, anchor, None])
    return distance
