"""Atomic writes: a file is written beside its destination and renamed when it is complete.

If the program is killed, the disk fills up or writing fails, the old file is unchanged, or there is still
none.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_STREAMS = tuple(Path(path) for path in ("/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"))
"""Open files of this process: they receive the bytes and are never replaced."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A new file with the suffix of `path`; it becomes `path` when the block ends without an error.

    It is in the same folder. Links are followed, and the new file gets the permissions of the old one. A pipe
    or device, such as /dev/stdout, receives the bytes once they are complete.

    Raises OSError, which names `path`, if it cannot be written; before the block runs if that is known
    by then.
    """
    path = Path(path)
    target = _target(path)
    if target is None:
        with _copied_to(path) as new:
            yield new
        return
    new = target.with_name(f".{os.urandom(8).hex()}{path.suffix[:32]}")  # short: names end at 255 bytes
    try:
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))  # minus the umask
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from None
    try:
        yield new
        _keep_attributes(target, new)
        _flush_to_disk(new, os.O_RDWR)
        os.replace(new, target)
    except BaseException as error:
        with suppress(OSError):
            new.unlink()
        if isinstance(error, OSError) and error.errno and error.filename in (None, new, str(new)):
            raise type(error)(error.errno, error.strerror, str(path)) from None
        raise
    if os.name == "posix":
        with suppress(OSError):  # so that the rename survives a crash; some file systems cannot
            _flush_to_disk(target.parent, os.O_RDONLY)


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file completely or not at all. Raises OSError as `replacing` does."""
    with replacing(path) as new:
        new.write_bytes(content)


def write_text(path: str | Path, text: str, encoding: str = "utf-8") -> None:
    """Write a text file, with \\n line endings, completely or not at all. Raises OSError as `replacing`."""
    write_bytes(path, text.encode(encoding))


def _target(path: Path) -> Path | None:
    """The file to replace or create; None if `path` is a stream.

    Raises OSError if `path` cannot be written.
    """
    if any(path.absolute().is_relative_to(folder) for folder in _STREAMS):
        return None
    target = Path(os.path.realpath(path))
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, "No such directory", str(path.parent)) from None
        return target
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        return None
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return target


@contextmanager
def _copied_to(stream: Path) -> Iterator[Path]:
    """A new file whose content is copied to a stream at the end."""
    import tempfile  # slow to import, and hardly ever needed

    with tempfile.TemporaryDirectory(prefix="wholebody-lift-") as folder:
        new = Path(folder) / f"content{stream.suffix}"
        yield new
        try:
            with new.open("rb") as source, stream.open("wb") as target:
                shutil.copyfileobj(source, target)
        except OSError as error:
            raise type(error)(error.errno, error.strerror, str(stream)) from None


def _keep_attributes(old: Path, new: Path) -> None:
    """Give the new file the permissions of the old one, if there is one, and its owner where allowed."""
    try:
        before = old.stat()
    except FileNotFoundError:
        return
    if os.name == "posix" and (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(OSError):
            os.chown(new, before.st_uid, before.st_gid)
    new.chmod(stat.S_IMODE(before.st_mode))


def _flush_to_disk(path: Path, mode: int) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, mode)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
