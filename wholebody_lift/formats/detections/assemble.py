"""What the readers of 2D keypoints share: from what a program says to `Keypoints2D`, and what is told.

A reader answers with fields: keyword arguments of `Keypoints2D`, of which only `keypoints` must be there,
and perhaps `normalised`, which is True where x and y are fractions of the width and height of the image.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Floats, Mask
from wholebody_lift.errors import DroppedWarning, InputError, count, listed, name_people, warn
from wholebody_lift.keypoints import MIN_SCORE, Keypoints2D

Fields: TypeAlias = dict[str, Any]


class KnownButSize(TypedDict, total=False):
    """What may be given beside a program's answer; shapes and units as in `Keypoints2D`."""

    K: npt.ArrayLike | None
    distortion: npt.ArrayLike | None
    height_mm: npt.ArrayLike | None
    image_ids: npt.ArrayLike | None
    track_ids: npt.ArrayLike | None
    fps: float | None
    min_score: float


class Known(KnownButSize, total=False):
    """The same with the size of the image."""

    image_size: npt.ArrayLike | None


def assemble(fields: Fields, known: Known | KnownButSize, source: str = "") -> Keypoints2D:
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
    if not len(people):
        raise InputError(
            f"expected two visible keypoints in different places, got none for {count(len(seen))}; "
            f"lower min_score (now {min_score:g}) if the detector's scores are low"
        )
    if not seen.all():
        warn_dropped(source + _note(~seen, fields.get("image_ids")))
    return people


def warn_dropped(message: str) -> None:
    """Warn that people, keypoints or ids of a file were not taken over."""
    warn(message, DroppedWarning)


def stack(people: Iterable[Floats]) -> Floats:
    """(N, K, C) of the people, each (K, C). Raises InputError if there are none, or of other layouts."""
    rows = list(people)
    if not rows:
        raise InputError("got a list without people; at least one was wanted. The detector found no one")
    sizes = sorted({len(row) for row in rows})
    if len(sizes) > 1:
        raise InputError(f"got people with {listed(sizes)} keypoints; one layout for all was wanted")
    return np.stack(rows)


def floats(value: Any) -> Floats:
    """The value as float64; an array, a list or a torch tensor on any device and in any precision."""
    return np.asarray(value.detach().cpu().double() if hasattr(value, "detach") else value, dtype=np.float64)


def in_unit_range(scores: Floats) -> Floats:
    """The scores cut to 0..1, with a warning if any was outside."""
    low, high = np.nanmin(scores, initial=0), np.nanmax(scores, initial=1)
    if low < 0 or high > 1:
        warn_dropped(
            f"got scores from {np.nanmin(scores):.3g} to {np.nanmax(scores):.3g}, which were cut to 0..1; "
            "detectors such as RTMPose answer a little more than 1, but anything else needs its own scaling"
        )
    return np.clip(scores, 0, 1)


def track_numbers(tracks: Sequence[int | None]) -> list[int] | None:
    """A track id for everyone, or None: who has none is nobody's continuation, and none is invented."""
    known = [track for track in tracks if track is not None]
    if len(known) == len(tracks):
        return known
    if known:
        without = np.array([track is None for track in tracks])
        warn_dropped(
            f"left out all track ids, as {name_people(without)} has none; number them all, or cut them out"
        )
    return None


def frame_numbers(names: Sequence[str]) -> list[int]:
    """The image or frame that each file name stands for, the same for the same name.

    That is the last number in the name, if every name has one and no two names share it; else names are
    counted from 0 in the order in which they come.
    """
    different = list(dict.fromkeys(names))
    digits = [re.findall(r"\d+", Path(name).stem)[-1:] for name in different]
    numbers = [int(found[0]) for found in digits if found and len(found[0]) <= 18]  # fits into int64
    if len(set(numbers)) < len(different):
        numbers = list(range(len(different)))
    number_of = dict(zip(different, numbers, strict=True))
    return [number_of[name] for name in names]


def flat_numbers(value: Any, what: str) -> Floats:
    """All numbers of a nested list in one row; null is NaN. Raises InputError if some are no numbers."""
    try:
        return np.array(value, dtype=np.float64).reshape(-1)
    except (ValueError, TypeError):
        raise InputError(f"got {what} that are not all numbers; x, y, v were wanted") from None


def _in_pixels(keypoints: npt.ArrayLike, image_size: npt.ArrayLike | None) -> Floats:
    if image_size is None:
        raise InputError(
            "got coordinates that are fractions of the image, without its size; pixels were wanted. "
            "Pass image_size=(width, height)"
        )
    values = np.array(keypoints, dtype=np.float64)  # (N, K, 2) or (N, K, 3)
    size = np.asarray(image_size, dtype=np.float64)
    values[..., :2] *= size[..., None, :] if size.ndim == 2 else size
    return values


def _note(left_out: Mask, image_ids: npt.ArrayLike | None) -> str:
    where = "" if image_ids is None else f", in image {listed(np.asarray(image_ids)[left_out])}"
    return f"left out {name_people(left_out)}{where}: no two visible keypoints in different places"
