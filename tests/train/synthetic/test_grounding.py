"""Legs on the floor: kneeling knees are on it, standing feet are level, and lying bodies are not below it."""

import pytest
import torch
from torch import Tensor

pytest.importorskip("anny")

from wholebody_lift.skeleton import INDEX
from wholebody_lift.train.synthetic import anatomy
from wholebody_lift.train.synthetic.bones import BONES
from wholebody_lift.train.synthetic.grounding import floor_of, ground, size_of
from wholebody_lift.train.synthetic.joint_limits import ANGLES, LIMITS, SIDED, SIDES
from wholebody_lift.train.synthetic.rig import Rest, Rig
from wholebody_lift.train.synthetic.templates import FEET, LEGS

PEOPLE = 64
_FEET_OF = {side: [f"{side}_{part}" for part in ("heel", "big_toe", "small_toe")] for side in SIDES}


@pytest.fixture(scope="module")
def rest(rig: Rig) -> Rest:
    return rig.rest(rig.sample_shape(PEOPLE, torch.Generator().manual_seed(0)))


def _angles(legs: str) -> Tensor:
    """Angles (n, A) in degrees as the template has them, arms hanging."""
    given = LEGS[legs].angles
    generator = torch.Generator().manual_seed(1)
    columns = []
    for name in ANGLES:
        mean, spread = given.get(name) or given.get(name.split("_", 1)[1]) or LIMITS[name][2:]
        angle = mean + spread * torch.randn(PEOPLE, generator=generator)
        columns.append(angle.clamp(LIMITS[name].low, LIMITS[name].high))
    return torch.stack(columns, 1)


def _drawn(legs: str, rest: Rest) -> tuple[Tensor, Tensor]:
    """Poses of a template before and after its legs are put on the floor."""
    before = anatomy.compose(_angles(legs), rest.heads)
    feet = torch.full((PEOPLE,), FEET.index(LEGS[legs].feet))
    return before, ground(before, rest.heads, feet)


def _heights(keypoints: Tensor, names: list[str]) -> Tensor:
    """(n, names) mm over the lowest keypoint."""
    z = keypoints[..., 2]
    return z[:, [INDEX[name] for name in names]] - z.amin(1, keepdim=True)


def test_every_kind_of_support_is_used() -> None:
    assert {template.feet for template in LEGS.values()} == set(FEET)


@pytest.mark.parametrize("legs", ["kneel_on_heels", "kneel_upright"])
def test_kneeling_people_have_knees_and_feet_on_the_floor(rig: Rig, rest: Rest, legs: str) -> None:
    keypoints = rig.pose(rest, _drawn(legs, rest)[1])
    knees = _heights(keypoints, ["left_knee", "right_knee"])  # the middle of the joint, not its skin
    assert (knees < 60).float().mean() > 0.75
    assert knees.max() < 120
    for names in _FEET_OF.values():
        assert (_heights(keypoints, names).amin(1) < 40).float().mean() > 0.8


def test_kneeling_on_one_knee_keeps_the_other_foot_flat(rig: Rig, rest: Rest) -> None:
    keypoints = rig.pose(rest, _drawn("kneel_on_one_knee", rest)[1])
    assert (_heights(keypoints, ["right_knee"]) < 60).float().mean() > 0.9
    assert (_heights(keypoints, _FEET_OF["left"]) < 40).float().mean() > 0.9  # the whole sole
    assert (_heights(keypoints, _FEET_OF["right"]).amin(1) < 40).float().mean() > 0.9


def test_feet_come_to_one_height_at_their_own_angles(rig: Rig, rest: Rest) -> None:
    before, after = _drawn("sit_legs_forward", rest)
    foot = BONES.index("foot.L")
    torch.testing.assert_close(after[:, foot], before[:, foot])

    def apart(L: Tensor) -> Tensor:
        ankles = rig.pose(rest, L)[:, [INDEX["left_heel"], INDEX["right_heel"]], 2]
        return (ankles[:, 0] - ankles[:, 1]).abs().median()

    assert apart(before) > 40
    assert apart(after) < 10


@pytest.mark.parametrize(
    "legs", ["lie_on_back", "lie_on_back_knees_up", "lie_on_front", "ground_legs_straight", "ground_knees_up"]
)
def test_feet_are_on_the_floor_that_the_trunk_is_on(rig: Rig, rest: Rest, legs: str) -> None:
    after = _drawn(legs, rest)[1]
    floor = floor_of(anatomy.posed(after, rest.heads)[1], size_of(rest.heads))
    keypoints = rig.pose(rest, after)
    for names in _FEET_OF.values():
        over = keypoints[:, [INDEX[name] for name in names], 2].amin(1) - floor.squeeze(1)
        assert over.median().abs() < 35
        assert (over.abs() < 60).float().mean() > 0.9


@pytest.mark.parametrize("legs", ["lie_propped", "lie_on_side", "ground_cross_legged"])
def test_feet_are_not_below_the_floor(rig: Rig, rest: Rest, legs: str) -> None:
    before, after = _drawn(legs, rest)
    floor = floor_of(anatomy.posed(before, rest.heads)[1], size_of(rest.heads))
    z = rig.pose(rest, after)[:, [INDEX[name] for names in _FEET_OF.values() for name in names], 2]
    assert (z - floor > -60).float().mean() > 0.95


def test_free_feet_above_the_floor_stay_where_they_are(rest: Rest) -> None:
    before, after = _drawn("lie_on_front_feet_up", rest)
    heads = anatomy.posed(before, rest.heads)[1]
    ankles = [anatomy.head_of(h, "foot.L", "both") for h in (heads, anatomy.posed(after, rest.heads)[1])]
    high = (ankles[0][..., 2] - floor_of(heads, size_of(rest.heads))) > 250
    assert high.float().mean() > 0.4
    torch.testing.assert_close(ankles[0][high], ankles[1][high], atol=2.0, rtol=0)


@pytest.mark.parametrize("legs", [name for name, template in LEGS.items() if template.feet != "free"])
def test_knees_and_ankles_stay_within_limits(rest: Rest, legs: str) -> None:
    angles = anatomy.decompose(_drawn(legs, rest)[1], rest.heads)
    for side in SIDES:
        for name in ("knee_flexion", "ankle_dorsiflexion"):
            value = angles[:, ANGLES.index(f"{side}_{name}")]
            assert (value > SIDED[name].low - 1).all(), name
            assert (value < SIDED[name].high + 1).all(), name
