"""Small weights, detections and a result for the commands to work on."""

from pathlib import Path

import numpy as np
import pytest
from people import standing

from wholebody_lift import Keypoints2D, pretrained
from wholebody_lift.cli import main
from wholebody_lift.config import Config
from wholebody_lift.model.semgan import SemGAN

IMAGE_SIZE = (1280, 720)


def seen(people: int = 1) -> np.ndarray:
    """People (N, 133, 3) in front of a camera: x, y in pixels, and score."""
    xyz = standing(people).numpy() + np.array([0.0, 0.0, 4000.0])
    xy = 1000 * xyz[..., :2] / xyz[..., 2:] + (640, 360)
    return np.concatenate([xy, np.full((*xy.shape[:2], 1), 0.9)], axis=-1)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with the weights of a small untrained network."""
    directory = tmp_path_factory.mktemp("weights")
    pretrained.save(SemGAN(Config(channels=16, heads=2, layers=1)), directory)
    return str(directory)


@pytest.fixture
def detections(tmp_path: Path) -> Path:
    """Two people in the order of COCO-WholeBody, as a plain array of x, y, score."""
    path = tmp_path / "people.npy"
    np.save(path, seen(2))
    return path


@pytest.fixture
def pair() -> Keypoints2D:
    """Two people, 3 and 8, in each of six frames."""
    frames = np.repeat(np.arange(6), 2)
    rows = np.tile(seen(2), (6, 1, 1))
    rows[..., 0] += 5 * frames[:, None]
    return Keypoints2D(rows, image_size=IMAGE_SIZE, image_ids=frames, track_ids=np.tile([3, 8], 6))


@pytest.fixture
def result(tmp_path: Path, detections: Path, weights: str) -> Path:
    """A saved result of two people in one image."""
    path = tmp_path / "made" / "result.json"
    assert main(["lift", str(detections), "-o", str(path), "--weights", weights, "-q"]) == 0
    return path


@pytest.fixture
def clip(tmp_path: Path, pair: Keypoints2D, weights: str) -> Path:
    """A saved result of two people in six frames, of unknown rate."""
    from wholebody_lift import Lifter

    path = tmp_path / "clip.npz"
    Lifter.from_pretrained(weights, device="cpu").lift(pair).save(path)
    return path
