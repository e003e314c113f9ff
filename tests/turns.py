"""Random rotations."""

import torch
from torch import Tensor

from wholebody_lift.train.synthetic.rotations import to_matrix


def random_rotation(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Matrices (*shape, 3, 3) float32, spread evenly over all rotations."""
    return to_matrix(torch.randn(*shape, 4, generator=generator))
