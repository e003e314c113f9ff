"""The page in a real browser: headless Chromium, opened from a file, as a user would."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from wholebody_lift.pose import Pose3D
from wholebody_lift.viewers import html

playwright = pytest.importorskip("playwright.sync_api", reason="needs the Python package playwright")

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("needs Chromium (Debian's package chromium)", allow_module_level=True)

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 375, "height": 812}

# A canvas as text, to compare; and the number of different colours in the middle of it, away from the
# axes and the scale in the corners.
PICTURE = "id => document.getElementById(id).toDataURL()"
MIDDLE = """id => {
  const canvas = document.getElementById(id);
  const copy = new OffscreenCanvas(canvas.width / 2, canvas.height * 0.8);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, -canvas.width / 4, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer);
  let hash = 0;
  for (const pixel of pixels) hash = (Math.imul(hash, 31) + pixel) | 0;
  return { colours: new Set(pixels).size, hash };
}"""


@dataclass
class Opened:
    """A page and what it complained about or asked for."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def scene(self) -> str:
        self.settle()
        return self.page.evaluate(PICTURE, "scene")

    def settle(self) -> None:
        """Wait until what was asked for has been drawn."""
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def drag(self, dx: float, dy: float, button: str = "left") -> None:
        box = self.page.locator("#scene").bounding_box()
        x, y = box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.4
        self.page.mouse.move(x, y)
        self.page.mouse.down(button=button)
        self.page.mouse.move(x + dx, y + dy, steps=4)
        self.page.mouse.up(button=button)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open the page of a pose; at the end, check that it neither complained nor asked for anything."""
    contexts, pages = [], []

    def show(pose: Pose3D, viewport: dict[str, int] = DESKTOP, **options: Any) -> Opened:
        path = tmp_path / f"page{len(pages)}.html"
        html.write(pose, path, title="A </script> test")
        contexts.append(browser.new_context(viewport=viewport, **options))
        opened = Opened(contexts[-1].new_page())
        pages.append(opened)
        opened.page.on("console", lambda message: opened.complaints.append(message.text))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(path.as_uri())
        opened.settle()
        return opened

    yield show
    for opened in pages:
        assert opened.complaints == []
        assert [url for url in opened.requests if not url.startswith("data:")] == [opened.page.url]
    for context in contexts:
        context.close()


def test_draws_both_canvases(show: Callable[..., Opened], pose: Pose3D) -> None:
    opened = show(pose)
    assert opened.page.evaluate(MIDDLE, "scene")["colours"] > 100
    assert opened.page.evaluate(MIDDLE, "image")["colours"] > 50
    assert opened.page.locator("h1").inner_text() == "A </script> test"
    assert not opened.page.locator("#player").is_visible()


def test_drag_wheel_and_keys_change_the_picture(show: Callable[..., Opened], pose: Pose3D) -> None:
    opened = show(pose)
    pictures = [opened.scene()]

    def changed() -> bool:
        pictures.append(opened.scene())
        return pictures[-1] != pictures[-2]

    opened.drag(120, 30)
    assert changed(), "orbit"
    opened.drag(60, -40, button="right")
    assert changed(), "pan"
    opened.page.mouse.wheel(0, -300)
    assert changed(), "zoom"
    opened.page.keyboard.press("2")
    assert changed(), "side view"
    opened.page.get_by_role("button", name="Camera").click()
    assert changed(), "camera view"
    opened.page.keyboard.press("0")
    assert changed(), "first view again"
    assert pictures[-1] == pictures[0]


@pytest.mark.parametrize("frame", ["unity", "blender"])
def test_the_picture_does_not_depend_on_the_frame(
    show: Callable[..., Opened], pose: Pose3D, frame: str
) -> None:
    here, there = show(pose), show(pose.to(frame))
    assert here.page.evaluate(MIDDLE, "scene") == there.page.evaluate(MIDDLE, "scene")
    assert here.scene() != there.scene()  # the axes at the corner


def test_error_modes_and_parts_change_the_picture(show: Callable[..., Opened], pose: Pose3D) -> None:
    opened = show(pose)
    first = opened.scene()
    pictures = {first}
    for mode in ("Halo", "Colour"):
        opened.page.get_by_role("button", name=mode).click()
        pictures.add(opened.scene())
    assert len(pictures) == 3
    opened.page.get_by_role("button", name="Off").click()
    assert opened.scene() == first
    for part in ("Body", "Feet", "Face", "Left hand", "Right hand"):
        opened.page.get_by_label(part, exact=True).uncheck()
        pictures.add(opened.scene())
    assert len(pictures) == 8
    assert opened.page.evaluate(MIDDLE, "scene")["colours"] > 1  # the grid is left


def test_play_advances_and_space_pauses(show: Callable[..., Opened], clip: Pose3D) -> None:
    opened = show(clip)
    page = opened.page
    assert page.locator("#counter").inner_text().startswith("1 of 65")
    first = opened.scene()
    page.get_by_label("Frames per second").select_option("60")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.getElementById('scrubber').valueAsNumber >= 5")
    page.locator("#scene").focus()
    page.keyboard.press("Space")
    assert page.get_by_role("button", name="Play").is_visible()
    stopped = page.locator("#counter").inner_text()
    assert opened.scene() != first
    assert page.locator("#counter").inner_text() == stopped
    page.locator("#scrubber").fill("40")
    assert page.locator("#counter").inner_text().startswith("41 of 65")
    page.locator("#scene").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#counter").inner_text().startswith("42 of 65")


def test_tooltip_tells_name_position_error_and_origin(show: Callable[..., Opened], pose: Pose3D) -> None:
    opened = show(pose)
    page = opened.page
    box = page.locator("#image").bounding_box()
    width, height = pose.image_size[0]
    scale = min((box["width"] - 2) / width, (box["height"] - 2) / height)
    left = box["x"] + (box["width"] - width * scale) / 2
    top = box["y"] + (box["height"] - height * scale) / 2
    knee = pose.names.index("left_knee")
    x, y = pose.keypoints[0, knee]
    page.mouse.move(left + x * scale, top + y * scale)
    opened.settle()
    text = page.locator("#tooltip").inner_text()
    assert "left knee" in text
    for value in pose.xyz[0, knee]:
        assert f"{value:.1f} mm" in text
    assert f"± {pose.error_mm[0, knee]:.1f} mm" in text
    assert "observed, score 0.90" in text
    page.mouse.move(1, 1)
    opened.settle()
    assert not page.locator("#tooltip").is_visible()


def test_people_of_one_image_stand_apart(show: Callable[..., Opened], crowd: Pose3D) -> None:
    opened = show(crowd)
    apart = opened.scene()
    opened.page.get_by_label("Place people in space by their translation").uncheck()
    assert opened.scene() != apart


def test_dark_and_light_differ(show: Callable[..., Opened], pose: Pose3D) -> None:
    opened = show(pose, color_scheme="light")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light, picture = opened.page.evaluate(ground), opened.scene()
    opened.page.emulate_media(color_scheme="dark")
    assert opened.scene() != picture
    assert opened.page.evaluate(ground) != light


def test_a_phone_shows_it_without_sideways_scrolling(show: Callable[..., Opened], clip: Pose3D) -> None:
    opened = show(clip, PHONE, device_scale_factor=3, is_mobile=True, has_touch=True)
    sizes = """() => [document.documentElement.scrollWidth, innerWidth,
                      document.getElementById("scene").width, document.getElementById("scene").clientWidth]"""
    content, window, pixels, points = opened.page.evaluate(sizes)
    assert content <= window == PHONE["width"]
    assert pixels == 3 * points
    assert opened.page.locator("#scene").bounding_box()["height"] > 300
    first = opened.scene()
    opened.page.get_by_role("button", name="Top").tap()
    assert opened.scene() != first


def test_an_image_of_unknown_size_shows_the_keypoints(show: Callable[..., Opened], pose: Pose3D) -> None:
    opened = show(replace(pose, image_size=None, camera_source="keypoints"))
    assert "unknown" in opened.page.locator("#image-note").inner_text()
