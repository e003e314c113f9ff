"""From tables of detections to tables of people in 3D, and of the rows set aside: a pure function."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wholebody_lift._types import Integers
from wholebody_lift.bulk import schema
from wholebody_lift.bulk.schema import Rows
from wholebody_lift.bulk.settings import Settings
from wholebody_lift.errors import InputError, InputWarning, one_line
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.lifter import Lifter
from wholebody_lift.pose import Pose3D
from wholebody_lift.video import tracker

ROWS_AT_ONCE = 1024
"""Rows that are lifted at once, which bounds the memory; a longer motion is lifted whole."""

_INVISIBLE = "expected two visible keypoints in different places, got none"
_GHOST = "seen in a few frames of a longer clip only: a false detection; give tracks to keep it"

Chosen: TypeAlias = npt.NDArray[np.intp]
"""Row numbers."""


@dataclass
class LiftedTables:
    """What came of a table.

    Attributes:
        people: the columns of `schema.output`, piece by piece.
        rejected: the columns of `schema.REJECTED`, likewise.
        warnings: the kinds of `InputWarning` that were raised, and how often.
    """

    people: list[pa.Table] = field(default_factory=list)
    rejected: list[pa.Table] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)


def lift_tables(
    lifter: Lifter, tables: Iterable[pa.Table], settings: Settings, videos: frozenset[str] | None = None
) -> LiftedTables:
    """Lift rows with the columns of `schema.INPUT` and `schema.ORIGIN`; with `videos`, only theirs.

    Every such row is in `people` or in `rejected` exactly once. With `settings.smooth`, the rows of one video
    and track are one motion, and the tables must hold all of them; frames in short gaps are added, and their
    `row` is null.
    """
    result = LiftedTables()
    pieces = [_rows(table, settings, videos) for table in tables]
    if not any(map(len, pieces)):
        return result
    rows = Rows.concatenate(pieces)
    bad = np.array([problem is not None for problem in rows.problems], dtype=np.bool_)
    with counted(result.warnings):
        _set_aside(result, rows, np.flatnonzero(bad), list(rows.problems[bad]))
        if settings.smooth:
            _Motions(lifter, rows, settings, result).lift(np.flatnonzero(~bad))
        else:
            _lift_frames(lifter, rows, np.flatnonzero(~bad), settings, result)
    return result


def _rows(table: pa.Table, settings: Settings, videos: frozenset[str] | None) -> Rows:
    """The rows of a table; with `videos`, only theirs."""
    rows = schema.read(table, dict(settings.known), settings.fps)
    if videos is None:
        return rows
    return rows[np.array([video in videos for video in table["video"].to_pylist()], dtype=np.bool_)]


@contextmanager
def counted(counts: Counter[str]) -> Iterator[None]:
    """Count the kinds of `InputWarning` in a block, which does not show them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        yield
    counts.update(one.category.__name__ for one in caught if issubclass(one.category, InputWarning))


def _set_aside(result: LiftedTables, rows: Rows, chosen: Chosen, reasons: str | list[str]) -> None:
    """Set rows aside, each for its own reason or all for one."""
    if len(chosen):
        each = [reasons] * len(chosen) if isinstance(reasons, str) else reasons
        result.rejected.append(schema.rejected(rows, chosen, each))


def _settle(
    items: list[Chosen], attempt: Callable[[Chosen], None], give_up: Callable[[Chosen, str], None]
) -> None:
    """Attempt all items together; where that raises InputError, find those that it is about by halving."""
    try:
        attempt(np.concatenate(items))
    except InputError as error:
        if len(items) == 1:
            give_up(items[0], one_line(error))
        else:
            half = len(items) // 2
            _settle(items[:half], attempt, give_up)
            _settle(items[half:], attempt, give_up)


# ------------------------------------------------------------------------------------------------- frames


