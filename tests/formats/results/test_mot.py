"""MOT files as OpenSim reads them: the header, the columns, and the angles of the result."""

import dataclasses

import numpy as np
import pytest
from moving import clip

from wholebody_lift import formats
from wholebody_lift.body.joint_angles import continuous, turns
from wholebody_lift.formats.results.motion import motion
from wholebody_lift.skeleton import INDEX


def read(path):
    """The header as a dictionary, and the table by column."""
    lines = path.read_text().splitlines()
    end = lines.index("endheader")
    names = lines[end + 1].split("\t")
    values = np.array([[float(cell) for cell in line.split("\t")] for line in lines[end + 2 :]])
    return dict(line.split("=") for line in lines[1:end]), dict(zip(names, values.T, strict=True))


def test_the_header_counts_rows_and_columns(tmp_path):
    formats.write(clip(7), tmp_path / "walk.mot")
    header, table = read(tmp_path / "walk.mot")
    assert header == {"version": "1", "nRows": "7", "nColumns": str(len(table)), "inDegrees": "yes"}
    np.testing.assert_allclose(table["time"], np.arange(7) / 25, atol=1e-6)


def test_the_knee_has_the_angle_of_its_keypoints(tmp_path):
    pose = clip(12)
    formats.write(pose, tmp_path / "walk.mot")
    _, table = read(tmp_path / "walk.mot")
    hip, knee, ankle = (
        pose.xyz[:, INDEX[f"right_{name}"]].astype(np.float64) for name in ("hip", "knee", "ankle")
    )
    a, b = hip - knee, ankle - knee
    inner = np.arccos((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))
    np.testing.assert_allclose(table["knee_angle_r"], 180 - np.rad2deg(inner), atol=1e-3)


def test_the_pelvis_is_in_metres_on_the_ground(tmp_path):
    pose = clip(5)
    formats.write(pose, tmp_path / "walk.mot")
    _, table = read(tmp_path / "walk.mot")
    xyz = motion(pose, "opensim").tracks[0].xyz
    hips = xyz[:, [INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=1) / 1000
    np.testing.assert_allclose(
        np.stack([table[f"pelvis_t{axis}"] for axis in "xyz"], axis=1), hips, atol=1e-5
    )


def test_gaps_are_filled_and_angles_do_not_jump(tmp_path):
    pose = dataclasses.replace(clip(12), image_ids=np.array([*range(6), *range(8, 14)]))
    formats.write(pose, tmp_path / "walk.mot")
    header, table = read(tmp_path / "walk.mot")
    assert header["nRows"] == "14"
    for values in table.values():
        assert np.abs(np.diff(values)).max() <= 180


def test_one_person(tmp_path):
    with pytest.raises(ValueError, match="expected one person, as a MOT file holds one"):
        formats.write(clip(3, tracks=(1, 2)), tmp_path / "walk.mot")


def test_opensim_reads_the_same_numbers(tmp_path):
    opensim = pytest.importorskip("opensim", reason="needs the package opensim")
    path = tmp_path / "walk.mot"
    formats.write(clip(7), path)
    table = opensim.TimeSeriesTable(str(path))
    _, ours = read(path)
    assert list(table.getColumnLabels()) == list(ours)[1:]
    assert table.getTableMetaDataString("inDegrees") == "yes"
    np.testing.assert_array_equal(table.getIndependentColumn(), ours["time"])
    np.testing.assert_array_equal(table.getMatrix().to_numpy(), np.stack(list(ours.values())[1:], axis=1))
    storage = opensim.Storage(str(path))
    assert (storage.getSize(), storage.isInDegrees()) == (7, True)


def matrices(degrees):
    """(T, 3, 3) rotations Rz @ Rx @ Ry of turns (T, 3) about z, x and y."""
    z, x, y = np.deg2rad(degrees).T
    zero, one = np.zeros_like(z), np.ones_like(z)
    about_z = [[np.cos(z), -np.sin(z), zero], [np.sin(z), np.cos(z), zero], [zero, zero, one]]
    about_x = [[one, zero, zero], [zero, np.cos(x), -np.sin(x)], [zero, np.sin(x), np.cos(x)]]
    about_y = [[np.cos(y), zero, np.sin(y)], [zero, one, zero], [-np.sin(y), zero, np.cos(y)]]
    rz, rx, ry = (np.moveaxis(np.array(turn), -1, 0) for turn in (about_z, about_x, about_y))
    return rz @ rx @ ry


def test_an_arm_that_is_raised_past_the_horizontal_goes_on():
    """As in a jumping jack: sideways to 168 degrees, in each frame the same rotation as before."""
    raised = np.arange(0, 171, 7.0)
    wanted = np.stack((np.full_like(raised, 3.0), -raised, np.full_like(raised, -20.0)), axis=-1)
    still = np.tile(np.eye(3), (len(raised), 1, 1))
    shown = turns(still, matrices(wanted), "zxy").T  # the middle one from -90 to 90
    assert np.abs(np.diff(shown, axis=0)).max() > 100
    found = continuous(shown)
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    np.testing.assert_allclose(matrices(found), matrices(shown), atol=1e-9)
    several = np.stack((shown, shown + 360), axis=1)  # (T, 2, 3)
    np.testing.assert_allclose(continuous(several)[:, 0], wanted, atol=1e-6)
