"""Measure what a detector's scores are worth: `python -m benchmarks.scores bank.npz`.

People of the test sets are lifted with the scores that a detector gives them, and as if it gave none, so that
every keypoint it found has a score of 1. Exact 2D has such scores in any case. Errors are MPJPE and PA-MPJPE
of the given keypoints.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import command
from wholebody_lift import pretrained
from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.train.evaluation import evaluate, held_out, metrics
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.people import People, Scene, to_batch
from wholebody_lift.train.synthetic.rig import load_rig

SETS = ("laboratory", "phone_portrait")
INPUTS = ("exact", "incomplete", "noise", "detector")


def without_scores(scene: Scene) -> Scene:
    """The same detections from a detector that gives no scores."""
    scores = scene.detections.scores
    ones = torch.where(scores >= MIN_SCORE, 1.0, scores)
    return scene._replace(detections=replace(scene.detections, scores=ones))


def errors(model: nn.Module, scene: Scene) -> Tensor:
    """MPJPE and PA-MPJPE (N, 2) of each person's given keypoints, mm."""
    batch = to_batch(scene, "given")
    xyz = torch.cat([evaluate.predict(model, piece.features).xyz for piece in batch.split(250)])
    distances = (metrics.root_aligned(xyz, batch.target), metrics.procrustes_aligned(xyz, batch.target))
    given = batch.observed.float()
    return torch.stack([(distance * given).sum(1) / given.sum(1) for distance in distances], dim=1)


def measure(models: dict[str, nn.Module], people: People, count: int) -> list[dict[str, Any]]:
    """One row for each set, input and network."""
    assert people.bank is not None
    found: dict[tuple[str, str, str, str], list[Tensor]] = {}
    for name in SETS:
        left = count
        for _, scenes in held_out.blocks(name, people.rig, people.bank, people=count, split=people.split):
            for given in INPUTS:
                scene = held_out.first(scenes[given], left)
                for weights, model in models.items():
                    for scores, seen in (("with", scene), ("without", without_scores(scene))):
                        found.setdefault((name, given, weights, scores), []).append(errors(model, seen))
            left -= held_out.BLOCK
    rows = []
    for name, given, weights in dict.fromkeys(key[:3] for key in found):
        row: dict[str, Any] = {"set": name, "input": given, "weights": weights}
        for scores in ("with", "without"):
            mpjpe, pa = torch.cat(found[name, given, weights, scores]).mean(0).tolist()
            row |= {f"mpjpe_{scores}": mpjpe, f"pa_{scores}": pa}
        rows.append(row)
    return rows


def main() -> None:
    arguments = command.parse(command.options("scores", __doc__, people=500, per="set"))
    models: dict[str, nn.Module] = {name: pretrained.load(name) for name in arguments.weights}
    people = People(load_rig(), MotionBank.load(arguments.bank), arguments.split)
    found = measure(models, people, arguments.people)
    rows = [
        [
            row["set"],
            row["input"],
            row["weights"],
            *(f"{row[f'mpjpe_{scores}']:.1f} / {row[f'pa_{scores}']:.1f}" for scores in ("with", "without")),
        ]
        for row in found
    ]
    command.report(["Set", "Input", "Weights", "With scores", "Without"], rows, found, arguments.out)


if __name__ == "__main__":
    main()
