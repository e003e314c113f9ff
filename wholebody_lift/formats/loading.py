"""Load the content of files, whatever their format, for the readers of detections and of results.

Nothing is unpickled, and no memory is taken that the size of the file does not justify: an npz of a few kB
may claim terabytes.
"""

from __future__ import annotations

import gzip
import json
import lzma
import math
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from wholebody_lift.errors import InputError, one_line

NPY = b"\x93NUMPY"
ZIP = b"PK"
GZIP = b"\x1f\x8b"
"""How files begin; an npz is a zip."""

MAX_JSON_BYTES = 2**30
"""Larger JSON is refused: parsed, it would need ten times as much memory. Arrays have npz."""

EXPANSION = 20
"""Largest ratio of an npz's unpacked size to its packed size; detections and results reach 8."""

SLACK_BYTES = 2**26
"""Size that any npz may unpack to, however small the file is."""

_OTHERS = (
    (b"\x80", "it is a pickle, which is never read; save arrays with numpy.savez"),
    (b"BZh", "it is packed by bzip2; unpack it"),
    (b"\xfd7zXZ", "it is packed by xz; unpack it"),
    (b"\x28\xb5\x2f\xfd", "it is packed by zstd; unpack it"),
    (b"7z\xbc\xaf", "it is packed by 7-Zip; unpack it"),
    (b"version https://git-lfs", "it is a pointer of Git LFS; get the file itself: git lfs pull"),
    (b"<", "it is HTML or XML"),
    (b"//", "it begins with a comment, which JSON does not have"),
    (b"/*", "it begins with a comment, which JSON does not have"),
    (b"#", "it begins with a comment, which JSON does not have"),
    (b"PathFileType", "it is TRC, a 3D result; 2D keypoints are read as JSON, npy or npz"),
    (b"{'", "it is Python's notation; write JSON with json.dump"),
    (b"[{'", "it is Python's notation; write JSON with json.dump"),
)
"""First bytes of unsupported files, and the description that the error gives."""

_DAMAGED = (
    *(ValueError, EOFError, OSError, KeyError, NotImplementedError, RuntimeError),  # RuntimeError: encrypted
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)
"""What zipfile raises for a file that is not what it claims to be."""


