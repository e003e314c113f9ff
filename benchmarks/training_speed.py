"""Measure how fast training is: `python -m benchmarks.training_speed --bank bank.npz`.

In one and in several processes with one thread each, in float32 and in bfloat16: people per second in all,
the share of the time that making people takes, and the arithmetic of the steps as a share of what the machine
does in products of large matrices. Times are the median over steps of the processor time of one process; by
the clock, all processes count, and other programs disturb them. Without `--bank`, samplers make every pose.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.speed.timing import matrix_rates
from wholebody_lift.train.loop import Trainer
from wholebody_lift.train.markdown import table
from wholebody_lift.train.settings import Settings
from wholebody_lift.train.supply import PEOPLE_AHEAD
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.people import People
from wholebody_lift.train.synthetic.rig import load_rig

PRECISIONS = ("float32", "bfloat16")
HEAD = [
    "channels",
    "precision",
    "processes",
    "people/s, clock",
    "people/s, processor",
    "share of making people",
    "GFLOP a person",
    "share of the matrix rate",
]


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Figures of this process, as one of those that torchrun started, or alone."""
    torch.set_num_threads(1)
    bank = None if options.bank is None else MotionBank.load(options.bank)
    people, generator = People(load_rig(), bank), torch.Generator().manual_seed(0)
    people.sample(options.batch, generator)
    started = time.process_time(), time.perf_counter()
    made = people.sample(PEOPLE_AHEAD, generator)
    making = (time.process_time() - started[0]) / PEOPLE_AHEAD
    making_clock = (time.perf_counter() - started[1]) / PEOPLE_AHEAD
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            folder=Path(folder),
            channels=options.channels,
            precision=options.precision,
            inputs="none",
            steps=10**6,
        )
        trainer = Trainer(settings, people, made)
        pieces = made.split(options.batch // trainer.team.size)
        with FlopCounterMode(display=False) as counter:
            trainer.advance(pieces[0])
        steps, steps_clock = [], []
        for piece in pieces[1 : options.steps + 1]:
            started = time.process_time(), time.perf_counter()
            trainer.advance(piece)
            steps.append((time.process_time() - started[0]) / len(piece.target))
            steps_clock.append((time.perf_counter() - started[1]) / len(piece.target))
    return {
        "leads": trainer.team.leads,
        "processes": trainer.team.size,
        "making": making,
        "step": median(steps),
        "clock": making_clock + median(steps_clock),
        "flops": counter.get_total_flops() / len(pieces[0].target),
    }


def row(options: argparse.Namespace, precision: str, processes: int, rate: float) -> list[str]:
    """One row of the table: a run of that many processes."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(processes)]
    command += [
        "-m",
        "benchmarks.training_speed",
        "--channels",
        str(options.channels),
        "--precision",
        precision,
    ]
    command += ["--batch", str(options.batch), "--steps", str(options.steps)]
    command += [] if options.bank is None else ["--bank", str(options.bank)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    (found,) = (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    per_person = found["making"] + found["step"]
    return [
        str(options.channels),
        precision,
        str(processes),
        f"{processes / found['clock']:,.0f}",
        f"{processes / per_person:,.0f}",
        f"{found['making'] / per_person:.0%}",
        f"{found['flops'] / 1e9:.2f}",
        f"{found['flops'] / found['step'] / rate:.0%}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training_speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--bank", type=Path, help="recordings, as `prepare` wrote them")
    parser.add_argument(
        "--channels", type=int, default=256, help="width of the network (default: %(default)s)"
    )
    parser.add_argument("--batch", type=int, default=128, help="people per step (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=8, help="steps of each run (default: %(default)s)")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2], help="(default: 1 2)")
    parser.add_argument(
        "--precision", choices=PRECISIONS, help="measure one process of a run, as torchrun starts it"
    )
    options = parser.parse_args()
    if options.precision is not None:
        found = measure(options)
        if found.pop("leads"):
            print(json.dumps(found))
        return
    torch.set_num_threads(1)
    rates = matrix_rates()
    best = {"float32": max(rates["numpy fp32"], rates["torch fp32"]), "bfloat16": rates["torch bf16"]}
    print(
        ", ".join(f"{name} {rate / 1e9:.0f} GFLOP/s" for name, rate in rates.items()), "in matrix products\n"
    )
    print(table(HEAD, [row(options, p, n, best[p]) for p in PRECISIONS for n in options.processes]))


if __name__ == "__main__":
    main()
