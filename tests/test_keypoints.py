import copy
import pickle

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from wholebody_lift.errors import InputError, InputWarning
from wholebody_lift.keypoints import LAYOUTS, MIN_SCORE, Keypoints2D
from wholebody_lift.skeleton import INDEX

SIZE = (720, 1280)
K = np.array([[1400.0, 0, 360], [0, 1400, 640], [0, 0, 1]])


@pytest.fixture
def triples(squats):
    """(4, 133, 3): x, y, score of four real detections."""
    people = squats[:4]
    return np.concatenate([people.keypoints, people.scores[..., None]], axis=-1)


@pytest.fixture
def xy(triples):
    """(133, 2): one person without scores."""
    return triples[0, :, :2]


def same(a: Keypoints2D, b: Keypoints2D) -> None:
    for name in type(a).model_fields:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def rejected(*args, **options) -> str:
    with pytest.raises(InputError) as caught:
        Keypoints2D(*args, **options)
    return str(caught.value)


# What is accepted


def test_every_shape_becomes_people_by_keypoints(triples, xy):
    assert Keypoints2D(xy).keypoints.shape == (1, 133, 2)
    assert Keypoints2D(triples[0]).scores.shape == (1, 133)
    assert Keypoints2D(triples[..., :2]).keypoints.shape == (4, 133, 2)
    assert Keypoints2D(triples).scores.shape == (4, 133)
    same(Keypoints2D(triples), Keypoints2D(triples[..., :2], triples[..., 2]))
    same(Keypoints2D(triples[0]), Keypoints2D(triples[0, :, :2], triples[0, :, 2]))
    same(Keypoints2D(triples[0]), Keypoints2D(triples[:1]))


def test_types_and_dtypes_of_the_fields(triples):
    people = Keypoints2D(
        triples,
        image_size=SIZE,
        K=K,
        distortion=np.zeros(5),
        height_mm=1700,
        image_ids=[3, 3, 4, 5],
        track_ids=[1, 2, 2, 2],
        fps=25,
    )
    values = {name: getattr(people, name) for name in type(people).model_fields}
    kinds = {name: value.dtype for name, value in values.items() if isinstance(value, np.ndarray)}
    assert people.fps == 25.0
    assert kinds == {
        "keypoints": np.float64,
        "scores": np.float32,
        "image_size": np.float64,
        "K": np.float64,
        "distortion": np.float64,
        "height_mm": np.float64,
        "image_ids": np.int64,
        "track_ids": np.int64,
    }
    shapes = [
        getattr(people, name).shape for name in ("image_size", "K", "distortion", "height_mm", "image_ids")
    ]
    assert shapes == [(4, 2), (4, 3, 3), (4, 5), (4,), (4,)]
    assert people.min_score == MIN_SCORE


@pytest.mark.parametrize(
    "convert",
    [
        lambda a: np.where(np.isnan(a), None, a.astype(object)).tolist(),
        lambda a: torch.tensor(a, requires_grad=True),
        lambda a: list(a),
        lambda a: np.asfortranarray(a),
    ],
    ids=["lists with None", "torch with gradient", "list of arrays", "Fortran order"],
)
def test_numpy_torch_and_lists_are_alike(triples, convert):
    same(Keypoints2D(convert(triples)), Keypoints2D(triples))


def test_half_precision_tensors_are_accepted(triples):
    people = Keypoints2D(
        torch.tensor(triples, dtype=torch.bfloat16), K=torch.tensor(K), height_mm=torch.tensor(1700)
    )
    assert people.observed.sum() == Keypoints2D(triples).observed.sum()


def test_one_value_for_everyone_equals_one_per_person(triples):
    options = {"image_size": SIZE, "K": K, "distortion": [0.1, 0, 0, 0, 0], "height_mm": 1700.0}
    each = {name: np.stack([np.asarray(value)] * 4) for name, value in options.items()}
    same(Keypoints2D(triples, **options), Keypoints2D(triples, **each))


def test_missing_is_nan_low_score_or_zero_without_score(xy):
    xy = xy.copy()
    observed = Keypoints2D(xy).observed[0].copy()
    first, second, third, fourth = np.flatnonzero(observed)[:4]
    scores = np.where(observed, 0.9, np.nan)
    xy[first, 0] = np.nan
    scores[second] = MIN_SCORE - 0.01
    scores[third] = np.nan
    xy[fourth], scores[fourth] = 0, 0
    people = Keypoints2D(xy, scores)
    observed[[first, second, third, fourth]] = False
    np.testing.assert_array_equal(people.observed[0], observed)
    assert np.isnan(people.keypoints[0, ~observed]).all()
    assert (people.scores[0, ~observed] == 0).all()
    assert (people.scores[0, observed] == np.float32(0.9)).all()


