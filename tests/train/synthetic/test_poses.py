"""Body poses: angles mean what they say, activities look like themselves, hands arrive, limits hold."""

import itertools

import pytest
import torch
from torch import Tensor
from turns import random_rotation

from wholebody_lift.skeleton import INDEX, indices
from wholebody_lift.train.synthetic import anatomy, intersection, poses, reaching, rotations
from wholebody_lift.train.synthetic.activities import ACTIVITIES
from wholebody_lift.train.synthetic.bones import BONES, MIRROR_BONES
from wholebody_lift.train.synthetic.contacts import CONTACTS
from wholebody_lift.train.synthetic.grounding import floor_of, size_of
from wholebody_lift.train.synthetic.joint_limits import ANGLES, LIMITS, SIDES
from wholebody_lift.train.synthetic.templates import ARMS, LEGS

PEOPLE = 48


@pytest.fixture(scope="module")
def rest(rig) -> object:
    return rig.rest(rig.sample_shape(PEOPLE, torch.Generator().manual_seed(0)))


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def neutral(n: int = PEOPLE, **angles: float) -> Tensor:
    row = torch.zeros(n, len(ANGLES))
    for name, value in angles.items():
        row[:, ANGLES.index(name)] = value
    return row


def drawn(activity: str, rest, generator: torch.Generator) -> Tensor:
    label = torch.full((PEOPLE,), poses.LABELS.index(activity))
    return poses.draw(label, rest.heads, generator)[0]


def head(heads: Tensor, bone: str) -> Tensor:
    return heads[:, BONES.index(bone)]


@pytest.fixture(scope="module")
def recorded(rest) -> Tensor:
    """Stand-ins for recordings, with turns in bones that the angles do not know."""
    generator = torch.Generator().manual_seed(2)
    L = poses.sample(rest.heads, generator)[0]
    noise = rotations.from_rotation_vector(0.03 * torch.randn(*L.shape[:2], 3, generator=generator))
    return L @ noise


def test_upright_zero_angles_hang_straight(rig, rest) -> None:
    heads, _ = rig.bones(rest, anatomy.compose(neutral(), rest.heads))
    for side in "LR":
        for a, b in (("upperarm01", "lowerarm01"), ("lowerarm01", "wrist"), ("upperleg01", "lowerleg01")):
            way = rotations.normalize(head(heads, f"{b}.{side}") - head(heads, f"{a}.{side}"))
            assert (way[:, 2] < -0.995).all(), (a, b)


@pytest.mark.parametrize(
    ("angle", "bone", "axis", "sign"),
    [
        ("spine_flexion", "head", 1, -1),
        ("spine_lateral", "head", 0, 1),
        ("neck_twist", "eye.L", 1, 1),
        ("root_pitch", "head", 1, -1),
        ("root_lean", "head", 0, 1),
        ("left_clavicle_elevation", "upperarm01.L", 2, 1),
        ("left_clavicle_protraction", "upperarm01.L", 1, -1),
        ("left_arm_raise", "wrist.L", 0, 1),
        ("right_arm_raise", "wrist.R", 0, -1),
        ("left_elbow_flexion", "wrist.L", 1, -1),
        ("right_elbow_flexion", "wrist.R", 1, -1),
        ("left_wrist_flexion", "finger3-1.L", 0, -1),
        ("right_wrist_flexion", "finger3-1.R", 0, 1),
        ("left_wrist_deviation", "finger3-1.L", 1, -1),
        ("left_hip_flexion", "foot.L", 1, -1),
        ("left_hip_abduction", "foot.L", 0, 1),
        ("right_hip_abduction", "foot.R", 0, -1),
        ("left_hip_rotation", "toe2-1.L", 0, 1),
        ("right_hip_rotation", "toe2-1.R", 0, -1),
        ("left_knee_flexion", "foot.L", 1, 1),
        ("left_ankle_dorsiflexion", "toe2-1.L", 2, 1),
    ],
)
def test_angles_move_the_body_as_named(rig, rest, angle: str, bone: str, axis: int, sign: int) -> None:
    before, _ = rig.bones(rest, anatomy.compose(neutral(), rest.heads))
    after, _ = rig.bones(rest, anatomy.compose(neutral(**{angle: 25.0}), rest.heads))
    assert ((head(after, bone) - head(before, bone))[:, axis] * sign > 3).all()


