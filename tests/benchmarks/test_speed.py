"""The benchmarks of speed run; their figures are in docs/speed.md."""

import pytest
import torch

from benchmarks.speed import stand_ins
from benchmarks.speed.__main__ import _row
from benchmarks.speed.networks import Network, flops_of, parameters_of
from benchmarks.speed.timing import timed
from wholebody_lift.skeleton import NUM_KEYPOINTS


def test_functions_are_timed_in_turn() -> None:
    calls = []
    times = timed({name: lambda name=name: calls.append(name) for name in "ab"}, seconds=0.01)
    assert calls[:4] == ["a", "b", "a", "b"]
    assert all(run.processor >= 0 and run.clock > 0 for run in times.values())


def test_a_share_is_of_the_rate_in_the_same_precision() -> None:
    rates = {"numpy fp32": 4e9, "torch fp32": 2e9, "torch bf16": 4e12}
    rows = [
        _row(Network("any", by, 10, 1e6, lambda n: lambda: sum(range(1000 * n))), rates, 0.01)
        for by in ("torch fp32", "torch bf16")
    ]
    assert rows[0]["share of the matrix rate"] == pytest.approx(rows[0]["people/s"] * 1e6 / 4e9)
    assert rows[1]["share of the matrix rate"] == pytest.approx(rows[1]["people/s"] * 1e6 / 4e12)


def test_stand_ins_are_as_large_as_what_they_stand_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand_ins.PafuseSized, "PASSES", 1)
    diffusion = stand_ins.PafuseSized()
    assert parameters_of(diffusion) == pytest.approx(35e6, rel=0.03)
    assert flops_of(diffusion, torch.zeros(1, NUM_KEYPOINTS, 2)) / 2 == pytest.approx(1.28e9, rel=0.03)
    monkeypatch.setattr(stand_ins.MotionAGFormerSized, "FRAMES", 27)
    clip = stand_ins.MotionAGFormerSized()
    assert parameters_of(clip) == pytest.approx(11.7e6, rel=0.03)
    assert clip(torch.zeros(27, clip.KEYPOINTS, 3)).shape == (27, clip.KEYPOINTS, 3)
