"""Adapters: layers that act on some people and leave all others unchanged."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wholebody_lift.features import KEYPOINT_COLUMNS, Features
from wholebody_lift.skeleton import PARTS

_OBSERVED = KEYPOINT_COLUMNS.index("observed")
_BODY = slice(PARTS["body"].start, PARTS["body"].stop)


class Adapter(nn.Module):
    """A feed-forward stage after an encoder layer (Houlsby et al., ICML 2019), for some of the people.

    Before training it adds 0. To all other people it always adds 0: their results stay the same to the bit.
    On the CPU it computes nothing for them. On a graphics card, which would have to wait until the host knows
    who they are, and in exported and compiled networks it computes for everyone.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.reduce = nn.Linear(channels, channels // 2)
        self.expand = nn.Linear(channels // 2, channels)
        nn.init.zeros_(self.expand.weight)
        nn.init.zeros_(self.expand.bias)

    def forward(self, x: Tensor, chosen: Tensor) -> Tensor:
        """(N, nodes, C) to (N, nodes, C); chosen (N, 1, 1) is 1 for the people it is for, else 0."""
        if x.device.type != "cpu" or torch.compiler.is_compiling():
            return x + chosen * self.added(x)
        people = chosen.flatten().nonzero()[:, 0]
        return x.index_add(0, people, self.added(x[people]).to(x.dtype))

    def added(self, x: Tensor) -> Tensor:
        """(N, nodes, C) to what these people get in addition, (N, nodes, C)."""
        added: Tensor = self.expand(F.gelu(self.reduce(self.norm(x))))
        return added


def no_body_seen(features: Features) -> Tensor:
    """(N, 1, 1): 1 for people of whom no keypoint of the body is seen, only hands or the face; else 0."""
    return 1 - features.keypoints[:, _BODY, _OBSERVED].amax(-1)[:, None, None]
