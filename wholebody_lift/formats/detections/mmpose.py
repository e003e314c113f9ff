"""MMPose predictions: the JSON of `MMPoseInferencer` and of the demos, and the inferencer's own answer.

One image is a list of people {"keypoints": (K, 2) pixels, "keypoint_scores": (K,), "bbox", "bbox_score"}; a
batch is a list of such lists; a video is a list of {"frame_id", "instances": people}. The demos
(`--save-predictions`) wrap people or frames as {"meta_info": the skeleton, "instance_info": ...}, and
the inferencer as {"predictions": ...}. Trackers add `track_id` to a person. MMPose 0.x (`pose_results`) has
the score as third column of `keypoints`, as lists of people, or of such lists for the frames of a video.

133 keypoints are COCO-WholeBody; 17 are the COCO body or Human3.6M's, as where they lie tells; 26 and 136 are
Halpe's, 308 Sapiens'. Where `meta_info` has names, they must be those of that layout. Scores of RTMPose, RTMW
and DWPose are not normalised (MMPose issue 2755) and reach 6 and more: they are cut to 1, so that a limit of
0.3 means what it means in MMPose.

Source: mmpose/structures/utils.py (`split_instances`), mmpose/apis/inferencers/base_mmpose_inferencer.py,
demo/topdown_demo_with_mmdet.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wholebody_lift import atomic
from wholebody_lift._types import Floats
from wholebody_lift.errors import InputError, listed
from wholebody_lift.formats.detections.assemble import (
    Fields,
    Given,
    assemble,
    brief,
    stack,
    track_numbers,
    whole_number,
)
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.layouts import (
    COCO,
    COCO_WHOLEBODY,
    H36M_17,
    HALPE_26,
    HALPE_136,
    SAPIENS_308,
    Layout,
    convert,
)
from wholebody_lift.skeleton import KEYPOINT_NAMES, NUM_KEYPOINTS

if TYPE_CHECKING:
    from typing_extensions import Unpack

LOOKED_FOR = "MMPose (people with keypoint_scores, frames with instances, instance_info or predictions)"

_WRAPPERS = ("instance_info", "predictions")
_LAYOUTS = (COCO, H36M_17, HALPE_26, COCO_WHOLEBODY, HALPE_136, SAPIENS_308)


def matches(document: Any) -> bool:
    """Whether the parsed JSON is this format."""
    if isinstance(document, dict):
        return any(key in document for key in _WRAPPERS)
    entry = document
    while isinstance(entry, list) and entry:
        entry = next((item for item in entry if item), None)  # skip frames without people
    if not isinstance(entry, dict):
        return False
    return "keypoint_scores" in entry or "instances" in entry or _has_rows(entry.get("keypoints"))


def _has_rows(keypoints: Any) -> bool:
    """Whether keypoints are x, y, score each, as in MMPose 0.x, and not all numbers in a row."""
    return isinstance(keypoints, list) and bool(keypoints) and isinstance(keypoints[0], list)


def from_predictions(predictions: Any, **known: Unpack[Given]) -> Keypoints2D:
    """The people in `next(inferencer(...))["predictions"]`, or in a list of those, one for each frame.

    Args:
        predictions: people, lists of people, or frames, as above.
        **known: what else is known, as in `Keypoints2D`.

    Raises:
        InputError: nobody is in it, or it is of another layout.
    """
    return assemble(parse(predictions), known)


def parse(document: Any, layout: Layout | None = None) -> Fields:
    """The fields in the parsed JSON; image_ids are the frames of a video, or places in a batch."""
    entries, names = document, None
    if isinstance(document, dict):
        entries = next(document[key] for key in _WRAPPERS if key in document)
        names = _names(document.get("meta_info"))
    people = [(frame, person) for frame, person in _people(entries) if person.get("keypoints", True)]
    triples = stack(_triples(person, number) for number, (_, person) in enumerate(people))  # (N, K, 3)
    if names is not None and layout is None:
        _require_names(names, triples.shape[1])
    fields: Fields = {
        "keypoints": convert(triples, *(_LAYOUTS if layout is None else (layout,))),
        "track_ids": track_numbers([person.get("track_id") for _, person in people]),
    }
    frames = [frame for frame, _ in people if frame is not None]
    if frames:
        fields["image_ids"] = frames
    return fields


def write(people: Keypoints2D, path: Path) -> None:
    """Write a video as the demos do: {"meta_info": the 133 names, "instance_info": frames}.

    A missing keypoint is at (0, 0) with score 0. Without image_ids everyone is in one list, as in an image.
    """
    people_by_frame: dict[int | None, list[dict[str, Any]]] = {}
    for number, person in enumerate(people):
        frame = None if people.image_ids is None else int(people.image_ids[number])
        people_by_frame.setdefault(frame, []).append(_describe(person))
    frames: list[Any] = [{"frame_id": frame, "instances": found} for frame, found in people_by_frame.items()]
    document = {
        "meta_info": {
            "dataset_name": "coco_wholebody",
            "num_keypoints": NUM_KEYPOINTS,
            "keypoint_id2name": dict(enumerate(KEYPOINT_NAMES)),
        },
        "instance_info": people_by_frame[None] if people.image_ids is None else frames,
    }
    atomic.write_text(path, json.dumps(document, allow_nan=False))


def _describe(person: Keypoints2D) -> dict[str, Any]:
    seen = person.keypoints[0, person.observed[0]]
    return {
        "keypoints": np.nan_to_num(person.keypoints[0]).tolist(),
        "keypoint_scores": person.scores[0].astype(float).tolist(),
        "bbox": [[*seen.min(axis=0).tolist(), *seen.max(axis=0).tolist()]],  # nested, as MMPose writes it
        "bbox_score": float(person.scores[person.observed].mean()),
        **({} if person.track_ids is None else {"track_id": int(person.track_ids[0])}),
    }


def _people(entries: Any) -> Iterator[tuple[int | None, dict[str, Any]]]:
    """Each person with the frame they are in; None where there is but one image."""
    several = isinstance(entries, list) and len(entries) > 1
    frames: dict[int, int] = {}
    for place, entry in enumerate(entries if isinstance(entries, list) else [entries]):
        if isinstance(entry, dict) and "instances" in entry:
            frame = whole_number(entry.get("frame_id", place), f"frame_id of entry {place}")
            if frames.setdefault(frame, place) != place:
                raise InputError(
                    f"expected each frame once, got frame_id {frame} in entries {frames[frame]} and {place}"
                )
            yield from ((frame, person) for _, person in _people(entry["instances"] or []))
        elif isinstance(entry, list):
            frame_or_none = place if several else None
            yield from ((frame_or_none, person) for _, person in _people(entry))
        elif isinstance(entry, dict):
            yield _frame_of(entry, place), entry
        else:
            raise InputError(f"expected people or frames as entry {place} of MMPose, got {brief(entry)}")


def _frame_of(person: dict[str, Any], place: int) -> int | None:
    """The frame stored with a person, as some scripts write it."""
    frame = person.get("frame_id", person.get("image_id"))
    return None if frame is None else whole_number(frame, f"frame_id of entry {place}")


def _triples(person: dict[str, Any], number: int) -> Floats:
    """(K, 3) x, y, score of one person."""
    try:
        values = np.array(person["keypoints"], dtype=np.float64)
        scores = values[:, 2] if "keypoint_scores" not in person else person["keypoint_scores"]
        if values.ndim != 2 or values.shape[1] != (2 if "keypoint_scores" in person else 3):
            raise ValueError
        scores = np.array(scores, dtype=np.float64)
        if scores.shape != (len(values),):
            raise ValueError
    except (IndexError, KeyError, TypeError, ValueError, OverflowError):
        raise InputError(
            f"expected x, y and a score for each keypoint of person {number}, as a 2D model gives them, got "
            f"{brief(person.get('keypoints'))}"
        ) from None
    return np.column_stack((values[:, :2], np.clip(scores, 0, 1)))


def _names(meta: Any) -> list[str] | None:
    """The names of the keypoints in their order, if the file has them."""
    names = meta.get("keypoint_id2name") if isinstance(meta, dict) else None
    if not isinstance(names, dict):
        return None
    return [str(names[i]) for i in sorted(names, key=lambda i: whole_number(float(i), "keypoint id"))]


def _require_names(names: list[str], count: int) -> None:
    """Raise InputError unless the names match the layout with this number of keypoints, if there is one."""

    def same(layout: Layout) -> bool:  # MMPose calls the first keypoint of Halpe's hands wrist
        return [n.replace("hand_root", "wrist") for n in layout.names] == [
            n.replace("hand_root", "wrist") for n in names
        ]

    layouts = [layout for layout in _LAYOUTS if len(layout.names) == count]
    if layouts and not any(map(same, layouts)):
        raise InputError(
            f"expected the keypoints of {layouts[0].title}, got {len(names)} others: {listed(names)}; name "
            "their layout with layout=... if it is one of those known"
        )
