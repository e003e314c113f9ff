"""Rerun: people in 3D and 2D in the viewer of rerun.io, live or as a recording (.rrd). Needs rerun-sdk.

Entities, in millimetres and in OpenCV's camera axes with the origin at the camera:

- `people/NAME`: the 133 keypoints in 3D, with `observed` and `error_mm` for each;
- `image/NAME`: the 2D input in pixels; `image` is the pinhole camera, where it does not differ by person;
- `description`: units, axes, camera and frame rate in words.

Timelines: `frame`, the image id, and `time`, in seconds, where the frame rate is known.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from wholebody_lift import atomic, tracks
from wholebody_lift.extras import RERUN
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import Pose3D
from wholebody_lift.skeleton import EDGES, KEYPOINT_NAMES

if TYPE_CHECKING:
    import rerun

FRAME = "opencv"


def write(pose: Pose3D, path: Path) -> None:
    """Write a recording. Raises ImportError without rerun, ValueError where it is not known who is who."""
    rr = RERUN.needed_for("Rerun")
    recording = rr.RecordingStream("wholebody-lift")
    memory = rr.memory_recording(recording)  # Rerun's own file writer hangs on a full disk
    log(pose, recording)
    atomic.write_bytes(path, memory.drain_as_bytes())
    recording.disconnect()


def log(pose: Pose3D, recording: rerun.RecordingStream | None = None) -> None:
    """Log into a recording, or, without one, into that of `rerun.init(...)`.

    Raises ImportError without rerun, ValueError where it is not known who is who.
    """
    rr = RERUN.needed_for("Rerun")
    pose = pose.to(FRAME)
    skeleton = rr.ClassDescription(
        info=(0, "person"),
        keypoint_annotations=list(enumerate(KEYPOINT_NAMES)),
        keypoint_connections=list(EDGES),
    )
    rate = "not known" if pose.fps is None else f"{pose.fps:g} frames per second"
    words = f"```\n{pose.summary()}\nrate    {rate}\n```\nThe origin of this log is the camera."
    for entity, what in (
        ("/", rr.ViewCoordinates.RDF),
        ("/", rr.AnnotationContext(skeleton)),
        ("description", rr.TextDocument(words, media_type=rr.MediaType.MARKDOWN)),
    ):
        rr.log(entity, what, static=True, recording=recording)

    who = tracks.each(pose)
    _, first_rows = np.unique(pose.image_ids, return_index=True)
    for first in first_rows:
        _set_time(rr, pose, first, recording)
        if pose.image_size is not None and pose.camera_source != "keypoints":
            rr.log("image", _camera(rr, pose, first), recording=recording)
        for name, rows in who:
            here = rows[pose.image_ids[rows] == pose.image_ids[first]]
            _log_person(rr, pose, name, here, recording)


def _log_person(
    rr: ModuleType,
    pose: Pose3D,
    name: str,
    rows: npt.NDArray[np.intp],
    recording: rerun.RecordingStream | None,
) -> None:
    """One person in one image: a row, or none if they are not there."""
    if not len(rows):
        for space in ("people", "image"):
            rr.log(f"{space}/{name}", rr.Clear(recursive=False), recording=recording)
        return
    row, observed = rows[0], pose.observed[rows[0]]
    rr.log(
        f"people/{name}",
        rr.Points3D(pose.in_camera[row], class_ids=0, keypoint_ids=np.arange(len(observed))),
        rr.AnyValues(observed=observed, error_mm=pose.error_mm[row]),
        recording=recording,
    )
    seen = rr.Points2D(pose.keypoints[row, observed], class_ids=0, keypoint_ids=np.flatnonzero(observed))
    rr.log(f"image/{name}", seen, recording=recording)


def _set_time(rr: ModuleType, pose: Pose3D, row: int, recording: rerun.RecordingStream | None) -> None:
    image_id = int(pose.image_ids[row])
    rr.set_time("frame", sequence=image_id, recording=recording)
    if pose.fps is not None:
        rr.set_time("time", duration=image_id / pose.fps, recording=recording)


def _camera(rr: ModuleType, pose: Pose3D, row: int) -> rerun.Pinhole:
    assert pose.image_size is not None
    camera: rerun.Pinhole = rr.Pinhole(
        image_from_camera=pose.K[row], resolution=pose.image_size[row], camera_xyz=rr.ViewCoordinates.RDF
    )
    return camera


KIND = Kind(
    ".rrd",
    "Rerun",
    "the Rerun viewer",
    write,
    frame=FRAME,
    extra=RERUN,
    obstacles=frozenset({"who"}),
)
