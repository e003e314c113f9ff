"""What an archive holds: tables in Parquet or JSON lines, detector files; and how a piece is read."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wholebody_lift import formats
from wholebody_lift._types import Integers
from wholebody_lift.bulk import schema
from wholebody_lift.bulk.settings import Settings
from wholebody_lift.errors import InputError, one_line
from wholebody_lift.formats.detections import JSON_SUFFIXES

SourceKind: TypeAlias = Literal["parquet", "json lines", "detections"]

READ_AT_ONCE = 1024
"""Rows of a table that are read at once."""

_LOOKED_AT = 20
"""Lines of a file that tell what its lines are; the very first may be torn."""

_READ = (".parquet", ".npy", ".npz", *JSON_SUFFIXES)

DAMAGED = (pa.ArrowException, ValueError, OSError)
"""What pyarrow raises for a file that is not what it claims to be."""


@dataclass(frozen=True)
class Source:
    """A file of the archive, or the folder of a video's frames.

    Attributes:
        path: relative to the archive.
        kind: what it is.
        size: bytes.
        modified_ns: when it was last written, nanoseconds of the system's clock.
        video: the video of rows that do not name theirs: the path, of a table without its suffix unless
            something else of the archive would have the same name.
    """

    path: str
    kind: SourceKind
    size: int
    modified_ns: int
    video: str


@dataclass(frozen=True)
class Piece:
    """Rows `start` to `stop` of a table, or a whole file of detections (0 to its estimated rows).

    `byte`, where a line of JSON lines begins, is that of row `byte_row`, at or before `start`.
    """

    source: str
    kind: SourceKind
    video: str
    start: int
    stop: int
    byte: int = 0
    byte_row: int = 0


def find(archive: Path) -> list[Source]:
    """Everything that can be read in a file or folder, in the order of its path.

    Raises InputError if there is nothing, OSError if it cannot be listed.
    """
    if archive.is_file():
        return [_source(archive, archive.name)]
    found = sorted(_walk(archive, archive), key=lambda source: source.path)
    if not found:
        raise InputError(
            f"expected .parquet, .jsonl or detector files in {archive}, got a folder without any"
        )
    named = Counter(source.video for source in found)
    return [source if named[source.video] == 1 else replace(source, video=source.path) for source in found]


def root_of(archive: Path) -> Path:
    """What paths of sources are relative to."""
    return archive.parent if archive.is_file() else archive


def _walk(folder: Path, archive: Path) -> Iterator[Source]:
    """The files of the archive, and the folders in it that hold a video: those in which JSON files lie."""
    entries = [entry for entry in sorted(folder.iterdir()) if not entry.name.startswith((".", "_"))]
    files = [entry for entry in entries if entry.is_file() and entry.name.lower().endswith(_READ)]
    kinds = {file: _source(file, file.relative_to(archive).as_posix()) for file in files}
    detected = [file for file in files if kinds[file].kind == "detections"]
    frames = [file for file in detected if file.name.lower().endswith(JSON_SUFFIXES)]
    if folder != archive and frames:
        status = [file.stat() for file in frames]
        name = folder.relative_to(archive).as_posix()
        yield Source(
            name,
            "detections",
            sum(one.st_size for one in status),
            max(one.st_mtime_ns for one in status),
            video=name,
        )
        kinds = {file: source for file, source in kinds.items() if file not in frames}
    yield from kinds.values()
    for entry in entries:
        if entry.is_dir():
            yield from _walk(entry, archive)


def _source(path: Path, name: str) -> Source:
    status, kind = path.stat(), _kind(path)
    video = name if kind == "detections" else Path(name).with_suffix("").as_posix()
    return Source(name, kind, status.st_size, status.st_mtime_ns, video)


def _kind(path: Path) -> SourceKind:
    """Parquet by suffix; JSON lines if one of the first lines is a row of `schema.INPUT`; else a detector's
    file."""
    if path.suffix.lower() == ".parquet":
        return "parquet"
    if path.suffix.lower() == ".jsonl":
        with path.open("rb") as file:
            if any(map(_row_of, itertools.islice(file, _LOOKED_AT))):
                return "json lines"
    return "detections"


def _row_of(line: bytes) -> dict[str, Any]:
    """The row of `schema.INPUT` in a line; empty if it is none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) and set(schema.REQUIRED) <= row.keys() else {}


# ----------------------------------------------------------------------------------------- before the work


def unused_columns(path: Path) -> list[str]:
    """The columns of a Parquet file that are not used. Raises InputError if these are no detections."""
    try:
        return schema.require_columns(pq.read_schema(path))
    except InputError:
        raise
    except DAMAGED as error:
        raise InputError(f"not a valid Parquet file ({one_line(error)})") from None


def unused_names(path: Path) -> list[str]:
    """What is not used of the objects in the first lines of a file of JSON lines."""
    with path.open("rb") as file:
        rows = map(_row_of, itertools.islice(file, _LOOKED_AT))
        names = dict.fromkeys(itertools.chain.from_iterable(rows))
    return [name for name in names if name not in schema.INPUT.names]


def rows_of(path: Path) -> int:
    """The number of rows of a Parquet file."""
    return int(pq.read_metadata(path).num_rows)


def lines_of(path: Path) -> Iterator[tuple[int, int]]:
    """The row and the byte at which every `READ_AT_ONCE`-th line begins; at last, those of the end."""
    row = byte = 0
    with path.open("rb") as file:
        for line in file:
            if row % READ_AT_ONCE == 0:
                yield row, byte
            row, byte = row + 1, byte + len(line)
    yield row, byte


