"""A picture of synthetic people, as training sees them but for close-ups and for faces and hands of their
own."""

import io
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray
from PIL import Image

from wholebody_lift.skeleton import EDGES
from wholebody_lift.train.synthetic.cameras import FAMILIES
from wholebody_lift.train.synthetic.detector import KINDS
from wholebody_lift.train.synthetic.people import People, to_batch
from wholebody_lift.viewers import palette

COLUMNS = 4
"""People per row."""

_INCHES = (3.4, 1.5)
_PICTURE_TO_FIGURES = (1.0, 1.75)
"""Width of the picture and of the two figures beside it."""
_APART_MM = 750.0
"""Half the distance between the person seen from the camera and the same person seen from the side."""
_REACH_MM = 1600.0
"""Width that is shown to either side of the middle between the two."""
_HEIGHT_MM = (-40.0, 2050.0)
"""Height that is shown above the lowest keypoint; taller figures extend it."""

_INFERRED_OPACITY = 0.3
_LINE_WIDTH = {"body": 1.1, "feet": 1.0, "face": 0.5, "left_hand": 0.6, "right_hand": 0.6}  # points
_SMALL_PIXELS = 0.5  # of the picture's height: smaller people are drawn with thinner lines

_DPI = 92
_PNG_COLOURS = 128
"""Few colours make the file a third as large; the bones need only these and blends of them."""

_Points = NDArray[np.float32]


def draw(
    people: People,
    count: int,
    generator: torch.Generator,
    *,
    family: str | None = None,
    kind: str | None = None,
    pose: str | None = None,
    recorded_only: bool = False,
) -> Figure:
    """Draw `count` people: what the detector reports, in its picture, then the truth, seen from the camera
    and from the camera's right, on a floor at the lowest keypoint. Keypoints that the detector does not
    report are pale.

    The people are those of `People.scene`, which explains `family`, `kind`, `pose` and `recorded_only` and
    raises ValueError for unknown names.
    """
    scene = people.scene(count, generator, family=family, kind=kind, pose=pose, recorded_only=recorded_only)
    observed = to_batch(scene, "given").observed.numpy()
    looks = level_looks(scene.views.rotation)
    figures = (scene.views.xyz @ scene.views.rotation @ looks.mT).numpy()  # (N, 133, 3)

    rows = -(-count // COLUMNS)
    size = (_INCHES[0] * COLUMNS, _INCHES[1] * rows)
    figure = Figure(
        figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0.01, hspace=0.02)
    )
    panels = figure.subplots(rows, 2 * COLUMNS, squeeze=False, width_ratios=_PICTURE_TO_FIGURES * COLUMNS)
    for axes in panels.flat:
        axes.set_visible(False)
    for person in range(count):
        row, column = divmod(person, COLUMNS)
        picture, sides = panels[row, 2 * column : 2 * column + 2]
        draw_picture(
            picture,
            scene.detections.xy[person].numpy(),
            observed[person],
            scene.views.image_size[person].tolist(),
        )
        _draw_figures(sides, figures[person], observed[person])
        names = list(FAMILIES)[scene.views.family[person]], list(KINDS)[scene.detections.kind[person]]
        title = ", ".join(name.replace("_", " ") for name in names)
        picture.set_title(f"{person}  {title}", fontsize=6, pad=2, loc="left", color="0.25")
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure as .png, .pdf or .svg."""
    if path.suffix != ".png":
        figure.savefig(path)
        return
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DPI)
    Image.open(drawn).convert("RGB").quantize(_PNG_COLOURS, dither=Image.Dither.NONE).save(
        path, optimize=True
    )


def level_looks(rotation: torch.Tensor) -> torch.Tensor:
    """World axes to right, forward and up (N, 3, 3) of level cameras that have the headings of the cameras
    with `rotation` (N, 3, 3)."""
    up = torch.tensor([0.0, 0.0, 1.0]).expand(len(rotation), 3)
    forward = rotation[:, 2] * torch.tensor([1.0, 1.0, 0.0])
    forward = forward / torch.linalg.vector_norm(forward, dim=-1, keepdim=True)
    return torch.stack([torch.linalg.cross(forward, up), forward, up], 1)


def draw_picture(axes: Axes, xy: _Points, seen: NDArray[np.bool_], image_size: list[float]) -> None:
    """Draw what the detector reports, in its picture."""
    width, height = image_size
    extent = np.ptp(xy[seen], axis=0).max() / max(image_size) if seen.any() else 0.0
    ends = np.array(EDGES)
    drawn = seen[ends].all(axis=1)
    sticks(axes, xy, np.zeros(len(xy)), drawn, drawn, min(1.0, 0.3 + extent / _SMALL_PIXELS))
    axes.set(
        xlim=(0, width),
        ylim=(height, 0),
        xticks=[],
        yticks=[],
        aspect="equal",
        anchor="SW",
        facecolor="0.985",
    )
    axes.spines[:].set(color="0.8", linewidth=0.5)
    axes.set_visible(True)


def _draw_figures(axes: Axes, xyz: _Points, seen: NDArray[np.bool_]) -> None:
    """Draw a person (133, 3), right, forward and up in mm, from behind and, beside that, from the right."""
    right, forward, up = (xyz - (xyz.min(0) + xyz.max(0)) / 2).T
    up = up - up.min()
    both = seen[np.array(EDGES)].all(axis=1)
    everything = np.ones_like(both)
    for across, depth, middle in ((right, forward, -_APART_MM), (forward, -right, _APART_MM)):
        sticks(axes, np.stack([across + middle, up], 1), depth, everything, both, 1.0)
    axes.axhline(0, color="0.85", linewidth=0.8, zorder=0)
    top = max(_HEIGHT_MM[1], float(up.max()))
    axes.set(xlim=(-_REACH_MM, _REACH_MM), ylim=(_HEIGHT_MM[0], top), aspect="equal", anchor="SW")
    axes.set_axis_off()
    axes.set_visible(True)


def sticks(
    axes: Axes,
    points: _Points,
    depth: NDArray[np.floating],
    drawn: NDArray[np.bool_],
    seen: NDArray[np.bool_],
    thickness: float,
    colour: str | None = None,
) -> None:
    """Bones between points (133, 2), the deepest first, by `depth` (133,). Per edge, `drawn` says whether it
    is drawn and `seen` whether in full colour. Bones have one colour, or those of their parts."""
    ends = np.array(EDGES)
    order = np.argsort(-depth[ends].mean(1), kind="stable")
    order = order[drawn[order]]
    axes.add_collection(
        LineCollection(
            list(points[ends[order]]),
            colors=[colour or palette.GROUP_COLOURS[palette.EDGE_GROUPS[edge]].light for edge in order],
            alpha=np.where(seen, 1.0, _INFERRED_OPACITY)[order],
            linewidths=[thickness * _LINE_WIDTH[palette.EDGE_PARTS[edge]] for edge in order],
            capstyle="round",
        )
    )
