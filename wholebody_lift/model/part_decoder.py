"""Body Part Decoder: body, face and hands are decoded separately, each in its own units."""

from torch import Tensor, nn

from wholebody_lift.model.encoder import Attention
from wholebody_lift.model.graph_conv import SemGraphConv
from wholebody_lift.model.nodes import NodeAnswers, Nodes


class PartDecoder(nn.Module):
    """Self-attention twice within one part, then a graph convolution in place of a linear layer."""

    def __init__(self, nodes: Nodes, channels: int, heads: int, out_channels: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(2))
        self.attends = nn.ModuleList(Attention(channels, heads) for _ in range(2))
        self.out_norm = nn.LayerNorm(channels)
        self.answers = NodeAnswers(nodes, out_channels)
        self.graph_conv = SemGraphConv(channels, self.answers.width, len(nodes.members), nodes.edges)

    def forward(self, x: Tensor) -> Tensor:
        """(N, nodes, C) of one part to (N, keypoints, out_channels)."""
        for norm, attend in zip(self.norms, self.attends, strict=True):
            x = x + attend(norm(x))
        out: Tensor = self.answers(self.graph_conv(self.out_norm(x)))
        return out
