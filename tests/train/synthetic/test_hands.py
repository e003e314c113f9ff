"""Hands: fingers curl to the palm, spread sideways, thumbs oppose, limits hold."""

import pytest
import torch
from torch import Tensor
from turns import random_rotation

from wholebody_lift.skeleton import INDEX, PARTS
from wholebody_lift.train.synthetic import hands, poses, rotations
from wholebody_lift.train.synthetic.activities import ACTIVITIES
from wholebody_lift.train.synthetic.anatomy import mirror, posed
from wholebody_lift.train.synthetic.bones import BONES
from wholebody_lift.train.synthetic.contacts import CONTACT_HANDS, CONTACTS
from wholebody_lift.train.synthetic.hands import ANGLES, LIMITS, SHAPES
from wholebody_lift.train.synthetic.templates import ARMS, GRIPS

PEOPLE = 32
FINGERS = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")


@pytest.fixture(scope="module")
def rest(rig) -> object:
    return rig.rest(rig.sample_shape(PEOPLE, torch.Generator().manual_seed(0)))


def angles(**named: float) -> Tensor:
    """Straight fingers side by side, with the thumb beside them, and what is named."""
    row = torch.zeros(PEOPLE, len(ANGLES))
    for finger, abduction in zip((2, 3, 4, 5), hands._SIDE_BY_SIDE, strict=True):
        row[:, ANGLES.index(f"abduction{finger}")] = abduction
    row[:, ANGLES.index("thumb_radial")] = 40
    for name, value in named.items():
        row[:, ANGLES.index(name)] = value
    return row


def keypoints(rig, rest, fingers: Tensor) -> Tensor:
    """Both hands (n, 2, 21, 3) in each one's own axes: towards the thumb's side, the palm, the fingers."""
    L = hands.attach(torch.eye(3).repeat(PEOPLE, len(BONES), 1, 1), fingers, fingers)
    xyz = rig.pose(rest, L)
    both = torch.stack([xyz[:, list(PARTS[part])] for part in ("left_hand", "right_hand")], 1)
    both = both * torch.tensor([[1.0, 1, 1], [-1, 1, 1]])[:, None]  # the right hand in the mirror
    knuckle = {name: INDEX[f"left_{name}1"] - PARTS["left_hand"][0] for name in FINGERS}
    axes = hands._Hand(rest.heads)
    frame = torch.stack([axes.radial, axes.palm, axes.along], -1)[:, None]
    assert knuckle["pinky_finger"] == 17
    return (both - both[:, :, :1]) @ frame


def tip(points: Tensor, finger: str) -> Tensor:
    return points[:, :, 4 * FINGERS.index(finger) + 4]


def shape(rig, rest, name: str) -> Tensor:
    row = hands._shape_table(torch.device("cpu"))[list(SHAPES).index(name), 1:].expand(PEOPLE, -1)
    pip = row[:, 4:8]
    made = hands._angles(row[:, :4], pip, 2 / 3 * pip, row[:, 8], row[:, 9:])
    return keypoints(rig, rest, hands.compose(made, rest.heads))


@pytest.mark.parametrize("joint", ["mcp", "pip", "dip"])
@pytest.mark.parametrize("finger", [2, 3, 4, 5])
def test_flexion_moves_the_fingertip_to_the_palm(rig, rest, joint: str, finger: int) -> None:
    name = FINGERS[finger - 1]
    straight = tip(keypoints(rig, rest, hands.compose(angles(), rest.heads)), name)
    bent = tip(keypoints(rig, rest, hands.compose(angles(**{f"{joint}{finger}": 40.0}), rest.heads)), name)
    assert ((bent - straight)[..., 1] > 5).all()
    assert ((bent - straight)[..., 2] < 0).all()


def test_straight_fingers_are_straight_and_flat(rig, rest) -> None:
    points = keypoints(rig, rest, hands.compose(angles(), rest.heads))
    for finger in FINGERS[1:]:
        first = points[:, :, 4 * FINGERS.index(finger) + 1]
        way = rotations.normalize(tip(points, finger) - first)
        assert (way[..., 2] > 0.93).all()
        assert (way[..., 1].abs() < 0.2).all()


