"""Array and callback types that several modules share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch import Tensor

Floats: TypeAlias = npt.NDArray[np.float64]
AnyFloats: TypeAlias = npt.NDArray[np.floating[Any]]
"""Floats of any precision."""
Integers: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Picture: TypeAlias = npt.NDArray[np.uint8]
"""(H, W, 3), RGB."""

Array = TypeVar("Array", "npt.NDArray[Any]", "Tensor")
"""A numpy array or a torch tensor: what takes it works on either, by means of `arrays`."""

Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""

Progress: TypeAlias = Callable[[int, int | None], object]
"""Called with the number of items done and the total (None while unknown)."""
