"""Recordings of a camera, which keeps no steady pace, on a steady clock."""

from functools import cache

import numpy as np
import pytest
import torch
from people import standing

from wholebody_lift import InputError, Keypoints2D, camera
from wholebody_lift.app import recording as module
from wholebody_lift.app.recording import Recording

SPEED = np.array([17.0, -9.0])  # pixels per second


def place(seconds: float) -> np.ndarray:
    """(133, 2) pixels of a person who is pushed through the picture."""
    return _person() + SPEED * seconds


@cache
def _person() -> np.ndarray:
    xyz = standing(1) + torch.tensor([0.0, 100.0, 4500.0], dtype=torch.float64)
    K = torch.tensor([[[800.0, 0.0, 320.0], [0.0, 800.0, 320.0], [0.0, 0.0, 1.0]]], dtype=torch.float64)
    return camera.project(xyz, K).numpy()[0]


def at(seconds: float, track: int = 0, hidden: slice = slice(0)) -> Keypoints2D:
    xy = place(seconds)
    xy[hidden] = np.nan
    return Keypoints2D(keypoints=xy, image_size=(640, 640), track_ids=[track])


def recorded(times: np.ndarray, **options: object) -> Keypoints2D:
    recording = Recording()
    for time in times:
        recording.add(float(time), at(float(time), **options))  # type: ignore[arg-type]
    return recording.people()


def test_steady_motion_stays_steady() -> None:
    """Whatever the pace of the pictures, people are where they were at each tick."""
    jitter = np.random.default_rng(2).uniform(-0.02, 0.02, 40)
    people = recorded(2 + np.arange(40) / 12 + jitter)
    assert people.fps == 12
    assert people.image_ids.tolist() == sorted(set(people.image_ids.tolist()))
    assert len(people) >= 39
    start = 2 + jitter[0]
    for person in people[1:-1]:
        want = place(start + person.image_ids[0] / people.fps)
        np.testing.assert_allclose(person.keypoints[0], want, atol=1e-6)


def test_a_steady_pace_changes_nothing() -> None:
    people = recorded(np.arange(20) / 10)
    assert people.fps == 10
    assert people.image_ids.tolist() == list(range(20))
    for number, person in enumerate(people):
        np.testing.assert_allclose(person.keypoints[0], at(number / 10).keypoints[0], atol=1e-9)


def test_a_keypoint_that_is_missing_for_a_moment() -> None:
    recording = Recording()
    for number in range(10):
        hidden = slice(30, 40) if number == 5 else slice(0)
        recording.add(number / 10 + 0.02 * (number % 2), at(number / 10, hidden=hidden))
    people = recording.people()
    missing = ~people.observed[:, 30]
    assert missing.sum() == 1
    assert (people.scores[missing, 30] == 0).all()
    assert people.observed[:, :30].all()


def test_whoever_was_away_is_not_invented() -> None:
    times = np.concatenate([np.arange(20), np.arange(60, 80)]) / 10
    people = recorded(times)
    assert people.image_ids.tolist() == [*range(20), *range(60, 80)]


def test_several_people_who_come_and_go() -> None:
    recording = Recording()
    for number in range(30):
        who = [track for track, seen in ((3, number < 20), (8, number >= 10)) if seen]
        found = [at(number / 10, track) for track in who]
        recording.add(number / 10, Keypoints2D.concatenate(found))
    for number in range(30, 33):
        recording.add(number / 10, Keypoints2D.empty())
    people = recording.people()
    for track, frames in ((3, range(20)), (8, range(10, 30))):
        assert people.image_ids[people.track_ids == track].tolist() == list(frames)


def test_one_picture_is_a_picture() -> None:
    assert recorded(np.array([5.0])).fps is None


def test_nobody_is_an_error() -> None:
    recording = Recording()
    recording.add(0.0, Keypoints2D.empty())
    with pytest.raises(InputError, match="expected someone in the recording"):
        recording.people()


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ROWS", 5)
    recording = Recording()
    for number in range(9):
        recording.add(number / 10, at(number / 10))
    assert recording.is_full
    assert len(recording) == len(recording.people()) == 5
    assert recording.lasts == pytest.approx(0.4)
