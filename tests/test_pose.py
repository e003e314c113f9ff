from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wholebody_lift import skeleton
from wholebody_lift.errors import InputError
from wholebody_lift.ground import Ground
from wholebody_lift.pose import FRAMES, WORLD, Pose3D


def make_pose(n: int = 3, **changes: Any) -> Pose3D:
    rng = np.random.default_rng(0)
    fields: dict[str, Any] = {
        "xyz": rng.normal(size=(n, 133, 3)).astype(np.float32) * 300,
        "error_mm": rng.uniform(5, 50, (n, 133)).astype(np.float32),
        "observed": rng.random((n, 133)) > 0.2,
        "translation": (rng.normal(size=(n, 3)) * 200 + [0, 0, 4000]).astype(np.float32),
        "K": np.tile(np.array([[1000.0, 0, 500], [0, 1000, 400], [0, 0, 1]]), (n, 1, 1)),
        "distortion": np.zeros((n, 5)),
        "camera_source": "given",
        "reprojection_error_px": rng.uniform(1, 4, n).astype(np.float32),
        "keypoints": rng.uniform(0, 900, (n, 133, 2)).astype(np.float32),
        "scores": rng.uniform(0.3, 1, (n, 133)).astype(np.float32),
        "image_ids": np.arange(n),
        "track_ids": np.arange(n) % 2,
        "fps": 30.0,
    }
    return Pose3D(**{**fields, **changes})


def test_parts_and_names() -> None:
    pose = make_pose()
    assert pose.names == skeleton.KEYPOINT_NAMES
    assert {name: part.shape for name, part in pose.parts.items()} == {
        "body": (3, 17, 3),
        "feet": (3, 6, 3),
        "face": (3, 68, 3),
        "left_hand": (3, 21, 3),
        "right_hand": (3, 21, 3),
    }
    assert np.array_equal(np.concatenate(list(pose.parts.values()), axis=1), pose.xyz)


def test_indexing_keeps_the_person_axis() -> None:
    pose = make_pose()
    assert len(pose) == 3
    assert [len(person) for person in pose] == [1, 1, 1]
    assert np.array_equal(pose[-1].xyz, pose.xyz[2:])
    assert np.array_equal(pose[[2, 0]].error_mm, pose.error_mm[[2, 0]])
    assert np.array_equal(pose[pose.image_ids > 0].K, pose.K[1:])
    assert len(pose[1:]) == 2
    assert len(pose[:0]) == 0
    with pytest.raises(IndexError, match="person 3 of 3"):
        pose[3]


def test_one_bool_chooses_nobody() -> None:
    """What a comparison with track ids that are None gives."""
    pose = make_pose(3, track_ids=None)
    assert pose.track_ids is None
    for chosen in (pose.track_ids == 7, pose.track_ids != 7, np.bool_(True)):
        with pytest.raises(InputError, match=r"mask with a bool for each person, got (True|False)"):
            pose[chosen]
    assert len(pose[np.array([True, False, True])]) == 2


def test_a_frame_rate_of_numpy_is_saved(tmp_path: Path) -> None:
    for rate in (np.int64(25), np.float32(25), np.array(25)):
        pose = replace(make_pose(2), fps=rate)
        assert type(pose.fps) is float
        pose.save(tmp_path / "pose.json")
        assert Pose3D.load(tmp_path / "pose.json").fps == 25


@pytest.mark.parametrize("frame", [frame for frame in FRAMES if frame != WORLD])
def test_frames_there_and_back(frame: str) -> None:
    pose = make_pose()
    turned = pose.to(frame)
    assert turned.frame == frame
    assert np.array_equal(turned.to("opencv").xyz, pose.xyz)
    assert np.array_equal(turned.to("opencv").translation, pose.translation)
    assert np.array_equal(turned.in_camera, turned.xyz + turned.translation[:, None])


TILTED = Ground((0.0, 0.96, 0.28), 1500.0, 2.0, 30.0)


@pytest.mark.parametrize("other", FRAMES)
def test_world_there_and_back(other: str) -> None:
    pose = make_pose(ground=TILTED)
    world = pose.to(other).to(WORLD)
    assert world.frame == WORLD
    assert np.allclose(world.to(other).to("opencv").in_camera, pose.in_camera, atol=2e-3)
    assert np.allclose(world.to(WORLD).in_camera, world.in_camera)


