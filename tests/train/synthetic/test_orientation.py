"""Nothing is flipped: left and right, front and back, the order of fingers, the face, the axes of the camera.

What holds in any pose is a check that is run on posed people, and then on people with something exchanged,
where it must fail.
"""

import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from turns import random_rotation

from wholebody_lift.skeleton import FACE_FEATURES, INDEX, MIRROR, PARTS
from wholebody_lift.train.synthetic import anatomy, cameras, detector, hands, poses, rotations
from wholebody_lift.train.synthetic.bones import BONES
from wholebody_lift.train.synthetic.cameras import Views
from wholebody_lift.train.synthetic.joint_limits import ANGLES
from wholebody_lift.train.synthetic.occlusion import hidden
from wholebody_lift.train.synthetic.people import Scene, to_batch
from wholebody_lift.train.synthetic.phenotypes import FACE_ACTIONS
from wholebody_lift.train.synthetic.rig import Rest, Rig

PEOPLE = 160
SIDES = ("left", "right")
FINGERS = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")


def at(xyz: Tensor, *names: str) -> Tensor:
    """The middle (N, C) of keypoints (N, 133, C) by name."""
    return xyz[:, [INDEX[name] for name in names]].mean(1)


def face(xyz: Tensor, feature: str, *numbers: int) -> Tensor:
    """The middle (N, C) of keypoints of a facial feature by their number in it, of all if none is given."""
    outline = xyz[:, list(FACE_FEATURES[feature])]
    return outline[:, list(numbers)].mean(1) if numbers else outline.mean(1)


def dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(-1)


def front(xyz: Tensor) -> Tensor:
    """Where the pelvis looks, a unit vector (N, 3): across from right to left, upwards, forwards is a
    right-handed system, whatever the axes."""
    left = at(xyz, "left_hip") - at(xyz, "right_hip")
    up = at(xyz, "left_shoulder", "right_shoulder") - at(xyz, "left_hip", "right_hip")
    return rotations.normalize(torch.linalg.cross(left, up))


# --- what always holds ---


def nose_in_front_of_ears(xyz: Tensor) -> Tensor:
    left = at(xyz, "left_ear") - at(xyz, "right_ear")
    up = face(xyz, "nose", 0) - face(xyz, "jaw", 8)
    return dot(torch.linalg.cross(left, up), at(xyz, "nose") - at(xyz, "left_ear", "right_ear")) > 0


def face_lies_on_its_eyes_and_ears(xyz: Tensor) -> Tensor:
    def near(a: Tensor, b: Tensor, far: Tensor) -> Tensor:
        return (a - b).norm(dim=-1) < (a - far).norm(dim=-1) / 2

    ends = {"left": 16, "right": 0}  # of the jaw
    return torch.stack(
        [
            near(face(xyz, f"{a}_eye"), at(xyz, f"{a}_eye"), at(xyz, f"{b}_eye"))
            & near(face(xyz, "jaw", ends[a]), at(xyz, f"{a}_ear"), at(xyz, f"{b}_ear"))
            for a, b in (SIDES, SIDES[::-1])
        ]
    ).all(0)


def hands_hang_on_their_wrists(xyz: Tensor) -> Tensor:
    return torch.stack(
        [
            (at(xyz, f"{a}_hand_root") - at(xyz, f"{a}_wrist")).norm(dim=-1)
            < (at(xyz, f"{a}_hand_root") - at(xyz, f"{b}_wrist")).norm(dim=-1)
            for a, b in (SIDES, SIDES[::-1])
        ]
    ).all(0)


def big_toes_are_inside(xyz: Tensor) -> Tensor:
    inside = []
    for side, sign in zip(SIDES, (1, -1), strict=True):
        forwards = at(xyz, f"{side}_big_toe") - at(xyz, f"{side}_heel")
        left = torch.linalg.cross(at(xyz, f"{side}_ankle") - at(xyz, f"{side}_heel"), forwards)
        inside.append(sign * dot(at(xyz, f"{side}_small_toe") - at(xyz, f"{side}_big_toe"), left) > 0)
    return torch.stack(inside).all(0)


