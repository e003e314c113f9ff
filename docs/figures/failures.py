"""Draw people of the test sets, lifted and true: docs/assets/failures.png.

Run from anywhere: `python docs/figures/failures.py BANK [OUT]`. For four test sets and inputs it draws who is
in the middle when 500 people are ordered by their MPJPE, who has more than nine of ten, and the last of all.
Nobody is chosen by eye.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from wholebody_lift import pretrained
from wholebody_lift.skeleton import EDGES
from wholebody_lift.train.datasheet import gallery
from wholebody_lift.train.evaluation import evaluate, held_out, metrics
from wholebody_lift.train.synthetic import bank as banks
from wholebody_lift.train.synthetic.people import to_batch
from wholebody_lift.train.synthetic.rig import load_rig

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "assets" / "failures.png"

SHOWN = (
    ("laboratory", "exact"),
    ("laboratory", "detector"),
    ("phone_portrait", "detector"),
    ("webcam", "detector"),
)
PLACES = (("median", 0.5), ("9 of 10 are better", 0.9), ("worst of 500", 1.0))
PEOPLE = 500
TRUTH = "0.72"
REACH_MM = 1050.0


def main() -> None:
    bank = banks.MotionBank.load(Path(sys.argv[1]))
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else OUT
    matplotlib.use("agg")
    rig, model = load_rig(), pretrained.load()
    figure = Figure(figsize=(4.4 * len(PLACES), 1.75 * len(SHOWN)), layout="constrained")
    panels = figure.subplots(
        len(SHOWN), 3 * len(PLACES), squeeze=False, width_ratios=(1.0, 1.0, 1.0) * len(PLACES)
    )
    for row, (name, given) in zip(panels, SHOWN, strict=True):
        _, scenes = next(held_out.blocks(name, rig, bank, people=PEOPLE))
        scene = scenes[given]
        batch = to_batch(scene, held_out.INPUTS[given].knowledge, model.config)
        xyz = evaluate.predict(model, batch.features).xyz
        errors = metrics.root_aligned(xyz, batch.target).mean(1)
        order = errors.argsort().tolist()
        for i, (place, share) in enumerate(PLACES):
            person = order[round(share * (len(order) - 1))]
            seen = batch.observed[person].numpy()
            picture, front, side = row[3 * i : 3 * i + 3]
            gallery.draw_picture(
                picture,
                scene.detections.xy[person].numpy(),
                seen,
                scene.views.image_size[person].tolist(),
            )
            draw(front, side, xyz[person], batch.target[person], seen)
            title = f"{name.replace('_', ' ')}, {given}: {place}, {errors[person]:.0f} mm"
            picture.set_title(title, fontsize=6.5, pad=3, loc="left", color="0.2")
    gallery.save(figure, out)
    print(f"wrote {out}")


def draw(front: Axes, side: Axes, xyz: Tensor, truth: Tensor, seen: np.ndarray) -> None:
    """Keypoints (133, 3) over the true ones, in the axes of a camera: as it sees them, and from its right."""
    both = seen[np.array(EDGES)].all(axis=1)
    everything = np.ones_like(both)
    middle = (truth.amin(0) + truth.amax(0)) / 2
    for axes, across, depth, turned in ((front, 0, 2, 1.0), (side, 2, 0, -1.0)):
        for points, colour in ((truth, TRUTH), (xyz, None)):
            x, y, z = ((points - middle)[:, k].numpy() for k in (across, 1, depth))
            gallery.sticks(axes, np.stack([x, -y], 1), turned * z, everything, both, 1.0, colour)
        axes.set(xlim=(-REACH_MM, REACH_MM), ylim=(-REACH_MM, REACH_MM), aspect="equal", anchor="W")
        axes.set_axis_off()


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
