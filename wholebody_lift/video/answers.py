"""What the network over time sees: the frame network's answers to one person, at even time steps.

The axes of every frame are those of its virtual camera, in which the frame network answers. Any frame rate,
and irregular times, become `GRID_FPS` by linear interpolation; where frames are missing for longer than
`LONGEST_GAP_SECONDS`, the grid is masked.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wholebody_lift import tracks
from wholebody_lift._types import Floats, Mask
from wholebody_lift.body import long_bones
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.pose import Pose3D
from wholebody_lift.seen import Seen
from wholebody_lift.skeleton import KEYPOINT_NAMES, PARTS, indices
from wholebody_lift.viewpoint import canonical_view

GRID_FPS = 30.0
LONGEST_GAP_SECONDS = 0.26
"""Longest step between frames that the grid is filled across: frame rates of 4 and more have no gaps."""

KEYPOINTS: list[int] = indices("body", "feet")
"""The J keypoints that the network sees and moves."""

_ATTACHED_PARTS = ("face", "left_hand", "right_hand")
_BONES_OF_SIZE = 4.0
"""The lengths of all long bones together, in units of `size_of`, which is about a metre for an adult."""
_NEAR = 1e-6
"""Seconds from a frame within which a point of the grid is that frame."""


class Answers(NamedTuple):
    """One person at T times: the answers of the frame network, and what it was asked."""

    seconds: Floats
    """(T,) rising."""
    xyz: Floats
    """(T, J, 3) mm from the midpoint of the hips, axes of the virtual camera."""
    error_mm: Floats
    """(T, J)"""
    canonical: Floats
    """(T, J, 2) in the canonical view, 0 where missing."""
    observed: Floats
    """(T, J) 1 where observed, else 0."""
    parts: Floats
    """(T, 3) shares of face, left and right hand that are observed."""
    rotation: Floats
    """(T, 3, 3) from camera axes to those of the virtual camera."""
    angular_size: Floats
    """(T,)"""
    root: Floats
    """(T, 3) mm, the midpoint of the hips from the camera, camera axes."""

    @property
    def size_mm(self) -> float:
        """`size_of` them all, by the median of each bone."""
        return size_of(long_bones.weighted_median(*self.bones()))

    def bones(self) -> tuple[Floats, Floats]:
        """(T, 12) mm, the lengths of the long bones, and their weights."""
        xyz = np.zeros((len(self.xyz), len(KEYPOINT_NAMES), 3))
        xyz[:, KEYPOINTS] = self.xyz
        error = np.ones(xyz.shape[:2])
        error[:, KEYPOINTS] = self.error_mm
        return long_bones.lengths(xyz), long_bones.weights(error)


def size_of(bones_mm: Floats) -> float:
    """How large someone with these long bones (12,) is, mm: about 1000 for an adult."""
    return float(bones_mm.sum() / _BONES_OF_SIZE)


def answers(seconds: Floats, seen: Seen, xyz: Floats, error_mm: Floats) -> Answers:
    """The answers xyz (T, 133, 3) and error_mm (T, 133), in camera axes, to what was seen at times (T,)."""
    canonical, view = canonical_view(seen.plane, seen.observed)
    return Answers(
        seconds=seconds,
        xyz=xyz[:, KEYPOINTS] @ view.rotation.swapaxes(-1, -2),
        error_mm=error_mm[:, KEYPOINTS],
        canonical=canonical[:, KEYPOINTS],
        observed=seen.observed[:, KEYPOINTS].astype(np.float64),
        parts=np.stack([seen.observed[:, PARTS[part]].mean(axis=1) for part in _ATTACHED_PARTS], axis=1),
        rotation=view.rotation,
        angular_size=view.angular_size,
        root=seen.place(xyz),
    )


def of_pose(people: Keypoints2D, pose: Pose3D, fps: float) -> Answers:
    """The answers to one person over T frames, which `image_ids` count."""
    xyz, error = (values.astype(np.float64) for values in (pose.xyz, pose.error_mm))
    return answers(np.asarray(tracks.frames(people) / fps), Seen.of(people, pose.K), xyz, error)


class Grid(NamedTuple):
    """Answers at G even time steps of 1 / `GRID_FPS`."""

    answers: Answers
    valid: Mask
    """(G,) whether frames are near enough."""
    step_seconds: Floats
    """(G,) between the frames before and after."""

    def part(self, steps: slice) -> Grid:
        """Some of the steps."""
        kept = Answers(*(values[steps] for values in self.answers))
        return Grid(kept, self.valid[steps], self.step_seconds[steps])


def grid_times(seconds: Floats) -> Floats:
    """(G,) even time steps from the first to the last of times (T,)."""
    count = int(np.floor((seconds[-1] - seconds[0]) * GRID_FPS + 1e-3)) + 1
    return np.asarray(seconds[0] + np.arange(count) / GRID_FPS)


def on_grid(given: Answers, times: Floats) -> Grid:
    """The answers at times (G,), between those before and after."""
    seconds = given.seconds
    after = np.searchsorted(seconds, times - _NEAR).clip(max=len(seconds) - 1)
    exact = np.abs(seconds[after] - times) <= _NEAR
    before = np.where(exact, after, np.maximum(after - 1, 0))
    step = seconds[after] - seconds[before]
    share = np.where(step > 0, (times - seconds[before]) / np.where(step > 0, step, 1), 0).clip(0, 1)

    def between(values: Floats) -> Floats:
        weight = share.reshape(-1, *[1] * (values.ndim - 1))
        return np.asarray(values[before] * (1 - weight) + values[after] * weight)

    mixed = {name: between(values) for name, values in given._asdict().items()}
    observed = given.observed[before] * given.observed[after]
    within = (times >= seconds[0] - _NEAR) & (times <= seconds[-1] + _NEAR) & (step <= LONGEST_GAP_SECONDS)
    usual = np.where(exact, seconds[after] - seconds[np.maximum(after - 1, 0)], step)
    usual = np.where(usual > 0, usual, 1 / GRID_FPS)
    mixed |= {"observed": observed, "canonical": mixed["canonical"] * observed[..., None], "seconds": times}
    return Grid(Answers(**mixed), within, usual.clip(max=LONGEST_GAP_SECONDS))


def at_frames(values: Floats, grid: Grid, seconds: Floats) -> Floats:
    """Values (G, ...) of the grid at the times (T,) of frames; those of the nearest valid steps, 0 if there
    are none."""
    times, flat = grid.answers.seconds[grid.valid], values[grid.valid].reshape(int(grid.valid.sum()), -1)
    if not len(times):
        return np.zeros((len(seconds), *values.shape[1:]))
    columns = np.stack([np.interp(seconds, times, column) for column in flat.T], axis=1)
    return columns.reshape(len(seconds), *values.shape[1:])
