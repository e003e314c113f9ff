import pytest
import torch

from wholebody_lift.config import Config
from wholebody_lift.features import KEYPOINT_COLUMNS, KEYPOINT_FEATURES, PERSON_FEATURES, Features
from wholebody_lift.model import SemGAN
from wholebody_lift.model.waves import Waves


def _keypoints(observed: float) -> torch.Tensor:
    x = torch.randn(2, 23, KEYPOINT_FEATURES, generator=torch.Generator().manual_seed(0))
    x[..., KEYPOINT_COLUMNS.index("observed")] = observed
    return x


def test_sines_and_cosines_follow_what_was_told() -> None:
    x = _keypoints(observed=1.0)
    waves = Waves((2.0, 8.0))
    out = waves(x)
    assert out.shape == (2, 23, KEYPOINT_FEATURES + waves.extra)
    assert out[..., :KEYPOINT_FEATURES].equal(x)
    told = [x[..., KEYPOINT_COLUMNS.index(name)] for name in ("x", "y", "parent distance")]
    angles = torch.stack([frequency * value for value in told for frequency in (2.0, 8.0)], dim=-1)
    assert torch.allclose(out[..., KEYPOINT_FEATURES:], torch.cat((angles.sin(), angles.cos()), -1))


def test_of_missing_keypoints_nothing_is_added() -> None:
    assert Waves((2.0,))(_keypoints(observed=0.0))[..., KEYPOINT_FEATURES:].eq(0).all()


@pytest.mark.parametrize("waves", [(), (3.0,), (2.0, 4.0, 8.0, 16.0)])
def test_networks_have_the_waves_that_they_are_configured_with(waves: tuple[float, ...]) -> None:
    model = SemGAN(Config(channels=16, heads=2, layers=1, waves=waves))
    own = [module for module in model.modules() if isinstance(module, Waves)]
    assert [module.frequencies.tolist() for module in own] == ([list(waves)] if waves else [])
    people = Features(torch.randn(2, 133, KEYPOINT_FEATURES), torch.randn(2, PERSON_FEATURES))
    assert model(people).xyz.isfinite().all()
