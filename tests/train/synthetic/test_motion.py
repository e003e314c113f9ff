"""Readers of motion files, and whether their motion arrives on Anny's skeleton."""

import math
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

pytest.importorskip("anny")

from glb import binary

from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.anatomy import rhythm
from wholebody_lift.train.synthetic.bones import BONES, HAND_BONES, PARENT_BONES
from wholebody_lift.train.synthetic.phenotypes import FACE_ACTIONS
from wholebody_lift.train.synthetic.recordings import amc, bvh, face, gltf, hands
from wholebody_lift.train.synthetic.recordings.clip import Y_UP_TO_Z_UP, Clip, from_euler
from wholebody_lift.train.synthetic.recordings.figures import CMU_AMC, CMU_BVH, Source
from wholebody_lift.train.synthetic.recordings.retarget import FINGERS, RestPose, rest_pose, retarget
from wholebody_lift.train.synthetic.rig import load_rig

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


def test_bvh_channel_order_comes_from_the_header() -> None:
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


def test_bvh_frame_time_can_be_overridden() -> None:
    assert bvh.read(BVH, fps=60.0).fps == 60.0


def test_bvh_with_missing_values_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"expected 2 frames of 9 values.*got 17 values"):
        bvh.read(BVH.rsplit("0", 1)[0])
    with pytest.raises(ValueError, match="expected a BVH file"):
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


def test_an_amc_frame_without_a_bone_is_an_error() -> None:
    with pytest.raises(ValueError, match="frame 1 has no values for the bone 'shin'"):
        amc.read(ASF, AMC.replace("shin 30\n", ""))


def _glb(path: Path) -> None:
    """A hip that turns by 90 degrees about its own y axis in a second, and a thigh that jumps by 90 about its
    z, under a node that lays y down on z."""
    half = math.sqrt(0.5)
    times, turn, jump = [[0], [1]], [(0, 0, 0, 1), (0, half, 0, half)], [(0, 0, 0, 1), (0, 0, half, half)]
    document = {
        "nodes": [
            {"name": "rig", "rotation": [half, 0, 0, half], "children": [1]},
            {"name": "hip", "translation": [0, 1, 0], "children": [2]},
            {"name": "thigh", "translation": [0, 0.5, 0]},
        ],
        "skins": [{"joints": [2, 1]}],
        "animations": [
            {
                "name": "turn",
                "samplers": [
                    {"input": 0, "output": 1},
                    {"input": 0, "output": 2, "interpolation": "STEP"},
                ],
                "channels": [
                    {"sampler": 0, "target": {"node": 1, "path": "rotation"}},
                    {"sampler": 1, "target": {"node": 2, "path": "rotation"}},
                ],
            }
        ],
    }
    path.write_bytes(binary(document, [torch.tensor(block) for block in (times, turn, jump)]))


def test_gltf_rotations_are_relative_to_rest_whatever_the_node_axes(tmp_path: Path) -> None:
    _glb(tmp_path / "figure.glb")
    clip = gltf.read(tmp_path / "figure.glb")["turn"]
    assert (clip.bones, clip.parents, clip.fps, len(clip)) == (("hip", "thigh"), (-1, 0), 30, 31)
    assert torch.allclose(
        clip.heads @ Y_UP_TO_Z_UP, torch.tensor([[0, 0, 1], [0, 0, 1.5]]).double(), atol=1e-12
    )
    # The hip's y axis is the file's z axis, and the thigh's z axis its -y axis.
    for frame, degrees in ((0, 0.0), (15, 45.0), (30, 90.0)):
        hip = from_euler("Z", torch.tensor([degrees]).double())
        thigh = hip @ from_euler("Y", torch.tensor([-90.0 if frame == 30 else 0.0]).double())
        assert torch.allclose(_y_up(clip.rotations[frame, 0]), hip, atol=1e-6)
        assert torch.allclose(_y_up(clip.rotations[frame, 1]), thigh, atol=1e-6)


