"""Acclaim files: a skeleton (ASF) and its motion (AMC), in the conventions of the CMU database."""

from dataclasses import dataclass

import torch
from torch import Tensor

from wholebody_lift.train.synthetic.recordings.clip import Clip, from_euler

INCH = 0.0254
CMU_UNIT = INCH / 0.45
"""Metres in the unit of CMU's files and of their conversions."""
FPS = 120.0
"""The AMC files of the CMU database do not state their frame rate; all were recorded at this one."""


@dataclass(frozen=True)
class Bone:
    """A bone as ASF defines it."""

    direction: Tensor  # (3,) unit, in world axes at rest
    length: float
    axes: Tensor  # (3, 3) C, the bone's own axes in world axes at rest
    dof: tuple[str, ...]  # of rx, ry, rz, in the order of the values in AMC


def read(skeleton: str, motion: str) -> Clip:
    """Read a clip from the text of an ASF file and of an AMC file that belongs to it.

    A bone's rotation relative to its parent is C R C^-1, with C from the bone's `axis` and R from the AMC
    values, both Rz Ry Rx. A bone begins where its parent ends. Raises `ValueError` if a frame lacks a bone
    that has degrees of freedom.
    """
    definitions, parent_of, unit = _read_skeleton(skeleton)
    bones = ("root", *parent_of)
    parents = (-1, *(bones.index(parent) for parent in parent_of.values()))
    heads, tails = [torch.zeros(3, dtype=torch.float64)], [torch.zeros(3, dtype=torch.float64)]
    for name, parent in zip(bones[1:], parents[1:], strict=True):
        heads.append(tails[parent])
        tails.append(heads[-1] + definitions[name].direction * definitions[name].length * unit)

    frames = _read_motion(motion)
    root = torch.tensor([frame["root"][3:] for frame in frames], dtype=torch.float64)
    local = [_turn(root)]
    for name in bones[1:]:
        bone = definitions[name]
        angles = torch.zeros(len(frames), 3, dtype=torch.float64)
        if bone.dof:
            missing = next((i for i, frame in enumerate(frames) if name not in frame), None)
            if missing is not None:
                raise ValueError(f"frame {missing} has no values for the bone {name!r}")
            columns = ["xyz".index(dof[1]) for dof in bone.dof]
            angles[:, columns] = torch.tensor([frame[name] for frame in frames], dtype=torch.float64)
        local.append(bone.axes @ _turn(angles) @ bone.axes.T)
    return Clip.from_local(bones, parents, torch.stack(heads), torch.stack(tails), torch.stack(local, 1), FPS)


def _turn(xyz: Tensor) -> Tensor:
    """Rz Ry Rx of angles (..., 3) in degrees about x, y and z."""
    return from_euler("ZYX", xyz.flip(-1))


def _read_skeleton(text: str) -> tuple[dict[str, Bone], dict[str, str], float]:
    """The bones, the parent of each bone (parents first), and metres per unit of length."""
    definitions: dict[str, Bone] = {}
    parent_of: dict[str, str] = {}
    unit = INCH
    section, fields = "", dict[str, list[str]]()
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0].startswith(":"):
            section = words[0]
        elif section == ":units" and words[0] == "length":
            unit = INCH / float(words[1])
        elif section == ":bonedata":
            if words[0] == "end":
                axis = torch.tensor([float(value) for value in fields["axis"][:3]], dtype=torch.float64)
                definitions[fields["name"][0]] = Bone(
                    direction=torch.tensor([float(value) for value in fields["direction"]]).double(),
                    length=float(fields["length"][0]),
                    axes=_turn(axis),
                    dof=tuple(fields.get("dof", ())),
                )
                fields = {}
            else:
                fields[words[0]] = words[1:]
        elif section == ":hierarchy" and words[0] not in ("begin", "end"):
            parent_of.update(dict.fromkeys(words[1:], words[0]))
    return definitions, parent_of, unit


def _read_motion(text: str) -> list[dict[str, list[float]]]:
    """The values of each bone in each frame."""
    frames: list[dict[str, list[float]]] = []
    for line in text.splitlines():
        name, *values = line.split() or ("#",)
        if name.isdigit():
            frames.append({})
        elif not name.startswith(("#", ":")):
            frames[-1][name] = [float(value) for value in values]
    return frames
