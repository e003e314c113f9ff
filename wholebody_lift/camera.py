"""Pinhole cameras with lens distortion: pixels to rays and back, and the position of a lifted person.

Pure functions of numpy arrays or torch tensors in any floating dtype, batched over people N. Camera axes are
OpenCV's: x right, y down, z away from the camera. The "image plane" is the plane z = 1 of undistorted rays,
so a point on it is (x/z, y/z), without a unit.
"""

import numpy as np

from wholebody_lift._types import Array
from wholebody_lift.arrays import constant, homogeneous, namespace, unit

UNDISTORT_STEPS = 20
"""Newton steps that undo the lens distortion; quadratic convergence needs about five of them."""

NEAREST_MM = 50.0
"""No observed keypoint is placed nearer to the camera than this."""


def intrinsics(focal: Array, centre: Array) -> Array:
    """K (N, 3, 3) from the focal length (N,) and the principal point (N, 2), both in pixels."""
    K = constant(np.eye(3), focal) + namespace(focal).zeros_like(focal)[:, None, None]
    K[:, 0, 0] = K[:, 1, 1] = focal
    K[:, :2, 2] = centre
    return K


def intrinsics_from_image_size(image_size: Array) -> Array:
    """K (N, 3, 3) assumed for images of (N, 2) = width, height pixels.

    The focal length is the diagonal (a diagonal field of view of 53 degrees), the principal point the centre.
    """
    return intrinsics(namespace(image_size).linalg.norm(image_size, axis=-1), image_size / 2)


def to_image_plane(xy: Array, K: Array, distortion: Array | None = None) -> Array:
    """Pixels (N, P, 2) as points on the image plane (N, P, 2), lens distortion undone."""
    plane = (homogeneous(xy) @ namespace(K).linalg.inv(K).swapaxes(-1, -2))[..., :2]
    return plane if distortion is None else undistort(plane, distortion)


def to_pixels(plane: Array, K: Array, distortion: Array | None = None) -> Array:
    """Points on the image plane (N, P, 2) as pixels (N, P, 2); inverse of `to_image_plane`."""
    if distortion is not None:
        plane = distort(plane, distortion)
    return (homogeneous(plane) @ K.swapaxes(-1, -2))[..., :2]


def project(xyz: Array, K: Array, distortion: Array | None = None) -> Array:
    """Project points (N, P, 3) in camera axes (any unit) to pixels (N, P, 2)."""
    return to_pixels(xyz[..., :2] / xyz[..., 2:], K, distortion)


def distort(plane: Array, distortion: Array) -> Array:
    """Distort points on the image plane (N, P, 2) with lens coefficients (N, 5).

    Brown-Conrady (Brown 1966) in OpenCV's order: k1, k2, p1, p2, k3.
    """
    return _distort(plane, distortion)[0]


def _distort(plane: Array, distortion: Array) -> tuple[Array, Array, Array, Array]:
    """The distorted points (N, P, 2) and their derivatives dx/dx, dx/dy = dy/dx, dy/dy, each (N, P)."""
    k1, k2, p1, p2, k3 = (distortion[:, None, i] for i in range(5))
    x, y = plane[..., 0], plane[..., 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    radial_slope = 2 * (k1 + r2 * (2 * k2 + r2 * 3 * k3))  # d radial / d x is this times x
    bent = namespace(plane).stack(
        (
            x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
            y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
        ),
        axis=-1,
    )
    xx = radial + x * x * radial_slope + 2 * p1 * y + 6 * p2 * x
    xy = x * y * radial_slope + 2 * p1 * x + 2 * p2 * y
    yy = radial + y * y * radial_slope + 6 * p1 * y + 2 * p2 * x
    return bent, xx, xy, yy


def undistort(plane: Array, distortion: Array) -> Array:
    """Inverse of `distort` by Newton's method.

    Where the lens model is not one-to-one it has no inverse; such points stay finite.
    """
    xp, straight = namespace(plane), plane
    for _ in range(UNDISTORT_STEPS):
        bent, xx, xy, yy = _distort(straight, distortion)
        dx, dy = bent[..., 0] - plane[..., 0], bent[..., 1] - plane[..., 1]
        determinant = (xx * yy - xy * xy).clip(min=0.05)
        step = xp.stack((yy * dx - xy * dy, xx * dy - xy * dx), axis=-1) / determinant[..., None]
        straight = straight - step.clip(-0.5, 0.5)
    return straight


def look_at(direction: Array) -> Array:
    """Rotation (N, 3, 3) from camera axes to those of a virtual camera that looks along `direction` (N, 3).

    The virtual camera is the real one panned and tilted, without roll: its x axis stays in the real
    camera's xz plane.
    """
    xp, z = namespace(direction), unit(direction)
    x = unit(xp.stack((z[:, 2], xp.zeros_like(z[:, 0]), -z[:, 0]), axis=-1))
    return xp.stack((x, xp.cross(z, x, axis=-1), z), axis=1)


def place_root(xyz: Array, plane: Array, weights: Array) -> Array:
    """The position of the root, (N, 3), at which keypoints (N, P, 3) around it project to `plane` (N, P, 2).

    Minimises sum_k w_k |plane_k (Z_k + t_z) - (XY_k + t_xy)|^2, which is linear in t: the residual is the
    distance between the keypoint and its ray, measured at the keypoint's own depth. Weights (N, P) are 0
    for missing keypoints. The result has the unit and the axes of `xyz`.
    """
    xp = namespace(xyz)
    total = xp.sum(weights, axis=-1, keepdims=True)

    def mean(values: Array) -> Array:
        return (weights[..., None] * values).sum(1) / total

    offset = plane * xyz[..., 2:] - xyz[..., :2]
    plane_mean, offset_mean = mean(plane), mean(offset)
    plane_centred = plane - plane_mean[:, None]
    spread = mean(plane_centred**2).sum(-1).clip(min=1e-12)
    depth = -mean(plane_centred * (offset - offset_mean[:, None])).sum(-1) / spread
    nearest = xp.amin(xp.where(weights > 0, xyz[..., 2], xp.inf), axis=-1)
    depth = xp.maximum(depth, NEAREST_MM - nearest)
    return xp.concatenate((offset_mean + plane_mean * depth[:, None], depth[:, None]), axis=-1)
