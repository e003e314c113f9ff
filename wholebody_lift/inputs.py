"""What comes from a pipe or an upload instead of a file: read like a file, and called by its name."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from wholebody_lift import formats, outputs
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


def with_known(people: Keypoints2D, **known: Any) -> Keypoints2D:
    """The same people with what is known besides, as keyword arguments of `Keypoints2D`; None is not known.

    Raises InputError as `Keypoints2D` does.
    """
    fields = {name: getattr(people, name) for name in Keypoints2D.model_fields}
    return Keypoints2D(**fields | {name: value for name, value in known.items() if value is not None})


def is_motion(people: Keypoints2D) -> bool:
    """Whether these are people in several frames, with a rate, of whom it is known who is who."""
    if people.image_ids is None:  # one person, row by row, if there is a rate
        return people.fps is not None and len(people) > 1
    several_frames = len(np.unique(people.image_ids)) > 1
    return people.fps is not None and several_frames and outputs.numbers(people) is not None


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
