"""The page in a real browser: headless Chromium, opened from a file, as a user would."""

import base64
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import PATIENCE_MS, SETTLED, launched

from wholebody_lift.pose import Pose3D
from wholebody_lift.skeleton import INDEX, PARTS
from wholebody_lift.viewers import html

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
TOUCH = {"device_scale_factor": 3, "is_mobile": True, "has_touch": True}

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


# All pixels of the 3D view, as base64.
PIXELS = """() => {
  const canvas = document.getElementById("scene");
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const bytes = context.getImageData(0, 0, copy.width, copy.height).data;
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return { shape: [copy.height, copy.width], pixels: btoa(text) };
}"""

# Frames of the screen come when the test says so, at its time in ms, after one that was asked for before.
CLOCK = """() => {
  const real = requestAnimationFrame;
  let waiting = [];
  window.requestAnimationFrame = act => waiting.push(act);
  performance.now = () => 50;
  window.clock = time => {
    performance.now = () => time;
    const due = waiting;
    waiting = [];
    due.forEach(act => act(time));
    return document.getElementById("scrubber").valueAsNumber;
  };
  return new Promise(done => real(done));
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

    def pixels(self) -> np.ndarray:
        """The 3D view (height, width), one number per colour."""
        self.settle()
        found = self.page.evaluate(PIXELS)
        return np.frombuffer(base64.b64decode(found["pixels"]), np.uint32).reshape(found["shape"])

    def settle(self) -> None:
        """Wait until what was asked for has been drawn."""
        self.page.evaluate(SETTLED)

    def drag(self, dx: float, dy: float, button: str = "left") -> None:
        box = self.page.locator("#scene").bounding_box()
        x, y = box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.4
        self.page.mouse.move(x, y)
        self.page.mouse.down(button=button)
        self.page.mouse.move(x + dx, y + dy, steps=4)
        self.page.mouse.up(button=button)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open the page of a pose; at the end, check that it neither complained nor asked for anything."""
    contexts, pages = [], []

    def show(
        pose: Pose3D,
        viewport: dict[str, int] = DESKTOP,
        *,
        fragment: str = "",
        pictures: Any = None,
        **options: Any,
    ) -> Opened:
        path = tmp_path / f"page{len(pages)}.html"
        html.write(pose, path, title="A </script> test", pictures=pictures)
        # Clips that do not play by themselves can be looked at frame by frame.
        still: dict[str, Any] = {"reduced_motion": "reduce"}
        contexts.append(browser.new_context(viewport=viewport, **still | options))
        contexts[-1].set_default_timeout(PATIENCE_MS)
        opened = Opened(contexts[-1].new_page())
        pages.append(opened)
        opened.page.on("console", lambda message: opened.complaints.append(message.text))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(path.as_uri() + fragment)
        opened.page.locator("main:not([aria-busy])").wait_for()
        opened.settle()
        return opened

    yield show
    for opened in pages:
        assert opened.complaints == []
        assert [url for url in opened.requests if not url.startswith("data:")] == [
            opened.page.url.split("#")[0]
        ]
    for context in contexts:
        context.close()


def counter(page: Any) -> str:
    return page.locator("#counter").inner_text()


def tap_keypoint(opened: Opened, pose: Pose3D, name: str) -> None:
    """Click a keypoint of the 2D picture, whose place is known."""
    box = opened.page.locator("#image").bounding_box()
    width, height = pose.image_size[0]
    scale = min((box["width"] - 2) / width, (box["height"] - 2) / height)
    left = box["x"] + (box["width"] - width * scale) / 2
    top = box["y"] + (box["height"] - height * scale) / 2
    x, y = pose.keypoints[0, INDEX[name]]
    opened.page.mouse.click(left + x * scale, top + y * scale)
    opened.settle()


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
    for key in ("s", "f", "t", "c", "+", "Shift+ArrowLeft", "g", "v", "Shift+Digit4", "e"):
        opened.page.keyboard.press(key)
        assert changed(), key
    for key in ("g", "v", "e", "e", "0"):  # the camera takes the positions with it
        opened.page.keyboard.press(key)
    opened.settle()
    assert opened.scene() == pictures[0]


