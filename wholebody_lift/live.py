"""LiveLifter: people in front of a running camera, frame by frame, steady with little delay."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import torch

from wholebody_lift._types import Progress
from wholebody_lift.errors import InputError, count
from wholebody_lift.from_pixels import Seen
from wholebody_lift.keypoints import MIN_SCORE, Keypoints2D, read_keypoints, unusable
from wholebody_lift.pose import Pose3D
from wholebody_lift.skeleton import NUM_KEYPOINTS
from wholebody_lift.video.person import Person

if TYPE_CHECKING:
    from collections.abc import Sized

    from wholebody_lift.lifter import Lifter


FORGET_SECONDS = 1.0
"""A person who was not seen for longer is forgotten, unless the caller sets another limit."""


class LiveLifter:
    """Lifts a stream of frames and smooths as it goes; nothing waits for a later frame.

    Positions go through a One-Euro filter: a keypoint at rest is delayed most, by 1 / (2 pi c) seconds with
    its least cut-off c in `smoothing.RATES`, and less the faster it moves; docs/sequences.md says what that
    comes to. Bones have the mean length that they have had so far.

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
        min_score: float = MIN_SCORE,
        forget_seconds: float = FORGET_SECONDS,
        smoothness: float = 1.0,
    ) -> None:
        """The camera, as in `Lifter.lift`, stands for all frames that do not come as a `Keypoints2D`.

        Args:
            lifter: the weights to lift with.
            fps: frames per second, where `push` is not told the time of each frame.
            image_size: (width, height) pixels.
            K: (3, 3) intrinsics in pixels.
            distortion: (5,) Brown-Conrady k1 k2 p1 p2 k3; needs K.
            height_mm: standing height of everybody.
            min_score: keypoints with a lower score are missing.
            forget_seconds: a person that was not seen for longer starts afresh.
            smoothness: what the cut-offs are divided by: 2 is steadier and twice as late, 0.5 the opposite.
        """
        for name, value in (("fps", fps), ("forget_seconds", forget_seconds), ("smoothness", smoothness)):
            if value is not None and not 0 < value < np.inf:
                raise InputError(f"got {name} {value!r}; a number over 0 was wanted")
        self.lifter, self.fps = lifter, fps
        self.min_score, self.forget_seconds, self.smoothness = min_score, forget_seconds, smoothness
        self._shared: dict[str, Any] = {
            "image_size": image_size,
            "K": K,
            "distortion": distortion,
            "height_mm": height_mm,
        }
        self.reset()

    def reset(self) -> None:
        """Forget everybody and start at frame 0, as for another video."""
        self._people: dict[int, Person] = {}
        self._frame = 0
        self._seconds = -np.inf

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
                a camera of its own; or None or an empty array where nobody is.
            seconds: when the frame was taken, later than the one before; frame number / fps if left out.
            track_ids: (N,) who each person is; needed for several people, unless `frame` holds them.

        Returns:
            Pose3D of the people that are in this frame, in the order given; of none (N = 0) if nobody is, or
            nobody of whom anything is visible. `image_ids` count the frames from 0.

        Raises:
            InputError: as `Lifter.lift`; also without a time, without track ids, or if time runs backwards.
        """
        now = self._clock(seconds)
        people = self._read(frame, track_ids)
        tracks = [] if people is None else _tracks(people)
        number, self._frame, self._seconds = self._frame, self._frame + 1, now
        self._people = {
            track: person
            for track, person in self._people.items()
            if now - person.seen <= self.forget_seconds
        }
        if people is None:
            return _nobody(self.fps)
        persons = [self._people.setdefault(track, Person(self.smoothness)) for track in tracks]
        flat = self.lifter.lift(people)
        xyz = np.stack(
            [p.smooth(x, e, now) for p, x, e in zip(persons, flat.xyz, flat.error_mm, strict=True)]
        )
        seen = Seen.of(people, flat.K)
        roots = seen.place(torch.from_numpy(xyz)).numpy()
        path = np.stack([p.smooth_path(root, now) for p, root in zip(persons, roots, strict=True)])
        off = seen.reprojection_error(torch.from_numpy(xyz + path[:, None])).numpy()
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
            Pose3D with a row for each of `people`, ordered by frame; `image_ids` are the given ones.

        Raises:
            InputError: as `push`; also without fps.
        """
        if people.fps is None:
            raise InputError("expected people with fps, got none; the filters need the time of each frame")
        frames = np.arange(len(people)) if people.image_ids is None else people.image_ids
        order = np.argsort(frames, kind="stable")
        poses: list[Pose3D] = []
        done = 0
        for rows in np.split(order, np.flatnonzero(np.diff(frames[order])) + 1):
            pose = self.push(people[rows], float(frames[rows[0]] / people.fps))
            poses.append(replace(pose, image_ids=frames[rows]))
            done += len(rows)
            if progress is not None:
                progress(done, len(people))
        return _joined(poses)

    def _clock(self, seconds: float | None) -> float:
        if seconds is None:
            if self.fps is None:
                raise InputError("got no time of the frame; give seconds to push, or fps to LiveLifter")
            seconds = self._frame / self.fps
        if not seconds > self._seconds:
            raise InputError(
                f"got a frame of {seconds:g} s after one of {self._seconds:g} s; later and later frames were "
                "wanted. For another video call reset() first"
            )
        return float(seconds)

    def _read(
        self, frame: npt.ArrayLike | Keypoints2D | None, track_ids: npt.ArrayLike | None
    ) -> Keypoints2D | None:
        """The people of whom something is visible, or None if there are none."""
        if isinstance(frame, Keypoints2D):
            if track_ids is not None:
                raise TypeError("push(Keypoints2D) takes no track_ids beside it; put them into Keypoints2D")
            return frame
        if frame is None or len(cast("Sized", frame)) == 0:
            return None
        xy, scores = read_keypoints(frame, None, self.min_score)
        seen = ~unusable(xy)
        if not seen.any():
            return None
        ids = None if track_ids is None else np.asarray(track_ids)
        if ids is not None and ids.shape != seen.shape:
            raise InputError(
                f"got track_ids of shape {ids.shape} with {count(len(seen))}; ({len(seen)},) was wanted"
            )
        ids = None if ids is None else ids[seen]
        return Keypoints2D(
            keypoints=xy[seen], scores=scores[seen], track_ids=ids, min_score=self.min_score, **self._shared
        )


