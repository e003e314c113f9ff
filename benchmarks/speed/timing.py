"""Times that other programs on the machine disturb little, and what the machine can do at best."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import NamedTuple

import numpy as np
import torch

SIDE = 1024
"""Rows of the square matrices whose product is timed."""

SECONDS = 2.0
"""About how long each function is timed."""


class Times(NamedTuple):
    """Medians of several runs, in seconds."""

    processor: float
    """Of this process, all its threads together."""
    clock: float


def timed(functions: Mapping[str, Callable[[], object]], seconds: float = SECONDS) -> dict[str, Times]:
    """The times of functions that run in turn; the first run of each only warms up, unless it takes long."""
    taken: dict[str, list[Times]] = {name: [] for name in functions}
    start, turns = time.process_time(), 0
    while turns < 1 or time.process_time() - start < seconds * len(functions):
        for name, function in functions.items():
            before = time.process_time(), time.perf_counter()
            function()
            taken[name].append(Times(time.process_time() - before[0], time.perf_counter() - before[1]))
        turns += 1
    warm = {name: runs[1:] or runs for name, runs in taken.items()}
    return {
        name: Times(median(run.processor for run in runs), median(run.clock for run in runs))
        for name, runs in warm.items()
    }


def of_process(code: str, repeats: int) -> Times:
    """The times of a fresh interpreter that runs this code."""
    runs = []
    for _ in range(repeats):
        used, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        clock, now = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        runs.append(Times(now.ru_utime - used.ru_utime + now.ru_stime - used.ru_stime, clock))
    return Times(median(run.processor for run in runs), median(run.clock for run in runs))


def matrix_rates() -> dict[str, float]:
    """Floating-point operations per second of processor time in products of large matrices, by library and
    precision."""
    a = torch.ones(SIDE, SIDE)
    of_numpy, low = np.ones((SIDE, SIDE), np.float32), a.bfloat16()
    found = timed(
        {
            "numpy fp32": lambda: of_numpy @ of_numpy,
            "torch fp32": lambda: a @ a,
            "torch bf16": lambda: low @ low,
        }
    )
    return {name: 2 * SIDE**3 / times.processor for name, times in found.items()}
