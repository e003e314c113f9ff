"""The canonical view, there and back, on numpy arrays or torch tensors.

It makes one network serve every camera: keypoints become viewing rays, a virtual camera turns towards the
person (a rotation of rays, exact, unlike a crop), and the person is scaled to unit size. Training and
inference call the same functions.
"""

from typing import Any, NamedTuple

from wholebody_lift import camera, skeleton
from wholebody_lift._types import Array
from wholebody_lift.arrays import constant, homogeneous, namespace, unit

MODERATE_SIZE = 0.1
"""Spread on the image plane of a standing adult 5 m away.

Assumed if neither K nor the image size is known."""

_NEAREST_RAY = 0.05
"""Smallest cosine between a ray and the viewing axis: nothing is visible at right angles to it."""


def _keypoint_weights() -> tuple[float, ...]:
    """Weight of each keypoint in a person's centre and size.

    Each body keypoint weighs as much as all feet, half the face or a whole hand, so that dense parts do
    not dominate.
    """
    total = {"body": 17.0, "feet": 1.0, "face": 2.0, "left_hand": 1.0, "right_hand": 1.0}
    return tuple(total[name] / len(part) for name, part in skeleton.PARTS.items() for _ in part)


KEYPOINT_WEIGHTS = _keypoint_weights()


class View(NamedTuple):
    """The virtual camera of each person, and the size that was divided out."""

    rotation: Any
    """(N, 3, 3), from camera axes to the virtual camera's."""
    angular_size: Any
    """(N,), spread of the person on the virtual camera's image plane: the strength of the perspective."""


def weights_of(observed: Array, like: Array) -> Array:
    """Weight of every keypoint, (N, 133), in the precision of `like`: 0 where it is not observed."""
    return observed * constant(KEYPOINT_WEIGHTS, like)


def _weighted_mean(values: Array, weights: Array) -> Array:
    """Mean over keypoints of (N, 133, D) under weights (N, 133): (N, D)."""
    total = namespace(weights).sum(weights, axis=1, keepdims=True)
    return (weights[..., None] * values).sum(1) / total


def intrinsics_from_keypoints(xy: Array, observed: Array) -> Array:
    """K (N, 3, 3) assumed from the keypoints alone, (N, 133, 2) pixels: centred on each person.

    The focal length is such that the person is as large as a standing adult 5 m away.
    """
    xp = namespace(xy)
    xy = xp.where(observed[..., None], xy, 0)
    weights = weights_of(observed, xy)
    centre = _weighted_mean(xy, weights)
    square = xp.sum((xy - centre[:, None]) ** 2, axis=-1, keepdims=True)
    spread = xp.sqrt(_weighted_mean(square, weights))[:, 0]
    return camera.intrinsics(spread / MODERATE_SIZE, centre)


def canonical_view(plane: Array, observed: Array) -> tuple[Array, View]:
    """Points on the image plane (N, 133, 2) as the virtual camera sees them, at unit size.

    Keypoints that are not observed (N, 133) are 0 in the result and have no influence on the others.
    """
    xp, weights = namespace(plane), weights_of(observed, plane)
    directions = unit(homogeneous(xp.where(observed[..., None], plane, 0)))
    rotation = camera.look_at(_weighted_mean(directions, weights))
    turned = directions @ rotation.swapaxes(-1, -2)
    seen = turned[..., :2] / turned[..., 2:].clip(min=_NEAREST_RAY)
    square = xp.sum(seen**2, axis=-1, keepdims=True)
    size = xp.sqrt(_weighted_mean(square, weights)).clip(min=1e-6)
    canonical = xp.where(observed[..., None], seen / size[:, None], 0)
    return canonical, View(rotation, size[:, 0])


def from_canonical_view(canonical: Array, observed: Array, view: View) -> Array:
    """Inverse of `canonical_view`: points on the real camera's image plane (N, 133, 2)."""
    back = homogeneous(canonical * view.angular_size[:, None, None]) @ view.rotation
    return namespace(canonical).where(observed[..., None], back[..., :2] / back[..., 2:], 0)


def to_camera_axes(xyz: Array, view: View) -> Array:
    """Turn (N, 133, 3) from the virtual camera's axes into the real camera's."""
    return xyz @ view.rotation


def to_virtual_axes(xyz: Array, view: View) -> Array:
    """Turn (N, 133, 3) from the real camera's axes into the virtual camera's."""
    return xyz @ view.rotation.swapaxes(-1, -2)
