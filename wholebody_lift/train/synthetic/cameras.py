"""Cameras for synthetic people: where the camera stands, how it frames the person, what it sees.

`FAMILIES` and `FRAMINGS` define the mixture. A view is drawn in this order: the family; image size, focal
length, lens and viewing direction; and the framing, which says what part of the person fills how much of the
picture, and where. A few rounds of projecting and correcting then find the distance and the aim.

World frame: z up, the person in the rest pose looks along -y with the left side towards +x.
Camera frame: OpenCV, x right, y down, z away from the camera. Millimetres, pixels, degrees.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift.camera import distort, intrinsics
from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS, PARTS, indices
from wholebody_lift.train.synthetic.draws import Draws, cumulated

MIN_DEPTH_MM = 150.0
"""No keypoint is nearer to the camera plane than this."""

MIN_INSIDE = 12
"""If fewer keypoints are in the picture, the camera is aimed at the middle of the framed part instead."""

_HEAD = indices("face") + [INDEX[name] for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
_SHOULDERS = [INDEX["left_shoulder"], INDEX["right_shoulder"]]
_HIPS = [INDEX["left_hip"], INDEX["right_hip"]]
_ANKLES = [INDEX["left_ankle"], INDEX["right_ankle"]]

_OUTLINE = [
    *PARTS["body"],
    *PARTS["feet"],
    *(PARTS["face"][i] for i in (0, 4, 8, 12, 16, 19, 24)),  # jaw and brows
    *(i for name, i in INDEX.items() if name.endswith(("thumb4", "finger2", "finger4"))),
]
"""The keypoints that define the bounding box; all others lie inside it or very nearly."""


@dataclass(frozen=True)
class Framing:
    """What part of the person is framed, how large, and where in the picture."""

    keypoints: tuple[int, ...]
    """The keypoints whose box is framed; only those in `_OUTLINE` count."""
    fills: tuple[float, float] | None = None
    """Larger of box width / image width and box height / image height; None: it follows from the distance."""
    bottom: tuple[float, float] | None = None
    """Lower edge of the box as a fraction of the image height; None: the box is anywhere in the picture."""
    outside: tuple[float, float] = (0.0, 0.0)
    """Fraction of the box that lies beyond one edge of the picture."""


_EVERYTHING = tuple(range(NUM_KEYPOINTS))

FRAMINGS: dict[str, Framing] = {
    "whole": Framing(_EVERYTHING, fills=(0.35, 0.97)),
    "small": Framing(_EVERYTHING, fills=(0.08, 0.35)),
    "knees_up": Framing(
        tuple(i for i in PARTS["body"] if i not in _ANKLES), fills=(0.8, 1.0), bottom=(0.92, 1.03)
    ),
    "waist_up": Framing((*_HEAD, *_SHOULDERS, *_HIPS), fills=(0.7, 1.0), bottom=(0.92, 1.05)),
    "chest_up": Framing((*_HEAD, *_SHOULDERS), fills=(0.45, 0.95), bottom=(0.8, 1.02)),
    "side_out": Framing(_EVERYTHING, fills=(0.5, 1.1), outside=(0.15, 0.55)),
    "whole_at_distance": Framing(_EVERYTHING),
    "head_at_distance": Framing(tuple(_HEAD)),
}
"""Framings by name."""

_SIDES_OUT = {(-1.0, 0.0): 0.35, (1.0, 0.0): 0.35, (0.0, 1.0): 0.22, (0.0, -1.0): 0.08}
"""The edge of the picture, as a direction (x, y), that a `side_out` person crosses, and its share."""


@dataclass(frozen=True)
class Family:
    """One kind of camera. Angles have a triangular distribution over their range, lengths a log-uniform
    one."""

    share: float
    image_sizes: tuple[tuple[int, int], ...]
    """(width, height) in pixels, equally likely."""
    focal: tuple[float, float]
    """Focal length as a multiple of the longer side of the image."""
    distance_mm: tuple[float, float]
    """Range of the distance from the camera to the middle of the framed part. It is drawn from this range
    where the framing does not determine it, and else clamped to it."""
    elevation_deg: tuple[float, float]
    """Elevation of the camera, as seen from the person."""
    roll_sd_deg: float
    distorted: float
    """Share of views with lens distortion."""
    framings: dict[str, float]
    """Share of each framing."""
    azimuth_sd_deg: float = 0.0
    """Standard deviation of the camera's azimuth from the person's front; 0: every direction is equally
    likely."""
    trained_elevation_deg: tuple[float, float] | None = None
    """Range of the elevation `as_trained`, where it differs. A network takes people to
    lean as most people of its training do, so a wide range costs little where cameras are level, and helps
    where they look down."""


_ORDINARY = {
    "whole": 0.42,
    "small": 0.12,
    "knees_up": 0.12,
    "waist_up": 0.12,
    "chest_up": 0.07,
    "side_out": 0.15,
}

FAMILIES: dict[str, Family] = {
    # Human3.6M: four cameras at the corners of a room, 1000 x 1000 or 1002 pixels, f about 1145.
    "laboratory": Family(
        share=0.22,
        image_sizes=((1000, 1000), (1000, 1002)),
        focal=(1.14, 1.15),
        distance_mm=(3800, 6200),
        elevation_deg=(0, 18),
        roll_sd_deg=0.8,
        distorted=0.5,
        framings={"whole_at_distance": 1.0},
    ),
    # Main lens of a phone, 24 to 28 mm equivalent, to the 2x lens.
    "phone_portrait": Family(
        share=0.20,
        image_sizes=((720, 1280), (1080, 1920), (1536, 2048), (3024, 4032), (480, 640)),
        focal=(0.65, 1.5),
        distance_mm=(700, 20000),
        elevation_deg=(-18, 28),
        trained_elevation_deg=(-20, 45),
        roll_sd_deg=3.0,
        distorted=0.1,
        framings=_ORDINARY,
    ),
    "phone_landscape": Family(
        share=0.16,
        image_sizes=((1280, 720), (1920, 1080), (2048, 1536), (4032, 3024), (640, 480)),
        focal=(0.65, 1.5),
        distance_mm=(700, 20000),
        elevation_deg=(-18, 28),
        trained_elevation_deg=(-20, 45),
        roll_sd_deg=3.0,
        distorted=0.1,
        framings=_ORDINARY,
    ),
    # Horizontal field of view 53 to 90 degrees, on a screen or a desk; most of the body is out of the
    # picture.
    "webcam": Family(
        share=0.13,
        image_sizes=((640, 480), (1280, 720), (1920, 1080)),
        focal=(0.5, 1.0),
        distance_mm=(500, 1500),
        elevation_deg=(-25, 25),
        roll_sd_deg=2.0,
        distorted=0.4,
        framings={"head_at_distance": 0.75, "waist_up": 0.25},
        azimuth_sd_deg=35.0,
    ),
    "surveillance": Family(
        share=0.10,
        image_sizes=((640, 480), (704, 576), (1280, 720), (1920, 1080)),
        focal=(0.45, 1.3),
        distance_mm=(3000, 14000),
        elevation_deg=(15, 60),
        roll_sd_deg=2.0,
        distorted=0.5,
        framings={"whole_at_distance": 0.9, "side_out": 0.1},
    ),
    # Phones and action cameras near the floor, and stages seen from the audience.
    "low_angle": Family(
        share=0.07,
        image_sizes=((720, 1280), (1280, 720), (1920, 1080), (1080, 1920)),
        focal=(0.5, 1.3),
        distance_mm=(900, 12000),
        elevation_deg=(-35, -3),
        roll_sd_deg=4.0,
        distorted=0.2,
        framings=_ORDINARY,
    ),
    "telephoto": Family(
        share=0.12,
        image_sizes=((1920, 1080), (3000, 2000), (2000, 3000), (1080, 1350)),
        focal=(2.0, 8.0),
        distance_mm=(3000, 80000),
        elevation_deg=(-10, 20),
        roll_sd_deg=1.5,
        distorted=0.0,
        framings=_ORDINARY,
    ),
}
"""Camera families by name; their shares add up to one."""

ROLL_LIMIT_DEG = 15.0
LARGE_ROLL = 0.025
"""Share of views whose roll is uniform, up to a quarter turn either way."""
LARGE_ROLL_DEG = 90.0
ANY_AZIMUTH = 0.15
"""Share of views from any direction in families whose cameras are otherwise in front of the person."""
PRINCIPAL_POINT_SD = 0.01
"""Standard deviation of the principal point from the middle of the image, as a share of the longer side."""
DISTORTION_SD = 0.15
"""Standard deviation of k1, which is mostly negative (barrel distortion)."""
PINCUSHION = 0.15
"""Share of distorted lenses with positive k1 (pincushion distortion)."""
K2_OF_K1_SQUARED = (0.6, 1.5)
"""k2 / k1^2. Above 0.45 the distorted radius grows monotonically, so nothing folds back into the picture."""
TANGENTIAL_SD = 5e-4

_ROUNDS = 5


@dataclass(frozen=True)
class Views:
    """N people, each seen by a camera of their own. OpenCV camera axes, millimetres, pixels."""

    xyz: Tensor
    """(N, 133, 3) keypoints relative to the camera centre (not to the root), mm."""
    xy: Tensor
    """(N, 133, 2) exact projections with lens distortion, including those outside the picture."""
    K: Tensor
    """(N, 3, 3) intrinsics."""
    distortion: Tensor
    """(N, 5) Brown-Conrady k1 k2 p1 p2 k3 in OpenCV's order."""
    image_size: Tensor
    """(N, 2) width and height."""
    family: Tensor
    """(N,) int64, position in `FAMILIES`."""
    rotation: Tensor
    """(N, 3, 3) from world axes to camera axes."""

    @property
    def inside(self) -> Tensor:
        """(N, 133) bool: the keypoint is in the picture."""
        return _inside(self.xy.mT, self.image_size)


