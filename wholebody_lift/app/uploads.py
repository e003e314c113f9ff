"""Uploads as files, for OpenCV, which reads nothing else."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wholebody_lift.errors import InputError


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
