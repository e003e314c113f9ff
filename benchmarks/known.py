"""Measure what it is worth to know more than the keypoints: `python -m benchmarks.known bank.npz`.

The same held-out people are lifted with nothing but 2D and K, and with their height, their bone lengths, the
direction of gravity or a detector's depth besides. All of these have the errors of `train.synthetic.facts`:
bone lengths are off by 0.5 to 6% and more where posture changes them, a depth is as wrong as MediaPipe's. Of
gravity, the spread is 5 degrees, as of a camera held level by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from benchmarks import command
from wholebody_lift import pretrained
from wholebody_lift.checks import GRAVITY_SPREAD_DEG
from wholebody_lift.config import INPUTS
from wholebody_lift.known import Known
from wholebody_lift.train.evaluation import evaluate, held_out, metrics
from wholebody_lift.train.synthetic import facts
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.facts import Facts
from wholebody_lift.train.synthetic.people import Scene, observed, to_batch
from wholebody_lift.train.synthetic.rig import load_rig

SETS = {
    "laboratory": "detector",
    "phone_portrait": "detector",
    "surveillance": "detector",
    "webcam": "detector",
    "mixture": "any detector",
}
"""Test sets, and what is given of their people."""

KNOWN: dict[str, tuple[str, ...]] = {
    "nothing": (),
    "gravity": ("gravity",),
    "bone lengths": ("bone_lengths",),
    "height and bone lengths": ("height", "bone_lengths"),
    "depth": ("depth",),
    "all": ("height", *INPUTS),
}
"""What is known, by name."""

SEED = 20260301

METRICS = {
    "MPJPE": metrics.root_aligned,
    "N-MPJPE": metrics.scale_aligned,
    "PA-MPJPE": metrics.procrustes_aligned,
}


def told(scene: Scene, generator: torch.Generator) -> Facts:
    """Everything that may be known of the people of a scene; the spread of gravity is the same for all."""
    everything = dict.fromkeys(facts.SHARES, 1.0)
    views = scene.views
    drawn = facts.sample(views, scene.stature_mm, observed(scene), generator, everything, nothing_known=0.0)
    down = -views.rotation[..., 2]
    off = torch.randn(down.shape, generator=generator) * torch.tensor(GRAVITY_SPREAD_DEG).deg2rad()
    gravity = torch.nn.functional.normalize(down + off - (off * down).sum(-1, keepdim=True) * down, dim=-1)
    spread = torch.full_like(scene.stature_mm, GRAVITY_SPREAD_DEG)
    known = drawn.known._replace(gravity=gravity, gravity_spread_deg=spread)
    return Facts(known, drawn.scale)


def of_these(all_facts: Facts, names: tuple[str, ...]) -> Facts:
    """The facts of some names alone."""
    known = all_facts.known
    return Facts(
        Known(
            bone_lengths=known.bone_lengths if "bone_lengths" in names else None,
            gravity=known.gravity if "gravity" in names else None,
            gravity_spread_deg=known.gravity_spread_deg if "gravity" in names else None,
            depth=known.depth if "depth" in names else None,
        ),
        all_facts.scale if "height" in names else torch.full_like(all_facts.scale, torch.nan),
    )


def measure(
    models: Mapping[str, nn.Module], bank: MotionBank, people: int, split: str
) -> Iterator[tuple[str, str, str, dict[str, float]]]:
    """Set, weights, what is known, and the mean error of body and feet in mm by metric."""
    rig = load_rig()
    keys = [*metrics.REPORTED_PARTS["body"]]
    for name, given in SETS.items():
        sums: dict[tuple[str, str], list[Tensor]] = {}
        wanted = people
        blocks = held_out.blocks(name, rig, bank, people=people, split=split)  # type: ignore[arg-type]
        for number, (_, scenes) in enumerate(blocks):
            scene = held_out.first(scenes[given], wanted)
            wanted -= held_out.BLOCK
            all_facts = told(scene, torch.Generator().manual_seed(SEED + number))
            for what, names in KNOWN.items():
                batch = to_batch(scene, "given", beside=of_these(all_facts, names))
                for weights, model in models.items():
                    xyz = torch.cat(
                        [evaluate.predict(model, piece.features).xyz for piece in batch.split(250)]
                    )
                    errors = [metric(xyz, batch.target)[:, keys].mean(1) for metric in METRICS.values()]
                    sums.setdefault((weights, what), []).append(torch.stack(errors, dim=-1))
        for (weights, what), pieces in sums.items():
            means = torch.cat(pieces).mean(0).tolist()
            yield name, weights, what, dict(zip(METRICS, means, strict=True))


def main() -> None:
    arguments = command.parse(command.options("known", __doc__, people=1000, per="test set"))
    models = {name: pretrained.load(name) for name in arguments.weights}
    rows, found = [], []
    for name, weights, what, errors in measure(
        models, MotionBank.load(arguments.bank), arguments.people, arguments.split
    ):
        rows.append([name, weights, what, *(f"{error:.1f}" for error in errors.values())])
        found.append({"set": name, "weights": weights, "known": what, **errors})
    head = ["Set", "Weights", "Known", *(f"{name}, mm" for name in METRICS)]
    command.report(head, rows, found, arguments.out)


if __name__ == "__main__":
    main()
