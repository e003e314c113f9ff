"""Accuracy targets of the base weights, and whether an evaluation meets them."""

from typing import NamedTuple

from wholebody_lift.train.evaluation.evaluate import Report

N_MPJPE_MM = 40.0
PA_MPJPE_MM = 27.0
HANDS_AT_WRIST_MM = 20.0
FACE_AT_NOSE_MM = 4.5
NOISE_COSTS_PERCENT = 15.0
MISSING_COSTS_PERCENT = 10.0
OVER_LABORATORY = {"phone_portrait": 1.1, "phone_landscape": 1.1, "webcam": 1.35}
"""Largest allowed error of the given keypoints relative to the laboratory's, by family of cameras."""


class Target(NamedTuple):
    """A target and the result, as text."""

    what: str
    asked: str
    reached: str
    met: bool


def compare(report: Report) -> list[Target]:
    """Compare a report with every target. Targets are for the laboratory with exact 2D unless they say
    otherwise."""
    laboratory = report.results["laboratory"]
    exact = laboratory["exact"]
    noise = 100 * (laboratory["noise"].whole / exact.whole - 1)
    missing = 100 * (laboratory["incomplete"].seen / exact.seen - 1)
    found = [
        _at_most("N-MPJPE", exact.n_mpjpe, N_MPJPE_MM, ".1f", " mm"),
        _at_most("PA-MPJPE", exact.pa_mpjpe, PA_MPJPE_MM, ".1f", " mm"),
        _at_most("hands, wrist-aligned", exact.hands_at_wrist, HANDS_AT_WRIST_MM, ".1f", " mm"),
        _at_most("face, nose-aligned", exact.face_at_nose, FACE_AT_NOSE_MM, ".1f", " mm"),
        _at_most("a detector's noise costs", noise, NOISE_COSTS_PERCENT, ".0f", " %"),
        _at_most("missing keypoints cost the given ones", missing, MISSING_COSTS_PERCENT, ".0f", " %"),
    ]
    for family, most in OVER_LABORATORY.items():
        ratio = report.results[family]["exact"].seen / exact.seen
        title = f"given keypoints, {family.replace('_', ' ')} over laboratory"
        found.append(_at_most(title, ratio, most, ".2f", ""))
    tenths = report.calibration
    right = sum(tenth.right for tenth in tenths)
    title = "parts and tenths whose expected errors are within 15 % of the actual ones"
    every = f"{len(tenths)} of {len(tenths)}"
    found.append(Target(title, every, f"{right} of {len(tenths)}", right == len(tenths)))
    return found


def _at_most(what: str, value: float, most: float, digits: str, unit: str) -> Target:
    return Target(what, f"at most {most:g}{unit}", f"{value:{digits}}{unit}", value <= most)
