from types import SimpleNamespace

import numpy as np
import pytest
import torch

from wholebody_lift import formats
from wholebody_lift.errors import InputError, InputWarning


def plain(xy, keypoint_confidence=None, **other):
    return SimpleNamespace(xy=xy, keypoint_confidence=keypoint_confidence, class_id=None, data={}, **other)


@pytest.fixture
def package():
    return pytest.importorskip("supervision", reason="supervision, of the extra test, is not installed")


@pytest.fixture(params=["the package itself", "its fields"])
def make(request):
    """Makes a `KeyPoints`, or what has its fields."""
    return plain if request.param == "its fields" else request.getfixturevalue("package").KeyPoints


def arrays(people, count=133):
    return np.nan_to_num(people.keypoints[:, :count]).astype(np.float32), people.scores[:, :count]


def test_one_image(make, crowd):
    xy, scores = arrays(crowd)
    read = formats.supervision.from_keypoints(make(xy=xy, keypoint_confidence=scores), image_size=(720, 1280))
    np.testing.assert_allclose(read.keypoints, crowd.keypoints, rtol=1e-6)
    np.testing.assert_array_equal(read.scores, crowd.scores)
    assert read.image_ids is None


def test_a_video_with_a_body_only(make, crowd):
    xy, scores = arrays(crowd, 17)
    nobody = make(xy=np.empty((0, 0, 2), dtype=np.float32))
    frames = [make(xy=xy[:2], keypoint_confidence=scores[:2]), nobody, make(xy=xy[2:3])]
    with pytest.warns(InputWarning, match="got the COCO body: feet, face, left_hand and right_hand missing"):
        read = formats.supervision.from_keypoints(frames, track_ids=[1, 2, 1])
    np.testing.assert_allclose(read.keypoints[:, :17], crowd.keypoints[:3, :17], rtol=1e-6)
    assert read.image_ids.tolist() == [0, 0, 2]
    assert read.track_ids.tolist() == [1, 2, 1]


def test_mediapipes_body(make, crowd):
    xy = 50 + np.arange(66, dtype=np.float32).reshape(1, 33, 2)
    xy[0, 31] = (70, 80)
    with pytest.warns(InputWarning, match="got MediaPipe's body"):
        read = formats.supervision.from_keypoints(make(xy=xy))
    assert read.keypoints[0, 17].tolist() == [70, 80]
    assert read.observed.sum() == 17 + 4  # the body, big toes and heels


def test_what_is_not_visible_is_missing(make, crowd):
    xy, scores = arrays(crowd)
    visible = scores > 0.9
    read = formats.supervision.from_keypoints(make(xy=xy, keypoint_confidence=scores, visible=visible))
    np.testing.assert_array_equal(read.observed, visible & crowd.observed)


def test_what_the_package_makes_of_vitpose(package, crowd):
    answers = [
        {"keypoints": torch.tensor(np.nan_to_num(xy)), "scores": torch.tensor(scores)}
        for xy, scores in zip(crowd.keypoints, crowd.scores, strict=True)
    ]
    frames = [package.KeyPoints.from_transformers(people) for people in (answers[:2], [], answers[2:])]
    read = formats.supervision.from_keypoints(frames, fps=25)
    np.testing.assert_allclose(read.keypoints, crowd.keypoints, rtol=1e-6)
    np.testing.assert_array_equal(read.observed, crowd.observed)
    assert read.image_ids.tolist() == [0, 0, 2, 2, 2, 2]


def test_a_choice_of_people_by_the_package(package, crowd):
    xy, scores = arrays(crowd)
    everybody = package.KeyPoints(xy=xy, keypoint_confidence=scores, class_id=np.zeros(6, int))
    chosen = everybody[scores.mean(axis=1) > scores[1].mean()]
    assert 0 < len(chosen) < 6
    read = formats.supervision.from_keypoints(chosen)
    np.testing.assert_array_equal(read.scores, chosen.keypoint_confidence)


def test_releases_before_029_called_the_scores_confidence(crowd):
    xy, scores = arrays(crowd)
    read = formats.supervision.from_keypoints(SimpleNamespace(xy=xy, confidence=scores))
    np.testing.assert_array_equal(read.scores, crowd.scores)


def test_the_documented_example(package, crowd, documented):
    names = {"formats": formats, "np": np, "people": crowd[:2]}
    (block,) = documented("supervision")
    exec(block, names)
    np.testing.assert_allclose(names["video"].keypoints, crowd[:2].keypoints, rtol=1e-6)


def test_what_is_no_key_points():
    with pytest.raises(InputError, match=r"expected a supervision\.KeyPoints, got a ndarray"):
        formats.supervision.from_keypoints(np.ones((1, 133, 2)))
    with pytest.raises(InputError, match="got a list without people"):
        formats.supervision.from_keypoints(plain(np.empty((0, 0, 2))))
    with pytest.raises(InputError, match="per person, got 21"):
        formats.supervision.from_keypoints(plain(np.ones((1, 21, 2))))
