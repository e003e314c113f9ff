"""Rows of people, as `wholebody-lift bulk` reads them."""

import gzip
import json

import numpy as np
import pytest

from wholebody_lift import formats
from wholebody_lift.errors import DroppedWarning, InputError

FIELDS = {"image_size": [720, 1280], "fps": 25, "height_mm": 1800}


def rows(people, **more) -> list[dict]:
    keypoints = np.concatenate([np.nan_to_num(people.keypoints), people.scores[..., None]], -1)
    return [
        {"frame": 100 + number, "track": 7, "keypoints": triples.tolist(), **FIELDS, **more}
        for number, triples in enumerate(keypoints)
    ]


def check(read, people) -> None:
    np.testing.assert_array_equal(read.keypoints, people.keypoints)
    np.testing.assert_array_equal(read.scores, people.scores)
    assert read.image_ids.tolist() == [100 + number for number in range(len(people))]
    assert set(read.track_ids.tolist()) == {7}
    assert (read.image_size == FIELDS["image_size"]).all()
    assert (read.height_mm == 1800).all()
    assert read.fps == 25


@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl", "rows.jsonl.gz"])
def test_everything_in_rows_is_read(tmp_path, squats, name):
    people = squats[:4]
    lines = "\n".join(map(json.dumps, rows(people))).encode()
    content = json.dumps(rows(people)).encode() if name == "rows.json" else lines
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    check(formats.read(tmp_path / name), people)


def test_a_single_row(save, squats):
    check(formats.read(save(rows(squats[:1])[0])), squats[:1])


def test_forms_of_a_row(save, squats):
    people = squats[:2]
    flat, nested = rows(people, video="a")
    flat["keypoints"] = np.ravel(flat["keypoints"]).tolist()
    nested["keypoints"] = [None if point[2] == 0 else point for point in nested["keypoints"]]
    check(formats.read(save([flat, nested])), people)
    apart = rows(people)
    for row, scores in zip(apart, people.scores.tolist(), strict=True):
        row["keypoints"] = [point[:2] for point in row["keypoints"]]
        row["scores"] = scores
    check(formats.read(save(apart)), people)


def test_rows_of_another_layout(save, squats):
    bodies = rows(squats[:2])
    for row in bodies:
        row["keypoints"] = row["keypoints"][:17]
    with pytest.warns(DroppedWarning, match="got the COCO body"):
        read = formats.read(save(bodies), layout="coco")
    np.testing.assert_array_equal(read.keypoints[:, :17], squats.keypoints[:2, :17])
    assert not read.observed[:, 17:].any()
    assert read.image_ids.tolist() == [100, 101]


def test_what_is_not_used_is_named(save, squats):
    with pytest.warns(DroppedWarning, match="did not use camera_id of the rows"):
        formats.read(save(rows(squats[:2], camera_id=3)))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"video": "b"}, r"rows of one video, got 2 \(None and b\).*wholebody-lift bulk"),
        ({"fps": 30}, "one frame rate for a video, got 25 and 30"),
        ({"image_size": None}, r"image_size in all rows or in none, got none of person 1 \(of 2\)"),
        ({"keypoints": [[1, 2, 1]] * 17}, r"133 keypoints .* in row 1, got an array of shape \(17, 3\)"),
        ({"keypoints": [[1, 2]] * 133}, "a score with the keypoints of all rows or of none"),
        ({"keypoints": "none"}, "keypoints as an array of numbers"),
        ({"frame": 1.5}, "a whole number as frame of a row, got 1.5"),
    ],
)
def test_rows_that_do_not_fit_together(save, squats, change, text):
    first, second = rows(squats[:2])
    with pytest.raises(InputError, match=text):
        formats.read(save([first, second | change]))
