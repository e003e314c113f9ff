"""Synthetic people as cameras and detectors see them, for training and for the test sets.

A body takes a pose (`poses`, `hands`, the bank's recordings), a camera sees it (`cameras`), and a detector
reports what it finds (`occlusion`, `detector`). Features are then computed by the functions that the library
uses for its users' input.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import fields
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from wholebody_lift import camera
from wholebody_lift.config import Config
from wholebody_lift.features import Features, features
from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.skeleton import ROOT
from wholebody_lift.train.synthetic import (
    cameras,
    close_ups,
    detector,
    faces,
    facts,
    hands,
    individual,
    poses,
)
from wholebody_lift.train.synthetic.bank import MotionBank, Split
from wholebody_lift.train.synthetic.cameras import Views
from wholebody_lift.train.synthetic.detector import Detections
from wholebody_lift.train.synthetic.draws import Draws
from wholebody_lift.train.synthetic.facts import Facts
from wholebody_lift.train.synthetic.occlusion import hidden
from wholebody_lift.train.synthetic.rig import Rest, Rig
from wholebody_lift.train.synthetic.rotations import to_matrix
from wholebody_lift.viewpoint import canonical_view, intrinsics_from_keypoints, to_virtual_axes

CAMERA_KNOWLEDGE: dict[str, float] = {"given": 0.5, "image_size": 0.3, "keypoints": 0.2}
"""Shares of training people by what the network is given of the camera: its intrinsics, only the image size,
or only the keypoints."""

VIEWS_PER_BODY = 4
"""Cameras that see each body in training, because poses take longer to make than pictures of them."""

CLOSE_UPS = 0.15
"""Share of training people who are seen in close-up; see `close_ups`."""

CPU_VIEWS = 256
"""People whose pictures are computed together on a CPU, so that the arrays fit into its cache. Bodies, which
take many small steps, and everything on a GPU are computed together, whatever the number of people."""


class Batch(NamedTuple):
    """The people of one training step."""

    features: Features
    target: Tensor
    """(N, 133, 3) mm, root-relative, in the virtual camera's axes, scaled to the configured stature."""
    observed: Tensor
    """(N, 133) bool."""

    @classmethod
    def join(cls, pieces: Sequence[Batch]) -> Batch:
        """The inverse of `split`. What the features of the first piece have, all must have."""
        told: dict[str, Tensor] = {
            name: torch.cat([getattr(piece.features, name) for piece in pieces])
            for name, values in pieces[0].features._asdict().items()
            if values is not None
        }
        target, observed = (
            torch.cat(columns) for columns in zip(*(piece[1:] for piece in pieces), strict=True)
        )
        return cls(Features(**told), target, observed)

    def split(self, size: int) -> list[Batch]:
        """Split into pieces of `size` people."""
        return [self._rows(slice(start, start + size)) for start in range(0, len(self.target), size)]

    def _rows(self, rows: slice) -> Batch:
        return Batch(self.features.map(lambda values: values[rows]), self.target[rows], self.observed[rows])

    @property
    def tensors(self) -> list[Tensor]:
        """All of them."""
        told = [values for values in self.features if values is not None]
        return [*told, self.target, self.observed]


class Scene(NamedTuple):
    """Synthetic people with everything that is known about them."""

    views: Views
    detections: Detections
    stature_mm: Tensor
    """(N,)"""


