import dataclasses
import json
import struct

import numpy as np
import pytest
from moving import clip

from wholebody_lift import formats
from wholebody_lift.body.inverse_kinematics import BONES, solve
from wholebody_lift.formats.results.motion import motion
from wholebody_lift.train.synthetic.recordings import gltf as reader
from wholebody_lift.train.synthetic.recordings.clip import Y_UP_TO_Z_UP


def parts(path):
    """The document and the numbers of each accessor, (count, components)."""
    content = path.read_bytes()
    magic, version, length = struct.unpack("<4sII", content[:12])
    assert (magic, version, length) == (b"glTF", 2, len(content))
    size, kind = struct.unpack("<I4s", content[12:20])
    assert (kind, size % 4) == (b"JSON", 0)
    document = json.loads(content[20 : 20 + size])
    size_of_data, kind = struct.unpack("<I4s", content[20 + size : 28 + size])
    assert (kind, size_of_data % 4) == (b"BIN\0", 0)
    data = content[28 + size :]
    assert document["buffers"] == [{"byteLength": size_of_data}]
    arrays = []
    for accessor in document["accessors"]:
        view = document["bufferViews"][accessor["bufferView"]]
        values = np.frombuffer(
            data[view["byteOffset"] : view["byteOffset"] + view["byteLength"]],
            dtype={5126: "<f4", 5121: "u1"}[accessor["componentType"]],
        ).reshape(accessor["count"], -1)
        assert view["byteOffset"] % 4 == 0
        np.testing.assert_allclose(values.min(axis=0), accessor["min"])
        np.testing.assert_allclose(values.max(axis=0), accessor["max"])
        arrays.append(values)
    return document, arrays


def matrices(q):
    """Rotation matrices (..., 3, 3) of quaternions (..., 4) xyzw, by turning the axes one by one."""
    v, w = q[..., :3], q[..., 3:]
    columns = []
    for axis in np.eye(3):
        t = 2 * np.cross(v, axis)
        columns.append(axis + w * t + np.cross(v, t))
    return np.stack(columns, axis=-1)


def play(document, arrays):
    """Where every node is in each frame: (T, nodes, 4, 4) by the hierarchy and the animation."""
    nodes = document["nodes"]
    (animation,) = document["animations"]
    frames = max(len(arrays[sampler["input"]]) for sampler in animation["samplers"])
    local = np.tile(np.eye(4), (frames, len(nodes), 1, 1))
    for i, node in enumerate(nodes):
        local[:, i, :3, 3] = node.get("translation", (0, 0, 0))
    for channel in animation["channels"]:
        values = arrays[animation["samplers"][channel["sampler"]]["output"]].astype(float)
        node = channel["target"]["node"]
        if channel["target"]["path"] == "translation":
            local[:, node, :3, 3] = values
        else:
            local[:, node, :3, :3] = matrices(values)
    world = local.copy()

    def descend(node):
        for child in nodes[node].get("children", ()):
            world[:, child] = world[:, node] @ local[:, child]
            descend(child)

    for root in document["scenes"][0]["nodes"]:
        descend(root)
    return world


def test_nodes_and_skin_move_as_the_bones(tmp_path):
    pose = clip(20)
    formats.write(pose, tmp_path / "walk.glb")
    document, arrays = parts(tmp_path / "walk.glb")
    world = play(document, arrays)
    skeleton = solve(motion(pose, "opengl").tracks[0].xyz)
    (skin,) = document["skins"]
    assert [document["nodes"][joint]["name"] for joint in skin["joints"]] == [bone.name for bone in BONES]
    bones = world[:, skin["joints"]]  # (T, B, 4, 4)
    np.testing.assert_allclose(1000 * bones[..., :3, 3], skeleton.heads(), atol=0.05)

    inverse = arrays[skin["inverseBindMatrices"]].reshape(-1, 4, 4).swapaxes(1, 2)
    (primitive,) = document["meshes"][0]["primitives"]
    vertices, joints, weights = (
        arrays[primitive["attributes"][name]] for name in ("POSITION", "JOINTS_0", "WEIGHTS_0")
    )
    np.testing.assert_array_equal(weights, np.tile([1, 0, 0, 0], (len(weights), 1)))
    corners = np.concatenate([vertices, np.ones((len(vertices), 1))], axis=1)
    moved = ((bones @ inverse)[:, joints[:, 0]] @ corners[:, :, None])[..., :3, 0]
    per_bone = 1000 * moved.reshape(len(pose), len(BONES), -1, 3)
    for wanted in (skeleton.heads(), skeleton.tips()):  # each bone's mesh reaches from end to end
        assert np.linalg.norm(per_bone - wanted[:, :, None], axis=-1).min(axis=2).max() < 0.05


