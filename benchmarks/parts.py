"""Measure people of whom only a part is in the picture: `python -m benchmarks.parts bank.npz`.

A hand held up to the camera, both hands, a face, head and shoulders, an arm, someone signing, a pair of legs
(`train.synthetic.close_ups`), in poses of recordings that were not trained on, with exact 2D of the part and
the true camera. Errors are those of the keypoints in the picture: at the root of a single hand, at the mean
of all keypoints of other parts, and after Procrustes alignment.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import command
from wholebody_lift import pretrained, skeleton
from wholebody_lift.train.evaluation import evaluate, metrics
from wholebody_lift.train.synthetic import close_ups
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.detector import Detections
from wholebody_lift.train.synthetic.people import Batch, People, Scene, to_batch
from wholebody_lift.train.synthetic.rig import load_rig

SEED = 20260302

ROOTS = {"left hand": "left_hand_root", "right hand": "right_hand_root"}
"""Where the errors of single hands are aligned; those of others are at the mean of the keypoints in the
picture."""


def batch_of(people: People, name: str, count: int) -> Batch:
    """Held-out people in close-up."""
    generator = torch.Generator().manual_seed(SEED)
    xyz, stature_mm = people.posed(count, generator, recorded_only=True)
    views, seen = close_ups.sample(xyz, generator, name)
    found = Detections(views.xy, seen.float(), torch.zeros(count, dtype=torch.long))
    return to_batch(Scene(views, found, stature_mm), "given")


def errors(xyz: Tensor, batch: Batch, name: str) -> dict[str, float]:
    """Mean errors of the keypoints in the picture, mm."""
    keys = batch.observed[0].nonzero()[:, 0]
    found, truth = xyz[:, keys], batch.target[:, keys]
    if name in ROOTS:
        root = (keys == skeleton.INDEX[ROOTS[name]]).nonzero()[0, 0]
        at_root = found - found[:, [root]] - (truth - truth[:, [root]])
    else:
        at_root = found - found.mean(1, keepdim=True) - (truth - truth.mean(1, keepdim=True))
    aligned = metrics.procrustes_aligned(found, truth)
    return {"at_root": at_root.norm(dim=-1).mean().item(), "pa": aligned.mean().item()}


def measure(models: dict[str, nn.Module], people: People, count: int) -> list[dict[str, Any]]:
    """One row for each close-up and network."""
    rows: list[dict[str, Any]] = []
    for name in close_ups.CLOSE_UPS:
        batch = batch_of(people, name, count)
        for weights, model in models.items():
            xyz = torch.cat([evaluate.predict(model, piece.features).xyz for piece in batch.split(250)])
            rows.append({"part": name, "weights": weights, **errors(xyz, batch, name)})
    return rows


def main() -> None:
    arguments = command.parse(command.options("parts", __doc__, people=500, per="part"))
    models: dict[str, nn.Module] = {name: pretrained.load(name) for name in arguments.weights}
    people = People(load_rig(), MotionBank.load(arguments.bank), arguments.split)
    found = measure(models, people, arguments.people)
    rows = [[row["part"], row["weights"], f"{row['at_root']:.1f}", f"{row['pa']:.1f}"] for row in found]
    command.report(
        ["In the picture", "Weights", "At its root, mm", "PA-MPJPE, mm"], rows, found, arguments.out
    )


if __name__ == "__main__":
    main()
