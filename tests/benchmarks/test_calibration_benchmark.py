import pytest
import torch

pytest.importorskip("anny")

from benchmarks import calibration
from wholebody_lift.train.calibrate import Answers


def test_a_recording_is_in_one_division() -> None:
    recordings = ("a",) * 5 + ("b", "c", "d") + ("a",) * 2
    division = calibration.divided(recordings, 2)
    assert division.tolist() == [0] * 5 + [1] * 3 + [0] * 2


def _answers(factors: tuple[float, ...]) -> Answers:
    """Errors that are so many times the expected ones, a recording for each factor."""
    generator = torch.Generator().manual_seed(0)
    said = 100 * (0.5 * torch.randn(400 * len(factors), 133, generator=generator)).exp()
    found = said * torch.tensor(factors).repeat_interleave(400)[:, None]
    return Answers(said, found, tuple(f"take {i // 400}" for i in range(len(said))))


@pytest.mark.parametrize("curves", calibration.CHOICES.values(), ids=calibration.CHOICES)
def test_what_all_recordings_have_in_common_is_put_right(curves) -> None:
    deciles = calibration.judged(_answers((2.0, 2.0, 2.0, 2.0, 2.0)), curves)
    assert all(decile.ratio == pytest.approx(1, abs=0.02) for decile in deciles)


def test_what_one_recording_has_of_its_own_is_not() -> None:
    """Fitted to the other recording, whose errors are a third or three times as large."""
    answers = _answers((1.0, 3.0))
    deciles = calibration.judged(answers, calibration.CHOICES["one for all"], divisions=2)
    assert max(decile.ratio for decile in deciles) > 1.2
    assert min(decile.ratio for decile in deciles) < 0.6
