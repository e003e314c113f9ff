"""What the benchmark of people who rest films and measures."""

import pytest
import torch

pytest.importorskip("anny", reason="the extra train")

from benchmarks import contacts as bench
from wholebody_lift.skeleton import CONTACTS
from wholebody_lift.train.synthetic.bones import BONES
from wholebody_lift.train.synthetic.rig import load_rig


def test_legs_and_arms_that_carry_keep_one_pose() -> None:
    motions = dict(bench.resting_motion(1.0, load_rig(), torch.Generator().manual_seed(0)))
    assert tuple(motions) == bench.ACTIVITIES

    def moves(name: str, bone: str) -> bool:
        turned = motions[name][:, BONES.index(bone)]
        return not torch.allclose(turned, turned[:1].expand_as(turned), atol=1e-5)

    assert not moves("sitting", "upperleg01.L")
    assert moves("sitting", "lowerarm01.L")
    assert not moves("on_all_fours", "lowerarm01.L")


def test_what_is_held_is_counted() -> None:
    """By what truly rests and by what truly moves."""
    still, quick = torch.zeros(10, len(CONTACTS)), torch.full((10, len(CONTACTS)), 500.0)
    held = torch.ones(10, len(CONTACTS), dtype=torch.bool)
    held[5:] = False
    rests, moves = (bench.Found((1.0,) * 5, quick, truth, held) for truth in (still, quick))
    *_, of_rest, of_held = bench.row([rests])
    assert (of_rest, of_held) == pytest.approx((50, 0))
    *_, of_rest, of_held = bench.row([rests, moves])
    assert (of_rest, of_held) == pytest.approx((50, 50))
