"""A small archive of detections, small weights, and how two outputs are compared."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from people import standing

pa = pytest.importorskip("pyarrow", reason="the extra bulk")
pq = pytest.importorskip("pyarrow.parquet", reason="the extra bulk")

from wholebody_lift import Lifter, pretrained  # noqa: E402
from wholebody_lift.config import Config  # noqa: E402
from wholebody_lift.model.semgan import SemGAN  # noqa: E402

IMAGE_SIZE = [1280.0, 720.0]


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    """As in workers, so that their results are the same to the bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with the weights of a small untrained network."""
    directory = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    pretrained.save(SemGAN(Config(channels=16, heads=2, layers=1)), directory)
    return str(directory)


@pytest.fixture(scope="session")
def lifter(weights: str) -> Lifter:
    return Lifter.from_pretrained(weights, device="cpu")


def seen(people: int, seed: int = 0) -> np.ndarray:
    """People (N, 133, 2) in pixels, in front of a camera."""
    xyz = standing(people, seed).numpy() + np.array([0.0, 0.0, 4000.0])
    return 1000 * xyz[..., :2] / xyz[..., 2:] + (640, 360)


def rows(videos: dict[str, int], tracks: int = 1, **columns: Any) -> dict[str, list[Any]]:
    """Detections of `tracks` people in the frames of videos, which have so many; as columns."""
    table: dict[str, list[Any]] = {"video": [], "frame": [], "track": []}
    for video, frames in videos.items():
        for frame in range(frames):
            for track in range(tracks):
                table["video"].append(video)
                table["frame"].append(frame)
                table["track"].append(track)
    n = len(table["video"])
    xy = seen(n) + 150 * np.array(table["track"])[:, None, None]
    table["keypoints"] = xy.tolist()
    table["scores"] = [[0.9] * 133] * n
    table["image_size"] = [IMAGE_SIZE] * n
    table["fps"] = [30.0] * n
    return table | {name: [value] * n for name, value in columns.items()}


def with_origin(columns: dict[str, list[Any]], source: str = "a.parquet") -> Any:
    """The table that a reader makes of columns."""
    n = len(columns["frame"])
    return pa.table({**columns, "source": [source] * n, "row": list(range(n))})


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """Writes columns as files of an archive: `archive({"a.parquet": columns})`."""

    def write(files: dict[str, dict[str, list[Any]]], **options: Any) -> Path:
        folder = tmp_path / "archive"
        for name, columns in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.table(columns), folder / name, **options)
        return folder

    return write


def everything(out: Path, folder: str) -> list[dict[str, Any]]:
    """All rows of the output, in the order of the parts."""
    paths = sorted((out / folder).glob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def origins(out: Path) -> list[tuple[str, int]]:
    """Where every row of the output comes from: lifted or set aside."""
    lifted = [(row["source"], row["row"]) for row in everything(out, "people") if row["row"] is not None]
    rejected = everything(out, "rejected")
    aside = [(row["source"], row["row"] + i) for row in rejected for i in range(row["rows"])]
    return sorted(lifted + aside)


def assert_same(out: Path, other: Path) -> None:
    """The same files with the same rows, to the bit."""
    for folder in ("people", "rejected"):
        names = [sorted(path.name for path in (some / folder).iterdir()) for some in (out, other)]
        assert names[0] == names[1]
        for name in names[0]:
            one, two = (pq.read_table(some / folder / name) for some in (out, other))
            assert one.equals(two), name
