import pytest
import torch

from benchmarks import parts
from wholebody_lift.train.synthetic import close_ups
from wholebody_lift.train.synthetic.people import People
from wholebody_lift.train.synthetic.rig import load_rig


class _Sampled(People):
    """Without recordings, which a test has not."""

    def posed(self, n, generator, **_):
        return super().posed(n, generator)


@pytest.mark.parametrize("name", close_ups.CLOSE_UPS)
def test_the_part_alone_is_given_and_its_errors_are_at_its_root(name: str) -> None:
    batch = parts.batch_of(_Sampled(load_rig(), None), name, 20)
    seen = torch.zeros(133, dtype=torch.bool)
    seen[list(close_ups.CLOSE_UPS[name].keypoints)] = True
    assert torch.equal(batch.observed, seen.expand(20, -1))
    moved = batch.target + torch.tensor([500.0, -200.0, 900.0])
    assert max(parts.errors(moved, batch, name).values()) < 1e-2
    twice = parts.errors(2 * batch.target, batch, name)
    assert twice["pa"] < 1e-2 < twice["at_root"]
