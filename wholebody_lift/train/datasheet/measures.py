"""Measurements of synthetic people, for the datasheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift.skeleton import INDEX, PARTS, ROOT, indices
from wholebody_lift.train.synthetic import hands, poses, rotations
from wholebody_lift.train.synthetic.anatomy import DEGREE, decompose
from wholebody_lift.train.synthetic.bank import MotionBank, Track
from wholebody_lift.train.synthetic.bones import BONES
from wholebody_lift.train.synthetic.people import People, Scene, to_batch
from wholebody_lift.train.synthetic.phenotypes import Shape
from wholebody_lift.train.synthetic.rig import Rig

PEOPLE = 20_000
"""People measured, by default."""

CHUNK = 2000
"""People made together."""

DIVERSE = 4000
"""Bodies, hands and faces of each kind from which principal components are computed."""

QUERIES = 1500
"""Recorded poses whose nearest neighbours are looked up."""

# Where the nearest neighbours of recorded poses are searched.
TEST_TO_TRAIN = "test to train"
TRAIN_TO_OTHERS = "train to other recordings of train"
TRAIN_TO_OWN = "train to the rest of its own recording"

_SHOULDERS = [INDEX["left_shoulder"], INDEX["right_shoulder"]]
_HIPS = [INDEX["left_hip"], INDEX["right_hip"]]
_BODY = indices("body") + indices("feet")
_LEFT_HAND, _FACE = indices("left_hand"), indices("face")
_PALM = [
    _LEFT_HAND.index(INDEX[f"left_{name}"])
    for name in ("hand_root", "forefinger1", "middle_finger1", "ring_finger1", "pinky_finger1")
]
_ALIGNMENTS = 3  # rounds of laying shapes on their mean


class Quantity(NamedTuple):
    """How a measured quantity is labelled."""

    label: str
    unit: str
    logarithmic: bool = False


VIEWS: dict[str, Quantity] = {
    "yaw": Quantity("Side seen: 0 front, 90 left, 180 back", "degrees"),
    "pitch": Quantity("Camera looks down by", "degrees"),
    "roll": Quantity("Camera rolls clockwise by", "degrees"),
    "distance": Quantity("Camera to hips", "m", logarithmic=True),
    "focal": Quantity("Focal length", "longer sides of the image", logarithmic=True),
    "height": Quantity("Height of what is in the picture", "pixels", logarithmic=True),
    "inside": Quantity("Keypoints in the picture", "%"),
    "stature": Quantity("Stature", "mm"),
}
"""The quantities that are measured of each view."""


@dataclass(frozen=True)
class Components:
    """Principal components of the positions of K keypoints."""

    mean: Tensor
    """(K, 3) mm."""
    variance: Tensor
    """(C,) mm^2 along each component, greatest first."""
    axes: Tensor
    """(C, K, 3) unit vectors."""

    @classmethod
    def of(cls, points: Tensor) -> Components:
        """Compute the components of points (M, K, 3), which are already aligned."""
        flat = points.double().flatten(1)
        mean = flat.mean(0)
        _, scale, axes = torch.linalg.svd(flat - mean, full_matrices=False)
        shape = (-1, *points.shape[1:])
        return cls(mean.reshape(shape[1:]), scale**2 / len(points), axes.reshape(shape))

    @property
    def spread_mm(self) -> float:
        """Root mean square distance of a keypoint from its mean position."""
        return float((self.variance.sum() / len(self.mean)).sqrt())

    @property
    def explained(self) -> Tensor:
        """(C,) share of the variance in the first 1, 2, ... components."""
        return self.variance.cumsum(0) / self.variance.sum()

    def needed(self, share: float) -> int:
        """Number of components that explain this share of the variance."""
        return int((self.explained < share).sum()) + 1


@dataclass(frozen=True)
class Measures:
    """All measurements of N people."""

    split: str
    with_recordings: bool
    family: Tensor
    """(N,) position in `cameras.FAMILIES`."""
    kind: Tensor
    """(N,) position in `detector.KINDS`."""
    views: dict[str, Tensor]
    """(N,) each, by the names of `VIEWS`."""
    missing: dict[str, Tensor]
    """(N,) share of a part's keypoints that are missing, by part."""
    label: Tensor
    """(N,) position in `poses.LABELS`; these people are not those of the views."""
    angles: Tensor
    """(N, A) anatomical angles of those poses in degrees, by `anatomy.decompose`."""
    components: dict[str, dict[str, Components]]
    """By part, then by the source of its shapes."""
    nearest: dict[str, dict[str, Tensor]]
    """By part, then by comparison: distance in mm to the nearest neighbour, for up to `QUERIES` recorded
    poses. Empty without recordings."""


