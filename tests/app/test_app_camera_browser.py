"""The camera in a real browser, whose camera plays a clip; the detector's answers are recorded."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import launching, open_page, watched_page
from fake_detector import FakeDetector
from serving import serving
from test_app_browser import COLOURS, done, downloaded
from waiting import until

from wholebody_lift import Keypoints2D, Lifter, detectors, formats
from wholebody_lift.app.server import Server
from wholebody_lift.app.workshop import Workshop

pytest.importorskip("cv2", reason="needs OpenCV")

SIZE = (320, 240)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four frames that get brighter, as raw video."""
    path = tmp_path_factory.mktemp("clip") / "camera.y4m"
    width, height = SIZE
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W%d H%d F15:1 Ip A1:1 C420jpeg\n" % SIZE)
        for brightness in (60, 100, 140, 180):
            luma, chroma = bytes([brightness]) * (width * height), bytes([128]) * (width * height // 2)
            file.write(b"FRAME\n" + luma + chroma)
    return path


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[..., Any]]:
    with launching() as launch:
        yield launch


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Any], clip: Path) -> Iterator[Any]:
    browser = launch(
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={clip}",
    )
    yield browser
    browser.close()


@pytest.fixture
def detector(squats: Keypoints2D) -> FakeDetector:
    return FakeDetector.of(squats, SIZE[1] / squats.image_size[0, 1])


@pytest.fixture
def workshop(lifter: Lifter, detector: FakeDetector) -> Workshop:
    return Workshop(lifter, detector)


@pytest.fixture
def page(browser: Any, server: Server) -> Iterator[Any]:
    """The app's page; errors in its console and refused pictures fail the test."""
    options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
    with watched_page(browser, server.url, **options) as page:
        page.locator("#photos:not(:empty)").wait_for()
        yield page


def running(page: Any) -> Any:
    """The viewer of the camera that was started last, once it has drawn somebody.

    The page shows how many it sees, and the delay of what is drawn, of no camera but this one.
    """
    page.locator("body[data-state=camera]").wait_for()
    page.locator("#seen", has_text="1").wait_for()
    page.locator("#delay", has_text="ms").wait_for()
    return page.frame_locator("#live")


def use(page: Any) -> Any:
    page.get_by_role("button", name="Use the camera").first.click()
    return running(page)


def until_stopped(server: Server) -> None:
    until(lambda: not server.workshop._cameras)


def test_from_the_camera_to_a_file(page: Any, server: Server, detector: FakeDetector) -> None:
    live = use(page)
    assert detector.pictures[0] == (SIZE[1], SIZE[0], 3)
    assert live.locator("#scene").evaluate(COLOURS) > 200
    page.locator("#rate", has_text="per second").wait_for()
    page.get_by_label("Keep standing feet in place").check()
    page.get_by_role("button", name="Record").click()
    page.get_by_role("button", name=re.compile(r"Stop and lift \([1-9]")).wait_for()
    page.get_by_role("button", name="Stop and lift").click()
    done(page, "camera-")
    until_stopped(server)
    for kind, start in (("BVH", b"HIERARCHY"), ("TRC", b"PathFileType"), ("glTF", b"glTF")):
        assert downloaded(page, kind)[1].startswith(start)
    pose = formats.read_pose(downloaded(page, "NumPy")[1])
    assert pose.image_size[0].tolist() == list(SIZE)
    assert 1 < len(pose) < 200


def test_the_picture_is_the_one_that_was_looked_at(page: Any, clip: Path) -> None:
    live = use(page)
    grey = live.locator("#image").evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data]"
    )
    assert any(np.abs(np.array(grey[:3]) - shade).max() < 30 for shade in (60, 100, 140, 180))


def test_stopping_ends_the_work(page: Any, server: Server, detector: FakeDetector) -> None:
    use(page)
    page.get_by_role("button", name="Stop", exact=True).click()
    assert page.locator("#empty").is_visible()
    until_stopped(server)
    seen = len(detector.pictures)
    use(page)  # again
    assert len(detector.pictures) > seen


def test_other_work_ends_the_camera(page: Any, server: Server, example_data: Path) -> None:
    use(page)
    page.locator("#file").set_input_files(example_data / "photos.json")
    done(page, "photos.json")
    until_stopped(server)


def test_a_closed_tab_ends_the_camera(browser: Any, server: Server) -> None:
    page = open_page(browser, f"{server.url}#camera")  # as `wholebody-lift webcam` opens it
    running(page)
    page.close()
    until_stopped(server)


def test_new_options_are_those_of_the_next_pictures(page: Any, server: Server) -> None:
    use(page)
    (before,) = server.workshop._cameras
    page.get_by_label("Person’s height").fill("1500")
    page.get_by_role("button", name="Use these options").click()
    until(lambda: server.workshop._cameras and before not in server.workshop._cameras)
    running(page)
    (after,) = server.workshop._cameras.values()
    assert after._height_mm == 1500


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_it_fits(browser: Any, server: Server, size: tuple[int, int]) -> None:
    page = open_page(browser, f"{server.url}#camera", viewport={"width": size[0], "height": size[1]})
    running(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    box = page.locator("#live").bounding_box()
    assert box["width"] * box["height"] > 0.6 * size[0] * size[1]
    page.close()


def test_without_permission(launch: Callable[..., Any], server: Server) -> None:
    browser = launch("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    page = open_page(browser, f"{server.url}#camera")
    page.locator("#failed-title", has_text="The camera could not be used").wait_for()
    assert "Allow it" in page.locator("#error").inner_text()
    browser.close()


def test_without_a_camera(launch: Callable[..., Any], server: Server) -> None:
    browser = launch("--use-fake-ui-for-media-stream")
    page = open_page(browser, f"{server.url}#camera")
    page.locator("#failed-title", has_text="The camera could not be used").wait_for()
    assert "no camera" in page.locator("#error").inner_text()
    browser.close()


def test_without_a_detector(browser: Any, lifter: Lifter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detectors, "_DETECTORS", {"mediapipe": detectors.mediapipe_holistic})
    monkeypatch.setattr(detectors.mediapipe_holistic, "is_installed", lambda: False)
    with serving(Server(Workshop(lifter))) as server:
        page = open_page(browser, f"{server.url}#camera")
        page.locator("#error code", has_text='pip install "wholebody-lift[detect]"').wait_for()
        page.close()
