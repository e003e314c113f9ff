"""The rig against the whole of Anny, and what people must look like whatever made them."""

import copy
import dataclasses
import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from turns import random_rotation

pytest.importorskip("anny", reason='needs pip install "wholebody-lift[train]"')

from wholebody_lift.skeleton import INDEX, MIRROR, PARTS
from wholebody_lift.train.synthetic import rig as rig_module
from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.bones import BONES, MIRROR_BONES, PARENT_BONES
from wholebody_lift.train.synthetic.build_rig import head_moves, keypoint_weights, load_anny
from wholebody_lift.train.synthetic.phenotypes import FACE_ACTIONS, LOCAL_CHANGES, PHENOTYPES, Shape
from wholebody_lift.train.synthetic.rig import Rest, Rig, load_rig

REFLECT = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))
FINGERS = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")


@pytest.fixture(scope="module")
def rig() -> Rig:
    return load_rig()


def random_pose(n: int, generator: torch.Generator) -> Tensor:
    """(n, J, 3, 3): every bone turned by about 50 degrees about any axis."""
    return rotations.from_rotation_vector(0.5 * torch.randn(n, len(BONES), 3, generator=generator))


def average_person() -> Shape:
    phenotypes = [0.8 if name == "age" else 0.5 for name in PHENOTYPES]
    return Shape(torch.tensor([phenotypes]), torch.zeros(1, len(LOCAL_CHANGES)))


def mirror_actions(face: Tensor) -> Tensor:
    def other(name: str) -> str:
        for side, opposite in (("Left", "Right"), ("Right", "Left")):
            if name.endswith(side):
                return name.removesuffix(side) + opposite
        return name

    return face[:, [FACE_ACTIONS.index(other(name)) for name in FACE_ACTIONS]]


def distance(xyz: Tensor, a: str, b: str) -> Tensor:
    return torch.linalg.vector_norm(xyz[..., INDEX[a], :] - xyz[..., INDEX[b], :], dim=-1)


def test_bone_tables_agree() -> None:
    assert len(BONES) == len(set(BONES)) == 104
    assert all(BONES.index(parent) < BONES.index(bone) for bone, parent in PARENT_BONES.items())
    for i, j in enumerate(MIRROR_BONES):
        assert MIRROR_BONES[j] == i
        assert {BONES[i][-2:], BONES[j][-2:]} == {".L", ".R"} or i == j
    assert len(FACE_ACTIONS) == len(set(FACE_ACTIONS)) == 52


def test_equals_the_complete_anny(rig: Rig, generator: torch.Generator) -> None:
    n = 100
    shape = rig.sample_shape(n, generator, children=0.3)
    assert shape.size is not None
    face = torch.rand(n, len(FACE_ACTIONS), generator=generator)
    pose = random_pose(n, generator)
    rest = rig.rest(shape, face)
    bones, world = rig.bones(rest, pose)

    model = load_anny()
    people: dict[str, Any] = {
        "phenotype_kwargs": dict(zip(PHENOTYPES, shape.phenotypes.double().unbind(1), strict=True)),
        "facial_actions": dict(zip(FACE_ACTIONS, face.double().unbind(1), strict=True)),
        "local_changes_kwargs": {
            label: value
            for labels, value in zip(
                LOCAL_CHANGES.values(), shape.local_changes.double().unbind(1), strict=True
            )
            for label in labels
        },
    }
    heads = model(**people)["rest_bone_heads"]
    model.template_bone_heads = head_moves() @ model.template_bone_heads
    model.bone_heads_blendshapes = head_moves() @ model.bone_heads_blendshapes

    # Anny takes the world orientation of each bone's own axes and makes the heads follow their parents.
    at_rest = model(**people)["rest_bone_poses"]
    turned = [pose[:, 0].double()]
    for bone, parent in PARENT_BONES.items():
        turned.append(turned[BONES.index(parent)] @ pose[:, BONES.index(bone)].double())
    poses = at_rest.clone()
    poses[..., :3, :3] = torch.stack(turned, 1) @ at_rest[..., :3, :3]
    posed = model(poses, **people, pose_parameterization="world-orient")

    vertex_weights, head_weights = keypoint_weights(model)
    expected = torch.einsum("kv,nvx->nkx", vertex_weights, posed["vertices"])
    for k, b, i in head_weights.nonzero().tolist():
        along = torch.einsum("nxy,ny->nx", turned[b], heads[:, i] - at_rest[:, b, :3, 3])
        expected[:, k] += head_weights[k, b, i] * (posed["bone_poses"][:, b, :3, 3] + along)
    mm = 1000 * shape.size.double()[:, None, None]
    torch.testing.assert_close(rig.pose(rest, pose).double(), expected * mm, atol=0.02, rtol=0)
    torch.testing.assert_close(bones.double(), posed["bone_poses"][..., :3, 3] * mm, atol=0.02, rtol=0)
    torch.testing.assert_close(world.double(), torch.stack(turned, 1), atol=1e-5, rtol=0)
    z = posed["rest_vertices"][..., 2] * mm[..., 0]
    torch.testing.assert_close(rest.stature_mm.double(), z.amax(1) - z.amin(1), atol=0.5, rtol=0)


