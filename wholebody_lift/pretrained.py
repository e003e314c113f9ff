"""Weights: those in the package, a directory or a Hub id <-> `config.json` + `model.safetensors`.

A set of weights is a directory with these two files and, for the reader, a model card (`README.md`).
`load` and `save` are inverse; `push` uploads what `save` writes.
"""

import hashlib
import os
import tempfile
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
from wholebody_lift.errors import WeightsError
from wholebody_lift.hub import REPO_ID, Hub
from wholebody_lift.model.semgan import SemGAN

CONFIG_FILE: Final = "config.json"
WEIGHTS_FILE: Final = "model.safetensors"
CARD_FILE: Final = "README.md"
SUMS_FILE: Final = "SHA256SUMS"
"""Beside weights in the package: the SHA-256 of the two files, as sha256sum writes and checks it."""

PACKAGED: Final = {"base": ".", "tiny": "tiny"}
"""Weights inside the package, by name, with their directories: base, which `load()` loads, and tiny, for
where size and speed count."""

_PACKAGED_NAMES: Final = " or ".join(f'"{name}"' for name in PACKAGED)
_DTYPES: Final = ("F16", "BF16", "F32", "F64")
"""Kinds of number, as safetensors calls them, that weights may be stored in."""
_MOST_CONFIG_BYTES: Final = 1_000_000
_MOST_NAMES: Final = 5
"""Tensors or fields listed by name in an error before "and so on"."""
_MOST_CHARACTERS: Final = 200
"""Of a name or value from a file, quoted in an error."""


def load(
    source: str | Path | None = None,
    *,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    token: str | None = None,
    local_files_only: bool = False,
) -> SemGAN:
    """The network with its weights: float32, on the CPU, in eval mode.

    `source` is one of

    - `"base"` or `"tiny"`: weights inside the package; nothing touches the network. `None` is `"base"`;
    - a directory that holds `config.json` and `model.safetensors`;
    - a Hub id `"owner/name"`, fetched with huggingface_hub at `revision` (a branch, a tag or, to pin
      the weights for good, a commit) into `cache_dir`, its usual cache by default. `token` opens private
      and gated repositories. With `local_files_only`, or `HF_HUB_OFFLINE=1`, only the cache is used.
      `HF_ENDPOINT` and the client's other environment variables work as everywhere.

    Loading is strict, and everything is checked before a network is built. Files from the Hub come from one
    commit and are compared with the hashes that the Hub states, those in the package with the hashes in it.
    Where the Hub is silent or slow, loading ends by the deadlines of `hub.Hub`.

    Raises `WeightsError` where the weights are absent, out of reach, damaged or do not fit.
    """
    directory = locate(
        source, revision=revision, cache_dir=cache_dir, token=token, local_files_only=local_files_only
    )
    return _read(directory)


def locate(
    source: str | Path | None = None,
    *,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    token: str | None = None,
    local_files_only: bool = False,
) -> Path:
    """The directory that holds the weights that `load` loads, after downloading them where necessary.

    Their hashes have been compared. Raises `WeightsError`.
    """
    source = "base" if source is None else source
    packaged = isinstance(source, str) and source in PACKAGED
    if not packaged and not Path(source).expanduser().is_dir():
        hub = Hub(token=token, cache_dir=cache_dir, local_files_only=local_files_only)
        return hub.download(_repo_id(source), (CONFIG_FILE, WEIGHTS_FILE), revision or "main")
    if revision is not None:
        raise WeightsError(
            f"expected no revision with weights that are not on the Hub, got revision={revision!r}; omit it, "
            'or pass "owner/name" as source'
        )
    directory = packaged_directory(str(source)) if packaged else Path(source).expanduser()
    if packaged or (directory / SUMS_FILE).is_file():
        verify(directory)
    return directory


