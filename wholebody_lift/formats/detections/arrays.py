"""Plain arrays: npy, npz and JSON.

npy holds keypoints (133, 2|3) or (N, 133, 2|3). npz, and a JSON object, hold any of the `FIELDS` by
name; JSON may also be the nested list of the keypoints alone, with null for NaN.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from wholebody_lift import atomic
from wholebody_lift.errors import InputError, listed
from wholebody_lift.formats.detections.assemble import Fields
from wholebody_lift.formats.loading import Content
from wholebody_lift.keypoints import Keypoints2D

LOOKED_FOR = "arrays (an object with keypoints, or a list of numbers)"

FIELDS = (
    "keypoints",
    "scores",
    "image_size",
    "K",
    "distortion",
    "height_mm",
    "image_ids",
    "track_ids",
    "fps",
)
"""What may be in a file; only keypoints must be. Shapes and units as in `Keypoints2D`."""

_OF_A_RESULT = ("xyz", "skeleton")


def matches(document: Any) -> bool:
    """Whether the parsed JSON is this format, or a 3D result, which is told apart in `parse`."""
    if isinstance(document, Mapping):
        return any(name in document for name in ("keypoints", *_OF_A_RESULT))
    return isinstance(document, list) and not (document and isinstance(document[0], str | Mapping))


def read_npy(content: Content) -> Fields:
    """Keyword arguments of `Keypoints2D` from an npy file."""
    return {"keypoints": content.npy()}


def read_npz(content: Content) -> Fields:
    """Keyword arguments of `Keypoints2D` from an npz file."""
    _check_names(content.npz_names())
    return parse(content.npz(FIELDS))


def write(people: Keypoints2D, path: Path) -> None:
    """Write an npz with all that is known, of which `read_npz` makes the same people again."""
    known = {name: getattr(people, name) for name in FIELDS if getattr(people, name) is not None}
    with atomic.replacing(path) as new, new.open("wb") as file:
        np.savez_compressed(file, **known)


def parse(document: Any) -> Fields:
    """Keyword arguments of `Keypoints2D` from a nested list, or from a mapping of `FIELDS`."""
    if isinstance(document, list):
        return {"keypoints": document}
    _check_names(document)
    return {name: value for name, value in document.items() if value is not None}


def _check_names(names: Collection[str]) -> None:
    """Raise InputError if these are not the names of `FIELDS`."""
    if any(name in names for name in _OF_A_RESULT):
        raise InputError("got a 3D result; 2D keypoints were wanted. Open a result with Pose3D.load(path)")
    left_over = [name for name in names if name not in FIELDS]
    if left_over or "keypoints" not in names:
        raise InputError(
            f"got the fields {listed(names)}; keypoints and perhaps {', '.join(FIELDS[1:])} were wanted, "
            "by these names and no others"
        )
