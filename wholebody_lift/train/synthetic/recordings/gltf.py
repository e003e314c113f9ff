"""Animation clips of a skinned figure in a binary glTF 2.0 file (.glb)."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.recordings.clip import Clip

FPS = 30.0
"""Frame rate at which clips are sampled, since glTF stores keys at any time."""

_FLOAT = 5126
_COMPONENTS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_UNIT_QUATERNION = (0.0, 0.0, 0.0, 1.0)
_LAST_BONE_LENGTH = 0.02


def read(path: Path) -> dict[str, Clip]:
    """Read every clip of the first skin of a .glb file (y up, metres), by name; see `parse`."""
    return parse(path.read_bytes())


def parse(content: bytes) -> dict[str, Clip]:
    """Every clip of the first skin of a .glb file, by name, or of all its nodes if it has no skin.

    The rest pose is the file's own: the rotations of its nodes without a clip. Raises `ValueError` for
    features that are not supported: cubic splines, and numbers that are packed or stored in another file.
    """
    document, data = _read_container(content)
    nodes = document["nodes"]
    parent_of = {child: i for i, node in enumerate(nodes) for child in node.get("children", ())}
    order = list(_parents_first([i for i in range(len(nodes)) if i not in parent_of], nodes))
    chosen = set(document["skins"][0]["joints"] if "skins" in document else order)
    joints = [i for i in order if i in chosen]

    rest = torch.stack([_quaternion(node.get("rotation", _UNIT_QUATERNION)) for node in nodes])  # (nodes, 4)
    rest_world = _accumulate(rest[None], order, parent_of)[0]
    heads: dict[int, Tensor] = {}
    for i in order:
        offset = torch.tensor(nodes[i].get("translation", (0.0, 0.0, 0.0)), dtype=torch.float64)
        parent = parent_of.get(i)
        heads[i] = offset if parent is None else heads[parent] + rest_world[parent] @ offset

    names = tuple(nodes[i]["name"] for i in joints)
    parents = tuple(joints.index(parent_of[i]) if parent_of.get(i) in chosen else -1 for i in joints)
    rest_heads = torch.stack([heads[i] for i in joints])
    # The last bone of a chain has no tail in glTF; modelling programs point a bone's y axis along it.
    tails = rest_heads + _LAST_BONE_LENGTH * rest_world[joints][..., 1]
    for bone in reversed(range(len(joints))):
        if parents[bone] >= 0:
            tails[parents[bone]] = rest_heads[bone]

    clips: dict[str, Clip] = {}
    for animation in document["animations"]:
        local = _sample(document, data, animation, rest)
        world = _accumulate(local, order, parent_of)[:, joints] @ rest_world[joints].mT  # (T, B, 3, 3)
        relative = [
            world[:, bone] if parent < 0 else world[:, parent].mT @ world[:, bone]
            for bone, parent in enumerate(parents)
        ]
        clips[animation["name"]] = Clip.from_local(
            names, parents, rest_heads, tails, torch.stack(relative, 1), FPS
        )
    return clips


def _read_container(content: bytes) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """The JSON chunk and the binary chunk of a .glb file (glTF 2.0, section 4.4)."""
    if content[:4] != b"glTF":
        raise ValueError("expected a binary glTF file, got one that does not begin with 'glTF'")
    (length,) = struct.unpack("<I", content[12:16])
    return json.loads(content[20 : 20 + length]), np.frombuffer(content, np.uint8)[28 + length :]


def _parents_first(roots: list[int], nodes: list[dict[str, Any]]) -> Iterator[int]:
    for i in roots:
        yield i
        yield from _parents_first(nodes[i].get("children", []), nodes)


def _quaternion(xyzw: NDArray[np.float64] | list[float] | tuple[float, ...]) -> Tensor:
    """Quaternions (..., 4) in wxyz order from glTF's xyzw."""
    return rotations.normalize(torch.as_tensor(xyzw, dtype=torch.float64).roll(1, -1))


def _accumulate(local: Tensor, order: list[int], parent_of: dict[int, int]) -> Tensor:
    """World rotations (T, nodes, 3, 3) from local quaternions (T, nodes, 4)."""
    matrices = rotations.to_matrix(local)
    world = matrices.clone()
    for i in order:
        if i in parent_of:
            world[:, i] = world[:, parent_of[i]] @ matrices[:, i]
    return world


def _read_accessor(document: dict[str, Any], data: NDArray[np.uint8], index: int) -> NDArray[np.float64]:
    """The numbers of an accessor, (count, components)."""
    accessor = document["accessors"][index]
    view = document["bufferViews"][accessor["bufferView"]]
    if accessor["componentType"] != _FLOAT or "byteStride" in view or "sparse" in accessor or view["buffer"]:
        raise ValueError("expected unpacked 32-bit floats inside the file; export the clips that way")
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    width = _COMPONENTS[accessor["type"]]
    values = data[start : start + 4 * width * accessor["count"]].view("<f4")
    return values.reshape(accessor["count"], width).astype(np.float64)


def _sample(
    document: dict[str, Any], data: NDArray[np.uint8], animation: dict[str, Any], rest: Tensor
) -> Tensor:
    """Local rotations (T, nodes, 4) of a clip at `FPS`, interpolated as in glTF 2.0, appendix C."""
    keys = {}
    for channel in animation["channels"]:
        if channel["target"]["path"] == "rotation":
            sampler = animation["samplers"][channel["sampler"]]
            keys[channel["target"]["node"]] = (
                torch.from_numpy(_read_accessor(document, data, sampler["input"])[:, 0]),
                _quaternion(_read_accessor(document, data, sampler["output"])),
                sampler.get("interpolation", "LINEAR"),
            )
    duration = max(float(times[-1]) for times, _, _ in keys.values())
    when = torch.arange(0, duration + 1e-6, 1 / FPS, dtype=torch.float64)
    local = rest.expand(len(when), *rest.shape).clone()
    for node, (times, values, interpolation) in keys.items():
        if interpolation not in ("LINEAR", "STEP"):
            raise ValueError(
                f"expected linear keys in clip {animation['name']!r}, got {interpolation}; bake it first"
            )
        last = len(times) - 1
        before = (torch.searchsorted(times, when, right=True) - 1).clamp(0, last)
        after = (before + 1).clamp_max(last)
        span = (times[after] - times[before]).clamp_min(1e-9)
        fraction = ((when - times[before]) / span).clamp(0, 1) * (interpolation == "LINEAR")
        local[:, node] = rotations.slerp(values[before], values[after], fraction)
    return local