class People:
    """An endless supply of synthetic people, on one device."""

    close_ups = CLOSE_UPS
    """Share of the people of `sample` who are seen in close-up."""
    without_body = False
    """Whether close-ups show only hands or the face."""
    nothing_known = facts.NOTHING_KNOWN
    """Share of the people of `sample` of whom nothing is known beside their keypoints."""

    def __init__(
        self,
        rig: Rig,
        bank: MotionBank | None,
        split: Split = "train",
        children: float = 0.0,
        *,
        family: str | None = None,
        kind: str | None = None,
    ) -> None:
        """People are made on the rig's device, to which the bank is moved. Without a bank, samplers make all
        poses, hands and faces.

        A share `children` of the people is 4 to 15 years old; the others are adults. The targets of both are
        scaled to one stature, so what a network learns from children is their proportions.

        family, kind: names in `cameras.FAMILIES` and `detector.KINDS` of the camera and the detector of all
        people of `sample`, which checks them; None means the mixture.

        Raises ValueError for a share outside 0..1.
        """
        if not 0 <= children <= 1:
            raise ValueError(f"expected a share of children from 0 to 1, got {children:g}")
        self.family = family
        self.kind = kind
        self.rig = rig
        self.bank = None if bank is None else bank.to(rig.template.device)
        self.split = split
        self.children = children
        self.device = rig.template.device

    def sample(self, n: int, generator: torch.Generator) -> Batch:
        """Make n people for training, from the mixtures of poses, cameras, detectors and camera knowledge, or
        with the one camera family or kind of detector that was chosen. A share `CLOSE_UPS` of the mixture is
        seen in close-up.

        Each body is seen by `VIEWS_PER_BODY` cameras.
        """
        xyz, stature_mm = self.posed(n, generator, views_per_body=VIEWS_PER_BODY)
        xyz = individual.vary(xyz, generator)
        size = CPU_VIEWS if self.device.type == "cpu" else n
        pieces = zip(torch.split(xyz, size), torch.split(stature_mm, size), strict=True)
        shares = _shares(self.device)
        batches = []
        for piece in pieces:
            scene = self._mixed(*piece, generator)
            knowledge = Draws(len(piece[0]), generator).choice(shares)
            beside = facts.sample(
                scene.views, scene.stature_mm, observed(scene), generator, nothing_known=self.nothing_known
            )
            batches.append(to_batch(scene, knowledge, beside=beside))
        return Batch.join(batches)

    def scene(
        self,
        n: int,
        generator: torch.Generator,
        *,
        family: str | None = None,
        kind: str | None = None,
        noise: bool = True,
        pose: str | None = None,
        recorded_only: bool = False,
        views_per_body: int = 1,
    ) -> Scene:
        """Make n people with the camera family, the kind of detector and the label of poses in `poses.LABELS`
        that are given; None means the mixture.

        With `recorded_only`, all poses are the bank's recordings, unchanged. Each body is seen by
        `views_per_body` cameras, and its views are spread over the scene.
        """
        people = self.posed(
            n, generator, pose=pose, recorded_only=recorded_only, views_per_body=views_per_body
        )
        return self.seen(*people, generator, family=family, kind=kind, noise=noise)

    def posed(
        self,
        n: int,
        generator: torch.Generator,
        *,
        pose: str | None = None,
        recorded_only: bool = False,
        views_per_body: int = 1,
    ) -> tuple[Tensor, Tensor]:
        """Make keypoints (n, 133, 3) in the world, mm, and statures (n,). Each body occurs `views_per_body`
        times, in any order."""
        rest, rotations = self._bodies(-(-n // views_per_body), generator, pose, recorded_only)
        body = torch.arange(n, device=self.device) // views_per_body
        body = body[torch.randperm(n, generator=generator, device=self.device)]
        return self.rig.pose(rest, rotations)[body], rest.stature_mm[body]

    def seen(
        self,
        xyz: Tensor,
        stature_mm: Tensor,
        generator: torch.Generator,
        *,
        family: str | None = None,
        kind: str | None = None,
        noise: bool = True,
    ) -> Scene:
        """Show posed people, xyz (N, 133, 3) mm in the world and statures (N,), to the cameras and detectors
        of training. Subclasses with other mixtures of these override it."""
        views = cameras.sample(xyz, generator, family, as_trained=True)
        detections = detector.detect(
            views.xy, views, hidden(views.xyz), generator, noise=noise, kind=kind, as_trained=True
        )
        return Scene(views, detections, stature_mm)

    def _mixed(self, xyz: Tensor, stature_mm: Tensor, generator: torch.Generator) -> Scene:
        """Show training people to the cameras and detectors of the mixture, some of them in close-up."""
        scene = self.seen(xyz, stature_mm, generator, family=self.family, kind=self.kind)
        if self.family is not None or not self.close_ups:
            return scene
        near = Draws(len(xyz), generator).happens(self.close_ups)
        views, seen = close_ups.sample(xyz, generator, without_body=self.without_body)
        detections = close_ups.detect(views, seen, generator, self.kind, as_trained=True)
        return Scene(
            _chosen(near, views, scene.views), _chosen(near, detections, scene.detections), stature_mm
        )

    def _bodies(
        self, n: int, generator: torch.Generator, pose: str | None, recorded_only: bool
    ) -> tuple[Rest, Tensor]:
        """n people in the rest pose, with faces, and the rotations (n, J, 3, 3) that pose them."""
        shape = self.rig.sample_shape(n, generator, self.children)
        rest = self.rig.rest(shape, faces.sample(n, generator, self.bank, self.split))
        recorded = None
        if self.bank is not None:
            recorded = to_matrix(self.bank.sample(n, self.split, generator)[0])
        if recorded_only:
            if recorded is None:
                raise ValueError("expected a bank for recorded poses, got none; pass one made by `prepare`")
            rotations, grip = recorded, torch.zeros(n, 2, dtype=torch.long, device=self.device)
        else:
            rotations, _, grip = poses.sample_with_grips(rest.heads, generator, recorded, pose)
        left, right = (self._fingers(rest.heads, generator, recorded_only, hand) for hand in grip.unbind(-1))
        return rest, hands.attach(rotations, left, right)

    def _fingers(
        self, rest_heads: Tensor, generator: torch.Generator, recorded_only: bool, grip: Tensor
    ) -> Tensor:
        """Rotations (n, 15, 3, 3) of the finger bones of left hands that do `grip` (n,), for rest heads
        (n, J, 3)."""
        if self.bank is None:
            return hands.sample(rest_heads, generator, grip=grip)
        recorded, _ = self.bank.sample_hands(len(rest_heads), self.split, generator)
        return to_matrix(recorded) if recorded_only else hands.sample(rest_heads, generator, recorded, grip)


_Columns = TypeVar("_Columns", Views, Detections)


def _chosen(some: Tensor, these: _Columns, others: _Columns) -> _Columns:
    """The rows of `these` where `some` (N,) is True, else those of `others`."""

    def choose(name: str) -> Tensor:
        a, b = getattr(these, name), getattr(others, name)
        return torch.where(some.view(-1, *[1] * (a.ndim - 1)), a, b)

    return type(these)(**{field.name: choose(field.name) for field in fields(these)})


@functools.cache
def _shares(device: torch.device) -> Tensor:
    return torch.tensor(list(CAMERA_KNOWLEDGE.values()), device=device)


def observed(scene: Scene) -> Tensor:
    """(N, 133) bool: the keypoints that were detected."""
    found = scene.detections
    return (found.scores >= MIN_SCORE) & found.xy.isfinite().all(-1)


def to_batch(
    scene: Scene, knowledge: Tensor | str, config: Config | None = None, beside: Facts | None = None
) -> Batch:
    """Convert a scene to the network's input and target.

    knowledge: what the network is given of the camera, a name in `CAMERA_KNOWLEDGE` or positions (N,) in it.
    beside: what is known beside the keypoints.
    """
    views, found = scene.views, scene.detections
    stature = (config or Config()).stature_mm
    seen = observed(scene)
    names = list(CAMERA_KNOWLEDGE)
    if isinstance(knowledge, str):
        knowledge = torch.full((len(seen),), names.index(knowledge), device=seen.device)
    given, alone = knowledge == names.index("given"), knowledge == names.index("keypoints")

    xy = torch.where(seen[..., None], found.xy, 0)
    true_plane = camera.to_image_plane(xy, views.K)
    bent = views.distortion.any(-1).nonzero().squeeze(-1)  # most lenses are straight, and undoing costs most
    true_plane[bent] = camera.undistort(true_plane[bent], views.distortion[bent])
    around_them = intrinsics_from_keypoints(xy, seen)
    alone &= around_them[:, 0, 0] > 0  # keypoints on one spot tell of no camera; `Lifter` refuses them
    assumed_K = torch.where(
        alone[:, None, None], around_them, camera.intrinsics_from_image_size(views.image_size)
    )
    plane = torch.where(given[:, None, None], true_plane, camera.to_image_plane(xy, assumed_K))
    canonical, view = canonical_view(plane, seen)
    known, scale = (None, None) if beside is None else beside
    given_features = features(canonical, found.scores, seen, view, given, ~alone, known, scale)

    # A picture shows the person from where the camera really was, so the target is in the view along the true
    # ray, even if the camera was assumed.
    _, true_view = canonical_view(true_plane, seen)
    left_hip, right_hip = (views.xyz[:, i, None] for i in ROOT)
    xyz = views.xyz - (left_hip + right_hip) / 2
    target = to_virtual_axes(xyz, true_view) * (stature / scene.stature_mm)[:, None, None]
    return Batch(given_features, target, seen)
