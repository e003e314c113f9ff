"""Show a portrait to the page that runs in the browser alone, and take its picture: docs/assets/browser.png.

Run `make web` first. It needs Playwright and Chromium (Debian's package `chromium`), and takes a minute
without a graphics card. The portrait is that of Grace Hopper, a work of the US Navy in the public domain,
which comes with Matplotlib.
"""

import shutil
import sys
import threading
from pathlib import Path

import matplotlib.cbook
from playwright.sync_api import sync_playwright

from wholebody_lift.browser.server import Server

ASSETS = Path(__file__).resolve().parents[1] / "assets"
PAGE = Path(__file__).resolve().parents[2] / "out" / "web"
ARGUMENTS = ["--headless", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
SIZE = {"width": 1280, "height": 720}
HEAR = "addEventListener('message', ({ data }) => { window.drawn ??= data?.drawn; });"  # from the viewer


def main(folder: Path) -> None:
    with Server(PAGE, 0) as server, sync_playwright() as driver:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport=SIZE, color_scheme="dark")
        page.add_init_script(HEAR)
        page.goto(server.url)
        page.wait_for_selector("#choose:enabled")
        page.set_input_files("#file", matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
        page.wait_for_function("() => window.drawn !== undefined", timeout=500_000)
        page.screenshot(path=folder / "browser.png")
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ASSETS)
