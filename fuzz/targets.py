"""What is fuzzed: readers of bytes, and what they may answer."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from wholebody_lift import InputError, Pose3D, formats

Target = Callable[[bytes], object]


def read_detections(content: bytes) -> None:
    """`formats.read`: people with finite keypoints, or an error that is promised."""
    people = formats.read(content, name="fuzzed", image_size=(640, 480))
    assert np.isfinite(people.keypoints[people.observed]).all()
    assert people.observed.any(axis=1).all()


def read_result(content: bytes) -> None:
    """`formats.read_pose`: a result of finite positions, or an error that is promised."""
    pose: Pose3D = formats.read_pose(content, name="fuzzed")
    assert np.isfinite(pose.xyz).all()


def read_trc(content: bytes) -> None:
    """`formats.trc.read` of a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "fuzzed.trc")
        path.write_bytes(content)
        formats.trc.read(path)


TARGETS: dict[str, Target] = {"result json": read_result, "result npz": read_result, "trc": read_trc}
"""Readers other than `read_detections`, by the name of their seeds."""


def run(name: str, content: bytes) -> bool:
    """Whether a reader took the content; False for an error that is promised, any other is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            TARGETS.get(name, read_detections)(content)
        except (InputError, OSError):
            return False
    return True
