"""A result as npz: every array of `Pose3D` by its name, and `header`, the description as JSON text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wholebody_lift import atomic
from wholebody_lift.errors import InputError, listed
from wholebody_lift.formats.results.pose_header import ARRAY_FIELDS, fields, header, restore
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import Pose3D

if TYPE_CHECKING:
    from wholebody_lift.formats.loading import Content

_HEADER = "header"
"""The array with the description."""


def write(pose: Pose3D, path: Path) -> None:
    """Write the result; what is not known is left out."""
    arrays: dict[str, Any] = {_HEADER: np.array(json.dumps(header(pose)))}
    arrays |= {name: getattr(pose, name) for name in ARRAY_FIELDS if getattr(pose, name) is not None}
    with atomic.replacing(path) as new, new.open("wb") as file:
        np.savez_compressed(file, **arrays)


def read(content: Content) -> Pose3D:
    """Read the result back. Raises InputError for another file or a damaged one."""
    names = content.npz_names()
    if _HEADER not in names:
        raise InputError("expected a 3D result, got another .npz file; read 2D keypoints with formats.read")
    unknown = [name for name in names if name not in (_HEADER, *ARRAY_FIELDS)]
    if unknown:
        raise InputError(f"the result is damaged: it has {listed(unknown)} besides; save it again")
    arrays = content.npz((_HEADER, *ARRAY_FIELDS))
    try:
        described = fields(json.loads(str(arrays.pop(_HEADER))))
    except (json.JSONDecodeError, RecursionError):
        raise InputError("the result is damaged: its header is not valid JSON; save it again") from None
    return restore(described, arrays)


KIND = Kind(".npz", "NumPy", "everything, small", write, "this library, your own programs", complete=True)
