"""Measure a network on synthetic people that it never saw, and say it as a table.

The people of the test sets take their poses, hands and faces from recordings that neither training nor
validation used, unchanged; bodies and cameras are drawn anew from a fixed seed.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift import camera, skeleton
from wholebody_lift.features import canonical_view, to_camera_axes, weights_of
from wholebody_lift.model import SemGAN
from wholebody_lift.train import metrics
from wholebody_lift.train.people import Batch, People, Scene, to_batch


class TestSet(NamedTuple):
    """A question that the evaluation asks."""

    family: str | None
    """Camera family of `cameras.FAMILIES`, or None for the training mixture."""
    noise: bool = True
    """Detector noise; without it the exact 2D of all 133 keypoints."""
    kind: str | None = None
    """Kind of detector, or None for the mixture."""
    knowledge: str = "given"
    """What is known of the camera, as in `people.CAMERA_KNOWLEDGE`."""
    recorded_only: bool = True
    """Poses from test recordings alone, instead of the training mixture with its samplers."""


TEST_SETS: dict[str, TestSet] = {
    "laboratory, exact 2D": TestSet("laboratory", noise=False),
    "laboratory, detector": TestSet("laboratory", kind="wholebody"),
    "laboratory, incomplete": TestSet("laboratory", kind="masked"),
    "laboratory, camera assumed from image size": TestSet(
        "laboratory", kind="wholebody", knowledge="image_size"
    ),
    "laboratory, camera unknown": TestSet("laboratory", kind="wholebody", knowledge="keypoints"),
    "phone portrait": TestSet("phone_portrait"),
    "phone landscape": TestSet("phone_landscape"),
    "webcam": TestSet("webcam"),
    "surveillance": TestSet("surveillance"),
    "low angle": TestSet("low_angle"),
    "telephoto": TestSet("telephoto"),
    "training mixture of poses and cameras": TestSet(None, recorded_only=False),
}

SEED = 20260101
PEOPLE = 2000
"""People per test set."""

_CHUNK = 250


class Result(NamedTuple):
    """Errors on one test set, mm; the means are over all keypoints unless a name says "seen"."""

    mpjpe: float
    mpjpe_seen: float
    """MPJPE over the keypoints that the network was given."""
    n_mpjpe: float
    pa_mpjpe: float
    body: float
    face: float
    """Nose-aligned."""
    hands: float
    """Each aligned at its own root."""
    root: float
    """Distance of the root from its true place in the camera, with the true stature given."""
    predicted: float
    """Mean predicted error, to be compared with mpjpe."""


class Calibration(NamedTuple):
    """Predicted against actual error in one tenth of the keypoints of a part, ordered by prediction; mm."""

    part: str
    decile: int
    predicted: float
    actual: float


def evaluate(model: SemGAN, people: People, count: int = PEOPLE) -> dict[str, Result]:
    """Errors of a network on every test set, `count` people each."""
    return {name: _measure(model, people, test_set, count)[0] for name, test_set in TEST_SETS.items()}


def calibration(model: SemGAN, people: People, count: int = PEOPLE) -> list[Calibration]:
    """How well the predicted errors fit on the mixture of cameras with poses of unseen recordings."""
    _, predicted, actual = _measure(model, people, TestSet(None), count)
    rows = []
    for part, indices in skeleton.PARTS.items():
        of_part = slice(indices.start, indices.stop)
        order = predicted[:, of_part].flatten().argsort()
        for decile, members in enumerate(order.chunk(10), start=1):
            pair = (values[:, of_part].flatten()[members].mean().item() for values in (predicted, actual))
            rows.append(Calibration(part, decile, *pair))
    return rows


def _measure(model: SemGAN, people: People, test_set: TestSet, count: int) -> tuple[Result, Tensor, Tensor]:
    """The result, and predicted and actual error of every keypoint (N, 133)."""
    generator = torch.Generator(people.device).manual_seed(SEED)
    rows, predicted, actual = [], [], []
    for start in range(0, count, _CHUNK):
        scene = people.scene(
            min(_CHUNK, count - start),
            generator,
            family=test_set.family,
            kind=test_set.kind,
            noise=test_set.noise,
            recorded_only=test_set.recorded_only,
        )
        batch = to_batch(scene, test_set.knowledge, model.config)
        with torch.inference_mode():
            answer = model(batch.features)
        distance = metrics.root_aligned(answer.xyz, batch.target)
        aligned = metrics.part_aligned(answer.xyz, batch.target)
        rows.append(
            torch.stack(
                [
                    distance.mean(1),
                    (distance * batch.observed).sum(1) / batch.observed.sum(1),
                    metrics.scale_aligned(answer.xyz, batch.target).mean(1),
                    metrics.procrustes_aligned(answer.xyz, batch.target).mean(1),
                    distance[:, metrics.REPORTED_PARTS["body"]].mean(1),
                    aligned[:, metrics.REPORTED_PARTS["face"]].mean(1),
                    aligned[:, metrics.REPORTED_PARTS["hands"]].mean(1),
                    _root_distance(answer.xyz, scene, batch, model.config.stature_mm),
                    answer.error_mm.mean(1),
                ],
                dim=1,
            )
        )
        predicted.append(answer.error_mm)
        actual.append(distance)
    means = torch.cat(rows).mean(0).tolist()
    return Result(*means), torch.cat(predicted), torch.cat(actual)


def _root_distance(xyz: Tensor, scene: Scene, batch: Batch, stature_mm: float) -> Tensor:
    """How far from its true place the root is put with the true camera and stature, (N,) mm."""
    xy = torch.where(batch.observed[..., None], scene.detections.xy, 0)
    plane = camera.to_image_plane(xy, scene.views.K, scene.views.distortion)
    _, view = canonical_view(plane, batch.observed)
    in_camera = to_camera_axes(xyz, view) * (scene.stature_mm / stature_mm)[:, None, None]
    weights = weights_of(batch.observed, xyz.dtype) * scene.detections.scores
    placed = camera.place_root(in_camera, plane, weights)
    off: Tensor = placed - scene.views.xyz[:, list(skeleton.ROOT)].mean(1)
    return off.square().sum(-1).sqrt()


def as_markdown(results: dict[str, Result]) -> str:
    """The results as a table for a model card."""
    header = (
        "| test set | MPJPE | MPJPE of seen keypoints | N-MPJPE | PA-MPJPE | body and feet "
        "| face, nose-aligned | hands, root-aligned | root in the camera | predicted error |"
    )
    rule = "|---|" + "---:|" * len(Result._fields)
    rows = [
        f"| {name} | " + " | ".join(f"{value:.1f}" for value in result) + " |"
        for name, result in results.items()
    ]
    return "\n".join([header, rule, *rows])


def calibration_as_markdown(rows: list[Calibration]) -> str:
    """Predicted / actual error in mm per part and decile, as a table."""
    by_part: dict[str, list[Calibration]] = {}
    for row in rows:
        by_part.setdefault(row.part, []).append(row)
    header = "| part | " + " | ".join(f"{i}" for i in range(1, 11)) + " |"
    lines = [
        f"| {part} | " + " | ".join(f"{r.predicted:.0f} / {r.actual:.0f}" for r in deciles) + " |"
        for part, deciles in by_part.items()
    ]
    return "\n".join([header, "|---|" + "---:|" * 10, *lines])
