"""Lift the people in a photo and write a page that shows them. Without a photo, use a NASA portrait.

Needs `pip install "wholebody-lift[detect]"`, and scikit-image for the portrait.
"""

import argparse
from pathlib import Path

from wholebody_lift import Lifter, detectors
from wholebody_lift.viewers import html


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", nargs="?", type=Path)
    parser.add_argument("--out", type=Path, default=Path("out/photo.html"))
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.parent.mkdir(parents=True, exist_ok=True)

    people = detectors.detect_image(arguments.photo or astronaut())
    pose = Lifter.from_pretrained().lift(people)
    html.write(pose, out, title=arguments.photo.name if arguments.photo else "astronaut")
    print(f"{pose.summary()}\nOpen {out}")


def astronaut():  # (512, 512, 3) uint8, RGB; public domain
    import skimage.data

    return skimage.data.astronaut()


if __name__ == "__main__":
    main()
