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

    def forward(self, x: Tensor, known: Tensor, given: Mapping[Input, Tensor]) -> Tensor:
        """(N, nodes, C) to (N, nodes, C); known (N, 1, 1) is 1 for people of whom anything is known, else 0;
        given: what `given_inputs` returns, at least one."""
        added = []
        for name, values in given.items():
            vectors: Tensor = self.inputs[name](values)
            added.append(vectors if name == "depth" else vectors[:, None])
        total: Tensor = sum(added[1:], added[0])
        return x + known * total


def given_inputs(features: Features, inputs: Sequence[Input]) -> dict[Input, Tensor]:
    """Those of these inputs that the features have, by name."""
    values = {"bone_lengths": features.bone_lengths, "gravity": features.gravity, "depth": features.depth}
    given = {name: values[name] for name in inputs}
    return {name: value for name, value in given.items() if value is not None}


def anything_known(given: Mapping[Input, Tensor]) -> Tensor | None:
    """(N, 1, 1): 1 for people of whom one of these inputs is known, else 0; None if none is given."""
    flags = []
    for name, values in given.items():
        known = values[..., BONES_KNOWN if name == "bone_lengths" else slice(-1, None)]
        flags.append(known.flatten(1).amax(-1))
    return torch.stack(flags).amax(0)[:, None, None] if flags else None