def test_a_file_that_is_not_gltf_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "figure.glb").write_bytes(b"{}" * 20)
    with pytest.raises(ValueError, match="expected a binary glTF file"):
        gltf.read(tmp_path / "figure.glb")


def test_subsampling_keeps_every_kth_frame() -> None:
    clip = amc.read(ASF, AMC)
    assert len(clip.subsample(120)) == 2
    assert len(clip.subsample(60)) == 1
    assert clip.subsample(60).fps == 60


# Small figures with the bone names of CMU's, y up: parent and offset from it, cm; "l" stands for both sides.
BVH_BONES = {
    "hip": ("", (0, 0, 0)),
    "abdomen": ("hip", (0, 20, 0)),
    "chest": ("abdomen", (0, 12, 0)),
    "neck": ("chest", (0, 22, -2)),
    "head": ("neck", (0, 8, 1)),
    "lCollar": ("chest", (3, 19, -5)),
    "lShldr": ("lCollar", (9, -2, 1)),
    "lForeArm": ("lShldr", (28, -2, 0)),
    "lHand": ("lForeArm", (23, 1, 7)),
    "lMid1": ("lHand", (8, 1, 3)),
    "lThigh": ("hip", (9, 3, -1)),
    "lShin": ("lThigh", (0, -37, 1)),
    "lFoot": ("lShin", (-1, -45, -5)),
    "lToe": ("lFoot", (1, -4, 12)),
}
# Parent, direction, length, axis (degrees) and degrees of freedom.
AMC_BONES = {
    "lowerback": ("root", (0, 1, 0), 2, (0, 0, 0), "rx ry rz"),
    "upperback": ("lowerback", (0, 1, 0), 2, (0, 0, 0), "rx ry rz"),
    "thorax": ("upperback", (0, 1, 0), 2, (0, 0, 0), "rx ry rz"),
    "lowerneck": ("thorax", (0, 1, 0), 1, (0, 0, 0), "rx ry rz"),
    "upperneck": ("lowerneck", (0, 1, 0), 1, (0, 0, 0), "rx ry rz"),
    "head": ("upperneck", (0, 1, 0), 1, (0, 0, 0), "rx ry rz"),
    "lclavicle": ("thorax", (0.96, 0.28, 0), 3, (0, 0, 0), "ry rz"),
    "lhumerus": ("lclavicle", (1, 0, 0), 5, (180, -30, -90), "rx ry rz"),
    "lradius": ("lhumerus", (1, 0, 0), 3, (180, -30, -90), "rx"),
    "lwrist": ("lradius", (1, 0, 0), 2, (0, 90, 90), "ry"),
    "lhand": ("lwrist", (1, 0, 0), 1, (0, 90, 90), "rx rz"),
    "lfingers": ("lhand", (1, 0, 0), 1, (0, 90, 90), "rx"),
    "lhipjoint": ("root", (0.68, -0.68, 0.25), 2, (0, 0, 0), ""),
    "lfemur": ("lhipjoint", (0.34202, -0.93969, 0), 7, (0, 0, 20), "rx ry rz"),
    "ltibia": ("lfemur", (0.34202, -0.93969, 0), 7, (0, 0, 20), "rx"),
    "lfoot": ("ltibia", (0.0887, -0.2437, 0.9658), 2, (-90, 0, 20), "rx rz"),
    "ltoes": ("lfoot", (0, 0, 1), 1, (-90, 0, 20), "rx"),
}


def _both_sides(bones: dict[str, tuple]) -> dict[str, tuple]:
    def other(value: object, sign: tuple[int, int, int]) -> object:
        return tuple(a * b for a, b in zip(value, sign, strict=True)) if isinstance(value, tuple) else value

    mirrored = {}
    for name, (parent, way, *rest) in bones.items():
        if name.startswith("l") and name not in ("lowerback", "lowerneck"):
            on_middle = parent in ("root", "hip", "chest", "thorax")
            parent = parent if on_middle else "r" + parent[1:]
            turned = (other(value, (1, -1, -1)) for value in rest)  # an axis of rotation mirrors like this
            mirrored["r" + name[1:]] = (parent, other(way, (-1, 1, 1)), *turned)
    return bones | mirrored


