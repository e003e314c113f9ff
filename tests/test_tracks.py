"""Who is who, and when: one rule for 2D people and 3D results."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from moving import clip, without_tracks

from wholebody_lift import InputError, Keypoints2D, Pose3D, tracks
from wholebody_lift.errors import FrameRateWarning

CROWDED = np.array([0, 0, 1, 1])
BOTH = np.array([3, 8, 3, 8])


@pytest.fixture
def people(squats: Keypoints2D) -> Keypoints2D:
    """One person in four frames at 5 fps."""
    return squats[range(4)]


def changed(people: Keypoints2D, **changes: object) -> Keypoints2D:
    return people.model_copy(update=changes)


def test_numbers_without_track_ids(people: Keypoints2D) -> None:
    assert tracks.numbers(people).tolist() == [0, 0, 0, 0]  # one person in each image
    assert tracks.numbers(changed(people, image_ids=None)).tolist() == [0, 1, 2, 3]  # people of one image
    assert tracks.numbers(changed(people, image_ids=np.zeros(4, int))).tolist() == [0, 1, 2, 3]
    assert tracks.numbers(changed(people, image_ids=CROWDED)) is None
    assert tracks.numbers(changed(people, image_ids=CROWDED, track_ids=BOTH)).tolist() == BOTH.tolist()


def test_nobody_is_known_to_be_nobody() -> None:
    for nobody in (Keypoints2D.empty(), Pose3D.empty()):
        assert tracks.numbers(nobody).tolist() == []
        assert tracks.each(nobody) == []
        assert tracks.in_words(nobody) == "0 people in 0 images"
        assert not tracks.is_video(nobody)


def test_what_is_a_video(people: Keypoints2D) -> None:
    assert tracks.is_video(people)
    assert tracks.is_video(changed(people, image_ids=None))
    assert tracks.is_video(changed(people, image_ids=CROWDED, track_ids=BOTH))
    assert not tracks.is_video(changed(people, fps=None))
    assert not tracks.is_video(changed(people, image_ids=CROWDED))
    assert not tracks.is_video(changed(people, image_ids=np.zeros(4, int)))
    assert not tracks.is_video(changed(people[[0]], image_ids=None))


def test_each_person_in_the_order_of_time(people: Keypoints2D) -> None:
    mixed = changed(people, image_ids=np.array([7, 5, 5, 7]), track_ids=np.array([1, 2, 1, 2]))
    assert [(name, rows.tolist()) for name, rows in tracks.each(mixed)] == [
        ("person1", [2, 0]),
        ("person2", [1, 3]),
    ]
    assert [name for name, _ in tracks.each(people)] == ["person"]
    with pytest.raises(InputError, match="track=True"):
        tracks.each(changed(people, image_ids=CROWDED))
    with pytest.raises(InputError, match="person 3 twice"):
        tracks.each(changed(people, image_ids=CROWDED, track_ids=np.array([3, 3, 1, 2])))


def test_rows_by_frame(people: Keypoints2D) -> None:
    assert [rows.tolist() for rows in tracks.by_frame(changed(people, image_ids=np.array([9, 2, 9, 4])))] == [
        [1],
        [3],
        [0, 2],
    ]
    assert len(tracks.by_frame(changed(people, image_ids=None))) == 4


def test_the_clock_ticks_as_often_as_frames_were_lifted() -> None:
    pose = clip(10)
    third = replace(pose, image_ids=pose.image_ids * 3)
    frames, fps = tracks.clock(third)
    assert frames.tolist() == list(range(10))
    assert fps == pytest.approx(pose.fps / 3)
    with pytest.raises(InputError, match="frame rate"):
        tracks.clock(replace(pose, fps=None))


@pytest.mark.parametrize("ids", [[-(2**63), 2**63 - 1], [-(2**62), 0, 2**62], [0, 1, 2**62]])
def test_ids_too_far_apart_are_no_clock(ids: list[int]) -> None:
    pose = clip(len(ids))
    with pytest.raises(InputError, match="count video frames"):
        tracks.clock(replace(pose, image_ids=np.array(ids)))


def test_only_some(people: Keypoints2D) -> None:
    both = changed(people, image_ids=CROWDED, track_ids=BOTH)
    assert tracks.only(both, [8]).image_ids.tolist() == [0, 1]
    assert len(tracks.only(changed(people, image_ids=None), [0, 3])) == 2
    with pytest.raises(InputError, match="3 and 8, got 4"):
        tracks.only(both, [4])


def test_in_words() -> None:
    assert tracks.in_words(clip(10)) == "1 person in 10 images at 25 fps"
    assert tracks.in_words(clip(10, tracks=(1, 2))) == "2 people in 10 images at 25 fps"
    assert tracks.in_words(without_tracks(clip(10, fps=None))) == "10 people in 10 images"


def test_a_negative_id_is_no_track() -> None:
    assert tracks.known_ids([3, 4]) == [3, 4]
    assert tracks.known_ids([3, -1]) is None
    assert tracks.known_ids([3, None]) is None


@pytest.mark.parametrize(("passed", "warns"), [(5.0, False), (5.04, False), (30.0, True)])
def test_a_frame_rate_replaces_another_one_with_a_warning(
    people: Keypoints2D, passed: float, warns: bool
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert tracks.rate(people, passed) == passed
    assert [warning.category for warning in caught] == [FrameRateWarning] * warns
    assert tracks.rate(changed(people, fps=None), passed) == passed


def test_runs() -> None:
    assert tracks.runs(np.array([1, 1, 0, 1, 0, 0, 1], dtype=bool)) == [(0, 2), (3, 4), (6, 7)]
    assert tracks.runs(np.zeros(3, dtype=bool)) == []
