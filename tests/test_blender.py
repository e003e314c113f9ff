"""The import into Blender, run with its Python package `bpy`: where people are, and what the camera sees."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from moving import clip
from scripts import load

from wholebody_lift import Pose3D, formats
from wholebody_lift.body.inverse_kinematics import BONES
from wholebody_lift.formats.results.bone_names import bone_names
from wholebody_lift.ground import Ground
from wholebody_lift.skeleton import EDGES, KEYPOINT_NAMES

bpy = pytest.importorskip("bpy", reason="needs Blender's package bpy (PyPI)")

WIDTH, HEIGHT, FX, FY, CX, CY = 1280.0, 720.0, 1100.0, 1000.0, 600.0, 380.0


@pytest.fixture(scope="module")
def blender() -> ModuleType:
    return load("examples/blender_import.py")


@pytest.fixture(autouse=True)
def empty_scene() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def pose() -> Pose3D:
    """One person in ten frames of a video, in front of a camera whose axis is not in the middle."""
    moving = clip(10)
    K = np.array([[FX, 0, CX], [0, FY, CY], [0, 0, 1]])
    return replace(
        moving, K=np.tile(K, (10, 1, 1)), image_size=np.tile([WIDTH, HEIGHT], (10, 1)), camera_source="given"
    )


def in_blender(pose: Pose3D) -> np.ndarray:
    """Where the keypoints should be, in metres."""
    return pose.to("blender" if pose.ground is None else "world").in_camera / 1000


def bones_at(armature, frame: int) -> np.ndarray:
    bpy.context.scene.frame_set(frame)
    return np.array([armature.matrix_world @ armature.pose.bones[name].head for name in KEYPOINT_NAMES])


CASES = [("opencv", False), ("unity", False), ("blender", False), ("opencv", True), ("world", True)]
"""The frame of a result, and whether it knows the ground."""


def in_frame(pose: Pose3D, frame: str, grounded: bool) -> Pose3D:
    down = np.array([0.08, 0.96, 0.27]) / np.linalg.norm([0.08, 0.96, 0.27])
    ground = Ground(tuple(down.tolist()), 1430.0, 1.0, 50.0) if grounded else None
    return replace(pose, ground=ground).to(frame)


@pytest.mark.parametrize("suffix", [".npz", ".json"])
@pytest.mark.parametrize(("frame", "grounded"), CASES)
def test_keypoints_are_where_the_result_says(
    blender: ModuleType, pose: Pose3D, tmp_path: Path, suffix: str, frame: str, grounded: bool
) -> None:
    path = tmp_path / f"walk{suffix}"
    pose = in_frame(pose, frame, grounded)
    pose.save(path)
    (armature,) = blender.import_result(path)
    for row in (0, 4, 9):
        found = bones_at(armature, int(pose.image_ids[row]) + 1)
        np.testing.assert_allclose(found, in_blender(pose)[row], atol=2e-5)
    scene = bpy.context.scene
    assert scene.render.fps / scene.render.fps_base == pytest.approx(pose.fps)
    assert (scene.frame_start, scene.frame_end) == (1, 10)


def test_lines_follow_the_bones(blender: ModuleType, pose: Pose3D, tmp_path: Path) -> None:
    pose.save(tmp_path / "walk.npz")
    (armature,) = blender.import_result(tmp_path / "walk.npz")
    (lines,) = armature.children
    assert {frozenset(edge.vertices) for edge in lines.data.edges} == {frozenset(edge) for edge in EDGES}
    bpy.context.scene.frame_set(7)
    thick = lines.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    corners = np.array([vertex.co for vertex in thick.vertices])
    nearest = np.linalg.norm(in_blender(pose)[6][:, None] - corners, axis=-1).min(axis=1)
    assert nearest.max() < 0.05
    lines.modifiers["thickness"].show_viewport = False
    thin = lines.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    np.testing.assert_allclose([vertex.co for vertex in thin.vertices], in_blender(pose)[6], atol=2e-5)


@pytest.mark.parametrize(("frame", "grounded"), CASES)
def test_the_camera_sees_the_keypoints_where_they_were_found(
    blender: ModuleType, pose: Pose3D, tmp_path: Path, frame: str, grounded: bool
) -> None:
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector

    seen = pose.in_camera[0] @ pose.K[0].T
    pixels = seen[:, :2] / seen[:, 2:]
    pose = in_frame(pose, frame, grounded)
    pose.save(tmp_path / "walk.npz")
    blender.import_result(tmp_path / "walk.npz")
    scene = bpy.context.scene
    assert (scene.render.resolution_x, scene.render.resolution_y) == (WIDTH, HEIGHT)
    bpy.context.view_layer.update()
    for place, (x, y) in list(zip(in_blender(pose)[0], pixels, strict=True))[::12]:
        u, v, _ = world_to_camera_view(scene, scene.camera, Vector(place))
        assert u * WIDTH == pytest.approx(x, abs=0.05)
        assert (1 - v) * HEIGHT == pytest.approx(y, abs=0.05)


def test_people_are_told_apart(blender: ModuleType, pose: Pose3D, tmp_path: Path) -> None:
    both = Pose3D.concatenate(
        replace(pose, track_ids=np.full(10, number), translation=pose.translation + 100 * number)
        for number in (3, 8)
    )
    both.save(tmp_path / "both.npz")
    found = blender.import_result(tmp_path / "both.npz")
    assert [armature.name for armature in found] == ["Person 3", "Person 8"]
    np.testing.assert_allclose(bones_at(found[1], 1), in_blender(both[[10]])[0], atol=2e-5)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # a file that Blender leaves open
@pytest.mark.parametrize("suffix", [".bvh", ".glb"])
def test_bones_come_through_blenders_importers(
    blender: ModuleType, pose: Pose3D, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"walk{suffix}"
    formats.write(pose, path)
    (armature,) = blender.IMPORTERS[suffix](path)
    assert {bone.name for bone in BONES} <= {bone.name for bone in armature.pose.bones}
    scene = bpy.context.scene
    assert scene.render.fps / scene.render.fps_base == pytest.approx(pose.fps, rel=1e-3)
    scene.frame_set(1 if suffix == ".bvh" else 0)
    head, foot = (armature.matrix_world @ armature.pose.bones[name].head for name in ("head", "leftFoot"))
    assert 1.0 < head.z - foot.z < 2.0  # metres


def test_the_program_saves_a_scene(
    blender: ModuleType, pose: Pose3D, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pose.save(tmp_path / "walk.npz")
    words = [
        "blender",
        "--python",
        "x.py",
        "--",
        str(tmp_path / "walk.npz"),
        "--save",
        str(tmp_path / "a.blend"),
    ]
    monkeypatch.setattr("sys.argv", words)
    blender.main()
    assert (tmp_path / "a.blend").stat().st_size > 10_000


def test_names_for_rigify_are_those_of_its_metarig() -> None:
    scripts = Path(bpy.utils.resource_path("LOCAL")) / "scripts"
    (metarig,) = scripts.rglob("rigify/metarigs/human.py")
    text = metarig.read_text(encoding="utf-8")
    assert [name for name in bone_names("rigify") if f"edit_bones.new('{name}')" not in text] == []
