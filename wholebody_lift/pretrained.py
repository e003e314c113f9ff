"""Weights: those in the package, a directory or a Hub id <-> `config.json` + `model.safetensors`.

A set of weights is a directory with these two files and, for the reader, a model card (`README.md`).
`load` and `save` are inverse; `push` uploads what `save` writes.
"""

import hashlib
import os
import re
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import safetensors
import safetensors.torch
import torch
from pydantic import ValidationError
from torch import Tensor

from wholebody_lift.config import Config
from wholebody_lift.errors import WeightsError
from wholebody_lift.model.semgan import SemGAN

CONFIG_FILE: Final = "config.json"
WEIGHTS_FILE: Final = "model.safetensors"
CARD_FILE: Final = "README.md"

PACKAGED: Final = {"base": ".", "tiny": "tiny"}
"""Weights inside the package, by name, with their directories: base, which `load()` loads, and tiny, for
where size and speed count."""

_REPO_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_PACKAGED_NAMES: Final = " or ".join(f'"{name}"' for name in PACKAGED)
_MOST_NAMES: Final = 5
"""Tensors listed by name in an error before "and so on"."""


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

    Both files come from one commit, and their content is compared with the hashes that the Hub states;
    a file that does not fit is taken out of the cache. Loading is strict.

    Raises `WeightsError` where the weights are absent, out of reach, damaged or of another shape.
    """
    source = "base" if source is None else source
    packaged = isinstance(source, str) and source in PACKAGED
    if not packaged and not Path(source).expanduser().is_dir():
        return _read(_download(_repo_id(source), revision or "main", cache_dir, token, local_files_only))
    if revision is not None:
        raise WeightsError(
            f"got revision={revision!r} with weights that are no Hub id, but only weights on the Hub have "
            'revisions; leave out `revision`, or give "owner/name" as source'
        )
    return _read(packaged_directory(str(source)) if packaged else Path(source).expanduser())


def save(model: SemGAN, directory: str | Path) -> None:
    """Write `config.json` and `model.safetensors` into `directory`, which is made if need be.

    Each file appears whole or not at all: it is written under another name and then renamed.
    Inverse of `load(directory)`.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    _write(directory / WEIGHTS_FILE, safetensors.torch.save(tensors, metadata={"format": "pt"}))
    _write(directory / CONFIG_FILE, model.config.model_dump_json(indent=2).encode() + b"\n")


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

    Raises `WeightsError` where the Hub refuses or is out of reach.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    if not _REPO_ID.fullmatch(repo_id):
        raise WeightsError(f'got {repo_id!r} as Hub id; wanted "owner/name", such as "my-name/my-weights"')
    if card is not None and not Path(card).is_file():
        raise WeightsError(f"the model card {card} is no file; give the path of a README.md, or leave it out")
    api = HfApi(token=token)
    with tempfile.TemporaryDirectory() as directory:
        save(model, directory)
        files = {name: Path(directory, name) for name in (CONFIG_FILE, WEIGHTS_FILE)}
        if card is not None:
            files[CARD_FILE] = Path(card)
        try:
            api.create_repo(repo_id, private=private, exist_ok=True)
            if revision is not None:
                api.create_branch(repo_id, branch=revision, exist_ok=True)
            # One commit, not upload_folder: that may split an upload, and half a set of weights be seen.
            commit = api.create_commit(
                repo_id,
                [CommitOperationAdd(name, str(path)) for name, path in files.items()],
                commit_message=commit_message,
                revision=revision,
            )
        except Exception as error:
            raise WeightsError(_why_push_failed(error, repo_id)) from error
    return commit.commit_url


