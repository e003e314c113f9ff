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
from wholebody_lift.checks import numbers
from wholebody_lift.errors import InputError, ResultError, listed
from wholebody_lift.formats.detections.assemble import Fields
from wholebody_lift.formats.loading import Content
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.layouts import Layout, convert

LOOKED_FOR = "arrays (an object with keypoints, or a list of numbers)"

FIELDS = (
    "keypoints",
    "scores",
    "image_size",
    "K",
    "distortion",
    "height_mm",
    "bone_lengths",
    "gravity",
    "gravity_spread_deg",
    "depth",
    "image_ids",
    "track_ids",
    "fps",
)
"""The fields that a file may contain; only keypoints are required. Shapes and units as in `Keypoints2D`."""

_UNNAMED = "arr_0"
"""What numpy calls the first array that was saved without a name."""


def matches(document: Any) -> bool:
    """Whether the parsed JSON is this format or a 3D result; `parse` distinguishes them."""
    if isinstance(document, Mapping):
        return "keypoints" in document or _is_result(document)
    return isinstance(document, list) and not (document and isinstance(document[0], str | Mapping))


def read_npy(content: Content, layout: Layout | None = None) -> Fields:
    """Keyword arguments of `Keypoints2D` from an npy file."""
    fields: Fields = {"keypoints": content.npy()}
    return fields if layout is None else in_our_layout(fields, layout)


def read_npz(content: Content, layout: Layout | None = None) -> Fields:
    """Keyword arguments of `Keypoints2D` from an npz file; one array without a name is the keypoints."""
    names = content.npz_names()
    if names == [_UNNAMED]:
        return parse({"keypoints": content.npz(names)[_UNNAMED]}, layout)
    _check_names(names)
    return parse(content.npz(FIELDS), layout)


def write(people: Keypoints2D, path: Path) -> None:
    """Write an npz with every known field; `read_npz` restores the same people."""
    known = {name: getattr(people, name) for name in FIELDS if getattr(people, name) is not None}
    with atomic.replacing(path) as new, new.open("wb") as file:
        np.savez_compressed(file, **known)


def parse(document: Any, layout: Layout | None = None) -> Fields:
    """Keyword arguments of `Keypoints2D` from a nested list, or from a mapping of `FIELDS`."""
    if isinstance(document, list):
        document = {"keypoints": document}
    _check_names(document)
    fields = {name: value for name, value in document.items() if value is not None}
    return fields if layout is None else in_our_layout(fields, layout)


def in_our_layout(fields: Fields, layout: Layout) -> Fields:
    """Arrays of another layout, (K, C) or (N, K, C), as COCO-WholeBody."""
    keypoints = numbers("keypoints", fields["keypoints"]).astype(np.float64)
    columns = [keypoints]
    if "scores" in fields:
        columns.append(numbers("scores", fields["scores"]).astype(np.float64)[..., None])
    if any(column.ndim not in (2, 3) or column.shape[:-1] != keypoints.shape[:-1] for column in columns):
        raise InputError(
            f"expected keypoints of shape (N, {len(layout.names)}, 2 or 3), got {keypoints.shape}"
        )
    values = np.concatenate(columns, axis=-1)
    ours = convert(values.reshape(-1, *values.shape[-2:]), layout)
    taken = {name: value for name, value in fields.items() if name != "scores"}
    if "scores" in fields:
        return {**taken, "keypoints": ours[..., :2], "scores": ours[..., 2]}
    return {**taken, "keypoints": ours}


def _is_result(names: Collection[str]) -> bool:
    """Whether these are names in a 3D result."""
    return "xyz" in names or ("skeleton" in names and "keypoints" not in names)


def _check_names(names: Collection[str]) -> None:
    """Raise InputError if these are not the names of `FIELDS`."""
    if _is_result(names):
        raise ResultError("expected 2D keypoints, got a 3D result; open it with Pose3D.load(path)")
    left_over = [name for name in names if name not in FIELDS]
    if left_over or "keypoints" not in names:
        raise InputError(
            f"expected the fields keypoints and perhaps {', '.join(FIELDS[1:])}, by these names and no "
            f"others, got {listed(names)}"
        )
