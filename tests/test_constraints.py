import numpy as np
import pytest
from people import standing

from wholebody_lift.body import constraints
from wholebody_lift.body.constraints import (
    BALLS,
    BODIES,
    BONES,
    FINGERS,
    LIMBS,
    Measures,
    lock_feet,
    lock_lengths,
    measures,
)
from wholebody_lift.skeleton import EDGES, INDEX, KEYPOINT_NAMES, PARENTS, PARTS, ROOT

FPS = 30.0


@pytest.fixture
def people() -> np.ndarray:
    """(8, 133, 3) mm: one person whose keypoints are off by 15 mm in every frame."""
    return standing(8).numpy()


def directions(xyz: np.ndarray, bones: list[tuple[int, int]]) -> np.ndarray:
    parents, children = zip(*bones, strict=True)
    offset = xyz[:, children] - xyz[:, parents]
    return offset / np.linalg.norm(offset, axis=-1, keepdims=True)


def lengths_of(xyz: np.ndarray, pairs: list[tuple[int, int]]) -> np.ndarray:
    first, second = zip(*pairs, strict=True)
    return np.linalg.norm(xyz[:, second] - xyz[:, first], axis=-1)


def test_bones_are_edges_of_the_tree_that_do_not_stretch() -> None:
    assert all(PARENTS[child] == parent for parent, child in BONES)
    ends = {KEYPOINT_NAMES[child] for _, child in BONES}
    assert {"left_elbow", "right_knee", "left_heel", "right_ear", "left_thumb4"} <= ends
    assert not ends & {"left_shoulder", "right_hip", "face-8"}


def test_every_bone_turns_by_itself_or_is_in_a_rigid_body() -> None:
    turning = {child for _, child in LIMBS + FINGERS}
    carried = [i for body in BODIES for i in body.members]
    assert len(set(carried)) == len(carried)
    assert turning | set(carried) == {child for _, child in BONES}
    assert not turning & set(carried)
    assert {KEYPOINT_NAMES[child] for _, child in LIMBS} == {
        f"{side}_{name}" for side in ("left", "right") for name in ("elbow", "wrist", "knee", "ankle")
    }


def test_locked_people_have_the_measures(people: np.ndarray) -> None:
    lengths = measures(people).mean(axis=0)
    locked = lock_lengths(people, lengths)
    found, wanted = Measures.of(measures(locked)), Measures.of(lengths)
    for name in set(Measures._fields) - {"neck"}:  # which is told where the shoulders hang
        assert np.allclose(getattr(found, name), getattr(wanted, name), rtol=1e-9, atol=1e-9), name
    assert np.allclose(locked[:, list(ROOT)].mean(axis=1), 0, atol=1e-9)


def test_no_edge_beyond_the_trunk_changes_its_length(people: np.ndarray) -> None:
    """Those that close hips, shoulders, palms and feet neither."""
    ends = {INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("shoulder", "hip")}
    pairs = [
        (a, b) for a, b in EDGES if not {a, b} & set(PARTS["face"]) and (PARENTS[b] != a or b not in ends)
    ]
    assert len(pairs) == len(BONES) + 2 + 2 * (2 + 3)
    lengths = lengths_of(lock_lengths(people, measures(people).mean(axis=0)), pairs)
    assert np.ptp(lengths, axis=0).max() < 1e-9


def test_limbs_point_at_where_keypoints_were_and_fingers_keep_their_direction(people: np.ndarray) -> None:
    locked = lock_lengths(people, measures(people).mean(axis=0))
    for parent, child in LIMBS:
        towards = people[:, child] - locked[:, parent]
        towards /= np.linalg.norm(towards, axis=-1, keepdims=True)
        assert np.allclose(directions(locked, [(parent, child)])[:, 0], towards, atol=1e-9)
    assert np.allclose(directions(locked, FINGERS), directions(people, FINGERS), atol=1e-9)


def test_what_is_rigid_is_turned_as_it_was() -> None:
    people = np.repeat(standing(1).numpy(), 3, axis=0)
    hand, wrist = list(PARTS["left_hand"]), INDEX["left_wrist"]
    for t, angle in enumerate((0.0, 0.5, 1.0)):
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        people[t, hand] = people[t, wrist] + (people[t, hand] - people[t, wrist]) @ turn.T
    assert np.allclose(lock_lengths(people, np.median(measures(people), axis=0)), people, atol=1e-9)


def test_locking_twice_changes_nothing_more(people: np.ndarray) -> None:
    lengths = measures(people).mean(axis=0)
    locked = lock_lengths(people, lengths)
    assert np.allclose(lock_lengths(locked, lengths), locked, atol=1e-9)


