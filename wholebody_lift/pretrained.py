"""Weights: those in the package, a directory or a Hub id <-> `config.json` + `model.safetensors`.

A set of weights is a directory with these two files and, where there is one, `temporal.safetensors`, the
network over time; and, for the reader, a model card (`README.md`).
`load` and `save` are inverse; `push` uploads what `save` writes.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wholebody_lift import atomic
from wholebody_lift.errors import WeightsError
from wholebody_lift.hub import REPO_ID, Hub

if TYPE_CHECKING:
    from wholebody_lift.config import Config
    from wholebody_lift.model import SemGAN
    from wholebody_lift.video.temporal import TemporalNetwork

CONFIG_FILE: Final = "config.json"
WEIGHTS_FILE: Final = "model.safetensors"
ONNX_FILE: Final = "model.onnx"
"""Beside them, the same network as `onnx_file.write` exports it, for ONNX Runtime; it may refer to tensors in
`WEIGHTS_FILE`."""
TEMPORAL_FILE: Final = "temporal.safetensors"
"""Beside them where `Config.temporal` says so, the network over time."""
CARD_FILE: Final = "README.md"
SUMS_FILE: Final = "SHA256SUMS"
"""Beside weights in the package: the SHA-256 of the files, as sha256sum writes and checks it."""

PACKAGED: Final = {"base": ".", "tiny": "tiny"}
"""Weights inside the package, by name, with their directories: base, which `load()` loads, and tiny, for
where size and speed count."""

_PACKAGED_NAMES: Final = " or ".join(f'"{name}"' for name in PACKAGED)


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
    from wholebody_lift import checkpoint

    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (directory / name).is_file():
            raise WeightsError(
                f"expected a directory with {CONFIG_FILE} and {WEIGHTS_FILE}, as `Lifter.save_pretrained` "
                f"writes it, but {directory} has no {name}"
            )
    return checkpoint.read(directory / CONFIG_FILE, directory / WEIGHTS_FILE)


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
    return _locate(
        source,
        (CONFIG_FILE, WEIGHTS_FILE),
        revision,
        Hub(token=token, cache_dir=cache_dir, local_files_only=local_files_only),
    )


def locate_onnx(
    source: str | Path | None = None,
    *,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    token: str | None = None,
    local_files_only: bool = False,
) -> Path:
    """The ONNX file of the weights that `load` loads, or `source` itself if it is the path of a file.

    It is downloaded and checked as the weights are. Raises `WeightsError`.
    """
    if source is not None and (given := Path(source).expanduser()).suffix == ".onnx":
        if revision is not None:
            raise WeightsError(_NO_REVISION.format(revision))
        if not given.is_file():
            raise WeightsError(f"expected the path of an ONNX file, got {given}, which does not exist")
        return given
    hub = Hub(token=token, cache_dir=cache_dir, local_files_only=local_files_only)
    path = _locate(source, (CONFIG_FILE, ONNX_FILE), revision, hub) / ONNX_FILE
    if not path.is_file():
        raise WeightsError(
            f'expected {ONNX_FILE} beside the weights in {path.parent} for backend="onnx", got none; write '
            f"it with `wholebody-lift onnx {path} --weights {path.parent}` where torch is installed"
        )
    return path


def load_temporal(
    config: Config,
    directory: Path,
    source: str | Path | None = None,
    *,
    cache_dir: str | Path | None = None,
    token: str | None = None,
    local_files_only: bool = False,
) -> TemporalNetwork | None:
    """The network over time of weights that are located in `directory`; None if they have none.

    It is downloaded from the same commit, and checked, as the weights are. An ONNX file that is given by its
    path may lie somewhere without it. Raises `WeightsError`.
    """
    if config.temporal is None:
        return None
    path = directory / TEMPORAL_FILE
    alone = source is not None and Path(source).suffix == ".onnx"
    if alone and not path.is_file():
        return None
    if _is_on_hub(source) and not alone:
        hub = Hub(token=token, cache_dir=cache_dir, local_files_only=local_files_only)
        files = (CONFIG_FILE, TEMPORAL_FILE)
        path = hub.download(_repo_id(str(source)), files, directory.name) / TEMPORAL_FILE
    if not path.is_file():
        raise WeightsError(
            f"expected {TEMPORAL_FILE} beside the weights in {directory}, as their {CONFIG_FILE} says, got "
            f'none; copy it there, or set "temporal" to null in {CONFIG_FILE} to do without it'
        )
    if (directory / SUMS_FILE).is_file():
        verify(directory, (TEMPORAL_FILE,))
    from wholebody_lift.video import temporal as temporal_files

    return temporal_files.read(path, config.temporal)


def _is_on_hub(source: str | Path | None) -> bool:
    packaged = source is None or (isinstance(source, str) and source in PACKAGED)
    return not packaged and not Path(str(source)).expanduser().is_dir()


def _locate(source: str | Path | None, files: tuple[str, ...], revision: str | None, hub: Hub) -> Path:
    """The directory that holds these files of the weights."""
    source = "base" if source is None else source
    packaged = isinstance(source, str) and source in PACKAGED
    if _is_on_hub(source):
        return hub.download(_repo_id(source), files, revision or "main")
    if revision is not None:
        raise WeightsError(_NO_REVISION.format(revision))
    directory = packaged_directory(str(source)) if packaged else Path(source).expanduser()
    if packaged or (directory / SUMS_FILE).is_file():
        verify(directory, {*files, WEIGHTS_FILE})
    return directory


def save(
    model: SemGAN, directory: str | Path, *, onnx: bool = False, temporal: TemporalNetwork | None = None
) -> None:
    """Write `config.json` and `model.safetensors` into `directory`, creating it if necessary.

    With `temporal`, also `temporal.safetensors`. With `onnx`, also `model.onnx` for
    `Lifter.from_pretrained(directory, backend="onnx")`; weights in half precision are not repeated there, so
    that it needs `model.safetensors` beside it. Without them, files of these names that are there are
    removed: they belong to other weights. Each file is written completely or not at all. A `SHA256SUMS` that
    is there is updated. Inverse of `load(directory)`.

    Raises OSError where the directory cannot be written, and ImportError for `onnx` without the extra of that
    name.
    """
    from wholebody_lift import checkpoint
    from wholebody_lift.video import temporal as temporal_files

    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name in (ONNX_FILE, TEMPORAL_FILE):
        (directory / name).unlink(missing_ok=True)
    config, weights = directory / CONFIG_FILE, directory / WEIGHTS_FILE
    checkpoint.write(model, config, weights, None if temporal is None else temporal.config)
    if temporal is not None:
        temporal_files.write(temporal, directory / TEMPORAL_FILE)
    if onnx:
        from wholebody_lift import onnx_file

        onnx_file.write(checkpoint.read(config, weights), directory / ONNX_FILE, weights=weights)
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
    onnx: bool = False,
    temporal: TemporalNetwork | None = None,
) -> str:
    """Upload the weights to the Hub as one commit and return the commit's URL, which ends in its hash.

    The repository `repo_id` ("owner/name") and the branch `revision` (default: main) are created if
    necessary; `private` applies only to a repository that is created. `card` is a model card to upload as
    `README.md`, `temporal` the network over time. With `onnx` the network is exported too, as `model.onnx`,
    for `Lifter.from_pretrained(..., backend="onnx")`.

    Raises `WeightsError` where the Hub refuses, is out of reach or does not answer in time, and ImportError
    for `onnx` without the extra of that name.
    """
    if not REPO_ID.fullmatch(repo_id):
        raise WeightsError(f'expected a Hub id "owner/name", such as "my-name/my-weights", got {repo_id!r}')
    if card is not None and not Path(card).is_file():
        raise WeightsError(
            f"expected the path of a model card (README.md), got {os.fspath(card)!r}, which is not a file; "
            "correct it or omit it"
        )
    with tempfile.TemporaryDirectory() as directory:
        save(model, directory, temporal=temporal)
        names = (CONFIG_FILE, WEIGHTS_FILE, TEMPORAL_FILE)
        files = {name: path for name in names if (path := Path(directory, name)).is_file()}
        if card is not None:
            files[CARD_FILE] = Path(card)
        if onnx:
            from wholebody_lift import checkpoint, onnx_file

            files[ONNX_FILE] = Path(directory, ONNX_FILE)
            written = checkpoint.read(files[CONFIG_FILE], files[WEIGHTS_FILE])
            onnx_file.write(written, files[ONNX_FILE])
        return Hub(token=token).upload(
            repo_id, files, message=commit_message, private=private, revision=revision
        )


_NO_REVISION = (
    "expected no revision with weights that are not on the Hub, got revision={!r}; omit it, or pass "
    '"owner/name" as source'
)


# --- weights in the package ---

_SUM = re.compile(r"(?P<digest>[0-9a-fA-F]{64}) [ *](\./)?(?P<name>.+)")
"""A line of `sha256sum`, in text or binary mode."""


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


def verify(directory: Path, files: Iterable[str] | None = None) -> dict[str, str]:
    """Compare files of weights with the SHA-256 that `SHA256SUMS` beside them states; by default all files
    that belong to weights in the package, and the network over time where there is one.

    Returns the stated SHA-256 of each file by its name. Raises `WeightsError` that names what is missing or
    differs.
    """
    try:
        lines = (directory / SUMS_FILE).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WeightsError(
            f"expected the hashes of the weights in {directory / SUMS_FILE}, which cannot be read ({error}); "
            "reinstall the package"
        ) from error
    found_in = [match for line in lines if (match := _SUM.fullmatch(line.strip()))]
    stated = {match["name"]: match["digest"].lower() for match in found_in}
    if files is None:
        there = TEMPORAL_FILE in stated or (directory / TEMPORAL_FILE).is_file()
        files = (CONFIG_FILE, WEIGHTS_FILE, ONNX_FILE, *([TEMPORAL_FILE] if there else []))
    for name in files:
        path = directory / name
        found = _sha256(path) if path.is_file() else "no file"
        if stated.get(name) != found:
            raise WeightsError(
                f"expected SHA-256 {stated.get(name, 'none')} of {path}, as {SUMS_FILE} says, got {found}: "
                "the file was damaged or altered. Reinstall the package, or, if you changed the file on "
                f"purpose, run `sha256sum {' '.join(stated or sorted(files))} > {SUMS_FILE}` there"
            )
    return stated


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _sums(directory: Path) -> str:
    files = [
        name for name in (CONFIG_FILE, ONNX_FILE, WEIGHTS_FILE, TEMPORAL_FILE) if (directory / name).is_file()
    ]
    return "".join(f"{_sha256(directory / name)}  {name}\n" for name in files)


def _repo_id(source: str | Path) -> str:
    if isinstance(source, str) and REPO_ID.fullmatch(source):
        return source
    path = Path(source).expanduser()
    found = "is a file" if path.is_file() else "does not exist"
    raise WeightsError(
        f"expected {_PACKAGED_NAMES} (weights in the package), a directory with {CONFIG_FILE} and "
        f'{WEIGHTS_FILE}, or a Hub id "owner/name" as weights, got {os.fspath(source)!r}, which {found}'
    )
