"""The files that results are written to: results.md, exports.md."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from blocks.messages import example_pose, in_temporary_directory
from blocks.writing import WIDTH, code, table
from wholebody_lift.formats import results
from wholebody_lift.formats.results import pose_csv, pose_json


def csv_columns() -> str:
    """The columns of a CSV in order."""
    return textwrap.fill(", ".join(map(code, pose_csv.HEADER)) + ".", WIDTH)


def json_example() -> str:
    """The beginning of every entry of a result file."""
    with in_temporary_directory():
        pose_json.write(example_pose(), Path("result.json"))
        document = json.loads(Path("result.json").read_text(encoding="utf-8"))
    lines = []
    for key, value in document.items():
        if isinstance(value, dict):
            inner = [f"    {json.dumps(name)}: {_shortened(item)}" for name, item in value.items()]
            lines.append(f"  {json.dumps(key)}: {{\n" + ",\n".join(inner) + "\n  }")
        elif key == "people":
            inner = [f"      {json.dumps(name)}: {_shortened(item)}" for name, item in value[0].items()]
            lines.append('  "people": [\n    {\n' + ",\n".join(inner) + "\n    }\n  ]")
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}")
    return "```text\n{\n" + ",\n".join(lines) + "\n}\n```"


def _shortened(value: Any) -> str:
    """JSON of a value, with long lists cut after two items."""
    if isinstance(value, list) and len(value) > 5:
        return "[" + ", ".join(_shortened(item) for item in value[:2]) + ", ...]"
    return json.dumps(value)


# --- exports.md ---


def export_formats() -> str:
    """The formats that `formats.write` knows."""
    rows: dict[str, list[str]] = {}
    for kind in results.KINDS.values():
        default = kind.options.get("frame")
        axes = kind.frame or default
        rows[kind.suffix] = [
            ": ".join(filter(None, (kind.purpose, kind.programs))),
            "one" if kind.one_person else "any",
            kind.unit,
            (f"`{axes}`" + (", or others" if default else "")) if axes else "those of the result",
            code(kind.extra.requirement) if kind.extra else "",
        ]
    return table(
        ("Suffix", "For", "People", "Unit", "Axes", "Needs"), ((code(s), *r) for s, r in rows.items())
    )


def export_errors() -> str:
    """Errors about results that a format cannot hold."""
    one = example_pose()
    frames = dataclasses.replace(one[[0] * 4], image_ids=np.arange(4), fps=30.0)
    two = dataclasses.replace(frames, image_ids=np.array([0, 0, 1, 1]), track_ids=np.array([3, 8, 3, 8]))
    cases = (
        ("It is not known who is who", dataclasses.replace(two, track_ids=None), "walk.c3d", {}),
        ("Several people for a format of one", two, "walk.bvh", {}),
        ("No frame rate", dataclasses.replace(frames, fps=None), "walk.glb", {}),
        ("A left-handed frame", frames, "walk.trc", {"frame": "unity"}),
        ("Another suffix", frames, "walk.fbx", {}),
    )
    blocks = []
    for title, pose, path, options in cases:
        try:
            results.write(pose, path, **options)
        except ValueError as error:
            said = textwrap.fill(str(error), WIDTH, break_long_words=False, break_on_hyphens=False)
            blocks.append(f"**{title}**\n\n```text\n{said}\n```")
    assert len(blocks) == len(cases)
    return "\n\n".join(blocks)


BLOCKS: dict[str, Callable[[], str]] = {
    "csv-columns": csv_columns,
    "json-example": json_example,
    "export-formats": export_formats,
    "export-errors": export_errors,
}
