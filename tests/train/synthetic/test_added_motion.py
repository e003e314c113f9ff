"""Recordings that were added later: invented files of each kind, and a look at the publishers' own."""

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

pytest.importorskip("anny")

from glb import binary

from wholebody_lift.skeleton import INDEX
from wholebody_lift.train.synthetic import bank, rotations
from wholebody_lift.train.synthetic.bank import ADDED_INPUTS
from wholebody_lift.train.synthetic.hands import attach
from wholebody_lift.train.synthetic.phenotypes import FACE_ACTIONS, LOCAL_CHANGES, PHENOTYPES, Shape
from wholebody_lift.train.synthetic.recordings import added, bvh, cmu_fbx, face, hands
from wholebody_lift.train.synthetic.recordings.clip import Y_UP_TO_Z_UP, Clip
from wholebody_lift.train.synthetic.recordings.figures import CMU_AMC, SIDES, Source, corrected
from wholebody_lift.train.synthetic.recordings.retarget import RestPose, rest_pose, retarget
from wholebody_lift.train.synthetic.rig import Rig, load_rig

LIMBS = (
    ("shoulder", "elbow", "upper_arm", "forearm"),
    ("elbow", "wrist", "forearm", "hand"),
    ("hip", "knee", "thigh", "shin"),
    ("knee", "ankle", "shin", "foot"),
)

# Parent and offset from it, y up, cm: people with arms to the sides.
IDLE_BONES = {
    "pelvis": ("", (0, 95, 0)),
    "spine": ("pelvis", (0, 10, 0)),
    "spine.001": ("spine", (0, 25, 0)),
    "neck": ("spine.001", (0, 20, 0)),
    "face": ("neck", (0, 10, 0)),
    "shoulder.L": ("spine.001", (5, 15, 0)),
    "upper_arm.L": ("shoulder.L", (12, 0, 0)),
    "forearm.L": ("upper_arm.L", (28, 0, 0)),
    "shoulder.R": ("spine.001", (-5, 15, 0)),
    "upper_arm.R": ("shoulder.R", (-12, 0, 0)),
    "forearm.R": ("upper_arm.R", (-28, 0, 0)),
    "thigh.L": ("pelvis", (9, 0, 0)),
    "shin.L": ("thigh.L", (0, -42, 0)),
    "foot.L": ("shin.L", (0, -42, 0)),
    "thigh.R": ("pelvis", (-9, 0, 0)),
    "shin.R": ("thigh.R", (0, -42, 0)),
    "foot.R": ("shin.R", (0, -42, 0)),
}
IDLE_ENDS = {"forearm.L": (25, 0, 0), "forearm.R": (-25, 0, 0), "foot.L": (0, -8, 14), "foot.R": (0, -8, 14)}

# The same for CMU's figure by way of FBX: offsets from the parent in the parent's own axes, metres.
FBX_BONES = {
    "Hips": ("", (0, 0, 0)),
    "Spine": ("Hips", (0.1, 0, 0)),
    "Spine1": ("Spine", (0.17, 0, 0)),
    "Spine2": ("Spine1", (0.14, 0, 0)),
    "Neck": ("Spine2", (0.19, 0, 0)),
    "Head": ("Neck", (0.13, 0, 0)),
    "LeftArm": ("Spine2", (0.13, -0.02, 0.18)),
    "LeftForeArm": ("LeftArm", (0.24, 0, 0)),
    "LeftHand": ("LeftForeArm", (0.27, 0, 0)),
    "RightArm": ("Spine2", (0.13, -0.02, -0.18)),
    "RightForeArm": ("RightArm", (-0.24, 0, 0)),
    "RightHand": ("RightForeArm", (-0.27, 0, 0)),
    "LeftUpLeg": ("Hips", (-0.04, 0, 0.09)),
    "LeftLeg": ("LeftUpLeg", (0.4, 0, 0)),
    "LeftFoot": ("LeftLeg", (0.44, 0, 0)),
    "LeftToeBase": ("LeftFoot", (0.12, 0, 0)),
    "RightUpLeg": ("Hips", (-0.04, 0, -0.09)),
    "RightLeg": ("RightUpLeg", (-0.4, 0, 0)),
    "RightFoot": ("RightLeg", (-0.44, 0, 0)),
    "RightToeBase": ("RightFoot", (-0.12, 0, 0)),
}

