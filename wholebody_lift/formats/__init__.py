"""Files: 2D keypoints in (`detections`), 3D results out and in again (`results`).

`mediapipe`, `mmpose`, `rtmlib`, `supervision` and `vitpose` take what these answer in memory; `trc`
reads marker files, and `rerun_log` logs to a running Rerun viewer.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wholebody_lift.formats.detections import (
        mediapipe,
        mmpose,
        read,
        rtmlib,
        supervision,
        vitpose,
        write_keypoints,
    )
    from wholebody_lift.formats.results import read_pose, rerun_log, trc, write

__all__ = [
    "mediapipe",
    "mmpose",
    "read",
    "read_pose",
    "rerun_log",
    "rtmlib",
    "supervision",
    "trc",
    "vitpose",
    "write",
    "write_keypoints",
]

_RESULTS = ("read_pose", "rerun_log", "trc", "write")


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: a help text about results does not wait for pydantic."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{'results' if name in _RESULTS else 'detections'}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
