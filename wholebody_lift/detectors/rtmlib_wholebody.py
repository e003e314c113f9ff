"""rtmlib: RTMW in the boxes of YOLOX, for everyone in the picture. It downloads both models on first use."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from io import StringIO

import numpy as np

from wholebody_lift._types import Floats, Picture
from wholebody_lift.detectors import chatter
from wholebody_lift.extras import RTMLIB
from wholebody_lift.skeleton import NUM_KEYPOINTS

MISSING = f"the detector rtmlib is not installed: {RTMLIB.command}"


def is_installed() -> bool:
    """Whether rtmlib and ONNX Runtime, which runs its models, are installed."""
    return find_spec("rtmlib") is not None and find_spec("onnxruntime") is not None


@contextmanager
def start(*, video: bool) -> Iterator[Callable[[Picture], Floats]]:
    """A function from a picture to its people (N, 133, 3). Each frame of a video is processed on its own.

    Raises RuntimeError if the models cannot be loaded.
    """
    # ONNX Runtime 1.32 writes a device id into the user's cache and reports its use, unless this is set
    # before its import.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    rtmlib = import_module("rtmlib")
    try:
        with redirect_stdout(sys.stderr if chatter.is_wanted() else StringIO()):  # which files it loads
            model = rtmlib.Wholebody(to_openpose=False)
    except (OSError, RuntimeError) as error:
        raise RuntimeError(
            f"rtmlib cannot load its models, which it downloads on first use: {error}"
        ) from error

    def detect(picture: Picture) -> Floats:
        pixels = np.ascontiguousarray(picture[..., ::-1])  # BGR
        boxes = model.det_model(pixels)
        if not len(boxes):  # rtmlib itself would treat the whole picture as a person
            return np.empty((0, NUM_KEYPOINTS, 3))
        xy, scores = model.pose_model(pixels, bboxes=boxes)
        clipped = np.clip(scores, 0, 1)  # SimCC's scores are not normalised
        return np.concatenate((xy, clipped[..., None]), axis=-1).astype(np.float64)

    yield detect
