import copy
import pickle
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError

from wholebody_lift.errors import (
    CameraWarning,
    DroppedWarning,
    InputError,
    InputWarning,
    OrientationWarning,
    PlaceholderWarning,
)
from wholebody_lift.keypoints import MIN_SCORE, Keypoints2D
from wholebody_lift.layouts import USUAL_LAYOUT
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


@pytest.mark.filterwarnings("ignore::wholebody_lift.errors.ProportionWarning")
def test_zero_zero_is_missing_whatever_its_score(xy):
    xy = xy.copy()
    xy[INDEX["nose"]] = 0
    assert not Keypoints2D(xy).observed[0, INDEX["nose"]]
    zero = np.where(np.arange(133) == INDEX["nose"], 0, 1)
    assert not Keypoints2D(xy, zero, min_score=0).observed[0, INDEX["nose"]]
    assert not Keypoints2D(xy, np.ones(133)).observed[0, INDEX["nose"]]
    xy[INDEX["nose"]] = -1
    assert not Keypoints2D(xy).observed[0, INDEX["nose"]]
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
    assert len(people[4:]) == 0


def test_one_bool_chooses_nobody(triples):
    people = Keypoints2D(keypoints=triples)
    for chosen in (people.track_ids == 7, True, np.bool_(False)):
        with pytest.raises(InputError, match="without track_ids, a comparison with them gives one bool"):
            people[chosen]


def test_scores_that_are_all_zero_show_nobody(xy):
    with pytest.raises(InputError, match=r"every one is NaN, \(0, 0\) or has a score of 0"):
        Keypoints2D(xy, np.zeros(len(xy)), min_score=0)


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


@pytest.mark.parametrize("count", sorted(USUAL_LAYOUT))
def test_wrong_count_names_the_layout(count):
    text = rejected(np.ones((count, 2)))
    assert f"(133, 2), (133, 3), (N, 133, 2) or (N, 133, 3), got ({count}, 2)" in text
    assert f"That is {count} keypoints, which is usually {USUAL_LAYOUT[count]}" in text
    assert "np.full((133, 2), np.nan)" in text
    assert USUAL_LAYOUT[count] in rejected(np.ones((5, count, 3)))


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
    assert layout in USUAL_LAYOUT[count]


def test_unknown_count_is_stated():
    text = rejected(np.ones((2, 99, 2)))
    assert "That is 99 keypoints. Copy the keypoints that both layouts have" in text


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
        ((0, 133, 2), "It holds no people"),
        ((0,), "It holds no people"),
    ],
)
def test_wrong_shape_gets_a_hint(shape, hint):
    text = rejected(np.ones(shape))
    assert f"got {shape}" in text
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
    assert "finite pixels under 1e+06" in text
    assert "at person 0, keypoint 9 (left_wrist)" in text
    assert "as NaN or with score 0" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("kp.json", "to read a file use wholebody_lift.formats.read(path)"),
        ([["a", "b"]] * 133, "as real numbers"),
        ([[1.0, "b"]] * 133, "as real numbers"),
        (np.ones((133, 2), dtype=complex), "type complex128"),
        ({"keypoints": 1}, "only numbers, got a dict"),
        (np.array([[1, "b"]] * 133, dtype=object), "only numbers, got a str, 'b'"),
        (None, "The last two axes"),
        ([[1.0, 2.0]] * 132 + [[1.0]], "rows of different lengths"),
        ([[[1.0, 2.0]] * 133, [[1.0, 2.0]] * 132], "give missing keypoints as NaN"),
    ],
)
def test_what_is_no_array_of_numbers(value, text):
    assert text in rejected(value)


def test_scores_outside_0_to_1(triples):
    triples[2, INDEX["right_knee"], 2] = 99.5
    text = rejected(triples)
    assert "from 0 to 1, got 0 to 99.5" in text
    assert "at person 2, keypoint 14 (right_knee)" in text
    assert "percentages, pass scores / 100" in text
    assert "pass keypoints[..., :2]" in text
    triples[2, INDEX["right_knee"], 2] = np.inf
    assert "from 0 to 1" in rejected(triples)
    triples[2, INDEX["right_knee"], 2] = -7.5
    assert "logits" in rejected(triples)


