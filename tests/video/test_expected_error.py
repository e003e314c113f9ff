import numpy as np
import pytest

from wholebody_lift.skeleton import PARTS
from wholebody_lift.video import expected_error


@pytest.mark.parametrize("fitted", [False, True])
def test_each_part_has_its_own_factor(fitted: bool) -> None:
    of_frames = np.random.default_rng(0).uniform(10, 200, (7, 133))
    factors = expected_error.of_motion(of_frames, fitted=fitted) / of_frames
    assert np.ptp(factors, axis=0).max() < 1e-12
    for part in PARTS.values():
        assert np.ptp(factors[:, part.start : part.stop]) < 1e-12


def test_sides_are_alike_and_all_parts_have_a_factor() -> None:
    for factors in (expected_error.SMOOTHED, expected_error.FITTED):
        assert list(factors) == list(PARTS)
        assert factors["left_hand"] == factors["right_hand"]