@pytest.mark.parametrize("view", ["Camera", "Front", "Side", "Top"])
def test_view_buttons_are_the_keys(show: Callable[..., Opened], pose: Pose3D, view: str) -> None:
    opened = show(pose)
    button = opened.page.get_by_role("button", name=view, exact=True)
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    clicked = opened.scene()
    opened.page.get_by_role("button", name="Reset").click()
    assert button.get_attribute("aria-pressed") == "false"
    opened.page.keyboard.press(view[0].lower())
    assert button.get_attribute("aria-pressed") == "true"
    assert opened.scene() == clicked


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
    for mode in ("Discs", "Colours"):
        opened.page.get_by_role("button", name=mode, exact=True).click()
        pictures.add(opened.scene())
    assert len(pictures) == 3
    opened.page.get_by_role("button", name="Off").click()
    assert opened.scene() == first
    for part in ("Body", "Feet", "Face", "Left hand", "Right hand"):
        opened.page.get_by_label(part, exact=True).uncheck()
        pictures.add(opened.scene())
    assert len(pictures) == 8
    assert opened.page.evaluate(MIDDLE, "scene")["colours"] > 1  # the grid is left
    for digit in "12345":
        opened.page.keyboard.press(digit)
    assert opened.page.get_by_label("Face", exact=True).is_checked()
    assert opened.scene() == first


