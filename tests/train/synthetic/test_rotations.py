"""Rotations: the representations agree with each other and with plain definitions."""

import math

import pytest
import torch
from turns import random_rotation

from wholebody_lift.train.synthetic import rotations as rot


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def R(generator: torch.Generator) -> torch.Tensor:
    return random_rotation((50,), generator).double()


def test_matrices_are_rotations(R: torch.Tensor) -> None:
    torch.testing.assert_close(R @ R.mT, torch.eye(3).double().expand_as(R), atol=1e-6, rtol=0)
    torch.testing.assert_close(torch.linalg.det(R), torch.ones(50).double(), atol=1e-6, rtol=0)


def test_quaternion_round_trip(R: torch.Tensor) -> None:
    torch.testing.assert_close(rot.to_matrix(rot.from_matrix(R)), R, atol=1e-6, rtol=0)


@pytest.mark.parametrize("axis", range(3))
def test_half_turns_survive_the_round_trip(axis: int) -> None:
    R = -torch.eye(3)
    R[axis, axis] = 1
    torch.testing.assert_close(rot.to_matrix(rot.from_matrix(R)), R)
    torch.testing.assert_close(rot.from_rotation_vector(rot.to_rotation_vector(R)), R, atol=1e-6, rtol=0)


def test_product_agrees_with_matrices(R: torch.Tensor) -> None:
    p, q = rot.from_matrix(R), rot.from_matrix(R.roll(1, 0))
    torch.testing.assert_close(rot.to_matrix(rot.multiply(p, q)), R @ R.roll(1, 0), atol=1e-6, rtol=0)


def test_axis_angle_is_right_handed() -> None:
    R = rot.from_axis_angle(torch.tensor([0.0, 0.0, 1.0]), torch.tensor(math.pi / 2))
    torch.testing.assert_close(
        R @ torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]), atol=1e-6, rtol=0
    )


def test_rotation_vector_round_trip(R: torch.Tensor) -> None:
    torch.testing.assert_close(rot.from_rotation_vector(rot.to_rotation_vector(R)), R, atol=1e-6, rtol=0)
    tiny = torch.tensor([[1e-9, 0, 0], [0, 0, 0], [0, 1e-5, 0]], dtype=torch.float64)
    torch.testing.assert_close(
        rot.to_rotation_vector(rot.from_rotation_vector(tiny)), tiny, atol=1e-12, rtol=0
    )


def test_angle_between(R: torch.Tensor) -> None:
    turn = rot.from_rotation_vector(torch.tensor([0.3, 0.0, 0.4], dtype=torch.float64))
    torch.testing.assert_close(
        rot.angle_between(R, R @ turn), torch.full((50,), 0.5).double(), atol=1e-6, rtol=0
    )


def test_slerp_has_constant_speed_on_the_shorter_arc(R: torch.Tensor) -> None:
    p, q = rot.from_matrix(R), -rot.from_matrix(R.roll(1, 0))
    whole = rot.angle_between(R, R.roll(1, 0))
    for t in (0.0, 0.25, 1.0):
        part = rot.to_matrix(rot.slerp(p, q, torch.full((50,), t).double()))
        torch.testing.assert_close(rot.angle_between(R, part), t * whole, atol=1e-5, rtol=0)
    torch.testing.assert_close(rot.slerp(p, p, torch.full((50,), 0.4).double()), p, atol=1e-9, rtol=0)


def test_between_turns_a_into_b(R: torch.Tensor) -> None:
    a, b = R[:, 0], 3 * R[:, :, 1]
    turn = rot.between(a, b)
    torch.testing.assert_close((turn @ a[..., None]).squeeze(-1), b / 3, atol=1e-6, rtol=0)
    cosine = (a * b / 3).sum(-1)
    torch.testing.assert_close(rot.to_rotation_vector(turn).norm(dim=-1), cosine.acos(), atol=1e-5, rtol=0)


def test_between_opposite_and_equal_directions() -> None:
    a = torch.eye(3)
    torch.testing.assert_close((rot.between(a, -a) @ a[..., None]).squeeze(-1), -a)
    torch.testing.assert_close(rot.between(a, a), torch.eye(3).expand(3, 3, 3))


def test_look_at_is_a_right_handed_frame(R: torch.Tensor) -> None:
    frame = rot.look_at(R[:, 0], R[:, 1] + 0.3 * R[:, 0])
    torch.testing.assert_close(frame[..., 0], R[:, 0], atol=1e-6, rtol=0)
    torch.testing.assert_close(frame[..., 1], R[:, 1], atol=1e-6, rtol=0)
    torch.testing.assert_close(torch.linalg.det(frame), torch.ones(50).double(), atol=1e-6, rtol=0)


def test_gradients_are_finite_at_the_identity() -> None:
    vector = torch.zeros(1, 3, requires_grad=True)
    rot.to_rotation_vector(rot.from_rotation_vector(vector)).sum().backward()
    assert vector.grad is not None
    assert vector.grad.isfinite().all()
