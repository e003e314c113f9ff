"""The server of the page: types that browsers insist on, and nothing but files."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest
from serving import serving

from wholebody_lift.browser.server import Server


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "folder").mkdir()
    for name in ("index.html", "a.mjs", "a.wasm"):
        (tmp_path / name).write_text(name)
    with serving(Server(tmp_path, 0)) as server:
        yield server.url


@pytest.mark.parametrize(
    ("path", "kind"),
    [("", "text/html; charset=utf-8"), ("a.mjs", "text/javascript"), ("a.wasm", "application/wasm")],
)
def test_types(url, path, kind) -> None:
    with urllib.request.urlopen(url + path) as answer:
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["Cache-Control"] == "no-cache"  # a new build is noticed


@pytest.mark.parametrize("path", ["folder/", "missing.js", "../secret"])
def test_nothing_else(url, path) -> None:
    with pytest.raises(HTTPError, match="404"):
        urllib.request.urlopen(url + path)
