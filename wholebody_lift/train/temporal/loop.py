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
from wholebody_lift.video import answers, time_convolutions
from wholebody_lift.video.temporal import TemporalNetwork

_J = len(answers.KEYPOINTS)
_OUTPUTS = 3 * _J
_ORDER, _SIGNS = torch.tensor(answers.MIRRORED_FEATURES), torch.tensor(answers.MIRRORED_SIGNS)


@dataclass(frozen=True)
class Recipe:
    """How a form is trained."""

    steps: int = 2000
    batch: int = 16
    """Windows per step."""
    window: int = 96
    """Steps of the grid per window."""
    rate: float = 2e-3
    warmup: int = 100
    weight_decay: float = 0.05
    clip: float = 1.0
    ema_decay: float = 0.998
    paces: tuple[float, ...] = (1.0, 0.8, 1.25)
    """At which every clip is played."""
    noise: float = 0.02
    """Standard deviation of what is added to the features."""
    lost_steps: float = 0.03
    lost_features: float = 0.1
    """Shares that are left out, of the steps of the grid and of the features of a window."""
    velocity_weight: float = 3.0
    """Weight of the error of the change from step to step, against that of the position."""
    seed: int = 0


class Batch(NamedTuple):
    """N windows of G steps."""

    told: Tensor
    """(N, G, F)"""
    truth: Tensor
    """(N, G, 3 J)"""
    valid: Tensor
    """(N, G) bool"""
    judged: Tensor
    """(N, G) bool"""


class Windows:
    """An endless supply of batches from clips."""

    def __init__(self, of: Sequence[Clip], recipe: Recipe, *, causal: bool) -> None:
        """The causal form is judged where a frame is, the other wherever frames are near enough."""
        self.recipe = recipe
        played = [clips.steps(clip, pace) for clip in of for pace in recipe.paces]
        self.clips = [
            Batch(
                torch.from_numpy(steps.told),
                torch.from_numpy(steps.truth.reshape(-1, _OUTPUTS)),
                torch.from_numpy(steps.valid),
                torch.from_numpy(steps.judged if causal else steps.valid),
            )
            for steps in played
        ]

    def draw(self, generator: torch.Generator) -> Batch:
        """A batch: random windows of random clips, half of them mirrored."""
        chosen = torch.randint(len(self.clips), (self.recipe.batch,), generator=generator)
        windows = [self._window(self.clips[i], generator) for i in chosen.tolist()]
        return Batch(*(torch.stack(columns) for columns in zip(*windows, strict=True)))

    def _window(self, clip: Batch, generator: torch.Generator) -> Batch:
        length = self.recipe.window
        start = int(torch.randint(max(len(clip.told) - length, 0) + 1, (1,), generator=generator))
        cut = [values[start : start + length] for values in clip]
        told, truth, valid, judged = (_padded(values, length) for values in cut)
        if torch.rand((), generator=generator) < 0.5:
            told = told[:, _ORDER] * _SIGNS
            truth = truth[:, _ORDER[:_OUTPUTS]] * _SIGNS[:_OUTPUTS]
        return Batch(told, truth, valid, judged)


def _padded(values: Tensor, length: int) -> Tensor:
    """(length, ...), with zeros at the end."""
    missing = torch.zeros(length - len(values), *values.shape[1:], dtype=values.dtype)
    return torch.cat((values, missing))


def initial(config: Temporal, form: str, generator: torch.Generator) -> dict[str, Tensor]:
    """Random weights of one form that correct nothing yet."""
    weights = {}
    for name, shape in time_convolutions.shapes(config.channels, getattr(config, form)).items():
        scale = 0.3 if name.endswith("out.weight") else 1.0
        if len(shape) == 1 or name == "output.weight":
            scale = 0.0
        weights[name] = scale / math.sqrt(shape[0]) * torch.randn(shape, generator=generator)
    return weights


def loss(
    weights: dict[str, Tensor],
    told: Tensor,
    batch: Batch,
    recipe: Recipe,
    dilations: Sequence[int],
    *,
    causal: bool,
) -> Tensor:
    """Mean distance of the corrected answers from the truth, and of their changes from its changes.

    told (N, G, F) is what the network is told in place of `batch.told`.
    """
    position = batch.told[..., :_OUTPUTS].reshape(*batch.valid.shape, _J, 3)
    moves = time_convolutions.correction(weights, told, batch.valid.to(told), dilations, causal=causal)
    off = position + moves - batch.truth.reshape(position.shape)
    both = batch.valid[:, 1:] & batch.valid[:, :-1]
    return _mean(off, batch.judged) + recipe.velocity_weight * _mean(off.diff(dim=1), both)


