"""What ViTPose answers in Hugging Face transformers, after `post_process_pose_estimation`.

A list of images, each a list of people {"keypoints": (K, 2) pixels, "scores": (K,), "labels": (K,), "bbox"}
of torch tensors. `labels` are the numbers of the keypoints, of which `threshold=` leaves some out. They are
those of COCO (17), or, from a whole-body head, of COCO-WholeBody (133), which begins with the same 17; the
heads that ViTPose+ has for AIC, MPII and animals count other keypoints, which nothing in the answer tells.

Source: transformers/models/vitpose/image_processing_vitpose.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wholebody_lift._types import Floats
from wholebody_lift.errors import InputError
from wholebody_lift.formats.detections.assemble import Given, assemble, floats, in_unit_range, stack
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.layouts import COCO, warn_of_dropped_keypoints
from wholebody_lift.skeleton import NUM_KEYPOINTS

if TYPE_CHECKING:
    from typing_extensions import Unpack


def from_results(results: Any, **known: Unpack[Given]) -> Keypoints2D:
    """The people in the answer.

    Args:
        results: a list of images, whose places become image_ids; or the people of one image.
        **known: what else is known, as in `Keypoints2D`.

    Raises:
        InputError: nobody is in it, or it is something else.
    """
    is_one_image = len(results) > 0 and isinstance(results[0], Mapping)
    images = [results] if is_one_image else results
    people = [(place, person) for place, image in enumerate(images) for person in image]
    triples = stack(_triples(person) for _, person in people)  # (N, K, 3)
    triples[..., 2] = in_unit_range(triples[..., 2])
    if np.isnan(triples[:, len(COCO.names) :]).all():
        warn_of_dropped_keypoints(COCO.title, COCO.names)
    ids = {} if is_one_image else {"image_ids": [place for place, _ in people]}
    return assemble({"keypoints": triples, **ids}, known)


def _triples(person: Mapping[str, Any]) -> Floats:
    """(133, 3) x, y, score of one person; NaN where missing."""
    try:
        xy, scores, labels = (floats(person[name]) for name in ("keypoints", "scores", "labels"))
        ours = np.full((NUM_KEYPOINTS, 3), np.nan)
        ours[labels.astype(int)] = np.column_stack((xy.reshape(-1, 2), scores.reshape(-1)))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            "expected people as post_process_pose_estimation returns them, with keypoints, scores and labels "
            f"of COCO or COCO-WholeBody, got one without ({error!r})"
        ) from None
    return ours
