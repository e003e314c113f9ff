"""Files as OpenPose's --write_json and ControlNet's preprocessors write them."""

import json

import numpy as np
import pytest

from wholebody_lift import formats
from wholebody_lift.errors import InputError, InputWarning
from wholebody_lift.skeleton import INDEX, PARTS

# OpenPose, doc/02_output.md, POSE_BODY_25_BODY_PARTS: "R" and "L" first.
BODY_25 = [
    *("Nose", "Neck", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist"),
    *("MidHip", "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "REye", "LEye", "REar", "LEar"),
    *("LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel"),
]
OURS = {
    "Nose": "nose",
    **{
        f"{side[0].upper()}{name.title().replace('_', '')}": f"{side}_{name}"
        for side in ("left", "right")
        for name in (
            *("shoulder", "elbow", "wrist", "hip", "knee", "ankle"),
            *("eye", "ear", "big_toe", "small_toe", "heel"),
        )
    },
}


def row(part: str) -> slice:
    return slice(PARTS[part].start, PARTS[part].stop)


def person(triples: np.ndarray, **extra) -> dict:
    """One person of --write_json, from (133, 3) x, y, score; neck, hips and pupils somewhere."""
    body = [triples[INDEX[OURS[name]]] if name in OURS else np.array([1.0, 2.0, 0.9]) for name in BODY_25]
    pupils = [np.array([3.0, 4.0, 0.9])] * 2
    return {
        "person_id": [-1],
        "pose_keypoints_2d": np.ravel(body).tolist(),
        "face_keypoints_2d": np.ravel([*triples[row("face")], *pupils]).tolist(),
        "hand_left_keypoints_2d": triples[row("left_hand")].ravel().tolist(),
        "hand_right_keypoints_2d": triples[row("right_hand")].ravel().tolist(),
        "pose_keypoints_3d": [],
        "face_keypoints_3d": [],
        "hand_left_keypoints_3d": [],
        "hand_right_keypoints_3d": [],
        **extra,
    }


@pytest.fixture
def people(crowd, triples):
    return [person(row) for row in triples(crowd)]


told = pytest.mark.filterwarnings("ignore:got OpenPose keypoints")


def test_what_has_no_place_is_told_once(save, people):
    with pytest.warns(InputWarning) as caught:
        formats.read(save({"version": 1.3, "people": people}))
    assert [str(warning.message) for warning in caught] == [
        "got OpenPose keypoints: neck, mid_hip, right_pupil and left_pupil, which COCO-WholeBody does not "
        "have, left out"
    ]
    assert caught[0].filename == __file__


@told
def test_one_frame(save, crowd, people, same):
    read = formats.read(save({"version": 1.3, "people": people}))
    same(read, crowd)
    assert read.image_ids is None
    assert read.track_ids is None
    assert read.image_size is None


@told
def test_a_folder_of_frames(tmp_path, crowd, people, same):
    for frame in range(7):
        inside = [
            {**p, "person_id": [int(t)]}
            for p, i, t in zip(people, crowd.image_ids, crowd.track_ids, strict=True)
            if i == frame
        ]
        file = tmp_path / f"clip1_{frame:012d}_keypoints.json"
        file.write_text(json.dumps({"version": 1.3, "people": inside}))
    same(formats.read(tmp_path), crowd, "image_ids", "track_ids")


def test_a_folder_of_something_else(tmp_path, people):
    (tmp_path / "clip_000000000000_keypoints.json").write_text(json.dumps({"people": people}))
    (tmp_path / "notes.json").write_text('{"title": "clip"}')
    with pytest.raises(InputError, match=r"notes.json: expected one of"):
        formats.read(tmp_path)


@told
def test_without_face_and_hands(save, crowd, people, same):
    for p in people:
        for key in ("face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d"):
            p[key] = []
    with pytest.warns(InputWarning, match=r"left out; face, left_hand and right_hand missing$"):
        read = formats.read(save({"people": people}))
    np.testing.assert_array_equal(read.keypoints[:, :23], crowd.keypoints[:, :23])
    assert not read.observed[:, 23:].any()


def comfy(people, size=(720, 1280), scale=(1, 1)) -> list[dict]:
    """Each person in a frame of their own, as comfyui_controlnet_aux writes it: 18 keypoints, scores 0, 1."""
    frames = []
    for p in people:
        body = np.reshape(p["pose_keypoints_2d"], (-1, 3))
        parts = {
            "pose_keypoints_2d": body[[*range(8), *range(9, 19)]],
            "face_keypoints_2d": np.reshape(p["face_keypoints_2d"], (-1, 3)),
            "hand_left_keypoints_2d": np.reshape(p["hand_left_keypoints_2d"], (-1, 3)),
            "hand_right_keypoints_2d": np.reshape(p["hand_right_keypoints_2d"], (-1, 3)),
        }
        for triples in parts.values():
            triples[:, 2] = triples[:, 2] > 0
            triples[:, :2] *= triples[:, 2:] / scale
        frame = {key: triples.ravel().tolist() if triples.any() else None for key, triples in parts.items()}
        frames.append({"people": [frame], "canvas_height": size[1], "canvas_width": size[0]})
    return frames


@told
@pytest.mark.parametrize("scale", [(1, 1), (720, 1280)])
def test_controlnet_in_pixels_and_in_fractions(save, crowd, people, scale):
    with pytest.warns(InputWarning, match="neck, right_pupil and left_pupil, .* left out; feet missing"):
        read = formats.read(save(comfy(people, scale=scale)))
    expected = np.where(crowd.observed[..., None], crowd.keypoints, np.nan)
    expected[:, row("feet")] = np.nan
    np.testing.assert_allclose(read.keypoints, expected, rtol=1e-12)
    assert read.image_ids.tolist() == list(range(6))
    assert (read.image_size == (720, 1280)).all()
    assert set(np.unique(read.scores)) == {0, 1}


@told
def test_controlnet_without_hands_with_68_in_the_face_and_with_feet(save, crowd, people, triples):
    (frame,) = comfy(people[:1])
    found = frame["people"][0]
    found["hand_left_keypoints_2d"] = None
    found["face_keypoints_2d"] = found["face_keypoints_2d"][: 3 * 68]
    found["foot_keypoints_2d"] = triples(crowd)[0, row("feet")].ravel().tolist()
    read = formats.read(save(frame))
    np.testing.assert_array_equal(read.observed[0, row("left_hand")], False)
    np.testing.assert_array_equal(read.keypoints[0, row("face")], crowd.keypoints[0, row("face")])
    np.testing.assert_array_equal(read.keypoints[0, row("feet")], crowd.keypoints[0, row("feet")])


@told
def test_fractions_without_a_canvas(save, people):
    for p in people:
        for key in ("pose", "face", "hand_left", "hand_right"):
            triples = np.reshape(p[f"{key}_keypoints_2d"], (-1, 3)) / (720, 1280, 1)
            p[f"{key}_keypoints_2d"] = triples.ravel().tolist()
    path = save({"people": people})
    with pytest.raises(InputError, match=r"got fractions without it"):
        formats.read(path)
    assert np.nanmax(formats.read(path, image_size=(720, 1280)).keypoints) > 700


@told
def test_coordinates_from_minus_1_to_1(save, people):
    (p,) = people[:1]
    for key in ("pose", "face", "hand_left", "hand_right"):
        triples = np.reshape(p[f"{key}_keypoints_2d"], (-1, 3)) / (360, 640, 1) - (1, 1, 0)
        p[f"{key}_keypoints_2d"] = triples.ravel().tolist()
    with pytest.raises(InputError, match="which look like OpenPose's keypoint_scale 4"):
        formats.read(save({"people": [p]}))


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"version": 1.3, "people": []}, "got a list without people"),
        (
            {"people": [{"pose_keypoints_2d": [1] * 42}]},
            "25 .OpenPose's BODY_25. .* keypoints per person, got 14",
        ),
        (
            {"people": [{"pose_keypoints_2d": ["a"] * 75}]},
            "pose_keypoints_2d of person 0 as numbers",
        ),
    ],
)
def test_wrong_content(save, document, text):
    with pytest.raises(InputError, match=text):
        formats.read(save(document))


