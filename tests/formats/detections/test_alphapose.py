"""Files as alphapose/utils/pPose_nms.py (`write_json`) writes them."""

import numpy as np
import pytest

from wholebody_lift import formats
from wholebody_lift.errors import InputError, InputWarning
from wholebody_lift.skeleton import INDEX, PARTS

# Fang-Haoshu/Halpe-FullBody, README: the 26 of the body, of which head, neck and hip are nobody's.
FEET = ("left_big_toe", "right_big_toe", "left_small_toe", "right_small_toe", "left_heel", "right_heel")


def halpe(triples: np.ndarray, count: int) -> np.ndarray:
    """The first 26 or all 136 of Halpe's keypoints from (133, 3)."""
    extra = np.array([[5.0, 6.0, 0.8]] * 3)
    feet = triples[[INDEX[name] for name in FEET]]
    return np.concatenate((triples[:17], extra, feet, triples[PARTS["face"].start :]))[:count]


def result(triples: np.ndarray, image: str, idx) -> dict:
    return {
        "image_id": image,
        "category_id": 1,
        "keypoints": triples.ravel().tolist(),
        "score": 3.01,
        "box": [1.0, 2.0, 300.0, 400.0],
        "idx": idx,
    }


@pytest.fixture
def video(crowd, triples):
    rows = zip(triples(crowd), crowd.image_ids, crowd.track_ids, strict=True)
    return [result(row, f"{image}.jpg", [float(track)]) for row, image, track in rows]


def test_coco_wholebody(save, crowd, video, same):
    same(formats.read(save(video)), crowd, "image_ids", "track_ids")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (136, r"got Halpe's full body: head, neck and hip, .* left out$"),
        (26, r"head, neck and hip, .* left out; face, left_hand and right_hand missing$"),
    ],
)
def test_halpe(save, crowd, triples, count, text):
    document = [result(halpe(row, count), f"{i}.jpg", i + 1) for i, row in enumerate(triples(crowd))]
    with pytest.warns(InputWarning, match=text):
        read = formats.read(save(document))
    expected = crowd.keypoints.copy()
    if count == 26:
        expected[:, 23:] = np.nan
    np.testing.assert_array_equal(read.keypoints, expected)
    assert read.track_ids.tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("idx", [0, 0.0, [0.0], [[0.0], [0.0]]])
def test_without_tracking_there_are_no_tracks(save, video, idx):
    assert formats.read(save([{**person, "idx": idx} for person in video])).track_ids is None
    assert formats.read(save([{k: v for k, v in p.items() if k != "idx"} for p in video])).track_ids is None


def test_tracks_may_be_nested(save, video, crowd):
    document = [{**p, "idx": [[t], [99.0]]} for p, t in zip(video, crowd.track_ids.tolist(), strict=True)]
    np.testing.assert_array_equal(formats.read(save(document)).track_ids, crowd.track_ids)


def test_images_with_names(save, video):
    names = ["b.png", "b.png", "a.png", "a.png", "c.png", "c.png"]
    document = [{**p, "image_id": name} for p, name in zip(video, names, strict=True)]
    assert formats.read(save(document)).image_ids.tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda p: p.update(keypoints=p["keypoints"][:-1]),
            "triples x, y, v in keypoints of person 1, got 398 numbers",
        ),
        (lambda p: p.update(keypoints=p["keypoints"][:63]), "got people with 21 and 133 keypoints"),
        (lambda p: p.update(keypoints=None), "of person 1, got 1 numbers"),
    ],
)
def test_wrong_people_are_named(save, video, change, text):
    change(video[1])
    with pytest.raises(InputError, match=text):
        formats.read(save(video))
