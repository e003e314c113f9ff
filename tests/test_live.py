import numpy as np
import pytest
import torch
from people import standing

from wholebody_lift import InputError, Keypoints2D, Lifter, LiveLifter, camera
from wholebody_lift.body import bone_lengths
from wholebody_lift.skeleton import ROOT
from wholebody_lift.video import smoothing
from wholebody_lift.video.smoothing import OneEuro

FPS = 30.0
K = np.array([[1145.0, 0.0, 512.0], [0.0, 1145.0, 490.0], [0.0, 0.0, 1.0]])


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    """(20, 133, 2) pixels of a person, each frame a little different."""
    xyz = standing(20) + torch.tensor([300.0, 100.0, 4500.0], dtype=torch.float64)
    return camera.project(xyz, torch.from_numpy(K).expand(20, 3, 3)).numpy()


def test_live_is_the_filter_over_frames_lifted_one_by_one(small: Lifter, frames: np.ndarray) -> None:
    stream = LiveLifter(small, FPS, K=K)
    filtered = OneEuro(smoothing.rates("live"), smoothing.LIVE_GAIN)
    total = weighted = 0.0
    for t, xy in enumerate(frames):
        alone, pose = small.lift(xy, K=K), stream.push(xy)
        weights = bone_lengths.measure_weights(alone.error_mm)
        total, weighted = total + weights, weighted + weights * bone_lengths.measures(alone.xyz)
        parts = filtered(smoothing.apart(alone.xyz[0].astype(np.float64)), t / FPS, 1000.0)
        expected = bone_lengths.lock_lengths(smoothing.together(parts)[None], (weighted / total)[0])
        assert np.abs(pose.xyz - expected).max() < 1e-2
        assert pose.image_ids.tolist() == [t]
        assert np.array_equal(pose.keypoints[0], xy.astype(np.float32))


def test_the_first_frame_is_not_delayed(small: Lifter, frames: np.ndarray) -> None:
    pose, alone = LiveLifter(small, FPS, K=K).push(frames[0]), small.lift(frames[0], K=K)
    assert np.abs(pose.xyz - alone.xyz).max() < 1e-2
    assert np.abs(pose.translation - alone.translation).max() < 1
    assert np.abs(pose.reprojection_error_px - alone.reprojection_error_px).max() < 0.1


def test_people_can_be_tracked(small: Lifter, frames: np.ndarray) -> None:
    """In whatever order they are listed, at irregular times and through an empty frame."""
    tracked, told = (LiveLifter(small, K=K, track=track) for track in (True, False))
    scored = np.dstack((frames, np.ones((20, 133))))
    aside = scored + np.array([900.0, 0.0, 0.0])
    times = np.cumsum(np.random.default_rng(0).uniform(0.0004, 0.05, 20))
    for t, seconds in enumerate(times):
        if t == 7:
            assert len(tracked.push(None, seconds)) == 0
            continue
        order = [0, 1] if t % 2 else [1, 0]
        both = np.stack([scored[t], aside[t]])[order]
        pose, want = tracked.push(both, seconds), told.push(both, seconds, track_ids=order)
        left = pose.keypoints[:, 0, 0].argmin()
        if t == 0:
            left_id = pose.track_ids[left]
        assert pose.track_ids[left] == left_id
        np.testing.assert_allclose(pose.xyz, want.xyz, atol=1e-3)


def test_people_are_told_apart_by_track(small: Lifter, frames: np.ndarray) -> None:
    both, first, second = (LiveLifter(small, FPS, K=K) for _ in range(3))
    for t in range(0, 18, 2):
        order = [0, 1] if t % 4 else [1, 0]
        pose = both.push(frames[t : t + 2][order], track_ids=np.array([5, 9])[order])
        assert pose.track_ids.tolist() == np.array([5, 9])[order].tolist()
        expected = [first.push(frames[t]).xyz[0], second.push(frames[t + 1]).xyz[0]]
        assert np.abs(pose.xyz - np.stack(expected)[order]).max() < 1e-2


