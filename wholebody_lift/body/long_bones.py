"""Measures the lengths of `skeleton.LONG_BONES` in poses."""

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