def _bvh(angles: Tensor) -> Clip:
    """A BVH file of that figure, with angles (T, bones * 3) in the order in which the file names bones."""
    bones = _both_sides(BVH_BONES)

    def joint(name: str) -> str:
        word = "ROOT" if name == "hip" else "JOINT"
        place = "6 Xposition Yposition Zposition" if name == "hip" else "3"
        children = [child for child, (parent, _) in bones.items() if parent == name]
        inside = "\n".join(map(joint, children)) or "End Site\n{\nOFFSET 0 0 3\n}"
        offset = " ".join(map(str, bones[name][1]))
        channels = f"CHANNELS {place} Zrotation Xrotation Yrotation"
        return f"{word} {name}\n{{\nOFFSET {offset}\n{channels}\n{inside}\n}}"

    rows = "\n".join("0 0 0 " + " ".join(f"{angle:.6f}" for angle in row) for row in angles.tolist())
    text = f"HIERARCHY\n{joint('hip')}\nMOTION\nFrames: {len(angles)}\nFrame Time: 0.01\n{rows}\n"
    return bvh.read(text)


def _amc(frames: list[dict[str, tuple[float, ...]]]) -> Clip:
    """An ASF and AMC file of that figure; what a frame leaves out is zero."""
    bones = _both_sides(AMC_BONES)
    data = "".join(
        f"begin\nname {name}\ndirection {way[0]} {way[1]} {way[2]}\nlength {length}\n"
        f"axis {axis[0]} {axis[1]} {axis[2]} XYZ\n{f'dof {dof}' if dof else ''}\nend\n"
        for name, (_, way, length, axis, dof) in bones.items()
    )
    hierarchy = "".join(f"{parent} {name}\n" for name, (parent, *_) in bones.items())
    skeleton = f":units\nlength 0.45\n:bonedata\n{data}:hierarchy\nbegin\n{hierarchy}end\n"
    motion = ":DEGREES\n"
    for number, frame in enumerate(frames, start=1):
        motion += f"{number}\nroot 0 0 0 {' '.join(map(str, frame.get('root', (0, 0, 0))))}\n"
        for name, (*_, dof) in bones.items():
            if dof:
                motion += f"{name} {' '.join(map(str, frame.get(name, (0,) * len(dof.split()))))}\n"
    return amc.read(skeleton, motion)


@pytest.fixture(scope="module")
def rest() -> RestPose:
    return rest_pose(load_rig())


def _world(clip: Clip, source: Source, rest: RestPose) -> dict[str, Tensor]:
    """World rotations (T, 3, 3) of Anny's bones."""
    local = dict(
        zip(BONES, rotations.to_matrix(retarget(clip, source, rest).double()).unbind(1), strict=True)
    )
    world = {"root": local["root"]}
    for bone, parent in PARENT_BONES.items():
        world[bone] = world[parent] @ local[bone]
    return world


LIMBS = (
    ("upperarm01", "lowerarm01", "upper_arm", "forearm"),
    ("lowerarm01", "wrist", "forearm", "hand"),
    ("upperleg01", "lowerleg01", "thigh", "shin"),
    ("lowerleg01", "foot", "shin", "foot"),
)


def _largest_limb_angle(clip: Clip, source: Source, rest: RestPose) -> float:
    """Between the source's limb bones and ours, degrees, over all frames."""
    world, heads, places = _world(clip, source, rest), {"root": rest["root"]}, clip.positions()
    for bone, parent in PARENT_BONES.items():
        heads[bone] = heads[parent] + world[parent] @ (rest[bone] - rest[parent])
    worst = 0.0
    for side in "LR":
        for ours, our_end, theirs, their_end in LIMBS:
            begin, end = (
                clip.bones.index(source.bone(getattr(source, part), side)) for part in (theirs, their_end)
            )
            cosine = torch.cosine_similarity(
                heads[f"{our_end}.{side}"] - heads[f"{ours}.{side}"],
                places[:, end] - places[:, begin],
                dim=-1,
            )
            worst = max(worst, math.degrees(float(cosine.clamp(-1, 1).acos().max())))
    return worst


