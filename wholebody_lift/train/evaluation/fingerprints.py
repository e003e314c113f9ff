"""Fingerprints, which tell whether test sets are those that the published figures were measured on.

A seed gives the same people on every machine, except for rounding, because processors add numbers in
different orders. So a hash of coordinates would differ between machines, and so would a hash of rounded
coordinates: among a million values, some lie on the border between two roundings. A `Fingerprint` has a hash
of what is exact (the recordings, image sizes and kinds of detectors that were drawn) and a few sums over all
coordinates. The sums are compared with a tolerance far above rounding errors and far below a change of
bodies, cameras or detectors. It also covers one person in a block who has another pose, because rounding
decided whether the one that was drawn touches itself.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.skeleton import NUM_KEYPOINTS
from wholebody_lift.train.evaluation.held_out import LATEST, PEOPLE, VERSIONS, Crowd, blocks
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.bones import BONES
from wholebody_lift.train.synthetic.people import Scene
from wholebody_lift.train.synthetic.rig import Rig

PUBLISHED = Path(__file__).with_suffix(".json")
"""The file with the fingerprints of the sets that the published figures were measured on."""

TOLERANCE = 0.1
"""Tolerance of the sums of a fingerprint in mm, of errors in px and of keypoints per person."""
PIXELS_TOLERANCE = 5.0
"""Tolerance of the two sums of pixels over all keypoints: 0.04 px for each."""
_PIXELS = (3, 4)
"""Their positions in `Fingerprint.numbers`."""
_VALUE_UNIT = 1e-5
"""Unit of the values of recordings, as a share of the largest possible one."""


class Fingerprint(NamedTuple):
    """Identifies a block of a test set, on every machine."""

    drawn: str
    """Hash of everything exact: recordings, camera families, image sizes, kinds of detectors."""
    numbers: tuple[float, ...]
    """Weighted sums over keypoints, averaged over people: x, y, z in mm, independent of position, and x, y in
    px; then, for each input, the number of keypoints found per person and their mean error in px."""

    def is_like(self, other: "Fingerprint") -> bool:
        """Whether both describe the same people, except for rounding."""
        if self.drawn != other.drawn or len(self.numbers) != len(other.numbers):
            return False
        pairs = enumerate(zip(self.numbers, other.numbers, strict=True))
        return all(abs(a - b) <= (PIXELS_TOLERANCE if i in _PIXELS else TOLERANCE) for i, (a, b) in pairs)


def fingerprint(crowd: Crowd, scenes: dict[str, Scene]) -> Fingerprint:
    """The fingerprint of a block that `blocks` made."""
    views = crowd.views
    digest = hashlib.sha256("\n".join(crowd.labels).encode())
    exact = [views.family, *views.image_size.T, *(scene.detections.kind for scene in scenes.values())]
    digest.update(torch.stack([column.round().int() for column in exact]).numpy().astype("<i4").tobytes())

    weights = _weights(NUM_KEYPOINTS)
    # Far outside the picture, where lenses distort most, pixels depend on rounding.
    xy = views.xy.double().clamp(torch.zeros(()), views.image_size[:, None])
    numbers = [((weights - weights.mean()) @ views.xyz.double()).mean(0), (weights @ xy).mean(0)]
    for scene in scenes.values():
        found = scene.detections.scores >= MIN_SCORE
        off = (scene.detections.xy - views.xy).double().square().sum(-1).sqrt()
        numbers.append(torch.stack([found.sum(1).double().mean(), off[found].mean()]))
    rounded = tuple(round(number, 3) for number in torch.cat(numbers).tolist())
    return Fingerprint(digest.hexdigest()[:16], rounded)


def of_test_recordings(bank: MotionBank) -> Fingerprint:
    """The fingerprint of the test recordings in a bank, independent of how the file is packed and what else
    it contains.

    Its number is the weighted mean of the absolute values, added up over the tracks, in units of
    `_VALUE_UNIT`.
    """
    digest, total = hashlib.sha256(), 0.0
    for name, track in bank.tracks.items():
        ends = torch.tensor([0, *(entry.rows for entry in track.recordings)]).cumsum(0).tolist()
        values = _at_every_bone(track.values, bank.bones) if name == "bodies" else track.values
        tested = []
        for entry, start, end in zip(track.recordings, ends, ends[1:], strict=False):
            if entry.split == "test":
                digest.update(json.dumps([name, entry.name, entry.rows]).encode())
                tested.append(values[start:end].flatten(1).cpu().double().abs())
        if tested:
            rows = torch.cat(tested)
            full = 1.0 if values.is_floating_point() else torch.iinfo(values.dtype).max
            total += ((rows / full) @ _weights(rows.shape[1])).mean().item() / rows.shape[1]
    return Fingerprint(digest.hexdigest()[:16], (round(total / _VALUE_UNIT, 3),))


def _weights(n: int) -> Tensor:
    """(n,) all different, so that swapped columns change a weighted sum."""
    return 0.5 + torch.arange(n, dtype=torch.float64) * 0.618034 % 1


def _at_every_bone(packed: Tensor, bones: tuple[str, ...]) -> Tensor:
    """Poses (F, J, 4) of all bones from packed poses of the bones that move in a bank; the others are at
    rest."""
    poses = torch.zeros(len(packed), len(BONES), 4, dtype=packed.dtype)
    poses[..., 0] = torch.iinfo(packed.dtype).max
    poses[:, [BONES.index(bone) for bone in bones]] = packed.cpu()
    return poses


class Published(NamedTuple):
    """The fingerprints of a version of the test sets that are kept with the code."""

    bank: Fingerprint
    """`of_test_recordings` in the bank that they were made from."""
    sets: dict[str, tuple[Fingerprint, ...]]
    """The fingerprint of each block, by test set."""


def published(version: int = LATEST, path: Path = PUBLISHED) -> Published:
    """The fingerprints of a version that are kept with the code."""
    content = json.loads(path.read_text())
    sets = {name: tuple(map(_read, rows)) for name, rows in content["versions"][str(version)].items()}
    return Published(_read(content["bank"]), sets)


def _read(row: Sequence[Any]) -> Fingerprint:
    drawn, *numbers = row
    return Fingerprint(drawn, tuple(numbers))


def _written(row: Fingerprint) -> str:
    return json.dumps([row.drawn, *row.numbers])


def publish(path: Path, rig: Rig, bank: MotionBank, people: int = PEOPLE) -> None:
    """Write the fingerprints of the first people of all sets of all versions. Commit the file if there is a
    new version; those of former ones must stay."""
    versions = []
    for number, version in VERSIONS.items():
        sets = ",\n".join(_set(name, rig, bank, people, number) for name in version.sets)
        versions.append(f'  "{number}": {{\n{sets}\n  }}')
    text = ",\n".join(versions)
    tested = _written(of_test_recordings(bank))
    path.write_text(f'{{\n "bank": {tested},\n "versions": {{\n{text}\n }}\n}}\n')


def _set(name: str, rig: Rig, bank: MotionBank, people: int, version: int) -> str:
    """The entry of a test set in the file: a row for each block."""
    rows = [fingerprint(*block) for block in blocks(name, rig, bank, people=people, version=version)]
    return f"   {json.dumps(name)}: [\n    " + ",\n    ".join(map(_written, rows)) + "\n   ]"


def differences(bank: MotionBank, made: dict[str, list[Fingerprint]], known: Published) -> list[str]:
    """How test sets differ from the published ones, in words; empty if the figures can be compared.

    made: fingerprints of the first blocks of some sets.
    """
    found = []
    ours = of_test_recordings(bank)
    if not ours.is_like(known.bank):
        found.append(
            f"expected test recordings {_written(known.bank)}, of the published figures, got {_written(ours)}"
        )
    for name, blocks_made in made.items():
        theirs = known.sets.get(name, ())[: len(blocks_made)]
        same = [a.is_like(b) for a, b in zip(blocks_made, theirs, strict=False)]
        if sum(same) < len(blocks_made):
            found.append(f"test set {name!r}: {sum(same)} of {len(blocks_made)} blocks are as published")
    return found
