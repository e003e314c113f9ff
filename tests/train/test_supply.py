import pytest
import torch

pytest.importorskip("anny")

from wholebody_lift.train import supply
from wholebody_lift.train.supply import SOURCES, Supply
from wholebody_lift.train.synthetic.people import Batch, People


@pytest.fixture(autouse=True)
def few_people_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply, "PEOPLE_AHEAD", 4)


@pytest.fixture
def people(rig) -> People:
    return People(rig, bank=None)


def _same(a: Batch, b: Batch) -> bool:
    return torch.equal(a.target, b.target) and torch.equal(a.features.keypoints, b.features.keypoints)


def test_a_team_divides_the_people_of_one_process(people: People) -> None:
    alone = Supply(people, 3, 16)
    team = [Supply(people, 3, 16, rank, 4) for rank in range(4)]
    for _ in range(3):  # a pool lasts for two
        assert _same(next(alone), Batch.join([next(member) for member in team]))


def test_people_made_ahead_are_the_same(people: People) -> None:
    plain, ahead = (Supply(people, 3, 16, ahead=choice) for choice in (False, True))
    for _ in range(7):  # a pool lasts for two
        assert _same(next(plain), next(ahead))


def test_an_error_in_making_people_ahead_is_raised() -> None:
    class Broken:
        device = torch.device("cpu")

        def sample(self, n: int, generator: torch.Generator) -> Batch:
            raise RuntimeError("no people")

    with pytest.raises(RuntimeError, match="no people"):
        next(Supply(Broken(), 0, 8, ahead=True))


def test_no_two_batches_and_no_two_sources_are_alike(people: People) -> None:
    stream = Supply(people, 0, 16)
    targets = torch.cat([next(stream).target for _ in range(3)])
    assert len(targets.flatten(1).unique(dim=0)) == 48
    assert not _same(next(Supply(people, 1, 16)), next(Supply(people, 0, 16)))


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_supply_resumes_to_the_bit(people: People, steps: int, ahead: bool) -> None:
    stream = Supply(people, 0, 16, ahead=ahead)
    for _ in range(steps):
        next(stream)
    state = stream.state()
    other = Supply(people, 5, 16, ahead=ahead)
    next(other)
    other.restore(state)
    for _ in range(2):
        assert _same(next(stream), next(other))


def test_an_uneven_division_is_an_error(people: People) -> None:
    with pytest.raises(ValueError, match=f"divides {SOURCES}, got 3"):
        Supply(people, 0, 24, 0, 3)
    with pytest.raises(ValueError, match=f"multiple of {SOURCES} people, got 20"):
        Supply(people, 0, 20)
