from typing import NamedTuple

import numpy as np
import pytest
from people import standing

from wholebody_lift.body.bone_lengths import LIMB_EDGES
from wholebody_lift.ground import Ground
from wholebody_lift.skeleton import INDEX, PARTS
from wholebody_lift.video import fit as fitting
from wholebody_lift.video.feet import BALLS
from wholebody_lift.video.fit import fit
from wholebody_lift.video.hands import Touch

FPS = 30.0
FRAMES = 40
HOME = np.array([100.0, 50.0, 4000.0])


class Case(NamedTuple):
    """The arguments of `fit`, without fps."""

    xyz: np.ndarray
    path: np.ndarray
    error_mm: np.ndarray
    plane: np.ndarray
    weights: np.ndarray
    stands: np.ndarray


def case(path: np.ndarray, stands: bool = True) -> Case:
    """A person who stands still at `HOME` and is seen there, but was placed along `path`."""
    xyz = np.repeat(standing(1).numpy(), FRAMES, axis=0)
    true = xyz + HOME
    return Case(
        xyz=xyz,
        path=path,
        error_mm=np.full(xyz.shape[:2], 30.0),
        plane=true[..., :2] / true[..., 2:],
        weights=np.ones(xyz.shape[:2]),
        stands=np.full((FRAMES, 2), stands),
    )


@pytest.fixture
def swaying() -> Case:
    """The distance sways by 200 mm, and the right leg bends and stretches a little."""
    time = np.arange(FRAMES)
    path = HOME + np.array([0.0, 0.0, 200.0]) * np.sin(time / 6)[:, None]
    found = case(path)
    leg = [INDEX[f"right_{name}"] for name in ("ankle", "heel", "big_toe", "small_toe")]
    found.xyz[:, leg, 2] += 30 * np.sin(time / 4)[:, None]
    return found


def balls(xyz: np.ndarray, path: np.ndarray) -> np.ndarray:
    return np.stack([xyz[:, ball].mean(axis=1) for ball in BALLS], axis=1) + path[:, None]


def off_ray(xyz: np.ndarray, path: np.ndarray, plane: np.ndarray) -> float:
    placed = xyz + path[:, None]
    return float(np.linalg.norm(placed[..., :2] / placed[..., 2:] - plane, axis=-1).mean())


def test_the_truth_stays_as_it_is() -> None:
    true = case(np.tile(HOME, (FRAMES, 1)))
    xyz, path = fit(*true, FPS)
    assert np.allclose(xyz, true.xyz, atol=1e-6)
    assert np.allclose(path, true.path, atol=1e-6)


def test_standing_feet_rest_and_the_person_fits_the_picture_better(swaying: Case) -> None:
    xyz, path = fit(*swaying, FPS)
    assert np.ptp(balls(swaying.xyz, swaying.path), axis=0).max() > 300
    assert np.ptp(balls(xyz, path), axis=0).max() < 10
    assert off_ray(xyz, path, swaying.plane) < 0.3 * off_ray(swaying.xyz, swaying.path, swaying.plane)
    assert np.ptp(path[:, 2]) < 0.5 * np.ptp(swaying.path[:, 2])  # the rest is lean


def test_bones_keep_their_lengths(swaying: Case) -> None:
    xyz, _ = fit(*swaying, FPS)
    starts, ends = (list(side) for side in zip(*LIMB_EDGES, strict=True))
    lengths = np.linalg.norm(xyz[:, ends] - xyz[:, starts], axis=-1)
    assert np.ptp(lengths, axis=0).max() < 5


def test_time_has_no_direction(swaying: Case) -> None:
    xyz, path = fit(*swaying, FPS)
    back, path_back = fit(*(values[::-1] for values in swaying), FPS)
    assert np.allclose(back[::-1], xyz, atol=1e-4)
    assert np.allclose(path_back[::-1], path, atol=1e-4)


