"""Facial expressions: recorded ones where there are any, else random ones, at any strength and at rest.

An expression is the strengths (n, 52) of the facial actions `phenotypes.FACE_ACTIONS`, 0..1 each.
"""

import torch
from torch import Tensor

from wholebody_lift.train.synthetic.bank import MotionBank, Split
from wholebody_lift.train.synthetic.draws import Draws
from wholebody_lift.train.synthetic.phenotypes import FACE_ACTIONS

NEUTRAL = 0.3
"""Share of faces at rest; the others are expressions at any strength above this one."""

RANDOM_ACTIONS = 0.12
"""Share of the facial actions in a random expression."""


def sample(n: int, generator: torch.Generator, bank: MotionBank | None, split: Split) -> Tensor:
    """Expressions (n, 52) of the bank's recordings of a split, or random ones without a bank."""
    actions = random(n, generator) if bank is None else bank.sample_faces(n, split, generator)[0]
    strength = Draws(n, generator).uniform(1)
    return actions * strength * (strength > NEUTRAL)


def random(n: int, generator: torch.Generator, share: float = RANDOM_ACTIONS) -> Tensor:
    """Expressions (n, 52) in which each action takes part with the chance `share`, at any strength."""
    actions = Draws(n, generator).uniform(len(FACE_ACTIONS))
    return actions * (actions < share) / share