def packaged_directory(name: str = "base") -> Path:
    """The directory of the package's own weights: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).parent
    inside, beside = (folder / "weights" / PACKAGED[name] for folder in (package, package.parent))
    for directory in (inside, beside):
        if (directory / WEIGHTS_FILE).is_file():
            return directory
    raise WeightsError(
        f"this installation holds no weights {name!r}: neither {inside} nor {beside} "
        f"has a {WEIGHTS_FILE}; install again with `pip install --force-reinstall wholebody-lift`"
    )


# --- files to network ---


def _read(directory: Path) -> SemGAN:
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (directory / name).is_file():
            raise WeightsError(
                f"{directory} has no {name}; weights are a directory with {CONFIG_FILE} and {WEIGHTS_FILE}, "
                "as `Lifter.save_pretrained` writes it"
            )
    config = _read_config(directory / CONFIG_FILE)
    tensors = _read_tensors(directory / WEIGHTS_FILE)
    with torch.random.fork_rng(
        devices=[]
    ):  # the initial weights draw random numbers; the user's stay as they are
        model = SemGAN(config)
    _check_fit(tensors, model.state_dict(), directory)
    model.load_state_dict(tensors)
    return model.eval()


def _read_config(path: Path) -> Config:
    try:
        return Config.model_validate_json(path.read_bytes())
    except ValidationError as error:
        problems = "; ".join(_config_problem(problem) for problem in error.errors())
        raise WeightsError(f"{path} does not describe a network of this release: {problems}") from error


def _config_problem(problem: Mapping[str, Any]) -> str:
    field = ".".join(map(str, problem["loc"]))
    got = problem["input"]
    if problem["type"] == "json_invalid":
        return f"it is no JSON ({problem['msg']}); fetch or write the file again"
    if problem["type"] == "extra_forbidden":
        return (
            f"unknown field {field!r} (known: {', '.join(Config.model_fields)}); the weights come from "
            "another release: `pip install -U wholebody-lift`, or remove the field"
        )
    if field == "format":
        return (
            f"format {got!r}, wanted {Config.model_fields['format'].default!r}; the weights come from "
            "another release: `pip install -U wholebody-lift`, or use weights of this one"
        )
    return f"{field or 'content'} {got!r}: {problem['msg']}"


def _read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load_file(path)
    except safetensors.SafetensorError as error:
        raise WeightsError(
            f"{path} ({path.stat().st_size} bytes) is no complete safetensors file: {error}; "
            "it was cut off or altered, so fetch or write it again"
        ) from error


def _check_fit(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], directory: Path) -> None:
    problems = []
    if missing := wanted.keys() - found.keys():
        problems.append(f"missing: {_listed(missing)}")
    if left_over := found.keys() - wanted.keys():
        problems.append(f"left over: {_listed(left_over)}")
    reshaped = [
        f"{name} is {tuple(found[name].shape)}, wanted {tuple(wanted[name].shape)}"
        for name in found.keys() & wanted.keys()
        if found[name].shape != wanted[name].shape
    ]
    if reshaped:
        problems.append(f"of another shape: {_listed(reshaped)}")
    if problems:
        raise WeightsError(
            f"{directory / WEIGHTS_FILE} does not fit the network of its {CONFIG_FILE}: "
            f"{'; '.join(problems)}. The two files must come from the same save"
        )


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - _MOST_NAMES} more" if len(ordered) > _MOST_NAMES else ""
    return ", ".join(ordered[:_MOST_NAMES]) + more


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


# --- Hub to files ---


def _repo_id(source: str | Path) -> str:
    if isinstance(source, str) and _REPO_ID.fullmatch(source):
        return source
    path = Path(source).expanduser()
    found = "is a file" if path.is_file() else "does not exist"
    raise WeightsError(
        f"got {os.fspath(source)!r} as weights, which {found}; wanted a directory with {CONFIG_FILE} and "
        f'{WEIGHTS_FILE}, a Hub id "owner/name", or {_PACKAGED_NAMES} for weights that come with the package'
    )


def _download(
    repo_id: str,
    revision: str,
    cache_dir: str | Path | None,
    token: str | None,
    local_files_only: bool,
) -> Path:
    """Fetch both files of one commit and return their directory in the cache."""

    def fetch(filename: str, revision: str) -> Path:
        return _fetch(repo_id, filename, revision, cache_dir, token, local_files_only)

    config = fetch(CONFIG_FILE, revision)  # <cache>/models--<owner>--<name>/snapshots/<commit>/config.json
    commit = config.parent.name
    return fetch(WEIGHTS_FILE, commit).parent


def _fetch(
    repo_id: str,
    filename: str,
    revision: str,
    cache_dir: str | Path | None,
    token: str | None,
    local_files_only: bool,
) -> Path:
    """The path of one file in the cache, its content being what the Hub says it is."""
    from huggingface_hub import hf_hub_download

    was_damaged = False
    for _ in range(2):
        try:
            path = Path(
                hf_hub_download(
                    repo_id,
                    filename,
                    revision=revision,
                    cache_dir=cache_dir,
                    token=token,
                    local_files_only=local_files_only,
                )
            )
        except Exception as error:
            # The client's HTTP library, and so its errors, differ between its versions
            why = _why_fetch_failed(error, repo_id, filename, revision, local_files_only)
            if was_damaged:
                why = f"the cached {filename} of {repo_id} was damaged and has been removed; then {why}"
            raise WeightsError(why) from error
        if _has_stated_hash(path):
            return path
        was_damaged = True
        _discard(path)
    raise WeightsError(
        f"{filename} of {repo_id} at revision {revision!r} arrived twice with content that does not fit "
        "the hash that the Hub states; it was not kept. A proxy or mirror in between may alter files: try "
        "another network, or leave HF_ENDPOINT unset"
    )


def _has_stated_hash(path: Path) -> bool:
    """Whether a cached file's content fits the hash that the Hub stated for it.

    The cache links each file to a blob named after that hash: SHA-256 for large files, git's SHA-1 for
    small ones. Where the cache holds copies instead of links (Windows without developer mode) the hash is
    not at hand, and strict loading is the check that remains.
    """
    if not path.is_symlink():
        return True
    stated = Path(os.readlink(path)).name
    content = path.read_bytes()
    if re.fullmatch(r"[0-9a-f]{64}", stated):
        return hashlib.sha256(content).hexdigest() == stated
    if re.fullmatch(r"[0-9a-f]{40}", stated):
        git_object = b"blob %d\0%b" % (len(content), content)
        return hashlib.sha1(git_object, usedforsecurity=False).hexdigest() == stated
    return True


def _discard(path: Path) -> None:
    """Take a file out of the cache: the links to its content, and the content."""
    while path.is_symlink():
        target = path.parent / os.readlink(path)
        path.unlink()
        path = target
    path.unlink(missing_ok=True)


# --- what the Hub's answers mean ---

_SIGN_IN: Final = "pass token=... with {access} access, set HF_TOKEN, or run `hf auth login`"


def _why_fetch_failed(
    error: Exception, repo_id: str, filename: str, revision: str, local_files_only: bool
) -> str:
    from huggingface_hub import constants
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    hub = constants.ENDPOINT
    sign_in = _SIGN_IN.format(access="read")
    status = _status(error)
    if isinstance(error, LocalEntryNotFoundError) and (local_files_only or _has(error, OfflineModeIsEnabled)):
        asked = "local_files_only=True" if local_files_only else "HF_HUB_OFFLINE"
        return (
            f"{filename} of {repo_id} at revision {revision!r} is not in the cache, and {asked} forbids to "
            "fetch it; load it once with the network, or give the directory of a copy"
        )
    if isinstance(error, GatedRepoError):
        return f"{repo_id} is gated on {hub} (HTTP {status}); accept its terms on its page, then {sign_in}"
    if isinstance(error, RepositoryNotFoundError):
        return (
            f"{hub} shows no repository {repo_id} (HTTP {status}), and there is no directory of that name in "
            f"{Path.cwd()}; check the spelling, or, if the repository is private, {sign_in}"
        )
    if isinstance(error, RevisionNotFoundError):
        return (
            f"{repo_id} on {hub} has no revision {revision!r}; give a branch, a tag or a full commit hash "
            f"from {hub}/{repo_id}/commits/main"
        )
    if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
        return (
            f"{repo_id} on {hub} has no {filename} at revision {revision!r}; wholebody-lift weights are "
            f"{CONFIG_FILE} and {WEIGHTS_FILE}, so this repository holds something else"
        )
    if status in (401, 403):
        return f"{hub} refuses access to {repo_id} (HTTP {status}); {sign_in}"
    if status is not None:
        return f"{hub} could not serve {filename} of {repo_id} (HTTP {status}); try again later"
    return (
        f"could not fetch {filename} of {repo_id} from {hub}: {_cause(error)}; check the connection and try "
        "again: the cache is unharmed. The weights that come with the package need no network"
    )


def _why_push_failed(error: Exception, repo_id: str) -> str:
    from huggingface_hub import constants

    status = _status(error)
    if status in (401, 403):
        return (
            f"{constants.ENDPOINT} refuses to write to {repo_id} (HTTP {status}); "
            f"{_SIGN_IN.format(access='write')}, and check that you may write to {repo_id.split('/')[0]!r}"
        )
    answer = f" (HTTP {status})" if status is not None else ""
    return (
        f"could not upload to {repo_id} on {constants.ENDPOINT}{answer}: {_cause(error)}; "
        "no files there were changed, so try again"
    )


def _chain(error: BaseException) -> Iterable[BaseException]:
    """The error and what it came from."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__


def _has(error: BaseException, kind: type[BaseException]) -> bool:
    return any(isinstance(link, kind) for link in _chain(error))


def _status(error: BaseException) -> int | None:
    """The HTTP status behind an error of the client, if the server answered."""
    for link in _chain(error):
        status = getattr(getattr(link, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
    return None


def _cause(error: BaseException) -> str:
    """The innermost error in one line."""
    *_, innermost = _chain(error)
    lines = str(innermost).strip().splitlines()
    return f"{type(innermost).__name__}: {lines[0]}" if lines else type(innermost).__name__
