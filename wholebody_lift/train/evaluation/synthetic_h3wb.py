"""Synthetic people in the layout of H3WB, for users without the dataset: five subjects, four cameras each.

As in H3WB, 80,000 pictures of S1, S5, S6 and S7 are for training and 20,000 of S8 for the test: 5,000 poses
of each subject, seen by four laboratory cameras at once. Each subject has one body, with its own face and
hands. Poses, hand poses and expressions come from the bank's recordings: the training split for the first
four subjects and the test split for S8, so training sees neither the test subject nor what it does. Each
recording counts as an action.

The file has the layout of the published NPZ, so `h3wb.read` reads it and `h3wb.evaluate` measures on it.
It is not H3WB: errors on it say nothing about errors there.
"""

import hashlib
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from wholebody_lift import camera
from wholebody_lift.skeleton import indices
from wholebody_lift.train.evaluation import held_out
from wholebody_lift.train.evaluation.h3wb import SUBJECTS
from wholebody_lift.train.synthetic import faces
from wholebody_lift.train.synthetic.bank import MotionBank, Split
from wholebody_lift.train.synthetic.phenotypes import Shape
from wholebody_lift.train.synthetic.rig import Rig
from wholebody_lift.train.synthetic.rotations import to_matrix

SEED = 20260303
POSES = 5000
"""Poses of each subject."""

CAMERAS = ("54138969", "55011271", "58860488", "60457274")
"""The names of the cameras, as in Human3.6M."""

_FOCAL_PX = (1146.0, 2.5)  # mean and spread; in Human3.6M 1144 to 1150
_CENTRE_PX = (510.0, 7.0)  # of 1000; there 501 to 520
_CORNER_MM = (1900.0, 4700.0)  # across and along the room; there about 1.7 to 2.0 and 3.8 to 5.2 m
_CORNER_SPREAD_MM = (150.0, 250.0)
_HEIGHT_MM = (1550.0, 60.0)
_AIM_MM = (950.0, 60.0)  # height of the point that the camera looks at
_AIM_ASIDE_MM = 120.0
_FLOOR_RADIUS_MM = 1000.0  # of the area in which people stand
_CHUNK = 500
_QUANTUM = 1 / 32  # of mm and px: finer digits are noise that does not compress

_Array = npt.NDArray[np.float32]


def write(path: Path, rig: Rig, bank: MotionBank, poses: int = POSES) -> dict[str, float]:
    """Write the file with `poses` poses of each subject; returns the subjects' statures in mm.

    A network predicts people of its own stature, so `h3wb.evaluate` needs the stature of S8 as `stature_mm`.
    The file has the statures too, in `metadata`.
    """
    people: list[tuple[str, Split]] = [
        *((name, "train") for name in SUBJECTS["train"]),
        *((name, "test") for name in SUBJECTS["test"]),
    ]
    intrinsics = _intrinsics(_generator("cameras"))
    shapes = rig.sample_shape(len(people), _generator("shapes"))
    statures = dict(zip((name for name, _ in people), rig.rest(shapes).stature_mm.tolist(), strict=True))
    sample = itertools.count()
    train_data, metadata = {}, {}
    for row, (subject, split) in enumerate(people):
        xyz, recording = _poses(rig, _one(shapes, row), bank, split, poses, _generator(subject, "poses"))
        rotation, centre = _room(_generator(subject, "room"))
        seen = [(xyz - c) @ R.mT for R, c in zip(rotation, centre, strict=True)]
        pixels = [
            camera.project(points, K.expand(len(points), 3, 3))
            for points, K in zip(seen, intrinsics, strict=True)
        ]
        train_data[subject] = {
            bank.bodies.recordings[action].name: {
                "global_3d": _coarse(xyz[rows]),
                "frame_id": np.array([f"{number:04d}" for number in range(len(rows))]),
                **{
                    name: {
                        "camera_3d": _coarse(points[rows]),
                        "pose_2d": _coarse(xy[rows]),
                        "sample_id": np.array([next(sample) for _ in rows]),
                    }
                    for name, points, xy in zip(CAMERAS, seen, pixels, strict=True)
                },
            }
            for action in sorted({*recording.tolist()})
            for rows in [(recording == action).nonzero().squeeze(-1)]
        }
        metadata[subject] = _cameras(intrinsics, rotation, centre)
    metadata["stature_mm"] = statures
    with path.open("wb") as file:
        np.savez_compressed(file, train_data=np.array(train_data), metadata=np.array(metadata))
    return statures


