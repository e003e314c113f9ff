"""The datasheet of the synthetic people: a page of tables with its figures.

`measures` draws people and measures them, `summary` reduces the measurements to plain values, and `figures`
draws them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wholebody_lift.skeleton import PARTS
from wholebody_lift.train.datasheet import figures
from wholebody_lift.train.datasheet.measures import VIEWS, Measures
from wholebody_lift.train.datasheet.summary import EXPLAINED, PERCENTILES, summarise
from wholebody_lift.train.markdown import table

_FOLDER = "assets"
_INTRODUCTION = """# Datasheet of the synthetic people

Measurements of {people:,} people of the split "{split}", {how}.
`python -m wholebody_lift.train datasheet OUT{bank}` writes this page, its figures and
[the numbers](assets/datasheet.json). [Training](training.md#a-synthetic-person) describes how the people are
made."""
_SECTIONS: dict[str, tuple[str, str, str]] = {
    "views": (
        "Views",
        "Histograms of the views, by camera family",
        "The side seen is the direction from the trunk to the camera, in the axes of the trunk. Pitch and "
        "roll describe the camera in the world. Height is the height of the box around the keypoints in the "
        "picture.",
    ),
    "shares": (
        "Shares and missing keypoints",
        "Documented and drawn shares, and the share of missing keypoints by detector and part",
        "Bars are documented shares, and dots the shares that were drawn. A keypoint is missing if its "
        "score says so, for any reason: out of the picture, hidden, lost or masked.",
    ),
    "angles": (
        "Joint angles",
        "Ranges of joint angles, and their limits",
        "Left and right are combined. Each pose is converted to the nearest anatomical angles. The plane "
        "and rotation of an arm that hangs straight down or points straight up are ill-defined, and "
        "recordings move bones in ways that these angles cannot represent.",
    ),
    "diversity": (
        "Diversity",
        "Variance explained by principal components, and the first components of hands and faces",
        "Principal components of keypoints: bodies with the root at the origin and the pelvis facing "
        "forward, left hands aligned at the palm, faces aligned at all keypoints, all without scaling. The "
        "spread is the root mean square distance of a keypoint from its mean position. Below the curves are "
        "the first three components of the hands and faces of the mixture, from minus to plus two standard "
        "deviations. Training people differ further, in the shapes of their faces and hands "
        "(`individual.vary`).",
    ),
    "nearest": (
        "Test and train recordings",
        "Distributions of the distance to the nearest recorded pose",
        "The distance from a recorded pose to the nearest other one: the root mean square over keypoints, "
        "with every pose on the same body. Bodies have the root at the origin and the pelvis facing "
        "forward; there is no other alignment. If test recordings had leaked into train, *test to train* "
        "would match *train to the rest of its own recording*; it should match *train to other recordings "
        "of train*.",
    ),
}
"""Heading, description of the figure and text by the name of a figure in `figures.draw`."""


def page(summary: dict[str, Any]) -> str:
    """The datasheet as Markdown, with its figures in the folder `assets` beside it."""
    how = "with recordings" if summary["with_recordings"] else "by the samplers alone, without recordings"
    tables: dict[str, Callable[[dict[str, Any]], str]] = {
        "views": _views_table,
        "shares": _shares_tables,
        "angles": _angles_table,
        "diversity": _components_table,
        "nearest": _nearest_table,
    }
    bank = " --bank bank.npz" if summary["with_recordings"] else ""
    blocks = [_INTRODUCTION.format(**summary | {"how": how, "bank": bank})]
    for name, (heading, description, text) in _SECTIONS.items():
        if name == "nearest" and not summary["nearest_mm"]:
            blocks += [f"## {heading}", "Nothing to compare: this needs recordings, packed by `prepare`."]
            continue
        picture = f"![{description}]({_FOLDER}/datasheet-{name}.png)"
        blocks += [f"## {heading}", text, picture, tables[name](summary)]
    return "\n\n".join(blocks) + "\n"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _number(value: float) -> str:
    """Format a number with at least three digits."""
    return f"{value:,.0f}" if abs(value) >= 99.5 else f"{value:.3g}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _views_table(summary: dict[str, Any]) -> str:
    rows = []
    for name, quantity in VIEWS.items():
        found = summary["views"][name]
        unit = f", {quantity.unit}" if quantity.unit else ""
        rows.append(
            [quantity.label + unit, *(_number(found[f"p{percentile}"]) for percentile in PERCENTILES)]
        )
    sides = ", ".join(f"{name} {_percent(share)}" for name, share in summary["side_seen"].items())
    table_of_views = table(["Percentile", *(str(percentile) for percentile in PERCENTILES)], rows)
    return f"{table_of_views}\n\nSide that faces the camera: {sides}."


def _shares_tables(summary: dict[str, Any]) -> str:
    rows = [
        [f"{_words(mixture)}: {_words(name)}", _percent(share["documented"]), _percent(share["drawn"])]
        for mixture, members in summary["shares"].items()
        if mixture != "activities"
        for name, share in members.items()
    ]
    worst, share = max(
        summary["shares"]["activities"].items(),
        key=lambda item: abs(item[1]["drawn"] - item[1]["documented"]),
    )
    missing = [
        [_words(kind), *(_percent(parts[part]) for part in PARTS)]
        for kind, parts in summary["missing"].items()
    ]
    return "\n\n".join(
        (
            table(["Mixture", "Documented", "Drawn"], rows),
            f"Of the {len(summary['shares']['activities'])} activities, {_words(worst)} deviates most from "
            f"its documented share: {_percent(share['documented'])} documented, "
            f"{_percent(share['drawn'])} drawn.",
            table(["Missing keypoints", *(_words(part) for part in PARTS)], missing),
        )
    )


def _angles_table(summary: dict[str, Any]) -> str:
    shown = ("p1", "p50", "p99")
    sources = [name for name in ("from recordings", "made up") if name in summary["angles"]["spine_flexion"]]
    header = ["Degrees", "Limits"]
    for source in sources:
        header += [f"{source}: 1, 50, 99%", "outside"]
    rows = []
    for name, angle in summary["angles"].items():
        row = [_words(name), f"{angle['low']:g} to {angle['high']:g}"]
        for source in sources:
            found = angle[source]
            row += [", ".join(f"{found[percentile]:.0f}" for percentile in shown), _percent(found["outside"])]
        rows.append(row)
    return table(header, rows)


def _components_table(summary: dict[str, Any]) -> str:
    rows = [
        [
            f"{_words(part)}: {source}",
            f"{found['spread_mm']:.1f}",
            *(str(found[f"{share:.0%}"]) for share in EXPLAINED),
        ]
        for part, sources in summary["components"].items()
        for source, found in sources.items()
    ]
    return table(["Shapes", "Spread, mm", *(f"Components for {share:.0%}" for share in EXPLAINED)], rows)


def _nearest_table(summary: dict[str, Any]) -> str:
    shown = ("p1", "p5", "p50", "p95")
    rows = [
        [f"{_words(part)}: {compared}", *(f"{found[percentile]:.1f}" for percentile in shown)]
        for part, compared_all in summary["nearest_mm"].items()
        for compared, found in compared_all.items()
    ]
    return table(["Nearest neighbour, mm", *(f"{name[1:]}%" for name in shown)], rows)


def write(measures: Measures, folder: Path) -> None:
    """Write datasheet.md to a folder, and its figures and datasheet.json to the subfolder `assets`."""
    summary = summarise(measures)
    assets = folder / _FOLDER
    assets.mkdir(parents=True, exist_ok=True)
    (folder / "datasheet.md").write_text(page(summary), encoding="utf-8")
    (assets / "datasheet.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    for name, figure in figures.draw(measures).items():
        figure.savefig(
            assets / f"datasheet-{name}.png", dpi=110, facecolor="white", metadata={"Software": None}
        )
