"""bfloat16 where its precision is sufficient: inside the network."""

import torch
from torch import nn

from wholebody_lift.model.adapter import Adapter
from wholebody_lift.model.encoder import Attention, SemGANLayer


def use_bfloat16(network: nn.Module, device: str) -> None:
    """Compute the encoder's layers, all attention and adapters in bfloat16, and nothing else.

    Eight significant bits are too coarse for input coordinates, where one percent decides whether a person
    leans towards the camera, and for outputs, which would lose millimetres. So inputs and outputs stay in
    float32, and so does the residual stream. Copies of the network that were made before do not change.
    """
    for module in network.modules():
        if isinstance(module, SemGANLayer | Attention | Adapter):
            in_bfloat16 = torch.autocast(torch.device(device).type, torch.bfloat16)  # one cannot nest
            module.forward = in_bfloat16(module.forward)  # type: ignore[method-assign]
