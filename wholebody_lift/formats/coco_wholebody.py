"""COCO-WholeBody JSON (Jin et al., ECCV 2020): the results of a detector, or annotations.

Results are a list of people, as MMPose and others write them; annotations, and results with the images
described beside them, are an object {"images": [...], "annotations": [...]}. Each person has
(x, y, v) triples of pixels in `keypoints` (17), `foot_kpts` (6), `face_kpts` (68), `lefthand_kpts` (21) and
`righthand_kpts` (21), or all 133 in `keypoints`; a part that is left out is missing. v is a score in
results; in annotations it is a visibility flag (0 missing, 1 hidden, 2 visible; some are fractions, and all
over 0 count), and `face_valid` and the like tell whether a part was annotated at all.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from wholebody_lift.keypoints import InputError, InputWarning
from wholebody_lift.plausibility import listed
from wholebody_lift.skeleton import NUM_KEYPOINTS, PARTS

_PART_KEYS = {
    "keypoints": "body",
    "foot_kpts": "feet",
    "face_kpts": "face",
    "lefthand_kpts": "left_hand",
    "righthand_kpts": "right_hand",
}
_VALID_KEYS = {
    "foot_valid": "feet",
    "face_valid": "face",
    "lefthand_valid": "left_hand",
    "righthand_valid": "right_hand",
}

Triples = npt.NDArray[np.float64]


def matches(document: Any) -> bool:
    """Whether the parsed JSON is this format."""
    if isinstance(document, list):
        return bool(document) and isinstance(document[0], dict)
    return isinstance(document, dict) and "annotations" in document


def parse(document: Any) -> dict[str, Any]:
    """Keyword arguments of `Keypoints2D` from the parsed JSON.

    The size of the images comes from `images`, or from `info` where all have one size.
    """
    people = document["annotations"] if isinstance(document, dict) else document
    if not (isinstance(people, list) and all(isinstance(person, dict) for person in people)):
        raise InputError("got annotations that are no list of people; COCO-WholeBody annotations were wanted")
    if not people:
        raise InputError("got a list without people; at least one was wanted. The detector found no one")
    triples = np.stack([_triples(person, number) for number, person in enumerate(people)])  # (N, K, 3)
    if any(key in person for person in people for key in _VALID_KEYS) or _are_flags(triples[..., 2]):
        _flags_to_scores(triples, people)
    else:
        _clip_scores(triples)
    fields: dict[str, Any] = {"keypoints": triples}
    if any("image_id" in person for person in people):
        ids = [_image_id(person, number) for number, person in enumerate(people)]
        fields["image_ids"] = ids
        fields["image_size"] = _image_sizes(document, ids)
    return {name: value for name, value in fields.items() if value is not None}


def _triples(person: dict[str, Any], number: int) -> Triples:
    """(133, 3) x, y, v of one person; zeros where a part is left out."""
    triples = np.zeros((NUM_KEYPOINTS, 3))
    for key, name in _PART_KEYS.items():
        if not person.get(key):
            continue
        part = PARTS[name]
        try:
            values = np.array(person[key], dtype=np.float64).reshape(-1)
        except (ValueError, TypeError):
            raise InputError(
                f"got {key} of person {number} that are not all numbers; x, y, v were wanted"
            ) from None
        if key == "keypoints" and values.size == triples.size:
            return values.reshape(triples.shape)
        if values.size != 3 * len(part):
            raise InputError(
                f"got {values.size} numbers in {key} of person {number}; {3 * len(part)} were wanted: "
                f"x, y, v of {len(part)} keypoints"
            )
        triples[part.start : part.stop] = values.reshape(-1, 3)
    return triples


def _are_flags(v: npt.NDArray[np.float64]) -> bool:
    return bool(np.isin(v, (0, 1, 2)).all() and (v == 2).any())


def _flags_to_scores(triples: Triples, people: list[dict[str, Any]]) -> None:
    triples[..., 2] = triples[..., 2] > 0
    for number, person in enumerate(people):
        for key, name in _VALID_KEYS.items():
            if not person.get(key, True):
                triples[number, PARTS[name].start : PARTS[name].stop] = 0


def _clip_scores(triples: Triples) -> None:
    scores = triples[..., 2]
    low, high = np.nanmin(scores), np.nanmax(scores)
    if low < 0 or high > 1:
        warnings.warn(
            f"got scores from {low:.3g} to {high:.3g}, which were cut to 0..1; detectors such as RTMPose "
            "answer a little more than 1, but anything else needs its own scaling",
            InputWarning,
            stacklevel=5,  # the caller of formats.read
        )
        np.clip(scores, 0, 1, out=scores)


def _image_id(person: dict[str, Any], number: int) -> int:
    image_id = person.get("image_id")
    try:
        return int(image_id)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InputError(
            f"got image_id {image_id!r} of person {number}; a whole number was wanted for everyone"
        ) from None


def _image_sizes(document: Any, ids: list[int]) -> list[tuple[float, float]] | None:
    """(width, height) of each person's image; None unless the file tells all of them."""
    if not isinstance(document, dict):
        return None
    if "images" not in document:
        info = document.get("info")
        size = _size(info) if isinstance(info, dict) else None
        return None if size is None else [size] * len(ids)
    sizes = {int(image["id"]): _size(image) for image in document["images"]}
    unknown = sorted(set(ids) - set(sizes))
    if unknown:
        raise InputError(
            f"got people in image {listed(unknown)}, which is not in images; every image was wanted"
        )
    known = [size for size in map(sizes.get, ids) if size is not None]
    return known if len(known) == len(ids) else None


def _size(image: dict[str, Any]) -> tuple[float, float] | None:
    return (image["width"], image["height"]) if "width" in image and "height" in image else None
