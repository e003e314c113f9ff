"""The software bill of materials (CycloneDX) and docs/licences.md, from what is installed, for `make sbom`.

    python docs/licences.py ENVIRONMENT.json DIST.json

ENVIRONMENT.json is what `cyclonedx-py environment` says about the interpreter that runs this script; it also
lists what only tests and docs need. DIST.json gets what the package and its extras need: "required" is what
every installation has, "optional" is what an extra brings.
"""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import tomllib
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

DOCS = Path(__file__).parent
PROJECT = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["project"]
EVERY = "every installation"
FOR_DEVELOPERS = {"docs", "test"}

READ_BY_US = {
    "anny": "Apache-2.0",
    "ezc3d": "MIT",
    "jax": "Apache-2.0",
    "mediapipe": "Apache-2.0",
    "opencv-contrib-python": "Apache-2.0",
    "opencv-python": "Apache-2.0",
    "protobuf": "BSD-3-Clause",
    "ray": "Apache-2.0",
    "rerun-sdk": "MIT OR Apache-2.0",
    "rtmlib": "Apache-2.0",
}
"""Licences of packages that do not state theirs in their metadata, or that `make` does not install."""

PAGE = """\
# Licences of the dependencies

wholebody-lift is Apache-2.0, code and weights. This table lists what an installation brings along, at the
versions of `constraints.txt`, with the licence that each states. `make sbom` writes it, and a software
bill of materials of the same packages (CycloneDX JSON, made with cyclonedx-bom) to `dist/`.

The wheel contains none of these packages. PyTorch's builds with CUDA also install NVIDIA's libraries, under
NVIDIA's terms. PyAV's wheels (the extra mp4) contain FFmpeg with x264 and x265, which are under the GPL,
version 2 or later; x264 encodes the videos. The models that rtmlib downloads have terms of their own
([Photos and videos](detectors.md)).

| Package | Version | Licence | Comes with |
| --- | --- | --- | --- |
"""


def needed_by(requirements: list[str]) -> set[str]:
    """The canonical names of these requirements and of all that they need in turn."""
    todo = [(Requirement(text), "") for text in requirements]
    found: set[tuple[str, str]] = set()
    while todo:
        requirement, extra = todo.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in ("", *requirement.extras):
            if (name, wanted) in found:
                continue
            found.add((name, wanted))
            try:
                needs = metadata.requires(name) or []
            except metadata.PackageNotFoundError:
                continue
            todo += [(Requirement(text), wanted) for text in needs]
    return {name for name, _ in found}


def sources() -> dict[str, set[str]]:
    """By name of a package: the extras that bring it, or `EVERY`."""
    found: dict[str, set[str]] = {}
    groups = {EVERY: PROJECT["dependencies"]}
    groups |= {
        name: needs for name, needs in PROJECT["optional-dependencies"].items() if name not in FOR_DEVELOPERS
    }
    for group, needs in groups.items():
        for name in needed_by(needs):
            found.setdefault(name, set()).add(group)
    return {name: {EVERY} & groups or groups for name, groups in found.items()}


def licence(component: dict[str, Any]) -> str:
    stated = []
    for entry in component.get("licenses", []):
        about = entry.get("license", {})
        stated.append(entry.get("expression") or about.get("id") or about.get("name"))
    spdx = [text for text in stated if "::" not in text] or [text.split(" :: ")[-1] for text in stated]
    return " AND ".join(spdx) or READ_BY_US.get(canonicalize_name(component["name"]), "not stated")


def main(environment: str, dist: str) -> None:
    bom = json.loads(Path(environment).read_text())
    origins = sources()
    bom["components"] = [c for c in bom["components"] if canonicalize_name(c["name"]) in origins]
    for component in bom["components"]:
        required = EVERY in origins[canonicalize_name(component["name"])]
        component["scope"] = "required" if required else "optional"
        if "licenses" not in component:
            component["licenses"] = [{"license": {"id": licence(component)}}]
    kept = {component["bom-ref"] for component in bom["components"]} | {"root-component"}
    bom["dependencies"] = [
        {**edges, "dependsOn": [ref for ref in edges.get("dependsOn", []) if ref in kept]}
        for edges in bom["dependencies"]
        if edges["ref"] in kept
    ]
    Path(dist).parent.mkdir(exist_ok=True)
    Path(dist).write_text(json.dumps(bom, indent=2) + "\n")

    rows = [(c["name"], c["version"].split("+")[0], licence(c)) for c in bom["components"]]
    listed = {canonicalize_name(name) for name, _, _ in rows}
    rows += [(name, "", terms) for name, terms in READ_BY_US.items() if name in origins.keys() - listed]
    table = [(*row, ", ".join(sorted(origins[canonicalize_name(row[0])]))) for row in rows]
    table.sort(key=lambda row: (row[-1] != EVERY, row[0].lower()))
    (DOCS / "licences.md").write_text(PAGE + "".join(f"| {' | '.join(row)} |\n" for row in table))


if __name__ == "__main__":
    main(*sys.argv[1:])
