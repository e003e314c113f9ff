"""The figures of `benchmarks.real`: right on people whose errors are known."""

import numpy as np
import pytest

from benchmarks import real
from wholebody_lift.skeleton import INDEX, KEYPOINT_NAMES


@pytest.fixture(scope="module")
def recordings() -> real.Recordings:
    return real.read()


def test_the_recordings_are_whole(recordings: real.Recordings) -> None:
    assert len(recordings.takes) == 14
    assert sum(map(len, recordings.takes)) == len(recordings.truth) == 1275
    assert {KEYPOINT_NAMES[k] for k in recordings.compared} >= {"nose", "left_knee", "right_heel"}
    for rows in recordings.takes:
        assert (np.diff(recordings.frame[rows]) > 0).all()


def test_the_truth_has_no_error(recordings: real.Recordings) -> None:
    for name, figure in real.errors(recordings.truth, recordings).items():
        assert np.nanmax(np.abs(figure)) < 1e-3, name


def test_alignment_takes_away_scale_and_turn(recordings: real.Recordings) -> None:
    larger = real.errors(1.1 * recordings.truth, recordings)
    assert np.nanmean(larger["mpjpe"]) > 30
    assert np.nanmax(larger["n_mpjpe"]) < 1e-3
    x, y, z = np.moveaxis(recordings.truth, -1, 0)
    turned = real.errors(np.stack((z, y, -x), axis=-1), recordings)
    assert np.nanmean(turned["n_mpjpe"]) > 30
    assert np.nanmax(turned["pa_mpjpe"]) < 1e-3
    assert np.nanmax(turned["angle/knee"]) < 1e-3


def test_legs_nearer_to_the_camera_lean(recordings: real.Recordings) -> None:
    leaning = recordings.truth.copy()
    for side in ("left", "right"):
        leaning[:, INDEX[f"{side}_ankle"], 2] -= 100
    figures = real.errors(leaning, recordings)
    assert 4 < np.nanmean(figures["lean/legs"]) < 12
    assert np.nanmax(np.abs(figures["lean/trunk"])) < 1e-3


def test_a_steady_shift_is_no_acceleration(recordings: real.Recordings) -> None:
    shifted = recordings.truth.copy()
    shifted[:, INDEX["left_wrist"]] += 50
    figures = real.errors(shifted, recordings)
    assert np.nanmean(figures["mpjpe"]) > 1
    assert np.nanmax(figures["acceleration"]) < 1e-3


def test_the_interval_holds_the_mean_and_knows_takes(recordings: real.Recordings) -> None:
    same = np.full(len(recordings.take), 7.0)
    assert real.interval(same, recordings) == pytest.approx((7.0, 7.0))
    by_take = recordings.take.astype(np.float64)
    low, high = real.interval(by_take, recordings)
    assert low < by_take.mean() < high


def test_expected_errors_in_the_order_of_the_actual_ones_correlate(recordings: real.Recordings) -> None:
    rng = np.random.default_rng(0)
    off = recordings.truth + rng.normal(0, 50, recordings.truth.shape)
    hips = [INDEX["left_hip"], INDEX["right_hip"]]
    off[:, hips] = recordings.truth[:, hips]
    actual = np.linalg.norm(off - recordings.truth, axis=-1)
    assert real.rank_correlation(actual, off, recordings) == pytest.approx(1, abs=0.01)
    assert abs(real.rank_correlation(rng.random(actual.shape), off, recordings)) < 0.05


def test_the_table_has_a_row_for_everything(recordings: real.Recordings) -> None:
    found = {"MediaPipe": {"its own 3D": real.summarise(recordings.detector_xyz, recordings)}}
    header, rule, row = real.as_markdown(found).splitlines()
    assert "N-MPJPE" in header
    assert header.count("|") == rule.count("|") == row.count("|")
    assert "105.5" in row  # N-MPJPE of MediaPipe's own 3D, mm