def test_world_is_upright_and_on_the_floor() -> None:
    """z is the height above the floor, and directions from the hips do not depend on where the floor is."""
    pose = make_pose(ground=TILTED)
    world = pose.to(WORLD)
    assert np.allclose(world.in_camera[..., 2], TILTED.height_of(pose.in_camera), atol=1e-2)
    assert np.allclose(world.xyz, pose.xyz @ TILTED.matrix.T, atol=1e-3)


def test_world_needs_a_ground() -> None:
    with pytest.raises(ValueError, match="whose ground is known"):
        make_pose().to(WORLD)
    with pytest.raises(ValueError, match="whose ground is known"):
        make_pose(frame=WORLD)
    with pytest.raises(ValueError, match="whose ground is known"):
        replace(make_pose(ground=TILTED).to(WORLD), ground=None)


def test_summary_tells_the_ground() -> None:
    assert TILTED.in_words() in make_pose(ground=TILTED).summary()
    assert "ground" not in make_pose().summary()


def test_each_frame_means_what_it_says() -> None:
    """A point to the right of, above and behind the hips, as the camera sees it."""
    directions = {
        "image right": (1, 0, 0), "image down": (0, 1, 0), "image up": (0, -1, 0),
        "away from the camera": (0, 0, 1), "towards the camera": (0, 0, -1),
        "level, image right": (1, 0, 0), "level, away from the camera": (0, 0, 1), "up": (0, -1, 0),
    }  # fmt: skip
    for spec in FRAMES.values():
        assert [list(row) for row in spec.matrix] == [list(directions[a]) for a in (spec.x, spec.y, spec.z)]
    assert {name: spec.handedness for name, spec in FRAMES.items()} == {
        "opencv": "right", "opengl": "right", "blender": "right", "unity": "left", "opensim": "right",
        "world": "right",
    }  # fmt: skip
    assert (FRAMES["blender"].z, FRAMES["unity"].y, FRAMES["opensim"].y) == ("image up",) * 3


def test_unknown_frame_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"opencv, opengl, blender, unity, opensim, world, got 'maya'"):
        make_pose().to("maya")


def test_arrays_of_the_wrong_shape_are_named() -> None:
    with pytest.raises(ValueError, match=r"Pose3D.error_mm of shape \(3, 133\), got \(2, 133\)"):
        replace(make_pose(), error_mm=np.ones((2, 133), np.float32))


def test_summary_says_units_axes_camera_and_scale() -> None:
    text = make_pose(1, camera_source="image_size").summary()
    for words in ("1 person in 1 image", "millimetres", "midpoint of the hips", "height_mm", "x image right",
                  "assumed from the image size", "left_hand"):  # fmt: skip
        assert words in text
    assert "as given (K)" in make_pose().summary()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"track_ids": np.full(4, 7)}, "1 person in 4 images at 30 fps, 133 keypoints"),
        (
            {"track_ids": np.array([3, 5, 3, 5]), "image_ids": np.array([0, 0, 1, 1])},
            "2 people in 2 images at 30",
        ),
        ({"track_ids": None}, "1 person in 4 images at 30 fps, 133 keypoints"),
        ({"track_ids": None, "fps": None}, "4 people in 4 images, 133 keypoints"),
        ({"track_ids": None, "image_ids": np.zeros(4, np.int64), "fps": None}, "4 people in 1 image, 133"),
        ({"track_ids": None, "image_ids": np.array([0, 0, 1, 1])}, "4 people in 2 images at 30 fps, 133"),
    ],
)
def test_a_person_in_many_images_is_one_person(changes: dict[str, Any], words: str) -> None:
    pose = make_pose(4, **changes)
    assert pose.summary().startswith(words)
    assert repr(pose).startswith(f"Pose3D({words}")


def test_summary_of_a_video_tells_what_happened() -> None:
    held = np.array([[1, 0], [1, 0], [0, 0], [1, 0]], dtype=bool)
    pose = make_pose(4, track_ids=None, feet_held=held, frame_by_frame_px=np.full(4, 9.25, np.float32))
    pose.observed[1] = False
    text = pose.summary()
    assert "(9.2 px frame by frame)" in text
    assert "1 frame was filled in" in text
    assert "left 75% (0.0 to 0.1, 0.1 to 0.1 s); right never" in text
    lengths = np.ones((4, 133, 3)) * pose.xyz[:1]
    still = replace(pose, xyz=lengths.astype(np.float32)).summary()
    assert "vary by 0.0%" in still
    assert "vary by 0.0%" not in text


