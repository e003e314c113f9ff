"""A Pose3D as a static figure for papers: the 2D input and the 3D result from several sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from wholebody_lift.pose import FRAMES, FloatArray, Pose3D
from wholebody_lift.skeleton import EDGES, PARTS
from wholebody_lift.viewers import palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

View = Literal["input", "camera", "side", "top"]

# Right and up of each 3D view, in OpenCV camera axes.
_VIEWS: dict[str, tuple[str, tuple[int, int, int], tuple[int, int, int]]] = {
    "camera": ("From the camera", (1, 0, 0), (0, -1, 0)),
    "side": ("From the side", (0, 0, 1), (0, -1, 0)),
    "top": ("From above", (1, 0, 0), (0, 0, 1)),
}
_DOT_SIZE = {"body": 13.0, "feet": 9.0, "face": 1.2, "left_hand": 3.0, "right_hand": 3.0}  # points squared
_LINE_WIDTH = {"body": 2.0, "feet": 1.5, "face": 0.6, "left_hand": 0.9, "right_hand": 0.9}  # points


def plot(
    pose: Pose3D,
    person: int = 0,
    *,
    views: tuple[View, ...] = ("input", "camera", "side", "top"),
    show_error: bool = False,
) -> Figure:
    """Draw one person as a matplotlib Figure with one panel per view.

    "input" is the 2D input in pixels; "camera", "side" (from the camera's right) and "top" are
    orthographic, in mm, all at one scale, with the axes of `pose.frame`. Inferred keypoints are
    hollow and their bones pale. `show_error` adds a disc around each keypoint with its predicted error as the
    radius, in mm. Save with `figure.savefig("figure.pdf")`.

    Raises IndexError for a person that is not there, ValueError for a view that is not known,
    ImportError without matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError('figures need matplotlib: pip install "wholebody-lift[plot]"') from error
    unknown = [view for view in views if view not in ("input", *_VIEWS)]
    if unknown or not views:
        raise ValueError(f"got views {views!r}; choose from 'input', {', '.join(map(repr, _VIEWS))}")
    one = pose[person]

    half_size = _half_size(one, [view for view in views if view != "input"], show_error)
    figure = Figure(figsize=(2.9 * len(views), 4.2), layout="constrained")
    for axes, view in zip(np.ravel(figure.subplots(1, len(views), squeeze=False)), views, strict=True):
        axes.set_aspect("equal")
        axes.tick_params(labelsize=7, length=2.5, width=0.6, colors="0.35")
        axes.spines[:].set(color="0.75", linewidth=0.6)
        if view == "input":
            _draw_input(axes, one)
        else:
            _draw_view(axes, one, view, half_size, show_error)
    figure.legend(handles=_legend(one), loc="outside lower center", ncols=10, frameon=False, fontsize=7)
    return figure


def _draw_input(axes: Axes, one: Pose3D) -> None:
    seen = one.observed[0]
    _draw_sticks(axes, one.keypoints[0], seen, depth=np.zeros(len(seen)), drawn=seen)
    axes.set_title("2D input", fontsize=9)
    axes.set_xlabel("x (pixels)", fontsize=7)
    axes.set_ylabel("y (pixels)", fontsize=7)
    if one.image_size is not None:
        width, height = one.image_size[0]
        axes.set(xlim=(0, width), ylim=(height, 0))
    else:
        axes.margins(0.08)
        axes.invert_yaxis()


def _draw_view(axes: Axes, one: Pose3D, view: str, half_size: FloatArray, show_error: bool) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Circle

    title, right, up = _VIEWS[view]
    matrix = FRAMES[one.frame].matrix
    (h, h_sign), (v, v_sign) = _axis(matrix @ right), _axis(matrix @ up)
    xyz = one.xyz[0]
    depth = xyz @ (matrix @ np.cross(up, right))
    middle = _middle(xyz[:, [h, v]])
    axes.grid(True, color="0.92", linewidth=0.6)
    axes.set_axisbelow(True)
    if show_error:
        discs = [
            Circle((float(p[h]), float(p[v])), float(e)) for p, e in zip(xyz, one.error_mm[0], strict=True)
        ]
        colours = [palette.GROUPS[group].light for group in palette.KEYPOINT_GROUPS]
        axes.add_collection(PatchCollection(discs, facecolors=colours, alpha=0.15, linewidths=0, zorder=1))
    _draw_sticks(axes, xyz[:, [h, v]], one.observed[0], depth, drawn=np.ones(len(xyz), dtype=bool))
    h_reach, v_reach = half_size * (h_sign, v_sign)  # a negative reach turns the axis around
    axes.set(xlim=(middle[0] - h_reach, middle[0] + h_reach), ylim=(middle[1] - v_reach, middle[1] + v_reach))
    axes.set_title(title, fontsize=9)
    axes.set_xlabel(f"{'xyz'[h]} (mm)", fontsize=7)
    axes.set_ylabel(f"{'xyz'[v]} (mm)", fontsize=7)


def _half_size(one: Pose3D, views: list[View], show_error: bool) -> FloatArray:
    """Half the width and height in mm that hold the person in each view: one scale for all panels."""
    opencv = one.to("opencv").xyz[0]
    reach = np.zeros(2)
    for _, right, up in (_VIEWS[view] for view in views):
        seen = opencv @ np.array([right, up]).T
        reach = np.maximum(reach, np.abs(seen - _middle(seen)).max(axis=0))
    margin = float(one.error_mm.max()) if show_error else 0.0
    return np.asarray(1.06 * reach + margin)


def _middle(xy: FloatArray) -> FloatArray:
    """Middle of the box around (K, 2) points."""
    return np.asarray((xy.min(axis=0) + xy.max(axis=0)) / 2)


def _axis(direction: FloatArray) -> tuple[int, int]:
    """Which axis of the frame a direction is, and its sign."""
    index = int(np.argmax(np.abs(direction)))
    return index, int(np.sign(direction[index]))


def _draw_sticks(axes: Axes, xy: FloatArray, seen: FloatArray, depth: FloatArray, drawn: FloatArray) -> None:
    """Bones, far ones first, then keypoints; `drawn` keypoints only.

    Every inverted axis keeps its data coordinates, so xy (133, 2) are those of the axes' labels.
    """
    from matplotlib.collections import LineCollection

    edges = np.array(EDGES)
    order = np.argsort(-depth[edges].mean(axis=1), kind="stable")
    order = order[drawn[edges[order]].all(axis=1)]
    both = seen[edges].all(axis=1)
    lines = LineCollection(
        [xy[edges[e]] for e in order],
        colors=[palette.GROUPS[palette.EDGE_GROUPS[e]].light for e in order],
        linewidths=[_LINE_WIDTH[palette.EDGE_PARTS[e]] for e in order],
        alpha=[0.95 if both[e] else 0.35 for e in order],
        capstyle="round",
        zorder=2,
    )
    axes.add_collection(lines)
    order = np.argsort(-depth, kind="stable")
    order = order[drawn[order]]
    colours = [palette.GROUPS[palette.KEYPOINT_GROUPS[k]].light for k in order]
    axes.scatter(
        xy[order, 0],
        xy[order, 1],
        s=[_DOT_SIZE[palette.PART_OF[k]] for k in order],
        facecolors=[colour if seen[k] else "white" for k, colour in zip(order, colours, strict=True)],
        edgecolors=colours,
        linewidths=0.5,
        zorder=3,
    )


def _legend(one: Pose3D) -> list[Line2D]:
    from matplotlib.lines import Line2D

    groups = [group for part in PARTS for group in palette.PART_GROUPS[part]]
    handles = [
        Line2D([], [], color=palette.GROUPS[group].light, linewidth=2, label=palette.LABELS[group])
        for group in groups
    ]
    if not one.observed.all():
        hollow = Line2D([], [], linestyle="none", marker="o", markersize=4, markerfacecolor="white")
        hollow.set(markeredgecolor="0.4", label="inferred")
        handles.append(hollow)
    return handles
