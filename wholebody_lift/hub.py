"""The Hugging Face Hub: files of one commit, down and up, and the errors behind the Hub's answers.

The client is huggingface_hub, imported when it is needed. No message and no error that leaves this module
contains a token, or the password of an address such as HF_ENDPOINT.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from wholebody_lift.errors import WeightsError

REPO_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
""""owner/name"."""

THREAD_NAME: Final = "wholebody-lift-hub"
"""Name of the threads on which the client runs; they may outlive a call that ran into its deadline."""

_Result = TypeVar("_Result")

_NO_SPACE: Final = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
_NOT_ALLOWED: Final = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
_SIGN_IN: Final = "pass token=... with {access} access, set HF_TOKEN, or run `hf auth login`"


@dataclass(frozen=True)
class Hub:
    """How the Hub is reached. Every call ends by a deadline, even if the Hub is silent or very slow."""

    token: str | None = field(default=None, repr=False)
    """Opens private and gated repositories; None for the one that the user signed in with, if any."""
    cache_dir: str | Path | None = None
    """Where downloads are kept; None for the client's own cache."""
    local_files_only: bool = False
    """Use the cache and never the network."""
    answer_seconds: float = 60.0
    """Deadline of the first file of a download, a small one that shows whether the Hub answers."""
    transfer_seconds: float = 600.0
    """Deadline of every further file, and of an upload."""

    def __post_init__(self) -> None:
        if self.token is not None and not re.fullmatch(r"[!-~]+", self.token):
            raise WeightsError(
                "expected a Hub token of printable ASCII characters without spaces, got one with a space, a "
                "line break or another character that no token has (it is not shown here); pass it without "
                "what surrounds it, for example token=text.strip()"
            )

    def download(self, repo_id: str, filenames: Sequence[str], revision: str = "main") -> Path:
        """The directory in the cache that holds these files of one commit, downloaded where necessary.

        The smallest file comes first: it settles the commit that all files are taken from. Each file's
        content is compared with the hash that the Hub states.

        Raises `WeightsError`, saying what to do.
        """
        first, *others = filenames
        directory = self._fetch(repo_id, first, revision, self.answer_seconds).parent
        for filename in others:  # <cache>/models--<owner>--<name>/snapshots/<commit>/<filename>
            self._fetch(repo_id, filename, directory.name, self.transfer_seconds)
        return directory

    def upload(
        self,
        repo_id: str,
        files: Mapping[str, Path],
        *,
        message: str,
        private: bool = False,
        revision: str | None = None,
    ) -> str:
        """Upload files, by their names in the repository, as one commit; return the commit's URL.

        The repository and the branch `revision` (default: main) are created if necessary, the repository as
        `private` or public.

        Raises `WeightsError`, saying what to do.
        """
        from huggingface_hub import CommitOperationAdd, HfApi

        api = HfApi(token=self.token)

        def upload() -> str:
            api.create_repo(repo_id, private=private, exist_ok=True)
            if revision is not None:
                api.create_branch(repo_id, branch=revision, exist_ok=True)
            # One commit, not upload_folder: that may split an upload, and half of it be seen.
            operations = [CommitOperationAdd(name, str(path)) for name, path in files.items()]
            return api.create_commit(
                repo_id, operations, commit_message=message, revision=revision
            ).commit_url

        try:
            return within(self.transfer_seconds, upload)
        except Exception as error:
            failure = self._error(self._why_upload_failed(error, repo_id), error)
        raise failure

    # --- one file ---

    def _fetch(self, repo_id: str, filename: str, revision: str, seconds: float) -> Path:
        """The path of one file in the cache; its content is what the Hub says it is."""
        path = self._ask(repo_id, filename, revision, seconds)
        if has_stated_hash(path):
            return path
        _discard(path)
        try:
            path = self._ask(repo_id, filename, revision, seconds)
        except WeightsError as error:
            raise WeightsError(
                f"the cached {filename} of {repo_id} was damaged and has been removed; then {error}"
            ) from error.__cause__
        if has_stated_hash(path):
            return path
        _discard(path)
        raise WeightsError(
            f"{filename} of {repo_id} at revision {revision!r} arrived twice with content that does not "
            "match the hash that the Hub states, and was not kept. A proxy or a mirror may alter files: try "
            "another network, or unset HF_ENDPOINT"
        )

    def _ask(self, repo_id: str, filename: str, revision: str, seconds: float) -> Path:
        """What the client answers, from the Hub or from its cache."""
        try:
            return self._call_client(repo_id, filename, revision, seconds)
        except Exception as error:  # which classes there are depends on the client's version
            why = self._why_download_failed(error, repo_id, filename, revision, seconds)
            failure = self._error(why, error)
        raise failure  # outside, so that its context does not reveal what its text leaves out

    def _call_client(self, repo_id: str, filename: str, revision: str, seconds: float) -> Path:
        from huggingface_hub import hf_hub_download

        def fetch(local_files_only: bool) -> Path:
            return Path(
                hf_hub_download(
                    repo_id,
                    filename,
                    revision=revision,
                    cache_dir=self.cache_dir,
                    token=self.token,
                    local_files_only=local_files_only,
                )
            )

        if self.local_files_only:
            return fetch(True)
        try:
            return within(seconds, lambda: fetch(False))
        except DeadlineError as late:
            try:
                return fetch(True)  # as the client does where the Hub cannot be reached
            except Exception:
                raise late from None

    # --- what the answers mean ---

    def _why_download_failed(
        self, error: Exception, repo_id: str, filename: str, revision: str, seconds: float
    ) -> str:
        from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

        hub = _endpoint()
        if isinstance(error, LocalEntryNotFoundError) and (
            self.local_files_only or _has(error, OfflineModeIsEnabled)
        ):
            asked = "local_files_only=True" if self.local_files_only else "HF_HUB_OFFLINE"
            return (
                f"{filename} of {repo_id} at revision {revision!r} is not in the cache, and {asked} forbids "
                "fetching it; load it once with the network, or pass the directory of a copy"
            )
        if isinstance(error, DeadlineError):
            return (
                f"{hub} did not deliver {filename} of {repo_id} within {seconds:g} seconds; check the "
                "connection and try again: what has arrived is kept. The weights in the package need no "
                "network"
            )
        if answer := _why_refused(error, repo_id, filename, revision):
            return answer
        if disk := self._why_not_written(error):
            return f"could not store {filename} of {repo_id}: {disk}"
        return (
            f"could not fetch {filename} of {repo_id} from {hub}: {_cause(error)}; check the connection and "
            "try again: the cache is unharmed. The weights in the package need no network"
        )

    def _why_not_written(self, error: Exception) -> str | None:
        """The disk's error, if the disk caused the failure."""
        from huggingface_hub import constants

        cache = self.cache_dir or constants.HF_HUB_CACHE
        for link in _chain(error):
            if not isinstance(link, OSError):
                continue
            if link.errno in _NO_SPACE:
                return (
                    f"the disk of the cache {cache} is full, or a quota is used up; make room, or pass "
                    "cache_dir= (or set HF_HOME) to a directory on another disk"
                )
            if link.errno in _NOT_ALLOWED and link.filename is not None:
                return (
                    f"the cache {cache} cannot be written ({link.strerror}: {link.filename}); change its "
                    "permissions, or pass cache_dir= (or set HF_HOME) to a directory that can"
                )
        return None

    def _why_upload_failed(self, error: Exception, repo_id: str) -> str:
        hub = _endpoint()
        status = _status(error)
        if isinstance(error, DeadlineError):
            return (
                f"the upload to {repo_id} on {hub} did not end within {self.transfer_seconds:g} seconds, and "
                f"whether its commit was made is not known; look at {hub}/{repo_id}/commits/main, check the "
                "connection and try again"
            )
        if status in (401, 403):
            return (
                f"{hub} refuses to write to {repo_id} (HTTP {status}); {_SIGN_IN.format(access='write')}, "
                f"and check that you may write to {repo_id.partition('/')[0]!r}"
            )
        answer = f" (HTTP {status})" if status is not None else ""
        return (
            f"could not upload to {repo_id} on {hub}{answer}: {_cause(error)}; no file there has changed, so "
            "try again"
        )

    def _error(self, why: str, failure: Exception) -> WeightsError:
        """The error to raise; it names what caused it unless a traceback would then print a secret."""
        error = WeightsError(self.redacted(why))
        reported = [str(link) for link in _chain(failure)]
        if not _has_credentials(_raw_endpoint()) and all(self.redacted(text) == text for text in reported):
            error.__cause__ = failure
        return error

    def redacted(self, text: str) -> str:
        """The text without tokens, and without passwords and signatures in addresses."""
        from huggingface_hub import get_token

        for secret in filter(None, (self.token, get_token())):
            text = text.replace(secret, "***")
        return _without_credentials(text)