# The same for CMU's figure in BVH: offsets from the parent in CMU's unit. Some bones begin where others do.
CGSPEED_BONES = {
    "Hips": ("", (0, 17, 0)),
    "LowerBack": ("Hips", (0, 0, 0)),
    "Spine": ("LowerBack", (0, 2.1, -0.1)),
    "Spine1": ("Spine", (0, 2.1, -0.1)),
    "Neck": ("Spine1", (0, 0, 0)),
    "Neck1": ("Neck", (0, 1.7, 0)),
    "Head": ("Neck1", (0, 1.5, -0.6)),
}
CGSPEED_ENDS = {"LeftToeBase": (0, 0, 1.1), "RightToeBase": (0, 0, 1.1)}
for _side, _x in (("Left", 1), ("Right", -1)):
    CGSPEED_BONES |= {
        f"{_side}UpLeg": ("Hips", (1.6 * _x, -1.7, 0.8)),
        f"{_side}Leg": (f"{_side}UpLeg", (2.2 * _x, -6.2, 0)),
        f"{_side}Foot": (f"{_side}Leg", (2.7 * _x, -7.5, 0)),
        f"{_side}ToeBase": (f"{_side}Foot", (0.2 * _x, -0.5, 2.2)),
        f"{_side}Shoulder": ("Spine1", (0, 0, 0)),
        f"{_side}Arm": (f"{_side}Shoulder", (3.4 * _x, 0.5, 0.2)),
        f"{_side}ForeArm": (f"{_side}Arm", (5.4 * _x, 0, 0)),
        f"{_side}Hand": (f"{_side}ForeArm", (2.4 * _x, 0, 0)),
        f"{_side}FingerBase": (f"{_side}Hand", (0, 0, 0)),
        f"{_side}HandIndex1": (f"{_side}FingerBase", (0.7 * _x, 0, 0)),
    }


# The same for CMU's figure for Daz Studio, in centimetres: forearms are drawn bent forward, shanks backward.
DAZ_BONES = {
    "hip": ("", (0, 0, 0)),
    "abdomen": ("hip", (0, 21, 0)),
    "chest": ("abdomen", (0, 12, 0)),
    "neck": ("chest", (0, 22, 0)),
    "head": ("neck", (0, 7, 0)),
}
DAZ_ENDS = {"lFoot": (0, -5, 14), "rFoot": (0, -5, 14)}
for _side, _x in (("l", 1), ("r", -1)):
    DAZ_BONES |= {
        f"{_side}Collar": ("chest", (3 * _x, 19, 0)),
        f"{_side}Shldr": (f"{_side}Collar", (9 * _x, 0, 0)),
        f"{_side}ForeArm": (f"{_side}Shldr", (28 * _x, -2, 0)),
        f"{_side}Hand": (f"{_side}ForeArm", (23 * _x, 1, 7)),
        f"{_side}Mid1": (f"{_side}Hand", (8 * _x, 1, 3)),
        f"{_side}Thigh": ("hip", (9 * _x, 3, 0)),
        f"{_side}Shin": (f"{_side}Thigh", (0, -37, 0)),
        f"{_side}Foot": (f"{_side}Shin", (0, -45, -5)),
    }


# The same for the figure of the Cologne database, in centimetres and in the order of its files.
COLOGNE_BONES = {
    "Hips": ("", (0, 88, 21)),
    "Spine": ("Hips", (0, 8, 0)),
    "Spine1": ("Spine", (0, 23, 0)),
    "Neck": ("Spine1", (0, 23, 2)),
    "Head": ("Neck", (0, 13, -2)),
}
COLOGNE_ENDS = {"Head": (0, 24, 0)}
for _side, _x in (("Left", 1), ("Right", -1)):
    COLOGNE_BONES |= {
        f"{_side}Shoulder": ("Spine1", (4 * _x, 20, 0)),
        f"{_side}Arm": (f"{_side}Shoulder", (13 * _x, 0, 0)),
        f"{_side}ForeArm": (f"{_side}Arm", (28 * _x, 0, 0)),
        f"{_side}Hand": (f"{_side}ForeArm", (29 * _x, 0, 0)),
    }
    COLOGNE_ENDS |= {f"{_side}Hand": (14 * _x, 0, 0), f"{_side}ToeBase": (0, 0, 4)}