def test_limbs_point_like_the_bvh_figure(rest: RestPose) -> None:
    angles = 40 * torch.randn(6, 3 * len(_both_sides(BVH_BONES)), generator=torch.Generator().manual_seed(0))
    assert _largest_limb_angle(_bvh(angles), CMU_BVH, rest) < 0.5


def test_limbs_point_like_the_amc_figure(rest: RestPose) -> None:
    generator = torch.Generator().manual_seed(0)
    frames = [
        {
            name: tuple((40 * torch.randn(len(dof.split()), generator=generator)).tolist())
            for name, (*_, dof) in _both_sides(AMC_BONES).items()
        }
        for _ in range(6)
    ]
    assert _largest_limb_angle(_amc(frames), CMU_AMC, rest) < 0.5


def _turned(rotation: Tensor) -> Tensor:
    """Rotation vectors (..., 3) in degrees."""
    return torch.rad2deg(rotations.to_rotation_vector(rotation))


def test_a_recorded_elbow_bends_like_a_hinge(rest: RestPose) -> None:
    clip = _amc([{"lradius": (angle,), "rradius": (angle,)} for angle in (0, 50, 110)])
    world = _world(clip, CMU_AMC, rest)
    for side in "LR":
        shoulder, elbow, wrist = (rest[f"{bone}.{side}"] for bone in ("upperarm01", "lowerarm01", "wrist"))
        upper, lower = (rotations.normalize(v) for v in (elbow - shoulder, wrist - elbow))
        axis = rotations.normalize(torch.linalg.cross(upper, lower))
        # The forearm's own twist, of which the elbow carries as much as the next bone, is not the hinge's.
        twist = world[f"lowerarm01.{side}"].mT @ world[f"lowerarm02.{side}"]
        hinge = _turned(world[f"upperarm02.{side}"].mT @ world[f"lowerarm01.{side}"] @ twist.mT)
        already = torch.rad2deg(torch.acos(upper @ lower))
        assert torch.allclose(hinge @ axis, torch.tensor([0, 50, 110]).double() - already, atol=0.1)
        assert (hinge - (hinge @ axis)[:, None] * axis).norm(dim=-1).max() < 0.1


def test_a_forearm_turns_with_the_hand_within_its_limits(rest: RestPose) -> None:
    clip = _amc([{"lwrist": (angle,), "lradius": (60,)} for angle in (0, 30, 60, 150)])
    world = _world(clip, CMU_AMC, rest)
    axis = rotations.normalize(rest["wrist.L"] - rest["lowerarm01.L"])
    twist = 3 * _turned(world["lowerarm01.L"].mT @ world["lowerarm02.L"]) @ axis
    assert torch.allclose(twist.diff()[:2].abs(), torch.tensor([30.0, 30]).double(), atol=0.1)
    assert twist[3].abs() == pytest.approx(85)


def test_the_collarbone_rises_with_the_arm(rest: RestPose) -> None:
    # The arms of the rest pose are level; then they are up, then they hang.
    frames = [{"lhumerus": (0, 0, angle), "rhumerus": (0, 0, -angle)} for angle in (0, -60, 85)]
    clip = _amc(frames)
    world, places = _world(clip, CMU_AMC, rest), clip.positions()
    for side, sign in (("L", -1), ("R", 1)):
        begin, end = (clip.bones.index(f"{side.lower()}{bone}") for bone in ("humerus", "radius"))
        arm = rotations.normalize(places[:, end] - places[:, begin])
        raised = torch.rad2deg(torch.acos(-arm[:, 2]))
        turn = _turned(world["spine01"].mT @ world[f"clavicle.{side}"])
        expected = sign * torch.rad2deg(rhythm(torch.deg2rad(raised)))
        assert torch.allclose(turn[:, 1], expected, atol=0.5)
        assert raised[1] > 100
        assert raised[2] < 32


