"""Pictures in pages and videos: in a page only if asked, in an .mp4 whenever they are there."""

import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from sounds import has_sound, recording
from test_cli import error_of

from wholebody_lift import Keypoints2D, detectors
from wholebody_lift.cli import main
from wholebody_lift.viewers import clip as clips

cv2 = pytest.importorskip("cv2", reason="needs OpenCV")
av = pytest.importorskip("av", reason="the extra mp4")
pytest.importorskip("PIL", reason="the extra mp4")

GREEN = (40, 220, 40)
SIZE = (160, 96)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "_STILL_SECONDS", 0.1)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    assert cv2.imwrite(str(path), np.full((*SIZE[::-1], 3), GREEN, np.uint8))
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Six green frames."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, SIZE)
    for _ in range(6):
        writer.write(np.full((*SIZE[::-1], 3), GREEN, np.uint8))
    writer.release()
    return path


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch, pair: Keypoints2D) -> None:
    """The detector finds one person in any photo, and two in any video."""
    still = pair[[0]].model_copy(update={"image_ids": None, "track_ids": None})
    moving = pair.model_copy(update={"fps": 25.0})
    monkeypatch.setattr(detectors, "start", lambda name: nullcontext(name))
    monkeypatch.setattr(detectors, "detect_image", lambda *_, **__: still)
    monkeypatch.setattr(detectors, "detect_video", lambda *_, **__: moving)


def test_a_video_keeps_its_sound(weights: str, tmp_path: Path) -> None:
    clip, out = recording(tmp_path / "loud.mp4"), tmp_path / "out.mp4"
    assert main(["video", str(clip), "-o", str(out), "--weights", weights, "-q"]) == 0
    assert has_sound(out)


def is_green(path: Path) -> list[bool]:
    """Of each frame of a video, whether its upper left corner is green."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [bool(frame[8, 8, 1] > 150 and frame[8, 8, 0] < 100) for frame in frames]


def has_pictures(page: Path) -> bool:
    return '"pictures":[' in page.read_text(encoding="utf-8")


def test_a_video_becomes_a_video_with_its_frames(video: Path, weights: str, tmp_path: Path) -> None:
    out = [tmp_path / "out.mp4", tmp_path / "out.html"]
    words = [word for path in out for word in ("-o", str(path))]
    assert main(["video", str(video), *words, "--weights", weights, "-q"]) == 0
    assert is_green(out[0]) == [True] * 6
    assert not has_pictures(out[1])
    assert main(["video", str(video), *words, "--weights", weights, "-q", "--with-pictures"]) == 0
    assert has_pictures(out[1])


def test_a_photo_becomes_a_page_with_it_if_asked(photo: Path, weights: str, tmp_path: Path) -> None:
    page, turning = tmp_path / "page.html", tmp_path / "turning.mp4"
    words = ["image", str(photo), "--weights", weights, "-q", "-o", str(page)]
    assert main(words) == 0
    assert not has_pictures(page)
    assert main([*words, "--with-pictures", "-o", str(turning)]) == 0
    assert has_pictures(page)
    assert all(is_green(turning))


def test_pictures_are_named_where_the_command_does_not_read_them(
    clip: Path, video: Path, detections: Path, photo: Path, weights: str, tmp_path: Path
) -> None:
    out, page = tmp_path / "out.mp4", tmp_path / "page.html"
    export = ["export", str(clip), "--fps", "25", "-o", str(out)]
    assert main([*export, "-q"]) == 0
    assert not any(is_green(out))
    assert main([*export, "-q", "--pictures", str(video)]) == 0
    assert all(is_green(out))
    assert main(["view", str(clip), "-o", str(page), "--no-open"]) == 0
    assert not has_pictures(page)
    assert main(["view", str(clip), "-o", str(page), "--no-open", "--pictures", str(video)]) == 0
    assert has_pictures(page)
    lift = ["lift", str(detections), "-o", str(page), "-o", str(out), "--weights", weights, "-q"]
    assert main([*lift, "--pictures", str(photo)]) == 0
    assert has_pictures(page)
    assert all(is_green(out))


def test_wrong_pictures_are_reported_before_any_work(
    clip: Path, detections: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.mp4"
    words = ["export", str(clip), "--fps", "25", "-o", str(out), "--pictures"]
    assert main([*words, str(detections)]) == 1
    assert "expected a photo or a video for --pictures" in error_of(capsys)
    assert main([*words, str(tmp_path / "none.mp4")]) == 1
    assert "there is no such file" in error_of(capsys)
    assert not out.exists()


def test_a_missing_package_is_reported_before_any_work(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(detectors, "detect_image", lambda *_, **__: pytest.fail("looked at the photo"))
    for name, missing, options in (("a.mp4", "av", []), ("a.html", "PIL", ["--with-pictures"])):
        with monkeypatch.context() as hidden:
            hidden.setitem(sys.modules, missing, None)
            assert main(["image", str(photo), "-o", str(tmp_path / name), *options]) == 1
        assert 'pip install "wholebody-lift[mp4]"' in error_of(capsys)


def test_a_clip_without_a_rate_is_no_video(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(clip), "-o", str(tmp_path / "out.mp4"), "-q"]) == 1
    assert "the frame rate is not known; give it with --fps" in error_of(capsys)