for _side, _x in (("Left", 1), ("Right", -1)):
    COLOGNE_BONES |= {
        f"{_side}UpLeg": ("Hips", (10 * _x, 0, 0)),
        f"{_side}Leg": (f"{_side}UpLeg", (0, -42, 0)),
        f"{_side}Foot": (f"{_side}Leg", (0, -42, 0)),
        f"{_side}ToeBase": (f"{_side}Foot", (0, -6, 14)),
    }

# The same for the figure of Studio Galt, in metres, with arms that hang.
GALTIS_BONES = {
    "Hip_Root": ("", (0, 0.93, 0)),
    "Chest_1": ("Hip_Root", (0, 0.14, 0)),
    "Chest_2": ("Chest_1", (0, 0.11, 0)),
    "Chest_3": ("Chest_2", (0, 0.12, 0)),
    "Chest_4": ("Chest_3", (0, 0.1, 0)),
    "Neck": ("Chest_4", (0, 0.09, 0)),
    "Head": ("Neck", (0, 0.1, 0)),
}
for _side, _x in (("L", 1), ("R", -1)):
    GALTIS_BONES |= {
        f"Collar_{_side}": ("Chest_4", (0.05 * _x, 0, 0)),
        f"Bicep_{_side}": (f"Collar_{_side}", (0.13 * _x, 0, 0)),
        f"Forearm_{_side}": (f"Bicep_{_side}", (0.03 * _x, -0.23, 0)),
        f"Hand_{_side}": (f"Forearm_{_side}", (0.03 * _x, -0.27, 0)),
        f"Thigh_{_side}": ("Hip_Root", (0.1 * _x, 0, 0)),
        f"Shin_{_side}": (f"Thigh_{_side}", (0, -0.42, 0)),
        f"Foot_{_side}": (f"Shin_{_side}", (0, -0.5, 0)),
        f"Toe_{_side}": (f"Foot_{_side}", (0, 0, 0.14)),
    }
    for _number, _finger in enumerate(("Middle", "Thumb", "Index", "Ring", "Pinky")):
        GALTIS_BONES |= {
            f"{_finger}1_{_side}": (f"Hand_{_side}", (0, -0.08, 0.02 * (1 - _number))),
            f"{_finger}2_{_side}": (f"{_finger}1_{_side}", (0, -0.04, 0)),
            f"{_finger}3_{_side}": (f"{_finger}2_{_side}", (0, -0.02, 0)),
        }


@pytest.fixture(scope="module")
def rig() -> Rig:
    return load_rig()


@pytest.fixture(scope="module")
def rest(rig: Rig) -> RestPose:
    return rest_pose(rig)


def _largest_limb_angle(clip: Clip, source: Source, rig: Rig, rest: RestPose) -> float:
    """Degrees between the limbs of a recording and those of the average adult in its poses."""
    average = torch.tensor([[0.8 if name == "age" else 0.5 for name in PHENOTYPES]])
    shape = Shape(average.expand(len(clip), -1), torch.zeros(len(clip), len(LOCAL_CHANGES)))
    poses = rotations.to_matrix(retarget(clip, source, rest))
    xyz = rig.pose(rig.rest(shape), poses).double()
    places, worst = clip.positions(), 0.0
    for begin, end, *theirs in LIMBS:
        for side, name in zip(SIDES, ("left", "right"), strict=True):
            first, last = (clip.bones.index(source.bone(getattr(source, bone), side)) for bone in theirs)
            ours = xyz[:, INDEX[f"{name}_{end}"]] - xyz[:, INDEX[f"{name}_{begin}"]]
            cosine = torch.cosine_similarity(ours, places[:, last] - places[:, first], dim=-1)
            worst = max(worst, float(torch.rad2deg(cosine.clamp(-1, 1).acos()).max()))
    return worst


