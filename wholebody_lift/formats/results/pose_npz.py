"""A result as npz: every array of `Pose3D` by its name, and `header`, the description as JSON text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from wholebody_lift import atomic
from wholebody_lift.errors import InputError
from wholebody_lift.formats.loading import load_npz
from wholebody_lift.formats.results.pose_header import ARRAY_FIELDS, OPTIONAL_FIELDS, fields, header
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import Pose3D


def write(pose: Pose3D, path: Path) -> None:
    """Write the result; what is not known is left out."""
    arrays = {name: getattr(pose, name) for name in ARRAY_FIELDS if getattr(pose, name) is not None}
    with atomic.replacing(path) as new, new.open("wb") as file:
        np.savez_compressed(file, header=np.array(json.dumps(header(pose))), **arrays)


def read(path: Path) -> Pose3D:
    """Read the result back. Raises InputError for another file or a damaged one."""
    content = load_npz(path)
    if "header" not in content:
        raise InputError("expected a 3D result, got another .npz file; read 2D keypoints with formats.read")
    described = fields(json.loads(str(content.pop("header"))))
    missing = set(ARRAY_FIELDS) - set(OPTIONAL_FIELDS) - set(content)
    if missing:
        raise InputError(
            f"expected a result with {', '.join(sorted(missing))}, got one without; save it again"
        )
    try:
        return Pose3D(**content, **described)
    except (ValueError, TypeError) as error:
        raise InputError(f"the result is damaged ({error}); save it again") from None


KIND = Kind(".npz", "NumPy", "everything, small", write, "this library, your own programs", complete=True)
