"""Time what users wait for: import, loading the weights, one person, many people.

Every figure is the best of several runs on this machine, to reduce the influence of other programs. Some
times are shown beside a reference from the same run: the network without the library around it, and the
import of torch.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from wholebody_lift import Keypoints2D, Lifter, formats
from wholebody_lift.features import KEYPOINT_FEATURES, PERSON_FEATURES, Features

SQUATS = Path(__file__).parents[1] / "examples" / "data" / "squats.json"


def best_seconds(run: Callable[[], object], repeats: int) -> float:
    """The shortest of several runs, after one to warm up."""
    run()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)


def import_seconds(statement: str, repeats: int) -> float:
    """A fresh interpreter that runs a statement, less a fresh interpreter alone."""

    def run(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], check=True)

    return best_seconds(lambda: run(statement), repeats) - best_seconds(lambda: run("pass"), repeats)


def people(n: int) -> np.ndarray:
    """n people (n, 133, 2): the frames of the example sequence, over and over."""
    frames = formats.read(SQUATS).keypoints
    return frames[np.arange(n) % len(frames)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--people", type=int, default=1024, help="size of the large batch")
    parser.add_argument(
        "--weights", default="base", help="as Lifter.from_pretrained takes them (%(default)s)"
    )
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)

    print(f"{platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads")
    print(f"Python {platform.python_version()}, torch {version('torch')}, best of {options.repeats}\n")

    for statement in ("import torch", "import wholebody_lift", "from wholebody_lift import Lifter"):
        print(f"{statement:40s} {1e3 * import_seconds(statement, options.repeats):8.0f} ms")
    loading = best_seconds(lambda: Lifter.from_pretrained(options.weights, device="cpu"), options.repeats)
    print(f"{'Lifter.from_pretrained()':40s} {1e3 * loading:8.0f} ms")

    lifter = Lifter.from_pretrained(options.weights, device="cpu")
    print(f"\n{'people':>8} {'lift':>10} {'people/s':>10} {'network alone':>14} {'checks alone':>13}")
    for n in (1, 16, options.people):
        xy = people(n)
        features = Features(torch.randn(n, 133, KEYPOINT_FEATURES), torch.randn(n, PERSON_FEATURES))

        def network(features: Features = features) -> None:
            with torch.inference_mode():
                for keypoints, person in zip(*(t.split(128) for t in features), strict=True):
                    lifter.model(Features(keypoints, person))

        whole = best_seconds(lambda xy=xy: lifter.lift(xy), options.repeats)
        bare = best_seconds(network, options.repeats)
        door = best_seconds(lambda xy=xy: Keypoints2D(keypoints=xy), options.repeats)
        print(f"{n:8d} {1e3 * whole:8.1f} ms {n / whole:8.0f}/s {bare / whole:13.0%} {door / whole:13.0%}")


if __name__ == "__main__":
    main()