def test_outward_rotation_and_pronation(rig, rest) -> None:
    bent = {"left_elbow_flexion": 90.0}
    outward, _ = rig.bones(rest, anatomy.compose(neutral(**bent, left_arm_rotation=40.0), rest.heads))
    assert (head(outward, "wrist.L")[:, 0] > head(outward, "lowerarm01.L")[:, 0] + 50).all()
    down, _ = rig.bones(rest, anatomy.compose(neutral(**bent, left_pronation=80.0), rest.heads))
    thumb, little = head(down, "finger2-1.L"), head(down, "finger5-1.L")
    assert (thumb[:, 0] < little[:, 0] - 20).all()  # palm down: the forefinger is on the inside


def test_an_overhead_arm_turns_the_elbow_inward_however_it_was_raised(rig, rest) -> None:
    for plane in (0.0, 45.0, 90.0):
        angles = neutral(left_arm_raise=175.0, left_arm_plane=plane, left_elbow_flexion=60.0)
        heads, _ = rig.bones(rest, anatomy.compose(angles, rest.heads))
        assert (head(heads, "wrist.L")[:, 1] > head(heads, "lowerarm01.L")[:, 1] + 100).all()


def test_decompose_inverts_compose(rest, generator: torch.Generator) -> None:
    low, high, *_ = poses._limits(torch.device("cpu"))
    # Away from gimbal lock: an arm that hangs has no plane, a thigh abducted by 90 degrees no rotation.
    middle, half = (low + high) / 2, 0.4 * (high - low)
    angles = middle + half * (2 * torch.rand(PEOPLE, len(ANGLES), generator=generator) - 1)
    angles[:, :3] *= 0.2
    back = anatomy.decompose(anatomy.compose(angles, rest.heads), rest.heads)
    torch.testing.assert_close(back, angles, atol=0.1, rtol=0)


def test_posed_agrees_with_the_rig(rig, rest, recorded: Tensor) -> None:
    heads, turns = rig.bones(rest, recorded)
    G, ours = anatomy.posed(recorded, rest.heads)
    bones = [i for i, bone in enumerate(BONES) if not bone.startswith(("toe", "finger", "meta", "eye"))]
    bones += [BONES.index(f"finger3-1.{side}") for side in "LR"]
    torch.testing.assert_close(G[:, bones], turns[:, bones], atol=1e-5, rtol=0)
    torch.testing.assert_close(ours[:, bones], heads[:, bones], atol=1e-2, rtol=0)


def test_mirror_is_an_involution_and_mirrors_the_body(rig, rest, recorded: Tensor) -> None:
    torch.testing.assert_close(anatomy.mirror(anatomy.mirror(recorded)), recorded)
    heads, turns = rig.bones(rest, recorded)
    mirrored_heads, mirrored_turns = rig.bones(rest, anatomy.mirror(recorded))
    torch.testing.assert_close(mirrored_turns, anatomy.mirror(turns), atol=1e-5, rtol=0)
    # Bodies are symmetric to some millimetres.
    expected = anatomy.reflect(heads[:, list(MIRROR_BONES)])
    torch.testing.assert_close(mirrored_heads, expected, atol=10.0, rtol=0)


def test_templates_name_only_what_exists() -> None:
    known = set(ANGLES) | {name.split("_", 1)[1] for name in ANGLES}
    for template in itertools.chain(LEGS.values(), ARMS.values()):
        assert set(template.angles) <= known
        assert {template.left, template.right} - {None} <= set(CONTACTS)
    for activity in ACTIVITIES.values():
        assert set(activity.legs.split()) <= set(LEGS)
        assert set(activity.arms.split()) <= set(ARMS)
    assert {name for a in ACTIVITIES.values() for name in a.legs.split()} == set(LEGS)
    assert {name for a in ACTIVITIES.values() for name in a.arms.split()} == set(ARMS)


