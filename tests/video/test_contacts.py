"""Knees, hands and seat that rest: found in the picture, and held by the fit."""

import numpy as np
from people import standing

from wholebody_lift.ground import Ground
from wholebody_lift.skeleton import CONTACTS, INDEX
from wholebody_lift.video import contacts
from wholebody_lift.video.fit import fit

FPS, FRAMES = 30.0, 60
NAMES = list(CONTACTS)


def sitting() -> np.ndarray:
    """(T, 133, 3) mm from the camera: someone who sits still, with thighs that point at the camera."""
    body = standing(1).numpy()[0].astype(np.float64)
    for side in ("left", "right"):
        hip, knee, *below = (INDEX[f"{side}_{name}"] for name in ("hip", "knee", "ankle", "heel"))
        below += [INDEX[f"{side}_{toe}_toe"] for toe in ("big", "small")]
        thigh = body[knee] - body[hip]
        shift = np.array([0.0, 0.0, -np.linalg.norm(thigh)]) - thigh
        body[[knee, *below]] += shift
    return np.repeat(body[None], FRAMES, axis=0) + np.array([100.0, 200.0, 4000.0])


def floor_under(placed: np.ndarray) -> Ground:
    return Ground((0.0, 1.0, 0.0), float(placed[..., 1].max()), 1.0, 10.0)


def found(seen_from: np.ndarray, placed: np.ndarray, ground: Ground | None) -> dict[str, np.ndarray]:
    """What rests, by name."""
    seen = seen_from[..., :2] / seen_from[..., 2:]
    rests = contacts.resting(seen, placed, np.full(placed.shape[:2], 50.0), ground, FPS)
    return dict(zip(NAMES, rests.T, strict=True))


def test_the_seat_of_someone_who_sits_rests_and_hands_in_the_air_do_not() -> None:
    placed = sitting()
    rests = found(placed, placed, floor_under(placed))
    assert rests["seat"].all()
    assert not rests["left hand"].any()
    assert not rests["left knee"].any()


def test_who_stands_does_not_sit() -> None:
    placed = np.repeat(standing(1).numpy().astype(np.float64), FRAMES, axis=0) + np.array([0, 0, 4000.0])
    assert not found(placed, placed, floor_under(placed))["seat"].any()


def test_a_hand_rests_near_the_floor_only_and_only_while_it_is_still() -> None:
    placed = sitting()
    ground = floor_under(placed)
    hand = INDEX["left_wrist"]
    placed[:, hand, 1] = ground.camera_height_mm - 60
    placed[30:, hand, 0] += np.linspace(0, 900, FRAMES - 30)
    rests = found(placed, placed, ground)["left hand"]
    assert rests[:25].all()
    assert not rests[35:].any()


def test_what_is_lifted_as_moving_in_depth_does_not_rest() -> None:
    """Along the ray nothing is seen to move."""
    still = sitting()
    placed = still * (1 + 0.1 * np.sin(np.arange(FRAMES) / 8))[:, None, None]
    assert found(still, still, None)["seat"].all()
    assert not found(still, placed, None)["seat"].any()


def test_a_short_stop_is_no_rest() -> None:
    placed = sitting()
    placed[:20, :, 1] -= np.linspace(800, 0, 20)[:, None]
    placed[40:, :, 1] -= np.linspace(0, 800, 20)[:, None]
    assert not found(placed, placed, None)["seat"].any()


def test_what_rests_is_held_where_it_is() -> None:
    true = sitting()
    path = true[:, [INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=1)
    xyz, swaying = true - path[:, None], path + 60 * np.sin(np.arange(FRAMES) / 6)[:, None] * [0, 0, 1]
    plane, ones = true[..., :2] / true[..., 2:], np.ones(true.shape[:2])
    nothing = np.zeros((FRAMES, 2), bool)
    rests = np.zeros((FRAMES, len(NAMES)), bool)

    def sways(held: bool) -> float:
        rests[:, NAMES.index("seat")] = held
        return float(np.ptp(fit(xyz, swaying, 50 * ones, plane, ones, nothing, FPS, rests=rests)[1][:, 2]))

    assert sways(held=True) < 10
    assert sways(held=False) > 40
