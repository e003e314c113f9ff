"""Measured errors: evaluation.md, comparison.md, README.md, the model cards."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from typing import Any

from blocks.writing import ROOT, table
from wholebody_lift import pretrained
from wholebody_lift.config import INPUTS, Config
from wholebody_lift.train import markdown
from wholebody_lift.train.evaluation import h3wb, report, targets

MEASURED = {
    "base": ROOT / "docs" / "assets" / "errors-base.json",
    "tiny": ROOT / "docs" / "assets" / "errors-tiny.json",
}
"""What `python -m wholebody_lift.train evaluate --weights NAME --out` wrote for the packaged weights."""
MEASURED_ON_VERSION_1 = {
    name: path.with_name(f"errors-{name}-version-1.json") for name, path in MEASURED.items()
}
"""The same with `--sets-version 1`."""
MEASURED_ON_REAL_PEOPLE = ROOT / "docs" / "assets" / "real.json"
"""What `python -m benchmarks.real --out` wrote for the weights in the package."""

MEASURED_ON_PARTS = ROOT / "docs" / "assets" / "parts.json"
"""What `python -m benchmarks.parts --out` wrote of the weights in the package."""
MEASURED_ON_REAL_PARTS = ROOT / "docs" / "assets" / "real-parts.json"
"""What `python -m benchmarks.real_parts --out` wrote of the weights in the package."""
MEASURED_ANGLES = ROOT / "docs" / "assets" / "angles.json"
"""What `python -m benchmarks.angles --out` wrote of the base weights."""
MEASURED_ON_SYNTHETIC_H3WB = ROOT / "docs" / "assets" / "synthetic-h3wb.json"
"""What `python -m wholebody_lift.train h3wb --out` wrote of the base weights and synthetic H3WB."""
MEASURED_WITH_KNOWN = ROOT / "docs" / "assets" / "known.json"
"""What `python -m benchmarks.known --out` wrote of the weights in the package."""


def _measured(weights: str, in_short: bool) -> str:
    """The errors of weights in the package: all of them for the model card, or the most important ones."""
    found = report.from_json(json.loads(MEASURED[weights].read_text()))
    return report.in_short(found) if in_short else report.as_markdown(found)


def version_1() -> str:
    """The most important errors of weights in the package on the first version of the test sets."""
    reports = {
        name: report.from_json(json.loads(path.read_text())) for name, path in MEASURED_ON_VERSION_1.items()
    }
    columns = {
        "exact": ("exact", "whole"),
        "N-MPJPE": ("exact", "n_mpjpe"),
        "PA-MPJPE": ("exact", "pa_mpjpe"),
        "detector": ("detector", "whole"),
        "any detector, of given": ("any detector", "seen"),
    }
    rows = [
        (
            name.replace("_", " "),
            *(
                f"{getattr(found.results[name][given], field):.1f}" if given in found.results[name] else ""
                for found in reports.values()
                for given, field in columns.values()
            ),
        )
        for name in next(iter(reports.values())).results
    ]
    header = [f"{weights}, {column}" for weights in reports for column in columns]
    return markdown.table(("Test set", *header), rows)


def real_people() -> str:
    """Errors on real people: every figure, with its interval."""
    return _on_real_people(
        {
            "mpjpe": "MPJPE, mm",
            "n_mpjpe": "N-MPJPE, mm",
            "pa_mpjpe": "PA-MPJPE, mm",
            "acceleration": "Acceleration, m/s²",
            "angle/knee": "Knee, degrees",
            "angle/elbow": "Elbow, degrees",
            "angle/hip": "Hip, degrees",
            "angle/shoulder": "Shoulder, degrees",
            "lean/legs": "Lean of the legs, degrees",
            "lean/trunk": "Lean of the trunk, degrees",
        },
        ways=None,
        interval=True,
    )


def real_people_in_short() -> str:
    """The most important errors on real people."""
    return _on_real_people(
        {
            "mpjpe": "MPJPE, mm",
            "pa_mpjpe": "PA-MPJPE, mm",
            "angle/knee": "Knee",
            "angle/elbow": "Elbow",
            "angle/hip": "Hip",
            "angle/shoulder": "Shoulder",
        },
        ways=("frame by frame, K given", "frame by frame, image size alone", "video, K given", "its own 3D"),
        interval=False,
    )


def _on_real_people(columns: dict[str, str], ways: Sequence[str] | None, *, interval: bool) -> str:
    """One row for each way of lifting, of all ways or of those named."""
    found = json.loads(MEASURED_ON_REAL_PEOPLE.read_text(encoding="utf-8"))

    def cell(summary: dict[str, Any], name: str) -> str:
        mean, (low, high) = summary["mean"][name], summary["interval"][name]
        return f"{mean:.1f} ({low:.1f} to {high:.1f})" if interval else f"{mean:.1f}"

    rows = [
        (f"{weights}, {way}", *(cell(summary, name) for name in columns))
        for weights, of_weights in found.items()
        for way, summary in of_weights.items()
        if isinstance(summary, dict) and (ways is None or way in ways)
    ]
    return markdown.table(("", *columns.values()), rows)


def parts() -> str:
    """Errors of people of whom only a part is in the picture."""
    found = {
        (row["part"], row["weights"]): f"{row['at_root']:.1f} / {row['pa']:.1f}"
        for row in json.loads(MEASURED_ON_PARTS.read_text(encoding="utf-8"))
    }
    names = dict.fromkeys(part for part, _ in found)
    rows = [(part, *(found[part, weights] for weights in MEASURED)) for part in names]
    return markdown.table(("In the picture", *MEASURED), rows)


def real_parts() -> str:
    """Errors of real hands, faces and bodies alone."""
    found = json.loads(MEASURED_ON_REAL_PARTS.read_text(encoding="utf-8"))
    columns = ("MPJPE", "N-MPJPE", "PA-MPJPE")
    errors = {
        (row["part"], row["weights"]): " / ".join(f"{row[name]:.1f}" for name in columns) for row in found
    }
    people = {row["part"]: f"{row['people']:,}" for row in found}
    rows = [(part, people[part], *(errors[part, weights] for weights in MEASURED)) for part in people]
    return markdown.table(("In the picture", "People", *MEASURED), rows)


def _config(weights: str) -> Config:
    """The config of weights in the package, without building the network."""
    return Config.model_validate_json(
        (pretrained.packaged_directory(weights) / pretrained.CONFIG_FILE).read_text(encoding="utf-8")
    )


def known() -> str:
    """Errors with what may be known of people beside the keypoints, as far as the weights take it."""
    found = json.loads(MEASURED_WITH_KNOWN.read_text(encoding="utf-8"))
    errors = {(row["weights"], row["known"], row["set"]): f"{row['MPJPE']:.1f}" for row in found}
    sets = dict.fromkeys(row["set"] for row in found)
    lacking = {weights: set(INPUTS) - set(_config(weights).inputs) for weights in MEASURED}
    rows = [
        (f"{weights}, {what}", *(errors[weights, what, name] for name in sets))
        for weights, what in dict.fromkeys((row["weights"], row["known"]) for row in found)
        if what.replace(" ", "_") not in lacking[weights]
    ]
    return markdown.table(("Known", *(name.replace("_", " ") for name in sets)), rows)


def angles() -> str:
    """Errors of joint angles on real people."""
    found = json.loads(MEASURED_ANGLES.read_text(encoding="utf-8"))
    rows = [
        (f"{value:.1f}" if isinstance(value, float) else value for value in row.values()) for row in found
    ]
    return markdown.table(list(found[0]), [tuple(row) for row in rows])


def synthetic_h3wb() -> str:
    """Errors on synthetic H3WB by H3WB's protocol."""
    found = json.loads(MEASURED_ON_SYNTHETIC_H3WB.read_text(encoding="utf-8"))
    return report.h3wb_as_markdown({name: h3wb.Errors(**means) for name, means in found.items()})


def asked() -> str:
    """The targets for the base weights, and what they reached on the test sets that they were set for."""
    found = report.from_json(json.loads(MEASURED_ON_VERSION_1["base"].read_text()))
    rows = [(*target[:3], "yes" if target.met else "no") for target in targets.compare(found)]
    return table(("Laboratory, exact 2D unless said otherwise", "Asked", "Reached", ""), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "angles": angles,
    "asked": asked,
    "errors-version-1": version_1,
    "known": known,
    "parts": parts,
    "real-parts": real_parts,
    "real-people": real_people,
    "real-people-in-short": real_people_in_short,
    "synthetic-h3wb": synthetic_h3wb,
    **{f"errors-{name}": functools.partial(_measured, name, in_short=False) for name in MEASURED},
    **{f"errors-in-short-{name}": functools.partial(_measured, name, in_short=True) for name in MEASURED},
}
