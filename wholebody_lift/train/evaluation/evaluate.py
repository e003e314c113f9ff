"""Measure a network on the fixed test sets (`held_out`); `report` formats the results as tables.

A network is anything that maps `Features` to a `Prediction`, so other networks are measured the same way as
SemGAN. docs/evaluation.md explains every figure.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

from wholebody_lift import camera, skeleton
from wholebody_lift.config import Config
from wholebody_lift.errors import InputError
from wholebody_lift.features import Features
from wholebody_lift.model import Prediction
from wholebody_lift.train.evaluation import fingerprints, held_out, metrics
from wholebody_lift.train.evaluation.actions import action_group
from wholebody_lift.train.evaluation.held_out import LATEST, Crowd
from wholebody_lift.train.synthetic.detector import KINDS
from wholebody_lift.train.synthetic.people import Batch, People, Scene, to_batch
from wholebody_lift.viewpoint import canonical_view, to_camera_axes, to_virtual_axes, weights_of

PEOPLE = 1000
"""People of each test set, by default."""

_CHUNK = 250


class Result(NamedTuple):
    """Means over people, of each person's mean over keypoints; mm unless said otherwise."""

    people: int
    given: float
    """Share of all keypoints that were given to the network, percent."""
    whole: float
    """MPJPE over all 133 keypoints, root-aligned."""
    seen: float
    """The same over the keypoints that were given to the network."""
    seen_centred: float
    """As `seen`, but aligned at the mean of the given keypoints, since webcams do not show the root."""
    displaced: float
    """Error of the input before lifting: distance of the given keypoints from their true positions in the
    picture, in mm at their true distance."""
    n_mpjpe: float
    pa_mpjpe: float
    body: float
    """Body and feet; this and the next four as in `metrics.Protocol`."""
    face: float
    face_at_nose: float
    hands: float
    hands_at_wrist: float
    parts: dict[str, float]
    """MPJPE of each of `skeleton.PARTS`, root-aligned."""
    depth: float
    """Root-aligned error along the viewing ray, over all keypoints."""
    across: float
    """The same perpendicular to the viewing ray."""
    root: float
    """Distance of the root from its true position in camera axes, with the true K and stature given."""
    root_percent: float
    """The same, in percent of the distance from the camera."""
    predicted: float
    """Mean expected error, to be compared with `whole`."""


@dataclass(frozen=True)
class Report:
    """The results of an evaluation."""

    results: dict[str, dict[str, Result]]
    """By test set and input."""
    groups: dict[str, dict[str, Result]]
    """By the name of a `Grouping`, then by group."""
    bones: dict[str, dict[str, float]]
    """Spread of bone lengths between four views of a body, percent, by input and bone."""
    calibration: list[metrics.Decile]
    """Of the set "mixture"."""
    version: int
    """Version of the test sets."""
    differences: list[str]
    """How the test sets differ from the published ones; empty if they do not, and for other splits."""
    seconds: float


def evaluate(
    model: nn.Module,
    people: People,
    count: int = PEOPLE,
    *,
    sets: Sequence[str] | None = None,
    version: int = LATEST,
    stature_mm: float = Config().stature_mm,
    progress: bool = False,
) -> Report:
    """Measure the errors of a network on the first `count` people of each of some test sets.

    people: provides the rig and the bank, on the CPU, and the split to measure on.
    sets: names of test sets; None: all of this version, one of `held_out.VERSIONS`.
    stature_mm: stature of the people that the network predicts.
    progress: show a progress bar.

    Raises ValueError for people without a bank and a version that does not exist, and InputError, which is
    one, for a set that the version does not have and for more people than a set has.
    """
    if people.bank is None:
        raise ValueError("expected people with a bank, got none; pass one made by `prepare`")
    if not 0 < count <= held_out.PEOPLE:
        raise InputError(f"expected 1 to {held_out.PEOPLE} people per test set, got {count}")
    known = held_out.sets_of(version)
    sets = tuple(known) if sets is None else sets
    if unknown := [name for name in sets if name not in known]:
        raise InputError(f"expected test sets of version {version}, {', '.join(known)}, got {unknown[0]!r}")
    started = time.perf_counter()
    tables: dict[tuple[str, str], _Table] = {}
    made: dict[str, list[fingerprints.Fingerprint]] = {}
    with tqdm(total=count * sum(len(known[name].inputs) for name in sets), disable=not progress) as bar:
        for name in sets:
            bar.set_description(name)
            blocks = held_out.blocks(
                name, people.rig, people.bank, people=count, split=people.split, version=version
            )
            measured, made[name] = _measure_blocks(model, blocks, count, stature_mm, bar)
            tables |= {(name, given): table for given, table in measured.items()}

    results: dict[str, dict[str, Result]] = {name: {} for name in sets}
    for (name, given), table in tables.items():
        results[name][given] = table.result()
    mixture = tables.get(("mixture", "any detector"))
    compared = people.split == "test"
    return Report(
        results=results,
        groups={question: found for question, ask in GROUPINGS.items() if (found := ask.results(tables))},
        bones={
            given: _bones(table, known[name].views)
            for (name, given), table in tables.items()
            if name == "four views"
        },
        calibration=[] if mixture is None else metrics.calibration(mixture.predicted, mixture.distance),
        differences=(
            fingerprints.differences(people.bank, made, fingerprints.published(version)) if compared else []
        ),
        version=version,
        seconds=time.perf_counter() - started,
    )


