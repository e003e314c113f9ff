import pytest
import torch

from wholebody_lift.config import INPUTS, Config
from wholebody_lift.features import KEYPOINT_COLUMNS, KEYPOINT_FEATURES, PERSON_FEATURES, Features
from wholebody_lift.known import GRAVITY_FEATURES
from wholebody_lift.model import SemGAN
from wholebody_lift.model.adapter import Adapter, no_body_seen
from wholebody_lift.skeleton import INDEX, PARTS

OBSERVED = KEYPOINT_COLUMNS.index("observed")
SMALL = {"channels": 16, "heads": 2, "layers": 2}


@pytest.fixture
def people() -> Features:
    """A whole person, a person seen at one wrist alone, and a hand."""
    generator = torch.Generator().manual_seed(0)
    keypoints = torch.randn(3, 133, KEYPOINT_FEATURES, generator=generator)
    keypoints[..., OBSERVED] = 0
    keypoints[0, :, OBSERVED] = 1
    keypoints[1:, list(PARTS["left_hand"]), OBSERVED] = 1
    keypoints[1, INDEX["left_wrist"], OBSERVED] = 1
    return Features(keypoints, torch.randn(3, PERSON_FEATURES, generator=generator))


def _as_if_trained(**config: object) -> SemGAN:
    torch.manual_seed(0)
    model = SemGAN(Config(**SMALL, **config)).eval()
    for weight in (*model.embed_known.parameters(), *model.adapters.parameters()):
        torch.nn.init.normal_(weight, std=0.5)
    for weight in model.close_up_adapters.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    return model


def test_only_people_without_a_body_are_close_ups(people: Features) -> None:
    assert no_body_seen(people)[:, 0, 0].tolist() == [0, 0, 1]


def test_layers_for_close_ups_change_nobody_else(people: Features) -> None:
    torch.manual_seed(0)
    plain = SemGAN(Config(**SMALL)).eval()
    special = _as_if_trained(close_ups=True)
    missing, left_over = special.load_state_dict(plain.state_dict(), strict=False)
    assert not left_over
    assert all(name.startswith("close_up_adapters.") for name in missing)
    before, after = plain(people).xyz, special(people).xyz
    assert torch.equal(after[:2], before[:2])
    assert (after[2] - before[2]).abs().max() > 1


def test_at_first_they_change_nothing(people: Features) -> None:
    x = torch.randn(3, 42, 16)
    assert torch.equal(Adapter(16)(x, torch.ones(3, 1, 1)), x)


def test_what_is_known_of_close_ups_is_left_to_their_own_layers(people: Features) -> None:
    model = _as_if_trained(close_ups=True, inputs=INPUTS)
    gravity = torch.ones(3, GRAVITY_FEATURES)
    nothing, told = model(people).xyz, model(people._replace(gravity=gravity)).xyz
    assert (told[:2] - nothing[:2]).abs().amax((1, 2)).min() > 1
    assert torch.equal(told[2], nothing[2])


@pytest.mark.parametrize("whom", [[], [1], [0, 2], [0, 1, 2]])
def test_only_the_chosen_are_computed(whom: list[int]) -> None:
    torch.manual_seed(0)
    adapter = Adapter(16)
    torch.nn.init.normal_(adapter.expand.weight)
    rows: list[int] = []
    adapter.reduce.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0])))
    x, chosen = torch.randn(3, 42, 16), torch.zeros(3, 1, 1)
    chosen[whom] = 1
    got = adapter(x, chosen)
    assert rows == [len(whom)]
    torch.testing.assert_close(got, x + chosen * adapter.added(x))


def test_layers_for_nobody_get_gradients_of_zero() -> None:
    """Otherwise processes that train together would not agree on what to average."""
    adapter = Adapter(16)
    adapter(torch.randn(3, 42, 16), torch.zeros(3, 1, 1)).sum().backward()
    assert all(weight.grad is not None and not weight.grad.any() for weight in adapter.parameters())
