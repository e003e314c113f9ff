"""SemGCN with non-local layers.

Zhao, Peng, Tian, Kapadia, Metaxas, "Semantic Graph Convolutional Networks for 3D Human Pose Regression",
CVPR 2019: a graph convolution to 128 channels and a non-local layer, then four times a residual block of
two graph convolutions and a non-local layer, then a graph convolution to the answer. 0.43 M parameters for
16 keypoints, 0.27 M without non-local layers (table in its repository, garyzhao/SemGCN). The graph
convolution is the library's, which follows the same paper.

Its non-local layers pool keys and values over groups of keypoints, into which its skeleton of 16 was sorted
by hand. That has no parameters, and is left out for 133.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from benchmarks.accuracy.answers import Answer, from_channels
from wholebody_lift.model.graph_conv import SemGraphConv

CHANNELS = 128
BLOCKS = 4

Edges = Sequence[tuple[int, int]]


class KeypointNorm(nn.BatchNorm1d):
    """Batch normalisation over people and keypoints alike."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, C) to (N, K, C)."""
        return super().forward(x.flatten(0, 1)).view_as(x)


class GraphLayer(nn.Module):
    """Graph convolution, batch normalisation, rectifier."""

    def __init__(self, inputs: int, keypoints: int, edges: Edges) -> None:
        super().__init__()
        self.graph_conv = SemGraphConv(inputs, CHANNELS, keypoints, edges)
        self.norm = KeypointNorm(CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, inputs) to (N, K, C)."""
        return torch.relu(self.norm(self.graph_conv(x)))


class ResidualBlock(nn.Module):
    """Two graph layers beside a shortcut."""

    def __init__(self, keypoints: int, edges: Edges) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(GraphLayer(CHANNELS, keypoints, edges) for _ in range(2)))

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, C) to (N, K, C)."""
        out: Tensor = x + self.layers(x)
        return out


class NonLocal(nn.Module):
    """x + W sum_j f(x_i, x_j) g(x_j) / K with f a rectified linear function of both (Wang et al., CVPR 2018).

    The batch normalisation of W starts at 0, so that the layer is the identity at first.
    """

    def __init__(self) -> None:
        super().__init__()
        inner = CHANNELS // 2
        self.query = nn.Linear(CHANNELS, inner)
        self.key = nn.Linear(CHANNELS, inner)
        self.value = nn.Linear(CHANNELS, inner)
        self.of_query = nn.Linear(inner, 1, bias=False)
        self.of_key = nn.Linear(inner, 1, bias=False)
        self.project = nn.Linear(inner, CHANNELS)
        self.norm = KeypointNorm(CHANNELS)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, C) to (N, K, C)."""
        weight = torch.relu(self.of_query(self.query(x)) + self.of_key(self.key(x)).mT)  # (N, K, K)
        out: Tensor = x + self.norm(self.project(weight @ self.value(x) / x.shape[1]))
        return out


class SemGCN(nn.Module):
    """Reads everything of each keypoint; the error, which it was published without, is a fourth output."""

    def __init__(self, keypoints: int, inputs: int, edges: Edges, outputs: int = 4) -> None:
        super().__init__()
        blocks = ((ResidualBlock(keypoints, edges), NonLocal()) for _ in range(BLOCKS))
        self.layers = nn.Sequential(
            GraphLayer(inputs, keypoints, edges),
            NonLocal(),
            *(layer for block in blocks for layer in block),
            SemGraphConv(CHANNELS, outputs, keypoints, edges),
        )

    def forward(self, x: Tensor) -> list[Answer]:
        """(N, K, inputs) to one answer."""
        return [from_channels(self.layers(x))]
