"""From a picture or a video to 2D keypoints, through a detector that is installed besides.

"mediapipe" (the extra detect) is MediaPipe Holistic: one person, offline. "rtmlib" (the extra rtmlib) is
RTMW: everybody, but it downloads its models on first use. Any function from a picture to people does too.
docs/detectors.md says what each needs and finds.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Progress
from wholebody_lift.detectors import mediapipe_holistic, rtmlib_wholebody
from wholebody_lift.detectors.pictures import Picture, open_video, read_image
from wholebody_lift.errors import InputError
from wholebody_lift.formats.detections.assemble import Fields, Known, assemble
from wholebody_lift.keypoints import MIN_SCORE, Keypoints2D
from wholebody_lift.skeleton import NUM_KEYPOINTS
from wholebody_lift.video.tracker import Tracker

__all__ = ["available", "detect_image", "detect_video", "start"]

Detect: TypeAlias = Callable[[Picture], npt.ArrayLike]
"""From a picture (H, W, 3), RGB, to its people (N, 133, 3): x and y in pixels, and score 0..1. N may be 0."""


class _Module(Protocol):
    """What the module of a detector has."""

    MISSING: str

    def is_installed(self) -> bool: ...

    def start(self, *, video: bool) -> AbstractContextManager[Detect]: ...


_DETECTORS: dict[str, _Module] = {"mediapipe": mediapipe_holistic, "rtmlib": rtmlib_wholebody}
"""By name; "auto" takes the first that is installed."""

_ADVICE = "somebody should fill a good part of it, upright and well lit"


def available() -> list[str]:
    """The detectors that are installed, best choice for "auto" first."""
    return [name for name, module in _DETECTORS.items() if module.is_installed()]


def start(detector: str = "auto", *, video: bool = False) -> AbstractContextManager[Detect]:
    """Load a detector, once for many pictures: `with start() as detect: people = detect(picture)`.

    `detect` takes a picture (H, W, 3) uint8, RGB, and answers (N, 133, 3): x, y in pixels and score, N = 0
    where nobody is. That is what `LiveLifter.push` takes.

    Args:
        detector: "mediapipe", "rtmlib", or "auto" for the first of them that is installed.
        video: the pictures are successive frames, in which the detector may follow whom it has found.

    Raises:
        ImportError: the detector is not installed; the text says how to install it.
        InputError: there is no such detector.
        RuntimeError: it cannot load its models (when the context is entered).
    """
    if detector == "auto":
        detector = next(iter(available()), "mediapipe")
    if detector not in _DETECTORS:
        raise InputError(f"got detector {detector!r}; auto or one of {', '.join(_DETECTORS)} was wanted")
    module = _DETECTORS[detector]
    if not module.is_installed():
        raise ImportError(module.MISSING)
    return module.start(video=video)


def detect_image(
    picture: str | Path | npt.ArrayLike,
    detector: str | Detect = "auto",
    *,
    K: npt.ArrayLike | None = None,
    distortion: npt.ArrayLike | None = None,
    height_mm: npt.ArrayLike | None = None,
    min_score: float = MIN_SCORE,
) -> Keypoints2D:
    """Find the people in a picture.

    Args:
        picture: a file (JPEG, PNG and whatever else OpenCV decodes; its EXIF orientation is followed), or an
            array (H, W, 3) uint8, RGB.
        detector: its name, as for `start`; or a function from a picture (H, W, 3) to people (N, 133, 3).
        K: as in `Keypoints2D`, like the next two; of the upright picture.
        distortion: needs K.
        height_mm: a number for everybody.
        min_score: keypoints with a lower score are missing.

    Returns:
        Keypoints2D of everybody found, with `image_size`.

    Raises:
        ImportError: the detector is not installed; the text says how to install it.
        InputError: it is no picture, or nobody is in it.
        OSError: the file cannot be opened.
    """
    source = f"{picture}: " if isinstance(picture, str | Path) else ""
    started = _started(detector, video=False)  # loads nothing before the picture is known to be one
    pixels = read_image(picture)
    with started as detect:
        people = _people(detect(pixels))
    if not len(people):
        raise InputError(f"{source}nobody was found in this picture; {_ADVICE}")
    known: Known = {"K": K, "distortion": distortion, "height_mm": height_mm, "min_score": min_score}
    return _assemble({"keypoints": people, "image_size": pixels.shape[1::-1]}, known, source)


def detect_video(
    path: str | Path,
    detector: str | Detect = "auto",
    *,
    every: int = 1,
    progress: Progress | None = None,
    K: npt.ArrayLike | None = None,
    distortion: npt.ArrayLike | None = None,
    height_mm: npt.ArrayLike | None = None,
    min_score: float = MIN_SCORE,
) -> Keypoints2D:
    """Find the people in the frames of a video, and who is who across frames.

    One frame at a time is in memory. Somebody who is where nobody was before is somebody new, and so is who
    comes back after a second (see `tracker`).

    Args:
        path: whatever OpenCV decodes; its rotation is followed.
        detector: its name, as for `start`; or a function from a picture (H, W, 3) to people (N, 133, 3).
        every: take only each so manieth frame.
        progress: called after each frame taken with how many are done, and how many there are or None.
        K: as in `Keypoints2D`, like the next two; of the upright video.
        distortion: needs K.
        height_mm: a number for everybody.
        min_score: keypoints with a lower score are missing.

    Returns:
        Keypoints2D with a row for each person in each frame: `image_ids` are the numbers of the frames in the
        file from 0, whatever `every` is; `track_ids`, `image_size`, and `fps` of the file.

    Raises:
        ImportError: the detector is not installed; the text says how to install it.
        InputError: it is no video, or nobody is in it.
        OSError: the file cannot be opened.
    """
    if every < 1:
        raise InputError(f"got every={every}; 1 or more was wanted")
    rows: list[npt.NDArray[np.float64]] = []
    fields: Fields = {"image_ids": [], "track_ids": [], "image_size": []}
    started = _started(detector, video=True)
    with open_video(path) as video, started as detect:
        tracker = Tracker(video.fps, min_score)
        for done, (number, pixels) in enumerate(video.frames(every), start=1):
            people = _people(detect(pixels))
            rows += list(people)
            fields["track_ids"] += tracker.update(number, people)
            fields["image_ids"] += [number] * len(people)
            fields["image_size"] += [pixels.shape[1::-1]] * len(people)
            if progress is not None:
                progress(done, video.taken(every))
    if not rows:
        raise InputError(f"{path}: nobody was found in this video; {_ADVICE}")
    known: Known = {"K": K, "distortion": distortion, "height_mm": height_mm, "min_score": min_score}
    return _assemble({**fields, "keypoints": np.stack(rows), "fps": video.fps}, known, f"{path}: ")


def _started(detector: str | Detect, *, video: bool) -> AbstractContextManager[Detect]:
    return start(detector, video=video) if isinstance(detector, str) else nullcontext(detector)


def _people(answer: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(N, 133, 3) of what a detector answered; raises InputError if it is something else."""
    people = np.asarray(answer, dtype=np.float64)
    if not len(people):
        return np.empty((0, NUM_KEYPOINTS, 3))
    if people.shape[1:] != (NUM_KEYPOINTS, 3):
        raise InputError(
            f"got people of shape {people.shape} from the detector; (N, {NUM_KEYPOINTS}, 3) was wanted"
        )
    return people


def _assemble(fields: Fields, known: Known, source: str) -> Keypoints2D:
    try:
        return assemble(fields, known, source)
    except InputError as error:
        raise InputError(f"{source}{error}") from None