def test_spreading_moves_the_index_finger_to_the_thumb_and_the_little_finger_away(rig, rest) -> None:
    apart = dict(zip((f"abduction{f}" for f in (2, 3, 4, 5)), hands._FAR_APART, strict=True))
    near = keypoints(rig, rest, hands.compose(angles(), rest.heads))
    far = keypoints(rig, rest, hands.compose(angles(**apart), rest.heads))
    assert ((tip(far, "forefinger") - tip(near, "forefinger"))[..., 0] > 10).all()
    assert ((tip(far, "pinky_finger") - tip(near, "pinky_finger"))[..., 0] < -10).all()
    order = torch.stack([tip(far, finger)[..., 0] for finger in FINGERS], -1)
    assert (order.diff(dim=-1) < 0).all()


def test_thumb_abducts_out_of_the_palm_and_flexes_across(rig, rest) -> None:
    start = tip(keypoints(rig, rest, hands.compose(angles(), rest.heads)), "thumb")
    out = tip(keypoints(rig, rest, hands.compose(angles(thumb_abduction=40.0), rest.heads)), "thumb")
    assert ((out - start)[..., 1] > 15).all()
    across = tip(
        keypoints(rig, rest, hands.compose(angles(thumb_mcp=40.0, thumb_ip=40.0), rest.heads)), "thumb"
    )
    assert ((across - start)[..., 0] < -10).all()


def test_fist_is_closed_and_pinch_touches(rig, rest) -> None:
    fist = shape(rig, rest, "fist")
    for finger in FINGERS[1:]:
        first = fist[:, :, 4 * FINGERS.index(finger) + 1]
        assert ((tip(fist, finger) - first).norm(dim=-1) < 60).all()
    for name in ("pinch", "ok"):
        points = shape(rig, rest, name)
        gap = (tip(points, "thumb") - tip(points, "forefinger")).norm(dim=-1)
        assert gap.median() < 25, name


def test_thumb_up_points_to_the_thumbs_side(rig, rest) -> None:
    points = shape(rig, rest, "thumb_up")
    way = rotations.normalize(tip(points, "thumb") - points[:, :, 1])
    assert (way[..., 0] > 0.85).all()


def test_pointing_has_one_finger_out(rig, rest) -> None:
    points = shape(rig, rest, "point")
    reach = torch.stack([tip(points, finger)[..., 2] for finger in FINGERS], -1)
    assert (reach.argmax(-1) == 1).all()
    assert (reach[..., 1] > reach[..., 2] + 40).all()


@pytest.mark.parametrize("with_recordings", [False, True])
def test_samples_are_rotations_and_follow_the_seed(rest, with_recordings: bool) -> None:
    recorded = rotations.from_matrix(hands.sample_limits(rest.heads, torch.Generator().manual_seed(9)))
    given = recorded if with_recordings else None
    first, again, other = (
        hands.sample(rest.heads, torch.Generator().manual_seed(seed), given) for seed in (1, 1, 2)
    )
    assert first.shape == (PEOPLE, 15, 3, 3)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    torch.testing.assert_close(first @ first.mT, torch.eye(3).expand_as(first), atol=1e-4, rtol=0)


def test_samples_stay_in_the_limits() -> None:
    wild = 200 * torch.randn(PEOPLE, 4, generator=torch.Generator().manual_seed(0))
    made = hands._angles(wild, wild, wild, torch.ones(PEOPLE), wild[:, [0, 1, 2, 3, 0]])
    low, high = torch.tensor(list(LIMITS.values())).unbind(-1)
    assert (made >= low).all()
    assert (made <= high).all()


def test_outer_joints_follow_middle_ones(rest) -> None:
    fingers = hands.sample_shapes(rest.heads.repeat(8, 1, 1), torch.Generator().manual_seed(0))
    bend = rotations.to_rotation_vector(fingers).norm(dim=-1)
    middle, outer = bend[:, 4], bend[:, 5]
    assert torch.corrcoef(torch.stack([middle, outer]))[0, 1] > 0.7


def test_attach_mirrors_the_right_hand_and_leaves_the_rest() -> None:
    generator = torch.Generator().manual_seed(0)
    L = random_rotation((PEOPLE, len(BONES)), generator)
    left = random_rotation((PEOPLE, 15), generator)
    both = hands.attach(L, left, left)
    others = [i for i, bone in enumerate(BONES) if not bone.startswith("finger")]
    assert torch.equal(both[:, others], L[:, others])
    torch.testing.assert_close(mirror(both)[:, hands._LEFT], left)


