"""Who is who across the frames of a video."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wholebody_lift._types import Floats

REACH = 0.5
"""Nobody moves further between two frames: the median of their keypoints, in sizes of what is seen."""

FORGET_SECONDS = 1.0
"""Who was not seen for longer comes back as somebody new."""

_USUAL_FPS = 30.0  # for files that do not know theirs


class Tracker:
    """Numbers people so that one number is one person.

    Each person of a frame continues the track whose keypoints are nearest to theirs, nearest pairs first, if
    they are within `REACH`; else a new track begins. So nobody becomes somebody else across the picture, as
    at a cut, at the price of a new number for who moves that fast.
    """

    def __init__(self, fps: float | None, min_score: float) -> None:
        """`fps` of the frame numbers; keypoints with a lower score than `min_score` are not looked at."""
        self._patience = FORGET_SECONDS * (fps or _USUAL_FPS)  # frames
        self._min_score = min_score
        self._tracks: dict[int, _Sighting] = {}
        self._next = 0

    def update(self, frame: int, people: Floats) -> list[int]:
        """The track of each person (N, 133, 3) of x, y, score in a later frame than those before."""
        self._tracks = {
            track: last for track, last in self._tracks.items() if frame - last.frame <= self._patience
        }
        xy = np.where(people[..., 2:] >= self._min_score, people[..., :2], np.nan)  # (N, K, 2)
        pairs = sorted(
            (moved(last.xy, person), track, row)
            for track, last in self._tracks.items()
            for row, person in enumerate(xy)
        )
        track_of: dict[int, int] = {}
        for distance, track, row in pairs:
            if distance < REACH and row not in track_of and track not in track_of.values():
                track_of[row] = track
        for row in range(len(people)):
            if row not in track_of:
                track_of[row] = self._next
                self._next += 1
            self._tracks[track_of[row]] = _Sighting(frame, xy[row])
        return [track_of[row] for row in range(len(people))]


class _Sighting(NamedTuple):
    """Where somebody was last: (133, 2) pixels, NaN where missing."""

    frame: int
    xy: Floats


def moved(before: Floats, now: Floats) -> float:
    """Median distance between keypoints (133, 2) that are seen in both, in sizes of the smaller of the two.

    The size is the longer side of the box around those keypoints. Infinite where none has a size.
    """
    both = ~np.isnan(before[:, 0]) & ~np.isnan(now[:, 0])
    if not both.any():
        return np.inf
    before, now = before[both], now[both]
    size = min(np.ptp(before, axis=0).max(), np.ptp(now, axis=0).max())
    return float(np.median(np.linalg.norm(now - before, axis=-1)) / size) if size > 0 else np.inf
