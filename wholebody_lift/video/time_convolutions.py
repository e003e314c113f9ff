"""The network over time: what the answers of a window of frames say about the errors of each.

Residual blocks of dilated convolutions over time, as in Pavllo et al., "3D human pose estimation in video
with temporal convolutions and semi-supervised training", CVPR 2019; on whichever arrays the weights are:
numpy's where people are lifted, torch's where the network is trained.

    h = x W + b
    h = h + silu(conv(norm(h))) W2          for each dilation
    y = norm(h) W + b
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wholebody_lift._types import Array
from wholebody_lift.arrays import namespace
from wholebody_lift.video.answers import FEATURES, HIPS, KEYPOINTS

TAPS = 3
UNIT = 0.1
"""Corrections are in tenths of a person's size (`answers.size_of`)."""
_EPSILON = 1e-6


def shapes(channels: int, dilations: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """The shapes of the weights by name."""
    of_blocks = {
        f"blocks.{i}.{name}": shape
        for i in range(len(dilations))
        for name, shape in {
            "conv.weight": (TAPS * channels, channels),
            "conv.bias": (channels,),
            "out.weight": (channels, channels),
        }.items()
    }
    return {
        "input.weight": (FEATURES, channels),
        "input.bias": (channels,),
        **of_blocks,
        "output.weight": (channels, 3 * len(KEYPOINTS)),
        "output.bias": (3 * len(KEYPOINTS),),
    }


def reach(dilations: Sequence[int]) -> int:
    """How many steps before and after (or, for the causal form, half as many steps before) an answer sees."""
    return (TAPS // 2) * sum(dilations)


def correction(
    weights: Mapping[str, Array], told: Array, valid: Array, dilations: Sequence[int], *, causal: bool
) -> Array:
    """What to add to answers (N, G, J, 3), in units of a person's size, axes of the virtual cameras.

    told (N, G, F) are `answers.features`, valid (N, G) is 1 where they say something, else 0. The causal form
    depends on no later step.
    """
    mask = valid[..., None]
    h = (told @ weights["input.weight"] + weights["input.bias"]) * mask
    for i, dilation in enumerate(dilations):
        block = f"blocks.{i}."
        mixed = _taps(_norm(h) * mask, dilation, causal) @ weights[block + "conv.weight"]
        h = (h + _silu(mixed + weights[block + "conv.bias"]) @ weights[block + "out.weight"]) * mask
    y = (_norm(h) @ weights["output.weight"] + weights["output.bias"]) * mask
    moves = UNIT * y.reshape(*y.shape[:2], len(KEYPOINTS), 3)
    return moves - moves[:, :, HIPS].mean(2)[:, :, None]


def _taps(h: Array, dilation: int, causal: bool) -> Array:
    """(N, G, 3C): what a convolution sees of (N, G, C); zeros beyond the ends."""
    places = (2 * dilation, dilation, 0) if causal else (dilation, 0, -dilation)
    return namespace(h).concatenate([_later(h, steps) for steps in places], axis=-1)


def _later(h: Array, steps: int) -> Array:
    """(N, G, C) put off by some steps."""
    if steps == 0:
        return h
    xp = namespace(h)
    if abs(steps) >= h.shape[1]:
        return xp.zeros_like(h)
    if steps > 0:
        return xp.concatenate((xp.zeros_like(h[:, :steps]), h[:, :-steps]), axis=1)
    return xp.concatenate((h[:, -steps:], xp.zeros_like(h[:, :-steps])), axis=1)


def _norm(h: Array) -> Array:
    return h / namespace(h).sqrt((h * h).mean(-1)[..., None] + _EPSILON)


def _silu(h: Array) -> Array:
    return h / (1 + namespace(h).exp(-h))