def test_the_halo_is_as_large_as_the_error(show: Callable[..., Opened], pose: Pose3D) -> None:
    """Only the nose has one; what it adds to the picture compares to the height of the person."""
    pictures = []
    for nose in (0.0, 200.0):
        error = np.zeros_like(pose.error_mm)
        error[0, INDEX["nose"]] = nose
        opened = show(replace(pose, error_mm=error))
        for key in "gfe":
            opened.page.keyboard.press(key)
        pictures.append(opened.pixels())
    without, with_halo = pictures
    across = np.ptp(np.flatnonzero((without != with_halo).any(axis=0)))
    width = without.shape[1]
    person = without[60:, width // 4 : 3 * width // 4]
    tall = np.ptp(np.flatnonzero((person != person[0, 0]).any(axis=1)))
    assert across / tall == pytest.approx(400.0 / np.ptp(pose.xyz[0, :, 1]), rel=0.08)  # perspective, dots


def test_zooming_to_a_part_follows_it(show: Callable[..., Opened], clip: Pose3D) -> None:
    opened = show(clip)
    whole = opened.scene()
    opened.page.get_by_role("button", name="Zoom to left hand").click()
    near = opened.scene()
    assert near != whole
    opened.page.keyboard.press("0")
    assert opened.scene() == whole
    opened.page.keyboard.press("Shift+Digit4")
    assert opened.scene() == near


def test_scrubbing_changes_frame_and_both_pictures(show: Callable[..., Opened], clip: Pose3D) -> None:
    opened = show(replace(clip, fps=25.0))
    page = opened.page
    assert counter(page).split("\n") == ["1 of 65", "frame 0, 0.00 s"]
    first = opened.scene(), page.evaluate(PICTURE, "image")
    page.locator("#scrubber").fill("40")
    assert counter(page).split("\n") == ["41 of 65", "frame 40, 1.60 s"]
    there = opened.scene(), page.evaluate(PICTURE, "image")
    assert there[0] != first[0]
    assert there[1] != first[1]
    page.locator("#scene").focus()
    for key, place in (
        ("ArrowRight", 42),
        ("ArrowLeft", 41),
        ("End", 65),
        ("ArrowRight", 1),
        ("End", 65),
        ("Home", 1),
    ):
        page.keyboard.press(key)
        assert counter(page).startswith(f"{place} of 65"), key
    assert (opened.scene(), page.evaluate(PICTURE, "image")) == first


def test_play_advances_and_space_pauses(show: Callable[..., Opened], clip: Pose3D) -> None:
    opened = show(replace(clip, fps=1.0))  # it takes half a minute to come to its beginning again
    page = opened.page
    first = opened.scene()
    page.get_by_label("Speed").select_option("2")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.getElementById('scrubber').valueAsNumber >= 1")
    page.locator("#scene").focus()
    page.keyboard.press("Space")
    assert page.get_by_role("button", name="Play").is_visible()
    stopped = counter(page)
    assert opened.scene() != first
    assert counter(page) == stopped


def test_clip_time_is_frame_numbers_by_rate_and_speed(show: Callable[..., Opened], clip: Pose3D) -> None:
    """With a clock of our own: gaps in the frame numbers take time, speeds scale it, the end wraps."""
    ids = np.array([10, 11, 12, 17, 18])
    opened = show(replace(clip[:5], image_ids=ids, fps=10.0))
    page = opened.page
    page.evaluate(CLOCK)
    page.get_by_role("button", name="Play").click()
    shown = [page.evaluate("time => clock(time)", 55 + 100 * step) for step in range(11)]
    assert shown == [0, 1, 2, 2, 2, 2, 2, 3, 4, 0, 1]
    page.keyboard.press("Space")
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("[")
    assert page.get_by_label("Speed").input_value() == "0.25"
    page.evaluate("time => clock(time)", 2000)
    page.keyboard.press("Space")
    shown = [page.evaluate("time => clock(time)", 2000 + time) for time in (0, 380, 420, 780, 820)]
    assert shown == [0, 0, 1, 1, 2]
    page.keyboard.press("]")
    assert page.get_by_label("Speed").input_value() == "0.5"


def test_tooltip_tells_name_position_error_and_origin(show: Callable[..., Opened], pose: Pose3D) -> None:
    opened = show(pose)
    page = opened.page
    tap_keypoint(opened, pose, "left_knee")
    text = page.locator("#tooltip").inner_text()
    assert "left knee" in text
    told = [float(value) for value in re.findall(r"[xyz]\s+(-?[\d.]+) mm", text)]
    assert told == pytest.approx(pose.xyz[0, INDEX["left_knee"]], abs=0.1)
    assert f"± {pose.error_mm[0, INDEX['left_knee']]:.1f} mm" in text
    assert "observed, score 0.90" in text
    page.keyboard.press("Escape")
    page.mouse.move(1, 1)
    opened.settle()
    assert not page.locator("#tooltip").is_visible()


def test_measure_is_the_distance_of_numpy(show: Callable[..., Opened], clip: Pose3D) -> None:
    opened = show(clip.to("blender"))
    page = opened.page
    assert not page.locator("#measure-panel").is_visible()
    page.keyboard.press("m")
    page.get_by_label("First keypoint", exact=True).select_option(label="right wrist")
    page.get_by_label("Second keypoint", exact=True).select_option(label="left forefinger 4")
    a, b = INDEX["right_wrist"], INDEX["left_forefinger4"]
    for frame in (0, 30):
        page.locator("#scrubber").fill(str(frame))
        text = page.locator("#distance").inner_text()
        length, uncertainty = (float(number) for number in text.split(" mm")[0].split(" ± "))
        assert length == pytest.approx(np.linalg.norm(clip.xyz[frame, a] - clip.xyz[frame, b]), abs=0.6)
        assert uncertainty == pytest.approx(np.hypot(*clip.error_mm[frame, [a, b]]), abs=0.6)
        step = clip.to("blender").xyz[frame, b] - clip.to("blender").xyz[frame, a]
        assert [float(v) for v in re.findall(r"[xyz] (-?[\d.]+)", text)] == pytest.approx(step, abs=0.6)
    page.keyboard.press("Escape")
    assert not page.locator("#measure-panel").is_visible()


def test_measure_by_pointing(show: Callable[..., Opened], pose: Pose3D) -> None:
    opened = show(pose)
    opened.page.get_by_role("button", name="Measure").click()
    before = opened.scene()
    for name in ("left_hip", "left_knee"):
        tap_keypoint(opened, pose, name)
    assert opened.scene() != before
    a, b = pose.xyz[0, [INDEX["left_hip"], INDEX["left_knee"]]]
    text = opened.page.locator("#distance").inner_text()
    assert float(text.split(" ± ")[0]) == pytest.approx(np.linalg.norm(a - b), abs=0.6)


def test_measure_between_two_people(show: Callable[..., Opened], crowd: Pose3D) -> None:
    """By their positions from the camera, also where they are not shown in place."""
    opened = show(crowd)
    page = opened.page
    page.keyboard.press("m")
    for end in ("First", "Second"):
        page.get_by_label(f"{end} keypoint", exact=True).select_option(label="nose")
    page.get_by_label("Person of the second keypoint").select_option(label="Person 3")
    noses = crowd.in_camera[:, INDEX["nose"]]
    for _ in range(2):
        text = page.locator("#distance").inner_text()
        assert float(text.split(" ± ")[0]) == pytest.approx(np.linalg.norm(noses[2] - noses[0]), abs=0.6)
        page.get_by_label("Position in scene").uncheck()


def test_people_of_one_image_stand_apart_and_can_be_hidden(
    show: Callable[..., Opened], crowd: Pose3D
) -> None:
    opened = show(replace(crowd, track_ids=np.array([3, 1, 8])))
    apart = opened.scene()
    page = opened.page
    page.get_by_label("Person 8").uncheck()
    two = opened.scene()
    assert two != apart
    page.get_by_label("Person 8").check()
    assert opened.scene() == apart
    page.get_by_label("Position in scene").uncheck()
    assert opened.scene() != apart


def test_the_camera_sees_the_people_where_its_image_has_them(
    show: Callable[..., Opened], pose: Pose3D
) -> None:
    """From the camera's place the 2D on the frustum's image lies on the 3D: it adds little ink beside it."""
    opened = show(replace(pose[[0, 0]], image_ids=np.array([0, 1])))  # two frames, so that they have a place
    page = opened.page
    for key in ("p", "g", "2", "3", "4", "5", "c"):  # the body alone
        page.keyboard.press(key)
    before = opened.pixels()
    page.get_by_role("checkbox", name="Camera and image").check()
    after = opened.pixels()
    height, width = before.shape
    one, both = (p[130 : height - 60, width // 3 : 2 * width // 3] for p in (before, after))
    ground = one[0, 0]
    body = one != ground
    near = np.zeros_like(body)
    for dy, dx in itertools.product(range(-4, 5), repeat=2):
        near |= np.roll(body, (dy, dx), axis=(0, 1))
    added = (both != ground) & ~near
    assert body.sum() > 1000
    assert added.sum() < 0.25 * body.sum()  # the edges of the image itself
    page.get_by_label("Position in scene").uncheck()
    assert not page.get_by_role("checkbox", name="Camera and image").is_checked()


def test_limbs_that_were_inferred_are_fainter(show: Callable[..., Opened], pose: Pose3D) -> None:
    """There is less of the strong colour of the right side where its arm was inferred."""
    arm = [INDEX[f"right_{name}"] for name in ("shoulder", "elbow", "wrist")]
    orange = []
    for seen in (True, False):
        observed = np.ones_like(pose.observed)
        observed[0, arm] = seen
        pixels = show(replace(pose, observed=observed)).pixels()
        red, blue = (pixels & 255).astype(int), (pixels >> 16 & 255).astype(int)
        opaque = pixels >> 24 > 230
        orange.append(int(np.sum(opaque & (red - blue > 90))))
    assert orange[1] < 0.85 * orange[0]


def test_the_camera_twice_is_as_before(show: Callable[..., Opened], clip: Pose3D) -> None:
    page = (opened := show(clip)).page
    camera, placed = (page.get_by_role("checkbox", name=name) for name in ("Camera and image", "Position in"))
    before = opened.scene()
    for on in (True, False, True, False):
        page.keyboard.press("v")
        assert (camera.is_checked(), placed.is_checked()) == (on, on)
    assert opened.scene() == before
    page.keyboard.press("p")  # now it is chosen, and stays
    for on in (True, False):
        page.keyboard.press("v")
        assert (camera.is_checked(), placed.is_checked()) == (on, True)


def test_a_clip_plays_at_once(show: Callable[..., Opened], clip: Pose3D) -> None:
    page = show(replace(clip, fps=60.0), reduced_motion="no-preference").page
    page.wait_for_function("() => document.getElementById('scrubber').valueAsNumber >= 3")
    page.get_by_role("button", name="Pause").click()
    still = show(replace(clip, fps=60.0)).page
    assert still.get_by_role("button", name="Play").is_visible()
    assert not still.get_by_role("button", name="Next image").is_visible()
    assert counter(still).startswith("1 of 65")


def test_the_view_of_a_playing_clip_swings_until_somebody_touches_it(
    show: Callable[..., Opened], clip: Pose3D
) -> None:
    opened = show(replace(clip, fps=10.0), reduced_motion="no-preference")
    page = opened.page
    page.evaluate(CLOCK)

    def after(seconds: float) -> tuple[int, str]:
        """The frame of the clip at a time, and what the view shows then."""
        frame = page.evaluate("t => { clock(t); return clock(t); }", 1000 * seconds)
        return frame, page.evaluate(PICTURE, "scene")

    lasts = len(clip) / 10.0
    first, second = after(lasts), after(2 * lasts)
    assert first[0] == second[0]
    assert first[1] != second[1]  # the same frame, seen from elsewhere
    page.keyboard.press("0")  # the first view, and it stays
    third, fourth = after(3 * lasts), after(4 * lasts)
    assert third[0] == fourth[0]
    assert third[1] == fourth[1]


def test_a_solid_body_can_be_lines(show: Callable[..., Opened], pose: Pose3D) -> None:
    opened = show(pose)
    solid = opened.pixels()
    opened.page.get_by_label("Solid body").uncheck()
    lines = opened.pixels()
    background = np.bincount(np.unique(solid, return_inverse=True)[1].ravel()).argmax()
    empty = np.unique(solid)[background]
    assert (solid != empty).sum() > 1.5 * (lines != empty).sum()
    opened.page.keyboard.press("b")
    assert (opened.pixels() == solid).all()


def test_feet_that_nobody_saw_are_hidden_until_asked_for(show: Callable[..., Opened], pose: Pose3D) -> None:
    observed = pose.observed.copy()
    feet = [INDEX[f"{side}_{name}"] for side in ("left", "right")
            for name in ("ankle", "heel", "big_toe", "small_toe")]  # fmt: skip
    observed[:, feet] = False
    opened = show(replace(pose, observed=observed))
    hidden = opened.scene()
    opened.page.get_by_label("Unseen feet").check()
    assert opened.scene() != hidden
    opened = show(pose)
    assert not opened.page.locator("#unseen-row").is_visible()


def test_photos_have_previous_and_next(show: Callable[..., Opened], crowd: Pose3D) -> None:
    photos = replace(crowd, image_ids=np.array([4, 4, 9]))
    page = show(photos, reduced_motion="no-preference").page
    assert not page.get_by_role("button", name="Play").is_visible()
    assert not page.get_by_label("Speed").is_visible()
    assert counter(page).split("\n") == ["1 of 2", "image 4"]
    for name, at in (("Next image", 9), ("Next image", 4), ("Previous image", 9)):
        page.get_by_role("button", name=name).click()
        assert counter(page).endswith(f"image {at}")
    page.keyboard.press("Space")  # the button that has the focus, and nothing plays
    assert counter(page).endswith("image 4")


def test_dark_and_light_differ(show: Callable[..., Opened], pose: Pose3D) -> None:
    opened = show(pose, color_scheme="light")
    page = opened.page
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light, picture = page.evaluate(ground), opened.scene()
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(ground)
    assert opened.scene() != picture
    assert dark != light
    page.get_by_role("button", name="Use light colours").click()
    assert page.evaluate(ground) == light
    assert opened.scene() == picture
    page.keyboard.press("d")
    assert page.evaluate(ground) == dark
    page.get_by_role("button", name="Use light colours").click()
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Use dark colours").click()
    assert page.evaluate(ground) == dark  # what was chosen wins


def test_help_lists_the_keys(show: Callable[..., Opened], pose: Pose3D) -> None:
    opened = show(pose)
    page = opened.page
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    before = opened.scene()
    page.keyboard.press("t")  # keys rest while it is open
    assert opened.scene() == before
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    page.get_by_role("button", name="Help").click()
    page.get_by_role("button", name="Close").click()
    assert not page.locator("#help").is_visible()


def test_every_control_has_a_name_and_can_be_reached(show: Callable[..., Opened], crowd: Pose3D) -> None:
    opened = show(crowd)
    page = opened.page
    page.keyboard.press("m")
    nameless = """() => [...document.querySelectorAll("button, input, select")].filter(control =>
        !(control.ariaLabel || control.textContent.trim() || control.labels?.[0]?.textContent.trim()))
        .map(control => control.outerHTML)"""
    assert page.evaluate(nameless) == []
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("() => document.activeElement.id || document.activeElement.textContent.trim()")
        )
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid" or page.evaluate("() => document.activeElement === document.body")
    assert {
        "theme",
        "help-open",
        "scene",
        "measure",
        "ground",
        "frustum",
        "placed",
        "from",
        "to",
        "Discs",
    } <= reached
    assert {f"part-{part}" for part in PARTS} <= reached


def test_a_phone_shows_it_without_sideways_scrolling(show: Callable[..., Opened], clip: Pose3D) -> None:
    opened = show(clip, PHONE, **TOUCH)
    sizes = """() => [document.documentElement.scrollWidth, innerWidth,
                      document.getElementById("scene").width, document.getElementById("scene").clientWidth]"""
    content, window, pixels, points = opened.page.evaluate(sizes)
    assert content <= window == PHONE["width"]
    assert pixels == 3 * points
    scene, player = (opened.page.locator(id).bounding_box() for id in ("#scene", "#player"))
    assert scene["height"] > 0.6 * PHONE["height"]  # the person comes first
    assert player["y"] + player["height"] < PHONE["height"]  # and the play bar is on the same screen
    assert opened.page.locator("#scrubber").bounding_box()["width"] > 300
    first = opened.scene()
    opened.page.get_by_role("button", name="Top").tap()
    assert opened.scene() != first
    opened.page.mouse.wheel(0, 2000)
    opened.page.wait_for_function("() => scrollY > 200")
    assert (
        opened.page.locator("#scene").bounding_box()["y"] < 20
    )  # still there, to see what is switched below


@pytest.mark.parametrize("viewport", [PHONE, {"width": 844, "height": 390}, {"width": 820, "height": 1180}])
def test_fingers_find_every_control(
    show: Callable[..., Opened], crowd: Pose3D, viewport: dict[str, int]
) -> None:
    opened = show(replace(crowd, image_ids=np.array([0, 0, 1])), viewport, **TOUCH)
    opened.page.locator("#measure").tap()
    small = """() => [...document.querySelectorAll("button, select, .check, input[type=range]")]
        .filter(({ offsetHeight: h, offsetWidth: w }) => h && Math.min(h, w) < 40).map(c => c.outerHTML)"""
    assert opened.page.evaluate(small) == []
    assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= viewport["width"]
    outside = """() => [...document.querySelectorAll("#controls button")].filter(button => {
        const [{ left, right, top }, stage] = [button, document.querySelector(".viewport")]
            .map(node => node.getBoundingClientRect());
        return left < stage.left || right > stage.right || top < stage.top;
    }).map(button => button.textContent)"""
    assert opened.page.evaluate(outside) == []


def test_one_finger_orbits_and_two_pinch(show: Callable[..., Opened], pose: Pose3D) -> None:
    opened = show(pose, PHONE, **TOUCH)
    touch = opened.page.context.new_cdp_session(opened.page)
    box = opened.page.locator("#scene").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.7

    def gesture(*steps: list[tuple[float, float]]) -> None:
        for i, points in enumerate(steps):
            touches = [{"x": x + dx, "y": y + dy, "id": n} for n, (dx, dy) in enumerate(points)]
            touch.send(
                "Input.dispatchTouchEvent",
                {"type": "touchMove" if i else "touchStart", "touchPoints": touches},
            )
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    pictures = [opened.scene()]
    gesture([(0, 0)], [(30, 0)], [(60, 5)])
    pictures.append(opened.scene())
    gesture([(-20, 0), (20, 0)], [(-40, 0), (40, 0)], [(-80, 0), (80, 0)])
    pictures.append(opened.scene())
    assert len(set(pictures)) == 3
    assert opened.page.evaluate("() => [scrollX, scrollY, visualViewport.scale]") == [0, 0, 1]


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, {"width": 844, "height": 390}])
def test_everybody_is_well_in_the_picture_from_the_first_frame_on(
    show: Callable[..., Opened], crowd: Pose3D, viewport: dict[str, int]
) -> None:
    """The people alone: nowhere at the edge, under the controls or in a corner, and filling what is left."""
    shown = show(crowd, viewport, color_scheme="light")
    for key in "g12345":
        shown.page.keyboard.press(key)
    shown.page.mouse.move(1, 1)
    without = shown.pixels()
    for key in "12345":
        shown.page.keyboard.press(key)
    people = shown.pixels() != without
    height, width = people.shape
    rows, columns = (np.flatnonzero(people.any(axis=axis)) for axis in (1, 0))
    controls = shown.page.locator("#controls").bounding_box()
    bottom = controls["y"] + controls["height"] - shown.page.locator("#scene").bounding_box()["y"]
    assert rows[0] > bottom + 10
    assert rows[-1] < height - 20
    assert columns[0] > 10
    assert columns[-1] < width - 10
    filled = np.ptp(rows) / (height - bottom - 60), np.ptp(columns) / width
    assert max(filled) > 0.75
    assert columns.mean() == pytest.approx(width / 2, abs=0.12 * width)


