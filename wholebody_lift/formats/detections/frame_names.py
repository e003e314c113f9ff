"""Which frame of a video each file is, by the names of the files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from wholebody_lift.errors import DroppedWarning, InputError, listed, warn

_DIGITS = re.compile(r"(\d+)")
_MOST_DIGITS = 18  # fits into int64


class _Name(NamedTuple):
    """A name taken apart: its words, with a mark for every number, and the numbers."""

    words: str
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, name: str) -> _Name:
        pieces = _DIGITS.split(Path(name).stem)
        return cls("#".join(pieces[::2]), tuple(int(number) for number in pieces[1::2]))


def natural_order(names: Sequence[str]) -> list[str]:
    """The names in the order in which a person would put them: 2 before 10. Names of one length are in that
    of their characters, as numbers with letters in them are: 09 before 0a."""
    if len({len(name) for name in names}) == 1:
        return sorted(names)
    return sorted(
        names,
        key=lambda name: [
            (1, int(piece), "") if place % 2 else (0, 0, piece)
            for place, piece in enumerate(_DIGITS.split(name))
        ],
    )


def frame_numbers(names: Sequence[str]) -> list[int]:
    """The image or frame that each file name stands for, the same for the same name.

    The number that varies from name to name is the frame. Where no name has a number, names are counted from
    0 in the order in which they come; so they are, with a warning, where numbers do not tell; where several
    numbers vary, in their natural order, with a warning too.

    Raises InputError for the files of several cameras, each with the same frames.
    """
    different = list(dict.fromkeys(names))
    number_of = _numbers(different)
    if number_of is None:
        if len(different) > 1 and any(map(_DIGITS.search, different)):
            warn(
                f"the names of the files do not tell which frame each is; they were taken in this order: "
                f"{listed(different)}",
                DroppedWarning,
            )
        number_of = _counted(different)
    return [number_of[name] for name in names]


def _numbers(names: Sequence[str]) -> dict[str, int] | None:
    """The frame of each of some names, all different; None where names do not tell."""
    apart = {name: _Name.of(name) for name in names}
    _require_one_camera(apart)
    shapes = {name.words for name in apart.values()}
    if len(shapes) > 1 or len(names) < 2:
        last = {name: one.numbers[-1] for name, one in apart.items() if one.numbers}
        return last if len(set(last.values())) == len(names) and _fit(last) else None
    columns = list(zip(*(name.numbers for name in apart.values()), strict=True))
    varying = [place for place, column in enumerate(columns) if len(set(column)) > 1]
    if len(varying) != 1:
        if not varying:
            return None
        warn(
            f"several numbers vary in the names of the files ({listed(names)}), so it is not known which is "
            "the frame; they were taken in their natural order",
            DroppedWarning,
        )
        return _counted(natural_order(names))
    frames = {name: one.numbers[varying[0]] for name, one in apart.items()}
    return frames if len(set(frames.values())) == len(names) and _fit(frames) else None


def _counted(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def _fit(frames: dict[str, int]) -> bool:
    return all(len(str(number)) <= _MOST_DIGITS for number in frames.values())


def _require_one_camera(apart: dict[str, _Name]) -> None:
    """Raise InputError if the names fall into groups that count the same frames.

    The groups are those of the words around the numbers, as left_01 and right_01, or of any number but the
    last, as cam1_01 and cam2_01.
    """
    groups: dict[object, set[int]] = {}
    for name in apart.values():
        if name.numbers:
            groups.setdefault((name.words, name.numbers[:-1]), set()).add(name.numbers[-1])
    several = [frames for frames in groups.values() if len(frames) > 1]
    common = set.intersection(*several) if len(several) > 1 else set()
    if len(several) == len(groups) > 1 and 2 * len(common) > max(map(len, several)):
        raise InputError(
            f"expected the frames of one camera, got {len(groups)} sets of files that count the same frames "
            f"({listed(list(apart)[:: max(1, len(apart) // 2)][:2])}); read the files of each camera by "
            "themselves"
        )
