import dataclasses

import numpy as np
import pytest
from moving import clip

from wholebody_lift import formats
from wholebody_lift.body.inverse_kinematics import BONES, solve
from wholebody_lift.formats.results.motion import motion
from wholebody_lift.skeleton import INDEX
from wholebody_lift.train.synthetic.recordings import bvh as reader
from wholebody_lift.train.synthetic.recordings.clip import Y_UP_TO_Z_UP


def read(path):
    """Positions (T, B, 3) of the bones from the hips in mm, y up, of the hips (T, 3), and the frame rate."""
    text = path.read_text()
    recording = reader.read(text)
    assert recording.bones == tuple(bone.name for bone in BONES)
    assert recording.parents == tuple(bone.parent for bone in BONES)
    rows = text.partition("Frame Time:")[2].split("\n")[1:-1]
    root = 10 * np.array([[float(value) for value in row.split()[:3]] for row in rows])
    return 1000 * (recording.positions() @ Y_UP_TO_Z_UP).numpy(), root, recording.fps


def test_an_independent_reader_finds_the_keypoints(tmp_path):
    pose = clip(30)
    formats.write(pose, tmp_path / "walk.bvh")
    positions, root, fps = read(tmp_path / "walk.bvh")
    assert fps == pytest.approx(25)
    xyz = motion(pose, "opengl").tracks[0].xyz
    for i, bone in enumerate(BONES):
        if bone.keypoint:
            wanted = xyz[:, INDEX[bone.keypoint]]
            assert np.linalg.norm(positions[:, i] + root - wanted, axis=-1).max() < 0.05, bone.name


def test_the_file_is_as_good_as_the_bones(tmp_path):
    pose = clip(8)
    formats.write(pose, tmp_path / "walk.bvh", origin="camera")
    positions, root, _ = read(tmp_path / "walk.bvh")
    skeleton = solve(motion(pose, "opengl", "camera").tracks[0].xyz)
    np.testing.assert_allclose(positions + root[:, None], skeleton.heads(), atol=0.01)


def test_gaps_are_filled_and_angles_do_not_jump(tmp_path):
    pose = dataclasses.replace(clip(12), image_ids=np.array([*range(6), *range(8, 14)]))
    formats.write(pose, tmp_path / "walk.bvh")
    lines = (tmp_path / "walk.bvh").read_text().split("\n")
    assert "Frames: 14" in lines
    angles = np.array([[float(value) for value in line.split()[6:]] for line in lines[-15:-1]])
    assert np.abs(np.diff(angles, axis=0)).max() <= 180


def test_a_still_needs_no_frame_rate(tmp_path):
    formats.write(clip(1, fps=None), tmp_path / "still.bvh")
    assert read(tmp_path / "still.bvh")[2] == pytest.approx(30)


def test_lengths_are_in_centimetres(tmp_path):
    formats.write(clip(3), tmp_path / "walk.bvh")
    positions, _, _ = read(tmp_path / "walk.bvh")
    height = np.ptp(positions[0, :, 1])
    assert 1200 < height < 1600


def test_errors_leave_no_file(tmp_path):
    with pytest.raises(ValueError, match="as a BVH file holds one"):
        formats.write(clip(2, tracks=(1, 2)), tmp_path / "walk.bvh")
    assert not list(tmp_path.iterdir())