def save(model: SemGAN, directory: str | Path) -> None:
    """Write `config.json` and `model.safetensors` into `directory`, which is made if need be.

    Each file is written completely or not at all. Hashes in a `SHA256SUMS` that is there are brought up to
    date. Inverse of `load(directory)`. Raises OSError where the directory cannot be written.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    atomic.write_bytes(directory / WEIGHTS_FILE, safetensors.torch.save(tensors, metadata={"format": "pt"}))
    atomic.write_bytes(directory / CONFIG_FILE, model.config.model_dump_json(indent=2).encode() + b"\n")
    if (directory / SUMS_FILE).is_file():
        atomic.write_bytes(directory / SUMS_FILE, _sums(directory).encode())


def push(
    model: SemGAN,
    repo_id: str,
    *,
    token: str | None = None,
    private: bool = False,
    commit_message: str = "Upload wholebody-lift weights",
    revision: str | None = None,
    card: str | Path | None = None,
) -> str:
    """Upload the weights to the Hub as one commit and return the commit's URL, which ends in its hash.

    The repository `repo_id` ("owner/name") and the branch `revision` (default: main) are made if need be;
    `private` counts for a repository that is made. `card` is a model card to upload as `README.md`.

    Raises `WeightsError` where the Hub refuses, is out of reach or does not answer in time.
    """
    if not REPO_ID.fullmatch(repo_id):
        raise WeightsError(f'expected a Hub id "owner/name", such as "my-name/my-weights", got {repo_id!r}')
    if card is not None and not Path(card).is_file():
        raise WeightsError(
            f"expected the path of a model card (README.md), got {os.fspath(card)!r}, which is not a file; "
            "correct it or omit it"
        )
    with tempfile.TemporaryDirectory() as directory:
        save(model, directory)
        files = {name: Path(directory, name) for name in (CONFIG_FILE, WEIGHTS_FILE)}
        if card is not None:
            files[CARD_FILE] = Path(card)
        return Hub(token=token).upload(
            repo_id, files, message=commit_message, private=private, revision=revision
        )


# --- weights in the package ---


def packaged_directory(name: str = "base") -> Path:
    """The directory of the package's own weights: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).parent
    inside, beside = (folder / "weights" / PACKAGED[name] for folder in (package, package.parent))
    for directory in (inside, beside):
        if (directory / WEIGHTS_FILE).is_file():
            return directory
    raise WeightsError(
        f"this installation has no weights {name!r}: expected {WEIGHTS_FILE} in {inside} or {beside}; "
        "reinstall the package"
    )


def verify(directory: Path) -> dict[str, str]:
    """Compare the files of weights with the SHA-256 that `SHA256SUMS` beside them states.

    Returns the SHA-256 of each file by its name. Raises `WeightsError` that names what is missing or differs.
    """
    try:
        lines = (directory / SUMS_FILE).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WeightsError(
            f"expected the hashes of the weights in {directory / SUMS_FILE}, which cannot be read ({error}); "
            "reinstall the package"
        ) from error
    stated = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        path = directory / name
        found = _sha256(path) if path.is_file() else "no file"
        if stated.get(name) != found:
            raise WeightsError(
                f"expected SHA-256 {stated.get(name, 'none')} of {path}, as {SUMS_FILE} says, got {found}: "
                "the file was damaged or altered. Reinstall the package, or, if you changed the file on "
                f"purpose, run `sha256sum {CONFIG_FILE} {WEIGHTS_FILE} > {SUMS_FILE}` there"
            )
    return stated


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _sums(directory: Path) -> str:
    return "".join(f"{_sha256(directory / name)}  {name}\n" for name in (CONFIG_FILE, WEIGHTS_FILE))


# --- files to network ---


def _read(directory: Path) -> SemGAN:
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (directory / name).is_file():
            raise WeightsError(
                f"expected a directory with {CONFIG_FILE} and {WEIGHTS_FILE}, as `Lifter.save_pretrained` "
                f"writes it, but {directory} has no {name}"
            )
    config = _read_config(directory / CONFIG_FILE)
    with torch.random.fork_rng(devices=[]), _Unfilled():  # some initial values are random all the same
        model = SemGAN(config)
    tensors = _read_tensors(directory / WEIGHTS_FILE, model.state_dict())
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
            f"{CONFIG_FILE} of this package, so fetch or write it again"
        )
    try:
        return Config.model_validate_json(path.read_bytes())
    except ValidationError as error:
        problems = "; ".join(_config_problem(problem) for problem in error.errors()[:_MOST_NAMES])
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
    """Compare names, shapes and kinds of number with those of the network."""
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
            f"{path} does not fit the network of its {CONFIG_FILE}: {'; '.join(problems)}. The two files "
            "must come from the same save"
        )


def _listed(names: Iterable[str]) -> str:
    ordered = [_shortened(name) for name in sorted(names)]
    more = f" and {len(ordered) - _MOST_NAMES} more" if len(ordered) > _MOST_NAMES else ""
    return ", ".join(ordered[:_MOST_NAMES]) + more


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."


def _repo_id(source: str | Path) -> str:
    if isinstance(source, str) and REPO_ID.fullmatch(source):
        return source
    path = Path(source).expanduser()
    found = "is a file" if path.is_file() else "does not exist"
    raise WeightsError(
        f"expected {_PACKAGED_NAMES} (weights in the package), a directory with {CONFIG_FILE} and "
        f'{WEIGHTS_FILE}, or a Hub id "owner/name" as weights, got {os.fspath(source)!r}, which {found}'
    )
