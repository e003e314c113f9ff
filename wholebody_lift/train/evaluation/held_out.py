"""Fixed test sets of people that training never sees, the same on every machine.

A test set is a crowd of people, seen by cameras of one family. Their poses, hands and faces come unchanged
from the recordings of one split; their bodies and cameras are new. The crowd is drawn once and then given to
the network in several ways (`INPUTS`), so the cost of noise or missing keypoints is measured on the same
people.

Sets are drawn in blocks of `BLOCK` people, each from its own seed, so the first thousand people of a set are
the same, however many are drawn. They are drawn on the CPU, whose random numbers are the same everywhere.
`fingerprints` checks whether a machine has the people of the published figures.

When training learns to make people who resemble real ones more, the test sets do not change: they get a new
version, and former ones can still be measured (`VERSIONS`).
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.train.synthetic import cameras, close_ups, detector, faces, hands, individual, poses
from wholebody_lift.train.synthetic.bank import MotionBank, Split
from wholebody_lift.train.synthetic.cameras import FAMILIES, Views
from wholebody_lift.train.synthetic.detector import EXACT_LAYOUTS, KINDS, MIN_FOUND, Detections
from wholebody_lift.train.synthetic.occlusion import hidden
from wholebody_lift.train.synthetic.people import Scene
from wholebody_lift.train.synthetic.rig import Rig
from wholebody_lift.train.synthetic.rotations import to_matrix

SEED = 20260101
"""Seed of the first version, and of what is drawn for other measurements."""
BLOCK = 500
PEOPLE = 3000
"""People in each set; an evaluation may use only the first ones."""

_NOISE_DRAWS = 12


class Input(NamedTuple):
    """One way to give a crowd to the network."""

    detections: str
    """"exact" or exact with the keypoints of one of `detector.EXACT_LAYOUTS`, "noise", a kind of
    `detector.KINDS`, or "any" for their mixture."""
    knowledge: str
    """What is known of the camera, as in `people.CAMERA_KNOWLEDGE`."""
    about: str


INPUTS: dict[str, Input] = {
    "exact": Input("exact", "given", "exact 2D of every keypoint in the picture, hidden ones too"),
    "noise": Input(
        "noise",
        "given",
        "the same keypoints with the noise of a detector that sees them all: nothing is lost",
    ),
    "detector": Input(
        "wholebody",
        "given",
        "everything that a whole-body detector does: losses, and more noise on hidden keypoints",
    ),
    "incomplete": Input(
        "masked", "given", "exact 2D with the masking of H3WB's second task (`detector.MASKS`)"
    ),
    "body alone": Input("body and feet", "given", "exact 2D of body and feet, as detectors of the body give"),
    "limbs alone": Input(
        "limbs", "given", "exact 2D of shoulders, elbows, wrists, hips, knees and ankles, as markers give"
    ),
    "assumed camera": Input(
        "wholebody", "image_size", "as detector, with the camera assumed from the image size"
    ),
    "unknown camera": Input("wholebody", "keypoints", "as detector, with nothing known of the camera"),
    "any detector": Input("any", "given", "the mixture of detectors of training"),
}
"""Ways to give a crowd to the network, by name."""


class HeldOut(NamedTuple):
    """A test set."""

    family: str | None
    """Family of cameras; None is the mixture of training."""
    inputs: tuple[str, ...]
    sampled: bool = False
    """Whether poses are sampled, for activities that recordings lack, instead of recorded."""
    views: int = 1
    """Cameras that see each body; its views follow one another in the set."""
    close_ups: bool = False
    """Whether only a part of each person is shown, as in `close_ups`, instead of a camera's family."""


class Version(NamedTuple):
    """Test sets that were published together."""

    seed: int
    sets: dict[str, HeldOut]
    as_trained: bool
    """Whether people have faces and hands of their own (`individual`), and cameras and detectors are those of
    training today; else all are as in the first version. `fingerprints` notices when training changes: then
    it is time for another version."""


_FOUR = ("exact", "noise", "detector", "incomplete")
_CAMERAS = ("assumed camera", "unknown camera")
_OTHERS = {
    "activities": HeldOut("laboratory", ("exact", "detector"), sampled=True),
    "four views": HeldOut("laboratory", ("exact", "detector"), views=4),
    "mixture": HeldOut(None, ("any detector",)),
}