def test_template_means_are_within_limits() -> None:
    for legs, arms in itertools.product(LEGS.values(), ARMS.values()):
        mean, _ = poses._combine(legs, arms)
        for name, value in zip(ANGLES, mean, strict=True):
            assert LIMITS[name].low - 12 <= value <= LIMITS[name].high + 12, name


@pytest.mark.parametrize("label", ["limits", *ACTIVITIES])
def test_every_activity_gives_rotations_within_limits(rest, label: str) -> None:
    L = drawn(label, rest, torch.Generator().manual_seed(0))
    torch.testing.assert_close(L @ L.mT, torch.eye(3).expand_as(L), atol=1e-4, rtol=0)
    assert (torch.linalg.det(L) > 0.99).all()
    angles = dict(zip(ANGLES, anatomy.decompose(L, rest.heads).unbind(-1), strict=True))
    hinges = ("knee_flexion", "elbow_flexion", "pronation", "wrist_flexion", "wrist_deviation")
    for side, name in itertools.product(("left", "right"), hinges):
        low, high, *_ = LIMITS[f"{side}_{name}"]
        value = angles[f"{side}_{name}"]
        assert (value > low - 1).all(), name
        assert (value < high + 1).all(), name


def test_sitting_has_knees_in_front_and_shanks_down(rig, rest, generator: torch.Generator) -> None:
    heads, _ = rig.bones(rest, drawn("at_table", rest, generator))
    for side in "LR":
        hip, knee, ankle = (head(heads, f"{bone}.{side}") for bone in ("upperleg01", "lowerleg01", "foot"))
        assert (knee[:, 1] < hip[:, 1] - 150).all()
        assert (ankle[:, 2] < knee[:, 2] - 150).all()
    assert (head(heads, "head")[:, 2] > head(heads, "root")[:, 2] + 300).all()


@pytest.mark.parametrize(
    ("activity", "face"), [("lying_on_back", 1.0), ("lying_on_front", -1.0), ("lying_on_side", 0.0)]
)
def test_lying_is_level_and_faces_the_right_way(
    rig, rest, generator: torch.Generator, activity: str, face: float
) -> None:
    heads, turns = rig.bones(rest, drawn(activity, rest, generator))
    trunk = rotations.normalize(head(heads, "spine01") - head(heads, "root"))
    assert (trunk[:, 2].abs() < 0.65).all()
    forward = -turns[:, BONES.index("root"), :, 1]
    assert ((forward[:, 2] - face).abs() < 0.6).all()


def test_standing_people_are_over_their_feet(rig, rest, generator: torch.Generator) -> None:
    heads, _ = rig.bones(rest, drawn("standing", rest, generator))
    middle = (head(heads, "root") + head(heads, "spine02"))[:, :2] / 2
    feet = torch.stack([head(heads, f"{bone}.{side}")[:, :2] for bone in ("foot", "toe2-1") for side in "LR"])
    over = (middle > feet.amin(0) - 60) & (middle < feet.amax(0) + 60)
    assert over.all(-1).float().mean() > 0.9


def test_standing_is_upright_on_level_flat_feet(rig, rest, generator: torch.Generator) -> None:
    heads, turns = rig.bones(rest, drawn("talking", rest, generator))
    left, right = head(heads, "foot.L")[:, 2], head(heads, "foot.R")[:, 2]
    assert ((left - right).abs() < 5).float().mean() > 0.9
    for side in "LR":
        sole = turns[:, BONES.index(f"foot.{side}"), :, 2]
        assert (sole[:, 2] > 0.97).float().mean() > 0.9
    assert (head(heads, "head")[:, 2] - head(heads, "foot.L")[:, 2] > 900).all()


