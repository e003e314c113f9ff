"""3D-LFM: a transformer over keypoints whose layers attend along the skeleton's edges and to all keypoints.

Dabhi, Jeni, Lucey, "3D-LFM: Lifting Foundation Model", CVPR 2024 (arXiv 2312.11894): coordinates enter as
random Fourier features; each layer concatenates graph attention (Velickovic et al., ICLR 2018) with
self-attention; the answer is a shape in a frame of its own, which a rotation by orthogonal Procrustes
analysis brings into the camera's.

The paper gives no sizes, and its repository (mosamdabhi/3dlfm) contains no network, so this one is as wide
and as deep as SemGAN. It differs from the paper in two respects. The shape must be turned where the truth is
unknown, so the rotation is the one that fits the 2D keypoints (weak perspective). And each keypoint has a
vector of its own: without it, the network could not tell one missing keypoint from another.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.accuracy.answers import Answer

CHANNELS = 256
HEADS = 8
LAYERS = 4
FREQUENCY = 1.0
"""Standard deviation of the frequencies, in radians per unit of the canonical view."""

_SMALLEST_SHAPE = 1e-3
"""Added to the covariance of a shape, so that one without depth has a rotation too."""


class FourierFeatures(nn.Module):
    """sin(w x) and cos(w x) of coordinates x, for fixed random w (Tancik et al., NeurIPS 2020)."""

    frequencies: Tensor

    def __init__(self, coordinates: int) -> None:
        super().__init__()
        self.register_buffer("frequencies", FREQUENCY * torch.randn(coordinates, CHANNELS // 2))

    def forward(self, x: Tensor) -> Tensor:
        """(..., coordinates) to (..., C)."""
        phase = x @ self.frequencies
        return torch.cat((phase.sin(), phase.cos()), dim=-1)


class GraphAttention(nn.Module):
    """Each keypoint attends to itself and its neighbours, by a leaky rectified linear function of both."""

    neighbours: Tensor

    def __init__(self, keypoints: int, edges: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        neighbours = torch.eye(keypoints, dtype=torch.bool)
        for a, b in edges:
            neighbours[a, b] = neighbours[b, a] = True
        self.register_buffer("neighbours", neighbours, persistent=False)
        self.value = nn.Linear(CHANNELS, CHANNELS, bias=False)
        self.of_query = nn.Linear(CHANNELS, HEADS, bias=False)
        self.of_key = nn.Linear(CHANNELS, HEADS, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, C) to (N, K, C)."""
        value = self.value(x)
        logits = self.of_query(value).mT[..., None] + self.of_key(value).mT[..., None, :]  # (N, H, K, K)
        weight = F.leaky_relu(logits, 0.2).masked_fill(~self.neighbours, -torch.inf).softmax(-1)
        heads = value.unflatten(-1, (HEADS, -1)).transpose(1, 2)  # (N, H, K, C / H)
        return (weight @ heads).transpose(1, 2).flatten(-2)


class SelfAttention(nn.Module):
    """Every keypoint attends to all."""

    def __init__(self) -> None:
        super().__init__()
        self.query_key_value = nn.Linear(CHANNELS, 3 * CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, C) to (N, K, C)."""
        q, k, v = self.query_key_value(x).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(-2)


class Layer(nn.Module):
    """Graph attention beside self-attention, and a feed-forward stage on both."""

    def __init__(self, keypoints: int, edges: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        self.local = GraphAttention(keypoints, edges)
        self.everywhere = SelfAttention()
        self.feed_forward = nn.Sequential(
            nn.Linear(2 * CHANNELS, 2 * CHANNELS), nn.GELU(), nn.Linear(2 * CHANNELS, CHANNELS)
        )
        self.norm = nn.LayerNorm(CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, C) to (N, K, C)."""
        both = torch.cat((self.local(x), self.everywhere(x)), dim=-1)
        out: Tensor = self.norm(x + self.feed_forward(both))
        return out


def fitting_rotation(shape: Tensor, image: Tensor, observed: Tensor) -> Tensor:
    """The rotation R (N, 3, 3) that makes x and y of `shape @ R` fit the image best, up to scale.

    shape (N, K, 3); image (N, K, 2); observed (N, K), 1 or 0. The affine map of least squares is replaced by
    the nearest one with orthonormal columns (Procrustes), and the third column follows.
    """
    weight = observed[..., None]
    count = weight.sum(1, keepdim=True).clamp_min(1)
    points = (shape - (weight * shape).sum(1, keepdim=True) / count) * weight
    seen = (image - (weight * image).sum(1, keepdim=True) / count) * weight
    covariance = points.mT @ points / count
    covariance = covariance + _SMALLEST_SHAPE * torch.eye(3, device=shape.device, dtype=shape.dtype)
    affine = torch.linalg.solve(covariance, points.mT @ seen / count)  # (N, 3, 2)
    left, _, right = torch.linalg.svd(affine, full_matrices=False)
    across, down = (left @ right).unbind(-1)
    return torch.stack((across, down, torch.linalg.cross(across, down)), dim=-1)


class LFM(nn.Module):
    """Reads everything of each keypoint; the error, which it was published without, is a fourth output."""

    def __init__(
        self, keypoints: int, inputs: int, edges: Sequence[tuple[int, int]], turned: bool = True
    ) -> None:
        """inputs: per keypoint; the first three are x, y and whether it was observed.

        turned: whether the shape is turned to fit the 2D keypoints; if not, it is in the camera's frame.
        """
        super().__init__()
        self.turned = turned
        self.fourier = FourierFeatures(2)
        self.rest = nn.Linear(inputs, CHANNELS)
        self.own = nn.Parameter(torch.randn(keypoints, CHANNELS) / math.sqrt(CHANNELS))
        self.layers = nn.Sequential(*(Layer(keypoints, edges) for _ in range(LAYERS)))
        self.decoder = nn.Sequential(nn.Linear(CHANNELS, CHANNELS), nn.GELU(), nn.Linear(CHANNELS, 4))

    def forward(self, x: Tensor) -> list[Answer]:
        """(N, K, inputs) to one answer."""
        image, observed = x[..., :2], x[..., 2]
        tokens = self.fourier(image) * observed[..., None] + self.rest(x) + self.own
        out = self.decoder(self.layers(tokens))
        shape, error = out[..., :3], F.softplus(out[..., 3])
        if self.turned:
            with torch.no_grad():
                rotation = fitting_rotation(shape, image, observed)
            shape = shape @ rotation
        return [Answer(shape, error)]
