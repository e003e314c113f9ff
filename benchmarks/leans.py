"""Measure how far people lean when a camera looks down on them: `python -m benchmarks.leans bank.npz`.

Synthetic people of the held-out recordings stand upright and face a phone, 2 to 4 m away. How far the camera
looks down shows in the picture only by perspective, which a body of other proportions gives as well. So a
network answers with less than it should: people seen from above lean towards the camera at their feet, as
though the camera were lower. Gravity, with the spread of a level camera held by hand, is told in the last
columns.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from benchmarks import command
from wholebody_lift import pretrained
from wholebody_lift.checks import GRAVITY_SPREAD_DEG
from wholebody_lift.known import Known
from wholebody_lift.skeleton import INDEX
from wholebody_lift.train.evaluation import evaluate, metrics
from wholebody_lift.train.synthetic import cameras, detector
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.facts import Facts
from wholebody_lift.train.synthetic.occlusion import hidden
from wholebody_lift.train.synthetic.people import People, Scene, to_batch
from wholebody_lift.train.synthetic.rig import load_rig

ELEVATIONS_DEG = ((-20, -10), (-10, 0), (0, 10), (10, 20), (20, 35))
"""Ranges of the camera's elevation as seen from the hips."""
DISTANCE_MM = (2000.0, 4000.0)
UPRIGHT = 0.97
"""Least cosine between the legs, and the trunk, and the vertical."""
FACING = 0.8
"""Least share of the line between the hips that lies across the picture."""
COLUMNS = {
    "lean": "Lean of the legs, degrees",
    "mpjpe": "MPJPE, mm",
    "lean, gravity known": "Lean, gravity known",
    "mpjpe, gravity known": "MPJPE, gravity known",
}
"""Figures by name. Leans are beyond the true one; positive is towards the camera at the lower end. Errors are
of body and feet."""
PIECE = 1024
SEED = 20261129


def standing(people: People, generator: torch.Generator) -> tuple[Scene, Tensor]:
    """Some people who stand upright before phones, as MediaPipe sees them, and the cameras' elevations
    (N,)."""
    xyz, stature_mm = people.posed(PIECE, generator)
    views = cameras.sample(xyz, generator, "phone_portrait", as_trained=True)
    detections = detector.detect(views.xy, views, hidden(views.xyz), generator, kind="holistic")
    down, hips = -views.rotation[..., 2], _middle(views.xyz, "hip")
    along = torch.nn.functional.normalize(hips, dim=-1)
    legs, trunk = _middle(views.xyz, "ankle") - hips, hips - _middle(views.xyz, "shoulder")
    across = views.xyz[:, INDEX["left_hip"]] - views.xyz[:, INDEX["right_hip"]]
    upright = [(part * down).sum(-1) > UPRIGHT * part.norm(dim=-1) for part in (legs, trunk)]
    distance = hips.norm(dim=-1)
    chosen = upright[0] & upright[1] & (across[:, 0] > FACING * across.norm(dim=-1))
    chosen &= (distance > DISTANCE_MM[0]) & (distance < DISTANCE_MM[1])
    scene = Scene(_rows(views, chosen), _rows(detections, chosen), stature_mm[chosen])
    return scene, torch.asin((along * down).sum(-1)).rad2deg()[chosen]


def measure(models: Mapping[str, nn.Module], bank: MotionBank, people: int, split: str) -> dict[str, Tensor]:
    """By weights, (N, 1 + columns): the camera's elevation and `COLUMNS`."""
    crowd = People(load_rig(), bank, split)  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(SEED)
    found: dict[str, list[Tensor]] = {name: [] for name in models}
    body = metrics.REPORTED_PARTS["body"]
    count = 0
    while count < people:
        scene, elevation = standing(crowd, generator)
        count += len(elevation)
        spread = torch.full_like(elevation, GRAVITY_SPREAD_DEG)
        known = Known(gravity=-scene.views.rotation[..., 2], gravity_spread_deg=spread)
        told = Facts(known, torch.full_like(elevation, torch.nan))
        batches = [to_batch(scene, "given", beside=beside) for beside in (None, told)]
        for name, model in models.items():
            columns = [elevation]
            for batch in batches:
                xyz = evaluate.predict(model, batch.features).xyz
                columns.append(lean_of_legs(xyz) - lean_of_legs(batch.target))
                columns.append((xyz - batch.target).norm(dim=-1)[:, body].mean(-1))
            found[name].append(torch.stack(columns, -1))
    return {name: torch.cat(pieces)[:people] for name, pieces in found.items()}


def lean_of_legs(xyz: Tensor) -> Tensor:
    """(N,) degrees by which the ankles are nearer to the camera than straight below the hips."""
    _, down, away = (_middle(xyz, "ankle") - _middle(xyz, "hip")).unbind(-1)
    return torch.atan2(-away, down).rad2deg()


def _middle(xyz: Tensor, name: str) -> Tensor:
    return (xyz[:, INDEX[f"left_{name}"]] + xyz[:, INDEX[f"right_{name}"]]) / 2


def _rows(columns: cameras.Views | detector.Detections, chosen: Tensor):  # type: ignore[no-untyped-def]
    return type(columns)(**{name: values[chosen] for name, values in vars(columns).items()})


def main() -> None:
    arguments = command.parse(command.options("leans", __doc__, people=1000, per="set of weights"))
    models = {name: pretrained.load(name) for name in arguments.weights}
    measured = measure(models, MotionBank.load(arguments.bank), arguments.people, arguments.split)
    rows, found = [], []
    for name, figures in measured.items():
        for low, high in ELEVATIONS_DEG:
            chosen = (figures[:, 0] >= low) & (figures[:, 0] < high)
            if chosen.any():
                means = dict(zip(COLUMNS, figures[chosen].mean(0)[1:].tolist(), strict=True))
                count = int(chosen.sum())
                rows.append([name, f"{low} to {high}", count, *(f"{mean:.1f}" for mean in means.values())])
                found.append({"weights": name, "elevation": [low, high], "people": count, **means})
    head = ["Weights", "Camera's elevation, degrees", "People", *COLUMNS.values()]
    command.report(head, rows, found, arguments.out)


if __name__ == "__main__":
    main()
