import numpy as np
import pytest
from people import standing

from wholebody_lift.body.bone_lengths import lock_lengths, measures
from wholebody_lift.skeleton import INDEX, ROOT
from wholebody_lift.video import feet
from wholebody_lift.video.feet import BALLS, lock_feet

FPS = 30.0


def walker(frames: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """A person who stands, while what was lifted sways."""
    xyz = np.repeat(standing(1).numpy(), frames, axis=0)
    rng = np.random.default_rng(0)
    for leg in feet._LEGS:
        xyz[:, leg[2:]] += 20 * np.sin(np.arange(frames) / 7 + rng.uniform(0, 6))[:, None, None]
    path = np.array([100.0, 50, 4000]) + 40 * np.sin(np.arange(frames) / 9)[:, None] * np.array([1, 0.2, 3])
    return xyz, path


def balls(xyz: np.ndarray, path: np.ndarray) -> np.ndarray:
    return np.stack([xyz[:, ball].mean(axis=1) for ball in BALLS], axis=1) + path[:, None]


def test_standing_feet_do_not_move_and_legs_keep_their_length() -> None:
    xyz, path = walker()
    xyz = lock_lengths(xyz, measures(xyz).mean(axis=0))
    held, moved = lock_feet(xyz, path, np.ones((len(xyz), 2), dtype=bool), FPS)
    assert np.ptp(balls(xyz, path), axis=0).max() > 100
    assert np.ptp(balls(held, moved), axis=0).max() < 1e-3
    assert np.allclose(measures(held), measures(xyz), rtol=1e-6, atol=1e-6)
    above = [INDEX["nose"], INDEX["left_wrist"], *ROOT]
    assert np.array_equal(held[:, above], xyz[:, above])


def test_a_foot_out_of_reach_leaves_the_leg_straight() -> None:
    xyz = standing(1).numpy()
    leg = feet._LEGS[0]
    before = measures(xyz)
    far = xyz.copy()
    feet._reach(far, leg, np.array([[0.0, 5000, 0]]))
    hip, knee, ankle = far[0, leg[:3]]
    thigh, shank = knee - hip, ankle - knee
    assert thigh @ shank == pytest.approx(np.linalg.norm(thigh) * np.linalg.norm(shank), rel=1e-4)
    assert np.allclose(measures(far), before, rtol=1e-3, atol=1e-3)


def test_feet_that_walk_are_left_alone() -> None:
    xyz, path = walker()
    held, moved = lock_feet(xyz, path, np.zeros((len(xyz), 2), dtype=bool), FPS)
    assert np.allclose(held, xyz, atol=1e-6)
    assert np.allclose(moved, path, atol=1e-6)


def test_feet_stand_when_they_are_seen_to() -> None:
    steps = np.zeros((90, 2, 2))
    steps[30:45, 0, 0] = np.linspace(0, 800, 15)  # a step of half a second
    steps[45:, 0, 0] = 800
    steps[:, 1] = np.nan
    stands = feet.standing(steps / 4000, np.full(90, 4000.0), FPS)
    assert stands[5:25, 0].all()
    assert not stands[33:42, 0].any()
    assert stands[55:85, 0].all()
    assert not stands[:, 1].any()  # never seen


def test_a_wrong_depth_is_not_a_step() -> None:
    """Toes low in the picture that do not move there stand, however far away the person seems to be."""
    seen = np.full((90, 2, 2), 0.3)
    swaying = 4000 + 800 * np.sin(np.arange(90) / 10)
    assert feet.standing(seen, swaying, FPS).all()


def test_a_short_doubt_does_not_end_a_stand() -> None:
    seen = np.zeros((90, 2, 2))
    seen[44:46, 0, 0] = 0.02  # 80 mm for two frames, of which smoothing leaves about 30
    seen[44:46, 1, 0] = 0.2
    stands = feet.standing(seen, np.full(90, 4000.0), FPS)
    assert stands[:, 0].all()
    assert not stands[44:46, 1].any()


def test_errors_in_depth_are_no_steps() -> None:
    """Feet far from the optical axis that rest in the picture, while the depth of the person wanders."""
    seen = np.full((90, 2, 2), 0.3)
    depth = 4000 + 300 * np.sin(np.arange(90) / 5)
    assert feet.standing(seen, depth, FPS).all()


def test_a_foot_that_is_lost_from_sight_goes_where_it_is_lifted() -> None:
    """By how much lifting is off is kept, so that nothing jumps; what is seen stays as it is."""
    (big, small), right = BALLS
    placed = np.repeat(standing(1).numpy(), 60, axis=0) + np.array([100.0, 800, 4000])
    placed[:, [big, small], 0] += 5.0 * np.arange(60)[:, None]
    seen = placed[..., :2] / placed[..., 2:] + np.array([0.02, -0.01])
    lost = seen.copy()
    lost[20:40, big] = lost[50:, small] = np.nan
    lost[:, right[0]] = np.nan
    found = feet.places_seen(lost, placed)
    assert np.allclose(found[:, 0], seen[:, [big, small]].mean(axis=1))
    assert np.allclose(found[:, 1], seen[:, right[1]])
    lost[:, right] = np.nan
    assert np.isnan(feet.places_seen(lost, placed)[:, 1]).all()
