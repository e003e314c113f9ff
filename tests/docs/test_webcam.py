"""The program of docs/webcam.md runs as printed, with a camera and a detector of the test's own."""

import re
import runpy
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from wholebody_lift import Keypoints2D, Lifter, detectors

cv2 = pytest.importorskip("cv2", reason="needs OpenCV")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "webcam.md"


class Camera:
    """Six pictures, then none."""

    def __init__(self, number: int) -> None:
        self.left = 6

    def get(self, name: int) -> float:
        return {cv2.CAP_PROP_FRAME_WIDTH: 720.0, cv2.CAP_PROP_FRAME_HEIGHT: 1280.0}[name]

    def read(self) -> tuple[bool, np.ndarray | None]:
        self.left -= 1
        return (False, None) if self.left < 0 else (True, np.zeros((1280, 720, 3), np.uint8))


def test_it_runs_as_printed(
    squats: Keypoints2D, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through an empty picture, and with two people in changing order."""
    person = np.nan_to_num(np.dstack((squats.keypoints, squats.scores)))[:6]
    other = person * (0.5, 0.5, 1) + (350, 500, 0)
    found = [
        np.stack(pair if n % 2 else pair[::-1]) for n, pair in enumerate(zip(person, other, strict=True))
    ]
    found[3] = np.empty((0, 133, 3))
    answers = iter(found)
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    monkeypatch.setattr(detectors, "start", lambda video: nullcontext(lambda picture: next(answers)))
    tiny = Lifter.from_pretrained("tiny", device="cpu")
    monkeypatch.setattr(Lifter, "from_pretrained", lambda: tiny)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "webcam.py").write_text(code)
    after = runpy.run_path(str(tmp_path / "webcam.py"))
    printed = capsys.readouterr().out.splitlines()
    assert [sum(line.startswith(f"person {number}:") for line in printed) for number in (0, 1)] == [5, 5]
    np.testing.assert_array_equal(after["pose"].image_size, [[720, 1280]] * 2)
    distance = {int(line.split()[1][0]): float(line.split(", ")[-1].split()[0]) for line in printed}
    assert len(set(distance.values())) == 2  # the smaller one is further away, in every picture
