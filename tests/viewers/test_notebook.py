"""What a notebook shows of a result: the page, isolated and limited in size."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from wholebody_lift.extras import PLOT
from wholebody_lift.pose import Pose3D
from wholebody_lift.viewers import html, notebook


def test_the_page_is_in_an_isolated_frame(pose: Pose3D) -> None:
    shown = pose._repr_html_()
    frame = re.fullmatch(r'<iframe srcdoc="([^"]*)" ([^<>]*)></iframe>', shown)
    assert unescape(frame[1]) == html.render(pose)
    assert 'sandbox="allow-scripts allow-forms"' in frame[2]  # above all, not allow-same-origin


def test_a_page_that_is_too_large_is_replaced(clip: Pose3D, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(notebook.cell(clip))
    monkeypatch.setattr(notebook, "MAX_BYTES", size // 2)
    shown = notebook.cell(clip)
    assert "<iframe" not in shown
    assert clip.summary().split("\n")[0] in shown
    assert "pose.save(" in shown
    assert ("data:image/png" in shown) is PLOT.installed
    with monkeypatch.context() as hidden:
        hidden.setattr(type(PLOT), "installed", False)
        assert "data:image/png" not in notebook.cell(clip)


def test_nobody_is_shown_as_text() -> None:
    assert (
        notebook.cell(Pose3D.empty())
        == "<pre>Pose3D(0 people in 0 images, 133 keypoints, mm, frame=&#x27;opencv&#x27;)</pre>"
    )


def test_a_minute_and_a_half_fits(clip: Pose3D) -> None:
    """The promise at `MAX_BYTES`, from the growth of a page with its rows."""
    short, long = (len(html.render(clip[:n])) for n in (5, 65))
    rows = 90 * 30
    assert short + (long - short) / 60 * rows < notebook.MAX_BYTES


def test_it_is_alive_in_a_browser(clip: Pose3D, tmp_path: Path) -> None:
    from chromium import launched, open_page

    path = tmp_path / "cell.html"
    path.write_text(f"<!doctype html><body>{replace(clip, fps=30.0)._repr_html_()}", encoding="utf-8")
    complaints: list[Any] = []
    with launched() as browser:
        page = open_page(browser, "about:blank", viewport={"width": 900, "height": 620})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(path.as_uri())
        inside = page.frame_locator("iframe")
        inside.locator("main:not([aria-busy])").wait_for()
        inside.locator("#help-open").click()
        inside.get_by_role("button", name="Close").click()
        assert not inside.locator("#help").is_visible()
        first = inside.locator("#counter").inner_text()
        inside.locator("#counter").filter(has_not_text=first).wait_for()  # it plays
    assert complaints == []
