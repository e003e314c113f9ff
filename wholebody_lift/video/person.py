"""What is remembered of one person between the frames of a live stream."""

from __future__ import annotations

import numpy as np

from wholebody_lift._types import Floats
from wholebody_lift.body import bone_lengths
from wholebody_lift.video import smoothing
from wholebody_lift.video.smoothing import OneEuro
from wholebody_lift.video.temporal import Memory

_METRE = 1000.0  # mm; the gains of the filters are per m/s

_CORRECTED = (3.0, 2.0)
"""By how much cut-offs at rest, and what they rise with speed, are higher for keypoints that the network over
time has corrected: these are smoother, and the filter would only delay them. Chosen on validation recordings
and activities, see docs/experiments.md."""


class Person:
    """The filters of one person, the mean lengths of their bones, and what the network over time remembers; a
    fixed amount of memory."""

    def __init__(self, smoothness: float, *, corrected: bool = False) -> None:
        """smoothness: what the cut-off frequencies are divided by; corrected: whether the keypoints come from
        the network over time."""
        self.seen = -np.inf  # seconds
        gain = smoothing.LIVE_GAIN / smoothness
        rates = smoothing.rates("live") / smoothness
        least_factor, gain_factor = _CORRECTED if corrected else (1.0, 1.0)
        self._space = OneEuro(least_factor * rates, gain_factor * gain)
        self._direction, self._distance = (OneEuro(smoothing.PATH.live / smoothness, gain) for _ in range(2))
        self._lengths, self._weights = np.zeros(bone_lengths.MEASURES), np.zeros(bone_lengths.MEASURES)
        self.memory = Memory()

    def smooth(self, xyz: Floats, error_mm: Floats, seconds: float) -> Floats:
        """Keypoints (133, 3) mm from the hips, smoothed, with the mean bone lengths so far."""
        self.seen = seconds
        weights = bone_lengths.measure_weights(error_mm[None])[0]
        self._weights += weights
        self._lengths += (bone_lengths.measures(xyz[None])[0] - self._lengths) * weights / self._weights
        parts = self._space(smoothing.apart(xyz.astype(np.float64)), seconds, _METRE)
        locked = bone_lengths.lock_lengths(smoothing.together(parts)[None], self._lengths)
        return np.asarray(locked[0])

    def smooth_path(self, root: Floats, seconds: float) -> Floats:
        """The hips (3,) mm from the camera, smoothed: direction and distance each by itself."""
        direction, distance = smoothing.polar(root[None])
        direction = self._direction(direction, seconds, _METRE / distance[0])
        distance = self._distance(distance[:, None], seconds, _METRE)[:, 0]
        return np.asarray(smoothing.from_polar(direction, distance)[0])
