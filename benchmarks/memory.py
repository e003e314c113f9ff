"""Measure whether memory grows with the number of calls: `python -m benchmarks.memory`.

One process lifts one person again and again, in turn by `lift`, `lift_sequence` of a few frames and a
`LiveLifter`. What it holds in memory after a tenth of the calls is compared with what it holds at the end.
Linux only.
"""

from __future__ import annotations

import argparse
import os
import warnings
from pathlib import Path

from wholebody_lift import Keypoints2D, Lifter, LiveLifter, formats
from wholebody_lift.errors import InputWarning

EXAMPLES = Path(__file__).parents[1] / "examples" / "data"

FRAMES = 5
"""Of the short clip that `lift_sequence` lifts."""


def resident_mb() -> float:
    """What this process holds in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def lift_again_and_again(lifter: Lifter, people: Keypoints2D, calls: int) -> tuple[float, float]:
    """MB in memory after a tenth of the calls, and after all."""
    live = LiveLifter(lifter, 30)
    after_a_tenth = 0.0
    for number in range(calls):
        one = people[number % len(people)]
        match number % 3:
            case 0:
                lifter.lift(one)
            case 1:
                lifter.lift_sequence(people[:FRAMES])
            case _:
                live.push(one.keypoints[0])
        if number == calls // 10:
            after_a_tenth = resident_mb()
    return after_a_tenth, resident_mb()


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure whether memory grows with the number of calls.")
    parser.add_argument("--calls", type=int, default=5000, help="(%(default)s)")
    parser.add_argument("--weights", default="tiny", help="base, tiny, a directory or a Hub id (%(default)s)")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", InputWarning)
    lifter = Lifter.from_pretrained(arguments.weights, device="cpu")
    before, after = lift_again_and_again(lifter, formats.read(EXAMPLES / "squats.json"), arguments.calls)
    print(
        f"{arguments.calls:,} calls: {before:.1f} MB after a tenth, {after:.1f} MB at the end, "
        f"{after / before:.4f} times as much"
    )


if __name__ == "__main__":
    main()
