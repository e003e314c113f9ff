"""Large SimpleBaseline: a multilayer perceptron on all keypoints at once.

Martinez, Hossain, Romero, Little, "A simple yet effective baseline for 3d human pose estimation", ICCV
2017, in the larger form of the H3WB benchmark (Zhu, Samet, Picard, ICCV 2023; repository
wholebody3d/wholebody3d, models/LargeSimpleBaseline.py): three residual blocks in place of two, leaky
rectifiers, neither batch normalisation nor dropout. There it has 6.98 M parameters, from x and y of 133
keypoints to x, y and z.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.accuracy.answers import Answer, from_channels

CHANNELS = 1024
BLOCKS = 3


class ResidualBlock(nn.Module):
    """Two linear layers beside a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(CHANNELS, CHANNELS)
        self.second = nn.Linear(CHANNELS, CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C) to (N, C)."""
        return F.leaky_relu(x + F.leaky_relu(self.second(F.leaky_relu(self.first(x)))))


class Perceptron(nn.Sequential):
    """Linear in, residual blocks, linear out."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Linear(inputs, CHANNELS),
            *(ResidualBlock() for _ in range(BLOCKS)),
            nn.Linear(CHANNELS, outputs),
        )


class LargeSimpleBaseline(nn.Module):
    """Reads everything of all keypoints; the error, which it was published without, is a fourth output."""

    def __init__(self, keypoints: int, inputs: int) -> None:
        super().__init__()
        self.perceptron = Perceptron(keypoints * inputs, keypoints * 4)

    def forward(self, x: Tensor) -> list[Answer]:
        """(N, K, inputs) to one answer."""
        out: Tensor = self.perceptron(x.flatten(1))
        return [from_channels(out.reshape(*x.shape[:2], 4))]
