import json

import numpy as np
import pytest

from wholebody_lift import formats
from wholebody_lift.errors import DroppedWarning, InputError, InputWarning
from wholebody_lift.skeleton import PARTS

PART_KEYS = {
    "keypoints": "body",
    "foot_kpts": "feet",
    "face_kpts": "face",
    "lefthand_kpts": "left_hand",
    "righthand_kpts": "right_hand",
}


def rows(name: str) -> slice:
    return slice(PARTS[name].start, PARTS[name].stop)


@pytest.fixture
def detections(example_data):
    return json.loads((example_data / "squats.json").read_text())


def plainly(person) -> np.ndarray:
    """(133, 3), read part by part in a plain loop."""
    return np.concatenate([np.reshape(person[key], (-1, 3)) for key in PART_KEYS])


def test_results_land_in_their_rows(save, detections):
    people = formats.read(save(detections["annotations"]))
    assert len(people) == 65
    for person, annotation in zip(people, detections["annotations"], strict=True):
        triples = plainly(annotation)
        seen = triples[:, 2] >= 0.3
        np.testing.assert_array_equal(person.observed[0], seen)
        np.testing.assert_array_equal(person.keypoints[0, seen], triples[seen, :2])
        np.testing.assert_array_equal(person.scores[0, seen], triples[seen, 2].astype(np.float32))
    np.testing.assert_array_equal(people.image_ids, np.arange(65))
    assert people.image_size is None


def test_size_of_a_video_from_info(example_data):
    people = formats.read(example_data / "squats.json")
    assert (people.image_size == (720, 1280)).all()


def test_sizes_of_images_by_their_id(example_data):
    people = formats.read(example_data / "photos.json")
    assert people.image_ids.tolist() == [1, 5]
    assert people.image_size.tolist() == [[640, 425], [512, 512]]


def test_sizes_are_unknown_unless_all_are_known(save, detections):
    document = {"images": [{"id": i} for i in range(65)], "annotations": detections["annotations"]}
    document["images"][0].update(width=720, height=1280)
    assert formats.read(save(document)).image_size is None


def test_an_image_that_is_not_described(save, detections):
    document = {
        "images": [{"id": 0, "width": 720, "height": 1280}],
        "annotations": detections["annotations"][:3],
    }
    with pytest.raises(InputError, match="got people in image 1 and 2, which is not"):
        formats.read(save(document))


def test_the_caller_overrides_the_file(example_data):
    K = [[900.0, 0, 300], [0, 900, 300], [0, 0, 1]]
    people = formats.read(
        example_data / "photos.json", image_size=(700, 700), K=K, distortion=[0] * 5, height_mm=1600
    )
    assert (people.image_size == 700).all()
    assert (people.K == K).all()
    assert (people.distortion == 0).all()
    assert (people.height_mm == 1600).all()


def test_all_133_in_one_list_and_parts_left_out(save, detections):
    person = detections["annotations"][0]
    together = {"image_id": 0, "keypoints": plainly(person).ravel().tolist()}
    nested = {"image_id": 0, "keypoints": plainly(person).tolist()}
    body_only = {"image_id": 0, "keypoints": person["keypoints"], "face_kpts": [], "foot_kpts": None}
    expected = formats.read(save([person]))
    for other in (together, nested):
        np.testing.assert_array_equal(formats.read(save([other])).keypoints, expected.keypoints)
    people = formats.read(save([body_only]))
    assert people.observed[0, rows("body")].all()
    assert people.observed.sum() == 17


def annotation(person, **extra):
    """The person as an annotation: flags for visible, for hidden and, as in COCO-WholeBody, fractions."""
    flagged = dict(person)
    for key in PART_KEYS:
        triples = np.reshape(person[key], (-1, 3)).copy()
        triples[:, 2] = np.where(triples[:, 2] > 0, np.resize([2, 1, 0.05], len(triples)), 0)
        flagged[key] = triples.ravel().tolist()
    return {
        **flagged,
        "face_valid": True,
        "lefthand_valid": True,
        "righthand_valid": True,
        "foot_valid": True,
        **extra,
    }


