import numpy as np
import pytest

from wholebody_lift.skeleton import PARTS
from wholebody_lift.video import expected_error


@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("fitted", [False, True])
def test_each_part_has_its_own_factor(fitted: bool, corrected: bool) -> None:
    of_frames = np.random.default_rng(0).uniform(10, 200, (7, 133))
    factors = expected_error.of_motion(of_frames, fitted=fitted, corrected=corrected) / of_frames
    assert np.ptp(factors, axis=0).max() < 1e-12
    for part in PARTS.values():
        assert np.ptp(factors[:, part.start : part.stop]) < 1e-12


def test_sides_are_alike_and_all_parts_have_a_factor() -> None:
    for factors in (expected_error.SMOOTHED, expected_error.FITTED, expected_error.CORRECTED):
        assert list(factors) == list(PARTS)
        assert factors["left_hand"] == factors["right_hand"]


def test_less_is_expected_after_the_network_over_time() -> None:
    of_frames = np.full((2, 133), 50.0)
    with_it, without = (
        expected_error.of_motion(of_frames, fitted=True, corrected=corrected) for corrected in (True, False)
    )
    assert (with_it < without).all()
