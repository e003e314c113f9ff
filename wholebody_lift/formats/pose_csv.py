"""A result as CSV, one row per keypoint, for spreadsheets and statistics. Written only."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from wholebody_lift.pose import Pose3D
from wholebody_lift.skeleton import KEYPOINT_NAMES, PARTS

HEADER = (
    "image_id",
    "person",
    "keypoint",
    "name",
    "part",
    "frame",
    "x_mm",
    "y_mm",
    "z_mm",
    "error_mm",
    "observed",
    "input_x_px",
    "input_y_px",
    "score",
    "origin_x_mm",
    "origin_y_mm",
    "origin_z_mm",
)
"""x, y, z are from the midpoint of the hips, which is at origin_x, y, z from the camera; axes of `frame`."""

_PART_OF = [name for name, part in PARTS.items() for _ in part]


def write(pose: Pose3D, path: Path) -> None:
    """Write the result; `observed` is 1 or 0, and a missing input coordinate is empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER)
        rows.writerows(_rows(pose))


def _rows(pose: Pose3D) -> Iterator[list[str]]:
    xyz, errors, origins = pose.xyz.astype(str), pose.error_mm.astype(str), pose.translation.astype(str)
    scores, observed = pose.scores.astype(str), pose.observed.astype(int).astype(str)
    inputs = pose.keypoints.astype(str)
    inputs[inputs == "nan"] = ""
    for person, image_id in enumerate(pose.image_ids.astype(str)):
        for keypoint, name in enumerate(KEYPOINT_NAMES):
            where = (person, keypoint)
            yield [
                *(image_id, str(person), str(keypoint), name, _PART_OF[keypoint], pose.frame),
                *(*xyz[where], errors[where], observed[where]),
                *(*inputs[where], scores[where], *origins[person]),
            ]
