import csv
import json
import math

import numpy as np
import pytest

from wholebody_lift import formats
from wholebody_lift.errors import InputError
from wholebody_lift.formats.results.pose_csv import HEADER
from wholebody_lift.ground import Ground
from wholebody_lift.pose import FIELD_NAMES, FRAMES, WORLD, Pose3D
from wholebody_lift.skeleton import EDGES, KEYPOINT_NAMES, PARENTS, PARTS


def make_pose(n: int = 3, *, frame: str = "opencv", image_size: bool = True) -> Pose3D:
    random = np.random.default_rng(0)

    def normal(*shape):
        return (500 * random.standard_normal(shape)).astype(np.float32)

    observed = random.random((n, 133)) < 0.7
    K = np.eye(3) + random.random((n, 3, 3))
    return Pose3D(
        xyz=normal(n, 133, 3),
        error_mm=np.abs(normal(n, 133)),
        observed=observed,
        translation=normal(n, 3),
        K=K,
        distortion=random.random((n, 5)),
        camera_source="image_size" if image_size else "keypoints",
        reprojection_error_px=np.abs(normal(n)),
        keypoints=np.where(observed[..., None], normal(n, 133, 2), np.float32(np.nan)),
        scores=np.where(observed, random.random((n, 133)), 0).astype(np.float32),
        image_ids=np.array([2**53 + 1, 3, 3][:n]),
        track_ids=np.array([7, 2**53 + 1, 7][:n]),
        fps=29.97,
        image_size=np.array([[640.0, 480.0]] * n) if image_size else None,
        scale_source="height_mm",
        frame=frame,
        feet_held=random.random((n, 2)) < 0.5 if image_size else None,
        contacts_held=random.random((n, 5)) < 0.5 if image_size else None,
        ground=Ground((0.0, 0.96, -0.28), 1500.5, 2.0, 30.0, "gravity")
        if image_size or frame == WORLD
        else None,
        frame_by_frame_px=np.array([1, np.nan, 2], np.float32)[:n] if image_size else None,
    )


def same(a: Pose3D, b: Pose3D) -> None:
    for name in FIELD_NAMES:
        first, second = getattr(a, name), getattr(b, name)
        np.testing.assert_array_equal(first, second, err_msg=name)
        if isinstance(first, np.ndarray):
            assert first.dtype == second.dtype, name


@pytest.mark.parametrize("suffix", [".npz", ".json", ".NPZ", ".JSON"])
@pytest.mark.parametrize("frame", sorted(FRAMES))
@pytest.mark.parametrize("image_size", [True, False])
def test_there_and_back_is_the_identity(tmp_path, suffix, frame, image_size):
    pose = make_pose(frame=frame, image_size=image_size)
    path = tmp_path / f"pose{suffix}"
    formats.write(pose, path)
    same(formats.read_pose(path), pose)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_nobody_comes_back(tmp_path, suffix):
    path = tmp_path / f"nobody{suffix}"
    Pose3D.empty(fps=25).save(path)
    same(Pose3D.load(path), Pose3D.empty(fps=25))


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_save_and_load_of_a_pose_do_the_same(tmp_path, suffix):
    path = str(tmp_path / f"pose{suffix}")
    pose = make_pose(1)
    pose.save(path)
    same(Pose3D.load(path), pose)


@pytest.mark.parametrize(
    "value", [np.float32(0.1), np.float32(1e-30), np.float32(16777217), np.float32(-0.0)]
)
def test_json_keeps_every_bit_of_a_float32(tmp_path, value):
    pose = make_pose(1)
    pose.xyz[0, 0] = value
    formats.write(pose, tmp_path / "pose.json")
    read = formats.read_pose(tmp_path / "pose.json").xyz[0, 0]
    np.testing.assert_array_equal(read.view(np.uint32), pose.xyz[0, 0].view(np.uint32))


