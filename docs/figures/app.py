"""Take the picture of the page docs/app.md: docs/assets/app.png.

Run from anywhere: `python docs/figures/app.py [OUT]`. Needs Playwright and Chromium.
"""

import shutil
import sys
from pathlib import Path
from threading import Thread

from playwright.sync_api import sync_playwright

from wholebody_lift import Lifter
from wholebody_lift.app.server import Server
from wholebody_lift.app.workshop import Workshop

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "assets" / "app.png"
SQUATS = ROOT / "examples" / "data" / "squats.json"
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
DEEP = 16  # a frame in which the knees are bent


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    with Server(Workshop(Lifter.from_pretrained())) as server, sync_playwright() as driver:
        Thread(target=server.serve_forever, daemon=True).start()
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(
            viewport={"width": 1440, "height": 860}, color_scheme="light", reduced_motion="reduce"
        )
        page.goto(server.url)
        page.get_by_label("Frames per second").fill("5")
        page.locator("#file").set_input_files(SQUATS)
        viewer = page.frame_locator("#viewer")
        viewer.locator("main:not([aria-busy])").wait_for()
        scrubber = viewer.locator("#scrubber")
        scrubber.focus()
        for _ in range(DEEP):
            scrubber.press("ArrowRight")
        viewer.locator("body").evaluate(
            "() => new Promise(done => { document.activeElement.blur();"
            " requestAnimationFrame(() => requestAnimationFrame(done)); })"
        )
        page.screenshot(path=out)
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