def test_the_ground_is_at_the_feet(show: Callable[..., Opened], clip: Pose3D) -> None:
    """The shadow, seen from the side, is as high as the feet; a bad frame is no matter."""
    xyz = clip.xyz.copy()
    xyz[5, INDEX["left_heel"], 1] += 400  # a heel far below the ground in one frame of 65
    opened = show(replace(clip, xyz=xyz))
    page = opened.page
    page.get_by_label("Position in scene").check()
    for key in "s345":
        page.keyboard.press(key)
    complete = opened.pixels()
    page.keyboard.press("g")
    person = opened.pixels()
    for key in "12":
        page.keyboard.press(key)
    feet = np.flatnonzero((person != opened.pixels())[:-100].any(axis=1)).max()
    ground = complete != person
    within = itertools.product(range(-2, 3), repeat=2)
    thick = np.logical_and.reduce([np.roll(ground, step, axis=(0, 1)) for step in within])  # no grid
    middle = thick[:, ground.shape[1] // 3 : -ground.shape[1] // 3]
    assert np.flatnonzero(middle.any(axis=1)).mean() == pytest.approx(feet, abs=6)


def test_what_does_not_change_is_not_drawn_again(show: Callable[..., Opened], clip: Pose3D) -> None:
    opened = show(clip)
    page = opened.page
    page.evaluate("""() => {
      window.drawn = 0;
      const clear = CanvasRenderingContext2D.prototype.clearRect;
      CanvasRenderingContext2D.prototype.clearRect = function (...box) {
        window.drawn += 1;
        clear.apply(this, box);
      };
    }""")
    page.mouse.move(700, 300)
    page.mouse.move(720, 200)
    page.keyboard.press("Shift")
    opened.settle()
    assert page.evaluate("drawn") == 0
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    opened.settle()
    assert 1 <= page.evaluate("drawn") <= 2  # the 3D alone, once for each frame of the screen at most
    page.keyboard.press("ArrowRight")
    opened.settle()
    assert 3 <= page.evaluate("drawn") <= 4  # 3D and 2D


def test_it_says_when_all_is_hidden(show: Callable[..., Opened], pose: Pose3D) -> None:
    page = show(pose).page
    page.evaluate("""() => {
      window.said = new Set();
      const write = CanvasRenderingContext2D.prototype.fillText;
      CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
        window.said.add(text);
        write.call(this, text, ...at);
      };
    }""")
    for digit in "12345":
        page.keyboard.press(digit)
    page.wait_for_function("() => said.has('Hidden: choose what to show.')")


def test_colours_can_be_asked_for_by_the_address(show: Callable[..., Opened], pose: Pose3D) -> None:
    asked = show(pose, fragment="#dark", color_scheme="light")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    assert asked.page.evaluate(ground) == "rgb(16, 19, 23)"
    assert asked.scene() == show(pose, color_scheme="dark").scene()


def test_an_image_of_unknown_size_shows_the_keypoints(show: Callable[..., Opened], pose: Pose3D) -> None:
    opened = show(replace(pose, image_size=None, camera_source="keypoints"))
    assert "unknown" in opened.page.locator("#image-note").inner_text()
    opened.page.keyboard.press("v")
    assert opened.page.evaluate(MIDDLE, "scene")["colours"] > 50


def test_people_come_and_go(show: Callable[..., Opened], crowd: Pose3D) -> None:
    """What is measured says so where one of the two is not there."""
    coming = replace(crowd, image_ids=np.array([0, 0, 1]), track_ids=np.array([1, 2, 1]), fps=5.0)
    opened = show(coming)
    page = opened.page
    page.keyboard.press("m")
    page.get_by_label("First keypoint", exact=True).select_option(label="nose")
    page.get_by_label("Second keypoint", exact=True).select_option(label="nose")
    page.get_by_label("Person of the second keypoint").select_option(label="Person 2")
    assert "mm" in page.locator("#distance").inner_text()
    page.locator("#scrubber").fill("1")
    assert page.locator("#distance").inner_text() == "Not in this frame."
    page.locator("#scrubber").fill("0")
    assert "mm" in page.locator("#distance").inner_text()


def test_pictures_lie_under_the_keypoints_of_their_frame(show: Callable[..., Opened], clip: Pose3D) -> None:
    pytest.importorskip("PIL", reason="the extra mp4")
    colours = {0: (200, 30, 30), 1: (30, 200, 30), 3: (30, 30, 200)}
    pictures = [(id, np.full((128, 72, 3), colour, np.uint8)) for id, colour in colours.items()]
    opened = show(replace(clip[:4], fps=30.0), pictures=pictures)
    # Whether the picture's corner is strongest in a channel, or has the stage's grey.
    shows = """wanted => {
      const canvas = document.getElementById("image");
      const [x, y] = [canvas.width / 2, canvas.height * 0.03];
      const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, -x, -y);
      const pixel = [...copy.getImageData(0, 0, 1, 1).data].slice(0, 3);
      const strongest = pixel.indexOf(Math.max(...pixel));
      return wanted === (Math.max(...pixel) - Math.min(...pixel) < 20 ? null : strongest);
    }"""

    def wait_for(wanted: int | None) -> None:
        """Pictures are decoded in their own time; each that is waited for differs from the one before it."""
        opened.page.wait_for_function(shows, arg=wanted)

    wait_for(0)
    for wanted in (1, None, 2):
        opened.page.keyboard.press("ArrowRight")
        wait_for(wanted)
    opened.page.keyboard.press("i")
    wait_for(None)
    opened.page.get_by_label("Picture", exact=True).check()
    wait_for(2)
    assert not show(clip[:4]).page.locator("#photo-row").is_visible()
