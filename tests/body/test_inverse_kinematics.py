import numpy as np
import pytest
import torch
from moving import walk

from wholebody_lift.body.bone_lengths import lock_lengths, measures
from wholebody_lift.body.inverse_kinematics import (
    BONE_INDEX,
    BONES,
    CHILDREN,
    SkeletonPose,
    solve,
    to_quaternions,
)
from wholebody_lift.skeleton import INDEX

TO_Y_UP = np.diag([1.0, -1.0, -1.0])


@pytest.fixture
def walking() -> np.ndarray:
    """(40, 133, 3) mm, y up; who looks into the camera looks along z."""
    return walk(40) @ TO_Y_UP


def keypoint_errors(skeleton: SkeletonPose, xyz: np.ndarray) -> dict[str, np.ndarray]:
    """mm (T,) between each keypoint at which a bone begins and that bone."""
    heads = skeleton.heads()
    return {
        bone.keypoint: np.linalg.norm(heads[:, i] - xyz[:, INDEX[bone.keypoint]], axis=-1)
        for i, bone in enumerate(BONES)
        if bone.keypoint
    }


def fingertips(skeleton: SkeletonPose, xyz: np.ndarray) -> np.ndarray:
    names = {"Thumb": "thumb", "Index": "forefinger", "Middle": "middle_finger"}
    names |= {"Ring": "ring_finger", "Little": "pinky_finger"}
    tips = skeleton.tips()
    return np.stack(
        [
            tips[:, BONE_INDEX[f"{side}{bone}Distal"]] - xyz[:, INDEX[f"{side}_{finger}4"]]
            for side in ("left", "right")
            for bone, finger in names.items()
        ]
    )


def test_every_bone_is_followed_by_what_hangs_on_it():
    def descend(bone: int) -> list[int]:
        return [bone, *(i for child in CHILDREN[bone] for i in descend(child))]

    assert descend(0) == list(range(len(BONES))) == list(range(51))
    assert len({bone.name for bone in BONES}) == len(BONES)


def test_bones_are_where_the_keypoints_of_a_rigid_person_are(walking):
    skeleton = solve(walking)
    assert max(error.max() for error in keypoint_errors(skeleton, walking).values()) < 1
    assert np.linalg.norm(fingertips(skeleton, walking), axis=-1).max() < 1


def test_rotations_are_rotations_and_bones_keep_their_length(walking):
    skeleton = solve(walking)
    R = skeleton.rotations
    np.testing.assert_allclose(R @ R.swapaxes(-1, -2), np.broadcast_to(np.eye(3), R.shape), atol=1e-12)
    assert (np.linalg.det(R) > 0).all()
    lengths = np.linalg.norm(skeleton.tips() - skeleton.heads(), axis=-1)
    np.testing.assert_allclose(lengths, np.broadcast_to(lengths[0], lengths.shape), rtol=1e-12)


def test_what_forward_kinematics_makes_inverse_kinematics_finds_again(walking):
    """Keypoints that have the bones' lengths exactly come back exactly, but for what is no bone of theirs."""
    skeleton = solve(walking)
    exact = walking.copy()
    heads, tips = skeleton.heads(), skeleton.tips()
    for i, bone in enumerate(BONES):
        if bone.keypoint:
            exact[:, INDEX[bone.keypoint]] = heads[:, i]
    again = solve(exact)
    limbs = [bone for bone in BONES if bone.keypoint and bone.name.endswith(("Arm", "Leg", "Hand", "Foot"))]
    errors = keypoint_errors(again, exact)
    assert max(errors[bone.keypoint].max() for bone in limbs if bone.keypoint) < 1e-6
    assert np.isfinite(tips).all()


def test_rest_pose_is_a_t_pose(walking):
    skeleton = solve(walking)
    heads = skeleton.rest_heads()

    def head(name: str) -> np.ndarray:
        return heads[BONE_INDEX[name]]

    for side, sign in (("left", 1), ("right", -1)):
        arm = head(f"{side}Hand") - head(f"{side}UpperArm")
        np.testing.assert_allclose(arm, [sign * np.linalg.norm(arm), 0, 0], atol=1e-9)
        leg = head(f"{side}Foot") - head(f"{side}UpperLeg")
        np.testing.assert_allclose(leg, [0, -np.linalg.norm(leg), 0], atol=1e-9)
        assert (head(f"{side}Toes") - head(f"{side}Foot"))[2] > 0
        assert (head(f"{side}IndexProximal") - head(f"{side}LittleProximal"))[2] != 0
    assert (heads[0, 0], heads[0, 2]) == (0, 0)
    assert np.minimum(heads, heads + skeleton.ends)[:, 1].min() == pytest.approx(0)