VERSIONS: dict[int, Version] = {
    1: Version(
        seed=SEED,
        sets={
            **{name: HeldOut(name, _FOUR) for name in FAMILIES},
            "laboratory": HeldOut("laboratory", (*_FOUR, *_CAMERAS)),
            **_OTHERS,
        },
        as_trained=False,
    ),
    2: Version(
        seed=20261130,
        sets={
            **{name: HeldOut(name, _FOUR) for name in FAMILIES},
            "laboratory": HeldOut("laboratory", (*_FOUR, "body alone", "limbs alone", *_CAMERAS)),
            **_OTHERS,
            "close-ups": HeldOut(None, ("exact", "any detector"), close_ups=True),
        },
        as_trained=True,
    ),
}
"""The versions of the test sets, of the same recordings. Version 2 is from 30 November 2026."""

LATEST = 2

SETS = VERSIONS[LATEST].sets
"""The test sets by name: one for each family of cameras, and the others for other questions."""


def sets_of(version: int) -> dict[str, HeldOut]:
    """The test sets of a version by name. Raises ValueError for one that is not in `VERSIONS`."""
    if version not in VERSIONS:
        known = ", ".join(map(str, VERSIONS))
        raise ValueError(f"expected a version of the test sets among {known}, got {version}")
    return VERSIONS[version].sets


@dataclass(frozen=True)
class Crowd:
    """N people of a test set as their cameras see them."""

    views: Views
    hidden: Tensor
    """(N, 133) bool: the person's own body hides the keypoint."""
    shown: Tensor | None
    """(N, 133) bool: the part that a close-up shows; None for sets without close-ups."""
    stature_mm: Tensor
    """(N,)"""
    labels: tuple[str, ...]
    """N sources of poses: the name of a recording, or a label of `poses.LABELS`."""

    @property
    def close_ups(self) -> tuple[str, ...]:
        """N names of `CLOSE_UPS`, the parts that are shown; empty if these are no close-ups."""
        if self.shown is None:
            return ()
        names = {frozenset(one.keypoints): name for name, one in close_ups.CLOSE_UPS.items()}
        return tuple(names[frozenset(row.nonzero()[:, 0].tolist())] for row in self.shown)


def blocks(
    name: str,
    rig: Rig,
    bank: MotionBank,
    *,
    people: int = PEOPLE,
    split: Split = "test",
    version: int = LATEST,
) -> Iterator[tuple[Crowd, dict[str, Scene]]]:
    """Draw the first `people` of a set, block by block, with a scene for each of its inputs.

    Blocks are complete, so the last one may go beyond `people`; cut it with `first`. Raises ValueError for a
    version that is not in `VERSIONS`, a name that is not in its sets and a rig that is not on the CPU.
    """
    drawn = crowds(name, rig, bank, people=people, split=split, version=version)
    for number, crowd in enumerate(drawn):
        inputs = VERSIONS[version].sets[name].inputs
        kinds = sorted({INPUTS[given].detections for given in inputs})
        detections = {
            kind: detect(crowd, kind, _generator(split, name, number, kind, version), version=version)
            for kind in kinds
        }
        yield (
            crowd,
            {
                given: Scene(crowd.views, detections[INPUTS[given].detections], crowd.stature_mm)
                for given in inputs
            },
        )


