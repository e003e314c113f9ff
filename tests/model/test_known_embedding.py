import pytest
import torch

from wholebody_lift.config import INPUTS, Config
from wholebody_lift.features import KEYPOINT_FEATURES, PERSON_FEATURES, Features
from wholebody_lift.known import BONE_FEATURES, DEPTH_FEATURES, GRAVITY_FEATURES
from wholebody_lift.model import SemGAN

N = 3


@pytest.fixture
def told() -> Features:
    generator = torch.Generator().manual_seed(0)
    of_person = (PERSON_FEATURES,), (BONE_FEATURES,), (GRAVITY_FEATURES,)
    shapes = (133, KEYPOINT_FEATURES), *of_person, (133, DEPTH_FEATURES)
    return Features(*(torch.randn(N, *shape, generator=generator) for shape in shapes))


@pytest.mark.parametrize("nodes", ["groups", "keypoints"])
def test_a_network_with_another_input_starts_as_the_one_it_was(told: Features, nodes: str) -> None:
    small = {"nodes": nodes, "channels": 16, "heads": 2, "layers": 1}
    before, after = (SemGAN(Config(**small, inputs=inputs)).eval() for inputs in ((), INPUTS))
    missing, left_over = after.load_state_dict(before.state_dict(), strict=False)
    assert not left_over
    assert all(name.startswith("embed_known.") for name in missing)
    assert torch.equal(after(told).xyz, before(told).xyz)


def test_zeros_are_the_same_as_nothing(told: Features) -> None:
    model = SemGAN(Config(channels=16, heads=2, layers=1, inputs=INPUTS)).eval()
    for weight in model.embed_known.parameters():
        torch.nn.init.normal_(weight)
    nothing = model(Features(told.keypoints, told.person)).xyz
    zeros = told._replace(**{name: torch.zeros_like(getattr(told, name)) for name in INPUTS})
    assert torch.allclose(model(zeros).xyz, nothing, atol=1e-3)
    assert not torch.allclose(model(told).xyz, nothing, atol=1.0)


def test_every_input_learns(told: Features) -> None:
    model = SemGAN(Config(channels=16, heads=2, layers=1, inputs=INPUTS))
    model(told).xyz.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in model.embed_known.parameters())
