"""COCO-WholeBody JSON (Jin et al., ECCV 2020): the results of a detector, or annotations.

Results are a list of people, as MMPose's evaluation and others write them; annotations, and results with the
images described beside them, are an object {"images": [...], "annotations": [...]}. Each person has
(x, y, v) triples of pixels in `keypoints` (17), `foot_kpts` (6), `face_kpts` (68), `lefthand_kpts` (21) and
`righthand_kpts` (21), or all 133 in `keypoints`; a part that is left out is missing. v is a score in
results; in annotations it is a visibility flag (0 missing, 1 hidden, 2 visible; some are fractions, and all
over 0 count), and flags such as `face_valid` state whether a part was annotated.

Where the people have no part but `keypoints`, `categories` may name their keypoints in another order, as
those of PoseTrack do; and 26, 136 and 308 keypoints are Halpe's and Sapiens', as AlphaPose and MMPose write
them. `image_id` may be the name of a file.

Video: `track_id` (or `instance_id`) of a person, `frame_id` and `video_id` of an image, and `fps` in `info`
or in `videos`, as video datasets in COCO's form have them. In several videos, one track id is several people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wholebody_lift import atomic
from wholebody_lift._types import Floats
from wholebody_lift.errors import InputError, listed
from wholebody_lift.formats.detections.assemble import (
    Fields,
    a_list,
    an_object,
    flat_numbers,
    in_threes,
    in_unit_range,
    stack,
    track_numbers,
    warn_dropped,
    whole_number,
)
from wholebody_lift.formats.detections.frame_names import frame_numbers
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.layouts import (
    COCO,
    COCO_WHOLEBODY,
    H36M_17,
    HALPE_26,
    HALPE_136,
    SAPIENS_308,
    Layout,
    choose,
    convert,
)
from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS, PARTS

LOOKED_FOR = "COCO-WholeBody (a list of people with keypoints, foot_kpts and other parts, or annotations)"

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
_BY_COUNT = (HALPE_26, HALPE_136, SAPIENS_308)
"""Layouts that the number of keypoints identifies."""

_TRACK_KEYS = ("track_id", "instance_id")


def matches(document: Any) -> bool:
    """Whether the parsed JSON is this format."""
    if isinstance(document, list):
        return any(isinstance(entry, dict) and not entry.keys().isdisjoint(_PART_KEYS) for entry in document)
    return isinstance(document, dict) and "annotations" in document


def has_parts(person: Mapping[str, Any]) -> bool:
    """Whether a person has any part beyond the body, which distinguishes this format from similar ones."""
    return any(key in person for key in _PART_KEYS if key != "keypoints")


def parse(document: Any, layout: Layout | None = None) -> Fields:
    """The fields in the parsed JSON; `layout` is that of `keypoints` where people have no other part.

    The size of the images comes from `images`, or from `info` where all have one size.
    """
    described: Mapping[str, Any] = document if isinstance(document, dict) else {}
    people = document["annotations"] if described else document
    people = [an_object(person, f"annotation {n}") for n, person in enumerate(a_list(people, "annotations"))]
    people = [person for person in people if not person.keys().isdisjoint(_PART_KEYS)]  # boxes have none
    described, people = _numbered(described, people)
    triples = _in_our_layout(people, layout, _layout_of_categories(described))  # (N, K, 3)
    if any(key in person for person in people for key in _VALID_KEYS) or _are_flags(triples[..., 2]):
        _flags_to_scores(triples, people)
    else:
        triples[..., 2] = in_unit_range(triples[..., 2])
    fields: Fields = {"keypoints": triples, "track_ids": _track_ids(people), "fps": _fps(described)}
    if any("image_id" in person for person in people):
        ids = [_image_id(person, number) for number, person in enumerate(people)]
        fields["image_ids"] = _frames(described, ids)
        fields["image_size"] = _image_sizes(described, ids)
        fields["track_ids"] = _apart(fields["track_ids"], _videos_of(described, ids))
    return fields


def write(people: Keypoints2D, path: Path) -> None:
    """Write results with their images described beside them: {"info", "images", "annotations"}.

    `score` of a person is the mean of the keypoints that are there. Without image_ids everyone is in image 0.
    """
    ids = np.zeros(len(people), np.int64) if people.image_ids is None else people.image_ids
    document = {
        "info": {} if people.fps is None else {"fps": people.fps},
        "images": _describe_images(people, ids),
        "annotations": [_describe(person, int(i)) for person, i in zip(people, ids, strict=True)],
    }
    atomic.write_text(path, json.dumps(document, allow_nan=False))


def _describe_images(people: Keypoints2D, ids: npt.NDArray[np.int64]) -> list[dict[str, Any]]:
    different, first = np.unique(ids, return_index=True)
    images: list[dict[str, Any]] = [{"id": int(i)} for i in different]
    if people.image_size is not None:
        for image, (width, height) in zip(images, people.image_size[first].tolist(), strict=True):
            image.update(width=width, height=height)
    return images


def _describe(person: Keypoints2D, image_id: int) -> dict[str, Any]:
    triples = np.nan_to_num(np.column_stack((person.keypoints[0], person.scores[0])))  # (K, 3)
    return {
        "image_id": image_id,
        "category_id": 1,
        **({} if person.track_ids is None else {"track_id": int(person.track_ids[0])}),
        **{key: triples[PARTS[name]].ravel().tolist() for key, name in _PART_KEYS.items()},
        "score": float(person.scores[person.observed].mean()),
    }


def _numbered(
    described: Mapping[str, Any], people: list[Mapping[str, Any]]
) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """The same with the numbers of frames in place of the names of images, where those are the ids."""
    images = [an_object(image, "an image") for image in a_list(described.get("images"), "images")]
    ids = [*(image.get("id") for image in images), *(person.get("image_id") for person in people)]
    names = [name for name in ids if isinstance(name, str)]
    if len(names) < len(ids) or all(name.isdecimal() for name in names):
        return described, people
    number_of = dict(zip(names, frame_numbers(names), strict=True))
    numbered = [{**image, "id": number_of[image["id"]]} for image in images]
    return (
        {**described, "images": numbered} if images else described,
        [{**person, "image_id": number_of[person["image_id"]]} for person in people],
    )


def _layout_of_categories(described: Mapping[str, Any]) -> Layout | None:
    """The order in which the categories of a file name the keypoints, if they do and mostly by our names."""
    orders = set()
    for category in a_list(described.get("categories"), "categories"):
        names = category.get("keypoints") if isinstance(category, dict) else None
        if isinstance(names, list) and names:
            orders.add(tuple(str(name).strip().lower().replace(" ", "_").replace("-", "_") for name in names))
    if len(orders) != 1:
        return None
    (order,) = orders
    ours = sum(name in INDEX for name in order)
    return Layout("the categories' keypoints", order) if ours > 0.5 * len(order) else None


def _in_our_layout(
    people: Sequence[Mapping[str, Any]], layout: Layout | None, of_categories: Layout | None
) -> Floats:
    """(N, 133, 3) x, y, v; zeros where missing. The 17 of a body may be Human3.6M's, as other programs that
    write COCO's form have them: the categories tell, or where they lie, or the caller does.

    Raises InputError for another layout than that of the parts.
    """
    parted = any(has_parts(person) for person in people)
    if layout is None and not parted:
        layout = _layout_of_count(people, of_categories)
    if layout not in (None, COCO_WHOLEBODY):
        if parted:
            raise InputError(
                f"expected people in the layout of {layout.title}, got foot_kpts and the like, which are "
                "COCO-WholeBody; leave out layout"
            )
        rows = (
            in_threes(person["keypoints"], f"keypoints of person {number}")
            for number, person in enumerate(people)
        )
        return np.nan_to_num(convert(stack(rows), layout))
    triples = stack(_triples(person, number) for number, person in enumerate(people))
    body = triples[:, : len(COCO.names)]
    if parted or layout is not None or triples[:, len(COCO.names) :].any():
        return triples
    return triples if choose(body, (COCO, H36M_17)) is COCO else np.nan_to_num(convert(body, H36M_17))


def _layout_of_count(people: Sequence[Mapping[str, Any]], of_categories: Layout | None) -> Layout | None:
    """The layout that the number of keypoints identifies where it is neither the body's nor ours, or that the
    categories name; None where neither does."""
    counts = {
        flat_numbers(person.get("keypoints"), f"keypoints of person {number}").size // 3
        for number, person in enumerate(people)
    }
    if len(counts) != 1:
        return None
    (count,) = counts
    if of_categories is not None and len(of_categories.names) == count:
        return None if of_categories.names in (COCO.names, COCO_WHOLEBODY.names) else of_categories
    return next((layout for layout in _BY_COUNT if len(layout.names) == count), None)


def _triples(person: Mapping[str, Any], number: int) -> Floats:
    """(133, 3) x, y, v of one person; zeros where a part is left out."""
    triples = np.zeros((NUM_KEYPOINTS, 3))
    for key, name in _PART_KEYS.items():
        if not person.get(key):
            continue
        part = PARTS[name]
        values = flat_numbers(person[key], f"{key} of person {number}")
        if key == "keypoints" and values.size == triples.size:
            return values.reshape(triples.shape)
        if values.size != 3 * len(part):
            raise InputError(
                f"expected {3 * len(part)} numbers in {key} of person {number} (x, y, v of {len(part)} "
                f"keypoints), got {values.size}"
            )
        triples[part] = values.reshape(-1, 3)
    return triples


def _are_flags(v: Floats) -> bool:
    return bool(np.isin(v, (0, 1, 2)).all() and (v == 2).any())


def _flags_to_scores(triples: Floats, people: Sequence[Mapping[str, Any]]) -> None:
    triples[..., 2] = triples[..., 2] > 0
    for number, person in enumerate(people):
        for key, name in _VALID_KEYS.items():
            if not person.get(key, True):
                triples[number, PARTS[name]] = 0


def _track_ids(people: Sequence[Mapping[str, Any]]) -> list[int] | None:
    key = next((key for key in _TRACK_KEYS if any(key in person for person in people)), None)
    return None if key is None else track_numbers([person.get(key) for person in people])


def _fps(described: Mapping[str, Any]) -> float | None:
    """The frame rate in `info`, or else the one of all `videos`; None where neither states it."""
    info = described.get("info")
    if isinstance(info, dict) and info.get("fps") is not None:
        rate: float = info["fps"]
        return rate
    rates = {video.get("fps") for video in _videos(described).values()}
    return rates.pop() if len(rates) == 1 else None


def _videos(described: Mapping[str, Any]) -> dict[Any, Mapping[str, Any]]:
    """The videos that a file describes, by id."""
    videos = [an_object(video, "a video") for video in a_list(described.get("videos"), "videos")]
    return {video.get("id"): video for video in videos}


def _videos_of(described: Mapping[str, Any], ids: list[int]) -> list[Any]:
    """The video of each person's image, None where the file does not say."""
    videos = {i: image.get("video_id") for i, image in _images(described).items()}
    return [videos.get(i) for i in ids]


