"""Body poses that recordings of motion rarely show: joint limits, everyday activities, reaching hands.

A pose is L (n, J, 3, 3), the rest-aligned local rotations of `rig.BONES`: G_b = G_parent L_b turns bone b from
its rest pose into its posed one, and G is the identity everywhere in the rest pose. The root's own L is its
turn in the world: z up, the person looks along -y with the left side at +x. The heading stays near that; the
camera is what turns around people. Fingers stay at rest here, `hands.py` bends them.

How a pose comes about: an activity picks what the legs do and what the arms do; both are rows of anatomical
angles (mean, spread) over `LIMITS`; angles become rotations by frames read off the rest bones, so that
no bone's own axes matter; hands that touch something are then brought there by inverse kinematics; feet that
carry weight are put flat on one floor; whoever intersects himself is drawn again.

Rest heads (J, 3), or (n, J, 3) with one body per person, are in millimetres. All functions are batched,
float32 and run on the device of their inputs; randomness comes from an explicit generator on that device.
"""

import dataclasses
import functools
import math

import torch
from torch import Tensor

from wholebody_lift.train import rotations
from wholebody_lift.train.rig import BONES, PARENT_BONES

# ---------------------------------------------------------------------------------------------- the mixture

SHARES_WITH_RECORDINGS: dict[str, float] = {
    "recorded": 0.25,
    "recorded_jittered": 0.10,
    "recorded_recombined": 0.12,
    "recorded_reaching": 0.08,
    "activity": 0.37,
    "limits": 0.08,
}
"""Share of each source of poses when a batch of recorded poses is given. Recorded poses are mirrored half of
the time in all four rows; a recombined pose has the legs and spine of one recording and the arms and neck of
another pose, recorded or not; a reaching one has one or both hands brought to a random contact."""

SHARES_ALONE: dict[str, float] = {"activity": 0.86, "limits": 0.14}
"""Share of each source of poses when there are no recordings."""

