"""Filters over time, among which the network over time chooses, and what it is told to choose by.

Each filter fits a polynomial to a window of answers, weighted by their expected errors (Savitzky and Golay,
"Smoothing and differentiation of data by simplified least squares procedures", 1964), and says where a
keypoint is by it. Narrow windows follow fast movement, wide ones average more errors away.

Nothing depends on which side of the body is the left one, so that mirrored people are treated alike.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Floats
from wholebody_lift.skeleton import KEYPOINT_NAMES
from wholebody_lift.video.answers import GRID_FPS, KEYPOINTS, Grid
from wholebody_lift.viewpoint import MODERATE_SIZE


class Filter(NamedTuple):
    """One filter."""

    width: int
    """Steps of the grid in its window."""
    degree: int
    """Of its polynomial."""


CENTRED = tuple(
    Filter(*pair) for pair in ((3, 0), (7, 0), (15, 0), (31, 0), (61, 0), (7, 2), (15, 2), (31, 2))
)
"""Those of recordings; the window is around the step."""
CAUSAL = tuple(
    Filter(*pair)
    for pair in ((3, 0), (6, 0), (12, 0), (24, 0), (4, 1), (8, 1), (16, 1), (31, 1), (12, 2), (31, 2))
)
"""Those of running cameras; the window ends with the step."""
_MEANS = (7, 31)
"""Widths over which expected errors and what is observed are averaged."""
_WIDEST = max(one.width for one in (*CENTRED, *CAUSAL))

KINDS = list(dict.fromkeys(KEYPOINT_NAMES[i].removeprefix("left_").removeprefix("right_") for i in KEYPOINTS))
KIND: list[int] = [
    KINDS.index(KEYPOINT_NAMES[i].removeprefix("left_").removeprefix("right_")) for i in KEYPOINTS
]
"""For each of the J keypoints, which kind it is of `KINDS`: shoulder, elbow and so on, of either side."""

_USUAL_ERROR = 0.05
_RIDGE = 1e-3
_LEAST = 1e-9


def features_of(filters: tuple[Filter, ...]) -> int:
    """F, of what the network is told of a keypoint."""
    return 3 * len(filters) + 8 + 7


class Choice(NamedTuple):
    """What there is to choose from at G steps, in units of the person's size."""

    told: npt.NDArray[np.float32]
    """(G, J, F)"""
    moves: npt.NDArray[np.float32]
    """(G, J, E, 3) where each of E filters says that the keypoints are, less the answers."""


def choice(grid: Grid, size_mm: float, *, causal: bool, last: bool = False) -> Choice:
    """The choice at every step of the grid, or at the `last` one alone (G = 1).

    Steps that are not valid have no influence on others. Where `causal`, nothing depends on later steps.
    """
    a, filters = grid.answers, CAUSAL if causal else CENTRED
    at = slice(-1, None) if last else slice(None)
    xyz, valid = a.xyz / size_mm, grid.valid.astype(np.float64)[:, None]
    error = 0.5 * np.log(a.error_mm.clip(min=1.0) / size_mm / _USUAL_ERROR)  # (G, J)
    weights = valid * np.exp(-4 * error)
    windows = _Windows(xyz, weights, causal, at)
    fitted = [windows.fitted(one) for one in filters]
    moves = np.stack(fitted, axis=2) - xyz[at, :, None]  # (G, J, E, 3)
    both = np.stack((error, a.observed), axis=-1)
    evenly = _Windows(both, valid * np.ones_like(error), causal, at)
    flat = [evenly.fitted(Filter(n, 0)) for n in _MEANS]
    means = np.stack(flat, axis=-1)  # (G, J, 2, M)
    across, along = np.linalg.norm(moves[..., :2], axis=-1), moves[..., 2]
    columns = [
        3 * np.log1p(20 * across),
        np.tanh(10 * along),
        3 * np.log1p(20 * np.abs(along)),
        error[at, :, None],
        means[:, :, 0] - error[at, :, None],
        a.observed[at, :, None],
        means[:, :, 1],
        _off_the_picture(grid, size_mm)[at],
        np.repeat(_of_all(grid, size_mm)[at, None], len(KEYPOINTS), axis=1),
    ]
    told = np.concatenate(columns, axis=-1) * grid.valid[at, None, None]
    moves = moves * grid.valid[at, None, None, None]
    return Choice(told.astype(np.float32), moves.astype(np.float32))


