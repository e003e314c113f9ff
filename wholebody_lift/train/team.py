"""The processes that train one network together, each on its share of every batch."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, distributed, nn


class Team:
    """A single process, or all processes that torchrun started.

    Start with `torchrun --nproc-per-node N -m wholebody_lift.train run ...`; on CPU with `--threads 1`, which
    is faster than one process with N threads, because most of the network's kernels are too small to split.
    """

    def __init__(self, device: str = "cpu") -> None:
        """Join the processes that torchrun announces in the environment."""
        self.rank = int(os.environ.get("RANK", "0"))
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        if self.size > 1 and device.startswith("cuda"):
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", self.rank)))  # one GPU for each
        if self.size > 1 and not distributed.is_initialized():
            distributed.init_process_group("cpu:gloo,cuda:nccl" if device.startswith("cuda") else "gloo")

    @property
    def leads(self) -> bool:
        """Whether this process writes files."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its mean over the team."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.size
        for gradient, mean in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))

    def divided(self, function: Callable[[Tensor], Tensor], stack: Tensor) -> Tensor:
        """Compute `function(stack)`; each process does its share, and all get the complete result.

        The function must treat every entry of the stack (M, ...) independently and keep its shape.
        """
        if self.size == 1:
            return function(stack)
        share = -(-len(stack) // self.size)
        own = stack[self.rank * share : (self.rank + 1) * share]
        padded = torch.zeros(share, *stack.shape[1:], dtype=stack.dtype, device=stack.device)
        padded[: len(own)] = function(own)
        shares = [torch.empty_like(padded) for _ in range(self.size)]
        distributed.all_gather(shares, padded)
        return torch.cat(shares)[: len(stack)]

    def leaders(self, value: float) -> float:
        """The leader's value, so that all processes make the same decisions."""
        if self.size == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64)
        distributed.broadcast(shared, src=0)
        return shared.item()

    def gather(self, item: Any) -> list[Any]:
        """The items of all processes, in order of rank."""
        if self.size == 1:
            return [item]
        items: list[Any] = [None] * self.size
        distributed.all_gather_object(items, item)
        return items