def test_rest_pose_is_identity(rig: Rig, generator: torch.Generator) -> None:
    rest = rig.rest(rig.sample_shape(5, generator))
    identity = torch.eye(3).expand(5, len(BONES), 3, 3)
    heads, world = rig.bones(rest, identity)
    torch.testing.assert_close(rig.pose(rest, identity), rest.keypoints, atol=1e-2, rtol=0)
    torch.testing.assert_close(heads, rest.heads, atol=1e-2, rtol=0)
    torch.testing.assert_close(world, identity)


def test_turning_the_root_turns_the_person(rig: Rig, generator: torch.Generator) -> None:
    rest = rig.rest(rig.sample_shape(5, generator))
    pose = random_pose(5, generator)
    turn = random_rotation((5,), generator)
    turned = pose.clone()
    turned[:, 0] = turn @ pose[:, 0]
    root = rest.heads[:, :1]
    torch.testing.assert_close(
        rig.pose(rest, turned), (rig.pose(rest, pose) - root) @ turn.mT + root, atol=1e-2, rtol=0
    )


def test_lengths_of_limbs_and_hands_do_not_change_with_the_pose(rig: Rig, generator: torch.Generator) -> None:
    rest = rig.rest(rig.sample_shape(20, generator))
    pose = random_pose(20, generator)
    # Anny's limbs have two bones each, for their twist, and its palms four: people's do not bend there.
    for side in "LR":
        for bone in ("upperarm02", "lowerarm02", "upperleg02", "lowerleg02"):
            pose[:, BONES.index(f"{bone}.{side}")] = torch.eye(3)
        for i in range(1, 5):
            pose[:, BONES.index(f"metacarpal{i}.{side}")] = torch.eye(3)
    posed = rig.pose(rest, pose)
    pairs = [
        ("shoulder", "elbow"),
        ("elbow", "wrist"),
        ("wrist", "hand_root"),
        ("hip", "knee"),
        ("knee", "ankle"),
    ]
    pairs += [("hand_root", f"{finger}1") for finger in FINGERS]
    pairs += [(f"{finger}{i}", f"{finger}{i + 1}") for finger in FINGERS for i in (1, 2, 3)]
    for side in ("left", "right"):
        for a, b in pairs:
            before = distance(rest.keypoints, f"{side}_{a}", f"{side}_{b}")
            after = distance(posed, f"{side}_{a}", f"{side}_{b}")
            assert (after - before).abs().max() < 0.05, (side, a, b)


def test_statures_and_proportions_are_those_of_people(rig: Rig, generator: torch.Generator) -> None:
    shape = rig.sample_shape(2000, generator)
    rest = rig.rest(shape)
    xyz, stature = rest.keypoints, rest.stature_mm
    assert stature.min() > 1449
    assert stature.max() < 2051
    female = shape.phenotypes[:, PHENOTYPES.index("gender")] > 0.5
    assert 0.4 < female.float().mean() < 0.6
    for group, mean in ((female, 1620), (~female, 1760)):
        assert abs(stature[group].mean() - mean) < 10
        assert 60 < stature[group].std() < 80
    # de Leva (1996): 0.24, 0.25, 0.16 and 0.15 of the stature.
    for a, b, low, high in (
        ("hip", "knee", 0.225, 0.255),
        ("knee", "ankle", 0.235, 0.265),
        ("shoulder", "elbow", 0.145, 0.175),
        ("elbow", "wrist", 0.13, 0.16),
    ):
        ratio = distance(xyz, f"left_{a}", f"left_{b}") / stature
        assert low < ratio.mean() < high
        assert 0.002 < ratio.std() < 0.02
    palm = distance(xyz, "left_hand_root", "left_middle_finger1")
    assert 80 < palm.mean() < 95
    assert 55 < distance(xyz, "left_eye", "right_eye").mean() < 68
    floor = rest.keypoints[..., 2].amin(1)
    assert ((stature - (xyz[..., 2].amax(1) - floor)) > 50).all()  # no keypoint is on the crown


