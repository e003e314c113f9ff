"""glTF 2.0 in one binary file (.glb): skeletons with hands that move, metres, y up. Written only.

Each person is a hierarchy of nodes in a T-pose, a mesh of one thin octahedron per bone, skinned to the nodes,
and channels of the file's one animation. Section numbers are those of the glTF 2.0 specification.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from wholebody_lift import __version__, atomic
from wholebody_lift._types import Floats
from wholebody_lift.body.inverse_kinematics import BONES, CHILDREN, SkeletonPose, solve, to_quaternions
from wholebody_lift.formats.results.bone_names import BoneNames, bone_names
from wholebody_lift.formats.results.motion import Motion, Origin, Track, motion
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import Pose3D

FRAME = "opengl"
"""x right in the image, y up, z towards the camera: a person facing the camera faces +z, glTF's front."""

_METRES = 0.001  # in one millimetre
_COLOURS = ((0.13, 0.42, 0.72), (0.85, 0.45, 0.10), (0.20, 0.58, 0.35), (0.62, 0.27, 0.60))  # linear RGB
_FLOAT, _UNSIGNED_BYTE = 5126, 5121
_TYPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
_VERTEX_DATA = 34962  # ARRAY_BUFFER

# An octahedron along z from 0 to 1: widest near its beginning, like the bones of modelling programs.
_WAIST, _WIDTH = 0.15, 0.08
_CORNERS = np.array(
    [[0, 0, 0], [1, 0, _WAIST], [0, 1, _WAIST], [-1, 0, _WAIST], [0, -1, _WAIST], [0, 0, 1]], dtype=np.float64
) * (_WIDTH, _WIDTH, 1)
_TRIANGLES = np.array(
    [[0, b, a] for a, b in ((1, 2), (2, 3), (3, 4), (4, 1))]
    + [[5, a, b] for a, b in ((1, 2), (2, 3), (3, 4), (4, 1))]
)


def write(pose: Pose3D, path: Path, *, origin: Origin = "ground", names: BoneNames = "vrm") -> None:
    """Write people over time as bones that turn (see `inverse_kinematics`).

    A person has keys in the frames in which they are; viewers turn the bones evenly between keys. The
    first frame is at 0 s. What the axes, the origin and the frame rate are stands in `asset.extras`.

    Args:
        pose: people, with a frame rate if there are several frames.
        path: where to write.
        origin: see `motion.Origin`.
        names: see `bone_names.BoneNames`.

    Raises ValueError where it is not known who is who, no frame rate, or an option is not known.
    """
    moving = motion(pose, FRAME, origin)
    file = _File(moving, bone_names(names))
    for track in moving.tracks:
        file.add_person(track)
    atomic.write_bytes(path, file.to_bytes())