class _Windows:
    """Weighted values (G, J, C) of which every filter sees windows, `at` some steps."""

    def __init__(self, values: Floats, weights: Floats, causal: bool, at: slice) -> None:
        beyond = ((_WIDEST, _WIDEST), (0, 0))
        self._steps = _WIDEST + np.arange(len(values))[at]
        self._weights = np.pad(weights, beyond)
        self._values = np.pad((weights[..., None] * values).reshape(len(values), -1), beyond)
        self._causal = causal

    def fitted(self, one: Filter) -> Floats:
        """(G, J, C) what a filter makes of them."""
        before = one.width - 1 if self._causal else one.width // 2
        places = np.arange(one.width) - before
        powers = (places[:, None] / max(before, 1)) ** np.arange(one.degree + 1)  # (n, D)
        seen = self._steps[:, None] + places  # (G, n)
        right = (powers.T @ self._values[seen]).reshape(len(seen), one.degree + 1, self._weights.shape[1], -1)
        products = (powers[:, :, None] * powers[:, None]).reshape(one.width, -1)
        sums = products.T @ self._weights[seen]  # (G, D D, J)
        if one.degree == 0:
            return np.asarray(right[:, 0] / np.maximum(sums[:, 0], _LEAST)[..., None])
        square = sums.swapaxes(1, 2).reshape(*sums.shape[::2], one.degree + 1, one.degree + 1)
        index = np.arange(1, one.degree + 1)
        square[..., index, index] += _RIDGE * square[..., :1, 0]
        square += _LEAST * np.eye(one.degree + 1)
        return np.asarray(np.linalg.solve(square, right.swapaxes(1, 2))[..., 0, :])


def _off_the_picture(grid: Grid, size_mm: float) -> Floats:
    """(G, J, 2) how far answers are from the keypoints in the picture: sideways, and downwards."""
    a = grid.answers
    placed = a.xyz + np.einsum("tij,tj->ti", a.rotation, a.root)[:, None]
    depth = placed[..., 2:].clip(min=0.1 * size_mm)
    off = placed[..., :2] / depth / a.angular_size[:, None, None] - a.canonical
    off = (5 * off * a.observed[..., None]).clip(-2, 2)
    return np.stack((np.abs(off[..., 0]), off[..., 1]), axis=-1)


def _of_all(grid: Grid, size_mm: float) -> Floats:
    """(G, 7) what all keypoints are told: face and hands seen, size in the picture, frame rate, movement."""
    a, valid = grid.answers, grid.valid
    from_the_last = (valid & np.roll(valid, 1) & (np.arange(len(valid)) > 0))[:, None]
    turned = a.rotation @ np.roll(a.rotation, 1, axis=0).swapaxes(1, 2)
    turn = np.stack([turned[:, 2, 1], turned[:, 0, 2], turned[:, 1, 0]], axis=1) * from_the_last
    moved = np.einsum("tij,tj->ti", a.rotation, a.root - np.roll(a.root, 1, axis=0)) * from_the_last
    moved = GRID_FPS * moved / size_mm / 3
    columns = (
        a.parts[:, 0],
        a.parts[:, 1:].mean(axis=1),
        np.log(a.angular_size / MODERATE_SIZE),
        np.log(grid.step_seconds * GRID_FPS),
        (2 * GRID_FPS * np.linalg.norm(turn, axis=1)).clip(max=2),
        np.linalg.norm(moved[:, :2], axis=1).clip(max=2),
        moved[:, 2].clip(-2, 2),
    )
    return np.stack(columns, axis=1)
