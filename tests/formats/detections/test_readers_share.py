"""formats/people.py: what all readers share."""

import json

import numpy as np
import pytest

from wholebody_lift import formats
from wholebody_lift.errors import InputError, InputWarning
from wholebody_lift.formats.detections import assemble as people
from wholebody_lift.keypoints import Keypoints2D


@pytest.mark.filterwarnings("ignore:the names of the files do not tell")
@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["0.jpg", "0.jpg", "12.jpg"], [0, 0, 12]),
        (["clip2_000000000007_keypoints.json", "clip2_000000000010_keypoints.json"], [7, 10]),
        (["b.jpg", "a.jpg", "b.jpg"], [0, 1, 0]),
        (["1/3.png", "cat.png"], [0, 1]),
        (["a3.jpg", "b3.jpg"], [0, 1]),
        (["frame" + 30 * "9" + ".png"], [0]),
        ([], []),
    ],
)
def test_frames_from_the_names_of_files(names, numbers):
    assert people.frame_numbers(names) == numbers


def test_track_ids_are_those_of_all_or_of_nobody():
    assert people.track_numbers([3, 0, 3]) == [3, 0, 3]
    assert people.track_numbers([None, None]) is None
    with pytest.warns(InputWarning, match=r"left out all track ids, as person 1 \(of 2\) has none"):
        assert people.track_numbers([3, None]) is None


def test_a_warning_points_at_the_line_that_called(save):
    person = {"image_id": "0.jpg", "keypoints": [float(i + 10) for i in range(51)]}
    person["keypoints"][2::3] = [1] * 17
    with pytest.warns(InputWarning) as of_a_file:
        formats.read(save([person]))
    with pytest.warns(InputWarning) as of_an_object:
        formats.rtmlib.from_arrays(np.random.default_rng(0).random((1, 17, 2)) * 99, np.ones((1, 17)))
    assert [warning.filename for warning in (*of_a_file, *of_an_object)] == [__file__] * 2


def test_fractions_need_the_size_of_the_image(squats):
    fractions = squats.keypoints[:2] / (720, 1280)
    fields = {"keypoints": fractions, "scores": squats.scores[:2], "normalised": True}
    with pytest.raises(InputError, match=r"got fractions without it; pass image_size"):
        people.assemble(fields, {})
    for size in ((720, 1280), [(720, 1280)] * 2):
        read = people.assemble(fields, {"image_size": size})
        np.testing.assert_allclose(read.keypoints, squats.keypoints[:2])
        np.testing.assert_array_equal(read.image_size, [(720, 1280)] * 2)


def test_an_argument_that_does_not_exist(squats):
    with pytest.raises(TypeError, match="imagesize"):
        formats.rtmlib.from_arrays(squats.keypoints, squats.scores, imagesize=(720, 1280))


def test_people_of_one_layout_only():
    with pytest.raises(InputError, match="one layout for everyone, got people with 17 and 133 keypoints"):
        people.stack([np.ones((17, 3)), np.ones((133, 3))])


# write_keypoints


@pytest.mark.parametrize(
    ("format", "name", "kept"),
    [
        ("coco-wholebody", "people.json", ("image_ids", "track_ids", "image_size", "fps")),
        ("mmpose", "people.json", ("image_ids", "track_ids")),
        ("openpose", "people", ("image_ids", "track_ids")),
        ("arrays", "people.npz", ("image_ids", "track_ids", "image_size", "fps")),
    ],
)
@pytest.mark.filterwarnings("ignore:got OpenPose keypoints")
def test_there_and_back_is_the_identity(tmp_path, crowd, same, format, name, kept):
    formats.write_keypoints(crowd, tmp_path / name, format)
    same(formats.read(tmp_path / name), crowd, *kept)


@pytest.mark.parametrize("format", ["coco-wholebody", "mmpose", "openpose"])
@pytest.mark.filterwarnings("ignore:got OpenPose keypoints")
def test_what_is_not_known_is_not_invented(tmp_path, squats, same, format):
    alone = Keypoints2D(squats.keypoints[0], squats.scores[0])
    path = tmp_path / "alone.json"
    formats.write_keypoints(alone, path, format)
    read = formats.read(path)
    same(read, alone, "track_ids", "image_size", "fps")
    text = path.read_text()
    assert "NaN" not in text
    json.loads(text)


def test_a_format_that_is_not_there(tmp_path, crowd):
    text = "arrays, coco-wholebody, mmpose, openpose, got 'coco'"
    with pytest.raises(InputError, match=text):
        formats.write_keypoints(crowd, tmp_path / "people.json", "coco")
    assert not list(tmp_path.iterdir())


# What is no format


@pytest.mark.parametrize(
    ("document", "outline"),
    [
        ({"kpts": [], "conf": []}, "got an object with kpts and conf"),
        ([{"bbox": [1, 2, 3, 4]}], "got a list of 1, the first of them an object with bbox"),
        (["a", "b"], "got a list of 2, the first of them 'a'"),
        ("nothing", "got 'nothing'"),
    ],
)
def test_what_was_looked_for_is_listed(save, document, outline):
    with pytest.raises(InputError) as caught:
        formats.read(save(document))
    text = str(caught.value)
    assert outline in text
    for program in ("COCO-WholeBody", "MMPose", "OpenPose or ControlNet", "AlphaPose", "MediaPipe", "arrays"):
        assert f"{program} (" in text


def test_a_folder_without_frames(tmp_path):
    with pytest.raises(InputError, match=r"a folder with a .json file for each frame"):
        formats.read(tmp_path)
