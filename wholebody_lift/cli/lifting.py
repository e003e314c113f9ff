"""From 2D to 3D, as the options say, with a progress bar; and on to the outputs."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from wholebody_lift import tracks
from wholebody_lift.cli import files, inputs
from wholebody_lift.cli.files import Media
from wholebody_lift.cli.messages import progress, say
from wholebody_lift.errors import InputError
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.pose import WORLD, Pose3D

if TYPE_CHECKING:
    from wholebody_lift.lifter import Lifter


_CROWD = 20
"""More rows than this in one image are more likely the frames of a video."""


def load(arguments: Namespace) -> Lifter:
    """The lifter of --weights, --revision, --backend and --device."""
    from wholebody_lift.lifter import Lifter

    return Lifter.from_pretrained(
        arguments.weights,
        revision=arguments.revision,
        backend=arguments.backend,
        device=arguments.device,
    )


def lift_each(
    arguments: Namespace, read: Callable[[Namespace], Keypoints2D], media: Media | None = None
) -> None:
    """Read the people of each input, lift them, write them and show them. The weights are loaded once."""
    lifter = cache(partial(load, arguments))

    def work(one: Namespace) -> None:
        if one.smooth is not None:
            _check_frame(one, one.smooth)
        paths = files.with_page(one)
        files.check_outputs(one, paths)
        lift_and_write(read(one), one, paths, lifter)
        files.open_page(one, paths)

    inputs.each(arguments, work, media)


def lift_and_write(
    people: Keypoints2D, arguments: Namespace, paths: Sequence[Path], lifter: Callable[[], Lifter]
) -> None:
    """Lift people, say what came out and write it."""
    people = followed(people, arguments)
    by_track = people.track_ids is not None
    if by_track:
        people = files.only(people, arguments.track)
    pose = lift(people, lifter(), arguments)
    pose = pose if by_track else files.only(pose, arguments.track)
    unknown = arguments.frame == WORLD and pose.ground is None
    frame = {} if arguments.frame is None or unknown else {"frame": arguments.frame}
    say(arguments, pose.to(frame.get("frame", pose.frame)).summary())
    files.write_outputs(pose, arguments, paths, **frame)
    if unknown:
        raise InputError(
            "expected people whose ground is known for --frame world, got some without: wrote them without "
            "--frame. It takes someone who stands, before a camera that does not move, or --level-camera or "
            "--gravity with --camera-height"
        )


def _check_frame(arguments: Namespace, smooth: str) -> None:
    """Refuse --frame world where no ground will be found, before the work."""
    if arguments.frame == WORLD and smooth != "offline":
        raise InputError(
            f"expected --smooth offline (which needs --fps) with --frame world, got --smooth {smooth}"
        )


def followed(people: Keypoints2D, arguments: Namespace) -> Keypoints2D:
    """People with track ids from frame to frame, as --track-people says.

    By default they are followed if the frame rate is known, frames show several people, and nothing
    identifies them.
    """
    asked = arguments.track_people
    if asked is None:
        asked = people.fps is not None and tracks.numbers(people) is None
        if asked:
            say(arguments, "people have no track ids: following them from frame to frame (--track-people)")
    if not asked:
        return people
    from wholebody_lift.video import tracker

    return tracker.follow(people)


def lift(people: Keypoints2D, lifter: Lifter, arguments: Namespace) -> Pose3D:
    """Lift people as --smooth, --smoothness and --lock-feet say."""
    smooth = arguments.smooth or _smooth_by_default(people, arguments)
    _check_frame(arguments, smooth)
    offline = {"--lock-feet": arguments.lock_feet, "--camera-height": arguments.camera_height is not None}
    for option in [name for name, given in offline.items() if given and smooth != "offline"]:
        raise InputError(
            f"expected --smooth offline (which needs --fps) with {option}, got --smooth {smooth}"
        )
    if arguments.smoothness is not None and smooth == "none":
        raise InputError(
            "expected --smooth offline or live (which need --fps) with --smoothness, got --smooth none"
        )
    smoothness = arguments.smoothness or 1.0
    if smooth != "none" and people.fps is None:
        raise InputError(f"expected a frame rate for --smooth {smooth}, got none; give it with --fps")
    if smooth != "none":
        frames = len(tracks.by_frame(people))
        say(arguments, f"lifting {frames} frames, {people.fps:g} per second, as one motion ({smooth})")
    with progress(arguments, "people") as show:
        if smooth == "offline":
            return lifter.lift_sequence(
                people,
                camera_height_mm=arguments.camera_height,
                lock_feet=arguments.lock_feet,
                smoothness=smoothness,
                progress=show,
            )
        if smooth == "live":
            from wholebody_lift.live import LiveLifter

            return LiveLifter(lifter, people.fps, smoothness=smoothness).replay(people, show)
        return lifter.lift(people, progress=show)


def _smooth_by_default(people: Keypoints2D, arguments: Namespace) -> str:
    """offline for a motion, else none; prints a hint if the input may be a video without a frame rate."""
    if tracks.is_video(people):
        return "offline"
    if people.image_ids is None and len(people) > _CROWD:
        say(
            arguments,
            f"lifting {len(people):,} people without image ids as people of one picture; if they "
            "are frames of a video, give --fps",
        )
    elif len(tracks.images(people)) > 1:
        unknown = "give --fps" if people.fps is None else "give --track-people"
        say(arguments, f"each image is lifted by itself; if these are frames of a video, {unknown}")
    return "none"