@dataclass(frozen=True)
class _Tables:
    """The mixture as tensors: F families, M framings, S image sizes. Shares are cumulated by
    `draws.cumulated`."""

    share: Tensor  # (F - 1,)
    image_sizes: Tensor  # (F, S, 2), padded
    num_sizes: Tensor  # (F,)
    focal: Tensor  # (F, 2), as are all ranges
    distance: Tensor
    elevation: Tensor
    trained_elevation: Tensor
    roll_sd: Tensor  # (F,)
    distorted: Tensor  # (F,)
    azimuth_sd: Tensor  # (F,)
    framings: Tensor  # (F, M - 1) shares
    outline: Tensor  # (P,) keypoints
    left_out: Tensor  # (M, P) infinite for keypoints of the outline that are not framed, 0 for the others
    fills: Tensor  # (M, 2), NaN where it follows from the distance
    bottom: Tensor  # (M, 2), NaN where the box is anywhere in the picture
    outside: Tensor  # (M, 2)
    sides: Tensor  # (4, 2)
    side_share: Tensor  # (3,)


@lru_cache
def _tables(device: torch.device) -> _Tables:
    families, framings = FAMILIES.values(), FRAMINGS.values()
    most_sizes = max(len(family.image_sizes) for family in families)
    nothing = (float("nan"), float("nan"))

    def floats(rows: Iterable[object]) -> Tensor:
        return torch.tensor(list(rows), dtype=torch.float32, device=device)

    def shares(rows: Iterable[object]) -> Tensor:
        return cumulated(torch.tensor(list(rows), dtype=torch.float64)).to(device)

    framed = torch.tensor([[i in framing.keypoints for i in _OUTLINE] for framing in framings], device=device)
    return _Tables(
        share=shares(family.share for family in families),
        image_sizes=floats(
            family.image_sizes + family.image_sizes[:1] * (most_sizes - len(family.image_sizes))
            for family in families
        ),
        num_sizes=floats(len(family.image_sizes) for family in families),
        focal=floats(family.focal for family in families),
        distance=floats(family.distance_mm for family in families),
        elevation=floats(family.elevation_deg for family in families).deg2rad(),
        trained_elevation=floats(
            family.trained_elevation_deg or family.elevation_deg for family in families
        ).deg2rad(),
        roll_sd=floats(family.roll_sd_deg for family in families).deg2rad(),
        distorted=floats(family.distorted for family in families),
        azimuth_sd=floats(family.azimuth_sd_deg for family in families).deg2rad(),
        framings=shares([family.framings.get(name, 0.0) for name in FRAMINGS] for family in families),
        outline=torch.tensor(_OUTLINE, device=device),
        left_out=torch.where(framed, 0.0, torch.inf),
        fills=floats(framing.fills or nothing for framing in framings),
        bottom=floats(framing.bottom or nothing for framing in framings),
        outside=floats(framing.outside for framing in framings),
        sides=floats(_SIDES_OUT),
        side_share=shares(_SIDES_OUT.values()),
    )