def knees_point_where_the_toes_do(xyz: Tensor) -> Tensor:
    """Straight legs are let off."""
    fine = []
    for side in SIDES:
        hip, knee, ankle = (at(xyz, f"{side}_{name}") for name in ("hip", "knee", "ankle"))
        out = knee - (hip + ankle) / 2
        straight = out.norm(dim=-1) < 60
        toes = at(xyz, f"{side}_big_toe") - at(xyz, f"{side}_heel")
        fine.append(straight | (dot(out, toes) > 0))
    return torch.stack(fine).all(0)


def _finger(xyz: Tensor, side: str, finger: str) -> Tensor:
    """(N, 4, 3) from the knuckle, or the base of the thumb, to the tip."""
    return torch.stack([at(xyz, f"{side}_{finger}{i}") for i in range(1, 5)], 1)


def _across(xyz: Tensor, side: str) -> Tensor:
    """From the little finger's knuckle to the forefinger's."""
    return at(xyz, f"{side}_forefinger1") - at(xyz, f"{side}_pinky_finger1")


def knuckles_follow_from_thumb_to_little_finger(xyz: Tensor) -> Tensor:
    """And the base of the thumb is next to the wrist."""
    fine = []
    for side in SIDES:
        first = torch.stack([at(xyz, f"{side}_{finger}1") for finger in FINGERS], 1)
        places = dot(first[:, 1:], _across(xyz, side)[:, None])
        from_wrist = (first - at(xyz, f"{side}_hand_root")[:, None]).norm(dim=-1)
        fine.append((places.diff(dim=1) < 0).all(1) & (from_wrist.argmin(1) == 0))
    return torch.stack(fine).all(0)


def middle_finger_is_the_longest(xyz: Tensor) -> Tensor:
    length = torch.stack(
        [
            torch.stack([_finger(xyz, side, f).diff(dim=1).norm(dim=-1).sum(1) for f in FINGERS[1:]])
            for side in SIDES
        ]
    )  # (side, finger, N)
    return (length.argmax(1) == 1).all(0)


def fingers_run_from_knuckle_to_tip(xyz: Tensor) -> Tensor:
    """The first phalanx is longer than the others, and begins where the hand ends."""
    fine = []
    for side, finger in itertools.product(SIDES, FINGERS[1:]):
        phalanges = _finger(xyz, side, finger).diff(dim=1).norm(dim=-1)
        fine.append(phalanges.argmax(1) == 0)
    return torch.stack(fine).all(0)


def fingers_flex_towards_the_palm(xyz: Tensor) -> Tensor:
    """About the axis from the forefinger to the little finger in left hands, the other way in right ones: a
    left hand held out with the palm down has that axis to the left. Straight fingers are let off."""
    fine = []
    for side, sign in zip(SIDES, (-1, 1), strict=True):
        for finger in FINGERS[1:]:
            first, _, last = rotations.normalize(_finger(xyz, side, finger).diff(dim=1)).unbind(1)
            axis = torch.linalg.cross(first, last)
            fine.append((axis.norm(dim=-1) < 0.4) | (sign * dot(axis, _across(xyz, side)) > 0))
    return torch.stack(fine).all(0)


def bent_fingers_are_on_the_palms_side(xyz: Tensor) -> Tensor:
    """Fingers that are not bent are let off."""
    fine = []
    for side, sign in zip(SIDES, (1, -1), strict=True):
        along = at(xyz, f"{side}_middle_finger1") - at(xyz, f"{side}_hand_root")
        palm = rotations.normalize(sign * torch.linalg.cross(along, _across(xyz, side)))
        points = _finger(xyz, side, "middle_finger")
        out = points[:, 3] - points[:, 0]
        fine.append((dot(out, palm) > 0) | (dot(out, rotations.normalize(along)) > 0.85 * out.norm(dim=-1)))
    return torch.stack(fine).all(0)


CHECKS: tuple[Callable[[Tensor], Tensor], ...] = (
    nose_in_front_of_ears,
    face_lies_on_its_eyes_and_ears,
    hands_hang_on_their_wrists,
    big_toes_are_inside,
    knees_point_where_the_toes_do,
    knuckles_follow_from_thumb_to_little_finger,
    middle_finger_is_the_longest,
    fingers_run_from_knuckle_to_tip,
    fingers_flex_towards_the_palm,
    bent_fingers_are_on_the_palms_side,
)
"""(N, 133, 3) to (N,) bool; right-handed axes."""


