"""Lift the example detections; write results, pictures and pages to out/demo."""

import argparse
from pathlib import Path

from wholebody_lift import Lifter, formats
from wholebody_lift.viewers import figure, html

EXAMPLES = Path(__file__).parent / "data"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/demo"))
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)

    lifter = Lifter.from_pretrained()
    for name in ("photos", "squats"):
        people = formats.read(EXAMPLES / f"{name}.json")
        pose = lifter.lift(people) if people.fps is None else lifter.lift_sequence(people, lock_feet=True)
        pose.save(out / f"{name}.json")
        html.write(pose, out / f"{name}.html", title=f"wholebody-lift: {name}")
        shown = pose[len(pose) // 2]  # the middle of the sequence, where the squat is deep
        figure.plot(shown).savefig(out / f"{name}.png", dpi=150)
        print(f"\n{name}\n{pose.summary()}")
    print(f"\nOpen {out / 'squats.html'} and {out / 'photos.html'}; pictures and results are beside them.")


if __name__ == "__main__":
    main()
