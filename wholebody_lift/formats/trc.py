"""TRC, the marker trajectories that OpenSim and Pose2Sim read: one person, mm. Written only."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import numpy as np

from wholebody_lift.formats.motion import Origin, motion
from wholebody_lift.pose import Pose3D
from wholebody_lift.skeleton import FACE_FEATURES, KEYPOINT_NAMES

Names = Literal["keypoints", "pose2sim"]
"""What markers are called: as the keypoints, or as in Pose2Sim's skeleton COCO_133 and its marker sets."""

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
        names: "keypoints", or "pose2sim" for Pose2Sim's marker sets.
        inferred: False leaves the places of inferred keypoints empty, as those of frames without the person.

    Raises ValueError where there are several people, no frame rate, or an option is not known.
    """
    if names not in get_args(Names):
        raise ValueError(f"got names {names!r}; one of {', '.join(get_args(Names))} was wanted")
    moving = motion(pose, frame, origin)
    track = moving.only_track("a TRC file")
    xyz = track.xyz if inferred else np.where(track.observed[..., None], track.xyz, np.nan)
    markers = KEYPOINT_NAMES if names == "keypoints" else POSE2SIM_NAMES
    rate, count = f"{moving.fps:.10g}", str(moving.length)
    axes = (f"{axis}{number}" for number in range(1, len(markers) + 1) for axis in "XYZ")
    lines = [
        ("PathFileType", "4", "(X/Y/Z)", path.name),
        (
            *("DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units"),
            *("OrigDataRate", "OrigDataStartFrame", "OrigNumFrames"),
        ),
        (rate, rate, count, str(len(markers)), "mm", rate, "1", count),
        ("Frame#", "Time", *(cell for marker in markers for cell in (marker, "", "")), ""),
        ("", "", *axes, ""),
        (),
    ]
    rows: list[tuple[str, ...]] = [("",) * 3 * len(markers)] * moving.length
    for number, values in zip(track.frames, xyz.reshape(len(xyz), -1), strict=True):
        rows[number] = tuple("" if np.isnan(value) else f"{value:.3f}" for value in values)
    for number, row in enumerate(rows):
        # OpenSim overlooks the last cell of a row if it is empty, so an empty one follows what is needed.
        lines.append((str(number + 1), f"{number / moving.fps:.6f}", *row, ""))
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")


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
