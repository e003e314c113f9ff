import json
import re
from pathlib import Path

import numpy as np
import pytest

from wholebody_lift.keypoints import Keypoints2D

_SIZE = (720, 1280)


@pytest.fixture
def save(tmp_path):
    """Write a document as JSON and give its path."""

    def save(document, name="detections.json"):
        path = tmp_path / name
        path.write_text(json.dumps(document, allow_nan=False))
        return path

    return save


@pytest.fixture(scope="session")
def documented():
    """The Python blocks of a section of docs/formats.md, those too that need another program."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text()

    def documented(section):
        text = page.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
        return re.findall(r"```python\n(.*?)```", text, re.DOTALL)

    return documented


@pytest.fixture
def crowd(squats) -> Keypoints2D:
    """Two people in each of frames 3, 4 and 6, some keypoints missing, with all that formats can hold."""
    scores = squats.scores[:6].copy()
    scores[1, 5:30] = 0
    scores[4, 95] = 0
    return Keypoints2D(
        squats.keypoints[:6],
        scores,
        image_size=_SIZE,
        image_ids=[3, 3, 4, 4, 6, 6],
        track_ids=[7, 8, 8, 7, 7, 9],
        fps=25,
    )


@pytest.fixture
def same():
    """Check that two have the same people: the same keypoints and whatever both know."""

    def same(read: Keypoints2D, expected: Keypoints2D, *names: str) -> None:
        for name in ("keypoints", "scores", *names):
            np.testing.assert_array_equal(getattr(read, name), getattr(expected, name), err_msg=name)

    return same


@pytest.fixture
def triples():
    """(N, 133, 3) x, y, score of the people; zeros where missing."""

    def triples(people: Keypoints2D) -> np.ndarray:
        return np.nan_to_num(np.concatenate((people.keypoints, people.scores[..., None]), axis=-1))

    return triples
