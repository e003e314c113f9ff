"""Batched rotations in torch: quaternions (..., 4) in wxyz order, matrices (..., 3, 3).

Every function keeps the leading shape, dtype and device of its input and is differentiable except in the
stated special cases. A matrix R acts on column vectors, v' = R v; angles are in radians.
"""

import functools

import torch
from torch import Tensor


def normalize(x: Tensor) -> Tensor:
    """Scale the last axis of `x` to unit length; a zero vector stays zero."""
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return torch.div(x, length.clamp_min(torch.finfo(x.dtype).tiny))


def canonical(q: Tensor) -> Tensor:
    """Whichever of q and -q, which are the same rotation, has a non-negative real part; (..., 4)."""
    return torch.where(q[..., :1] < 0, -q, q)


def multiply(p: Tensor, q: Tensor) -> Tensor:
    """Hamilton product of quaternions (..., 4): q is applied first, then p, like matrices P @ Q."""
    pw, pv, qw, qv = p[..., :1], p[..., 1:], q[..., :1], q[..., 1:]
    real = pw * qw - (pv * qv).sum(-1, keepdim=True)
    return torch.cat([real, pw * qv + qw * pv + torch.linalg.cross(pv, qv)], -1)


@functools.cache
def _products_to_matrix(dtype: torch.dtype, device: torch.device) -> Tensor:
    """(16, 9): what each product q_i q_j of a unit quaternion adds to the entries of the matrix."""
    w, x, y, z = range(4)
    table = torch.zeros(4, 4, 3, 3, dtype=dtype, device=device)
    for axis, a in enumerate((x, y, z)):
        for b in range(4):
            table[b, b, axis, axis] = 1.0 if b in (w, a) else -1.0
    for row, column, a, b, c in ((0, 1, x, y, z), (1, 2, y, z, x), (2, 0, z, x, y)):
        table[a, b, row, column] = table[a, b, column, row] = 2.0
        table[w, c, row, column], table[w, c, column, row] = -2.0, 2.0
    return table.reshape(16, 9)


def to_matrix(q: Tensor) -> Tensor:
    """Quaternions (..., 4) of any nonzero length to matrices (..., 3, 3)."""
    q = normalize(q)
    products = (q[..., :, None] * q[..., None, :]).flatten(-2)
    return (products @ _products_to_matrix(q.dtype, q.device)).reshape(*q.shape[:-1], 3, 3)


def from_matrix(R: Tensor) -> Tensor:
    """Matrices (..., 3, 3) to unit quaternions (..., 4) with real part >= 0.

    The four rows of the symmetric matrix 4 q q^T are computed from R, and the row with the largest diagonal
    entry is normalised (Shepperd 1978), so no rotation comes close to a division by zero.
    """
    m00, m01, m02, m10, m11, m12, m20, m21, m22 = R.flatten(-2).unbind(-1)
    w, x, y, z = m21 - m12, m02 - m20, m10 - m01, 1 + m00 + m11 + m22
    xy, xz, yz = m01 + m10, m02 + m20, m12 + m21
    rows = torch.stack(
        [
            *(z, w, x, y),
            *(w, 1 + m00 - m11 - m22, xy, xz),
            *(x, xy, 1 - m00 + m11 - m22, yz),
            *(y, xz, yz, 1 - m00 - m11 + m22),
        ],
        -1,
    ).reshape(*z.shape, 4, 4)
    largest = rows.diagonal(dim1=-2, dim2=-1).argmax(-1)
    row = rows.gather(-2, largest[..., None, None].expand(*largest.shape, 1, 4)).squeeze(-2)
    return canonical(normalize(row))


def from_axis_angle(axis: Tensor, angle: Tensor) -> Tensor:
    """Matrices (..., 3, 3) of rotations by `angle` (...) about unit `axis` (..., 3); Rodrigues' formula."""
    half = angle[..., None] / 2
    imaginary = half.sin() * axis
    return to_matrix(torch.cat([half.cos().expand_as(imaginary[..., :1]), imaginary], -1))


