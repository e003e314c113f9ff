import numpy as np
import pytest

from wholebody_lift import formats, plausibility
from wholebody_lift.errors import ReprojectionWarning, listed, name_people
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.plausibility import UPSIDE_DOWN_ERRORS, error_factor, signs_in_result, signs_of_mistakes
from wholebody_lift.skeleton import INDEX, MIRROR, PARTS, indices

SIZE = np.array([720.0, 1280.0])
MIRRORED = list(MIRROR)


@pytest.fixture
def people(squats) -> np.ndarray:
    """(65, 133, 2) pixels of a person in front of the camera, in a picture of SIZE."""
    return squats.keypoints.copy()


def signs(xy, image_size=None, K=None):
    def repeated(value):
        return None if value is None else np.stack([value] * len(xy))

    return [message for _, message in signs_of_mistakes(xy, repeated(image_size), repeated(K))]


def test_real_detections_show_no_sign(people):
    assert signs(people, SIZE) == []


@pytest.mark.parametrize("name", ["detections_coco_wholebody.json", "squats_sequence.json"])
def test_no_shared_detection_shows_a_sign(shared_data, name):
    formats.read(shared_data / "detections" / name)


def test_no_sign_is_seen_where_almost_everything_is_missing(people):
    for name in ("nose", "left_wrist", "left_hand_root", "right_hip"):
        alone = np.full_like(people, np.nan)
        for kept in ("left_eye", name):
            alone[:, INDEX[kept]] = people[:, INDEX[kept]]
        assert signs(alone, SIZE) == []


def test_width_and_height_exchanged(people):
    low = people[:1] + np.array([0, 250])
    assert signs(low, SIZE) == []
    (text,) = signs(low, SIZE[::-1])
    assert text.startswith(
        "person 0 (of 1): keypoints lie outside the image, but would lie inside if width and height were"
    )
    assert "image.shape[1::-1]" in text


def test_y_upside_down(people):
    (text,) = signs(SIZE * (0, 1) + people * (1, -1))
    assert text.startswith("people 0, 1, 2, 3, 4 and 60 more (of 65): y looks upside down")
    assert "pass height - y" in text


def test_y_upside_down_without_a_face_and_without_legs(people):
    flipped = SIZE * (0, 1) + people * (1, -1)
    faceless = flipped.copy()
    faceless[:, indices("face")] = np.nan
    assert "upside down" in signs(faceless)[0]
    portrait = flipped.copy()
    portrait[:, [INDEX[f"{s}_{n}"] for s in ("left", "right") for n in ("hip", "knee", "ankle")]] = np.nan
    assert "upside down" in signs(portrait)[0]


def test_a_handstand_is_no_mistake(people):
    assert signs(SIZE - people) == []


def test_lying_is_no_mistake(people):
    for xy in (people[..., ::-1] * (1, -1), people[..., ::-1] * (-1, 1)):  # turned by a quarter, both ways
        assert signs(xy) == []
        tilt = np.deg2rad(10)
        turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
        assert signs(xy @ turn) == signs(xy @ turn.T) == []


@pytest.mark.parametrize("mirror", [lambda xy: xy[:, MIRRORED], lambda xy: SIZE * (1, 0) + xy * (-1, 1)])
def test_mirrored_picture_or_exchanged_sides(people, mirror):
    (text,) = signs(mirror(people))
    assert "left and right look swapped: the face is mirrored" in text
    assert "pass width - x" in text