def _tracks(people: Keypoints2D) -> list[int]:
    """Who the people of one frame are."""
    if people.track_ids is None and len(people) == 1:
        return [0]
    tracks = [] if people.track_ids is None else people.track_ids.tolist()
    if len(set(tracks)) < len(people):
        raise InputError(
            f"got {len(people)} people with track_ids {tracks or None}; who is who was wanted, as people are "
            "not told apart here: give each person of a frame a number of their own"
        )
    return tracks


def _joined(poses: list[Pose3D]) -> Pose3D:
    """The people of all, one after the other."""
    arrays: dict[str, Any] = {
        field.name: np.concatenate([getattr(pose, field.name) for pose in poses])
        for field in fields(Pose3D)
        if isinstance(getattr(poses[0], field.name), np.ndarray)
    }
    return replace(poses[0], **arrays)


def _nobody(fps: float | None) -> Pose3D:
    """A result without people."""
    k = NUM_KEYPOINTS
    return Pose3D(
        xyz=np.zeros((0, k, 3), np.float32),
        error_mm=np.zeros((0, k), np.float32),
        observed=np.zeros((0, k), bool),
        translation=np.zeros((0, 3), np.float32),
        K=np.zeros((0, 3, 3)),
        distortion=np.zeros((0, 5)),
        camera_source="keypoints",
        reprojection_error_px=np.zeros(0, np.float32),
        keypoints=np.zeros((0, k, 2), np.float32),
        scores=np.zeros((0, k), np.float32),
        image_ids=np.zeros(0, np.int64),
        fps=fps,
    )
