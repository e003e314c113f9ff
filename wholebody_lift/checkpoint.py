"""`config.json` + `model.safetensors` <-> the network. Everything is checked before a network is built."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import safetensors
import safetensors.torch
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.overrides import TorchFunctionMode

from wholebody_lift import atomic
from wholebody_lift.config import Config
from wholebody_lift.errors import WeightsError, listed
from wholebody_lift.model.semgan import SemGAN

_DTYPES: Final = ("F16", "BF16", "F32", "F64")
"""Number types, by their names in safetensors, in which weights may be stored."""
_MOST_CONFIG_BYTES: Final = 1_000_000
_MOST_FIELDS: Final = 5
"""Fields of a config that an error explains."""
_MOST_CHARACTERS: Final = 200
"""Characters of a name or value from a file that an error quotes."""


def write(model: SemGAN, config: Path, weights: Path) -> None:
    """Inverse of `read`, in the precision of the network. Each file is written completely or not at all."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    atomic.write_bytes(weights, safetensors.torch.save(tensors, metadata={"format": "pt"}))
    atomic.write_bytes(config, model.config.model_dump_json(indent=2).encode() + b"\n")


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
    got = _shortened(repr(problem["input"]))
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
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            _check_fit({name: file.get_slice(name) for name in file.keys()}, expected, path)  # noqa: SIM118
            tensors = {name: file.get_tensor(name).to(torch.float32, copy=True) for name in expected}
    except safetensors.SafetensorError as error:
        raise WeightsError(
            f"expected a complete safetensors file, got {path} ({path.stat().st_size} bytes): {error}; it "
            "was cut off or altered, so fetch or write it again"
        ) from error
    if damaged := {name for name, tensor in tensors.items() if not tensor.isfinite().all()}:
        raise WeightsError(
            f"expected finite numbers in {path}, got NaN or infinity in {_listed(damaged)}; the file was "
            "damaged or its training diverged, so use other weights"
        )
    return tensors


def _check_fit(header: Mapping[str, Any], expected: Mapping[str, Tensor], path: Path) -> None:
    """Compare names, shapes and number types with those of the network."""
    problems = []
    if missing := expected.keys() - header.keys():
        problems.append(f"missing: {_listed(missing)}")
    if left_over := header.keys() - expected.keys():
        problems.append(f"left over: {_listed(left_over)}")
    both = header.keys() & expected.keys()
    shapes = {name: (tuple(expected[name].shape), tuple(header[name].get_shape())) for name in both}
    if reshaped := [f"{name} expected {a}, got {b}" for name, (a, b) in shapes.items() if a != b]:
        problems.append(f"of another shape: {_listed(reshaped)}")
    dtypes = {name: header[name].get_dtype() for name in both}
    if others := [f"{name} is {dtype}" for name, dtype in dtypes.items() if dtype not in _DTYPES]:
        problems.append(f"expected {', '.join(_DTYPES)}: {_listed(others)}")
    if problems:
        raise WeightsError(
            f"{path} does not fit the network of its config.json: {'; '.join(problems)}. The two files "
            "must come from the same save"
        )


def _listed(names: Iterable[str]) -> str:
    return listed(map(_shortened, sorted(names)))


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."