Figure = Mapping[str, tuple[str, tuple[float, float, float]]]


def _bvh_text(
    figure: Figure, ends: Mapping[str, tuple[float, float, float]], angles: Tensor, scale: float = 1.0
) -> str:
    """A BVH file of a figure, whose lengths are multiplied by `scale`, with angles (T, B, 3) in degrees."""

    def joint(name: str) -> str:
        parent, offset = figure[name]
        children = "\n".join(joint(child) for child, (above, _) in figure.items() if above == name)
        end = " ".join(str(value * scale) for value in ends.get(name, (0, 10, 0)))
        channels = "3 Zrotation Xrotation Yrotation"
        if not parent:
            channels = "6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
        place = " ".join(str(value * scale) for value in offset)
        inside = children or f"End Site\n{{\nOFFSET {end}\n}}"
        word = "JOINT" if parent else "ROOT"
        return f"{word} {name}\n{{\nOFFSET {place}\nCHANNELS {channels}\n{inside}\n}}"

    rows = "\n".join("0 0 0 " + " ".join(map(str, row.flatten().tolist())) for row in angles)
    root = joint(next(iter(figure)))
    return f"HIERARCHY\n{root}\nMOTION\nFrames: {len(angles)}\nFrame Time: 4.0\n{rows}\n"


def _idle_text(angles: Tensor) -> str:
    """A BVH file of the idle figure, in metres."""
    return _bvh_text(IDLE_BONES, IDLE_ENDS, angles, scale=0.01)


def test_people_whose_hands_were_not_recorded_get_hands_that_follow(
    tmp_path: Path, rig: Rig, rest: RestPose
) -> None:
    angles = 25 * torch.randn(5, len(IDLE_BONES), 3, generator=torch.Generator().manual_seed(0)).double()
    path = tmp_path / "idle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("genuine/001.bvh", _idle_text(angles))
        archive.writestr("README.md", "not a recording")
    ((name, clip, source),) = added.read("reactidle", path)
    assert (name, len(clip)) == ("001", 5)
    wrist, elbow = (clip.bones.index(bone) for bone in ("hand.L", "forearm.L"))
    assert torch.equal(clip.rotations[:, wrist], clip.rotations[:, elbow])
    assert float((clip.heads[wrist] - clip.heads[elbow]).norm()) == pytest.approx(0.25)
    assert _largest_limb_angle(clip, source, rig, rest) < 0.5


def _cgspeed_zip(path: Path, *names: str) -> None:
    """Trials of three frames, the first of them a T pose."""
    angles = 25 * torch.randn(3, len(CGSPEED_BONES), 3, generator=torch.Generator().manual_seed(1)).double()
    angles[0] = 0
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, _bvh_text(CGSPEED_BONES, CGSPEED_ENDS, angles))


def test_trials_in_bvh_are_read_without_the_t_pose_and_without_people_of_the_test_sets(
    tmp_path: Path, rig: Rig, rest: RestPose
) -> None:
    _cgspeed_zip(tmp_path / "trials.zip", "005/05_01.bvh", "002/02_01.bvh", "60/60_01.bvh", "cmu/135_03.bvh")
    ((name, clip, source),) = added.read("cmu_cgspeed", tmp_path / "trials.zip")
    assert (name, len(clip)) == ("05_01", 2)
    assert _largest_limb_angle(clip, replace(source, knee_bend=0.0), rig, rest) < 0.5
    assert _largest_limb_angle(clip, source, rig, rest) == pytest.approx(
        7, abs=0.5
    )  # a half of the correction


