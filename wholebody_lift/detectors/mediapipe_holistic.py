"""MediaPipe Holistic with the models that come with it: one person, body, face and hands, offline.

It is `mediapipe.solutions.holistic`, part of MediaPipe up to 0.10.21. Later releases have
`HolisticLandmarker` instead, without models; `formats.mediapipe` reads its results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from wholebody_lift._types import Floats, Picture
from wholebody_lift.detectors import chatter
from wholebody_lift.errors import InputError
from wholebody_lift.extras import DETECT, RTMLIB
from wholebody_lift.formats.detections import mediapipe
from wholebody_lift.skeleton import NUM_KEYPOINTS

_SOLUTION = "mediapipe.python.solutions.holistic"

MISSING = (
    f"MediaPipe Holistic is not installed: {DETECT.command} installs release 0.10.21, for Python up to 3.12 "
    f"and not for Linux on ARM (later releases have no models); elsewhere use rtmlib: {RTMLIB.command}"
)


def is_installed() -> bool:
    """Whether a MediaPipe with this solution is installed, without importing it, which takes seconds."""
    package = find_spec("mediapipe")
    folders = package.submodule_search_locations if package is not None else None
    inside = Path(*_SOLUTION.split(".")[1:]).with_suffix(".py")
    return any((Path(folder) / inside).is_file() for folder in folders or ())


@contextmanager
def start(*, video: bool) -> Iterator[Callable[[Picture], Floats]]:
    """A function from a picture to its one person (1, 133, 3), or (0, 133, 3) if nobody is found.

    In a video, Holistic looks for the person where they were in the previous frame. Its own smoothing is off:
    it assumes 30 frames per second, and `lift_sequence` smooths without delay.
    """
    with chatter.quiet_stderr():
        solution = import_module(_SOLUTION)
        started = solution.Holistic(static_image_mode=not video, smooth_landmarks=False)
        started.process(np.zeros((64, 64, 3), np.uint8))  # waits for its threads, which log while they start
    with started as holistic:

        def detect(picture: Picture) -> Floats:
            with chatter.quiet_stderr():  # each of its graphs logs when it first finds something
                results = holistic.process(np.ascontiguousarray(picture))
            try:
                people = mediapipe.parse(results)["keypoints"]  # x and y as fractions of the picture
            except InputError:  # nobody, or no keypoint within the picture
                return np.empty((0, NUM_KEYPOINTS, 3))
            height, width, _ = picture.shape
            return np.asarray(people * (width, height, 1))

        yield detect