def sample(
    xyz_world: Tensor, generator: torch.Generator, family: str | None = None, *, as_trained: bool = False
) -> Views:
    """Draw a camera for each person.

    as_trained: as for training people and the latest test sets; else with elevations of a narrower range, as
    in the first version of the test sets and in videos.

    `xyz_world` (N, 133, 3) float32 mm in the world frame, on the device of `generator`. `family` is a name in
    `FAMILIES`, or None for the mixture. Raises ValueError for any other name.
    """
    if family is not None and family not in FAMILIES:
        raise ValueError(f"expected one of the camera families {', '.join(FAMILIES)}, got {family!r}")
    draws, table = Draws(len(xyz_world), generator), _tables(xyz_world.device)
    kind = draws.choice_of_each(table.share.expand(draws.n, -1))
    if family is not None:
        kind = torch.full_like(kind, list(FAMILIES).index(family))

    lens = _lens(draws, table, kind)
    elevation = (table.trained_elevation if as_trained else table.elevation)[kind]
    rotation = _direction(draws, table, kind, elevation, xyz_world)
    xyz, turn = _framed(draws, table, kind, lens, rotation @ xyz_world.mT)
    return Views(
        xyz=xyz.mT,
        xy=lens.pixels(xyz).mT,
        K=lens.K,
        distortion=lens.distortion,
        image_size=lens.image_size,
        family=kind,
        rotation=turn @ rotation,
    )


