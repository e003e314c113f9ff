"""Which parts should share a curve of expected errors, decided without the test recordings.

The people on whom `release --bank` calibrates expected errors are divided by recording. In turn, curves are
fitted to all divisions except one and applied to that one, so every expected error is judged on recordings
that its curve has not seen. The remaining deviation shows how much recordings differ, which no curve can
correct.
"""

import argparse
from collections import Counter
from pathlib import Path

import torch
from torch import Tensor

from wholebody_lift import pretrained, skeleton
from wholebody_lift.model.calibration import ErrorCalibration
from wholebody_lift.train import calibrate
from wholebody_lift.train.calibrate import Answers, Curves
from wholebody_lift.train.evaluation import metrics
from wholebody_lift.train.evaluation.metrics import Decile
from wholebody_lift.train.markdown import table
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.people import People
from wholebody_lift.train.synthetic.rig import load_rig

CHOICES: dict[str, Curves] = {
    "one for all": (tuple(skeleton.PARTS),),
    "body with feet, face, both hands": (("body", "feet"), ("face",), ("left_hand", "right_hand")),
    "body, feet, face, both hands": calibrate.CURVES,
    "each part, each hand": tuple((part,) for part in skeleton.PARTS),
}
DIVISIONS = 5


def divided(recordings: tuple[str, ...], divisions: int) -> Tensor:
    """(N,) division of each of N people: that of its recording. Recordings are dealt out, the longest first,
    each to the division that has fewest people so far."""
    filled = [0] * divisions
    division = {}
    for name, count in Counter(recordings).most_common():
        division[name] = filled.index(min(filled))
        filled[division[name]] += count
    return torch.tensor([division[name] for name in recordings])


def judged(answers: Answers, curves: Curves, divisions: int = DIVISIONS) -> list[Decile]:
    """The deciles of errors that were expected by curves fitted to other recordings."""
    division = divided(answers.recordings, divisions)
    right = torch.empty_like(answers.predicted)
    for number in range(divisions):
        own = division == number
        fitted = calibrate.fit(answers.predicted[~own], answers.measured[~own], curves)
        right[own] = ErrorCalibration(fitted)(answers.predicted[own])
    return metrics.calibration(right, answers.measured)


def _row(name: str, deciles: list[Decile]) -> tuple[str, ...]:
    within = [decile for decile in deciles if decile.right]
    of_hands = [decile for decile in within if decile.part.endswith("hand")]
    summary = metrics.summary(deciles)
    return (
        name,
        f"{len(within)} of {len(deciles)}",
        f"{len(of_hands)} of 20",
        f"{summary.mean_deviation:.1%}",
        f"{summary.worst.ratio:.2f}, {summary.worst.part} {summary.worst.decile}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument(
        "--bank", type=Path, required=True, help="the bank made by wholebody_lift.train prepare"
    )
    parser.add_argument("--weights", help="base, tiny, a directory or a Hub id (default: base)")
    options = parser.parse_args()
    plain = pretrained.load(options.weights).with_calibration(None).eval()
    answers = calibrate.answers(plain, People(load_rig(), MotionBank.load(options.bank), "val"))

    rows = [_row("none", metrics.calibration(answers.predicted, answers.measured))]
    rows += [_row(name, judged(answers, curves)) for name, curves in CHOICES.items()]
    print(table(("curves", "within 15 %", "of these, hands", "mean deviation", "worst"), rows))


if __name__ == "__main__":
    main()
