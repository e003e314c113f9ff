"""Whether test sets are those that published figures were measured on.

A seed gives the same people on every machine up to the rounding of floating-point arithmetic, as processors
add up in different orders. So a hash of coordinates would differ between machines, and a hash of rounded ones
too: of a million values some lie on the border between two roundings. A `Fingerprint` has a hash of what is
exact (which recordings, image sizes and kinds of detectors were drawn) and a few sums over all coordinates,
compared with a tolerance that is far above rounding and far below a change of bodies, cameras or detectors.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import torch

from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.skeleton import NUM_KEYPOINTS
from wholebody_lift.train.evaluation.held_out import PEOPLE, SETS, Crowd, blocks
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.people import Scene
from wholebody_lift.train.synthetic.rig import Rig

PUBLISHED = Path(__file__).with_suffix(".json")
"""Fingerprints of the sets that published figures were measured on."""

TOLERANCE = 0.1
"""Of the numbers of a fingerprint: mm, px or keypoints per person."""


class Fingerprint(NamedTuple):
    """What tells a block of a test set from any other, on every machine."""

    drawn: str
    """Hash of what is exact: the recordings, the families, the image sizes, the kinds of detectors."""
    numbers: tuple[float, ...]
    """Weighted sums over keypoints, means over people: x, y, z in mm, wherever the person is, and x, y in px;
    then for each input the keypoints found per person and their mean distance from the truth in px."""

    def is_like(self, other: "Fingerprint") -> bool:
        """Whether both are of the same people, up to rounding."""
        if self.drawn != other.drawn or len(self.numbers) != len(other.numbers):
            return False
        return all(abs(a - b) <= TOLERANCE for a, b in zip(self.numbers, other.numbers, strict=True))


def fingerprint(crowd: Crowd, scenes: dict[str, Scene]) -> Fingerprint:
    """The fingerprint of a block that `blocks` made."""
    views = crowd.views
    digest = hashlib.sha256("\n".join(crowd.labels).encode())
    exact = [views.family, *views.image_size.T, *(scene.detections.kind for scene in scenes.values())]
    digest.update(torch.stack([column.round().int() for column in exact]).numpy().astype("<i4").tobytes())

    # Weights that are all different, so that exchanged keypoints are noticed.
    weights = 0.5 + torch.arange(NUM_KEYPOINTS, dtype=torch.float64) * 0.618034 % 1
    # Far outside, where lenses bend most, pixels depend on rounding.
    xy = views.xy.double().clamp(torch.zeros(()), views.image_size[:, None])
    numbers = [((weights - weights.mean()) @ views.xyz.double()).mean(0), (weights @ xy).mean(0)]
    for scene in scenes.values():
        found = scene.detections.scores >= MIN_SCORE
        off = (scene.detections.xy - views.xy).double().square().sum(-1).sqrt()
        numbers.append(torch.stack([found.sum(1).double().mean(), off[found].mean()]))
    rounded = tuple(round(number, 3) for number in torch.cat(numbers).tolist())
    return Fingerprint(digest.hexdigest()[:16], rounded)


def bank_hash(bank: MotionBank) -> str:
    """Hash of all that a bank holds, however its file is packed."""
    digest = hashlib.sha256(json.dumps(bank.bones).encode())
    for track in bank.tracks.values():
        recordings = [(entry.name, entry.split, entry.rows) for entry in track.recordings]
        digest.update(json.dumps(recordings).encode())
        digest.update(track.values.cpu().numpy().tobytes())
    return digest.hexdigest()


class Published(NamedTuple):
    """The fingerprints that are kept with the code."""

    bank: str
    """`bank_hash` of the bank that they were made of."""
    sets: dict[str, tuple[Fingerprint, ...]]
    """Of the blocks of each set of the test split."""


def published(path: Path = PUBLISHED) -> Published:
    """The fingerprints that are kept with the code."""
    content = json.loads(path.read_text())
    sets = {
        name: tuple(Fingerprint(drawn, tuple(numbers)) for drawn, *numbers in rows)
        for name, rows in content["sets"].items()
    }
    return Published(content["bank"], sets)


def publish(path: Path, rig: Rig, bank: MotionBank, people: int = PEOPLE) -> None:
    """Write the fingerprints of the first people of all sets, to be committed when a change is meant."""
    lines = []
    for name in SETS:
        rows = [fingerprint(*block) for block in blocks(name, rig, bank, people=people)]
        texts = (json.dumps([row.drawn, *row.numbers]) for row in rows)
        lines.append(f"  {json.dumps(name)}: [\n    " + ",\n    ".join(texts) + "\n  ]")
    text = ",\n".join(lines)
    path.write_text(f'{{\n "bank": "{bank_hash(bank)}",\n "sets": {{\n{text}\n }}\n}}\n')


def differences(bank: MotionBank, made: dict[str, list[Fingerprint]], known: Published) -> list[str]:
    """What is not as published, in plain words; nothing if the figures can be compared.

    made: fingerprints of the first blocks of some sets.
    """
    told = []
    if bank_hash(bank) != known.bank:
        told.append(f"the bank is {bank_hash(bank)[:16]}, the published figures are of {known.bank[:16]}")
    for name, ours in made.items():
        theirs = known.sets.get(name, ())[: len(ours)]
        same = [a.is_like(b) for a, b in zip(ours, theirs, strict=False)]
        if sum(same) < len(ours):
            told.append(f"test set {name!r}: {sum(same)} of {len(ours)} blocks are as published")
    return told
