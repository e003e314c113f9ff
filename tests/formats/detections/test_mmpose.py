"""Files in the layout of mmpose/structures/utils.py (`split_instances`) and of the demos."""

import copy

import numpy as np
import pytest

from wholebody_lift import formats
from wholebody_lift.errors import InputError, InputWarning
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.skeleton import KEYPOINT_NAMES


def instance(people: Keypoints2D, number: int, **extra) -> dict:
    """One person as split_instances writes them, with the box nested once too often as there."""
    return {
        "keypoints": np.nan_to_num(people.keypoints[number]).tolist(),
        "keypoint_scores": people.scores[number].astype(float).tolist(),
        "bbox": [[0.0, 0.0, 720.0, 1280.0]],
        "bbox_score": 0.98,
        **extra,
    }


@pytest.fixture
def video(crowd):
    """Six frames, two people in three of them and nobody in the others."""
    frames = [{"frame_id": i, "instances": []} for i in range(7)]
    for number, (frame, track) in enumerate(zip(crowd.image_ids, crowd.track_ids, strict=True)):
        frames[frame]["instances"].append(instance(crowd, number, track_id=int(track)))
    return frames


def meta(names) -> dict:
    return {
        "dataset_name": "coco_wholebody",
        "num_keypoints": len(names),
        "keypoint_id2name": {str(i): name for i, name in enumerate(names)},
        "keypoint_colors": {"__ndarray__": [[0, 0, 0]], "dtype": "uint8", "shape": [1, 3]},
    }


def test_an_image(save, crowd, same):
    document = [instance(crowd, i) for i in range(6)]
    for wrapped in (document, [document], {"predictions": [document]}):
        read = formats.read(save(wrapped))
        same(read, crowd)
        assert read.image_ids is None
        assert read.track_ids is None


def test_a_batch_of_images(save, crowd, same):
    batch = [[], [instance(crowd, 0), instance(crowd, 1)], [], [instance(crowd, 2)]]
    read = formats.read(save(batch))
    same(read, crowd[:3])
    assert read.image_ids.tolist() == [1, 1, 3]


def test_a_video(save, crowd, video, same):
    same(formats.read(save(video)), crowd, "image_ids", "track_ids")


def test_what_the_demos_save(save, crowd, video, same):
    for instances in (video, [instance(crowd, i) for i in range(6)]):
        read = formats.read(save({"meta_info": meta(KEYPOINT_NAMES), "instance_info": instances}))
        same(read, crowd)


def test_the_inferencers_own_answer(crowd, same):
    answer = [[instance(crowd, 0), instance(crowd, 1)]]
    read = formats.mmpose.from_predictions(answer, image_size=(720, 1280), fps=30, track_ids=[1, 2])
    same(read, crowd[:2])
    assert (read.image_size == (720, 1280)).all()
    assert read.fps == 30
    assert read.track_ids.tolist() == [1, 2]


def test_scores_of_rtmw_are_cut_to_1(save, crowd):
    person = instance(crowd, 0)
    person["keypoint_scores"] = [6.3 * s for s in person["keypoint_scores"]]
    person["keypoint_scores"][0] = -0.1
    read = formats.read(save([person]))
    assert read.scores.max() == 1
    assert not read.observed[0, 0]


def test_a_body_only(save, crowd):
    person = instance(crowd, 0)
    person["keypoints"], person["keypoint_scores"] = person["keypoints"][:17], person["keypoint_scores"][:17]
    with pytest.warns(InputWarning, match="got the COCO body: feet, face, left_hand and right_hand missing"):
        read = formats.read(save([person]))
    np.testing.assert_array_equal(read.keypoints[0, :17], crowd.keypoints[0, :17])
    assert not read.observed[0, 17:].any()


def test_halpe_by_mmposes_own_names(save, crowd):
    names = list(formats.mmpose.HALPE_136.names)
    names = [
        name.replace("hand_root", "wrist") for name in names
    ]  # as configs/_base_/datasets/halpe.py has it
    person = instance(crowd, 0)
    for key in ("keypoints", "keypoint_scores"):
        row = person[key]
        person[key] = row[:17] + [row[0]] * 3 + [row[i] for i in (17, 20, 18, 21, 19, 22)] + row[23:]
    with pytest.warns(InputWarning, match="head, neck and hip, which COCO-WholeBody does not have, left out"):
        read = formats.read(save({"meta_info": meta(names), "instance_info": [person]}))
    np.testing.assert_array_equal(read.keypoints[0], crowd.keypoints[0])


def test_another_skeleton_of_as_many_keypoints(save, crowd):
    person = instance(crowd, 0)
    person["keypoints"], person["keypoint_scores"] = person["keypoints"][:17], person["keypoint_scores"][:17]
    document = {"meta_info": meta([f"paw{i}" for i in range(17)]), "instance_info": [person]}
    with pytest.raises(InputError, match=r"the keypoints of the COCO body, got 17 others: paw0"):
        formats.read(save(document))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda p: p.update(keypoints=[[1, 2, 3]] * 133), "x, y and a score for each keypoint of person 1"),
        (lambda p: p["keypoint_scores"].pop(), "x, y and a score for each keypoint of person 1"),
        (lambda p: p["keypoints"].pop(), "x, y and a score for each keypoint of person 1"),
        (lambda p: p.pop("keypoints"), "x, y and a score for each keypoint of person 1"),
        (
            lambda p: p.update(keypoints=[[1, 2]] * 21, keypoint_scores=[1] * 21),
            "got people with 21 and 133 keypoints",
        ),
    ],
)
def test_wrong_people_are_named(save, crowd, change, text):
    people = [instance(crowd, 0), instance(crowd, 1)]
    change(people[1])
    with pytest.raises(InputError, match=text):
        formats.read(save(people))


def test_what_is_no_person(save, crowd):
    with pytest.raises(InputError, match="people or frames as entry 1 of MMPose, got 3"):
        formats.read(save([instance(crowd, 0), 3]))


def test_nobody(save, video):
    empty = copy.deepcopy(video)
    for frame in empty:
        frame["instances"] = []
    with pytest.raises(InputError, match="got a list without people"):
        formats.read(save(empty))
