"""Filters over time, one for whole recordings and one for live use, and their cut-off frequencies.

Numpy arrays in any unit, over time T, keypoints K and channels C. Both filters handle missing values, and
neither mixes keypoints or channels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Floats, Mask
from wholebody_lift.skeleton import KEYPOINT_NAMES, PART_ROOTS, PARTS


class Rate(NamedTuple):
    """Cut-off frequencies of a kind of keypoint, in Hz."""

    image: float
    """Of the offline filter on the 2D keypoints."""
    space: float
    """Of the offline filter on the 3D keypoints."""
    live: float
    """Of the live filter on the 3D keypoints, at rest."""


RATES: dict[str, Rate] = {
    "trunk": Rate(image=6.0, space=2.0, live=1.0),
    "limbs": Rate(image=6.0, space=2.5, live=1.5),
    "ends": Rate(image=6.0, space=3.0, live=1.5),
    "face": Rate(image=8.0, space=3.0, live=3.0),
    "hands": Rate(image=8.0, space=3.5, live=3.0),
}
"""Rates by kind of keypoint; wrists, ankles and feet are "ends"; the head belongs to the trunk. In 3D, face
and hands are smoothed relative to nose and wrists. Chosen on recordings of the validation split, see
docs/sequences.md."""

PATH = Rate(image=4.0, space=0.5, live=1.0)
"""Rates of the position of the root: `image` for its direction from the camera, `space` for its distance. The
root of a hand or a face in close-up may be beside the camera or behind it."""

_NEAREST_MM = 1.0
"""Least distance of the root: at the camera itself it has no direction."""

LIVE_GAIN = 2.0
"""Rise of the live filter's cut-off, in Hz for each metre per second."""

_KIND_OF_NAME = {
    "elbow": "limbs",
    "knee": "limbs",
    "wrist": "ends",
    "ankle": "ends",
    "heel": "ends",
    "toe": "ends",
}
_KIND_OF_PART = {"face": "face", "left_hand": "hands", "right_hand": "hands"}


def _kind(part: str, name: str) -> str:
    return _KIND_OF_PART.get(part) or _KIND_OF_NAME.get(name.rsplit("_", 1)[-1], "trunk")


RATE_OF_KEYPOINT: tuple[str, ...] = tuple(
    _kind(part, KEYPOINT_NAMES[i]) for part, members in PARTS.items() for i in members
)
"""For each of the 133 keypoints its name in `RATES`."""


def rates(field: str) -> Floats:
    """One field of `Rate` for every keypoint, (133,)."""
    return np.array([getattr(RATES[kind], field) for kind in RATE_OF_KEYPOINT])


ATTACHED = [(i, anchor) for part, anchor in PART_ROOTS.items() for i in PARTS[part]]
"""Each keypoint of a face or a hand, and the one that it hangs on."""
_MEMBERS, _ANCHORS = (list(column) for column in zip(*ATTACHED, strict=True))


def apart(xyz: Floats) -> Floats:
    """(..., 133, C) with face and hands relative to the nose and the wrists.

    Each is then smoothed at its own rate and still follows the smoothed body.
    """
    parts = np.array(xyz)
    parts[..., _MEMBERS, :] -= xyz[..., _ANCHORS, :]
    return parts


def together(parts: Floats) -> Floats:
    """Inverse of `apart`."""
    xyz = np.array(parts)
    xyz[..., _MEMBERS, :] += parts[..., _ANCHORS, :]
    return xyz


def polar(places: Floats) -> tuple[Floats, Floats]:
    """Unit vectors (..., 3) from the camera to places (..., 3) mm, and their distances (...,) mm."""
    distance = np.maximum(np.linalg.norm(places, axis=-1), _NEAREST_MM)
    return places / distance[..., None], distance


def from_polar(directions: Floats, distance: Floats) -> Floats:
    """Inverse of `polar`, for directions (..., 3) of any length."""
    length = np.linalg.norm(directions, axis=-1)
    return np.asarray(directions * (distance / np.maximum(length, 1e-12))[..., None])


# ---------------------------------------------------------------------------------------------- offline

_RIDGE = 1e-9
"""Pulls values that no observation determines towards the mean, so that the equations have a solution."""
_STIFFEST = 1e12
"""Greatest lambda of `low_pass`. It smooths over thousands of values; beyond it, double precision no longer
solves the equations."""
_AT_ONCE = 32
"""Keypoints that are smoothed at a time, which bounds the memory."""