def _why_refused(error: Exception, repo_id: str, filename: str, revision: str) -> str | None:
    """What the Hub's answer means, if it answered."""
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    hub = _endpoint()
    sign_in = _SIGN_IN.format(access="read")
    status = _status(error)
    if isinstance(error, GatedRepoError):
        return f"{repo_id} is gated on {hub} (HTTP {status}); accept its terms on its page, then {sign_in}"
    if isinstance(error, RepositoryNotFoundError):
        return (
            f"{hub} shows no repository {repo_id} (HTTP {status}), and there is no directory of that "
            f"name in {Path.cwd()}; check the spelling, or, if the repository is private, {sign_in}"
        )
    if isinstance(error, RevisionNotFoundError):
        return (
            f"{repo_id} on {hub} has no revision {revision!r}; pass a branch, a tag or a full commit "
            f"hash from {hub}/{repo_id}/commits/main"
        )
    if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
        return (
            f"{repo_id} on {hub} has no {filename} at revision {revision!r}, so it does not hold weights "
            "of wholebody-lift; check the repository's name and the revision"
        )
    if status in (401, 403):
        return f"{hub} refuses access to {repo_id} (HTTP {status}); {sign_in}"
    if status is not None:
        return f"{hub} could not serve {filename} of {repo_id} (HTTP {status}); try again later"
    return None


