"""Plain arrays: npy, npz and JSON.

npy holds keypoints (133, 2|3) or (N, 133, 2|3). npz, and a JSON object, hold any of the `FIELDS` by
name; JSON may also be the nested list of the keypoints alone, with null for NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from wholebody_lift import atomic
from wholebody_lift.errors import InputError, listed
from wholebody_lift.formats.detections.assemble import Fields
from wholebody_lift.formats.loading import load_npz
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


def read_npy(path: Path) -> Fields:
    """Keyword arguments of `Keypoints2D` from an npy file."""
    try:
        return {"keypoints": np.load(path, allow_pickle=False)}
    except (ValueError, EOFError) as error:
        raise InputError(
            f"got an npy file that cannot be read ({error}); save a plain numeric array"
        ) from None


def read_npz(path: Path) -> Fields:
    """Keyword arguments of `Keypoints2D` from an npz file."""
    return parse(load_npz(path))


def write(people: Keypoints2D, path: Path) -> None:
    """Write an npz with all that is known, of which `read_npz` makes the same people again."""
    known = {name: getattr(people, name) for name in FIELDS if getattr(people, name) is not None}
    with atomic.replacing(path) as new, new.open("wb") as file:
        np.savez_compressed(file, **known)


def parse(document: Any) -> Fields:
    """Keyword arguments of `Keypoints2D` from a nested list, or from a mapping of `FIELDS`."""
    if isinstance(document, list):
        return {"keypoints": document}
    if any(name in document for name in _OF_A_RESULT):
        raise InputError("got a 3D result; 2D keypoints were wanted. Open a result with Pose3D.load(path)")
    left_over = [name for name in document if name not in FIELDS]
    if left_over or "keypoints" not in document:
        raise InputError(
            f"got the fields {listed(document)}; keypoints and perhaps {', '.join(FIELDS[1:])} were wanted, "
            "by these names and no others"
        )
    return {name: value for name, value in document.items() if value is not None}