def test_a_person_who_stands_elsewhere_and_is_turned_has_the_same_bones(walking):
    angle = 1.1
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    here, there = solve(walking), solve(walking @ turn.T + (300, -50, 2000))
    np.testing.assert_allclose(there.offsets, here.offsets, atol=1e-8)
    np.testing.assert_allclose(there.root, here.root @ turn.T + (300, -50, 2000), atol=1e-8)
    np.testing.assert_allclose(there.rotations[:, 1:], here.rotations[:, 1:], atol=1e-6)
    np.testing.assert_allclose(there.rotations[:, 0], turn @ here.rotations[:, 0], atol=1e-9)


def test_an_error_of_length_does_not_go_down_the_limb(walking):
    """Hips too far apart for a frame: the skeleton's are not, but knees and ankles are where they were."""
    across = walking[3, INDEX["left_hip"]] - walking[3, INDEX["right_hip"]]
    walking[3, INDEX["left_hip"]] += 0.2 * across
    errors = keypoint_errors(solve(walking), walking)
    assert errors["left_hip"][3] > 15
    assert errors["left_knee"][3] < 2
    assert errors["left_ankle"][3] < 2


def test_shoulders_rise_and_sink_by_the_collarbones():
    xyz = walk(21) @ TO_Y_UP
    upper = [i for name, i in INDEX.items() if not name.endswith(("hip", "knee", "ankle", "toe", "heel"))]
    for t, rise in ((3, 25), (4, -25)):
        xyz[t, upper] += (0, rise, 0)
    skeleton = solve(xyz)
    errors = keypoint_errors(skeleton, xyz)
    heads, spine, neck = skeleton.heads(), BONE_INDEX["spine"], BONE_INDEX["neck"]
    length = np.linalg.norm(heads[:, neck] - heads[:, spine], axis=-1)
    for t in (3, 4):
        assert max(error[t] for error in errors.values()) < 1e-6
        assert length[t] == pytest.approx(length[0])  # the spine stays straight
    shoulders = (heads[:, BONE_INDEX["leftUpperArm"]] + heads[:, BONE_INDEX["rightUpperArm"]]) / 2
    above = (shoulders - heads[:, neck])[:, 1]
    assert above[3] > above[2] + 15
    assert above[4] < above[2] - 15


def test_a_trunk_that_is_much_shorter_than_usual_bends_forwards():
    xyz = walk(21) @ TO_Y_UP
    upper = [i for name, i in INDEX.items() if not name.endswith(("hip", "knee", "ankle", "toe", "heel"))]
    xyz[3, upper] -= (0, 80, 0)
    skeleton = solve(xyz)
    assert keypoint_errors(skeleton, xyz)["left_shoulder"][3] < 1e-6
    heads = skeleton.heads()
    middle = (
        heads[3, BONE_INDEX["chest"]] - (heads[3, BONE_INDEX["spine"]] + heads[3, BONE_INDEX["neck"]]) / 2
    )
    hips = heads[3, BONE_INDEX["leftUpperLeg"]] - heads[3, BONE_INDEX["rightUpperLeg"]]
    assert middle @ np.cross(hips, (0, 1, 0)) < 0  # the middle of the back moves backwards


def test_hand_turns_the_forearm_half():
    """The hand is turned about the forearm; the forearm follows half way, and fingers stay where they are."""
    xyz = np.repeat(walk(1), 9, axis=0) @ TO_Y_UP
    wrist, elbow = INDEX["left_wrist"], INDEX["left_elbow"]
    axis = xyz[0, wrist] - xyz[0, elbow]
    axis /= np.linalg.norm(axis)
    skew = np.cross(np.eye(3), axis)
    hand = [INDEX["left_hand_root"], *range(INDEX["left_thumb1"], INDEX["left_pinky_finger4"] + 1)]
    angles = np.linspace(0, 1.6, 9)
    for t, angle in enumerate(angles):
        turn = np.eye(3) - np.sin(angle) * skew + (1 - np.cos(angle)) * skew @ skew
        xyz[t, hand] = xyz[t, wrist] + (xyz[t, hand] - xyz[t, wrist]) @ turn.T
    turns = solve(xyz).turns()[:, BONE_INDEX["leftLowerArm"]]
    relative = turns[0].T @ turns
    turned = np.arccos((np.trace(relative, axis1=1, axis2=2) - 1).clip(-2, 2) / 2)
    np.testing.assert_allclose(turned, angles / 2, atol=1e-6)


