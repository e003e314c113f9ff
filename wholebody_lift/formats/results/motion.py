"""What formats of people over time share: tracks, one clock, one set of axes, one origin."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from wholebody_lift import tracks
from wholebody_lift._types import Floats, Integers
from wholebody_lift.errors import listed
from wholebody_lift.pose import FRAMES, WORLD, Pose3D
from wholebody_lift.skeleton import indices

Origin = Literal["ground", "camera", "hips"]
"""The origin of all positions: "ground", under the hips of the first frame, at the height of the feet;
"camera", or for a result in frame "world" the floor under it; or "hips", those of each person in every frame,
for motion on the spot."""

_FLOOR_PERCENTILE = 5.0
"""Of the height of the lower foot over all frames: jumps and single errors do not count."""


class Track(NamedTuple):
    """One person over time: T frames, in order, that need not follow one another.

    Attributes:
        name: "person", and the person's track id or number where there are several.
        frames: (T,) the number of each frame on the clock of the `Motion`, which starts at 0.
        xyz: (T, 133, 3) mm.
        error_mm: (T, 133) expected error.
        observed: (T, 133) bool; False where `xyz` is inferred.
    """

    name: str
    frames: Integers
    xyz: Floats
    error_mm: Floats
    observed: npt.NDArray[np.bool_]

    def without_gaps(self) -> Floats:
        """(U, 133, 3) mm, every frame from the first to the last; straight lines through what is missing."""
        first, last = self.frames[[0, -1]]
        wanted = np.arange(first, last + 1)
        after = np.searchsorted(self.frames, wanted).clip(1, max(1, len(self.frames) - 1))
        before = after - 1
        after = np.minimum(after, len(self.frames) - 1)
        span = np.maximum(self.frames[after] - self.frames[before], 1)
        share = ((wanted - self.frames[before]) / span)[:, None, None]
        return np.asarray((1 - share) * self.xyz[before] + share * self.xyz[after])


class Motion(NamedTuple):
    """People over time.

    Attributes:
        tracks: the people.
        fps: frames per second.
        length: number of frames, from the first to the last in which anyone is there.
        frame: the axes, one of `FRAMES`.
        origin: see `Origin`.
        level: whether up is against gravity, as in frame "world", instead of up in the image.
    """

    tracks: tuple[Track, ...]
    fps: float
    length: int
    frame: str
    origin: Origin
    level: bool

    @property
    def description(self) -> str:
        """Units, axes, origin and frame rate, for formats with a place for words."""
        axes = FRAMES[self.frame]
        where = {
            "ground": "on the ground under the hips in the first frame",
            "camera": "on the floor under the camera" if self.level else "at the camera",
            "hips": "half way between each person's hips",
        }[self.origin]
        level = ", for a camera held level" if self.level and self.frame != WORLD else ""
        return (
            f"frame {self.frame} ({axes.handedness}-handed): x {axes.x}, y {axes.y}, z {axes.z}{level}; "
            f"origin {where}; {self.fps:.10g} frames per second"
        )

    def only_track(self, kind: str) -> Track:
        """The one person. Raises ValueError where there are several: a file of this kind holds one."""
        if len(self.tracks) > 1:
            names = listed(track.name for track in self.tracks)
            raise ValueError(
                f"expected one person, as {kind} holds one, got {len(self.tracks)} ({names}); choose one: "
                "pose[pose.track_ids == ID], or pose[0] in a single image. If the rows are frames of one "
                "person, say so before lifting: Keypoints2D(..., image_ids=range(N), fps=FPS)"
            )
        return self.tracks[0]


def motion(pose: Pose3D, frame: str, origin: Origin = "ground") -> Motion:
    """The people of a result over time.

    Rows with one track id are one person; without track ids one person per image is a sequence, and several
    people in a single image are people of one frame. The clock ticks as often as frames were lifted: every
    third frame of a video gives a third of its frame rate.

    A result in frame "world" stays level and on its floor, in the axes of `frame`.

    Raises ValueError, which says what to do, where it is not known who is who or how fast frames follow.
    """
    if origin not in get_args(Origin):
        raise ValueError(f"expected one of the origins {', '.join(get_args(Origin))}, got {origin!r}")
    level = WORLD in (pose.frame, frame)
    pose = _level(pose, frame) if level else pose.to(frame)
    if FRAMES[frame].handedness == "left":
        raise ValueError(f"expected a right-handed frame, as the format has one, got {frame!r}")
    if not len(pose):
        raise ValueError("expected at least one person to write, got none")
    frames, fps = tracks.clock(pose)
    xyz = _placed(pose, frames, origin, floor=0.0 if level else None)
    of_each = tuple(
        Track(name, frames[rows], xyz[rows], pose.error_mm[rows].astype(np.float64), pose.observed[rows])
        for name, rows in tracks.each(pose)
    )
    return Motion(of_each, fps, int(frames.max()) + 1, frame, origin, level)


def _level(pose: Pose3D, frame: str) -> Pose3D:
    """The people in frame "world", in the axes that `frame` has for a camera that is held level."""
    pose = pose.to(WORLD)
    turn = (FRAMES[frame].matrix @ FRAMES[WORLD].matrix.T).astype(np.float32)
    xyz, translation = pose.xyz @ turn.T, pose.translation @ turn.T
    return replace(pose, xyz=xyz, translation=translation, frame=frame)


def _placed(pose: Pose3D, frames: Integers, origin: Origin, floor: float | None) -> Floats:
    """(N, 133, 3) mm from the origin; without `floor`, the lowest feet tell its height."""
    if origin == "hips":
        return pose.xyz.astype(np.float64)
    xyz = pose.in_camera.astype(np.float64)
    if origin == "camera":
        return xyz
    up = FRAMES[pose.frame].matrix @ (0.0, -1.0, 0.0)
    start = pose.translation[frames == 0].mean(axis=0)
    if floor is None:
        floor = float(np.percentile((xyz[:, indices("feet")] @ up).min(axis=1), _FLOOR_PERCENTILE))
    return np.asarray(xyz - start + (start @ up - floor) * up)
