import numpy as np
import pytest
from people import standing

from wholebody_lift import constraints
from wholebody_lift.constraints import BALLS, BONES, lock_feet, lock_lengths, measures
from wholebody_lift.skeleton import INDEX, KEYPOINT_NAMES, PARENTS, PARTS, ROOT

FPS = 30.0


@pytest.fixture
def people() -> np.ndarray:
    """(8, 133, 3) mm: one person whose keypoints are off by 15 mm in every frame."""
    return standing(8).numpy()


def directions(xyz: np.ndarray) -> np.ndarray:
    bones = np.array(BONES)
    offset = xyz[:, bones[:, 1]] - xyz[:, bones[:, 0]]
    return offset / np.linalg.norm(offset, axis=-1, keepdims=True)


def test_bones_are_edges_of_the_tree_that_do_not_stretch() -> None:
    assert all(PARENTS[child] == parent for parent, child in BONES)
    ends = {KEYPOINT_NAMES[child] for _, child in BONES}
    assert {"left_elbow", "right_knee", "left_heel", "right_ear", "left_thumb4"} <= ends
    assert not ends & {"left_shoulder", "right_hip", "face-8"}


def test_locked_bones_are_of_one_length_and_keep_their_direction(people: np.ndarray) -> None:
    lengths = measures(people).mean(axis=0)
    locked = lock_lengths(people, lengths)
    assert np.allclose(measures(locked), lengths, rtol=1e-9)
    assert np.allclose(directions(locked), directions(people), atol=1e-9)
    assert np.allclose(locked[:, list(ROOT)].mean(axis=1), 0, atol=1e-9)


def test_locking_twice_changes_nothing_more(people: np.ndarray) -> None:
    lengths = measures(people).mean(axis=0)
    locked = lock_lengths(people, lengths)
    assert np.allclose(lock_lengths(locked, lengths), locked, atol=1e-9)


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
    assert np.allclose(measures(held), measures(xyz), rtol=1e-6)
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
    assert np.allclose(measures(far), before, rtol=1e-3)


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