# --- addresses ---


def _raw_endpoint() -> str:
    from huggingface_hub import constants

    return constants.ENDPOINT


def _endpoint() -> str:
    """The Hub's address, for messages."""
    return _without_credentials(_raw_endpoint())


def _has_credentials(address: str) -> bool:
    return "@" in address


def _without_credentials(text: str) -> str:
    """Without the user and password, and without the signed query, of any address in it."""
    text = text.replace(_raw_endpoint(), _stripped(_raw_endpoint()))
    text = re.sub(r"(?<=://)[^\s/]*@", "***@", text)
    return re.sub(r"(\w+://[^\s?'\"]+)\?[^\s'\"]+", r"\1?***", text)


def _stripped(address: str) -> str:
    return re.sub(r"(?<=://).*@", "***@", address)


# --- the client's cache ---


def has_stated_hash(path: Path) -> bool:
    """Whether a cached file's content matches the hash that the Hub stated for it.

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


# --- a call that ends ---


class DeadlineError(Exception):
    """A call has not ended in time."""


def within(seconds: float, call: Callable[[], _Result]) -> _Result:
    """`call()`, or `DeadlineError` if it has not ended after this many seconds.

    The client also has timeouts, but one for each read: a Hub that sends a byte now and then never runs
    into one. A call that is late goes on in a daemon thread, which nothing waits for.
    """
    outcome: Future[_Result] = Future()

    def run() -> None:
        try:
            with _without_retry_log():
                result = call()
        except BaseException as error:
            outcome.set_exception(error)
        else:
            outcome.set_result(result)

    threading.Thread(target=run, name=THREAD_NAME, daemon=True).start()
    try:
        return outcome.result(timeout=seconds)
    except FutureTimeoutError:
        if outcome.done():  # the call itself ran into a timeout
            raise
        raise DeadlineError from None


@contextmanager
def _without_retry_log() -> Iterator[None]:
    """Silence the client's log of retries on this thread, since it prints addresses with their secrets.

    Errors stay, and at the level DEBUG of the client's logger everything does.
    """
    thread = threading.get_ident()
    client = logging.getLogger("huggingface_hub")

    def is_shown(record: logging.LogRecord) -> bool:
        return record.thread != thread or record.levelno >= logging.ERROR

    handlers = [] if client.isEnabledFor(logging.DEBUG) else list(client.handlers)
    for handler in handlers:
        handler.addFilter(is_shown)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(is_shown)


# --- errors of the client ---


def _chain(error: BaseException) -> Iterable[BaseException]:
    """The error and the chain of its causes."""
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
    """The innermost error in one line; its name alone where its text may quote a password."""
    *_, innermost = _chain(error)
    name = type(innermost).__name__
    lines = str(innermost).strip().splitlines()
    return name if not lines or _has_credentials(_raw_endpoint()) else f"{name}: {lines[0]}"
