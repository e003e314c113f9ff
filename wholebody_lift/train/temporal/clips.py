"""Clips for training the network over time: synthetic videos, and the frozen answers of a network to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch

from wholebody_lift import Keypoints2D, Lifter
from wholebody_lift._types import AnyFloats, Floats, Mask
from wholebody_lift.pose import Pose3D
from wholebody_lift.seen import Seen
from wholebody_lift.skeleton import ROOT
from wholebody_lift.train.synthetic import videos
from wholebody_lift.train.synthetic.people import CAMERA_KNOWLEDGE
from wholebody_lift.train.synthetic.videos import Video
from wholebody_lift.train.temporal.motions import Motions
from wholebody_lift.video import answers, sequence, time_filters
from wholebody_lift.video.answers import Answers
from wholebody_lift.viewpoint import canonical_view

FRAME_RATES = {5.0: 0.03, 10.0: 0.1, 12.0: 0.05, 15.0: 0.12, 20.0: 0.12, 25.0: 0.18, 30.0: 0.3, 60.0: 0.1}
"""Shares of clips by frames per second. All fit the grid every few steps, as the causal form is trained where
a frame is, and nothing between frames tells it of the next one."""
SECONDS = 2.5
"""Of a clip at most: many short ones show more people and cameras than few long ones."""
SHORTEST = 8
"""Frames of the shortest clip."""
AT_A_FRAME = 1e-3
"""Seconds."""
TOWARDS, STEADY_ERRORS, BENCH_CAMERA = 0.2, 0.5, 0.3
"""Shares of clips in which the person comes towards the camera, the detector makes steady errors, and the
camera shows the whole way."""
DETECTORS = {"wholebody": 0.55, "holistic": 0.25, "bottom_up": 0.1, "exact": 0.1}
_Name = TypeVar("_Name", str, float)


class Clip(NamedTuple):
    """One person over T frames."""

    answers: Answers
    truth: Floats
    """(T, J, 3) mm from the midpoint of the hips, axes of the virtual cameras; NaN where there is none."""
    smoothed: bool
    """Whether the 2D was smoothed first, as for recordings, or lifted as detected, as for running cameras."""


class Steps(NamedTuple):
    """What is judged of a clip: G steps of the grid, in units of the size of the answers."""

    told: AnyFloats
    """(G, J, F) as in `time_filters.Choice`."""
    moves: AnyFloats
    """(G, J, E, 3)"""
    off: AnyFloats
    """(G, J, 3) the truth less the answers; NaN where there is none."""
    truth: AnyFloats
    """(G, J, 3)"""


def film(motions: Motions, generator: torch.Generator) -> Video:
    """A video of the mixture."""

    def happens(share: float) -> bool:
        return bool(torch.rand((), generator=generator) < share)

    fps = _choice(FRAME_RATES, generator)
    motion = motions.draw(SECONDS, fps, generator)
    return videos.film(
        "",
        motion,
        motions.rig,
        generator,
        fps=fps,
        towards_camera=happens(TOWARDS),
        steady_errors=happens(STEADY_ERRORS),
        camera=videos.still_camera if happens(BENCH_CAMERA) else videos.any_camera,
        detector=_choice(DETECTORS, generator),
    )


def _choice(shares: Mapping[_Name, float], generator: torch.Generator) -> _Name:
    drawn = torch.multinomial(torch.tensor(list(shares.values())), 1, generator=generator)
    return list(shares)[int(drawn)]


def answered(video: Video, lifter: Lifter, knowledge: str, *, smoothed: bool) -> Clip:
    """A clip of a video. knowledge: what the lifter is told of the camera, of `CAMERA_KNOWLEDGE`."""
    people = video.people
    _, view = canonical_view(*_plane(people))
    truth = video.xyz.double().numpy()
    truth = truth - truth[:, list(ROOT)].mean(axis=1, keepdims=True)
    truth = truth[:, answers.KEYPOINTS] @ view.rotation.swapaxes(-1, -2)
    if knowledge != "given":
        people = people.model_copy(update={"K": None, "distortion": None})
    if knowledge == "keypoints":
        people = people.model_copy(update={"image_size": None})
    if smoothed:
        gap = sequence.MAX_GAP_SECONDS
        people = sequence.prepare(people, fps=None, smoothness=1.0, max_gap_seconds=gap).smooth
    pose = lifter.lift(people)
    if smoothed and pose.camera_source == "keypoints":
        pose = sequence.one_camera(pose, people)
    return clip(people, pose, truth, smoothed=smoothed)


def _plane(people: Keypoints2D) -> tuple[Floats, Mask]:
    seen = Seen.of(people)
    return seen.plane, seen.observed


def clip(people: Keypoints2D, pose: Pose3D, truth: Floats, *, smoothed: bool) -> Clip:
    """One person as lifted, at people.fps, with their truth (T, J, 3)."""
    return Clip(answers.of_pose(people, pose, people.fps or videos.FPS), truth, smoothed)


def steps(clip: Clip, *, causal: bool) -> Steps:
    """A clip on the grid.

    The causal form is judged where a frame is, as a live stream asks for that alone; the centred one wherever
    frames are near enough.
    """
    given, size = clip.answers, clip.answers.size_mm
    times = answers.grid_times(given.seconds)
    grid = answers.on_grid(given, times)
    truth = answers.on_grid(given._replace(xyz=clip.truth), times).answers.xyz / size
    at_a_frame = np.abs(given.seconds[:, None] - times).min(axis=0) < AT_A_FRAME
    judged = grid.valid & (at_a_frame | (not causal))
    seen = time_filters.choice(grid, size, causal=causal)
    off = truth - grid.answers.xyz / size
    return Steps(seen.told[judged], seen.moves[judged], _single(off[judged]), _single(truth[judged]))


def _single(values: Floats) -> AnyFloats:
    return values.astype(np.float32)


def prepare(
    lifters: Sequence[Lifter], motions: Motions, count: int, generator: torch.Generator
) -> Iterator[Clip]:
    """So many clips, every other one smoothed; the lifters take turns."""
    made = 0
    while made < count:
        video = film(motions, generator)
        if len(video.people) < SHORTEST:
            continue
        lifter, knowledge = lifters[made // 2 % len(lifters)], _choice(CAMERA_KNOWLEDGE, generator)
        yield answered(video, lifter, knowledge, smoothed=made % 2 == 0)
        made += 1


def save(path: Path, clips: Sequence[Clip]) -> None:
    """Write clips to an npz file."""
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(one.answers, name) for one in clips]).astype(np.float32)
        for name in Answers._fields
    }
    arrays["truth"] = np.concatenate([one.truth for one in clips]).astype(np.float32)
    arrays["frames"] = np.array([len(one.truth) for one in clips])
    arrays["smoothed"] = np.array([one.smoothed for one in clips])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez(file, **arrays)


def load(path: Path) -> list[Clip]:
    """The clips in a file that `save` wrote."""
    with np.load(path) as file:
        ends, smoothed = np.cumsum(file["frames"])[:-1], file["smoothed"].tolist()

        def split(name: str) -> list[Floats]:
            return np.split(file[name].astype(np.float64), ends)

        rows = zip(*(split(name) for name in Answers._fields), strict=True)
        return [
            Clip(Answers(*row), truth, one)
            for row, truth, one in zip(rows, split("truth"), smoothed, strict=True)
        ]
