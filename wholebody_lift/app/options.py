"""What the form of the page says: what is known of camera and people, and how motions are lifted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from wholebody_lift import checks
from wholebody_lift.errors import InputError

KNOWN = {
    "width": "image width",
    "height": "image height",
    "focal": "focal length",
    "height_mm": "person's height",
    "fps": "frames per second",
    "smoothness": "smoothness",
}
"""The fields of the page and their labels; in pixels (the first three), millimetres, 1 / seconds and 1."""

_MOST_KNOWN = 1e6
"""The largest number that a field accepts."""


class Options(NamedTuple):
    """What the page's form says."""

    known: dict[str, float]
    """The fields of `KNOWN` that are filled in."""
    lock_feet: bool
    smoothness: float


def read_options(given: Mapping[str, str]) -> Options:
    """What the fields say. Raises InputError for what is no number in range."""
    known = _numbers(given)
    smoothness = checks.smoothness(known.pop("smoothness", 1.0))
    return Options(known, given.get("lock_feet") == "on", smoothness)


def _numbers(known: Mapping[str, str]) -> dict[str, float]:
    """The fields that are filled in. Raises InputError for what is no number over 0, or too large a one."""
    values = {}
    for field, label in KNOWN.items():
        text = known.get(field, "").strip()
        if not text:
            continue
        try:
            values[field] = float(text)
        except ValueError:
            values[field] = 0.0
        if not 0 < values[field] <= _MOST_KNOWN:
            raise InputError(
                f"expected a number over 0 and up to {_MOST_KNOWN:,.0f} as {label}, got {text[:40]!r}"
            )
    if ("width" in values) != ("height" in values):
        raise InputError("expected the image's width and height, got only one; fill in both or neither")
    return values
