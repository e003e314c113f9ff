"""ONNX Runtime: a file that `wholebody-lift onnx` wrote, without torch."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from wholebody_lift.config import Config
from wholebody_lift.errors import WeightsError
from wholebody_lift.extras import ONNXRUNTIME
from wholebody_lift.seen import Lifted

CONFIG_KEY = "wholebody_lift_config"
"""The name of the network's `Config` among the file's metadata."""

PRECISION_KEY = "wholebody_lift_precision"
"""Likewise, what the network computes in; files without it compute in fp32."""

WEIGHTS_KEY = "wholebody_lift_weights"
"""Likewise, SHA-256 and name of the safetensors file beside it that holds its tensors, as `sha256sum` writes
them; absent where the file holds them itself."""

OUTPUTS = ("xyz", "error_mm", "translation")


class OnnxRuntime:
    """A session that holds one file."""

    def __init__(self, path: str | Path, device: str = "auto", *, threads: int | None = None) -> None:
        """Load a file.

        Args:
            path: the file.
            device: auto, cpu, cuda or cuda:1, ...; auto takes CUDA where ONNX Runtime was built for it.
            threads: CPU threads; ONNX Runtime's choice by default.

        Raises:
            ImportError: onnxruntime is not installed.
            WeightsError: the file is no model of this package, or of another release.
            ValueError: ONNX Runtime has no such device here, or cannot use it.
        """
        self._device, self._threads = str(device), threads
        runtime: Any = ONNXRUNTIME.needed_for('backend="onnx"')
        providers = _providers(runtime.get_available_providers(), str(device))
        options = runtime.SessionOptions()
        options.log_severity_level = 3  # errors
        if threads is not None:
            options.intra_op_num_threads = threads
        try:
            with redirect_stdout(sys.stderr):  # where ONNX Runtime prints that a provider fails
                self._session: Any = runtime.InferenceSession(Path(path), options, providers=providers)
        except Exception as error:  # a class of its own for each kind of damage, some not public
            raise WeightsError(
                f"expected an ONNX file that ONNX Runtime {runtime.__version__} reads, got {path}: {error}; "
                "write it again with `wholebody-lift onnx`"
            ) from error
        self.device = self._session.get_providers()[0].removesuffix("ExecutionProvider").lower()
        if str(device).startswith("cuda") and self.device != "cuda":
            raise ValueError(
                f"expected ONNX Runtime to compute on {device}, got {self.device}, which it falls back to "
                "where the driver, CUDA's libraries or this device are missing; use cpu or auto, or see "
                "onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html for what it needs"
            )
        self._inputs = {given.name: given.shape for given in self._session.get_inputs()}
        self._inputs |= {one.name: one.shape for one in self._session.get_overridable_initializers()}
        stated = self._session.get_modelmeta().custom_metadata_map
        try:
            self.config = Config.model_validate_json(stated.get(CONFIG_KEY, ""))
        except ValidationError as error:
            raise WeightsError(
                f"expected an ONNX file that this release of wholebody-lift wrote, got {path}, which does "
                f"not say what network it holds ({error.errors()[0]['msg']}); write it again with "
                "`wholebody-lift onnx`"
            ) from error
        self.path = Path(path)
        _require_weights(self.path, stated.get(WEIGHTS_KEY, ""))
        self.precision: str = stated.get(PRECISION_KEY, "fp32")
        self._version = runtime.__version__

    @property
    def described(self) -> str:
        return f"onnxruntime {self._version}, {self.precision}"

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, and what another process gets, loads the file again."""
        return partial(OnnxRuntime, threads=self._threads), (self.path, self._device)

    def computing(self) -> AbstractContextManager[Any]:
        return np.errstate(all="ignore")

    def array(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return single(values)

    def numpy(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return array

    def lift(
        self,
        plane: npt.NDArray[Any],
        observed: npt.NDArray[Any],
        scores: npt.NDArray[Any],
        *,
        camera_given: bool,
        size_given: bool,
        height_mm: npt.NDArray[Any] | None,
        known: Mapping[str, npt.NDArray[Any]],
    ) -> Lifted:
        told = dict(known) if height_mm is None else {**known, "height_mm": height_mm}
        fed = feed(
            plane,
            observed,
            scores,
            self._inputs,
            camera_given=camera_given,
            size_given=size_given,
            known=told,
        )
        return Lifted(*self._session.run(list(OUTPUTS), fed))


def _require_weights(path: Path, stated: str) -> None:
    """Raise WeightsError unless the tensors that a file refers to are those that it was written beside."""
    sha256, _, name = stated.partition("  ")
    if sha256 and hashlib.sha256(path.with_name(name).read_bytes()).hexdigest() != sha256:
        raise WeightsError(
            f"expected the {name} that {path} was written beside, got another; copy both files from the same "
            "directory, or write them again with save_pretrained(onnx=True)"
        )


def single(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Numbers in single precision; a mask as it is."""
    return values if values.dtype == np.bool_ else values.astype(np.float32)


def feed(
    plane: npt.NDArray[Any],
    observed: npt.NDArray[Any],
    scores: npt.NDArray[Any],
    inputs: Mapping[str, Sequence[Any]],
    *,
    camera_given: bool,
    size_given: bool,
    known: Mapping[str, npt.NDArray[Any]] | None = None,
) -> dict[str, npt.NDArray[Any]]:
    """What a file is given for N people: arrays by name, as `onnx_file.Exported` takes them.

    The arrays are those of `Backend.lift`; `inputs` are the shapes of the file's inputs; `known` holds what
    is known of height and of the network's other inputs.
    """
    n = len(plane)
    xy = np.where(observed[..., None], plane, np.float32(np.nan))
    fed = {
        "keypoints": np.concatenate((xy, scores[..., None]), axis=-1),
        "focal": np.ones((n, 2), dtype=np.float32),  # identity: the keypoints are on the image plane
        "centre": np.zeros((n, 2), dtype=np.float32),
        "camera_given": np.full(n, camera_given),
        "min_score": np.zeros(1, dtype=np.float32),  # `observed` has been applied
        "size_given": np.full(1, size_given),
        "height_mm": np.full(1, np.nan, dtype=np.float32),
        **(known or {}),
    }
    for name, shape in inputs.items():
        if name not in fed:
            fed[name] = np.full((1, *shape[1:]), np.nan, dtype=np.float32)
    return fed


def _providers(available: list[str], device: str) -> list[Any]:
    """The execution providers for a device. Raises ValueError if there is none."""
    found = re.fullmatch(r"auto|cpu|cuda(?::(\d+))?", device)
    if found is None:
        raise ValueError(f'expected auto, cpu, cuda or cuda:1 as device of backend="onnx", got {device!r}')
    cuda = "CUDAExecutionProvider" in available
    if device == "cpu" or (device == "auto" and not cuda):
        return ["CPUExecutionProvider"]
    if not cuda:
        raise ValueError(
            f"expected a device of the installed ONNX Runtime, which has no CUDA, got {device!r}; use cpu, "
            "or install onnxruntime-gpu in place of onnxruntime"
        )
    return [("CUDAExecutionProvider", {"device_id": int(found[1] or 0)}), "CPUExecutionProvider"]
