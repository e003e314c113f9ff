import dataclasses
import os
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moving import clip

from wholebody_lift import InputError, formats
from wholebody_lift.formats.results import trc
from wholebody_lift.formats.results.motion import motion
from wholebody_lift.formats.results.trc import POSE2SIM_NAMES
from wholebody_lift.skeleton import INDEX, KEYPOINT_NAMES


def read_as_opensim_does(path):
    """Header, marker names, times (T,) and xyz (T, M, 3) of a TRC file, in the way of OpenSim's reader.

    OpenSim splits at tabs, does not count one empty cell at the end, and wants two cells and 3 per marker.
    """
    lines = path.read_text().split("\n")
    assert lines[0].split("\t") == ["PathFileType", "4", "(X/Y/Z)", path.name]
    header = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=True))
    markers = [cell for cell in lines[3].split("\t")[2:] if cell]
    assert lines[3].split("\t")[:2] == ["Frame#", "Time"]
    assert [cell for cell in lines[4].split("\t") if cell] == [
        f"{axis}{i + 1}" for i in range(len(markers)) for axis in "XYZ"
    ]
    assert (lines[5], lines[-1]) == ("", "")
    rows = [line.removesuffix("\t").split("\t") for line in lines[6:-1]]
    assert {len(row) for row in rows} == {2 + 3 * len(markers)}
    assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
    times = np.array([float(row[1]) for row in rows])
    values = np.array([[float(cell or "nan") for cell in row[2:]] for row in rows])
    return header, markers, times, values.reshape(len(rows), -1, 3)


def test_there_and_back(tmp_path):
    pose = clip(10, fps=29.97)
    formats.write(pose, tmp_path / "walk.trc")
    header, markers, times, xyz = read_as_opensim_does(tmp_path / "walk.trc")
    assert header == {
        **{"DataRate": "29.97", "CameraRate": "29.97", "NumFrames": "10", "NumMarkers": "133", "Units": "mm"},
        **{"OrigDataRate": "29.97", "OrigDataStartFrame": "1", "OrigNumFrames": "10"},
    }
    assert markers == list(KEYPOINT_NAMES)
    np.testing.assert_allclose(times, np.arange(10) / 29.97, atol=1e-6)
    np.testing.assert_allclose(xyz, motion(pose, "opensim").tracks[0].xyz, atol=5.1e-4)
    assert (xyz[:, INDEX["nose"], 1] > xyz[:, INDEX["left_knee"], 1]).all()  # y is up


def test_what_is_not_there_is_empty(tmp_path):
    pose = dataclasses.replace(clip(4), image_ids=np.array([0, 1, 2, 4]))
    formats.write(pose, tmp_path / "all.trc")
    formats.write(pose, tmp_path / "observed.trc", inferred=False)
    with_inferred, observed = (
        read_as_opensim_does(tmp_path / f"{name}.trc")[3] for name in ("all", "observed")
    )
    assert len(with_inferred) == 5
    np.testing.assert_array_equal(
        np.isnan(with_inferred).all(axis=(1, 2)), [False, False, False, True, False]
    )
    np.testing.assert_array_equal(np.isnan(observed[[0, 1, 2, 4]]).any(axis=-1), ~pose.observed)
    there = ~np.isnan(observed)
    np.testing.assert_array_equal(observed[there], with_inferred[there])


def test_other_axes_and_origins(tmp_path):
    pose = clip(3)
    formats.write(pose, tmp_path / "walk.trc", frame="blender", origin="hips")
    np.testing.assert_allclose(
        read_as_opensim_does(tmp_path / "walk.trc")[3], pose.to("blender").xyz, atol=5.1e-4
    )


def test_pose2sim_gets_metres_and_its_names(tmp_path):
    pose = clip(2)
    formats.write(pose, tmp_path / "walk.trc", names="pose2sim")
    header, markers, _, xyz = read_as_opensim_does(tmp_path / "walk.trc")
    assert header["Units"] == "m"
    np.testing.assert_allclose(xyz, motion(pose, "opensim").tracks[0].xyz / 1000, atol=5.1e-7)
    assert markers == list(POSE2SIM_NAMES)
    assert len(set(markers)) == 133
    wanted = {  # the markers of Pose2Sim's OpenSim setup for COCO_133, and some that it has no use for
        **{"nose": "Nose", "right_eye": "REye", "left_shoulder": "LShoulder", "left_big_toe": "LBigToe"},
        **{"right_small_toe": "RSmallToe", "left_heel": "LHeel", "left_hip": "LHip", "right_ankle": "RAnkle"},
        **{"left_thumb2": "LThumb", "right_forefinger1": "RIndex", "left_pinky_finger1": "LPinky"},
        **{"left_thumb1": "LThumb1", "right_forefinger2": "RIndex2", "left_middle_finger1": "LMiddle1"},
        **{
            "right_ring_finger4": "RRing4",
            "left_pinky_finger4": "LPinky4",
            "face-0": "Jaw1",
            "face-16": "Jaw17",
        },
        **{"face-17": "EyebrowR1", "face-22": "EyebrowL1", "face-27": "Nose1", "face-36": "REye1"},
        **{"face-47": "LEye6", "face-67": "Mouth20"},
    }
    assert {name: markers[INDEX[name]] for name in wanted} == wanted


