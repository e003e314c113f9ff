import pytest
import torch

from benchmarks import averages, real
from wholebody_lift.config import INPUTS, Config
from wholebody_lift.errors import InputError
from wholebody_lift.model import SemGAN
from wholebody_lift.train.synthetic.people import Batch, People
from wholebody_lift.train.synthetic.rig import load_rig


@pytest.fixture(scope="module")
def people() -> Batch:
    return People(load_rig(), None).sample(64, torch.Generator().manual_seed(0))


def _network(seed: int, **shape: object) -> SemGAN:
    torch.manual_seed(seed)
    return SemGAN(Config(channels=16, heads=2, layers=1, **shape)).eval()  # type: ignore[arg-type]


def test_weights_without_a_share_are_left_out() -> None:
    alone = averages.averaged([_network(0), _network(1)], (0.0, 2.0))
    for name, values in alone.state_dict().items():
        assert torch.equal(values, _network(1).state_dict()[name].half().float()), name


@pytest.mark.parametrize("text", ["1", "1,2,3", "1,-1", "0,0", "a,b", "", "nan,1"])
def test_shares_are_checked(text: str) -> None:
    with pytest.raises(InputError, match="expected a share for each of 2 weights, such as 1,0 or 1,2, got"):
        averages.parsed_shares(text, 2)
    assert averages.parsed_shares("1,0", 2) == (1.0, 0.0)


def test_people_of_whom_more_is_known_are_measured_apart(people: Batch) -> None:
    found = averages.synthetic(_network(0), people)
    assert set(found) == {"nothing known", "more known"}
    assert all(mpjpe > pa > 0 for mpjpe, pa in found.values())
    moved = people._replace(target=people.target + 1000.0)  # errors are relative to the hips
    for name, figures in averages.synthetic(_network(0), moved).items():
        assert figures == pytest.approx(found[name], rel=1e-3)


@pytest.mark.parametrize(("inputs", "figures"), [((), 1), (("bone_lengths",), 2), (INPUTS, 5)])
def test_real_people_are_told_what_the_network_has_inputs_for(inputs: tuple[str, ...], figures: int) -> None:
    network = _network(0, inputs=inputs)
    recordings = real.read()
    few = recordings._replace(
        **{name: values[:40] for name, values in recordings._asdict().items() if name != "fps"}
    )
    assert len(averages.on_real_people(network, few)) == figures
