"""Names of bones in other programs: what they call the 51 bones, in BVH and glTF alike."""

import json
import struct
from typing import get_args

import pytest
from moving import clip

from wholebody_lift import formats
from wholebody_lift.body.inverse_kinematics import BONE_INDEX, BONES
from wholebody_lift.cli import main
from wholebody_lift.formats.results.bone_names import BoneNames, bone_names

KNOWN = {
    "mixamo": {
        "hips": "mixamorig:Hips",
        "leftUpperArm": "mixamorig:LeftArm",
        "rightLowerLeg": "mixamorig:RightLeg",
        "leftThumbMetacarpal": "mixamorig:LeftHandThumb1",
        "rightLittleDistal": "mixamorig:RightHandPinky3",
    },
    "unreal": {
        "hips": "pelvis",
        "leftUpperArm": "upperarm_l",
        "rightLowerLeg": "calf_r",
        "leftThumbMetacarpal": "thumb_01_l",
        "rightLittleDistal": "pinky_03_r",
    },
    "rigify": {
        "hips": "spine",
        "leftUpperArm": "upper_arm.L",
        "rightLowerLeg": "shin.R",
        "leftThumbMetacarpal": "thumb.01.L",
        "rightLittleDistal": "f_pinky.03.R",
    },
    "vrm": {"hips": "hips", "rightLittleDistal": "rightLittleDistal"},
}


def bvh_names(path):
    return [line.split()[1] for line in path.read_text().splitlines() if line.split()[0] in ("ROOT", "JOINT")]


def gltf_names(path):
    content = path.read_bytes()
    (length,) = struct.unpack_from("<I", content, 12)
    return [node["name"] for node in json.loads(content[20 : 20 + length])["nodes"]]


@pytest.mark.parametrize("names", get_args(BoneNames))
def test_every_bone_has_its_own_name(names, tmp_path):
    called = bone_names(names)
    assert len(set(called)) == len(called) == len(BONES)
    for bone, name in KNOWN[names].items():
        assert called[BONE_INDEX[bone]] == name
    for suffix, read in ((".bvh", bvh_names), (".glb", gltf_names)):
        formats.write(clip(2), tmp_path / f"walk{suffix}", names=names)
        assert tuple(read(tmp_path / f"walk{suffix}")[: len(BONES)]) == called


def test_names_change_nothing_else(tmp_path):
    formats.write(clip(3), tmp_path / "a.bvh")
    formats.write(clip(3), tmp_path / "b.bvh", names="unreal")
    ours, theirs = ((tmp_path / name).read_text() for name in ("a.bvh", "b.bvh"))
    assert ours.partition("MOTION")[2] == theirs.partition("MOTION")[2]
    assert ours.count("{") == theirs.count("{")


def test_names_that_are_not_known(tmp_path):
    with pytest.raises(ValueError, match="expected names vrm, mixamo, unreal, rigify, got 'maya'"):
        formats.write(clip(2), tmp_path / "walk.bvh", names="maya")


def test_each_file_takes_its_own_names(tmp_path, capsys):
    clip(3).save(tmp_path / "walk.npz")
    words = ["export", str(tmp_path / "walk.npz"), "--names", "mixamo"]
    outs = [str(tmp_path / name) for name in ("walk.bvh", "walk.trc")]
    assert main([*words, "-o", outs[0], "-o", outs[1]]) == 0
    assert "mixamorig:Hips" in bvh_names(tmp_path / "walk.bvh")
    assert "left_wrist" in (tmp_path / "walk.trc").read_text()
    with pytest.raises(SystemExit):
        main([*words, "-o", outs[1]])
    assert "takes --names mixamo (.bvh, .glb)" in capsys.readouterr().err