def test_a_single_frame_with_its_own_measures_stays_as_it_is(people: np.ndarray) -> None:
    assert np.allclose(lock_lengths(people[:1], measures(people[:1])[0]), people[:1], atol=1e-9)


def test_the_face_keeps_its_shape_and_hangs_on_the_nose(people: np.ndarray) -> None:
    locked = lock_lengths(people, measures(people).mean(axis=0))
    face, nose = list(PARTS["face"]), INDEX["nose"]
    before, after = (xyz[:, face] - xyz[:, [nose]] for xyz in (people, locked))
    ratio = np.linalg.norm(after, axis=-1) / np.linalg.norm(before, axis=-1)
    assert np.allclose(ratio, ratio[:, :1])


def test_weighted_median_ignores_what_is_not_trusted() -> None:
    values = np.array([[1.0, 5], [2, 6], [3, 7], [100, 8], [200, 9]])
    weights = np.array([[1.0, 1], [1, 1], [1, 1], [0, 1], [0, 1]])
    assert constraints.weighted_median(values, weights).tolist() == [2, 7]


def test_scale_that_drifts_slowly_is_taken_out() -> None:
    frames = 300
    drift = 1 + 0.1 * np.sin(2 * np.pi * np.arange(frames) / frames)
    xyz = standing(1).numpy() * drift[:, None, None]
    lengths = measures(standing(1).numpy())[0]
    factor = constraints.steady_scale(xyz, lengths, np.ones((frames, 133)), FPS)
    assert np.abs(factor * drift - 1).max() < 0.01


# Feet


def walker(frames: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A person who stands, while what was lifted sways; and where the feet are seen to be."""
    xyz = np.repeat(standing(1).numpy(), frames, axis=0)
    rng = np.random.default_rng(0)
    for leg in constraints._LEGS:
        xyz[:, leg[2:]] += 20 * np.sin(np.arange(frames) / 7 + rng.uniform(0, 6))[:, None, None]
    path = np.array([100.0, 50, 4000]) + 40 * np.sin(np.arange(frames) / 9)[:, None] * np.array([1, 0.2, 3])
    return xyz, path, np.zeros((frames, 2, 2))


def balls(xyz: np.ndarray, path: np.ndarray) -> np.ndarray:
    return np.stack([xyz[:, ball].mean(axis=1) for ball in BALLS], axis=1) + path[:, None]


def test_standing_feet_do_not_move_and_legs_keep_their_length() -> None:
    xyz, path, seen = walker()
    xyz = lock_lengths(xyz, measures(xyz).mean(axis=0))
    held, moved = lock_feet(xyz, path, seen, FPS)
    assert np.ptp(balls(xyz, path), axis=0).max() > 100
    assert np.ptp(balls(held, moved), axis=0).max() < 1e-3
    assert np.allclose(measures(held), measures(xyz), rtol=1e-6, atol=1e-6)
    above = [INDEX["nose"], INDEX["left_wrist"], *ROOT]
    assert np.array_equal(held[:, above], xyz[:, above])


def test_a_foot_out_of_reach_leaves_the_leg_straight() -> None:
    xyz = standing(1).numpy()
    leg = constraints._LEGS[0]
    before = measures(xyz)
    far = xyz.copy()
    constraints._reach(far, leg, np.array([[0.0, 5000, 0]]))
    hip, knee, ankle = far[0, leg[:3]]
    thigh, shank = knee - hip, ankle - knee
    assert thigh @ shank == pytest.approx(np.linalg.norm(thigh) * np.linalg.norm(shank), rel=1e-4)
    assert np.allclose(measures(far), before, rtol=1e-3, atol=1e-3)


def test_feet_that_walk_are_left_alone() -> None:
    xyz, path, _ = walker()
    seen = np.linspace(0, 1, len(xyz))[:, None, None] * np.ones((1, 2, 2))  # 4 m in 2 s
    held, moved = lock_feet(xyz, path, seen, FPS)
    assert np.allclose(held, xyz, atol=1e-6)
    assert np.allclose(moved, path, atol=1e-6)


def test_feet_stand_when_they_are_seen_to() -> None:
    steps = np.zeros((90, 2, 2))
    steps[30:45, 0, 0] = np.linspace(0, 800, 15)  # a step of half a second
    steps[45:, 0, 0] = 800
    steps[:, 1] = np.nan
    stands = constraints.standing(steps, FPS)
    assert stands[5:25, 0].all()
    assert not stands[33:42, 0].any()
    assert stands[55:85, 0].all()
    assert not stands[:, 1].any()  # never seen


def test_runs() -> None:
    assert constraints.runs(np.array([1, 1, 0, 1, 0, 0, 1], dtype=bool)) == [(0, 2), (3, 4), (6, 7)]
    assert constraints.runs(np.zeros(3, dtype=bool)) == []
