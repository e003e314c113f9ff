import dataclasses
import sys

import numpy as np
import pytest
from moving import clip, without_tracks

from wholebody_lift import formats, outputs
from wholebody_lift.formats.results.motion import motion
from wholebody_lift.formats.results.pose_header import header
from wholebody_lift.ground import Ground
from wholebody_lift.pose import FRAMES, WORLD
from wholebody_lift.skeleton import INDEX, indices
from wholebody_lift.tracks import STILL_FPS


def test_rows_in_any_order_are_people_over_time():
    pose = clip(10, tracks=(7, 2))
    shuffled = pose[np.random.default_rng(1).permutation(len(pose))]
    for moving in (motion(pose, "opencv", "camera"), motion(shuffled, "opencv", "camera")):
        assert [track.name for track in moving.tracks] == ["person2", "person7"]
        assert (moving.fps, moving.length) == (25, 10)
        for track, one in zip(moving.tracks, (2, 7), strict=True):
            rows = pose[pose.track_ids == one]
            np.testing.assert_array_equal(track.frames, np.arange(10))
            np.testing.assert_array_equal(track.xyz, rows.in_camera)
            np.testing.assert_array_equal(track.observed, rows.observed)


def test_without_track_ids_one_person_per_image_is_a_sequence():
    moving = motion(without_tracks(clip(10)), "opencv")
    assert [track.name for track in moving.tracks] == ["person"]
    assert len(moving.tracks[0].frames) == 10


def test_without_track_ids_people_of_one_image_are_people():
    pose = without_tracks(clip(1, tracks=(1, 2, 3)))
    assert [track.name for track in motion(pose, "opencv").tracks] == ["person0", "person1", "person2"]


def test_it_must_be_known_who_is_who():
    with pytest.raises(ValueError, match=r"got 20 people in 10 images without track ids.*give track_ids"):
        motion(without_tracks(clip(10, tracks=(1, 2))), "opencv")


def test_a_person_is_in_an_image_once():
    pose = clip(10)
    twice = dataclasses.replace(pose, image_ids=np.minimum(pose.image_ids, 8))
    with pytest.raises(ValueError, match=r"got person .* twice in one"):
        motion(twice, "opencv")


def test_the_frame_rate_must_be_known_but_for_a_still():
    with pytest.raises(ValueError, match=r"got 10 frames without one; set it: dataclasses.replace"):
        motion(clip(10, fps=None), "opencv")
    assert motion(clip(1, fps=None), "opencv").fps == STILL_FPS
    assert motion(clip(1), "opencv").fps == 25


def test_every_third_frame_has_a_third_of_the_rate_and_gaps_stay_gaps():
    pose = dataclasses.replace(clip(5), image_ids=np.array([100, 103, 106, 115, 118]))
    moving = motion(pose, "opencv", "camera")
    assert moving.fps == pytest.approx(25 / 3)
    assert moving.length == 7
    (track,) = moving.tracks
    np.testing.assert_array_equal(track.frames, [0, 1, 2, 5, 6])
    filled = track.without_gaps()
    np.testing.assert_array_equal(filled[track.frames], track.xyz)
    np.testing.assert_allclose(filled[3], (2 * track.xyz[2] + track.xyz[3]) / 3)


def test_ids_of_a_data_set_are_no_frames():
    pose = dataclasses.replace(clip(3), image_ids=np.array([139, 285, 581929]))
    with pytest.raises(ValueError, match="expected image ids that count video frames, got 3 images"):
        motion(pose, "opencv")


