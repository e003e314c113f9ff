"""What may be known beside the keypoints: bone lengths, which way is down, and a detector's depth.

Each is optional, for the network and for its user, and each person has it or not. Here it becomes numbers
that are 0 wherever something is not known; training and inference call the same functions.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift import skeleton

BONE_NAMES: tuple[str, ...] = tuple(skeleton.LONG_BONES)
"""Names of the bone lengths, in order."""

TYPICAL_MM: dict[str, float] = {
    "left_upper_arm": 269.0,
    "right_upper_arm": 269.0,
    "left_forearm": 245.0,
    "right_forearm": 245.0,
    "left_thigh": 408.0,
    "right_thigh": 408.0,
    "left_shank": 419.0,
    "right_shank": 419.0,
    "shoulder_width": 343.0,
    "hip_width": 218.0,
    "trunk": 467.0,
    "head_width": 154.0,
}
"""Median lengths of the synthetic adults, at a stature of `TYPICAL_STATURE_MM`."""

TYPICAL_STATURE_MM = 1700.0

SPREAD_RANGE_DEG = (0.5, 30.0)
"""Range of the spread of a known gravity; a smaller or larger one counts as the nearest end."""

_RATIO_UNIT = 0.05
"""Usual log ratio of a bone length to the typical one; the features are in this unit."""
_SPREAD_UNIT_DEG = 5.0
_DEPTH_UNIT_MM = 250.0

BONE_FEATURES = 2 * len(BONE_NAMES) + 1
"""Log ratios to typical lengths, which of them are known, and whether they are relative to a known height."""
BONES_KNOWN = slice(len(BONE_NAMES), 2 * len(BONE_NAMES))
"""Those of these features that say which lengths are known."""
GRAVITY_FEATURES = 5
"""Direction in the virtual camera's axes, log spread, whether it is known."""
DEPTH_FEATURES = 2
"""Of each keypoint: the depth relative to the others, whether it is known."""


class Known(NamedTuple):
    """What is known of N people; NaN where it is not."""

    bone_lengths: Tensor | None = None
    """(N, 12) mm, in the order of `BONE_NAMES`."""
    gravity: Tensor | None = None
    """(N, 3) unit vectors in camera axes (x right, y down, z forward) that point down."""
    gravity_spread_deg: Tensor | None = None
    """(N,) how far, about, `gravity` is off: the standard deviation of its angle in each direction."""
    depth: Tensor | None = None
    """(N, 133) mm along the viewing direction, larger is farther away; from any origin."""


def long_bones(xyz: Tensor) -> Tensor:
    """Lengths (N, 12) of the `BONE_NAMES` of people (N, 133, 3)."""
    ends = torch.zeros(len(BONE_NAMES), skeleton.NUM_KEYPOINTS, dtype=xyz.dtype)
    for row, (start, end) in zip(ends, skeleton.LONG_BONES.values(), strict=True):
        row[list(start)] = 1 / len(start)
        row[list(end)] = -1 / len(end)
    bones: Tensor = (ends.to(xyz.device) @ xyz).norm(dim=-1)
    return bones


def bone_features(bone_lengths: Tensor, scale: Tensor | None) -> Tensor:
    """(N, BONE_FEATURES) of known lengths (N, 12) mm.

    scale: (N,) the person's height as a multiple of `TYPICAL_STATURE_MM`. Without it, or where it is NaN, the
    lengths say only how the body is proportioned: they are compared with each other.
    """
    known = bone_lengths.isfinite()
    typical = torch.tensor(list(TYPICAL_MM.values()), dtype=bone_lengths.dtype, device=bone_lengths.device)
    ratio = torch.where(known, (bone_lengths / typical).log(), 0)
    size = ratio.sum(-1, keepdim=True) / known.sum(-1, keepdim=True).clamp_min(1)
    relative_to_height = torch.zeros_like(known[:, :1])
    if scale is not None:
        relative_to_height = scale.isfinite()[:, None] & known.any(-1, keepdim=True)
        size = torch.where(relative_to_height, scale[:, None].log(), size)
    ratio = torch.where(known, ratio - size, 0) / _RATIO_UNIT
    return torch.cat((ratio, known.to(ratio), relative_to_height.to(ratio)), dim=-1)


def gravity_features(gravity: Tensor, spread_deg: Tensor, rotation: Tensor) -> Tensor:
    """(N, GRAVITY_FEATURES) of directions (N, 3) with spreads (N,), for a virtual camera turned by rotation
    (N, 3, 3)."""
    known = gravity.isfinite().all(-1, keepdim=True)
    down = torch.where(known, (rotation @ torch.where(known, gravity, 0)[..., None])[..., 0], 0)
    spread = (spread_deg.clamp(*SPREAD_RANGE_DEG) / _SPREAD_UNIT_DEG).log()[:, None]
    return torch.cat((down, torch.where(known, spread, 0), known.to(down)), dim=-1)


def depth_features(depth: Tensor, weights: Tensor) -> Tensor:
    """(N, 133, DEPTH_FEATURES) of depths (N, 133) mm, relative to their mean under weights (133,)."""
    known = depth.isfinite()
    depth = torch.where(known, depth, 0)
    weights = weights * known
    mean = (weights * depth).sum(-1, keepdim=True) / weights.sum(-1, keepdim=True).clamp_min(1e-6)
    relative = torch.where(known, depth - mean, 0) / _DEPTH_UNIT_MM
    return torch.stack((relative, known.to(relative)), dim=-1)


def scale_of(bone_lengths: Tensor, xyz: Tensor) -> Tensor:
    """(N,) the factor that gives people (N, 133, 3) their known bone lengths (N, 12); 1 if none is known."""
    known = bone_lengths.isfinite()
    wanted = torch.where(known, bone_lengths, 0).sum(-1)
    found = torch.where(known, long_bones(xyz), 0).sum(-1)
    return torch.where(known.any(-1), wanted / found.clamp_min(1e-6), 1)
