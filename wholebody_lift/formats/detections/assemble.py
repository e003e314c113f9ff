"""What the readers of 2D keypoints share: building `Keypoints2D` from parsed files, and its warnings.

A reader answers with fields: keyword arguments of `Keypoints2D`, of which only `keypoints` must be there,
and perhaps `normalised`, which is True where x and y are fractions of the width and height of the image.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Floats, Mask
from wholebody_lift.checks import PER_PERSON, SCORE_RANGE
from wholebody_lift.errors import DroppedWarning, InputError, count, listed, name_people, warn
from wholebody_lift.formats.detections.frame_names import frame_numbers
from wholebody_lift.keypoints import MIN_SCORE, Keypoints2D
from wholebody_lift.tracks import known_ids

Fields: TypeAlias = dict[str, Any]


class GivenButSize(TypedDict, total=False):
    """What may be given beside a program's answer; shapes and units as in `Keypoints2D`."""

    K: npt.ArrayLike | None
    distortion: npt.ArrayLike | None
    height_mm: npt.ArrayLike | None
    bone_lengths: npt.ArrayLike | Mapping[str, float] | None
    gravity: npt.ArrayLike | Literal["level"] | None
    gravity_spread_deg: npt.ArrayLike | None
    depth: npt.ArrayLike | None
    image_ids: npt.ArrayLike | None
    track_ids: npt.ArrayLike | None
    fps: float | None
    min_score: float


class Given(GivenButSize, total=False):
    """The same with the size of the image."""

    image_size: npt.ArrayLike | None


def assemble(fields: Fields, known: Given | GivenButSize, source: str = "") -> Keypoints2D:
    """The people in the fields, without those who have no two visible keypoints in different places.

    Args:
        fields: what a reader answered.
        known: what the caller knows better; None is not known.
        source: stands before the warning that names the people left out.

    Raises:
        InputError: there is nobody who can be lifted, or a field cannot be used.

    Warns:
        InputWarning: people were left out, or what was read looks wrong.
    """
    fields = {**fields, **{name: value for name, value in known.items() if value is not None}}
    min_score = fields.pop("min_score", MIN_SCORE)
    if fields.pop("normalised", False):
        fields["keypoints"] = _in_pixels(fields["keypoints"], fields.get("image_size"))
    people, seen = Keypoints2D.visible(**fields, min_score=min_score)
    people = _once(people, source)
    if not len(people):
        raise InputError(
            f"expected two visible keypoints in different places, got none for {count(len(seen))}; "
            f"lower min_score (now {min_score:g}) if the detector's scores are low"
        )
    if not seen.all():
        warn_dropped(source + _note(~seen, fields.get("image_ids")))
    return people


def _once(people: Keypoints2D, source: str) -> Keypoints2D:
    """The people, each once in an image: some files list a person twice, with the same keypoints."""
    if people.image_ids is None or not len(people):
        return people
    flat = np.nan_to_num(people.keypoints, nan=-np.inf).reshape(len(people), -1)
    _, first = np.unique(np.column_stack((people.image_ids, flat)), axis=0, return_index=True)
    again = np.ones(len(people), dtype=bool)
    again[first] = False
    if not again.any():
        return people
    warn_dropped(
        f"{source}left out {name_people(again)}, in image {listed(np.unique(people.image_ids[again]))}: "
        "listed twice, with the same keypoints"
    )
    return people[~again]


def warn_dropped(message: str) -> None:
    """Warn that people, keypoints or ids of a file were not taken over."""
    warn(message, DroppedWarning)


class NobodyError(InputError):
    """A file contains no people. In a folder of many files, this is not an error."""


def stack(people: Iterable[Floats]) -> Floats:
    """Stack people (K, C) to (N, K, C). Raises InputError if there are none or their layouts differ."""
    rows = list(people)
    if not rows:
        raise NobodyError(
            "expected at least one person, got a list without people; the detector found nobody"
        )
    sizes = sorted({len(row) for row in rows})
    if len(sizes) > 1:
        raise InputError(f"expected one layout for everyone, got people with {listed(sizes)} keypoints")
    return np.stack(rows)


def join(files: Mapping[str, Fields]) -> Fields:
    """The fields of a video of which each file holds one frame, by the names of the files.

    Raises InputError for files that hold several frames, or that differ in what they say.
    """
    names = [name for name, fields in files.items() for _ in range(len(fields["keypoints"]))]
    joined: Fields = {"image_ids": frame_numbers(names)}
    for name, fields in files.items():
        if len(set(fields.get("image_ids", [0]))) > 1:
            raise InputError(f"expected one frame in each file of a folder, got several in {name}")
    files = {name: {"normalised": False, **fields} for name, fields in files.items()}
    for field in sorted(set().union(*files.values()) - {"image_ids"}):
        having = [name for name, fields in files.items() if field in fields]
        if len(having) < len(files):
            if field == "track_ids":
                warn_dropped(
                    f"left out all track ids, as {next(n for n in files if n not in having)} has none"
                )
                continue
            without = next(name for name in files if name not in having)
            raise InputError(
                f"expected the same fields in all files, got {field} in {having[0]}, not {without}"
            )
        values = [fields[field] for fields in files.values()]
        if field in ("normalised", "fps"):
            other = next((name for name, fields in files.items() if fields[field] != values[0]), None)
            if other is not None:
                one, another = (
                    ("fractions of the image" if fields[field] else "pixels")
                    if field == "normalised"
                    else f"{fields[field]} frames per second"
                    for fields in (files[having[0]], files[other])
                )
                raise InputError(
                    f"expected the same in all files, got {one} in {having[0]} and {another} in {other}"
                )
            joined[field] = values[0]
        else:
            counts = [len(fields["keypoints"]) for fields in files.values()]
            joined[field] = np.concatenate(
                [_for_each(field, value, n) for value, n in zip(values, counts, strict=True)]
            )
    return joined


