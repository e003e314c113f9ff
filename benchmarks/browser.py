"""How large the page for browsers is, and how long its stages take in headless Chromium.

The sizes are those of the files of `make web`, and of the same compressed with gzip, as most web servers
send them. The times are the processor time of the page's main thread for one person, stage by stage, in the
quietest of several windows of time. The viewer's stage contains the smoothing. Without a graphics card, WebGL
is emulated in another process; the time that MediaPipe waits for it, which takes seconds, is not counted, and
says nothing of a machine that has one. The portrait is that of Grace Hopper (public domain) that comes with
Matplotlib. Needs Playwright and Chromium (Debian's package `chromium`).
"""

import argparse
import base64
import gzip
import json
import os
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib.cbook
from playwright.sync_api import sync_playwright

from wholebody_lift.browser.server import Server
from wholebody_lift.train import markdown

LANDMARKS = Path(__file__).parents[1] / "tests" / "data" / "mediapipe_astronaut.json"
PARTS = {"pose_landmarks": "poseLandmarks", "face_landmarks": "faceLandmarks"}
STAGES = {"mapping": (60, 5), "lifting": (60, 5), "smoothing": (60, 5), "viewer": (60, 5), "detector": (1, 3)}
"""The stages of a frame, with the frames of each window and the number of windows."""
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--no-first-run",
]
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

START = """async ({ landmarks, portrait }) => {
  const names = ["detector", "keypoints", "lifter", "message", "person"];
  const [{ openDetector }, { keypointsOf }, { openLifter }, { messageOf, personOf }, { Person }] =
    await Promise.all(names.map((name) => import(`/${name}.js`)));
  const tables = await (await fetch("tables.json")).json();
  const { lift, backend } = await openLifter("wasm", tables);
  const [size, person] = [[640, 480], new Person(tables)];
  const viewer = document.getElementById("viewer").contentWindow;
  document.body.dataset.state = "running";
  const canvas = Object.assign(document.createElement("canvas"), { width: size[0], height: size[1] });
  const image = Object.assign(new Image(), { src: portrait });
  await image.decode();
  canvas.getContext("2d").drawImage(image, 0, 0, 512, 480);
  let [seconds, detector] = [0, null];
  const moved = (points) => points.map((p) => ({ ...p, x: p.x + 0.02 * Math.sin(3 * seconds) }));
  const all = () => Object.fromEntries(Object.entries(landmarks).map(([part, some]) => [part, moved(some)]));
  const map = () => keypointsOf(all(), size, tables);
  const keypoints = map();
  const answer = await lift(keypoints, size);
  const smooth = () => personOf(keypoints, answer, person.next(answer, keypoints, size, seconds), tables);
  const stages = {
    mapping: map,
    lifting: () => lift(keypoints, size),
    smoothing: smooth,
    viewer: async () => {
      const picture = await createImageBitmap(canvas);
      const drawn = new Promise((resolve) => addEventListener("message", resolve, { once: true }));
      viewer.postMessage({ ...messageOf([smooth()], size, seconds), picture }, "*", [picture]);
      await drawn;
    },
    detector: async () => detector.detect(canvas),
  };
  window.steps = async (name, count) => {
    if (name === "detector") detector ??= await openDetector();
    for (let n = 0; n < count; n++, seconds += 1 / 30) await stages[name]();
  };
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


def measure(page: Any, stage: str, frames: int, windows: int) -> float:
    """Milliseconds of the main thread's processor time for each frame, in the quietest window."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")

    page.evaluate(
        "([stage, count]) => steps(stage, count)", [stage, frames]
    )  # until what runs often is compiled
    spent = []
    for _ in range(windows):
        before = busy()
        page.evaluate("([stage, count]) => steps(stage, count)", [stage, frames])
        spent.append(1000 * (busy() - before) / frames)
    return min(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("out/web"), help="of the built page")
    folder = parser.parse_args().folder
    print(size_table(folder), flush=True)
    saved = json.loads(LANDMARKS.read_text(encoding="utf-8"))
    landmarks = {name: saved[part]["landmark"] for part, name in PARTS.items()}
    portrait = Path(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)).read_bytes()
    given = {
        "landmarks": landmarks,
        "portrait": f"data:image/jpeg;base64,{base64.b64encode(portrait).decode()}",
    }
    with Server(folder, 0) as server, sync_playwright() as driver:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(0)
        page.goto(server.url)
        backend = page.evaluate(START, given)
        load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
        print(f"\n{os.cpu_count()} CPU cores, load {load}; ONNX Runtime: {backend}, one thread\n", flush=True)
        rows = [(stage, f"{measure(page, stage, *STAGES[stage]):.1f}") for stage in STAGES]
        print(markdown.table(("", "ms of the main thread per frame"), rows))
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
