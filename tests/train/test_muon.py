import pytest
import torch
from torch import nn

from wholebody_lift.train.muon import Muon, orthogonalized, side_of_squares


def test_orthogonalizing_keeps_the_directions_and_levels_the_lengths() -> None:
    generator = torch.Generator().manual_seed(0)
    matrices = torch.randn(3, 24, 24, generator=generator)
    u, s, vh = torch.linalg.svd(matrices)
    levelled = torch.linalg.svdvals(orthogonalized(matrices))
    assert s.max() > 20 * s.min()
    assert levelled[s > 0.05 * s.max()].min() > 0.5
    assert levelled.max() < 1.3
    found = u.mT @ orthogonalized(matrices) @ vh.mT
    assert (found - torch.diag_embed(found.diagonal(dim1=1, dim2=2))).abs().max() < 1e-3


@pytest.mark.parametrize(
    ("shape", "side"),
    [((8, 8), 8), ((24, 8), 8), ((8, 16), 8), ((12, 8), None), ((8,), None), ((2, 8, 8), None)],
)
def test_parameters_made_of_squares_are_recognised(shape: tuple[int, ...], side: int | None) -> None:
    assert side_of_squares(nn.Parameter(torch.zeros(shape))) == side


@pytest.mark.parametrize("shape", [(24, 8), (8, 24)])
def test_every_square_of_a_parameter_is_orthogonalized_separately(shape: tuple[int, int]) -> None:
    gradient = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    whole = nn.Parameter(torch.zeros(shape))
    whole.grad = gradient
    Muon([whole], lr=0.1).step()

    axis = 0 if shape[0] > shape[1] else 1
    for moved, own in zip(whole.detach().split(8, axis), gradient.split(8, axis), strict=True):
        square = nn.Parameter(torch.zeros(8, 8))
        square.grad = own
        Muon([square], lr=0.1).step()
        assert torch.allclose(moved, square, atol=1e-6)


def test_the_size_of_a_step_follows_the_rate_not_the_gradients() -> None:
    for scale in (1e-4, 1e4):
        parameter = nn.Parameter(torch.zeros(32, 32))
        parameter.grad = scale * torch.randn(32, 32, generator=torch.Generator().manual_seed(0))
        Muon([parameter], lr=0.5).step()
        assert parameter.detach().square().mean().sqrt().item() == pytest.approx(0.5 * 0.2, rel=0.2)


def test_a_quadratic_is_minimised() -> None:
    wanted = torch.randn(16, 16, generator=torch.Generator().manual_seed(0))
    parameter = nn.Parameter(torch.zeros(16, 16))
    optimizer = Muon([parameter], lr=0.2)
    for step in range(200):
        optimizer.param_groups[0]["lr"] = 0.2 * (1 - step / 200)
        optimizer.zero_grad()
        torch.autograd.backward((parameter - wanted).square().sum())
        optimizer.step()
    assert (parameter - wanted).norm() < 0.05 * wanted.norm()


def test_decay_shrinks_the_weights() -> None:
    parameter = nn.Parameter(torch.ones(4, 4))
    parameter.grad = torch.zeros(4, 4)
    Muon([parameter], lr=0.1, weight_decay=0.5).step()
    assert torch.allclose(parameter, torch.full((4, 4), 0.95))


def test_half_the_digits_lead_in_the_same_direction() -> None:
    gradient = torch.randn(32, 32, generator=torch.Generator().manual_seed(0))
    steps = []
    for precision in (torch.float32, torch.bfloat16):
        parameter = nn.Parameter(torch.zeros(32, 32))
        parameter.grad = gradient
        Muon([parameter], lr=0.1, precision=precision).step()
        assert parameter.dtype == torch.float32
        steps.append(parameter.detach().flatten())
    assert torch.cosine_similarity(*steps, dim=0) > 0.999
    assert not torch.equal(*steps)
