"""Put a network's expected errors right, on people in poses of the validation recordings."""

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift import skeleton
from wholebody_lift.config import Calibration
from wholebody_lift.model import SemGAN
from wholebody_lift.train.evaluation import evaluate, held_out, metrics
from wholebody_lift.train.synthetic.people import People, Scene, to_batch

QUANTILES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 1.0)
"""Keypoints of a part, in the order of their expected errors, are divided here; each division has a knot."""

Curves = Sequence[tuple[str, ...]]
"""Parts of `skeleton.PARTS` that share a curve, for each curve."""

CURVES: Curves = (("body",), ("feet",), ("face",), ("left_hand", "right_hand"))
"""A body has two hands, and what is left to chance is not different in them. `python -m
benchmarks.calibration` compares this with other choices, on recordings that the curves were not fitted to."""


class Answers(NamedTuple):
    """Expected and actual errors of N people."""

    said: Tensor
    """(N, 133) mm, expected by the network."""
    found: Tensor
    """(N, 133) mm, root-aligned."""
    recordings: tuple[str, ...]
    """N names: where the pose comes from."""


def calibrated(model: SemGAN, people: People) -> SemGAN:
    """The same network, not calibrated before, with expected errors that fit people of another split.

    people: has the rig and the bank, on the CPU, and says which split's recordings the poses are of, and
    before which cameras and detectors.
    """
    said, found, _ = answers(model, people)
    return model.with_calibration(fit(said, found)).eval()


def answers(model: SemGAN, people: People) -> Answers:
    """What a network expects of the people that it is calibrated on, and what is found."""
    if people.bank is None:
        raise ValueError("expected people with a bank, got none; pass one made by `prepare`")
    said, found = [], []
    recordings: list[str] = []
    generator = torch.Generator().manual_seed(held_out.SEED)
    test_set = people.family or "mixture"
    for crowd in held_out.crowds(
        test_set, people.rig, people.bank, people=held_out.PEOPLE, split=people.split
    ):
        detections = held_out.detect(crowd.views, crowd.hidden, people.kind or "any", generator)
        batch = to_batch(Scene(crowd.views, detections, crowd.stature_mm), "given", model.config)
        answer = evaluate.predict(model, batch.features)
        said.append(answer.error_mm)
        found.append(metrics.root_aligned(answer.xyz, batch.target))
        recordings += crowd.labels
    return Answers(torch.cat(said), torch.cat(found), tuple(recordings))


def fit(said: Tensor, found: Tensor, curves: Curves = CURVES) -> Calibration:
    """The curves between expected and actual errors (N, 133) in mm."""
    predicted_mm, measured_mm = {}, {}
    for parts in curves:
        keypoints = skeleton.indices(*parts)
        knots = _knots(said[:, keypoints].flatten(), found[:, keypoints].flatten())
        for part in parts:
            predicted_mm[part], measured_mm[part] = knots
    return Calibration(predicted_mm=predicted_mm, measured_mm=measured_mm)


def _knots(said: Tensor, found: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Means of both in each division, those found made never to fall."""
    order = said.argsort()
    cuts = [round(quantile * len(order)) for quantile in QUANTILES[1:-1]]
    members = order.tensor_split(cuts)
    means = [[round(values[some].mean().item(), 3) for some in members] for values in (said, found)]
    return tuple(means[0]), tuple(never_falling(means[1]))


def never_falling(values: Sequence[float]) -> list[float]:
    """The nearest values of which none is smaller than the one before (pool adjacent violators)."""
    pools: list[list[float]] = []
    for value in values:
        pools.append([value])
        while len(pools) > 1 and fmean(pools[-2]) > fmean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    return [fmean(pool) for pool in pools for _ in pool]
