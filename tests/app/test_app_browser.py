"""The app in a real browser: files go in, people appear, files come out."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any

import numpy as np
import pytest
from chromium import SETTLED, launched, open_page, playwright, watched_page
from waiting import PATIENCE

from wholebody_lift import InputError, Keypoints2D, detectors, formats
from wholebody_lift.app import server as server_module
from wholebody_lift.app.server import Server
from wholebody_lift.outputs import KINDS

# Drop files, given as [name, text], on an element as a person would from a file manager.
DROP = """(element, files) => {
  const carried = new DataTransfer();
  for (const [name, text] of files) carried.items.add(new File([text], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    element.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: carried }));
  }
}"""
DRAG_IN = """element => {
  const carried = new DataTransfer();
  carried.items.add(new File(["x"], "x"));
  element.dispatchEvent(new DragEvent("dragenter", { bubbles: true, dataTransfer: carried }));
}"""
COLOURS = """canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d");
  context.drawImage(canvas, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer);
  return new Set(pixels).size;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture
def page(browser: Any, server: Server) -> Iterator[Any]:
    """The app's page; a message of an error in its console, or of a broken policy, fails the test."""
    options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
    with watched_page(browser, server.url, expected="status of 422", **options) as page:
        page.on("filechooser", lambda _: None)  # from now on choosers come to the test
        page.locator("#photos:not(:empty)").wait_for()
        yield page


def drop(page: Any, path: Path, where: str = "body") -> None:
    page.locator(where).evaluate(DROP, [[path.name, path.read_text()]])


def done(page: Any, name: str) -> Any:
    """The viewer of what was lifted, once it has drawn it."""
    page.locator("#file-name", has_text=name).wait_for()
    viewer = page.frame_locator("#viewer")
    viewer.locator("h1", has_text=name).wait_for(state="attached")
    viewer.locator("main:not([aria-busy])").wait_for()
    viewer.locator("body").evaluate(SETTLED)
    return viewer