# --- what can be exchanged ---


def _exchange(order: dict[str, str]) -> list[int]:
    """Keypoint indices with the names of the keys taken by those of the values."""
    return [INDEX[order.get(name, name)] for name in INDEX]


def _sides_of(*parts: str) -> list[int]:
    within = {i for part in parts for i in PARTS[part]}
    return [MIRROR[i] if i in within else i for i in range(len(INDEX))]


def _fingers(new: Callable[[str, int], str]) -> list[int]:
    return _exchange(
        {
            f"{side}_{finger}{i}": f"{side}_{new(finger, i)}"
            for side, finger, i in itertools.product(SIDES, FINGERS, range(1, 5))
        }
    )


EXCHANGES: dict[str, list[int]] = {
    "left and right": list(MIRROR),
    "left and right of the body": _sides_of("body"),
    "left and right of the face": _sides_of("face"),
    "the hands": _sides_of("left_hand", "right_hand"),
    "left and right of the feet": _sides_of("feet"),
    "toes and heels": _exchange(
        {
            f"{side}_{a}": f"{side}_{b}"
            for side in SIDES
            for a, b in (("big_toe", "heel"), ("heel", "big_toe"))
        }
    ),
    "thumb to little finger": _fingers(lambda finger, i: f"{FINGERS[4 - FINGERS.index(finger)]}{i}"),
    "each finger and the next": _fingers(lambda finger, i: f"{FINGERS[FINGERS.index(finger) - 1]}{i}"),
    "knuckle to tip": _fingers(lambda finger, i: f"{finger}{5 - i}"),
}
"""Keypoint indices of people with something the wrong way round."""

NOTICED: dict[str, tuple[Callable[[Tensor], Tensor], ...]] = {
    "left and right": (
        *(
            nose_in_front_of_ears,
            big_toes_are_inside,
            fingers_flex_towards_the_palm,
            bent_fingers_are_on_the_palms_side,
        ),
    ),
    "left and right of the body": (
        *(nose_in_front_of_ears, face_lies_on_its_eyes_and_ears, hands_hang_on_their_wrists),
    ),
    "left and right of the face": (face_lies_on_its_eyes_and_ears,),
    "the hands": (hands_hang_on_their_wrists, fingers_flex_towards_the_palm),
    "left and right of the feet": (big_toes_are_inside,),
    "toes and heels": (knees_point_where_the_toes_do,),
    "thumb to little finger": (knuckles_follow_from_thumb_to_little_finger,),
    "each finger and the next": (
        *(knuckles_follow_from_thumb_to_little_finger, middle_finger_is_the_longest),
    ),
    "knuckle to tip": (fingers_run_from_knuckle_to_tip,),
}
"""Which checks must fail for it."""


LEFT_HALF = {
    *(i for name, i in INDEX.items() if name.startswith("left_")),
    # iBUG's numbers on the person's left: jaw, brow, nostril, eye, lips outside and inside
    *(PARTS["face"][n] for n in (*range(9, 17), *range(22, 27), 34, 35, *range(42, 48))),
    *(PARTS["face"][n] for n in (52, 53, 54, 55, 56, 63, 64, 65)),
}
"""Keypoints on the person's left."""


# --- tests ---


@pytest.fixture(scope="module")
def rest(rig: Rig) -> Rest:
    """Adults and children with faces that do all kinds of things."""
    generator = torch.Generator().manual_seed(0)
    actions = torch.rand(PEOPLE, len(FACE_ACTIONS), generator=generator)
    actions = actions * (torch.rand(PEOPLE, len(FACE_ACTIONS), generator=generator) < 0.05)
    return rig.rest(rig.sample_shape(PEOPLE, generator, children=0.3), actions)


