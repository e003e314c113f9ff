"""The table of licences of the dependencies, which `make sbom` writes."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "licences.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| Package", "| ---"))
]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_has_a_row() -> None:
    tomllib = pytest.importorskip("tomllib", reason="needs Python 3.11")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    groups = {"every installation": project["dependencies"]}
    groups |= {name: needs for name, needs in extras.items() if name not in ("docs", "test")}
    rows = {canonical(name): origins for name, _, _, origins in ROWS}
    for group, needs in groups.items():
        for requirement in needs:
            origins = rows[canonical(re.split(r"[\s<>=!;\[]", requirement)[0])]
            assert group in origins or origins == "every installation", (requirement, origins)


def test_versions_are_the_pinned_ones() -> None:
    """After a change to constraints.txt: `make sbom`."""
    pinned = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    )
    pinned = {canonical(name): version for name, version in pinned.items()}
    versions = {canonical(name): version for name, version, _, _ in ROWS if canonical(name) in pinned}
    assert len(versions) > 30
    assert versions == {name: pinned[name] for name in versions}


def test_every_licence_is_known_and_none_spreads_to_users() -> None:
    assert all(licence for _, _, licence, _ in ROWS)
    assert not [row for row in ROWS if re.search(r"not stated|\b[AL]?GPL|Affero|Lesser|NC\b", row[2])]
