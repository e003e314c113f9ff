"""Geometry that is written once for numpy arrays and torch tensors.

torch gives the functions, methods and arguments that it shares with numpy the same names. Code that keeps to
those works on either; it needs no torch for numpy arrays, and can be traced and differentiated for tensors.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Array, Floats

if TYPE_CHECKING:
    from torch import Tensor


def namespace(array: npt.NDArray[Any] | Tensor) -> Any:
    """numpy or torch: the functions for this array."""
    return np if isinstance(array, np.ndarray) else sys.modules["torch"]


def constant(values: npt.ArrayLike, like: Array) -> Array:
    """The values as an array of the same kind as `like`, in its precision and on its device."""
    if isinstance(like, np.ndarray):
        return np.asarray(values, dtype=like.dtype)
    return namespace(like).tensor(values, dtype=like.dtype, device=like.device)


def homogeneous(points: Array) -> Array:
    """Points (..., D) with a 1 behind their coordinates, (..., D + 1)."""
    xp = namespace(points)
    return xp.concatenate((points, xp.ones_like(points[..., :1])), axis=-1)


def extent(points: Floats) -> Floats:
    """(..., D) how far points (..., P, D), NaN where missing, reach along each axis; -inf where all are."""
    seen = ~np.isnan(points)
    return np.asarray(
        np.where(seen, points, -np.inf).max(axis=-2) - np.where(seen, points, np.inf).min(axis=-2)
    )


def unit(vectors: Array) -> Array:
    """Vectors (..., D) at unit length; those of length 0 stay 0."""
    length = namespace(vectors).linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / length.clip(min=1e-12)
