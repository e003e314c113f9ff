"""Facial expressions of any strength and faces at rest: recorded ones with a bank, random ones without.

An expression is the weights (n, 52) of the facial actions `phenotypes.FACE_ACTIONS`, 0..1 each.
"""

import torch
from torch import Tensor

from wholebody_lift.train.synthetic.bank import MotionBank, Split
from wholebody_lift.train.synthetic.draws import Draws
from wholebody_lift.train.synthetic.phenotypes import FACE_ACTIONS

NEUTRAL = 0.3
"""Share of faces at rest. The others have an expression scaled by a strength that is uniform above this."""

RANDOM_ACTIONS = 0.12
"""Share of the facial actions that take part in a random expression."""


def sample(n: int, generator: torch.Generator, bank: MotionBank | None, split: Split) -> Tensor:
    """Draw expressions (n, 52) from the bank's recordings of a split, or at random without a bank."""
    actions = random(n, generator) if bank is None else bank.sample_faces(n, split, generator)[0]
    strength = Draws(n, generator).uniform(1)
    return actions * strength * (strength > NEUTRAL)


def random(n: int, generator: torch.Generator, share: float = RANDOM_ACTIONS) -> Tensor:
    """Draw expressions (n, 52) in which each action takes part with probability `share`, with any weight."""
    actions = Draws(n, generator).uniform(len(FACE_ACTIONS))
    return actions * (actions < share) / share
