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
        (layouts.BODY_25B, 25),
        (layouts.BODY_135, 135),
        (layouts.MPI_15, 15),
        (layouts.H36M_17, 17),
        (layouts.MHR_70, 70),
        (layouts.SAPIENS_308, 308),
    ],
)
def test_how_many_keypoints_each_has(layout, count):
    assert len(layout.names) == count
    assert len(set(layout.names)) == count


def test_all_are_tested():
    assert len(ALL) == 14
    assert set(layouts.NAMED.values()) == {*ALL} - {layouts.MEDIAPIPE_POSE}


@pytest.mark.parametrize("layout", ALL, ids=lambda layout: layout.title)
def test_left_and_right_come_in_pairs(layout):
    ours = {INDEX[name] for both in layout.names for name in both.split() if name in INDEX}
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
        (layouts.BODY_25B, {16: "right_ankle", 17: "upper_neck", 18: "head_top", 21: "left_heel"}),
        (layouts.BODY_135, {25: "left_thumb1", 45: "right_thumb1", 65: "face-0", 134: "left_pupil"}),
        (layouts.MPI_15, {0: "head", 4: "right_wrist", 13: "left_ankle", 14: "chest"}),
        (layouts.H36M_17, {1: "right_hip", 6: "left_ankle", 8: "thorax", 11: "left_shoulder"}),
        (layouts.SAPIENS_308, {9: "left_hip", 14: "right_ankle", 17: "left_heel", 21: "right_thumb4"}),
        (layouts.SAPIENS_308, {41: "right_wrist right_hand_root", 45: "left_thumb1", 69: "neck"}),
    ],
)
def test_numbers_of_the_sources(layout, numbers):
    assert {number: layout.names[number] for number in numbers} == numbers


@pytest.mark.filterwarnings("ignore::wholebody_lift.errors.InputWarning")
@pytest.mark.parametrize("layout", ALL, ids=lambda layout: layout.title)
def test_each_keypoint_goes_to_its_name_and_nothing_else_is_there(layout):
    values = np.random.default_rng(0).random((2, len(layout.names), 3))
    ours = layouts.convert(values, layout)
    column = {name: i for i, both in enumerate(layout.names) for name in both.split()}
    for i, name in enumerate(KEYPOINT_NAMES):
        if name in column:
            np.testing.assert_array_equal(ours[:, i], values[:, column[name]])
        else:
            assert np.isnan(ours[:, i]).all()


def test_what_is_lost_and_what_is_missing_is_told_once():
    with pytest.warns(InputWarning) as caught:
        layouts.convert(np.ones((5, 25, 3)), layouts.BODY_25)
    (warning,) = caught
    text = str(warning.message)
    assert "neck and mid_hip, which COCO-WholeBody does not have" in text
    assert "face, left_hand and right_hand missing" in text
    with pytest.warns(InputWarning, match=r"got MediaPipe's body: .* left_small_toe, right_small_toe, face"):
        layouts.convert(np.ones((1, 33, 3)), layouts.MEDIAPIPE_POSE)


def test_nothing_is_told_of_our_own_layout():
    layouts.convert(np.ones((1, 133, 3)), layouts.COCO_WHOLEBODY)


def test_an_unknown_number_of_keypoints():
    text = r"17 \(the COCO body\) or 133 \(COCO-WholeBody\) keypoints per person, got 21"
    with pytest.raises(InputError, match=text):
        layouts.convert(np.ones((1, 21, 3)), layouts.COCO_WHOLEBODY, layouts.COCO)


def in_layout(people, layout):
    """Real people (N, 133, 2) in another layout: what we lack is where its programs put it."""
    middles = {
        "neck": ("left_shoulder", "right_shoulder"),
        "mid_hip": ("left_hip", "right_hip"),
        "hip": ("left_hip", "right_hip"),
        "upper_neck": ("left_shoulder", "right_shoulder"),
        "thorax": ("left_shoulder", "right_shoulder"),
    }
    values = np.zeros((len(people), len(layout.names), 2))
    for i, name in enumerate(layout.names):
        if name in INDEX:
            values[:, i] = people[:, INDEX[name]]
        elif name in middles:
            values[:, i] = people[:, [INDEX[end] for end in middles[name]]].mean(axis=1)
        elif name == "spine":
            values[:, i] = people[
                :, [INDEX[f"{s}_{p}"] for s in ("left", "right") for p in ("hip", "shoulder")]
            ].mean(axis=1)
        else:  # the head
            values[:, i] = people[:, INDEX["nose"]] + (0, -40)
    return np.nan_to_num(values)


TWINS = ((layouts.BODY_25, layouts.BODY_25B), (layouts.COCO, layouts.H36M_17))


@pytest.mark.parametrize("twins", TWINS, ids=lambda twins: twins[0].title)
@pytest.mark.parametrize("true", [0, 1])
def test_layouts_with_as_many_keypoints_are_told_apart(squats, twins, true):
    """Also turned by a quarter, as of someone lying, and with half of the keypoints missing."""
    people = in_layout(squats.keypoints, twins[true])
    assert layouts.choose(people, twins) is twins[true]
    assert layouts.choose(people[..., ::-1] * (1, -1), twins) is twins[true]
    assert layouts.choose(people[:1], twins) is twins[true]


@pytest.mark.parametrize("twins", TWINS, ids=lambda twins: twins[0].title)
def test_where_nothing_tells_the_usual_one_is_taken(twins):
    assert layouts.choose(np.zeros((2, len(twins[0].names), 3)), twins) is twins[0]


def test_an_unknown_name_is_refused():
    assert layouts.named("body_25b") is layouts.BODY_25B
    with pytest.raises(InputError, match=r"halpe26.*got 'coco25'"):
        layouts.named("coco25")
