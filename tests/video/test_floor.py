import math
from itertools import pairwise

import numpy as np
import pytest
from people import standing

from wholebody_lift.skeleton import INDEX
from wholebody_lift.video import floor
from wholebody_lift.video.floor import Standing, estimate

HEIGHT = 1500.0
SOLE = 880.0
"""mm, how far the soles of `standing` are below the hips, about."""
FRAMES, FPS = 60, 30.0


def down_of(pitch_deg: float, roll_deg: float = 0.0) -> np.ndarray:
    pitch, roll = math.radians(pitch_deg), math.radians(roll_deg)
    return np.array([math.sin(roll) * math.cos(pitch), math.cos(roll) * math.cos(pitch), math.sin(pitch)])


def turn_of(down: np.ndarray) -> np.ndarray:
    """(3, 3) from the axes of a level camera to those of one with this `down`."""
    right = np.cross(down, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    return np.stack([right, down, np.cross(right, down)], axis=1)


def scene(down: np.ndarray, places: list[tuple[float, float]], xyz: np.ndarray | None = None) -> Standing:
    """Someone who stands still at one place (x, z) of the floor after the other."""
    body = standing(1).numpy()[0] if xyz is None else xyz
    level = np.stack([body + np.array([x, HEIGHT - SOLE, z]) for x, z in places]).repeat(
        FRAMES // len(places), axis=0
    )
    stands = np.ones((len(level), 2), bool)
    stands[:: FRAMES // len(places)] = False  # on the way from one place to the next
    return Standing(level @ turn_of(down).T, stands, FPS)


def angle(a: tuple[float, float, float] | np.ndarray, b: np.ndarray) -> float:
    return math.degrees(math.acos(min(1.0, float(np.dot(a, b)))))


WIDE = [(-1200.0, 3000.0), (900.0, 3400.0), (0.0, 5200.0), (1300.0, 4600.0)]


@pytest.mark.parametrize(("pitch", "roll"), [(0, 0), (15, 0), (-10, 2), (30, -3)])
def test_people_who_stand_here_and_there_show_the_floor(pitch: float, roll: float) -> None:
    ground = estimate([scene(down_of(pitch, roll), WIDE)])
    assert ground is not None
    assert angle(ground.down, down_of(pitch, roll)) < 2.5
    assert abs(ground.camera_height_mm - HEIGHT) < 100
    assert ground.source == "people"


def test_the_more_there_is_to_see_the_surer_it_is() -> None:
    down = down_of(10)
    grounds = [estimate([scene(down, WIDE[:places])]) for places in (1, 2, 4)]
    for less, more in pairwise(grounds):
        assert less is not None
        assert more is not None
        assert more.down_spread_deg < less.down_spread_deg


def test_what_is_known_is_kept_and_helps() -> None:
    down = down_of(14, 1)
    lonely = scene(down, WIDE[:1])
    free = estimate([lonely])
    with_height = estimate([lonely], camera_height_mm=HEIGHT)
    with_down = estimate([lonely], down=5 * down, spread_deg=1.0)
    both = estimate([], down=down, spread_deg=1.0, camera_height_mm=1234)
    assert free is not None
    assert with_height is not None
    assert with_down is not None
    assert both is not None
    assert (with_height.camera_height_mm, with_height.source) == (HEIGHT, "camera_height")
    assert with_height.down_spread_deg < free.down_spread_deg
    assert np.allclose(with_down.down, down)
    assert (with_down.down_spread_deg, with_down.source) == (1.0, "gravity")
    assert abs(with_down.camera_height_mm - HEIGHT) < 40
    assert (both.camera_height_mm, both.height_spread_mm, both.source) == (1234, 0, "given")


def test_a_lifted_foot_is_not_the_floor() -> None:
    """Held still in the air for a while, which looks like standing."""
    down = down_of(8)
    person = scene(down, WIDE)
    lifted = person.in_camera.copy()
    foot = [INDEX[f"left_{name}"] for name in ("ankle", "heel", "big_toe", "small_toe")]
    lifted[: FRAMES // 4, foot] -= 350 * down
    ground, before = estimate([person._replace(in_camera=lifted)]), estimate([person])
    assert ground is not None
    assert before is not None
    assert angle(ground.down, np.array(before.down)) < 1.5
    assert abs(ground.camera_height_mm - before.camera_height_mm) < 40


def test_someone_lying_down_tells_nothing() -> None:
    body = standing(1).numpy()[0][:, [1, 0, 2]]
    assert estimate([scene(down_of(0), WIDE, body)]) is None


def test_who_does_not_stand_tells_nothing() -> None:
    person = scene(down_of(0), WIDE)
    assert estimate([person._replace(stands=np.zeros_like(person.stands))]) is None
    assert estimate([]) is None


def test_standing_for_hours_costs_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    person = scene(down_of(10), WIDE)
    whole = estimate([person])
    monkeypatch.setattr(floor, "MOST_STANDS", 6)
    some = estimate([person] * 3)
    assert whole is not None
    assert some is not None
    assert angle(some.down, np.array(whole.down)) < 2


def test_someone_who_sits_down_for_a_while_does_not_lower_the_floor() -> None:
    """The feet of people who sit are placed less well, here 200 mm too low."""
    down = down_of(10)
    walker = scene(down, WIDE)
    body = standing(1).numpy()[0].copy()
    raised = [INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("hip", "knee")]
    body[raised, 1] += 500  # so low are the hips
    body[:, 1] += 200
    sitter = scene(down, [(0.0, 4000.0)], body)
    both = Standing(*(np.concatenate(pair) for pair in zip(walker[:2], sitter[:2], strict=True)), FPS)
    alone, ground = estimate([walker]), estimate([both])
    assert alone is not None
    assert ground is not None
    assert ground.camera_height_mm == pytest.approx(alone.camera_height_mm, abs=30)


def test_a_body_with_bent_legs_shows_down_by_its_trunk() -> None:
    """Someone who sits all the time, with the feet far in front of the hips."""
    down = down_of(0)
    body = standing(1).numpy()[0].copy()
    for side in ("left", "right"):
        hip, knee = (INDEX[f"{side}_{name}"] for name in ("hip", "knee"))
        below = [knee, *(INDEX[f"{side}_{name}"] for name in ("ankle", "heel", "big_toe", "small_toe"))]
        thigh = body[knee] - body[hip]
        body[below] += np.array([0.0, 0.0, -np.linalg.norm(thigh)]) - thigh
    body[:, 1] += SOLE - body[:, 1].max()
    ground = estimate([scene(down, [(0.0, 3000.0)], body)])
    assert ground is not None
    assert angle(ground.down, down) < 5
