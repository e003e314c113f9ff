"""A whole job: plan it, lift the parts that are not done, account for every row.

The output is a folder:

- `manifest.json`: the settings, the files of the archive and the parts; written once, before the work.
- `people/part-000000.parquet`, ...: people in 3D.
- `rejected/part-000000.parquet`, ...: rows set aside, with the reason.
- `report.json`: counts; written when all parts are done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from wholebody_lift import __version__, atomic
from wholebody_lift._types import Progress
from wholebody_lift.bulk import part as one_part
from wholebody_lift.bulk import plan, sources
from wholebody_lift.bulk.part import Counts, PartLifter
from wholebody_lift.bulk.plan import Part
from wholebody_lift.bulk.settings import Job, Settings
from wholebody_lift.errors import DroppedWarning, InputError, listed, one_line, warn
from wholebody_lift.lifter import Lifter

MANIFEST, REPORT = "manifest.json", "report.json"

_FORMAT, _VERSION = "wholebody-lift bulk", 1


@dataclass(frozen=True)
class Report:
    """What came of a job.

    Attributes:
        out: the folder of the output.
        parts: how many there are.
        parts_before: how many of them an earlier run had done.
        counts: of all parts together.
        seconds: that this run took.
    """

    out: Path
    parts: int
    parts_before: int
    counts: Counts
    seconds: float

    def summary(self) -> str:
        """For a person to read: rows, what was set aside and why, and how long it took."""
        counts = self.counts
        lines = [
            f"{counts.rows:,} rows in {self.parts:,} parts: {counts.lifted:,} lifted, "
            f"{counts.rejected:,} set aside",
            f"output  {self.out}",
        ]
        if self.parts_before:
            lines.append(f"resumed {self.parts_before:,} parts were done before")
        if counts.filled:
            lines.append(f"filled  {counts.filled:,} frames in short gaps")
        if counts.files:
            lines.append(f"files   {counts.files:,} could not be read")
        lines += [f"aside   {rows:,}: {reason}" for reason, rows in counts.reasons.most_common(5)]
        if len(counts.reasons) > 5:
            lines.append(
                f"        and {len(counts.reasons) - 5} more reasons; see {self.out / one_part.REJECTED}"
            )
        lines += [f"warning {name}, {times:,} times" for name, times in counts.warnings.most_common()]
        if counts.seconds:
            rate = counts.rows / counts.seconds
            lines.append(f"time    {self.seconds:,.0f} s; each worker lifted {rate:,.0f} rows per second")
        return "\n".join(lines)


def lift(
    archive: str | Path,
    out: str | Path,
    settings: Settings | None = None,
    *,
    device: str = "auto",
    workers: int | None = None,
    address: str | None = None,
    ray: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Lift all detections of an archive, or what is left to do of them.

    Args:
        archive: a Parquet or JSON-lines file, a detector's file, or a folder of them.
        out: the folder to write, new or of an earlier run with the same archive and settings, which goes on.
        settings: what decides the content of the output.
        device: as of `Lifter`; with cuda, or auto on a cluster with GPUs, every worker takes a GPU.
        workers: how many; by default as many as there are CPU cores or GPUs.
        address: of a Ray cluster; by default RAY_ADDRESS, or else a Ray that runs for this call.
        ray: False lifts in this process, one part after the other, and needs no Ray.
        progress: called after every part with how many are done, and how many there are.

    Returns:
        What came of all parts, also of those that were done before.

    Raises:
        InputError: the archive cannot be read, `out` belongs to another job, or the weights have no input for
            `settings.known`.
        OSError: the output cannot be written. What is done stays, and the next call goes on from there.
        RuntimeError: parts failed; the text names them. The others are done.
        WeightsError: as of `Lifter.from_pretrained`.
        ImportError: pyarrow or Ray is not installed.
    """
    began = perf_counter()
    archive, out, settings = Path(archive).resolve(), Path(out).resolve(), settings or Settings()
    if archive == out or (archive.is_dir() and out.is_relative_to(archive)):
        raise InputError(f"expected OUT outside the archive {archive}, got {out}")
    if not archive.exists():
        raise FileNotFoundError(f"no such file or folder: {archive}")
    job = Job(archive, out, settings, _fingerprint(settings), device)
    planned = _opened(job)
    _clean(out)
    left = [part for part in planned if not one_part.path_of(out, part.name).exists()]
    counts = Counts()
    done = {part.name for part in planned} - {part.name for part in left}
    for name in sorted(done):
        counts.add(one_part.counts_of(one_part.path_of(out, name)))
    failed: dict[str, str] = {}
    for number, (name, outcome) in enumerate(_run(job, left, address, workers, ray), len(done) + 1):
        if isinstance(outcome, Counts):
            counts.add(outcome)
        else:
            failed[name] = outcome
        if progress is not None:
            progress(number, len(planned))
    _clean(out)
    if failed:
        first, reason = next(iter(failed.items()))
        raise RuntimeError(
            f"{len(failed)} of {len(planned)} parts failed: {first}: {reason}; the others are done, and the "
            "same command tries these again"
        )
    for path, reason in json.loads((out / MANIFEST).read_text(encoding="utf-8"))["unreadable"].items():
        counts.files += 1
        counts.reasons[f"{path}: {reason}"] += 1
    report = Report(out, len(planned), len(done), counts, perf_counter() - began)
    atomic.write_text(out / REPORT, json.dumps({"parts": report.parts, **counts.as_json()}, indent=2) + "\n")
    return report


