"""The input of the network, from keypoints in the canonical view; the same in training and inference."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift import skeleton
from wholebody_lift.known import Known, bone_features, depth_features, gravity_features
from wholebody_lift.viewpoint import KEYPOINT_WEIGHTS, MODERATE_SIZE, View

_SMALLEST_PART = 1e-3
"""A face or hand smaller than this fraction of the person has no usable shape."""

_LOCAL_PARTS = ("face", "left_hand", "right_hand")

KEYPOINT_COLUMNS = (
    "x",
    "y",
    "observed",
    "score",
    "parent distance",
    "parent distance known",
    "local x",
    "local y",
    "log local size",
)
"""The input features of each keypoint, in order."""

KEYPOINT_FEATURES = len(KEYPOINT_COLUMNS)

PERSON_FEATURES = 3
"""log angular size, camera given, camera assumed from the keypoints alone."""


class Features(NamedTuple):
    """Input of the network."""

    keypoints: Tensor
    """(N, 133, KEYPOINT_FEATURES)"""
    person: Tensor
    """(N, PERSON_FEATURES)"""
    bone_lengths: Tensor | None = None
    """(N, known.BONE_FEATURES), or None if no person's bone lengths are known; likewise the next two."""
    gravity: Tensor | None = None
    """(N, known.GRAVITY_FEATURES)"""
    depth: Tensor | None = None
    """(N, 133, known.DEPTH_FEATURES)"""

    def map(self, change: Callable[[Tensor], Tensor]) -> Features:
        """The same with every tensor changed."""
        return Features(*(None if values is None else change(values) for values in self))  # type: ignore[arg-type]


def _local_coordinates(canonical: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
    """Each part centred and scaled to unit size, so that fingers are as large as legs.

    Returns the coordinates (N, 133, 2) and the size that was divided out (N, 133), 1 for body and feet.
    """
    local, size = [], []
    for name, part in skeleton.PARTS.items():
        xy, seen = (
            x[:, part.start : part.stop] for x in (canonical, observed[..., None].to(canonical.dtype))
        )
        spread = torch.ones_like(xy[:, :1, :1])
        if name in _LOCAL_PARTS:
            count = seen.sum(1, keepdim=True).clamp_min(1)
            xy = (xy - (xy * seen).sum(1, keepdim=True) / count) * seen
            spread = ((xy**2).sum((1, 2), keepdim=True) / count).sqrt()
            spread = torch.where(spread > _SMALLEST_PART, spread, 1)
            xy = xy / spread
        local.append(xy)
        size.append(spread.expand(-1, len(part), -1))
    return torch.cat(local, dim=1), torch.cat(size, dim=1)[..., 0]


def _parent_distance(canonical: Tensor, observed: Tensor, size: Tensor) -> tuple[Tensor, Tensor]:
    """SemGAN's distance information: how far each keypoint is from its parent in 2D, (N, 133).

    In units of the part if both belong to the same one, else of the person; 0 if either is missing. The
    second result (N, 133) is True where the distance is known.
    """
    parents = torch.tensor(skeleton.PARENTS, device=canonical.device)

    def of_parent(values: Tensor) -> Tensor:
        return values.index_select(1, parents.clamp_min(0))

    known = observed & of_parent(observed) & (parents >= 0)
    distance = (canonical - of_parent(canonical)).norm(dim=-1)
    unit = torch.where(size == of_parent(size), size, 1)
    return torch.where(known, distance / unit, 0), known


def features(
    canonical: Tensor,
    scores: Tensor,
    observed: Tensor,
    view: View,
    camera_given: Tensor,
    size_given: Tensor,
    known: Known | None = None,
    scale: Tensor | None = None,
) -> Features:
    """The input of the network.

    canonical (N, 133, 2) and view from `canonical_view`; scores (N, 133) in 0..1; observed (N, 133) bool;
    camera_given and size_given (N,) bool: whether K is known, and whether at least the image size is; scale
    (N,): the person's height as a multiple of `known.TYPICAL_STATURE_MM`, where it is known.
    """
    local, size = _local_coordinates(canonical, observed)
    distance, has_distance = _parent_distance(canonical, observed, size)
    dtype = canonical.dtype
    score = torch.where(observed, scores.to(dtype), 0)
    columns = (observed.to(dtype), score, distance, has_distance.to(dtype))
    keypoints = torch.cat((canonical, torch.stack(columns, dim=-1), local, size.log()[..., None]), dim=-1)
    person = torch.stack(
        ((view.angular_size / MODERATE_SIZE).log(), camera_given.to(dtype), (~size_given).to(dtype)), dim=-1
    )
    if known is None:
        return Features(keypoints, person)
    bones, gravity, spread, depth = known
    return Features(
        keypoints,
        person,
        None if bones is None else bone_features(bones, scale).to(dtype),
        None
        if gravity is None or spread is None
        else gravity_features(gravity, spread, view.rotation).to(dtype),
        None if depth is None else depth_features(depth, depth.new_tensor(KEYPOINT_WEIGHTS)).to(dtype),
    )
