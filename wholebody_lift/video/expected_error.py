"""How far off a motion is expected to be: less than its frames, as smoothing and fitting take errors away.

The factors are those with which expected and actual errors have the same mean on synthetic videos of
validation recordings and of activities, whose detector also makes errors that stay the same throughout a
video. `python -m benchmarks.sequence_errors` measures them.
"""

from __future__ import annotations

import numpy as np

from wholebody_lift._types import Floats
from wholebody_lift.skeleton import PARTS

SMOOTHED: dict[str, float] = {
    "body": 0.96,
    "feet": 1.03,
    "face": 0.90,
    "left_hand": 1.02,
    "right_hand": 1.02,
}
"""By part: the errors of a smoothed motion, as multiples of the errors expected of its frames."""

FITTED: dict[str, float] = {
    "body": 0.96,
    "feet": 0.99,
    "face": 0.89,
    "left_hand": 1.03,
    "right_hand": 1.03,
}
"""The same for a motion that was also fitted over time."""


CORRECTED: dict[str, float] = {
    "body": 0.955,
    "feet": 0.94,
    "face": 0.94,
    "left_hand": 0.965,
    "right_hand": 0.965,
}
"""What the network over time leaves of either."""


def of_motion(error_mm: Floats, *, fitted: bool, corrected: bool) -> Floats:
    """The errors expected of a motion, from those expected of its frames, (T, 133) mm.

    corrected: whether the network over time had a part in it.
    """
    factors = FITTED if fitted else SMOOTHED
    if corrected:
        factors = {name: factor * CORRECTED[name] for name, factor in factors.items()}
    of_keypoints = np.repeat([factors[name] for name in PARTS], [len(part) for part in PARTS.values()])
    return np.asarray(error_mm * of_keypoints)
