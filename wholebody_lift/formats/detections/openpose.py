"""OpenPose JSON (`--write_json`), and what ControlNet and ComfyUI make of it.

A frame is {"people": [...]}, a file for each: a folder of them is a video. Each person has flat (x, y, score)
triples in `pose_keypoints_2d` (25 keypoints of BODY_25, or 18 of COCO), `face_keypoints_2d` (70),
`hand_left_keypoints_2d` and `hand_right_keypoints_2d` (21), 0 0 0 where missing, and `person_id`, which is
[-1] without tracking. OpenPose's neck, middle of the hips and pupils have no place among the 133.

ControlNet's preprocessors (ComfyUI's "Save Pose Keypoints", sd-webui) write a list of such frames, or one,
with `canvas_width` and `canvas_height`; a part may be null, the face may have 68, and `foot_keypoints_2d` 6.
Coordinates are pixels of the canvas, or fractions of it: which, one sees, as nobody is 2 pixels tall.

Source: OpenPose, doc/02_output.md; comfyui_controlnet_aux, `encode_poses_as_dict` and
`SavePoseKpsAsJsonFile`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wholebody_lift import atomic
from wholebody_lift._types import Floats
from wholebody_lift.errors import InputError
from wholebody_lift.formats.detections.assemble import (
    Fields,
    flat_numbers,
    frame_numbers,
    in_unit_range,
    stack,
    track_numbers,
)
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.layouts import (
    BODY_25,
    FACE,
    FACE_70,
    FEET,
    LEFT_HAND,
    OPENPOSE_18,
    RIGHT_HAND,
    place,
    warn_of_dropped_keypoints,
)
from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS

LOOKED_FOR = "OpenPose or ControlNet (an object with people, or a list of them)"

_LAYOUTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "pose_keypoints_2d": (BODY_25.names, OPENPOSE_18.names),
    "foot_keypoints_2d": (FEET,),
    "face_keypoints_2d": (FACE_70, FACE),
    "hand_left_keypoints_2d": (LEFT_HAND,),
    "hand_right_keypoints_2d": (RIGHT_HAND,),
}
"""The layouts that each part of a person may have."""

_WRITTEN = {key: layouts[0] for key, layouts in _LAYOUTS.items() if key != "foot_keypoints_2d"}

_MIDDLES = {"neck": ("left_shoulder", "right_shoulder"), "mid_hip": ("left_hip", "right_hip")}
"""Keypoints that only OpenPose has, as what they are the middle of."""

_FRACTIONS_END = 2.0
"""No coordinate of a file is beyond this if they are fractions of the image."""


def matches(document: Any) -> bool:
    """Whether the parsed JSON is this format; our own results have people too, but say what they are."""
    frames = document if isinstance(document, list) else [document]
    return bool(frames) and all(
        isinstance(frame, dict) and ("people" in frame or "canvas_width" in frame) and "skeleton" not in frame
        for frame in frames
    )


def parse(document: Any) -> Fields:
    """The fields in the parsed JSON of one frame, or of a list of frames."""
    if isinstance(document, list):
        return _parse_frames(document, range(len(document)))
    return _parse_frames([document], None)


def parse_folder(documents: Mapping[str, Any]) -> Fields:
    """The fields in a folder of frames by the name of their file; its last number is that of the frame."""
    for name, frame in documents.items():
        if not matches(frame):
            raise InputError(f"got a folder with {name}, which has no people; OpenPose's frames were wanted")
    return _parse_frames(list(documents.values()), frame_numbers(list(documents)))


def write(people: Keypoints2D, path: Path) -> None:
    """Write BODY_25, face and hands: into a folder, a file for each frame; or one file, if it ends in .json.

    Neck and middle of the hips are midpoints; pupils are missing, as every missing keypoint 0 0 0.

    Raises:
        InputError: people of several images, for one file.
    """
    frames: dict[int, list[dict[str, Any]]] = {}
    for number, person in enumerate(people):
        frame = 0 if people.image_ids is None else int(people.image_ids[number])
        frames.setdefault(frame, []).append(_describe(person))
    if path.suffix.lower() == ".json":
        if len(frames) > 1:
            raise InputError(
                f"got people in {len(frames)} images for one file; OpenPose has a file for each. "
                "Give a folder"
            )
        files = [path]
    else:
        path.mkdir(parents=True, exist_ok=True)
        files = [path / f"{path.name}_{frame:012d}_keypoints.json" for frame in frames]
    for file, found in zip(files, frames.values(), strict=True):
        atomic.write_text(file, json.dumps({"version": 1.3, "people": found}, allow_nan=False))


def _describe(person: Keypoints2D) -> dict[str, Any]:
    triples = np.nan_to_num(np.column_stack((person.keypoints[0], person.scores[0])))  # (K, 3)
    named = {name: triples[i] for name, i in INDEX.items()}
    for name, (a, b) in _MIDDLES.items():
        seen = named[a][2] > 0 and named[b][2] > 0
        named[name] = np.append(named[a][:2] + named[b][:2], 2 * min(named[a][2], named[b][2])) / 2 * seen
    track = -1 if person.track_ids is None else int(person.track_ids[0])
    return {
        "person_id": [track],
        **{
            key: [float(v) for name in names for v in named.get(name, np.zeros(3))]
            for key, names in _WRITTEN.items()
        },
    }


def _parse_frames(frames: Sequence[Any], numbers: Sequence[int] | None) -> Fields:
    came: list[str] = []  # names of the keypoints of all parts that anybody has
    triples: list[Floats] = []
    ids, sizes, tracks = [], [], []
    for frame_number, frame in zip(numbers or range(len(frames)), frames, strict=True):
        for person in frame.get("people") or []:
            triples.append(_triples(person, len(triples), came))
            ids.append(frame_number)
            sizes.append((frame.get("canvas_width"), frame.get("canvas_height")))
            tracks.append(_track(person))
    values = stack(triples)  # (N, K, 3)
    values[..., 2] = in_unit_range(values[..., 2])
    warn_of_dropped_keypoints("OpenPose keypoints", came)
    fields: Fields = {
        "keypoints": values,
        "normalised": _are_fractions(values),
        "track_ids": track_numbers(tracks),
        "image_ids": None if numbers is None else ids,
        "image_size": None if (None, None) in sizes else sizes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _triples(person: dict[str, Any], number: int, came: list[str]) -> Floats:
    """(133, 3) x, y, score of one person; NaN where missing. The names of what is there go into `came`."""
    ours = np.full((NUM_KEYPOINTS, 3), np.nan)
    for key, layouts in _LAYOUTS.items():
        if not person.get(key):
            continue
        values = flat_numbers(person[key], f"{key} of person {number}")
        names = next((names for names in layouts if 3 * len(names) == values.size), None)
        if names is None:
            wanted = " or ".join(str(3 * len(names)) for names in layouts)
            raise InputError(
                f"got {values.size} numbers in {key} of person {number}; {wanted} were wanted: x, y, score"
            )
        place(values.reshape(-1, 3), names, ours)
        came += [name for name in names if name not in came]
    return ours


def _track(person: dict[str, Any]) -> int | None:
    track = np.atleast_1d(person.get("person_id", -1)).tolist()
    return int(track[0]) if track and track[0] >= 0 else None


def _are_fractions(triples: Floats) -> bool:
    """Whether coordinates are from 0 to 1. Raises InputError if they are from -1 to 1."""
    xy = triples[..., :2][triples[..., 2] > 0]
    if not xy.size or np.abs(xy).max() > _FRACTIONS_END:
        return False
    if xy.min() < -0.25:
        raise InputError(
            f"got coordinates from {xy.min():.2g} to {xy.max():.2g}, which look like OpenPose's "
            "keypoint_scale 4 (-1 to 1); pixels or fractions were wanted. Run it with keypoint_scale 0 or 3"
        )
    return True
