"""LiveLifter: people in front of a running camera, frame by frame, smoothed with little delay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from wholebody_lift import checks, tracks
from wholebody_lift._types import Floats, Progress
from wholebody_lift.errors import InputError
from wholebody_lift.keypoints import MIN_SCORE, Keypoints2D
from wholebody_lift.pose import Pose3D
from wholebody_lift.seen import Seen
from wholebody_lift.video import answers
from wholebody_lift.video.answers import Answers
from wholebody_lift.video.person import Person
from wholebody_lift.video.tracker import Tracker

if TYPE_CHECKING:
    from wholebody_lift.lifter import Lifter


FORGET_SECONDS = 1.0
"""A person who was not seen for longer is forgotten, unless the caller sets another limit."""


_TICKS = 1000.0
"""Time for the tracker, which counts frames: milliseconds."""

_LATEST = 1e10
"""Seconds; three hundred years, and more than there have been since 1970."""


class LiveLifter:
    """Lifts a stream of frames and smooths as it goes; nothing waits for a later frame.

    Positions go through a One-Euro filter: a keypoint at rest has the longest delay, 1 / (2 pi c) seconds
    with its lowest cut-off c in `smoothing.RATES`; the faster it moves, the shorter. docs/sequences.md gives
    the figures. Bones have their mean length so far.

    Memory does not grow with time: each person takes a fixed amount and is forgotten after `forget_seconds`.
    Not safe to share between threads: one for each stream. The `Lifter` within may be shared.
    """

    def __init__(
        self,
        lifter: Lifter,
        fps: float | None = None,
        *,
        image_size: npt.ArrayLike | None = None,
        K: npt.ArrayLike | None = None,
        distortion: npt.ArrayLike | None = None,
        height_mm: float | None = None,
        bone_lengths: npt.ArrayLike | Mapping[str, float] | None = None,
        gravity: npt.ArrayLike | Literal["level"] | None = None,
        gravity_spread_deg: float | None = None,
        min_score: float = MIN_SCORE,
        forget_seconds: float = FORGET_SECONDS,
        smoothness: float = 1.0,
        track: bool = False,
    ) -> None:
        """The camera, as in `Lifter.lift`, holds for all frames that are not given as a `Keypoints2D`.

        Args:
            lifter: the weights to lift with.
            fps: frames per second, where `push` is not told the time of each frame.
            image_size: (width, height) pixels.
            K: (3, 3) intrinsics in pixels.
            distortion: (5,) Brown-Conrady k1 k2 p1 p2 k3; needs K.
            height_mm: standing height of everyone.
            bone_lengths: (12,) or by name, of everyone.
            gravity: (3,), the direction down in camera axes, or "level".
            gravity_spread_deg: by how many degrees gravity may be off, about; 5 by default.
            min_score: keypoints with a lower score are missing.
            forget_seconds: a person who was not seen for longer starts anew.
            smoothness: 0.001 to 1000; divides the cut-offs: 2 is steadier and twice as late.
            track: number people who have no track ids from frame to frame; detectors list them in any order.
        """
        self.lifter, self.fps = lifter, None if fps is None else checks.fps(fps)
        self.min_score = checks.min_score(min_score)
        self.forget_seconds = checks.number("forget_seconds", forget_seconds, most=_LATEST)
        self.smoothness, self.track = checks.smoothness(smoothness), track
        self._shared: dict[str, Any] = {
            "image_size": image_size,
            "K": K,
            "distortion": distortion,
            "height_mm": height_mm,
            "bone_lengths": bone_lengths,
            "gravity": gravity,
            "gravity_spread_deg": gravity_spread_deg,
        }
        self.reset()

    def reset(self) -> None:
        """Forget everyone and start at frame 0, as for another video."""
        self._people: dict[int, Person] = {}
        self._frame = 0
        self._seconds = -np.inf
        self._tracker, self._tick = Tracker(_TICKS, self.min_score), 0

    def push(
        self,
        frame: npt.ArrayLike | Keypoints2D | None,
        seconds: float | None = None,
        *,
        track_ids: npt.ArrayLike | None = None,
    ) -> Pose3D:
        """Lift the next frame.

        Args:
            frame: (133, 2|3) one person or (N, 133, 2|3) several, as for `Lifter.lift`; a `Keypoints2D`, with
                a camera of its own; or None or an empty array if there is nobody.
            seconds: when the frame was taken, later than the one before; frame number / fps by default.
            track_ids: (N,) who each person is; needed for several people, unless `frame` holds them or
                people are tracked.

        Returns:
            Pose3D of the people that are in this frame, in the order given; N = 0 if there are none, or if
            nothing of them is visible. `image_ids` count the frames from 0.

        Raises:
            InputError: as `Lifter.lift`; also without a time, without track ids, or if time runs backwards.
        """
        now = self._clock(seconds)
        people = self._read(frame, track_ids)
        if self.track:
            people = self._followed(people, now)
        numbers = _numbers(people)
        number, self._frame, self._seconds = self._frame, self._frame + 1, now
        self._people = {
            number: person
            for number, person in self._people.items()
            if now - person.seen <= self.forget_seconds
        }
        if not len(people):
            return Pose3D.empty(self.fps)
        persons = [self._person(number) for number in numbers]
        flat = self.lifter.lift(people)
        seen = Seen.of(people, flat.K)
        lifted = self._corrected(flat, seen, persons, now)
        xyz = np.stack([p.smooth(x, e, now) for p, x, e in zip(persons, lifted, flat.error_mm, strict=True)])
        roots = seen.place(xyz)
        path = np.stack([p.smooth_path(root, now) for p, root in zip(persons, roots, strict=True)])
        off = seen.reprojection_error(xyz + path[:, None])
        return replace(
            flat,
            xyz=xyz.astype(np.float32),
            translation=path.astype(np.float32),
            reprojection_error_px=off.astype(np.float32),
            image_ids=np.full(len(people), number),
            fps=self.fps,
        )

    def replay(self, people: Keypoints2D, progress: Progress | None = None) -> Pose3D:
        """Lift a recording as it would have been lifted live: every frame by what came before it.

        Args:
            people: people with `fps`, and with `image_ids` that count the frames (a row is a frame where
                there are none).
            progress: called after every frame with how many people are lifted and how many there are.

        Returns:
            Pose3D with a row for each of `people`, ordered by frame; `image_ids` and `fps` are the given
            ones.

        Raises:
            InputError: as `push`; also without fps.
        """
        if people.fps is None:
            raise InputError("expected people with fps, got none; the filters need the time of each frame")
        if not len(people):
            return Pose3D.empty(people.fps)
        frames = tracks.frames(people)
        poses: list[Pose3D] = []
        done = 0
        for rows in tracks.by_frame(people):
            pose = self.push(people[rows], float(frames[rows[0]] / people.fps))
            poses.append(replace(pose, image_ids=frames[rows], fps=people.fps))
            done += len(rows)
            if progress is not None:
                progress(done, len(people))
        return Pose3D.concatenate(poses)

    def _person(self, number: int) -> Person:
        """What is remembered of the person of that number."""
        if number not in self._people:
            self._people[number] = Person(self.smoothness, corrected=self.lifter.temporal is not None)
        return self._people[number]

    def _corrected(self, flat: Pose3D, seen: Seen, persons: list[Person], now: float) -> Floats:
        """(N, 133, 3) mm: the pose, with what earlier frames say of its errors where a network knows."""
        xyz, error = flat.xyz.astype(np.float64), flat.error_mm.astype(np.float64)
        if self.lifter.temporal is None:
            return xyz
        given = answers.answers(np.full(len(xyz), now), seen, xyz, error)
        for row, person in enumerate(persons):
            person.memory.add(Answers(*(values[row : row + 1] for values in given)))
        return xyz + self.lifter.temporal.correct_latest([person.memory for person in persons])

    def _clock(self, seconds: float | None) -> float:
        if seconds is None:
            if self.fps is None:
                raise InputError(
                    "expected the time of the frame, got none; give seconds to push, or fps to LiveLifter"
                )
            seconds = self._frame / self.fps
        seconds = checks.number("seconds", seconds, least=-_LATEST, most=_LATEST)
        if not seconds > self._seconds:
            raise InputError(
                f"expected a frame later than the one before, at {self._seconds:g} s, got one at {seconds:g} "
                "s; for another video call reset() first"
            )
        return seconds

    def _read(
        self, frame: npt.ArrayLike | Keypoints2D | None, track_ids: npt.ArrayLike | None
    ) -> Keypoints2D:
        """The people of whom something is visible."""
        if isinstance(frame, Keypoints2D):
            if track_ids is not None:
                raise TypeError(
                    "expected push(Keypoints2D) without track_ids, got both; put track_ids into Keypoints2D"
                )
            return frame
        given = checks.numbers("keypoints", () if frame is None else frame)
        if given.shape[:1] == (0,):
            return Keypoints2D.empty()
        people, _ = Keypoints2D.visible(given, track_ids=track_ids, min_score=self.min_score, **self._shared)
        return people

    def _followed(self, people: Keypoints2D, now: float) -> Keypoints2D:
        """People with track ids, by where everyone was before."""
        if people.track_ids is not None or not len(people):
            return people
        self._tick = max(self._tick + 1, round(now * _TICKS))
        found = np.concatenate([people.keypoints, people.scores[..., None]], axis=-1)  # (N, K, 3)
        return people.model_copy(update={"track_ids": np.array(self._tracker.update(self._tick, found))})


def _numbers(people: Keypoints2D) -> list[int]:
    """Who the people of one frame are."""
    if people.track_ids is None and len(people) > 1:
        raise InputError(
            f"expected track_ids for {len(people)} people, got none; give each person of a frame a number of "
            "their own, or LiveLifter track=True"
        )
    numbers = [0] * len(people) if people.track_ids is None else people.track_ids.tolist()
    if len(set(numbers)) < len(numbers):
        raise InputError(
            f"expected track_ids that are different within a frame, got {numbers}; give each person of a "
            "frame a number of their own"
        )
    return numbers
