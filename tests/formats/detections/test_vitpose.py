"""Answers in the layout of transformers' `post_process_pose_estimation`, made of torch tensors as there."""

import numpy as np
import pytest
import torch

from wholebody_lift import formats
from wholebody_lift.errors import InputError, InputWarning


def person(people, number, count=133, threshold=None, dtype=torch.float32) -> dict:
    scores = torch.tensor(people.scores[number, :count])
    keep = scores > (-1 if threshold is None else threshold)
    return {
        "keypoints": torch.tensor(np.nan_to_num(people.keypoints[number, :count]))[keep].to(dtype),
        "scores": scores[keep].to(dtype),
        "labels": torch.arange(count)[keep],
        "bbox": torch.tensor([0.0, 0.0, 720.0, 1280.0]),
    }


def test_images(crowd):
    results = [[person(crowd, 0), person(crowd, 1)], [], [person(crowd, 2)]]
    read = formats.vitpose.from_results(results, image_size=(720, 1280))
    np.testing.assert_allclose(read.keypoints, crowd[:3].keypoints, rtol=1e-6)
    np.testing.assert_array_equal(read.scores, crowd[:3].scores)
    assert read.image_ids.tolist() == [0, 0, 2]


def test_one_image(crowd):
    read = formats.vitpose.from_results([person(crowd, 0), person(crowd, 1)])
    assert len(read) == 2
    assert read.image_ids is None


def test_a_threshold_leaves_keypoints_out(crowd):
    read = formats.vitpose.from_results([person(crowd, i, threshold=0.5) for i in range(6)])
    np.testing.assert_array_equal(read.observed, crowd.scores > 0.5)
    np.testing.assert_allclose(read.keypoints[read.observed], crowd.keypoints[read.observed], rtol=1e-6)


def test_a_body_only(crowd):
    with pytest.warns(InputWarning, match="got the COCO body: feet, face, left_hand and right_hand missing"):
        read = formats.vitpose.from_results([[person(crowd, 0, count=17)]])
    np.testing.assert_allclose(read.keypoints[0, :17], crowd.keypoints[0, :17], rtol=1e-6)
    assert not read.observed[0, 17:].any()


def test_half_precision_with_gradient(crowd):
    found = person(crowd, 0, dtype=torch.bfloat16)
    found["keypoints"].requires_grad_()
    read = formats.vitpose.from_results([found])
    np.testing.assert_allclose(read.keypoints, crowd.keypoints[:1], rtol=0.01)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.pop("labels"),
        lambda p: p.update(labels=p["labels"] + 1),
        lambda p: p.update(scores=p["scores"][:3]),
    ],
)
def test_what_is_no_person(crowd, change):
    found = person(crowd, 0)
    change(found)
    with pytest.raises(InputError, match="with keypoints, scores and labels of COCO"):
        formats.vitpose.from_results([found])


def test_nobody():
    with pytest.raises(InputError, match="got a list without people"):
        formats.vitpose.from_results([[]])
