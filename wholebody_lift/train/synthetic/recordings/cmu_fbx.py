"""Motion of the CMU database that was converted to NPZ by way of FBX."""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from wholebody_lift.train.synthetic.recordings.clip import Y_UP_TO_Z_UP, Clip
from wholebody_lift.train.synthetic.recordings.figures import CMU_ELBOW

PREFIX = "Neo_"
"""Begins the name of every bone."""

_NECK_LEAN = math.radians(18)  # forward, of Anny's neck in the rest pose
_FOOT_SLOPE = math.radians(18)  # downwards, from the ankle to the toes of a foot on the floor


def _axes_at_rest(bone: str) -> Tensor:
    """The axes (3, 3) of a bone, as columns, in a T pose in Anny's axes.

    The bones' own axes were found from the recordings: x runs along the spine and the left limbs and against
    the right limbs; spine, hips and knees bend about z, which points to the left, and elbows too, which close
    with positive angles.
    """
    side = -1.0 if bone.startswith("Right") else 1.0
    x, z = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)
    if bone.endswith(("Arm", "Hand")):
        x, z = (1.0, 0.0, 0.0), (0.0, side * CMU_ELBOW[1], side * CMU_ELBOW[2])
    elif bone.endswith("Leg"):
        x = (0.0, 0.0, -side)
    elif bone.endswith(("Foot", "ToeBase")):
        x = (0.0, -side * math.cos(_FOOT_SLOPE), -side * math.sin(_FOOT_SLOPE))
    elif bone == "Neck":
        x = (0.0, -math.sin(_NECK_LEAN), math.cos(_NECK_LEAN))
    x_axis, z_axis = torch.tensor([x, z], dtype=torch.float64)
    return torch.stack([x_axis, torch.linalg.cross(z_axis, x_axis), z_axis], -1)


def read(path: Path) -> Clip:
    """Read a clip from an NPZ file with `names`, `parent` (B,), `joints_m` (T, B, 3) in metres and
    `local_rot` (T, B, 3, 3), both with y up, and `fps`.

    Rotations are relative to the parent bone; the rest pose is a T pose.
    """
    with np.load(path) as file:
        bones = tuple(name.removeprefix(PREFIX) for name in file["names"].tolist())
        parents = tuple(file["parent"].tolist())
        places, local = (torch.from_numpy(file[key]).double() for key in ("joints_m", "local_rot"))
        fps = float(file["fps"])
    rest = torch.stack([_axes_at_rest(bone) for bone in bones])  # (B, 3, 3)
    world: list[Tensor] = []
    heads: list[Tensor] = []
    for bone, parent in enumerate(parents):
        if parent < 0:
            world.append(local[:, bone])
            heads.append(torch.zeros(3, dtype=torch.float64))
            continue
        world.append(world[parent] @ local[:, bone])
        offset = world[parent][0].T @ (places[0, bone] - places[0, parent])
        heads.append(heads[parent] + rest[parent] @ offset)
    tails = list(heads)
    for bone in reversed(range(len(bones))):
        if parents[bone] >= 0:
            tails[parents[bone]] = heads[bone]
    for bone, head in enumerate(heads):
        if tails[bone] is head:  # nothing follows: it is as long as the bone before it
            tails[bone] = head + rest[bone] @ rest[parents[bone]].T @ (head - heads[parents[bone]])
    return Clip(
        bones,
        parents,
        torch.stack(heads),
        torch.stack(tails),
        Y_UP_TO_Z_UP @ torch.stack(world, 1) @ rest.mT,
        fps,
    )
