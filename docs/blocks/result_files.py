"""What results are written as: results.md, exports.md."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    """JSON of a value, long lists cut after two items."""
    if isinstance(value, list) and len(value) > 5:
        return "[" + ", ".join(_shortened(item) for item in value[:2]) + ", ...]"
    return json.dumps(value)


# --- exports.md ---


def export_formats() -> str:
    """What a result can be written as, of what `formats.write` knows."""
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


BLOCKS: dict[str, Callable[[], str]] = {
    "csv-columns": csv_columns,
    "json-example": json_example,
    "export-formats": export_formats,
}
