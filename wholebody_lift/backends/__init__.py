"""What computes: PyTorch, or ONNX Runtime, which needs neither torch nor the network's code."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib.util import find_spec
from typing import Any, Literal, Protocol, TypeAlias, get_args, runtime_checkable

import numpy.typing as npt

from wholebody_lift.config import Config
from wholebody_lift.seen import Lifted

Name: TypeAlias = Literal["auto", "torch", "onnx"]
"""Names of backends; auto is torch where it is installed, else onnx."""


@runtime_checkable
class Backend(Protocol):
    """The network and the geometry around it, loaded and ready."""

    @property
    def config(self) -> Config:
        """The network's."""

    @property
    def device(self) -> Any:
        """Where it computes: a name, or a `torch.device`."""

    @property
    def described(self) -> str:
        """The program that computes, and its version."""

    def computing(self) -> AbstractContextManager[Any]:
        """The context in which arrays are made and lifted.

        A K without an inverse raises `numpy.linalg.LinAlgError`.
        """

    def array(self, values: npt.NDArray[Any]) -> Any:
        """Numbers in single precision, or a mask, as the arrays that this backend computes with."""

    def lift(
        self,
        plane: Any,
        observed: Any,
        scores: Any,
        *,
        camera_given: bool,
        size_given: bool,
        height_mm: Any,
        known: Mapping[str, Any],
    ) -> Lifted:
        """N people, as `from_pixels.FromPixels` takes them; `known` by the names of `known.Known`.

        Whether camera and size are given holds for everyone. height_mm (N,) may be None.
        """

    def numpy(self, array: Any) -> npt.NDArray[Any]:
        """The inverse of `array`."""


def chosen(name: Name) -> Literal["torch", "onnx"]:
    """The backend of that name. Raises ValueError if there is none."""
    if name not in get_args(Name):
        raise ValueError(f"expected one of {', '.join(get_args(Name))} as backend, got {name!r}")
    if name == "auto":
        return "torch" if find_spec("torch") else "onnx"
    return name
