"""Errors and warnings, and how messages name people and keypoints.

Every message says what was expected, what came and how to fix it.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable

import numpy as np

from wholebody_lift._types import Mask


class InputError(ValueError):
    """The input cannot be lifted. The message says what was expected, what came and how to fix it."""


class ResultError(InputError):
    """A file holds a 3D result where 2D keypoints were expected: `Pose3D.load` opens it."""


class InputWarning(UserWarning):
    """The input can be lifted but looks wrong. The message names the people, the problem and the fix.

    Every warning belongs to one of the subclasses below, so a caller can silence one kind:
    `warnings.simplefilter("ignore", errors.OrientationWarning)`.
    """


class OrientationWarning(InputWarning):
    """Keypoints look upside down, mirrored, with sides swapped, or from an image lying on its side."""


class PlaceholderWarning(InputWarning):
    """Keypoints look like placeholders: on the border of the image, on one spot or on one line."""


class ProportionWarning(InputWarning):
    """Parts are too large, or too far from where they belong, for one person."""


class CameraWarning(InputWarning):
    """K and the image size do not seem to belong to the same image."""


class ReprojectionWarning(InputWarning):
    """The result, projected through the camera, is far from the 2D keypoints."""


class FrameRateWarning(InputWarning):
    """The frame rate that was passed differs from the one that the input states."""


class DroppedWarning(InputWarning):
    """People, keypoints or ids were dropped, or scores were clipped."""


class WeightsError(RuntimeError):
    """Weights cannot be found, downloaded, trusted or loaded into the network.

    The message says what was expected, what came and how to fix it.
    """


def warn(message: str, category: type[InputWarning]) -> None:
    """Warn at the line that called into this package, however deep the cause."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in (__package__, "pydantic")


def name_people(chosen: Mask) -> str:
    """The chosen people in a message: "person 3 (of 8)", "people 0, 1, 2, 3, 4 and 90 more (of 100)"."""
    numbers = np.flatnonzero(chosen)
    return f"{'person' if len(numbers) == 1 else 'people'} {listed(numbers)} (of {len(chosen)})"


def count(people: int) -> str:
    """The number of people in a message: "1 person", "4 people"."""
    return "1 person" if people == 1 else f"{people} people"


def one_line(error: BaseException) -> str:
    """The text of an error without line breaks, or its type if it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def listed(items: Iterable[object]) -> str:
    """The first few items in a message: "3", "0, 2 and 5", "0, 1, 2, 3, 4 and 90 more"."""
    words = [str(item) for item in items] or ["none"]
    if len(words) > 6:
        words[5:] = [f"{len(words) - 5} more"]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