def test_frames_may_come_at_any_times(small: Lifter, frames: np.ndarray) -> None:
    clock, even = LiveLifter(small, K=K), LiveLifter(small, FPS, K=K)
    for t, xy in enumerate(frames[:5]):
        assert np.array_equal(clock.push(xy, t / FPS).xyz, even.push(xy).xyz)
    late = clock.push(frames[5], 4 / FPS + 0.9).xyz
    alone = small.lift(frames[5], K=K).xyz
    assert np.abs(late - alone).max() < np.abs(even.push(frames[5]).xyz - alone).max()


def test_who_is_missing_is_missing_and_then_goes_on(small: Lifter, frames: np.ndarray) -> None:
    stream = LiveLifter(small, FPS, K=K, forget_seconds=0.5)
    stream.push(frames[0])
    for nothing in (None, np.full((133, 2), np.nan), np.zeros((0, 133, 2))):
        assert len(stream.push(nothing)) == 0
    back, afresh = stream.push(frames[4]), small.lift(frames[4], K=K)
    assert back.image_ids.tolist() == [4]
    assert np.abs(back.xyz - afresh.xyz).max() > 1  # still remembers


def test_who_was_away_for_long_starts_afresh(small: Lifter, frames: np.ndarray) -> None:
    stream = LiveLifter(small, K=K, forget_seconds=0.5)
    stream.push(frames[0], 0.0)
    pose = stream.push(frames[1], 0.6)
    assert np.abs(pose.xyz - LiveLifter(small, FPS, K=K).push(frames[1]).xyz).max() < 1e-3


def test_memory_is_bounded(small: Lifter, frames: np.ndarray) -> None:
    stream = LiveLifter(small, FPS, K=K, forget_seconds=0.2)
    for t in range(30):  # somebody new in every frame
        stream.push(frames[t % 20], track_ids=[t])
        assert len(stream._people) <= 0.2 * FPS + 1


def test_reset_starts_again(small: Lifter, frames: np.ndarray) -> None:
    stream = LiveLifter(small, FPS, K=K)
    first = [stream.push(xy).xyz for xy in frames[:4]]
    stream.reset()
    again = [stream.push(xy) for xy in frames[:4]]
    assert all(np.array_equal(pose.xyz, xyz) for pose, xyz in zip(again, first, strict=True))
    assert [int(pose.image_ids[0]) for pose in again] == [0, 1, 2, 3]


def test_bones_settle(small: Lifter, frames: np.ndarray) -> None:
    stream = LiveLifter(small, FPS, K=K)
    poses = [stream.push(frames[t % 20]) for t in range(40)]
    lengths = np.concatenate([bone_lengths.measures(pose.xyz.astype(np.float64)) for pose in poses])
    alone = bone_lengths.measures(small.lift(frames, K=K).xyz.astype(np.float64))
    vary = alone.std(axis=0) > 1e-6  # coordinates along an axis of a rigid body are zero across it
    assert (lengths[20:].std(axis=0) < 0.1 * alone.std(axis=0))[vary].all()
    assert all(np.abs(pose.xyz[:, list(ROOT)].mean(axis=1)).max() < 1e-3 for pose in poses)


def test_a_still_person_is_lifted_as_one_image(small: Lifter, frames: np.ndarray) -> None:
    stream = LiveLifter(small, FPS, K=K)
    for _ in range(10):
        pose = stream.push(frames[3])
    alone = small.lift(frames[3], K=K)
    assert np.abs(pose.xyz - alone.xyz).max() < 1e-2
    assert np.abs(pose.translation - alone.translation).max() < 1


def test_keypoints2d_brings_its_own_camera(small: Lifter, frames: np.ndarray) -> None:
    people = Keypoints2D(keypoints=frames[:2], K=K, track_ids=[1, 2], height_mm=1500)
    pose = LiveLifter(small, FPS).push(people)
    assert pose.camera_source == "given"
    assert pose.scale_source == "height_mm"
    assert pose.track_ids.tolist() == [1, 2]


