"""Calibrate a network's expected errors, on people in poses of the validation recordings."""

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
"""Quantiles at which a part's keypoints, ordered by expected error, are divided; each division gives a
knot."""

Curves = Sequence[tuple[str, ...]]
"""The parts of `skeleton.PARTS` that each curve serves."""

CURVES: Curves = (("body",), ("feet",), ("face",), ("left_hand", "right_hand"))
"""Both hands share a curve, since they would differ only by chance. `python -m benchmarks.calibration`
compares this with other choices, on recordings that the curves were not fitted to."""


class Answers(NamedTuple):
    """Expected and actual errors of N people."""

    predicted: Tensor
    """(N, 133) mm, expected by the network."""
    measured: Tensor
    """(N, 133) mm, root-aligned."""
    recordings: tuple[str, ...]
    """N names: the source of each pose."""


def calibrated(model: SemGAN, people: People) -> SemGAN:
    """Calibrate the expected errors of a network on people of another split, in place of any calibration that
    it has.

    people: provides the rig and the bank, on the CPU, the split of the recordings, and the cameras and
    detectors.
    """
    model = model.with_calibration(None).eval()
    predicted, measured, _ = answers(model, people)
    return model.with_calibration(fit(predicted, measured)).eval()


def answers(model: SemGAN, people: People) -> Answers:
    """Expected and actual errors of a network on the people that it is calibrated on."""
    if people.bank is None:
        raise ValueError("expected people with a bank, got none; pass one made by `prepare`")
    predicted, measured = [], []
    recordings: list[str] = []
    generator = torch.Generator().manual_seed(held_out.SEED)
    test_set = people.family or "mixture"
    for crowd in held_out.crowds(
        test_set, people.rig, people.bank, people=held_out.PEOPLE, split=people.split
    ):
        detections = held_out.detect(crowd, people.kind or "any", generator)
        batch = to_batch(Scene(crowd.views, detections, crowd.stature_mm), "given", model.config)
        answer = evaluate.predict(model, batch.features)
        predicted.append(answer.error_mm)
        measured.append(metrics.root_aligned(answer.xyz, batch.target))
        recordings += crowd.labels
    return Answers(torch.cat(predicted), torch.cat(measured), tuple(recordings))


def fit(predicted: Tensor, measured: Tensor, curves: Curves = CURVES) -> Calibration:
    """Fit the curves from expected to actual errors, (N, 133) each, in mm."""
    predicted_mm, measured_mm = {}, {}
    for parts in curves:
        keypoints = skeleton.indices(*parts)
        knots = _knots(predicted[:, keypoints].flatten(), measured[:, keypoints].flatten())
        for part in parts:
            predicted_mm[part], measured_mm[part] = knots
    return Calibration(predicted_mm=predicted_mm, measured_mm=measured_mm)


def _knots(predicted: Tensor, measured: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean expected and actual error of each division, the latter made non-decreasing."""
    order = predicted.argsort()
    cuts = [round(quantile * len(order)) for quantile in QUANTILES[1:-1]]
    members = order.tensor_split(cuts)
    means = [[round(values[some].mean().item(), 3) for some in members] for values in (predicted, measured)]
    return tuple(means[0]), tuple(non_decreasing(means[1]))


def non_decreasing(values: Sequence[float]) -> list[float]:
    """The closest non-decreasing values (pool adjacent violators)."""
    pools: list[list[float]] = []
    for value in values:
        pools.append([value])
        while len(pools) > 1 and fmean(pools[-2]) > fmean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    return [fmean(pool) for pool in pools for _ in pool]
