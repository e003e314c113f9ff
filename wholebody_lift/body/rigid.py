"""Rigid bodies: axes from their keypoints, and the rotation that fits a shape to points best.

Pure functions of arrays over time T, of points P, in any unit and any right-handed axes.
"""

from __future__ import annotations

import numpy as np

from wholebody_lift._types import Floats


def unit(x: Floats) -> Floats:
    """Vectors (..., C) at length 1; zero stays zero."""
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    return np.asarray(x / np.maximum(length, np.finfo(np.float64).tiny))


def axes(first: int, primary: Floats, second: int, secondary: Floats) -> Floats:
    """Rotations (T, 3, 3) that take axis `first` along `primary` (T, 3) and `second` towards `secondary`."""
    sign = 1.0 if (second - first) % 3 == 1 else -1.0
    third = 3 - first - second
    columns = np.empty((len(primary), 3, 3))
    columns[..., first] = unit(primary)
    columns[..., third] = sign * unit(np.cross(primary, secondary))
    columns[..., second] = sign * np.cross(columns[..., third], columns[..., first])
    return columns


def fit(shape: Floats, points: Floats) -> Floats:
    """Rotations (T, 3, 3) about the origin that bring a shape (P, 3) closest to points (T, P, 3).

    Closest is the least sum of squared distances (Kabsch 1976).
    """
    u, _, vt = np.linalg.svd(points.swapaxes(-1, -2) @ shape)
    u[..., -1] *= np.sign(np.linalg.det(u @ vt))[:, None]
    return np.asarray(u @ vt)