def predict(model: nn.Module, features: Features) -> Prediction:
    """The prediction of a network in evaluation mode, moved to the CPU; the network's mode is restored."""
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    training = model.training
    model.eval()
    with torch.inference_mode():
        answer = model(features.map(lambda tensor: tensor.to(device)))
    model.train(training)
    return Prediction(answer.xyz.float().cpu(), answer.error_mm.float().cpu())


# Measuring


class _Table(NamedTuple):
    """Measurements of N people."""

    columns: dict[str, Tensor]
    """(N,) each, named as in `Result`."""
    distance: Tensor
    """(N, 133) root-aligned, mm."""
    predicted: Tensor
    """(N, 133) mm."""
    bone_lengths: Tensor
    """(N, E) mm"""
    labels: dict[str, tuple[str, ...]]
    """N names each, by the kind of label."""

    def result(self, rows: Sequence[int] | None = None) -> Result:
        """Means over all people, or over some rows."""
        chosen = torch.tensor(range(len(self.distance)) if rows is None else rows)
        by_keypoint = self.distance[chosen].mean(0)
        return Result(
            people=len(chosen),
            parts={name: by_keypoint[list(part)].mean().item() for name, part in skeleton.PARTS.items()},
            **{name: column[chosen].mean().item() for name, column in self.columns.items()},
        )


def _join(tables: Sequence[_Table]) -> _Table:
    """Concatenate tables."""
    return _Table(
        columns={name: torch.cat([table.columns[name] for table in tables]) for name in tables[0].columns},
        distance=torch.cat([table.distance for table in tables]),
        predicted=torch.cat([table.predicted for table in tables]),
        bone_lengths=torch.cat([table.bone_lengths for table in tables]),
        labels={
            name: tuple(label for table in tables for label in table.labels[name])
            for name in tables[0].labels
        },
    )


def _measure_blocks(
    model: nn.Module,
    blocks: Iterable[tuple[Crowd, dict[str, Scene]]],
    count: int,
    stature_mm: float,
    bar: tqdm,
) -> tuple[dict[str, _Table], list[fingerprints.Fingerprint]]:
    """A table for each input of a test set, of its first `count` people, and a fingerprint of each block."""
    pieces: dict[str, list[_Table]] = {}
    made = []
    for crowd, scenes in blocks:
        made.append(fingerprints.fingerprint(crowd, scenes))
        for given, scene in scenes.items():
            knowledge = held_out.INPUTS[given].knowledge
            table = _measure(model, held_out.first(scene, count), crowd, knowledge, stature_mm)
            pieces.setdefault(given, []).append(table)
            bar.update(len(table.distance))
        count -= held_out.BLOCK
    return {given: _join(some) for given, some in pieces.items()}, made


def _measure(model: nn.Module, scene: Scene, crowd: Crowd, knowledge: str, stature_mm: float) -> _Table:
    """Measure a network on a scene, which shows the first people of the crowd."""
    batch = to_batch(scene, knowledge, Config(stature_mm=stature_mm))
    answers = [predict(model, piece.features) for piece in batch.split(_CHUNK)]
    xyz, predicted = (torch.cat(tensors) for tensors in zip(*answers, strict=True))
    views = scene.views

    xy = torch.where(batch.observed[..., None], scene.detections.xy, 0)
    plane = camera.to_image_plane(xy, views.K, views.distortion)
    _, view = canonical_view(plane, batch.observed)  # of the true camera, as is the target
    distance = metrics.root_aligned(xyz, batch.target)
    depth, across = metrics.depth_and_across(xyz, batch.target, to_virtual_axes(views.xyz, view))
    in_camera = to_camera_axes(xyz, view) * (scene.stature_mm / stature_mm)[:, None, None]
    root, root_percent = _root_error(in_camera, plane, scene, batch)
    columns = {
        "given": 100 * batch.observed.float().mean(1),
        "seen": _mean_of_given(distance, batch),
        "seen_centred": _mean_of_given(metrics.centred(xyz, batch.target, batch.observed), batch),
        "displaced": _mean_of_given(_displaced(plane, views.xyz), batch) * stature_mm / scene.stature_mm,
        "depth": depth.mean(1),
        "across": across.mean(1),
        "root": root,
        "root_percent": root_percent,
        "predicted": predicted.mean(1),
        **metrics.protocol(xyz, batch.target)._asdict(),
    }
    return _Table(columns, distance, predicted, metrics.bone_lengths(xyz), _labels(scene, crowd))


