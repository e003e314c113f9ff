"""The photograph of the tests, and what marks those that show it to MediaPipe itself."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from wholebody_lift import detectors

_is_missing = pytest.mark.skipif(
    "mediapipe" not in detectors.available(),
    reason="MediaPipe 0.10.21 needs numpy under 2, and so another environment: make detect-test",
)


def with_mediapipe(test: Callable[..., Any]) -> Any:
    """Mark a test that needs it: `make detect-test` runs it, elsewhere it is skipped."""
    return pytest.mark.detect(_is_missing(test))


def astronaut() -> np.ndarray:
    """The portrait of a NASA astronaut (public domain) that comes with scikit-image: (512, 512, 3), RGB."""
    import skimage.data

    return skimage.data.astronaut()
