"""Draw detections of real photos as two sets of weights lift them: docs/assets/before-after.png.

Run from anywhere: `python docs/figures/before_after.py DETECTIONS BEFORE AFTER [OUT]`. DETECTIONS is any file
that `formats.read` reads; BEFORE and AFTER are weights as `Lifter.from_pretrained` takes them.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wholebody_lift import Lifter, Pose3D, formats
from wholebody_lift.skeleton import EDGES
from wholebody_lift.train.datasheet import gallery

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "assets" / "before-after.png"

# Across, up and away of OpenCV's axes (x right, y down, z away), each with its sign.
SIDES = {
    "from the camera": ((0, 1), (1, -1), (2, 1)),
    "from its right": ((2, 1), (1, -1), (0, -1)),
    "from above": ((0, 1), (2, 1), (1, 1)),
}
COLUMNS = 3
REACH_MM = 930.0


def main() -> None:
    detections, before, after = sys.argv[1:4]
    out = Path(sys.argv[4]) if len(sys.argv) > 4 else OUT
    matplotlib.use("agg")
    people = formats.read(detections)
    lifted = {
        "before": Lifter.from_pretrained(before, device="cpu").lift(people),
        "after": Lifter.from_pretrained(after, device="cpu").lift(people),
    }
    rows = -(-len(people) // COLUMNS)
    figure = Figure(figsize=(4.6 * COLUMNS, 2.3 * rows))
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=0.96, wspace=0.05, hspace=0.12)
    widths = (1.7, *(1.0 for _ in SIDES)) * COLUMNS
    grid = figure.add_gridspec(2 * rows, len(widths), width_ratios=widths)
    for person in range(len(people)):
        row, column = 2 * (person // COLUMNS), (1 + len(SIDES)) * (person % COLUMNS)
        axes = figure.add_subplot(grid[row : row + 2, column])
        draw_input(axes, people.keypoints[person], people.observed[person])
        axes.set_title(f"person {person}", fontsize=7, pad=2, loc="left")
        for line, (when, pose) in enumerate(lifted.items()):
            for i, side in enumerate(SIDES, 1):
                axes = figure.add_subplot(grid[row + line, column + i])
                draw(axes, pose, person, side)
                axes.set_title(f"{when}, {side}", fontsize=5.5, pad=1, loc="left", color="0.3")
    gallery.save(figure, out)
    print(f"wrote {out}")


def draw_input(axes: Axes, xy: np.ndarray, seen: np.ndarray) -> None:
    """2D keypoints (133, 2) in pixels, those that were found."""
    drawn = seen[np.array(EDGES)].all(axis=1)
    gallery.sticks(axes, np.where(seen[:, None], xy, 0), np.zeros(len(xy)), drawn, drawn, 0.8)
    low, high = xy[seen].min(0), xy[seen].max(0)
    half = 0.55 * (high - low).max()
    x, y = (low + high) / 2
    axes.set(xlim=(x - half, x + half), ylim=(y + half, y - half), aspect="equal")
    axes.set_axis_off()


def draw(axes: Axes, pose: Pose3D, person: int, side: str) -> None:
    """One person from one side; inferred bones are pale."""
    both = pose.observed[person][np.array(EDGES)].all(axis=1)
    xyz = pose.to("opencv").xyz[person]
    xyz = xyz - (xyz.min(0) + xyz.max(0)) / 2
    across, up, away = (sign * xyz[:, axis] for axis, sign in SIDES[side])
    gallery.sticks(axes, np.stack([across, up], 1), away, np.ones_like(both), both, 0.8)
    axes.set(xlim=(-REACH_MM, REACH_MM), ylim=(-REACH_MM, REACH_MM), aspect="equal")
    axes.set_axis_off()


if __name__ == "__main__":
    main()
