"""Files that people bring, and a second example of each kind.

The files of `tests/data/cases` were made from the squats of the examples, so the truth is known.
"""

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from wholebody_lift import InputError, InputWarning, Keypoints2D, formats
from wholebody_lift.errors import DroppedWarning
from wholebody_lift.layouts import NAMED
from wholebody_lift.skeleton import INDEX, indices

CASES = Path(__file__).parents[2] / "data" / "cases"
SIZE = (720, 1280)
BODY = indices("body")

pytestmark = pytest.mark.filterwarnings("ignore::wholebody_lift.errors.InputWarning")


def read(name, **known) -> Keypoints2D:
    return formats.read(CASES / name, **known)


def off(people, squats, frames, keypoints=BODY) -> float:
    """Largest distance in pixels to the truth, of what both have."""
    truth = squats.keypoints[frames][:, keypoints]
    return float(np.nanmax(np.linalg.norm(people.keypoints[:, keypoints] - truth, axis=-1)))


@pytest.mark.parametrize("name", ["14-b-coco.json", "14-d.json", "14-e.json"])
def test_zero_zero_with_a_score_is_missing(squats, name):
    people = read(name)
    assert off(people, squats, range(len(people))) < 1
    assert not people.observed.all()


def test_what_was_moved_onto_the_border_is_missing():
    content = json.loads((CASES / "31-border.json").read_text())
    bottom = max(max(person["keypoints"][1::3]) for person in content)
    with pytest.warns(InputWarning, match="border"):
        people = read("31-border.json", image_size=(720, bottom))
    assert not people.observed[:, INDEX["left_knee"]].any()
    assert (np.nan_to_num(people.keypoints[..., 1]) < bottom).all()


@pytest.mark.parametrize(
    ("name", "least"),
    [("04-mp-xyz-only.json", 21), ("04-mp-null.json", 21), ("04-mp-xyz-only-body-only.json", 21)],
)
def test_mediapipe_without_visibility_has_seen_everything(squats, name, least):
    people = read(name, image_size=SIZE)
    assert (people.observed[:, indices("body", "feet")].sum(axis=1) >= least).all()
    assert off(people, squats, range(3)) < 1


def test_mediapipe_with_some_visibility_keeps_it(squats):
    landmarks = [{"x": 0.5, "y": 0.01 * i} for i in range(33)]
    landmarks[0]["visibility"] = landmarks[11]["visibility"] = 0.9
    people = formats.read(json.dumps({"poseLandmarks": landmarks}).encode(), image_size=SIZE)
    assert people.observed.sum() == 2


@pytest.mark.parametrize("name", ["04-mp-lists.json", "28-e.json"])
def test_landmarks_in_other_wrappings(name):
    assert read(name, image_size=SIZE).observed[0, BODY].sum() >= 15


@pytest.mark.parametrize("name", ["19-a-coco133_json", "19-b-halpe26_json", "19-c-coco17_json"])
def test_pose2sim_has_all_keypoints_in_the_pose(squats, name):
    people = read(name)
    assert people.image_ids.tolist() == [0, 1, 2, 3]
    assert off(people, squats, range(4)) < 1


@pytest.mark.parametrize("count", [15, 18, 25, 135, 136])
def test_pose2sim_of_other_models(squats, count):
    layout = {15: "mpi", 18: "openpose-coco", 25: "body_25", 135: "body_135", 136: "halpe136"}[count]
    row = np.zeros((count, 3))
    for i, name in enumerate(NAMED[layout].names):
        if name in INDEX and squats.observed[0, INDEX[name]]:
            row[i] = *squats.keypoints[0, INDEX[name]], 0.9
    frame = {"people": [{"pose_keypoints_2d": row.ravel().tolist()}]}
    people = formats.read(json.dumps(frame).encode())
    assert people.observed.sum() == (row[:, 2] > 0).sum()
    assert off(people, squats, [0], range(133)) < 1e-6


@pytest.mark.parametrize("name", ["03-c-2d", "03-d-v1", "03-e-cam"])
def test_the_number_that_varies_is_the_frame(squats, name):
    people = read(name)
    assert people.image_ids.tolist() == list(range(12))
    assert off(people, squats, range(12)) < 1


def test_names_of_images_in_one_file(squats):
    people = read("03-h-alpha-sorted.json")
    assert sorted(people.image_ids.tolist()) == list(range(12))
    assert off(people, squats, people.image_ids) < 1


def test_two_cameras_in_a_folder_are_not_one_video():
    with pytest.raises(InputError, match="one camera"):
        read("28-l")


