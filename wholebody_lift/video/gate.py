"""The network over time: how far each keypoint follows each of the filters over time.

On whichever arrays the weights are: numpy's where people are lifted, torch's where the network is trained.

    h = silu(x A + a)                     of every keypoint x; a by its kind
    h = silu(h B + mean(h) C + b)         mean over the keypoints
    y = sum over filters of (h D + d) m   m: the moves that the filters say
"""

from __future__ import annotations

from collections.abc import Mapping

from wholebody_lift._types import Array
from wholebody_lift.arrays import namespace
from wholebody_lift.skeleton import ROOT
from wholebody_lift.video.answers import KEYPOINTS
from wholebody_lift.video.time_filters import KIND, KINDS, Filter, features_of

_AXES = 2
"""Across the picture, and in depth: a filter may be good for one and not for the other."""
_HIPS = [KEYPOINTS.index(i) for i in ROOT]


def shapes(channels: int, filters: tuple[Filter, ...]) -> dict[str, tuple[int, ...]]:
    """The shapes of the weights by name."""
    return {
        "keypoint.weight": (features_of(filters), channels),
        "keypoint.bias": (len(KINDS), channels),
        "mix.weight": (channels, channels),
        "mix.person": (channels, channels),
        "mix.bias": (channels,),
        "follow.weight": (channels, _AXES * len(filters)),
        "follow.bias": (_AXES * len(filters),),
    }


def move(weights: Mapping[str, Array], told: Array, moves: Array) -> Array:
    """(G, J, 3) what to add to the answers, from `time_filters.Choice`; the hips stay at the origin."""
    h = _silu(told @ weights["keypoint.weight"] + weights["keypoint.bias"][KIND])
    person = h.mean(1)[:, None]
    h = _silu(h @ weights["mix.weight"] + person @ weights["mix.person"] + weights["mix.bias"])
    follow = h @ weights["follow.weight"] + weights["follow.bias"]
    follow = follow.reshape(*moves.shape[:3], _AXES)  # (G, J, E, 2)
    across, along = follow[..., :1] * moves[..., :2], follow[..., 1:] * moves[..., 2:]
    moved = namespace(told).concatenate((across.sum(2), along.sum(2)), axis=-1)
    return moved - moved[:, _HIPS].mean(1)[:, None]


def _silu(h: Array) -> Array:
    return h / (1 + namespace(h).exp(-h.clip(min=-60)))
