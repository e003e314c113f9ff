"""Who is who across the frames of a video: track ids for people who have none, and false detections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wholebody_lift import checks, tracks
from wholebody_lift._types import Floats, Integers, Mask
from wholebody_lift.errors import DroppedWarning, InputError, count, listed, warn
from wholebody_lift.keypoints import Keypoints2D

REACH = 0.5
"""Largest distance between a person and where they are expected in the next frame: the median over their
keypoints, in units of their visible size."""

FORGET_SECONDS = 1.0
"""A person not seen for longer is expected where they were last, and not where they were heading."""

RE_ENTRY_SECONDS = 5.0
"""A person not seen for longer comes back as a new person."""

GHOST_FRAMES, GHOST_SECONDS = 2, 0.15
"""People seen in no more frames, or for no longer, were false detections, up to `GHOST_SHARE` of a clip."""

GHOST_SHARE = 0.25
"""People seen in a larger share of a clip were really there."""

DOUBLE = 0.15
"""Two detections closer than this may be of one person: the median over their keypoints, in units of their
size."""

_USUAL_FPS = 30.0  # for files that do not know theirs
_STEADINESS = 0.5
"""Share of a person's velocity that is kept from the frames before."""


@dataclass(frozen=True)
class _Sighting:
    """Where a person was last."""

    frame: int
    xy: Floats
    """(133, 2) pixels, NaN where missing."""
    velocity: Floats
    """(2,) pixels per frame."""
    seen: int
    """In how many frames so far."""
    alone: bool
    """Whether they were seen apart from everyone else in any frame so far."""

    @property
    def may_be_a_ghost(self) -> bool:
        """Whether, so far, this may be a false detection or a second detection of someone else."""
        return self.seen <= GHOST_FRAMES or not self.alone

    def expected(self, frame: int, patience: float) -> Floats:
        """(133, 2) where they should be in a later frame."""
        ahead = frame - self.frame
        return self.xy + self.velocity * (ahead if ahead <= patience else 0)


class Tracker:
    """Numbers people so that one number is one person.

    Each person of a frame continues the track that is expected nearest to them, nearest pairs first, if that
    is within `REACH`; else a new track begins. Tracks that may be false detections come last: a second
    detection of one person, however long it lasts, does not end the track of the first. Tracks go on as they
    moved, so that people who cross keep their numbers; nobody is matched to someone across the picture, as at
    a cut, at the cost of a new number for anyone who moves that fast.
    """

    def __init__(self, fps: float | None, min_score: float) -> None:
        """`fps` of the frame numbers; keypoints with a lower score than `min_score` are ignored."""
        self._patience = FORGET_SECONDS * (fps or _USUAL_FPS)  # frames
        self._memory = RE_ENTRY_SECONDS * (fps or _USUAL_FPS)
        self._min_score = min_score
        self._tracks: dict[int, _Sighting] = {}
        self._next = 0

    def update(self, frame: int, people: Floats) -> list[int]:
        """The track of each person (N, 133, 3) of x, y, score in a later frame than those before."""
        xy = np.where(people[..., 2:] >= self._min_score, people[..., :2], np.nan)  # (N, K, 2)
        self._tracks = {
            track: last for track, last in self._tracks.items() if frame - last.frame <= self._memory
        }
        pairs = sorted(
            (last.may_be_a_ghost, moved(last.expected(frame, self._patience), person), track, row)
            for track, last in self._tracks.items()
            for row, person in enumerate(xy)
        )
        track_of: dict[int, int] = {}
        for _, distance, track, row in pairs:
            if distance < REACH and row not in track_of and track not in track_of.values():
                track_of[row] = track
        for row in range(len(people)):
            if row not in track_of:
                track_of[row] = self._next
                self._next += 1
            alone = all(moved(xy[row], other) > DOUBLE for i, other in enumerate(xy) if i != row)
            self._tracks[track_of[row]] = self._sighting(track_of[row], frame, xy[row], alone)
        return [track_of[row] for row in range(len(people))]

    def _sighting(self, track: int, frame: int, xy: Floats, alone: bool) -> _Sighting:
        last = self._tracks.get(track)
        if last is None:
            return _Sighting(frame, xy, np.zeros(2), seen=1, alone=alone)
        both = ~np.isnan(last.xy[:, 0]) & ~np.isnan(xy[:, 0])
        step = (
            np.median(xy[both] - last.xy[both], axis=0) / (frame - last.frame) if both.any() else np.zeros(2)
        )
        velocity = _STEADINESS * last.velocity + (1 - _STEADINESS) * step
        return _Sighting(frame, xy, velocity, last.seen + 1, last.alone or alone)


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


def follow(people: Keypoints2D, fps: float | None = None) -> Keypoints2D:
    """The same people with track ids, numbered as `Tracker` does, without false detections; a warning names
    those. People who have track ids keep them.

    fps: frames per second; that of the people by default.

    Raises InputError without image ids, as frames are what people are followed through.
    """
    if people.track_ids is not None or not len(people):
        return people
    if people.image_ids is None:
        raise InputError(
            "expected image_ids to follow people through, got none; number the frames: "
            "Keypoints2D(..., image_ids=...)"
        )
    fps = people.fps if fps is None else checks.fps(fps)
    track_ids, ghosts = number(people, fps)
    if ghosts.any():
        warn(
            f"dropped {count(int(ghosts.sum()))} seen in no more than {_most(fps)} frames, in image "
            f"{listed(np.unique(people.image_ids[ghosts]))}, as false detections; give track_ids to keep "
            "them",
            DroppedWarning,
        )
    return people.model_copy(update={"track_ids": track_ids})[~ghosts]


def number(people: Keypoints2D, fps: float | None) -> tuple[Integers, Mask]:
    """The number of each person (N,) through the frames of `image_ids`, and (N,) who is a false detection."""
    tracker = Tracker(fps, people.min_score)
    found = np.concatenate([people.keypoints, people.scores[..., None]], axis=-1)  # (N, K, 3)
    track_ids = np.empty(len(people), dtype=np.int64)
    for rows in tracks.by_frame(people):
        track_ids[rows] = tracker.update(int(tracks.frames(people)[rows[0]]), found[rows])
    return track_ids, _ghosts(tracks.frames(people), track_ids, _most(fps))


def _most(fps: float | None) -> int:
    """The frames in which a false detection is seen at most."""
    return max(GHOST_FRAMES, int(GHOST_SECONDS * (fps or 0)))


def _ghosts(image_ids: Integers, track_ids: Integers, most: int) -> Mask:
    """(N,) bool: rows of people who are seen in no more than `most` frames, and `GHOST_SHARE` of them, beside
    somebody who is seen for longer."""
    _, place, seen = np.unique(track_ids, return_inverse=True, return_counts=True)
    short = seen <= min(most, GHOST_SHARE * len(np.unique(image_ids)))
    return np.asarray(short[place] & ~short.all())
