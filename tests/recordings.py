"""A bank of made-up recordings for tests: people near the rest pose, in all three splits."""

import torch
from torch import Tensor

from wholebody_lift.train.synthetic.bank import MotionBank, Recording, Track
from wholebody_lift.train.synthetic.bones import BONES, HAND_BONES
from wholebody_lift.train.synthetic.phenotypes import FACE_ACTIONS

_NAMES = {
    "salsa/01": "train",
    "cmu_amc/02_01": "train",
    "cmu_amc/02_03": "test",
    "indian/13": "test",
    "martial/06": "val",
}
_ROWS = 12


def small_bank(seed: int = 0) -> MotionBank:
    """60 poses, hands and faces, 12 of each recording."""
    generator = torch.Generator().manual_seed(seed)
    rows = len(_NAMES) * _ROWS
    moving = tuple(bone for bone in BONES if bone.startswith(("upperarm01", "upperleg01", "spine0", "root")))

    def turned(bones: int) -> Tensor:
        quaternions = 0.15 * torch.randn(rows, bones, 4, generator=generator)
        quaternions[..., 0] = 1
        return (torch.nn.functional.normalize(quaternions, dim=-1) * 32767).round().to(torch.int16)

    recordings = tuple(
        Recording(name, name.split("/")[0], name, split, _ROWS) for name, split in _NAMES.items()
    )
    return MotionBank(
        bodies=Track(turned(len(moving)), recordings),
        hands=Track(turned(len(HAND_BONES)), recordings),
        faces=Track(torch.rand(rows, len(FACE_ACTIONS), generator=generator).half(), recordings),
        bones=moving,
    )