# ----------------------------------------------------------------------------------------------- measuring


def measure(people: People, n: int, generator: torch.Generator) -> Measures:
    """Draw n people of the whole mixture and measure them."""
    seen: dict[str, list[Tensor]] = {}
    for size in _chunks(n):
        for name, values in measure_scene(people.scene(size, generator)).items():
            seen.setdefault(name, []).append(values)
        for name, values in _measure_poses(people, size, generator).items():
            seen.setdefault(name, []).append(values)
    drawn = {name: torch.cat(values) for name, values in seen.items()}
    one = _OneBody(people.rig, generator)
    return Measures(
        split=people.split,
        with_recordings=people.bank is not None,
        family=drawn["family"],
        kind=drawn["kind"],
        views={name: drawn[name] for name in VIEWS},
        missing={part: drawn[f"missing {part}"] for part in PARTS},
        label=drawn["label"],
        angles=drawn["angles"],
        components={
            "body": _body_components(drawn),
            "left_hand": _hand_components(people, one, drawn["left_hand"][:DIVERSE], generator),
            "face": _face_components(people, one, drawn["face"][:DIVERSE], generator),
        },
        nearest={} if people.bank is None else _neighbours(one, people.bank, generator),
    )


def _chunks(n: int) -> Iterator[int]:
    for start in range(0, n, CHUNK):
        yield min(CHUNK, n - start)


def measure_scene(scene: Scene) -> dict[str, Tensor]:
    """Measure a scene of n people for `Measures`, (n, ...) each."""
    views = scene.views
    observed = to_batch(scene, "given").observed
    root = views.xyz[:, list(ROOT)].mean(1)
    top = views.xyz[:, _SHOULDERS].mean(1)
    left = (
        views.xyz[:, _SHOULDERS[0]]
        + views.xyz[:, _HIPS[0]]
        - views.xyz[:, _SHOULDERS[1]]
        - views.xyz[:, _HIPS[1]]
    )
    front = torch.linalg.cross(left, top - root)
    left = torch.linalg.cross(top - root, front)
    to_camera = -(top + root)

    def along(axis: Tensor) -> Tensor:
        return (to_camera * rotations.normalize(axis)).sum(-1)

    optical_axis, up = views.rotation[:, 2], views.rotation[:, :, 2]
    inside = views.inside
    y = views.xy[..., 1]
    height = y.where(inside, -torch.inf).amax(1) - y.where(inside, torch.inf).amin(1)
    return {
        "family": views.family,
        "kind": scene.detections.kind,
        "yaw": torch.atan2(along(left), along(front)) / DEGREE,
        "pitch": torch.asin(-optical_axis[:, 2].clamp(-1, 1)) / DEGREE,
        "roll": torch.atan2(-up[:, 0], -up[:, 1]) / DEGREE,
        "distance": torch.linalg.vector_norm(root, dim=-1) / 1000,
        "focal": views.K[:, 0, 0] / views.image_size.amax(1),
        "height": height.clamp_min(1),
        "inside": 100 * inside.float().mean(1),
        "stature": scene.stature_mm,
        **{f"missing {part}": (~observed[:, indices(part)]).float().mean(1) for part in PARTS},
        "left_hand": views.xyz[:, _LEFT_HAND],
        "face": views.xyz[:, _FACE],
    }


