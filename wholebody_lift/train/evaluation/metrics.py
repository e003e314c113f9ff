"""Errors of lifted people, by the protocol of H3WB and by direction, bone lengths and calibration.

The protocol is that of Zhu, Samet, Picard, ICCV 2023. The distances take predicted and true keypoints (N,
133, 3) in mm and return a distance in mm for every person and keypoint, (N, 133), so that means can be taken
over any part.
"""

from typing import NamedTuple

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


def centred(xyz: Tensor, truth: Tensor, some: Tensor) -> Tensor:
    """As MPJPE, with the mean of some keypoints (N, 133) bool at the origin."""
    weight = some[..., None].to(xyz.dtype)
    off = xyz - truth
    return _length(off - (off * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True))


def scale_aligned(xyz: Tensor, truth: Tensor) -> Tensor:
    """N-MPJPE (Rhodin et al. 2018): as MPJPE, after the scale of each person that fits best."""
    xyz, truth = _at_root(xyz), _at_root(truth)
    scale = (xyz * truth).sum((1, 2)) / xyz.square().sum((1, 2)).clamp_min(1e-12)
    return _length(xyz * scale[:, None, None] - truth)


def procrustes_aligned(xyz: Tensor, truth: Tensor) -> Tensor:
    """PA-MPJPE: after the best similarity transform (rotation, scale, translation; no reflection)."""
    xyz = xyz - xyz.mean(1, keepdim=True)
    truth = truth - truth.mean(1, keepdim=True)
    u, s, vt = torch.linalg.svd(xyz.mT @ truth)
    sign = torch.ones_like(s)
    sign[:, 2] = torch.det(u @ vt).sign()
    rotation = (u * sign[:, None]) @ vt
    scale = (s * sign).sum(-1) / xyz.square().sum((1, 2)).clamp_min(1e-12)
    return _length((xyz @ rotation) * scale[:, None, None] - truth)


def part_aligned(xyz: Tensor, truth: Tensor) -> Tensor:
    """Faces with the nose at the origin and hands with their own root there; body and feet as in MPJPE."""
    distance = root_aligned(xyz, truth)
    anchors = {"face": skeleton.INDEX["nose"], **_HAND_ROOTS}
    offset = xyz - truth
    for name, anchor in anchors.items():
        part = skeleton.indices(name)
        distance[:, part] = _length(offset[:, part] - offset[:, anchor, None])
    return distance


class Protocol(NamedTuple):
    """The errors of H3WB's benchmark, and two that do not depend on scale; mm, (N,) each, or means over
    people."""

    whole: Tensor
    """MPJPE of all 133 keypoints, root-aligned."""
    body: Tensor
    """MPJPE of body and feet."""
    face: Tensor
    face_at_nose: Tensor
    """Face with the nose at the origin."""
    hands: Tensor
    hands_at_wrist: Tensor
    """Each hand with its own root at the origin."""
    n_mpjpe: Tensor
    """Over all keypoints, after the best scale of each person."""
    pa_mpjpe: Tensor
    """Over all keypoints, after the best similarity transform of each person."""


def protocol(xyz: Tensor, truth: Tensor) -> Protocol:
    """Errors of each person, means over the keypoints."""
    rooted, aligned = root_aligned(xyz, truth), part_aligned(xyz, truth)
    part = REPORTED_PARTS
    return Protocol(
        whole=rooted.mean(1),
        body=rooted[:, part["body"]].mean(1),
        face=rooted[:, part["face"]].mean(1),
        face_at_nose=aligned[:, part["face"]].mean(1),
        hands=rooted[:, part["hands"]].mean(1),
        hands_at_wrist=aligned[:, part["hands"]].mean(1),
        n_mpjpe=scale_aligned(xyz, truth).mean(1),
        pa_mpjpe=procrustes_aligned(xyz, truth).mean(1),
    )


def depth_and_across(xyz: Tensor, truth: Tensor, rays: Tensor) -> tuple[Tensor, Tensor]:
    """The root-aligned error along each keypoint's viewing ray and perpendicular to it, (N, 133) each.

    rays: (N, 133, 3) directions of any length from the camera to the true keypoints, in the keypoints' axes.
    The squares of the two errors add up to the square of `root_aligned`.
    """
    off = _at_root(xyz) - _at_root(truth)
    rays = torch.nn.functional.normalize(rays, dim=-1)
    depth = (off * rays).sum(-1)
    return depth.abs(), _length(off - depth[..., None] * rays)


def bone_lengths(xyz: Tensor) -> Tensor:
    """Lengths (..., E) in mm of `skeleton.EDGES` for keypoints (..., 133, 3)."""
    start, end = (list(ends) for ends in zip(*skeleton.EDGES, strict=True))
    return _length(xyz[..., end, :] - xyz[..., start, :])


def spread_percent(lengths: Tensor) -> Tensor:
    """How much a body's bone lengths differ between views: standard deviation divided by mean, percent.

    lengths: (B, V, E) mm, of B bodies lifted from V pictures of the same moment. Returns (B, E), which is 0
    if all views give a bone the same length.
    """
    return 100 * lengths.std(1, correction=0) / lengths.mean(1).clamp_min(1e-6)


TOLERANCE = 0.15
"""How far the ratio of predicted to actual errors may be from 1 to count as right."""


class Decile(NamedTuple):
    """Mean predicted and actual error, mm, of one tenth of a part's keypoints, ordered by predicted error."""

    part: str
    decile: int
    """1 (smallest predicted errors) to 10."""
    predicted: float
    actual: float

    @property
    def ratio(self) -> float:
        """Predicted over actual error: 1 is right, below 1 is overconfident."""
        return self.predicted / max(self.actual, 1e-6)

    @property
    def right(self) -> bool:
        """Whether the ratio is within `TOLERANCE` of 1."""
        return abs(self.ratio - 1) <= TOLERANCE


def calibration(predicted: Tensor, actual: Tensor) -> list[Decile]:
    """Deciles of each part, from predicted and actual errors (N, 133) in mm of at least two people."""
    deciles = []
    for part, keypoints in skeleton.PARTS.items():
        of_part = slice(keypoints.start, keypoints.stop)
        expected, true = predicted[:, of_part].flatten(), actual[:, of_part].flatten()
        for number, members in enumerate(expected.argsort().tensor_split(10), start=1):
            deciles.append(Decile(part, number, expected[members].mean().item(), true[members].mean().item()))
    return deciles


class CalibrationSummary(NamedTuple):
    """How well predicted errors match actual ones, over all parts and deciles."""

    mean_ratio: float
    """Mean ratio of predicted to actual error: above 1, predictions are too large, and below 1, too small."""
    mean_deviation: float
    """Mean absolute deviation of the ratio from 1."""
    worst: Decile
    """The decile whose ratio is farthest from 1, as a factor."""


def summary(deciles: list[Decile]) -> CalibrationSummary:
    """Summarise a calibration."""
    ratios = [decile.ratio for decile in deciles]
    return CalibrationSummary(
        mean_ratio=sum(ratios) / len(ratios),
        mean_deviation=sum(abs(ratio - 1) for ratio in ratios) / len(ratios),
        worst=max(deciles, key=lambda decile: max(decile.ratio, 1 / max(decile.ratio, 1e-6))),
    )
