"""A camera's picture on its whole way to millimetres, with MediaPipe and ONNX Runtime as in the page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the extra plot")
import matplotlib.cbook
import matplotlib.image
from chromium import SOFTWARE_GPU, launched, open_page
from serving import serving

from wholebody_lift import pretrained
from wholebody_lift.browser import build
from wholebody_lift.browser.server import Server
from wholebody_lift.lifter import Lifter
from wholebody_lift.live import LiveLifter
from wholebody_lift.skeleton import INDEX, PARTS

BUILT = Path(__file__).resolve().parents[2] / "out" / "web"
pytestmark = pytest.mark.skipif(
    not build.is_current(BUILT), reason="needs the page in out/web: make web, which needs npm"
)

DONE = "body[data-kept], body[data-state='failed']"
PATIENCE_MS = 500_000
FRAMES = 2
TOLERANCE_MM = 0.5

KEEP_MESSAGES = f"""window.kept = [];
addEventListener("message", ({{ data }}) => {{
  kept.push({{ ...data, picture: null }});
  if (kept.length < {FRAMES}) return;
  parent.document.getElementById("stop").click();
  parent.document.body.dataset.kept = "all";
}});"""
"""For the viewer's frame; the page stops after the last one that is wanted."""


def _portrait() -> np.ndarray:
    """The portrait of Grace Hopper (public domain) that comes with Matplotlib: (600, 512, 3), RGB."""
    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as file:
        return matplotlib.image.imread(file, format="jpg")


def _clip(path: Path, picture: np.ndarray) -> None:
    """A picture as an uncompressed video (YUV4MPEG2, BT.601), which Chromium takes for its fake camera."""
    to_ycc = np.array([[0.257, 0.504, 0.098], [-0.148, -0.291, 0.439], [0.439, -0.368, -0.071]])
    luma, *chroma = np.moveaxis(picture @ to_ycc.T + (16, 128, 128), -1, 0).round().astype(np.uint8)
    height, width = luma.shape
    planes = b"".join(np.ascontiguousarray(p).tobytes() for p in (luma, *(c[::2, ::2] for c in chroma)))
    path.write_bytes(f"YUV4MPEG2 W{width} H{height} F5:1 Ip A1:1 C420\n".encode() + (b"FRAME\n" + planes) * 3)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    clip = tmp_path_factory.mktemp("camera") / "clip.y4m"
    _clip(clip, _portrait())
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    requests: list[tuple[str, str]] = []
    camera.append(f"--use-file-for-fake-video-capture={clip}")
    with launched(*camera, gpu=SOFTWARE_GPU) as browser:
        with serving(Server(BUILT.parent, 0)) as server:  # in a folder, as in the site of the documentation
            url = f"{server.url}{BUILT.name}/"
            page = open_page(browser, "about:blank")
            page.on("request", lambda request: requests.append((request.method, request.url)))
            page.goto(url)
            (viewer,) = page.frames[1:]
            viewer.wait_for_url("**/viewer.html")
            viewer.evaluate(KEEP_MESSAGES)
            page.click("#camera:enabled")
            page.wait_for_selector(DONE, timeout=PATIENCE_MS)
            assert page.get_attribute("body", "data-state") != "failed", page.inner_text("#failed")
            messages, status = viewer.evaluate("kept"), page.text_content("#status")
        page.goto(url)  # the server has ended
        offline = page.evaluate(
            """async () => Promise.all(Object.keys((await (await fetch("files.json")).json()).files)
              .filter((path) => !path.startsWith("onnxruntime/webgpu/"))
              .map(async (path) => [path, (await fetch(path).catch(() => ({ ok: false }))).ok]))"""
        )
        yield {
            "messages": messages[:FRAMES],
            "status": status,
            "url": url,
            "requests": requests,
            "offline": offline,
        }


def test_the_result_is_that_of_live_lifter(run) -> None:
    messages = run["messages"]
    lifter = Lifter(pretrained.load("tiny"))  # the page has no network over time
    live = LiveLifter(lifter, image_size=messages[0]["size"])
    for message in messages:
        (person,) = message["people"]
        keypoints = np.column_stack((np.array(person["xy"], dtype=float).reshape(-1, 2), person["scores"]))
        wanted = live.push(keypoints, message["seconds"])
        np.testing.assert_allclose(np.reshape(person["xyz"], (-1, 3)), wanted.xyz[0], atol=TOLERANCE_MM)
        off = np.linalg.norm(person["translation"] - wanted.translation[0])
        assert off < 1e-4 * np.linalg.norm(wanted.translation[0])


def test_the_person_is_found_where_she_is(run) -> None:
    (person,) = run["messages"][0]["people"]
    size = np.array(run["messages"][0]["size"])
    xy = np.array(person["xy"], dtype=float).reshape(-1, 2) / size
    assert not np.isnan(xy[list(PARTS["face"])]).any()
    left, right = (xy[INDEX[f"{side}_shoulder"]] for side in ("left", "right"))
    nose = xy[INDEX["nose"]]
    assert right[0] < nose[0] < left[0]
    assert nose[1] < min(left[1], right[1])


def test_the_page_says_what_runs(run) -> None:
    assert "WebAssembly" in run["status"] or "WebGPU" in run["status"]
    assert "works offline" in run["status"]


def test_nothing_is_sent(run) -> None:
    assert len(run["requests"]) > 10
    for method, url in run["requests"]:
        assert method == "GET"
        assert url.startswith((run["url"], "blob:", "data:"))
        assert "?" not in url


def test_it_works_offline(run) -> None:
    assert len(run["offline"]) > 20
    assert [path for path, loaded in run["offline"] if not loaded] == []
