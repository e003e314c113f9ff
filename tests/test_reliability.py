"""Promises that belong to no single module, and that docs/reliability.md names tests that exist."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text()
CITED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


@pytest.mark.parametrize("path", sorted({path for path, _ in CITED}))
def test_the_tests_of_promises_exist(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text())
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert {name for cited, name in CITED if cited == path} <= functions


def test_every_promise_has_a_test() -> None:
    rows = re.findall(
        r"^\| (?!Promise|---)(.*) \| (.*) \|$", (ROOT / "docs" / "reliability.md").read_text(), re.M
    )
    assert rows
    assert not [promise for promise, test in rows if "::" not in test]


def test_lifting_works_without_network_and_with_a_home_that_stays_empty(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    script = """
import socket, sys
def refuse(*args): raise AssertionError("a connection was opened")
socket.socket.connect = socket.getaddrinfo = refuse
from wholebody_lift.cli import main
sys.exit(main(sys.argv[1:]))
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "HF_"))}
    detections, result = ROOT / "examples" / "data" / "photos.json", tmp_path / "result.json"
    subprocess.run(
        [sys.executable, "-c", script, "lift", str(detections), "-o", str(result)],
        env={**environment, "HOME": str(home), "USERPROFILE": str(home)},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    assert result.is_file()
    assert list(home.rglob("*")) == []
