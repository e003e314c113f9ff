"""Columns: every form in which lists come gives the same arrays."""

import json

import numpy as np
import pytest
from bulk.conftest import rows, seen, with_origin

from wholebody_lift import Keypoints2D
from wholebody_lift.bulk import schema
from wholebody_lift.errors import InputError

pa = pytest.importorskip("pyarrow", reason="the extra bulk")


def fixed(array: np.ndarray, kind: "pa.DataType", *sizes: int) -> "pa.Array":
    for size in reversed(sizes):
        kind = pa.list_(kind, size)
    return pa.array(array.tolist(), kind)


XY = seen(5)
FORMS = {
    "lists": fixed(XY, pa.list_(pa.list_(pa.float64()))),
    "large lists": fixed(XY, pa.large_list(pa.large_list(pa.float64()))),
    "fixed sizes": fixed(XY, pa.float64(), 133, 2),
    "flat": fixed(XY.reshape(5, -1), pa.float64(), 266),
    "tensors": pa.FixedShapeTensorArray.from_numpy_ndarray(np.ascontiguousarray(XY)),
    "with a score": fixed(np.concatenate([XY, np.full((5, 133, 1), 0.5)], -1), pa.float64(), 133, 3),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_list_is_read(form: str) -> None:
    table = with_origin(rows({"a": 5})).drop_columns(["keypoints", "scores"])
    table = table.append_column("keypoints", FORMS[form])
    schema.require_columns(table.schema)
    read = schema.read(table, {}, None)
    assert np.array_equal(read.xy, XY)
    assert read.known["scores"][1].all() == (form == "with a score")
    assert np.array_equal(schema.read(table.slice(2), {}, None).xy, XY[2:])


def test_single_precision_is_read() -> None:
    table = with_origin(rows({"a": 5})).drop_columns("keypoints")
    table = table.append_column("keypoints", fixed(XY, pa.float32(), 133, 2))
    assert np.array_equal(schema.read(table, {}, None).xy, XY.astype(np.float32))


def test_missing_keypoints_are_nan() -> None:
    columns = rows({"a": 2})
    columns["keypoints"][0][5] = [None, None]
    columns["keypoints"][1][7] = None
    read = schema.read(with_origin(columns), {}, None)
    assert np.argwhere(np.isnan(read.xy[..., 0])).tolist() == [[0, 5], [1, 7]]
    assert list(read.problems) == [None, None]


def test_scores_that_are_all_null_are_no_scores_of_one() -> None:
    columns = rows({"a": 2})
    del columns["scores"]
    columns["keypoints"] = [[[x, y, None] for x, y in person] for person in columns["keypoints"]]
    read = schema.read(with_origin(columns), {}, None)
    assert read.known["scores"][1].all()
    assert not Keypoints2D.visible(**read.fields(np.arange(2)))[1].any()


def test_bone_lengths_of_nobody_are_not_known() -> None:
    columns = rows({"a": 2}) | {"bone_lengths": [[430.0] * 12, [None] * 12]}
    read = schema.read(with_origin(columns), {}, None)
    assert Keypoints2D.visible(**read.fields(np.array([1])))[0].bone_lengths is None
    people = Keypoints2D.visible(**read.fields(np.arange(2)))[0]
    assert np.isnan(people.bone_lengths).all(axis=1).tolist() == [False, True]


def test_words_are_known_too() -> None:
    known = {"gravity": "level", "bone_lengths": {"left_thigh": 430}}
    fields = schema.read(with_origin(rows({"a": 2})), known, None).fields(np.arange(2))
    assert fields["gravity"].tolist() == [[0, 1, 0]] * 2
    assert np.nansum(fields["bone_lengths"], axis=1).tolist() == [430, 430]
    Keypoints2D(**fields)


def test_points_the_other_way_round_are_a_problem() -> None:
    columns = rows({"a": 2})
    columns["keypoints"] = np.swapaxes(seen(2), 1, 2).tolist()
    assert all("(2, 133)" in problem for problem in schema.read(with_origin(columns), {}, None).problems)


def test_negative_tracks_are_none() -> None:
    assert schema.read(with_origin(rows({"a": 2}, track=-1)), {}, None).table["track"].null_count == 2


def test_chosen_rows_keep_their_values() -> None:
    """Also of slices of nested lists of fixed sizes, of which Arrow's own `filter` gives others."""
    table = with_origin(rows({"a": 5})).drop_columns("keypoints")
    table = table.append_column("keypoints", FORMS["fixed sizes"])
    sliced = schema.read(table.slice(1), {}, None)
    assert np.array_equal(sliced[np.array([False, True, True, False])].xy, XY[2:4])
    both = schema.Rows.concatenate([sliced, sliced])
    assert np.array_equal(both.xy, np.concatenate([XY[1:], XY[1:]]))


def test_people_of_a_reader_come_back() -> None:
    people = Keypoints2D(
        XY,
        np.full((5, 133), 0.7),
        K=[[900.0, 0, 640], [0, 900, 360], [0, 0, 1]],
        distortion=[0.1, 0, 0, 0, 0],
        height_mm=1700,
        bone_lengths={"left_thigh": 430, "right_thigh": 431},
        gravity=[[0, 1, 0], [0.1, 1, 0], [np.nan] * 3, [0, 1, 0], [0, 1, 0]],
        gravity_spread_deg=3,
        depth=np.where(np.arange(133) < 17, 100.0, np.nan) * np.ones((5, 1)),
        image_size=(1280, 720),
        image_ids=range(5),
        track_ids=[4] * 5,
        fps=25,
    )
    read = schema.read(schema.table_of(people, "clip", "clip.json"), {}, None)
    again = Keypoints2D.visible(**read.fields(np.arange(5)))[0]
    for name in Keypoints2D.model_fields.keys() - {"min_score", "image_ids", "track_ids", "fps"}:
        assert np.array_equal(getattr(again, name), getattr(people, name), equal_nan=True), name
    assert read.frames.tolist() == [0, 1, 2, 3, 4]
    assert read.tracks.tolist() == [4] * 5
    assert read.fps.tolist() == [25] * 5


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"frame": [1]}, "'keypoints', got frame"),
        ({"frame": ["1"], "keypoints": [[[1.0, 2.0]]]}, "'frame' of type int64, got string"),
        ({"frame": [1], "keypoints": ["1 2"]}, "'keypoints' of type list"),
        ({"frame": [1], "keypoints": [[["1", "2"]]]}, "'keypoints' of type list"),
        ({"frame": [1], "keypoints": [[[1.0, 2.0]]], "fps": ["30"]}, "'fps' of type double"),
    ],
)
def test_columns_of_another_type_are_named(columns: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        schema.require_columns(pa.table(columns).schema)


def test_unused_columns_are_named() -> None:
    assert schema.require_columns(pa.table(rows({"a": 1}, bbox=1.0)).schema) == ["bbox"]


def test_output_says_units_and_axes() -> None:
    described = json.loads(schema.output("unity").metadata[b"wholebody_lift"])
    assert described["unit"] == "millimetres"
    assert described["frame"]["handedness"] == "left"
    assert len(described["keypoints"]) == 133
