"""PyTorch: the network as it was trained, on the CPU or a graphics card, in any precision."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from wholebody_lift.config import Config
from wholebody_lift.from_pixels import FromPixels
from wholebody_lift.known import Known
from wholebody_lift.model import SemGAN
from wholebody_lift.seen import Lifted

_PRECISIONS = ("float32", "float16", "bfloat16", "float64")


class PyTorch:
    """A network in memory."""

    def __init__(self, model: SemGAN, device: str | torch.device, dtype: str | torch.dtype) -> None:
        """The network is moved to the device and put into evaluation mode."""
        self.device = resolve_device(device)
        self.dtype = resolve_dtype(dtype)
        self.model = model.to(self.device, self.dtype).eval().requires_grad_(False)
        self._from_pixels = FromPixels(self.model)

    @property
    def config(self) -> Config:
        return self.model.config

    @property
    def described(self) -> str:
        return f"torch {torch.__version__}"

    @contextmanager
    def computing(self) -> Iterator[None]:
        with torch.inference_mode(), torch.autocast(self.device.type, enabled=False):
            try:
                yield
            except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
                raise np.linalg.LinAlgError(str(error)) from None

    def array(self, values: npt.NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(values)
        return (tensor if tensor.dtype == torch.bool else tensor.float()).to(self.device)

    def numpy(self, array: Tensor) -> npt.NDArray[Any]:
        return np.asarray(array.cpu().numpy())

    def lift(
        self,
        plane: Tensor,
        observed: Tensor,
        scores: Tensor,
        *,
        camera_given: bool,
        size_given: bool,
        height_mm: Tensor | None,
        known: Mapping[str, Tensor],
    ) -> Lifted:
        n = len(plane)
        return Lifted(
            *self._from_pixels(
                plane,
                observed,
                scores,
                camera_given=torch.full((n,), camera_given, device=self.device),
                size_given=torch.full((n,), size_given, device=self.device),
                scale=None if height_mm is None else height_mm / self.config.stature_mm,
                known=Known(**known) if known else None,
            )
        )


def resolve_dtype(dtype: str | torch.dtype) -> torch.dtype:
    """The precision of that name. Raises ValueError if there is none."""
    found = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if (isinstance(dtype, str) and dtype not in _PRECISIONS) or not isinstance(found, torch.dtype):
        raise ValueError(f"expected one of {', '.join(_PRECISIONS)} as dtype, got {dtype!r}")
    return found


def resolve_device(device: str | torch.device) -> torch.device:
    """The device of that name. Raises ValueError for a name that PyTorch does not know, or if this machine
    lacks it."""
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        found = torch.device(device)
    except RuntimeError:
        raise ValueError(
            f"expected a device such as auto, cpu, cuda, cuda:1 or mps, got {device!r}"
        ) from None
    count = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if (found.index or 0) >= count.get(found.type, math.inf):
        raise ValueError(
            f"expected one of the {count[found.type]} {found.type} devices that PyTorch finds here, got "
            f"{str(found)!r}; use cpu, or install PyTorch for your graphics card and its driver"
        )
    return found
