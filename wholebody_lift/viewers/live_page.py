"""People in front of a running camera: the page of `html`, whose people are replaced again and again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from wholebody_lift.pose import Pose3D
from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS
from wholebody_lift.viewers import html, views

_REACHES = {
    "nose": (0, -820, 0),  # as high as the crown of a head
    "left_wrist": (650, -400, 0),
    "right_wrist": (-650, -400, 0),
    "left_heel": (100, 880, 0),
    "right_heel": (-100, 880, 0),
}
"""How far a person reaches who stands with arms stretched out, mm from the hips."""


def render(most: int, *, title: str = "wholebody-lift") -> str:
    """The page, for another page to embed, with room for `most` people; it shows nobody at first.

    When it has loaded it posts {"ready": true} to the page around it. That one posts what `message` returns
    whenever there is a new picture, and may add the picture (a Blob or an ImageBitmap) by the name "picture"
    and its time by the name "seconds". When a message has been drawn, the page posts {"drawn": seconds}.
    """
    return html.page(_standing(most), title, (*html.SCRIPTS, "live"))


def message(pose: Pose3D, image_size: tuple[int, int]) -> dict[str, Any]:
    """The people of a picture (width, height) for the page of `render`, as JSON; it may have none."""
    who = np.arange(len(pose)) if pose.track_ids is None else pose.track_ids
    fields = {
        "xyz": views.in_opencv(pose, pose.xyz).round(1),
        "translation": views.in_opencv(pose, pose.translation).round(1),
        "error": pose.error_mm.astype(np.float64).round(1),
        "xy": pose.keypoints.astype(np.float64).round(1),
        "scores": pose.scores.astype(np.float64).round(2),
        "observed": pose.observed.astype(int),
    }
    return {
        "people": [
            {"id": int(number), "name": f"Person {number}"}
            | {name: _numbers(values[row]) for name, values in fields.items()}
            for row, number in enumerate(who)
        ],
        "size": list(image_size),
        "rays": _numbers(np.linalg.inv(pose.K[0]) if len(pose) else np.eye(3)),
    }


def _numbers(values: npt.NDArray[Any]) -> list[float | None]:
    """Numbers in a row, None where they are NaN."""
    return [None if math.isnan(value) else value for value in values.ravel().tolist()]


def _standing(most: int) -> Pose3D:
    """People in one place, as wide and high as anyone is: the view that shows them shows whoever comes."""
    xyz = np.zeros((most, NUM_KEYPOINTS, 3), np.float32)
    for name, place in _REACHES.items():
        xyz[:, INDEX[name]] = place
    return Pose3D(
        xyz=xyz,
        error_mm=np.zeros((most, NUM_KEYPOINTS), np.float32),
        observed=np.zeros((most, NUM_KEYPOINTS), dtype=bool),
        translation=np.tile(np.array([0, 0, 3000], np.float32), (most, 1)),
        K=np.tile(np.eye(3), (most, 1, 1)),
        distortion=np.zeros((most, 5)),
        camera_source="image_size",
        reprojection_error_px=np.zeros(most, np.float32),
        keypoints=np.full((most, NUM_KEYPOINTS, 2), np.nan, np.float32),
        scores=np.zeros((most, NUM_KEYPOINTS), np.float32),
        image_ids=np.zeros(most, np.int64),
        image_size=np.tile([4.0, 3.0], (most, 1)),
        track_ids=np.arange(most),
    )