@pytest.mark.parametrize(("score", "taken"), [(1.008, 1), (1.4, 1), (-0.02, 0)])
def test_scores_a_little_outside_0_to_1_are_cut(xy, score, taken):
    """RTMPose and OpenPose answer a little over 1, heatmaps a little under 0."""
    scores = np.full(133, 0.5)
    scores[INDEX["nose"]] = score
    assert Keypoints2D(xy, scores, min_score=0).scores[0, INDEX["nose"]] == taken


def test_visibility_flags_are_recognised(xy):
    assert "visibility flags 0, 1, 2, pass scores = flags > 0" in rejected(xy, np.full(133, 2))
    Keypoints2D(xy, np.full(133, 2) > 0)


@pytest.mark.parametrize("shape", [(), (1,), (132,), (133, 1), (2, 133), (3, 133, 1)])
def test_scores_of_the_wrong_shape(xy, shape):
    text = rejected(xy, np.ones(shape))
    assert "(133,) or (1, 133) with the keypoints of 1 person" in text
    assert f"got shape {shape}" in text


def test_scores_of_one_person_for_many(triples):
    text = rejected(triples[..., :2], np.ones(133))
    assert "(4, 133) with the keypoints of 4 people" in text
    assert "got shape (133,)" in text


def test_scores_given_twice(triples):
    text = rejected(triples, triples[..., 2])
    assert "got them twice" in text
    assert "pass keypoints[..., :2]" in text


def test_nobody_visible_names_the_people(triples):
    triples[[1, 3], :, 2] = 0.1
    text = rejected(triples)
    assert "got none for people 1 and 3 (of 4)" in text
    assert "under 0.3" in text
    assert "lower min_score" in text
    assert "person 0 (of 1)" in rejected(np.full((133, 2), np.nan))
    assert "person 0 (of 1)" in rejected(np.zeros((133, 2)))


def test_all_on_one_spot(triples):
    triples[2, :, :2] = (12, 34)
    text = rejected(triples)
    assert "on one spot, (12, 34), for person 2 (of 4)" in text
    single = np.full((133, 2), np.nan)
    single[5] = 7
    assert "on one spot, (7, 7)" in rejected(single)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda K: K.T, "it looks transposed, so pass np.swapaxes(K, -1, -2)"),
        (lambda K: K * 2, "expected K as [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in pixels"),
        (lambda K: np.tril(K + 3), "expected K as"),
        (lambda K: K * [[-1], [1], [1]], "focal lengths over 0"),
        (lambda K: K * [[0], [1], [1]], "focal lengths over 0"),
        (lambda K: K * np.nan, "finite numbers in K"),
        (lambda K: K[:2], "K of shape (3, 3) for everyone or (4, 3, 3) with 4 people, got shape (2, 3)"),
        (lambda K: np.stack([K] * 3), "got shape (3, 3, 3)"),
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
    assert "got [[-5.0, 0.0, 360.0]" in rejected(triples, K=several)


