import json

import numpy as np
import pytest

from wholebody_lift import formats
from wholebody_lift.errors import InputError, InputWarning
from wholebody_lift.keypoints import Keypoints2D

K = [[1400.0, 0, 360], [0, 1400, 640], [0, 0, 1]]


@pytest.fixture
def people(squats):
    return squats[:3]


@pytest.fixture
def full(people):
    """With every field a file can hold."""
    return Keypoints2D(
        people.keypoints,
        people.scores,
        image_size=(720, 1280),
        K=K,
        distortion=[0.01, 0, 0, 0, 0],
        height_mm=[1600, 1700, 1800],
        image_ids=[4, 5, 5],
        track_ids=[7, 7, 8],
        fps=29.97,
    )


def same(a: Keypoints2D, b: Keypoints2D) -> None:
    for name in type(a).model_fields:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def contents(people):
    fields = {name: getattr(people, name) for name in type(people).model_fields if name != "min_score"}
    return {name: value for name, value in fields.items() if value is not None}


def test_npy_of_one_and_of_many(tmp_path, people):
    path = tmp_path / "keypoints.npy"
    triples = np.concatenate([people.keypoints, people.scores[..., None]], axis=-1)
    for array in (triples, triples[0]):
        np.save(path, array)
        same(formats.read(path), Keypoints2D(array))


def test_npz_holds_every_field(tmp_path, full):
    path = tmp_path / "keypoints.npz"
    np.savez(path, **contents(full))
    same(formats.read(path), full)


def test_npz_that_is_written_holds_every_field(tmp_path, full):
    path = tmp_path / "keypoints.npz"
    formats.write_keypoints(full, path, "arrays")
    same(formats.read(path), full)


def test_npz_without_keypoints(tmp_path):
    np.savez(tmp_path / "renamed.npz", kpts=np.ones((133, 2)))
    with pytest.raises(
        InputError, match=r"the fields keypoints and perhaps scores, image_size, K.* got kpts"
    ):
        formats.read(tmp_path / "renamed.npz")


def test_json_object_holds_every_field(tmp_path, full):
    path = tmp_path / "keypoints.json"
    path.write_text(json.dumps({name: np.asarray(value).tolist() for name, value in contents(full).items()}))
    same(formats.read(path), full)


def test_json_list_with_null(tmp_path, people):
    path = tmp_path / "keypoints.json"
    array = np.where(np.isnan(people.keypoints), None, people.keypoints.astype(object))
    for value in (array, array[0]):
        path.write_text(json.dumps(value.tolist()))
        same(formats.read(path), Keypoints2D(value))


def test_the_content_decides_and_not_the_name(tmp_path, people):
    path = tmp_path / "keypoints.txt"
    with path.open("wb") as file:
        np.save(file, people.keypoints)
    same(formats.read(str(path)), Keypoints2D(people.keypoints))


def test_arguments_replace_fields(tmp_path, full):
    path = tmp_path / "keypoints.npz"
    np.savez(path, **contents(full))
    assert (formats.read(path, height_mm=1500).height_mm == 1500).all()


def test_frames_without_anybody_are_left_out_of_every_field(tmp_path, full):
    path = tmp_path / "keypoints.npz"
    fields = contents(full)
    fields["scores"][1] = 0
    np.savez(path, **fields)
    with pytest.warns(InputWarning, match=r"left out person 1 \(of 3\), in image 5"):
        same(formats.read(path), full[[0, 2]])


def test_a_stated_limit_is_used(tmp_path, people):
    path = tmp_path / "keypoints.npz"
    np.savez(path, keypoints=people.keypoints, scores=people.scores * 0.2)
    with pytest.raises(InputError, match=r"lower min_score \(now 0.3\)"):
        formats.read(path)
    np.testing.assert_array_equal(formats.read(path, min_score=0.05).observed, people.observed)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"keypoint": 1}, "got an object with keypoint"),
        ({"keypoints": 1, "names": 2}, "no others, got keypoints and names"),
        ({}, "the detector found nobody"),
        (
            {"format": "x", "skeleton": {}},
            "got a 3D result; open it with",
        ),
        (3, "got 3"),
        ([], "the detector found nobody"),
        ([[1, 2]] * 17, "That is 17 keypoints, which is usually the COCO body"),
        ([[1, 2], [1]], "rows of different lengths"),
    ],
)
def test_json_that_is_something_else(tmp_path, content, text):
    path = tmp_path / "else.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError) as caught:
        formats.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "not a valid .npy, .npz or JSON file"),
        (b'[{"keypoints": [1, 2', "not a valid .npy, .npz or JSON file"),
        (b"\xff\xd8\xff\xe0 a photograph", "not a valid .npy, .npz or JSON file"),
        (b"\x93NUMPY\x01\x00", "not a valid .npy file"),
        (b"PK\x03\x04 and no more", "not a valid .npz or .zip file"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, content, text):
    path = tmp_path / "broken"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        formats.read(path)
    assert f"{path}: {text}" in str(caught.value)


def test_pickled_objects_are_refused(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "objects.npz", keypoints=np.array([{}], dtype=object))
    for name, text in (("objects.npy", "save a plain numeric array"), ("objects.npz", "not a valid")):
        with pytest.raises(InputError, match=text):
            formats.read(tmp_path / name)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        formats.read(tmp_path / "nothing.json")
