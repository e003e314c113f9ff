"""The benchmark of memory runs; its figures are in docs/reliability.md."""

from pathlib import Path

import pytest

from benchmarks.memory import lift_again_and_again
from wholebody_lift import Keypoints2D, Lifter


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory in use is read from Linux's /proc")
def test_every_kind_of_call_is_made(squats: Keypoints2D) -> None:
    lifter = Lifter.from_pretrained("tiny", device="cpu")
    before, after = lift_again_and_again(lifter, squats[:6], 12)
    assert 0 < before <= 2 * after
