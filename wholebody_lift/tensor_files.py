"""Safetensors files, read strictly: every tensor there, in its shape, finite, and none left over."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from wholebody_lift.errors import WeightsError, listed

DTYPES: Final = ("F16", "BF16", "F32", "F64")
"""Number types, by their names in safetensors, in which weights may be stored."""
MOST_CHARACTERS: Final = 200
"""Characters of a name or value from a file that an error quotes."""


_NUMPY: Final = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
_MOST_HEADER_BYTES: Final = 1_000_000


class _Stored(NamedTuple):
    """A tensor as the header describes it."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int

    def get_dtype(self) -> str:
        return self.dtype

    def get_shape(self) -> tuple[int, ...]:
        return self.shape


def read(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, npt.NDArray[np.float32]]:
    """The tensors of these names and shapes, in float32. Raises `WeightsError` if the file differs.

    It needs numpy alone, as ONNX Runtime is used where torch and safetensors are not installed.
    """
    content = path.read_bytes()
    try:
        header, data = _header(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise cut_off(path, error) from error
    check_fit(header, shapes, path, list(_NUMPY))
    tensors = {}
    for name, shape in shapes.items():
        one = header[name]
        size = math.prod(shape) * np.dtype(_NUMPY[one.dtype]).itemsize
        if not 0 <= one.start <= one.stop <= len(data) or one.stop - one.start != size:
            raise cut_off(path, ValueError(f"{name} is not where the header says"))
        values = np.frombuffer(data[one.start : one.stop], dtype=_NUMPY[one.dtype])
        tensors[name] = values.reshape(shape).astype(np.float32)
    require_finite({name for name, tensor in tensors.items() if not np.isfinite(tensor).all()}, path)
    return tensors


def _header(content: bytes) -> tuple[dict[str, _Stored], bytes]:
    """The header of a file, and the data behind it. Raises one of several errors if it has none."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 + length or length > _MOST_HEADER_BYTES:
        raise ValueError(f"its header is said to have {length:,} bytes")
    described = json.loads(content[8 : 8 + length])
    stored = {}
    for name, one in described.items():
        if name != "__metadata__":
            start, stop = map(int, one["data_offsets"])
            stored[name] = _Stored(str(one["dtype"]), tuple(map(int, one["shape"])), start, stop)
    return stored, content[8 + length :]


def check_fit(
    header: Mapping[str, Any],
    shapes: Mapping[str, tuple[int, ...]],
    path: Path,
    dtypes: Iterable[str] = DTYPES,
) -> None:
    """Compare names, shapes and number types with those of the network. Raises `WeightsError`."""
    problems = []
    if missing := shapes.keys() - header.keys():
        problems.append(f"missing: {names(missing)}")
    if left_over := header.keys() - shapes.keys():
        problems.append(f"left over: {names(left_over)}")
    both = header.keys() & shapes.keys()
    pairs = {name: (tuple(shapes[name]), tuple(header[name].get_shape())) for name in both}
    if reshaped := [f"{name} expected {a}, got {b}" for name, (a, b) in pairs.items() if a != b]:
        problems.append(f"of another shape: {names(reshaped)}")
    stored = {name: header[name].get_dtype() for name in both}
    if others := [f"{name} is {dtype}" for name, dtype in stored.items() if dtype not in dtypes]:
        problems.append(f"expected {', '.join(dtypes)}: {names(others)}")
    if problems:
        raise WeightsError(
            f"{path} does not fit the network of its config.json: {'; '.join(problems)}. The two files "
            "must come from the same save"
        )


def cut_off(path: Path, error: Exception) -> WeightsError:
    """The error for a file that is not complete."""
    return WeightsError(
        f"expected a complete safetensors file, got {path} ({path.stat().st_size} bytes): {error}; it "
        "was cut off or altered, so fetch or write it again"
    )


def require_finite(damaged: Iterable[str], path: Path) -> None:
    """Raise `WeightsError` if there are damaged tensors."""
    if damaged:
        raise WeightsError(
            f"expected finite numbers in {path}, got NaN or infinity in {names(damaged)}; the file was "
            "damaged or its training diverged, so use other weights"
        )


def names(of_tensors: Iterable[str]) -> str:
    """Names as an error lists them."""
    return listed(map(shortened, sorted(of_tensors)))


def shortened(text: str) -> str:
    """At most `MOST_CHARACTERS` of a text."""
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."
