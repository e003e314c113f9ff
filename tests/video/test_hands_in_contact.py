import numpy as np
import pytest
from people import standing

from wholebody_lift.skeleton import INDEX, PARTS
from wholebody_lift.video.hands import touching

FPS = 30.0
FRAMES = 30
LEFT, RIGHT = ([INDEX[f"{side}_wrist"], *PARTS[f"{side}_hand"]] for side in ("left", "right"))


def clasped(behind_mm: float = 0.0) -> np.ndarray:
    """(T, 133, 3) mm from the camera: the right hand lies on the left one, or this far behind it."""
    xyz = np.repeat(standing(1).numpy(), FRAMES, axis=0)
    xyz[:, RIGHT] = xyz[:, LEFT] + np.array([5.0, 5.0, 0])
    xyz += np.array([100.0, 50, 4000])
    xyz[:, RIGHT] *= (4000 + behind_mm) / 4000  # along the rays
    return xyz


def seen(placed: np.ndarray) -> np.ndarray:
    return placed[..., :2] / placed[..., 2:]


def errors() -> np.ndarray:
    return np.full((FRAMES, 133), 50.0)


@pytest.mark.parametrize(("behind_mm", "touch"), [(0, True), (80, True), (250, False)])
def test_hands_that_are_together_in_the_picture_touch_if_they_can(behind_mm: float, touch: bool) -> None:
    placed = clasped(behind_mm)
    found = touching(seen(placed), placed, errors(), FPS)
    assert (found.touches == touch).all()
    apart = np.diff(found.depths(placed), axis=1)
    assert np.allclose(apart, behind_mm, atol=5)


def test_hands_beside_each_other_do_not_touch() -> None:
    placed = np.repeat(standing(1).numpy(), FRAMES, axis=0) + np.array([0.0, 0, 4000])
    assert not touching(seen(placed), placed, errors(), FPS).touches.any()


def test_hands_that_pass_each_other_do_not_touch() -> None:
    placed = clasped()
    placed[:, RIGHT, 0] += np.linspace(-400, 400, FRAMES)[:, None]  # 830 mm/s
    assert not touching(seen(placed), placed, errors(), FPS).touches.any()


def test_a_short_touch_is_none() -> None:
    placed = clasped()
    picture = seen(placed)
    picture[:12, RIGHT] += 0.1  # 400 mm
    picture[15:, RIGHT] += 0.1
    assert not touching(picture, placed, errors(), FPS).touches.any()


def test_hands_that_are_not_seen_do_not_touch() -> None:
    placed = clasped()
    picture = seen(placed)
    picture[:, PARTS["left_hand"]] = np.nan
    assert not touching(picture, placed, errors(), FPS).touches.any()
    assert not touching(picture[:1], placed[:1], errors()[:1], FPS).touches.any()
