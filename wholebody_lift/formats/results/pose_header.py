"""The header of a result file: units, frame, skeleton, and what was assumed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from wholebody_lift.errors import InputError, name_people
from wholebody_lift.ground import Ground
from wholebody_lift.pose import FIELD_NAMES, FRAMES, OPTIONAL_FIELDS, WORLD, Pose3D
from wholebody_lift.skeleton import EDGES, KEYPOINT_NAMES, PARENTS, PARTS

FORMAT = "wholebody-lift pose"
VERSION = 1

HEADER_FIELDS = ("camera_source", "scale_source", "fps", "frame", "ground")
"""The fields of a Pose3D that hold for everyone and stand in the header."""

ARRAY_FIELDS = tuple(name for name in FIELD_NAMES if name not in HEADER_FIELDS)
"""The fields that have a person axis."""

DTYPES: dict[str, type[np.generic]] = {
    **dict.fromkeys(ARRAY_FIELDS, np.float32),
    **dict.fromkeys(("K", "distortion", "image_size"), np.float64),
    "observed": np.bool_,
    "image_ids": np.int64,
    "track_ids": np.int64,
    "feet_held": np.bool_,
    "contacts_held": np.bool_,
}

_MAY_BE_NAN = ("keypoints", "reprojection_error_px", "frame_by_frame_px")

_UNITS = {
    "xyz": "mm from the origin of the frame",
    "error_mm": "mm, expected distance from the truth",
    "translation": "mm from the camera to the origin of the frame",
    "K": "px",
    "distortion": "Brown-Conrady k1, k2, p1, p2, k3, without unit",
    "reprojection_error_px": "px",
    "frame_by_frame_px": "px, the reprojection error of each frame lifted by itself",
    "keypoints": "px from the upper left corner of the image; null or NaN where missing",
    "scores": "0 to 1; 0 where missing",
    "image_size": "width, height in px",
}


_IN_WORLD = "mm from the point of the floor under the camera to the origin of the frame"
"""Unit of `translation` in frame "world"."""


def header(pose: Pose3D) -> dict[str, Any]:
    """The description of a result, as plain JSON values."""
    frame = FRAMES[pose.frame]
    return {
        "format": FORMAT,
        "version": VERSION,
        "units": _UNITS | ({"translation": _IN_WORLD} if pose.frame == WORLD else {}),
        "frame": {
            "name": pose.frame,
            "x": frame.x,
            "y": frame.y,
            "z": frame.z,
            "handedness": frame.handedness,
            "origin": "midpoint of left_hip and right_hip",
        },
        **({} if pose.ground is None else {"ground": asdict(pose.ground)}),
        "camera_source": pose.camera_source,
        "scale_source": pose.scale_source,
        "fps": pose.fps,
        "skeleton": {
            "layout": "COCO-WholeBody",
            "names": list(KEYPOINT_NAMES),
            "parents": list(PARENTS),
            "edges": [list(edge) for edge in EDGES],
            "parts": {name: [part.start, part.stop] for name, part in PARTS.items()},
        },
    }


def fields(header: Any) -> dict[str, Any]:
    """The `HEADER_FIELDS` of a description; the inverse of `header`. Raises InputError for another file."""
    try:
        if header["format"] != FORMAT or header["version"] != VERSION:
            raise InputError(
                f"expected format {FORMAT!r} version {VERSION}, got {header['format']!r} version "
                f"{header['version']!r}; read it with the release that wrote it"
            )
        if header["skeleton"]["names"] != list(KEYPOINT_NAMES):
            raise InputError("expected the keypoint names of COCO-WholeBody, in their order, got others")
        named = {name: header[name] for name in HEADER_FIELDS if name != "ground"}
        return {
            **named,
            "frame": str(header["frame"]["name"]),
            "ground": None if header.get("ground") is None else _ground(header["ground"]),
        }
    except (KeyError, TypeError, IndexError, AttributeError):
        raise InputError(
            "expected a 3D result as Pose3D.save writes it, got a file without its description"
        ) from None


def _ground(described: dict[str, Any]) -> Ground:
    try:
        return Ground(**{**described, "down": tuple(described["down"])})
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the result is damaged: ground: {error}; save it again") from None


def restore(described: Mapping[str, Any], arrays: Mapping[str, npt.ArrayLike]) -> Pose3D:
    """The result of a description's `fields` and of arrays by name, checked as input is.

    Raises InputError, which names the field, if something is missing, or cannot be in a result.
    """
    missing = [name for name in ARRAY_FIELDS if name not in arrays and name not in OPTIONAL_FIELDS]
    if missing:
        raise InputError(f"expected a result with {', '.join(missing)}, got one without; save it again")
    checked: dict[str, Any] = {}
    for name, value in arrays.items():
        try:
            checked[name] = _checked(name, np.asarray(value))
        except (ValueError, TypeError, OverflowError) as error:
            raise InputError(f"the result is damaged: {name}: {error}; save it again") from None
    try:
        return Pose3D(**checked, **described)
    except (ValueError, TypeError) as error:
        raise InputError(f"the result is damaged: {error}; save it again") from None


def _checked(name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A field's array in its type. Raises ValueError where a value cannot be."""
    dtype = np.dtype(DTYPES[name])
    if values.dtype.kind not in {"b": "b", "i": "iu", "f": "iufO"}[dtype.kind]:
        raise ValueError(f"expected {dtype.name}, got {values.dtype.name}")
    if dtype.kind == "i" and values.dtype.kind == "u" and (values > np.iinfo(np.int64).max).any():
        raise ValueError("expected whole numbers under 2**63")
    with np.errstate(over="ignore"):
        values = values.astype(dtype)
    if dtype.kind == "f":
        per_person = values.reshape(len(values), math.prod(values.shape[1:]))
        wrong = np.isinf(per_person) if name in _MAY_BE_NAN else ~np.isfinite(per_person)
        if wrong.any():
            raise ValueError(f"expected finite numbers, got others for {name_people(wrong.any(axis=1))}")
        least, most = _LIMITS.get(name, (-np.inf, np.inf))
        if (values < least).any() or (values > most).any():
            raise ValueError(f"expected numbers from {least:g} to {most:g}")
    return values


_LIMITS = {
    "error_mm": (0.0, np.inf),
    "scores": (0.0, 1.0),
    "reprojection_error_px": (0.0, np.inf),
    "frame_by_frame_px": (0.0, np.inf),
}
