"""The content of a file before it is known what it means, for readers of detections and of results."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from wholebody_lift.errors import InputError

NPY = b"\x93NUMPY"
ZIP = b"PK"
"""How files begin; an npz is a zip."""


def starts_with(path: Path, magic: bytes) -> bool:
    """Whether a file begins with these bytes."""
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def load_json(path: Path) -> Any:
    """Parsed JSON. Raises InputError if it is not valid."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"not a valid .npy, .npz or JSON file ({error})") from None


def load_npz(path: Path) -> dict[str, Any]:
    """All arrays of an npz file by name. Raises InputError if it is damaged."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"not a valid .npz file ({error}); save it again") from None