def test_flags_of_annotations_become_scores(save, detections):
    person = detections["annotations"][0]
    people = formats.read(save({"annotations": [annotation(person)]}))
    expected = plainly(person)[:, 2] > 0
    np.testing.assert_array_equal(people.observed[0], expected)
    np.testing.assert_array_equal(people.scores[0], expected.astype(np.float32))


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("foot_valid", "feet"),
        ("face_valid", "face"),
        ("lefthand_valid", "left_hand"),
        ("righthand_valid", "right_hand"),
    ],
)
def test_a_part_that_is_not_valid_is_missing(save, detections, key, part):
    person = detections["annotations"][0]
    whole = formats.read(save({"annotations": [annotation(person)]}))
    people = formats.read(save({"annotations": [annotation(person, **{key: False})]}))
    expected = whole.observed
    assert expected[0, rows(part)].any()
    expected[0, rows(part)] = False
    np.testing.assert_array_equal(people.observed, expected)


def test_flags_are_recognised_without_validity(save, detections):
    person = detections["annotations"][0]
    flags = {key: np.reshape(person[key], (-1, 3)).copy() for key in PART_KEYS}
    for triples in flags.values():
        triples[:, 2] = 2 * (triples[:, 2] > 0)
    people = formats.read(save([{**person, **{key: t.ravel().tolist() for key, t in flags.items()}}]))
    np.testing.assert_array_equal(people.scores[0], (plainly(person)[:, 2] > 0).astype(np.float32))


def test_scores_outside_0_to_1_are_cut_with_a_warning_if_far(save, detections):
    people = detections["annotations"][:2]
    people[1]["keypoints"][2] = 1.09
    people[1]["keypoints"][5] = -0.02
    read = formats.read(save(people))
    people[1]["keypoints"][2] = 6.5
    with pytest.warns(InputWarning, match=r"got scores up to 6.5, which were cut to 1") as caught:
        formats.read(save(people))
    assert caught[0].filename == __file__
    assert read.scores.max() == 1
    assert read.scores[1, 1] == 0


def test_people_without_keypoints_are_left_out_and_named(save, detections):
    people = detections["annotations"][:4]
    for key in PART_KEYS:
        people[2][key] = [0] * len(people[2][key])
    people[2]["image_id"] = 17
    K = np.stack([[[1000.0 + i, 0, 320], [0, 1000, 240], [0, 0, 1]] for i in range(4)])
    text = r"detections.json: left out person 2 \(of 4\), in image 17: no two visible keypoints"
    with pytest.warns(InputWarning, match=text) as caught:
        read = formats.read(save(people), K=K, height_mm=[1500, 1600, 1700, 1800])
    assert caught[0].filename == __file__
    assert read.image_ids.tolist() == [0, 1, 3]
    assert read.K[:, 0, 0].tolist() == [1000, 1001, 1003]
    assert read.height_mm.tolist() == [1500, 1600, 1800]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda p: p.update(keypoints=[1, 2, 3]), "51 numbers in keypoints of person 1"),
        (
            lambda p: p.update(face_kpts=[0.5] * 204 + [1]),
            "204 numbers in face_kpts of person 1",
        ),
        (lambda p: p.update(foot_kpts=["a"] * 18), "foot_kpts of person 1 as numbers"),
        (lambda p: p.update(image_id="a.jpg"), "a whole number as image_id of person 1, got 'a.jpg'"),
        (
            lambda p: p.pop("image_id"),
            "a whole number as image_id of person 1, got None",
        ),
    ],
)
def test_wrong_content_is_named_with_the_file(save, detections, change, text):
    people = detections["annotations"][:2]
    change(people[1])
    with pytest.raises(InputError, match=text) as caught:
        formats.read(save(people))
    assert "detections.json: " in str(caught.value)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"annotations": []}, "got a list without people"),
        ({"annotations": {}}, "annotations to be a list"),
        ({"annotations": [1]}, "annotation 0 to be an object, got 1"),
        ([{"image_id": 3, "keypoints": [0] * 51}], "got none for 1 person"),
    ],
)
def test_nobody_to_lift(save, document, text):
    with pytest.raises(InputError, match=text):
        formats.read(save(document))


