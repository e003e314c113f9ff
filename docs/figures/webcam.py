"""Take the picture of the page docs/webcam.md: docs/assets/webcam.png.

The browser's camera plays a plain picture, and the example's recorded keypoints stand in for a detector's.
Run from anywhere: `python docs/figures/webcam.py [OUT]`. Needs Playwright, Chromium and OpenCV.
"""

import shutil
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import numpy as np
from playwright.sync_api import sync_playwright

from wholebody_lift import Lifter, formats
from wholebody_lift.app.server import Server
from wholebody_lift.app.workshop import Workshop

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "assets" / "webcam.png"
SQUATS = ROOT / "examples" / "data" / "squats.json"
WIDTH, HEIGHT = 640, 480
ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
]
SECONDS = 12  # the rate and the delay of the first pictures are not typical
RECORDED = "least => Number(document.getElementById('record').textContent.match(/[0-9]+/)) >= least"


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    with (
        TemporaryDirectory() as folder,
        Server(Workshop(Lifter.from_pretrained(), _recorded())) as server,
        sync_playwright() as driver,
    ):
        Thread(target=server.serve_forever, daemon=True).start()
        clip = Path(folder) / "wall.y4m"
        clip.write_bytes(_wall())
        arguments = [*ARGUMENTS, f"--use-file-for-fake-video-capture={clip}"]
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page(
            viewport={"width": 1440, "height": 760}, color_scheme="light", reduced_motion="reduce"
        )
        page.goto(f"{server.url}#camera")
        page.locator("#seen", has_text="1").wait_for()
        page.locator("#record").click()
        page.wait_for_function(RECORDED, arg=SECONDS)
        page.screenshot(path=out)
        browser.close()
        server.shutdown()


def _recorded() -> Callable[[np.ndarray], np.ndarray]:
    """A detector that finds the person of the squats in each picture, frame after frame."""
    squats = formats.read(SQUATS)
    scale = HEIGHT / squats.image_size[0, 1]
    aside = (WIDTH - scale * squats.image_size[0, 0]) / 2
    found = np.dstack((np.nan_to_num(squats.keypoints) * scale + (aside, 0), squats.scores))
    frames = cycle(found)
    return lambda picture: next(frames)[None]


def _wall() -> bytes:
    """A video of two frames, as raw YUV: a wall that is lit from above."""
    luma = np.linspace(190, 120, HEIGHT)[:, None].repeat(WIDTH, axis=1).astype(np.uint8)
    frame = (
        b"FRAME\n"
        + luma.tobytes()
        + bytes([126]) * (WIDTH * HEIGHT // 4)
        + bytes([132]) * (WIDTH * HEIGHT // 4)
    )
    return b"YUV4MPEG2 W%d H%d F15:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT) + 2 * frame


if __name__ == "__main__":
    main()
