"""From 2D keypoints to the input of the network, and from its output back to the camera.

The canonical view makes one network serve every camera: keypoints become viewing rays, a virtual camera
turns towards the person (a rotation of rays, exact, unlike a crop), and the person is scaled to unit size.
Training and inference call the same functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift import camera, skeleton
from wholebody_lift.known import Known, bone_features, depth_features, gravity_features

MODERATE_SIZE = 0.1
"""Spread on the image plane of a standing adult 5 m away.

Assumed if neither K nor the image size is known."""

_NEAREST_RAY = 0.05
"""Smallest cosine between a ray and the viewing axis: nothing is visible at right angles to it."""

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


def _keypoint_weights() -> tuple[float, ...]:
    """Weight of each keypoint in a person's centre and size.

    Each body keypoint weighs as much as all feet, half the face or a whole hand, so that dense parts do
    not dominate.
    """
    total = {"body": 17.0, "feet": 1.0, "face": 2.0, "left_hand": 1.0, "right_hand": 1.0}
    return tuple(total[name] / len(part) for name, part in skeleton.PARTS.items() for _ in part)


KEYPOINT_WEIGHTS = _keypoint_weights()


class View(NamedTuple):
    """The virtual camera of each person, and the size that was divided out."""

    rotation: Tensor
    """(N, 3, 3), from camera axes to the virtual camera's."""
    angular_size: Tensor
    """(N,), spread of the person on the virtual camera's image plane: the strength of the perspective."""


class Features(NamedTuple):
    """Input of the network."""

    keypoints: Tensor
    """(N, 133, KEYPOINT_FEATURES)"""
    person: Tensor
    """(N, PERSON_FEATURES)"""
    bone_lengths: Tensor | None = None
    """(N, known.BONE_FEATURES), or None if nobody's are known; likewise the others."""
    gravity: Tensor | None = None
    """(N, known.GRAVITY_FEATURES)"""
    depth: Tensor | None = None
    """(N, 133, known.DEPTH_FEATURES)"""

    def map(self, change: Callable[[Tensor], Tensor]) -> Features:
        """The same with every tensor changed."""
        return Features(*(None if values is None else change(values) for values in self))  # type: ignore[arg-type]


def weights_of(observed: Tensor, dtype: torch.dtype) -> Tensor:
    """Weight of every keypoint, (N, 133): 0 where it is not observed."""
    return observed * torch.tensor(KEYPOINT_WEIGHTS, dtype=dtype, device=observed.device)


def _weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Mean over keypoints of (N, 133, D) under weights (N, 133): (N, D)."""
    return (weights[..., None] * values).sum(1) / weights.sum(1, keepdim=True)


def intrinsics_from_keypoints(xy: Tensor, observed: Tensor) -> Tensor:
    """K (N, 3, 3) assumed from the keypoints alone, (N, 133, 2) pixels: centred on each person.

    The focal length is such that the person is as large as a standing adult 5 m away.
    """
    xy = torch.where(observed[..., None], xy, 0)
    weights = weights_of(observed, xy.dtype)
    centre = _weighted_mean(xy, weights)
    spread = _weighted_mean(((xy - centre[:, None]) ** 2).sum(-1, keepdim=True), weights).sqrt()[:, 0]
    return camera.intrinsics(spread / MODERATE_SIZE, centre)


def canonical_view(plane: Tensor, observed: Tensor) -> tuple[Tensor, View]:
    """Points on the image plane (N, 133, 2) as the virtual camera sees them, at unit size.

    Keypoints that are not observed (N, 133) are 0 in the result and have no influence on the others.
    """
    weights = weights_of(observed, plane.dtype)
    rays = torch.nn.functional.pad(torch.where(observed[..., None], plane, 0), (0, 1), value=1.0)
    directions = torch.nn.functional.normalize(rays, dim=-1)
    rotation = camera.look_at(_weighted_mean(directions, weights))
    turned = directions @ rotation.mT
    seen = turned[..., :2] / turned[..., 2:].clamp_min(_NEAREST_RAY)
    size = _weighted_mean((seen**2).sum(-1, keepdim=True), weights).sqrt().clamp_min(1e-6)
    canonical = torch.where(observed[..., None], seen / size[:, None], 0)
    return canonical, View(rotation, size[:, 0])


def from_canonical_view(canonical: Tensor, observed: Tensor, view: View) -> Tensor:
    """Inverse of `canonical_view`: points on the real camera's image plane (N, 133, 2)."""
    rays = torch.nn.functional.pad(canonical * view.angular_size[:, None, None], (0, 1), value=1.0)
    back = rays @ view.rotation
    return torch.where(observed[..., None], back[..., :2] / back[..., 2:], 0)


def to_camera_axes(xyz: Tensor, view: View) -> Tensor:
    """Turn (N, 133, 3) from the virtual camera's axes into the real camera's."""
    return xyz @ view.rotation


def to_virtual_axes(xyz: Tensor, view: View) -> Tensor:
    """Turn (N, 133, 3) from the real camera's axes into the virtual camera's."""
    return xyz @ view.rotation.mT


def _local_coordinates(canonical: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
    """Each part centred and scaled to unit size, so that fingers are as large as legs.

    Returns the coordinates (N, 133, 2) and the size that was divided out (N, 133), 1 for body and feet.
    """
    local, size = canonical.clone(), torch.ones_like(canonical[..., 0])
    for name in _LOCAL_PARTS:
        part = slice(skeleton.PARTS[name].start, skeleton.PARTS[name].stop)
        seen = observed[:, part, None].to(canonical.dtype)
        count = seen.sum(1, keepdim=True).clamp_min(1)
        centred = (canonical[:, part] - (canonical[:, part] * seen).sum(1, keepdim=True) / count) * seen
        spread = ((centred**2).sum((1, 2), keepdim=True) / count).sqrt()
        spread = torch.where(spread > _SMALLEST_PART, spread, 1)
        local[:, part] = centred / spread
        size[:, part] = spread[..., 0]
    return local, size


def _parent_distance(canonical: Tensor, observed: Tensor, size: Tensor) -> tuple[Tensor, Tensor]:
    """SemGAN's distance information: how far each keypoint is from its parent in 2D, (N, 133).

    In units of the part if both belong to the same one, else of the person; 0 if either is missing. The
    second result (N, 133) is True where the distance is known.
    """
    parents = torch.tensor(skeleton.PARENTS, device=canonical.device)
    known = observed & observed[:, parents] & (parents >= 0)
    distance = (canonical - canonical[:, parents]).norm(dim=-1)
    unit = torch.where(size == size[:, parents], size, 1)
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
    keypoints = torch.stack(
        (
            *canonical.unbind(-1),
            observed.to(dtype),
            torch.where(observed, scores.to(dtype), 0),
            distance,
            has_distance.to(dtype),
            *local.unbind(-1),
            size.log(),
        ),
        dim=-1,
    )
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
