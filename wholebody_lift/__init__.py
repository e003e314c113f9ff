"""Lift 133 COCO-WholeBody keypoints from 2D to 3D, in millimetres."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wholebody_lift.errors import InputError, InputWarning, WeightsError
    from wholebody_lift.keypoints import Keypoints2D
    from wholebody_lift.lifter import Lifter
    from wholebody_lift.live import LiveLifter
    from wholebody_lift.pose import Pose3D

__version__ = "0.1.0"

__all__ = ["InputError", "InputWarning", "Keypoints2D", "Lifter", "LiveLifter", "Pose3D", "WeightsError"]

_HOMES = {
    "InputError": "errors",
    "InputWarning": "errors",
    "Keypoints2D": "keypoints",
    "Lifter": "lifter",
    "LiveLifter": "live",
    "Pose3D": "pose",
    "WeightsError": "errors",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: reading a result or a help text does not wait for torch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
