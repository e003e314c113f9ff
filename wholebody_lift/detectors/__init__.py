"""2D keypoints of the people in a picture or a video, by a detector that is installed separately.

"mediapipe" (the extra detect) is MediaPipe Holistic: one person, offline. "rtmlib" (the extra rtmlib) is
RTMW: everyone, but it downloads its models on first use. Any function from a picture to people works too.
docs/detectors.md says what each needs and finds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from wholebody_lift import checks, tracks
from wholebody_lift._types import Picture, Progress
from wholebody_lift.detectors import mediapipe_holistic, rtmlib_wholebody
from wholebody_lift.detectors.pictures import Pictures, open_video, read_image
from wholebody_lift.errors import InputError
from wholebody_lift.formats.detections.assemble import Fields, Given, assemble
from wholebody_lift.keypoints import MIN_SCORE, Keypoints2D
from wholebody_lift.skeleton import NUM_KEYPOINTS
from wholebody_lift.video import tracker

__all__ = ["Pictures", "as_people", "available", "detect_image", "detect_video", "start"]

Detect: TypeAlias = Callable[[Picture], npt.ArrayLike]
"""From a picture (H, W, 3) in RGB to its people (N, 133, 3): x, y in pixels and score 0..1. N may be 0."""


class _Module(Protocol):
    """What the module of a detector contains."""

    MISSING: str

    def is_installed(self) -> bool: ...

    def start(self, *, video: bool) -> AbstractContextManager[Detect]: ...


_DETECTORS: dict[str, _Module] = {"mediapipe": mediapipe_holistic, "rtmlib": rtmlib_wholebody}
"""By name; "auto" is the first that is installed."""

_ADVICE = "a person should be upright, well lit and large in it"


def available() -> list[str]:
    """The detectors that are installed, best choice for "auto" first."""
    return [name for name, module in _DETECTORS.items() if module.is_installed()]


def start(detector: str | Detect = "auto", *, video: bool = False) -> AbstractContextManager[Detect]:
    """Load a detector, once for many pictures: `with start() as detect: people = detect(picture)`.

    `detect` takes a picture (H, W, 3) uint8 in RGB and returns people (N, 133, 3): x, y in pixels and score;
    N = 0 if it finds nobody. `LiveLifter.push` accepts them.

    Args:
        detector: "mediapipe", "rtmlib", or "auto" for the first of them that is installed; or a function from
            a picture to people, which is returned as it is.
        video: the pictures are successive frames, so the detector may follow people from one to the next.

    Raises:
        ImportError: the detector is not installed; the text says how to install it.
        InputError: there is no such detector.
        RuntimeError: it cannot load its models (when the context is entered).
    """
    if not isinstance(detector, str):
        return nullcontext(detector)
    if detector == "auto":
        detector = next(iter(available()), "mediapipe")
    if detector not in _DETECTORS:
        raise InputError(f"expected a detector from auto, {', '.join(_DETECTORS)}, got {detector!r}")
    module = _DETECTORS[detector]
    if not module.is_installed():
        raise ImportError(module.MISSING)
    return module.start(video=video)


def detect_image(
    picture: str | Path | bytes | npt.ArrayLike,
    detector: str | Detect = "auto",
    *,
    name: str | None = None,
    K: npt.ArrayLike | None = None,
    distortion: npt.ArrayLike | None = None,
    height_mm: npt.ArrayLike | None = None,
    bone_lengths: npt.ArrayLike | Mapping[str, float] | None = None,
    gravity: npt.ArrayLike | Literal["level"] | None = None,
    gravity_spread_deg: npt.ArrayLike | None = None,
    min_score: float = MIN_SCORE,
) -> Keypoints2D:
    """Find the people in a picture.

    Args:
        picture: the path or the content of a file (JPEG, PNG and whatever else OpenCV decodes, up to 150
            megapixels; its EXIF orientation is applied), or an array (H, W, 3) uint8 in RGB.
        detector: its name, as for `start`; or a function from a picture (H, W, 3) to people (N, 133, 3).
        name: what errors call the picture; the path by default.
        K: as in `Keypoints2D`, like the next two; of the upright picture.
        distortion: needs K.
        height_mm: one number for everyone.
        bone_lengths: as in `Keypoints2D`, like the next two.
        gravity: in the axes of the camera, held upright.
        gravity_spread_deg: needs gravity.
        min_score: keypoints with a lower score are missing.

    Returns:
        Keypoints2D of everyone found, with `image_size`.

    Raises:
        ImportError: the detector is not installed; the text says how to install it.
        InputError: it is not a picture, it is too large, or nobody was found in it.
        OSError: the file cannot be opened.
    """
    if name is None and isinstance(picture, str | Path):
        name = str(picture)
    source = "" if name is None else f"{name}: "
    started = start(detector, video=False)  # loads nothing until the picture has been read
    pixels = read_image(picture, name)
    with started as detect:
        people = as_people(detect(pixels))
    if not len(people):
        raise InputError(f"{source}nobody was found in this picture; {_ADVICE}")
    known: Given = {
        "K": K,
        "distortion": distortion,
        "height_mm": height_mm,
        "bone_lengths": bone_lengths,
        "gravity": gravity,
        "gravity_spread_deg": gravity_spread_deg,
        "min_score": min_score,
    }
    return _assemble({"keypoints": people, "image_size": pixels.shape[1::-1]}, known, source)


def detect_video(
    path: str | Path,
    detector: str | Detect = "auto",
    *,
    name: str | None = None,
    every: int = 1,
    fps: float | None = None,
    track: bool = True,
    progress: Progress | None = None,
    K: npt.ArrayLike | None = None,
    distortion: npt.ArrayLike | None = None,
    height_mm: npt.ArrayLike | None = None,
    bone_lengths: npt.ArrayLike | Mapping[str, float] | None = None,
    gravity: npt.ArrayLike | Literal["level"] | None = None,
    gravity_spread_deg: npt.ArrayLike | None = None,
    min_score: float = MIN_SCORE,
) -> Keypoints2D:
    """Find the people in the frames of a video and track them from frame to frame.

    One frame at a time is in memory. Tracks end where a person jumps or is gone for some seconds (see
    `video.tracker`), and people in only a frame or two of a longer video are dropped as false detections.

    Args:
        path: whatever OpenCV decodes, up to 150 megapixels a frame; its rotation is applied.
        detector: its name, as for `start`; or a function from a picture (H, W, 3) to people (N, 133, 3).
        name: what errors call the video; the path by default.
        every: process only every n-th frame.
        fps: frames per second; what the file says by default.
        track: give `track_ids` and drop false detections.
        progress: called after each processed frame with how many are done, and how many there are or None.
        K: as in `Keypoints2D`, like the next two; of the upright video.
        distortion: needs K.
        height_mm: one number for everyone.
        bone_lengths: as in `Keypoints2D`, like the next two.
        gravity: in the axes of the camera, held upright.
        gravity_spread_deg: needs gravity.
        min_score: keypoints with a lower score are missing.

    Returns:
        Keypoints2D with a row for each person in each frame: `image_ids` are the frame numbers in the file,
        from 0, whatever `every` is; `track_ids`, `image_size` and `fps`.

    Raises:
        ImportError: the detector is not installed; the text says how to install it.
        InputError: it is not a video, it is too large, or nobody was found in it.
        OSError: the file cannot be opened.

    Warns:
        InputWarning: false detections were dropped, the file says another fps, or what was found looks wrong.
    """
    if every < 1:
        raise InputError(f"expected every of 1 or more, got {every}")
    name = name or str(path)
    rows: list[npt.NDArray[np.float64]] = []
    fields: Fields = {"image_ids": [], "image_size": []}
    started = start(detector, video=True)
    with open_video(path, name) as video, started as detect:
        for done, (number, pixels) in enumerate(video.frames(every), start=1):
            people = as_people(detect(pixels))
            rows += list(people)
            fields["image_ids"] += [number] * len(people)
            fields["image_size"] += [pixels.shape[1::-1]] * len(people)
            if progress is not None:
                progress(done, video.taken(every))
    if not rows:
        raise InputError(f"{name}: nobody was found in this video; {_ADVICE}")
    known: Given = {
        "K": K,
        "distortion": distortion,
        "height_mm": height_mm,
        "bone_lengths": bone_lengths,
        "gravity": gravity,
        "gravity_spread_deg": gravity_spread_deg,
        "min_score": min_score,
    }
    found = _assemble({**fields, "keypoints": np.stack(rows), "fps": video.fps}, known, f"{name}: ")
    if fps is not None:
        found = found.model_copy(update={"fps": tracks.rate(found, checks.fps(fps))})
    return tracker.follow(found) if track else found


def as_people(answer: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The people (N, 133, 3) that a detector returned; raises InputError if it returned something else."""
    people = np.asarray(answer, dtype=np.float64)
    if not len(people):
        return np.empty((0, NUM_KEYPOINTS, 3))
    if people.shape[1:] != (NUM_KEYPOINTS, 3):
        raise InputError(
            f"expected people of shape (N, {NUM_KEYPOINTS}, 3) from the detector, got {people.shape}"
        )
    return people


def _assemble(fields: Fields, known: Given, source: str) -> Keypoints2D:
    try:
        return assemble(fields, known, source)
    except InputError as error:
        raise InputError(f"{source}{error}") from None
