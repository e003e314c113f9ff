"""Bulk lifting: what a worker costs beside `Lifter.lift` alone, and what an archive then costs.

    python -m benchmarks.bulk measure --rows 20000 --weights tiny
    python -m benchmarks.bulk cost --rate 250 --frames 1e9 --people 1.5

`measure` makes an archive of people of the example sequence, each moved by noise, and lifts it: in memory
with one thread, as a job in one process, and as a job on a Ray of this machine. Rates are rows per second of
one worker; CPU seconds are those of its process, which other programs disturb less. `cost` works out hours,
disk and price from a rate.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from wholebody_lift import Lifter, formats
from wholebody_lift.bulk import job
from wholebody_lift.bulk.settings import PART_ROWS, Settings

SQUATS = Path(__file__).parents[1] / "examples" / "data" / "squats.json"

INPUT_BYTES, OUTPUT_BYTES = 1_650, 2_900
"""A row in Parquet: float32 keypoints and scores; and a lifted person. Measured by `measure`."""

ROWS_PER_FILE = 100_000
SEED = 0


def write_archive(folder: Path, rows: int) -> None:
    """People in videos of 1,000 frames."""
    example = formats.read(SQUATS)
    random = np.random.default_rng(SEED)
    for number, start in enumerate(range(0, rows, ROWS_PER_FILE)):
        i = np.arange(start, min(start + ROWS_PER_FILE, rows))
        xy = example.keypoints[i % len(example)] + random.normal(0, 1, (len(i), 133, 2))
        flat = pa.array(xy.astype(np.float32).reshape(-1))
        keypoints = pa.FixedSizeListArray.from_arrays(pa.FixedSizeListArray.from_arrays(flat, 2), 133)
        scores = pa.array(example.scores[i % len(example)].reshape(-1))
        size = example.image_size[0].tolist() if example.image_size is not None else None
        table = pa.table(
            {
                "video": [f"video{row // 1000}" for row in i],
                "frame": i % 1000,
                "track": np.zeros(len(i), np.int64),
                "keypoints": keypoints,
                "scores": pa.FixedSizeListArray.from_arrays(scores, 133),
                "image_size": [size] * len(i),
                "fps": np.full(len(i), 30.0),
            }
        )
        pq.write_table(table, folder / f"{number:04}.parquet")


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def measure(options: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    lifter = Lifter.from_pretrained(options.weights, device="cpu")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        archive = Path(name) / "archive"
        archive.mkdir()
        write_archive(archive, 200)
        run(archive, Path(name) / "warm", options, smooth=True, ray=False)  # imports what pyarrow wants
        write_archive(archive, options.rows)
        print(
            f"{options.rows:,} rows of {options.weights}, {size_of(archive) / options.rows:,.0f} bytes each\n"
        )
        print(f"{'':28} {'rows/s':>8} {'of alone':>9} {'rows/CPU s':>11} {'of alone':>9} {'whole run':>10}")
        alone = in_memory(lifter, min(options.rows, 4096))
        print(f"{'Lifter.lift in memory':28} {alone[0]:8.0f} {'':9} {alone[1]:11.0f}")
        runs: dict[str, dict[str, Any]] = {
            "one process": {"smooth": False, "ray": False},
            "one process, smoothed": {"smooth": True, "ray": False},
        }
        for workers in options.workers:
            runs[f"Ray, {workers} worker{'s' if workers > 1 else ''}"] = {"smooth": False, "workers": workers}
        for said, how in runs.items():
            report = run(archive, Path(name) / said, options, **how)
            counts = report.counts
            rate, per_cpu = counts.rows / counts.seconds, counts.rows / counts.cpu_seconds
            shares = f"{rate / alone[0]:9.0%} {per_cpu:11.0f} {per_cpu / alone[1]:9.0%}"
            print(f"{said:28} {rate:8.0f} {shares} {report.seconds:8.0f} s", flush=True)
        print(f"\noutput: {size_of(Path(name) / 'one process') / options.rows:,.0f} bytes a row")


def in_memory(lifter: Lifter, rows: int) -> tuple[float, float]:
    """Rows per second, and per second of the CPU, of arrays in memory."""
    example = formats.read(SQUATS)
    i = np.arange(rows) % len(example)
    xy = example.keypoints[i] + np.random.default_rng(SEED).normal(0, 1, (rows, 133, 2))
    known = {"image_size": None if example.image_size is None else example.image_size[0]}
    lifter.lift(xy[:128], **known)
    wall, cpu = time.perf_counter(), time.process_time()
    lifter.lift(xy, example.scores[i], **known)
    return rows / (time.perf_counter() - wall), rows / (time.process_time() - cpu)


def run(archive: Path, out: Path, options: argparse.Namespace, *, smooth: bool, **how: Any) -> job.Report:
    settings = Settings(weights=options.weights, smooth=smooth, part_rows=options.part_rows)
    return job.lift(archive, out, settings, device="cpu", **how)


def cost(options: argparse.Namespace) -> None:
    rows = options.frames * options.people
    seconds = rows / options.rate
    print(
        f"{options.frames:,.0f} frames with {options.people:g} people each = {rows:,.0f} rows, "
        f"{options.rate:g} rows per second and worker"
    )
    print(f"{seconds / 3600:,.0f} worker hours; {rows * INPUT_BYTES / 1e12:.1f} TB in, ", end="")
    print(f"{rows * OUTPUT_BYTES / 1e12:.1f} TB out, {math.ceil(rows / PART_ROWS):,} parts\n")
    print("| workers | machines | hours | disk, MB/s |" + (" price |" if options.price else ""))
    print("| ---: | ---: | ---: | ---: |" + (" ---: |" if options.price else ""))
    for workers in options.workers:
        hours = seconds / workers / 3600
        disk = workers * options.rate * (INPUT_BYTES + OUTPUT_BYTES) / 1e6
        machines = math.ceil(workers / options.per_machine)
        price = f" {seconds / 3600 * options.price:,.0f} |" if options.price else ""
        print(f"| {workers:,} | {machines:,} | {hours:,.1f} | {disk:,.0f} |{price}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("measure", help="rates on this machine")
    one.add_argument("--rows", type=int, default=20_000)
    one.add_argument("--weights", default="base")
    one.add_argument("--part-rows", type=int, default=4096)
    one.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="Ray workers to measure")
    one.add_argument("--folder", help="where to work (default: the system's temporary folder)")
    one.set_defaults(run=measure)
    two = commands.add_parser("cost", help="what an archive costs at a rate")
    two.add_argument("--rate", type=float, required=True, help="rows per second of a worker")
    two.add_argument("--frames", type=float, default=1e9)
    two.add_argument("--people", type=float, default=1.0, help="people in a frame")
    two.add_argument("--workers", type=int, nargs="+", default=[16, 64, 256, 1024])
    two.add_argument("--per-machine", type=int, default=64, help="workers on a machine")
    two.add_argument("--price", type=float, help="of a worker hour")
    two.set_defaults(run=cost)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
