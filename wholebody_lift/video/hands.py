"""Hands that touch each other.

The picture shows how close they are to each other across it, and hardly which is in front. Hands that touch
in the picture do touch if they stay together and the network takes it to be possible.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wholebody_lift._types import Floats, Mask
from wholebody_lift.skeleton import INDEX, PARTS
from wholebody_lift.tracks import runs
from wholebody_lift.video.smoothing import low_pass

NEAR_MM = 25.0
"""Hands touch in the picture if any of their keypoints are as close as this."""
TOGETHER_MM_PER_SECOND = 300.0
"""Hands that move faster than this relative to each other, in the picture, pass each other."""
TOUCH_SECONDS = 0.2
"""They touch for at least this long."""
TOGETHER_HZ = 3.0
"""Cut-off of the movement that is compared with `TOGETHER_MM_PER_SECOND`."""
POSSIBLE = 1.5
"""They could touch if their distance in depth is at most this many times its expected error: the median over
the time for which they seem to."""
BLOCK = 256
"""Frames whose hands are compared at a time."""

_HANDS = [list(PARTS[f"{side}_hand"]) for side in ("left", "right")]
_WRISTS = [INDEX["left_wrist"], INDEX["right_wrist"]]


class Touch(NamedTuple):
    """When the hands of one person touch over T frames, and where."""

    touches: Mask
    """(T,)"""
    shares: Floats
    """(T, 2, 21) shares of the keypoints of the left and of the right hand in the place where they touch."""

    def of(self, part: slice) -> Touch:
        """The same for some of the frames."""
        return Touch(self.touches[part], self.shares[part])

    def depths(self, placed: Floats) -> Floats:
        """(T, 2) mm: how far away the left and the right hand are where they touch, of people (T, 133, 3)."""
        return np.stack(
            [(placed[:, hand, 2] * self.shares[:, side]).sum(axis=1) for side, hand in enumerate(_HANDS)],
            axis=1,
        )


def touching(seen: Floats, placed: Floats, error_mm: Floats, fps: float) -> Touch:
    """When the hands touch.

    Args:
        seen: (T, 133, 2) keypoints on the image plane; NaN where missing.
        placed: (T, 133, 3) mm from the camera.
        error_mm: (T, 133) the expected errors.
        fps: frames per second.
    """
    depth = placed[:, _WRISTS, 2].mean(axis=1)  # (T,)
    close, shares = np.zeros(len(seen), dtype=bool), np.zeros((len(seen), 2, len(_HANDS[0])))
    for start in range(0, len(seen), BLOCK):
        part = slice(start, start + BLOCK)
        close[part], shares[part] = _close(seen[part], depth[part])
    touch = Touch(close & _together(seen, depth[:, None, None], fps), shares)
    off = np.abs(np.diff(touch.depths(placed), axis=1)[:, 0])
    expected = np.hypot(*(error_mm[:, hand].mean(axis=1) for hand in _HANDS))
    for start, stop in runs(touch.touches):
        possible = np.median(off[start:stop] / expected[start:stop]) < POSSIBLE
        touch.touches[start:stop] = possible and stop - start >= TOUCH_SECONDS * fps
    return touch


def _close(seen: Floats, depth: Floats) -> tuple[Mask, Floats]:
    """Whether hands touch in the picture (T,), and the shares (T, 2, 21) of their keypoints."""
    left, right = (seen[:, hand] for hand in _HANDS)
    apart = np.linalg.norm(left[:, :, None] - right[:, None], axis=-1) * depth[:, None, None]  # (T, 21, 21)
    apart = np.where(np.isnan(apart), np.inf, apart)
    near = np.exp(-((apart / NEAR_MM) ** 2) / 2)
    total = np.maximum(near.sum(axis=(1, 2)), np.finfo(float).tiny)[:, None]
    shares = np.stack((near.sum(axis=2) / total, near.sum(axis=1) / total), axis=1)
    return np.asarray((apart < NEAR_MM).any(axis=(1, 2))), shares


def _together(seen: Floats, depth: Floats, fps: float) -> Mask:
    """(T,) whether the hands hardly move relative to each other."""
    if len(seen) < 2:
        return np.zeros(len(seen), dtype=bool)
    between = (seen[:, _WRISTS[0]] - seen[:, _WRISTS[1]])[:, None]  # (T, 1, 2)
    known = np.isfinite(between[..., 0])
    speed = np.gradient(low_pass(between, known, TOGETHER_HZ, fps), axis=0) * fps * depth
    return np.asarray(known[:, 0] & (np.linalg.norm(speed, axis=-1)[:, 0] < TOGETHER_MM_PER_SECOND))
