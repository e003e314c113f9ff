"""Plot the joint angles of the example for the page docs/angles.md: docs/assets/angles.png.

Run from anywhere: `python docs/figures/angles.py`. Needs the extra plot.
"""

from pathlib import Path

from PIL import Image

from wholebody_lift import Lifter, formats
from wholebody_lift.viewers import angle_plot

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    frames = formats.read(ROOT / "examples" / "data" / "squats.json", fps=5)
    pose = Lifter.from_pretrained().lift_sequence(frames, lock_feet=True)
    path = ROOT / "docs" / "assets" / "angles.png"
    angle_plot.write(pose, path, dpi=100)
    Image.open(path).convert("RGB").quantize(64).save(path, optimize=True)  # a third of the size


if __name__ == "__main__":
    main()
