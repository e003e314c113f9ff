"""Draw the frames of `Pose3D.to`: docs/assets/frames.svg.

Run from anywhere: `python docs/figures/frames.py [OUT]`. The axes are those of `wholebody_lift.pose.FRAMES`
that a camera defines.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Polygon
from matplotlib.patheffects import withStroke

from wholebody_lift.pose import FRAMES, WORLD

OUT = Path(__file__).resolve().parents[1] / "assets" / "frames.svg"

COLOURS = {"x": "#c4372b", "y": "#2b8a3e", "z": "#1f5fbf"}
INK, PALE = "#333333", "#8a94a3"

# Where the drawing puts one unit of each axis of the OpenCV camera: right, down, away.
OBLIQUE = np.array([[1.0, 0.0], [0.0, -1.0], [0.62, 0.36]])
CAMERA = np.array([0.0, 0.15, -3.0])  # from the hips, in the same axes

_LINES = (
    ((0.0, -1.25), (0.0, -1.55)),  # neck
    ((-0.38, -1.2), (0.38, -1.2)),
    ((-0.38, -1.2), (-0.52, -0.62), (-0.5, -0.08)),
    ((0.38, -1.2), (0.52, -0.62), (0.5, -0.08)),
    ((-0.38, -1.2), (-0.2, 0.0), (0.2, 0.0), (0.38, -1.2)),
    ((-0.2, 0.0), (-0.24, 0.85), (-0.24, 1.65), (-0.38, 1.75)),
    ((0.2, 0.0), (0.24, 0.85), (0.24, 1.65), (0.38, 1.75)),
)
_AXIS_LENGTH, _LABEL_GAP = 1.3, 0.2
_HEAD, _HEAD_RADIUS = (0.0, -1.72), 0.24


def on_paper(points: np.ndarray) -> np.ndarray:
    """(..., 3) in OpenCV camera axes as (..., 2) in the drawing."""
    return np.asarray(points) @ OBLIQUE


def draw_scene(axes: Axes, person_alpha: float) -> None:
    """A person and the camera that sees them."""
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set(xlim=(-3.1, 2.15), ylim=(-2.1, 2.15))
    for line in _LINES:
        xy = on_paper(np.array([(x, y, 0.0) for x, y in line]))
        axes.plot(*xy.T, color=PALE, linewidth=3.2, solid_capstyle="round", alpha=person_alpha, zorder=1)
    head = on_paper(np.array([*_HEAD, 0.0]))
    axes.add_patch(
        Circle(
            tuple(head), _HEAD_RADIUS, facecolor="white", edgecolor=PALE, linewidth=2.4, alpha=person_alpha
        )
    )
    draw_camera(axes)


def draw_camera(axes: Axes) -> None:
    """A box with the pyramid of what it sees."""
    back, front = CAMERA[2] - 0.55, CAMERA[2]

    def square(half: float, z: float) -> np.ndarray:
        corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        return on_paper(np.array([(x * half, CAMERA[1] + y * half, z) for x, y in corners]))

    seen, lens, rear = square(0.34, front + 0.5), square(0.2, front), square(0.2, back)
    for a, b in zip(lens, seen, strict=True):
        axes.plot(*zip(a, b, strict=True), color=INK, linewidth=0.8, zorder=3)
    axes.add_patch(Polygon(seen, closed=True, fill=False, edgecolor=INK, linewidth=0.8, zorder=3))
    sides = [np.array([rear[i], rear[i - 1], lens[i - 1], lens[i]]) for i in range(4)]
    for face in (lens, *sides, rear):  # from the far to the near
        axes.add_patch(
            Polygon(face, closed=True, facecolor="#dfe3e8", edgecolor=INK, linewidth=1.0, zorder=3)
        )


def arrow(
    axes: Axes, start: np.ndarray, end: np.ndarray, colour: str, style: str = "-|>", dashed: bool = False
) -> None:
    axes.add_patch(
        FancyArrowPatch(
            tuple(start),
            tuple(end),
            arrowstyle=style,
            mutation_scale=13,
            linewidth=2.0 if not dashed else 1.3,
            linestyle="--" if dashed else "-",
            color=colour,
            shrinkA=0,
            shrinkB=0,
            zorder=4,
        )
    )


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def draw_frame(axes: Axes, name: str) -> None:
    """The axes of one frame at the person's hips, and what they are in words."""
    spec = FRAMES[name]
    draw_scene(axes, person_alpha=0.45)
    for number, letter in enumerate("xyz"):
        direction = spec.matrix[number]  # a row is the axis in OpenCV's axes
        tip = on_paper(_AXIS_LENGTH * direction)
        arrow(axes, np.zeros(2), tip, COLOURS[letter])
        label = axes.annotate(
            letter, tip + _LABEL_GAP * _unit(tip), color=COLOURS[letter], fontsize=13, ha="center"
        )
        label.set(
            fontweight="bold", va="center", path_effects=[withStroke(linewidth=3.5, foreground="white")]
        )
        words = axes.text(
            0.06,
            -0.02 - 0.075 * number,
            f"{letter}  {getattr(spec, letter)}",
            transform=axes.transAxes,
            fontsize=9.5,
            color=COLOURS[letter],
            va="top",
        )
        words.set_gid(f"{name} {letter}: {getattr(spec, letter)}")
    axes.add_patch(Circle((0, 0), 0.075, color=INK, zorder=5))
    title = axes.set_title(
        f"{name}  ({spec.handedness}-handed)", fontsize=11.5, fontweight="bold", color="#222222"
    )
    title.set_gid(f"{name}: {spec.handedness}-handed")


def draw_meaning(axes: Axes) -> None:
    """What xyz and translation are."""
    draw_scene(axes, person_alpha=0.9)
    wrist = on_paper(np.array([0.5, -0.08, 0.0]))
    start = on_paper(CAMERA)
    arrow(axes, start, np.zeros(2), INK, dashed=True)
    arrow(axes, np.zeros(2), wrist, "#b3541e")
    axes.add_patch(Circle((0, 0), 0.075, color=INK, zorder=5))
    axes.annotate("translation", start * 0.5 + np.array([0.62, -0.5]), fontsize=10, color=INK, ha="center")
    axes.annotate(
        "xyz[left_wrist]", wrist + np.array([0.14, -0.02]), fontsize=10, color="#b3541e", va="center"
    )
    lines = (
        "origin of xyz: midpoint of the hips",
        "translation: camera to origin",
        "both in mm, axes of pose.frame",
    )
    for number, line in enumerate(lines):
        axes.text(
            0.06, -0.02 - 0.075 * number, line, transform=axes.transAxes, fontsize=9.5, color=INK, va="top"
        )
    axes.set_title("What the numbers are", fontsize=11.5, fontweight="bold", color="#222222")


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    matplotlib.rcParams.update({"svg.hashsalt": "wholebody-lift", "font.family": "DejaVu Sans"})
    figure = Figure(figsize=(11, 8.6))
    panels = figure.subplots(2, 3).ravel()
    figure.subplots_adjust(left=0.02, right=0.98, top=0.95, bottom=0.1, wspace=0.06, hspace=0.42)
    draw_meaning(panels[0])
    for axes, name in zip(panels[1:], (name for name in FRAMES if name != WORLD), strict=True):
        draw_frame(axes, name)
    figure.savefig(out, facecolor="white", metadata={"Date": None})


if __name__ == "__main__":
    main()
