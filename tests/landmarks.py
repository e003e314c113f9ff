"""MediaPipe's landmarks of someone who moves, as Python and as the page's JavaScript take them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

LANDMARKS = Path(__file__).resolve().parent / "data" / "mediapipe_astronaut.json"
SIZE = (512, 512)
FRAMES = 12
SECONDS = np.cumsum([0.0, *np.random.default_rng(3).uniform(0.02, 0.09, FRAMES - 1)])
"""Frames at the uneven times of a page that is busy."""


def moving() -> list[dict[str, Any]]:
    """The astronaut's landmarks in each frame: displaced, with noise, and now and then without a part."""
    still = json.loads(LANDMARKS.read_text(encoding="utf-8"))
    rng = np.random.default_rng(5)
    frames = []
    for n in range(FRAMES):
        sway = 0.03 * np.sin(n / 2)
        frame = {
            part: {
                "landmark": [
                    {
                        **point,
                        "x": point["x"] + sway + rng.normal(0, 0.002),
                        "y": point["y"] + rng.normal(0, 0.002),
                    }
                    for point in landmarks["landmark"]
                ]
            }
            for part, landmarks in still.items()
            if landmarks and "landmark" in landmarks
        }
        if n % 4 == 3:
            frame.pop("face_landmarks")
        frames.append(frame)
    return frames


def camel(frame: dict[str, Any]) -> dict[str, Any]:
    """A frame as MediaPipe's JavaScript answers it."""
    return {
        part.replace("_landmarks", "Landmarks")
        .replace("left_hand", "leftHand")
        .replace("right_hand", "rightHand"): (landmarks["landmark"])
        for part, landmarks in frame.items()
    }
