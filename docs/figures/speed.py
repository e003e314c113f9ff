"""Draw errors against time: docs/assets/speed.png.

Run from anywhere: `python docs/figures/speed.py [NETWORKS.json]`. What is drawn is kept in
docs/assets/speed.json; what `python -m benchmarks.speed networks --out NETWORKS.json` measured is taken in
first.
"""

import json
import sys
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

ASSETS = Path(__file__).resolve().parents[2] / "docs" / "assets"
KEPT = ASSETS / "speed.json"
OUT = ASSETS / "speed.png"

RELEASED_MM = {"base": 40.5, "tiny": 46.7}
"""MPJPE of the released weights, laboratory, exact 2D (docs/weights.md)."""

ALIKE_MM = {"base": 79.9, "Large SimpleBaseline": 136.7, "Jointformer, first stage": 166.1}
"""The same of networks that were all trained on the same 40,960 people (docs/experiments.md)."""

BACKENDS = {"torch fp32": "o", "torch bf16": "s", "ONNX fp32": "^", "ONNX int8": "v"}
MARKERS = {"base": "o", "Large SimpleBaseline": "s", "Jointformer, first stage": "^"}
COLOURS = {"tiny": "#3d8b5f", "base": "#1f66b5", "others": "#c8501e"}


def main() -> None:
    matplotlib.use("agg")
    if sys.argv[1:]:
        KEPT.write_text(json.dumps(json.loads(Path(sys.argv[1]).read_text()), indent=1) + "\n")
    rows = json.loads(KEPT.read_text())
    figure = Figure(figsize=(8.0, 3.6), layout="constrained")
    axes = figure.subplots()
    for row in rows:
        name, by, ms = row["network"], row["computed by"], row["ms, one person"]
        if name in RELEASED_MM and by in BACKENDS:
            axes.plot(
                ms, RELEASED_MM[name], BACKENDS[by], color=COLOURS[name], label=f"{name}, {by}", markersize=5
            )
        if name in ALIKE_MM and by == "torch fp32":
            axes.plot(
                ms,
                ALIKE_MM[name],
                MARKERS[name],
                color=COLOURS.get(name, COLOURS["others"]),
                markerfacecolor="none",
                markersize=7,
                label=f"{name}, {by}, 40,960 people",
            )
        if name not in RELEASED_MM and name not in ALIKE_MM:  # only its size is known here
            axes.axvline(ms, color="0.75", linewidth=0.8, linestyle="--")
            axes.text(1.02 * ms, 197, name, rotation=90, fontsize=7, va="top", color="0.4")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_ylim(0, 200)
    axes.set_xlabel("milliseconds of one core for one person alone", fontsize=8)
    axes.set_ylabel("MPJPE, mm (laboratory, exact 2D)", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.grid(color="0.92", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.savefig(OUT, dpi=130)
    print(f"wrote {OUT}")


if __name__ == "__main__":
    main()
