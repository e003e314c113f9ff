"""Jointformer: a transformer over keypoints that answers after every layer, and a second one that refines it.

Lutz, Blythman, Ghosal, Moynihan, Simms, Smolic, "Jointformer: Single-Frame Lifting Transformer with Error
Prediction and Refinement for 3D Human Pose Estimation", ICPR 2022. Sizes from its repository
(seblutz/JointFormer: README, models/jointformer.py): the first stage has 4 layers of 64 channels, the
refinement 2 of 256 with a wider feed-forward stage; every attention has 8 heads of 64 channels, without
bias. In the repository of the H3WB benchmark (wholebody3d/wholebody3d, models/Jointformer.py) the first
stage has 128.

An answer is a linear function of all keypoints' channels at once, so its matrices grow with the square of the
number of keypoints: 1.5 M parameters for 17, but 41 M for 133, nearly all of them in these matrices.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.accuracy.answers import Answer, from_channels

HEADS = 8
HEAD_CHANNELS = 64


class Stage(NamedTuple):
    """Size of a transformer."""

    channels: int
    layers: int
    hidden: int
    """Channels inside the feed-forward stage."""
    dropout: float
    """Of the channels that an answer is made from."""


COARSE = Stage(channels=64, layers=4, hidden=512, dropout=0.2)
COARSE_OF_H3WB = Stage(channels=128, layers=4, hidden=512, dropout=0.2)
REFINEMENT = Stage(channels=256, layers=2, hidden=1024, dropout=0.1)


class EncoderLayer(nn.Module):
    """Attention and a feed-forward stage, each normalised after its shortcut."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.query_key_value = nn.Linear(channels, 3 * HEADS * HEAD_CHANNELS, bias=False)
        self.project = nn.Linear(HEADS * HEAD_CHANNELS, channels, bias=False)
        self.attention_norm = nn.LayerNorm(channels)
        self.feed_forward = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels))
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, C) to (N, K, C)."""
        q, k, v = self.query_key_value(x).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v)  # (N, H, K, HEAD_CHANNELS)
        x = self.attention_norm(x + self.project(attended.transpose(1, 2).flatten(-2)))
        out: Tensor = self.norm(x + self.feed_forward(x))
        return out


class FlatHead(nn.Module):
    """One linear function of all channels of all keypoints."""

    def __init__(self, keypoints: int, channels: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.keypoints = keypoints
        self.layers = nn.Sequential(
            nn.LayerNorm(keypoints * channels),
            nn.Dropout(dropout),
            nn.Linear(keypoints * channels, keypoints * outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, C) to (N, K, outputs)."""
        out: Tensor = self.layers(x.flatten(1))
        return out.reshape(x.shape[0], self.keypoints, -1)


class JointTransformer(nn.Module):
    """The first stage. Positions are fed back after every layer; their errors in x, y and z are not."""

    def __init__(self, keypoints: int, inputs: int, stage: Stage) -> None:
        super().__init__()
        channels, layers = stage.channels, range(stage.layers)
        self.embed = nn.Linear(inputs, channels)
        self.norm = nn.LayerNorm(channels)
        self.layers = nn.ModuleList(EncoderLayer(channels, stage.hidden) for _ in layers)
        self.positions = nn.ModuleList(FlatHead(keypoints, channels, 3, stage.dropout) for _ in layers)
        self.errors = nn.ModuleList(FlatHead(keypoints, channels, 3, stage.dropout) for _ in layers)
        self.feed_back = nn.ModuleList(nn.Linear(keypoints * 3, keypoints * channels) for _ in layers)
        _initialise(self)

    def forward(self, x: Tensor) -> list[tuple[Tensor, Tensor]]:
        """(N, K, inputs) to positions and positive errors, (N, K, 3) each, after every layer."""
        x = self.norm(self.embed(x))
        said = []
        for layer, to_position, to_error, back in zip(
            self.layers, self.positions, self.errors, self.feed_back, strict=True
        ):
            inner = layer(x)
            position = to_position(inner)
            said.append((position, F.softplus(to_error(inner))))
            x = torch.relu(x + inner + back(position.flatten(1)).view_as(x))
        return said


class Refinement(nn.Module):
    """The second stage: it reads the input again beside the position and the errors of the first.

    Published without errors of its own; the error is a fourth output.
    """

    def __init__(self, keypoints: int, inputs: int, stage: Stage, outputs: int = 4) -> None:
        super().__init__()
        self.embed = nn.Linear(inputs + 6, stage.channels)
        self.norm = nn.LayerNorm(stage.channels)
        self.layers = nn.ModuleList(EncoderLayer(stage.channels, stage.hidden) for _ in range(stage.layers))
        self.head = FlatHead(keypoints, stage.channels, outputs, stage.dropout)
        _initialise(self)

    def forward(self, x: Tensor, position: Tensor, error: Tensor) -> Tensor:
        """(N, K, inputs) and twice (N, K, 3) to (N, K, outputs)."""
        x = self.norm(self.embed(torch.cat((x, position, error), dim=-1)))
        for layer in self.layers:
            x = torch.relu(x + layer(x))
        out: Tensor = self.head(x)
        return out


class Jointformer(nn.Module):
    """Reads everything of each keypoint; the expected distance is the length of the errors in x, y and z.

    The refinement does not train the first stage, as in the publication, where that one is trained before.
    Here both are trained at once, on the same people, so that the budget is that of the others.
    """

    def __init__(self, keypoints: int, inputs: int, coarse: Stage, refinement: Stage | None = None) -> None:
        super().__init__()
        self.coarse = JointTransformer(keypoints, inputs, coarse)
        self.refine = None if refinement is None else Refinement(keypoints, inputs, refinement)

    def forward(self, x: Tensor) -> list[Answer]:
        """(N, K, inputs) to an answer after every layer and, with a refinement, a refined one."""
        said = self.coarse(x)
        answers = [Answer(position, error.norm(dim=-1)) for position, error in said]
        if self.refine is not None:
            position, error = said[-1]
            answers.append(from_channels(self.refine(x, position.detach(), error.detach())))
        return answers


def _initialise(module: nn.Module) -> None:
    """Matrices as published: Glorot's uniform."""
    for parameter in module.parameters():
        if parameter.ndim > 1:
            nn.init.xavier_uniform_(parameter)
