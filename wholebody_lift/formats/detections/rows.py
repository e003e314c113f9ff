"""Rows of people: an object for each person in a frame, as `wholebody-lift bulk` reads them as JSON lines.

{"frame": 17, "track": 3, "keypoints": [[x, y, score], ...], "image_size": [1920, 1080], "fps": 25}

Only `keypoints` must be there: 133 of x and y in pixels and perhaps a score, or all numbers in a row. What
else is known of a person has the names of `Keypoints2D`. `video` may name the video, if there is but one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wholebody_lift._types import Floats
from wholebody_lift.checks import numbers
from wholebody_lift.errors import InputError, listed, name_people
from wholebody_lift.formats.detections.arrays import FIELDS, in_our_layout
from wholebody_lift.formats.detections.assemble import (
    Fields,
    brief,
    track_numbers,
    warn_dropped,
    whole_number,
)
from wholebody_lift.layouts import COCO_WHOLEBODY, Layout

LOOKED_FOR = "rows (objects with keypoints and frame, as wholebody-lift bulk reads them)"

_OF_A_PERSON = tuple(name for name in FIELDS if name not in ("keypoints", "image_ids", "track_ids", "fps"))
_OURS = ("frame", "track", "video", "fps", *_OF_A_PERSON)
"""Names beside `keypoints`. No detector that is read here writes any of them beside a person's keypoints."""


def matches(document: Any) -> bool:
    """Whether the parsed JSON is this format."""
    first = next((row for row in document if row), None) if isinstance(document, list) else None
    return (
        isinstance(first, dict)
        and isinstance(first.get("keypoints"), list)
        and not {"keypoint_scores", "image_id", "category_id"} & first.keys()
        and not first.keys().isdisjoint(_OURS)
    )


def parse(document: Any, layout: Layout | None = None) -> Fields:
    """The fields in the parsed JSON. Raises InputError for rows of several videos, and where some rows have
    what others lack."""
    rows = [row for row in document if row]
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or "keypoints" not in row:
            raise InputError(f"expected an object with keypoints as row {number}, got {brief(row)}")
    videos = dict.fromkeys(row.get("video") for row in rows)
    if len(videos) > 1:
        raise InputError(
            f"expected rows of one video, got {len(videos)} ({listed(map(str, videos))}); lift all of them "
            "with `wholebody-lift bulk`, or choose the rows of one"
        )
    unused = dict.fromkeys(name for row in rows for name in row if name not in ("keypoints", *_OURS))
    if unused:
        warn_dropped(f"did not use {listed(unused)} of the rows")
    count = len((layout or COCO_WHOLEBODY).names)
    points = [_points(row["keypoints"], number, count) for number, row in enumerate(rows)]
    if len({one.shape for one in points}) > 1:
        raise InputError("expected a score with the keypoints of all rows or of none, got some with")
    fields: Fields = {
        "keypoints": np.stack(points),
        "track_ids": track_numbers([row.get("track") for row in rows]),
        "image_ids": _frames(rows),
        "fps": _rate(rows),
        **{name: _of_each(rows, name) for name in _OF_A_PERSON},
    }
    fields = {name: value for name, value in fields.items() if value is not None}
    return fields if layout is None else in_our_layout(fields, layout)


def _points(value: Any, number: int, count: int) -> Floats:
    """(K, 3) x, y, score, or (K, 2), of one person; a keypoint that is null is missing."""
    wanted = f"{count} keypoints of x, y and perhaps a score in row {number}"
    if isinstance(value, list) and any(isinstance(point, list) for point in value):
        width = max(len(point) for point in value if isinstance(point, list))
        value = [[None] * width if point is None else point for point in value]
    points = numbers("keypoints", value).astype(np.float64)
    if points.size not in (2 * count, 3 * count) or points.ndim > 2:
        raise InputError(f"expected {wanted}, got an array of shape {points.shape}")
    return points.reshape(count, -1)


def _frames(rows: Sequence[Mapping[str, Any]]) -> list[int] | None:
    """The frame of each row; None where no row has one."""
    frames = _of_each(rows, "frame")
    return None if frames is None else [whole_number(frame, "frame of a row") for frame in frames]


def _rate(rows: Sequence[Mapping[str, Any]]) -> Any:
    """The one frame rate; None where no row has one."""
    rates = dict.fromkeys(row["fps"] for row in rows if row.get("fps") is not None)
    if len(rates) > 1:
        raise InputError(f"expected one frame rate for a video, got {listed(map(str, rates))}")
    return next(iter(rates), None)


def _of_each(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any] | None:
    """A field of each row; None where no row has it."""
    values = [row.get(name) for row in rows]
    lacking = np.array([value is None for value in values])
    if lacking.all():
        return None
    if lacking.any():
        raise InputError(
            f"expected {name} in all rows or in none, got none of {name_people(lacking)}; give it to all of "
            "them, or leave it out"
        )
    return values