def test_zero_zero_is_missing_only_without_a_positive_score(xy):
    xy = xy.copy()
    xy[INDEX["nose"]] = 0
    assert not Keypoints2D(xy).observed[0, INDEX["nose"]]
    assert not Keypoints2D(xy, np.zeros(133), min_score=0).observed[0, INDEX["nose"]]
    assert Keypoints2D(xy, np.ones(133)).observed[0, INDEX["nose"]]


def test_score_at_the_limit_counts_and_the_limit_can_be_set(xy):
    assert Keypoints2D(xy, np.full(133, 0.7), min_score=0.7).observed.any()
    assert "under 0.71" in rejected(xy, np.full(133, 0.7), min_score=0.71)


def test_what_was_clean_is_taken_again_unchanged(triples):
    people = Keypoints2D(triples, image_size=SIZE, min_score=0.7)
    same(people, Keypoints2D(people.keypoints, people.scores, image_size=people.image_size, min_score=0.7))


def test_coordinates_of_missing_keypoints_are_not_looked_at(triples):
    garbage = triples.copy()
    garbage[np.isnan(triples).any(-1)] = (np.inf, -1e30, 0)
    same(Keypoints2D(garbage), Keypoints2D(triples))


def test_the_input_is_copied(triples):
    people = Keypoints2D(triples)
    before = people.keypoints.copy()
    triples += 100
    np.testing.assert_array_equal(people.keypoints, before)


def test_frozen_and_strict(triples):
    people = Keypoints2D(triples)
    with pytest.raises(ValidationError, match="frozen"):
        people.min_score = 0.5
    with pytest.raises(TypeError, match="image_sise"):
        Keypoints2D(triples, image_sise=SIZE)


def test_choosing_people(triples):
    people = Keypoints2D(triples, image_size=SIZE, image_ids=[7, 8, 9, 10])
    assert len(people) == 4
    for index in (2, -2, slice(2, 3), [2], np.array([False, False, True, False]), np.int64(2)):
        same(people[index], Keypoints2D(triples[2], image_size=SIZE, image_ids=[9]))
    assert [int(person.image_ids[0]) for person in people] == [7, 8, 9, 10]
    same(people[[3, 0]], Keypoints2D(triples[[3, 0]], image_size=SIZE, image_ids=[10, 7]))
    with pytest.raises(IndexError):
        people[4]
    with pytest.raises(IndexError, match="chooses none of 4 people"):
        people[4:]


def test_copies_and_pickles(triples):
    people = Keypoints2D(triples, K=K)
    same(copy.deepcopy(people), people)
    same(pickle.loads(pickle.dumps(people)), people)


def test_repr_is_short_and_tells_what_was_given(triples):
    text = repr(Keypoints2D(triples, K=K))
    assert text.startswith("Keypoints2D(people=4, observed='")
    assert "K='given'" in text
    assert "image_size=None" in text


# What is rejected, and what the text says


@pytest.mark.parametrize("count", sorted(LAYOUTS))
def test_wrong_count_names_the_layout(count):
    text = rejected(np.ones((count, 2)))
    assert (
        f"got keypoints of shape ({count}, 2); (133, 2), (133, 3), (N, 133, 2) or (N, 133, 3) was wanted"
        in text
    )
    assert f"That is {count} keypoints, which is usually {LAYOUTS[count]}" in text
    assert "np.full((133, 2), np.nan)" in text
    assert LAYOUTS[count] in rejected(np.ones((5, count, 3)))


@pytest.mark.parametrize(
    ("count", "layout"),
    [
        (17, "COCO body (our keypoints 0 to 16)"),
        (17, "Human3.6M"),
        (18, "OpenPose's COCO"),
        (25, "BODY_25"),
        (65, "without the face (our keypoints 0 to 22 and 91 to 132)"),
        (68, "iBUG face of 300-W and dlib (our keypoints 23 to 90)"),
        (70, "OpenPose's face"),
        (134, "to_openpose=False"),
        (135, "BODY_135"),
        (136, "Halpe"),
        (137, "BODY_25 with both hands"),
        (308, "Sapiens"),
    ],
)
def test_layouts(count, layout):
    assert layout in LAYOUTS[count]