def _for_each(field: str, value: Any, n: int) -> npt.NDArray[Any]:
    """The value of a field for each of n people."""
    array = np.asarray(value)
    one_for_all = field in PER_PERSON and array.ndim == PER_PERSON[field]
    return np.repeat(array[None], n, axis=0) if one_for_all else array.reshape(n, *array.shape[1:])


def floats(value: Any) -> Floats:
    """The value as float64; an array, a list or a torch tensor on any device and in any precision."""
    return np.asarray(value.detach().cpu().double() if hasattr(value, "detach") else value, dtype=np.float64)


MAX_SCORE = 15.0
"""RTMPose, RTMW and DWPose return unbounded scores (MMPose issue 2755): often 6 or more, but never this
high."""


def in_unit_range(scores: Floats) -> Floats:
    """The scores clipped to 0..1, with a warning if any is well above 1; values too far outside to be scores
    stay unchanged."""
    low, high = np.nanmin(scores, initial=0), np.nanmax(scores, initial=1)
    if low < SCORE_RANGE[0] or high > MAX_SCORE:
        return scores  # Keypoints2D refuses them
    if high > SCORE_RANGE[1]:
        warn_dropped(
            f"got scores up to {high:.3g}, which were cut to 1; detectors such as RTMPose answer unbounded "
            "scores, but anything else needs scaling of its own"
        )
    return np.clip(scores, 0, 1)


def track_numbers(tracks: Sequence[Any]) -> list[int] | None:
    """A track id for each person, or None if anyone has none, since ids are never invented.

    A negative id counts as none, as trackers write it. Raises InputError unless all are whole numbers.
    """
    numbers = [
        None if track is None else whole_number(track, f"track id of person {number}")
        for number, track in enumerate(tracks)
    ]
    known = known_ids(numbers)
    if known is None and any(number is not None and number >= 0 for number in numbers):
        without = np.array([number is None or number < 0 for number in numbers])
        warn_dropped(
            f"left out all track ids, as {name_people(without)} has none; number them all, or remove them all"
        )
    return known


_MOST_DIGITS = 20
"""No 64-bit integer has this many digits."""


def whole_number(value: Any, what: str) -> int:
    """A whole number within 64 bits, perhaps as text. Raises InputError for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value) if len(value) < _MOST_DIGITS else value
    with suppress(TypeError, ValueError, OverflowError):
        number = int(value)
        if not isinstance(value, str | bool) and number == value and abs(number) < 2**63:
            return number
    raise InputError(f"expected a whole number as {what}, got {brief(value)}")


def an_object(value: Any, what: str) -> Mapping[str, Any]:
    """A JSON object. Raises InputError for anything else."""
    if not isinstance(value, Mapping):
        raise InputError(f"expected {what} to be an object, got {brief(value)}")
    return value


def a_list(value: Any, what: str) -> Sequence[Any]:
    """A JSON list; null is an empty one. Raises InputError for anything else."""
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise InputError(f"expected {what} to be a list, got {brief(value)}")
    return value


def brief(value: Any) -> str:
    """What a value of JSON is, in a few characters."""
    return reprlib.repr(value)


def flat_numbers(value: Any, what: str) -> Floats:
    """All numbers of a nested list in one row; null is NaN. Raises InputError if any is not a number."""
    try:
        return np.array(value, dtype=np.float64).reshape(-1)
    except (ValueError, TypeError, OverflowError):
        raise InputError(f"expected {what} as numbers x, y, v, got {brief(value)}") from None


def in_threes(value: Any, what: str) -> Floats:
    """(K, 3) x, y and a score or flag of K keypoints, from their numbers in a row; null is NaN.

    Raises InputError for anything else.
    """
    numbers = flat_numbers(value, what)
    if numbers.size % 3:
        raise InputError(f"expected triples x, y, v in {what}, got {numbers.size} numbers")
    return numbers.reshape(-1, 3)


def _in_pixels(keypoints: npt.ArrayLike, image_size: npt.ArrayLike | None) -> Floats:
    if image_size is None:
        raise InputError(
            "expected pixels, or fractions of the image with its size, got fractions without it; "
            "pass image_size=(width, height)"
        )
    values = np.array(keypoints, dtype=np.float64)  # (N, K, 2) or (N, K, 3)
    size = np.asarray(image_size, dtype=np.float64)
    values[..., :2] *= size[..., None, :] if size.ndim == 2 else size
    return values


def _note(left_out: Mask, image_ids: npt.ArrayLike | None) -> str:
    where = "" if image_ids is None else f", in image {listed(np.asarray(image_ids)[left_out])}"
    return f"left out {name_people(left_out)}{where}: no two visible keypoints in different places"