# Writing


@told
def test_what_is_written_is_laid_out_as_openpose_does(tmp_path, crowd, triples):
    formats.write_keypoints(crowd, tmp_path / "clip", "openpose")
    assert sorted(file.name for file in (tmp_path / "clip").iterdir()) == [
        f"clip_{frame:012d}_keypoints.json" for frame in (3, 4, 6)
    ]
    document = json.loads((tmp_path / "clip" / "clip_000000000006_keypoints.json").read_text())
    assert [p["person_id"] for p in document["people"]] == [[7], [9]]
    written, expected = document["people"][0], person(triples(crowd)[4])
    for key in ("hand_left_keypoints_2d", "hand_right_keypoints_2d"):
        assert written[key] == expected[key]
    assert written["face_keypoints_2d"] == expected["face_keypoints_2d"][:-6] + [0.0] * 6
    body = dict(zip(BODY_25, np.reshape(written["pose_keypoints_2d"], (-1, 3)), strict=True))
    for name, ours in OURS.items():
        np.testing.assert_array_equal(body[name], triples(crowd)[4, INDEX[ours]])
    np.testing.assert_allclose(body["Neck"][:2], (body["LShoulder"] + body["RShoulder"])[:2] / 2)
    assert body["MidHip"][2] == min(body["LHip"][2], body["RHip"][2])


@told
def test_a_middle_of_something_missing_is_missing(tmp_path, crowd):
    formats.write_keypoints(crowd[1], tmp_path / "one.json", "openpose")
    (written,) = json.loads((tmp_path / "one.json").read_text())["people"]
    body = dict(zip(BODY_25, np.reshape(written["pose_keypoints_2d"], (-1, 3)).tolist(), strict=True))
    assert body["Neck"] == body["MidHip"] == [0, 0, 0]


def test_one_file_for_several_images(tmp_path, crowd):
    with pytest.raises(InputError, match="got 3 images; OpenPose has a file for each"):
        formats.write_keypoints(crowd, tmp_path / "all.json", "openpose")


def test_a_folder_with_frames_of_another_video_is_refused(tmp_path, crowd):
    formats.write_keypoints(crowd.replace(image_ids=range(len(crowd))), tmp_path / "video", "openpose")
    one = crowd[:1].replace(image_ids=[0])
    with pytest.raises(InputError, match="folder without frames of another video"):
        formats.write_keypoints(one, tmp_path / "video", "openpose")
