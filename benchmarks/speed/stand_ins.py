"""Networks with random weights that cost as much as published ones.

Only their sizes are those of the publications. They compute nothing useful.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Block(nn.Module):
    """Attention or a graph convolution over tokens, then a feed-forward stage four times as wide."""

    def __init__(self, channels: int, heads: int | None, tokens: int) -> None:
        """heads: of the attention; None for a graph convolution, over a full graph of the tokens."""
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(2))
        self.mix_in = nn.Linear(channels, channels if heads is None else 3 * channels)
        self.mix_out = nn.Linear(channels, channels)
        self.adjacency = nn.Parameter(torch.eye(tokens), requires_grad=False) if heads is None else None
        self.feed_forward = nn.Sequential(
            nn.Linear(channels, 4 * channels), nn.GELU(), nn.Linear(4 * channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, tokens, C) to (N, tokens, C)."""
        mixed = self.mix_in(self.norms[0](x))
        if self.heads is None:
            mixed = self.adjacency @ mixed
        else:
            q, k, v = mixed.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
            mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(-2)
        x = x + self.mix_out(mixed)
        out: Tensor = x + self.feed_forward(self.norms[1](x))
        return out


class MotionAGFormerSized(nn.Module):
    """As large as MotionAGFormer-B (Mehraban, Adeli, Taati, WACV 2024): 16 layers of 128 channels, each with
    two streams, attention and graph convolution, over keypoints and over 243 frames."""

    FRAMES, KEYPOINTS, CHANNELS, LAYERS, HEADS = 243, 17, 128, 16, 8

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Linear(3, self.CHANNELS), nn.Linear(self.CHANNELS, 3)
        self.layers = nn.ModuleList(
            nn.ModuleList(
                Block(self.CHANNELS, heads, tokens)
                for heads in (self.HEADS, None)
                for tokens in (self.KEYPOINTS, self.FRAMES)
            )
            for _ in range(self.LAYERS)
        )

    def forward(self, clip: Tensor) -> Tensor:
        """(frames, keypoints, 3) to (frames, keypoints, 3)."""
        x = self.embed(clip)
        for over_keypoints, over_frames, graph_of_keypoints, graph_of_frames in self.layers:
            attended = over_frames(over_keypoints(x).transpose(0, 1)).transpose(0, 1)
            convolved = graph_of_frames(graph_of_keypoints(x).transpose(0, 1)).transpose(0, 1)
            x = (attended + convolved) / 2
        out: Tensor = self.head(x)
        return out


class Part(NamedTuple):
    """Size of the transformer of one part."""

    keypoints: int
    channels: int
    layers: int


class PafuseSized(nn.Module):
    """As large as PAFUSE (Samet, Rommel, Picard, Valle, 2024): 35 M parameters and 1.28 GMAC a pass, in three
    transformers, of body, face and hands; a diffusion that takes 50 passes."""

    PASSES = 50
    PARTS = (Part(23, 512, 6), Part(68, 320, 5), Part(42, 400, 5))
    HEADS = 8

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList(
            nn.Sequential(
                nn.Linear(5, part.channels),
                *(Block(part.channels, self.HEADS, part.keypoints) for _ in range(part.layers)),
                nn.Linear(part.channels, 3),
            )
            for part in self.PARTS
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, 133, 2) to (N, 133, 3)."""
        noisy = torch.randn(*x.shape[:2], 3)
        sizes = [part.keypoints for part in self.PARTS]
        for _ in range(self.PASSES):
            pieces = torch.split(torch.cat((x, noisy), dim=-1), sizes, dim=1)
            noisy = torch.cat([net(piece) for net, piece in zip(self.parts, pieces, strict=True)], dim=1)
        return noisy
