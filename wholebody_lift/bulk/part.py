"""One part of a job: read its rows, lift them, write one file of people and one of rows set aside.

The file of people is renamed last, when both are complete, so a part is done if that file is there. Lifting a
part again writes the same rows.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wholebody_lift import atomic
from wholebody_lift.bulk import schema, sources
from wholebody_lift.bulk.lift_table import LiftedTables, counted, lift_tables
from wholebody_lift.bulk.plan import Part
from wholebody_lift.bulk.settings import Job
from wholebody_lift.bulk.sources import DAMAGED, Piece
from wholebody_lift.errors import WeightsError, one_line
from wholebody_lift.lifter import Lifter

PEOPLE, REJECTED, ATTEMPTS = "people", "rejected", ".attempts"
"""Folders of the output."""

MAX_ATTEMPTS = 3
"""A part during which the process died this often is not tried again in this run."""

_COUNTS = b"wholebody_lift_part"


@dataclass
class Counts:
    """What came of rows.

    Attributes:
        rows: read.
        lifted: in the output.
        rejected: set aside.
        filled: frames in short gaps that were added.
        files: detector files and folders that could not be read.
        reasons: why rows and files were set aside, and how many of each.
        warnings: kinds of `InputWarning`, and how often they were raised.
        seconds: that workers spent, added up.
        cpu_seconds: of the CPU that their processes used meanwhile.
    """

    rows: int = 0
    lifted: int = 0
    rejected: int = 0
    filled: int = 0
    files: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def add(self, other: Counts) -> None:
        for name in ("rows", "lifted", "rejected", "filled", "files", "seconds", "cpu_seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons.update(other.reasons)
        self.warnings.update(other.warnings)

    def as_json(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Counts:
        counters = {name: Counter(value[name]) for name in ("reasons", "warnings")}
        return cls(**value | counters)


def path_of(out: Path, name: str, folder: str = PEOPLE) -> Path:
    """The file of a part."""
    return out / folder / f"{name}.parquet"


def counts_of(path: Path) -> Counts:
    """What the file of a part says of it."""
    return Counts.from_json(json.loads(pq.read_metadata(path).metadata[_COUNTS]))


def fingerprint(lifter: Lifter) -> str:
    """SHA-256 of the names, shapes and values of a network's tensors."""
    digest = hashlib.sha256()
    for name, tensor in sorted(lifter.model.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


class PartLifter:
    """Holds the network and lifts one part after the other.

    Raises WeightsError for another network than the job's.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        settings = job.settings
        self._lifter = Lifter.from_pretrained(
            settings.weights, revision=settings.revision, backend="torch", device=job.device
        )
        if fingerprint(self._lifter) != job.sha256:
            raise WeightsError(
                f"expected weights with the fingerprint {job.sha256[:12]}, got others on this machine; "
                "install the same version of wholebody-lift everywhere, and pin --revision"
            )

    def lift(self, part: Part) -> Counts:
        """Lift a part, unless it is done. Raises OSError if its files cannot be written."""
        done = path_of(self._job.out, part.name)
        if done.exists():
            return counts_of(done)
        tries = _Attempts(self._job.out, part.name)
        tries.begin()
        began, cpu_before = perf_counter(), process_time()
        counts = Counts()
        frame = self._job.settings.frame
        with (
            atomic.replacing(done) as people,
            _Table(people, schema.output(frame)) as lifted,
            atomic.replacing(path_of(self._job.out, part.name, REJECTED)) as aside,
            _Table(aside, schema.REJECTED) as rejected,
        ):
            for some in self._lifted(part, counts):
                for table in some.people:
                    _count_people(counts, table)
                    lifted.write(table)
                for table in some.rejected:
                    _count_rejected(counts, table)
                    rejected.write(table)
                counts.warnings.update(some.warnings)
            counts.rows = counts.lifted + counts.rejected
            counts.seconds, counts.cpu_seconds = perf_counter() - began, process_time() - cpu_before
            lifted.describe(counts.as_json())
        tries.end()
        return counts

    def _lifted(self, part: Part, counts: Counts) -> Iterator[LiftedTables]:
        """What comes of the rows of a part: some at a time or, of motions, all at once."""
        settings = self._job.settings
        aside: list[pa.Table] = []
        tables = self._read(part, aside, counts)
        if settings.smooth:
            videos = None if part.videos is None else frozenset(part.videos)
            yield lift_tables(self._lifter, tables, settings, videos)
        else:
            for table in tables:
                yield lift_tables(self._lifter, [table], settings)
        yield LiftedTables(rejected=aside)

    def _read(self, part: Part, aside: list[pa.Table], counts: Counts) -> Iterator[pa.Table]:
        """The rows of a part; those that cannot be read are set aside."""
        root = sources.root_of(self._job.source)
        for piece in part.pieces:
            row = piece.start
            try:
                tables = sources.read(piece, root, self._job.settings)
                while True:
                    with counted(counts.warnings):
                        table = next(tables, None)
                    if table is None:
                        break
                    row = int(table["row"][-1].as_py()) + 1
                    yield table
            except DAMAGED as error:
                if isinstance(error, OSError) and error.errno:  # not the file but the disk or the network
                    raise
                aside.append(_unreadable(piece, row, error))


def _unreadable(piece: Piece, row: int, error: Exception) -> pa.Table:
    reason = one_line(error)
    if piece.kind == "detections":
        return schema.rejected_piece(piece.source, None, 0, reason)
    return schema.rejected_piece(piece.source, row, piece.stop - row, f"cannot be read: {reason}")


def _count_people(counts: Counts, table: pa.Table) -> None:
    counts.lifted += len(table) - table["row"].null_count
    counts.filled += table["row"].null_count


def _count_rejected(counts: Counts, table: pa.Table) -> None:
    for rows, reason in zip(table["rows"].to_pylist(), table["reason"].to_pylist(), strict=True):
        counts.rejected += rows
        counts.files += rows == 0
        counts.reasons[reason] += max(rows, 1)


class _Table:
    """A Parquet file that grows by row groups."""

    def __init__(self, path: Path, columns: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, columns, compression="zstd", compression_level=1)

    def __enter__(self) -> _Table:
        return self

    def __exit__(self, kind: type[BaseException] | None, *about: object) -> None:
        try:
            self._writer.close()
        except OSError:  # on a full disk, the footer cannot be written either
            if kind is None:
                raise

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table)

    def describe(self, counts: dict[str, Any]) -> None:
        self._writer.add_key_value_metadata({_COUNTS: json.dumps(counts)})


class _Attempts:
    """Counts on disk how often a part was begun, so that a part that kills its process is not begun again and
    again."""

    def __init__(self, out: Path, name: str) -> None:
        self._path = out / ATTEMPTS / name

    def begin(self) -> None:
        """Raises RuntimeError after `MAX_ATTEMPTS`."""
        self._path.parent.mkdir(exist_ok=True)
        with self._path.open("ab") as file:
            if file.tell() >= MAX_ATTEMPTS:
                raise RuntimeError(
                    f"the process died {MAX_ATTEMPTS} times while lifting {self._path.name}; it may need "
                    "more memory: use fewer workers on a machine"
                )
            file.write(b".")

    def end(self) -> None:
        self._path.unlink(missing_ok=True)


def clear_attempts(out: Path) -> None:
    """Forget the attempts of an earlier run."""
    shutil.rmtree(out / ATTEMPTS, ignore_errors=True)