def test_children_are_smaller_and_have_bigger_heads(rig: Rig, generator: torch.Generator) -> None:
    children = rig.rest(rig.sample_shape(300, generator, children=1.0))
    adults = rig.rest(rig.sample_shape(300, generator))
    assert children.stature_mm.min() > 800
    assert children.stature_mm.mean() < 1600

    def head(rest: Rest) -> float:
        return float((distance(rest.keypoints, "left_ear", "right_ear") / rest.stature_mm).mean())

    assert head(children) > 1.05 * head(adults)
    mixed = rig.sample_shape(1000, generator, children=0.25)
    assert 0.2 < (mixed.phenotypes[:, PHENOTYPES.index("age")] < 0.7).float().mean() < 0.3


def test_same_generator_same_people(rig: Rig) -> None:
    a, b = (rig.sample_shape(7, torch.Generator().manual_seed(3), 0.5) for _ in range(2))
    for field in dataclasses.fields(Shape):
        assert torch.equal(getattr(a, field.name), getattr(b, field.name))


def test_left_front_and_up(rig: Rig, generator: torch.Generator) -> None:
    xyz = rig.rest(rig.sample_shape(50, generator)).keypoints
    for name in INDEX:
        if name.startswith("left_"):
            assert (xyz[:, INDEX[name], 0] > 0).all(), name
            assert (xyz[:, INDEX[name.replace("left_", "right_", 1)], 0] < 0).all(), name
    face = xyz[:, list(PARTS["face"])]
    assert (face[:, 0, 0] < face[:, 16, 0]).all()  # the jaw begins on the person's right
    assert (face[:, 36, 0] < face[:, 45, 0]).all()
    ears = xyz[:, [INDEX["left_ear"], INDEX["right_ear"]]].mean(1)
    assert (xyz[:, INDEX["nose"], 1] < ears[:, 1] - 50).all()
    for side in ("left", "right"):
        assert (xyz[:, INDEX[f"{side}_big_toe"], 1] < xyz[:, INDEX[f"{side}_heel"], 1] - 150).all()
        big, small = xyz[:, INDEX[f"{side}_big_toe"], 0], xyz[:, INDEX[f"{side}_small_toe"], 0]
        assert (big.abs() < small.abs()).all()
        down = [
            xyz[:, INDEX[f"{side}_{name}"], 2] for name in ("eye", "shoulder", "hip", "knee", "ankle", "heel")
        ]
        assert all((a > b + 20).all() for a, b in itertools.pairwise(down))
    down = [face[:, i, 2] for i in (24, 44, 33, 51, 57, 8)]  # brow, eye, nose, lips, chin
    assert all((a > b).all() for a, b in itertools.pairwise(down))


def test_fingers_are_in_order(rig: Rig, generator: torch.Generator) -> None:
    xyz = rig.rest(rig.sample_shape(50, generator)).keypoints
    for side in ("left", "right"):
        root = xyz[:, INDEX[f"{side}_hand_root"]]

        def joint(finger: str, i: int, side: str = side) -> Tensor:
            return xyz[:, INDEX[f"{side}_{finger}{i}"]]

        across = joint("pinky_finger", 1) - joint("forefinger", 1)
        places = torch.stack([((joint(finger, 1) - root) * across).sum(-1) for finger in FINGERS[1:]], 1)
        assert (places.diff(dim=1) > 0).all()
        from_thumb = [distance(xyz, f"{side}_thumb4", f"{side}_{finger}1") for finger in FINGERS[1:]]
        assert (torch.stack(from_thumb, 1).diff(dim=1) > 5).all()
        for finger in FINGERS:
            reach = torch.stack(
                [torch.linalg.vector_norm(joint(finger, i) - root, dim=-1) for i in range(1, 5)]
            )
            assert (reach.diff(dim=0) > 10).all()
        tips = torch.stack([torch.linalg.vector_norm(joint(finger, 4) - root, dim=-1) for finger in FINGERS])
        assert (tips.argmax(0) == 2).all()


def test_mirrored_pose_gives_mirrored_keypoints(rig: Rig, generator: torch.Generator) -> None:
    shape = rig.sample_shape(20, generator)
    pose = random_pose(20, generator)
    face = torch.rand(20, len(FACE_ACTIONS), generator=generator)
    mirrored = REFLECT @ pose[:, list(MIRROR_BONES)] @ REFLECT
    expected = rig(shape, pose, face)[:, list(MIRROR)] @ REFLECT
    # The third bone of Anny's neck begins 1 mm beside the middle, the left elbow 0.4 mm off the right one.
    torch.testing.assert_close(rig(shape, mirrored, mirror_actions(face)), expected, atol=5, rtol=0)
    at_rest = rig.rest(shape).keypoints
    torch.testing.assert_close(at_rest[:, list(MIRROR)] @ REFLECT, at_rest, atol=1, rtol=0)


