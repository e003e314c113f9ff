"""Biovision hierarchy (BVH) files."""

import re

import torch
from torch import Tensor

from wholebody_lift.train.synthetic.recordings.clip import Y_UP_TO_Z_UP, Clip, from_euler

CENTIMETRE = 0.01


def read(
    text: str, *, fps: float | None = None, unit: float = CENTIMETRE, axes: Tensor = Y_UP_TO_Z_UP
) -> Clip:
    """Read a clip from the text of a BVH file.

    In the rest pose all channels are zero. The header gives the order of each joint's channels, and their
    rotations are multiplied from left to right. `fps` replaces a wrong frame time. `unit` is the file's unit
    of length in metres, and `axes` (3, 3) turns its axes, by default with y up, to Anny's. Raises
    `ValueError` if the frames do not fit the header.
    """
    header, _, motion = text.partition("MOTION")
    match = re.match(r"\s*Frames:\s*(\d+)\s+Frame Time:\s*(\S+)(.*)", motion, re.DOTALL)
    if match is None:
        raise ValueError("expected a BVH file, got one without 'MOTION', 'Frames:' and 'Frame Time:'")
    bones, parents, heads, tails, channels = _read_hierarchy(header.split())
    width = sum(len(names) for names in channels)
    values = torch.tensor([float(value) for value in match[3].split()], dtype=torch.float64)
    if values.numel() != int(match[1]) * width:
        raise ValueError(
            f"expected {match[1]} frames of {width} values, as in the header, got {values.numel()} values"
        )
    per_bone = torch.split(values.reshape(-1, width), [len(names) for names in channels], dim=1)
    local = [_rotation(names, table) for names, table in zip(channels, per_bone, strict=True)]
    return Clip.from_local(
        tuple(bones),
        tuple(parents),
        heads * unit,
        tails * unit,
        torch.stack(local, 1),
        1 / float(match[2]) if fps is None else fps,
        axes,
    )


def _rotation(channels: list[str], table: Tensor) -> Tensor:
    turns = [i for i, name in enumerate(channels) if name.endswith("rotation")]
    return from_euler("".join(channels[i][0] for i in turns), table[:, turns])


def _read_hierarchy(
    tokens: list[str],
) -> tuple[list[str], list[int], Tensor, Tensor, list[list[str]]]:
    """Bones, parents, rest heads and tails (B, 3), and the channel names of each bone."""
    bones: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    ends: dict[int, list[float]] = {}  # each bone's tail (the head of its first child) relative to its head
    channels: list[list[str]] = []
    open_bones: list[int] = []
    bone, at_end_site = -1, False
    words = iter(tokens)
    for word in words:
        if word in ("ROOT", "JOINT"):
            parents.append(open_bones[-1] if open_bones else -1)
            bones.append(next(words))
            bone, at_end_site = len(bones) - 1, False
        elif word == "End":
            next(words)  # Site
            at_end_site = True
        elif word == "{":
            open_bones.append(bone)
        elif word == "}":
            bone, at_end_site = open_bones.pop(), False
        elif word == "OFFSET":
            offset = [float(next(words)) for _ in range(3)]
            if at_end_site:
                ends.setdefault(bone, offset)
            else:
                offsets.append(offset)
                ends.setdefault(parents[bone], offset)
        elif word == "CHANNELS":
            channels.append([next(words) for _ in range(int(next(words)))])
    heads: list[Tensor] = []
    for parent, offset in zip(parents, offsets, strict=True):
        step = torch.tensor(offset, dtype=torch.float64)
        heads.append(step if parent < 0 else heads[parent] + step)
    tails = [head + torch.tensor(ends.get(i, [0.0] * 3), dtype=torch.float64) for i, head in enumerate(heads)]
    return bones, parents, torch.stack(heads), torch.stack(tails), channels
