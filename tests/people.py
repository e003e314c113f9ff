"""A stick person for tests: no body model needed, 133 keypoints where a person has them."""

import torch
from torch import Tensor

from wholebody_lift import skeleton

_BODY_MM = {
    "nose": (0, -620, -100),
    "left_eye": (32, -655, -80),
    "left_ear": (75, -640, 0),
    "left_shoulder": (180, -470, 0),
    "left_elbow": (260, -200, 30),
    "left_wrist": (280, 50, -40),
    "left_hip": (90, 0, 0),
    "left_knee": (100, 420, -20),
    "left_ankle": (100, 820, 20),
    "left_big_toe": (120, 880, -170),
    "left_small_toe": (170, 880, -140),
    "left_heel": (95, 880, 50),
}


def standing(n: int = 1, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    """(n, 133, 3) mm, relative to the hips, facing an OpenCV camera; each a little different."""
    xyz = torch.zeros(skeleton.NUM_KEYPOINTS, 3, dtype=dtype)
    for name, position in _BODY_MM.items():
        xyz[skeleton.INDEX[name]] = torch.tensor(position, dtype=dtype)
        mirrored = skeleton.MIRROR[skeleton.INDEX[name]]
        xyz[mirrored] = torch.tensor(
            (-position[0], *position[1:]) if name != "nose" else position, dtype=dtype
        )
    angles = torch.linspace(0, 6.0, 68, dtype=dtype)
    face = torch.stack((60 * angles.cos(), -620 + 75 * angles.sin(), -70 + 0 * angles), dim=-1)
    xyz[skeleton.indices("face")] = face
    for side in ("left", "right"):
        fingers = torch.arange(21, dtype=dtype)
        spread = torch.stack(((fingers // 4 - 2) * 12, 15 + (fingers % 4) * 30, -(fingers % 3) * 8), dim=-1)
        xyz[skeleton.indices(f"{side}_hand")] = xyz[skeleton.INDEX[f"{side}_wrist"]] + spread
    noise = torch.randn(n, *xyz.shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    people = xyz + 15 * noise
    return people - people[:, list(skeleton.ROOT)].mean(1, keepdim=True)