def test_facial_actions_move_what_they_name(rig: Rig) -> None:
    shape = average_person()
    neutral = rig.rest(shape).keypoints[0]

    def move(action: str) -> Tensor:
        face = torch.zeros(1, len(FACE_ACTIONS))
        face[0, FACE_ACTIONS.index(action)] = 1
        return rig.rest(shape, face).keypoints[0] - neutral

    face = PARTS["face"]
    opened = move("jawOpen")
    assert opened[face[8], 2] < -10
    assert opened[face[66], 2] < -10  # the lower lip
    assert opened[face[62], 2].abs() < 3  # the upper lip
    smile = move("mouthSmileLeft")
    assert torch.linalg.vector_norm(smile[face[54]]) > 3 > torch.linalg.vector_norm(smile[face[48]])
    blink = move("eyeBlinkLeft")
    assert blink[face[44], 2] < -3 < blink[face[37], 2]
    body = [*PARTS["left_hand"], *PARTS["right_hand"], *PARTS["feet"]]
    assert move("jawOpen")[body].abs().max() < 1e-3


def test_batch_equals_single_and_gradients_flow(rig: Rig, generator: torch.Generator) -> None:
    shape = rig.sample_shape(6, generator, 0.5)
    assert shape.size is not None
    pose = random_pose(6, generator).requires_grad_()
    face = torch.rand(6, len(FACE_ACTIONS), generator=generator).requires_grad_()
    xyz = rig(shape, pose, face)
    for i in range(6):
        one = Shape(shape.phenotypes[i : i + 1], shape.local_changes[i : i + 1], shape.size[i : i + 1])
        torch.testing.assert_close(
            rig(one, pose[i : i + 1], face[i : i + 1]), xyz[i : i + 1], atol=1e-2, rtol=0
        )
    xyz.square().sum().backward()
    assert pose.grad is not None
    assert face.grad is not None
    assert pose.grad.isfinite().all()
    assert face.grad.abs().max() > 0


def test_survives_deepcopy_and_double(rig: Rig, generator: torch.Generator) -> None:
    shape = rig.sample_shape(3, generator)
    pose = random_pose(3, generator)
    twin = copy.deepcopy(rig).double()
    assert shape.size is not None
    precise = Shape(shape.phenotypes.double(), shape.local_changes.double(), shape.size.double())
    torch.testing.assert_close(twin(precise, pose.double()).float(), rig(shape, pose), atol=1e-2, rtol=0)


def test_cache(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = 0

    def build() -> dict[str, Tensor]:
        nonlocal built
        built += 1
        return rig.state_dict()

    monkeypatch.setattr(rig_module, "build_rig", build)
    load_rig(tmp_path)
    again = load_rig(tmp_path)
    assert built == 1
    assert again.state_dict().keys() == rig.state_dict().keys()
    assert all(torch.equal(again.state_dict()[name], value) for name, value in rig.state_dict().items())
    assert [path.name for path in tmp_path.iterdir()] == ["rig.safetensors"]

    monkeypatch.setattr(rig_module.importlib.metadata, "version", lambda name: "9.9")
    load_rig(tmp_path)
    load_rig(tmp_path)
    assert built == 2
    monkeypatch.setattr(rig_module, "_RIG_VERSION", -1)
    load_rig(tmp_path)
    assert built == 3

    monkeypatch.setenv("WHOLEBODY_LIFT_CACHE", str(tmp_path / "elsewhere"))
    load_rig()
    assert built == 4
    assert (tmp_path / "elsewhere" / "rig.safetensors").exists()


def test_cached_rig_needs_no_anny(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig_module, "build_rig", rig.state_dict)
    load_rig(tmp_path)
    code = (
        "import sys; sys.modules['anny'] = None\n"
        "from wholebody_lift.train.synthetic.rig import build_rig, load_rig\n"
        f"assert load_rig({str(tmp_path)!r}).template.ndim == 1\n"
        "try: build_rig()\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "wholebody-lift[train]"' in done.stdout


def test_wrong_tensors_are_named(rig: Rig) -> None:
    tensors = dict(rig.state_dict(), extra=torch.zeros(1))
    del tensors["template"]
    with pytest.raises(KeyError, match=r"template.*extra"):
        Rig(tensors)