@pytest.mark.parametrize(("names", "markers"), [("keypoints", KEYPOINT_NAMES), ("pose2sim", POSE2SIM_NAMES)])
def test_millimetres_come_back_whatever_the_unit_of_the_file(tmp_path, names, markers):
    pose = dataclasses.replace(clip(4, fps=29.97), image_ids=np.array([0, 1, 2, 4]))
    formats.write(pose, tmp_path / "walk.trc", names=names, inferred=False)
    back = trc.read(tmp_path / "walk.trc")
    assert (back.names, back.fps) == (markers, 29.97)
    np.testing.assert_allclose(back.times, np.arange(5) / 29.97, atol=1e-6)
    track = motion(pose, "opensim").tracks[0]
    wanted = np.full((5, 133, 3), np.nan)
    wanted[track.frames] = np.where(track.observed[..., None], track.xyz, np.nan)
    np.testing.assert_allclose(back.xyz, wanted, atol=5.1e-4)


def test_files_of_other_programs(tmp_path):
    """No empty line after the header, spaces for nothing, rows that end early, CRLF, cm."""
    rate = (
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames"
    )
    lines = [
        "PathFileType\t4\t(X/Y/Z)\tother.trc",
        rate,
        "100\t100\t2\t2\tcm\t100\t1\t2",
        "Frame#\tTime\tHip\t\t\tNeck\t\t",
        "\t\tX1\tY1\tZ1\tX2\tY2\tZ2",
        "1\t0.00\t1\t2\t3\t \t \t ",
        "2\t0.01\t4\t5\t6",
    ]
    (tmp_path / "other.trc").write_bytes("\r\n".join(lines).encode())
    back = trc.read(tmp_path / "other.trc")
    assert (back.names, back.times.tolist(), back.fps) == (("Hip", "Neck"), [0, 0.01], 100)
    assert back.xyz[:, 0].tolist() == [[10, 20, 30], [40, 50, 60]]
    assert np.isnan(back.xyz[:, 1]).all()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda text: "nose,left_eye\n", "expected a TRC file, which begins with PathFileType"),
        (lambda text: "", "expected a TRC file, which begins with PathFileType"),
        (lambda text: text.replace("\tmm\t", "\tinches\t"), "expected Units mm, cm, m, got 'inches'"),
        (lambda text: text.replace("DataRate", "Rate"), "expected a number in DataRate, got ''"),
        (lambda text: text.replace("\n25\t", "\n0\t"), "expected a DataRate over 0, got 0"),
        (lambda text: text.replace("\n25\t", "\nnan\t"), "expected a DataRate over 0, got nan"),
        (
            lambda text: text.replace("\t0.04", "\tlater"),
            "expected a number in cell 2 of frame 2, got",
        ),
        (
            lambda text: "\n".join([*text.split("\n")[:3], 20_000 * "\tm", "\n", 20_000 * "1\n"]),
            "expected 59999 cells in each of 20000 rows, got a much shorter file",
        ),
    ],
)
def test_what_is_no_trc_is_named(tmp_path, change, text):
    path = tmp_path / "a.trc"
    formats.write(clip(2), path)
    path.write_text(change(path.read_text()))
    with pytest.raises(InputError) as caught:
        trc.read(path)
    assert str(caught.value).startswith(f"{path}: {text}")


def test_what_is_no_text_is_named(tmp_path):
    (tmp_path / "a.trc").write_bytes(b"\xff\xd8\xff\xe0 a photograph")
    with pytest.raises(InputError, match=r"a\.trc: expected a TRC file, got one that is not text"):
        trc.read(tmp_path / "a.trc")


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_damage_is_an_input_error_or_none(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.trc"
    formats.write(clip(1), path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.sampled_from([0, 1, 1, 50]))] = data.draw(st.binary(max_size=8))
    path.write_bytes(content)
    with suppress(InputError):
        trc.read(path)


@pytest.mark.skipif(os.name != "posix", reason="names that Windows does not allow")
def test_a_name_with_tabs_and_newlines_stays_in_its_cell(tmp_path):
    path = tmp_path / "a\tb\nc.trc"
    formats.write(clip(2), path)
    lines = path.read_text().split("\n")
    assert lines[0].split("\t") == ["PathFileType", "4", "(X/Y/Z)", "a_b_c.trc"]
    assert len(trc.read(path).xyz) == 2


def test_errors_leave_no_file(tmp_path):
    with pytest.raises(ValueError, match="holds one, got 2"):
        formats.write(clip(2, tracks=(1, 2)), tmp_path / "walk.trc")
    with pytest.raises(ValueError, match="expected names keypoints or pose2sim, got 'opensim'"):
        formats.write(clip(2), tmp_path / "walk.trc", names="opensim")
    with pytest.raises(TypeError, match="layout"):
        formats.write(clip(2), tmp_path / "walk.trc", layout="wide")
    assert not list(tmp_path.iterdir())
