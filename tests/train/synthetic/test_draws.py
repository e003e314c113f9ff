"""Random numbers for N people."""

import pytest
import torch

pytest.importorskip("anny")

from wholebody_lift.train.synthetic.draws import Draws, cumulated

N = 20_000


@pytest.fixture
def draws() -> Draws:
    return Draws(N, torch.Generator().manual_seed(0))


def test_choices_have_their_shares(draws: Draws) -> None:
    shares = torch.tensor([0.0, 1.0, 0.0, 3.0])
    for drawn in (draws.choice(shares), draws.choice_of_each(cumulated(shares).expand(N, -1))):
        found = torch.bincount(drawn, minlength=4) / N
        assert found[[0, 2]].tolist() == [0, 0]
        assert abs(found[1] - 0.25) < 0.015


def test_each_person_has_their_own_range(draws: Draws) -> None:
    low = torch.arange(N) + 1.0
    ranges = torch.stack([low, 4 * low], 1)
    for drawn, middle in (
        (draws.within(ranges), 2.5),
        (draws.triangular(ranges), 2.5),
        (draws.log_within(ranges), 2.0),
    ):
        assert ((drawn >= 0.999 * low) & (drawn <= 4.001 * low)).all()
        assert (drawn / low).median() == pytest.approx(middle, abs=0.05)


def test_events_have_their_probability(draws: Draws) -> None:
    probability = torch.tensor([[0.0, 0.2, 1.0]])
    found = draws.happens(probability, 3).float().mean(0)
    assert found[[0, 2]].tolist() == [0, 1]
    assert abs(found[1] - 0.2) < 0.015
    assert draws.signed(2).abs().max() <= 1
    assert draws.index(3, 2).unique().tolist() == [0, 1, 2]


def test_people_depend_on_the_generator_only() -> None:
    first, again = (Draws(5, torch.Generator().manual_seed(7)).normal(3) for _ in range(2))
    assert torch.equal(first, again)