def _fingerprint(settings: Settings) -> str:
    """The fingerprint of what lifts. Raises InputError if its weights have no input for what is known."""
    lifter = Lifter.from_pretrained(
        settings.weights, revision=settings.revision, backend="torch", device="cpu"
    )
    of_motions = {"gravity"} if settings.smooth else set()  # there it is of use without the network, too
    lifter.require_inputs({"bone_lengths", "gravity"}.intersection(settings.known) - of_motions)
    return one_part.fingerprint(lifter)


def _run(
    job: Job, left: list[Part], address: str | None, workers: int | None, ray: bool
) -> Iterator[tuple[str, Counts | str]]:
    if not left:
        return
    if ray:
        from wholebody_lift.bulk import on_ray

        yield from on_ray.lift(job, left, address, workers)
        return
    lifter = PartLifter(job)
    for part in left:
        try:
            outcome: Counts | str = lifter.lift(part)
        except OSError:
            raise
        except Exception as error:
            outcome = f"{type(error).__name__}: {one_line(error)}"
        yield part.name, outcome


def _opened(job: Job) -> list[Part]:
    """The parts: of the manifest that is there, or planned now. Raises InputError if it is of another job."""
    path = job.out / MANIFEST
    found = sources.find(job.source)
    head = {
        "format": _FORMAT,
        "version": _VERSION,
        "settings": _plain(job.settings.as_json()),
        "weights_sha256": job.sha256,
        "sources": [asdict(source) for source in found],
    }
    if path.exists():
        before = _manifest(path)
        for name, value in head.items():
            if before.get(name) != value:
                raise InputError(
                    f"expected the archive, options and weights that {job.out} was begun with, got other "
                    f"{_difference(name, before.get(name), value)}; write to another folder"
                )
        return [Part.from_json(part) for part in before["parts"]]
    if job.out.exists() and any(job.out.iterdir()):
        raise InputError(f"expected a new or empty folder, or one with a {MANIFEST}, got {job.out}")
    made = plan.make(job.source, found, job.settings)
    if made.unused:
        warn(
            f"columns {listed(made.unused)} are not used (first seen in {next(iter(made.unused.values()))})",
            DroppedWarning,
        )
    for folder in (one_part.PEOPLE, one_part.REJECTED):
        (job.out / folder).mkdir(parents=True, exist_ok=True)
    content = {
        **head,
        "made_with": __version__,
        "rows": made.rows,
        "unreadable": made.unreadable,
        "parts": [part.as_json() for part in made.parts],
    }
    atomic.write_text(path, json.dumps(content) + "\n")
    return made.parts


def _plain(value: Any) -> Any:
    """As JSON reads it back; NaN, which equals nothing, as null."""
    text = json.dumps(value, default=lambda array: array.tolist())
    return json.loads(text, parse_constant=lambda name: None)


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise InputError(f"expected the manifest of a bulk job, got another file: {path}")
    return manifest


def _difference(name: str, before: Any, now: Any) -> str:
    """What differs, in words."""
    if name == "settings" and isinstance(before, dict):
        changed = [key for key in now if before.get(key) != now[key]]
        return f"settings ({listed(f'{key} {now[key]} instead of {before.get(key)}' for key in changed)})"
    if name == "sources":
        then, this = ({one["path"]: one for one in some} for some in (before or [], now))
        changed = [path for path in sorted({*then, *this}) if then.get(path) != this.get(path)]
        return f"files ({listed(changed)})"
    return name.replace("_", " ")


def _clean(out: Path) -> None:
    """Remove what killed workers left behind: attempts, and files that were never renamed."""
    one_part.clear_attempts(out)
    for folder in (one_part.PEOPLE, one_part.REJECTED):
        for path in (out / folder).glob(".*.parquet"):
            with suppress(OSError):
                path.unlink()
