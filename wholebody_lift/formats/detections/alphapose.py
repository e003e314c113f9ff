"""AlphaPose's `alphapose-results.json`, in its default format.

A list of people {"image_id": "0.jpg", "category_id", "keypoints": flat (x, y, score) pixels, "score", "box",
"idx"} for COCO-WholeBody (133), Halpe's full body (136) and body with feet (26), and COCO (17). `image_id` is
the name of the image, or the number of the frame with .jpg. `idx` is who it is, nested to some depth; it
is 0 for everyone where AlphaPose did not track (AlphaPose issue 761), and then is nothing.

Source: AlphaPose, alphapose/utils/pPose_nms.py (`write_json`).
"""

from __future__ import annotations

from typing import Any

from wholebody_lift.formats.detections.assemble import (
    Fields,
    in_threes,
    in_unit_range,
    stack,
    track_numbers,
    whole_number,
)
from wholebody_lift.formats.detections.coco_wholebody import has_parts
from wholebody_lift.formats.detections.frame_names import frame_numbers
from wholebody_lift.layouts import COCO, COCO_WHOLEBODY, H36M_17, HALPE_26, HALPE_136, Layout, convert

LOOKED_FOR = "AlphaPose (a list of people whose image_id is the name of a file)"

_LAYOUTS = (COCO, H36M_17, HALPE_26, COCO_WHOLEBODY, HALPE_136)


def matches(document: Any) -> bool:
    """Whether the parsed JSON is this format."""
    if not (isinstance(document, list) and document):
        return False
    return all(
        isinstance(person, dict)
        and isinstance(person.get("image_id"), str)
        and "keypoints" in person
        and not has_parts(person)
        for person in document
    )


def parse(document: list[dict[str, Any]], layout: Layout | None = None) -> Fields:
    """The fields in the parsed JSON; image_ids are the numbers in the names of the images."""
    values = stack(
        in_threes(person.get("keypoints"), f"keypoints of person {number}")
        for number, person in enumerate(document)
    )  # (N, K, 3)
    values[..., 2] = in_unit_range(values[..., 2])
    fields: Fields = {
        "keypoints": convert(values, *(_LAYOUTS if layout is None else (layout,))),
        "image_ids": frame_numbers([str(person.get("image_id")) for person in document]),
    }
    tracks = [_track(person) for person in document]
    if any(tracks):
        fields["track_ids"] = track_numbers(tracks)
    return fields


def _track(person: dict[str, Any]) -> int | None:
    track = person.get("idx")
    while isinstance(track, list):
        track = track[0] if track else None
    return None if track is None else whole_number(track, "idx")
