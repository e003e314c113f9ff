import math

import pytest
import torch
from people import standing
from torch import Tensor

from wholebody_lift import camera

GENERATOR = torch.Generator().manual_seed(1)
LENSES = {
    "barrel": (-0.3, 0.1, 0.0, 0.0, -0.01),
    "pincushion": (0.2, 0.05, 0.0, 0.0, 0.0),
    "tangential": (-0.1, 0.02, 0.004, -0.003, 0.0),
}


def _intrinsics(n: int = 1) -> Tensor:
    focal = torch.full((n,), 1145.0, dtype=torch.float64)
    return camera.intrinsics(focal, torch.tensor([[512.0, 490.0]], dtype=torch.float64).expand(n, 2))


def test_assumed_focal_length_is_the_image_diagonal() -> None:
    K = camera.intrinsics_from_image_size(torch.tensor([[640.0, 480.0]]))
    assert K[0].tolist() == [[800, 0, 320], [0, 800, 240], [0, 0, 1]]


def test_projection_reads_as_its_formula() -> None:
    xy = camera.project(torch.tensor([[[100.0, -50.0, 2000.0]]], dtype=torch.float64), _intrinsics())
    expected = [1145 * 100 / 2000 + 512, 1145 * -50 / 2000 + 490]
    assert torch.allclose(xy[0, 0], torch.tensor(expected, dtype=torch.float64))


def test_distortion_agrees_with_opencv_formula_written_out() -> None:
    k1, k2, p1, p2, k3 = LENSES["tangential"]
    x, y = 0.3, -0.2
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    expected = (
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    )
    bent = camera.distort(
        torch.tensor([[[x, y]]], dtype=torch.float64),
        torch.tensor([[k1, k2, p1, p2, k3]], dtype=torch.float64),
    )
    assert bent[0, 0].tolist() == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("lens", LENSES)
def test_lens_there_and_back(lens: str) -> None:
    plane = (torch.rand(3, 200, 2, generator=GENERATOR, dtype=torch.float64) - 0.5) * 1.2
    coefficients = torch.tensor([LENSES[lens]], dtype=torch.float64).expand(3, 5)
    K = _intrinsics(3)
    pixels = camera.to_pixels(plane, K, coefficients)
    assert (camera.to_image_plane(pixels, K, coefficients) - plane).abs().max() < 1e-9


def test_undistort_stays_finite_where_no_inverse_exists() -> None:
    far = torch.tensor([[[5.0, 5.0], [-40.0, 3.0]]], dtype=torch.float64)
    assert camera.undistort(far, torch.tensor([LENSES["barrel"]], dtype=torch.float64)).isfinite().all()


def test_look_at_is_a_rotation_onto_the_axis_without_roll() -> None:
    directions = torch.randn(50, 3, generator=GENERATOR, dtype=torch.float64)
    rotation = camera.look_at(directions)
    identity = torch.eye(3, dtype=torch.float64)
    assert (rotation @ rotation.mT - identity).abs().max() < 1e-12
    assert torch.allclose(torch.linalg.det(rotation), torch.ones(50, dtype=torch.float64))
    turned = (rotation @ directions[..., None])[..., 0]
    assert turned[:, :2].abs().max() < 1e-12
    assert (turned[:, 2] > 0).all()
    assert rotation[:, 0, 1].abs().max() == 0  # virtual x stays level with the real camera


@pytest.mark.parametrize("lens", [None, *LENSES])
def test_a_person_known_exactly_is_placed_within_a_millimetre(lens: str | None) -> None:
    people = standing(20)
    truth = torch.tensor([300.0, -200.0, 3500.0], dtype=torch.float64) + 400 * torch.randn(
        20, 3, generator=GENERATOR, dtype=torch.float64
    )
    distortion = None if lens is None else torch.tensor([LENSES[lens]], dtype=torch.float64).expand(20, 5)
    xy = camera.project(people + truth[:, None], _intrinsics(20), distortion)
    plane = camera.to_image_plane(xy, _intrinsics(20), distortion)
    weights = torch.ones(20, 133, dtype=torch.float64)
    weights[:, 40:] = 0
    plane[:, 40:] = 1e3  # not seen, so it must not count
    assert (camera.place_root(people, plane, weights) - truth).norm(dim=-1).max() < 1e-6
    single = camera.place_root(people.float(), plane.float(), weights.float())
    assert (single - truth).norm(dim=-1).max() < 1.0


def test_nobody_is_placed_behind_the_camera() -> None:
    people = standing(1)
    wrong = torch.randn(1, 133, 2, generator=GENERATOR, dtype=torch.float64)
    placed = camera.place_root(people, wrong, torch.ones(1, 133, dtype=torch.float64))
    assert (people + placed[:, None])[..., 2].min() >= camera.NEAREST_MM - 1e-9


def test_field_of_view_of_the_assumed_camera() -> None:
    size = torch.tensor([[1000.0, 1000.0]], dtype=torch.float64)
    corner = camera.to_image_plane(size[:, None], camera.intrinsics_from_image_size(size))
    assert 2 * math.degrees(math.atan(corner.norm())) == pytest.approx(53.13, abs=0.01)
