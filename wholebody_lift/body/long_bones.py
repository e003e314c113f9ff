"""The lengths of `skeleton.LONG_BONES` in poses, and the median of such measures over time."""

from __future__ import annotations

import numpy as np

from wholebody_lift._types import AnyFloats, Floats
from wholebody_lift.skeleton import LONG_BONES


def lengths(xyz: Floats) -> Floats:
    """(T, 12) mm, of poses (T, 133, 3)."""
    ends = [
        xyz[:, list(start)].mean(axis=1) - xyz[:, list(end)].mean(axis=1)
        for start, end in LONG_BONES.values()
    ]
    return np.asarray(np.linalg.norm(np.stack(ends, axis=1), axis=-1))


def weights(error_mm: AnyFloats) -> Floats:
    """(T, 12) how much each length counts: inverse variances, from expected errors (T, 133) in mm."""
    variance = error_mm.astype(np.float64) ** 2
    of_bones = [variance[:, [*start, *end]].mean(axis=1) for start, end in LONG_BONES.values()]
    return np.asarray(1 / np.maximum(np.stack(of_bones, axis=1), 1e-6))


def weighted_median(values: Floats, weights: Floats) -> Floats:
    """Weighted median (M,) over time of values (T, M) with weights (T, M)."""
    order = np.argsort(values, axis=0)
    cumulated = np.cumsum(np.take_along_axis(weights, order, axis=0), axis=0)
    middle = (cumulated >= cumulated[-1] / 2).argmax(axis=0)
    return np.asarray(np.take_along_axis(values, order, axis=0)[middle, np.arange(values.shape[1])])
