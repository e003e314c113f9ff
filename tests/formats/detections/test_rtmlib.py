import numpy as np
import pytest

from wholebody_lift import formats, layouts
from wholebody_lift.errors import InputError, InputWarning


def answer(people):
    """Keypoints and scores as rtmlib answers them; SimCC's scores go far beyond 1."""
    return np.nan_to_num(people.keypoints), 5 * people.scores


def in_openposes_order(rows: np.ndarray) -> np.ndarray:
    """(N, K + 1, ...) from (N, K, ...) in COCO's order: body with a neck, then the rest as it was."""
    neck = rows[:, [5, 6]].mean(axis=1, keepdims=True)
    body = rows[:, [0, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]]
    return np.concatenate((body[:, :1], neck, body[:, 1:], rows[:, 17:]), axis=1)


def test_one_image(crowd):
    keypoints, scores = answer(crowd)
    read = formats.rtmlib.from_arrays(keypoints, scores, image_size=(720, 1280), height_mm=1700)
    np.testing.assert_array_equal(read.keypoints, crowd.keypoints)
    np.testing.assert_array_equal(read.observed, crowd.observed)
    assert read.scores.max() == 1
    assert read.image_ids is None
    assert (read.image_size == (720, 1280)).all()
    assert (read.height_mm == 1700).all()


def test_a_video(crowd):
    frames = [answer(crowd[:2]), (np.empty((0, 133, 2)), np.empty((0, 133))), ([], []), answer(crowd[2])]
    keypoints, scores = zip(*frames, strict=True)
    read = formats.rtmlib.from_arrays(list(keypoints), list(scores), fps=24, track_ids=[4, 5, 5])
    np.testing.assert_array_equal(read.keypoints, crowd[:3].keypoints)
    assert read.image_ids.tolist() == [0, 0, 3]
    assert read.track_ids.tolist() == [4, 5, 5]
    assert read.fps == 24


@pytest.mark.parametrize("count", [133, 17])
def test_to_openpose(crowd, count):
    keypoints, scores = (array[:, :count] for array in answer(crowd))
    with pytest.warns(InputWarning, match="neck, which COCO-WholeBody does not have, left out"):
        read = formats.rtmlib.from_arrays(in_openposes_order(keypoints), in_openposes_order(scores))
    np.testing.assert_array_equal(read.keypoints[:, :count], crowd.keypoints[:, :count])


@pytest.fixture
def package():
    return pytest.importorskip("rtmlib", reason="rtmlib, which make test installs, is not there")


@pytest.mark.parametrize("count", [133, 17])
def test_its_own_way_to_openposes_order(package, crowd, count):
    from rtmlib.tools.pose_estimation.post_processings import convert_coco_to_openpose

    keypoints, scores = (array[:, :count] for array in answer(crowd))
    converted = convert_coco_to_openpose(keypoints, scores)
    np.testing.assert_array_equal(converted[0], in_openposes_order(keypoints))
    with pytest.warns(InputWarning, match="neck"):
        read = formats.rtmlib.from_arrays(*converted)
    np.testing.assert_array_equal(read.keypoints[:, :count], crowd.keypoints[:, :count])


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("coco17", layouts.COCO),
        ("coco133", layouts.COCO_WHOLEBODY),
        ("openpose18", layouts.OPENPOSE_18),
        ("openpose134", layouts.OPENPOSE_134),
        ("halpe26", layouts.HALPE_26),
    ],
)
def test_its_layouts_are_ours(package, name, layout):
    from rtmlib.visualization import skeleton

    keypoints = getattr(skeleton, name)["keypoint_info"]
    assert [keypoints[i]["name"] for i in range(len(keypoints))] == list(layout.names)


def test_shorter_bodies(crowd):
    keypoints, scores = answer(crowd)
    with pytest.warns(InputWarning, match="got the COCO body: feet, face"):
        read = formats.rtmlib.from_arrays(keypoints[:, :17], scores[:, :17])
    assert read.observed.sum() == crowd.observed[:, :17].sum()


@pytest.mark.parametrize(
    ("keypoints", "scores", "text"),
    [
        ([], [], "got a list without people"),
        (
            np.ones((1, 133, 2)),
            np.ones(133),
            r"got \(1, 133, 2\) and \(133,\)",
        ),
        (np.ones((133, 2)), np.ones(133), r"got \(133, 2\)"),
        (np.ones((1, 21, 2)), np.ones((1, 21)), "per person, got 21"),
        (np.empty((0, 133, 2)), np.empty((0, 133)), "got a list without people"),
    ],
)
def test_what_is_no_answer(keypoints, scores, text):
    with pytest.raises(InputError, match=text):
        formats.rtmlib.from_arrays(keypoints, scores)