def about(axis: str, angle: Tensor) -> Tensor:
    """Matrices (..., 3, 3) of rotations by `angle` (...) about the x, y or z axis."""
    cosine, sine, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    first = "xyz".index(axis)
    # The rows of a rotation about x; for y and z, both rows and entries are rolled.
    turn = [[one, zero, zero], [zero, cosine, -sine], [zero, sine, cosine]]
    entries = [turn[row - first][column - first] for row in range(3) for column in range(3)]
    return torch.stack(entries, -1).reshape(*angle.shape, 3, 3)


def from_rotation_vector(vector: Tensor) -> Tensor:
    """Matrices (..., 3, 3) of rotation vectors (..., 3), axis times angle; zero is the identity."""
    angle = torch.linalg.vector_norm(vector, dim=-1, keepdim=True)
    # torch.sinc(x) is sin(pi x) / (pi x): smooth at zero, where axis = vector / angle is not.
    return to_matrix(torch.cat([(angle / 2).cos(), vector / 2 * torch.sinc(angle / (2 * torch.pi))], -1))


def to_rotation_vector(R: Tensor) -> Tensor:
    """Rotation vectors (..., 3), of length at most pi, of matrices (..., 3, 3)."""
    q = from_matrix(R)
    sine = torch.linalg.vector_norm(q[..., 1:], dim=-1, keepdim=True)
    angle = 2 * torch.atan2(sine, q[..., :1])
    # Near the identity this ratio is 2 and must not be computed as 0 / 0.
    small = sine < 1e-6
    return torch.mul(q[..., 1:], torch.where(small, 2.0, angle / torch.where(small, 1.0, sine)))


def angle_between(R: Tensor, S: Tensor) -> Tensor:
    """Angle (...) of the rotation that takes matrices R to S, both (..., 3, 3)."""
    angle: Tensor = torch.linalg.vector_norm(to_rotation_vector(R.mT @ S), dim=-1)
    return angle


def angle_about(axis: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Angle (...) of the rotation about unit `axis` that takes a to b; all are vectors (..., 3)."""
    return torch.atan2((axis * torch.linalg.cross(a, b)).sum(-1), (a * b).sum(-1))


def slerp(p: Tensor, q: Tensor, t: Tensor) -> Tensor:
    """Unit quaternions (..., 4) at fraction t (...) of the shorter arc from p to q (Shoemake 1985)."""
    q = torch.where((p * q).sum(-1, keepdim=True) < 0, -q, q)
    t = t[..., None]
    # The angle between p and q comes from half the chord, which loses no digits if they are close.
    half = torch.asin((0.5 * torch.linalg.vector_norm(p - q, dim=-1, keepdim=True)).clamp_max(1.0))
    sine = (2 * half).sin()
    close = sine < 1e-4
    sine = torch.where(close, 1.0, sine)
    a = torch.where(close, 1 - t, ((1 - t) * 2 * half).sin() / sine)
    b = torch.where(close, t, (t * 2 * half).sin() / sine)
    return normalize(a * p + b * q)


def between(a: Tensor, b: Tensor) -> Tensor:
    """Matrices (..., 3, 3) of the smallest rotation that takes direction a (..., 3) to direction b.

    For opposite directions, where it is not unique, a half turn about some axis normal to a is returned.
    """
    a, b = normalize(a) + torch.zeros_like(b), normalize(b) + torch.zeros_like(a)
    real = 1 + (a * b).sum(-1, keepdim=True)
    # The coordinate axis farthest from a gives a well-defined normal for the half turn.
    helper = torch.zeros_like(a).scatter(-1, a.abs().argmin(-1, keepdim=True), 1.0)
    normal = normalize(torch.linalg.cross(a, helper))
    opposite = torch.cat([torch.zeros_like(real), normal], -1)
    q = torch.cat([real, torch.linalg.cross(a, b)], -1)
    return to_matrix(torch.where(real < 1e-6, opposite, q))


def look_at(primary: Tensor, secondary: Tensor) -> Tensor:
    """Frames (..., 3, 3) with columns x along `primary`, z along primary x secondary and y = z x x.

    Both are directions (..., 3) of any length that are not parallel.
    """
    x = normalize(primary + torch.zeros_like(secondary))
    z = normalize(torch.linalg.cross(x, secondary + torch.zeros_like(x)))
    return torch.stack([x, torch.linalg.cross(z, x), z], -1)
