"""The page behind its server, and a Chromium with WebGL."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chromium import ARGUMENTS, CHROMIUM, playwright

from wholebody_lift.browser.server import Server

_SOFTWARE = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
"""WebGL without a graphics card: MediaPipe takes seconds for each picture."""


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    with Server(folder, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def chromium(*arguments: str) -> Iterator[Any]:
    arguments = (*(one for one in ARGUMENTS if one != "--disable-gpu"), *_SOFTWARE, *arguments)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(arguments))
        yield browser
        browser.close()