@pytest.mark.parametrize(
    ("names", "frames"),
    [
        (["left_08.json", "left_09.json", "left_10.json"], [8, 9, 10]),
        (
            ["take2_1_keypoints_2d.json", "take2_10_keypoints_2d.json", "take2_9_keypoints_2d.json"],
            [1, 9, 10],
        ),
        (["20240601_120000_1.json", "20240601_120001_2.json"], [0, 1]),
        (["b.json", "a.json"], [0, 1]),
    ],
)
def test_other_names(squats, tmp_path, names, frames):
    for name in names:
        shutil.copy(CASES / "28-h" / "000000.json", tmp_path / name)
    assert formats.read(tmp_path).image_ids.tolist() == frames


def test_several_numbers_that_vary_are_told(tmp_path):
    for name in ("a1_b2.json", "a2_b7.json"):
        shutil.copy(CASES / "28-h" / "000000.json", tmp_path / name)
    with pytest.warns(DroppedWarning, match="several numbers vary"):
        formats.read(tmp_path)


def test_cameras_told_by_words(tmp_path):
    for name in ("left_1.json", "left_2.json", "right_1.json", "right_2.json"):
        shutil.copy(CASES / "28-h" / "000000.json", tmp_path / name)
    with pytest.raises(InputError, match="one camera"):
        formats.read(tmp_path)


def test_fractions_without_the_size_are_no_pixels():
    for known in ({}, {"image_size": SIZE}):
        with pytest.raises(InputError, match="expected keypoints in pixels"):
            read("10-norm.npy", **known)


@pytest.mark.parametrize("name", ["01-body25b_json", "01-body25b_full.json", "29-h36m.json"])
def test_layouts_with_as_many_keypoints_as_another(squats, name):
    people = read(name)
    assert off(people, squats, range(len(people))) < 1


def test_a_layout_can_be_named(squats):
    alone = np.zeros((1, 17, 3))
    alone[0, 11:] = [
        [300, 300 + 40 * i, 0.9] for i in range(6)
    ]  # an arm and the other: nothing to tell them by
    as_coco = formats.read(json.dumps(alone.tolist()).encode(), layout="coco")
    as_h36m = formats.read(json.dumps(alone.tolist()).encode(), layout="h36m")
    assert as_coco.observed[0, INDEX["left_ankle"]]
    assert as_h36m.observed[0, INDEX["right_wrist"]]
    with pytest.raises(InputError, match="one of the layouts"):
        formats.read(json.dumps(alone.tolist()).encode(), layout="h3.6m")


@pytest.mark.parametrize(
    ("name", "frames"), [("11-a-frames.json", [0, 1, 3, 4]), ("11-d.json", [0, 1, 3, 4])]
)
def test_mmpose_0_as_a_list_of_frames(squats, name, frames):
    people = read(name)
    assert people.image_ids.tolist() == frames
    assert off(people, squats, frames) < 1


def test_a_folder_of_any_json_is_a_video(squats):
    assert read("28-g", image_size=SIZE).image_ids.tolist() == [0, 1, 2]
    people = read("28-h")
    assert people.image_ids.tolist() == [0, 1, 2]
    assert off(people, squats, [0, 0, 0]) < 1


def test_openpose_before_version_1_2(squats):
    people = read("02-oldkeys")
    assert off(people, squats, range(4)) < 1
    assert people.observed[:, indices("left_hand")].any()


def test_people_with_unknown_keys_are_named():
    with pytest.raises(InputError, match=r"pose_keypoints_2d.*got pose2d"):
        formats.read(json.dumps({"people": [{"pose2d": [1, 2, 3]}]}).encode())


def test_minus_one_is_no_track():
    people = read("24-b.json")
    assert people.track_ids is None
    assert people.image_ids.tolist() == [0, 1]


def test_wrong_values_are_named_with_file_entry_and_field():
    with pytest.raises(InputError, match=r"29-x.json: .*pose_landmarks of frame 0.*'a'"):
        read("29-x.json", image_size=SIZE)


def test_sapiens_has_our_body_and_hands():
    people = read("20-sapiens308.json")
    assert people.observed[0, indices("body", "feet", "left_hand", "right_hand")].all()
    assert not people.observed[0, indices("face")].any()


def test_a_ghost_is_read_and_left_to_the_tracker():
    assert len(read("07-ghost")) == 21


# How a file is packed


@pytest.fixture
def content() -> bytes:
    return (CASES / "14-b-coco.json").read_bytes()


