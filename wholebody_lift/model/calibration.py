"""Expected errors, put right by what was found on recordings that the network did not learn from."""

import torch
from torch import Tensor, nn

from wholebody_lift import skeleton
from wholebody_lift.config import Calibration


class ErrorCalibration(nn.Module):
    """Piecewise linear in logarithms, for each part by itself; by one factor beyond the outermost knots."""

    said: Tensor
    found: Tensor

    def __init__(self, calibration: Calibration) -> None:
        super().__init__()
        for name in ("said", "found"):
            of_part = getattr(calibration, f"{name}_mm")
            rows = [of_part[part] for part, keypoints in skeleton.PARTS.items() for _ in keypoints]
            self.register_buffer(name, torch.tensor(rows).log(), persistent=False)  # (133, knots)

    def forward(self, error_mm: Tensor) -> Tensor:
        """(N, 133) mm to the same."""
        said, found, x = self.said.float(), self.found.float(), error_mm.log()
        width = said.diff(dim=-1)
        climbed = (x[..., None] - said[:, :-1]).clamp_min(0).minimum(width)  # (N, 133, knots - 1)
        inside = (climbed * found.diff(dim=-1) / width).sum(-1)
        below, above = (x - said[:, 0]).clamp_max(0), (x - said[:, -1]).clamp_min(0)
        return (found[:, 0] + below + inside + above).exp()
