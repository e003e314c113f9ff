"""C3D, the exchange format of biomechanics: people over time, mm. Written only; needs ezc3d."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wholebody_lift import __version__, atomic
from wholebody_lift.extras import C3D
from wholebody_lift.formats.results.motion import Motion, Origin, Track, motion
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import FRAMES, Pose3D
from wholebody_lift.skeleton import KEYPOINT_NAMES, NUM_KEYPOINTS

_CAMERAS = 7  # a point's camera mask has this many bits; the first stands for our one camera
_BLOCK = 512  # bytes
_BYTES_PER_NUMBER = 4
_MOST_FRAMES = 65_535  # the header has 16 bits for their number
_ABSENT = -1.0  # the residual that marks a point as not there


def write(
    pose: Pose3D, path: Path, *, frame: str = "blender", origin: Origin = "ground", inferred: bool = True
) -> list[Path]:
    """Write people over time: one in a file, several in a file each, "walk-person7.c3d" for "walk.c3d".

    A C3D file has room for the names of 255 points. For more there is an extension, POINT:LABELS2, which
    OpenSim and py-c3d do not know. The files of several people have one clock and one origin.

    Points are called as the keypoints. The residual is the expected error in mm, in whole millimetres to 255;
    the first bit of the camera mask tells observed from inferred.

    Args:
        pose: people; the frame rate becomes POINT:RATE.
        path: where to write.
        frame: axes; z up by default, as is usual in C3D. POINT:X_SCREEN and Y_SCREEN and the group
            WHOLEBODY_LIFT say which.
        origin: see `motion.Origin`.
        inferred: False marks inferred keypoints as absent, as in frames without the person.

    Returns the files that were written.

    Raises ImportError without ezc3d, ValueError where it is not known who is who, or no frame rate, and for
    more frames than a file can count.
    """
    ezc3d = C3D.needed_for("C3D")
    moving = motion(pose, frame, origin)
    if moving.length > _MOST_FRAMES:
        raise ValueError(
            f"expected at most {_MOST_FRAMES:,} frames, as a C3D file counts no more, got {moving.length:,}; "
            "write shorter parts, such as pose[pose.image_ids < 65535], or .trc"
        )
    if len(moving.tracks) == 1:
        paths = [path]
    else:
        paths = [path.with_name(f"{path.stem}-{track.name}{path.suffix}") for track in moving.tracks]
    for track, target in zip(moving.tracks, paths, strict=True):
        file = ezc3d.c3d()
        _set_points(file["data"], track, moving.length, inferred)
        for group, name, value in _parameters(moving):
            file.add_parameter(group, name, value)
        with atomic.replacing(target) as new:
            file.write(str(new))
            _check_size(new, 4 * _BYTES_PER_NUMBER * NUM_KEYPOINTS * moving.length)
    return paths


def _set_points(data: Any, track: Track, length: int, inferred: bool) -> None:
    """Set the points of one person in ezc3d's data."""
    points = np.full((4, NUM_KEYPOINTS, length), np.nan)
    points[3] = 1
    residuals = np.full((1, NUM_KEYPOINTS, length), _ABSENT)
    masks = np.zeros((_CAMERAS, NUM_KEYPOINTS, length), dtype=bool)
    there = track.observed | inferred  # (T, 133)
    points[:3, :, track.frames] = np.where(there[..., None], track.xyz, np.nan).T
    residuals[0, :, track.frames] = np.where(there, track.error_mm.round().clip(0, 255), _ABSENT)
    masks[0, :, track.frames] = track.observed
    data["points"] = points
    data["meta_points"]["residuals"] = residuals
    data["meta_points"]["camera_masks"] = masks


def _check_size(path: Path, data_bytes: int) -> None:
    """Raise OSError if the file is shorter than its header and data: ezc3d does not say if it cannot write.

    Section 1 of the C3D user guide: the file begins with where the parameters are and 0x50, and word 9 of
    the header says at which block of 512 bytes the data begin.
    """
    with path.open("rb") as file:
        header = file.read(18)
    data_block = int.from_bytes(header[16:18], "little")
    whole = header[1:2] == b"\x50" and data_block > 1
    if not whole or path.stat().st_size < _BLOCK * (data_block - 1) + data_bytes:
        raise OSError(errno.EIO, "C3D file not completely written (is the disk full?)", str(path))


def _parameters(moving: Motion) -> list[tuple[str, str, Sequence[str | float]]]:
    return [
        ("POINT", "UNITS", ["mm"]),
        ("POINT", "RATE", [moving.fps]),
        ("POINT", "LABELS", KEYPOINT_NAMES),
        ("POINT", "DESCRIPTIONS", [""] * NUM_KEYPOINTS),
        ("POINT", "X_SCREEN", [_axis(moving.frame, (1, 0, 0))]),
        ("POINT", "Y_SCREEN", [_axis(moving.frame, (0, -1, 0))]),
        ("MANUFACTURER", "SOFTWARE", ["wholebody-lift"]),
        ("MANUFACTURER", "VERSION_LABEL", [__version__]),
        ("WHOLEBODY_LIFT", "FRAME", [moving.frame]),
        ("WHOLEBODY_LIFT", "ORIGIN", [moving.origin]),
        ("WHOLEBODY_LIFT", "DESCRIPTION", [moving.description]),
    ]


def _axis(frame: str, direction: tuple[int, int, int]) -> str:
    """The axis of a frame along a direction of the camera, such as "+X"."""
    along = FRAMES[frame].matrix @ direction
    axis = int(np.abs(along).argmax())
    return ("+" if along[axis] > 0 else "-") + "XYZ"[axis]


KIND = Kind(
    ".c3d",
    "C3D",
    "biomechanics",
    write,
    "Mokka, Visual3D, Vicon",
    extra=C3D,
    obstacles=frozenset({"who", "when"}),
    one_person=True,
    right_handed=True,
)
