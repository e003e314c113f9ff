"""The page of a running camera, in a page that embeds it as the app does."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import SETTLED, launched, watched_page

from wholebody_lift.pose import Pose3D
from wholebody_lift.viewers import live_page

SIZE = (720, 1280)

HOST = """<!doctype html>
<iframe id="live" sandbox="allow-scripts" src="live.html" style="width: 900px; height: 600px"></iframe>
<script>addEventListener("message", ({ data }) => { Object.assign(window, data); });</script>"""

# Post a message; {colour} adds a picture of that colour.
POST = """async ([message, colour]) => {
  const canvas = new OffscreenCanvas(720, 1280);
  const context = canvas.getContext("2d");
  context.fillStyle = colour ?? "black";
  context.fillRect(0, 0, 720, 1280);
  const picture = colour && (await canvas.convertToBlob({ type: "image/png" }));
  document.getElementById("live").contentWindow.postMessage({ ...message, picture }, "*");
}"""
PICTURE = "id => document.getElementById(id).toDataURL()"
CORNER = """() => [...document.getElementById("image").getContext("2d").getImageData(
  document.getElementById("image").width / 2, 8, 1, 1).data].slice(0, 3)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched("--allow-file-access-from-files") as browser:
        yield browser


class Embedded:
    """The page, and the frame that is the viewer."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.viewer = page.frames[1]
        self.seconds = 0

    def post(self, pose: Pose3D, colour: str | None = None) -> str:
        """What the 3D view shows once it says that it has drawn a message."""
        self.seconds += 1
        self.page.evaluate(POST, [{**live_page.message(pose, SIZE), "seconds": self.seconds}, colour])
        self.page.wait_for_function("seconds => window.drawn === seconds", arg=self.seconds)
        return str(self.viewer.evaluate(PICTURE, "scene"))


@pytest.fixture
def embedded(browser: Any, tmp_path: Path) -> Iterator[Embedded]:
    (tmp_path / "live.html").write_text(live_page.render(3))
    (tmp_path / "host.html").write_text(HOST)
    host = (tmp_path / "host.html").as_uri()
    with watched_page(browser, host, reduced_motion="reduce") as page:
        page.wait_for_function("window.ready")
        yield Embedded(page)


@pytest.fixture
def people(crowd: Pose3D) -> Pose3D:
    """Two people in one image."""
    return crowd[[0, 1]]


def test_a_message_is_json_in_camera_axes(people: Pose3D) -> None:
    people = replace(people, track_ids=np.array([4, 9]))
    message = json.loads(json.dumps(live_page.message(people.to("blender"), SIZE), allow_nan=False))
    assert message["size"] == list(SIZE)
    assert [person["id"] for person in message["people"]] == [4, 9]
    for person, xyz, xy in zip(message["people"], people.xyz, people.keypoints, strict=True):
        np.testing.assert_allclose(np.reshape(person["xyz"], (-1, 3)), xyz, atol=0.06)
        pixels = np.array(person["xy"], float).reshape(-1, 2)
        np.testing.assert_allclose(pixels, xy, atol=0.06)
    rays = np.reshape(message["rays"], (3, 3))
    np.testing.assert_allclose(rays @ people.K[0], np.eye(3), atol=1e-9)


def test_nobody_is_a_message_too() -> None:
    assert live_page.message(Pose3D.empty(), SIZE)["people"] == []


def test_people_come_move_and_go(embedded: Embedded, people: Pose3D) -> None:
    nobody = embedded.post(Pose3D.empty())
    one = embedded.post(people[[0]])
    assert one != nobody
    assert embedded.post(people[[0]]) == one
    assert embedded.post(people[[1]]) != one
    gone = embedded.post(Pose3D.empty())
    assert embedded.post(Pose3D.empty()) == gone
    assert gone != one


def test_the_picture_is_under_the_keypoints(embedded: Embedded, people: Pose3D) -> None:
    embedded.post(people[[0]], "rgb(200, 40, 90)")
    assert embedded.viewer.evaluate(CORNER) == [200, 40, 90]
    embedded.post(Pose3D.empty(), "rgb(20, 140, 90)")  # also when nobody is there
    assert embedded.viewer.evaluate(CORNER) == [20, 140, 90]


def test_a_hidden_person_stays_hidden_among_others(embedded: Embedded, people: Pose3D) -> None:
    """Whoever is seen keeps their place, whoever comes and goes around them."""
    both = replace(people, track_ids=np.array([7, 3]))
    embedded.post(both)
    names = embedded.viewer.locator("#people label")
    embedded.viewer.evaluate("() => document.querySelectorAll('#people input')[1].click()")  # person 3
    alone = embedded.post(both)
    assert embedded.post(both[[1, 0]]) == alone
    assert names.count() == 3


def test_only_the_page_around_it_is_heard(embedded: Embedded, people: Pose3D) -> None:
    before = embedded.post(Pose3D.empty())
    embedded.viewer.evaluate("message => postMessage(message, '*')", live_page.message(people[[0]], SIZE))
    embedded.viewer.evaluate(SETTLED)
    assert embedded.viewer.evaluate(PICTURE, "scene") == before
    assert embedded.post(people[[0]]) != before


@pytest.mark.parametrize("size", [(900, 600), (390, 700)])
def test_picture_and_figure_have_the_room(embedded: Embedded, people: Pose3D, size: tuple[int, int]) -> None:
    embedded.page.locator("#live").evaluate(
        "(frame, [w, h]) => Object.assign(frame.style, { width: `${w}px`, height: `${h}px` })", list(size)
    )
    embedded.viewer.wait_for_function("([w, h]) => innerWidth === w && innerHeight === h", arg=list(size))
    embedded.post(people[[0]], "gray")
    shown = {id: embedded.viewer.locator(f"#{id}").bounding_box() for id in ("image", "scene")}
    area = sum(box["width"] * box["height"] for box in shown.values())
    assert area > 0.88 * size[0] * size[1]
    assert embedded.viewer.evaluate("document.documentElement.scrollHeight") <= size[1]
