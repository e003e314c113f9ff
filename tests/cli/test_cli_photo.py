"""`image` and `video` as a newcomer runs them, on a real photo: with MediaPipe's own models, to the end."""

import os
import struct
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from astronaut import astronaut, with_mediapipe
from test_cli import error_of

from wholebody_lift import Lifter, Pose3D, detectors
from wholebody_lift.app.workshop import Workshop
from wholebody_lift.cli import main
from wholebody_lift.skeleton import PARTS


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    import cv2

    path = tmp_path / "photo.jpg"
    assert cv2.imwrite(str(path), astronaut()[..., ::-1])
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Eight frames in which the astronaut moves 3 pixels to the right from each to the next."""
    import cv2

    path = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25, (512, 512))
    for i in range(8):
        writer.write(np.ascontiguousarray(np.roll(astronaut(), 3 * i, axis=1)[..., ::-1]))
    writer.release()
    return path


@pytest.mark.parametrize("command", ["image", "video"])
def test_a_picture_that_is_too_large_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """A header that claims 2.7 GB is enough to refuse it; as a video it is none."""
    cv2 = pytest.importorskip("cv2", reason="needs OpenCV")
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded it"))
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: pytest.fail("decoded it"))
    monkeypatch.setattr(detectors, "start", lambda *_, **__: nullcontext(lambda picture: []))
    bomb = tmp_path / "bomb.png"
    header = struct.pack(">II", 30_000, 30_000) + bytes((8, 2, 0, 0, 0))
    bomb.write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header + bytes(99))
    assert main([command, str(bomb), "-o", str(tmp_path / "result.json")]) == 1
    assert "bomb.png: expected" in error_of(capsys)
    assert not (tmp_path / "result.json").exists()


@with_mediapipe
def test_a_photo_is_shown(photo: Path) -> None:
    """As a program, and with nothing to look at pages with but one that shows nothing."""
    command = [sys.executable, "-m", "wholebody_lift", "image", str(photo)]
    environment = {**os.environ, "BROWSER": "true"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    page = photo.with_suffix(".html")
    assert done.stderr == ""
    assert done.returncode == 0
    assert done.stdout.startswith("1 person in 1 image, 133 keypoints each")
    assert f"wrote {page}" in done.stdout
    assert "<title>photo.jpg</title>" in page.read_text(encoding="utf-8")


@with_mediapipe
def test_a_photo_in_millimetres(photo: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["image", str(photo), "-o", str(tmp_path / "pose.npz"), "-q"]) == 0
    assert capfd.readouterr() == ("", "")
    pose = Pose3D.load(tmp_path / "pose.npz")
    assert pose.observed[0, PARTS["face"]].all()
    assert pose.camera_source == "image_size"
    left, right = (pose.xyz[0, pose.names.index(f"{side}_shoulder")] for side in ("left", "right"))
    assert 250 < np.linalg.norm(left - right) < 450  # of an average adult


@with_mediapipe
def test_a_video_is_one_motion(clip: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["video", str(clip), "-o", str(tmp_path / "clip.npz")]) == 0
    printed = capfd.readouterr()
    assert printed.err == ""
    assert "lifting 8 frames, 25 per second, as one motion (offline)" in printed.out
    pose = Pose3D.load(tmp_path / "clip.npz")
    assert pose.image_ids.tolist() == list(range(8))
    assert set(pose.track_ids.tolist()) == {0}
    shoulders = pose.xyz[:, [pose.names.index(f"{side}_shoulder") for side in ("left", "right")]]
    widths = np.linalg.norm(shoulders[:, 0] - shoulders[:, 1], axis=-1)
    assert np.ptp(widths) < 0.05 * widths.mean()


@with_mediapipe
def test_the_app_takes_a_photo(photo: Path, capfd: pytest.CaptureFixture[str]) -> None:
    workshop = Workshop(Lifter.from_pretrained(device="cpu"))
    assert workshop.about()["photos"] is None  # nothing is missing for them
    answer = workshop.take(photo.read_bytes(), photo.name, {"height_mm": "1700"})
    assert answer["summary"][0].startswith("1 person in 1 image")
    assert capfd.readouterr() == ("", "")


@with_mediapipe
def test_debug_shows_what_the_detector_logs(
    photo: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for options, shown in (["--debug"], True), ([], False):
        assert main(["image", str(photo), "-o", str(tmp_path / "pose.json"), *options]) == 0
        assert ("W0000 00:00:" in capfd.readouterr().err) is shown


@with_mediapipe
def test_nobody_is_one_line(tmp_path: Path, photo: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import cv2

    cv2.imwrite(str(photo), np.full((256, 256, 3), 90, np.uint8))
    assert main(["image", str(photo), "-o", str(tmp_path / "pose.json")]) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"wholebody-lift: error: {photo}: nobody was found in this picture")
