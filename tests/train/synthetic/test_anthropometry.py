"""Sampled adults have the sizes, proportions and variety that a survey measured; children are an option."""

import dataclasses
import itertools

import pytest
import torch
from torch import Tensor

pytest.importorskip("anny", reason='needs pip install "wholebody-lift[train]"')

from wholebody_lift.config import Config
from wholebody_lift.skeleton import ROOT
from wholebody_lift.train.synthetic import anthropometry
from wholebody_lift.train.synthetic.anthropometry import (
    MEAN_TOLERANCE,
    MEASUREMENTS,
    SPREAD_FACTOR,
    Spread,
    measure,
)
from wholebody_lift.train.synthetic.people import People, to_batch
from wholebody_lift.train.synthetic.phenotypes import LOCAL_CHANGES, PHENOTYPES
from wholebody_lift.train.synthetic.rig import Rig

SAME = [name for name, measurement in MEASUREMENTS.items() if not measurement.apart]
APART = [name for name, measurement in MEASUREMENTS.items() if measurement.apart]


@pytest.fixture(scope="module")
def ours(rig: Rig) -> dict[str, tuple[Spread, Spread]]:
    return anthropometry.of_people(rig)


@pytest.fixture
def lengths(rig: Rig, generator: torch.Generator) -> dict[str, Tensor]:
    """Measurements (2000,) in shares of the stature."""
    found = measure(rig.rest(rig.sample_shape(2000, generator)))
    return {name: length / found["stature"] for name, length in found.items()}


def correlation(a: Tensor, b: Tensor) -> float:
    return torch.corrcoef(torch.stack([a, b]))[0, 1].item()


@pytest.mark.parametrize("name", SAME)
def test_means_are_those_of_people(ours, name: str) -> None:
    for mine, published in zip(ours[name], (MEASUREMENTS[name].men, MEASUREMENTS[name].women), strict=True):
        assert mine.mean == pytest.approx(published.mean, rel=MEAN_TOLERANCE)
        if MEASUREMENTS[name].drillis is not None:
            assert mine.mean == pytest.approx(MEASUREMENTS[name].drillis, rel=MEAN_TOLERANCE)


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_spreads_are_those_of_people(ours, name: str) -> None:
    for mine, published in zip(ours[name], (MEASUREMENTS[name].men, MEASUREMENTS[name].women), strict=True):
        assert 1 / SPREAD_FACTOR < mine.deviation / published.deviation < SPREAD_FACTOR


@pytest.mark.parametrize("name", APART)
def test_joints_lie_inside_bones_alike_in_both_sexes(ours, name: str) -> None:
    (men, women), published = ours[name], MEASUREMENTS[name]
    assert men.mean < published.men.mean
    assert women.mean < published.women.mean
    assert women.mean / men.mean == pytest.approx(
        published.women.mean / published.men.mean, rel=MEAN_TOLERANCE
    )


def test_every_length_grows_with_the_size(rig: Rig, generator: torch.Generator) -> None:
    shape = rig.sample_shape(20, generator)
    assert shape.size is not None
    before, after = (
        measure(rig.rest(dataclasses.replace(shape, size=shape.size * factor))) for factor in (1, 1.25)
    )
    assert {*before, "head length", "head breadth"} == set(MEASUREMENTS)
    for name, length in before.items():
        torch.testing.assert_close(after[name], 1.25 * length, rtol=1e-4, atol=0, msg=name)


@pytest.mark.parametrize(
    ("change", "grows"),
    [
        ("hand-scale-incr", "hand length"),
        ("measure-lowerleg-height-incr", "shank"),
        ("measure-upperarm-length-incr", "upper arm"),
        ("foot-scale-depth-incr", "foot length"),
        ("chin-height-incr", "face height"),
        ("eye-trans-out", "between the eyes"),
        ("hip-scale-horiz-incr", "hip breadth"),
        ("head-scale-horiz-incr", "face breadth"),
    ],
)
def test_measurements_match_their_names(
    rig: Rig, generator: torch.Generator, change: str, grows: str
) -> None:
    shape = rig.sample_shape(10, generator)
    local = shape.local_changes.clone()
    local[:, list(LOCAL_CHANGES).index(change)] += 0.5
    before, after = (
        measure(rig.rest(dataclasses.replace(shape, local_changes=changes)))
        for changes in (shape.local_changes, local)
    )
    growth = {name: (after[name] / before[name] - 1).mean().item() for name in before}
    assert max(growth, key=lambda name: growth[name]) == grows
    assert growth[grows] > 0.02


def test_heads_hands_and_shoulders_vary_independently(lengths: dict[str, Tensor]) -> None:
    names = (
        "hand length",
        "face breadth",
        "face height",
        "ear to top of head",
        "shoulder breadth",
        "hip breadth",
    )
    for a, b in itertools.combinations(names, 2):
        if {a, b} != {"face height", "ear to top of head"}:  # both of the height of the head
            assert abs(correlation(lengths[a], lengths[b])) < 0.35, (a, b)


def test_proportions_correlate_as_in_people(lengths: dict[str, Tensor]) -> None:
    # In ANSUR II: -0.80 for men and -0.81 for women; 0.60 and 0.63.
    assert -0.95 < correlation(lengths["hip height"], lengths["trunk"]) < -0.7
    assert 0.4 < correlation(lengths["hand length"], lengths["foot length"]) < 0.7


def test_statures_cover_the_range(rig: Rig, generator: torch.Generator) -> None:
    stature = rig.rest(rig.sample_shape(4000, generator)).stature_mm
    assert 1449 < stature.min() < 1480
    assert 1950 < stature.max() < 2051


def test_children_are_optional(rig: Rig, generator: torch.Generator) -> None:
    def age(people: People) -> Tensor:
        seen = []
        sample_shape = people.rig.sample_shape

        def spy(*arguments: object) -> object:
            seen.append(sample_shape(*arguments))
            return seen[-1]

        people.rig.sample_shape = spy
        try:
            people.scene(200, generator, noise=False)
        finally:
            del people.rig.sample_shape
        return seen[0].phenotypes[:, PHENOTYPES.index("age")]

    assert (age(People(rig, bank=None)) > 0.7).all()
    assert (age(People(rig, bank=None, children=1.0)) < 0.7).all()
    assert 0.3 < (age(People(rig, bank=None, children=0.5)) < 0.7).float().mean() < 0.7
    with pytest.raises(ValueError, match=r"from 0 to 1, got 1\.5"):
        People(rig, bank=None, children=1.5)


def test_children_are_scaled_to_the_stature_of_adults(rig: Rig, generator: torch.Generator) -> None:
    scene = People(rig, bank=None, children=1.0).scene(60, generator, noise=False)
    assert scene.stature_mm.mean() < 1550
    true = scene.views.xyz - scene.views.xyz[:, list(ROOT)].mean(1, keepdim=True)
    ratio = to_batch(scene, "given").target.norm(dim=-1).sum(1) / true.norm(dim=-1).sum(1)
    torch.testing.assert_close(ratio, Config().stature_mm / scene.stature_mm, rtol=1e-4, atol=0)
