"""Pictures and videos from files: upright, RGB, one frame at a time.

By OpenCV, which every detector brings, and which knows the orientation that cameras write into their files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wholebody_lift.errors import InputError

Picture: TypeAlias = npt.NDArray[np.uint8]
"""(H, W, 3), RGB."""

_HIGHEST_FPS = 1000.0  # a container that claims more counts ticks of its clock, and does not know


def read_image(source: str | Path | npt.ArrayLike) -> Picture:
    """The picture in a file, turned as its EXIF says, without transparency; or the array, checked.

    Raises:
        ImportError: OpenCV is missing.
        InputError: it is no picture.
        OSError: the file cannot be opened.
    """
    if not isinstance(source, str | Path):
        return _checked(np.asarray(source))
    cv2 = _opencv()
    data = np.frombuffer(Path(source).read_bytes(), np.uint8)  # as imread cannot open every name on Windows
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if decoded is None:
        raise InputError(
            f"{source}: got a file that OpenCV cannot decode; a picture such as JPEG or PNG was wanted. "
            "Save HEIC, which phones write, as JPEG; a video goes to detect_video (wholebody-lift video)"
        )
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB))


@dataclass(frozen=True)
class Video:
    """A video that is open.

    Attributes:
        fps: frames per second by the file, or None.
        num_frames: how many frames the file says that it has, or None.
    """

    fps: float | None
    num_frames: int | None
    _capture: Any
    _path: Path

    def taken(self, every: int) -> int | None:
        """How many frames `frames(every)` will give, if the file is right."""
        return None if self.num_frames is None else -(-self.num_frames // every)

    def frames(self, every: int) -> Iterator[tuple[int, Picture]]:
        """Number from 0, and picture, of each `every`th frame. Raises InputError if none can be decoded."""
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
            raise _no_video(self._path)


@contextmanager
def open_video(path: str | Path) -> Iterator[Video]:
    """A video to read frames from, turned as the file says.

    Raises:
        ImportError: OpenCV is missing.
        InputError: it is no video.
        OSError: the file cannot be opened.
    """
    cv2 = _opencv()
    path = Path(path)
    path.open("rb").close()
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise _no_video(path)
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        yield Video(fps if 0 < fps <= _HIGHEST_FPS else None, count if count > 0 else None, capture, path)
    finally:
        capture.release()


def _checked(pixels: npt.NDArray[Any]) -> Picture:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size or pixels.dtype != np.uint8:
        raise InputError(
            f"got a picture of shape {pixels.shape} and type {pixels.dtype}; (H, W, 3) uint8, RGB, was "
            "wanted. Of four channels take [..., :3]; multiply fractions by 255"
        )
    return pixels


def _no_video(path: Path) -> InputError:
    return InputError(
        f"{path}: got a file that OpenCV cannot decode; a video such as MP4 was wanted. A picture goes to "
        "detect_image (wholebody-lift image)"
    )


def _opencv() -> ModuleType:
    try:
        return import_module("cv2")
    except ModuleNotFoundError as error:
        raise ImportError('pictures and videos need OpenCV: pip install "wholebody-lift[detect]"') from error
    except ImportError as error:
        raise ImportError(
            f"OpenCV is installed but does not start: {error}. Libraries such as libGL, which computers "
            "without a screen lack, come with apt-get install libgl1 libglib2.0-0 (Debian, Ubuntu)"
        ) from error
