from typing import Any

import numpy as np
import pytest
from landmarks import SIZE, moving

from wholebody_lift.formats import mediapipe


@pytest.fixture(scope="session")
def frames() -> list[dict[str, Any]]:
    return moving()


@pytest.fixture(scope="session")
def keypoints(frames) -> list[np.ndarray]:
    """(133, 3) pixels and score of each frame, by Python."""
    return [
        np.column_stack((people.keypoints[0], people.scores[0]))
        for people in (mediapipe.from_results(frame, SIZE) for frame in frames)
    ]
