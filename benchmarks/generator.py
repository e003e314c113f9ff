"""Time the generator of synthetic people, and the share of each of its stages.

Training gets its people from `People.sample`; run this with the options of the training run:

    python benchmarks/generator.py --threads 1
    python benchmarks/generator.py --bank bank.npz --threads 2
    python benchmarks/generator.py --bank bank.npz --device cuda --people 16384

Without `--bank` the samplers alone make poses, hands and faces. Every figure is the best of several runs, so
that other programs disturb it least; the shares are those of all runs together. On a CPU a team of processes
with one thread each (see docs/training.md) makes more than one process with as many threads.
"""

import argparse
import contextlib
import os
import platform
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from wholebody_lift.train.synthetic import cameras, detector, hands, people, poses
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.rig import Rig, load_rig

STAGES: dict[str, tuple[tuple[Any, str], ...]] = {
    "bodies and faces at rest": ((Rig, "sample_shape"), (Rig, "rest")),
    "recordings": ((MotionBank, "sample"), (MotionBank, "sample_hands"), (MotionBank, "sample_faces")),
    "body poses": ((poses, "sample_with_grips"),),
    "hand poses": ((hands, "sample"), (hands, "attach")),
    "keypoints of the poses": ((Rig, "pose"),),
    "cameras": ((cameras, "sample"),),
    "self-occlusion": ((people, "hidden"),),
    "detector": ((detector, "detect"),),
    "features and targets": ((people, "to_batch"),),
}
"""The functions of each stage, none of which calls another one of them."""


def seconds(run: Callable[[], object], device: torch.device) -> float:
    """How long a run takes, with all that it leaves for a GPU to do."""
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    wait()
    started = time.perf_counter()
    run()
    wait()
    return time.perf_counter() - started


@contextlib.contextmanager
def stopwatch(device: torch.device) -> Iterator[dict[str, float]]:
    """Seconds spent in each of `STAGES` meanwhile. On a GPU to wait for each stage slows down the whole."""
    spent: dict[str, float] = defaultdict(float)

    def timed(function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            result = []
            spent[stage] += seconds(lambda: result.append(function(*args, **options)), device)
            return result[0]

        return call

    with contextlib.ExitStack() as patches:
        for stage, functions in STAGES.items():
            for owner, name in functions:
                patches.enter_context(patch.object(owner, name, timed(getattr(owner, name), stage)))
        yield spent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bank", type=Path, help="recordings, as `prepare` wrote them; none if left out")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    parser.add_argument("--people", type=int, default=8192, help="most people made in one go")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    bank = MotionBank.load(options.bank).to(device) if options.bank else None
    crowd = people.People(load_rig().to(device), bank)
    generator = torch.Generator(device).manual_seed(0)

    where = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    print(f"{where}, {os.cpu_count()} cores, {torch.get_num_threads()} threads")
    print(f"Python {platform.python_version()}, torch {version('torch')}, best of {options.repeats}")
    print(f"{'with' if bank else 'without'} recordings, {people.VIEWS_PER_BODY} views of each body\n")

    print(f"{'people':>8} {'time':>11} {'people/s':>10}")
    for n in sorted({min(n, options.people) for n in (512, 2048, options.people)}):
        crowd.sample(n, generator)
        best = min(seconds(lambda n=n: crowd.sample(n, generator), device) for _ in range(options.repeats))
        print(f"{n:8d} {1e3 * best:8.0f} ms {n / best:8.0f}/s")

    with stopwatch(device) as spent:
        whole = sum(
            seconds(lambda: crowd.sample(options.people, generator), device) for _ in range(options.repeats)
        )
    spent["the rest"] = whole - sum(spent.values())
    print(f"\n{'stage':26} {'share':>6} {'per person':>12}")
    for stage in (*STAGES, "the rest"):
        share = spent[stage] / whole
        print(f"{stage:26} {share:6.1%} {1e6 * spent[stage] / options.repeats / options.people:9.1f} µs")


if __name__ == "__main__":
    main()
