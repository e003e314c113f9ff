"""Body Part Decoder: body, face and hands are decoded apart, each in its own terms."""

from torch import Tensor, nn

from wholebody_lift.model.encoder import Attention
from wholebody_lift.model.graph_conv import SemGraphConv
from wholebody_lift.model.nodes import Nodes


class PartDecoder(nn.Module):
    """Self-attention twice within one part, then a graph convolution in place of a linear layer.

    The convolution answers for as many keypoints as the largest node has; what a smaller node says beyond
    its own is dropped.
    """

    filled: Tensor

    def __init__(self, nodes: Nodes, channels: int, heads: int, out_channels: int) -> None:
        super().__init__()
        self.out_channels = out_channels
        self.register_buffer("filled", nodes.filled.flatten().nonzero()[:, 0], persistent=False)
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(2))
        self.attends = nn.ModuleList(Attention(channels, heads) for _ in range(2))
        self.out_norm = nn.LayerNorm(channels)
        self.graph_conv = SemGraphConv(channels, nodes.slots * out_channels, len(nodes.members), nodes.edges)

    def forward(self, x: Tensor) -> Tensor:
        """(N, nodes, C) of one part to (N, keypoints, out_channels)."""
        for norm, attend in zip(self.norms, self.attends, strict=True):
            x = x + attend(norm(x))
        out: Tensor = self.graph_conv(self.out_norm(x))  # (N, nodes, slots * out_channels)
        return out.reshape(x.shape[0], -1, self.out_channels)[:, self.filled]
