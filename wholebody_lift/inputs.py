"""What comes from a pipe or an upload instead of a file: read like a file, and called by its name."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wholebody_lift import formats
from wholebody_lift.errors import InputError
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.pose import Pose3D


def read(content: bytes, name: str, **known: Any) -> Keypoints2D:
    """`formats.read` of a file's content; `name` is what errors and warnings call it."""
    with as_file(content, name) as path:
        return formats.read(path, **known)


def read_pose(content: bytes, name: str) -> Pose3D:
    """`formats.read_pose` of a file's content; `name` is what errors call it."""
    with as_file(content, name) as path:
        return formats.read_pose(path)


@contextmanager
def as_file(content: bytes, name: str, suffix: str = "") -> Iterator[Path]:
    """The content as a file for as long as it is read.

    Its path is `name` in the InputErrors that come out of the block, and in warnings, which follow after it.
    """
    with tempfile.TemporaryDirectory(prefix="wholebody-lift-") as folder:
        path = Path(folder) / f"content{suffix}"
        path.write_bytes(content)
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                yield path
        except InputError as error:
            raise InputError(str(error).replace(str(path), name)) from None
    for warning in caught:
        warnings.warn(str(warning.message).replace(str(path), name), warning.category, stacklevel=4)
