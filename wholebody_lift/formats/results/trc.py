"""TRC, the marker trajectories that OpenSim and Pose2Sim read: one person, mm or, for Pose2Sim, m."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np

from wholebody_lift import atomic
from wholebody_lift._types import Floats
from wholebody_lift.formats.results.motion import Origin, motion
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import Pose3D
from wholebody_lift.skeleton import FACE_FEATURES, KEYPOINT_NAMES

Names = Literal["keypoints", "pose2sim"]
"""What markers are called: as the keypoints, or as in Pose2Sim's skeleton COCO_133 and its marker sets."""

_UNITS: dict[Names, str] = {"keypoints": "mm", "pose2sim": "m"}
"""The unit of a file with these names, as its header says. Pose2Sim takes all numbers for metres."""
_DECIMALS = {"mm": 3, "m": 6}
_MILLIMETRES = {"mm": 1.0, "cm": 10.0, "m": 1000.0}
_HEADER = 5  # lines before those of the frames

_FACE_PREFIXES = {
    "jaw": "Jaw",
    "right_brow": "EyebrowR",
    "left_brow": "EyebrowL",
    "nose": "Nose",
    "right_eye": "REye",
    "left_eye": "LEye",
    "mouth": "Mouth",
}
_FINGER_PREFIXES = {"forefinger": "Index", "middle_finger": "Middle", "ring_finger": "Ring"}
_PLAIN_IN_POSE2SIM = {"Thumb2": "Thumb", "Index1": "Index", "Pinky1": "Pinky"}  # the markers of its hands


class Markers(NamedTuple):
    """What a TRC file holds: M markers over T frames."""

    names: tuple[str, ...]
    """(M,)"""
    times: Floats
    """(T,) s"""
    xyz: Floats
    """(T, M, 3) mm, whatever the unit of the file; NaN where a marker is not there."""
    fps: float


def write(
    pose: Pose3D,
    path: Path,
    *,
    frame: str = "opensim",
    origin: Origin = "ground",
    names: Names = "keypoints",
    inferred: bool = True,
) -> None:
    """Write one person over time.

    Args:
        pose: one person; the frame rate becomes DataRate.
        path: where to write.
        frame: axes; y up by default, as OpenSim wants it. TRC has no place to say which.
        origin: see `motion.Origin`.
        names: "keypoints", in mm, or "pose2sim" for Pose2Sim's marker sets, in m; the header says it.
        inferred: False leaves the places of inferred keypoints empty, as those of frames without the person.

    Raises ValueError where there are several people, no frame rate, or an option is not known.
    """
    if names not in get_args(Names):
        raise ValueError(f"expected names {' or '.join(get_args(Names))}, got {names!r}")
    moving = motion(pose, frame, origin)
    track = moving.only_track("a TRC file")
    unit = _UNITS[names]
    xyz = (track.xyz if inferred else np.where(track.observed[..., None], track.xyz, np.nan)) / _MILLIMETRES[
        unit
    ]
    markers = KEYPOINT_NAMES if names == "keypoints" else POSE2SIM_NAMES
    rate, count = f"{moving.fps:.10g}", str(moving.length)
    axes = (f"{axis}{number}" for number in range(1, len(markers) + 1) for axis in "XYZ")
    lines = [
        ("PathFileType", "4", "(X/Y/Z)", path.name),
        (
            *("DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units"),
            *("OrigDataRate", "OrigDataStartFrame", "OrigNumFrames"),
        ),
        (rate, rate, count, str(len(markers)), unit, rate, "1", count),
        ("Frame#", "Time", *(cell for marker in markers for cell in (marker, "", "")), ""),
        ("", "", *axes, ""),
        (),
    ]
    rows: list[tuple[str, ...]] = [("",) * 3 * len(markers)] * moving.length
    for number, values in zip(track.frames, xyz.reshape(len(xyz), -1), strict=True):
        rows[number] = tuple("" if np.isnan(value) else f"{value:.{_DECIMALS[unit]}f}" for value in values)
    for number, row in enumerate(rows):
        # OpenSim overlooks the last cell of a row if it is empty, so an empty one follows what is needed.
        lines.append((str(number + 1), f"{number / moving.fps:.6f}", *row, ""))
    atomic.write_text(path, "".join("\t".join(line) + "\n" for line in lines))


def read(path: str | Path) -> Markers:
    """The markers of a TRC file, ours or another program's, by the unit that its header says.

    Raises:
        ValueError: the file is no TRC, or its unit is none of mm, cm and m; the text names it.
        OSError: the file cannot be opened.
    """
    lines = [line.split("\t") for line in Path(path).read_text(encoding="utf-8").splitlines()]
    if len(lines) < _HEADER or lines[0][0] != "PathFileType":
        raise ValueError(f"{path}: got a file without the header of a TRC, which begins with PathFileType")
    header = dict(zip(lines[1], lines[2], strict=False))
    unit = header.get("Units", "").strip()
    if unit not in _MILLIMETRES:
        raise ValueError(f"{path}: got Units {unit!r}; one of {', '.join(_MILLIMETRES)} was wanted")
    names = tuple(cell.strip() for cell in lines[3][2:] if cell.strip())
    cells = 2 + 3 * len(names)
    # A program may leave out the empty cells at the end of a row, or add one.
    rows = [(line + [""] * cells)[:cells] for line in lines[_HEADER:] if "".join(line).strip()]
    values = np.array([[float(cell) if cell.strip() else np.nan for cell in row[1:]] for row in rows])
    values = values.reshape(len(rows), cells - 1)
    xyz = _MILLIMETRES[unit] * values[:, 1:].reshape(len(rows), len(names), 3)
    return Markers(names, values[:, 0], xyz, float(header["DataRate"]))


def _pose2sim_name(keypoint: int, name: str) -> str:
    for feature, numbers in FACE_FEATURES.items():
        if keypoint in numbers:
            return f"{_FACE_PREFIXES[feature]}{numbers.index(keypoint) + 1}"
    side, _, rest = name.partition("_")
    if not rest:
        return name.capitalize()
    for finger, prefix in _FINGER_PREFIXES.items():
        rest = rest.replace(finger, prefix)
    rest = "".join(word[0].upper() + word[1:] for word in rest.replace("pinky_finger", "pinky").split("_"))
    return side[0].upper() + _PLAIN_IN_POSE2SIM.get(rest, rest)


POSE2SIM_NAMES: tuple[str, ...] = tuple(
    _pose2sim_name(keypoint, name) for keypoint, name in enumerate(KEYPOINT_NAMES)
)
"""What Pose2Sim calls the keypoints; it has no name for the roots of the hands, which get their own."""


KIND = Kind(
    ".trc",
    "TRC",
    "OpenSim",
    write,
    "Pose2Sim",
    unit="mm; m for Pose2Sim",
    obstacles=frozenset({"who", "when", "several"}),
)
