"""Take the pictures of the page docs/viewer.md: docs/assets/viewer-*.png.

Run from anywhere: `python docs/figures/viewer.py [OUT]`. Needs Playwright, Chromium, plot and mp4.
"""

import shutil
import sys
import tempfile
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from wholebody_lift import Lifter, Pose3D, formats
from wholebody_lift.viewers import clip, figure, html

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "assets"
SQUATS = ROOT / "examples" / "data" / "squats.json"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
]
DEEP = 16  # a frame in which the knees are bent

# Name, of whom, size in pixels, dark or light, frame, keys, and the ends of a measure.
SHOTS: tuple[tuple[str, str, tuple[int, int], str, int, list[str], tuple[str, ...]], ...] = (
    ("light", "one", (1280, 800), "light", DEEP, [], ()),
    ("dark", "several", (1280, 800), "dark", 0, ["v"], ()),
    ("error", "one", (1280, 800), "light", DEEP, ["e"], ()),
    ("hand", "one", (1280, 800), "dark", 0, ["Shift+Digit4"], ()),
    ("measure", "one", (1280, 800), "light", DEEP, ["m"], ("right hip", "right ankle")),
    ("phone-light", "one", (390, 844), "light", DEEP, [], ()),
    ("phone-dark", "one", (390, 844), "dark", DEEP, ["e"], ()),
)


def several(pose: Pose3D) -> Pose3D:
    """Three people of one image: the same person at three moments, side by side, with the 2D that fits."""
    people = pose[[0, DEEP, 40]]
    aside = np.array([[-900.0, 0.0, 2600.0], [0.0, 0.0, 2200.0], [900.0, 0.0, 2600.0]])
    wide = np.array([1600.0, 1280.0])
    K = people.K.copy()
    K[:, :2, 2] = wide / 2
    people = replace(
        people,
        translation=(people.translation * [0, 1, 1] + aside).astype(np.float32),
        K=K,
        image_size=np.tile(wide, (3, 1)),
        image_ids=np.zeros(3, np.int64),
        track_ids=np.arange(1, 4),
    )
    seen = people.in_camera @ K.transpose(0, 2, 1)
    xy = np.where(people.observed[..., None], seen[..., :2] / seen[..., 2:], np.nan)
    return replace(people, keypoints=xy.astype(np.float32))


def take(page: Any, name: str, frame: int, keys: list[str], ends: tuple[str, ...], out: Path) -> None:
    """Bring an open page into a state and save what it shows."""
    for _ in range(frame):
        page.keyboard.press("ArrowRight")
    for key in keys:
        page.keyboard.press(key)
    for select, keypoint in zip(("#from", "#to"), ends, strict=False):
        page.locator(select).select_option(label=keypoint)
    page.evaluate("() => document.activeElement.blur()")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.screenshot(path=out / f"viewer-{name}.png")


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    one = replace(Lifter.from_pretrained().lift(formats.read(SQUATS)), fps=5.0)
    poses = {"one": one, "several": several(one)}
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for name, whom, (width, height), scheme, frame, keys, ends in SHOTS:
            path = Path(folder) / f"{name}.html"
            html.write(poses[whom], path, title="Squats" if whom == "one" else "Three people")
            page = browser.new_page(
                reduced_motion="reduce",
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                device_scale_factor=2 if width < 500 else 1,
            )
            page.goto(path.as_uri())
            page.locator("main:not([aria-busy])").wait_for()
            take(page, name, frame, keys, ends, out)
            page.close()
        browser.close()
    frame = next(islice(clip.frames(one), DEEP, None))
    Image.fromarray(frame).save(out / "viewer-clip.png", optimize=True)
    figure.write(one, out / "viewer-figure.png", person=DEEP, show_error=True, dpi=140)
    views: tuple[figure.View, ...] = ("camera", "top", (20.0, 40.0))
    figure.write(poses["several"], out / "viewer-figure-people.png", views=views, dpi=140)


if __name__ == "__main__":
    main()