def test_shares_are_complete() -> None:
    assert sum(hands.SHARES_ALONE.values()) == pytest.approx(1)
    assert sum(hands.SHARES_WITH_RECORDINGS.values()) == pytest.approx(1)


# What hands do in an activity


def of_activity(rest, name: str) -> tuple[Tensor, Tensor]:
    """Poses and grips of an activity, 8 of each person."""
    label = torch.full((8 * PEOPLE,), poses.LABELS.index(name))
    return poses.draw(label, rest.heads.repeat(8, 1, 1), torch.Generator().manual_seed(0))


def fists(fingers: Tensor) -> float:
    """Share of the hands (n, F, 3, 3) whose four fingers are bent by about right angles at two joints."""
    bend = rotations.to_rotation_vector(fingers).norm(dim=-1).rad2deg()
    first, middle = (bend[:, [3 * finger + joint for finger in range(1, 5)]] for joint in (0, 1))
    return ((first > 55) & (middle > 70)).all(1).float().mean().item()


def test_grips_name_shapes_and_contacts() -> None:
    assert GRIPS[0] == ""
    assert set(" ".join(GRIPS).split()) <= set(SHAPES)
    assert CONTACT_HANDS.keys() <= CONTACTS.keys()
    for template in ARMS.values():
        assert {template.left_hand, template.right_hand} <= set(GRIPS)


@pytest.mark.parametrize(
    ("activity", "shapes"),
    [
        ("fighting", {"fist"}),
        ("cycling", {"power_grip", "fist"}),
        ("push_up", {"flat", "spread", "open"}),
        ("golf", {"power_grip"}),
    ],
)
def test_an_activity_defines_both_hands(rest, activity: str, shapes: set[str]) -> None:
    _, grip = of_activity(rest, activity)
    assert {name for i in grip.unique().tolist() for name in GRIPS[i].split()} == shapes
    assert (grip > 0).all()


def test_idle_hands_take_any_shape(rest) -> None:
    _, grip = of_activity(rest, "dancing")
    assert (grip == 0).all()


@pytest.mark.parametrize("with_recordings", [False, True])
def test_boxers_make_fists_and_walkers_do_not(rest, with_recordings: bool) -> None:
    heads = rest.heads.repeat(8, 1, 1)
    open_hands = rotations.from_matrix(hands.compose(angles(), rest.heads))
    share = {}
    for name in ("fighting", "walking"):
        _, grip = of_activity(rest, name)
        generator = torch.Generator().manual_seed(1)
        recorded = open_hands if with_recordings else None
        both = [hands.sample(heads, generator, recorded, hand) for hand in grip.unbind(-1)]
        share[name] = fists(torch.cat(both))
    assert share["fighting"] > 0.35
    assert share["fighting"] > 5 * share["walking"]


def test_the_share_of_matching_shapes_is_as_documented(rest) -> None:
    """Hands that are asked for fists and are not fists must be among those that take any shape."""
    heads = rest.heads.repeat(64, 1, 1)
    told = torch.full((len(heads),), GRIPS.index("fist"))
    generator = torch.Generator().manual_seed(0)
    one = fists(hands.sample_shapes(heads, generator, torch.full_like(told, list(SHAPES).index("fist"))))
    free = fists(hands.sample(heads, generator))
    follows = (fists(hands.sample(heads, generator, grip=told)) - free) / (one - free)
    assert follows == pytest.approx(hands.FOLLOWS_ACTIVITY, abs=0.05)


def test_the_hand_that_holds_the_phone_is_the_one_that_is_raised(rest) -> None:
    """Half of all people are mirrored; what their hands do must be mirrored with them."""
    assert "standing_phone" in ACTIVITIES
    L, grip = of_activity(rest, "standing_phone")
    _, heads = posed(L, rest.heads.repeat(8, 1, 1))
    height = torch.stack([heads[:, BONES.index(f"wrist.{side}"), 2] for side in "LR"], 1)
    holds = grip == GRIPS.index("hold_phone")
    one_handed = holds.sum(1) == 1
    assert one_handed.sum() > 50
    assert 0.3 < holds[one_handed, 0].float().mean() < 0.7
    higher = height.argmax(1) == holds.long().argmax(1)
    assert higher[one_handed].float().mean() > 0.98
