"""A picture of synthetic people, to see with one's own eyes what training sees."""

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wholebody_lift.skeleton import EDGES
from wholebody_lift.train.cameras import FAMILIES
from wholebody_lift.train.detector import KINDS
from wholebody_lift.train.people import People, to_batch
from wholebody_lift.viewers import palette

COLUMNS = 4
"""People side by side."""

_REACH_MM = 1150.0
_INFERRED_OPACITY = 0.35


def draw(people: People, count: int, generator: torch.Generator) -> Figure:
    """`count` people of the training mixture: what the detector reports, then the truth from the camera and
    from its right; true keypoints that the detector did not report are pale."""
    scene = people.scene(count, generator)
    batch = to_batch(scene, "given")
    rows = -(-count // COLUMNS)
    figure = Figure(figsize=(3.4 * COLUMNS, 1.55 * rows), layout="constrained")
    panels = figure.subplots(rows, 3 * COLUMNS, squeeze=False)
    for axes in panels.flat:
        axes.set(xticks=[], yticks=[], aspect="equal")
        axes.spines[:].set(color="0.85", linewidth=0.5)
        axes.set_visible(False)
    for person in range(count):
        row, column = divmod(person, COLUMNS)
        picture, front, side = panels[row, 3 * column : 3 * column + 3]
        seen = batch.observed[person].numpy()
        width, height = scene.views.image_size[person].tolist()
        _sticks(picture, scene.detections.xy[person].numpy(), seen, hide_unseen=True)
        picture.set(xlim=(0, width), ylim=(height, 0))
        family = list(FAMILIES)[scene.views.family[person]].replace("_", " ")
        kind = list(KINDS)[scene.detections.kind[person]].replace("_", " ")
        picture.set_title(f"{family}, {kind}", fontsize=5, pad=2)
        xyz = batch.target[person].numpy()
        for axes, (right, title) in ((front, (0, "camera")), (side, (2, "side"))):
            _sticks(axes, xyz[:, [right, 1]], seen, hide_unseen=False)
            axes.set(xlim=(-_REACH_MM, _REACH_MM), ylim=(_REACH_MM, -_REACH_MM))
            axes.set_title(title, fontsize=5, pad=2)
    return figure


def _sticks(axes: Axes, points: NDArray[np.float32], seen: NDArray[np.bool_], *, hide_unseen: bool) -> None:
    """Bones between points (133, 2); those with an end that was not seen are hidden or pale."""
    ends = np.array(EDGES)
    both = seen[ends].all(axis=1)
    drawn = both if hide_unseen else np.ones_like(both)
    colours = np.array([palette.GROUPS[group].light for group in palette.EDGE_GROUPS])
    bones = LineCollection(
        list(points[ends[drawn]]),
        colors=list(colours[drawn]),
        alpha=np.where(both, 1.0, _INFERRED_OPACITY)[drawn],
        linewidths=0.8,
    )
    axes.add_collection(bones)
    axes.set_visible(True)
