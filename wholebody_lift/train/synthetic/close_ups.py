"""Close-ups: pictures of a part of a person, such as a hand held up to a phone, a face, or a pair of legs.

The cameras of `cameras` frame a person and cut off what does not fit. Here the part comes first: the camera
is close enough for the part to fill the picture. As with a detector of hands or faces, nothing else of the
person is reported, even if it is visible.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift.camera import intrinsics, project
from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS, PARTS, indices
from wholebody_lift.train.synthetic import cameras, detector
from wholebody_lift.train.synthetic.cameras import MIN_DEPTH_MM, Views
from wholebody_lift.train.synthetic.detector import MIN_FOUND, Detections
from wholebody_lift.train.synthetic.draws import Draws


class CloseUp(NamedTuple):
    """A part of a person, and where it is seen from."""

    share: float
    keypoints: tuple[int, ...]
    distance_mm: tuple[float, float]
    """Range of the distance from the camera to the middle of the part, drawn log-uniformly."""
    spread_deg: float
    """Standard deviation of the camera's direction from the person's front; infinite: from any direction,
    including above and below."""

    @property
    def shows_no_body(self) -> bool:
        """Whether only hands or the face are in the picture."""
        return not set(PARTS["body"]).intersection(self.keypoints)


def _keypoints(*names: str) -> tuple[int, ...]:
    return tuple(INDEX[name] for name in names)


def _arm(side: str) -> tuple[int, ...]:
    return (
        *_keypoints(*(f"{side}_{name}" for name in ("shoulder", "elbow", "wrist"))),
        *indices(f"{side}_hand"),
    )


def _both(*names: str) -> tuple[int, ...]:
    return _keypoints(*(f"{side}_{name}" for name in names for side in ("left", "right")))


_HEAD = (*_keypoints("nose"), *_both("eye", "ear"), *indices("face"))
_ARMS = (*_both("shoulder", "elbow", "wrist"), *indices("left_hand", "right_hand"))

CLOSE_UPS: dict[str, CloseUp] = {
    "left hand": CloseUp(0.17, tuple(indices("left_hand")), (220, 1200), math.inf),
    "right hand": CloseUp(0.17, tuple(indices("right_hand")), (220, 1200), math.inf),
    "both hands": CloseUp(0.10, tuple(indices("left_hand", "right_hand")), (300, 1500), math.inf),
    "face": CloseUp(0.16, tuple(indices("face")), (250, 2500), 35.0),
    "head and shoulders": CloseUp(0.12, (*_HEAD, *_both("shoulder")), (400, 3000), 35.0),
    "left arm": CloseUp(0.04, _arm("left"), (500, 2500), 80.0),
    "right arm": CloseUp(0.04, _arm("right"), (500, 2500), 80.0),
    "signing": CloseUp(0.12, (*_HEAD, *_ARMS), (700, 3000), 30.0),
    "legs": CloseUp(0.08, (*_both("hip", "knee", "ankle"), *indices("feet")), (700, 5000), 80.0),
}
"""Close-ups by name; their shares add up to one."""

IMAGE_SIZES = ((640, 480), (480, 640), (720, 1280), (1280, 720), (1920, 1080), (1080, 1920), (1000, 1000))
FOCAL = (0.5, 1.5)
"""Focal length as a multiple of the longer side of the image, drawn log-uniformly."""
ELEVATION_SD_DEG = 20.0
ROLL_SD_DEG = 8.0
LARGE_ROLL = 0.1
"""Share of the views with any roll, because hands are held in every direction."""
OFF_CENTRE = 0.2
"""Standard deviation of the middle of the part from the middle of the picture, as a share of its size."""


@functools.cache
def _seen(device: torch.device) -> Tensor:
    """(M, 133) bool: the keypoints of each close-up."""
    seen = torch.zeros(len(CLOSE_UPS), NUM_KEYPOINTS, dtype=torch.bool)
    for row, close_up in zip(seen, CLOSE_UPS.values(), strict=True):
        row[list(close_up.keypoints)] = True
    return seen.to(device)


def sample(
    xyz_world: Tensor, generator: torch.Generator, name: str | None = None, *, without_body: bool = False
) -> tuple[Views, Tensor]:
    """Draw a close-up of each person; also returns which keypoints belong to it, (N, 133) bool.

    xyz_world: (N, 133, 3) mm in the world frame of `cameras`.
    name: one of `CLOSE_UPS`, or None for the mixture. Raises ValueError for any other name.
    without_body: only those of the mixture that show nothing but hands or the face.

    The views' `family` is -1. Keypoints outside the close-up may lie behind the camera; their pixels are
    finite but meaningless.
    """
    if name is not None and name not in CLOSE_UPS:
        raise ValueError(f"expected one of the close-ups {', '.join(CLOSE_UPS)}, got {name!r}")
    draws, device = Draws(len(xyz_world), generator), xyz_world.device

    def column(values: list[float]) -> Tensor:
        return torch.tensor(values, device=device)

    mixture = list(CLOSE_UPS.values())
    shares = [one.share * (not without_body or one.shows_no_body) for one in mixture]
    which = draws.choice(column(shares))
    if name is not None:
        which = torch.full_like(which, list(CLOSE_UPS).index(name))
    seen = _seen(device)[which]

    sizes = torch.tensor(IMAGE_SIZES, dtype=torch.float32, device=device)
    image_size = sizes[(draws.uniform() * len(sizes)).long()]
    low, high = map(math.log, FOCAL)
    focal = torch.exp(draws.between((low, high))) * image_size.amax(-1)
    K = intrinsics(
        focal, image_size / 2 + cameras.PRINCIPAL_POINT_SD * image_size.amax(-1)[:, None] * draws.normal(2)
    )

    rotation = _direction(xyz_world, column([one.spread_deg for one in mixture])[which], draws)
    weight = seen[..., None] / seen.sum(-1)[:, None, None]
    centred = (xyz_world - (xyz_world * weight).sum(1, keepdim=True)) @ rotation.mT

    near, far = (column([one.distance_mm[end] for one in mixture]).log()[which] for end in (0, 1))
    distance = torch.exp(near + (far - near) * draws.uniform())
    pixel = image_size * (0.5 + OFF_CENTRE * draws.normal(2)).clamp(0.1, 0.9)
    xyz, turn = _aim(centred, seen, K, pixel, distance)
    in_front = torch.cat((xyz[..., :2], xyz[..., 2:].clamp_min(MIN_DEPTH_MM)), -1)
    views = Views(
        xyz=xyz,
        xy=project(in_front, K),
        K=K,
        distortion=torch.zeros(draws.n, 5, device=device),
        image_size=image_size,
        family=torch.full((draws.n,), -1, device=device),
        rotation=turn @ rotation,
    )
    return views, seen


def detect(
    views: Views,
    seen: Tensor,
    generator: torch.Generator,
    kind: str | None = None,
    *,
    as_trained: bool = False,
) -> Detections:
    """What a detector of the part reports, as in `detector.detect`: only the part's keypoints.

    If it finds fewer than `MIN_FOUND` of them, exact ones are reported instead, even outside the picture.
    """
    in_front = replace(
        views, xyz=torch.cat((views.xyz[..., :2], views.xyz[..., 2:].clamp_min(MIN_DEPTH_MM)), -1)
    )
    found = detector.detect(
        views.xy, in_front, torch.zeros_like(seen), generator, kind=kind, as_trained=as_trained
    )
    scores = found.scores * seen
    too_few = ((scores >= MIN_SCORE).sum(-1) < MIN_FOUND)[:, None]
    return Detections(
        xy=torch.where(too_few[..., None], views.xy, found.xy),
        scores=torch.where(too_few, seen.to(scores), scores),
        kind=found.kind,
    )


def _direction(xyz_world: Tensor, spread_deg: Tensor, draws: Draws) -> Tensor:
    """World axes to camera axes (N, 3, 3), for a camera that looks at the person."""
    shoulders = xyz_world[:, INDEX["left_shoulder"]] - xyz_world[:, INDEX["right_shoulder"]]
    front = torch.atan2(shoulders[:, 1], shoulders[:, 0])
    anywhere = spread_deg.isinf()
    around = draws.signed() * torch.pi
    azimuth = front + torch.where(
        anywhere, around, spread_deg.nan_to_num(posinf=0).deg2rad() * draws.normal()
    )
    elevation = torch.where(
        anywhere, torch.asin(draws.signed()), math.radians(ELEVATION_SD_DEG) * draws.normal()
    ).clamp(-1.5, 1.5)
    roll = torch.where(
        draws.happens(LARGE_ROLL), draws.signed() * torch.pi, math.radians(ROLL_SD_DEG) * draws.normal()
    )
    return cameras.look_at(azimuth, elevation, roll)


def _aim(centred: Tensor, seen: Tensor, K: Tensor, pixel: Tensor, distance: Tensor) -> tuple[Tensor, Tensor]:
    """Points (N, 133, 3) and rotation (N, 3, 3) of the camera that sees the middle of the part at a pixel."""
    ray = torch.nn.functional.pad((pixel - K[:, :2, 2]) / K[:, :1, 0], (0, 1), value=1.0)
    ray = torch.nn.functional.normalize(ray, dim=-1)
    turn = cameras.turn_to(ray)
    turned = centred @ turn.mT
    nearest = torch.where(seen, turned[..., 2], torch.inf).amin(-1)
    least = (MIN_DEPTH_MM - nearest) / ray[:, 2]
    return turned + (torch.maximum(distance, least)[:, None] * ray)[:, None], turn