def test_unknown_count_is_stated():
    text = rejected(np.ones((2, 99, 2)))
    assert "That is 99 keypoints. Copy what both layouts have" in text


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((), "The last two axes are the 133 keypoints"),
        ((133,), "The last two axes are the 133 keypoints"),
        ((266,), "keypoints.reshape(-1, 133, 2)"),
        ((5, 399), "keypoints.reshape(-1, 133, 3)"),
        ((2, 133), "np.swapaxes(keypoints, -1, -2)"),
        ((5, 3, 133), "np.swapaxes(keypoints, -1, -2)"),
        ((133, 5, 2), "np.swapaxes(keypoints, 0, 1)"),
        ((7, 2, 133, 3), "keypoints.reshape(-1, 133, 3)"),
        ((133, 4), "keypoints[..., :2]"),
        ((5, 133, 5), "keypoints[..., :2]"),
        ((133, 1), "The last two axes are the 133 keypoints"),
        ((0, 133, 2), "There is nobody in it"),
        ((0,), "There is nobody in it"),
    ],
)
def test_wrong_shape_gets_a_hint(shape, hint):
    text = rejected(np.ones(shape))
    assert f"got keypoints of shape {shape}" in text
    assert hint in text


def test_hints_for_shapes_work(triples):
    expected = Keypoints2D(triples)
    same(Keypoints2D(np.swapaxes(np.swapaxes(triples, -1, -2), -1, -2)), expected)
    same(Keypoints2D(np.swapaxes(np.swapaxes(triples, 0, 1), 0, 1)), expected)
    same(Keypoints2D(triples.reshape(4, -1).reshape(-1, 133, 3)), expected)
    same(Keypoints2D(triples.reshape(2, 2, 133, 3).reshape(-1, 133, 3)), expected)


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e9])
def test_infinity(xy, value):
    xy = xy.copy()
    xy[INDEX["left_wrist"], 1] = value
    text = rejected(xy)
    assert "at person 0, keypoint 9 (left_wrist); finite pixels under 1e+06 were wanted" in text
    assert "as NaN or with score 0" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("kp.json", "to read a file use wholebody_lift.formats.read(path)"),
        ([["a", "b"]] * 133, "only real numbers were wanted"),
        ([[1.0, "b"]] * 133, "only real numbers were wanted"),
        (np.ones((133, 2), dtype=complex), "type complex128"),
        ({"keypoints": 1}, "got keypoints with a dict"),
        (np.array([[1, "b"]] * 133, dtype=object), "got keypoints with a str, 'b'; only numbers were wanted"),
        (None, "The last two axes"),
        ([[1.0, 2.0]] * 132 + [[1.0]], "got ragged keypoints"),
        ([[[1.0, 2.0]] * 133, [[1.0, 2.0]] * 132], "give missing keypoints as NaN"),
    ],
)
def test_what_is_no_array_of_numbers(value, text):
    assert text in rejected(value)


def test_scores_outside_0_to_1(triples):
    triples[2, INDEX["right_knee"], 2] = 1.2
    text = rejected(triples)
    assert "to 1.2, the first wrong one at person 2, keypoint 14 (right_knee); 0 to 1 was wanted" in text
    assert "np.clip(scores, 0, 1)" in text
    assert "pass keypoints[..., :2]" in text
    triples[2, INDEX["right_knee"], 2] = np.inf
    assert "0 to 1 was wanted" in rejected(triples)
    triples[2, INDEX["right_knee"], 2] = -0.1
    assert "got scores from -0.1" in rejected(triples)


def test_visibility_flags_are_recognised(xy):
    assert "visibility flags 0, 1, 2, pass scores = flags > 0" in rejected(xy, np.full(133, 2))
    Keypoints2D(xy, np.full(133, 2) > 0)


@pytest.mark.parametrize("shape", [(), (1,), (132,), (133, 1), (2, 133), (3, 133, 1)])
def test_scores_of_the_wrong_shape(xy, shape):
    text = rejected(xy, np.ones(shape))
    assert (
        f"got scores of shape {shape} with the keypoints of 1 person; (133,) or (1, 133) was wanted" in text
    )


def test_scores_of_one_person_for_many(triples):
    text = rejected(triples[..., :2], np.ones(133))
    assert "got scores of shape (133,) with the keypoints of 4 people; (4, 133) was wanted" in text


def test_scores_given_twice(triples):
    text = rejected(triples, triples[..., 2])
    assert "got scores twice" in text
    assert "pass keypoints[..., :2]" in text


def test_nobody_visible_names_the_people(triples):
    triples[[1, 3], :, 2] = 0.1
    text = rejected(triples)
    assert "got no visible keypoint for people 1 and 3 (of 4)" in text
    assert "under 0.3" in text
    assert "lower min_score" in text
    assert "person 0 (of 1)" in rejected(np.full((133, 2), np.nan))
    assert "person 0 (of 1)" in rejected(np.zeros((133, 2)))


