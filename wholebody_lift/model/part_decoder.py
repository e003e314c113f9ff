"""Body Part Decoder: body, face and hands are decoded apart, each in its own terms."""

from collections.abc import Sequence

from torch import Tensor, nn

from wholebody_lift.model.encoder import Attention
from wholebody_lift.model.graph_conv import SemGraphConv


class PartDecoder(nn.Module):
    """Self-attention twice within one part, then a graph convolution in place of a linear layer."""

    def __init__(
        self, channels: int, heads: int, out_channels: int, num_nodes: int, edges: Sequence[tuple[int, int]]
    ) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(2))
        self.attends = nn.ModuleList(Attention(channels, heads) for _ in range(2))
        self.out_norm = nn.LayerNorm(channels)
        self.graph_conv = SemGraphConv(channels, out_channels, num_nodes, edges)

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, C) of one part to (N, K, out_channels)."""
        for norm, attend in zip(self.norms, self.attends, strict=True):
            x = x + attend(norm(x))
        out: Tensor = self.graph_conv(self.out_norm(x))
        return out
