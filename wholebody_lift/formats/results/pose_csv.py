"""A result as CSV, for spreadsheets and statistics, and the columns of a table in general. Written only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from wholebody_lift import atomic
from wholebody_lift.body.joint_angles import ANGLES, joint_angles
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import Pose3D
from wholebody_lift.skeleton import KEYPOINT_NAMES, NUM_KEYPOINTS, PARTS

TableLayout = Literal["long", "wide", "angles"]
"""One row per keypoint, person and image, or one per person and image with columns for every keypoint, or for
every joint angle (see `body.joint_angles`)."""

Column: TypeAlias = npt.NDArray[Any] | str | float | None
"""One value per row, or one for all rows; None where it is not known."""

HEADER = (
    "image_id",
    "track_id",
    "person",
    "keypoint",
    "name",
    "part",
    "frame",
    "fps",
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
"""The long layout. x, y, z are from the midpoint of the hips, which is at origin_x, y, z from the camera, in
the axes of `frame`."""


def write(pose: Pose3D, path: Path, *, layout: TableLayout = "long") -> None:
    """Write the result; `observed` is 1 or 0, and what is missing or not known is empty.

    Raises ValueError for a layout that is not known.
    """
    import csv

    table = columns(pose, layout)
    rows = len(pose) * (NUM_KEYPOINTS if layout == "long" else 1)
    with atomic.replacing(path) as new, new.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*(_cells(column, rows) for column in table.values()), strict=True))


def columns(pose: Pose3D, layout: TableLayout = "long") -> dict[str, Column]:
    """The table by column. Raises ValueError for a layout that is not known."""
    if layout not in get_args(TableLayout):
        raise ValueError(f"expected layout {' or '.join(get_args(TableLayout))}, got {layout!r}")
    return {"long": _long, "wide": _wide, "angles": _angles}[layout](pose)


def _long(pose: Pose3D) -> dict[str, Column]:
    n, k = len(pose), NUM_KEYPOINTS
    flat = {
        **_axes("", pose.xyz.reshape(-1, 3)),
        "error_mm": pose.error_mm.ravel(),
        "observed": pose.observed.ravel(),
        "input_x_px": pose.keypoints[..., 0].ravel(),
        "input_y_px": pose.keypoints[..., 1].ravel(),
        "score": pose.scores.ravel(),
        "keypoint": np.tile(np.arange(k), n),
        "name": np.tile(np.array(KEYPOINT_NAMES), n),
        "part": np.tile([name for name, part in PARTS.items() for _ in part], n),
    }
    repeated = {
        name: np.repeat(column, k) if isinstance(column, np.ndarray) else column
        for name, column in _of_people(pose).items()
    }
    return {name: (flat | repeated)[name] for name in HEADER}


def _wide(pose: Pose3D) -> dict[str, Column]:
    table = _of_people(pose)
    table["reprojection_error_px"] = pose.reprojection_error_px
    for keypoint, name in enumerate(KEYPOINT_NAMES):
        table |= _axes(f"{name}_", pose.xyz[:, keypoint])
        table[f"{name}_error_mm"] = pose.error_mm[:, keypoint]
        table[f"{name}_observed"] = pose.observed[:, keypoint]
    return table


def _angles(pose: Pose3D) -> dict[str, Column]:
    found = joint_angles(pose.to("opencv").xyz, pose.error_mm)
    table: dict[str, Column] = {
        name: column
        for name, column in _of_people(pose).items()
        if name in ("image_id", "track_id", "person", "fps")
    }
    for i, name in enumerate(ANGLES):
        table[f"{name}_deg"] = found.degrees[:, i].astype(np.float32)
        table[f"{name}_error_deg"] = found.error[:, i].astype(np.float32)
    return table


def _of_people(pose: Pose3D) -> dict[str, Column]:
    """Columns of each person as a whole, or of everyone."""
    return {
        "image_id": pose.image_ids,
        "track_id": pose.track_ids,
        "person": np.arange(len(pose)),
        "frame": pose.frame,
        "fps": pose.fps,
        **_axes("origin_", pose.translation),
    }


def _axes(prefix: str, xyz: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    return {f"{prefix}{axis}_mm": xyz[:, i] for i, axis in enumerate("xyz")}


def _cells(column: Column, rows: int) -> list[str]:
    """The text of every row; a float32 by the shortest decimal that is the same float32."""
    if not isinstance(column, np.ndarray):
        return ["" if column is None else str(column)] * rows
    texts: list[str] = (column.astype(int) if column.dtype == np.bool_ else column).astype(str).tolist()
    return ["" if text == "nan" else text for text in texts]


KIND = Kind(".csv", "CSV", "spreadsheets", write, "statistics programs")
