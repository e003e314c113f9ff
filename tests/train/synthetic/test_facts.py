"""What is known of synthetic people is true but for the errors that users make."""

import pytest
import torch

from wholebody_lift.known import SPREAD_RANGE_DEG, TYPICAL_STATURE_MM, long_bones
from wholebody_lift.skeleton import INDEX, PARTS
from wholebody_lift.train.synthetic import facts
from wholebody_lift.train.synthetic.people import People, observed
from wholebody_lift.train.synthetic.rig import load_rig

N = 800
ALL = dict.fromkeys(facts.SHARES, 1.0)


@pytest.fixture(scope="module")
def drawn() -> tuple[facts.Facts, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    scene = People(load_rig(), None).scene(N, generator)
    seen = observed(scene)
    return (
        facts.sample(scene.views, scene.stature_mm, seen, generator, ALL, nothing_known=0.0),
        scene.views.xyz,
        scene.views.rotation,
        seen,
        scene.stature_mm,
    )


def test_bone_lengths_are_off_by_a_few_percent(drawn: tuple) -> None:
    told, xyz, *_ = drawn
    off = (told.known.bone_lengths / long_bones(xyz)).log()
    found = off.isfinite()
    assert 0.6 < found.float().mean() < 0.95
    assert off[found].abs().median() < 0.03
    assert off[found].abs().max() < 0.4


def test_gravity_is_off_by_its_spread(drawn: tuple) -> None:
    told, _, rotation, *_ = drawn
    down = -rotation[..., 2]
    angle = torch.rad2deg(torch.acos((told.known.gravity * down).sum(-1).clamp(-1, 1)))
    spread = told.known.gravity_spread_deg
    assert spread.min() >= SPREAD_RANGE_DEG[0]
    assert spread.max() <= SPREAD_RANGE_DEG[1]
    assert 1.0 < (angle / spread).square().mean().sqrt() < 1.6  # of two directions: sqrt(2)


def test_depth_follows_the_truth_and_is_missing_where_nothing_was_detected(drawn: tuple) -> None:
    told, xyz, _, seen, _ = drawn
    depth = told.known.depth
    assert depth[~seen].isnan().all()
    body_only = depth[:, list(PARTS["face"])].isnan().all(1) & seen[:, list(PARTS["face"])].any(1)
    assert 0.3 < body_only.float().mean() < 0.8
    a, b = INDEX["left_knee"], INDEX["left_ankle"]
    both = depth[:, a].isfinite() & depth[:, b].isfinite()
    true, guessed = ((z[:, b] - z[:, a])[both] for z in (xyz[..., 2], depth))
    assert 0.5 < torch.corrcoef(torch.stack((true, guessed)))[0, 1] < 0.98


def test_shares_are_as_asked() -> None:
    generator = torch.Generator().manual_seed(1)
    people = People(load_rig(), None)
    told = people.sample(N, generator).features
    for values, share in (
        (told.bone_lengths[:, 12:24].any(1), facts.SHARES["bone_lengths"] * (1 - facts.NOTHING_KNOWN)),
        (told.gravity[:, -1] > 0, facts.SHARES["gravity"] * (1 - facts.NOTHING_KNOWN)),
        (told.depth[..., 1].any(1), facts.SHARES["depth"] * (1 - facts.NOTHING_KNOWN)),
    ):
        assert abs(values.float().mean() - share) < 0.06
    bones_known = told.bone_lengths[:, 12:24].any(1)
    height_known = told.bone_lengths[:, 24] > 0
    assert abs(height_known[bones_known].float().mean() - facts.SHARES["height"]) < 0.09
    assert not height_known[~bones_known].any()


def test_a_height_is_off_by_a_percent(drawn: tuple) -> None:
    told, *_, stature_mm = drawn
    off = told.scale * TYPICAL_STATURE_MM / stature_mm - 1
    known = off.isfinite()
    assert torch.equal(known, told.known.bone_lengths.isfinite().any(1))
    assert 0.8 < off[known].std() / facts.HEIGHT_ERROR < 1.2