def _lift_frames(
    lifter: Lifter, rows: Rows, chosen: Chosen, settings: Settings, result: LiftedTables
) -> None:
    """Lift each row by itself."""

    def attempt(some: Chosen) -> None:
        people, seen = Keypoints2D.visible(**rows.fields(some), min_score=settings.min_score)
        pose = lifter.lift(people)
        _set_aside(result, rows, some[~seen], _INVISIBLE)
        if len(pose):
            result.people.append(schema.lifted(rows.table.take(some[seen]), pose.to(settings.frame)))

    pattern = rows.pattern()[chosen]
    for one in np.unique(pattern):
        same = chosen[pattern == one]
        for start in range(0, len(same), ROWS_AT_ONCE):
            some = list(same[start : start + ROWS_AT_ONCE, None])
            _settle(some, attempt, partial(_set_aside, result, rows))


# ------------------------------------------------------------------------------------------------ motions


class _Motions:
    """Lifts the rows of each video and track as one motion."""

    def __init__(self, lifter: Lifter, rows: Rows, settings: Settings, result: LiftedTables) -> None:
        self._lifter, self._rows, self._settings, self._result = lifter, rows, settings, result
        self._pattern = rows.pattern()
        self._videos = rows.videos()
        self._tracks = rows.tracks.copy()

    def lift(self, chosen: Chosen) -> None:
        for together in self._batches(self._motions(self._numbered(chosen))):
            _settle(together, self._attempt, self._without_bad_rows)

    def _numbered(self, chosen: Chosen) -> Iterator[Chosen]:
        """The rows of each video, numbered where they have no track ids and several people are in a frame."""
        if not len(chosen):
            return
        videos = self._videos[chosen]
        order = np.argsort(videos, kind="stable")
        for video in np.split(chosen[order], np.flatnonzero(np.diff(videos[order])) + 1):
            nobody = video[self._tracks[video] < 0]
            if len(nobody) == len(np.unique(self._rows.frames[nobody])):  # one person
                yield video
                continue
            known = int(self._tracks[video].max()) + 1
            kept = self._follow(nobody, known)
            yield video[np.isin(video, nobody, invert=True) | np.isin(video, kept)]

    def _follow(self, nobody: Chosen, first: int) -> Chosen:
        """Number the people of a video from `first` on; the rows that are left without false detections."""
        kept: list[Chosen] = []

        def attempt(some: Chosen) -> None:
            fields = {"keypoints": self._rows.xy[some]}
            if (scores := self._rows.known["scores"])[1][some].all():
                fields["scores"] = scores[0][some]
            fps = self._fps(some)
            people, seen = Keypoints2D.visible(
                **fields, image_ids=self._rows.frames[some], fps=fps, min_score=self._settings.min_score
            )
            _set_aside(self._result, self._rows, some[~seen], _INVISIBLE)
            if len(people):
                track_ids, ghosts = tracker.number(people, fps)
                found = some[seen]
                self._tracks[found] = first + track_ids
                _set_aside(self._result, self._rows, found[ghosts], _GHOST)
                kept.append(found[~ghosts])

        good = self._checked(nobody)
        if len(good):
            _settle([good], attempt, self._give_up)
        return np.concatenate(kept) if kept else nobody[:0]

    def _motions(self, videos: Iterator[Chosen]) -> Iterator[Chosen]:
        """The rows of each track, in the order of frames."""
        for video in videos:
            order = np.lexsort((self._rows.frames[video], self._tracks[video]))
            ordered = video[order]
            for motion in np.split(ordered, np.flatnonzero(np.diff(self._tracks[ordered])) + 1):
                if len(motion):
                    yield motion

    def _batches(self, motions: Iterator[Chosen]) -> Iterator[list[Chosen]]:
        """Motions that can be lifted together, up to `ROWS_AT_ONCE`.

        Those without K and image size are lifted alone: one camera is assumed for all are lifted together.
        """
        waiting: dict[tuple[int, float], list[Chosen]] = {}
        for motion in motions:
            try:
                kind = (self._one_pattern(motion), self._fps(motion))
            except InputError as error:
                self._give_up(motion, str(error))
                continue
            known = self._rows.known
            if not (known["K"][1][motion[0]] or known["image_size"][1][motion[0]]):
                yield [motion]
                continue
            batch = waiting.setdefault(kind, [])
            batch.append(motion)
            if sum(map(len, batch)) >= ROWS_AT_ONCE:
                yield waiting.pop(kind)
        yield from waiting.values()

    def _one_pattern(self, motion: Chosen) -> int:
        patterns = np.unique(self._pattern[motion])
        if len(patterns) > 1:
            raise InputError(
                "expected the same columns for all frames of a person, got some null in some frames only"
            )
        return int(patterns[0])

    def _fps(self, motion: Chosen) -> float:
        rates = np.unique(self._rows.fps[motion])
        if len(rates) > 1:
            raise InputError(f"expected one frame rate for a video, got {rates[0]:g} and {rates[1]:g}")
        if np.isnan(rates[0]):
            raise InputError("expected a frame rate to smooth, got none; give a column fps, or --fps")
        return float(rates[0])

    def _attempt(self, some: Chosen) -> None:
        """Lift motions that belong together; `some` are the rows of one after the other."""
        rows, settings = self._rows, self._settings
        number = self._number(some)
        people, seen = Keypoints2D.visible(
            **rows.fields(some),
            image_ids=rows.frames[some],
            track_ids=number,
            fps=self._fps(some),
            min_score=settings.min_score,
        )
        if len(people):
            pose = self._lifter.lift_sequence(
                people, lock_feet=settings.lock_feet, smoothness=settings.smoothness
            )
            assert pose.track_ids is not None
            pose = pose[np.lexsort((pose.image_ids, pose.track_ids))]
            self._result.people.append(self._with_origin(pose, some, number, some[seen], number[seen]))
        _set_aside(self._result, rows, some[~seen], _INVISIBLE)

    def _number(self, some: Chosen) -> Integers:
        """(N,) 0, 1, ...: which motion of those one after the other each row is of."""
        new = (np.diff(self._videos[some]) != 0) | (np.diff(self._tracks[some]) != 0)
        return np.concatenate([[0], np.cumsum(new)]).astype(np.int64)

    def _with_origin(
        self, pose: Pose3D, some: Chosen, number: Integers, found: Chosen, found_number: Integers
    ) -> pa.Table:
        """The output, each row with the input row that it comes from, or null where it was filled in."""
        assert pose.track_ids is not None
        found_keys = zip(found_number.tolist(), self._rows.frames[found].tolist(), strict=True)
        row_of = dict(zip(found_keys, found.tolist(), strict=True))
        keys = zip(pose.track_ids.tolist(), pose.image_ids.tolist(), strict=True)
        source = np.array([row_of.get(key, -1) for key in keys], np.int64)
        first = some[np.searchsorted(number, pose.track_ids)]  # any row of the same motion
        origin = self._rows.table.take(np.where(source < 0, first, source))
        tracks = self._tracks[first]
        columns = {
            "video": origin["video"],
            "frame": pa.array(pose.image_ids),
            "track": pa.array(tracks, mask=tracks < 0),
            "source": origin["source"],
            "row": pa.array(np.asarray(origin["row"]), mask=source < 0),
        }
        return schema.lifted(pa.table(columns), pose.to(self._settings.frame))

    def _checked(self, motion: Chosen) -> Chosen:
        """The rows that are valid one by one; the others are set aside."""
        good: list[Chosen] = []

        def attempt(some: Chosen) -> None:
            Keypoints2D.visible(**self._rows.fields(some), min_score=self._settings.min_score)
            good.append(some)

        for one in np.unique(self._pattern[motion]):
            _settle(list(motion[self._pattern[motion] == one, None]), attempt, self._give_up)
        return np.sort(np.concatenate(good)) if good else motion[:0]

    def _without_bad_rows(self, motion: Chosen, reason: str) -> None:
        """Lift what is valid of a motion that cannot be lifted whole."""
        good = motion[np.isin(motion, self._checked(motion))]
        if len(good) == len(motion):
            self._give_up(motion, reason)
        elif len(good):
            _settle([good], self._attempt, self._give_up)

    def _give_up(self, some: Chosen, reason: str) -> None:
        _set_aside(self._result, self._rows, some, reason)
