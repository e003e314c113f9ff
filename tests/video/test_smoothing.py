import numpy as np
import pytest

from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS
from wholebody_lift.video import smoothing
from wholebody_lift.video.smoothing import OneEuro, apart, low_pass, together

FPS = 30.0


def ones(values: np.ndarray) -> np.ndarray:
    return np.ones(values.shape[:2])


def sine(hz: float, frames: int = 600) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(frames) / FPS)[:, None, None]


def second_differences(frames: int) -> np.ndarray:
    return np.diff(np.eye(frames), n=2, axis=0)


# Offline


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 50])
def test_what_does_not_move_stays(frames: int) -> None:
    rest = np.full((frames, 3, 2), 1234.567)
    assert np.abs(low_pass(rest, ones(rest), 2.0, FPS) - rest).max() < 1e-9


def test_a_ramp_has_no_lag() -> None:
    ramp = (5 + 3.0 * np.arange(200))[:, None, None]
    assert np.abs(low_pass(ramp, ones(ramp), 1.0, FPS) - ramp).max() < 1e-4


def test_time_backwards_is_the_same() -> None:
    noise = np.random.default_rng(0).normal(size=(80, 4, 3))
    weights = np.random.default_rng(1).uniform(0.1, 1, size=(80, 4))
    forwards = low_pass(noise, weights, 3.0, FPS)
    backwards = low_pass(noise[::-1], weights[::-1], 3.0, FPS)[::-1]
    assert np.allclose(forwards, backwards, atol=1e-9)


@pytest.mark.parametrize("cutoff", [0.5, 2.0, 6.0, 12.0])
def test_the_cut_off_takes_3_db_and_shifts_nothing(cutoff: float) -> None:
    wave = sine(cutoff)
    middle = slice(200, 400)
    ratio = low_pass(wave, ones(wave), cutoff, FPS)[middle, 0, 0] @ wave[middle, 0, 0]
    ratio /= wave[middle, 0, 0] @ wave[middle, 0, 0]
    assert ratio == pytest.approx(1 / np.sqrt(2), abs=2e-3)
    left = low_pass(wave, ones(wave), cutoff, FPS)[middle] - ratio * wave[middle]
    assert np.abs(left).max() < 5e-3  # no cosine in it: zero phase


def test_cut_offs_beyond_half_the_frame_rate_take_ever_less() -> None:
    wave = sine(10.0)
    lost = [
        np.abs(low_pass(wave, ones(wave), hz, FPS) - wave).max() for hz in (10.0, 14.9, 15.1, 30.0, 100.0)
    ]
    assert lost == sorted(lost, reverse=True)
    assert lost[1] == pytest.approx(lost[2], rel=0.1)
    assert lost[-1] < 1e-3


def test_it_solves_the_penalised_least_squares() -> None:
    rng = np.random.default_rng(2)
    values, weights = rng.normal(size=(40, 3, 2)), rng.uniform(0, 1, size=(40, 3))
    weights[5:9, 1] = 0
    cutoff = np.array([1.0, 3.0, 8.0])
    smooth = low_pass(values, weights, cutoff, FPS)
    penalty = second_differences(40).T @ second_differences(40)
    for k in range(3):
        stiffness = (np.sqrt(2) - 1) / (2 * np.sin(np.pi * cutoff[k] / FPS)) ** 4
        matrix = np.diag(weights[:, k]) + stiffness * penalty
        expected = np.linalg.solve(matrix, weights[:, k, None] * values[:, k])
        assert np.abs(smooth[:, k] - expected).max() < 1e-6


def test_missing_values_leave_no_trace_and_are_filled_along_the_line() -> None:
    ramp = np.arange(60.0)[:, None, None]
    weights = ones(ramp)
    weights[20:26] = 0
    holes, garbage = ramp.copy(), ramp.copy()
    holes[20:26], garbage[20:26] = np.nan, 1e9
    filled = low_pass(holes, weights, 2.0, FPS)
    assert np.abs(filled - ramp).max() < 1e-4
    assert np.array_equal(filled, low_pass(garbage, weights, 2.0, FPS))


def test_a_keypoint_seen_once_stays_there_and_one_never_seen_is_missing() -> None:
    values = np.full((10, 2, 2), np.nan)
    values[4, 0] = (3.0, 5.0)
    for cutoff in (2.0, 1e-6):
        smooth = low_pass(values, ~np.isnan(values[..., 0]), cutoff, FPS)
        assert np.allclose(smooth[:, 0], (3.0, 5.0), atol=1e-6)
        assert np.isnan(smooth[:, 1]).all()


def test_trusted_values_pull_more() -> None:
    values = np.zeros((21, 1, 1))
    values[10] = 1.0
    weights = ones(values)
    plain = low_pass(values, weights, 2.0, FPS)[10, 0, 0]
    weights[10] = 0.1
    assert 0 < low_pass(values, weights, 2.0, FPS)[10, 0, 0] < plain / 3


# Live


def one_euro_loop(x: np.ndarray, times: np.ndarray, least: float, gain: float) -> np.ndarray:
    """The algorithm as Casiez et al. print it, for one number."""
    out, value, slope = [x[0]], x[0], 0.0
    for i in range(1, len(x)):
        step = times[i] - times[i - 1]

        def alpha(cutoff: float, step: float = step) -> float:
            tau = 1 / (2 * np.pi * cutoff)
            return 1 / (1 + tau / step)

        raw = (x[i] - value) / step
        slope = alpha(smoothing.SPEED_CUTOFF_HZ) * raw + (1 - alpha(smoothing.SPEED_CUTOFF_HZ)) * slope
        a = alpha(least + gain * abs(slope))
        value = a * x[i] + (1 - a) * value
        out.append(value)
    return np.array(out)


