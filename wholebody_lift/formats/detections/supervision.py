"""`supervision.KeyPoints`, the common form of many detectors.

Its `xy` (N, K, 2) are pixels, and its scores (N, K) are `keypoint_confidence`, or `confidence` before 0.29.
Where `visible` is False, or x and y are 0, a keypoint is missing. It does not say which layout it has, so the
number of keypoints tells: 17 is the COCO body, 33 MediaPipe's, 133 COCO-WholeBody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wholebody_lift._types import Floats
from wholebody_lift.errors import InputError
from wholebody_lift.formats.detections.assemble import Given, assemble, floats, in_unit_range, stack
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.layouts import COCO, COCO_WHOLEBODY, MEDIAPIPE_POSE, convert

if TYPE_CHECKING:
    from typing_extensions import Unpack


def from_keypoints(key_points: Any, **known: Unpack[Given]) -> Keypoints2D:
    """The people in the key points of one image, or of all frames of a video.

    Args:
        key_points: a `supervision.KeyPoints`; or a list of those, one for each frame: image_ids.
        **known: what else is known, as in `Keypoints2D`; track_ids from a tracker, for one.

    Raises:
        InputError: nobody is in it, or it is of another layout.
    """
    is_video = isinstance(key_points, list | tuple)
    frames = [_triples(found) for found in (key_points if is_video else [key_points])]
    triples = stack(person for people in frames for person in people)  # (N, K, 3)
    ids = {"image_ids": [i for i, people in enumerate(frames) for _ in people]} if is_video else {}
    return assemble({"keypoints": convert(triples, COCO, MEDIAPIPE_POSE, COCO_WHOLEBODY), **ids}, known)


def _triples(key_points: Any) -> Floats:
    """(N, K, 3) x, y, score; NaN where missing."""
    if not hasattr(key_points, "xy"):
        raise InputError(f"expected a supervision.KeyPoints, got a {type(key_points).__name__}")
    xy = floats(key_points.xy)
    if not xy.size:
        return np.empty((0, 0, 3))
    old = not hasattr(key_points, "keypoint_confidence")
    scores = key_points.confidence if old else key_points.keypoint_confidence
    score = np.ones(xy.shape[:2]) if scores is None else in_unit_range(floats(scores))
    visible = getattr(key_points, "visible", None)
    missing = (xy == 0).all(axis=-1) | (False if visible is None else ~np.asarray(visible, dtype=bool))
    triples = np.concatenate((xy, score[..., None]), axis=-1)
    triples[missing] = np.nan
    return triples
