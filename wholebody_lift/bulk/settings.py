"""What is the same for all parts of a job, and travels to every worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from wholebody_lift import checks, layouts
from wholebody_lift.checks import MIN_SCORE
from wholebody_lift.errors import InputError
from wholebody_lift.pose import FRAMES, WORLD

PART_ROWS = 16_384
"""Rows of a part, unless the caller sets another number: a minute of one CPU core, 40 MB of output."""


@dataclass(frozen=True)
class Settings:
    """What decides the content of the output.

    Attributes:
        weights, revision: as `Lifter.from_pretrained` takes them.
        smooth: lift each person's track as one motion, with `Lifter.lift_sequence`.
        smoothness, lock_feet: as of `Lifter.lift_sequence`.
        fps: frames per second, in place of what the input says.
        min_score, layout: as of `formats.read`.
        known: what else `Keypoints2D` takes of cameras and people (image_size, K, height_mm, gravity, ...).
            It applies to everyone and replaces the value in the input.
        frame: axes of the output, one of `FRAMES`.
        part_rows: rows of a part.

    Raises InputError for a value out of range.
    """

    weights: str | Path | None = None
    revision: str | None = None
    smooth: bool = False
    smoothness: float = 1.0
    lock_feet: bool = False
    fps: float | None = None
    min_score: float = MIN_SCORE
    layout: str | None = None
    known: Mapping[str, Any] = field(default_factory=dict)
    frame: str = "opencv"
    part_rows: int = PART_ROWS

    def __post_init__(self) -> None:
        checks.smoothness(self.smoothness)
        checks.min_score(self.min_score)
        if self.fps is not None:
            checks.fps(self.fps)
        if self.layout is not None:
            layouts.named(self.layout)
        if self.frame not in FRAMES or self.frame == WORLD:
            frames = ", ".join(frame for frame in FRAMES if frame != WORLD)
            raise InputError(f"expected one of the frames {frames}, got {self.frame!r}")
        if self.lock_feet and not self.smooth:
            raise InputError("expected smooth=True with lock_feet, got smooth=False; feet stand in a motion")
        if self.smoothness != 1 and not self.smooth:
            raise InputError(
                f"expected smooth=True with smoothness={self.smoothness:g}, got smooth=False; rows that are "
                "lifted one by one are not smoothed"
            )
        if self.part_rows < 1:
            raise InputError(f"expected at least 1 row in a part, got part_rows={self.part_rows}")

    def as_json(self) -> dict[str, Any]:
        """Plain values, for the manifest."""
        return asdict(self) | {"weights": None if self.weights is None else str(self.weights)}


@dataclass(frozen=True)
class Job:
    """Where a job reads and writes, and how it lifts.

    Attributes:
        source: the file or folder to read; every worker sees it under this path.
        out: the folder to write; likewise.
        settings: what decides the content of the output.
        sha256: fingerprint of the network, the same on every worker.
        device: as `Lifter` takes it.
    """

    source: Path
    out: Path
    settings: Settings
    sha256: str
    device: str = "auto"
