"""`app` and `webcam`: the address is printed and opened, and Ctrl-C is the way to stop it."""

import webbrowser

import pytest
import torch
from test_cli import error_of

from wholebody_lift.app.server import Server
from wholebody_lift.cli import main
from wholebody_lift.detectors import mediapipe_holistic, rtmlib_wholebody


@pytest.fixture(autouse=True)
def ended_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)  # it would hold for all tests

    def interrupt(_: Server) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "serve_forever", interrupt)


@pytest.mark.parametrize("has_browser", [True, False])
def test_its_page_is_opened(
    weights: str, has_browser: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: bool(opened.append(url)) or has_browser)
    assert main(["app", "--weights", weights]) == 130
    printed = capsys.readouterr().out
    (url,) = opened
    assert f"wholebody-lift app is at {url}\n" in printed
    assert ("open the address yourself" in printed) is not has_browser


def test_without_opening(
    weights: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("opened a browser"))
    assert main(["app", "--no-open", "--weights", weights]) == 130
    assert "wholebody-lift app is at http://127.0.0.1:" in capsys.readouterr().out


def test_a_port_that_is_taken(weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["app", "--no-open", "--port", port, "--weights", weights]) == 1
    assert "in use" in error_of(capsys)


def test_the_camera_is_opened(
    weights: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    monkeypatch.setattr(rtmlib_wholebody, "is_installed", lambda: True)
    assert main(["webcam", "--detector", "rtmlib", "--weights", weights]) == 130
    (url,) = opened
    assert url.endswith("/#camera")
    assert f"wholebody-lift webcam is at {url}\n" in capsys.readouterr().out


def test_a_camera_without_a_detector(
    weights: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Is told before anything is loaded or opened."""
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("opened a browser"))
    for detector in (mediapipe_holistic, rtmlib_wholebody):
        monkeypatch.setattr(detector, "is_installed", lambda: False)
    assert main(["webcam", "--weights", weights]) == 1
    assert 'pip install "wholebody-lift[detect]"' in error_of(capsys)
