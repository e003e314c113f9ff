"""Headless Chromium for tests; a module that imports this is skipped where there is none."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from waiting import PATIENCE

playwright = pytest.importorskip("playwright.sync_api", reason="needs the Python package playwright")

_CHROMIUM = shutil.which("chromium")
if _CHROMIUM is None:
    pytest.skip("needs Chromium (Debian's package chromium)", allow_module_level=True)

_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WITHOUT_GPU = ["--disable-gpu"]
SOFTWARE_GPU = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
"""WebGL without a graphics card: MediaPipe takes seconds for each picture."""

PATIENCE_MS = 1000 * PATIENCE

SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""For `evaluate`: wait until a page has drawn what it was asked for."""


@contextmanager
def launching() -> Iterator[Callable[..., Any]]:
    """A function that starts a browser with more arguments."""
    with playwright.sync_playwright() as driver:
        playwright.expect.set_options(timeout=PATIENCE_MS)

        def launch(*arguments: str, gpu: list[str] = WITHOUT_GPU) -> Any:
            return driver.chromium.launch(executable_path=_CHROMIUM, args=[*_ARGUMENTS, *gpu, *arguments])

        yield launch


@contextmanager
def launched(*arguments: str, gpu: list[str] = WITHOUT_GPU) -> Iterator[Any]:
    """A browser."""
    with launching() as launch:
        browser = launch(*arguments, gpu=gpu)
        yield browser
        browser.close()


def open_page(browser: Any, url: str, **options: Any) -> Any:
    """A page, which waits as long as `until`."""
    page = browser.new_page(**options)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(url)
    return page


@contextmanager
def watched_page(browser: Any, url: str, *, expected: str | None = None, **options: Any) -> Iterator[Any]:
    """A page for the length of a block; errors in its console fail, but for those with an expected text."""
    wrong: list[str] = []
    page = open_page(browser, "about:blank", **options)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(url)
    yield page
    page.close()
    assert [text for text in wrong if expected is None or expected not in text] == []
