"""The network over time as it is used: for the people of a recording, and for one frame of a stream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import safetensors.numpy

from wholebody_lift import atomic, tensor_files
from wholebody_lift._types import Floats, Integers
from wholebody_lift.config import Temporal
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.pose import Pose3D
from wholebody_lift.skeleton import LONG_BONES, PART_ROOTS, PARTS
from wholebody_lift.video import answers, time_convolutions
from wholebody_lift.video.answers import Answers

NEXT_SECONDS = 1 / 125
"""Frames of a stream that are nearer to the one before replace it in a memory, which bounds its size."""

Form = Literal["centred", "causal"]
FORMS: tuple[Form, ...] = ("centred", "causal")

_BLOCK = 4096
"""Steps of the grid that are computed at a time, which bounds the memory."""

_PLACE = {keypoint: place for place, keypoint in enumerate(answers.KEYPOINTS)}
_LEADER = {i: PART_ROOTS[part] for part in PART_ROOTS for i in PARTS[part]}
_MOVED_LIKE = [_PLACE[_LEADER.get(i, i)] for part in PARTS.values() for i in part]
"""For each of the 133 keypoints, the place in `answers.KEYPOINTS` of the one that it moves with."""


class Memory:
    """The latest answers to one person of a stream, and how long their bones are; a fixed amount."""

    def __init__(self, seconds: float) -> None:
        """seconds: how long an answer is kept."""
        self._seconds = seconds
        self._frames: list[Answers] = []
        self._lengths, self._weights = np.zeros((2, len(LONG_BONES)))

    def add(self, frame: Answers) -> None:
        """The answers to the next frame (T = 1)."""
        kept = [old for old in self._frames if frame.seconds[0] - old.seconds[0] <= self._seconds]
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
        before = np.arange(-2 * time_convolutions.reach(self.config.causal), 1) / answers.GRID_FPS
        histories = [memory.history for memory in memories]
        sizes = [memory.size_mm for memory in memories]
        grids = [answers.on_grid(given, given.seconds[-1] + before) for given in histories]
        told = np.stack([answers.features(*pair) for pair in zip(grids, sizes, strict=True)])
        valid = np.stack([grid.valid for grid in grids]).astype(np.float32)
        moves = self._forward("causal", told, valid)[:, -1]  # (N, J, 3)
        rotation = np.stack([given.rotation[-1] for given in histories])
        return _in_camera_axes(moves * np.array(sizes)[:, None, None], rotation)

    def memory(self) -> Memory:
        """An empty memory for one person of a stream."""
        steps = 2 * time_convolutions.reach(self.config.causal) + 1
        return Memory(steps / answers.GRID_FPS + answers.LONGEST_GAP_SECONDS)

    def _moves(self, given: Answers) -> Floats:
        """(T, J, 3) mm, axes of the virtual cameras."""
        size = given.size_mm
        times = answers.grid_times(given.seconds)
        grid = answers.on_grid(given, times)
        told, valid = answers.features(grid, size), grid.valid
        moves = np.concatenate([self._part(told, valid, start) for start in range(0, len(times), _BLOCK)])
        return size * answers.at_frames(moves, grid, given.seconds)

    def _part(self, told: npt.NDArray[np.float32], valid: npt.NDArray[np.bool_], start: int) -> Floats:
        """The corrections of `_BLOCK` steps, with the steps around them in view."""
        reach = time_convolutions.reach(self.config.centred)
        first, last = max(start - reach, 0), min(start + _BLOCK, len(told))
        view = slice(first, last + reach)
        moves = self._forward("centred", told[None, view], valid[None, view].astype(np.float32))[0]
        return moves[start - first : last - first]

    def _forward(self, form: Form, told: npt.NDArray[np.float32], valid: npt.NDArray[np.float32]) -> Floats:
        moves = time_convolutions.correction(
            _of_form(self.weights, form),
            told,
            valid,
            getattr(self.config, form),
            causal=form == "causal",
        )
        return moves.astype(np.float64)


def _of_form(weights: dict[str, npt.NDArray[np.float32]], form: Form) -> dict[str, npt.NDArray[np.float32]]:
    return {
        name.removeprefix(f"{form}."): tensor
        for name, tensor in weights.items()
        if name.startswith(f"{form}.")
    }


def _in_camera_axes(moves: Floats, rotation: Floats) -> Floats:
    """(T, 133, 3) from moves (T, J, 3) in the axes of virtual cameras, (T, 3, 3) from those of the camera."""
    return np.asarray((moves @ rotation)[:, _MOVED_LIKE])


def shapes(config: Temporal) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in the file, by name."""
    return {
        f"{form}.{name}": shape
        for form in FORMS
        for name, shape in time_convolutions.shapes(config.channels, getattr(config, form)).items()
    }


def read(path: Path, config: Temporal) -> TemporalNetwork:
    """Read a file strictly. Raises `WeightsError` if it does not fit the config."""
    return TemporalNetwork(config, tensor_files.read(path, shapes(config)))


def write(network: TemporalNetwork, path: Path) -> None:
    """Inverse of `read`, up to half precision. The file is written completely or not at all."""
    halves = {name: tensor.astype(np.float16) for name, tensor in network.weights.items()}
    atomic.write_bytes(path, safetensors.numpy.save(halves, metadata={"format": "np"}))
