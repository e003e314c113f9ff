"""A Pose3D as a static figure for papers: the 2D input and the 3D result from any side."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from wholebody_lift import atomic
from wholebody_lift._types import AnyFloats
from wholebody_lift.extras import PLOT
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import FRAMES, WORLD, Pose3D
from wholebody_lift.skeleton import EDGES, PARTS
from wholebody_lift.viewers import palette
from wholebody_lift.viewers.views import axes as view_axes
from wholebody_lift.viewers.views import in_opencv, named

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

FigureView = Literal["input", "camera", "front", "side", "top"] | tuple[float, float]

_TITLES = {
    "camera": "From the camera",
    "front": "From the front",
    "side": "From the side",
    "top": "From above",
}
# The names of a view's horizontal and vertical axes, each with its sign: 1 if values grow to the right or
# upwards, -1 if they grow to the left or downwards.
_DIRECTIONS = {
    "front": (("left", 1), ("up", 1)),
    "side": (("forward", 1), ("up", 1)),
    "top": (("left", 1), ("forward", -1)),
}
_DOT_SIZE = {"body": 13.0, "head": 3.0, "feet": 9.0, "face": 0.7, "left_hand": 2.4, "right_hand": 2.4}  # pt^2
_LINE_WIDTH = {"body": 2.0, "head": 0.8, "feet": 1.5, "face": 0.6, "left_hand": 0.9, "right_hand": 0.9}  # pt
_FADE = 0.45
"""How far the furthest keypoint fades to white: 0 not at all, 1 completely."""
_PANEL_WIDTH = 2.9  # inches, of which the axes have:
_AXES_WIDTH = 2.3
_AXES_HEIGHTS = (1.1, 4.2)  # least and most, inches
_AROUND = 1.0  # inches that title, labels and legend take
_MARGIN, _MARGIN_WITH_NAMES = 1.06, 1.15  # by which the panels are larger than the people


class _Panel(NamedTuple):
    """A 3D view: where it is seen from, in OpenCV camera axes, and what its axes are called."""

    title: str
    right: AnyFloats
    up: AnyFloats
    away: AnyFloats
    labels: tuple[str, str]
    signs: tuple[int, int]


def plot(
    pose: Pose3D,
    person: int | None = None,
    *,
    views: tuple[FigureView, ...] = ("input", "camera", "side", "top"),
    show_error: bool = False,
) -> Figure:
    """Draw people as a matplotlib Figure with one panel per view.

    Everybody in the first image is drawn, or one `person` of the pose alone. Views: "input" is the 2D input
    in pixels; "camera" looks along the camera's z axis, "front" faces the people, "side" looks from their
    right, "top" from above; (elev, azim) in degrees looks from that far above the horizon of the camera and
    that far around the vertical, clockwise as seen from above, 0 being the camera's side. All but "input" are
    orthographic, in mm, at one scale: from the midpoint of the hips for one person, from the camera for
    several. "camera" has the axes of `pose.frame`, the others those of the people. Inferred keypoints are
    hollow, their bones pale; what is further away fades. `show_error` adds a disc around each keypoint with
    its expected error in mm as the radius.

    Save with `write`, or with `figure.savefig`.

    Raises IndexError for a person that is not there, ValueError for a view that is not known or a pose
    without people, ImportError without matplotlib.
    """
    PLOT.needed_for("a figure")
    from matplotlib.figure import Figure

    shown = _shown(pose, person)
    panels = _panels(shown, views)
    xyz = in_opencv(shown, shown.xyz if len(shown) == 1 else shown.in_camera)
    half_size = _half_size(shown, xyz, panels, show_error)
    height = float(np.clip(_AXES_WIDTH * half_size[1] / half_size[0], *_AXES_HEIGHTS))
    figure = Figure(figsize=(_PANEL_WIDTH * len(panels), height + _AROUND), layout="constrained")
    for axes, panel in zip(np.ravel(figure.subplots(1, len(panels), squeeze=False)), panels, strict=True):
        _style(axes)
        if panel is None:
            _draw_input(axes, shown)
        else:
            _draw_view(axes, shown, xyz, panel, half_size, show_error)
    figure.legend(handles=_legend(shown), loc="outside lower center", ncols=10, frameon=False, fontsize=7)
    return figure


def write(pose: Pose3D, path: str | Path, *, dpi: float = 200, **options: Any) -> None:
    """Save the figure of `plot` by suffix: .pdf or .svg (vectors, text stays text), .png and others at `dpi`.

    `options` and errors are those of `plot`.
    """
    save(plot(pose, **options), path, dpi)


def save(figure: Figure, path: str | Path, dpi: float) -> None:
    """Save a figure by suffix: text in .pdf and .svg stays text."""
    from matplotlib import rc_context

    with (
        rc_context({"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none"}),  # TrueType; text
        atomic.replacing(path) as new,
    ):
        figure.savefig(new, dpi=dpi)


KINDS = (
    Kind(".png", "PNG", "a figure", write, unit="", extra=PLOT),
    Kind(".pdf", "PDF", "figure for print", write, unit="", extra=PLOT),
    Kind(".svg", "SVG", "figure to edit", write, unit="", extra=PLOT),
)

_CHOICES = f"'input', {', '.join(map(repr, _TITLES))} or (elev, azim) in degrees"


def _shown(pose: Pose3D, person: int | None) -> Pose3D:
    """The people to draw: one person, or everybody in the first image."""
    if len(pose) == 0:
        raise ValueError("expected a pose with people to draw, got one of 0 people")
    if person is not None:
        return pose[person]
    return pose[np.flatnonzero(pose.image_ids == pose.image_ids[0])]


def _panels(shown: Pose3D, views: tuple[FigureView, ...]) -> list[_Panel | None]:
    """How each view is drawn; at least one."""
    if not views:
        raise ValueError(f"expected views from {_CHOICES}, got {views!r}")
    return [_panel(shown, view) for view in views]


def _panel(shown: Pose3D, view: FigureView) -> _Panel | None:
    """How a view is drawn; None for the 2D input."""
    if view == "input":
        return None
    if isinstance(view, str):
        if view not in _TITLES:
            raise ValueError(f"expected views from {_CHOICES}, got {view!r}")
        turn, lift = named(shown)[view]
        title = _TITLES[view]
        if view == "camera" and shown.frame == WORLD:
            title = "From the camera, held level"
    elif len(view) == 2:
        elev, azim = view
        turn, lift = math.radians(azim), math.radians(elev)
        title = f"{elev:g}° up, {azim:g}° around"
    else:
        raise ValueError(f"expected views from {_CHOICES}, got {view!r}")
    right, down, away = view_axes(turn, lift)
    if view == "camera":
        matrix = FRAMES[shown.frame].matrix
        (h, h_sign), (v, v_sign) = _axis(matrix @ right), _axis(matrix @ -down)
    else:
        (h, h_sign), (v, v_sign) = _DIRECTIONS.get(str(view), (("right", 1), ("up", 1)))
    return _Panel(title, right, -down, away, (f"{h} (mm)", f"{v} (mm)"), (h_sign, v_sign))


def _axis(direction: AnyFloats) -> tuple[str, int]:
    """The axis of the frame that a direction lies along, and its sign."""
    index = int(np.argmax(np.abs(direction)))
    return "xyz"[index], int(np.sign(direction[index]))


def _half_size(shown: Pose3D, xyz: AnyFloats, panels: list[_Panel | None], show_error: bool) -> AnyFloats:
    """Half the width and height of every 3D panel in mm, so that all have one scale and hold the people."""
    reach = np.ones(2)
    for panel in filter(None, panels):
        seen = _seen(xyz, panel)
        reach = np.maximum(reach, np.abs(seen - _middle(seen)).max(axis=(0, 1)))
    reach = reach * (_MARGIN if len(shown) == 1 else _MARGIN_WITH_NAMES)
    return np.asarray(reach + float(shown.error_mm.max()) if show_error else reach)


def _seen(xyz: AnyFloats, panel: _Panel) -> AnyFloats:
    """Right and up (N, 133, 2) in mm of points (N, 133, 3)."""
    return np.asarray(xyz @ np.stack([panel.right, panel.up]).T)


def _middle(xy: AnyFloats) -> AnyFloats:
    """Middle of the box around (N, K, 2) points."""
    return np.asarray((xy.min(axis=(0, 1)) + xy.max(axis=(0, 1))) / 2)


def _style(axes: Axes) -> None:
    axes.set_aspect("equal", anchor="N")  # anchored at the top, so that the titles are level
    axes.tick_params(labelsize=7, length=2.5, width=0.6, colors="0.35")
    axes.spines[:].set(color="0.75", linewidth=0.6)


def _draw_input(axes: Axes, shown: Pose3D) -> None:
    for one in shown:
        seen = one.observed[0]
        _draw_sticks(axes, one.keypoints[0], seen, np.zeros(len(seen)), drawn=seen)
    axes.set_title("2D input", fontsize=9)
    axes.set_xlabel("x (pixels)", fontsize=7)
    axes.set_ylabel("y (pixels)", fontsize=7)
    if shown.image_size is not None:
        width, height = shown.image_size[0]
        axes.set(xlim=(0, width), ylim=(height, 0))
    else:
        axes.margins(0.08)
        axes.invert_yaxis()


def _draw_view(
    axes: Axes, shown: Pose3D, xyz: AnyFloats, panel: _Panel, half_size: AnyFloats, show_error: bool
) -> None:
    places = _seen(xyz, panel) * panel.signs
    depth = xyz @ panel.away
    farness = (depth - depth.min()) / max(float(np.ptp(depth)), 1.0)
    axes.grid(True, color="0.92", linewidth=0.6)
    axes.set_axisbelow(True)
    for i in np.argsort(-depth.mean(axis=1)):  # people, the furthest first
        if show_error:
            _draw_halos(axes, places[i], shown.error_mm[i])
        _draw_sticks(axes, places[i], shown.observed[i], farness[i], drawn=np.ones(len(depth[i]), dtype=bool))
        if len(shown) > 1:
            name = i if shown.track_ids is None else shown.track_ids[i]
            x, y = places[i, np.argmax(panel.signs[1] * places[i, :, 1])]
            axes.annotate(f"{name}", (x, y), (0, 4), textcoords="offset points", fontsize=7, ha="center")
    middle = _middle(places)
    h_reach, v_reach = half_size * panel.signs  # a negative reach turns the axis around
    axes.set(xlim=(middle[0] - h_reach, middle[0] + h_reach), ylim=(middle[1] - v_reach, middle[1] + v_reach))
    axes.set_title(panel.title, fontsize=9)
    axes.set_xlabel(panel.labels[0], fontsize=7)
    axes.set_ylabel(panel.labels[1], fontsize=7)


def _draw_halos(axes: Axes, places: AnyFloats, error: AnyFloats) -> None:
    """Draw a disc of radius `error` (133,) mm around each place (133, 2).

    All discs of a colour are one shape, so that overlapping discs do not look darker.
    """
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    circle = Outline.unit_circle()
    for group, colours in palette.GROUP_COLOURS.items():
        members = [k for k, of in enumerate(palette.KEYPOINT_GROUPS) if of == group]
        discs = [Outline(places[k] + error[k] * circle.vertices, circle.codes) for k in members]
        axes.add_patch(
            PathPatch(
                Outline.make_compound_path(*discs), facecolor=colours.light, alpha=0.15, linewidth=0, zorder=1
            )
        )


def _draw_sticks(
    axes: Axes, xy: AnyFloats, seen: npt.NDArray[np.bool_], depth: AnyFloats, drawn: npt.NDArray[np.bool_]
) -> None:
    """Draw bones, then keypoints, the furthest first; only those `drawn`. `depth` is 0 (nearest) to 1."""
    from matplotlib.collections import LineCollection

    edges = np.array(EDGES)
    edge_depth = depth[edges].mean(axis=1)
    order = [e for e in np.argsort(-edge_depth, kind="stable") if e in palette.SHOWN_EDGES]
    order = [e for e in order if drawn[edges[e]].all()]
    axes.add_collection(
        LineCollection(
            [xy[edges[e]] for e in order],
            colors=[
                (*_ink(palette.EDGE_GROUPS[e], edge_depth[e]), 1.0 if seen[edges[e]].all() else 0.35)
                for e in order
            ],
            linewidths=[_LINE_WIDTH[palette.EDGE_LOOKS[e]] for e in order],
            capstyle="round",
            zorder=2,
        )
    )
    order = [k for k in np.argsort(-depth, kind="stable") if drawn[k]]
    colours = [_ink(palette.KEYPOINT_GROUPS[k], depth[k]) for k in order]
    axes.scatter(
        xy[order, 0],
        xy[order, 1],
        s=[_DOT_SIZE[palette.LOOKS[k]] for k in order],
        facecolors=[colour if seen[k] else (1.0, 1.0, 1.0) for k, colour in zip(order, colours, strict=True)],
        edgecolors=colours,
        linewidths=0.5,
        zorder=3,
    )


def _ink(group: str, depth: float) -> tuple[float, float, float]:
    """A group's colour on white, paler with depth (0 to 1), as red, green and blue (0 to 1)."""
    colour = palette.GROUP_COLOURS[group].light
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    pale = _FADE * float(depth)
    return red + (1 - red) * pale, green + (1 - green) * pale, blue + (1 - blue) * pale


def _legend(shown: Pose3D) -> list[Line2D]:
    from matplotlib.lines import Line2D

    groups = [group for part in PARTS for group in palette.PART_GROUPS[part]]
    handles = [
        Line2D([], [], color=palette.GROUP_COLOURS[group].light, linewidth=2, label=palette.LABELS[group])
        for group in groups
    ]
    if not shown.observed.all():
        hollow = Line2D([], [], linestyle="none", marker="o", markersize=4, markerfacecolor="white")
        hollow.set(markeredgecolor="0.4", label="inferred")
        handles.append(hollow)
    return handles
