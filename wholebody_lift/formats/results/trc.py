"""TRC, the marker trajectories that OpenSim and Pose2Sim read: one person, mm or, for Pose2Sim, m."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np

from wholebody_lift import atomic
from wholebody_lift._types import Floats
from wholebody_lift.errors import InputError
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
_FEW_VALUES, _VALUES_PER_BYTE = 1_000_000, 8
"""How many values a file of a size may have, most of them missing."""

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
        ("PathFileType", "4", "(X/Y/Z)", "".join(c if c.isprintable() else "_" for c in path.name)),
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
        InputError: the file is no TRC, its unit is none of mm, cm and m, or it is damaged; the text names it.
        OSError: the file cannot be opened.
    """
    content = Path(path).read_bytes()
    try:
        return _parse(content.decode("utf-8-sig"))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: expected a TRC file, got one that is not text") from None


def _parse(text: str) -> Markers:
    lines = [line.split("\t") for line in text.splitlines()]
    if len(lines) < _HEADER or lines[0][0] != "PathFileType":
        raise InputError("expected a TRC file, which begins with PathFileType and four more lines of header")
    header = dict(zip(lines[1], lines[2], strict=False))
    unit = header.get("Units", "").strip()
    if unit not in _MILLIMETRES:
        raise InputError(f"expected Units {', '.join(_MILLIMETRES)}, got {unit!r}")
    rate = _number(header.get("DataRate", ""), "DataRate")
    if not 0 < rate < np.inf:
        raise InputError(f"expected a DataRate over 0, got {rate:g}")
    names = tuple(cell.strip() for cell in lines[3][2:] if cell.strip())
    cells = 2 + 3 * len(names)
    rows = [line for line in lines[_HEADER:] if "".join(line).strip()]
    # Rows may end early, where the last markers are missing, but a few short rows are no large recording.
    if len(rows) * cells > _FEW_VALUES + _VALUES_PER_BYTE * len(text):
        raise InputError(f"expected {cells} cells in each of {len(rows)} rows, got a much shorter file")
    values = np.full((len(rows), cells - 1), np.nan)
    for number, row in enumerate(rows):
        for place, cell in enumerate(row[1:cells]):  # a program may add an empty cell
            if cell.strip():
                values[number, place] = _number(cell, f"cell {place + 2} of frame {number + 1}")
    xyz = _MILLIMETRES[unit] * values[:, 1:].reshape(len(rows), len(names), 3)
    return Markers(names, values[:, 0], xyz, rate)


def _number(cell: str, place: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise InputError(f"expected a number in {place}, got {cell[:20]!r}") from None


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
    one_person=True,
    names=get_args(Names),
    right_handed=True,
)