def test_a_byte_order_mark_gzip_and_json_lines(content, same):
    expected = formats.read(content)
    same(formats.read(b"\xef\xbb\xbf" + content), expected)
    same(formats.read(gzip.compress(content)), expected)
    lines = "\n".join(json.dumps(person) for person in json.loads(content))
    same(formats.read(lines.encode()), expected, "image_ids")
    same(formats.read(gzip.compress(lines.encode() + b"\n\n")), expected)


def test_gzip_that_unpacks_without_end_is_refused(monkeypatch):
    monkeypatch.setattr("wholebody_lift.formats.loading.MAX_JSON_BYTES", 1000)
    with pytest.raises(InputError, match="at most"):
        formats.read(gzip.compress(b" " * 100_000))


def test_a_million_empty_people_take_no_memory():
    people = [{} for _ in range(100_000)]
    for document in (
        {"people": people},
        {"annotations": people},
        [None] * 99_999 + [{"pose_landmarks": None}],
    ):
        with pytest.raises(InputError):
            formats.read(json.dumps(document).encode(), image_size=SIZE)


@pytest.mark.parametrize(
    "document",
    [
        {"pose_landmarks": 5},
        {"people": ["x"]},
        {"people": 3},
        {"images": None, "annotations": [{"image_id": 1, "keypoints": [1] * 51}]},
        {"images": [{"id": "a"}], "annotations": [{"image_id": 1, "keypoints": [1] * 51}]},
        [{"image_id": "a.jpg", "keypoints": [1] * 51, "idx": "x"}],
        {"people": [{"person_id": "x", "pose_keypoints_2d": [1] * 75}]},
        {"instance_info": [{"frame_id": [], "instances": [{"keypoints": [[1, 2]], "keypoint_scores": [1]}]}]},
        {"predictions": 7},
        {"keypoints": [[10**400, 1]] * 133},
        [[[{"keypoints": 1}]]],
        {"annotations": [{"keypoints": {"a": 1}}]},
    ],
)
def test_odd_values_are_input_errors(document):
    with pytest.raises(InputError, match="expected"):
        formats.read(json.dumps(document).encode(), name="odd.json", image_size=SIZE)


def test_nesting_without_end_is_an_input_error():
    with pytest.raises(InputError):
        formats.read(b"[" * 100_000 + b"]" * 100_000)


def h36m(squats, frame) -> list[float]:
    """The body of a frame in Human3.6M's order."""
    named = {name: squats.keypoints[frame, i] for name, i in INDEX.items()}
    for name, pair in {"hip": "hip", "thorax": "shoulder"}.items():
        named[name] = (named[f"left_{pair}"] + named[f"right_{pair}"]) / 2
    named["spine"] = (named["hip"] + named["thorax"]) / 2
    named["neck_base"] = named["head"] = named["nose"]
    return [float(v) for name in NAMED["h36m"].names for v in (*named[name], 0.9)]


@pytest.mark.parametrize("layout", [None, "h36m"])
def test_human36m_in_the_form_of_coco(squats, layout):
    people = [{"image_id": frame, "keypoints": h36m(squats, frame)} for frame in range(3)]
    read_again = formats.read(json.dumps(people).encode(), layout=layout)
    assert off(read_again, squats, range(3)) < 1e-6
    assert read_again.observed.sum() == 3 * 12


def test_a_layout_that_contradicts_the_parts_is_refused(squats):
    person = {"image_id": 0, "keypoints": h36m(squats, 0), "foot_kpts": [0.0] * 18}
    with pytest.raises(InputError, match="leave out layout"):
        formats.read(json.dumps([person]).encode(), layout="h36m")


def test_minus_one_in_arrays_is_no_track(squats, tmp_path):
    crowd = np.stack((squats.keypoints[0], squats.keypoints[0] + 200))
    np.savez(tmp_path / "crowd.npz", keypoints=crowd, image_ids=[0, 0], track_ids=[-1, -1])
    people = formats.read(tmp_path / "crowd.npz")
    assert len(people) == 2
    assert people.track_ids is None


def test_gzip_may_not_claim_more_memory_than_its_size_justifies(monkeypatch):
    monkeypatch.setattr("wholebody_lift.formats.loading.SLACK_BYTES", 1000)
    with pytest.raises(InputError, match="at most"):
        formats.read(gzip.compress(b"[" + b"[]," * 100_000 + b"[]]"))


def test_a_landmark_alone_is_no_body():
    for part in ([None], [5], ["x"], [{"landmarks": None}]):
        with pytest.raises(InputError, match="frame 0 to be a list of landmarks"):
            formats.read(json.dumps({"pose_landmarks": part}).encode(), image_size=SIZE)