def test_what_is_missing_in_the_picture_counts_for_nothing(swaying: Case) -> None:
    swaying.weights[:, PARTS["left_hand"]] = 0
    xyz, _ = fit(*swaying, FPS)
    swaying.plane[:, PARTS["left_hand"]] = 7.0
    assert np.array_equal(fit(*swaying, FPS)[0], xyz)


def test_a_keypoint_far_off_its_place_does_not_pull() -> None:
    true = case(np.tile(HOME, (FRAMES, 1)), stands=False)
    true.plane[:, INDEX["left_wrist"]] += 0.5  # 2 m
    xyz, path = fit(*true, FPS)
    assert np.linalg.norm(xyz + path[:, None] - true.xyz - HOME, axis=-1).max() < 5


def test_nothing_goes_under_the_floor(swaying: Case) -> None:
    """Nor far under it, unless it is so far that it must be another floor."""
    before = swaying.xyz + swaying.path[:, None]
    depth = before[:, BALLS].max(axis=(1, 2))[..., 1]

    def deepest(above_mm: float) -> float:
        ground = Ground((0.0, 1.0, 0.0), float(np.median(depth)) - above_mm, 1.0, 10.0)
        xyz, path = fit(*swaying, FPS, ground)
        return float(-ground.height_of(xyz + path[:, None]).min())

    assert deepest(60) < 15
    assert deepest(600) > 500


def test_hands_that_touch_come_together_in_depth() -> None:
    wrists = [INDEX["left_wrist"], INDEX["right_wrist"]]
    hands = [[wrist, *PARTS[f"{side}_hand"]] for side, wrist in zip(("left", "right"), wrists, strict=True)]
    case_ = case(np.tile(HOME, (FRAMES, 1)), stands=False)
    case_.xyz[:, hands[1]] = case_.xyz[:, hands[0]] + np.array([10.0, 0, 90])
    placed = case_.xyz + case_.path[:, None]
    case_.plane[:] = placed[..., :2] / placed[..., 2:]
    touches, shares = np.arange(FRAMES) >= 10, np.full((FRAMES, 2, 21), 1 / 21)
    xyz, path = fit(*case_, FPS, touch=Touch(touches, shares))
    apart = np.abs(xyz[:, hands[1], 2] - xyz[:, hands[0], 2]).mean(axis=1)
    assert apart[10:].max() < 15
    assert apart[0] > 40
    assert off_ray(xyz, path, case_.plane) < 0.002


def test_equations_are_solved_as_the_dense_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "BLOCK", 4)
    rng = np.random.default_rng(0)
    steps, unknowns = 6, 4
    beside = rng.normal(size=(steps - 1, unknowns))
    square = rng.normal(size=(steps, unknowns, unknowns))
    square = square @ square.swapaxes(1, 2) + 9 * np.eye(unknowns)
    right = rng.normal(size=(steps, unknowns))
    dense = np.zeros((steps, unknowns, steps, unknowns))
    for t in range(steps):
        dense[t, :, t] = square[t]
    for t in range(steps - 1):
        dense[t, :, t + 1] = dense[t + 1, :, t] = np.diag(beside[t])
    want = np.linalg.solve(dense.reshape(steps * unknowns, -1), right.ravel()).reshape(steps, unknowns)
    found = fitting._solve(lambda part: square[part].copy(), beside, right.copy())
    assert np.allclose(found, want, rtol=1e-6, atol=1e-6)


def test_blocks_make_no_difference(swaying: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fit(*swaying, FPS)
    monkeypatch.setattr(fitting, "BLOCK", 7)
    for one, other in zip(fit(*swaying, FPS), whole, strict=True):
        assert np.allclose(one, other, atol=1e-4)


def test_one_frame() -> None:
    one = Case(*(values[:1] for values in case(np.tile(HOME, (FRAMES, 1)))))
    xyz, path = fit(*one, FPS)
    assert np.allclose(xyz, one.xyz, atol=1e-6)
    assert np.allclose(path, one.path, atol=1e-6)