def downloaded(page: Any, name: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.locator("#downloads a", has=page.locator(f"b:text-is('{name}')")).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_dropped_detections_appear(page: Any, example_data: Path, squats: Keypoints2D) -> None:
    drop(page, example_data / "squats.json")
    viewer = done(page, "squats.json")
    assert viewer.locator("#scene").evaluate(COLOURS) > 200
    assert viewer.locator("#counter").text_content().startswith("1 of 65")
    assert "65" in page.locator("#headline").text_content()
    page.get_by_text("Units, axes, camera, errors").click()
    assert "millimetres" in page.locator("#summary").text_content()
    assert page.locator("#notes li").count() == 0


def test_downloads_are_the_result(page: Any, example_data: Path, squats: Keypoints2D, lifter: Any) -> None:
    page.locator("#file").set_input_files(example_data / "squats.json")
    done(page, "squats.json")
    want = lifter.lift_sequence(squats)
    for kind, name in (("JSON", "squats.json"), ("NumPy", "squats.npz")):
        given, content = downloaded(page, kind)
        assert given == name
        np.testing.assert_array_equal(formats.read_pose(content).xyz, want.xyz)
    assert downloaded(page, "BVH")[1].startswith(b"HIERARCHY\nROOT hips")
    assert downloaded(page, "glTF")[1].startswith(b"glTF")
    name, content = downloaded(page, "Page")
    assert name == "squats.html"
    assert b"<title>squats.json</title>" in content


def test_every_kind_of_file_can_be_downloaded(page: Any, tmp_path: Path, squats: Keypoints2D) -> None:
    """All that there are, each by its button; here the extras are installed."""
    for module in ("matplotlib", "ezc3d", "rerun"):
        pytest.importorskip(module, reason=f"needs {module}")
    path = tmp_path / "clip.json"
    formats.write_keypoints(squats[range(4)].model_copy(update={"fps": 10.0}), path)
    drop(page, path)
    done(page, "clip.json")
    assert page.locator("#not-offered li").count() == 0
    begins = {
        "JSON": b"{",
        "NumPy": b"PK",
        "CSV, long": b"image_id,",
        "CSV, wide": b"image_id,",
        "TRC": b"PathFileType",
        "MOT": b"version=1",
        "C3D": b"\x02\x50",
        "BVH": b"HIERARCHY",
        "glTF": b"glTF",
        "Rerun": b"RRF2",
        "Page": b"<!doctype html>",
        "MP4": b"ftyp",
        "PNG": b"\x89PNG",
        "PDF": b"%PDF",
        "SVG": b"<?xml",
    }
    assert page.locator("#downloads b").all_inner_texts() == list(begins)
    for kind, start in begins.items():
        name, content = downloaded(page, kind)
        assert Path(name).suffix in KINDS
        assert start in content[:64], kind
        assert len(content) > 500
    assert page.locator("#download-error").inner_text() == ""


def test_the_example(page: Any, squats: Keypoints2D) -> None:
    page.get_by_role("button", name="Try the example").click()
    viewer = done(page, "squats.json")
    assert viewer.locator("#counter").text_content().startswith(f"1 of {len(squats)}")
    assert "1 person" in page.locator("#headline").text_content()


def test_motions_as_the_options_say(page: Any, tmp_path: Path, squats: Keypoints2D, lifter: Any) -> None:
    path = tmp_path / "clip.json"
    formats.write_keypoints(squats[range(12)].model_copy(update={"fps": 5.0}), path)
    page.get_by_label("Smoothness").select_option("More")
    page.get_by_label("Keep standing feet in place").check()
    drop(page, path)
    done(page, "clip.json")
    want = lifter.lift_sequence(formats.read(path), smoothness=2, lock_feet=True)
    np.testing.assert_array_equal(formats.read_pose(downloaded(page, "NumPy")[1]).xyz, want.xyz)


def test_the_panel_makes_room(page: Any, example_data: Path) -> None:
    drop(page, example_data / "photos.json")
    viewer = done(page, "photos.json")
    frame = page.locator("#viewer").element_handle().content_frame()
    before = viewer.locator("#scene").bounding_box()["width"]
    page.get_by_role("button", name="Hide the panel").click()
    frame.wait_for_function("least => document.getElementById('scene').clientWidth > least", arg=before + 250)
    page.get_by_role("button", name="Show the panel").click()
    assert page.locator("#downloads").is_visible()


def test_two_in_a_row(page: Any, example_data: Path) -> None:
    drop(page, example_data / "squats.json")
    done(page, "squats.json")
    drop(page, example_data / "photos.json", "#shield")
    viewer = done(page, "photos.json")
    assert viewer.locator("#counter").text_content().startswith("1 of 2")
    assert downloaded(page, "CSV, wide")[0] == "photos-wide.csv"
    assert page.title().startswith("photos.json")


def test_a_frame_rate_brings_the_rest(page: Any, tmp_path: Path, squats: Keypoints2D) -> None:
    path = tmp_path / "clip.json"
    formats.write_keypoints(squats[range(8)].model_copy(update={"fps": None}), path)
    drop(page, path)
    done(page, "clip.json")
    missing = page.locator("#not-offered")
    assert missing.get_by_text("TRC, MOT, C3D, BVH, glTF").count() == 1
    page.get_by_label("Frames per second").fill("30")
    page.get_by_label("Frames per second").press("Enter")
    page.locator("#downloads b", has_text="TRC").wait_for()
    assert b"\n30\t30\t8\t133\tmm" in downloaded(page, "TRC")[1]


def test_one_of_several_people(page: Any, tmp_path: Path, squats: Keypoints2D) -> None:
    path = tmp_path / "pair.json"
    pair = squats[[0, 16]].model_copy(update={"image_ids": np.zeros(2, np.int64)})
    formats.write_keypoints(pair, path)
    drop(page, path)
    done(page, "pair.json")
    assert page.locator("#not-offered").get_by_text("TRC, MOT, C3D, BVH").count() == 1
    page.get_by_label("Who").select_option("Person 2")
    name, content = downloaded(page, "BVH")
    assert name == "pair-person1.bvh"
    assert content.startswith(b"HIERARCHY")


def test_a_wrong_file_is_told_and_the_next_one_works(page: Any, tmp_path: Path, example_data: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"a": 1}))
    drop(page, wrong)
    alert = page.get_by_role("alert").filter(has_text="This file could not be lifted")
    alert.wait_for()
    assert "wrong.json: " in alert.text_content()
    assert "got an object with a" in alert.text_content()
    assert page.evaluate("document.activeElement.id") == "other"
    drop(page, example_data / "photos.json")
    done(page, "photos.json")


