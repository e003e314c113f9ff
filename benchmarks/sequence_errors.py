"""Compare the errors that sequences expect with their actual errors: `python -m benchmarks.sequence_errors`.

The synthetic videos are those of `benchmarks.sequences --steady-errors`: people of the recordings of a split
(--data), from any side and towards the camera by turns, and people of activities, with a new camera and a new
person for each seed. The real people are those of `benchmarks.real`, with K given.

The ratios of validation videos, times the factors in `wholebody_lift/video/expected_error.py`, are the
factors with which these ratios would be 1.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from benchmarks import real, sequences
from wholebody_lift import InputWarning, Keypoints2D, Lifter, Pose3D
from wholebody_lift._types import Floats
from wholebody_lift.skeleton import ROOT, indices
from wholebody_lift.train.markdown import table

ACTIVITIES = 3
"""Activity videos for each seed."""

GROUPS: dict[str, list[int]] = {
    **{name: indices(name) for name in ("body", "feet", "face")},
    "hands": indices("left_hand", "right_hand"),
}

STEPS: dict[str, Callable[[Lifter, Keypoints2D], Pose3D]] = {
    "frame by frame": lambda lifter, people: lifter.lift(people),
    "`lift_sequence`": lambda lifter, people: lifter.lift_sequence(people),
    "`lift_sequence`, `lock_feet`": lambda lifter, people: lifter.lift_sequence(people, lock_feet=True),
}


class Filmed(NamedTuple):
    """One person over T frames."""

    people: Keypoints2D
    truth: Floats
    """(T, 133, 3) mm, camera axes, NaN where there is none."""


class Errors(NamedTuple):
    """Mean errors, mm; NaN where there is no truth."""

    expected: float
    actual: float

    def __str__(self) -> str:
        if np.isnan(self.actual):
            return ""
        return f"{self.actual:.0f} / {self.expected:.0f} = {self.actual / self.expected:.2f}"


def synthetic(options: argparse.Namespace) -> list[Filmed]:
    """The synthetic videos: the options are those of `sequences.parser_of_videos`, and `seeds`."""
    videos = []
    for seed in range(options.seed, options.seed + options.seeds):
        filmed = {"seed": seed, "towards": seed % 2 == 1, "steady_errors": True}
        activities = {**filmed, "towards": False, "data": None, "videos": ACTIVITIES}
        for choices in (filmed, activities) if options.data is not None else (activities,):
            videos += sequences.film_all(argparse.Namespace(**{**vars(options), **choices}))
    return [Filmed(video.people, video.xyz.double().numpy()) for video in videos]


def takes(recordings: real.Recordings) -> Iterator[Filmed]:
    """The takes of real people."""
    for rows in recordings.takes:
        yield Filmed(real.keypoints_of_take(recordings, rows), recordings.truth[rows])


def errors(videos: Sequence[Filmed], poses: Sequence[Pose3D]) -> dict[str, Errors]:
    """Expected and actual errors by group, relative to the hips, over all keypoints that have a truth."""
    expected, actual = [], []
    for video, pose in zip(videos, poses, strict=True):
        truth = video.truth - video.truth[:, list(ROOT)].mean(axis=1, keepdims=True)
        pose = pose[np.searchsorted(pose.image_ids, video.people.image_ids)]
        off = np.linalg.norm(pose.xyz - truth, axis=-1)
        actual.append(off)
        expected.append(np.where(np.isnan(off), np.nan, pose.error_mm))
    return {
        name: Errors(_mean(np.concatenate(expected)[:, group]), _mean(np.concatenate(actual)[:, group]))
        for name, group in GROUPS.items()
    }


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def main() -> None:
    parser = sequences.parser_of_videos(__doc__)
    parser.add_argument("--seeds", type=int, default=6, help="how many cameras and people (%(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    parser.set_defaults(split="val", seed=10)
    options = parser.parse_args()
    torch.set_num_threads(options.threads or torch.get_num_threads())
    warnings.simplefilter("ignore", InputWarning)
    lifter = sequences.lifter_of(options)
    for name, videos in (("synthetic", synthetic(options)), ("real", list(takes(real.read())))):
        print(f"\n{name}: {len(videos)} videos, {sum(len(v.truth) for v in videos)} frames\n")
        rows = [
            (step, *errors(videos, [way(lifter, video.people) for video in videos]).values())
            for step, way in STEPS.items()
        ]
        print(table(("actual / expected error, mm", *GROUPS), rows))


if __name__ == "__main__":
    main()
