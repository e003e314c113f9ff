import pytest
import torch

from wholebody_lift.config import INPUTS, Config
from wholebody_lift.features import KEYPOINT_FEATURES, PERSON_FEATURES, Features
from wholebody_lift.known import BONE_FEATURES, BONES_KNOWN, DEPTH_FEATURES, GRAVITY_FEATURES
from wholebody_lift.model import SemGAN
from wholebody_lift.model.known import anything_known, given_inputs

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
    assert all(name.startswith(("embed_known.", "adapters.")) for name in missing)
    assert torch.equal(after(told).xyz, before(told).xyz)


def _trained() -> SemGAN:
    """With weights as if trained: none is zero."""
    torch.manual_seed(0)
    model = SemGAN(Config(channels=16, heads=2, layers=1, inputs=INPUTS))
    for weight in (*model.embed_known.parameters(), *model.adapters.parameters()):
        torch.nn.init.normal_(weight)
    return model


def test_nobody_changes_of_whom_nothing_is_known(told: Features) -> None:
    model = _trained().eval()
    nothing = model(Features(told.keypoints, told.person)).xyz
    known = told._replace(**{name: getattr(told, name).clone() for name in INPUTS})
    for name in INPUTS:
        getattr(known, name)[0] = 0
    answer = model(known).xyz
    assert torch.equal(answer[0], nothing[0])
    assert (answer[1:] - nothing[1:]).abs().max() > 1


def test_every_input_learns(told: Features) -> None:
    model = _trained()
    model(told).xyz.square().sum().backward()
    parameters = (*model.embed_known.parameters(), *model.adapters.parameters())
    assert all(weight.grad is not None and weight.grad.any() for weight in parameters)


def test_flags_say_of_whom_more_is_known() -> None:
    blank = Features(torch.zeros(4, 133, KEYPOINT_FEATURES), torch.zeros(4, PERSON_FEATURES))
    assert anything_known(given_inputs(blank, INPUTS)) is None
    bones, gravity, depth = (
        torch.zeros(4, *shape) for shape in ((BONE_FEATURES,), (GRAVITY_FEATURES,), (133, DEPTH_FEATURES))
    )
    bones[0, BONES_KNOWN.start] = gravity[1, -1] = depth[2, 7, -1] = 1
    some = blank._replace(bone_lengths=bones, gravity=gravity, depth=depth)
    assert anything_known(given_inputs(some, INPUTS))[:, 0, 0].tolist() == [1, 1, 1, 0]
    assert anything_known(given_inputs(some, ("gravity",)))[:, 0, 0].tolist() == [0, 1, 0, 0]
