"""The network over time as it is used: for the people of a recording, and for one frame of a stream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from wholebody_lift import atomic, tensor_files
from wholebody_lift._types import Floats, Integers
from wholebody_lift.config import Temporal
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.pose import Pose3D
from wholebody_lift.skeleton import LONG_BONES, PART_ROOTS, PARTS
from wholebody_lift.video import answers, gate, time_filters
from wholebody_lift.video.answers import Answers, Grid
from wholebody_lift.video.time_filters import Choice, Filter

NEXT_SECONDS = 1 / 125
"""Frames of a stream that are nearer to the one before replace it in a memory, which bounds its size."""

Form = Literal["centred", "causal"]
FORMS: tuple[Form, ...] = ("centred", "causal")
"""For recordings, which sees what comes before and after; for running cameras, which never looks ahead."""
FILTERS: dict[Form, tuple[Filter, ...]] = {"centred": time_filters.CENTRED, "causal": time_filters.CAUSAL}

BLOCK = 512
"""Steps of the grid that are computed at a time, which bounds the memory."""

_STEPS = max(one.width for one in (*time_filters.CENTRED, *time_filters.CAUSAL))
"""No filter looks farther."""
_KEPT_SECONDS = _STEPS / answers.GRID_FPS + answers.LONGEST_GAP_SECONDS
"""How long a memory keeps an answer."""

_PLACE = {keypoint: place for place, keypoint in enumerate(answers.KEYPOINTS)}
_LEADER = {i: PART_ROOTS[part] for part in PART_ROOTS for i in PARTS[part]}
_MOVED_LIKE = [_PLACE[_LEADER.get(i, i)] for part in PARTS.values() for i in part]
"""For each of the 133 keypoints, the place in `answers.KEYPOINTS` of the one that it moves with."""


class Memory:
    """The latest answers to one person of a stream, and how long their bones are; a fixed amount."""

    def __init__(self) -> None:
        self._frames: list[Answers] = []
        self._lengths, self._weights = np.zeros((2, len(LONG_BONES)))

    def add(self, frame: Answers) -> None:
        """The answers to the next frame (T = 1)."""
        kept = [old for old in self._frames if frame.seconds[0] - old.seconds[0] <= _KEPT_SECONDS]
        if len(kept) > 1 and kept[-1].seconds[0] - kept[-2].seconds[0] < NEXT_SECONDS:
            kept.pop()
        self._frames = [*kept, frame]
        lengths, weights = frame.bones()
        self._weights += weights[0]
        self._lengths += (lengths[0] - self._lengths) * weights[0] / self._weights

    @property
    def history(self) -> Answers:
        """All of them, in the order of time."""
        return Answers(*(np.concatenate(column) for column in zip(*self._frames, strict=True)))

    @property
    def size_mm(self) -> float:
        """`answers.size_of` the mean lengths of the bones so far."""
        return answers.size_of(self._lengths)


@dataclass(frozen=True)
class TemporalNetwork:
    """Both forms of the network, and their weights in float32. Safe to share between threads."""

    config: Temporal
    weights: dict[str, npt.NDArray[np.float32]]

    def correct(self, people: Keypoints2D, pose: Pose3D, stretches: Iterable[Integers], fps: float) -> Pose3D:
        """The pose of people, lifted frame by frame, with what the frames around each one say of its errors.

        `stretches` are the rows of one person each over frames without a long gap, in the order of time.
        """
        xyz = pose.xyz.astype(np.float64)
        for rows in stretches:
            given = answers.of_pose(people[rows], pose[rows], fps)
            xyz[rows] += _in_camera_axes(self._moves(given), given.rotation)
        return replace(pose, xyz=xyz.astype(np.float32))

    def correct_latest(self, memories: Sequence[Memory]) -> Floats:
        """(N, 133, 3) mm, camera axes: what to add to the last frame that each of N memories holds."""
        before = np.arange(1 - _STEPS, 1) / answers.GRID_FPS
        moves = []
        for memory in memories:
            given, size = memory.history, memory.size_mm
            grid = answers.on_grid(given, given.seconds[-1] + before)
            found = self._move("causal", time_filters.choice(grid, size, causal=True, last=True))
            moves.append(_in_camera_axes(size * found, given.rotation[-1:])[0])
        return np.stack(moves)

    def _moves(self, given: Answers) -> Floats:
        """(T, J, 3) mm, axes of the virtual cameras."""
        size, times = given.size_mm, answers.grid_times(given.seconds)
        grid = answers.on_grid(given, times)
        moves = np.concatenate([self._block(grid, size, start) for start in range(0, len(times), BLOCK)])
        return size * answers.at_frames(moves, grid, given.seconds)

    def _block(self, grid: Grid, size_mm: float, start: int) -> Floats:
        """The moves of at most `BLOCK` steps, with the steps around them in view."""
        first, last = max(start - _STEPS, 0), min(start + BLOCK, len(grid.valid))
        seen = time_filters.choice(grid.part(slice(first, last + _STEPS)), size_mm, causal=False)
        return self._move("centred", seen)[start - first : last - first]

    def _move(self, form: Form, choice: Choice) -> Floats:
        weights = {
            name.removeprefix(f"{form}."): tensor
            for name, tensor in self.weights.items()
            if name.startswith(f"{form}.")
        }
        return gate.move(weights, choice.told, choice.moves).astype(np.float64)


def _in_camera_axes(moves: Floats, rotation: Floats) -> Floats:
    """(T, 133, 3) from moves (T, J, 3) in the axes of virtual cameras, (T, 3, 3) from those of the camera."""
    return np.asarray((moves @ rotation)[:, _MOVED_LIKE])


def shapes(config: Temporal) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in the file, by name."""
    return {
        f"{form}.{name}": shape
        for form in FORMS
        for name, shape in gate.shapes(config.channels, FILTERS[form]).items()
    }


def read(path: Path, config: Temporal) -> TemporalNetwork:
    """Read a file strictly. Raises `WeightsError` if it does not fit the config."""
    return TemporalNetwork(config, tensor_files.read(path, shapes(config)))


def write(network: TemporalNetwork, path: Path) -> None:
    """Inverse of `read`, up to half precision. The file is written completely or not at all."""
    import safetensors.numpy

    halves = {name: tensor.astype(np.float16) for name, tensor in network.weights.items()}
    atomic.write_bytes(path, safetensors.numpy.save(halves, metadata={"format": "np"}))
