"""Average the weights of networks that were trained on from the same ones.

The average of such networks errs less than each of them (model soups: Wortsman et al., ICML 2022), as long as
they have the same shape and a common start.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from wholebody_lift.config import INPUTS, Config
from wholebody_lift.errors import InputError
from wholebody_lift.model import SemGAN

FOR_WHAT_IS_KNOWN = ("embed_known.", "adapters.")
"""How the names of the layers begin that make use of bone lengths, gravity and depth."""


def average(models: Sequence[SemGAN], shares: Sequence[float], *, known_of: SemGAN | None = None) -> SemGAN:
    """The mean of the networks' weights, weighted by their shares; without a calibration.

    Layers that not all of them have, those for what else is known and for close-ups, are averaged over the
    networks that have them. With `known_of`, a network of the same shape, those for what else is known are
    its own instead, not averaged.

    Raises InputError for shares that are not positive or not one for each network, for networks of different
    shapes, and for a `known_of` that lacks these layers.
    """
    if len(shares) != len(models) or not all(share > 0 for share in shares):
        raise InputError(
            f"expected a positive share for each of {len(models)} networks, got {list(shares)}; pass as many "
            "--shares as weights"
        )
    if known_of is not None and not known_of.config.inputs:
        raise InputError("expected weights with layers for what else is known, got weights without")
    others = [] if known_of is None else [known_of.config]
    mean = SemGAN(_config([*(model.config for model in models), *others]))
    states = [model.state_dict() for model in models]
    with torch.no_grad():
        for name, values in mean.state_dict().items():
            found = [
                (state[name], share) for state, share in zip(states, shares, strict=True) if name in state
            ]
            if known_of is not None and name.startswith(FOR_WHAT_IS_KNOWN):
                found = [(known_of.state_dict()[name], 1.0)]
            total = sum(share for _, share in found)
            values.copy_(sum(weights.double() * (share / total) for weights, share in found))
    return mean.eval()


def _config(configs: Sequence[Config]) -> Config:
    """Of a network that has the layers of all of these."""
    told = [config for config in configs if config.inputs] or configs
    combined = {
        "inputs": tuple(name for name in INPUTS if any(name in config.inputs for config in configs)),
        "adapters": any(config.adapters for config in told),
        "close_ups": any(config.close_ups for config in configs),
        "calibration": None,
        "temporal": None,
    }
    first, *others = (config.model_copy(update=combined) for config in configs)
    for other in others:
        if other != first:
            raise InputError(
                f"expected networks of one shape, got {first!r} and {other!r}; average weights that were "
                "trained on from the same ones"
            )
    return first
