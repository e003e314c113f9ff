"""Measure joint angles on real people: `python -m benchmarks.angles`.

The recordings and their ground truth are those of `benchmarks.real`. The truth is another detector's, which
places keypoints elsewhere (19 mm away in the median), its hips above all: the offset of an angle shows it.
Angles of keypoints without ground truth (palms, face) are left out.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import real
from wholebody_lift import InputWarning, Lifter
from wholebody_lift.body.joint_angles import ANGLES, angles_of, joint_angles
from wholebody_lift.train.markdown import table

FEWEST = 200
"""Frames in which an angle must have ground truth to be reported."""


COLUMNS = ["Angle", "Measured", "Median error", "Mean error", "Offset", "Without offset", "Expected error"]


class Accuracy(NamedTuple):
    """How an angle was measured, left and right together."""

    frames: int
    median: float
    """Median of the absolute error, degrees."""
    mean: float
    offset: float
    """Median of the signed error, degrees."""
    spread: float
    """Mean absolute error after the offset is subtracted, degrees."""
    expected: float
    """Mean expected error, degrees."""


def measure(recordings: real.Recordings, lifter: Lifter) -> dict[str, Accuracy]:
    """The accuracy of each angle that has ground truth, with the true camera, frame by frame."""
    pose = lifter.lift(recordings.keypoints, recordings.scores, K=recordings.K)
    found = joint_angles(pose.xyz, pose.error_mm)
    off = (found.degrees - angles_of(recordings.truth) + 180) % 360 - 180
    accuracies = {}
    for name in dict.fromkeys(angle.removesuffix("_left").removesuffix("_right") for angle in ANGLES):
        columns = [i for i, angle in enumerate(ANGLES) if angle in (name, f"{name}_left", f"{name}_right")]
        known = np.isfinite(off[:, columns])
        if known.sum() >= FEWEST:
            errors = off[:, columns][known]
            accuracies[name] = Accuracy(
                int(known.sum()),
                float(np.median(np.abs(errors))),
                float(np.abs(errors).mean()),
                float(np.median(errors)),
                float(np.abs(errors - np.median(errors)).mean()),
                float(found.error[:, columns][known].mean()),
            )
    return accuracies


def as_markdown(accuracies: dict[str, Accuracy]) -> str:
    """One row for each angle."""
    rows = [[name, one.frames, *(f"{value:.1f}" for value in one[1:])] for name, one in accuracies.items()]
    return table(COLUMNS, rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.angles", description=__doc__)
    parser.add_argument("--weights", default="base", help="(default: %(default)s)")
    parser.add_argument(
        "--file", type=Path, default=real.GESTURES, help="recordings (default: those in the tree)"
    )
    parser.add_argument("--out", type=Path, help="write everything as JSON as well")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", InputWarning)
    lifter = Lifter.from_pretrained(arguments.weights, device="cpu")
    found = measure(real.read(arguments.file), lifter)
    print(as_markdown(found))
    if arguments.out is not None:
        rows = [dict(zip(COLUMNS, (name, *one), strict=True)) for name, one in found.items()]
        arguments.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