def test_json_describes_itself_strictly(tmp_path):
    pose = make_pose(frame="unity")
    path = tmp_path / "pose.json"
    formats.write(pose, path)

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    document = json.loads(path.read_text(), parse_constant=refuse)
    assert (document["format"], document["version"]) == ("wholebody-lift pose", 1)
    assert document["frame"] == {
        "name": "unity",
        "x": FRAMES["unity"].x,
        "y": FRAMES["unity"].y,
        "z": FRAMES["unity"].z,
        "handedness": "left",
        "origin": "midpoint of left_hip and right_hip",
    }
    assert document["units"]["xyz"].startswith("mm")
    assert document["skeleton"]["names"] == list(KEYPOINT_NAMES)
    assert document["skeleton"]["parents"] == list(PARENTS)
    assert document["skeleton"]["edges"] == [list(edge) for edge in EDGES]
    assert document["skeleton"]["parts"]["left_hand"] == [PARTS["left_hand"].start, PARTS["left_hand"].stop]
    assert [person["image_id"] for person in document["people"]] == pose.image_ids.tolist()
    missing = np.flatnonzero(~pose.observed[0])[0]
    assert document["people"][0]["keypoints"][missing] == [None, None]
    assert set(document["units"]) <= set(document["people"][0])


def test_npz_describes_itself(tmp_path):
    formats.write(make_pose(), tmp_path / "pose.npz")
    formats.write(make_pose(), tmp_path / "pose.json")
    with np.load(tmp_path / "pose.npz", allow_pickle=False) as file:
        header = json.loads(str(file["header"]))
    document = json.loads((tmp_path / "pose.json").read_text())
    del document["people"]
    assert header == document