def test_every_shared_detection_is_read_without_a_warning(shared_data):
    assert len(formats.read(shared_data / "detections" / "detections_coco_wholebody.json")) == 9
    assert len(formats.read(shared_data / "detections" / "squats_sequence.json")) == 65


# Video


def test_a_video_in_the_form_of_coco(save, detections):
    people = [
        {**person, "image_id": 100 + i // 2, "track_id": 5 + i % 2}
        for i, person in enumerate(detections["annotations"][:4])
    ]
    images = [{"id": 100 + i, "frame_id": 30 + i, "width": 720, "height": 1280} for i in range(2)]
    read = formats.read(save({"info": {"fps": 12.5}, "images": images, "annotations": people}))
    assert read.image_ids.tolist() == [30, 30, 31, 31]
    assert read.track_ids.tolist() == [5, 6, 5, 6]
    assert read.fps == 12.5


def test_frames_of_two_videos_are_told_apart_by_their_images(save, detections):
    people = [{**p, "image_id": i, "instance_id": 1} for i, p in enumerate(detections["annotations"][:2])]
    images = [{"id": i, "frame_id": 0, "video_id": i} for i in range(2)]
    with pytest.warns(DroppedWarning, match="people were numbered anew"):
        read = formats.read(save({"images": images, "annotations": people}))
    assert read.image_ids.tolist() == [0, 1]
    assert read.track_ids.tolist() == [0, 1]


def test_the_callers_frame_rate(example_data):
    assert formats.read(example_data / "squats.json").fps == 5
    assert formats.read(example_data / "squats.json", fps=6).fps == 6


def test_written_results_are_coco_wholebody(tmp_path, crowd, triples):
    formats.write_keypoints(crowd, tmp_path / "people.json")
    document = json.loads((tmp_path / "people.json").read_text())
    assert document["images"] == [{"id": i, "width": 720.0, "height": 1280.0} for i in (3, 4, 6)]
    for person, expected, i in zip(document["annotations"], triples(crowd), range(6), strict=True):
        assert person["category_id"] == 1
        np.testing.assert_array_equal(plainly(person), expected)
        assert person["score"] == pytest.approx(crowd.scores[i][crowd.observed[i]].mean())


def two_videos(detections, **of_a_person):
    """Five frames of each of two videos."""
    images = [{"id": 10 * v + f, "frame_id": f, "video_id": v} for v in (1, 2) for f in range(5)]
    people = [
        {**person, "image_id": image["id"], **of_a_person}
        for person, image in zip(detections["annotations"], images, strict=False)
    ]
    videos = [{"id": v, "fps": 25, "width": 720, "height": 1280} for v in (1, 2)]
    return {"images": images, "videos": videos, "annotations": people}


def test_one_track_id_in_two_videos_is_two_people(save, detections):
    with pytest.warns(DroppedWarning, match=r"which of 2 videos \(1 and 2\) .* numbered anew"):
        people = formats.read(save(two_videos(detections, track_id=0)))
    assert people.track_ids.tolist() == [0] * 5 + [1] * 5
    assert people.image_ids.tolist() == [10, 11, 12, 13, 14, 20, 21, 22, 23, 24]


def test_track_ids_of_several_videos_may_be_different_already(save, detections):
    document = two_videos(detections)
    for number, person in enumerate(document["annotations"]):
        person["track_id"] = 3 + 5 * (number // 5)
    with pytest.warns(DroppedWarning, match=r"each image is of; lift_sequence would"):
        assert formats.read(save(document)).track_ids.tolist() == [3] * 5 + [8] * 5


def test_two_videos_without_track_ids_are_named(save, detections):
    with pytest.warns(DroppedWarning, match=r"left out which of 2 videos \(1 and 2\) each image is of"):
        people = formats.read(save(two_videos(detections)))
    assert people.track_ids is None


def test_rate_and_size_of_a_video(save, detections):
    document = two_videos(detections, track_id=0)
    document["images"], document["annotations"] = document["images"][:5], document["annotations"][:5]
    people = formats.read(save(document))
    assert people.fps == 25
    assert (people.image_size == (720, 1280)).all()
    assert people.image_ids.tolist() == [0, 1, 2, 3, 4]
    document["videos"][1]["fps"] = 30  # of two rates, none is that of all
    assert formats.read(save(document)).fps is None