def _generator(*purpose: str) -> torch.Generator:
    digest = hashlib.sha256(f"{SEED}/{'/'.join(purpose)}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def _one(shapes: Shape, row: int) -> Shape:
    """Select one person's shape, (1, ...)."""
    size = None if shapes.size is None else shapes.size[row : row + 1]
    return Shape(shapes.phenotypes[row : row + 1], shapes.local_changes[row : row + 1], size)


def _poses(
    rig: Rig, shape: Shape, bank: MotionBank, split: Split, n: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Keypoints (n, 133, 3) of one body in the room, mm, with z up from the floor, and recordings (n,)."""
    pieces = []
    for start in range(0, n, _CHUNK):
        m = min(_CHUNK, n - start)
        same = Shape(
            shape.phenotypes.expand(m, -1),
            shape.local_changes.expand(m, -1),
            None if shape.size is None else shape.size.expand(m),
        )
        rest = rig.rest(same, faces.sample(m, generator, bank, split))
        recorded, recording = bank.sample(m, split, generator)
        xyz = rig.pose(rest, held_out.with_hands(to_matrix(recorded), bank, split, generator))
        pieces.append((_placed(xyz, generator), recording))
    xyz, recording = (torch.cat(tensors) for tensors in zip(*pieces, strict=True))
    return xyz, recording


def _placed(xyz: Tensor, generator: torch.Generator) -> Tensor:
    """Place people (n, 133, 3) anywhere in the room, with any heading and the lowest keypoint on the
    floor."""
    heading, bearing, area = torch.rand(3, len(xyz), generator=generator)
    heading, bearing = 2 * torch.pi * heading, 2 * torch.pi * bearing
    c, s = heading.cos()[:, None], heading.sin()[:, None]
    x, y, z = (xyz - xyz[:, indices("body")].mean(1, keepdim=True)).unbind(-1)
    radius = _FLOOR_RADIUS_MM * area.sqrt()  # uniform over the disc
    return torch.stack(
        [
            c * x - s * y + (radius * bearing.cos())[:, None],
            s * x + c * y + (radius * bearing.sin())[:, None],
            z - z.amin(1, keepdim=True),
        ],
        dim=-1,
    )


def _intrinsics(generator: torch.Generator) -> Tensor:
    """K (4, 3, 3) in pixels, the same for all subjects."""
    focal, x, y = torch.randn(3, len(CAMERAS), generator=generator)
    (mean, spread), (middle, off) = _FOCAL_PX, _CENTRE_PX
    K: Tensor = camera.intrinsics(mean + spread * focal, middle + off * torch.stack([x, y], -1))
    return K


def _room(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """World axes to camera axes (4, 3, 3) and centres (4, 3) in mm of cameras in the corners of a room."""
    across, along, height, aim = torch.randn(4, len(CAMERAS), generator=generator)
    corners = torch.tensor([(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)])
    jitter = torch.stack([across, along], -1) * torch.tensor(_CORNER_SPREAD_MM)
    ground = corners * (torch.tensor(_CORNER_MM) + jitter)
    centre = torch.cat([ground, (_HEIGHT_MM[0] + _HEIGHT_MM[1] * height)[:, None]], 1)
    aside = _AIM_ASIDE_MM * torch.randn(len(CAMERAS), 2, generator=generator)
    target = torch.cat([aside, (_AIM_MM[0] + _AIM_MM[1] * aim)[:, None]], 1)
    forward = torch.nn.functional.normalize(target - centre, dim=-1)
    up = torch.tensor([0.0, 0.0, 1.0]).expand_as(forward)
    right = torch.nn.functional.normalize(torch.linalg.cross(forward, up), dim=-1)
    return torch.stack([right, torch.linalg.cross(forward, right), forward], 1), centre


def _cameras(intrinsics: Tensor, rotation: Tensor, centre: Tensor) -> dict[str, Any]:
    """The cameras of a subject, as in `metadata`: K in thousands of pixels; x_camera = R x + T."""
    K = intrinsics / torch.tensor([1000.0, 1000.0, 1.0])[:, None]
    return {
        name: {
            "K": K[i : i + 1].numpy(),
            "R": rotation[i : i + 1].numpy(),
            "T": -(rotation[i] @ centre[i])[None].numpy(),
            "Distortion": np.zeros((1, 5), dtype=np.float32),
        }
        for i, name in enumerate(CAMERAS)
    }


def _coarse(values: Tensor) -> _Array:
    return ((values / _QUANTUM).round() * _QUANTUM).numpy()
