"""Pictures and videos from files: upright, RGB, one frame at a time.

OpenCV decodes them: every detector installs it, and it applies the orientation that cameras store.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Picture, Size
from wholebody_lift.detectors import headers
from wholebody_lift.errors import InputError
from wholebody_lift.extras import DETECT

MAX_PIXELS = 150_000_000
"""Larger pictures are refused before they are decoded. Decoding this many takes about 1 GB."""

_MAX_BYTES = 2**29
"""A larger file is no picture, and may have no end (such as /dev/zero)."""

_HIGHEST_FPS = 1000.0  # a higher value counts clock ticks of the container and is not the frame rate


def read_image(source: str | Path | bytes | npt.ArrayLike, name: str | None = None) -> Picture:
    """The picture in a file, rotated as its EXIF says, without transparency; or the array, checked.

    Args:
        source: a path, the content of a file, or an array (H, W, 3) uint8, RGB.
        name: what errors call it; the path by default.

    Raises:
        ImportError: OpenCV is missing.
        InputError: it is not a picture, or one of more than `MAX_PIXELS`.
        OSError: the file cannot be opened.
    """
    if isinstance(source, bytes):
        return _decoded(source, name or "the picture")
    if not isinstance(source, str | Path):
        return _checked(np.asarray(source))
    with Path(source).open("rb") as file:  # OpenCV itself cannot open every name on Windows
        return _decoded(file.read(_MAX_BYTES + 1), name or str(source))


def _decoded(content: bytes, name: str) -> Picture:
    cv2 = _opencv()
    size = headers.size_of(content) if len(content) <= _MAX_BYTES else None
    if size is None:
        raise _no_picture(name, content)
    _check_size(size, name)
    try:
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        decoded = None
    if decoded is None:
        raise _no_picture(name, content)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB))


def _check_size(size: Size, name: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise InputError(
            f"{name}: expected at most {MAX_PIXELS / 1e6:.0f} megapixels, got {width} x {height} pixels; "
            "scale it down"
        )


@dataclass(frozen=True)
class Video:
    """A video that is open.

    Attributes:
        fps: frames per second by the file, or None.
        num_frames: number of frames by the file, or None.
    """

    fps: float | None
    num_frames: int | None
    _capture: Any
    _name: str

    def taken(self, every: int) -> int | None:
        """How many frames `frames(every)` yields, if the file states their number correctly."""
        return None if self.num_frames is None else -(-self.num_frames // every)

    def frames(self, every: int) -> Iterator[tuple[int, Picture]]:
        """Number, from 0, and picture of every n-th frame. Raises InputError if none can be decoded."""
        cv2 = _opencv()
        number = 0
        while self._capture.grab():
            if number % every == 0:
                decoded, frame = self._capture.retrieve()
                if not decoded:
                    break
                yield number, np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
            number += 1
        if not number:
            raise _no_video(self._name)


@contextmanager
def open_video(path: str | Path, name: str | None = None) -> Iterator[Video]:
    """A video to read frames from, rotated as the file says; errors call it `name`, the path by default.

    Raises:
        ImportError: OpenCV is missing.
        InputError: it is not a video, or one of more than `MAX_PIXELS` per frame.
        OSError: the file cannot be opened.
    """
    cv2 = _opencv()
    name = name or str(path)
    if _is_still(path):
        raise _no_video(name)  # OpenCV would take it, and others of like names, for the frames of a video
    if not _is_text(str(path)):
        raise InputError(f"{name}: expected a path that is valid Unicode, which OpenCV needs; rename it")
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise _no_video(name)
        _check_size(
            (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))), name
        )
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        yield Video(fps if 0 < fps <= _HIGHEST_FPS else None, count if count > 0 else None, capture, name)
    finally:
        capture.release()


@dataclass(frozen=True)
class Pictures:
    """The pictures of a photo or a video, with their numbers, read anew by every iteration.

    The numbers are the `image_ids` that `detect_image` and `detect_video` give: 0 for a photo, the frames of
    a video from 0. Pictures are (H, W, 3) uint8 in RGB, upright; one at a time is in memory.

    Iterating raises what `read_image` and `open_video` raise.
    """

    path: str | Path

    def __iter__(self) -> Iterator[tuple[int, Picture]]:
        if _is_still(self.path):
            yield 0, read_image(self.path)
            return
        with open_video(self.path) as video:
            yield from video.frames(1)


def _is_still(path: str | Path) -> bool:
    """Whether a file is a picture that cannot be a video."""
    begin = headers.beginning_of(path)
    return headers.kind_of(begin) == "picture" and not headers.may_be_animated(begin)


def _is_text(path: str) -> bool:
    """Whether a path is valid text, without surrogate escapes for bytes of another encoding."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _checked(pixels: npt.NDArray[Any]) -> Picture:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size or pixels.dtype != np.uint8:
        raise InputError(
            f"expected a picture (H, W, 3) uint8 in RGB, got shape {pixels.shape} and type {pixels.dtype}. "
            "Take [..., :3] of four channels; multiply fractions by 255"
        )
    return pixels


def _no_picture(name: str, content: bytes) -> InputError:
    if headers.kind_of(content) == "video":
        return InputError(f"{name}: expected a picture, got a video; use detect_video (wholebody-lift video)")
    return InputError(
        f"{name}: expected a picture that OpenCV decodes, such as JPEG or PNG, got another file. "
        "Convert HEIC, which iPhones write, to JPEG"
    )


def _no_video(name: str) -> InputError:
    return InputError(
        f"{name}: expected a video that OpenCV decodes, such as MP4, got another file. For a picture use "
        "detect_image (wholebody-lift image)"
    )


def _opencv() -> ModuleType:
    try:
        return import_module("cv2")
    except ModuleNotFoundError as error:
        raise ImportError(f"pictures and videos need OpenCV: {DETECT.command}") from error
    except ImportError as error:
        raise ImportError(
            f"OpenCV is installed but does not start: {error}. Computers without a screen may lack libraries "
            "such as libGL: apt-get install libgl1 libglib2.0-0 (Debian, Ubuntu)"
        ) from error
