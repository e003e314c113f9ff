"""A detector's own time, beside that of lifting what it finds: `python -m benchmarks.detectors photo.jpg`.

The detector gets the photo again and again, as the frames of a video and as single pictures. Medians, by the
clock and of processor time (of all threads). MediaPipe needs its own environment: `make detect-test` makes
`.venv-detect`.
"""

from __future__ import annotations

import argparse
import platform
from pathlib import Path

import torch

from benchmarks.speed.timing import timed
from wholebody_lift import Lifter, detectors
from wholebody_lift.detectors.pictures import read_image
from wholebody_lift.train.markdown import table


def measure(picture_path: Path, detector: str, weights: list[str], seconds: float) -> list[list[object]]:
    """Rows: what, ms by the clock, ms of processor time."""
    picture = read_image(picture_path)
    people = detectors.detect_image(picture_path, detector)
    lifters = {name: Lifter.from_pretrained(name, device="cpu") for name in weights}
    with detectors.start(detector, video=True) as frame, detectors.start(detector) as single:
        found = timed(
            {
                f"{detector}, a frame of a video": lambda: frame(picture),
                f"{detector}, a single picture": lambda: single(picture),
                **{
                    f"`lift`, {name}, people in the picture: {len(people)}": (
                        lambda lifter=lifter: lifter.lift(people)
                    )
                    for name, lifter in lifters.items()
                },
            },
            seconds,
        )
    return [[what, f"{1e3 * t.clock:.1f}", f"{1e3 * t.processor:.1f}"] for what, t in found.items()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detectors", description=__doc__)
    parser.add_argument("picture", type=Path, help="a photo of a person")
    parser.add_argument("--detector", default="auto", help="mediapipe, rtmlib or auto (default: %(default)s)")
    parser.add_argument("--weights", nargs="+", default=["tiny", "base"], help="(default: tiny base)")
    parser.add_argument("--seconds", type=float, default=10.0, help="processor time for each figure")
    parser.add_argument("--threads", type=int, default=1, help="threads of the lifting (default: 1)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    detector = options.detector
    if detector == "auto":
        detector = next(iter(detectors.available()), "mediapipe")
    print(f"{platform.machine()}, torch {torch.__version__}, {options.threads} threads for lifting\n")
    rows = measure(options.picture, detector, options.weights, options.seconds)
    print(table(("what", "ms by the clock", "ms of processor time"), rows))


if __name__ == "__main__":
    main()
