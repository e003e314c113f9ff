"""Train the network over time on clips: both of its forms, one after the other, on the CPU."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift.config import Temporal
from wholebody_lift.train.evaluation import metrics
from wholebody_lift.train.temporal import clips
from wholebody_lift.train.temporal.clips import Clip
from wholebody_lift.video import gate
from wholebody_lift.video.temporal import FILTERS, Form, TemporalNetwork


@dataclass(frozen=True)
class Recipe:
    """How a form is trained."""

    steps: int = 2000
    batch: int = 192
    """Steps of the grid per step of training."""
    rate: float = 3e-3
    weight_decay: float = 0.01
    ema_decay: float = 0.99
    seed: int = 0


class Rows(NamedTuple):
    """G steps of clips, as `clips.Steps`."""

    told: Tensor
    moves: Tensor
    off: Tensor

    @classmethod
    def of(cls, given: Sequence[Clip], *, causal: bool) -> Rows:
        """All steps of clips that are judged."""
        all_steps = [clips.steps(clip, causal=causal) for clip in given]
        return cls(
            *(torch.cat([torch.from_numpy(getattr(one, name)) for one in all_steps]) for name in cls._fields)
        )

    def some(self, rows: Tensor) -> Rows:
        """Those rows."""
        return Rows(*(values[rows] for values in self))


def initial(config: Temporal, form: Form, generator: torch.Generator) -> dict[str, Tensor]:
    """Random weights of one form that follow no filter yet."""
    weights = {}
    for name, shape in gate.shapes(config.channels, FILTERS[form]).items():
        drawn = torch.randn(shape, generator=generator)
        still = name.startswith("follow") or name == "mix.bias"
        weights[name] = torch.zeros(shape) if still else drawn / math.sqrt(shape[0])
    return weights


def loss(weights: dict[str, Tensor], rows: Rows) -> Tensor:
    """Mean distance from the truth, in units of a person's size."""
    moved: Tensor = gate.move(weights, rows.told, rows.moves)
    distance: Tensor = (moved - rows.off).norm(dim=-1).mean()
    return distance


def train(given: Sequence[Clip], form: Form, config: Temporal, recipe: Recipe) -> Iterator[dict[str, Tensor]]:
    """The moving average of the weights of one form, after every step."""
    generator = torch.Generator().manual_seed(recipe.seed)
    rows = Rows.of(given, causal=form == "causal")
    weights = {name: w.requires_grad_() for name, w in initial(config, form, generator).items()}
    average = {name: w.detach().clone() for name, w in weights.items()}
    optimizer = torch.optim.AdamW(list(weights.values()), recipe.rate, weight_decay=recipe.weight_decay)
    for step in range(recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * (0.5 + 0.5 * math.cos(math.pi * step / recipe.steps))
        drawn = torch.randint(len(rows.off), (recipe.batch,), generator=generator)
        optimizer.zero_grad()
        loss(weights, rows.some(drawn)).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        with torch.no_grad():
            for name, w in weights.items():
                average[name].lerp_(w, 1 - min(recipe.ema_decay, (step + 1) / (step + 10)))
        yield average


class Errors(NamedTuple):
    """Mean errors of a clip, mm: of the answers, and of the corrected ones."""

    before: float
    after: float
    pa_before: float
    pa_after: float


def errors(given: Sequence[Clip], form: Form, weights: dict[str, Tensor]) -> list[Errors]:
    """The errors of each clip, over the keypoints of body and feet that have a truth in all frames."""
    return [_errors(one, form, weights) for one in given]


@torch.no_grad()
def _errors(clip: Clip, form: Form, weights: dict[str, Tensor]) -> Errors:
    told, moves, off, truth = map(torch.from_numpy, clips.steps(clip, causal=form == "causal"))
    complete = truth.isfinite().all(-1).all(0)  # (J,)
    figures = []
    for of_clip in (_distances, metrics.procrustes_aligned):
        for xyz in (truth - off, truth - off + gate.move(weights, told, moves)):
            found = of_clip(xyz[:, complete], truth[:, complete])
            figures.append(clip.answers.size_mm * found.mean().item())
    return Errors(*figures)


def _distances(xyz: Tensor, truth: Tensor) -> Tensor:
    distances: Tensor = (xyz - truth).norm(dim=-1)
    return distances


def network(config: Temporal, weights: dict[Form, dict[str, Tensor]]) -> TemporalNetwork:
    """The network of the weights of each form."""
    named = {f"{form}.{name}": w for form, of_form in weights.items() for name, w in of_form.items()}
    return TemporalNetwork(config, {name: w.numpy().copy() for name, w in named.items()})