def test_what_is_wrong_is_told_and_leaves_no_trace(small: Lifter, frames: np.ndarray) -> None:
    with pytest.raises(InputError, match="expected the time"):
        LiveLifter(small).push(frames[0])
    with pytest.raises(InputError, match="expected fps"):
        LiveLifter(small, 0)
    stream, untouched = LiveLifter(small, FPS, K=K), LiveLifter(small, FPS, K=K)
    stream.push(frames[0])
    untouched.push(frames[0])
    for wrong, options, message in (
        (frames[:2], {}, "track_ids for 2 people"),
        (frames[:2], {"track_ids": [1, 1]}, r"different within a frame, got \[1, 1\]"),
        (frames[:2], {"track_ids": [1]}, r"shape \(2,\)"),
        (np.zeros((17, 2)), {}, "17 keypoints"),
        (frames[1], {"seconds": 0.0}, "expected a frame later"),
    ):
        with pytest.raises(InputError, match=message):
            stream.push(wrong, **options)
    with pytest.raises(TypeError, match="without track_ids"):
        stream.push(Keypoints2D(keypoints=frames[:1]), track_ids=[1])
    assert np.array_equal(stream.push(frames[1]).xyz, untouched.push(frames[1]).xyz)


def test_time_does_not_run_backwards_without_seconds_either(small: Lifter, frames: np.ndarray) -> None:
    stream = LiveLifter(small, FPS)
    stream.push(frames[0], seconds=10)
    with pytest.raises(InputError, match="later than the one before, at 10 s"):
        stream.push(frames[1])


def test_a_recording_is_replayed_frame_by_frame(small: Lifter, frames: np.ndarray) -> None:
    order = [4, 0, 2, 1, 3, 5]
    people = Keypoints2D(
        keypoints=frames[[2, 0, 1, 0, 1, 2]][np.argsort(order)],
        image_ids=np.array([0, 0, 1, 1, 5, 5])[np.argsort(order)],
        track_ids=np.array([1, 2] * 3)[np.argsort(order)],
        fps=FPS,
        K=K,
    )
    done: list[tuple[int, int | None]] = []
    replayed = LiveLifter(small, FPS).replay(people, lambda *step: done.append(step))
    live = LiveLifter(small, FPS)
    poses = [live.push(people[people.image_ids == frame], frame / FPS) for frame in (0, 1, 5)]
    assert np.array_equal(replayed.xyz, np.concatenate([pose.xyz for pose in poses]))
    assert replayed.image_ids.tolist() == [0, 0, 1, 1, 5, 5]
    assert done == [(2, 6), (4, 6), (6, 6)]
    for stream in (LiveLifter(small), LiveLifter(small, 10)):
        assert stream.replay(people).fps == FPS
        assert stream.replay(Keypoints2D.empty().model_copy(update={"fps": FPS})).fps == FPS
        stream.reset()
    with pytest.raises(InputError, match="fps"):
        LiveLifter(small, FPS).replay(Keypoints2D(keypoints=frames))


@pytest.mark.parametrize("wrong", [np.inf, -np.inf, np.nan, "1", [1, 2], 1.7e12])
def test_a_wrong_time_is_refused_and_leaves_no_trace(
    small: Lifter, frames: np.ndarray, wrong: object
) -> None:
    stream = LiveLifter(small, FPS, K=K)
    with pytest.raises(InputError, match="expected seconds"):
        stream.push(frames[0], wrong)
    assert stream.push(frames[0]).image_ids.tolist() == [0]


@pytest.mark.parametrize("wrong", [5, 5.0, "frame", {}, [[1, 2]]])
def test_what_is_no_frame_is_refused(small: Lifter, wrong: object) -> None:
    with pytest.raises(InputError, match="expected keypoints"):
        LiveLifter(small, FPS, K=K).push(wrong)


@pytest.mark.parametrize("options", [{"fps": "30"}, {"smoothness": np.inf}, {"forget_seconds": np.inf}])
def test_settings_out_of_range_are_refused(small: Lifter, options: dict[str, object]) -> None:
    (name,) = options
    with pytest.raises(InputError, match=f"expected {name} "):
        LiveLifter(small, **{"fps": FPS, **options})
