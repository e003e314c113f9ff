"""Videos of results: what they show, how long they are, and when there is none."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from wholebody_lift.ground import Ground
from wholebody_lift.pose import FRAMES, WORLD, Pose3D
from wholebody_lift.skeleton import INDEX
from wholebody_lift.viewers import clip as clips
from wholebody_lift.viewers import painter

av = pytest.importorskip("av", reason="the extra mp4")
pytest.importorskip("PIL", reason="the extra mp4")


def frames_of(path: Path) -> tuple[list[np.ndarray], float]:
    """The frames (H, W, 3) of a video, and its rate."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)], float(
            stream.average_rate
        )


def colours(ids: list[int], size: tuple[int, int] = (720, 1280)) -> Iterator[tuple[int, np.ndarray]]:
    """A picture of one colour for each id, brighter from one to the next."""
    for n, id in enumerate(ids):
        yield id, np.full((*size[::-1], 3), 40 + 30 * n, np.uint8)


def test_a_clip_is_as_long_and_as_fast_as_its_people(clip: Pose3D, tmp_path: Path) -> None:
    some = replace(clip[::8], fps=25.0)  # ids 0, 8, ..., 64 of a video at 25 frames per second
    clips.write(some, tmp_path / "a.mp4")
    frames, rate = frames_of(tmp_path / "a.mp4")
    assert len(frames) == len(some)
    assert rate == pytest.approx(25 / 8, rel=1e-3)
    left, right = np.split(frames[0], [frames[0].shape[1] - frames[0].shape[0]], axis=1)
    assert left.shape[1] == pytest.approx(left.shape[0] * 720 / 1280, abs=2)
    for panel in (left, right):
        assert len(np.unique(panel.reshape(-1, 3), axis=0)) > 200
    assert np.abs(frames[0][:, -400:].astype(int) - frames[4][:, -400:]).max() > 100  # moves


def test_the_picture_is_under_its_own_keypoints(clip: Pose3D, tmp_path: Path) -> None:
    some = replace(clip[[0, 1, 3]], fps=30.0)  # frame 2 shows nobody
    clips.write(some, tmp_path / "a.mp4", pictures=colours([0, 1, 2, 3, 4]))
    frames, _ = frames_of(tmp_path / "a.mp4")
    assert [round(frame[20, 20].mean() / 5) * 5 for frame in frames] == [40, 70, 100, 130]
    stage = np.array(painter.STAGE)
    assert np.abs(frames[2][100:400, -300:-200].astype(int) - stage).max() < 20  # no people on the right
    clips.write(some, tmp_path / "b.mp4", pictures=colours([1]))
    frames, _ = frames_of(tmp_path / "b.mp4")
    np.testing.assert_allclose(frames[0][20, 20], stage, atol=4)
    np.testing.assert_allclose(frames[1][20, 20], 40, atol=4)


def test_keypoints_lie_where_they_were_found(pose: Pose3D) -> None:
    size = (360, 640)  # half of the image
    box = np.array([0.0, 0.0, 720.0, 1280.0])
    panel = np.asarray(painter.picture(None, pose.keypoints, size, box)).astype(int)
    for name in ("left_knee", "right_knee", "left_hip"):
        x, y = (pose.keypoints[0, INDEX[name]] / 2).round().astype(int)
        assert np.abs(panel[y, x] - painter.STAGE).max() > 60, name
        assert np.abs(panel[y, x + 60] - painter.STAGE).max() < 5, name


def test_the_figure_is_where_its_keypoints_project_to(pose: Pose3D) -> None:
    film = clips._Film.of(pose)
    people = painter.People(film.xyz, pose.observed, film.hidden)
    size = (480, 480)
    panel = np.asarray(painter.figure(people, film.eye, size, film.floor)).astype(int)
    at = film.eye.see(film.xyz[0], size)
    assert (at[:, :2] > 0).all()
    assert (at[:, :2] < 480).all()
    for side, warm in (("left", False), ("right", True)):
        x, y = at[[INDEX[f"{side}_knee"], INDEX[f"{side}_hip"]], :2].mean(axis=0).round().astype(int)
        red, _, blue = panel[y, x]
        assert (red > blue) == warm, side


