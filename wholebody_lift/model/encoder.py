"""SemGAN encoder: attention carries global context, the graph convolution local structure."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from wholebody_lift.model.graph_conv import SemGraphConv


class Attention(nn.Module):
    """Multi-head self-attention over keypoints."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.project = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, C) to (N, K, C)."""
        q, k, v = (
            each.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (N, H, K, C / H)
            for each in self.query_key_value(x).chunk(3, dim=-1)
        )
        weights = (q * q.shape[-1] ** -0.5 @ k.mT).softmax(-1)  # (N, H, K, K)
        out: Tensor = self.project((weights @ v).transpose(1, 2).flatten(-2))
        return out


class SemGANLayer(nn.Module):
    """A Jointformer layer (Lutz et al. 2022) whose feed-forward stage ends in a graph convolution."""

    def __init__(self, channels: int, heads: int, num_nodes: int, edges: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(channels)
        self.attend = Attention(channels, heads)
        self.graph_norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, channels)
        self.graph_conv = SemGraphConv(channels, channels, num_nodes, edges)

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, C) to (N, K, C)."""
        x = x + self.attend(self.attention_norm(x))
        x = x + self.graph_conv(F.gelu(self.expand(self.graph_norm(x))))
        return x