def test_limbs_that_daz_draws_bent_are_straight_in_its_t_pose(
    tmp_path: Path, rig: Rig, rest: RestPose
) -> None:
    angles = 25 * torch.randn(3, len(DAZ_BONES), 3, generator=torch.Generator().manual_seed(4)).double()
    angles[:2] = 0
    with zipfile.ZipFile(tmp_path / "trials.zip", "w") as archive:
        for name in ("13/13_01.bvh", "10/10_02.bvh"):
            archive.writestr(name, _bvh_text(DAZ_BONES, DAZ_ENDS, angles))
    ((name, clip, source),) = added.read("cmu_daz", tmp_path / "trials.zip")
    assert (name, len(clip)) == ("13_01", 2)
    places = dict(zip(clip.bones, clip.positions()[0], strict=True))
    for side in ("l", "r"):
        arm, forearm = (
            places[f"{side}{end}"] - places[f"{side}{begin}"]
            for begin, end in (("Shldr", "ForeArm"), ("ForeArm", "Hand"))
        )
        assert torch.cosine_similarity(arm, forearm, dim=0) == pytest.approx(1)
        assert arm[2] / torch.linalg.vector_norm(arm) == pytest.approx(-math.sin(math.radians(8)))
        assert torch.linalg.vector_norm(forearm) == pytest.approx(math.hypot(0.23, 0.01, 0.07))
        shank = places[f"{side}Foot"] - places[f"{side}Shin"]
        assert shank[:2].abs().max() < 1e-9
    assert _largest_limb_angle(clip, replace(source, knee_bend=0.0), rig, rest) < 0.5


@pytest.mark.parametrize(("source", "read"), [("cologne", {"kick": 4}), ("accad", {"kick": 6, "still": 2})])
def test_takes_of_studios_are_read_and_those_of_cologne_without_their_t_poses(
    source: str, read: dict[str, int], tmp_path: Path, rig: Rig, rest: RestPose
) -> None:
    angles = 25 * torch.randn(6, len(COLOGNE_BONES), 3, generator=torch.Generator().manual_seed(2)).double()
    angles[:, :5] /= 10
    arms = [i for i, bone in enumerate(COLOGNE_BONES) if bone.endswith(("Shoulder", "Arm", "ForeArm"))]
    angles[0], angles[5, arms], angles[3, arms] = 0, 0, 0  # arms spread: at both ends, and once in between
    with zipfile.ZipFile(tmp_path / "takes.zip", "w") as archive:
        archive.writestr("kick.bvh", _bvh_text(COLOGNE_BONES, COLOGNE_ENDS, angles))
        archive.writestr("still.bvh", _bvh_text(COLOGNE_BONES, COLOGNE_ENDS, angles[[0, 0]]))
    found = list(added.read(source, tmp_path / "takes.zip"))
    assert {name: len(clip) for name, clip, _ in found} == read
    _, clip, figure = found[0]
    assert _largest_limb_angle(clip, figure, rig, rest) < 0.5
    hand, fingers = (clip.bones.index(bone) for bone in ("LeftHand", "LeftFingers"))
    assert torch.equal(clip.rotations[:, fingers], clip.rotations[:, hand])


def _glb(figure: Figure, **clips: Tensor) -> bytes:
    """A .glb file without a skin: clips of rotations (T, B, 4) wxyz relative to the parent, at 30 Hz."""
    names, blocks = list(figure), []
    nodes = [{"name": name, "translation": offset} for name, (_, offset) in figure.items()]
    for child, (parent, _) in enumerate(figure.values()):
        if parent:
            nodes[names.index(parent)].setdefault("children", []).append(child)
    animations = []
    for name, turns in clips.items():
        first = len(blocks)
        blocks.append((torch.arange(len(turns)) / 30)[:, None])
        blocks.extend(turns.roll(-1, -1).unbind(1))
        animations.append(
            {
                "name": name,
                "samplers": [{"input": first, "output": first + 1 + bone} for bone in range(len(names))],
                "channels": [
                    {"sampler": bone, "target": {"node": bone, "path": "rotation"}}
                    for bone in range(len(names))
                ],
            }
        )
    return binary({"nodes": nodes, "animations": animations}, blocks)