def test_one_euro_is_the_published_loop() -> None:
    rng = np.random.default_rng(3)
    x, times = rng.normal(size=100).cumsum(), rng.uniform(0.01, 0.1, size=100).cumsum()
    live = OneEuro(1.5, 0.4)
    got = [live(np.array([[value]]), seconds)[0, 0] for value, seconds in zip(x, times, strict=True)]
    assert np.allclose(got, one_euro_loop(x, times, 1.5, 0.4), atol=1e-12)


def test_one_euro_turns_with_the_axes_and_scales_with_the_unit() -> None:
    rng = np.random.default_rng(4)
    path = rng.normal(size=(50, 7, 3)).cumsum(axis=0)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    plain, turned, scaled = OneEuro(1.0, 0.5), OneEuro(1.0, 0.5), OneEuro(1.0, 0.5)
    for t, x in enumerate(path):
        expected = plain(x, t / FPS)
        assert np.allclose(turned(x @ turn, t / FPS), expected @ turn)
        assert np.allclose(scaled(1000 * x, t / FPS, unit=1000.0), 1000 * expected)


def test_one_euro_at_rest_stays_and_lags_a_ramp_by_what_it_says() -> None:
    rest, ramp = OneEuro(2.0, 0.0), OneEuro(2.0, 0.0)
    for t in range(300):
        assert np.allclose(rest(np.full((2, 3), 7.0), t / FPS), 7.0, atol=1e-12)
        behind = t / FPS - ramp(np.full((1, 1), t / FPS), t / FPS)[0, 0]
    assert behind == pytest.approx(1 / (2 * np.pi * 2.0), rel=1e-3)


def test_one_euro_passes_over_missing_values() -> None:
    live = OneEuro(1.0, 0.5)
    live(np.array([[1.0], [np.nan]]), 0.0)
    gone = live(np.array([[np.nan], [np.nan]]), 0.1)
    assert np.isnan(gone).all()
    back = live(np.array([[1.0], [5.0]]), 0.2)
    assert np.allclose(back, [[1.0], [5.0]])
    alone = OneEuro(1.0, 0.5)
    alone(np.array([[1.0]]), 0.0)
    alone(np.array([[1.0]]), 0.2)
    later = np.array([[2.0]])
    assert np.allclose(live(np.array([[2.0], [5.0]]), 0.4)[0], alone(later, 0.4)[0])


# Parts


def test_apart_and_together_are_inverse_and_hang_on_the_wrist() -> None:
    xyz = np.random.default_rng(5).normal(size=(4, NUM_KEYPOINTS, 3))
    assert np.allclose(together(apart(xyz)), xyz)
    moved = apart(xyz)
    moved[:, INDEX["left_wrist"]] += 10
    change = together(moved) - xyz
    assert np.allclose(change[:, INDEX["left_forefinger4"]], 10)
    assert np.allclose(change[:, INDEX["right_forefinger4"]], 0)


def test_hands_and_face_may_move_faster_than_the_trunk() -> None:
    for field in ("image", "space", "live"):
        rates = smoothing.rates(field)
        assert rates.shape == (NUM_KEYPOINTS,)
        assert rates[INDEX["left_hip"]] < rates[INDEX["face-30"]] or field == "image"
        assert rates[INDEX["left_hip"]] <= rates[INDEX["left_forefinger4"]]


@pytest.mark.parametrize("cutoff", [1e-6, 1e-3, 0.2, 3.0])
@pytest.mark.parametrize("fps", [30.0, 240.0, 10_000.0])
def test_lines_pass_however_little_is_to_pass(fps: float, cutoff: float) -> None:
    line = np.linspace(1000, 1300, 2000)[:, None, None]
    weights = np.ones((2000, 1))
    weights[50:60] = 0
    assert np.abs(low_pass(line, weights, cutoff, fps) - line).max() < 0.1


def test_keypoints_that_jump_away_and_back_are_outliers() -> None:
    """For a frame or two; not those that move, however fast, and none that are missing."""
    time = np.arange(60)[:, None, None] / 30
    xy = 100.0 * np.arange(40).reshape(20, 2) + 3000 * time * np.linspace(0, 1, 20)[:, None]
    xy += np.random.default_rng(0).normal(0, 2, xy.shape)
    assert not smoothing.outliers(xy, 30.0).any()
    jumping = np.zeros((60, 20), bool)
    jumping[20:22, 3] = jumping[40, :5] = True
    xy[jumping] += 700
    xy[10:15, 7] = np.nan
    assert np.array_equal(smoothing.outliers(xy, 30.0), jumping)
    assert not smoothing.outliers(xy, 15.0).any()  # neighbours too far apart


def test_outliers_of_a_long_video_are_found_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    xy = np.random.default_rng(1).normal(0, 1, (90, 4, 2)).cumsum(axis=0)
    xy[::13, 2] += 60
    whole = smoothing.outliers(xy, 30.0)
    assert whole.any()
    monkeypatch.setattr(smoothing, "_COMPARED", 100)
    assert np.array_equal(smoothing.outliers(xy, 30.0), whole)