class _File:
    """A glTF document and its buffer, which grow together."""

    def __init__(self, moving: Motion, called: tuple[str, ...]) -> None:
        self.called = called
        self.fps = moving.fps
        self.data = bytearray()
        self.accessors: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self.nodes: list[dict[str, Any]] = []
        self.meshes: list[dict[str, Any]] = []
        self.skins: list[dict[str, Any]] = []
        self.materials: list[dict[str, Any]] = []
        self.scene: list[int] = []
        self.channels: list[dict[str, Any]] = []
        self.samplers: list[dict[str, Any]] = []
        self.extras = {"units": "m", "frame": moving.frame, "origin": moving.origin, "fps": moving.fps}
        self.extras["description"] = moving.description

    def add_person(self, track: Track) -> None:
        skeleton = solve(track.xyz)
        first = len(self.nodes)
        rest = skeleton.rest_heads() * _METRES
        for i, bone in enumerate(BONES):
            offset = rest[i] if bone.parent < 0 else skeleton.offsets[i] * _METRES
            node: dict[str, Any] = {"name": self.called[i], "translation": offset.tolist()}
            if CHILDREN[i]:
                node["children"] = [first + child for child in CHILDREN[i]]
            self.nodes.append(node)
        mesh_node = len(self.nodes)
        person = {"name": track.name, "children": [first]}
        self.nodes += [
            {"name": f"{track.name} mesh", "mesh": len(self.meshes), "skin": len(self.skins)},
            person,
        ]
        self.scene += [mesh_node, mesh_node + 1]  # a mesh with a skin follows its bones, not its parent
        self._add_skin(rest, list(range(first, mesh_node)))
        self._add_mesh(skeleton, rest, f"{track.name} mesh")
        self._add_animation(skeleton, track.frames / self.fps, first)

    def _add_skin(self, rest: Floats, joints: list[int]) -> None:
        inverse = np.tile(np.eye(4), (len(rest), 1, 1))
        inverse[:, :3, 3] = -rest
        columns = inverse.swapaxes(1, 2).reshape(-1, 16)  # glTF keeps matrices by columns
        self.skins.append(
            {"inverseBindMatrices": self._add(columns), "joints": joints, "skeleton": joints[0]}
        )

    def _add_mesh(self, skeleton: SkeletonPose, rest: Floats, name: str) -> None:
        corners = np.concatenate(
            [_octahedron(head, end) for head, end in zip(rest, skeleton.ends * _METRES, strict=True)]
        )  # (B * 8, 3 corners, xyz)
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        joints = np.zeros((len(corners) * 3, 4), dtype=np.uint8)
        joints[:, 0] = np.repeat(np.arange(len(BONES)), len(_TRIANGLES) * 3)
        weights = np.zeros((len(joints), 4))
        weights[:, 0] = 1
        attributes = {
            "POSITION": self._add(corners.reshape(-1, 3), vertices=True),
            "NORMAL": self._add(np.repeat(normals, 3, axis=0), vertices=True),
            "JOINTS_0": self._add(joints, vertices=True),
            "WEIGHTS_0": self._add(weights, vertices=True),
        }
        self.meshes.append(
            {"name": name, "primitives": [{"attributes": attributes, "material": len(self.materials)}]}
        )
        colour = [*_COLOURS[len(self.materials) % len(_COLOURS)], 1.0]
        surface = {"baseColorFactor": colour, "metallicFactor": 0.0, "roughnessFactor": 0.8}
        self.materials.append({"name": name, "pbrMetallicRoughness": surface})

    def _add_animation(self, skeleton: SkeletonPose, seconds: Floats, first: int) -> None:
        times = self._add(seconds[:, None])
        self._add_channel(times, skeleton.root * _METRES, first, "translation")
        quaternions = _continuous(to_quaternions(skeleton.rotations))
        for bone in range(len(BONES)):
            self._add_channel(times, quaternions[:, bone], first + bone, "rotation")

    def _add_channel(self, times: int, values: Floats, node: int, path: str) -> None:
        self.channels.append({"sampler": len(self.samplers), "target": {"node": node, "path": path}})
        self.samplers.append({"input": times, "output": self._add(values), "interpolation": "LINEAR"})

    def _add(self, values: npt.NDArray[Any], *, vertices: bool = False) -> int:
        """Append the values (count, components) to the buffer; the index of their accessor."""
        integers = values.dtype == np.uint8
        values = values if integers else values.astype("<f4")
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": values.nbytes}
        self.views.append({**view, "target": _VERTEX_DATA} if vertices else view)
        self.data += values.tobytes()
        self.accessors.append(
            {
                "bufferView": len(self.views) - 1,
                "componentType": _UNSIGNED_BYTE if integers else _FLOAT,
                "count": len(values),
                "type": _TYPES[values.shape[1]],
                "min": values.min(axis=0).tolist(),
                "max": values.max(axis=0).tolist(),
            }
        )
        return len(self.accessors) - 1

    def to_bytes(self) -> bytes:
        """The file: a header, the document and the buffer (section 4.4)."""
        document = {
            "asset": {"version": "2.0", "generator": f"wholebody-lift {__version__}", "extras": self.extras},
            "scene": 0,
            "scenes": [{"nodes": self.scene}],
            "nodes": self.nodes,
            "meshes": self.meshes,
            "skins": self.skins,
            "materials": self.materials,
            "animations": [{"name": "motion", "channels": self.channels, "samplers": self.samplers}],
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": len(self.data)}],
        }
        text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        chunks = _chunk(b"JSON", text, b" ") + _chunk(b"BIN\0", bytes(self.data), b"\0")
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _chunk(kind: bytes, content: bytes, filler: bytes) -> bytes:
    content += filler * (-len(content) % 4)
    return struct.pack("<I4s", len(content), kind) + content


def _octahedron(head: Floats, end: Floats) -> Floats:
    """Triangles (8, 3, 3) of a bone from its head (3,) to its end (3,), which is given from the head."""
    length = np.linalg.norm(end)
    z = end / length
    x = np.cross(z, np.eye(3)[np.abs(z).argmin()])
    x /= np.linalg.norm(x)
    axes = np.stack([x, np.cross(z, x), z])  # rows
    return np.asarray((head + length * _CORNERS @ axes)[_TRIANGLES])


def _continuous(quaternions: Floats) -> Floats:
    """Of q and -q, which turn alike, the one nearer to the frame before; (T, B, 4)."""
    flips = np.sum(quaternions[1:] * quaternions[:-1], axis=-1) < 0
    signs = np.concatenate([np.ones_like(quaternions[:1, :, 0]), np.where(flips, -1.0, 1.0)]).cumprod(axis=0)
    return np.asarray(quaternions * signs[..., None])


KIND = Kind(
    ".glb",
    "glTF",
    "Blender, Unity",
    write,
    "Unreal, Godot, three.js",
    unit="m",
    frame=FRAME,
    obstacles=frozenset({"who", "when"}),
    names=get_args(BoneNames),
)
