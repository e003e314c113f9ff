"""The results of an evaluation, as tables for a model card and as JSON."""

from collections.abc import Sequence
from typing import Any

from wholebody_lift import skeleton
from wholebody_lift.train import markdown
from wholebody_lift.train.evaluation import h3wb, held_out, metrics
from wholebody_lift.train.evaluation.evaluate import Report, Result

_BY_INPUT = {
    "whole": "MPJPE, all keypoints, mm",
    "seen": "MPJPE of the given keypoints, mm",
    "seen_centred": "MPJPE of the given keypoints, aligned at their mean, mm",
    "displaced": "Error of the input: given keypoints against their true pixels, in mm at their distance",
    "n_mpjpe": "N-MPJPE (best scale), mm",
    "pa_mpjpe": "PA-MPJPE (best similarity), mm",
    "body": "Body and feet, mm",
    "face_at_nose": "Face, nose-aligned, mm",
    "hands_at_wrist": "Hands, wrist-aligned, mm",
}
"""Figures that get their own table, with the inputs side by side."""

_OF_GROUPS = {
    "whole": "MPJPE",
    "seen": "of given",
    "seen_centred": "of given, at their mean",
    "n_mpjpe": "N-MPJPE",
    "pa_mpjpe": "PA-MPJPE",
    "body": "body",
    "face_at_nose": "face at nose",
    "hands_at_wrist": "hands at wrist",
}
"""Figures of groups of people."""

_INPUTS = ("exact", "noise", "detector", "incomplete", "any detector")

_EXACT_KEYPOINTS = {"exact": "all", "body alone": "body and feet", "limbs alone": "limbs"}

_CAMERA_KNOWN = {
    "detector": "K given",
    "assumed camera": "assumed from the image size",
    "unknown camera": "assumed from nothing",
}


def as_json(report: Report) -> dict[str, Any]:
    """All results, ready for `json.dumps`."""

    def plain(results: dict[str, dict[str, Result]]) -> dict[str, Any]:
        return {
            name: {label: result._asdict() for label, result in row.items()} for name, row in results.items()
        }

    summary = metrics.summary(report.calibration) if report.calibration else None
    return {
        "version": report.version,
        "seed": held_out.VERSIONS[report.version].seed,
        "differences_from_published_sets": report.differences,
        "results": plain(report.results),
        "groups": plain(report.groups),
        "bone_length_spread_percent": report.bones,
        "calibration": [{**decile._asdict(), "ratio": decile.ratio} for decile in report.calibration],
        "calibration_summary": summary and {**summary._asdict(), "worst": summary.worst._asdict()},
        "seconds": round(report.seconds, 1),
    }


def from_json(content: dict[str, Any]) -> Report:
    """The inverse of `as_json`."""

    def results(rows: dict[str, Any]) -> dict[str, dict[str, Result]]:
        return {
            name: {label: Result(**result) for label, result in row.items()} for name, row in rows.items()
        }

    return Report(
        results=results(content["results"]),
        groups=results(content["groups"]),
        bones=content["bone_length_spread_percent"],
        calibration=[
            metrics.Decile(**{field: row[field] for field in metrics.Decile._fields})
            for row in content["calibration"]
        ],
        differences=content["differences_from_published_sets"],
        version=content["version"],
        seconds=content["seconds"],
    )


def in_short(report: Report) -> str:
    """One table that sums up the results: MPJPE by input, and the errors of aligned parts on exact 2D."""
    rows = []
    for name, row in report.results.items():
        if "exact" in row and "noise" in row:
            exact = row["exact"]
            aligned = (exact.n_mpjpe, exact.pa_mpjpe, exact.face_at_nose, exact.hands_at_wrist)
            inputs = (row[given].whole for given in ("exact", "noise", "incomplete", "detector"))
            cells = [*inputs, row["detector"].seen, *aligned]
            rows.append([_words(name), *(f"{value:.1f}" for value in cells)])
    header = ["Camera", "Exact 2D", "Noise", "Incomplete", "Detector", "Detector, of given"]
    header += ["N-MPJPE", "PA-MPJPE", "Face, nose-aligned", "Hands, wrist-aligned"]
    return markdown.table(header, rows)


