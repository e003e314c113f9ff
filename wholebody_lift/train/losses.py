"""The losses of training. Lengths are in mm unless a name says otherwise."""

import functools
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift import skeleton
from wholebody_lift.model import Prediction

INFERRED_WEIGHT = 0.5
"""Weight of a keypoint that was not given to the network, relative to one that was."""


SHARPNESS_MM = 80.0
"""Expected error, about the mean over training, at which `sharpness` leaves a keypoint's weight unchanged."""


class Losses(NamedTuple):
    """The terms of the loss, each a scalar."""

    pose: Tensor
    """Mean distance per part (body with feet, face, hands), averaged over the parts; mm."""
    local: Tensor
    """The same for face and hands, relative to the keypoint that they are attached to; mm."""
    error: Tensor
    """Mismatch of expected and actual errors (negative exponential log-likelihood)."""
    normal: Tensor
    """Distance between unit normals of the planes of the four limbs (SemGAN); 0..2."""
    bone: Tensor
    """Mean difference of the lengths of the skeleton's edges (SemGAN); mm."""


class LossWeights(NamedTuple):
    """Weight of each term in the sum."""

    pose: float = 1.0
    local: float = 2.0
    error: float = 5.0
    normal: float = 20.0
    bone: float = 0.5


def losses(prediction: Prediction, target: Tensor, observed: Tensor, sharpness: float = 0.0) -> Losses:
    """Compare a prediction with the truth (N, 133, 3); observed (N, 133) bool.

    sharpness: distances are weighted by the expected error to the power of minus this (0: equally), so that
        people whose pose is clear are not drowned by ambiguous ones (Seitzer et al., ICLR 2022).
    """
    weight = torch.where(observed, 1.0, INFERRED_WEIGHT)
    sharp = (SHARPNESS_MM / prediction.error_mm.detach().clamp_min(1.0)).pow(sharpness).clamp(0.2, 5.0)
    distance = (prediction.xyz - target).norm(dim=-1)
    parts = [
        _keypoints(tuple(skeleton.indices(*names)), target.device)
        for names in (("body", "feet"), ("face",), ("left_hand", "right_hand"))
    ]
    pose = torch.stack([_mean((sharp * distance)[:, part], weight[:, part]) for part in parts]).mean()
    return Losses(
        pose=pose,
        local=_local(prediction.xyz, target, weight, sharp),
        error=_mean(prediction.error_mm.log() + distance.detach() / prediction.error_mm, weight),
        normal=_normal(prediction.xyz, target),
        bone=_bone(prediction.xyz, target, weight),
    )


def weighted_sum(terms: Losses, weights: LossWeights) -> Tensor:
    """The loss itself."""
    return torch.stack([weight * term for term, weight in zip(terms, weights, strict=True)]).sum()


@functools.cache
def _keypoints(numbers: tuple[int, ...], device: torch.device) -> Tensor:
    """Indices of keypoints, kept on a device; with a list instead, the host would wait for the GPU."""
    return torch.tensor(numbers, device=device)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean of (N, M) per person, then over people, so that a team's shares of a batch average
    correctly."""
    return ((values * weight).sum(1) / weight.sum(1)).mean()


def _local(xyz: Tensor, target: Tensor, weight: Tensor, sharp: Tensor) -> Tensor:
    terms = []
    for name, part_root in skeleton.PART_ROOTS.items():
        part = _keypoints(tuple(skeleton.indices(name)), xyz.device)
        offset = (xyz - target)[:, part] - (xyz - target)[:, part_root, None]
        terms.append(_mean(sharp[:, part] * offset.norm(dim=-1), weight[:, part]))
    face, left_hand, right_hand = terms
    return (face + (left_hand + right_hand) / 2) / 2


def _limb_planes(xyz: Tensor) -> tuple[Tensor, Tensor]:
    """Unit normal (N, 4, 3) and sine of the bend (N, 4) of each limb's plane."""
    start, middle, end = (
        xyz[:, _keypoints(points, xyz.device)] for points in zip(*skeleton.LIMBS, strict=True)
    )
    upper = torch.nn.functional.normalize(middle - start, dim=-1)
    lower = torch.nn.functional.normalize(end - middle, dim=-1)
    cross = torch.linalg.cross(upper, lower)
    sine = (cross.square().sum(-1) + 1e-8).sqrt()
    return cross / sine[..., None], sine


def _normal(xyz: Tensor, target: Tensor) -> Tensor:
    """Distance of unit normals. A straight limb has no plane, so each limb is weighted by how much it is
    truly bent."""
    normal, _ = _limb_planes(xyz)
    true_normal, bend = _limb_planes(target)
    return (bend * (normal - true_normal).square().sum(-1).add(1e-8).sqrt()).mean()


def _bone(xyz: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    parents, children = (_keypoints(ends, xyz.device) for ends in zip(*skeleton.TREE_EDGES, strict=True))

    def lengths(points: Tensor) -> Tensor:
        return (points[:, children] - points[:, parents]).square().sum(-1).add(1e-6).sqrt()

    return _mean((lengths(xyz) - lengths(target)).abs(), weight[:, children])