@pytest.mark.parametrize("side", ["left", "right"])
def test_reach_arrives(rig, rest, recorded: Tensor, generator: torch.Generator, side: str) -> None:
    suffix = side[0].upper()
    heads, _ = rig.bones(rest, recorded)
    shoulder = head(heads, f"upperarm01.{suffix}")
    length = sum(
        (head(rest.heads, f"{b}.{suffix}") - head(rest.heads, f"{a}.{suffix}")).norm(dim=-1)
        for a, b in (("upperarm01", "lowerarm01"), ("lowerarm01", "wrist"))
    )
    way = rotations.normalize(torch.randn(PEOPLE, 3, generator=generator))
    distance = length * (0.35 + 0.64 * torch.rand(PEOPLE, generator=generator))
    target = shoulder + distance[:, None] * way
    fingers, palm = torch.tensor([[0.0, -1.0, 0.2]]), torch.tensor([[0.0, 0.0, -1.0]])
    L = reaching.reach(
        recorded, rest.heads, target, fingers.expand(PEOPLE, 3), palm.expand(PEOPLE, 3), side=side
    )
    reached, _ = rig.bones(rest, L)
    assert (head(reached, f"wrist.{suffix}") - target).norm(dim=-1).max() < 1.0
    moved = {bone for i, bone in enumerate(BONES) if not torch.equal(L[:, i], recorded[:, i])}
    assert all(bone.endswith(f".{suffix}") for bone in moved)


def test_a_target_out_of_reach_is_pointed_at(rig, rest, recorded: Tensor) -> None:
    target = torch.tensor([[3000.0, -2000.0, 1000.0]]).expand(PEOPLE, 3)
    heads, _ = rig.bones(rest, reaching.reach(recorded, rest.heads, target))
    shoulder, wrist = head(heads, "upperarm01.L"), head(heads, "wrist.L")
    cosine = (rotations.normalize(wrist - shoulder) * rotations.normalize(target - shoulder)).sum(-1)
    assert (cosine > 0.999).all()


def test_reach_turns_the_hand_as_asked_within_limits(rig, rest) -> None:
    L = anatomy.compose(neutral(), rest.heads)
    heads, _ = rig.bones(rest, L)
    target = head(heads, "upperarm01.L") + torch.tensor([0.0, -350.0, -200.0])
    fingers, palm = torch.tensor([[0.0, -1.0, 0.0]]), torch.tensor([[0.0, 0.0, -1.0]])
    L = reaching.reach(L, rest.heads, target, fingers.expand(PEOPLE, 3), palm.expand(PEOPLE, 3))
    heads, _ = rig.bones(rest, L)
    way = rotations.normalize(head(heads, "finger3-1.L") - head(heads, "wrist.L"))
    assert (way[:, 1] < -0.97).all()
    across = head(heads, "finger2-1.L") - head(heads, "finger5-1.L")
    assert (rotations.normalize(across)[:, 0] < -0.9).all()  # palm down: the forefinger is on the inside


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_phone_call_brings_the_hand_to_the_ear(rig, rest, generator: torch.Generator, side: str) -> None:
    contact = torch.full((PEOPLE,), list(CONTACTS).index("ear"))
    L = reaching.touch(anatomy.compose(neutral(), rest.heads), rest.heads, contact, generator, side)
    keypoints = rig.pose(rest, L)
    middle = (keypoints[:, INDEX[f"{side}_wrist"]] + keypoints[:, INDEX[f"{side}_elbow"]]) / 2
    hand = keypoints[:, INDEX[f"{side}_hand_root"] + 9]
    ear = keypoints[:, INDEX[f"{side}_ear"]]
    assert (hand - ear).norm(dim=-1).median() < 90
    assert (middle[:, 2] < ear[:, 2]).all()


def test_the_collarbone_rises_with_the_arm_that_reaches(rest, generator: torch.Generator) -> None:
    for name, low in (("above", 100), ("keyboard", 0)):
        contact = torch.full((PEOPLE,), list(CONTACTS).index(name))
        L = reaching.touch(anatomy.compose(neutral(), rest.heads), rest.heads, contact, generator)
        angles = dict(zip(ANGLES, anatomy.decompose(L, rest.heads).unbind(-1), strict=True))
        assert angles["left_arm_raise"].median() > low
        assert (angles["left_clavicle_elevation"].abs() < 6).all()  # beyond what goes with the arm