def test_signs_are_read_with_their_fingers(tmp_path: Path, rig: Rig, rest: RestPose) -> None:
    generator = torch.Generator().manual_seed(3)
    vectors = 0.4 * torch.randn(9, len(GALTIS_BONES), 3, generator=generator).double()
    turns = rotations.from_matrix(rotations.from_rotation_vector(vectors))
    path = tmp_path / "signs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("SG ASL A.glb", _glb(GALTIS_BONES, still=turns[:2], sign=turns))
        archive.writestr("README.md", "not a recording")
    ((name, clip, source),) = added.read("studio_galt", path)
    assert (name, len(clip), clip.bones[:2]) == ("SG ASL A", 9, ("Hip_Root", "Chest_1"))
    assert _largest_limb_angle(clip, source, rig, rest) < 0.5

    poses = retarget(clip, source, rest)
    ((recording, rows),) = bank._read_added_hands({"studio_galt": path}, rest)
    assert (recording.name, recording.split, rows.shape[1:]) == (
        "studio_galt_hands/SG ASL A",
        "train",
        (15, 4),
    )
    left, right = (rotations.to_matrix(hand) for hand in hands.of_bodies(poses))
    assert rows.shape[1:] == (15, 4)
    assert torch.equal(rows[0], hands.of_bodies(poses)[0][0])
    bodies = rotations.to_matrix(poses)
    assert torch.allclose(attach(bodies, left, right), bodies, atol=1e-5)


def test_a_trial_of_cmu_is_read_once(tmp_path: Path, rest: RestPose) -> None:
    path = tmp_path / "trials.zip"
    _cgspeed_zip(path, "one/05_01.bvh", "two/05_01.bvh", "one/05_02.bvh", "one/06_01.bvh")
    with zipfile.ZipFile(tmp_path / "acclaim.zip", "w") as archive:
        archive.writestr("05/05_02.amc", "")
    read = bank._read_added_bodies({"cmu_cgspeed": path}, rest, tmp_path / "acclaim.zip")
    assert [recording.name for recording, _ in read] == ["cmu_cgspeed/05_01", "cmu_cgspeed/06_01"]


ASF = (
    ":units\nlength 0.45\n:bonedata\nbegin\nname thigh\ndirection 0 -1 0\nlength 2\naxis 0 0 0 XYZ\ndof rx\n"
    "end\n:hierarchy\nbegin\nroot thigh\nend\n"
)
AMC = ":DEGREES\n1\nroot 0 0 0 0 0 0\nthigh 30\n2\nroot 0 0 0 0 0 0\nthigh 60\n"


