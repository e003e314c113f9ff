import numpy as np
import pytest

from wholebody_lift import layouts
from wholebody_lift.errors import InputError, InputWarning
from wholebody_lift.skeleton import INDEX, KEYPOINT_NAMES, MIRROR

ALL = [value for value in vars(layouts).values() if isinstance(value, layouts.Layout)]


@pytest.mark.parametrize(
    ("layout", "count"),
    [
        (layouts.COCO, 17),
        (layouts.OPENPOSE_18, 18),
        (layouts.BODY_25, 25),
        (layouts.HALPE_26, 26),
        (layouts.MEDIAPIPE_POSE, 33),
        (layouts.COCO_WHOLEBODY, 133),
        (layouts.OPENPOSE_134, 134),
        (layouts.HALPE_136, 136),
    ],
)
def test_how_many_keypoints_each_has(layout, count):
    assert len(layout.names) == count
    assert len(set(layout.names)) == count


def test_all_are_tested():
    assert len(ALL) == 8


@pytest.mark.parametrize("layout", ALL, ids=lambda layout: layout.title)
def test_left_and_right_come_in_pairs(layout):
    ours = {INDEX[name] for name in layout.names if name in INDEX}
    assert {MIRROR[i] for i in ours} == ours


# The numbers of some keypoints, as the sources of the layouts print them.
@pytest.mark.parametrize(
    ("layout", "numbers"),
    [
        (layouts.BODY_25, {1: "neck", 4: "right_wrist", 7: "left_wrist", 8: "mid_hip", 11: "right_ankle"}),
        (layouts.BODY_25, {15: "right_eye", 18: "left_ear", 19: "left_big_toe", 24: "right_heel"}),
        (layouts.OPENPOSE_18, {1: "neck", 8: "right_hip", 13: "left_ankle", 14: "right_eye", 17: "left_ear"}),
        (
            layouts.OPENPOSE_134,
            {18: "left_big_toe", 24: "face-0", 92: "left_hand_root", 113: "right_hand_root"},
        ),
        (layouts.HALPE_26, {16: "right_ankle", 17: "head", 19: "hip", 21: "right_big_toe", 24: "left_heel"}),
        (layouts.HALPE_136, {26: "face-0", 94: "left_hand_root", 115: "right_hand_root"}),
        (layouts.MEDIAPIPE_POSE, {2: "left_eye", 5: "right_eye", 8: "right_ear", 11: "left_shoulder"}),
        (layouts.MEDIAPIPE_POSE, {16: "right_wrist", 23: "left_hip", 28: "right_ankle", 30: "right_heel"}),
        (layouts.MEDIAPIPE_POSE, {31: "left_big_toe", 32: "right_big_toe"}),
    ],
)
def test_numbers_of_the_sources(layout, numbers):
    assert {number: layout.names[number] for number in numbers} == numbers


@pytest.mark.filterwarnings("ignore::wholebody_lift.errors.InputWarning")
@pytest.mark.parametrize("layout", ALL, ids=lambda layout: layout.title)
def test_each_keypoint_goes_to_its_name_and_nothing_else_is_there(layout):
    values = np.random.default_rng(0).random((2, len(layout.names), 3))
    ours = layouts.convert(values, *ALL)
    for i, name in enumerate(KEYPOINT_NAMES):
        if name in layout.names:
            np.testing.assert_array_equal(ours[:, i], values[:, layout.names.index(name)])
        else:
            assert np.isnan(ours[:, i]).all()


def test_what_is_lost_and_what_is_missing_is_told_once():
    with pytest.warns(InputWarning) as caught:
        layouts.convert(np.ones((5, 25, 3)), layouts.BODY_25)
    (warning,) = caught
    assert str(warning.message) == (
        "got OpenPose's BODY_25: neck and mid_hip, which COCO-WholeBody does not have, left out; "
        "face, left_hand and right_hand missing"
    )
    with pytest.warns(InputWarning, match=r"got MediaPipe's body: .* left_small_toe, right_small_toe, face"):
        layouts.convert(np.ones((1, 33, 3)), layouts.MEDIAPIPE_POSE)


def test_nothing_is_told_of_our_own_layout():
    layouts.convert(np.ones((1, 133, 3)), layouts.COCO_WHOLEBODY)


def test_an_unknown_number_of_keypoints():
    text = r"got 21 keypoints a person; 17 \(the COCO body\) or 133 \(COCO-WholeBody\) were wanted"
    with pytest.raises(InputError, match=text):
        layouts.convert(np.ones((1, 21, 3)), layouts.COCO_WHOLEBODY, layouts.COCO)
