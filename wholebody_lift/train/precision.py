"""bfloat16 where it is enough: inside the network."""

import torch
from torch import nn

from wholebody_lift.model.encoder import Attention, SemGANLayer


def use_bfloat16(network: nn.Module, device: str) -> None:
    """Let the encoder's layers and all attention calculate in bfloat16, and nothing else.

    Numbers of eight bits are too coarse for coordinates, in which a percent tells who leans towards the
    camera, and for answers, of which they would cut off millimetres; so what a network is told and what it
    says stay in float32, and so does the sum that the layers add to. Copies made before stay as they are.
    """
    for module in network.modules():
        if isinstance(module, SemGANLayer | Attention):
            in_bfloat16 = torch.autocast(torch.device(device).type, torch.bfloat16)  # one cannot hold another
            module.forward = in_bfloat16(module.forward)  # type: ignore[method-assign]
