"""The cost of a detector's noise, by its amount, and how much of it averaging with the mirror image recovers.

The people are those of the test set "laboratory". Each keypoint is moved by a share of the way from its true
position to where a detector reports it: 0 is the test set's exact input (except for the scores), and 1 its
input "noise", whose errors are as large as the annotators' disagreement on COCO. Every amount is lifted as it
is, and as the mean with the mirrored person.

The noise is also split into that of the hips, relative to which all errors are measured, and that of all
other keypoints.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from wholebody_lift import pretrained
from wholebody_lift.features import KEYPOINT_COLUMNS, Features
from wholebody_lift.skeleton import MIRROR, NUM_KEYPOINTS, ROOT
from wholebody_lift.train.evaluation import evaluate, held_out, metrics
from wholebody_lift.train.markdown import table
from wholebody_lift.train.synthetic.bank import MotionBank, Split
from wholebody_lift.train.synthetic.people import Batch, Scene, to_batch
from wholebody_lift.train.synthetic.rig import load_rig

AMOUNTS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
_MIRRORED = ("x", "local x")
"""Columns of `features.KEYPOINT_COLUMNS` that change their sign in the mirror."""


def with_noise(exact: Scene, noisy: Scene, amount: float, keypoints: Sequence[int]) -> Scene:
    """The noisy scene with a share of its noise, in some of the keypoints; its scores stay."""
    share = torch.zeros(NUM_KEYPOINTS, 1)
    share[list(keypoints)] = amount
    xy = exact.detections.xy.lerp(noisy.detections.xy, share.expand_as(exact.detections.xy))
    return noisy._replace(detections=replace(noisy.detections, xy=xy))


def mean_with_mirrored(model: nn.Module, batch: Batch) -> Tensor:
    """Keypoints (N, 133, 3) as the mean of what is made of a person and of the one in the mirror."""
    places = list(MIRROR)
    keypoints = batch.features.keypoints[:, places].clone()
    for column in _MIRRORED:
        keypoints[..., KEYPOINT_COLUMNS.index(column)] *= -1
    mirrored = evaluate.predict(model, Features(keypoints, batch.features.person)).xyz
    back = mirrored[:, places] * torch.tensor([-1.0, 1.0, 1.0])
    return (evaluate.predict(model, batch.features).xyz + back) / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument(
        "--bank", type=Path, required=True, help="the bank made by wholebody_lift.train prepare"
    )
    parser.add_argument("--weights", help="base, tiny, a directory or a Hub id (default: base)")
    parser.add_argument("--people", type=int, default=1000, help="%(default)s")
    parser.add_argument("--split", choices=("val", "test"), default="test", help="%(default)s")
    options = parser.parse_args()
    model, rig, bank = pretrained.load(options.weights), load_rig(), MotionBank.load(options.bank)

    body = [i for i in range(NUM_KEYPOINTS) if i not in ROOT]
    cases = [(amount, "all", range(NUM_KEYPOINTS)) for amount in AMOUNTS]
    cases += [(1.0, "hips alone", ROOT), (1.0, "all but the hips", body)]
    rows: dict[tuple[float, str], list[Tensor]] = {}
    split: Split = options.split
    left = options.people
    for _, scenes in held_out.blocks("laboratory", rig, bank, people=options.people, split=split):
        exact, noisy = (held_out.first(scenes[given], left) for given in ("exact", "noise"))
        left -= held_out.BLOCK
        for amount, name, keypoints in cases:
            batch = to_batch(with_noise(exact, noisy, amount, keypoints), "given", model.config)
            both = evaluate.predict(model, batch.features).xyz, mean_with_mirrored(model, batch)
            errors = torch.stack([metrics.root_aligned(xyz, batch.target).mean(1) for xyz in both])
            rows.setdefault((amount, name), []).append(errors)

    plain, _ = torch.cat(rows[0.0, "all"], 1).mean(1).tolist()
    cells = []
    for (amount, name), errors in rows.items():
        own, mirrored = torch.cat(errors, 1).mean(1).tolist()
        cells.append((name, f"{amount:g}", f"{own:.1f}", f"{own / plain - 1:+.0%}", f"{mirrored:.1f}"))
    print(table(("of", "noise", "MPJPE", "cost", "mean with mirrored"), cells))


if __name__ == "__main__":
    main()
