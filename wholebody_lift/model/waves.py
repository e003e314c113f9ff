"""Coordinates as sines and cosines, which make small differences large."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from wholebody_lift.features import KEYPOINT_COLUMNS

_WAVED = [KEYPOINT_COLUMNS.index(name) for name in ("x", "y", "parent distance")]
_OBSERVED = KEYPOINT_COLUMNS.index("observed")


class Waves(nn.Module):
    """Fourier features (Tancik et al., NeurIPS 2020) of where a keypoint is and how far from its parent.

    A person who leans towards the camera differs by a percent between near and far: the network receives
    the sine and cosine of the coordinates at several frequencies, beside the coordinates themselves.
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
        """Number of features that are added."""
        return 2 * len(_WAVED) * len(self.frequencies)

    def forward(self, x: Tensor) -> Tensor:
        """(N, keypoints, F) to (N, keypoints, F + extra); zeros are added for missing keypoints."""
        angles = (x.index_select(-1, self.waved)[..., None] * self.frequencies).flatten(-2)
        observed = x[..., _OBSERVED, None]
        return torch.cat((x, observed * angles.sin(), observed * angles.cos()), dim=-1)
