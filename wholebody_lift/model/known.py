"""What is known beside the keypoints, as vectors to add to those of the nodes.

People of whom nothing more is known get the same results, to the bit, as from a network without these inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from wholebody_lift.config import Input
from wholebody_lift.features import Features
from wholebody_lift.known import BONE_FEATURES, BONES_KNOWN, DEPTH_FEATURES, GRAVITY_FEATURES
from wholebody_lift.model.nodes import NodeEmbedding, Nodes


class DepthEmbedding(nn.Module):
    """From a detector's depth of the keypoints to feature vectors of the nodes."""

    def __init__(self, parts: Mapping[str, Nodes], channels: int) -> None:
        super().__init__()
        self.num_keypoints = [nodes.num_keypoints for nodes in parts.values()]
        self.parts = nn.ModuleDict(
            {
                name: NodeEmbedding(nodes, DEPTH_FEATURES, channels, bias=False)
                for name, nodes in parts.items()
            }
        )

    def forward(self, depth: Tensor) -> Tensor:
        """(N, 133, DEPTH_FEATURES) to (N, nodes, C)."""
        pieces = torch.split(depth, self.num_keypoints, dim=1)
        return torch.cat([embed(x) for embed, x in zip(self.parts.values(), pieces, strict=True)], dim=1)


class KnownEmbedding(nn.Module):
    """The sum of what each input adds to the nodes: 0 where nothing is known, and 0 everywhere
    before training.

    So a network that is given another input starts with the results that it had.
    """

    def __init__(self, inputs: Sequence[Input], parts: Mapping[str, Nodes], channels: int) -> None:
        super().__init__()
        embeddings: dict[Input, nn.Module] = {
            "bone_lengths": nn.Linear(BONE_FEATURES, channels, bias=False),
            "gravity": nn.Linear(GRAVITY_FEATURES, channels, bias=False),
            "depth": DepthEmbedding(parts, channels),
        }
        self.inputs = nn.ModuleDict({name: embeddings[name] for name in inputs})
        for weight in self.parameters():
            nn.init.zeros_(weight)

    def forward(self, features: Features) -> Tensor:
        """What is to be added, (N, nodes, C) or (N, 1, C); something must be known."""
        given: dict[str, Tensor | None] = {
            "bone_lengths": features.bone_lengths,
            "gravity": features.gravity,
            "depth": features.depth,
        }
        added = []
        for name, embed in self.inputs.items():
            values = given[name]
            if values is not None:
                added.append(embed(values) if name == "depth" else embed(values)[:, None])
        total: Tensor = sum(added[1:], added[0])
        return total


def anything_known(features: Features, inputs: Sequence[Input]) -> Tensor | None:
    """(N, 1, 1): 1 for people of whom one of these inputs is known, else 0; None if none is given."""
    flags = []
    if features.bone_lengths is not None and "bone_lengths" in inputs:
        flags.append(features.bone_lengths[:, BONES_KNOWN].amax(-1))
    if features.gravity is not None and "gravity" in inputs:
        flags.append(features.gravity[:, -1])
    if features.depth is not None and "depth" in inputs:
        flags.append(features.depth[..., -1].amax(-1))
    return torch.stack(flags).amax(0)[:, None, None] if flags else None
