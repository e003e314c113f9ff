"""Measure averages of weights: `python -m benchmarks.averages bank.npz --weights A B --shares 1,0 1,2`.

Each entry of `--shares` says how much of each of the weights goes into one average (`train.average`). An
average is measured on people as in training, in poses of recordings that were not trained on: those of whom
nothing but the keypoints is known and those of whom more is; and on the two real people of
`benchmarks/data/gestures.npz`, K given, with and without what else weights can be told. So shares are chosen
on the validation split, which is the default.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from benchmarks import command, real
from wholebody_lift import InputWarning, Lifter, pretrained
from wholebody_lift.config import INPUTS
from wholebody_lift.errors import InputError
from wholebody_lift.model import SemGAN
from wholebody_lift.model.known import anything_known, given_inputs
from wholebody_lift.train.average import average
from wholebody_lift.train.evaluation import evaluate, metrics
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.people import Batch, People
from wholebody_lift.train.synthetic.rig import load_rig

SEED = 20260303


def parsed_shares(text: str, count: int) -> tuple[float, ...]:
    """Shares of `count` weights, written with commas; those that are 0 are left out of the average."""
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        shares = ()
    if len(shares) != count or not all(0 <= share < math.inf for share in shares) or not any(shares):
        raise InputError(f"expected a share for each of {count} weights, such as 1,0 or 1,2, got {text!r}")
    return shares


def averaged(models: Sequence[SemGAN], shares: Sequence[float]) -> SemGAN:
    """The average of the models whose share is not 0, rounded to half precision as it would be released."""
    chosen = [(model, share) for model, share in zip(models, shares, strict=True) if share > 0]
    return average(*map(list, zip(*chosen, strict=True))).half().float()


def synthetic(model: SemGAN, people: Batch) -> dict[str, tuple[float, float]]:
    """MPJPE and PA-MPJPE of the given keypoints in mm, of people of whom nothing else is known and of the
    others."""
    more = anything_known(given_inputs(people.features, INPUTS))
    assert more is not None
    told = more.flatten() > 0
    xyz = torch.cat([evaluate.predict(model, piece.features).xyz for piece in people.split(250)])
    distances = [metric(xyz, people.target) for metric in (metrics.root_aligned, metrics.procrustes_aligned)]

    def means(rows: Tensor) -> tuple[float, float]:
        mpjpe, pa = (distance[rows][people.observed[rows]].mean().item() for distance in distances)
        return mpjpe, pa

    return {"nothing known": means(~told), "more known": means(told)}


def on_real_people(model: SemGAN, recordings: real.Recordings) -> dict[str, tuple[float, float]]:
    """MPJPE and PA-MPJPE in mm, by what is known, as far as the network has an input for it."""
    lifter = Lifter(model, device="cpu")
    plain = lifter.lift(recordings.keypoints, recordings.scores, K=recordings.K)
    found = {}
    for name, pose in (("K given", plain), *real.told(recordings, lifter)):
        errors = real.errors(pose.xyz.astype(np.float64), recordings)
        found[f"real, {name}"] = (float(np.nanmean(errors["mpjpe"])), float(np.nanmean(errors["pa_mpjpe"])))
    return found


def measure(
    models: Mapping[str, SemGAN], shares: Sequence[float], people: Batch, recordings: real.Recordings
) -> dict[str, tuple[float, float]]:
    """All figures of one average."""
    model = averaged(list(models.values()), shares).eval()
    return synthetic(model, people) | on_real_people(model, recordings)


def main() -> None:
    parser = command.options("averages", __doc__, people=2048, per="average")
    parser.add_argument("--shares", nargs="+", required=True, help="shares of one average each, as 1,0,2")
    parser.set_defaults(split="val")
    arguments = command.parse(parser)
    warnings.simplefilter("ignore", InputWarning)  # the detector confuses left and right here and there
    try:
        wanted = [parsed_shares(text, len(arguments.weights)) for text in arguments.shares]
    except InputError as error:
        parser.error(str(error))
    models = {name: pretrained.load(name) for name in arguments.weights}
    everyone = People(load_rig(), MotionBank.load(arguments.bank), arguments.split)
    people = everyone.sample(arguments.people, torch.Generator().manual_seed(SEED))
    recordings = real.read()
    found = [measure(models, shares, people, recordings) for shares in wanted]
    columns = list(dict.fromkeys(name for figures in found for name in figures))
    rows = [
        [text, *(_both(figures.get(name)) for name in columns)]
        for text, figures in zip(arguments.shares, found, strict=True)
    ]
    kept = [{"shares": list(shares), **figures} for shares, figures in zip(wanted, found, strict=True)]
    command.report([f"Shares of {', '.join(models)}", *columns], rows, kept, arguments.out)


def _both(figure: tuple[float, float] | None) -> str:
    return "" if figure is None else f"{figure[0]:.1f} / {figure[1]:.1f}"


if __name__ == "__main__":
    main()
