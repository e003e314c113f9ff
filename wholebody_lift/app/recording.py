"""What a running camera has seen, until it is lifted as one motion: keypoints, and no pictures."""

from __future__ import annotations

import numpy as np

from wholebody_lift._types import Floats
from wholebody_lift.errors import InputError
from wholebody_lift.keypoints import Keypoints2D

MAX_ROWS = 60_000
"""People, counted in every picture, that a recording may hold: 33 minutes of one at 30 pictures a second."""

MAX_PERIODS = 3.0
"""Over how many pictures people are interpolated; after more, they were away."""


class Recording:
    """People in the pictures of a camera, with the time of each picture."""

    def __init__(self) -> None:
        self._seconds: list[float] = []
        self._seen: list[Keypoints2D] = []
        self._rows = 0

    def __len__(self) -> int:
        """The number of pictures."""
        return len(self._seconds)

    @property
    def lasts(self) -> float:
        """Seconds from the first picture to the last."""
        return self._seconds[-1] - self._seconds[0] if self._seconds else 0.0

    @property
    def is_full(self) -> bool:
        return self._rows >= MAX_ROWS

    def add(self, seconds: float, people: Keypoints2D) -> None:
        """The people of the next picture, with track ids; nothing is added to a full recording."""
        if self.is_full:
            return
        self._seconds.append(seconds)
        self._seen.append(people)
        self._rows += len(people)

    def people(self) -> Keypoints2D:
        """Everyone on a steady clock, as `lift_sequence` needs it.

        A camera and a detector keep no steady pace. So each person is interpolated linearly to ticks that are
        as far apart as the pictures usually were. A keypoint that is missing in one of two pictures is taken
        from the nearer one.

        Raises InputError if nobody was seen.
        """
        seen = [people for people in self._seen if len(people)]
        if not seen:
            raise InputError(
                "expected someone in the recording, got nobody; a person should be upright, well lit and "
                "large in the picture"
            )
        everyone = Keypoints2D.concatenate(seen)
        if len(self) == 1:
            return everyone
        seconds = np.array(self._seconds)
        fps = max(1.0, float(np.round(1 / np.median(np.diff(seconds)))))
        when = np.repeat(seconds, [len(people) for people in self._seen])
        assert everyone.track_ids is not None
        pieces = []
        for track in np.unique(everyone.track_ids):
            rows = np.flatnonzero(everyone.track_ids == track)
            pieces.append(_on_ticks(everyone[rows], (when[rows] - seconds[0]) * fps))
        return Keypoints2D.concatenate(pieces).model_copy(update={"fps": fps})


def _on_ticks(person: Keypoints2D, times: Floats) -> Keypoints2D:
    """A person seen at times (R,), counted in ticks, at each tick that lies between two of them."""
    ticks = np.arange(np.ceil(times[0] - 0.5), np.floor(times[-1] + 0.5) + 1)
    after = np.searchsorted(times, ticks, side="right").clip(1, max(1, len(times) - 1))
    before = after - 1
    after = after.clip(max=len(times) - 1)
    span = times[after] - times[before]
    share = np.where(span > 0, (ticks - times[before]) / np.where(span > 0, span, 1), 0.0).clip(0, 1)
    nearer = np.where(share < 0.5, before, after)
    away = span > MAX_PERIODS
    share = np.where(away, share.round(), share)
    here = ~away | (np.abs(ticks - times[nearer]) <= 0.5)
    ticks, before, after, nearer, share = (array[here] for array in (ticks, before, after, nearer, share))

    def between(values: Floats) -> Floats:
        weight = share.reshape(-1, *(1,) * (values.ndim - 1))
        both = (1 - weight) * values[before] + weight * values[after]
        return np.asarray(np.where(np.isnan(both), values[nearer], both))

    keypoints = between(person.keypoints)
    scores = between(np.where(person.observed, person.scores, np.nan).astype(np.float64))
    return person[nearer].model_copy(
        update={
            "keypoints": keypoints,
            "scores": np.nan_to_num(scores).astype(np.float32),
            "image_ids": ticks.astype(np.int64),
        }
    )
