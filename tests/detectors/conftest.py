import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

WIDTH, HEIGHT = 160, 96
"""Of the pictures here; multiples of 16 survive every codec."""


@pytest.fixture(scope="session")
def small(squats) -> np.ndarray:
    """(133, 3) x, y, score of a person 24 pixels high, around 0, 0."""
    xy = squats.keypoints[0] - np.nanmean(squats.keypoints[0], axis=0)
    xy *= 24 / np.nanmax(np.ptp(xy[squats.observed[0]], axis=0))
    return np.nan_to_num(np.column_stack((xy, squats.scores[0])))


@pytest.fixture(scope="session")
def find_markers(small) -> Callable[[np.ndarray], np.ndarray]:
    """A detector: a person stands around each marker, the red one and the blue one."""

    def detect(picture: np.ndarray) -> np.ndarray:
        assert picture.dtype == np.uint8
        people = []
        for channel in (0, 2):
            found = np.argwhere((picture[..., channel] > 150) & (picture[..., 2 - channel] < 100))
            if len(found):
                people.append(small + np.append(found.mean(axis=0)[::-1], 0))
        return np.array(people)

    return detect


@pytest.fixture(scope="session")
def picture() -> Callable[..., np.ndarray]:
    """(H, W, 3) with markers of 16 x 16 pixels whose upper left corners are at x, y."""

    def paint(red: tuple[int, int] | None = None, blue: tuple[int, int] | None = None) -> np.ndarray:
        pixels = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
        for corner, colour in ((red, (255, 0, 0)), (blue, (0, 0, 255))):
            if corner is not None:
                x, y = corner
                pixels[y : y + 16, x : x + 16] = colour
        return pixels

    return paint


@pytest.fixture
def cv2():
    return pytest.importorskip("cv2", reason="OpenCV, which every detector brings, is not installed")


@pytest.fixture
def save_video(cv2, tmp_path) -> Callable[..., Path]:
    def save(frames: list[np.ndarray], fps: float = 25.0) -> Path:
        path = tmp_path / "clip.mp4"
        height, width, _ = frames[0].shape
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, (width, height))
        assert writer.isOpened()
        for frame in frames:
            writer.write(np.ascontiguousarray(frame[..., ::-1]))
        writer.release()
        return path

    return save


@pytest.fixture
def install(monkeypatch, tmp_path) -> Iterator[Callable[[str, dict[str, str]], None]]:
    """Installs a made-up package: its files by their paths, in the place of the real one if that is there."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    installed = []

    def forget(name: str) -> None:
        for module in [module for module in sys.modules if module.partition(".")[0] == name]:
            monkeypatch.delitem(sys.modules, module)

    def add(name: str, files: dict[str, str]) -> None:
        for path, text in {"__init__.py": "", **files}.items():
            file = folder / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        forget(name)
        installed.append(name)
        importlib.invalidate_caches()

    yield add
    for name in installed:
        for module in [module for module in sys.modules if module.partition(".")[0] == name]:
            del sys.modules[module]  # the made-up one; monkeypatch brings back the real one after this


@pytest.fixture
def uninstall(monkeypatch) -> Callable[..., None]:
    """Hides packages, whether they are there or not."""

    def hide(*names: str) -> None:
        for name in names:
            monkeypatch.setitem(sys.modules, name, None)

    return hide