@pytest.mark.parametrize(
    "frame", [name for name, spec in FRAMES.items() if spec.handedness == "right" and name != WORLD]
)
def test_the_ground_is_under_the_feet(frame):
    pose = clip(10, tracks=(1, 2))
    up = FRAMES[frame].matrix @ (0, -1, 0)
    moving = motion(pose, frame)
    feet = np.concatenate([track.xyz[:, indices("feet")] for track in moving.tracks])
    lowest = (feet @ up).min(axis=1)
    assert (lowest < 0).sum() <= 1
    assert np.percentile(lowest, 5) == pytest.approx(0, abs=1e-3)
    hips = [track.xyz[0, [INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=0) for track in moving.tracks]
    middle = np.mean(hips, axis=0)
    np.testing.assert_allclose(middle - (middle @ up) * up, 0, atol=1e-3)


def test_origins_differ_by_a_step_alone():
    pose = clip(10)
    ground, camera, hips = (
        motion(pose, "opengl", origin).tracks[0].xyz for origin in ("ground", "camera", "hips")
    )
    np.testing.assert_allclose(
        camera - ground, np.broadcast_to((camera - ground)[0, 0], camera.shape), atol=1e-9
    )
    np.testing.assert_array_equal(camera, pose.to("opengl").in_camera)
    np.testing.assert_array_equal(hips, pose.to("opengl").xyz)


@pytest.mark.parametrize(
    ("frame", "origin", "text"),
    [
        ("unity", "ground", "right-handed frame.*got 'unity'"),
        ("maya", "ground", "one of the frames.*got 'maya'"),
        ("opengl", "floor", "one of the origins ground, camera, hips, got 'floor'"),
    ],
)
def test_options_that_are_not_known(frame, origin, text):
    with pytest.raises(ValueError, match=text):
        motion(clip(3), frame, origin)


@pytest.mark.parametrize(
    ("package", "extra", "suffix"), [("ezc3d", "c3d", ".c3d"), ("rerun", "rerun", ".rrd")]
)
def test_a_missing_extra_is_named(tmp_path, monkeypatch, package, extra, suffix):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf'pip install "wholebody-lift\[{extra}\]"'):
        formats.write(clip(3), tmp_path / f"walk{suffix}")
    assert not list(tmp_path.iterdir())


def test_nobody():
    with pytest.raises(ValueError, match="at least one person"):
        motion(clip(3)[:0], "opencv")


def test_one_person_is_asked_for():
    with pytest.raises(ValueError, match=r"a TRC file holds one, got 2 \(person3 and person8\)"):
        motion(clip(3, tracks=(3, 8)), "opencv").only_track("a TRC file")


def test_the_description_says_units_apart_all_there_is_to_know():
    words = motion(clip(3), "opensim").description
    for word in ("opensim", "right-handed", "y image up", "ground", "25 frames per second"):
        assert word in words


def test_a_result_in_world_stays_level_and_on_its_floor():
    pose = dataclasses.replace(clip(10), ground=Ground((0.0, 0.8, 0.6), 1200.0, 1.0, 10.0))
    world = pose.to("world")
    moving = motion(world, "opengl")
    np.testing.assert_allclose(moving.tracks[0].xyz[..., 1], world.in_camera[..., 2], atol=1e-3)
    assert np.abs(moving.tracks[0].xyz[0, [11, 12]].mean(axis=0)[[0, 2]]).max() < 1e-3
    same = motion(pose, "world", "camera")
    np.testing.assert_allclose(same.tracks[0].xyz, world.in_camera)
    assert same.frame == "world"


@pytest.mark.parametrize("suffix", [".bvh", ".glb", ".trc", ".mot", ".csv"])
def test_every_kind_of_file_can_be_level(tmp_path, suffix):
    pose = dataclasses.replace(clip(10), ground=Ground((0.0, 0.8, 0.6), 1200.0, 1.0, 10.0))
    tilted, level, again = (tmp_path / name / f"walk{suffix}" for name in ("tilted", "level", "again"))
    outputs.write(pose, tilted)
    outputs.write(pose, level, frame="world")
    again.parent.mkdir()
    formats.write(pose.to("world"), again)
    assert level.read_bytes() == again.read_bytes()
    assert level.read_bytes() != tilted.read_bytes()


def test_a_level_result_says_so():
    pose = dataclasses.replace(clip(4), ground=Ground((0.0, 0.96, 0.28), 1500.0, 2.0, 30.0))
    assert "origin at the camera" in motion(pose, "blender", "camera").description
    level = motion(pose.to("world"), "opengl", "camera").description
    assert "origin on the floor under the camera" in level
    assert "for a camera held level" in level
    assert "floor under the camera" in header(pose.to("world"))["units"]["translation"]
    assert "from the camera" in header(pose)["units"]["translation"]
