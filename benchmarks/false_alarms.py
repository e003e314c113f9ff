"""Measure how often a warning about the input is wrong: `python -m benchmarks.false_alarms BANK`.

A warning is a false alarm if all given keypoints of the person are close to the truth. This holds for the
people of the example detections and of the recordings of real people, and for people of the test sets within
`RIGHT` of the truth. The others are mistakes of a detector, which should cause warnings, and so are keypoints
that it moved into the picture. Rates are per person and category of warning, for callers that pass `TOGETHER`
people at a time.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

import numpy as np

from benchmarks import real
from wholebody_lift import Keypoints2D, Lifter, formats
from wholebody_lift.errors import InputWarning
from wholebody_lift.plausibility import signs_in_result
from wholebody_lift.train.evaluation import held_out
from wholebody_lift.train.synthetic.bank import MotionBank, Split
from wholebody_lift.train.synthetic.rig import load_rig

EXAMPLES = Path(__file__).parents[1] / "examples" / "data"


RIGHT = 0.1
"""Distance from the truth of a keypoint that is right, in sizes of the whole person in the picture."""

TOGETHER = 25
"""People in one call: some warnings depend on the others."""

Fields = dict[str, np.ndarray]
"""Arguments of `Keypoints2D` with a person axis."""


def people(bank: Path, count: int, split: Split) -> Iterator[tuple[str, Fields, np.ndarray | None]]:
    """What is given of the people of each source, and their true keypoints (N, 133, 2) where known."""
    for path in sorted(EXAMPLES.glob("*.json")):
        some = formats.read(path)
        known = {"keypoints": some.keypoints, "scores": some.scores, "image_size": some.image_size}
        yield "examples", {name: value for name, value in known.items() if value is not None}, None
    takes = real.read()
    yield (
        "real takes",
        {
            "keypoints": takes.keypoints,
            "scores": takes.scores,
            "K": takes.K,
            "image_size": takes.image_size.astype(np.float64),
        },
        None,
    )
    rig, motions = load_rig(), MotionBank.load(bank)
    for name in held_out.SETS:
        left = count
        for _, scenes in held_out.blocks(name, rig, motions, people=count, split=split):
            for given, scene in scenes.items():
                views, found = scene.views, scene.detections
                tensors = {
                    "keypoints": found.xy,
                    "scores": found.scores,
                    "K": views.K,
                    "image_size": views.image_size,
                    "distortion": views.distortion,
                }
                yield (
                    f"{name}, {given}",
                    {field: value[:left].double().numpy() for field, value in tensors.items()},
                    views.xy[:left].double().numpy(),
                )
            left -= held_out.BLOCK


def right(given: Fields, truth: np.ndarray) -> bool:
    """Whether all visible keypoints of one person are near their true places (1, 133, 2), and none in the
    picture that truly is outside it."""
    people = Keypoints2D(
        given["keypoints"], given["scores"]
    )  # before what is on the border counts as missing
    off = np.linalg.norm(people.keypoints - truth, axis=-1)
    outside = ((truth < 0) | (truth > given["image_size"][:, None])).any(axis=-1)
    moved_in = people.observed & outside & (off > 1)
    near = off[people.observed].max() < RIGHT * np.ptp(truth, axis=1).max()
    return bool(near and not moved_in.any())


def alarms(lifter: Lifter, fields: Fields, truth: np.ndarray | None) -> list[set[type[Warning]]]:
    """The categories of warning that each person who is as they should be raises, both alone and among
    `TOGETHER`."""
    found, some = [], []
    for i in range(len(fields["keypoints"])):
        if i % TOGETHER == 0:
            together = _raised({name: value[i : i + TOGETHER] for name, value in fields.items()})
        given = {name: value[i : i + 1] for name, value in fields.items()}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            one, visible = Keypoints2D.visible(**given)
        if visible.any() and (truth is None or right(given, truth[i : i + 1])):
            some.append(one)
            found.append({category for category, _ in _signs(caught) & together})
    seen = Keypoints2D.concatenate(some)
    off = lifter.lift(seen).reprojection_error_px
    for i, categories in enumerate(found):
        categories.update(kind for kind, _ in signs_in_result(seen.keypoints[i : i + 1], off[i : i + 1]))
    return found


def _raised(fields: Fields) -> set[tuple[type[Warning], str]]:
    """The signs that some people raise in one call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Keypoints2D.visible(**fields)
    return _signs(caught)


def _signs(caught: Iterable[warnings.WarningMessage]) -> set[tuple[type[Warning], str]]:
    """Each warning's category and text, without the people that it names."""
    return {(warning.category, str(warning.message).partition(": ")[2]) for warning in caught}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how often a warning about the input is wrong.")
    parser.add_argument("bank", type=Path, help="recordings, as `wholebody_lift.train prepare` writes them")
    parser.add_argument("--people", type=int, default=500, help="of each set (%(default)s)")
    parser.add_argument(
        "--split", choices=get_args(Split), default="test", help="of recordings (%(default)s)"
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()
    lifter = Lifter.from_pretrained()
    seen: Counter[str] = Counter()
    raised: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        for source, fields, truth in people(arguments.bank, arguments.people, arguments.split):
            found = alarms(lifter, fields, truth)
            seen[source] += len(found)
            for categories in found:
                raised[source].update(category.__name__ for category in categories)
                raised[source]["any"] += bool(categories)
    total = sum(raised.values(), Counter())
    for source, n in seen.items():
        print(f"{source:32s} {n:6d}  " + "  ".join(f"{k} {v}" for k, v in raised[source].most_common() if v))
    n = seen.total()
    for category, number in total.most_common():
        print(f"{category:24s} {number} of {n}: {1000 * number / n:.2f} in 1,000")
    if arguments.json:
        arguments.json.write_text(json.dumps({"people": seen, "alarms": raised}, indent=1) + "\n")


if __name__ == "__main__":
    main()
