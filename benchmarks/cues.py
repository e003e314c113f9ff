"""Measure which keypoints tell a network what, on real people: `python -m benchmarks.cues`.

The people of `benchmarks.real` are lifted with K, frame by frame: as detected, without some of the keypoints,
and with some of them moved by `MOVED_MM` in the picture. Where a result gets better without a keypoint, or
with a keypoint elsewhere, the detector puts that keypoint where no synthetic detector of training does, and
the network believes it.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks import real
from benchmarks.real import Floats, Recordings
from wholebody_lift import InputWarning, Lifter
from wholebody_lift.skeleton import INDEX, indices
from wholebody_lift.train.markdown import table

MOVED_MM = 25.0
COLUMNS = ("mpjpe", "n_mpjpe", "pa_mpjpe", "lean/legs", "lean/trunk")
"""Figures of `real.COLUMNS`."""

PAIRS: dict[str, list[int]] = {
    f"{name.replace('_', ' ')}s": [INDEX[f"left_{name}"], INDEX[f"right_{name}"]]
    for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", "big_toe")
}
"""A left and a right keypoint each, by name."""
GROUPS: dict[str, list[int]] = PAIRS | {
    "feet": indices("feet"),
    "hands": indices("left_hand", "right_hand"),
    "face": indices("face"),
}
"""Keypoints that are left out together, by name."""


def inputs(recordings: Recordings) -> Iterator[tuple[str, Floats]]:
    """What is done to the keypoints, and the keypoints (N, 133, 2) px; NaN where they are left out."""
    yield "as detected", recordings.keypoints
    for name, keypoints in GROUPS.items():
        left_out = recordings.keypoints.copy()
        left_out[:, keypoints] = np.nan
        yield f"without {name}", left_out
    depth = np.nanmedian(recordings.truth[..., 2], axis=1)
    pixels = MOVED_MM * recordings.K[:, 0, 0] / depth
    for name, pair in PAIRS.items():
        for way, steps in {
            "up": ((0, -1), (0, -1)),
            "down": ((0, 1), (0, 1)),
            "outwards": ((1, 0), (-1, 0)),
            "inwards": ((-1, 0), (1, 0)),
        }.items():
            moved = recordings.keypoints.copy()
            for keypoint, step in zip(pair, steps, strict=True):  # of people who face the camera
                moved[:, keypoint] += pixels[:, None] * step
            yield f"{name} {MOVED_MM:g} mm {way}", moved


def measure(recordings: Recordings, lifter: Lifter) -> Iterator[tuple[str, dict[str, float]]]:
    """What is done to the keypoints, and the means of `COLUMNS`."""
    for name, keypoints in inputs(recordings):
        pose = lifter.lift(keypoints, recordings.scores, K=recordings.K)
        figures = real.errors(pose.xyz.astype(np.float64), recordings)
        yield name, {column: float(np.nanmean(figures[column])) for column in COLUMNS}


def every(recordings: Recordings, step: int) -> Recordings:
    """One frame in `step`."""
    rows = slice(None, None, step)
    return recordings._replace(
        **{
            name: values[rows]
            for name, values in recordings._asdict().items()
            if isinstance(values, np.ndarray)
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cues", description=__doc__)
    parser.add_argument("--weights", nargs="+", default=["base"], help="(default: base)")
    parser.add_argument(
        "--file", type=Path, default=real.GESTURES, help="recordings (default: those in the tree)"
    )
    parser.add_argument("--every", type=int, default=4, help="one frame in this many (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="write everything as JSON as well")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads or torch.get_num_threads())
    warnings.simplefilter("ignore", InputWarning)
    recordings = every(real.read(arguments.file), arguments.every)
    found = {
        weights: dict(measure(recordings, Lifter.from_pretrained(weights, device="cpu")))
        for weights in arguments.weights
    }
    rows = [
        [f"{weights}, {name}", *(f"{figure:.1f}" for figure in figures.values())]
        for weights, ways in found.items()
        for name, figures in ways.items()
    ]
    print(table(["", *(real.COLUMNS[name] for name in COLUMNS)], rows))
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