def videos_of(path: Path, source: Source) -> Iterator[tuple[int, list[str]]]:
    """The videos of a table's rows, some rows at a time: the first row, and the video of each."""
    if source.kind == "json lines":
        with path.open("rb") as file:
            for row, line in enumerate(file):
                yield row, [_video_in(line) or source.video]
        return
    if "video" not in pq.read_schema(path).names:
        yield 0, [source.video] * rows_of(path)
        return
    row = 0
    for batch in _open(path).iter_batches(READ_AT_ONCE * 16, columns=["video"]):
        yield row, [video or source.video for video in batch.column(0).to_pylist()]
        row += len(batch)


def _video_in(line: bytes) -> str | None:
    try:
        video = json.loads(line).get("video")
    except (ValueError, AttributeError, RecursionError):
        return None
    return video if isinstance(video, str) else None


# ------------------------------------------------------------------------------------------------- reading


def read(piece: Piece, root: Path, settings: Settings) -> Iterator[pa.Table]:
    """The rows of a piece as tables with the columns of `schema.INPUT` and `schema.ORIGIN`, bounded in size.

    Raises InputError or one of `DAMAGED` where the file cannot be read (further).
    """
    path = root / piece.source
    if piece.kind == "parquet":
        return _read_parquet(path, piece)
    if piece.kind == "json lines":
        return _read_lines(path, piece)
    return _read_detections(path, piece, settings)


def _open(path: Path) -> pq.ParquetFile:
    """A Parquet file that is read page by page: a row group may be larger than the memory."""
    return pq.ParquetFile(path, pre_buffer=False, buffer_size=2**20)


def _read_parquet(path: Path, piece: Piece) -> Iterator[pa.Table]:
    file = _open(path)
    sizes = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
    ends = np.cumsum(sizes)
    first = int(np.searchsorted(ends, piece.start, side="right"))
    last = int(np.searchsorted(ends, piece.stop, side="left"))
    row = int(ends[first]) - sizes[first]
    columns = [name for name in schema.INPUT.names if name in file.schema_arrow.names]
    groups = range(first, last + 1)
    for batch in file.iter_batches(READ_AT_ONCE, row_groups=groups, columns=columns, use_threads=False):
        start, stop = max(piece.start - row, 0), min(piece.stop - row, len(batch))
        if start < stop:
            numbers = np.arange(row + start, row + stop)
            yield _with_origin(pa.Table.from_batches([batch.slice(start, stop - start)]), piece, numbers)
        row += len(batch)
        if row >= piece.stop:
            return


def _read_lines(path: Path, piece: Piece) -> Iterator[pa.Table]:
    with path.open("rb") as file:
        file.seek(piece.byte)
        for _ in range(piece.start - piece.byte_row):
            file.readline()
        for start in range(piece.start, piece.stop, READ_AT_ONCE):
            stop = min(start + READ_AT_ONCE, piece.stop)
            lines = [file.readline() for _ in range(start, stop)]
            yield _with_origin(_from_lines(lines), piece, np.arange(start, stop))


def _from_lines(lines: list[bytes]) -> pa.Table:
    """The columns of `schema.INPUT`, and `problem` for lines that are no such rows."""
    rows: list[dict[str, Any]] = []
    problems: list[str | None] = []
    for line in lines:
        try:
            row = json.loads(line)
            problem = None if isinstance(row, dict) else "expected an object in each line"
        except (ValueError, RecursionError):
            row, problem = {}, "not valid JSON"
        rows.append(row if problem is None else {})
        problems.append(problem)
    columns = {}
    for wanted in schema.INPUT:
        values = [row.get(wanted.name) for row in rows]
        try:
            columns[wanted.name] = pa.array(values, wanted.type)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            columns[wanted.name] = _one_by_one(values, wanted, problems)
    return pa.table({**columns, "problem": pa.array(problems, pa.string())})


def _one_by_one(values: list[Any], wanted: pa.Field, problems: list[str | None]) -> pa.Array:
    """The values that have the wanted type, null for others, which become problems."""
    fitting: list[Any] = []
    for i, value in enumerate(values):
        try:
            pa.array([value], wanted.type)
            fitting.append(value)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            flat = pa.types.is_list(wanted.type) and _is_flat(value)
            fitting.append([value] if flat else None)
            if not flat and problems[i] is None:
                problems[i] = f"expected {wanted.name} of type {wanted.type}, got another"
    return pa.array(fitting, wanted.type)


def _is_flat(value: Any) -> bool:
    """Whether this is a list of numbers, which stands for nested ones."""
    return isinstance(value, list) and all(isinstance(item, int | float) or item is None for item in value)


def _read_detections(path: Path, piece: Piece, settings: Settings) -> Iterator[pa.Table]:
    people = formats.read(
        path, layout=settings.layout, fps=settings.fps, min_score=settings.min_score, **settings.known
    )
    table = schema.table_of(people, piece.video, piece.source)
    for start in range(0, len(table), READ_AT_ONCE):
        yield table.slice(start, READ_AT_ONCE)


def _with_origin(table: pa.Table, piece: Piece, rows: Integers) -> pa.Table:
    """The table with `source`, `row`, and a video in every row."""
    videos = table["video"].to_pylist() if "video" in table.column_names else [None] * len(table)
    named = pa.array([video or piece.video for video in videos], pa.string())
    columns = {name: table[name] for name in table.column_names} | {
        "video": named,
        "source": pa.array([piece.source] * len(table), pa.string()),
        "row": pa.array(rows),
    }
    return cast(pa.Table, pa.table(columns))
