"""Draw how the validation error of the released weights fell: docs/assets/learning-curve.png.

Run from anywhere: `python docs/figures/learning_curve.py [NAME RUN]...`. What is drawn is kept in
docs/assets/learning-curve.json; the validation log of a run, in its folder RUN, is taken in under NAME.
"""

import json
import sys
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

ASSETS = Path(__file__).resolve().parents[2] / "docs" / "assets"
KEPT = ASSETS / "learning-curve.json"
OUT = ASSETS / "learning-curve.png"

FIGURES = {"mpjpe/whole": "MPJPE of given keypoints", "pa_mpjpe/whole": "PA-MPJPE of given keypoints"}
COLOURS = ("#1f66b5", "#c8501e", "#3d8b5f", "#8a6fb0")


def main() -> None:
    matplotlib.use("agg")
    curves = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for name, run in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        records = [json.loads(line) for line in Path(run, "validation.jsonl").read_text().splitlines()]
        curves[name] = {key: [record[key] for record in records] for key in ("people", "seconds", *FIGURES)}
    KEPT.write_text(json.dumps(curves, indent=1) + "\n")

    figure = Figure(figsize=(8.0, 3.2), layout="constrained")
    for axes, (key, title) in zip(figure.subplots(1, len(FIGURES)), FIGURES.items(), strict=True):
        for (name, curve), colour in zip(curves.items(), COLOURS, strict=False):
            thousands = [people / 1000 for people in curve["people"]]
            axes.plot(thousands, curve[key], color=colour, linewidth=1.4, label=name)
            axes.plot(thousands[-1:], curve[key][-1:], "o", color=colour, markersize=4)
        axes.set_title(f"{title}, mm", fontsize=9, loc="left")
        axes.set_xlabel("thousand people seen in this run", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(color="0.92", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(OUT, dpi=130)
    print(f"wrote {OUT}")


if __name__ == "__main__":
    main()
