"""How large the page for browsers is, and how long its steps take in headless Chromium.

The sizes are those of the files of `make web`, and of the same compressed with gzip, as most web servers send
them. The times are those of the main thread for one person whose landmarks move, in the quietest of several
windows of time: mapping, lifting and smoothing alone, then with the viewer, which draws each frame. Nothing
is drawn by a graphics card. MediaPipe is not measured: it runs on a graphics card, and without one it takes
seconds. Needs Playwright and Chromium (Debian's package `chromium`).
"""

import argparse
import gzip
import json
import os
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks.viewer import ARGUMENTS
from wholebody_lift.browser.server import Server
from wholebody_lift.train import markdown

LANDMARKS = Path(__file__).parents[1] / "tests" / "data" / "mediapipe_astronaut.json"
PARTS = {"pose_landmarks": "poseLandmarks", "face_landmarks": "faceLandmarks"}
FRAMES, WINDOWS = 60, 6
MEGABYTE = 1e6

GROUPS = {
    "MediaPipe Holistic, code": ("mediapipe/holistic", ".js", ".wasm"),
    "MediaPipe Holistic, models": ("mediapipe/", ".data", ".tflite", ".binarypb"),
    "ONNX Runtime for WebAssembly": ("onnxruntime/wasm/",),
    "ONNX Runtime for WebGPU": ("onnxruntime/webgpu/",),
    "tiny weights": ("weights/",),
    "page and viewer": ("",),
}
"""Where the files of each line of the table begin and end; the first line that fits counts."""

START = """async (landmarks) => {
  const [{ keypointsOf }, { openLifter }, { messageOf, personOf }, { Person }] = await Promise.all(
    ["keypoints", "lifter", "message", "person"].map((name) => import(`/${name}.js`)));
  const tables = await (await fetch("tables.json")).json();
  const { lift, backend } = await openLifter("wasm", tables);
  const [size, person, viewer] = [[640, 480], new Person(tables), document.getElementById("viewer")];
  document.body.dataset.state = "running";
  const picture = new ImageData(...size);
  let seconds = 0;
  const step = async (draw) => {
    seconds += 1 / 30;
    const move = (points) => points.map((p) => ({ ...p, x: p.x + 0.02 * Math.sin(3 * seconds) }));
    const moved = Object.fromEntries(Object.entries(landmarks).map(([part, points]) => [part, move(points)]));
    const keypoints = keypointsOf(moved, size, tables);
    const answer = await lift(keypoints, size);
    const people = [personOf(keypoints, answer, person.next(answer, keypoints, size, seconds), tables)];
    if (!draw) return;
    const bitmap = await createImageBitmap(picture);
    viewer.contentWindow.postMessage({ ...messageOf(people, size, seconds), picture: bitmap }, "*", [bitmap]);
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
  };
  window.steps = async (count, draw) => { for (let n = 0; n < count; n++) await step(draw); };
  return backend;
}"""
"""Prepares `steps`; the landmarks are those of one frame, as MediaPipe's JavaScript answers them."""


def sizes(folder: Path) -> dict[str, tuple[int, int]]:
    """Bytes of each of `GROUPS` in a built page, as they are and compressed."""
    found = dict.fromkeys(GROUPS, (0, 0))
    for path in folder.rglob("*"):
        if path.is_file():
            name, content = path.relative_to(folder).as_posix(), path.read_bytes()
            group = next(group for group, (start, *ends) in GROUPS.items() if _fits(name, start, ends))
            whole, packed = found[group]
            found[group] = whole + len(content), packed + len(gzip.compress(content, 9))
    return found


def _fits(name: str, start: str, ends: Iterable[str]) -> bool:
    return name.startswith(start) and name.endswith(tuple(ends) or "")


def size_table(folder: Path) -> str:
    """The sizes as Markdown, and what a browser loads with either build of ONNX Runtime."""
    found = sizes(folder)
    total = {
        f"loaded with {runtime}": tuple(
            sum(size[n] for group, size in found.items() if not group.endswith(other)) for n in range(2)
        )
        for runtime, other in (("WebAssembly", "WebGPU"), ("WebGPU", "WebAssembly"))
    }
    rows = [(name, *(f"{size / MEGABYTE:.1f}" for size in pair)) for name, pair in {**found, **total}.items()]
    return markdown.table(("", "MB", "MB, gzip"), rows)


def measure(page: Any, draw: bool) -> float:
    """Milliseconds of the main thread for each frame, in the quietest window."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")

    spent = []
    for _ in range(WINDOWS):
        before = busy()
        page.evaluate("([count, draw]) => steps(count, draw)", [FRAMES, draw])
        spent.append(1000 * (busy() - before) / FRAMES)
    return min(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("out/web"), help="of the built page")
    folder = parser.parse_args().folder
    print(size_table(folder), flush=True)
    saved = json.loads(LANDMARKS.read_text(encoding="utf-8"))
    landmarks = {name: saved[part]["landmark"] for part, name in PARTS.items()}
    with Server(folder, 0) as server, sync_playwright() as driver:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(server.url)
        backend = page.evaluate(START, landmarks)
        page.evaluate(f"steps({FRAMES}, true)")  # until the browser has compiled what is run often
        alone, drawn = (measure(page, draw) for draw in (False, True))
        browser.close()
        server.shutdown()
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(
        f"\n{os.cpu_count()} CPU cores, load {load}; {backend}, one thread; ms of the main thread per frame"
    )
    print(f"mapping, lifting, smoothing {alone:.1f}, and with the viewer {drawn:.1f}")


if __name__ == "__main__":
    main()
