"""MOT, joint angles over time for OpenSim: one person, degrees and metres, y up. Written only."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wholebody_lift import atomic
from wholebody_lift.body.joint_angles import POSITIONS, TURNS, continuous, opensim_coordinates
from wholebody_lift.formats.results.motion import Origin, motion
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import Pose3D

FRAME = "opensim"
"""x away from the camera, y up, z right in the image."""

_METRES = 0.001  # in one millimetre


def write(pose: Pose3D, path: Path, *, origin: Origin = "ground") -> None:
    """Write one person over time as coordinates of OpenSim's full-body model (see `opensim_coordinates`).

    Every frame is written, from the person's first to the last; the keypoints of frames without the person
    are on straight lines between their neighbours. Angles go on beyond 180 degrees instead of jumping.

    Args:
        pose: one person, with a frame rate if there are several frames.
        path: where to write.
        origin: see `motion.Origin`.

    Raises ValueError where there are several people, no frame rate, or the origin is not known.
    """
    moving = motion(pose, FRAME, origin)
    track = moving.only_track("a MOT file")
    columns = opensim_coordinates(track.without_gaps())
    for name, values in columns.items():
        columns[name] = values * _METRES if name in POSITIONS else np.unwrap(values, period=360)
    for names in TURNS:
        turns = continuous(np.stack([columns[name] for name in names], axis=-1))
        columns |= dict(zip(names, turns.T, strict=True))
    table = np.stack(list(columns.values()), axis=1)
    seconds = (track.frames[0] + np.arange(len(table))) / moving.fps
    lines = [
        "".join(c if c.isprintable() else "_" for c in path.stem),
        "version=1",
        f"nRows={len(table)}",
        f"nColumns={1 + len(columns)}",
        "inDegrees=yes",
        "endheader",
        "\t".join(("time", *columns)),
        *(
            "\t".join((f"{time:.6f}", *(f"{value:.6f}" for value in row)))
            for time, row in zip(seconds, table, strict=True)
        ),
    ]
    atomic.write_text(path, "\n".join(lines) + "\n")


KIND = Kind(
    ".mot",
    "MOT",
    "OpenSim, joint angles",
    write,
    "the full-body model of Rajagopal et al.",
    unit="degrees; m",
    frame=FRAME,
    obstacles=frozenset({"who", "when", "several"}),
    one_person=True,
)