def test_summary_of_single_frames_tells_nothing_of_a_video() -> None:
    for pose in (make_pose(1), make_pose(4, fps=None), make_pose(4, image_ids=np.zeros(4, np.int64))):
        assert not any(line.startswith(("video", "feet")) for line in pose.summary().split("\n"))
    assert "filled in" not in make_pose(4, track_ids=None).summary()


def test_summary_tells_what_else_than_feet_was_held() -> None:
    feet, contacts = np.ones((4, 2), bool), np.zeros((4, 5), bool)
    pose = make_pose(4, track_ids=None, feet_held=feet, contacts_held=contacts)
    assert "seat" not in pose.summary()
    contacts[:2, 4] = contacts[:, 1] = True
    assert "right knee 100% (0.0 to 0.1 s); seat 50% (0.0 to 0.1 s)" in pose.summary()
    assert "left knee" not in pose.summary()


def test_feet_of_several_people_are_told_apart() -> None:
    who, when = np.tile(np.arange(6), 2), np.repeat([0, 1], 6)
    pose = make_pose(12, track_ids=who, image_ids=when, feet_held=np.ones((12, 2), bool))
    text = pose.summary()
    assert "person 0: held in place: left 100%" in text
    assert "and those of 2 more people" in text


def test_what_only_sequences_know_is_kept_if_all_pieces_have_it() -> None:
    sequence = make_pose(2, feet_held=np.ones((2, 2), bool), frame_by_frame_px=np.ones(2, np.float32))
    both = Pose3D.concatenate([sequence, sequence])
    assert both.feet_held is not None
    assert both.feet_held.shape == (4, 2)
    assert Pose3D.concatenate([sequence, make_pose(2)]).feet_held is None
    here, there = make_pose(2, ground=TILTED), make_pose(2, ground=replace(TILTED, camera_height_mm=900.0))
    assert Pose3D.concatenate([here, here]).ground == TILTED
    assert Pose3D.concatenate([here, there]).ground is None


def test_nobody_is_counted_as_nobody() -> None:
    assert repr(make_pose(2)[[]]).startswith("Pose3D(0 people in 0 images")
    assert repr(make_pose(2, track_ids=None)[[]]).startswith("Pose3D(0 people in 0 images")


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_save_and_load_lose_nothing(suffix: str, tmp_path: Any) -> None:
    pose = make_pose(image_size=np.tile([1000.0, 800.0], (3, 1))).to("unity")
    pose.save(tmp_path / f"pose{suffix}")
    back = Pose3D.load(tmp_path / f"pose{suffix}")
    for name, value in vars(pose).items():
        loaded = getattr(back, name)
        assert np.array_equal(loaded, value) if isinstance(value, np.ndarray) else loaded == value, name


def test_a_result_is_saved_as_what_the_suffix_says(tmp_path: Path) -> None:
    pose = make_pose(1)
    pose.save(tmp_path / "a.html", title="Somebody")
    assert "<title>Somebody</title>" in (tmp_path / "a.html").read_text(encoding="utf-8")
    with pytest.raises(
        InputError, match=r"expected one of the suffixes \.json.*\.html, \.mp4.*, got '\.fbx'"
    ):
        pose.save(tmp_path / "a.fbx")
    with pytest.raises(TypeError):
        pose.save(tmp_path / "a.html", dpi=100)
    with pytest.raises(FileNotFoundError):
        pose.save(tmp_path / "none" / "a.html")


def test_ids_are_whole_numbers() -> None:
    for name in ("image_ids", "track_ids"):
        with pytest.raises(
            ValueError, match=f"expected Pose3D.{name} as an array of whole numbers, got float64"
        ):
            make_pose(3, **{name: np.arange(3.0)})


def test_pieces_on_different_grounds_are_not_joined_in_the_world() -> None:
    one, other = (make_pose(2, ground=replace(TILTED, camera_height_mm=mm)) for mm in (1500.0, 1600.0))
    with pytest.raises(ValueError, match='pieces of one ground in frame "world", got several'):
        Pose3D.concatenate([one.to("world"), other.to("world")])
    assert Pose3D.concatenate([one, other]).ground is None


def test_a_person_may_be_chosen_by_an_array_of_one_number() -> None:
    pose = make_pose(3)
    assert np.array_equal(pose[np.array(1)].xyz, pose.xyz[1:2])
    with pytest.raises(IndexError):
        pose[np.int64(3)]
