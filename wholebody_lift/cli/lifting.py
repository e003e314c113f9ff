"""From 2D to 3D, as the options say, with a progress bar; and on to the outputs."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wholebody_lift import inputs
from wholebody_lift._types import Progress
from wholebody_lift.cli import files
from wholebody_lift.cli.messages import progress, say
from wholebody_lift.errors import InputError
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.pose import Pose3D

if TYPE_CHECKING:
    from wholebody_lift.lifter import Lifter


def load(arguments: Namespace) -> Lifter:
    """The lifter of --weights, --revision and --device."""
    from wholebody_lift.lifter import Lifter

    return Lifter.from_pretrained(arguments.weights, revision=arguments.revision, device=arguments.device)


def lift_and_write(people: Keypoints2D, arguments: Namespace, paths: Sequence[Path]) -> None:
    """Lift people, say what came out and write it."""
    frame = {} if arguments.frame is None else {"frame": arguments.frame}
    by_track = people.track_ids is not None
    people = files.only(people, arguments.track) if by_track else people
    pose = lift(people, load(arguments), arguments)
    pose = pose if by_track else files.only(pose, arguments.track)
    say(arguments, pose.to(arguments.frame or pose.frame).summary())
    files.write_outputs(
        pose,
        paths,
        files.title_of(arguments.input),
        lambda path: say(arguments, f"wrote {path}"),
        **frame,
    )


def lift(people: Keypoints2D, lifter: Lifter, arguments: Namespace) -> Pose3D:
    """Lift people as --smooth, --smoothness and --lock-feet say."""
    smooth = arguments.smooth or _smooth_by_default(people, arguments)
    if arguments.lock_feet and smooth != "offline":
        raise InputError("got --lock-feet, which goes with --smooth offline (and that needs --fps)")
    if smooth != "none" and people.fps is None:
        raise InputError(f"got --smooth {smooth} and no frame rate; give it with --fps")
    if smooth != "none":
        frames = len(np.unique(_frames(people)))
        say(arguments, f"lifting {frames} frames, {people.fps:g} per second, as one motion ({smooth})")
    with progress(arguments, "people") as show:
        lift_frames = _in_chunks(lifter, show)
        if smooth == "offline":
            from wholebody_lift.video import sequence

            return sequence.lift(
                people,
                lift_frames,
                fps=None,
                lock_feet=arguments.lock_feet,
                smoothness=arguments.smoothness,
                max_gap_seconds=sequence.MAX_GAP_SECONDS,
            )
        return _live(people, lifter, arguments, show) if smooth == "live" else lift_frames(people)


def _smooth_by_default(people: Keypoints2D, arguments: Namespace) -> str:
    """offline for a motion, else none; says so of what looks like one."""
    if inputs.is_motion(people):
        return "offline"
    if people.image_ids is not None and len(np.unique(people.image_ids)) > 1:
        unknown = "give --fps" if people.fps is None else "their people need track ids"
        say(arguments, f"each image is lifted by itself; if these are frames of a video, {unknown}")
    return "none"


def _frames(people: Keypoints2D) -> npt.NDArray[np.int64]:
    """(N,) the frame of each row; rows without are one after the other."""
    return np.arange(len(people)) if people.image_ids is None else people.image_ids


def _in_chunks(lifter: Lifter, show: Progress) -> Callable[[Keypoints2D], Pose3D]:
    """`lifter.lift` that says how far it is."""
    from wholebody_lift.lifter import CHUNK

    def chunks(people: Keypoints2D) -> Iterator[Pose3D]:
        for start in range(0, len(people), CHUNK):
            yield lifter.lift(people[start : start + CHUNK])
            show(min(start + CHUNK, len(people)), len(people))

    return lambda people: _joined(list(chunks(people)))


def _live(people: Keypoints2D, lifter: Lifter, arguments: Namespace, show: Progress) -> Pose3D:
    """Each frame by what came before it."""
    from wholebody_lift.live import LiveLifter

    assert people.fps is not None
    live = LiveLifter(lifter, people.fps, smoothness=arguments.smoothness)
    frames = _frames(people)
    order = np.argsort(frames, kind="stable")
    poses: list[Pose3D] = []
    done = 0
    for rows in np.split(order, np.flatnonzero(np.diff(frames[order])) + 1):
        pose = live.push(people[rows], float(frames[rows[0]] / people.fps))
        poses.append(replace(pose, image_ids=frames[rows]))
        done += len(rows)
        show(done, len(people))
    return _joined(poses)


def _joined(poses: list[Pose3D]) -> Pose3D:
    """The people of all, one after the other."""
    arrays: dict[str, Any] = {
        field.name: np.concatenate([getattr(pose, field.name) for pose in poses])
        for field in fields(Pose3D)
        if isinstance(getattr(poses[0], field.name), np.ndarray)
    }
    return replace(poses[0], **arrays)
