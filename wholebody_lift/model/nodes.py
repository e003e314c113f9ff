"""Nodes of the network's graph: the keypoints that each stands for, and the layers from and to keypoints.

A node is a keypoint, as in the publication, or a group of keypoints that hardly move relative to each other.
With groups the graph has 42 nodes instead of 133, most of them in the body, whose depth is hardest to tell.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from wholebody_lift import skeleton

Edge = tuple[int, int]


class Nodes(NamedTuple):
    """The nodes of one part, in keypoint order."""

    members: tuple[range, ...]
    """Keypoints of each node."""
    edges: tuple[Edge, ...]
    """Pairs of nodes, numbered within the part, that an edge between their keypoints connects."""

    @property
    def slots(self) -> int:
        """Keypoints of the largest node."""
        return max(map(len, self.members))

    @property
    def num_keypoints(self) -> int:
        """Keypoints of all nodes."""
        return sum(map(len, self.members))

    @property
    def filled(self) -> Tensor:
        """(nodes, slots) bool: a smaller node leaves its last slots empty."""
        sizes = torch.tensor([len(keys) for keys in self.members])
        return torch.arange(self.slots) < sizes[:, None]


_DECODED_PARTS: dict[str, tuple[str, ...]] = {
    "body": ("body", "feet"),
    "face": ("face",),
    "hands": ("left_hand", "right_hand"),
}
"""Parts that have a decoder of their own, in keypoint order."""


def nodes_of_parts(kind: Literal["groups", "keypoints"]) -> dict[str, Nodes]:
    """The nodes of body with feet, of the face and of both hands."""
    members = list(skeleton.GROUPS.values())
    if kind == "keypoints":
        members = [range(i, i + 1) for i in range(skeleton.NUM_KEYPOINTS)]
    parts = {}
    for name, names in _DECODED_PARTS.items():
        keypoints = skeleton.indices(*names)
        own = [keys for keys in members if keys.start in keypoints]
        parts[name] = Nodes(tuple(own), _edges(own))
    return parts


def graph_of(parts: Sequence[Nodes]) -> tuple[Edge, ...]:
    """The edges between the nodes of all parts, numbered one part after the other."""
    return _edges([keys for part in parts for keys in part.members])


def _edges(members: Sequence[range]) -> tuple[Edge, ...]:
    """Pairs of nodes that an edge of the skeleton connects."""
    node = {keypoint: i for i, keys in enumerate(members) for keypoint in keys}
    ends = ((node[a], node[b]) for a, b in skeleton.EDGES if a in node and b in node)
    return tuple(sorted({(min(pair), max(pair)) for pair in ends if pair[0] != pair[1]}))


class NodeEmbedding(nn.Module):
    """From features of a part's keypoints to feature vectors of its nodes; every node has its own weights."""

    keypoint_in_slot: Tensor

    def __init__(self, nodes: Nodes, features: int, channels: int, *, bias: bool = True) -> None:
        super().__init__()
        filled = nodes.filled
        zeros = torch.full(filled.shape, nodes.num_keypoints)  # one behind the last keypoint
        keypoint = torch.masked_scatter(zeros, filled, torch.arange(nodes.num_keypoints))
        self.register_buffer("keypoint_in_slot", keypoint, persistent=False)
        fan_in = nodes.slots * features
        self.weight = nn.Parameter(torch.empty(len(nodes.members), fan_in, channels))
        self.bias = nn.Parameter(torch.randn(len(nodes.members), channels) * 0.02) if bias else None
        nn.init.uniform_(self.weight, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def forward(self, x: Tensor) -> Tensor:
        """(N, keypoints, F) to (N, nodes, C)."""
        nodes, fan_in, _ = self.weight.shape
        slots = nn.functional.pad(x, (0, 0, 0, 1)).index_select(1, self.keypoint_in_slot.flatten())
        x = (slots.view(-1, nodes, fan_in).transpose(0, 1) @ self.weight).transpose(0, 1)
        return x if self.bias is None else x + self.bias


class NodeAnswers(nn.Module):
    """From outputs of a part's nodes to outputs of its keypoints, the inverse of `NodeEmbedding`.

    Every node has outputs for as many keypoints as the largest one holds; smaller nodes' surplus is dropped.
    """

    filled: Tensor

    def __init__(self, nodes: Nodes, out_channels: int) -> None:
        super().__init__()
        self.out_channels = out_channels
        self.width = nodes.slots * out_channels
        """Channels of a node's output."""
        self.register_buffer("filled", nodes.filled.flatten().nonzero()[:, 0], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, nodes, width) to (N, keypoints, out_channels)."""
        return x.reshape(x.shape[0], -1, self.out_channels).index_select(1, self.filled)