def test_standing_feet_are_level_however_far_the_legs_are_apart(rest: RestPose) -> None:
    spread = [{"lfemur": (0, 0, angle), "rfemur": (0, 0, -angle)} for angle in (-20, 0, 10)]
    world = _world(_amc(spread), CMU_AMC, rest)
    for side in "LR":
        assert torch.allclose(world[f"foot.{side}"][:, 2, 2], torch.ones(3).double(), atol=2e-3)
    lifted = [{"lfemur": (-60, 0, 10), "ltibia": (60,)}]
    assert _world(_amc(lifted), CMU_AMC, rest)["foot.L"][0, 2, 2] < 0.95  # one in the air keeps its roll


def _knee_bend(world: dict[str, Tensor], rest: RestPose, side: str) -> Tensor:
    """Degrees between thigh and shank (T,)."""
    hip, knee, ankle = (rest[f"{bone}.{side}"] for bone in ("upperleg01", "lowerleg01", "foot"))
    thigh, shank = world[f"upperleg01.{side}"] @ (knee - hip), world[f"lowerleg01.{side}"] @ (ankle - knee)
    return torch.rad2deg(torch.acos(torch.cosine_similarity(thigh, shank, dim=-1).clamp(-1, 1)))


def test_corrected_knees_are_less_bent_but_never_beyond_straight(rest: RestPose) -> None:
    frames = [{"ltibia": (bend,), "rtibia": (bend,)} for bend in (0, 6, 20, 60, 110)]
    before, after = (
        _world(_amc(frames), figure, rest) for figure in (CMU_AMC, replace(CMU_AMC, knee_bend=14.0))
    )
    for side in "LR":
        assert torch.allclose(
            _knee_bend(before, rest, side), torch.tensor([0.0, 6, 20, 60, 110]).double(), atol=0.1
        )
        assert torch.allclose(
            _knee_bend(after, rest, side), torch.tensor([0.0, 0, 6, 46, 96]).double(), atol=0.1
        )
        turn = _turned(before[f"upperleg01.{side}"].mT @ after[f"upperleg01.{side}"]).norm(dim=-1)
        assert torch.allclose(turn, torch.tensor([0.0, 3, 7, 7, 7]).double(), atol=0.1)


def test_soles_are_level_where_feet_usually_stand(rest: RestPose) -> None:
    def pitch(frames: list[dict[str, tuple[float, ...]]]) -> Tensor:
        """Degrees by which the left foot points up (T,)."""
        world = _world(_amc(frames), replace(CMU_AMC, level_soles=True), rest)
        return torch.rad2deg(torch.asin(-world["foot.L"][:, 2, 1]))

    def stand(angle: float) -> dict[str, tuple[float, ...]]:
        return {"lfoot": (angle, 0), "rfoot": (angle, 0)}

    standing = [stand(8)] * 30 + [stand(28)] * 5
    level = pitch(standing)
    assert torch.allclose(level[:30], torch.zeros(30).double(), atol=0.1)
    assert torch.allclose(level[30:].abs(), torch.full((5,), 20.0).double(), atol=2)
    assert torch.allclose(pitch(standing[:5]).abs(), torch.full((5,), 8.0).double(), atol=2)  # too few
    always_different = torch.linspace(-29, 29, 40).double()
    assert torch.allclose(
        pitch([stand(angle) for angle in always_different.tolist()]).abs(), always_different.abs(), atol=4
    )


def test_mirrored_motion_gives_mirrored_poses(rest: RestPose) -> None:
    arm, wrist = (20.0, -30.0, 15.0), (10.0,)
    left, right = (
        _amc([{f"{side}humerus": (arm[0], sign * arm[1], sign * arm[2]), f"{side}radius": wrist}])
        for side, sign in (("l", 1), ("r", -1))
    )
    ours = _world(left, CMU_AMC, rest)["lowerarm01.L"]
    theirs = _world(right, CMU_AMC, rest)["lowerarm01.R"]
    reflection = torch.diag(torch.tensor([-1.0, 1, 1]).double())
    assert torch.allclose(ours, reflection @ theirs @ reflection, atol=1e-4)


