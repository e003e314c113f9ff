"""Measure what a long video costs besides the network: `python -m benchmarks.long_videos`.

The squats of the examples, forwards and backwards again and again, as one person at 30 frames per second with
a little noise, are lifted by `lift_sequence(lock_feet=True)`. Each length runs in a process of its own.
Reported are the CPU seconds of the steps before and after the network, those of the network, and by how much
the largest memory of the process (as the operating system counts it) exceeds that of a video of 100 frames.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from wholebody_lift import Keypoints2D, Lifter, formats
from wholebody_lift.errors import InputWarning
from wholebody_lift.train.markdown import table
from wholebody_lift.video import sequence

EXAMPLES = Path(__file__).parents[1] / "examples" / "data"
FPS = 30.0
NOISE_PX = 1.0
SHORT = 100


def video(frames: int) -> Keypoints2D:
    """One person in so many frames."""
    squats = formats.read(EXAMPLES / "squats.json")
    there_and_back = np.concatenate([np.arange(len(squats)), np.arange(len(squats))[::-1]])
    rows = np.resize(there_and_back, frames)
    noise = np.random.default_rng(0).normal(0, NOISE_PX, (frames, squats.keypoints.shape[1], 2))
    assert squats.image_size is not None
    return Keypoints2D(
        keypoints=squats.keypoints[rows] + noise,
        scores=squats.scores[rows],
        image_size=squats.image_size[0],
        image_ids=np.arange(frames),
        fps=FPS,
    )


def cost(frames: int, weights: str) -> tuple[float, float, float]:
    """CPU seconds besides the network, those of the network, and the largest memory in MB."""
    lifter = Lifter.from_pretrained(weights, device="cpu")
    people = video(frames)
    started = time.process_time()
    prepared = sequence.prepare(people, fps=None, smoothness=1.0, max_gap_seconds=sequence.MAX_GAP_SECONDS)
    before = time.process_time()
    flat = lifter.lift(prepared.smooth)
    lifted = time.process_time()
    sequence.finish(prepared, flat, lock_feet=True)
    besides = before - started + time.process_time() - lifted
    return besides, lifted - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _in_own_process(frames: int, weights: str) -> tuple[float, float, float]:
    command = [sys.executable, "-m", "benchmarks.long_videos", "--weights", weights, "--one", str(frames)]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    besides, network, memory = (float(number) for number in found)
    return besides, network, memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--frames", type=int, nargs="+", default=[1250, 5000, 20000], help="(%(default)s)")
    parser.add_argument("--weights", default="base", help="base, tiny, a directory or a Hub id (%(default)s)")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.simplefilter("ignore", InputWarning)
    if options.one is not None:
        print(*cost(options.one, options.weights))
        return
    _, _, least = _in_own_process(SHORT, options.weights)
    rows = []
    for frames in options.frames:
        besides, network, memory = _in_own_process(frames, options.weights)
        rows.append((f"{frames:,}", f"{besides:.1f}", f"{network:.1f}", f"{memory - least:.0f}"))
    print(table(("frames", "besides the network, CPU s", "network, CPU s", "memory, MB"), rows))


if __name__ == "__main__":
    main()
