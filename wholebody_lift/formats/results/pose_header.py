"""The header of a result file: units, frame, skeleton, and what was assumed."""

from __future__ import annotations

from typing import Any

from wholebody_lift.errors import InputError
from wholebody_lift.pose import FIELD_NAMES, FRAMES, Pose3D
from wholebody_lift.skeleton import EDGES, KEYPOINT_NAMES, PARENTS, PARTS

FORMAT = "wholebody-lift pose"
VERSION = 1

HEADER_FIELDS = ("camera_source", "scale_source", "fps", "frame")
"""The fields of a Pose3D that hold for everyone and stand in the header."""

ARRAY_FIELDS = tuple(name for name in FIELD_NAMES if name not in HEADER_FIELDS)
"""The fields that have a person axis."""

OPTIONAL_FIELDS = ("image_size", "track_ids")
"""The fields with a person axis that are left out where they are not known."""

_UNITS = {
    "xyz": "mm from the origin of the frame",
    "error_mm": "mm, expected distance from the truth",
    "translation": "mm from the camera to the origin of the frame",
    "K": "px",
    "distortion": "Brown-Conrady k1, k2, p1, p2, k3, without unit",
    "reprojection_error_px": "px",
    "keypoints": "px from the upper left corner of the image; null or NaN where missing",
    "scores": "0 to 1; 0 where missing",
    "image_size": "width, height in px",
}


def header(pose: Pose3D) -> dict[str, Any]:
    """The description of a result, as plain JSON values."""
    frame = FRAMES[pose.frame]
    return {
        "format": FORMAT,
        "version": VERSION,
        "units": _UNITS,
        "frame": {
            "name": pose.frame,
            "x": frame.x,
            "y": frame.y,
            "z": frame.z,
            "handedness": frame.handedness,
            "origin": "midpoint of left_hip and right_hip",
        },
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
        named = {name: header[name] for name in HEADER_FIELDS}
        return {**named, "frame": header["frame"]["name"]}
    except (KeyError, TypeError, IndexError):
        raise InputError(
            "expected a 3D result as Pose3D.save writes it, got a file without its description"
        ) from None
