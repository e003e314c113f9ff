"""OpenPose JSON (`--write_json`), and what ControlNet and ComfyUI make of it.

A frame is {"people": [...]}, a file for each: a folder of them is a video. Each person has flat (x, y, score)
triples in `pose_keypoints_2d` (25 keypoints of BODY_25 or BODY_25B, 18 of COCO, 15 of MPI),
`face_keypoints_2d` (70), `hand_left_keypoints_2d` and `hand_right_keypoints_2d` (21), 0 0 0 where missing,
and `person_id`, which is [-1] without tracking. Before version 1.2 the names had no `_2d`. OpenPose's neck,
middle of the hips and pupils have no place among the 133.

Pose2Sim and Sports2D write the same, with all keypoints of their model in `pose_keypoints_2d`: 133 of
COCO-WholeBody, 136 or 26 of Halpe, 135 of BODY_135, 17 of COCO. The number of keypoints identifies the
layout; if two layouts have the same number, the positions of the keypoints decide.

ControlNet's preprocessors (ComfyUI's "Save Pose Keypoints", sd-webui) write a list of such frames, or one,
with `canvas_width` and `canvas_height`; a part may be null, the face may have 68, and `foot_keypoints_2d` 6.
Coordinates are pixels of the canvas, or fractions of it if none in a file exceeds 2.

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
from wholebody_lift.errors import InputError, listed
from wholebody_lift.formats.detections.assemble import (
    Fields,
    a_list,
    an_object,
    in_threes,
    in_unit_range,
    stack,
    track_numbers,
    whole_number,
)
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.layouts import (
    BODY_25,
    BODY_25B,
    BODY_135,
    COCO,
    COCO_WHOLEBODY,
    FACE,
    FACE_70,
    FEET,
    H36M_17,
    HALPE_26,
    HALPE_136,
    LEFT_HAND,
    MPI_15,
    OPENPOSE_18,
    RIGHT_HAND,
    Layout,
    choose,
    place,
    warn_of_dropped_keypoints,
)
from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS

LOOKED_FOR = "OpenPose or ControlNet (an object with people, or a list of them)"

_POSE = "pose_keypoints_2d"
_POSE_LAYOUTS = (
    *(BODY_25, BODY_25B, OPENPOSE_18, MPI_15),
    *(COCO, H36M_17, COCO_WHOLEBODY, HALPE_26, HALPE_136, BODY_135),
)
_PARTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "foot_keypoints_2d": (FEET,),
    "face_keypoints_2d": (FACE_70, FACE),
    "hand_left_keypoints_2d": (LEFT_HAND,),
    "hand_right_keypoints_2d": (RIGHT_HAND,),
}
"""The layouts that each part of a person but the pose may have."""

_WRITTEN = {_POSE: BODY_25.names} | {
    key: layouts[0] for key, layouts in _PARTS.items() if key != "foot_keypoints_2d"
}

_MIDDLES = {"neck": ("left_shoulder", "right_shoulder"), "mid_hip": ("left_hip", "right_hip")}
"""Keypoints that only OpenPose has, each as the midpoint of these keypoints."""

_FRACTIONS_END = 2.0
"""No coordinate of a file is beyond this if they are fractions of the image."""


def matches(document: Any) -> bool:
    """Whether the parsed JSON is this format; our own results also list people, but name their format."""
    frames = document if isinstance(document, list) else [document]
    return bool(frames) and all(
        isinstance(frame, dict) and ("people" in frame or "canvas_width" in frame) and "skeleton" not in frame
        for frame in frames
    )


def parse(document: Any, layout: Layout | None = None) -> Fields:
    """The fields in the parsed JSON of one frame, or of a list of frames; `layout` is that of the pose."""
    if isinstance(document, list):
        return _parse_frames(document, range(len(document)), layout)
    return _parse_frames([document], None, layout)


def write(people: Keypoints2D, path: Path) -> None:
    """Write BODY_25, face and hands: into a folder, a file for each frame; or one file, if it ends in .json.

    Neck and middle of the hips are midpoints; pupils are missing, as every missing keypoint 0 0 0.

    Raises:
        InputError: people of several images, for one file; a folder with other frames.
    """
    frames: dict[int, list[dict[str, Any]]] = {}
    for number, person in enumerate(people):
        frame = 0 if people.image_ids is None else int(people.image_ids[number])
        frames.setdefault(frame, []).append(_describe(person))
    if path.suffix.lower() == ".json":
        if len(frames) > 1:
            raise InputError(
                f"expected people of one image for one file, got {len(frames)} images; OpenPose has a file "
                "for each, so give a folder"
            )
        files = [path]
    else:
        path.mkdir(parents=True, exist_ok=True)
        files = [path / f"{path.name}_{frame:012d}_keypoints.json" for frame in frames]
        others = sorted({file.name for file in path.glob("*_keypoints.json")} - {file.name for file in files})
        if others:
            raise InputError(
                f"expected a folder without frames of another video, got {path} with {listed(others)}; "
                "remove these files, or write to another folder"
            )
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


def _parse_frames(frames: Sequence[Any], numbers: Sequence[int] | None, layout: Layout | None) -> Fields:
    people: list[Mapping[str, Any]] = []
    ids, sizes, tracks = [], [], []
    for frame_number, frame in zip(numbers or range(len(frames)), frames, strict=True):
        for number, person in enumerate(a_list(frame.get("people"), "people")):
            if not an_object(person, f"person {number}"):
                continue  # some programs write this for a frame without people
            people.append(person)
            ids.append(frame_number)
            sizes.append((frame.get("canvas_width"), frame.get("canvas_height")))
            tracks.append(_track(person))
    values = _triples(people, layout)  # (N, K, 3)
    values[..., 2] = in_unit_range(values[..., 2])
    return {
        "keypoints": values,
        "normalised": _are_fractions(values),
        "track_ids": track_numbers(tracks),
        "image_ids": None if numbers is None else ids,
        "image_size": None if (None, None) in sizes else sizes,
    }


def _triples(people: Sequence[Mapping[str, Any]], layout: Layout | None) -> Floats:
    """(N, 133, 3) x, y, score; NaN where missing. Warns about keypoints that are dropped or missing."""
    ours = stack(np.full((NUM_KEYPOINTS, 3), np.nan) for _ in people)
    came: list[str] = []
    poses = {
        number: numbers
        for number, person in enumerate(people)
        if len(numbers := _numbers(person, _POSE, number))
    }
    if poses:
        values = stack(poses.values())  # (N, K, 3)
        chosen = choose(values, _POSE_LAYOUTS if layout is None else (layout,))
        came += chosen.names
        posed = np.full((len(poses), NUM_KEYPOINTS, 3), np.nan)
        place(values, chosen.names, posed)
        ours[list(poses)] = posed
    for key, layouts in _PARTS.items():
        for number, person in enumerate(people):
            values = _numbers(person, key, number)
            if not len(values):
                continue
            names = next((names for names in layouts if len(names) == len(values)), None)
            if names is None:
                wanted = " or ".join(str(3 * len(names)) for names in layouts)
                raise InputError(
                    f"expected {wanted} numbers in {key} of person {number} (x, y, score), got {values.size}"
                )
            place(values, names, ours[number])
            came += [name for name in names if name not in came]
    if not came:
        keys = sorted(set().union(*people))
        raise InputError(
            f"expected OpenPose keys such as pose_keypoints_2d in people, got {listed(keys) or 'nothing'}"
        )
    warn_of_dropped_keypoints("OpenPose keypoints", came)
    return ours


def _numbers(person: Mapping[str, Any], key: str, number: int) -> Floats:
    """(K, 3) of a part of a person; none where it is not there. Older files have names without _2d."""
    found = person.get(key) or person.get(key.removesuffix("_2d"))
    if found is None or (isinstance(found, list) and not found):
        return np.zeros((0, 3))
    return in_threes(found, f"{key} of person {number}")


def _track(person: Mapping[str, Any]) -> int | None:
    track = person.get("person_id", -1)
    if isinstance(track, list):
        track = track[0] if track else -1
    return None if track is None else whole_number(track, "person_id")


def _are_fractions(triples: Floats) -> bool:
    """Whether coordinates are from 0 to 1. Raises InputError if they are from -1 to 1."""
    xy = triples[..., :2][triples[..., 2] > 0]
    if not xy.size or np.abs(xy).max() > _FRACTIONS_END:
        return False
    if xy.min() < -0.25:
        raise InputError(
            f"expected pixels or fractions of the image, got coordinates from {xy.min():.2g} to "
            f"{xy.max():.2g}, which look like OpenPose's keypoint_scale 4; run it with keypoint_scale 0 or 3"
        )
    return True