def test_limbs_that_were_inferred_are_faint_and_unseen_feet_are_not_drawn(pose: Pose3D) -> None:
    observed = np.ones_like(pose.observed)
    observed[0, [INDEX[f"left_{name}"] for name in ("knee", "ankle", "heel", "big_toe", "small_toe")]] = False
    film = clips._Film.of(replace(pose, observed=observed))
    assert film.hidden[0, INDEX["left_heel"]]
    assert not film.hidden[0, INDEX["left_ankle"]]
    size = (480, 480)
    people = painter.People(film.xyz, observed, film.hidden)
    panel = np.asarray(painter.figure(people, film.eye, size, film.floor)).astype(int)
    at = film.eye.see(film.xyz[0], size)

    def strength(*names: str) -> float:
        """How far the colour between two keypoints is from the stage."""
        x, y = at[[INDEX[name] for name in names], :2].mean(axis=0).round().astype(int)
        return float(np.linalg.norm(panel[y, x] - painter.STAGE))

    faint, solid = (strength(f"{side}_knee", f"{side}_ankle") for side in ("left", "right"))
    assert 20 < faint < 0.6 * solid
    assert strength("left_big_toe", "left_small_toe") < 0.5 * strength("right_big_toe", "right_small_toe")


def test_people_turn_around_a_vertical_axis(pose: Pose3D) -> None:
    eye = clips._Film.of(pose).eye
    top = eye.target[None] + np.array([0.0, -800.0, 0.0])
    seen = [eye._replace(turn=turn).see(top, (400, 400))[0] for turn in (0.0, 1.0, 2.5)]
    np.testing.assert_allclose(seen, np.tile(seen[0], (3, 1)), rtol=1e-9)


def test_nobody_leaves_the_panel_while_it_turns(clip: Pose3D) -> None:
    film = clips._Film.of(replace(clip, fps=30.0))
    for turn in np.linspace(0, 6, 7):
        at = film.eye._replace(turn=turn).see(film.xyz, (480, 480))
        assert np.quantile(at[..., :2], 0.001) > 0
        assert np.quantile(at[..., :2], 0.999) < 480


@pytest.mark.parametrize("frame", FRAMES)
def test_axes_make_no_difference(pose: Pose3D, frame: str) -> None:
    if frame == WORLD:
        pose = replace(pose, ground=Ground((0.0, 0.8, 0.6), 1500.0, 1.0, 50.0))
    ours, theirs = clips._Film.of(pose), clips._Film.of(pose.to(frame))
    np.testing.assert_allclose(theirs.xyz, ours.xyz, atol=1e-3)


def test_people_are_upright_where_down_is_known(pose: Pose3D) -> None:
    down = np.array([0.0, 0.8, 0.6])  # a camera that looks down
    film = clips._Film.of(replace(pose, ground=Ground(tuple(down), 1500.0, 1.0, 50.0)))
    heights = -pose.xyz[0] @ down
    np.testing.assert_allclose(film.floor - film.xyz[0, :, 1], heights - heights.min(), atol=1e-2)


def test_one_person_stands_on_the_ground_and_several_where_they_are(clip: Pose3D, crowd: Pose3D) -> None:
    film = clips._Film.of(replace(clip, fps=30.0))
    np.testing.assert_allclose(film.xyz[..., 1].max(axis=1), film.floor, atol=1e-3)
    np.testing.assert_allclose(clips._Film.of(crowd).xyz, crowd.in_camera, atol=1e-3)


def test_a_photo_is_seen_from_all_around(
    pose: Pose3D, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips, "_STILL_SECONDS", 0.4)
    clips.write(pose, tmp_path / "a.mp4", pictures=colours([0]))
    frames, rate = frames_of(tmp_path / "a.mp4")
    assert (len(frames), rate) == (12, 30.0)
    right = [frame[:, -600:].astype(int) for frame in frames]
    assert all(np.abs(a - b).max() > 60 for a, b in pairwise(right))


def test_what_cannot_be_a_video_says_why(
    pose: Pose3D, clip: Pose3D, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.mp4"
    with pytest.raises(ValueError, match="0 people"):
        clips.write(Pose3D.empty(), path)
    with pytest.raises(ValueError, match="expected a frame rate"):
        clips.write(clip, path)

    def broken() -> Iterator[tuple[int, np.ndarray]]:
        yield 0, np.zeros((1280, 720, 3), np.uint8)
        raise RuntimeError("the camera is gone")

    path.write_bytes(b"before")
    with pytest.raises(RuntimeError, match="the camera is gone"):
        clips.write(replace(clip[:3], fps=30.0), path, pictures=broken())
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ImportError, match=r'needs PyAV: pip install "wholebody-lift\[mp4\]"'):
        clips.write(pose, path)