def test_several_files_and_large_ones(browser: Any, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "MAX_BYTES", 2**21)
    page = open_page(browser, server.url)
    page.locator("#photos:not(:empty)").wait_for()
    page.locator("body").evaluate(DROP, [["a.json", "[]"], ["b.json", "[]"]])
    page.locator("#error", has_text="one file at a time").wait_for()
    page.evaluate("""() => {
      const file = new File([new Uint8Array(3 * 2 ** 20)], "large.json");
      const carried = new DataTransfer();
      carried.items.add(file);
      document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer: carried }));
    }""")
    page.locator("#error", has_text="large.json: expected a file of at most 2 MB, got 3 MB").wait_for()
    page.close()


def test_warnings_are_shown(page: Any, tmp_path: Path, squats: Keypoints2D) -> None:
    path = tmp_path / "flipped.json"
    flipped = squats.keypoints[[0]] * (1, -1) + (0, 1280)
    formats.write_keypoints(squats[[0]].model_copy(update={"keypoints": flipped}), path)
    drop(page, path)
    done(page, "flipped.json")
    assert "upside down" in page.locator("#notes li").first.text_content()


def test_a_photo_without_a_detector(
    browser: Any, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detectors, "available", list)
    page = open_page(browser, server.url)
    page.locator("#photos", has_text='pip install "wholebody-lift[detect]"').wait_for()
    photo = tmp_path / "me.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0")
    page.locator("#file").set_input_files(photo)
    page.locator("#error code", has_text='pip install "wholebody-lift[detect]"').wait_for()
    clip = tmp_path / "me.mp4"
    clip.write_bytes(VIDEO)
    page.locator("#file").set_input_files(clip)
    page.locator("#doing", has_text="me.mp4").wait_for(state="attached")
    page.locator("#error code", has_text='pip install "wholebody-lift[detect]"').wait_for()
    page.close()


def test_a_photo_with_a_detector(
    page: Any, tmp_path: Path, squats: Keypoints2D, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = squats[[0]].model_copy(update={"image_ids": None, "fps": None})
    monkeypatch.setattr(detectors, "detect_image", lambda content, **_: still)
    photo = tmp_path / "me.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0")
    page.locator("#file").set_input_files(photo)
    viewer = done(page, "me.jpg")
    assert viewer.locator("#image-note").text_content().startswith("720 × 1280")


VIDEO = b"\0\0\0\x20ftypisom" + bytes(40)


