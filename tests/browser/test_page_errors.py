"""What the page says where it cannot go on. MediaPipe is not needed for that, so its files are empty."""

from collections.abc import Iterator
from typing import Any

import fake_packages
import pytest
from chromium import playwright
from served_page import chromium, served

from wholebody_lift.browser import build


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("web") / "page"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_install", fake_packages.install)
        build.build(folder)
    with served(folder) as server:
        yield server.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


def problem(browser: Any, url: str, script: str) -> str:
    """What the page says after the camera was to start, with a script that ran before its own."""
    page = browser.new_page()
    page.add_init_script(script)
    page.goto(url)
    page.click("#camera:enabled")
    page.wait_for_selector("body[data-state='failed']")
    text: str = page.inner_text("#failed")
    page.close()
    return text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", "Allow the camera"),
        ("NotFoundError", "No camera was found"),
        ("NotReadableError", "Another program"),
    ],
)
def test_camera(browser, url, name, words) -> None:
    script = f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('', '{name}'); }};"
    text = problem(browser, url, script)
    assert words in text
    assert "clip or a photo" in text


@pytest.mark.parametrize(
    ("script", "word"),
    [
        ("WebAssembly.validate = () => false;", "SIMD"),
        ("HTMLCanvasElement.prototype.getContext = () => null;", "WebGL"),
        ("Object.defineProperty(navigator, 'mediaDevices', { value: undefined });", "https"),
    ],
)
def test_browser(browser, url, script, word) -> None:
    assert word in problem(browser, url, script)


def test_a_file_that_is_no_picture(browser, url) -> None:
    page = browser.new_page()
    page.goto(url)
    page.wait_for_selector("#camera:enabled")
    page.set_input_files("#file", {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.wait_for_selector("body[data-state='failed']")
    assert "notes.png" in page.inner_text("#problem")
    page.close()


def test_what_the_viewer_may_do(browser, url) -> None:
    """Its own policy lets it load nothing."""
    page = browser.new_page()
    page.goto(f"{url}viewer.html")
    with pytest.raises(playwright.Error, match="Failed to fetch"):
        page.evaluate("fetch('files.json')")
    page.close()