def _measure_poses(people: People, n: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Measure n poses for `Measures`, (n, ...) each."""
    rest = people.rig.rest(people.rig.sample_shape(n, generator))
    recorded = None
    if people.bank is not None:
        recorded = rotations.to_matrix(people.bank.sample(n, people.split, generator)[0])
    L, label = poses.sample(rest.heads, generator, recorded)
    return {
        "label": label,
        "angles": decompose(L, rest.heads),
        "body": facing(people.rig.pose(rest, L))[:, _BODY],
    }


def facing(xyz: Tensor) -> Tensor:
    """Move keypoints (..., 133, 3) in the world so that the root is at the origin, and rotate them about the
    vertical so that the pelvis faces along -y."""
    xyz = xyz - xyz[..., list(ROOT), :].mean(-2, keepdim=True)
    left = xyz[..., _HIPS[0], :] - xyz[..., _HIPS[1], :]
    turn = rotations.about("z", -torch.atan2(left[..., 1], left[..., 0]))
    return xyz @ turn.mT


def laid_on_mean(points: Tensor, on: Sequence[int]) -> Tensor:
    """Align points (M, K, 3) by translation and rotation, without scaling, so that those at `on` are as close
    to their mean as possible (Kabsch 1976)."""
    points = points - points[:, on].mean(1, keepdim=True)
    target = points[0, on]
    for _ in range(_ALIGNMENTS):
        u, _, vh = torch.linalg.svd(points[:, on].mT @ target)
        u[..., -1] *= torch.linalg.det(u @ vh).sign()[:, None]  # a rotation, never a reflection
        points = points @ (u @ vh)
        target = points[:, on].mean(0)
    return points


def from_recordings(label: Tensor) -> Tensor:
    """(N,) bool, from labels (N,): the pose is a recording or made from one."""
    recorded = torch.tensor([name.startswith("recorded") for name in poses.LABELS], device=label.device)
    return recorded[label]


class _OneBody:
    """A single body, on which poses, hands and faces are compared without differences in shape."""

    def __init__(self, rig: Rig, generator: torch.Generator) -> None:
        self.rig = rig
        self.shape = rig.sample_shape(1, generator)
        self.rest = rig.rest(self.shape)

    def bodies(self, L: Tensor) -> Tensor:
        """Keypoints (M, 133, 3) of poses L (M, J, 3, 3)."""
        return torch.cat([self.rig.pose(self.rest, some) for some in torch.split(L, CHUNK)])

    def left_hands(self, fingers: Tensor) -> Tensor:
        """Keypoints (M, 21, 3) of left hands (M, F, 3, 3)."""
        upright = torch.eye(3, device=fingers.device).expand(len(fingers), len(BONES), 3, 3)
        return self.bodies(hands.attach(upright, fingers, fingers))[:, _LEFT_HAND]

    def faces(self, actions: Tensor) -> Tensor:
        """Keypoints (M, 68, 3) of facial actions (M, 52)."""
        n, size = len(actions), self.shape.size
        shape = Shape(
            self.shape.phenotypes.expand(n, -1),
            self.shape.local_changes.expand(n, -1),
            None if size is None else size.expand(n),
        )
        return self.rig.rest(shape, actions).keypoints[:, _FACE]


def _body_components(drawn: dict[str, Tensor]) -> dict[str, Components]:
    recorded, body = from_recordings(drawn["label"]), drawn["body"]
    kinds = {"from recordings": body[recorded], "made up": body[~recorded], "mixture": body}
    return {name: Components.of(points[:DIVERSE]) for name, points in kinds.items() if len(points)}


def _hand_components(
    people: People, one: _OneBody, mixture: Tensor, generator: torch.Generator
) -> dict[str, Components]:
    heads = one.rest.heads.expand(DIVERSE, -1, -1)
    fingers = {
        "named shapes, one body": hands.sample_shapes(heads, generator),
        "joint limits, one body": hands.sample_limits(heads, generator),
    }
    if people.bank is not None:
        recorded, _ = people.bank.sample_hands(DIVERSE, people.split, generator)
        fingers = {"recorded, one body": rotations.to_matrix(recorded), **fingers}
    shapes = {name: one.left_hands(turns) for name, turns in fingers.items()}
    shapes["mixture, all bodies"] = mixture
    return {name: Components.of(laid_on_mean(points, _PALM)) for name, points in shapes.items()}


def _face_components(
    people: People, one: _OneBody, mixture: Tensor, generator: torch.Generator
) -> dict[str, Components]:
    heads = people.rig.rest(people.rig.sample_shape(DIVERSE, generator))
    shapes = {"faces at rest, all heads": heads.keypoints[:, _FACE], "mixture, all heads": mixture}
    if people.bank is not None:
        actions, _ = people.bank.sample_faces(DIVERSE, people.split, generator)
        shapes = {"recorded expressions, one head": one.faces(actions), **shapes}
    everywhere = range(len(_FACE))
    return {name: Components.of(laid_on_mean(points, everywhere)) for name, points in shapes.items()}


# ---------------------------------------------------------------------------------------------- neighbours


def _neighbours(one: _OneBody, bank: MotionBank, generator: torch.Generator) -> dict[str, dict[str, Tensor]]:
    turns = rotations.to_matrix(rotations.normalize(bank.bodies.values.float()))
    L = torch.eye(3, device=turns.device).repeat(len(turns), len(BONES), 1, 1)
    L[:, [BONES.index(bone) for bone in bank.bones]] = turns
    fingers = rotations.to_matrix(rotations.normalize(bank.hands.values.float()))
    return {
        "body": compare_splits(facing(one.bodies(L))[:, _BODY], bank.bodies, generator),
        "left_hand": compare_splits(one.left_hands(fingers), bank.hands, generator),
        "face": compare_splits(one.faces(bank.faces.values.float()), bank.faces, generator),
    }


def compare_splits(points: Tensor, track: Track, generator: torch.Generator) -> dict[str, Tensor]:
    """Distances (up to `QUERIES`,) in mm from recorded poses to their nearest neighbours, by comparison.

    points: (R, K, 3), for the rows of the track. A distance is the root mean square over the K keypoints. If
    test recordings were also in train, under other names, they would be as close to train as train recordings
    are to themselves. They should be as far from train as train recordings are from each other.
    """
    device = points.device
    rows = torch.tensor([recording.rows for recording in track.recordings], device=device)
    names = [recording.group for recording in track.recordings]
    recording = torch.arange(len(rows), device=device).repeat_interleave(rows)
    group = torch.tensor([names.index(name) for name in names], device=device)[recording]
    flat = (points - points.mean(0)).flatten(1).double() / len(points[0]) ** 0.5

    def rows_in(split: str) -> Tensor:
        chosen = torch.tensor([recording.split == split for recording in track.recordings], device=device)
        return chosen[recording].nonzero().squeeze(-1)

    def some(rows: Tensor) -> Tensor:
        return rows[torch.randperm(len(rows), generator=generator, device=device)[:QUERIES]]

    def nearest(queries: Tensor, allowed: Tensor) -> Tensor:
        distance = torch.cdist(flat[queries], flat[train]).where(allowed, torch.inf)
        least = distance.amin(1) if len(train) else distance.new_empty(0)
        return least[least.isfinite()]

    train, test = rows_in("train"), some(rows_in("test"))
    queries = some(train)
    other_group = group[queries, None] != group[train]
    own = (recording[queries, None] == recording[train]) & (queries[:, None] != train)
    return {
        TEST_TO_TRAIN: nearest(test, torch.ones(len(test), len(train), dtype=torch.bool, device=device)),
        TRAIN_TO_OTHERS: nearest(queries, other_group),
        TRAIN_TO_OWN: nearest(queries, own),
    }