def test_all_trials_of_cmu_are_read_except_those_of_people_of_the_test_sets(tmp_path: Path) -> None:
    path = tmp_path / "allasfamc.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for subject in ("05", "07", "127"):
            archive.writestr(f"all_asfamc/subjects/{subject}/{subject}.asf", ASF)
            archive.writestr(f"all_asfamc/subjects/{subject}/{subject}_01.amc", AMC)
        archive.writestr("all_asfamc/README.TXT", "not a recording")
    found = list(added.read("cmu_all", path))
    assert [(name, len(clip), source) for name, clip, source in found] == [
        ("05_01", 2, corrected(CMU_AMC)),
        ("127_01", 2, corrected(CMU_AMC)),
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a/05.asf": ASF, "b/05_01.amc": AMC}, r"all\.zip: expected a skeleton .* b/05_01\.amc"),
        ({"05.asf": ASF, "05_01.amc": AMC.replace("thigh 60\n", "")}, r"all\.zip: 05_01\.amc: .*thigh"),
    ],
)
def test_a_wrong_archive_of_cmu_is_named(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    with pytest.raises(ValueError, match=message):
        list(added.read("cmu_all", tmp_path / "all.zip"))


def test_a_bone_at_the_tail_continues_it() -> None:
    clip = bvh.read(_idle_text(torch.zeros(2, len(IDLE_BONES), 3)), unit=1.0).extended({"foot.R": "tip"})
    assert clip.bones[-1] == "tip"
    assert torch.equal(clip.heads[-1], clip.tails[clip.bones.index("foot.R")])
    assert torch.allclose(clip.tails[-1] - clip.heads[-1], torch.tensor([0, -0.14, -0.08]).double())


def test_a_bvh_file_may_have_its_own_axes_and_unit() -> None:
    text = _idle_text(torch.zeros(1, len(IDLE_BONES), 3))
    clip = bvh.read(text, unit=0.1, axes=torch.eye(3).double())
    assert torch.allclose(clip.heads[0], torch.tensor([0, 0.095, 0]).double())  # y stays y


def _fbx_file(path: Path, world: Tensor) -> Tensor:
    """Write a file of the figure with these rotations (T, B, 3, 3), y up; returns the places (T, B, 3)."""
    names = list(FBX_BONES)
    places, local = torch.zeros(*world.shape[:2], 3).double(), world.clone()
    for i, (parent, offset) in enumerate(FBX_BONES.values()):
        if parent:
            above = names.index(parent)
            places[:, i] = places[:, above] + world[:, above] @ torch.tensor(offset).double()
            local[:, i] = world[:, above].mT @ world[:, i]
    parents = [names.index(parent) if parent else -1 for parent, _ in FBX_BONES.values()]
    np.savez(
        path,
        names=np.array([cmu_fbx.PREFIX + name for name in names]),
        parent=np.array(parents),
        joints_m=places.numpy(),
        local_rot=local.numpy(),
        fps=30,
    )
    return places


def test_the_figure_from_fbx_stands_and_moves_as_its_joints_do(
    tmp_path: Path, rig: Rig, rest: RestPose
) -> None:
    generator = torch.Generator().manual_seed(0)
    vectors = 0.7 * torch.randn(6, len(FBX_BONES), 3, generator=generator).double()
    places = _fbx_file(tmp_path / "85_03.npz", rotations.from_rotation_vector(vectors))
    ((name, clip, source),) = added.read("cmu_85_03", tmp_path / "85_03.npz")
    assert (name, clip.fps, len(clip)) == ("85_03", 30, 6)
    ours = clip.positions()[:, : len(FBX_BONES)]
    assert torch.allclose(ours - ours[:, :1], places @ Y_UP_TO_Z_UP.T, atol=1e-6)
    assert _largest_limb_angle(clip, source, rig, rest) < 0.5
    # In the rest pose the person stands with arms to the sides: x is left, y back, z up.
    left = {bone: clip.heads[clip.bones.index(bone)] for bone in clip.bones}
    assert left["Head"][2] > 0.6 > left["LeftLeg"][2]
    assert left["LeftHand"][0] > 0.5
    assert left["RightHand"][0] < -0.5
    assert left["LeftToeBase"][1] < left["LeftFoot"][1] - 0.1


def test_units_of_a_face_become_actions() -> None:
    units = {"LeftInnerBrowUp": 0.2, "RightInnerBrowUp": 0.4, "MouthLeftPullUp": 1.5, "TongueOut": 1.0}
    weights = face.parse_units(json.dumps({"unit_poses": units}))
    found = {FACE_ACTIONS[i]: float(weights[0, i]) for i in weights[0].nonzero().flatten()}
    assert found == pytest.approx({"browInnerUp": 0.4, "mouthSmileLeft": 1.0})
    assert {action for actions in face._UNIT_ACTIONS.values() for action in actions} <= set(FACE_ACTIONS)


MOVING = ("kaykit", "makehuman", "reactidle", "cmu_131_01", "cmu_85_04", "cmu_135_01")


@pytest.mark.parametrize("source", MOVING)
def test_limbs_point_like_the_added_recordings(
    source: str, shared_data: Path, rig: Rig, rest: RestPose
) -> None:
    path = shared_data / ADDED_INPUTS[source]
    if not path.exists():
        pytest.skip(f"{path} is not there")
    found = list(added.read(source, path))
    assert found
    for _, clip, figure in found[:3]:
        few = replace(clip, rotations=clip.rotations[:: max(1, len(clip) // 8)])
        assert _largest_limb_angle(few, figure, rig, rest) < 0.5