def test_distortion_needs_a_camera_and_five_numbers(triples):
    assert "K with distortion" in rejected(triples, distortion=np.zeros(5))
    text = rejected(triples, K=K, distortion=np.zeros(6))
    assert "(5,) for everyone or (4, 5) with 4 people, got shape (6,)" in text
    assert "k1, k2, p1, p2, k3 in OpenCV's order" in text
    assert "cv2.undistortPoints" in text
    assert "NaN or infinity" in rejected(triples, K=K, distortion=[np.nan] * 5)
    assert "coefficients under 1000" in rejected(triples, K=K, distortion=[1e20, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("size", "text"),
    [
        ((0, 480), "width and height in pixels, from 1 to 1e+06, got [0.0, 480.0]"),
        ((1e300, 480), "from 1 to 1e+06"),
        ((1e5, 1), "neither more than 100 times the other, got [100000.0, 1.0]"),
        ((1e-19, 1e-19), "from 1 to 1e+06"),
        ((-640, 480), "got [-640.0, 480.0]"),
        ((480, 640, 3), "got shape (3,)"),
        ((np.nan, 480), "finite numbers in image_size"),
        (640, "image.shape[1::-1]"),
        ([(640, 480)] * 3, "(2,) for everyone or (4, 2)"),
    ],
)
def test_image_size_that_is_none(triples, size, text):
    assert text in rejected(triples, image_size=size)


@pytest.mark.parametrize(
    ("height", "text"),
    [
        (1.75, "from 300 to 2500 millimetres, got 1.75; it looks like metres, so pass 1750"),
        (175, "it looks like centimetres, so pass 1750"),
        (70, "it looks like inches, so pass 1778"),
        (0, "from 300 to 2500 millimetres"),
        (-1700, "from 300 to 2500 millimetres"),
        (9999, "from 300 to 2500 millimetres"),
        (np.nan, "finite numbers in height_mm"),
        ([1700, 1800], "a number for everyone or (4,)"),
    ],
)
def test_height_out_of_range(triples, height, text):
    assert text in rejected(triples, height_mm=height)


@pytest.mark.parametrize("name", ["image_ids", "track_ids"])
@pytest.mark.parametrize("ids", [3, [1, 2, 3], [[1, 2, 3, 4]]])
def test_ids_of_the_wrong_shape(triples, name, ids):
    assert f"{name} of shape (4,)" in rejected(triples, **{name: ids})


@pytest.mark.parametrize("name", ["image_ids", "track_ids"])
@pytest.mark.parametrize(
    "one", [1.5, np.inf, np.nan, 2.0**63, -(2.0**64), -(2**63) - 1, np.uint64(2**63), 10**400]
)
def test_ids_that_are_no_whole_numbers_within_64_bits(triples, name, one):
    ids = np.array([1, 2, 3, one], dtype=None if not isinstance(one, np.uint64) else np.uint64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = rejected(triples, **{name: ids})
    assert "whole numbers within 64 bits" in text or "too large" in text


def test_the_largest_ids_stay_as_they_are(triples):
    ids = [2**63 - 1, -(2**63), 2**53 + 1, 0]
    assert Keypoints2D(triples, image_ids=ids).image_ids.tolist() == ids
    ids = [2**63 - 1, 2**62, 2**53 + 1, 0]
    assert Keypoints2D(triples, image_ids=ids, track_ids=ids).track_ids.tolist() == ids


def test_a_negative_track_id_is_no_track(triples):
    assert Keypoints2D(triples, image_ids=[3, 3, 3, 3], track_ids=[-1, -1, -1, -1]).track_ids is None
    with pytest.warns(DroppedWarning, match=r"person 2 \(of 4\) has none"):
        assert Keypoints2D(triples, track_ids=[5, 6, -1, 7]).track_ids is None


@pytest.mark.parametrize("numbers", [4, 5, 8, 12, 14])
def test_a_column_of_distortion_is_for_everyone_however_many_they_are(triples, numbers):
    column = np.zeros((numbers, 1))
    column[0] = 0.1
    people = Keypoints2D(np.repeat(triples[:1], numbers, axis=0), K=K, distortion=column)
    np.testing.assert_array_equal(people.distortion, np.tile([0.1, 0, 0, 0, 0], (numbers, 1)))


def test_a_track_is_in_an_image_once(triples):
    text = rejected(triples, image_ids=[3, 3, 4, 4], track_ids=[1, 2, 5, 5])
    assert "got 2 people with track id 5 in image 4" in text


@pytest.mark.parametrize("fps", [0, -25, np.nan, np.inf, [25, 25], 1e9, 1e-300, 1e-5, "30", True])
def test_fps_that_is_none(triples, fps):
    assert "fps to be one number from 0.0001 to 10000" in rejected(triples, fps=fps)


@pytest.mark.parametrize("min_score", [-0.1, 1.1, np.nan, [0.1, 0.2]])
def test_min_score_out_of_range(triples, min_score):
    assert "one number from 0 to 1" in rejected(triples, min_score=min_score)


def test_errors_are_value_errors_and_warnings_are_ours():
    assert issubclass(InputError, ValueError)
    assert issubclass(InputWarning, UserWarning)


def test_warnings_point_at_the_caller(triples):
    with pytest.warns(OrientationWarning, match="upside down") as caught:
        Keypoints2D((0, SIZE[1]) - triples[..., :2] * (-1, 1))
    assert caught[0].filename == __file__


# Containers


def test_visible_drops_whoever_is_not_and_says_who_is_left(triples):
    triples[[1, 3], :, 2] = 0.1
    people, seen = Keypoints2D.visible(triples, image_ids=[3, 4, 5, 6], height_mm=1700, image_size=SIZE)
    assert seen.tolist() == [True, False, True, False]
    same(people, Keypoints2D(triples[[0, 2]], image_ids=[3, 5], height_mm=1700, image_size=SIZE))
    nobody, seen = Keypoints2D.visible(np.full((2, 133, 2), np.nan))
    assert len(nobody) == 0
    assert not seen.any()
    with pytest.raises(InputError, match="real numbers"):
        Keypoints2D.visible([["a", "b"]] * 133)
    with pytest.raises(InputError, match="height_mm"):
        Keypoints2D.visible(triples, height_mm=1.7)


@pytest.mark.parametrize("scores", [None, np.zeros((0, 133))])
def test_of_nobody_nobody_is_visible(scores):
    people, seen = Keypoints2D.visible(
        np.zeros((0, 133, 2)), scores, image_size=SIZE, K=K, image_ids=[], track_ids=[], fps=30
    )
    assert len(people) == len(seen) == 0


def test_pieces_put_together_again_are_the_whole(triples):
    people = Keypoints2D(triples, image_size=SIZE, image_ids=[7, 8, 9, 10], fps=5)
    same(Keypoints2D.concatenate(people), people)
    same(Keypoints2D.concatenate([people[:1], Keypoints2D.empty(), people[1:]]), people)
    assert len(Keypoints2D.concatenate([])) == 0
    with pytest.raises(InputError, match="image_ids"):
        Keypoints2D.concatenate([people, Keypoints2D(triples, image_size=SIZE, fps=5)])


def test_replace_checks_what_is_new(triples):
    people = Keypoints2D(triples, image_size=SIZE)
    same(people.replace(height_mm=1900, fps=None), Keypoints2D(triples, image_size=SIZE, height_mm=1900))
    with pytest.raises(InputError, match="metres"):
        people.replace(height_mm=1.9)


def test_empty_has_nobody():
    assert len(Keypoints2D.empty()) == 0
    assert Keypoints2D.empty().observed.shape == (0, 133)
    assert list(Keypoints2D.empty()) == []


# What people bring


@pytest.mark.parametrize("kind", [list, tuple, "nested", object])
def test_masked_in_lists_and_objects_is_missing(triples, kind):
    masked = np.ma.array(triples)
    masked[0, INDEX["nose"]] = np.ma.masked
    given = {
        list: lambda: list(masked),
        tuple: lambda: tuple(masked),
        "nested": lambda: [list(person) for person in masked],
        object: lambda: masked.astype(object),
    }[kind]()
    same(Keypoints2D(given), Keypoints2D(masked))
    assert not Keypoints2D(given).observed[0, INDEX["nose"]]


def test_masked_is_missing(triples):
    masked = np.ma.masked_invalid(triples)
    masked[0, INDEX["nose"]] = np.ma.masked
    expected = triples.copy()
    expected[0, INDEX["nose"]] = np.nan
    same(Keypoints2D(masked), Keypoints2D(expected))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = Keypoints2D(_whole_numbers())
    assert not whole.observed[0, :2].any()
    assert whole.observed[0, 2:].all()


def _whole_numbers() -> np.ma.MaskedArray:
    """(133, 2) integers, of which the first two keypoints are masked."""
    numbers = np.arange(266).reshape(133, 2) + 1
    return np.ma.array(numbers, mask=numbers <= 4)


def test_an_array_of_arrays_is_one_person_each(triples):
    people = np.empty(len(triples), dtype=object)
    people[:] = list(triples)
    same(Keypoints2D(people), Keypoints2D(triples))
    people[0] = people[0][:17]
    assert "rows of different lengths" in rejected(people)


def test_complex_tensors_are_refused(xy):
    assert "real numbers" in rejected(torch.tensor(xy, dtype=torch.complex64))


@pytest.mark.filterwarnings("ignore::wholebody_lift.errors.InputWarning")
def test_keypoints_moved_onto_the_border_are_missing(xy):
    """As by a detector that clamps what is outside the picture: here everything below a line."""
    height = 600.0
    clamped = np.minimum(xy, (1e5, height))
    below = clamped[:, 1] == height
    assert below.sum() > 20
    with pytest.warns(PlaceholderWarning, match="border"):
        people = Keypoints2D(clamped, image_size=(720, height))
    assert not people.observed[0, below].any()
    assert people.observed[0, ~below & ~np.isnan(xy[:, 0])].all()
    assert Keypoints2D(clamped).observed[0, below].all()  # where the picture ends is not known


@pytest.mark.filterwarnings("ignore::wholebody_lift.errors.ProportionWarning")
def test_a_keypoint_or_two_on_the_border_stay(xy):
    xy = xy.copy()
    xy[INDEX["left_wrist"], 0] = xy[INDEX["left_elbow"], 0] = SIZE[0]
    assert Keypoints2D(xy, image_size=SIZE).observed[0, INDEX["left_wrist"]]


@pytest.mark.parametrize("known", [{}, {"image_size": SIZE}, {"K": K}])
def test_fractions_of_the_image_are_refused(triples, known):
    text = rejected(triples[..., :2] / SIZE, **known)
    assert "expected keypoints in pixels" in text
    assert "keypoints[..., :2] * (" in text


def test_the_scale_from_minus_one_to_one_is_named(triples):
    text = rejected(triples[..., :2] / SIZE * 2 - 1, image_size=SIZE)
    assert "a scale from -1 to 1" in text
    assert "(keypoints[..., :2] + 1) / 2 * (720, 1280)" in text


def test_people_on_the_image_plane_are_lifted_with_their_k(triples):
    rays = (triples[..., :2] - K[:2, 2]) / K[[0, 1], [0, 1]]
    Keypoints2D(rays, K=np.eye(3))


@pytest.mark.parametrize(
    "given",
    [
        np.array([[0.1, -0.05, 0.001, 0.002, 0.01]]),
        np.array([[0.1], [-0.05], [0.001], [0.002], [0.01]]),
        [0.1, -0.05, 0.001, 0.002, 0.01, 0, 0, 0],
        [0.1, -0.05, 0.001, 0.002, 0.01] + [0] * 7,
    ],
    ids=["(1, 5)", "(5, 1)", "8", "12"],
)
def test_shapes_of_distortion_that_opencv_gives(triples, given):
    expected = Keypoints2D(triples, K=K, distortion=[0.1, -0.05, 0.001, 0.002, 0.01])
    same(Keypoints2D(triples, K=K, distortion=given), expected)


def test_a_camera_that_says_it_has_no_distortion(triples):
    same(Keypoints2D(triples, K=K, distortion=[]), Keypoints2D(triples, K=K, distortion=[0] * 5))


def test_four_numbers_of_distortion_have_no_k3(triples):
    same(
        Keypoints2D(triples, K=K, distortion=[0.1, 0.2, 0.01, 0.02]),
        Keypoints2D(triples, K=K, distortion=[0.1, 0.2, 0.01, 0.02, 0]),
    )


def test_a_lens_model_that_is_not_ours_is_named(triples):
    assert "rational" in rejected(triples, K=K, distortion=[0.1, 0, 0, 0, 0, 0.2, 0, 0])


def test_k_with_a_rounding_error_is_taken(triples):
    off = K.copy()
    off[2, 2] = 1.0000001
    same(Keypoints2D(triples, K=off), Keypoints2D(triples, K=K))


@pytest.mark.parametrize(("place", "value"), [((0, 0), 1e20), ((1, 1), 1e10), ((0, 1), 1e30), ((0, 2), -1e9)])
def test_absurd_cameras_are_refused(triples, place, value):
    absurd = K.copy()
    absurd[place] = value
    assert "in K" in rejected(triples, K=absurd)


def test_k_of_another_resolution_is_warned_of(triples):
    with pytest.warns(CameraWarning, match="principal point"):
        Keypoints2D(triples, K=K * [[2], [2], [1]], image_size=SIZE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Keypoints2D(triples, K=K, image_size=SIZE)


def test_a_category_of_warnings_can_be_silenced(triples):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", CameraWarning)
        Keypoints2D(triples, K=K * [[2], [2], [1]], image_size=SIZE)


@settings(deadline=None, max_examples=150)
@given(
    keypoints=st.one_of(
        st.recursive(
            st.one_of(st.none(), st.floats(), st.integers(), st.text(max_size=3), st.booleans()),
            lambda inner: st.lists(inner, max_size=4),
            max_leaves=8,
        ),
        hnp.arrays(np.float64, st.sampled_from([(133, 2), (133, 3), (2, 133, 3), (133, 1), (0, 133, 2)])),
    ),
    known=st.fixed_dictionaries(
        {},
        optional={
            "image_size": hnp.arrays(np.float64, 2),
            "K": hnp.arrays(np.float64, (3, 3)),
            "height_mm": st.floats(),
            "fps": st.floats(),
            "min_score": st.floats(),
            "image_ids": st.lists(st.floats(), max_size=2),
        },
    ),
)
def test_whatever_comes_is_people_or_an_input_error(keypoints, known):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            people = Keypoints2D(keypoints, **known)
        except InputError:
            return
    assert np.isfinite(people.keypoints[people.observed]).all()
    assert people.observed.any(axis=1).all()
    assert ((people.scores >= 0) & (people.scores <= 1)).all()


def test_bone_lengths_of_some_people_alone(triples):
    lengths = np.full((4, 12), np.nan)
    lengths[0] = 400
    people = Keypoints2D(triples, bone_lengths=lengths)
    assert people[1:].replace(fps=30).bone_lengths is None
    hidden = triples.copy()
    hidden[0, :, 2] = 0
    assert Keypoints2D.visible(hidden, bone_lengths=lengths)[0].bone_lengths is None
    with pytest.raises(InputError, match="at least one known bone length"):
        Keypoints2D(triples, bone_lengths=np.full(12, np.nan))


def test_of_one_person_who_is_not_visible_nobody_is_left_whatever_is_known(triples):
    people, seen = Keypoints2D.visible(np.full((1, 133, 2), np.nan), depth=np.zeros(133), gravity="level")
    assert (len(people), seen.tolist()) == (0, [False])


def test_gravity_that_is_none_is_shown(triples):
    with pytest.raises(InputError, match=r"got \[\[0.0, 0.0, 0.0\]\]|got \[0"):
        Keypoints2D(triples[:2], gravity=[[np.nan] * 3, [0, 0, 0]])
    with pytest.raises(InputError, match="10000000"):
        Keypoints2D(triples[:1], gravity=[1e7, 0, 0])


def test_people_are_compared_by_identity(triples):
    people = Keypoints2D(triples)
    assert people == people
    assert people != Keypoints2D(triples)
    assert people in [people]
    assert len({people, people}) == 1
