import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wholebody_lift import formats
from wholebody_lift.keypoints import Keypoints2D

if TYPE_CHECKING:
    from wholebody_lift import Lifter

# Before ONNX Runtime is imported: it would write into the home directory and report its use.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the files whose tests did not run for want of a browser."""
    skipped = terminalreporter.stats.get("skipped", [])
    files = sorted({report.nodeid.split("::")[0] for report in skipped if "Chromium" in str(report.longrepr)})
    if files:
        terminalreporter.section("not tested")
        terminalreporter.line(f"Chromium (Debian's package chromium) is not installed: {', '.join(files)}")


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


@pytest.fixture(scope="session")
def small() -> "Lifter":
    """Untrained, so that nothing that is tested with it depends on what weights have learnt."""
    import torch

    from wholebody_lift import Lifter
    from wholebody_lift.config import Config
    from wholebody_lift.model import SemGAN

    torch.manual_seed(0)
    return Lifter(SemGAN(Config(channels=32, heads=4, layers=2)), device="cpu")
