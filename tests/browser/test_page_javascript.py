"""The page's own JavaScript against Python on the same input: mapping, filters, bones. It needs only node."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from landmarks import SECONDS, SIZE, camel

import wholebody_lift.browser
import wholebody_lift.pages
from wholebody_lift import pretrained
from wholebody_lift.body import rigid
from wholebody_lift.browser.tables import tables
from wholebody_lift.lifter import Lifter
from wholebody_lift.live import LiveLifter

PAGE = Path(wholebody_lift.browser.__file__).parent / "page"
SHARED = Path(wholebody_lift.pages.__file__).parent / "page"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs node, to run the page's JavaScript")

SCRIPT = """
import { keypointsOf, isVisible, cameraOf } from "PAGE/keypoints.js";
import { Person } from "PAGE/person.js";
import { fit, turned } from "PAGE/vectors.js";
import { Frames } from "SHARED/frames.js";
import { readFileSync } from "node:fs";
const given = JSON.parse(readFileSync(0, "utf-8"));
const { tables } = given;
"""


def javascript(folder: Path, body: str, **given: Any) -> Any:
    """What a script after `SCRIPT` assigns to `answer`."""
    script = folder / "script.mjs"
    script.write_text(
        SCRIPT.replace("PAGE", PAGE.as_uri()).replace("SHARED", SHARED.as_uri())
        + body
        + "\nconsole.log(JSON.stringify(answer));",
        encoding="utf-8",
    )
    assert NODE is not None
    run = subprocess.run(
        [NODE, script],
        input=json.dumps({"tables": tables(), **given}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_landmarks_become_the_same_keypoints(tmp_path, frames, keypoints) -> None:
    answer = javascript(
        tmp_path,
        "const answer = given.frames.map((frame) => [...keypointsOf(frame, given.size, tables)]);",
        frames=[camel(frame) for frame in frames],
        size=SIZE,
    )
    for ours, theirs in zip(answer, keypoints, strict=True):
        values = np.array(ours, dtype=float).reshape(-1, 3)
        observed = values[:, 2] >= tables()["min_score"]
        np.testing.assert_array_equal(observed, theirs[:, 2] > 0)
        np.testing.assert_allclose(values[observed], theirs[observed], atol=1e-6 * max(SIZE))


def test_without_visibility_the_body_counts_as_seen(tmp_path, frames) -> None:
    frame = camel(frames[0])
    for landmark in frame["poseLandmarks"]:
        del landmark["visibility"]
    answer = javascript(
        tmp_path, "const answer = [...keypointsOf(given.frame, [512, 512], tables)];", frame=frame
    )
    scores = np.array(answer, dtype=float).reshape(-1, 3)[:, 2]
    assert set(scores[~np.isnan(scores)]) == {1.0}


def test_nobody_is_visible_without_keypoints(tmp_path) -> None:
    answer = javascript(
        tmp_path,
        """const none = keypointsOf({}, [512, 512], tables);
        const one = none.slice(); one.set([5, 5, 1], 0);
        const spot = one.slice(); spot.set([5, 5, 1], 3);
        const two = one.slice(); two.set([6, 5, 1], 3);
        const faint = two.slice(); faint[5] = 0.1;
        const answer = [none, one, spot, two, faint].map((keypoints) => isVisible(keypoints, tables));""",
    )
    assert answer == [False, False, False, True, False]


def test_people_are_smoothed_as_by_live_lifter(tmp_path, keypoints) -> None:
    lifter = Lifter(pretrained.load("tiny"))  # the page has no network over time
    live = LiveLifter(lifter, image_size=SIZE)
    flat = [lifter.lift(frame, image_size=SIZE) for frame in keypoints]
    wanted = [live.push(frame, now) for frame, now in zip(keypoints, SECONDS, strict=True)]
    answer = javascript(
        tmp_path,
        """const person = new Person(tables);
        const answer = given.frames.map(({ xyz, errors, keypoints, seconds }) =>
          person.next({ xyz, errors }, keypoints.map((v) => v ?? NaN), given.size, seconds));""",
        size=SIZE,
        frames=[
            {
                "xyz": pose.xyz[0].ravel().tolist(),
                "errors": pose.error_mm[0].tolist(),
                "keypoints": [None if np.isnan(v) else v for v in frame.ravel().tolist()],
                "seconds": now,
            }
            for pose, frame, now in zip(flat, keypoints, SECONDS.tolist(), strict=True)
        ],
    )
    moved = np.abs(wanted[-1].xyz - flat[-1].xyz).max()
    assert moved > 5  # mm: the filters have something to do
    for ours, theirs in zip(answer, wanted, strict=True):
        np.testing.assert_allclose(ours["points"], theirs.xyz[0], atol=1e-3)
        np.testing.assert_allclose(ours["translation"], theirs.translation[0], rtol=1e-6, atol=1e-2)


def test_rotations_fit_a_shape_even_if_it_is_mirrored(tmp_path) -> None:
    rng = np.random.default_rng(0)
    shape = rng.normal(size=(40, 5, 3))
    points = rng.normal(size=(40, 5, 3))
    answer = np.array(
        javascript(
            tmp_path,
            "const answer = given.shape.map((points, n) => fit(points, given.points[n]));",
            shape=shape.tolist(),
            points=points.tolist(),
        )
    )
    wanted = np.stack([rigid.fit(one, other[None])[0] for one, other in zip(shape, points, strict=True)])
    np.testing.assert_allclose(answer.swapaxes(-1, -2), wanted, atol=1e-9)


def test_no_picture_is_waited_for_while_a_newer_one_is_there(tmp_path) -> None:
    """Of a video that shows its pictures when the test says so."""
    answer = javascript(
        tmp_path,
        """let due = null;
        const shows = (time) => due(time, { captureTime: time });
        const frames = new Frames({ requestVideoFrameCallback: (act) => (due = act) });
        const answer = [];
        const take = () => frames.next().then((time) => answer.push(time));
        shows(10);
        await take();
        shows(40);
        shows(70); // while the first is worked on
        await take();
        const waiting = take();
        await new Promise((later) => setTimeout(later));
        answer.push("waits");
        shows(60); // a clock that went back
        await waiting;
        const last = take();
        frames.close();
        await last;""",
    )
    assert answer == [10, 70, "waits", 71, None]