@pytest.fixture(scope="module")
def posed(rig: Rig, rest: Rest) -> Tensor:
    """(N, 133, 3) in all kinds of poses, turned in any way."""
    generator = torch.Generator().manual_seed(1)
    L, _ = poses.sample(rest.heads, generator)
    left, right = (hands.sample_shapes(rest.heads, generator) for _ in SIDES)
    xyz = rig.pose(rest, hands.attach(L, left, right))
    return xyz @ random_rotation((PEOPLE,), generator).mT


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_holds_at_rest_and_in_any_pose(rest: Rest, posed: Tensor, check: Callable[[Tensor], Tensor]) -> None:
    assert check(rest.keypoints).float().mean() > 0.98
    assert check(posed).float().mean() > 0.95


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_swapped_keypoints_are_noticed(posed: Tensor, exchange: str) -> None:
    for check in NOTICED[exchange]:
        assert check(posed[:, EXCHANGES[exchange]]).float().mean() < 0.4, check.__name__


def test_every_check_can_fail() -> None:
    assert {check for checks in NOTICED.values() for check in checks} == set(CHECKS)


def test_mirrored_people_with_swapped_sides_are_valid(posed: Tensor) -> None:
    mirrored = posed[:, list(MIRROR)] * torch.tensor([-1.0, 1.0, 1.0])
    for check in CHECKS:
        assert torch.equal(check(mirrored), check(posed)), check.__name__


def test_left_is_x_in_the_rest_pose(rest: Rest) -> None:
    x = rest.keypoints[..., 0]
    for i, j in enumerate(MIRROR):
        on_the_left = i in LEFT_HALF
        assert on_the_left == (j not in LEFT_HALF) or i == j
        if on_the_left:
            assert (x[:, i] > x[:, j]).all(), list(INDEX)[i]


def test_front_is_minus_y_in_the_rest_pose(rest: Rest) -> None:
    xyz = rest.keypoints
    ears = at(xyz, "left_ear", "right_ear")[:, 1]
    for ahead in (at(xyz, "nose"), face(xyz, "left_eye"), face(xyz, "right_eye"), face(xyz, "mouth")):
        assert (ahead[:, 1] < ears - 30).all()
    assert (face(xyz, "jaw", 8)[:, 1] < ears).all()
    for side in SIDES:
        for toe in ("big_toe", "small_toe"):
            assert (at(xyz, f"{side}_{toe}")[:, 1] < at(xyz, f"{side}_heel")[:, 1] - 60).all()
    assert (front(xyz)[:, 1] < -0.9).all()


def test_the_face_is_in_the_order_of_ibug(rest: Rest) -> None:
    xyz = rest.keypoints
    x, z = xyz[..., 0], xyz[..., 2]

    def line(feature: str, *numbers: int) -> list[int]:
        return [FACE_FEATURES[feature][n] for n in numbers]

    from_right_to_left = (
        *(
            line("jaw", 0, 5, 8, 11, 16),
            [*FACE_FEATURES["right_brow"], *FACE_FEATURES["left_brow"]],
        ),
        *(line("nose", *range(4, 9)), line("right_eye", 0, 1, 2, 3), line("right_eye", 0, 5, 4, 3)),
        *(line("left_eye", 0, 1, 2, 3), line("left_eye", 0, 5, 4, 3)),
        *(line("mouth", *range(7)), line("mouth", 0, 11, 10, 9, 8, 7, 6)),
        *(line("mouth", 12, 13, 14, 15, 16), line("mouth", 12, 19, 18, 17, 16)),
    )
    for row in from_right_to_left:
        assert (x[:, row].diff(dim=1) > 0).float().mean() > 0.99, row
    down = (
        *(line("nose", 0, 1, 2, 3), line("jaw", 0, 2, 4, 6, 8), line("jaw", 16, 14, 12, 10, 8)),
        *(line("right_eye", 1, 5), line("right_eye", 2, 4), line("left_eye", 1, 5), line("left_eye", 2, 4)),
        line("mouth", 3, 9),
    )
    for row in down:
        assert (z[:, row].diff(dim=1) < 0).float().mean() > 0.95, row
    features = (
        *(face(xyz, "right_brow", 2), face(xyz, "right_eye"), face(xyz, "nose", 3)),
        *(face(xyz, "nose", 6), face(xyz, "mouth"), face(xyz, "jaw", 8)),
    )
    assert (torch.stack([feature[:, 2] for feature in features], 1).diff(dim=1) < 0).float().mean() > 0.99
    assert (face(xyz, "left_eye")[:, 0] > face(xyz, "right_eye")[:, 0] + 30).all()


