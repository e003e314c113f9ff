"""A result as self-describing JSON: units, frame and skeleton first, then one object per person.

Strict JSON: missing coordinates are null. Numbers are as short as they can be and still give the same
float32 when read back.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wholebody_lift import atomic
from wholebody_lift.errors import InputError
from wholebody_lift.formats.results.pose_header import (
    ARRAY_FIELDS,
    DTYPES,
    fields,
    header,
    restore,
)
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import OPTIONAL_FIELDS, Pose3D

_KEYS = {"image_ids": "image_id", "track_ids": "track_id"}
"""Keys in a person's object that are not named as the field of Pose3D."""


def write(pose: Pose3D, path: Path) -> None:
    """Write the result, each entry of the header and each person on a line."""
    lines = [f"{json.dumps(key)}: {_dumps(value)}" for key, value in header(pose).items()]
    known = [name for name in ARRAY_FIELDS if getattr(pose, name) is not None]
    columns = {_key(name): _numbers(getattr(pose, name)) for name in known}
    people = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    lines.append('"people": [\n  ' + ",\n  ".join(_dumps(person) for person in people) + "\n ]")
    atomic.write_text(path, "{\n " + ",\n ".join(lines) + "\n}\n")


def parse(document: Any) -> Pose3D:
    """The result in parsed JSON. Raises InputError for another file or a damaged one."""
    described = fields(document)
    people = document.get("people")
    if not (isinstance(people, list) and all(isinstance(person, dict) for person in people)):
        raise InputError("expected people to be a list of objects, got something else; save the result again")
    if not people:
        nobody = Pose3D.empty()
        return restore(
            described, {name: getattr(nobody, name) for name in set(ARRAY_FIELDS) - {*OPTIONAL_FIELDS}}
        )
    return restore(
        described, {name: _column(people, name) for name in ARRAY_FIELDS if _key(name) in people[0]}
    )


def _column(people: list[dict[str, Any]], name: str) -> npt.NDArray[Any]:
    """A field of all people. Raises InputError if it is missing in some, or ragged."""
    key = _key(name)
    for number, person in enumerate(people):
        if key not in person:
            raise InputError(f"expected {key} for every person, got person {number} without; save it again")
    values = [person[key] for person in people]
    dtype = DTYPES[name] if DTYPES[name] in (np.float32, np.float64) else None  # only floats may be null
    try:
        with np.errstate(over="ignore"):
            return np.array(values, dtype)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"the result is damaged: {key}: {error}; save it again") from None


def _key(name: str) -> str:
    """The key in a person's object for a field of Pose3D."""
    return _KEYS.get(name, name)


def _dumps(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _numbers(array: npt.NDArray[Any]) -> list[Any]:
    """Nested lists of the array's values, NaN as None; float32 by its shortest decimal form."""
    if array.dtype == np.float32:
        array = array.astype(str).astype(np.float64)
    if array.dtype.kind == "f" and np.isnan(array).any():
        missing = np.isnan(array)
        array = array.astype(object)
        array[missing] = None
    return list(array.tolist())


KIND = Kind(".json", "JSON", "everything, text", write, "this library, your own programs", complete=True)
