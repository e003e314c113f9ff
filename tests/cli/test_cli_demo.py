"""`demo`: the page is served from the folder that it was built into, and its address is opened."""

import webbrowser
from pathlib import Path

import pytest

from wholebody_lift.browser import build
from wholebody_lift.browser.server import Server
from wholebody_lift.cli import main


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were asked for; nothing is built, and the server ends at once."""
    folders: list[Path] = []
    monkeypatch.setattr(build, "build", lambda folder, say: folders.append(folder))

    def interrupt(_: Server) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "serve_forever", interrupt)
    return folders


def test_its_page_is_opened(built, tmp_path, monkeypatch, capsys) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: not opened.append(url))
    assert main(["demo", "--web", str(tmp_path), "--port", "0"]) == 130
    (url,) = opened
    assert url in capsys.readouterr().out
    assert built == [tmp_path]


def test_without_a_folder_it_is_in_the_cache(built, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("WHOLEBODY_LIFT_CACHE", str(tmp_path))
    for arguments in (["--web"], []):
        assert main(["demo", *arguments, "--no-open", "--port", "0"]) == 130
    assert built == [tmp_path / "browser"] * 2


def test_build_stops_after_building(built, tmp_path, capsys) -> None:
    assert main(["demo", "--web", str(tmp_path), "--build"]) == 0
    assert str(tmp_path) in capsys.readouterr().out
