"""Random draws for N people, from one generator and on its device; all samplers use these."""

import torch
from torch import Tensor

Range = tuple[float, float]


class Draws:
    """Random draws for N people from one generator."""

    def __init__(self, n: int, generator: torch.Generator) -> None:
        self.n = n
        self.generator = generator
        self.device = generator.device

    def uniform(self, *shape: int) -> Tensor:
        """(N, *shape) in 0..1."""
        return torch.rand(self.n, *shape, generator=self.generator, device=self.device)

    def normal(self, *shape: int) -> Tensor:
        """(N, *shape), normal with mean 0 and standard deviation 1."""
        return torch.randn(self.n, *shape, generator=self.generator, device=self.device)

    def happens(self, probability: Tensor | float, *shape: int) -> Tensor:
        """(N, *shape) bool, True with `probability`, which broadcasts to that shape."""
        return self.uniform(*shape) < probability

    def between(self, low_and_high: Range, *shape: int) -> Tensor:
        """(N, *shape), uniform between two values."""
        return between(self.uniform(*shape), low_and_high)

    def within(self, ranges: Tensor) -> Tensor:
        """(N,), uniform within a range for each person (N, 2)."""
        low, high = ranges.unbind(-1)
        return low + (high - low) * self.uniform()

    def log_within(self, ranges: Tensor) -> Tensor:
        """(N,), log-uniform within a range for each person (N, 2)."""
        return self.within(ranges.log()).exp()

    def triangular(self, ranges: Tensor) -> Tensor:
        """(N,), triangular within a range for each person (N, 2), with the mode in the middle."""
        return (self.within(ranges) + self.within(ranges)) / 2

    def signed(self, *shape: int) -> Tensor:
        """(N, *shape), uniform in -1..1."""
        return self.uniform(*shape) * 2 - 1

    def choice(self, shares: Tensor) -> Tensor:
        """(N,) positions in 0..M-1, drawn with the same shares (M,) for everyone."""
        return torch.multinomial(shares, self.n, replacement=True, generator=self.generator)

    def choice_of_each(self, until: Tensor) -> Tensor:
        """(N,) positions in 0..M-1, drawn with shares for each person, which `cumulated` made (N, M - 1)."""
        return (self.uniform(1) >= until).sum(-1)

    def index(self, m: int, *shape: int) -> Tensor:
        """(N, *shape) int64, uniform in 0..m-1."""
        return torch.randint(m, (self.n, *shape), generator=self.generator, device=self.device)


def between(uniform: Tensor, low_and_high: Range) -> Tensor:
    """Scale numbers that are uniform in 0..1 to be uniform between two values."""
    low, high = low_and_high
    return low + (high - low) * uniform


def cumulated(shares: Tensor) -> Tensor:
    """Cumulative sums (..., M - 1) of shares (..., M) normalised to 1, without the last, which would be 1."""
    until = shares.double().cumsum(-1)
    return (until / until[..., -1:])[..., :-1].float()
