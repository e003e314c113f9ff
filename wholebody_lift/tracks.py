"""Who is who, and when: image ids, track ids and frame rates, sorted out in one place.

Rows of a `Keypoints2D` or a `Pose3D` are people in images. `track_ids` say who each is. Without them the
rule is the same everywhere: one person in each image is one person all along; several people in a single
image are people of one moment; and of several people in several images it is not known who is who, until
`video.tracker` has numbered them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Integers, Mask
from wholebody_lift.errors import FrameRateWarning, InputError, count, listed, warn

SAME_RATE = 0.01
"""Frame rates that differ by a smaller share are one rate: 30 and 29.97."""

STILL_FPS = 30.0
"""The frame rate of a single image, where a format needs one and none is known."""

_LEAST_SHARE = 0.01
"""Image ids count frames if at least this share of the frames from the first to the last has people."""


class People(Protocol):
    """The fields that these functions need of a `Keypoints2D` or a `Pose3D`."""

    @property
    def image_ids(self) -> Integers | None: ...

    @property
    def track_ids(self) -> Integers | None: ...

    @property
    def fps(self) -> float | None: ...

    def __len__(self) -> int: ...


class Selectable(People, Protocol):
    """People that can be indexed by row."""

    def __getitem__(self, index: Any) -> Any: ...


_Chosen = TypeVar("_Chosen", bound=Selectable)


def frames(people: People) -> Integers:
    """(N,) the image or frame of each row; rows without image ids follow one another."""
    return np.arange(len(people)) if people.image_ids is None else people.image_ids


def images(people: People) -> Integers:
    """(I,) the images or frames in which there is someone, rising; 0 alone where there are no image ids."""
    return (
        np.zeros(min(1, len(people)), np.int64) if people.image_ids is None else np.unique(people.image_ids)
    )


def numbers(people: People) -> Integers | None:
    """(N,) who each row is: the track id; without those 0, 1, ... in a single image, and 0 for one person in
    each image. None where it is not known who is who.
    """
    if people.track_ids is not None:
        return people.track_ids
    in_images = len(images(people))
    if in_images == 1:
        return np.arange(len(people))
    return np.zeros(len(people), dtype=np.int64) if in_images == len(people) else None


def require_numbers(people: People) -> Integers:
    """`numbers`, or an InputError that says what to do where it is not known who is who."""
    who = numbers(people)
    if who is None:
        raise InputError(
            f"expected to know who is who, got {len(people)} people in {len(images(people))} images without "
            "track ids; pass track=True to number them, give track_ids to Keypoints2D, or choose the rows of "
            "one person before lifting"
        )
    return who


def is_video(people: People) -> bool:
    """Whether these are identified people in several frames, with a frame rate."""
    if people.image_ids is None:  # one person, frame by frame, if there is a rate
        return people.fps is not None and len(people) > 1
    return people.fps is not None and len(images(people)) > 1 and numbers(people) is not None


def each(people: People) -> list[tuple[str, npt.NDArray[np.intp]]]:
    """The name and the rows of each person, rows in the order of time.

    Raises InputError where it is not known who is who, and for a person who is in one image twice.
    """
    who, when = require_numbers(people), frames(people)
    order = np.lexsort((when, who))
    known, first = np.unique(who[order], return_index=True)
    named = []
    for number, rows in zip(known, np.split(order, first)[1:], strict=True):
        if people.image_ids is not None and (np.diff(when[rows]) == 0).any():
            raise InputError(
                f"expected each person once in an image, got person {number} twice in one; give each "
                "person of an image a track id of their own"
            )
        named.append(("person" if len(known) == 1 else f"person{number}", rows))
    return named


def by_frame(people: People) -> list[npt.NDArray[np.intp]]:
    """The rows of each frame, in the order of time."""
    when = frames(people)
    order = np.argsort(when, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(when[order])) + 1)


def clock(people: People) -> tuple[Integers, float]:
    """The frame (N,) of each row, counted from 0, and frames per second.

    The clock ticks as often as frames were lifted: every third frame of a video gives a third of its rate.
    Raises InputError for several images without a frame rate, and for ids that do not count frames.
    """
    known = images(people)
    if len(known) == 1:
        return np.zeros(len(people), dtype=np.int64), STILL_FPS if people.fps is None else people.fps
    if people.fps is None:
        raise InputError(
            f"expected a frame rate, got {len(known)} frames without one; set it: "
            "dataclasses.replace(pose, fps=30)"
        )
    step = np.gcd.reduce(np.diff(known))
    span = int(known[-1]) - int(known[0])
    if span >= 2**63 or len(known) < _LEAST_SHARE * (span // int(step) + 1):  # 64 bits cannot count further
        raise InputError(
            f"expected image ids that count video frames, got {len(known)} images with ids from {known[0]} "
            f"to {known[-1]}; give image_ids that count frames"
        )
    return (frames(people) - known[0]) // step, people.fps / step


def runs(mask: Mask) -> list[tuple[int, int]]:
    """(start, stop) of every unbroken run of True in (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def only(people: _Chosen, wanted: Iterable[int]) -> _Chosen:
    """The rows of some people, by track id, or by number (0, 1, ...) in a single image.

    Raises InputError for who is not there.
    """
    wanted, who = list(wanted), require_numbers(people)
    known = np.unique(who).tolist()
    for number in wanted:
        if number not in known:
            raise InputError(f"expected one of the people {listed(known)}, got {number}")
    chosen: _Chosen = people[np.flatnonzero(np.isin(who, wanted))]
    return chosen


def in_words(people: People) -> str:
    """How many people in how many images, such as "2 people in 65 images at 30 fps"."""
    rows, in_images = len(people), len(images(people))
    if people.track_ids is not None:
        rows = len(np.unique(people.track_ids))
    elif people.fps is not None and rows == in_images:
        rows = min(1, rows)
    rate = "" if people.fps is None else f" at {people.fps:g} fps"
    return f"{count(rows)} in {in_images} {'image' if in_images == 1 else 'images'}{rate}"


def known_ids(tracks: Sequence[int | None]) -> list[int] | None:
    """Everyone's track ids, or None if anyone has none; trackers write a negative id for none."""
    known = [track for track in tracks if track is not None and track >= 0]
    return known if len(known) == len(tracks) else None


def rate(people: People, fps: float) -> float:
    """The rate that was passed; warns if the people state another one."""
    if people.fps is not None and abs(fps / people.fps - 1) > SAME_RATE:
        warn(
            f"the input states {people.fps:g} frames per second; the {fps:g} passed as fps replace them",
            FrameRateWarning,
        )
    return fps