def _mean_of_given(values: Tensor, batch: Batch) -> Tensor:
    """Mean (N,) of values (N, 133) over the keypoints that were given to the network."""
    return (values * batch.observed).sum(1) / batch.observed.sum(1)


def _displaced(plane: Tensor, xyz: Tensor) -> Tensor:
    """Distance (N, 133) between points on the image plane (N, 133, 2) and the projections of keypoints
    (N, 133, 3) in camera axes, in mm at the keypoints' depth."""
    depth = xyz[..., 2:]
    return (plane * depth - xyz[..., :2]).square().sum(-1).sqrt()


def _labels(scene: Scene, crowd: Crowd) -> dict[str, tuple[str, ...]]:
    n, kinds = len(scene.stature_mm), list(KINDS)
    close_ups = crowd.close_ups
    inside = scene.views.inside[:, skeleton.indices("body", "feet")]
    return {
        "action": tuple(action_group(label) for label in crowd.labels[:n]),
        "detector": tuple(kinds[kind] for kind in scene.detections.kind.tolist()),
        "outside": tuple(_outside(share) for share in (1 - inside.float().mean(1)).tolist()),
        "shown": close_ups[:n] if close_ups else ("everything",) * n,
    }


def _outside(share: float) -> str:
    """A label for the share of body and feet that is outside the picture."""
    if share == 0:
        return "nothing outside"
    return "half or more outside" if share >= 0.5 else "under half outside"


def _root_error(xyz: Tensor, plane: Tensor, scene: Scene, batch: Batch) -> tuple[Tensor, Tensor]:
    """Error of the root's position for people (N, 133, 3), in mm and in percent of the distance."""
    weights = weights_of(batch.observed, xyz) * scene.detections.scores
    true = scene.views.xyz[:, list(skeleton.ROOT)].mean(1)
    off = (camera.place_root(xyz, plane, weights) - true).square().sum(-1).sqrt()
    return off, 100 * off / true.square().sum(-1).sqrt()


def _bones(table: _Table, views: int) -> dict[str, float]:
    """Spread of each edge's length between the views of a body, percent, as the mean over complete bodies."""
    bodies = len(table.bone_lengths) // views
    lengths = table.bone_lengths[: bodies * views].reshape(bodies, views, -1)
    spread = metrics.spread_percent(lengths).mean(0).tolist()
    names = (f"{skeleton.KEYPOINT_NAMES[a]} to {skeleton.KEYPOINT_NAMES[b]}" for a, b in skeleton.EDGES)
    return dict(zip(names, spread, strict=True))


class Grouping(NamedTuple):
    """A division of a test set's people into groups, with one result for each group."""

    test_set: str
    given: str
    """The input."""
    by: str
    """The kind of label to group by."""

    def results(self, tables: dict[tuple[str, str], _Table]) -> dict[str, Result]:
        """Results by group, in alphabetical order; empty if the set was not measured."""
        table = tables.get((self.test_set, self.given))
        if table is None:
            return {}
        rows: dict[str, list[int]] = {}
        for row, group in enumerate(table.labels[self.by]):
            rows.setdefault(group, []).append(row)
        return {group: table.result(rows[group]) for group in sorted(rows)}


GROUPINGS: dict[str, Grouping] = {
    "recorded actions, laboratory, exact": Grouping("laboratory", "exact", "action"),
    "sampled activities, laboratory, exact": Grouping("activities", "exact", "action"),
    "kind of detector, all cameras": Grouping("mixture", "any detector", "detector"),
    "body and feet outside the picture, webcam, exact": Grouping("webcam", "exact", "outside"),
    "part in the picture, close-ups, exact": Grouping("close-ups", "exact", "shown"),
    "part in the picture, close-ups, any detector": Grouping("close-ups", "any detector", "shown"),
}
"""Results by groups of people."""
