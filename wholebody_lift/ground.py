"""The ground that people stand on: which way is down, and how high the camera is above the floor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from wholebody_lift._types import AnyFloats, Floats

GroundSource = Literal["people", "gravity", "camera_height", "given"]
"""Where a `Ground` comes from: estimated from the people; estimated, with gravity or the height of the camera
given; or both given."""

LEAST_LEVEL = 0.2
"""A camera whose axis (a unit vector) has a smaller horizontal part than this looks straight down or up; then
the top of the picture defines forward."""


@dataclass(frozen=True)
class Ground:
    """The floor, as one camera that does not move sees it.

    Attributes:
        down: unit vector along gravity, in OpenCV camera axes (x right, y down, z forward) in every frame of
            the result.
        camera_height_mm: height of the camera above the floor.
        down_spread_deg: by how many degrees `down` may be off, about (root mean square).
        height_spread_mm: by how many mm the floor may be off where the people stand, likewise.
        source: see `GroundSource`.
    """

    down: tuple[float, float, float]
    camera_height_mm: float
    down_spread_deg: float
    height_spread_mm: float
    source: GroundSource = "people"

    def __post_init__(self) -> None:
        numbers = (*self.down, self.camera_height_mm, self.down_spread_deg, self.height_spread_mm)
        if len(self.down) != 3 or not all(math.isfinite(number) for number in numbers):
            raise ValueError(f"expected a ground of finite numbers, got {self}")
        if abs(math.hypot(*self.down) - 1) > 1e-3:
            raise ValueError(f"expected down as a unit vector, got {self.down}")
        if self.source not in get_args(GroundSource):
            raise ValueError(f"expected source {' or '.join(get_args(GroundSource))}, got {self.source!r}")

    @property
    def matrix(self) -> Floats:
        """(3, 3): coordinates in the axes of frame "world" = matrix @ coordinates in the camera's axes.

        x is level and points right in the picture, z points up, and y is level and points away from the
        camera. It is that of frame "blender" for a camera that is held level.
        """
        up = -np.array(self.down)
        forward = np.array([0.0, 0.0, 1.0])
        if abs(up[2]) > math.sqrt(1 - LEAST_LEVEL**2):  # looks up or down: the top of the picture is forward
            forward = np.array([0.0, -math.copysign(1.0, -up[2]), 0.0])
        away = forward - (forward @ up) * up
        away /= np.linalg.norm(away)
        return np.stack([np.cross(away, up), away, up])

    def height_of(self, in_camera: AnyFloats) -> Floats:
        """(...,) height in mm above the floor of positions (..., 3) mm from the camera, in its axes."""
        return np.asarray(self.camera_height_mm - np.asarray(in_camera, np.float64) @ np.array(self.down))

    def in_words(self) -> str:
        """Such as "camera 1,430 mm above the floor (± 60 mm where people stand), tilted 8° down; ..."."""
        return (
            f"camera {self.camera_height_mm:,.0f} mm above the floor (± {self.height_spread_mm:.0f} mm where "
            f"people stand), {_tilt(self.down)}; down ± {self.down_spread_deg:.1f}°, {_WORDS[self.source]}"
        )


_WORDS: dict[GroundSource, str] = {
    "people": "estimated from the people",
    "gravity": "with gravity as given",
    "camera_height": "with the camera's height as given",
    "given": "as given",
}


def _tilt(down: tuple[float, float, float]) -> str:
    """How a camera is held, in whole degrees."""
    x, y, z = down
    pitch = math.degrees(math.asin(max(-1.0, min(1.0, z))))
    roll = math.degrees(math.atan2(x, y))
    words = [f"tilted {abs(pitch):.0f}° {'down' if pitch > 0 else 'up'}"] if abs(pitch) >= 0.5 else []
    if abs(roll) >= 0.5:
        words.append(f"rolled {abs(roll):.0f}°")
    return " and ".join(words) or "level"