def test_hands_rarely_reach_their_limits(rest) -> None:
    heads = rest.heads.repeat(16, 1, 1)
    activity = [i for i, name in enumerate(poses.LABELS) if name in ACTIVITIES]
    label = torch.tensor(activity).repeat(len(heads) // len(activity) + 1)[: len(heads)]
    L, _ = poses.draw(label, heads, torch.Generator().manual_seed(4))
    angles = dict(zip(ANGLES, anatomy.decompose(L, heads).unbind(-1), strict=True))
    for name in ("wrist_deviation", "wrist_flexion", "pronation"):
        low, high, *_ = LIMITS[f"left_{name}"]
        value = torch.cat([angles[f"{side}_{name}"] for side in SIDES])
        assert ((value < low + 0.5) | (value > high - 0.5)).float().mean() < 0.01, name


def test_hand_angles_of_all_swivels_match_those_of_each(rest, generator: torch.Generator) -> None:
    limbs = anatomy.Limbs(rest.heads)
    first, last = random_rotation((2, PEOPLE), generator)
    turn = 6 * torch.rand(PEOPLE, 5, generator=generator) - 3
    found = reaching._hand_angles(first, last, turn, limbs)
    for i in range(5):
        pronation, wrist = anatomy.split_hand(first @ rotations.about("x", -turn[:, i]) @ last, limbs)
        wrist = torch.stack(
            [(wrist * axis).sum(-1) for axis in (limbs.wrist_deviation, limbs.wrist_flexion)], -1
        )
        torch.testing.assert_close(found[:, i, 1:], wrist, atol=2e-3, rtol=0)
        torch.testing.assert_close(found[:, i, 0].cos(), pronation.cos(), atol=2e-3, rtol=0)
        torch.testing.assert_close(found[:, i, 0].sin(), pronation.sin(), atol=2e-3, rtol=0)


@pytest.mark.parametrize("activity", ["lying_on_back", "lying_on_side", "lying_on_front", "propped_on_front"])
def test_arms_of_people_lying_down_are_not_below_the_floor(
    rig, rest, generator: torch.Generator, activity: str
) -> None:
    L = drawn(activity, rest, generator)
    floor = floor_of(anatomy.posed(L, rest.heads)[1], size_of(rest.heads)).squeeze(1)
    z = rig.pose(rest, L)[..., 2] - floor[:, None]
    elbows_and_wrists = [INDEX[f"{side}_{name}"] for side in SIDES for name in ("elbow", "wrist")]
    assert z[:, elbows_and_wrists].amin(1).median() > -10
    assert (z[:, elbows_and_wrists].amin(1) > -40).float().mean() > 0.9
    assert (z[:, indices("left_hand", "right_hand")].amin(1) > -70).float().mean() > 0.9


def test_loose_arms_of_people_lying_down_fall_to_the_floor(rest) -> None:
    L = anatomy.compose(neutral(root_pitch=-90, left_arm_raise=20, left_arm_plane=30), rest.heads)
    loose = torch.tensor([[True, False]]).expand(PEOPLE, 2)
    after = reaching.rest_arms(L, rest.heads, loose)
    heads = anatomy.posed(after, rest.heads)[1]
    floor = floor_of(heads, size_of(rest.heads)).squeeze(1)
    assert ((head(heads, "wrist.L")[:, 2] - floor).abs() < 60).all()
    moved = {bone for i, bone in enumerate(BONES) if not torch.equal(L[:, i], after[:, i])}
    assert moved
    assert all(bone.endswith(".L") for bone in moved)
    sitting = anatomy.compose(neutral(left_arm_raise=60, right_arm_raise=60), rest.heads)
    assert torch.equal(reaching.rest_arms(sitting, rest.heads, loose), sitting)


def test_recombine_takes_legs_from_one_and_arms_from_the_other(recorded: Tensor) -> None:
    other = recorded.roll(1, 0)
    L = poses.recombine(recorded, other)
    for bone in ("root", "upperleg01.L", "foot.R", "spine05"):
        assert torch.equal(L[:, BONES.index(bone)], recorded[:, BONES.index(bone)])
    for bone in ("spine01", "wrist.L", "finger2-3.R", "head"):
        assert torch.equal(L[:, BONES.index(bone)], other[:, BONES.index(bone)])


def test_jitter_stays_near_and_within_limits(rest, recorded: Tensor, generator: torch.Generator) -> None:
    L = poses.jitter(recorded, rest.heads, 6.0, generator)
    change = rotations.angle_between(recorded, L)
    assert torch.equal(change[:, 0], torch.zeros(PEOPLE)) or change[:, 0].max() < 1e-3
    assert 0.01 < change.mean() < 0.2
    before, after = (
        anatomy.decompose(x, rest.heads)[:, ANGLES.index("left_knee_flexion")] for x in (recorded, L)
    )
    assert (after > torch.minimum(before, torch.zeros(())) - 3).all()


def test_intersecting_sees_an_arm_in_the_trunk_and_not_a_standing_person(rig, rest) -> None:
    standing, _ = rig.bones(rest, anatomy.compose(neutral(left_arm_raise=12, right_arm_raise=12), rest.heads))
    assert not intersection.intersecting(standing).any()
    L = anatomy.compose(neutral(), rest.heads)
    inside = reaching.reach(L, rest.heads, head(rest.heads, "spine02"))
    assert intersection.intersecting(rig.bones(rest, inside)[0]).all()


def test_legs_through_each_other_intersect(rig, rest) -> None:
    angles = neutral(left_hip_abduction=-25, right_hip_abduction=-25, left_arm_raise=20, right_arm_raise=20)
    assert intersection.intersecting(rig.bones(rest, anatomy.compose(angles, rest.heads))[0]).all()


@pytest.mark.parametrize("with_recordings", [False, True])
def test_sample_is_a_function_of_the_seed(rest, recorded: Tensor, with_recordings: bool) -> None:
    given = recorded if with_recordings else None
    first, again, other = (
        poses.sample(rest.heads, torch.Generator().manual_seed(seed), given)[0] for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    torch.testing.assert_close(first @ first.mT, torch.eye(3).expand_as(first), atol=1e-4, rtol=0)


def test_sample_follows_the_shares_and_rarely_intersects(rest, recorded: Tensor) -> None:
    generator = torch.Generator().manual_seed(5)
    heads = rest.heads.repeat(8, 1, 1)
    L, label = poses.sample(heads, generator, recorded)
    names = [poses.LABELS[i] for i in label.tolist()]
    share = sum(name in ACTIVITIES for name in names) / len(names)
    assert abs(share - poses.SHARES_WITH_RECORDINGS["activity"]) < 0.1
    kept = label == poses.LABELS.index("recorded")
    unchanged = (L[kept][:, None] - torch.cat([recorded, anatomy.mirror(recorded)])).abs().amax((-3, -2, -1))
    assert (unchanged.amin(1) == 0).all()
    assert intersection.intersecting(anatomy.posed(L, heads)[1])[~kept].float().mean() < 0.08


def test_sample_of_one_label(rest, recorded: Tensor, generator: torch.Generator) -> None:
    for only, given in (("kneeling", None), ("kneeling", recorded), ("recorded", recorded)):
        _, label, _ = poses.sample_with_grips(rest.heads, generator, given, only)
        assert (label == poses.LABELS.index(only)).all()
    with pytest.raises(ValueError, match=r"recorded, .*kneeling.*got 'kneel'"):
        poses.sample_with_grips(rest.heads, generator, None, "kneel")
    with pytest.raises(ValueError, match=r"a bank.*, got none"):
        poses.sample_with_grips(rest.heads, generator, None, "recorded")


def test_shares_are_complete() -> None:
    assert sum(poses.SHARES_ALONE.values()) == pytest.approx(1)
    assert sum(poses.SHARES_WITH_RECORDINGS.values()) == pytest.approx(1)