def test_quaternions_of_every_kind_of_rotation():
    random = np.random.default_rng(0)
    q = random.standard_normal((500, 4))
    q[:6] = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 1, 0, 0], [0, 1, 1e-9, 0]]
    q /= np.linalg.norm(q, axis=-1, keepdims=True)
    x, y, z, w = q.T
    skew = np.array([[0 * x, -z, y], [z, 0 * x, -x], [-y, x, 0 * x]]).transpose(2, 0, 1)
    R = np.eye(3) + 2 * w[:, None, None] * skew + 2 * skew @ skew
    found = to_quaternions(R)
    assert (found[:, 3] >= 0).all()
    np.testing.assert_allclose(np.abs(np.sum(found * q, axis=-1)), 1, atol=1e-12)


def test_one_frame_is_enough():
    assert len(solve(walk(1) @ TO_Y_UP)) == 1


def riding(skeleton: SkeletonPose, xyz: np.ndarray) -> np.ndarray:
    """mm (T, M): how far keypoints that begin no bone move against the bone that they are on."""
    riders = {"head": ["nose", "left_eye", "right_eye", "left_ear", "right_ear"]}
    for side in ("left", "right"):
        riders[f"{side}Hand"] = [f"{side}_hand_root"]
        riders[f"{side}Foot"] = [f"{side}_heel"]
        riders[f"{side}Toes"] = [f"{side}_big_toe", f"{side}_small_toe"]
    turns, heads = skeleton.turns(), skeleton.heads()
    away = []
    for name, keypoints in riders.items():
        bone = BONE_INDEX[name]
        for keypoint in keypoints:
            place = np.einsum("tji,tj->ti", turns[:, bone], xyz[:, INDEX[keypoint]] - heads[:, bone])
            away.append(np.linalg.norm(place - np.median(place, axis=0), axis=-1))
    return np.stack(away, axis=1)


def test_bones_meet_every_keypoint_of_body_feet_and_hands_where_lengths_are_locked():
    """Also of people who change their shape from frame to frame before that, as lifted ones do."""
    noisy = walk(40) + np.random.default_rng(0).normal(scale=12, size=(40, 133, 3))
    locked = lock_lengths(noisy, np.median(measures(noisy), axis=0)) @ TO_Y_UP
    skeleton = solve(locked)
    errors = keypoint_errors(skeleton, locked)
    assert len(errors) == 42
    assert max(error.max() for error in errors.values()) < 1e-6
    assert np.linalg.norm(fingertips(skeleton, locked), axis=-1).max() < 1e-6
    assert riding(skeleton, locked).shape == (40, 13)
    assert riding(skeleton, locked).max() < 1e-6


def test_bones_of_a_synthetic_person_are_where_the_keypoints_are():
    """In poses of every kind: the spine bends and twists, palms arch, fingers curl."""
    pytest.importorskip("anny", reason="the rig is built from Anny")
    from wholebody_lift.train.synthetic import hands, poses
    from wholebody_lift.train.synthetic.phenotypes import FACE_ACTIONS, Shape
    from wholebody_lift.train.synthetic.rig import load_rig

    n, rig, generator = 40, load_rig(), torch.Generator().manual_seed(0)
    one = rig.sample_shape(1, generator)
    same = Shape(one.phenotypes.expand(n, -1), one.local_changes.expand(n, -1))
    rest = rig.rest(same, torch.zeros(n, len(FACE_ACTIONS)))
    body, _ = poses.sample(rest.heads, generator)
    left, right = (hands.sample(rest.heads, generator) for _ in range(2))
    xyz = rig.pose(rest, hands.attach(body, left, right)).double().numpy()
    xyz = xyz[..., [0, 2, 1]] * (1, 1, -1)  # from z up to y up
    skeleton = solve(xyz)
    errors = np.stack(list(keypoint_errors(skeleton, xyz).values()))
    assert np.median(errors) < 1
    assert np.percentile(errors, 95) < 5
    assert np.percentile(np.linalg.norm(fingertips(skeleton, xyz), axis=-1), 90) < 5
