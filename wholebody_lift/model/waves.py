"""Coordinates as sines and cosines, in which a small difference is not small."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from wholebody_lift.features import KEYPOINT_COLUMNS

_WAVED = [KEYPOINT_COLUMNS.index(name) for name in ("x", "y", "parent distance")]
_OBSERVED = KEYPOINT_COLUMNS.index("observed")


class Waves(nn.Module):
    """Fourier features (Tancik et al., NeurIPS 2020) of where a keypoint is and how far from its parent.

    Whether somebody leans towards the camera shows in a percent of difference between near and far: beside
    the plain coordinates the network is told their sine and cosine at several frequencies.
    """

    frequencies: Tensor
    waved: Tensor

    def __init__(self, frequencies: Sequence[float]) -> None:
        """frequencies: radians per unit size of the person."""
        super().__init__()
        self.register_buffer("frequencies", torch.tensor(frequencies), persistent=False)
        self.register_buffer("waved", torch.tensor(_WAVED), persistent=False)

    @property
    def extra(self) -> int:
        """Features that are added."""
        return 2 * len(_WAVED) * len(self.frequencies)

    def forward(self, x: Tensor) -> Tensor:
        """(N, keypoints, F) to (N, keypoints, F + extra); of missing keypoints, zeros are added."""
        angles = (x[..., self.waved, None] * self.frequencies).flatten(-2)
        observed = x[..., _OBSERVED, None]
        return torch.cat((x, observed * angles.sin(), observed * angles.cos()), dim=-1)
