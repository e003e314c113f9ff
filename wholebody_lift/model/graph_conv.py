"""Semantic graph convolution (Zhao et al., "Semantic Graph Convolutional Networks for 3D Human Pose
Regression", CVPR 2019, equations 3 and 4)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class SemGraphConv(nn.Module):
    """y = diag(A) x W0 + (A - diag(A)) x W1 + b, with a learned weight A for every edge.

    A is a softmax over each row of one logit per edge, self-loops included, so every keypoint takes a
    weighted mean of itself and its neighbours; the two kinds have weights of their own.
    """

    rows: Tensor
    columns: Tensor

    def __init__(
        self, in_channels: int, out_channels: int, num_nodes: int, edges: Sequence[tuple[int, int]]
    ) -> None:
        """edges: pairs of node numbers below num_nodes, each once, in either direction."""
        super().__init__()
        both_ways = sorted({*edges, *((b, a) for a, b in edges), *((i, i) for i in range(num_nodes))})
        rows, columns = torch.tensor(both_ways).unbind(-1)
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("columns", columns, persistent=False)
        self.num_nodes = num_nodes
        self.edge_logits = nn.Parameter(torch.zeros(len(both_ways)))
        self.self_weight = nn.Parameter(torch.empty(in_channels, out_channels))
        self.neighbour_weight = nn.Parameter(torch.empty(in_channels, out_channels))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        for weight in (self.self_weight, self.neighbour_weight):
            nn.init.uniform_(weight, -1 / math.sqrt(in_channels), 1 / math.sqrt(in_channels))

    def adjacency(self) -> Tensor:
        """A: (K, K), rows sum to one, zero where there is no edge."""
        logits = self.edge_logits.new_full((self.num_nodes, self.num_nodes), -torch.inf)
        return logits.index_put((self.rows, self.columns), self.edge_logits).softmax(dim=-1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, C) to (N, K, C')."""
        adjacency = self.adjacency()
        own = adjacency.diagonal()
        return (
            own[:, None] * (x @ self.self_weight)
            + (adjacency - own.diag()) @ (x @ self.neighbour_weight)
            + self.bias
        )
