"""Safetensors files, read strictly: every tensor there, in its shape, finite, and none left over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import safetensors

from wholebody_lift.errors import WeightsError, listed

DTYPES: Final = ("F16", "BF16", "F32", "F64")
"""Number types, by their names in safetensors, in which weights may be stored."""
MOST_CHARACTERS: Final = 200
"""Characters of a name or value from a file that an error quotes."""


def read(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, npt.NDArray[np.float32]]:
    """The tensors of these names and shapes, in float32. Raises `WeightsError` if the file differs.

    Only its header is read before they are known to fit.
    """
    try:
        with safetensors.safe_open(path, framework="np") as file:
            header = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            check_fit(header, shapes, path, [name for name in DTYPES if name != "BF16"])
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in shapes}
    except safetensors.SafetensorError as error:
        raise cut_off(path, error) from error
    require_finite({name for name, tensor in tensors.items() if not np.isfinite(tensor).all()}, path)
    return tensors


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