def as_markdown(report: Report) -> str:
    """All results except those of single bones and parts, in small tables."""
    sections = [_by_input(field, title, report) for field, title in _BY_INPUT.items()]
    sections += [_by_direction(report)]
    sections += [
        _in_laboratory("the keypoints that exact 2D has, laboratory", _EXACT_KEYPOINTS, report),
        _in_laboratory("what is known of the camera, laboratory, detector", _CAMERA_KNOWN, report),
    ]
    sections += [_by_group(f"By {question}", groups) for question, groups in report.groups.items()]
    sections += [_of_bones(report), _of_calibration(report)]
    return "\n\n".join(section for section in sections if section)


def h3wb_as_markdown(errors: dict[str, h3wb.Errors]) -> str:
    """Errors by H3WB's protocol in mm, with one row for each input."""
    header = ["input, mm", *(_OF_GROUPS.get(field, _words(field)) for field in h3wb.Errors._fields)]
    rows = [[name, *(f"{value:.1f}" for value in means)] for name, means in errors.items()]
    return markdown.table(header, rows)


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A heading and a table with the first column aligned to the left; empty without rows."""
    if not rows:
        return ""
    return f"### {title}\n\n{markdown.table(header, rows)}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _by_input(field: str, title: str, report: Report) -> str:
    """One figure for every set and input, and the cost of each input relative to exact 2D of the same
    people."""
    shown = [given for given in _INPUTS if any(given in row for row in report.results.values())]

    def cell(row: dict[str, Result], given: str) -> str:
        if given not in row:
            return ""
        value: float = getattr(row[given], field)
        if given == "exact" or "exact" not in row or field == "displaced":
            return f"{value:.1f}"
        return f"{value:.1f} ({value / getattr(row['exact'], field) - 1:+.0%})"

    rows = [[_words(name), *(cell(row, given) for given in shown)] for name, row in report.results.items()]
    return _table(title, ["test set", *shown], rows)


def _by_direction(report: Report) -> str:
    rows = [
        [_words(name), given, *(f"{value:.1f}" for value in (r.depth, r.across, r.root, r.root_percent))]
        for name, row in report.results.items()
        for given, r in row.items()
        if given in ("exact", "detector", "any detector")
    ]
    header = ["test set", "input", "along the ray, mm", "across, mm", "root, mm", "root, % of distance"]
    return _table("Direction of the error, and place of the root with K", header, rows)


def _in_laboratory(title: str, inputs: dict[str, str], report: Report) -> str:
    """The laboratory's results with some inputs, which have names of their own in the table; empty if it was
    given in one way only."""
    row = report.results.get("laboratory", {})
    found = {name: row[given] for given, name in inputs.items() if given in row}
    return _by_group(f"By {title}", found) if len(found) > 1 else ""


def _by_group(title: str, results: dict[str, Result]) -> str:
    rows = [
        [_words(name), str(r.people), f"{r.given:.0f}", *(f"{getattr(r, field):.1f}" for field in _OF_GROUPS)]
        for name, r in results.items()
    ]
    return _table(title, ["", "people", "given, %", *_OF_GROUPS.values()], rows)


def _of_bones(report: Report) -> str:
    limbs = {bone for limb in skeleton.LIMBS for bone in (limb[:2], limb[1:])}
    members = {
        "limbs": [edge in limbs for edge in skeleton.EDGES],
        **{name: [end in part for _, end in skeleton.EDGES] for name, part in skeleton.PARTS.items()},
    }
    rows = []
    for given, spread in report.bones.items():
        means = []
        for chosen in members.values():
            values = [value for value, inside in zip(spread.values(), chosen, strict=True) if inside]
            means.append(f"{sum(values) / len(values):.1f}")
        rows.append([given, *means])
    header = ["input", *(_words(name) for name in members)]
    return _table("Spread of bone lengths between four views of a body, %", header, rows)


def _of_calibration(report: Report) -> str:
    if not report.calibration:
        return ""
    rows = [
        [
            _words(part),
            *(f"{d.predicted:.0f} / {d.actual:.0f}" for d in report.calibration if d.part == part),
        ]
        for part in skeleton.PARTS
    ]
    title = "Predicted / actual error in mm, by tenths of the keypoints ordered by prediction"
    line = metrics.summary(report.calibration)
    return (
        _table(title, ["part", *(str(i) for i in range(1, 11))], rows)
        + f"\n\nPredicted over actual: {line.mean_ratio:.2f} in the mean, {line.mean_deviation:.0%} from 1; "
        f"worst in tenth {line.worst.decile} of {_words(line.worst.part)}: {line.worst.ratio:.2f}."
    )
