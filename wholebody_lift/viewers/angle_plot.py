"""The joint angles of a person over time, with their expected errors, as a static figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wholebody_lift import tracks
from wholebody_lift._types import AnyFloats, Floats
from wholebody_lift.body.joint_angles import ANGLES, joint_angles
from wholebody_lift.errors import InputError
from wholebody_lift.extras import PLOT
from wholebody_lift.pose import Pose3D
from wholebody_lift.viewers import figure, palette
from wholebody_lift.viewers.views import in_opencv

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3
_PANEL = (2.9, 1.35)  # inches
_GROUPS = {"left": "body_left", "right": "body_right", "": "body_middle"}
"""The colours of each side and of the middle."""
_BAND = 0.2  # opacity


class _Line(NamedTuple):
    """An angle over time: one side's, or that of the middle."""

    side: str
    degrees: Floats
    error: Floats


def plot(pose: Pose3D) -> Figure:
    """Draw every joint angle (see `body.joint_angles`) of one person as a matplotlib Figure.

    A panel per joint angle, in degrees: the person's left and right in their colours, the middle in grey,
    over seconds, or over image ids where no frame rate is known. The band reaches one expected error to each
    side, and an angle of a single image has a bar. Angles go on beyond 180 degrees instead of jumping.

    Save it with `write`, or with `figure.savefig`.

    Raises InputError for several people or nobody, ImportError without matplotlib.
    """
    PLOT.needed_for("a plot")
    from matplotlib.figure import Figure

    if len(pose) == 0:
        raise InputError("expected one person to plot, got nobody")
    if len(people := tracks.each(pose)) > 1:
        raise InputError(f"expected one person to plot, got {len(people)}; choose one with --track")
    pose = pose[people[0][1]]
    panels = _panels(pose)
    when, label = _clock(pose)
    rows = -(-len(panels) // _COLUMNS)
    drawing = Figure(figsize=(_PANEL[0] * _COLUMNS, _PANEL[1] * rows + 0.4), layout="constrained")
    grid = np.ravel(drawing.subplots(rows, _COLUMNS, sharex=True, squeeze=False))
    for axes, (name, lines) in zip(grid, panels.items(), strict=False):
        _draw(axes, name, lines, when)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    for axes in grid[len(panels) - _COLUMNS : len(panels)]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel(label, fontsize=7)
    drawing.legend(handles=_legend(), loc="outside lower center", ncols=4, frameon=False, fontsize=7)
    return drawing


def write(pose: Pose3D, path: str | Path, *, dpi: float = 150) -> None:
    """Save the figure of `plot` as .png, .pdf or .svg, with the same errors."""
    figure.save(plot(pose), path, dpi)


def _panels(pose: Pose3D) -> dict[str, list[_Line]]:
    """By name of the angle, without the side, its lines."""
    degrees, error = joint_angles(in_opencv(pose, pose.xyz), pose.error_mm)
    panels: dict[str, list[_Line]] = {}
    for column, name in enumerate(ANGLES):
        joint, _, side = name.rpartition("_")
        if side not in ("left", "right"):
            joint, side = name, ""
        line = _Line(side, np.unwrap(degrees[:, column], period=360), error[:, column])
        panels.setdefault(joint, []).append(line)
    return panels


def _clock(pose: Pose3D) -> tuple[AnyFloats, str]:
    """When each row is, and what the axis is called."""
    if pose.fps is None:
        return pose.image_ids.astype(np.float64), "image"
    return (pose.image_ids - pose.image_ids[0]) / pose.fps, "seconds"


def _draw(axes: Axes, name: str, lines: list[_Line], when: AnyFloats) -> None:
    for line in lines:
        colour = palette.GROUP_COLOURS[_GROUPS[line.side]].light
        if len(when) == 1:
            axes.errorbar(when, line.degrees, line.error, color=colour, fmt="o", markersize=3, capsize=2)
            continue
        low, high = line.degrees - line.error, line.degrees + line.error
        axes.fill_between(when, low, high, color=colour, alpha=_BAND, linewidth=0)
        axes.plot(when, line.degrees, color=colour, linewidth=1.1)
    axes.axhline(0, color="0.8", linewidth=0.6, zorder=0)
    axes.set_title(name.replace("_", " ").capitalize(), fontsize=8)
    axes.yaxis.set_major_formatter("{x:g}°")
    axes.tick_params(labelsize=6.5, length=2.5, width=0.6, colors="0.35")
    axes.spines[:].set(color="0.75", linewidth=0.6)


def _legend() -> list[object]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    lines = [
        Line2D([], [], color=palette.GROUP_COLOURS[group].light, linewidth=1.5, label=side or "middle")
        for side, group in _GROUPS.items()
    ]
    return [*lines, Patch(color="0.5", alpha=_BAND, linewidth=0, label="± expected error")]
