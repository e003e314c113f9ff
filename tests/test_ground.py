import math

import numpy as np
import pytest

from wholebody_lift.ground import Ground
from wholebody_lift.pose import FRAMES


def tilted(pitch_deg: float, roll_deg: float = 0.0) -> tuple[float, float, float]:
    """Down, for a camera that looks down by some degrees and then rolls."""
    pitch, roll = math.radians(pitch_deg), math.radians(roll_deg)
    return (math.sin(roll) * math.cos(pitch), math.cos(roll) * math.cos(pitch), math.sin(pitch))


def test_a_level_camera_has_the_axes_of_blender() -> None:
    assert np.allclose(Ground((0, 1, 0), 1400, 1, 10).matrix, FRAMES["blender"].matrix)


@pytest.mark.parametrize("down", [tilted(20), tilted(-35, 10), tilted(3, -170), (0, 0, 1), (0, 0, -1)])
def test_world_is_a_rotation_with_z_up_and_x_level(down: tuple[float, float, float]) -> None:
    matrix = Ground(down, 1400, 1, 10).matrix
    assert np.allclose(matrix @ matrix.T, np.eye(3))
    assert np.isclose(np.linalg.det(matrix), 1)
    assert np.allclose(matrix @ np.array(down), (0, 0, -1))


@pytest.mark.parametrize("down", [tilted(70), tilted(-70), tilted(90)])
def test_the_top_of_the_picture_stays_in_front_or_up(down: tuple[float, float, float]) -> None:
    """For a camera that looks down, up in the picture is forward."""
    matrix = Ground(down, 1400, 1, 10).matrix
    _, away, up = matrix @ (0.0, -1.0, 0.0)
    assert away > 0.5 or up > 0.3


def test_heights_are_above_the_floor() -> None:
    ground = Ground(tilted(30), 1500, 1, 10)
    camera, below = np.zeros(3), 1500 * np.array(tilted(30))
    assert np.allclose(ground.height_of(np.stack((camera, below))), (1500, 0))


def test_the_words_tell_how_the_camera_is_held() -> None:
    assert "level;" in Ground((0, 1, 0), 1400, 2, 10).in_words()
    words = Ground(tilted(12), 1400, 2.04, 12.4).in_words()
    for part in ("1,400 mm above the floor (± 12 mm", "tilted 12° down", "down ± 2.0°", "estimated"):
        assert part in words
    assert "tilted 5° up and rolled 8°" in Ground(tilted(-5, 8), 1400, 2, 10, "gravity").in_words()


@pytest.mark.parametrize(
    ("down", "height", "source", "words"),
    [
        ((0, 2, 0), 1400, "people", "unit vector"),
        ((0, 1, 0), math.nan, "people", "finite"),
        ((0, 1), 1400, "people", "finite"),
        ((0, 1, 0), 1400, "a guess", "source"),
    ],
)
def test_what_is_no_ground_is_refused(down, height, source, words) -> None:
    with pytest.raises(ValueError, match=words):
        Ground(down, height, 1, 10, source)