def _mean(vectors: Tensor, where: Tensor) -> Tensor:
    """Mean length of (N, G, J, 3) at the steps (N, G) that count."""
    return (vectors.norm(dim=-1).mean(-1) * where).sum() / where.sum().clamp_min(1)


def _disturbed(batch: Batch, recipe: Recipe, generator: torch.Generator) -> tuple[Tensor, Batch]:
    """What the network is told, (N, G, F), with noise and features left out; and the batch without some
    steps."""
    valid = batch.valid & (torch.rand(batch.valid.shape, generator=generator) >= recipe.lost_steps)
    kept = torch.rand(len(batch.told), 1, answers.FEATURES, generator=generator) >= recipe.lost_features
    noise = recipe.noise * torch.randn(batch.told.shape, generator=generator)
    told = (batch.told + noise) * kept * valid[..., None]
    return told, batch._replace(valid=valid, judged=batch.judged & valid)


def train(of: Sequence[Clip], form: str, config: Temporal, recipe: Recipe) -> Iterator[dict[str, Tensor]]:
    """The moving average of the weights of one form after every step."""
    causal, dilations = form == "causal", getattr(config, form)
    generator = torch.Generator().manual_seed(recipe.seed)
    windows = Windows(of, recipe, causal=causal)
    weights = {name: w.requires_grad_() for name, w in initial(config, form, generator).items()}
    average = {name: w.detach().clone() for name, w in weights.items()}
    matrices = [w for w in weights.values() if w.ndim > 1]
    vectors = [w for w in weights.values() if w.ndim == 1]
    groups = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay)
    for step in range(recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * _share_of_rate(step, recipe)
        told, batch = _disturbed(windows.draw(generator), recipe, generator)
        found = loss(weights, told, batch, recipe, dilations, causal=causal)
        optimizer.zero_grad()
        found.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(list(weights.values()), recipe.clip)
        optimizer.step()
        with torch.no_grad():
            for name, w in weights.items():
                average[name].lerp_(w, 1 - min(recipe.ema_decay, (step + 1) / (step + 10)))
        yield average


def _share_of_rate(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then half a cosine."""
    return min(1.0, (step + 1) / recipe.warmup) * (0.51 + 0.49 * math.cos(math.pi * step / recipe.steps))


class Errors(NamedTuple):
    """Mean errors of a clip, mm: of the answers, and of the corrected ones."""

    before: float
    after: float
    pa_before: float
    pa_after: float


def errors(of: Sequence[Clip], form: str, config: Temporal, weights: dict[str, Tensor]) -> list[Errors]:
    """The errors of each clip, over the keypoints of body and feet that have a truth."""
    return [_errors(one, form, config, weights) for one in of]


@torch.no_grad()
def _errors(clip: Clip, form: str, config: Temporal, weights: dict[str, Tensor]) -> Errors:
    steps, size = clips.steps(clip), clip.answers.size_mm
    told, valid = torch.from_numpy(steps.told)[None], torch.from_numpy(steps.valid)[None]
    moves = time_convolutions.correction(
        weights, told, valid.to(told), getattr(config, form), causal=form == "causal"
    )[0]
    truth, judged = torch.from_numpy(steps.truth), torch.from_numpy(steps.judged)
    complete = truth[judged].isfinite().all(-1).all(0)  # (J,)
    before = told[0, :, :_OUTPUTS].reshape(truth.shape)
    figures = []
    for of_clip in (_distances, metrics.procrustes_aligned):
        for xyz in (before, before + moves):
            found = of_clip(xyz[judged][:, complete], truth[judged][:, complete])
            figures.append(size * found.mean().item())
    return Errors(*figures)


def network(config: Temporal, weights: dict[str, dict[str, Tensor]]) -> TemporalNetwork:
    """The network of the weights of each form."""
    named = {f"{form}.{name}": w for form, of_form in weights.items() for name, w in of_form.items()}
    return TemporalNetwork(config, {name: w.numpy().copy() for name, w in named.items()})


def _distances(xyz: Tensor, truth: Tensor) -> Tensor:
    return (xyz - truth).norm(dim=-1)