def low_pass(values: npt.ArrayLike, weights: npt.ArrayLike, cutoff_hz: npt.ArrayLike, fps: float) -> Floats:
    """Smooth evenly spaced values (T, K, C) without delay, and fill in those without weight; float64.

    The smoother of Whittaker (1923; Eilers 2003, "A perfect smoother"): for every keypoint and channel, the z
    that minimises sum_t w_t (y_t - z_t)^2 + lambda sum_t (z_t-1 - 2 z_t + z_t+1)^2. With all weights 1 its
    amplitude response is 1 / (1 + lambda (2 sin(pi f / fps))^4), nearly that of a Butterworth filter of
    second order run forwards and backwards. lambda puts 1/sqrt(2), that is -3 dB, at the cut-off. Straight
    lines pass unchanged. Beyond half the frame rate lambda falls on, with the fourth power of the cut-off;
    for cut-offs under about 1/8000 of the frame rate it rises no further.

    Args:
        values: (T, K, C); those without weight are ignored and may be NaN.
        weights: (T, K), 0 or more; half the weight means twice the variance.
        cutoff_hz: (K,) or a number, over 0, at weight 1.
        fps: values per second.

    Returns:
        (T, K, C); NaN where a keypoint has no weight at any time.
    """
    y, w = np.asarray(values), np.asarray(weights)
    stiffness = np.broadcast_to(_stiffness(np.asarray(cutoff_hz, dtype=np.float64), fps), w.shape[1:])
    smooth = np.empty(y.shape)
    for start in range(0, w.shape[1], _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        smooth[:, part] = _smoothed(
            y[:, part].astype(np.float64), w[:, part].astype(np.float64), stiffness[part]
        )
    return smooth


def _smoothed(y: Floats, w: Floats, stiffness: Floats) -> Floats:
    """`low_pass` of values (T, K, C), weights (T, K) and lambda (K,)."""
    known = w > 0
    total = w.sum(axis=0)  # (K,)
    y = np.where(known[..., None], y, 0)
    with np.errstate(invalid="ignore"):
        mean = (w[..., None] * y).sum(axis=0) / total[:, None]  # (K, C)
    deviation = np.where(known[..., None], y - mean, 0)
    stiffness = np.where(known.sum(axis=0) > 1, stiffness, 0)  # one value is the mean: nothing to solve
    return np.asarray(mean + _solve(w + _RIDGE, stiffness, w[..., None] * deviation))


def _stiffness(cutoff_hz: Floats, fps: float) -> Floats:
    """lambda of `low_pass`."""
    within = np.minimum(cutoff_hz, fps / 2)
    at_cutoff = (2 * np.sin(np.pi * within / fps)) ** 4
    return np.asarray(((math.sqrt(2) - 1) / at_cutoff * (within / cutoff_hz) ** 4).clip(max=_STIFFEST))


def _solve(weights: Floats, stiffness: Floats, right: Floats) -> Floats:
    """x (T, K, C) of (W + lambda D'D) x = right, with D the second differences; by L d L' along the band."""
    steps = len(weights)
    square = np.zeros((3, steps))  # D'D: its diagonal and the two beside it
    for start in range(steps - 2):
        square[0, start : start + 3] += (1, 4, 1)
        square[1, start : start + 2] += (-2, -2)
        square[2, start] += 1
    pivot, below, second = (np.zeros_like(weights) for _ in range(3))
    x = np.array(right)
    for t in range(steps):
        pivot[t] = weights[t] + stiffness * square[0, t]
        below[t], second[t] = stiffness * square[1, t], stiffness * square[2, t]
        if t > 0:
            pivot[t] -= pivot[t - 1] * below[t - 1] ** 2
            below[t] -= pivot[t - 1] * below[t - 1] * second[t - 1]
            x[t] -= below[t - 1, :, None] * x[t - 1]
        if t > 1:
            pivot[t] -= pivot[t - 2] * second[t - 2] ** 2
            x[t] -= second[t - 2, :, None] * x[t - 2]
        below[t] /= pivot[t]
        second[t] /= pivot[t]
    x /= pivot[..., None]
    for t in reversed(range(steps)):
        if t < steps - 1:
            x[t] -= below[t, :, None] * x[t + 1]
        if t < steps - 2:
            x[t] -= second[t, :, None] * x[t + 2]
    return x


OUTLIER_SECONDS = 0.1
"""Keypoints are compared with where they are at most this long before and after."""
OUTLIER_SPREADS, OUTLIER_LEAST = 4.0, 0.015
"""An outlier is farther from the median than this many times the median distance from it, and than this
share of the person's size."""
_COMPARED = 2**14
"""Frames times their neighbours that are compared at a time, which bounds the memory."""


def outliers(xy: Floats, fps: float) -> Mask:
    """Keypoints (T, K) of one person that jump away and back, as when a detector confuses left and right.

    Hampel's identifier (1974): what is far from the median of its neighbours in time, compared with how far
    these are. Something that moves fast has neighbours that are far away.

    Args:
        xy: (T, K, 2) pixels; NaN where missing.
        fps: frames per second; below 20, neighbours are too far apart to tell, and nothing is an outlier.
    """
    known = ~np.isnan(xy[..., 0])
    half = int(OUTLIER_SECONDS * fps + 1e-6)
    found = np.zeros(known.shape, dtype=bool)
    seen = known.any(axis=1)
    if half < 2 or not seen.any():
        return found
    size = np.median(np.nanmax(xy[seen], axis=1) - np.nanmin(xy[seen], axis=1), axis=0).max()
    around = np.pad(_interpolated(xy, known), ((half, half), (0, 0), (0, 0)), mode="edge")
    block = max(1, _COMPARED // (2 * half + 1))
    for start in range(0, len(xy), block):
        part = around[start : start + block + 2 * half]
        windows = np.lib.stride_tricks.sliding_window_view(part, 2 * half + 1, axis=0)  # (B, K, 2, W)
        away = np.linalg.norm(windows - np.median(windows, axis=-1, keepdims=True), axis=2)  # (B, K, W)
        limit = np.maximum(OUTLIER_SPREADS * np.median(away, axis=-1), OUTLIER_LEAST * size)
        found[start : start + block] = away[..., half] > limit
    return np.asarray(found & known)


def _interpolated(xy: Floats, known: Mask) -> Floats:
    """(T, K, 2) with missing values on the line between those before and after; 0 for what is never seen."""
    full, time = np.nan_to_num(xy), np.arange(len(xy))
    for keypoint in np.flatnonzero(known.any(axis=0) & ~known.all(axis=0)):
        there = known[:, keypoint]
        for axis in range(xy.shape[2]):
            full[:, keypoint, axis] = np.interp(time, time[there], xy[there, keypoint, axis])
    return full


# ------------------------------------------------------------------------------------------------- live

SPEED_CUTOFF_HZ = 1.0
"""Cut-off of the speed that steers the live filter; the value of its authors."""


class OneEuro:
    """The One-Euro filter (Casiez, Roussel, Vogel, CHI 2012) of K keypoints with C channels.

    A first-order low-pass whose cut-off, least + gain * speed, rises with the speed: keypoints at rest are
    steady, and moving ones have little delay, 1 / (2 pi cut-off) seconds. The speed is the length of the
    vector, so the result rotates with the axes. Values may come at any times.
    """

    def __init__(self, least_hz: npt.ArrayLike, gain: npt.ArrayLike) -> None:
        """`least_hz` (K,) or a number, Hz; `gain` (K,) or a number, Hz per unit of speed (see `__call__`)."""
        self.least_hz = np.asarray(least_hz, dtype=np.float64)
        self.gain = np.asarray(gain, dtype=np.float64)
        self._value: Floats | None = None  # (K, C), NaN before a keypoint's first value
        self._slope: Floats = np.zeros(0)  # (K, C) per second
        self._time: Floats = np.zeros(0)  # (K,) seconds, of the last value

    def __call__(self, values: npt.ArrayLike, seconds: float, unit: float = 1.0) -> Floats:
        """The filtered values (K, C) at a time later than all before, float64.

        The unit of speed is `unit`, in that of the values, per second. A NaN keypoint stays NaN and does not
        affect the filter; when it returns, the gap counts as one step.
        """
        x = np.asarray(values, dtype=np.float64)
        if self._value is None:
            self._value, self._slope = np.full_like(x, np.nan), np.zeros_like(x)
            self._time = np.full(len(x), seconds)
        new, known = (np.asarray(~np.isnan(array).any(axis=-1)) for array in (x, self._value))
        going_on = new & known
        step = np.where(going_on, seconds - self._time, 1)[:, None]  # (K, 1)
        slope = (x - self._value) / step
        slope = self._slope + _share(SPEED_CUTOFF_HZ, step) * (slope - self._slope)
        speed = np.linalg.norm(slope, axis=-1) / unit
        cutoff = (self.least_hz + self.gain * speed)[:, None]
        value = self._value + _share(cutoff, step) * (x - self._value)
        self._slope = np.where(going_on[:, None], slope, self._slope)
        self._value = np.where(going_on[:, None], value, np.where(new[:, None], x, self._value))
        self._time = np.where(new, seconds, self._time)
        return np.where(new[:, None], self._value, np.nan)


def _share(cutoff_hz: npt.ArrayLike, step: Floats) -> Floats:
    """The share of a new value in the result of a low-pass of first order."""
    return np.asarray(1 / (1 + 1 / (2 * np.pi * np.asarray(cutoff_hz) * step)))