def test_body_exchanged_but_not_the_face(people):
    swapped = people.copy()
    kept = [
        *indices("face"),
        *(INDEX[name] for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")),
    ]
    swapped[:, :] = people[:, MIRRORED]
    swapped[:, kept] = people[:, kept]
    (text,) = signs(swapped)
    assert "left and right look swapped: the face looks the other way than the body" in text
    assert "swap the sides" in text


def test_hands_exchanged(people):
    swapped = people.copy()
    hands = indices("left_hand", "right_hand")
    swapped[:, hands] = people[:, [MIRROR[i] for i in hands]]
    (text,) = signs(swapped[:1])
    assert text.startswith(
        "person 0 (of 1): left and right look swapped: a hand is at the other hand's wrist"
    )


def test_a_hand_far_from_its_wrist(people):
    far = people.copy()
    far[3, PARTS["left_hand"].start : PARTS["left_hand"].stop] += (150, -150)
    (text,) = signs(far)
    assert text.startswith("person 3 (of 65): a hand is far from its wrist; mark it as missing (score 0)")


def test_signs_do_not_depend_on_scale_place_or_company(people):
    flipped = people * (1, -1)
    assert signs(flipped) == signs(3 * flipped + 1000)
    mixed = people.copy()
    mixed[7] = flipped[7]
    assert [text.split(":")[0] for text in signs(mixed)] == ["person 7 (of 65)"]


def test_place_holders_on_one_spot_or_line(people):
    legs = [INDEX[f"{s}_{n}"] for s in ("left", "right") for n in ("knee", "ankle", "heel", "big_toe")]
    spot, line = people[:2].copy(), people[:2].copy()
    spot[1, legs] = (600, 1200)
    line[1, legs, 1] = 1279
    assert any("on one spot" in text and text.startswith("person 1 (of 2)") for text in signs(spot))
    assert any("on one line" in text and text.startswith("person 1 (of 2)") for text in signs(line))


def test_a_head_as_large_as_the_body(people):
    """As where another layout has the hips in place of the ears."""
    wrong = people[:1].copy()
    for side in ("left", "right"):
        wrong[:, INDEX[f"{side}_ear"]] = people[:1, INDEX[f"{side}_knee"]]
    assert any("impossible proportions" in text for text in signs(wrong))


def test_a_camera_of_another_resolution(people):
    K = np.array([[1400.0, 0, 360], [0, 1400, 640], [0, 0, 1]])
    assert signs(people, SIZE, K) == []
    (text,) = signs(people, SIZE, K * [[2], [2], [1]])
    assert "principal point" in text


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_a_camera_of_half_the_resolution(people, share):
    K = np.array([[1400.0, 0, 360], [0, 1400, 640], [0, 0, 1]])
    (text,) = signs(people, SIZE, K * [[share], [share], [1]])
    assert "principal point" in text


def test_pixels_that_are_no_squares(people):
    K = np.array([[1400.0, 0, 360], [0, 1400, 640], [0, 0, 1]])
    assert signs(people, None, K * [[1.4], [1], [1]]) == []
    for row in (0, 1):
        stretched = K.copy()
        stretched[row, row] *= 3
        (text,) = signs(people, None, stretched)
        assert "fx and fy" in text


@pytest.mark.parametrize("change", [lambda xy: 10 * xy, lambda xy: xy - SIZE])
def test_most_keypoints_outside_the_image(people, change):
    (text,) = signs(change(people), SIZE)
    assert "most keypoints lie outside the image" in text
    assert signs(people - (0.3 * SIZE[0], 0), SIZE) == []  # cut off at one side


@pytest.mark.parametrize("part", ["face", "left_hand", "right_hand"])
def test_a_part_on_one_spot(people, part):
    people[3, PARTS[part]] = people[3, PARTS[part].start]
    (text,) = (text for text in signs(people) if "one spot" in text)
    assert text.startswith("person 3 (of 65): all keypoints of a face or a hand are on one spot")
    people[3, PARTS[part]] += np.random.default_rng(0).normal(0, 1, (len(PARTS[part]), 2))
    assert not any("one spot" in text for text in signs(people))


def test_more_error_is_expected_of_people_upside_down_and_of_nobody_else(people):
    faceless = people.copy()
    faceless[:, indices("face")] = np.nan
    for plausible in (people, SIZE - people, faceless, people[..., ::-1] * (1, -1)):
        assert (error_factor(plausible) == 1).all()
    for flipped in (people * (1, -1), faceless * (1, -1)):
        assert (error_factor(flipped) == np.float32(UPSIDE_DOWN_ERRORS)).all()


def test_a_result_far_from_its_keypoints(people):
    size = (np.nanmax(people, axis=1) - np.nanmin(people, axis=1)).max(axis=-1)
    share = np.full(len(people), 0.03)
    assert list(signs_in_result(people, share * size)) == []
    share[5], share[6] = 0.2, np.nan
    ((category, text),) = signs_in_result(people, share * size)
    assert category is ReprojectionWarning
    assert text.startswith("person 5 (of 65)")
    assert "20%" in text


def test_people_are_named_briefly():
    assert [listed(range(n)) for n in (0, 1, 2, 6, 7)] == [
        "none",
        "0",
        "0 and 1",
        "0, 1, 2, 3, 4 and 5",
        "0, 1, 2, 3, 4 and 2 more",
    ]
    assert name_people(np.array([False, True])) == "person 1 (of 2)"
    assert name_people(np.array([True, True])) == "people 0 and 1 (of 2)"


def test_both_come_as_warnings_of_the_input(people):
    with pytest.warns(match="upside down"):
        Keypoints2D(SIZE * (0, 1) + people * (1, -1), image_size=SIZE)


def test_people_are_judged_alike_however_many_are_compared_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    xy = np.random.default_rng(0).uniform(100, 500, (7, 133, 2))
    xy[3, :17] = xy[3, 0]
    xy[5, :17, 1] = 200
    together = list(plausibility.signs_of_mistakes(xy, None, None))
    monkeypatch.setattr(plausibility, "_AT_ONCE", 2)
    assert list(plausibility.signs_of_mistakes(xy, None, None)) == together
    assert any("one line" in text for _, text in together)
