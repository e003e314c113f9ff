import csv
import sys

import numpy as np
import pytest
from moving import clip

from wholebody_lift import formats
from wholebody_lift.body.joint_angles import ANGLES, joint_angles
from wholebody_lift.formats.results.pose_csv import HEADER
from wholebody_lift.pose import Pose3D
from wholebody_lift.skeleton import INDEX, KEYPOINT_NAMES


def rows_of(pose: Pose3D, path, **options) -> list[dict[str, str]]:
    formats.write(pose, path, **options)
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_wide_has_a_row_per_person_and_image(tmp_path):
    pose = clip(4, tracks=(3, 8)).to("unity")
    rows = rows_of(pose, tmp_path / "walk.csv", layout="wide")
    assert len(rows) == 8
    assert len(rows[0]) == 9 + 5 * 133

    def column(name):
        return np.array([row[name] for row in rows], dtype=np.float32)

    for name in KEYPOINT_NAMES:
        for i, axis in enumerate("xyz"):
            np.testing.assert_array_equal(column(f"{name}_{axis}_mm"), pose.xyz[:, INDEX[name], i])
        np.testing.assert_array_equal(column(f"{name}_error_mm"), pose.error_mm[:, INDEX[name]])
        np.testing.assert_array_equal(column(f"{name}_observed"), pose.observed[:, INDEX[name]])
    np.testing.assert_array_equal(column("origin_z_mm"), pose.translation[:, 2])
    assert [row["track_id"] for row in rows] == ["3", "8"] * 4
    assert [row["image_id"] for row in rows] == sorted("0123" * 2)
    assert {(row["frame"], row["fps"]) for row in rows} == {("unity", "25.0")}


def test_angles_have_a_row_per_person_and_image(tmp_path):
    pose = clip(3, tracks=(3, 8))
    found = joint_angles(pose.xyz, pose.error_mm)
    rows = rows_of(pose.to("unity"), tmp_path / "walk.csv", layout="angles")  # whatever the axes
    assert [row["track_id"] for row in rows] == ["3", "8"] * 3
    for i, name in enumerate(ANGLES):
        degrees, error = ([float(row[f"{name}_{what}deg"]) for row in rows] for what in ("", "error_"))
        np.testing.assert_allclose(degrees, found.degrees[:, i], atol=1e-2)
        np.testing.assert_allclose(error, found.error[:, i], atol=1e-2)


@pytest.mark.parametrize("layout", ["long", "wide", "angles"])
def test_what_is_not_known_is_empty(tmp_path, layout):
    pose = clip(2, fps=None)
    rows = rows_of(pose, tmp_path / "walk.csv", layout=layout)
    assert {(row["track_id"], row["fps"]) for row in rows} == {("4", "")}


def test_layouts_that_are_not_known(tmp_path):
    with pytest.raises(ValueError, match="expected layout long or wide or angles, got 'tidy'"):
        formats.write(clip(2), tmp_path / "walk.csv", layout="tidy")
    assert not list(tmp_path.iterdir())


def test_data_frame(tmp_path):
    pandas = pytest.importorskip("pandas", reason="the extra pandas")
    pose = clip(4, tracks=(3, 8))
    table = pose.to_dataframe()
    assert tuple(table.columns) == HEADER
    assert len(table) == 8 * 133
    assert table["x_mm"].dtype == np.float32
    assert str(table["track_id"].dtype) == "Int64"
    nose = table[(table["name"] == "nose") & (table["track_id"] == 8)]
    np.testing.assert_array_equal(nose["y_mm"], pose.xyz[pose.track_ids == 8, INDEX["nose"], 1])
    wide = pose.to_dataframe("wide")
    np.testing.assert_array_equal(wide["nose_y_mm"], pose.xyz[:, INDEX["nose"], 1])
    assert wide["fps"].tolist() == [25.0] * 8

    formats.write(pose, tmp_path / "walk.csv")
    read = pandas.read_csv(tmp_path / "walk.csv")
    assert list(read.columns) == list(table.columns)
    np.testing.assert_array_equal(read["input_x_px"].astype(np.float32), table["input_x_px"])


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r'pip install "wholebody-lift\[pandas\]"'):
        clip(1).to_dataframe()


def test_data_frame_of_what_is_not_known():
    pytest.importorskip("pandas", reason="the extra pandas")
    pose = clip(2, fps=None)
    table = pose.to_dataframe("wide")
    assert table["fps"].isna().all()
    assert table["track_id"].tolist() == [4, 4]
