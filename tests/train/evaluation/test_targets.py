"""What is asked of the base weights, against figures that are easy to judge."""

import pytest

pytest.importorskip("anny")

from wholebody_lift.train.evaluation import targets
from wholebody_lift.train.evaluation.evaluate import Report, Result
from wholebody_lift.train.evaluation.metrics import Decile


def _report(hands_at_wrist: float, webcam: float, measured_mm: float) -> Report:
    exact = Result(**dict.fromkeys(Result._fields, 4.0))._replace(hands_at_wrist=hands_at_wrist)
    same = dict.fromkeys(("exact", "noise", "incomplete"), exact)
    webcams = {"exact": exact._replace(seen=webcam * exact.seen)}
    results = {"laboratory": same, "phone_portrait": same, "phone_landscape": same, "webcam": webcams}
    tenth = Decile(**dict.fromkeys(Decile._fields, 1))._replace(
        part="face", predicted=10.0, actual=measured_mm
    )
    return Report(results, groups={}, bones={}, calibration=[tenth], differences=[], version=1, seconds=0.0)


def _missed(report: Report) -> list[str]:
    return [target.what for target in targets.compare(report) if not target.met]


def test_met_targets() -> None:
    assert _missed(_report(hands_at_wrist=20.0, webcam=1.35, measured_mm=10.5)) == []


def test_each_missed_target_is_named() -> None:
    hands, webcam, calibration = _missed(_report(hands_at_wrist=20.1, webcam=1.36, measured_mm=20.0))
    assert "hands" in hands
    assert "webcam" in webcam
    assert "expected errors" in calibration


def test_figures_have_units_and_limits() -> None:
    found = {target.what: target for target in targets.compare(_report(20.0, 1.2, 10.0))}
    assert found["N-MPJPE"].asked == "at most 40 mm"
    assert found["N-MPJPE"].reached == "4.0 mm"
    assert found["a detector's noise costs"].reached == "0 %"