# --- the camera ---


@pytest.fixture(scope="module")
def seen(rig: Rig, rest: Rest) -> Views:
    """People standing with the left hand stretched forwards, from all around."""
    angles = torch.zeros(PEOPLE, len(ANGLES))
    for name, value in {"left_arm_raise": 85.0, "left_arm_plane": 90.0}.items():
        angles[:, ANGLES.index(name)] = value
    L = anatomy.compose(angles, rest.heads)
    assert L.shape == (PEOPLE, len(BONES), 3, 3)
    return cameras.sample(rig.pose(rest, L), torch.Generator().manual_seed(2), "laboratory")


def _towards_camera(views: Views) -> Tensor:
    """(N,) cosine of the angle between where people look and the camera."""
    root = at(views.xyz, "left_hip", "right_hip")
    return dot(front(views.xyz), -rotations.normalize(root))


def test_x_is_to_the_right_and_y_down_in_the_image(seen: Views) -> None:
    facing = _towards_camera(seen)
    towards, away = facing > 0.5, facing < -0.5
    assert towards.sum() > 20
    assert away.sum() > 20
    for name in ("shoulder", "hip", "ear", "ankle"):
        left, right = at(seen.xy, f"left_{name}"), at(seen.xy, f"right_{name}")
        assert (left[towards, 0] > right[towards, 0]).all()
        assert (left[away, 0] < right[away, 0]).all()
    assert (at(seen.xy, "nose")[:, 1] < at(seen.xy, "left_hip", "right_hip")[:, 1]).all()
    assert (at(seen.xy, "left_hip")[:, 1] < at(seen.xy, "left_ankle")[:, 1]).all()


def test_z_is_larger_for_the_farther_hand(seen: Views) -> None:
    facing = _towards_camera(seen)
    stretched, hanging = at(seen.xyz, "left_wrist")[:, 2], at(seen.xyz, "right_wrist")[:, 2]
    assert (stretched < hanging - 50)[facing > 0.9].all()
    assert (stretched > hanging + 50)[facing < -0.9].all()
    assert (seen.xyz[..., 2] > 0).all()


def test_people_facing_the_camera_have_the_face_nearest(seen: Views) -> None:
    facing = _towards_camera(seen)
    nose, ears = at(seen.xyz, "nose")[:, 2], at(seen.xyz, "left_ear", "right_ear")[:, 2]
    assert (nose < ears - 40)[facing > 0.7].all()
    assert (nose > ears + 40)[facing < -0.7].all()


def test_camera_axes_are_rotated_world_axes(seen: Views) -> None:
    """A reflection anywhere on the way would show in every check."""
    torch.testing.assert_close(torch.linalg.det(seen.rotation), torch.ones(PEOPLE), atol=1e-4, rtol=0)
    for check in CHECKS:
        assert check(seen.xyz).float().mean() > 0.95, check.__name__


def test_input_and_target_have_the_same_orientation(seen: Views, rest: Rest) -> None:
    generator = torch.Generator().manual_seed(3)
    found = detector.detect(seen.xy, seen, hidden(seen.xyz), generator, noise=False, kind="exact")
    batch = to_batch(Scene(seen, found, rest.stature_mm), "given")
    for check in CHECKS:
        assert check(batch.target).float().mean() > 0.95, check.__name__
    facing = _towards_camera(seen)
    both = batch.observed[:, [INDEX["left_shoulder"], INDEX["right_shoulder"]]].all(1)
    plane = batch.features.keypoints[..., :2]  # x and y in the canonical view
    for flat in (plane, batch.target[..., :2]):
        beside = at(flat, "left_shoulder")[:, 0] - at(flat, "right_shoulder")[:, 0]
        assert (beside[both & (facing > 0.5)] > 0).all()
        assert (beside[both & (facing < -0.5)] < 0).all()
    depth = (at(batch.target, "left_wrist") - at(batch.target, "right_wrist"))[:, 2]
    assert (depth[facing > 0.9] < 0).all()
    assert (depth[facing < -0.9] > 0).all()
