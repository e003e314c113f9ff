"""Play a page in headless Chromium and measure how it keeps up.

The page shows several people for ten seconds while the view orbits, so that every frame of the screen is
drawn anew: with the ground, then also the camera, then also the error halos. Nothing is drawn by a graphics
card, so a desktop does better. Beside the frames per second, which suffer from whatever else the machine
does, stands the processor time that a drawn frame takes of the page's main thread, in the quietest of several
windows of time, and how much of it is JavaScript: 60 frames per second need less than 16.7 ms. Needs
Playwright and Chromium (Debian's package `chromium`).
"""

import argparse
import os
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from wholebody_lift import Lifter, Pose3D, formats
from wholebody_lift.viewers import html

SQUATS = Path(__file__).parents[1] / "examples" / "data" / "squats.json"
FPS = 30.0
CLIP_SECONDS = 10.0
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
]
WINDOWS = 8
SETTINGS = {"ground": [], "ground, camera": ["v"], "ground, camera, halos": ["v", "e"]}

# A clock that goes on by a sixtieth of a second for each frame of the screen, however long that takes, so
# that a page draws the same in every run.
CLOCK = """{
  const real = requestAnimationFrame.bind(window);
  let time = 0;
  performance.now = () => time;
  window.requestAnimationFrame = act => real(() => act(time));
  const step = () => { time += 1000 / 60; real(step); };
  real(step);
}"""

# Orbit with a key over this many frames of the screen.
ORBIT = """frames => new Promise(done => {
  const key = () => new KeyboardEvent("keydown", { key: "ArrowLeft", shiftKey: true, bubbles: true });
  const turn = () => {
    document.body.dispatchEvent(key());
    if (--frames > 0) requestAnimationFrame(turn);
    else done();
  };
  requestAnimationFrame(turn);
})"""


def clip(people: int) -> Pose3D:
    """People side by side, each somewhere else in the example sequence; their 2D fits their 3D."""
    squats = Lifter.from_pretrained().lift(formats.read(SQUATS))
    frame, person = np.divmod(np.arange(round(CLIP_SECONDS * FPS) * people), people)
    pose = squats[(frame + 13 * person) % len(squats)]
    aside = np.stack([420.0 * (person - (people - 1) / 2), 0 * person, 900.0 * (person % 2)], axis=1)
    away = [0.0, 0.0, 2500.0 if people > 1 else 0.0]
    pose = replace(
        pose,
        translation=(pose.translation + aside + away).astype(np.float32),
        image_ids=frame,
        track_ids=person + 1,
        fps=FPS,
    )
    seen = pose.in_camera @ pose.K.transpose(0, 2, 1)
    xy = np.where(pose.observed[..., None], seen[..., :2] / seen[..., 2:], np.nan)
    return replace(pose, keypoints=xy.astype(np.float32))


def measure(page: Any, frames: int) -> tuple[float, float, float]:
    """Frames of the screen per second, and ms of the main thread per frame: of everything, of JavaScript."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> dict[str, float]:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: float(metric["value"]) for metric in metrics}

    page.evaluate(ORBIT, 60)  # until the browser has compiled what is run often
    seconds, spent = [], []
    for _ in range(WINDOWS):
        before, begin = busy(), time.perf_counter()
        page.evaluate(ORBIT, frames // WINDOWS)
        seconds.append(time.perf_counter() - begin)
        after = busy()
        names = ("TaskDuration", "ScriptDuration")
        spent.append([1000 * (after[name] - before[name]) / (frames // WINDOWS) for name in names])
    everything, script = min(spent)
    return frames // WINDOWS / float(np.median(seconds)), everything, script


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[1, 5])
    parser.add_argument("--frames", type=int, default=480, help="of the screen, measured of each setting")
    options = parser.parse_args()
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"{os.cpu_count()} CPU cores, load {load}; 1280 x 800 pixels, clip at {FPS:g} per second")
    columns = f"{'file, kB':>9} {'screen, fps':>12} {'ms per frame':>13} {'of JavaScript':>14}"
    print(f"{'people':>6}  {'shown':<22} {columns}")
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for people in options.people:
            path = Path(folder) / f"{people}.html"
            html.write(clip(people), path)
            for shown, keys in SETTINGS.items():
                page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
                page.add_init_script(CLOCK)
                page.goto(path.as_uri())
                page.locator("main:not([aria-busy])").wait_for()
                for key in [*keys, " "]:
                    page.keyboard.press(key)
                fps, spent, script = measure(page, options.frames)
                page.close()
                size = path.stat().st_size / 1000
                print(f"{people:6d}  {shown:<22} {size:9.0f} {fps:12.1f} {spent:13.1f} {script:14.1f}")
        browser.close()


if __name__ == "__main__":
    main()
