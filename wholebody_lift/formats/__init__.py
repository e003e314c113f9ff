"""Files: 2D keypoints in, 3D results out and in again. One module per format; the content decides which."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wholebody_lift.formats import arrays, coco_wholebody, pose_csv, pose_json, pose_npz
from wholebody_lift.keypoints import (
    MIN_SCORE,
    InputError,
    InputWarning,
    Keypoints2D,
    read_keypoints,
    unusable,
)
from wholebody_lift.plausibility import count, listed, name_people
from wholebody_lift.pose import Pose3D

__all__ = ["read", "read_pose", "write"]

_NPY = b"\x93NUMPY"
_ZIP = b"PK"  # an npz is a zip

_WRITERS = {".csv": pose_csv.write, ".json": pose_json.write, ".npz": pose_npz.write}

_RANKS = {"image_size": 1, "K": 2, "distortion": 1, "height_mm": 0, "image_ids": 0, "track_ids": 0, "fps": 0}
"""Axes of each field for one person; in a file or an argument it may have a person axis before them."""


def read(
    path: str | Path,
    *,
    image_size: npt.ArrayLike | None = None,
    K: npt.ArrayLike | None = None,
    distortion: npt.ArrayLike | None = None,
    height_mm: npt.ArrayLike | None = None,
    min_score: float = MIN_SCORE,
) -> Keypoints2D:
    """Read 2D keypoints; the content decides the format, whatever the file is called.

    Formats: COCO-WholeBody results or annotations (JSON), and arrays as npy, npz or JSON (see
    `formats.arrays`). What is given here replaces what the file says; shapes as in `Keypoints2D`.
    People without visible keypoints are left out.

    Raises:
        InputError: the file holds nothing that can be lifted; the text names it and says why.
        OSError: the file cannot be opened.

    Warns:
        InputWarning: people were left out, or what was read looks wrong.
    """
    given = {"image_size": image_size, "K": K, "distortion": distortion, "height_mm": height_mm}
    try:
        fields = _read_fields(Path(path))
        fields.update({name: value for name, value in given.items() if value is not None})
        xy, scores = read_keypoints(fields.pop("keypoints"), fields.pop("scores", None), min_score)
        left_out = unusable(xy)
        if left_out.all():
            raise InputError(
                f"got {count(len(xy))}, without two visible keypoints in different places; "
                f"lower min_score (now {min_score:g}) if the detector's scores are low"
            )
        if left_out.any():
            warnings.warn(f"{path}: {_note(left_out, fields.get('image_ids'))}", InputWarning, stacklevel=2)
        chosen: dict[str, Any] = {name: _rows(name, value, ~left_out) for name, value in fields.items()}
        return Keypoints2D(xy[~left_out], scores[~left_out], **chosen, min_score=min_score)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def write(pose: Pose3D, path: str | Path) -> None:
    """Write a result to .npz or .json (lossless, for `read_pose`) or .csv (one row per keypoint)."""
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        raise InputError(f"{path}: got suffix {suffix!r}; one of {', '.join(_WRITERS)} was wanted")
    _WRITERS[suffix](pose, Path(path))


def read_pose(path: str | Path) -> Pose3D:
    """Read what `write` wrote as .npz or .json; every array comes back bit by bit.

    Raises:
        InputError: the file is no such result, or is damaged.
        OSError: the file cannot be opened.
    """
    path = Path(path)
    try:
        if _starts_with(path, _ZIP):
            return pose_npz.read(path)
        if path.suffix.lower() == ".csv":
            raise InputError(
                "CSV is for other programs and is not read back; save as .npz or .json to load it"
            )
        return pose_json.parse(_load_json(path))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _read_fields(path: Path) -> dict[str, Any]:
    """What the file says, as keyword arguments of `Keypoints2D`."""
    if _starts_with(path, _NPY):
        return arrays.read_npy(path)
    if _starts_with(path, _ZIP):
        return arrays.read_npz(path)
    document = _load_json(path)
    if coco_wholebody.matches(document):
        return coco_wholebody.parse(document)
    return arrays.parse(document)


def _starts_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _load_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"got a file that is neither npy, npz nor whole JSON ({error})") from None


def _note(left_out: npt.NDArray[np.bool_], image_ids: npt.ArrayLike | None) -> str:
    where = "" if image_ids is None else f", in image {listed(np.asarray(image_ids)[left_out])}"
    return f"left out {name_people(left_out)}{where}: no two visible keypoints in different places"


def _rows(name: str, value: npt.ArrayLike, chosen: npt.NDArray[np.bool_]) -> npt.ArrayLike:
    """The chosen people's rows of a field; the field itself if it is one for everyone."""
    array = np.asarray(value)
    has_person_axis = array.ndim == _RANKS[name] + 1 and len(array) == len(chosen)
    return array[chosen] if has_person_axis else value
