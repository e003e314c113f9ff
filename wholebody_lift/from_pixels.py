"""From pixels to millimetres: the module that `Lifter` runs, ONNX files contain and sequences measure with.

Pixels, image plane, canonical view, features, network, camera axes, position in front of the camera.
Everything is tensors of N people; nothing here checks its input.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from wholebody_lift import camera
from wholebody_lift.features import (
    canonical_view,
    features,
    intrinsics_from_keypoints,
    to_camera_axes,
    weights_of,
)
from wholebody_lift.known import Known, scale_of
from wholebody_lift.model import SemGAN
from wholebody_lift.skeleton import INDEX

if TYPE_CHECKING:
    from wholebody_lift.keypoints import Keypoints2D
    from wholebody_lift.pose import CameraSource


HEAD_DOWN_FACTOR = 1.3
"""How many times larger errors are than the network expects for people upside down in the picture, as hardly
any training person is. For 3,996 people of the validation recordings, turned by half a turn, errors of the
body are 1.21 to 1.37 times those expected; turned by a quarter turn, 0.98 to 1.05 times."""

_LEVEL, _DOWN = 0.2, 0.5
"""Sines of the angles below the horizontal between which the factor rises from 1. As they were recorded, none
of these people has a trunk that points down by more than 0.05."""

_SHOULDERS = [INDEX["left_shoulder"], INDEX["right_shoulder"]]


class Lifted(NamedTuple):
    """N people in 3D, in the camera's axes."""

    xyz: Tensor
    """(N, 133, 3) mm, from the midpoint of the hips."""
    error_mm: Tensor
    """(N, 133) expected distance from the truth, mm."""
    translation: Tensor
    """(N, 3) mm, the midpoint of the hips from the camera."""


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
                it, people whose bone lengths are known get these.
            known: what is known beside the keypoints, as far as the network has the `inputs`.
        """
        canonical, view = canonical_view(plane, observed)
        seen = features(canonical, scores, observed, view, camera_given, size_given, known, scale)
        precision = self.model.embed_person.weight.dtype
        answer = self.model(seen.map(lambda tensor: tensor.to(precision)))
        xyz = to_camera_axes(answer.xyz, view)
        if scale is None and known is not None and known.bone_lengths is not None:
            scale = scale_of(known.bone_lengths, xyz)
        error_mm = answer.error_mm * _head_down_factor(xyz)[:, None]
        if scale is not None:
            xyz, error_mm = xyz * scale[:, None, None], error_mm * scale[:, None]
        return Lifted(xyz, error_mm, place(xyz, plane, observed, scores))


def _head_down_factor(xyz: Tensor) -> Tensor:
    """(N,) from 1, exactly, for everyone who is upright or lies, to `HEAD_DOWN_FACTOR`."""
    trunk = xyz[:, _SHOULDERS].mean(1)  # from the midpoint of the hips
    down = torch.nn.functional.normalize(trunk, dim=-1)[:, 1]
    return 1 + (HEAD_DOWN_FACTOR - 1) * ((down - _LEVEL) / (_DOWN - _LEVEL)).clamp(0, 1)


def place(xyz: Tensor, plane: Tensor, observed: Tensor, scores: Tensor) -> Tensor:
    """Where the midpoint of the hips is, (N, 3) mm from the camera, so that people are seen at `plane`.

    xyz (N, 133, 3) mm from that midpoint; plane (N, 133, 2), observed (N, 133) and scores (N, 133) as in
    `FromPixels`.
    """
    return camera.place_root(xyz, plane, weights_of(observed, xyz.dtype) * scores)


class Seen(NamedTuple):
    """2D keypoints of N people as tensors, and the camera that saw them."""

    xy: Tensor
    """(N, 133, 2) pixels, 0 where missing."""
    observed: Tensor
    """(N, 133) bool"""
    scores: Tensor
    """(N, 133), 0 where missing."""
    K: Tensor
    """(N, 3, 3) in pixels."""
    distortion: Tensor | None
    """(N, 5)"""

    @classmethod
    def of(
        cls,
        people: Keypoints2D,
        K: npt.NDArray[Any] | None = None,
        *,
        dtype: torch.dtype = torch.float64,
        device: torch.device | None = None,
    ) -> Seen:
        """People seen through K (N, 3, 3); without it, through their own camera or an assumed one."""

        def tensor(array: npt.NDArray[Any]) -> Tensor:
            return torch.from_numpy(array).to(dtype).to(device)

        observed = torch.from_numpy(people.observed).to(device)
        xy = torch.where(observed[..., None], tensor(people.keypoints), 0)
        K = people.K if K is None else K
        if K is not None:
            through = tensor(K)
        elif people.image_size is not None:
            through = camera.intrinsics_from_image_size(tensor(people.image_size))
        else:
            through = intrinsics_from_keypoints(xy, observed)
        distortion = None if people.distortion is None else tensor(people.distortion)
        return cls(xy, observed, tensor(people.scores), through, distortion)

    @property
    def plane(self) -> Tensor:
        """(N, 133, 2) keypoints on the image plane, lens distortion undone."""
        return camera.to_image_plane(self.xy, self.K, self.distortion)

    def place(self, xyz: Tensor) -> Tensor:
        """`place` of people (N, 133, 3) as they are seen here."""
        return place(xyz, self.plane, self.observed, self.scores)

    def reprojection_error(self, in_camera: Tensor) -> Tensor:
        """(N,) px: mean distance of people (N, 133, 3), mm from the camera, from the keypoints seen."""
        back = camera.project(in_camera, self.K, self.distortion)
        distance = torch.where(self.observed, (back - self.xy).norm(dim=-1), 0)
        return distance.sum(-1) / self.observed.sum(-1)


def known_of(
    people: Keypoints2D, inputs: Collection[str], device: torch.device | None = None
) -> Known | None:
    """What is known of people beside their keypoints, of what a network has `inputs` for."""

    def tensor(name: str, array: npt.NDArray[Any] | None) -> Tensor | None:
        if array is None or name not in inputs:
            return None
        return torch.from_numpy(array.astype(np.float32)).to(device)

    known = Known(
        bone_lengths=tensor("bone_lengths", people.bone_lengths),
        gravity=tensor("gravity", people.gravity),
        gravity_spread_deg=tensor("gravity", people.gravity_spread_deg),
        depth=tensor("depth", people.depth),
    )
    return None if all(values is None for values in known) else known


def camera_source(people: Keypoints2D) -> CameraSource:
    """Where the camera of `Seen.of(people)` comes from."""
    if people.K is not None:
        return "given"
    return "keypoints" if people.image_size is None else "image_size"
