"""The plan of a job: which rows each part lifts. The same archive and settings give the same plan.

Without smoothing, a part is the next `part_rows` rows. With smoothing, it is the next videos until it has as
many rows, and a video is never divided; its rows may lie anywhere in the archive.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from wholebody_lift.bulk import sources
from wholebody_lift.bulk.settings import Settings
from wholebody_lift.bulk.sources import Piece, Source
from wholebody_lift.errors import InputError

_BYTES_PER_ROW = 4096
"""Of a detector's file, whose rows are not counted before it is read."""


@dataclass(frozen=True)
class Part:
    """A part of the job: one file of the output.

    Attributes:
        name: of its file, without suffix.
        pieces: what is read for it.
        videos: of the rows in the pieces, only those of these videos; None for all of them.
    """

    name: str
    pieces: list[Piece]
    videos: list[str] | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Part:
        return cls(value["name"], [Piece(**piece) for piece in value["pieces"]], value["videos"])


@dataclass
class Plan:
    """All parts, and what was seen on the way.

    Attributes:
        parts: in the order of the archive.
        unreadable: files that cannot be read at all, and why.
        unused: columns that are not used, each with the first file that has it.
        rows: of all tables; detector files are not counted.
    """

    parts: list[Part] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    unused: dict[str, str] = field(default_factory=dict)
    rows: int = 0


def make(archive: Path, found: list[Source], settings: Settings) -> Plan:
    """Plan the parts. Raises InputError where nothing in the archive can be read."""
    plan = Plan()
    root = sources.root_of(archive)
    readable = []
    for source in found:
        unused: list[str] = []
        if source.kind == "parquet":
            try:
                unused = sources.unused_columns(root / source.path)
            except InputError as error:
                plan.unreadable[source.path] = str(error)
                continue
        elif source.kind == "json lines":
            unused = sources.unused_names(root / source.path)
        for name in unused:
            plan.unused.setdefault(name, source.path)
        readable.append(source)
    if not readable:
        first, reason = next(iter(plan.unreadable.items()))
        raise InputError(f"{first}: {reason}")
    make_parts = _by_video if settings.smooth else _by_row
    for number, (pieces, videos) in enumerate(make_parts(root, readable, settings.part_rows)):
        plan.parts.append(Part(f"part-{number:06}", pieces, videos))
    plan.rows = sum(
        piece.stop - piece.start for part in plan.parts for piece in part.pieces if piece.kind != "detections"
    )
    return plan


def _whole(source: Source) -> Piece:
    """A detector's file, with about as many rows as its size allows."""
    return Piece(source.path, source.kind, source.video, 0, 1 + source.size // _BYTES_PER_ROW)


def _by_row(root: Path, found: list[Source], size: int) -> Iterator[tuple[list[Piece], None]]:
    part: list[Piece] = []
    left = size
    for piece in _pieces(root, found):
        rows = piece.stop - piece.start
        while rows:
            taken = rows if piece.kind == "detections" else min(rows, left)
            stop = piece.start + taken
            part.append(Piece(**asdict(piece) | {"stop": stop}))
            piece = Piece(**asdict(piece) | {"start": stop})
            rows, left = rows - taken, left - taken
            if left <= 0:
                yield _joined(part), None
                part, left = [], size
    if part:
        yield _joined(part), None


def _pieces(root: Path, found: list[Source]) -> Iterator[Piece]:
    """Every source in one piece; JSON lines in pieces that know the byte at which they begin."""
    for source in found:
        if source.kind == "detections":
            yield _whole(source)
        elif source.kind == "parquet":
            yield Piece(source.path, source.kind, source.video, 0, sources.rows_of(root / source.path))
        else:
            marks = list(sources.lines_of(root / source.path))
            for (start, byte), (stop, _) in itertools.pairwise(marks):
                yield Piece(source.path, source.kind, source.video, start, stop, byte, start)


def _by_video(root: Path, found: list[Source], size: int) -> Iterator[tuple[list[Piece], list[str] | None]]:
    """Tables first, whose videos may be spread; then detectors' files, each a video."""
    spans: dict[str, list[Piece]] = {}
    rows: dict[str, int] = {}
    for source in (source for source in found if source.kind != "detections"):
        for piece, video, count in _spans(root, source):
            spans.setdefault(video, []).append(piece)
            rows[video] = rows.get(video, 0) + count
    videos: list[str] = []
    filled = 0
    for video in spans:
        videos.append(video)
        filled += rows[video]
        if filled >= size:
            yield _joined([piece for one in videos for piece in spans[one]]), videos
            videos, filled = [], 0
    if videos:
        yield _joined([piece for one in videos for piece in spans[one]]), videos
    yield from _by_row(root, [source for source in found if source.kind == "detections"], size)


def _spans(root: Path, source: Source) -> Iterator[tuple[Piece, str, int]]:
    """Where the rows of each video lie in a table, from the first to the last; and how many they are."""
    path = root / source.path
    marks = dict(sources.lines_of(path)) if source.kind == "json lines" else {}
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    count: dict[str, int] = {}
    for start, videos in sources.videos_of(path, source):
        for row, video in enumerate(videos, start):
            first.setdefault(video, row)
            last[video] = row
            count[video] = count.get(video, 0) + 1
    for video, start in first.items():
        mark = start - start % sources.READ_AT_ONCE
        yield (
            Piece(source.path, source.kind, source.video, start, last[video] + 1, marks.get(mark, 0), mark),
            video,
            count[video],
        )


def _joined(pieces: list[Piece]) -> list[Piece]:
    """The pieces in the order of the archive, those that overlap or touch as one."""
    joined: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: (piece.source, piece.start)):
        if joined and joined[-1].source == piece.source and joined[-1].stop >= piece.start:
            joined[-1] = Piece(**asdict(joined[-1]) | {"stop": max(joined[-1].stop, piece.stop)})
        else:
            joined.append(piece)
    return joined
