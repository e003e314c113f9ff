"""Expected errors, calibrated on recordings that the network was not trained on."""

import torch
from torch import Tensor, nn

from wholebody_lift import skeleton
from wholebody_lift.config import Calibration


class ErrorCalibration(nn.Module):
    """One curve a part, piecewise linear in logarithms; a constant factor beyond the outermost knots."""

    predicted: Tensor
    measured: Tensor

    def __init__(self, calibration: Calibration) -> None:
        super().__init__()
        for name in ("predicted", "measured"):
            of_part = getattr(calibration, f"{name}_mm")
            rows = [of_part[part] for part, keypoints in skeleton.PARTS.items() for _ in keypoints]
            self.register_buffer(name, torch.tensor(rows).log(), persistent=False)  # (133, knots)

    def forward(self, error_mm: Tensor) -> Tensor:
        """Predicted errors (N, 133) mm to calibrated ones."""
        predicted, measured, x = self.predicted.float(), self.measured.float(), error_mm.log()
        width = predicted.diff(dim=-1)
        climbed = (x[..., None] - predicted[:, :-1]).clamp_min(0).minimum(width)  # (N, 133, knots - 1)
        inside = (climbed * measured.diff(dim=-1) / width).sum(-1)
        below, above = (x - predicted[:, 0]).clamp_max(0), (x - predicted[:, -1]).clamp_min(0)
        return (measured[:, 0] + below + inside + above).exp()