def test_csv_has_a_row_per_keypoint(tmp_path):
    pose = make_pose(frame="blender")
    path = tmp_path / "pose.csv"
    formats.write(pose, path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == HEADER
    assert len(rows) == 3 * 133

    def column(name):
        return np.array([row[name] or "nan" for row in rows], dtype=np.float32).reshape(3, 133)

    for axis, name in enumerate("xyz"):
        np.testing.assert_array_equal(column(f"{name}_mm"), pose.xyz[..., axis])
        np.testing.assert_array_equal(column(f"origin_{name}_mm")[:, 0], pose.translation[:, axis])
    for axis, name in enumerate("xy"):
        np.testing.assert_array_equal(column(f"input_{name}_px"), pose.keypoints[..., axis])
    np.testing.assert_array_equal(column("error_mm"), pose.error_mm)
    np.testing.assert_array_equal(column("score"), pose.scores)
    np.testing.assert_array_equal(column("observed"), pose.observed)
    assert [row["name"] for row in rows] == 3 * list(KEYPOINT_NAMES)
    assert [row["part"] for row in rows[:133]] == [name for name, part in PARTS.items() for _ in part]
    assert {row["frame"] for row in rows} == {"blender"}
    assert [int(rows[i]["image_id"]) for i in (0, 133, 266)] == pose.image_ids.tolist()
    assert [int(rows[i]["track_id"]) for i in (0, 133, 266)] == pose.track_ids.tolist()
    assert {row["fps"] for row in rows} == {"29.97"}
    assert (rows[266]["person"], rows[266]["keypoint"]) == ("2", "0")


@pytest.mark.parametrize("name", ["pose.fbx", "pose", "pose.npy"])
def test_unknown_suffix(tmp_path, name):
    with pytest.raises(
        InputError,
        match=r"suffixes .json, .npz, .csv, .trc, .mot, .c3d, .bvh, .glb, .rrd, got",
    ):
        formats.write(make_pose(1), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_csv_is_not_read_back(tmp_path):
    formats.write(make_pose(1), tmp_path / "pose.csv")
    with pytest.raises(InputError, match=r"pose.csv: expected .* \(.json or .npz\), got .csv"):
        formats.read_pose(tmp_path / "pose.csv")


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_a_result_is_no_input_and_an_input_no_result(tmp_path, example_data, suffix):
    path = tmp_path / f"pose{suffix}"
    formats.write(make_pose(), path)
    with pytest.raises(InputError, match="got a 3D result; open it with"):
        formats.read(path)
    with pytest.raises(InputError, match="expected a 3D result"):
        formats.read_pose(example_data / "squats.json")
    np.savez(tmp_path / "keypoints.npz", keypoints=np.ones((133, 2)))
    with pytest.raises(InputError, match="expected a 3D result"):
        formats.read_pose(tmp_path / "keypoints.npz")


def test_damaged_files(tmp_path):
    for name in ("pose.npz", "pose.json"):
        path = tmp_path / name
        formats.write(make_pose(), path)
        path.write_bytes(path.read_bytes()[:-500])
        with pytest.raises(InputError, match=rf"{name}: not a valid "):
            formats.read_pose(path)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda d: d.update(version=2),
            "version 2; read it with",
        ),
        (lambda d: d.update(format="other"), "expected format 'wholebody-lift pose' version 1, got 'other'"),
        (lambda d: d["skeleton"]["names"].reverse(), "expected the keypoint names of COCO-WholeBody"),
        (lambda d: d.pop("units"), None),
        (lambda d: d.pop("frame"), "without its description"),
        (lambda d: d.pop("people"), "expected people to be a list of objects"),
        (lambda d: d["people"][1].pop("xyz"), "expected xyz for every person, got person 1 without"),
        (lambda d: d["people"][1]["xyz"].pop(), "the result is damaged"),
        (lambda d: d["people"][1].update(scores="a"), "the result is damaged"),
        (lambda d: d["frame"].update(name="maya"), "got 'maya'"),
        (lambda d: d.update(people={}), "expected people to be a list of objects"),
        *((lambda d, fps=fps: d.update(fps=fps), "expected fps ") for fps in (0, -5, math.nan, "x", 1e9)),
        (lambda d: d.update(camera_source="guess"), "expected camera_source given or"),
        (lambda d: d.update(scale_source=[]), "expected scale_source height_mm or"),
        (
            lambda d: d["people"][1]["xyz"][5].__setitem__(0, None),
            "xyz: expected finite numbers, got others for",
        ),
        (lambda d: d["people"][1]["error_mm"].__setitem__(0, 1e300), "error_mm: expected finite numbers"),
        (lambda d: d["people"][1]["scores"].__setitem__(0, 2), "scores: expected numbers from 0 to 1"),
        (lambda d: d["people"][1].update(image_id=2**63), "image_ids: expected int64"),
        (lambda d: d["people"][1].update(image_id=1.5), "image_ids: expected int64"),
        (lambda d: d["people"][1].update(image_id=None), "image_ids: expected int64"),
        (lambda d: d["people"].append(7), "expected people to be a list of objects"),
    ],
)
def test_json_with_wrong_content(tmp_path, change, text):
    path = tmp_path / "pose.json"
    formats.write(make_pose(), path)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    if text is None:
        same(formats.read_pose(path), make_pose())
        return
    with pytest.raises(InputError) as caught:
        formats.read_pose(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert text in str(caught.value)


def test_npz_with_wrong_content(tmp_path):
    path = tmp_path / "pose.npz"
    formats.write(make_pose(), path)
    with np.load(path) as file:
        whole = dict(file)
    np.savez(path, **{name: value for name, value in whole.items() if name != "xyz"})
    with pytest.raises(InputError, match="expected a result with xyz"):
        formats.read_pose(path)
    np.savez(path, **{**whole, "xyz": np.ones((2, 2))})
    with pytest.raises(InputError, match="the result is damaged"):
        formats.read_pose(path)
    np.savez(path, **whole, extra=np.ones(2))
    with pytest.raises(InputError, match="the result is damaged"):
        formats.read_pose(path)


@pytest.mark.parametrize(
    "damage",
    [{"down": [0, 5, 0]}, {"down": 3}, {"source": "a guess"}, {"camera_height_mm": None}, {"more": 1}],
)
def test_a_damaged_ground_is_refused(tmp_path, damage):
    path = tmp_path / "pose.json"
    make_pose().save(path)
    document = json.loads(path.read_text())
    document["ground"] |= damage
    path.write_text(json.dumps(document))
    with pytest.raises(InputError):
        Pose3D.load(path)
