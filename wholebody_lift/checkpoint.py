"""`config.json` + `model.safetensors` <-> the network. Everything is checked before a network is built."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import safetensors
import safetensors.torch
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.overrides import TorchFunctionMode

from wholebody_lift import atomic, tensor_files
from wholebody_lift.config import Config, Temporal
from wholebody_lift.errors import WeightsError
from wholebody_lift.model.semgan import SemGAN

_MOST_CONFIG_BYTES: Final = 1_000_000
_MOST_FIELDS: Final = 5
"""Fields of a config that an error explains."""


def write(model: SemGAN, config: Path, weights: Path, temporal: Temporal | None = None) -> None:
    """Inverse of `read`, in the precision of the network. Each file is written completely or not at all.

    `temporal` is the shape of the network over time beside it.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    atomic.write_bytes(weights, safetensors.torch.save(tensors, metadata={"format": "pt"}))
    described = model.config.model_copy(update={"temporal": temporal})
    atomic.write_bytes(config, described.model_dump_json(indent=2).encode() + b"\n")


def read(config: Path, weights: Path) -> SemGAN:
    """The network: float32, on the CPU, in eval mode. Raises `WeightsError` if the files do not fit it."""
    shape = _read_config(config)
    with torch.random.fork_rng(devices=[]), _Unfilled():  # some initial values are random all the same
        model = SemGAN(shape)
    tensors = _read_tensors(weights, model.state_dict())
    model.load_state_dict(tensors, assign=True)
    return model.eval()


class _Unfilled(TorchFunctionMode):
    """Networks are built without memory for their weights, however large these would be."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        options = kwargs or {}
        return func(*args, **({**options, "device": "meta"} if func is torch.empty else options))


def _read_config(path: Path) -> Config:
    size = path.stat().st_size
    if size > _MOST_CONFIG_BYTES:
        raise WeightsError(
            f"expected at most {_MOST_CONFIG_BYTES:,} bytes in {path}, got {size:,}; it is not a "
            f"{path.name} of this package, so fetch or write it again"
        )
    try:
        return Config.model_validate_json(path.read_bytes())
    except ValidationError as error:
        problems = "; ".join(_config_problem(problem) for problem in error.errors()[:_MOST_FIELDS])
        raise WeightsError(f"{path} does not describe a network of this release: {problems}") from error


def _config_problem(problem: Mapping[str, Any]) -> str:
    field = ".".join(map(str, problem["loc"]))
    got = tensor_files.shortened(repr(problem["input"]))
    if problem["type"] == "json_invalid":
        return f"it is not valid JSON ({problem['msg']}); fetch or write the file again"
    if problem["type"] == "extra_forbidden":
        return (
            f"unknown field {field!r} (known: {', '.join(Config.model_fields)}); the weights come from "
            "another release: update wholebody-lift, or remove the field"
        )
    if field == "format":
        return (
            f"expected format {Config.model_fields['format'].default!r}, got {got}; the weights come from "
            "another release: update wholebody-lift, or use weights of this release"
        )
    return f"{field or 'content'} {got}: {problem['msg']}"


def _read_tensors(path: Path, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights in float32. Only the file's header is read before they are known to fit."""
    shapes = {name: tuple(tensor.shape) for name, tensor in expected.items()}
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            header = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            tensor_files.check_fit(header, shapes, path)
            tensors = {name: file.get_tensor(name).to(torch.float32, copy=True) for name in expected}
    except safetensors.SafetensorError as error:
        raise tensor_files.cut_off(path, error) from error
    tensor_files.require_finite(
        {name for name, tensor in tensors.items() if not tensor.isfinite().all()}, path
    )
    return tensors
