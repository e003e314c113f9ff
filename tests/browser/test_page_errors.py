"""What the page says where it cannot go on. MediaPipe is not needed for that, so its files are empty."""

from collections.abc import Iterator
from typing import Any

import pytest
from chromium import SOFTWARE_GPU, launched, open_page, playwright
from fake_packages import build_page
from serving import serving

from wholebody_lift.browser.server import Server


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = build_page(tmp_path_factory.mktemp("web") / "page")
    with serving(Server(folder, 0)) as server:
        yield server.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched(gpu=SOFTWARE_GPU) as browser:
        yield browser


def problem(browser: Any, url: str, script: str) -> str:
    """What the page says after the camera was to start, with a script that ran before its own."""
    page = open_page(browser, "about:blank")
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
    page = open_page(browser, url)
    page.wait_for_selector("#camera:enabled")
    page.set_input_files("#file", {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.wait_for_selector("body[data-state='failed']")
    assert "notes.png" in page.inner_text("#problem")
    page.close()


def test_what_the_viewer_may_do(browser, url) -> None:
    """Its own policy lets it load nothing."""
    page = open_page(browser, f"{url}viewer.html")
    with pytest.raises(playwright.Error, match="Failed to fetch"):
        page.evaluate("fetch('files.json')")
    page.close()