def test_the_mesh_is_closed_and_faces_outwards(tmp_path):
    formats.write(clip(2), tmp_path / "walk.glb")
    document, arrays = parts(tmp_path / "walk.glb")
    attributes = document["meshes"][0]["primitives"][0]["attributes"]
    triangles = arrays[attributes["POSITION"]].reshape(len(BONES), 8, 3, 3).astype(float)
    normals = arrays[attributes["NORMAL"]].reshape(len(BONES), 8, 3, 3)[:, :, 0]
    middles = triangles.mean(axis=(1, 2))
    outwards = np.sum((triangles.mean(axis=2) - middles[:, None]) * normals, axis=-1)
    assert (outwards > 0).all()
    edges = triangles[:, :, [1, 2, 0]] - triangles
    np.testing.assert_allclose(np.cross(edges[:, :, 0], edges[:, :, 1]).sum(axis=1), 0, atol=1e-9)


def test_the_reader_of_motion_data_reads_it(tmp_path):
    pose = dataclasses.replace(clip(15), fps=30.0)
    formats.write(pose, tmp_path / "walk.glb")
    recording = reader.read(tmp_path / "walk.glb")["motion"]
    assert recording.bones == tuple(bone.name for bone in BONES)
    heads = solve(motion(pose, "opengl").tracks[0].xyz).heads()
    found = 1000 * (recording.positions() @ Y_UP_TO_Z_UP).numpy()
    np.testing.assert_allclose(found - found[:, :1], heads - heads[:, :1], atol=0.5)


def test_it_says_what_it_is(tmp_path):
    formats.write(clip(3), tmp_path / "walk.glb", origin="camera")
    document, _ = parts(tmp_path / "walk.glb")
    assert document["asset"]["version"] == "2.0"
    extras = document["asset"]["extras"]
    assert {name: extras[name] for name in ("units", "frame", "origin", "fps")} == {
        **{"units": "m", "frame": "opengl", "origin": "camera", "fps": 25.0}
    }
    assert "z towards the camera" in extras["description"]


def test_several_people_with_gaps(tmp_path):
    pose = clip(6, tracks=(3, 8))
    pose = pose[~((pose.track_ids == 8) & np.isin(pose.image_ids, (0, 3)))]
    formats.write(pose, tmp_path / "two.glb")
    document, arrays = parts(tmp_path / "two.glb")
    names = [node["name"] for node in document["nodes"]]
    assert {"person3", "person8", "person3 mesh", "person8 mesh"} <= set(names)
    samplers = document["animations"][0]["samplers"]
    times = [arrays[sampler["input"]][:, 0] for sampler in samplers]
    np.testing.assert_allclose(times[0], np.arange(6) / 25, atol=1e-6)
    np.testing.assert_allclose(times[-1], np.array([1, 2, 4, 5]) / 25, atol=1e-6)
    for sampler in samplers:
        assert len(arrays[sampler["output"]]) == len(arrays[sampler["input"]])


def test_neighbouring_keys_turn_the_short_way(tmp_path):
    formats.write(clip(40), tmp_path / "walk.glb")
    document, arrays = parts(tmp_path / "walk.glb")
    for channel in document["animations"][0]["channels"]:
        if channel["target"]["path"] == "rotation":
            q = arrays[document["animations"][0]["samplers"][channel["sampler"]]["output"]]
            assert (np.sum(q[1:] * q[:-1], axis=-1) > 0).all()


def test_other_loaders_read_it(tmp_path):
    trimesh = pytest.importorskip("trimesh")
    pose = clip(5)
    formats.write(pose, tmp_path / "walk.glb")
    scene = trimesh.load(tmp_path / "walk.glb")
    rest = solve(motion(pose, "opengl").tracks[0].xyz).rest_heads()
    for i, bone in enumerate(BONES):
        place, _ = scene.graph.get(bone.name)
        np.testing.assert_allclose(1000 * place[:3, 3], rest[i], atol=0.01)
    (mesh,) = scene.geometry.values()
    assert len(mesh.faces) == 8 * len(BONES)
    mesh.merge_vertices(merge_norm=True, merge_tex=True)
    assert mesh.is_watertight
    assert mesh.volume > 0


def test_a_still(tmp_path):
    formats.write(clip(1, fps=None), tmp_path / "still.glb")
    document, arrays = parts(tmp_path / "still.glb")
    assert arrays[document["animations"][0]["samplers"][0]["input"]].tolist() == [[0.0]]
