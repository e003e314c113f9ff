"""Muon (Jordan 2024, kellerjordan.github.io/posts/muon): steps along orthogonalized gradients.

For the square matrices inside a network. `torch.optim.Muon` computes in bfloat16, which takes eight times as
long on a CPU without bfloat16 instructions. This one computes in a chosen precision, and stacks the matrices
so that a team can divide them.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Coefficients of the iterated quintic (Jordan 2024): singular values end up between 0.7 and 1.2."""

ITERATIONS = 5

UPDATE_RMS = 0.2
"""Root mean square of an update at a learning rate of 1. It equals AdamW's, so both can share a learning rate
(Liu et al. 2025, arXiv 2502.16982)."""

Divided = Callable[[Callable[[Tensor], Tensor], Tensor], Tensor]
"""Applies a function to a stack of matrices, possibly divided among processes."""


def orthogonalized(matrices: Tensor) -> Tensor:
    """Approximately the nearest orthogonal matrices of (M, C, C): U V^T of U S V^T, by Newton-Schulz
    iteration."""
    a, b, c = COEFFICIENTS
    x: Tensor = matrices / matrices.norm(dim=(-2, -1), keepdim=True).clamp_min(1e-7)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        polynomial = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.baddbmm(x, polynomial, x, beta=a)
    return x


def side_of_squares(parameter: nn.Parameter) -> int | None:
    """Side of the square matrices that a parameter consists of, side by side or stacked; None if it does not.

    Layers inside a network consist of squares (queries, keys and values are three). Most first layers do not,
    since the width is no multiple of the number of features, and are left to AdamW. Last layers do if the
    number of their outputs divides the width.
    """
    if parameter.ndim != 2:
        return None
    shorter, longer = sorted(parameter.shape)
    return shorter if longer % shorter == 0 else None


class Muon(torch.optim.Optimizer):
    """Orthogonalized momentum, for parameters that consist of square matrices."""

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        *,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        precision: torch.dtype = torch.float32,
        divided: Divided = lambda function, stack: function(stack),
    ) -> None:
        """precision: of the orthogonalization. divided: applies it to a stack; a team may divide the work.

        Weight decay is decoupled, as AdamW's is.
        """
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self._precision = precision
        self._divided = divided

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Take one step; returns the loss if there is a `closure`, which computes it and the gradients."""
        with torch.enable_grad():
            loss = closure() if closure is not None else None
        for group in self.param_groups:
            of_side: dict[int, list[nn.Parameter]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    of_side.setdefault(min(parameter.shape), []).append(parameter)
            for side, parameters in of_side.items():
                stack = torch.cat([self._directions(p, group["momentum"]) for p in parameters])
                sizes = [p.numel() // side**2 for p in parameters]
                updates = torch.split(self._divided(self._orthogonalized, stack), sizes)
                rate = group["lr"] * UPDATE_RMS * side**0.5  # an orthogonal matrix has an RMS of side ** -0.5
                for p, update in zip(parameters, updates, strict=True):
                    p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(_whole(update, p), alpha=rate)
        return loss

    def _orthogonalized(self, stack: Tensor) -> Tensor:
        return orthogonalized(stack.to(self._precision)).to(stack.dtype)

    def _directions(self, parameter: nn.Parameter, momentum: float) -> Tensor:
        """The gradient with Nesterov's momentum, as squares (n, C, C)."""
        gradient = parameter.grad
        assert gradient is not None
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        momenta: Tensor = state["momentum"]
        momenta.lerp_(gradient, 1 - momentum)
        return _squares(gradient.lerp(momenta, momentum))


def _squares(matrix: Tensor) -> Tensor:
    """(n C, C) or (C, n C) cut into (n, C, C)."""
    rows, columns = matrix.shape
    if rows >= columns:
        return matrix.reshape(-1, columns, columns)
    return matrix.reshape(rows, -1, rows).transpose(0, 1)


def _whole(squares: Tensor, like: Tensor) -> Tensor:
    """Inverse of `_squares`."""
    rows, columns = like.shape
    return (squares if rows >= columns else squares.transpose(0, 1)).reshape(like.shape)
