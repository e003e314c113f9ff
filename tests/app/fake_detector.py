"""A detector that answers with recorded keypoints, one row for each picture, whatever the picture shows."""

from collections.abc import Iterable
from itertools import cycle

import cv2
import numpy as np

from wholebody_lift import Keypoints2D

SIZE = (72, 128)
"""Width and height of the pictures of `jpeg`."""


class FakeDetector:
    """Takes turns with the people of each frame: (133, 3), or None for an empty picture."""

    def __init__(self, frames: Iterable[list[np.ndarray]]) -> None:
        self._frames = cycle(frames)
        self.pictures: list[tuple[int, ...]] = []

    @classmethod
    def of(cls, people: Keypoints2D, scale: float = 1.0) -> "FakeDetector":
        """One person, frame after frame."""
        found = np.dstack((np.nan_to_num(people.keypoints) * scale, people.scores))
        return cls([person] for person in found)

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        self.pictures.append(picture.shape)
        people = next(self._frames)
        return np.stack(people) if people else np.empty((0, 133, 3))


def jpeg(size: tuple[int, int] = SIZE) -> bytes:
    """A grey picture (width, height)."""
    return bytes(cv2.imencode(".jpg", np.full((size[1], size[0], 3), 128, np.uint8))[1])