def test_all_on_one_spot(triples):
    triples[2, :, :2] = (12, 34)
    text = rejected(triples)
    assert "got all visible keypoints on one spot, (12, 34), for person 2 (of 4)" in text
    single = np.full((133, 2), np.nan)
    single[5] = 7
    assert "on one spot, (7, 7)" in rejected(single)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda K: K.T, "it looks transposed, so pass np.swapaxes(K, -1, -2)"),
        (lambda K: K * 2, "which is no camera; [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in pixels was wanted"),
        (lambda K: np.tril(K + 3), "which is no camera"),
        (lambda K: K * [[-1], [1], [1]], "focal lengths over 0 were wanted"),
        (lambda K: K * [[0], [1], [1]], "focal lengths over 0 were wanted"),
        (lambda K: K * np.nan, "got K with NaN or infinity"),
        (lambda K: K[:2], "got K of shape (2, 3) with 4 people; (3, 3) for everyone or (4, 3, 3) was wanted"),
        (lambda K: np.stack([K] * 3), "got K of shape (3, 3, 3) with 4 people"),
        (
            lambda K: np.array([[1.2, 0, 0.5], [0, 1.2, 0.5], [0, 0, 1]]),
            "pixels of the image that the keypoints are",
        ),
    ],
)
def test_intrinsics_that_are_no_camera(triples, change, text):
    assert text in rejected(triples, K=change(K))


def test_the_bad_camera_of_one_person_is_shown(triples):
    several = np.stack([K] * 4)
    several[2, 0, 0] = -5
    assert "got K = [[-5.0, 0.0, 360.0]" in rejected(triples, K=several)


def test_distortion_needs_a_camera_and_five_numbers(triples):
    assert "got distortion without K" in rejected(triples, distortion=np.zeros(5))
    text = rejected(triples, K=K, distortion=np.zeros(8))
    assert "got distortion of shape (8,) with 4 people; (5,) for everyone or (4, 5) was wanted" in text
    assert "k1, k2, p1, p2, k3 in OpenCV's order" in text
    assert "cv2.undistortPoints" in text
    assert "NaN or infinity" in rejected(triples, K=K, distortion=[np.nan] * 5)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        ((0, 480), "got image_size [0.0, 480.0]; width and height in pixels were wanted, both over 0"),
        ((-640, 480), "both over 0"),
        ((480, 640, 3), "got image_size of shape (3,)"),
        ((np.nan, 480), "got image_size with NaN or infinity"),
        (640, "image.shape[1::-1]"),
        ([(640, 480)] * 3, "(2,) for everyone or (4, 2) was wanted"),
    ],
)
def test_image_size_that_is_none(triples, size, text):
    assert text in rejected(triples, image_size=size)


@pytest.mark.parametrize(
    ("height", "text"),
    [
        (1.75, "got height_mm 1.75; 300 to 2500 millimetres were wanted; it looks like metres, so pass 1750"),
        (175, "it looks like centimetres, so pass 1750"),
        (70, "it looks like inches, so pass 1778"),
        (0, "300 to 2500 millimetres were wanted"),
        (-1700, "300 to 2500 millimetres were wanted"),
        (9999, "300 to 2500 millimetres were wanted"),
        (np.nan, "got height_mm with NaN or infinity"),
        ([1700, 1800], "a number for everyone or (4,) was wanted"),
    ],
)
def test_height_out_of_range(triples, height, text):
    assert text in rejected(triples, height_mm=height)


@pytest.mark.parametrize("ids", [3, [1, 2, 3], [1.5, 2, 3, 4], [[1, 2, 3, 4]]])
def test_image_ids_that_are_none(triples, ids):
    assert "(4,) whole numbers were wanted" in rejected(triples, image_ids=ids)
    assert "(4,) whole numbers were wanted" in rejected(triples, track_ids=ids)


def test_a_track_is_in_an_image_once(triples):
    text = rejected(triples, image_ids=[3, 3, 4, 4], track_ids=[1, 2, 5, 5])
    assert "got 2 people with track id 5 in image 4; one was wanted" in text


@pytest.mark.parametrize("fps", [0, -25, np.nan, np.inf, [25, 25]])
def test_fps_that_is_none(triples, fps):
    assert "frames per second over 0 was wanted" in rejected(triples, fps=fps)


@pytest.mark.parametrize("min_score", [-0.1, 1.1, np.nan, [0.1, 0.2]])
def test_min_score_out_of_range(triples, min_score):
    assert "one number from 0 to 1 was wanted" in rejected(triples, min_score=min_score)


def test_errors_are_value_errors_and_warnings_are_ours():
    assert issubclass(InputError, ValueError)
    assert issubclass(InputWarning, UserWarning)


def test_warnings_point_at_the_caller(triples):
    with pytest.warns(InputWarning, match="normalised") as caught:
        Keypoints2D(triples[..., :2] / SIZE, image_size=SIZE)
    assert caught[0].filename == __file__
