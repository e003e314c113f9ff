"""Fixed test sets of people that training never sees, the same on every machine.

A test set is a crowd of people, seen by cameras of one family. Their poses, hands and faces come unchanged
from the recordings of one split; their bodies and cameras are new. The crowd is drawn once and then given to
the network in several ways (`INPUTS`), so the cost of noise or missing keypoints is measured on the same
people.

Sets are drawn in blocks of `BLOCK` people, each from its own seed, so the first thousand people of a set are
the same, however many are drawn. They are drawn on the CPU, whose random numbers are the same everywhere.
`fingerprints` checks whether a machine has the people of the published figures.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.train.synthetic import cameras, detector, faces, hands, poses
from wholebody_lift.train.synthetic.bank import MotionBank, Split
from wholebody_lift.train.synthetic.cameras import FAMILIES, Views
from wholebody_lift.train.synthetic.detector import KINDS, Detections
from wholebody_lift.train.synthetic.occlusion import hidden
from wholebody_lift.train.synthetic.people import Scene
from wholebody_lift.train.synthetic.rig import Rig
from wholebody_lift.train.synthetic.rotations import to_matrix

SEED = 20260101
BLOCK = 500
PEOPLE = 3000
"""People in each set; an evaluation may use only the first ones."""

_NOISE_DRAWS = 12


class Input(NamedTuple):
    """One way to give a crowd to the network."""

    detections: str
    """"exact", "noise", a kind of `detector.KINDS`, or "any" for their mixture."""
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
    """Label of sampled poses, for activities that recordings lack; None uses recorded poses."""
    views: int = 1
    """Cameras that see each body; its views follow one another in the set."""


_FOUR = ("exact", "noise", "detector", "incomplete")

SETS: dict[str, HeldOut] = {
    **{name: HeldOut(name, _FOUR) for name in FAMILIES},
    "laboratory": HeldOut("laboratory", (*_FOUR, "assumed camera", "unknown camera")),
    "activities": HeldOut("laboratory", ("exact", "detector"), sampled=True),
    "four views": HeldOut("laboratory", ("exact", "detector"), views=4),
    "mixture": HeldOut(None, ("any detector",)),
}
"""The test sets by name: one for each family of cameras, and three for other questions."""


@dataclass(frozen=True)
class Crowd:
    """N people of a test set as their cameras see them."""

    views: Views
    hidden: Tensor
    """(N, 133) bool: the person's own body hides the keypoint."""
    stature_mm: Tensor
    """(N,)"""
    labels: tuple[str, ...]
    """N sources of poses: the name of a recording, or a label of `poses.LABELS`."""


def blocks(
    name: str, rig: Rig, bank: MotionBank, *, people: int = PEOPLE, split: Split = "test"
) -> Iterator[tuple[Crowd, dict[str, Scene]]]:
    """Draw the first `people` of a set, block by block, with a scene for each of its inputs.

    Blocks are complete, so the last one may go beyond `people`; cut it with `first`. Raises ValueError for a
    name that is not in `SETS` and for a rig that is not on the CPU.
    """
    for number, crowd in enumerate(crowds(name, rig, bank, people=people, split=split)):
        inputs = SETS[name].inputs
        kinds = sorted({INPUTS[given].detections for given in inputs})
        detections = {
            kind: detect(crowd.views, crowd.hidden, kind, _generator(split, name, number, kind))
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
    name: str, rig: Rig, bank: MotionBank, *, people: int = PEOPLE, split: Split = "test"
) -> Iterator[Crowd]:
    """The crowds of `blocks`, without scenes."""
    if name not in SETS:
        raise ValueError(f"expected one of the test sets {', '.join(SETS)}, got {name!r}")
    if rig.template.device.type != "cpu":
        raise ValueError(
            f"expected a rig on the CPU, got one on {rig.template.device}; test sets are drawn on the CPU so "
            "that they are the same everywhere"
        )
    for number in range(-(-people // BLOCK)):
        yield _crowd(SETS[name], rig, bank, split, _generator(split, name, number, "crowd"))


def _generator(split: Split, name: str, number: int, purpose: str) -> torch.Generator:
    """A generator whose seed nothing else uses."""
    digest = hashlib.sha256(json.dumps([SEED, split, name, number, purpose]).encode()).digest()
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


def _crowd(held_out: HeldOut, rig: Rig, bank: MotionBank, split: Split, generator: torch.Generator) -> Crowd:
    n = BLOCK // held_out.views
    rest = rig.rest(rig.sample_shape(n, generator), faces.sample(n, generator, bank, split))
    if held_out.sampled:
        L, label = poses.sample(rest.heads, generator)
        labels = [poses.LABELS[i] for i in label.tolist()]
    else:
        recorded, recording = bank.sample(n, split, generator)
        L, labels = to_matrix(recorded), [bank.bodies.recordings[i].name for i in recording.tolist()]
    xyz = rig.pose(rest, with_hands(L, bank, split, generator))
    body = torch.arange(n).repeat_interleave(held_out.views)
    views = cameras.sample(xyz[body], generator, held_out.family)
    return Crowd(views, hidden(views.xyz), rest.stature_mm[body], tuple(labels[i] for i in body.tolist()))


def detect(views: Views, covered: Tensor, kind: str, generator: torch.Generator) -> Detections:
    """Detections of people; `covered` (N, 133) bool is as `Crowd.hidden`, and `kind` as
    `Input.detections`."""
    if kind == "exact":
        number = torch.full((len(views.xyz),), list(KINDS).index("exact"))
        return Detections(views.xy, views.inside.float(), number)
    if kind == "noise":
        return _noise_alone(views, generator)
    return detector.detect(views.xy, views, covered, generator, kind=None if kind == "any" else kind)


def _noise_alone(views: Views, generator: torch.Generator) -> Detections:
    """The keypoints in the picture, as reported by a whole-body detector that sees and finds them all.

    A detector loses keypoints at random, so detections are drawn several times and the one with the most
    keypoints is kept. The keypoints that it still lacks (very small hands are hardly ever found) are where
    the detector would have put them, with the mean score of the others.
    """
    in_full_view = torch.zeros_like(views.inside)
    best, most = None, torch.full((len(in_full_view),), -1.0)
    for _ in range(_NOISE_DRAWS):
        drawn = detector.detect(views.xy, views, in_full_view, generator, kind="wholebody")
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
