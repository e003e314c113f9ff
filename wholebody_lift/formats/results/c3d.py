"""C3D, the exchange format of biomechanics: people over time, mm. Written only; needs ezc3d."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wholebody_lift import __version__, atomic
from wholebody_lift.extras import C3D
from wholebody_lift.formats.results.motion import Motion, Origin, motion
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import FRAMES, Pose3D
from wholebody_lift.skeleton import KEYPOINT_NAMES, NUM_KEYPOINTS

_CAMERAS = 7  # a point's camera mask has this many bits; the first stands for our one camera
_BLOCK = 512  # bytes
_BYTES_PER_NUMBER = 4
_ABSENT = -1.0  # the residual that marks a point as not there


def write(
    pose: Pose3D, path: Path, *, frame: str = "blender", origin: Origin = "ground", inferred: bool = True
) -> None:
    """Write people over time.

    Points are called as the keypoints, with "person7:" before the name where there are several people. The
    residual is the expected error in mm, in whole millimetres to 255; the first bit of the camera mask
    tells observed from inferred.

    Args:
        pose: people; the frame rate becomes POINT:RATE.
        path: where to write.
        frame: axes; z up by default, as is usual in C3D. POINT:X_SCREEN and Y_SCREEN and the group
            WHOLEBODY_LIFT say which.
        origin: see `motion.Origin`.
        inferred: False marks inferred keypoints as absent, as in frames without the person.

    Raises ImportError without ezc3d, ValueError where it is not known who is who, or no frame rate.
    """
    ezc3d = C3D.needed_for("C3D")
    moving = motion(pose, frame, origin)
    shape = (len(moving.tracks), NUM_KEYPOINTS, moving.length)
    points = np.full((4, *shape), np.nan)
    points[3] = 1
    residuals = np.full(shape, _ABSENT)
    masks = np.zeros((_CAMERAS, *shape), dtype=bool)
    for i, track in enumerate(moving.tracks):
        there = track.observed | inferred  # (T, 133)
        points[:3, i, :, track.frames] = np.where(there[..., None], track.xyz, np.nan).swapaxes(1, 2)
        residuals[i, :, track.frames] = np.where(there, track.error_mm.round().clip(0, 255), _ABSENT)
        masks[0, i, :, track.frames] = track.observed

    file = ezc3d.c3d()
    file["data"]["points"] = points.reshape(4, -1, moving.length)
    file["data"]["meta_points"]["residuals"] = residuals.reshape(1, -1, moving.length)
    file["data"]["meta_points"]["camera_masks"] = masks.reshape(_CAMERAS, -1, moving.length)
    for group, name, value in _parameters(moving):
        file.add_parameter(group, name, value)
    with atomic.replacing(path) as new:
        file.write(str(new))
        _check_size(new, 4 * _BYTES_PER_NUMBER * shape[0] * shape[1] * shape[2])


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
    several = len(moving.tracks) > 1
    labels = [
        f"{track.name}:{name}" if several else name for track in moving.tracks for name in KEYPOINT_NAMES
    ]
    return [
        ("POINT", "UNITS", ["mm"]),
        ("POINT", "RATE", [moving.fps]),
        ("POINT", "LABELS", labels),
        ("POINT", "DESCRIPTIONS", [""] * len(labels)),
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
)
