"""The figures of the datasheet of synthetic people."""

from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from wholebody_lift.skeleton import EDGES, FACE_FEATURES, INDEX, PARTS
from wholebody_lift.train.datasheet.measures import (
    TEST_TO_TRAIN,
    TRAIN_TO_OTHERS,
    TRAIN_TO_OWN,
    VIEWS,
    Components,
    Measures,
)
from wholebody_lift.train.datasheet.summary import EXPLAINED, angle_values, summarise
from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.cameras import FAMILIES
from wholebody_lift.train.synthetic.joint_limits import CENTRAL, SIDED
from wholebody_lift.viewers import palette

COLOURS = [
    palette.GROUP_COLOURS[group].light
    for group in (
        "body_left",
        "body_right",
        "left_hand",
        "right_hand",
        "face",
        "feet_left",
        "feet_right",
        "body_middle",
    )
]
INK, GRID, LIMITS_GREY = "#333333", "0.92", "0.88"
_BINS = 48
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.edgecolor": "0.75",
    "axes.linewidth": 0.6,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": "0.35",
    "ytick.color": "0.35",
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "text.color": INK,
    "legend.frameon": False,
}


def draw(measures: Measures) -> dict[str, Figure]:
    """Draw the figures, by name. Without recordings, the one of nearest neighbours is omitted."""
    drawers = {
        "views": _views,
        "shares": _shares,
        "angles": _angles,
        "diversity": _diversity,
        "nearest": _nearest,
    }
    if not measures.nearest:
        del drawers["nearest"]
    with matplotlib.rc_context(_STYLE):
        return {name: drawer(measures) for name, drawer in drawers.items()}


def _words(name: str) -> str:
    return name.replace("_", " ")


