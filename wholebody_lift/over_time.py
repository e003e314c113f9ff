"""What a result says of people over time, in the words of `Pose3D.summary`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from wholebody_lift import tracks
from wholebody_lift._types import AnyFloats, Integers, Mask
from wholebody_lift.body import long_bones
from wholebody_lift.errors import InputError
from wholebody_lift.skeleton import CONTACTS

MOST_RUNS, MOST_PEOPLE = 3, 4
"""How many times of standing are listed for a foot or another contact, and for how many people."""

SIDES = ("left", "right")


class PeopleOverTime(tracks.Selectable, Protocol):
    """The fields of a `Pose3D` that the summary reads."""

    @property
    def xyz(self) -> AnyFloats: ...

    @property
    def observed(self) -> Mask: ...

    @property
    def frame_by_frame_px(self) -> AnyFloats | None: ...

    @property
    def feet_held(self) -> Mask | None: ...

    @property
    def contacts_held(self) -> Mask | None: ...


def lines(pose: PeopleOverTime) -> list[str]:
    """Lines of the summary; none for a single image, or if it is not known who is who."""
    try:
        people = tracks.each(pose) if tracks.is_video(pose) else []
    except InputError:  # someone is twice in an image
        people = []
    people = [(name, rows) for name, rows in people if len(rows) > 1]
    if not people:
        return []
    return [_video(pose, [rows for _, rows in people]), *_held(pose, people)]


def _video(pose: PeopleOverTime, people: list[Integers]) -> str:
    """How many frames were filled in, and by how much bones change their lengths."""
    lengths = [long_bones.lengths(pose.xyz[rows].astype(np.float64)) for rows in people]
    spread = np.mean([np.std(of_one, axis=0) / np.mean(of_one, axis=0) for of_one in lengths])
    bones = f"the lengths of long bones vary by {100 * spread:.1f}%"
    if pose.frame_by_frame_px is None:  # frames by themselves, of which none can be filled in
        return f"video   {bones}"
    filled = int((~pose.observed.any(axis=1)).sum())
    frames = "no frame was" if not filled else "1 frame was" if filled == 1 else f"{filled:,} frames were"
    return f"video   {frames} filled in; {bones}"


def _held(pose: PeopleOverTime, people: list[tuple[str, Integers]]) -> Iterator[str]:
    """When the feet of each person were held, and what else was."""
    if pose.feet_held is None:
        return
    when, fps = tracks.frames(pose), pose.fps or tracks.STILL_FPS
    start = when.min()
    for number, (name, rows) in enumerate(people[:MOST_PEOPLE]):
        seconds = (when[rows] - start) / fps

        def times(names: Sequence[str], held: Mask, seconds: AnyFloats = seconds) -> str:
            return "; ".join(
                f"{name} {_times(of_one, seconds, 1 / fps)}"
                for name, of_one in zip(names, held.T, strict=True)
            )

        who = "" if len(people) == 1 else f"{name.replace('person', 'person ')}: "
        yield (
            "feet    " if number == 0 else "        "
        ) + f"{who}held in place: {times(SIDES, pose.feet_held[rows])}"
        others = (
            np.zeros((len(rows), len(CONTACTS)), bool)
            if pose.contacts_held is None
            else pose.contacts_held[rows]
        )
        rest = np.flatnonzero(others.any(axis=0))
        if len(rest):
            yield f"        {who}{times([tuple(CONTACTS)[i] for i in rest], others[:, rest])}"
    if len(people) > MOST_PEOPLE:
        yield f"        and those of {len(people) - MOST_PEOPLE} more people"


def _times(held: Mask, seconds: AnyFloats, step: float) -> str:
    """Such as "62% of the time (0.0 to 1.2 s, 2.0 to 4.1 s)"."""
    found = [(seconds[start], seconds[stop - 1] + step) for start, stop in tracks.runs(held)]
    if not found:
        return "never"
    listed = ", ".join(f"{start:.1f} to {stop:.1f}" for start, stop in found[:MOST_RUNS])
    more = "" if len(found) <= MOST_RUNS else f" and {len(found) - MOST_RUNS} more times"
    return f"{held.mean():.0%} ({listed} s{more})"