def test_limbs_point_like_the_bvh_recordings(shared_data: Path, rest: RestPose) -> None:
    with zipfile.ZipFile(shared_data / "motion" / "cmu_bvh.zip") as archive:
        for name in ("martial/03.bvh", "salsa/01.bvh"):
            clip = bvh.read(archive.read(name).decode("latin-1"))
            few = Clip(**{**vars(clip), "rotations": clip.rotations[1 :: max(1, len(clip) // 12)]})
            assert _largest_limb_angle(few, CMU_BVH, rest) < 0.5


def test_limbs_point_like_the_amc_recordings(shared_data: Path, rest: RestPose) -> None:
    with zipfile.ZipFile(shared_data / "motion" / "cmu_amc.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".amc")]
        for name in (names[0], names[-1]):
            subject = name.split("/")[0]
            skeleton = archive.read(f"{subject}/{subject}.asf").decode("latin-1")
            clip = amc.read(skeleton, archive.read(name).decode("latin-1"))
            few = Clip(**{**vars(clip), "rotations": clip.rotations[:: max(1, len(clip) // 12)]})
            assert _largest_limb_angle(few, CMU_AMC, rest) < 0.5


def _own_hand(rest: RestPose) -> Tensor:
    """The points of Anny's own hand at rest (21, 3), as a recorder would give them."""
    return torch.stack(
        [rest["wrist.L"]] + [rest[f"finger{finger}-{i}.L"] for finger in FINGERS for i in range(1, 5)]
    )


def test_annys_own_hand_retargets_to_the_rest_pose(rest: RestPose) -> None:
    own = _own_hand(rest)
    at_rest = hands.retarget(own[None], rest)
    assert (at_rest[..., 0].abs() > math.cos(math.radians(1) / 2)).all()
    turn = rotations.from_rotation_vector(torch.tensor([0.3, -1.0, 0.4]).double())
    elsewhere = hands.retarget(1.3 * own[None] @ turn.T + 50, rest)
    assert torch.allclose(elsewhere, at_rest, atol=1e-4)  # neither place, turn nor size of the hand counts


@pytest.mark.parametrize("finger", [2, 3, 4, 5])
@pytest.mark.parametrize("degrees", [-15, 40])
def test_a_finger_bends_at_the_joint_that_bends(rest: RestPose, finger: int, degrees: int) -> None:
    """Turning the two outer bones about the finger's own axis is found again, and in that joint alone."""
    points = _own_hand(rest)
    base = 4 * (finger - 1) + 1
    along = rotations.normalize(points[base + 1 : base + 4] - points[base : base + 3])
    curl = torch.linalg.cross(along[:-1], along[1:]).sum(0)
    axis = rotations.normalize(curl - (curl @ along[0]) * along[0])
    turn = rotations.from_axis_angle(axis, torch.tensor(math.radians(degrees)).double())
    points[base + 2 : base + 4] = (points[base + 2 : base + 4] - points[base + 1]) @ turn.T + points[base + 1]
    found = rotations.to_matrix(hands.retarget(points[None], rest)[0].double())
    angles = _turned(found).norm(dim=-1)
    bent = HAND_BONES.index(f"finger{finger}-2.L")
    assert angles[bent] == pytest.approx(abs(degrees), abs=3)
    assert torch.cat([angles[: bent - 1], angles[bent + 2 :]]).max() < 0.1
    assert max(angles[bent - 1], angles[bent + 1]) < 6  # about its own length, where the curl is the axis


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
    path.write_text(f"{header}\n{rest}\n{rest}\n{smile}\n")
    weights = face.read(path)
    assert weights.shape == (3, 52)
    assert weights[:2].abs().max() == 0
    assert weights[2, 0] == 1
    assert weights[2, 1:].max() == 0
