"""From the image plane to millimetres: the module that `Lifter` runs and ONNX files contain.

Image plane, canonical view, features, network, camera axes, position in front of the camera.
Everything is tensors of N people; nothing here checks its input.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from wholebody_lift.arrays import unit
from wholebody_lift.features import features
from wholebody_lift.known import Known, scale_of
from wholebody_lift.model import SemGAN
from wholebody_lift.seen import Lifted, place
from wholebody_lift.skeleton import INDEX
from wholebody_lift.viewpoint import canonical_view, to_camera_axes

HEAD_DOWN_FACTOR = 1.3
"""How many times larger errors are than the network expects for people upside down in the picture, as hardly
any training person is. For 3,996 people of the validation recordings, turned by half a turn, errors of the
body are 1.21 to 1.37 times those expected; turned by a quarter turn, 0.98 to 1.05 times."""

_LEVEL, _DOWN = 0.2, 0.5
"""Sines of the angles below the horizontal between which the factor rises from 1. As they were recorded, none
of these people has a trunk that points down by more than 0.05."""

_SHOULDERS = [INDEX["left_shoulder"], INDEX["right_shoulder"]]


class FromPixels(nn.Module):
    """The network and the geometry before and after it: from the image plane to millimetres."""

    def __init__(self, model: SemGAN) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        plane: Tensor,
        observed: Tensor,
        scores: Tensor,
        camera_given: Tensor,
        size_given: Tensor,
        scale: Tensor | None = None,
        known: Known | None = None,
    ) -> Lifted:
        """Lift N people.

        Args:
            plane: (N, 133, 2) float32, keypoints on the image plane; any number where missing.
            observed: (N, 133) bool.
            scores: (N, 133) float32, 0..1; 0 where missing.
            camera_given: (N,) bool: K is known.
            size_given: (N,) bool: K is known or assumed from the image size.
            scale: (N,) factor on the network's millimetres, which are for a person of its stature. Without
                it, or where it is NaN, people whose bone lengths are known get these.
            known: what is known beside the keypoints, as far as the network has the `inputs`.
        """
        canonical, view = canonical_view(plane, observed)
        seen = features(canonical, scores, observed, view, camera_given, size_given, known, scale)
        precision = self.model.embed_person.weight.dtype
        answer = self.model(seen.map(lambda tensor: tensor.to(precision)))
        xyz = to_camera_axes(answer.xyz, view)
        error_mm = answer.error_mm * _head_down_factor(xyz)[:, None]
        factor = None
        if known is not None and known.bone_lengths is not None:
            factor = scale_of(known.bone_lengths, xyz)
        if scale is not None:
            factor = torch.where(scale.isfinite(), scale, 1 if factor is None else factor)
        if factor is not None:
            xyz, error_mm = xyz * factor[:, None, None], error_mm * factor[:, None]
        return Lifted(xyz, error_mm, place(xyz, plane, observed, scores))


def _head_down_factor(xyz: Tensor) -> Tensor:
    """(N,) factors: exactly 1 for everyone upright or lying, up to `HEAD_DOWN_FACTOR` for people upside
    down."""
    trunk = xyz[:, _SHOULDERS].mean(1)  # from the midpoint of the hips
    down = unit(trunk)[:, 1]
    return 1 + (HEAD_DOWN_FACTOR - 1) * ((down - _LEVEL) / (_DOWN - _LEVEL)).clamp(0, 1)
