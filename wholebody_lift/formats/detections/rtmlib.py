"""What rtmlib and DWPose answer: arrays of keypoints (N, K, 2) in pixels and scores (N, K).

133 keypoints are COCO-WholeBody. With to_openpose=True, and in DWPose always, they are 134: a neck is added
and the body put into OpenPose's order. rtmlib's `Body` has 17 (18 with to_openpose=True), and
`BodyWithFeet` 26. Scores come from SimCC and are not normalised (rtmlib issue 53): they are cut to 1, so
that a limit of 0.3 means what it means there.

Source: rtmlib/tools/pose_estimation/post_processings.py (`convert_coco_to_openpose`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wholebody_lift.errors import InputError
from wholebody_lift.formats.detections.assemble import Given, assemble, floats, stack
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.layouts import COCO, COCO_WHOLEBODY, HALPE_26, OPENPOSE_18, OPENPOSE_134, convert

if TYPE_CHECKING:
    from typing_extensions import Unpack


def from_arrays(keypoints: Any, scores: Any, **known: Unpack[Given]) -> Keypoints2D:
    """The people in the answer for one image, or in the answers for all frames of a video.

    Args:
        keypoints: (N, K, 2) pixels; or a list of those, one for each frame, which becomes image_ids.
        scores: (N, K), or a list of those.
        **known: what else is known, as in `Keypoints2D`.

    Raises:
        InputError: nobody is in it, or it is of another layout.
    """
    is_video = isinstance(keypoints, list | tuple) and len(keypoints) > 0 and np.ndim(keypoints[0]) != 2
    frames = list(zip(keypoints, scores, strict=True)) if is_video else [(keypoints, scores)]
    people, ids = [], []
    for number, (frame_keypoints, frame_scores) in enumerate(frames):
        xy, score = floats(frame_keypoints), floats(frame_scores)
        if not xy.size:
            continue
        if xy.ndim != 3 or xy.shape[2] != 2 or score.shape != xy.shape[:2]:
            raise InputError(
                f"expected keypoints of shape (N, K, 2) and scores of shape (N, K), got {xy.shape} and "
                f"{score.shape}"
            )
        people += list(np.concatenate((xy, np.clip(score, 0, 1)[..., None]), axis=-1))
        ids += [number] * len(xy)
    triples = convert(stack(people), COCO, OPENPOSE_18, HALPE_26, COCO_WHOLEBODY, OPENPOSE_134)
    return assemble({"keypoints": triples, **({"image_ids": ids} if is_video else {})}, known)