def _views(measures: Measures) -> Figure:
    """Histograms of the views, stacked by camera family."""
    figure = Figure(figsize=(11, 5.4), layout="constrained")
    members = [measures.family == i for i in range(len(FAMILIES))]
    for axes, (name, quantity) in zip(figure.subplots(2, 4).flat, VIEWS.items(), strict=True):
        values = measures.views[name]
        low, high = torch.quantile(values, torch.tensor([0.002, 0.998])).tolist()
        if name == "yaw":
            low, high = -180, 180
        if name == "roll":  # a few views have any roll up to a quarter turn
            low, high = -30, 30
        if quantity.logarithmic:
            bins = np.geomspace(low, high, _BINS)
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        else:
            bins = np.linspace(low, high, _BINS)
        height = np.zeros(len(bins) - 1)
        for colour, family, member in zip(COLOURS, FAMILIES, members, strict=False):
            counts, _ = np.histogram(values[member].clamp(low, high).numpy(), bins)
            below, height = height, height + 100 * counts / len(values)
            axes.stairs(height, bins, baseline=below, fill=True, color=colour, label=_words(family))
        axes.set_ylim(bottom=0)
        axes.set_title(quantity.label)
        axes.set_xlabel(quantity.unit)
        axes.set_xlim(low, high)
        if name == "yaw":
            axes.set_xticks(range(-180, 181, 90))
        axes.spines[["top", "right"]].set_visible(False)
    for axes in figure.axes[::4]:
        axes.set_ylabel("% of people")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _angles(measures: Measures) -> Figure:
    """The limits of each angle, and its 1st to 99th percentile and median by source."""
    names = [name for name in (*CENTRAL, *SIDED) if not name.startswith("root")]
    figure = Figure(figsize=(8.2, 7.4), layout="constrained")
    axes = figure.subplots()
    for row, name in enumerate(names):
        low, high, *_ = (CENTRAL | SIDED)[name]
        axes.barh(
            row, high - low, left=low, height=0.78, color=LIMITS_GREY, label="limits" if row == 0 else None
        )
        for offset, colour, (source, values) in zip(
            (-0.17, 0.17), COLOURS, angle_values(measures, name).items(), strict=False
        ):
            first, median, last = torch.quantile(
                values.double(), torch.tensor([0.01, 0.5, 0.99]).double()
            ).tolist()
            axes.plot([first, last], [row + offset] * 2, color=colour, linewidth=2.4, solid_capstyle="round")
            axes.plot(
                median,
                row + offset,
                "o",
                color="white",
                markeredgecolor=colour,
                markersize=5,
                label=source if row == 0 else None,
            )
    axes.set(yticks=range(len(names)), xlabel="degrees")
    axes.set_yticklabels([_words(name) for name in names])
    axes.invert_yaxis()
    axes.margins(y=0.015)
    axes.grid(axis="y", visible=False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_title("1st to 99th percentile and median, beside the limits")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def _shares(measures: Measures) -> Figure:
    """Documented against drawn shares, and missing keypoints by kind of detector."""
    summary = summarise(measures)
    mixtures = ("poses", "cameras", "detectors")
    figure = Figure(figsize=(11, 6.6), layout="constrained")
    panels = figure.subplot_mosaic(
        [["poses", "activities"], ["cameras", "activities"], ["detectors", "missing"]],
        height_ratios=[len(summary["shares"][mixture]) for mixture in mixtures],
        width_ratios=(1, 1.3),
    )
    for mixture in mixtures:
        _dots(panels[mixture], summary["shares"][mixture])
        panels[mixture].set_title(mixture.capitalize())
    panels["detectors"].set_xlabel("% of people")
    _activity_scatter(panels["activities"], summary["shares"]["activities"])
    _heat(panels["missing"], summary["missing"])
    return figure


def _dots(axes: Axes, members: dict[str, dict[str, float]]) -> None:
    """A line from 0 to the documented share, and a dot at the drawn one."""
    for row, share in enumerate(members.values()):
        axes.plot(
            [0, 100 * share["documented"]],
            [row, row],
            color=COLOURS[5],
            linewidth=5,
            alpha=0.45,
            solid_capstyle="butt",
        )
        axes.plot(100 * share["drawn"], row, "o", color=COLOURS[1], markersize=4.5)
    axes.set_yticks(range(len(members)), [_words(name) for name in members])
    axes.set_xlim(left=0)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.spines[["top", "right"]].set_visible(False)


_NAMED_PERCENT = 5.0


def _activity_scatter(axes: Axes, members: dict[str, dict[str, float]]) -> None:
    """The drawn share of every activity against its documented share."""
    documented = np.array([100 * share["documented"] for share in members.values()])
    drawn = np.array([100 * share["drawn"] for share in members.values()])
    most = 1.05 * max(documented.max(), drawn.max())
    axes.plot([0, most], [0, most], color="0.7", linewidth=0.8)
    axes.scatter(documented, drawn, s=14, color=COLOURS[1], linewidths=0)
    for name, x, y in zip(members, documented, drawn, strict=True):
        if x > _NAMED_PERCENT:
            axes.annotate(_words(name), (x, y), xytext=(4, -3), textcoords="offset points", fontsize=6.5)
    axes.set(xlim=(0, most), ylim=(0, most), xlabel="documented, % of activities", ylabel="drawn, %")
    axes.set_title("Activities")
    axes.spines[["top", "right"]].set_visible(False)


def _heat(axes: Axes, missing: dict[str, dict[str, float]]) -> None:
    """Share of missing keypoints by kind of detector and part."""
    table = np.array([[100 * parts[part] for part in PARTS] for parts in missing.values()])
    axes.imshow(table, cmap="Blues", vmin=0, vmax=100, aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        axes.text(column, row, f"{value:.0f}", ha="center", va="center", color="white" if value > 55 else INK)
    axes.set_xticks(range(len(PARTS)), [_words(part) for part in PARTS])
    axes.set_yticks(range(len(missing)), [_words(kind) for kind in missing])
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title("Missing keypoints by kind of detector, %")


def _diversity(measures: Measures) -> Figure:
    """Variance explained by the first components, and the first three components of hands and faces."""
    figure = Figure(figsize=(11, 6.2), layout="constrained")
    grid = figure.add_gridspec(2, 2 * len(measures.components), height_ratios=(1.35, 1))
    for column, (part, sources) in enumerate(measures.components.items()):
        axes = figure.add_subplot(grid[0, 2 * column : 2 * column + 2])
        for colour, (source, components) in zip(COLOURS, sources.items(), strict=False):
            explained = 100 * components.explained.numpy()
            axes.plot(range(1, len(explained) + 1), explained, color=colour, label=source, linewidth=1.6)
        for share in EXPLAINED:
            axes.axhline(100 * share, color="0.7", linewidth=0.6, linestyle=(0, (4, 3)), zorder=0)
        axes.set(xscale="log", xlim=(1, 40), ylim=(20, 101), xlabel="components")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xticks([1, 2, 5, 10, 20, 40])
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_formatter(PercentFormatter())
        axes.set_title(f"{_words(part).capitalize()}: variance explained")
        axes.legend(loc="lower right", fontsize=7)
        axes.spines[["top", "right"]].set_visible(False)
    for row, (part, (up, across)) in enumerate(_UPRIGHT.items()):
        mixture = list(measures.components[part].values())[-1]
        for number in range(_SHOWN_COMPONENTS):
            axes = figure.add_subplot(grid[1, _SHOWN_COMPONENTS * row + number])
            _component(axes, mixture, number, part, up, across)
    return figure


_SHOWN_COMPONENTS = 3
_UPRIGHT: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "left_hand": (
        (INDEX["left_hand_root"], INDEX["left_middle_finger1"]),
        (INDEX["left_pinky_finger1"], INDEX["left_forefinger1"]),
    ),
    "face": (
        (FACE_FEATURES["jaw"][8], FACE_FEATURES["nose"][0]),
        (FACE_FEATURES["jaw"][0], FACE_FEATURES["jaw"][16]),
    ),
}
"""For each part, the two keypoints whose direction is drawn upwards, and the two that are drawn to the
right."""


def _component(
    axes: Axes, components: Components, number: int, part: str, up: tuple[int, int], across: tuple[int, int]
) -> None:
    """The mean, and two standard deviations of one component to either side of it."""
    first = PARTS[part].start
    upwards, rightwards = (components.mean[b - first] - components.mean[a - first] for a, b in (up, across))
    look = rotations.look_at(upwards, rightwards)[:, [1, 0]]
    edges = np.array([edge for edge in EDGES if all(end in PARTS[part] for end in edge)]) - first
    step = 2 * components.variance[number].sqrt() * components.axes[number]
    for sign, colour, width in ((0, "0.8", 1.6), (-1, COLOURS[1], 1.1), (1, COLOURS[0], 1.1)):
        points = ((components.mean + sign * step) @ look).numpy()
        axes.add_collection(
            LineCollection(list(points[edges]), colors=colour, linewidths=width, capstyle="round")
        )
    share = float(components.variance[number] / components.variance.sum())
    axes.set_title(f"{_words(part).capitalize()} {number + 1}: {share:.0%}", fontsize=8)
    low, high = (components.mean @ look).aminmax(dim=0)
    middle, reach = ((low + high) / 2).tolist(), 0.95 * float((high - low).amax())
    axes.set(xlim=(middle[0] - reach, middle[0] + reach), ylim=(middle[1] - reach, middle[1] + reach))
    axes.set(aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _nearest(measures: Measures) -> Figure:
    """Share of recorded poses whose nearest neighbour is closer than a distance."""
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    panels = figure.subplots(1, len(measures.nearest), sharey=True)
    colours = dict(
        zip(
            (TEST_TO_TRAIN, TRAIN_TO_OTHERS, TRAIN_TO_OWN),
            COLOURS[1::-1] + COLOURS[2:],
            strict=False,
        )
    )
    for axes, (part, compared) in zip(panels, measures.nearest.items(), strict=True):
        for name, distances in compared.items():
            values = distances.sort().values.clamp_min(0.1).numpy()
            share = 100 * np.arange(1, len(values) + 1) / max(1, len(values))
            axes.plot(values, share, color=colours[name], label=name, linewidth=1.8)
        axes.set(xscale="log", ylim=(0, 100), xlabel="mm to the nearest neighbour")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_title(_words(part).capitalize())
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("recorded poses")
    panels[0].yaxis.set_major_formatter(PercentFormatter())
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure
