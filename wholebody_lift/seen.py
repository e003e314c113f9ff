"""2D keypoints through the camera that saw them, on numpy arrays or torch tensors.

What lies on either side of the network: the image plane before it, position and reprojection error after it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wholebody_lift import camera
from wholebody_lift._types import Array
from wholebody_lift.arrays import namespace
from wholebody_lift.viewpoint import intrinsics_from_keypoints, weights_of

if TYPE_CHECKING:
    from wholebody_lift.keypoints import Keypoints2D
    from wholebody_lift.pose import CameraSource

_quiet = np.errstate(all="ignore")
"""What cannot be projected becomes infinity or NaN without numpy's warning, as in torch; `Lifter` checks the
result."""


class Lifted(NamedTuple):
    """N people in 3D, in the camera's axes: numpy arrays, or tensors."""

    xyz: Any
    """(N, 133, 3) mm, from the midpoint of the hips."""
    error_mm: Any
    """(N, 133) expected distance from the truth, mm."""
    translation: Any
    """(N, 3) mm, the midpoint of the hips from the camera."""


def place(xyz: Array, plane: Array, observed: Array, scores: Array) -> Array:
    """Where the midpoint of the hips is, (N, 3) mm from the camera, so that people are seen at `plane`.

    xyz (N, 133, 3) mm from that midpoint; plane (N, 133, 2), observed (N, 133) and scores (N, 133) as in
    `FromPixels`.
    """
    return camera.place_root(xyz, plane, weights_of(observed, xyz) * scores)


def doubles(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The values in double precision; a mask as it is."""
    return values if values.dtype == np.bool_ else values.astype(np.float64)


class Seen(NamedTuple):
    """2D keypoints of N people, and the camera that saw them: all numpy arrays, or all tensors."""

    xy: Any
    """(N, 133, 2) pixels, 0 where missing."""
    observed: Any
    """(N, 133) bool"""
    scores: Any
    """(N, 133), 0 where missing."""
    K: Any
    """(N, 3, 3) in pixels."""
    distortion: Any
    """(N, 5), or None"""

    @classmethod
    def of(
        cls,
        people: Keypoints2D,
        K: npt.NDArray[Any] | None = None,
        *,
        array: Callable[[npt.NDArray[Any]], Any] = doubles,
    ) -> Seen:
        """People seen through K (N, 3, 3); without it, through their own camera or an assumed one.

        `array` decides the kind of arrays and their precision: it is called with numpy arrays of numbers and
        masks.
        """
        observed = array(people.observed)
        xy = array(people.keypoints)
        xy = namespace(xy).where(observed[..., None], xy, 0)
        K = people.K if K is None else K
        if K is not None:
            through = array(K)
        elif people.image_size is not None:
            through = camera.intrinsics_from_image_size(array(people.image_size))
        else:
            through = intrinsics_from_keypoints(xy, observed)
        distortion = None if people.distortion is None else array(people.distortion)
        return cls(xy, observed, array(people.scores), through, distortion)

    @property
    @_quiet
    def plane(self) -> Any:
        """(N, 133, 2) keypoints on the image plane, lens distortion undone."""
        return camera.to_image_plane(self.xy, self.K, self.distortion)

    @_quiet
    def place(self, xyz: Array) -> Array:
        """`place` of people (N, 133, 3) as they are seen here."""
        return place(xyz, self.plane, self.observed, self.scores)

    @_quiet
    def reprojection_error(self, in_camera: Array) -> Array:
        """(N,) px: mean distance of people (N, 133, 3), mm from the camera, from the keypoints seen."""
        xp, back = namespace(in_camera), camera.project(in_camera, self.K, self.distortion)
        distance = xp.where(self.observed, xp.linalg.norm(back - self.xy, axis=-1), 0)
        return distance.sum(-1) / self.observed.sum(-1)


def camera_source(people: Keypoints2D) -> CameraSource:
    """Where the camera of `Seen.of(people)` comes from."""
    if people.K is not None:
        return "given"
    return "keypoints" if people.image_size is None else "image_size"