def crowds(
    name: str,
    rig: Rig,
    bank: MotionBank,
    *,
    people: int = PEOPLE,
    split: Split = "test",
    version: int = LATEST,
) -> Iterator[Crowd]:
    """The crowds of `blocks`, without scenes."""
    sets = sets_of(version)
    if name not in sets:
        raise ValueError(f"expected one of the test sets {', '.join(sets)}, got {name!r}")
    if rig.template.device.type != "cpu":
        raise ValueError(
            f"expected a rig on the CPU, got one on {rig.template.device}; test sets are drawn on the CPU so "
            "that they are the same everywhere"
        )
    for number in range(-(-people // BLOCK)):
        generator = _generator(split, name, number, "crowd", version)
        yield _crowd(sets[name], rig, bank, split, generator, as_trained=VERSIONS[version].as_trained)


def _generator(split: Split, name: str, number: int, purpose: str, version: int) -> torch.Generator:
    """A generator whose seed nothing else uses."""
    seed = VERSIONS[version].seed
    digest = hashlib.sha256(json.dumps([seed, split, name, number, purpose]).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def first(scene: Scene, n: int) -> Scene:
    """The first n people of a scene."""

    def shortened(columns: Any) -> Any:
        return replace(columns, **{field.name: getattr(columns, field.name)[:n] for field in fields(columns)})

    return Scene(shortened(scene.views), shortened(scene.detections), scene.stature_mm[:n])


def with_hands(L: Tensor, bank: MotionBank, split: Split, generator: torch.Generator) -> Tensor:
    """Poses (n, J, 3, 3) with hands from the split's recordings, drawn separately for left and right."""
    left, right = (to_matrix(bank.sample_hands(len(L), split, generator)[0]) for _ in range(2))
    return hands.attach(L, left, right)


def _crowd(
    held_out: HeldOut,
    rig: Rig,
    bank: MotionBank,
    split: Split,
    generator: torch.Generator,
    *,
    as_trained: bool,
) -> Crowd:
    n = BLOCK // held_out.views
    rest = rig.rest(rig.sample_shape(n, generator), faces.sample(n, generator, bank, split))
    if held_out.sampled:
        L, label = poses.sample(rest.heads, generator)
        labels = [poses.LABELS[i] for i in label.tolist()]
    else:
        recorded, recording = bank.sample(n, split, generator)
        L, labels = to_matrix(recorded), [bank.bodies.recordings[i].name for i in recording.tolist()]
    xyz = rig.pose(rest, with_hands(L, bank, split, generator))
    if as_trained:
        xyz = individual.vary(xyz, generator)
    body = torch.arange(n).repeat_interleave(held_out.views)
    shown = None
    if held_out.close_ups:
        views, shown = close_ups.sample(xyz[body], generator)
        covered = torch.zeros_like(shown)  # nothing stands between a part and a camera held in front of it
    else:
        views = cameras.sample(xyz[body], generator, held_out.family, as_trained=as_trained)
        covered = hidden(views.xyz)
    return Crowd(views, covered, shown, rest.stature_mm[body], tuple(labels[i] for i in body.tolist()))


def detect(crowd: Crowd, kind: str, generator: torch.Generator, *, version: int = LATEST) -> Detections:
    """Detections of a crowd; `kind` is as `Input.detections`."""
    views = crowd.views
    if kind == "exact" or kind in EXACT_LAYOUTS:
        given = views.inside
        if kind in EXACT_LAYOUTS:
            given = given & EXACT_LAYOUTS[kind].given
        if crowd.shown is not None:  # a camera between two hands sees neither: all of the part, then
            given = given & crowd.shown
            given = torch.where((given.sum(1) < MIN_FOUND)[:, None], crowd.shown, given)
        number = torch.full((len(views.xyz),), list(KINDS).index("exact"))
        return Detections(views.xy, given.float(), number)
    if kind == "noise":
        return _noise_alone(crowd, generator, version)
    return _detected(crowd, generator, None if kind == "any" else kind, version)


def _detected(crowd: Crowd, generator: torch.Generator, kind: str | None, version: int) -> Detections:
    """What a detector reports, of a kind of `detector.KINDS` or of their mixture."""
    views, as_trained = crowd.views, VERSIONS[version].as_trained
    if crowd.shown is not None:
        return close_ups.detect(views, crowd.shown, generator, kind, as_trained=as_trained)
    return detector.detect(views.xy, views, crowd.hidden, generator, kind=kind, as_trained=as_trained)


def _noise_alone(crowd: Crowd, generator: torch.Generator, version: int) -> Detections:
    """The keypoints in the picture, as reported by a whole-body detector that sees and finds them all.

    A detector loses keypoints at random, so detections are drawn several times and the one with the most
    keypoints is kept. The keypoints that it still lacks (very small hands are hardly ever found) are where
    the detector would have put them, with the mean score of the others.
    """
    views = crowd.views
    in_full_view = replace(crowd, hidden=torch.zeros_like(crowd.hidden))
    best, most = None, torch.full((len(views.xyz),), -1.0)
    for _ in range(_NOISE_DRAWS):
        drawn = _detected(in_full_view, generator, "wholebody", version)
        found = _found(drawn) & views.inside
        placed = found | (views.inside & (drawn.xy != 0).any(-1))
        quality = found.sum(1) + 2.0 * placed.sum(1)
        mean = (drawn.scores * found).sum(1) / found.sum(1).clamp_min(1)
        scores = torch.where(found, drawn.scores, placed * mean[:, None])
        better = quality > most
        most = torch.where(better, quality, most)
        if best is None:
            best = replace(drawn, scores=scores)
        else:
            best = Detections(
                xy=torch.where(better[:, None, None], drawn.xy, best.xy),
                scores=torch.where(better[:, None], scores, best.scores),
                kind=best.kind,
            )
    assert best is not None
    return best


def _found(detections: Detections) -> Tensor:
    return detections.scores >= MIN_SCORE
