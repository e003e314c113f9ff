"""Files: 2D keypoints in, 3D results out and in again. One module per format; the content decides which."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from wholebody_lift.errors import InputError, listed
from wholebody_lift.formats.detections import (
    alphapose,
    arrays,
    coco_wholebody,
    mediapipe,
    mmpose,
    openpose,
    rtmlib,
    supervision,
    vitpose,
)
from wholebody_lift.formats.detections.assemble import Fields, assemble
from wholebody_lift.formats.results import bvh, c3d, gltf, pose_csv, pose_json, pose_npz, rerun_log, trc
from wholebody_lift.keypoints import MIN_SCORE, Keypoints2D
from wholebody_lift.pose import Pose3D

__all__ = [
    "mediapipe",
    "mmpose",
    "read",
    "read_pose",
    "rtmlib",
    "supervision",
    "vitpose",
    "write",
    "write_keypoints",
]

_NPY = b"\x93NUMPY"
_ZIP = b"PK"  # an npz is a zip

_WRITERS: dict[str, Callable[..., None]] = {
    ".bvh": bvh.write,
    ".c3d": c3d.write,
    ".csv": pose_csv.write,
    ".glb": gltf.write,
    ".json": pose_json.write,
    ".npz": pose_npz.write,
    ".rrd": rerun_log.write,
    ".trc": trc.write,
}


class _Reader(Protocol):
    """A module that reads a JSON format of 2D keypoints."""

    LOOKED_FOR: str

    def matches(self, document: Any) -> bool: ...

    def parse(self, document: Any) -> Fields: ...


_READERS: tuple[_Reader, ...] = (mediapipe, mmpose, openpose, alphapose, coco_wholebody, arrays)
"""The first that matches reads."""

_KEYPOINT_WRITERS = {
    "arrays": arrays.write,
    "coco-wholebody": coco_wholebody.write,
    "mmpose": mmpose.write,
    "openpose": openpose.write,
}


def read(
    path: str | Path,
    *,
    image_size: npt.ArrayLike | None = None,
    K: npt.ArrayLike | None = None,
    distortion: npt.ArrayLike | None = None,
    height_mm: npt.ArrayLike | None = None,
    fps: float | None = None,
    min_score: float = MIN_SCORE,
) -> Keypoints2D:
    """Read 2D keypoints; the content decides the format, whatever the file is called.

    Formats: COCO-WholeBody, MMPose, OpenPose (a folder of frames too), ControlNet, AlphaPose and MediaPipe as
    JSON, and arrays as npy, npz or JSON; docs/formats.md has an example of each. Keypoints that a format
    lacks are missing, and those that it alone has are left out. What is given here replaces what the file
    says; shapes as in `Keypoints2D`. People without visible keypoints are left out.

    Raises:
        InputError: the file holds nothing that can be lifted; the text names it and says why.
        OSError: the file cannot be opened.

    Warns:
        InputWarning: keypoints or people were left out, or what was read looks wrong.
    """
    try:
        return assemble(
            _read_fields(Path(path)),
            {
                "image_size": image_size,
                "K": K,
                "distortion": distortion,
                "height_mm": height_mm,
                "fps": fps,
                "min_score": min_score,
            },
            source=f"{path}: ",
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def write_keypoints(people: Keypoints2D, path: str | Path, format: str = "coco-wholebody") -> None:
    """Write 2D keypoints for another program, or to `read` them again.

    Args:
        people: the detections.
        path: the file; for OpenPose the folder of its frames, or a .json for one image.
        format: "coco-wholebody" (JSON with everything but cameras and heights), "mmpose" (the JSON of its
            demos), "openpose" (BODY_25, face and hands) or "arrays" (npz with everything).

    Raises:
        InputError: there is no such format, or it cannot hold these people.
        OSError: the file cannot be written.
    """
    if format not in _KEYPOINT_WRITERS:
        raise InputError(f"got format {format!r}; one of {', '.join(_KEYPOINT_WRITERS)} was wanted")
    _KEYPOINT_WRITERS[format](people, Path(path))


def write(pose: Pose3D, path: str | Path, **options: Any) -> None:
    """Write a result; the suffix decides the format.

    .npz and .json hold everything, for `read_pose`; .csv is a table (`layout`: "long" or "wide"). .trc
    (OpenSim), .c3d, .bvh, .glb and .rrd (Rerun) are for other programs and hold people over time. Options,
    units and axes of each are in docs/exports.md.

    Raises:
        InputError: the suffix is none of these.
        ValueError: the format cannot hold the result (it is not known who is who, or the frame rate), or an
            option's value is not known.
        TypeError: the format has no such option.
        ImportError: the format needs a package that is not installed; the text names the extra.
        OSError: the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        raise InputError(f"{path}: got suffix {suffix!r}; one of {', '.join(_WRITERS)} was wanted")
    _WRITERS[suffix](pose, Path(path), **options)


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
        suffix = path.suffix.lower()
        if suffix in _WRITERS and suffix not in (".json", ".npz"):
            raise InputError(
                f"{suffix} is for other programs and is not read back; save as .npz or .json to load it"
            )
        return pose_json.parse(_load_json(path))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _read_fields(path: Path) -> Fields:
    """What the file says, as keyword arguments of `Keypoints2D`."""
    if path.is_dir():
        return _read_folder(path)
    if _starts_with(path, _NPY):
        fields = arrays.read_npy(path)
        keypoints = fields["keypoints"]
        return mediapipe.parse_flat(keypoints) if mediapipe.is_flat(keypoints) else fields
    if _starts_with(path, _ZIP):
        return arrays.read_npz(path)
    document = _load_json(path)
    for reader in _READERS:
        if reader.matches(document):
            return reader.parse(document)
    looked_for = ", ".join(reader.LOOKED_FOR for reader in _READERS)
    raise InputError(f"got {_outline(document)}, which is no format that is known. Looked for {looked_for}")


def _read_folder(path: Path) -> Fields:
    files = sorted(path.glob("*.json"))
    if not files:
        raise InputError("got a folder without .json files; OpenPose's folder of frames was wanted")
    return openpose.parse_folder({file.name: _load_json(file) for file in files})


def _outline(document: Any) -> str:
    """What parsed JSON looks like from afar."""
    if isinstance(document, dict):
        return f"an object with {listed(document)}"
    if isinstance(document, list):
        first = f", the first of them {_outline(document[0])}" if document else ""
        return f"a list of {len(document)}{first}"
    return repr(document)


def _starts_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _load_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"got a file that is neither npy, npz nor whole JSON ({error})") from None
