"""The sound of a clip in the video of its people: the same samples at the same moments."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sounds import BEEP, FPS, RATE, av, has_sound, recording

from wholebody_lift.errors import DroppedWarning
from wholebody_lift.pose import Pose3D
from wholebody_lift.viewers import clip as clips

pytest.importorskip("PIL", reason="the extra mp4")


def heard(path: Path) -> tuple[float, float]:
    """When the tone begins in a video, and how long the video's sound is; in seconds."""
    with av.open(str(path)) as container:
        loud, last = [], 0.0
        for frame in container.decode(audio=0):
            samples = np.abs(frame.to_ndarray().astype(float)).ravel()
            at = frame.time + np.arange(len(samples)) / RATE
            loud += at[samples > 0.1].tolist()
            last = at[-1]
    return min(loud, default=np.inf), last


@pytest.mark.parametrize("begin", [0, 10])
def test_it_is_heard_when_it_was_recorded(begin: int, clip: Pose3D, tmp_path: Path) -> None:
    """Whichever frame of the clip the video begins with."""
    people = replace(clip[:40], fps=float(FPS), image_ids=np.arange(begin, begin + 40))
    clips.write(people, tmp_path / "out.mp4", sound=recording(tmp_path / "clip.mp4"))
    starts, ends = heard(tmp_path / "out.mp4")
    assert starts == pytest.approx(BEEP - begin / FPS, abs=0.05)
    assert ends == pytest.approx(len(people) / FPS, abs=0.05)


def test_every_fourth_frame_has_the_sound_of_all(clip: Pose3D, tmp_path: Path) -> None:
    people = replace(clip[:12], fps=float(FPS), image_ids=4 * np.arange(12))
    clips.write(people, tmp_path / "out.mp4", sound=recording(tmp_path / "clip.mp4"))
    assert heard(tmp_path / "out.mp4") == pytest.approx((BEEP, 48 / FPS), abs=0.05)


def test_what_cannot_be_copied_is_told(clip: Pose3D, tmp_path: Path) -> None:
    people = replace(clip[:5], fps=float(FPS))
    old = recording(tmp_path / "clip.avi", "pcm_mulaw")
    with pytest.warns(
        DroppedWarning, match=r"clip\.avi: its sound is left out: expected .* AAC .* got pcm_mulaw"
    ):
        clips.write(people, tmp_path / "a.mp4", sound=old)
    with pytest.warns(DroppedWarning, match="expected the rate at which it was recorded, 25 .*, got 100"):
        clips.write(replace(people, fps=100.0), tmp_path / "b.mp4", sound=recording(tmp_path / "clip.mp4"))
    assert not has_sound(tmp_path / "a.mp4")
    assert not has_sound(tmp_path / "b.mp4")


def test_silent_clips_and_photos_have_none(
    clip: Pose3D, pose: Pose3D, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips, "_STILL_SECONDS", 0.2)
    clips.write(replace(clip[:3], fps=float(FPS)), tmp_path / "silent.mp4")
    clips.write(replace(clip[:3], fps=float(FPS)), tmp_path / "a.mp4", sound=tmp_path / "silent.mp4")
    clips.write(pose, tmp_path / "b.mp4", sound=recording(tmp_path / "clip.mp4"))
    assert not has_sound(tmp_path / "a.mp4")
    assert not has_sound(tmp_path / "b.mp4")