@dataclass(frozen=True)
class Content:
    """The content of a file: at a path, or in memory, where it came through a pipe or an upload.

    Attributes:
        source: the path, or the bytes.
        name: what errors and warnings call it.
    """

    source: Path | bytes
    name: str

    @classmethod
    def of(cls, source: str | Path | bytes | BinaryIO, name: str | None = None) -> Content:
        """A path, bytes or a binary file object as content; `name` is that of the path, unless given."""
        if isinstance(source, str | Path):
            return cls(Path(source), name or str(source))
        content = source if isinstance(source, bytes) else source.read()
        return cls(content, name or str(getattr(source, "name", "the content")))

    @property
    def suffix(self) -> str:
        """Of the name, in lower case."""
        return Path(self.name).suffix.lower()

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The content as a stream, while the context lasts; gzip is unpacked on the way."""
        with BytesIO(self.source) if isinstance(self.source, bytes) else self.source.open("rb") as file:
            packed = file.read(len(GZIP)) == GZIP
            file.seek(0)
            yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file

    def starts_with(self, magic: bytes) -> bool:
        try:
            with self.open() as file:
                return file.read(len(magic)) == magic
        except (EOFError, gzip.BadGzipFile, zlib.error):  # reading the content gives the full error
            return False

    def json(self) -> Any:
        """Parsed JSON, with or without a byte order mark; of JSON lines the list of what they hold.

        Raises InputError if it is not valid.
        """
        limit = min(MAX_JSON_BYTES, SLACK_BYTES + EXPANSION * self.size)  # gzip may claim any size
        try:
            with self.open() as file:
                text = file.read(limit + 1)
        except _DAMAGED as error:
            raise InputError(f"not a valid gzip file ({one_line(error)}); pack or fetch it again") from None
        if len(text) > limit:
            raise InputError(
                f"expected JSON of at most {limit // 2**20} MiB, got more; split it, or use .npz"
            )
        try:
            return _parsed(_decoded(text))
        except RecursionError:
            raise InputError("expected people, got JSON that is nested too deeply") from None
        except ValueError as error:
            reason = next((what for begin, what in _OTHERS if text.lstrip().startswith(begin)), str(error))
            raise InputError(f"not a valid .npy, .npz or JSON file ({reason})") from None

    def npy(self) -> npt.NDArray[Any]:
        """The array of an npy file. Raises InputError if it is damaged, or of Python objects."""
        with self.open() as file:
            try:
                return _array(file, SLACK_BYTES + EXPANSION * self.size)  # gzip may claim any size
            except ValueError as error:
                raise InputError(f"not a valid .npy file ({error}); save a plain numeric array") from None

    def zip_names(self) -> list[str]:
        """The names of what is in a zip, which an npz is too. Raises InputError if it is damaged."""
        with self._archive() as archive:
            return archive.namelist()

    def zipped(self, names: Collection[str]) -> dict[str, Content]:
        """Those files of a zip that have these names, by name.

        Raises InputError if it is damaged, or claims more memory than its size can justify.
        """
        left = SLACK_BYTES + EXPANSION * self.size
        found = {}
        with self._archive() as archive:
            for name in names:
                with archive.open(name) as stream:
                    content = stream.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise ValueError("it claims more memory than its size justifies")
                found[name] = Content(content, name)
        return found

    def npz_names(self) -> list[str]:
        """The names of the arrays in an npz file. Raises InputError if it is damaged."""
        return [name.removesuffix(".npy") for name in self.zip_names()]

    def npz(self, names: Collection[str]) -> dict[str, npt.NDArray[Any]]:
        """Those arrays of an npz file that have these names.

        Raises InputError if it is damaged, holds Python objects, or claims more memory than its size can
        justify.
        """
        left = SLACK_BYTES + EXPANSION * self.size
        arrays = {}
        with self._archive() as archive:
            for member in archive.namelist():
                name = member.removesuffix(".npy")
                if name in names:
                    with archive.open(member) as stream:
                        arrays[name] = _array(stream, left)
                    left -= arrays[name].nbytes
        return arrays

    @contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        """The content as a zip. Raises InputError if it is damaged, also while the block reads it."""
        with self.open() as file:
            try:
                yield zipfile.ZipFile(file)
            except _DAMAGED as error:
                raise InputError(
                    f"not a valid .npz or .zip file ({one_line(error)}); save or fetch it again"
                ) from None


def _decoded(text: bytes) -> str:
    """Text in UTF-8, UTF-16 or UTF-32, as its first bytes tell; else in Latin-1, as some write names."""
    try:
        return text.decode(json.detect_encoding(text))
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _parsed(text: str) -> Any:
    """The content of JSON, or, where more follows, as in JSON lines, the list of all. Raises ValueError."""
    if not text.strip():
        raise ValueError("it is empty")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise
    decoder, found, place = json.JSONDecoder(), [], 0
    while place < len(text):
        document, place = decoder.raw_decode(text, place)
        if not isinstance(document, dict | list):  # numbers in a row are a table
            raise ValueError("expected objects or lists in JSON lines, got a table of numbers or text")
        found.append(document)
        while place < len(text) and text[place].isspace():
            place += 1
    return found


def _array(stream: Any, limit: int) -> npt.NDArray[Any]:
    """An array in npy format, of at most `limit` bytes. Raises ValueError if it is not one."""
    shape, in_fortran_order, dtype = _header(stream)
    size = math.prod(shape) * dtype.itemsize
    if size > limit:
        raise ValueError(f"it claims {size:,} bytes, which the size of the file does not justify")
    content = stream.read(size)
    if len(content) < size:
        raise ValueError("it ends early")
    array = np.frombuffer(bytearray(content), dtype) if size else np.zeros(math.prod(shape), dtype)
    return array.reshape(shape, order="F" if in_fortran_order else "C")


def _header(stream: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type of an array in npy format. Raises ValueError if it is not one.

    numpy raises whatever its parser does, and advises to unpickle what it does not trust.
    """
    try:
        version = npy.read_magic(stream)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
        shape, in_fortran_order, dtype = read(stream)
        valid = all(length >= 0 for length in shape) and dtype.itemsize > 0
    except Exception:
        valid = False
    if not valid:
        raise ValueError("its header is damaged")
    if dtype.hasobject:
        raise ValueError("Python objects are never read")
    return shape, in_fortran_order, dtype