def _apart(track_ids: list[int] | None, videos: list[Any]) -> list[int] | None:
    """The track ids, numbered anew where one is in several videos; warns of several videos in one file."""
    several = list(dict.fromkeys(videos))
    if len(several) < 2:
        return track_ids
    pairs = list(zip(videos, track_ids, strict=True)) if track_ids is not None else []
    numbers = {pair: number for number, pair in enumerate(dict.fromkeys(pairs))}
    repeat = len(numbers) > len(set(track_ids or []))
    anew = "; people were numbered anew, as some had the same track id in several videos" if repeat else ""
    warn_dropped(
        f"left out which of {len(several)} videos ({listed(map(str, several))}) each image is of{anew}; "
        "lift_sequence would take all images for those of one video: choose the people of one before"
    )
    return [numbers[pair] for pair in pairs] if repeat else track_ids


def _image_id(person: Mapping[str, Any], number: int) -> int:
    image_id = person.get("image_id")
    if isinstance(image_id, str) and image_id.isdigit():
        image_id = int(image_id)
    return whole_number(image_id, f"image_id of person {number}")


def _frames(described: Mapping[str, Any], ids: list[int]) -> list[int]:
    """The video frame of each person's image, if each image has a different one; otherwise the image's id."""
    frames = {i: image.get("frame_id") for i, image in _images(described).items()}
    if not frames or None in frames.values() or len(set(map(str, frames.values()))) < len(frames):
        return ids
    return [whole_number(frames.get(i, i), f"frame_id of image {i}") for i in ids]