# From here on coordinates come before keypoints, (N, 3, K), as arithmetic is several times faster in this
# layout.


class _Lens(NamedTuple):
    """N cameras, wherever they stand; as in `Views`."""

    K: Tensor
    distortion: Tensor
    image_size: Tensor

    def pixels(self, xyz: Tensor) -> Tensor:
        """Project points (N, 3, K) in camera axes to (N, 2, K), as `camera.project` does."""
        bent = distort((xyz[:, :2] / xyz[:, 2:]).mT, self.distortion).mT
        return torch.addcmul(self.K[:, :2, 2:], self.K[:, :1, :1], bent)


def _lens(draws: Draws, table: _Tables, kind: Tensor) -> _Lens:
    """Draw lenses of families `kind` (N,)."""
    image_size = _image_size(draws, table, kind)
    longer = image_size.amax(-1)
    focal = draws.log_within(table.focal[kind]) * longer
    off_centre = PRINCIPAL_POINT_SD * longer[:, None] * draws.normal(2)
    K = intrinsics(focal, image_size / 2 + off_centre)
    return _Lens(K, _distortion(draws, table.distorted[kind]), image_size)


def _framed(draws: Draws, table: _Tables, kind: Tensor, lens: _Lens, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Points (N, 3, K) in the axes of cameras that stand where they frame people `seen` (N, 3, K) from a
    direction, and the rotations (N, 3, 3) that aim them."""
    K, _, image_size = lens
    framing = draws.choice_of_each(table.framings[kind])
    left_out = table.left_out[framing][:, None]  # (N, 1, P)
    low, high = _box(seen.index_select(-1, table.outline), left_out)
    seen = seen - (low + high)[..., None] / 2
    outline = seen.index_select(-1, table.outline)  # (N, 3, P)

    nearest, farthest = table.distance[kind].unbind(-1)
    fills = draws.within(table.fills[framing])
    by_distance = fills.isnan()
    size_mm = (high - low)[:, :2]
    distance = torch.where(
        by_distance,
        draws.log_within(table.distance[kind]),
        K[:, 0, 0] * (size_mm / image_size).amax(-1) / fills,
    ).clamp(nearest, farthest)

    placement = _placement(draws, table, framing, image_size)
    aim = image_size / 2
    for _ in range(_ROUNDS):
        low, high = _box(lens.pixels(_aim(outline, K, aim, distance)[0]), left_out)
        size = high - low
        wanted = placement.centre(size, image_size)
        aim = (aim + wanted - (low + high) / 2).clamp(-image_size, 2 * image_size)
        zoom = torch.where(by_distance, 1.0, (size / image_size).amax(-1) / fills)
        distance = (distance * zoom.clamp(0.5, 2.0)).clamp(nearest, farthest)

    enough = (
        _inside(lens.pixels(_aim(seen, K, aim, distance)[0]), image_size).sum(-1, keepdim=True) >= MIN_INSIDE
    )
    return _aim(seen, K, torch.where(enough, aim, image_size / 2), distance)


class _Placement(NamedTuple):
    """Where in the pictures the boxes of the framed keypoints go."""

    place: Tensor
    """(N, 2) from 0 to 1 between opposite edges."""
    beyond: Tensor
    """(N, 2) how much of the box lies beyond an edge, as a fraction of its size; negative beyond the left or
    the upper one."""
    bottom: Tensor
    """(N,) the row of the lower edge instead, or NaN."""

    def centre(self, size: Tensor, image_size: Tensor) -> Tensor:
        """(N, 2) pixels of the middle of boxes of a size (N, 2)."""
        wanted = size / 2 + self.place * (image_size - size) + self.beyond * size
        wanted_y = torch.where(self.bottom.isnan(), wanted[:, 1], self.bottom - size[:, 1] / 2)
        return torch.stack([wanted[:, 0], wanted_y], -1)


def _placement(draws: Draws, table: _Tables, framing: Tensor, image_size: Tensor) -> _Placement:
    place = (draws.uniform(2) + draws.uniform(2)) / 2
    bottom = draws.within(table.bottom[framing]) * image_size[:, 1]
    outside = draws.within(table.outside[framing])
    side = table.sides[draws.choice_of_each(table.side_share.expand(draws.n, -1))]  # (N, 2)
    crosses = (outside > 0)[:, None] & (side != 0)
    return _Placement(torch.where(crosses, (side + 1) / 2, place), side * outside[:, None], bottom)


def _aim(seen: Tensor, K: Tensor, pixel: Tensor, distance: Tensor) -> tuple[Tensor, Tensor]:
    """Points (N, 3, P) and rotation (N, 3, 3) of the camera that sees the origin of `seen` at a pixel.

    `seen` (N, 3, P) are points in the axes of a camera that looks straight at their origin. The camera backs
    off along the ray until every point is at least `MIN_DEPTH_MM` deep.
    """
    focal, centre = K[:, :1, 0], K[:, :2, 2]
    ray = torch.nn.functional.pad((pixel - centre) / focal, (0, 1), value=1.0)
    ray = ray / ray.norm(dim=-1, keepdim=True)
    turn = turn_to(ray)
    turned = turn @ seen
    least = (MIN_DEPTH_MM - turned[:, 2].amin(-1)) / ray[:, 2]
    return turned + (torch.maximum(distance, least)[:, None] * ray)[..., None], turn


def turn_to(ray: Tensor) -> Tensor:
    """The smallest rotation (N, 3, 3) that takes the z axis to unit vectors (N, 3)."""
    x, y, z = ray.unbind(-1)
    a, b, c = 1 - x * x / (1 + z), 1 - y * y / (1 + z), -x * y / (1 + z)
    return torch.stack([a, c, x, c, b, y, -x, -y, z], -1).view(-1, 3, 3)


def _inside(xy: Tensor, image_size: Tensor) -> Tensor:
    """(N, P) bool: the pixel, of (N, 2, P), is in the picture."""
    within = (xy >= 0) & (xy <= image_size[..., None] - 1)
    return within[:, 0] & within[:, 1]


def _box(points: Tensor, left_out: Tensor) -> tuple[Tensor, Tensor]:
    """Smallest and largest coordinates (N, C) of points (N, C, P), without those where `left_out` (N, 1, P)
    is infinite."""
    return (points + left_out).amin(-1), (points - left_out).amax(-1)


def _image_size(draws: Draws, table: _Tables, kind: Tensor) -> Tensor:
    pick = (draws.uniform() * table.num_sizes[kind]).long()
    return table.image_sizes[kind, pick]


def _distortion(draws: Draws, share: Tensor) -> Tensor:
    k1 = draws.normal().abs() * DISTORTION_SD
    k1 = torch.where(draws.happens(PINCUSHION), k1, -k1)
    k2 = k1 * k1 * draws.between(K2_OF_K1_SQUARED)
    p1, p2 = (draws.normal(2) * TANGENTIAL_SD).unbind(-1)
    lens = torch.stack([k1, k2, p1, p2, torch.zeros_like(k1)], -1)
    return torch.where(draws.happens(share)[:, None], lens, 0.0)


def _direction(
    draws: Draws, table: _Tables, kind: Tensor, elevation_range: Tensor, xyz_world: Tensor
) -> Tensor:
    """World axes to camera axes (N, 3, 3) of a camera that looks at the person, with the family's azimuth and
    roll, and an elevation from a range (N, 2)."""
    shoulders, hips = (xyz_world[:, left] - xyz_world[:, right] for left, right in (_SHOULDERS, _HIPS))
    across = shoulders + hips
    front = torch.atan2(across[:, 1], across[:, 0])  # 0 where the person looks along -y

    around = draws.signed() * torch.pi
    spread = table.azimuth_sd[kind]
    any_side = (spread == 0) | draws.happens(ANY_AZIMUTH)
    azimuth = front + torch.where(any_side, around, draws.normal() * spread)

    elevation = draws.triangular(elevation_range)

    limit, large = (math.radians(degrees) for degrees in (ROLL_LIMIT_DEG, LARGE_ROLL_DEG))
    roll = (draws.normal() * table.roll_sd[kind]).clamp(-limit, limit)
    large_roll = draws.signed() * large
    roll = torch.where(draws.happens(LARGE_ROLL), large_roll, roll)
    return look_at(azimuth, elevation, roll)


def look_at(azimuth: Tensor, elevation: Tensor, roll: Tensor) -> Tensor:
    """World axes to camera axes (N, 3, 3), for a camera in this direction from the person that looks at
    them."""
    sin_a, cos_a = azimuth.sin(), azimuth.cos()
    sin_e, cos_e = elevation.sin(), elevation.cos()
    forward = torch.stack([-sin_a * cos_e, cos_a * cos_e, -sin_e], -1)
    right = torch.stack([cos_a, sin_a, torch.zeros_like(cos_a)], -1)
    down = torch.linalg.cross(forward, right)
    sin_r, cos_r = roll.sin()[:, None], roll.cos()[:, None]
    return torch.stack([cos_r * right - sin_r * down, sin_r * right + cos_r * down, forward], -2)