def test_a_video_with_a_detector(
    page: Any, tmp_path: Path, squats: Keypoints2D, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = Event()

    def detect(path: Path, *, progress: Any, **_: Any) -> Keypoints2D:
        for done in range(1, 9):
            progress(done, 8)
            if done == 3:
                assert go_on.wait(PATIENCE)
        return squats[range(8)].model_copy(update={"fps": 25.0})

    monkeypatch.setattr(detectors, "detect_video", detect)
    clip = tmp_path / "me.mp4"
    clip.write_bytes(VIDEO)
    page.locator("#file").set_input_files(clip)
    page.locator("#how-far", has_text="Detected people in 3 of 8 frames").wait_for()
    assert page.get_by_role("progressbar").evaluate("bar => bar.value / bar.max") == 3 / 8
    go_on.set()
    viewer = done(page, "me.mp4")
    assert viewer.locator("#counter").text_content().startswith("1 of 8")
    assert b"\t25\t8\t133\tmm" in downloaded(page, "TRC")[1]


def test_a_video_can_be_called_off(
    page: Any, tmp_path: Path, example_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And then nothing works on it any more, so that the next file is lifted at once."""
    ended = Event()

    def detect(path: Path, *, progress: Any, **_: Any) -> Keypoints2D:
        try:
            for done in range(10**6):
                progress(done + 1, None)
                sleep(0.01)
        finally:
            ended.set()
        raise AssertionError

    monkeypatch.setattr(detectors, "detect_video", detect)
    clip = tmp_path / "me.mp4"
    clip.write_bytes(VIDEO)
    page.locator("#file").set_input_files(clip)
    page.locator("#how-far", has_text="frames").wait_for()
    page.get_by_role("button", name="Cancel").click()
    assert page.locator("#empty").is_visible()
    assert ended.wait(PATIENCE)
    drop(page, example_data / "photos.json")
    done(page, "photos.json")


def test_a_video_that_fails_half_way(page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def detect(path: Path, *, name: str, progress: Any, **_: Any) -> Keypoints2D:
        progress(1, 2)
        raise InputError(f"{name}: nobody was found in this video")

    monkeypatch.setattr(detectors, "detect_video", detect)
    clip = tmp_path / "me.mp4"
    clip.write_bytes(VIDEO)
    page.locator("#file").set_input_files(clip)
    page.locator("#error", has_text="me.mp4: nobody was found in this video").wait_for()


def test_after_a_failure_there_is_a_way_back(page: Any, tmp_path: Path, example_data: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    drop(page, wrong)
    page.locator("#error:not(:empty)").wait_for()
    assert not page.get_by_role("button", name="Back").is_visible()
    drop(page, example_data / "photos.json")
    done(page, "photos.json")
    drop(page, wrong, "#shield")
    page.get_by_role("button", name="Back").click()
    assert page.locator("#viewer").is_visible()
    assert page.locator("#file-name").inner_text() == "photos.json"


def test_app_and_viewer_have_the_same_colours(page: Any, example_data: Path) -> None:
    ground = "() => getComputedStyle(document.body).backgroundColor"
    drop(page, example_data / "photos.json")
    viewer = done(page, "photos.json")
    light = page.evaluate(ground)
    page.mouse.move(300, 300)
    page.mouse.move(310, 300)  # the shield goes
    viewer.get_by_role("button", name="Use dark colours").click()
    page.wait_for_function("light => getComputedStyle(document.body).backgroundColor !== light", arg=light)
    drop(page, example_data / "squats.json", "#shield")
    viewer = done(page, "squats.json")
    assert viewer.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == page.evaluate(
        ground
    )


def test_by_keyboard(page: Any, example_data: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("o")
    chooser.value.set_files(example_data / "photos.json")
    done(page, "photos.json")
    assert page.evaluate("document.activeElement.id") == "file-name"
    page.locator("summary", has_text="More").press("Enter")
    page.get_by_label("Image width").focus()
    page.keyboard.type("o")  # a letter in a field, and no command
    assert page.get_by_label("Image width").input_value() == "o"
    page.keyboard.press("Enter")
    page.locator("#error", has_text="image width, got 'o'").wait_for()
    assert page.evaluate("document.activeElement.id") == "other"
    with page.expect_file_chooser():
        page.keyboard.press("Enter")  # the button that has the focus


def test_dragging_shows_where_to_drop(page: Any, example_data: Path) -> None:
    drop(page, example_data / "photos.json")
    done(page, "photos.json")
    page.locator("#shield").evaluate(DRAG_IN)
    assert page.locator("#veil").is_visible()
    drop(page, example_data / "photos.json", "#veil")
    assert page.locator("#veil").is_hidden()
    done(page, "photos.json")


def test_the_viewer_is_under_a_shield_until_the_pointer_comes(page: Any, example_data: Path) -> None:
    page.mouse.move(5, 5)
    drop(page, example_data / "photos.json")
    viewer = done(page, "photos.json")
    shield, top = page.locator("#shield"), viewer.locator("[data-view=top]")
    assert shield.is_visible()
    page.mouse.move(400, 400)
    page.mouse.move(410, 400)
    shield.wait_for(state="hidden")
    top.click()
    playwright.expect(top).to_have_attribute("aria-pressed", "true")
    page.mouse.move(5, 5)
    shield.wait_for(state="visible")


def test_the_viewer_cannot_reach_the_app(browser: Any, server: Server, example_data: Path) -> None:
    page = open_page(browser, server.url)
    page.locator("#file").set_input_files(example_data / "photos.json")
    done(page, "photos.json")
    frame = page.locator("#viewer").element_handle().content_frame()
    assert frame.evaluate("self.origin") == "null"
    assert (
        frame.evaluate("() => { try { return parent.document.title } catch (e) { return e.name } }")
        == "SecurityError"
    )
    assert frame.evaluate("fetch('../../about').then(() => 'got it', () => 'refused')") == "refused"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["empty", "done"])
def test_fits_a_narrow_window(
    browser: Any, server: Server, example_data: Path, scheme: str, state: str
) -> None:
    page = open_page(browser, server.url, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.locator("#photos:not(:empty)").wait_for()
    if state == "done":
        page.locator("#file").set_input_files(example_data / "photos.json")
        done(page, "photos.json")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    clipped = page.evaluate("""() => [...document.querySelectorAll("aside *, header *, .card *")]
      .filter(node => node.offsetParent && node.clientWidth && node.scrollWidth > node.clientWidth + 1)
      .map(node => node.outerHTML.slice(0, 80))""")
    assert clipped == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(245, 246, 248)", "dark": "rgb(16, 19, 23)"}[scheme]
    page.close()


def test_nothing_is_asked_of_anybody_else(page: Any, server: Server, example_data: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    drop(page, example_data / "photos.json")
    done(page, "photos.json")
    own = (server.url, "data:", "blob:")
    assert len(asked) > 4
    assert [url for url in asked if not url.startswith(own)] == []


def test_when_the_program_has_ended(browser: Any, server: Server, example_data: Path) -> None:
    page = open_page(browser, server.url)
    page.route("**/lift?*", lambda route: route.abort())
    page.locator("#file").set_input_files(example_data / "photos.json")
    page.locator("#error", has_text="Is wholebody-lift still running?").wait_for()
    page.close()


def test_detections_can_be_called_off(
    page: Any, server: Server, example_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only videos: the bar shows how many people are lifted, and the work ends."""
    ended, lift = Event(), server.workshop._lifter.lift

    def work(people: Keypoints2D, progress: Any) -> Any:
        try:
            for _ in range(10**5):
                progress(1, 4)
                sleep(0.01)
        finally:
            ended.set()

    monkeypatch.setattr(server.workshop._lifter, "lift", work)
    drop(page, example_data / "photos.json")
    page.locator("#how-far", has_text="Lifted 1 of 4 people").wait_for()
    assert page.get_by_role("progressbar").evaluate("bar => bar.value / bar.max") == 1 / 4
    page.get_by_role("button", name="Cancel").click()
    assert ended.wait(PATIENCE)
    monkeypatch.setattr(server.workshop._lifter, "lift", lift)
    drop(page, example_data / "photos.json")
    done(page, "photos.json")


def test_two_tabs(browser: Any, server: Server, example_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lifts does not hold up another; closing it ends its work."""
    ended, begun, sequence = Event(), Event(), server.workshop._lifter.lift_sequence

    def work(people: Keypoints2D, progress: Any, **_: Any) -> Any:
        try:
            for _ in range(10**5):
                progress(0, 9)
                begun.set()
                sleep(0.01)
        finally:
            ended.set()

    monkeypatch.setattr(server.workshop._lifter, "lift_sequence", work)
    first, second = (open_page(browser, server.url) for _ in range(2))
    for page in (first, second):
        page.locator("#photos:not(:empty)").wait_for()
    drop(first, example_data / "squats.json")
    assert begun.wait(PATIENCE)
    drop(second, example_data / "photos.json")
    done(second, "photos.json")
    assert not ended.is_set()
    first.close()
    assert ended.wait(PATIENCE)
    monkeypatch.setattr(server.workshop._lifter, "lift_sequence", sequence)
    second.close()