def _images(described: Mapping[str, Any]) -> dict[int, Mapping[str, Any]]:
    """The images that a file describes, by id."""
    images = enumerate(a_list(described.get("images"), "images"))
    objects = [an_object(image, f"image {number}") for number, image in images]
    by_id: dict[int, Mapping[str, Any]] = {}
    for image in objects:
        number = whole_number(image.get("id"), "id of an image")
        if by_id.setdefault(number, image) != image:
            raise InputError(f"expected each image once in images, got two different ones with id {number}")
    return by_id


def _image_sizes(described: Mapping[str, Any], ids: list[int]) -> list[tuple[float, float]] | None:
    """(width, height) of each person's image; None unless the file states all of them."""
    if "images" not in described:
        info = described.get("info")
        size = _size(info, "info") if isinstance(info, dict) else None
        return None if size is None else [size] * len(ids)
    videos = _videos(described)
    sizes = {
        i: _size(image, f"image {i}")
        or _size(videos.get(image.get("video_id"), {}), f"the video of image {i}")
        for i, image in _images(described).items()
    }
    unknown = sorted(set(ids) - set(sizes))
    if unknown:
        raise InputError(
            f"expected every image of a person in images, got people in image {listed(unknown)}, which is not"
        )
    known = [size for size in map(sizes.get, ids) if size is not None]
    return known if len(known) == len(ids) else None


def _size(image: Mapping[str, Any], what: str) -> tuple[float, float] | None:
    """(width, height) that an object states; None if it states none, or 0."""
    given = image.get("width"), image.get("height")
    if None in given or given == (0, 0):
        return None
    width, height = (float(flat_numbers(side, f"width and height of {what}")[0]) for side in given)
    return width, height
