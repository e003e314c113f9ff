from pathlib import Path

import pytest

from wholebody_lift import formats
from wholebody_lift.keypoints import Keypoints2D

_REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Data that is kept beside the repository and not shipped with it."""
    path = _REPOSITORY.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("needs ../shared/data, which is not part of the repository")
    return path


@pytest.fixture(scope="session")
def example_data() -> Path:
    """The detections that ship with the repository."""
    return _REPOSITORY / "examples" / "data"


@pytest.fixture(scope="session")
def squats(example_data) -> Keypoints2D:
    """65 frames of one person in front of the camera."""
    return formats.read(example_data / "squats.json")
