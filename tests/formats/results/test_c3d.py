import dataclasses

import numpy as np
import pytest
from moving import clip

from wholebody_lift import formats
from wholebody_lift.formats.results import c3d
from wholebody_lift.formats.results.motion import motion
from wholebody_lift.skeleton import INDEX, KEYPOINT_NAMES

ezc3d = pytest.importorskip("ezc3d", reason="the extra c3d")


def parameter(file, group, name):
    return file["parameters"][group][name]["value"]


def test_there_and_back(tmp_path):
    pose = clip(10)
    formats.write(pose, tmp_path / "walk.c3d")
    file = ezc3d.c3d(str(tmp_path / "walk.c3d"))
    assert parameter(file, "POINT", "UNITS") == ["mm"]
    assert parameter(file, "POINT", "LABELS") == list(KEYPOINT_NAMES)
    assert parameter(file, "POINT", "RATE")[0] == 25
    assert parameter(file, "POINT", "X_SCREEN") == ["+X"]
    assert parameter(file, "POINT", "Y_SCREEN") == ["+Z"]
    assert parameter(file, "WHOLEBODY_LIFT", "FRAME") == ["blender"]
    assert "25 frames per second" in parameter(file, "WHOLEBODY_LIFT", "DESCRIPTION")[0]
    xyz = file["data"]["points"][:3].T  # (T, K, 3)
    np.testing.assert_allclose(xyz, motion(pose, "blender").tracks[0].xyz, atol=1e-3)
    assert (xyz[:, INDEX["nose"], 2] > xyz[:, INDEX["left_knee"], 2]).all()  # z is up
    meta = file["data"]["meta_points"]
    np.testing.assert_allclose(meta["residuals"][0].T, pose.error_mm, atol=0.5)
    np.testing.assert_array_equal(meta["camera_masks"][0].T, pose.observed)
    assert not meta["camera_masks"][1:].any()


def test_what_is_not_there_is_absent(tmp_path):
    pose = dataclasses.replace(clip(4), image_ids=np.array([0, 1, 2, 4]))
    formats.write(pose, tmp_path / "walk.c3d", inferred=False)
    file = ezc3d.c3d(str(tmp_path / "walk.c3d"))
    there = np.zeros((5, 133), dtype=bool)
    there[[0, 1, 2, 4]] = pose.observed
    np.testing.assert_array_equal(~np.isnan(file["data"]["points"][0].T), there)
    np.testing.assert_array_equal(file["data"]["meta_points"]["residuals"][0].T >= 0, there)


def test_several_people(tmp_path):
    pose = clip(6, tracks=(3, 8))
    later = pose[4:]
    for one in (3, 8):
        formats.write(later, tmp_path / "two.c3d", frame="opensim", origin="camera")
        file = ezc3d.c3d(str(tmp_path / f"two-person{one}.c3d"))
        assert parameter(file, "POINT", "LABELS") == list(KEYPOINT_NAMES)
        wanted = later[later.track_ids == one].to("opensim").in_camera
        np.testing.assert_allclose(file["data"]["points"][:3].T, wanted, atol=1e-3)
        assert parameter(file, "POINT", "X_SCREEN") == ["+Z"]
        assert parameter(file, "POINT", "Y_SCREEN") == ["+Y"]
    assert len(list(tmp_path.iterdir())) == 2


def test_several_people_have_one_clock(tmp_path):
    pose = clip(6, tracks=(3, 8))
    formats.write(pose[np.flatnonzero((pose.track_ids == 3) | (pose.image_ids > 3))], tmp_path / "two.c3d")
    for one, frames in ((3, 6), (8, 2)):
        x = ezc3d.c3d(str(tmp_path / f"two-person{one}.c3d"))["data"]["points"][0]
        assert x.shape == (133, 6)
        assert (~np.isnan(x)).all(axis=0).tolist() == [False] * (6 - frames) + [True] * frames


def test_a_file_that_is_cut_is_an_error(tmp_path, monkeypatch):
    """ezc3d itself says nothing."""
    monkeypatch.setattr(c3d, "_BYTES_PER_NUMBER", 5)
    with pytest.raises(OSError, match=r"not completely written.*walk\.c3d"):
        formats.write(clip(100), tmp_path / "walk.c3d")
    assert not list(tmp_path.iterdir())


def test_an_error_beyond_the_scale_of_the_residual(tmp_path):
    pose = clip(2)
    pose.error_mm[0, 0] = 1000
    formats.write(pose, tmp_path / "walk.c3d")
    file = ezc3d.c3d(str(tmp_path / "walk.c3d"))
    assert file["data"]["meta_points"]["residuals"][0, 0, 0] == 255


def test_more_frames_than_a_file_counts_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(c3d, "_MOST_FRAMES", 5)
    formats.write(clip(5), tmp_path / "walk.c3d")
    with pytest.raises(ValueError, match="at most 5 frames, as a C3D file counts no more, got 6"):
        formats.write(clip(6), tmp_path / "walk.c3d")
