"""Paints people with Pillow: in 3D as solid bodies on the ground, and in 2D as keypoints on a picture.

It is what `clip` makes its frames of; the page draws the same bodies in the browser.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import AnyFloats, Picture, Size
from wholebody_lift.extras import PILLOW
from wholebody_lift.skeleton import EDGES, PARTS
from wholebody_lift.viewers import palette, views
from wholebody_lift.viewers.solids import CHIN, COVERED, SOLIDS, Ball, Solid

if TYPE_CHECKING:
    from PIL.Image import Image

Colour: TypeAlias = tuple[int, int, int]

STAGE: Colour = (20, 24, 29)
"""The ground behind everything, that of the page in dark colours."""
_GRID: Colour = (102, 117, 138)
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)

_FINER = 2
"""Pillow draws without smoothing edges, so everything is drawn this many times larger and then reduced."""
_FIELD_OF_VIEW = 0.42  # radians
_SCREEN = 720.0  # the height of a panel in pixels, on which lines have the widths below
_BONE_WIDTH = {"body": 6.0, "head": 3.0, "feet": 4.5, "face": 1.6, "left_hand": 2.4, "right_hand": 2.4}
_FLAT_WIDTH = {"body": 3.6, "head": 1.6, "feet": 2.6, "face": 1.2, "left_hand": 1.6, "right_hand": 1.6}
_FLAT_DOT = {"body": 3.6, "head": 2.0, "feet": 2.6, "face": 1.2, "left_hand": 1.5, "right_hand": 1.5}
_CASING = 1.6  # pixels of dark around a line on a picture

_FARTHEST_FADE = 0.45  # of what is furthest away into the stage
_INFERRED = 0.55  # how far a limb fades that was inferred
_LAYERS = 5  # of a solid, from its edge inwards, each lighter and nearer to the light
_SHADE, _LIGHT = 0.3, 0.22  # how much darker the edge is, and how much lighter the middle
_TOWARDS_LIGHT = np.array([-1.0, -1.0]) / math.sqrt(2)
_ANGLES = np.linspace(0, 2 * np.pi, 40, endpoint=False)
_ROUND = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)  # (40, 2)

_GRID_STEP, _GRID_CELLS = 500.0, 6  # mm; from the middle to the edge
_GRID_SHADES = (0.6, 0.5, 0.4, 0.28, 0.16, 0.06)  # from the middle to the edge
_SHADOW = 0.3

_COLOURS: dict[str, Colour] = {
    group: (int(dark[1:3], 16), int(dark[3:5], 16), int(dark[5:], 16))
    for group, (_, dark) in palette.GROUP_COLOURS.items()
}
_DRAWN_EDGES = tuple((*EDGES[e], e) for e in palette.SHOWN_EDGES)


class Eye(NamedTuple):
    """Where the people are seen from, and how large they get."""

    turn: float
    """Radians around the vertical, as in `views.axes`."""
    lift: float
    target: AnyFloats
    """(3,) mm; it is in the middle."""
    distance: float
    """mm from there."""

    @classmethod
    def around(cls, xyz: AnyFloats, lift: float) -> Eye:
        """An eye that keeps all points (..., 3) in the panel as it turns."""
        every = xyz.reshape(-1, 3)
        low, high = np.percentile(every, [0.5, 99.5], axis=0)
        middle = (low + high) / 2
        reach = np.linalg.norm((every - middle)[:, [0, 2]], axis=1).max()
        half = max(float(reach), float(high[1] - low[1]) / 2) * 1.08 + 60
        return cls(0.0, lift, middle, half / math.tan(_FIELD_OF_VIEW / 2) + float(reach) / 2)

    def see(self, xyz: AnyFloats, size: Size) -> AnyFloats:
        """(..., 4) of points (..., 3): x and y in pixels of a panel, depth in mm, pixels per mm."""
        seen = (xyz - self.target) @ views.axes(self.turn, self.lift).T
        depth = seen[..., 2] + self.distance
        scale = min(size) / 2 / math.tan(_FIELD_OF_VIEW / 2) / np.maximum(depth, 40.0)
        x, y = (seen[..., c] * scale + size[c] / 2 for c in (0, 1))
        return np.stack([x, y, depth, scale], axis=-1)


@dataclass(frozen=True)
class People:
    """The people of one frame.

    Attributes:
        xyz: (N, 133, 3) mm, where they stand.
        observed: (N, 133) bool.
        hidden: (N, 133) bool; keypoints that are not drawn.
    """

    xyz: AnyFloats
    observed: npt.NDArray[np.bool_]
    hidden: npt.NDArray[np.bool_]


def figure(people: People, eye: Eye, size: Size, floor: float) -> Image:
    """The people in 3D on the ground, which is `floor` mm down."""
    image, draw, wide = _canvas(size)
    _ground(draw, people, eye, wide, floor)
    shapes = []
    for xyz, observed, hidden in zip(people.xyz, people.observed, people.hidden, strict=True):
        at = eye.see(xyz, wide)
        shapes += [*_solids(at, observed, hidden, eye), *_lines(at, observed, hidden, eye, wide)]
    for shape in sorted(shapes, key=lambda shape: -shape[0]):
        shape[1](draw)
    return image.reduce(_FINER)


def picture(pixels: Picture | None, keypoints: AnyFloats, size: Size, box: AnyFloats) -> Image:
    """The keypoints (N, 133, 2), NaN where missing, on a picture (H, W, 3), or on the stage.

    `box` (4,) is what the panel shows: left, top, width and height in pixels of the input.
    """
    image, draw, wide = _canvas(size, pixels)
    places = (keypoints - box[:2]) * (np.array(wide) / box[2:])
    unit = wide[1] / _SCREEN
    for xy in places:
        missing = np.isnan(xy).any(axis=1)
        shown = [(a, b, e) for a, b, e in _DRAWN_EDGES if not (missing[a] or missing[b])]
        for casing in (_CASING, 0.0):
            for a, b, e in shown:
                width = unit * (_FLAT_WIDTH[palette.EDGE_LOOKS[e]] + 2 * casing)
                ink = STAGE if casing else _ink(palette.EDGE_GROUPS[e])
                draw.line([*xy[a], *xy[b]], fill=ink, width=max(1, round(width)))
        for k in np.flatnonzero(~missing):
            _dot(draw, xy[k], unit * _FLAT_DOT[palette.LOOKS[k]], _ink(palette.KEYPOINT_GROUPS[k]))
    return image.reduce(_FINER)


def _canvas(size: Size, pixels: Picture | None = None) -> tuple[Image, Any, Size]:
    """A finer image of a panel, with a picture or empty; what draws on it; and its size."""
    PILLOW.needed_for("a painted figure")
    from PIL import Image, ImageDraw

    wide = (size[0] * _FINER, size[1] * _FINER)
    if pixels is None:
        image = Image.new("RGB", wide, STAGE)
    else:
        image = Image.fromarray(pixels).resize(wide, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return image, ImageDraw.Draw(image), wide


Shape: TypeAlias = tuple[float, Any]
"""Depth in mm, and the function that draws it."""


def _solids(
    at: AnyFloats, observed: npt.NDArray[np.bool_], hidden: npt.NDArray[np.bool_], eye: Eye
) -> Iterator[Shape]:
    for solid in SOLIDS:
        keypoints = list(solid.keypoints)
        if not hidden[keypoints].any():
            depth = float(at[keypoints, 2].mean())
            inferred = 2 * int(observed[keypoints].sum()) < len(keypoints)
            fade = max(_far(depth, eye), _INFERRED if inferred else 0.0) + solid.pale
            yield depth, _solid(at, solid, _ink(solid.group, fade), inferred)


def _solid(at: AnyFloats, solid: Solid, ink: Colour, faint: bool) -> Any:
    balls = np.array([_place(at, ball) for ball in solid.balls])  # (balls, 3): x, y, radius in pixels

    def draw_on(draw: Any) -> None:
        edge = _hull(balls + np.array([0, 0, 1.8]))
        draw.polygon(edge, fill=STAGE)  # a margin, so that it shows which of two crossing limbs is in front
        strength = 0.3 if faint else 1.0
        for layer in range(_LAYERS):
            inwards = layer / _LAYERS
            tone = inwards * (_SHADE + _LIGHT) - _SHADE
            shifted = balls.copy()
            shifted[:, :2] += 0.45 * inwards * balls[:, 2:] * _TOWARDS_LIGHT
            shifted[:, 2] *= 1 - 0.85 * inwards
            draw.polygon(_hull(shifted), fill=mix(ink, _WHITE if tone > 0 else _BLACK, strength * abs(tone)))

    return draw_on


def _place(at: AnyFloats, ball: Ball) -> AnyFloats:
    """x, y and radius (3,) of a ball in pixels."""
    middle = at[list(ball.keypoints)].mean(axis=0)
    xy, scale = middle[:2], middle[3]
    if ball.up:
        away = xy - at[CHIN, :2]  # in the picture; seen from above or below, the crown is nearer
        xy = xy + away / max(float(np.linalg.norm(away)), 1.0) * ball.up * scale
    return np.array([*xy, max(ball.radius * scale, 1.4)])


def _hull(balls: AnyFloats) -> list[tuple[float, float]]:
    """The outline of the hull of circles (balls, 3): in each direction, the point that lies furthest out."""
    reach = balls[:, :2] @ _ROUND.T + balls[:, 2:]  # (balls, directions)
    furthest = balls[reach.argmax(axis=0)]
    return list(map(tuple, (furthest[:, :2] + furthest[:, 2:] * _ROUND).tolist()))


def _lines(
    at: AnyFloats,
    observed: npt.NDArray[np.bool_],
    hidden: npt.NDArray[np.bool_],
    eye: Eye,
    size: Size,
) -> Iterator[Shape]:
    """Face and hands, each at one depth, and what else does not lie in the solids."""
    unit = size[1] / _SCREEN
    for part, keypoints in PARTS.items():
        shown = [
            (a, b, e)
            for a, b, e in _DRAWN_EDGES
            if palette.EDGE_PARTS[e] == part
            and not (hidden[a] or hidden[b] or (a in COVERED and b in COVERED))
        ]
        if not shown:
            continue
        depth = float(at[keypoints.start : keypoints.stop, 2].mean())
        far = _far(depth, eye)

        def draw_on(draw: Any, shown: list[tuple[int, int, int]] = shown, far: float = far) -> None:
            for a, b, e in shown:
                fade = far if observed[a] and observed[b] else max(far, _INFERRED)
                width = max(1, round(unit * _BONE_WIDTH[palette.EDGE_LOOKS[e]]))
                draw.line([*at[a, :2], *at[b, :2]], fill=_ink(palette.EDGE_GROUPS[e], fade), width=width)

        yield depth, draw_on


def _ground(draw: Any, people: People, eye: Eye, size: Size, floor: float) -> None:
    """A grid that fades outwards, and where each person stands: the body seen straight from above."""
    for shade, lines in zip(_GRID_SHADES, _grid(eye.target, floor), strict=True):
        for start, end in eye.see(lines, size):
            if min(start[2], end[2]) > 40:
                draw.line([*start[:2], *end[:2]], fill=mix(STAGE, _GRID, shade), width=_FINER)
    shadow = mix(STAGE, _GRID, _SHADOW)
    body = [(a, b) for a, b, e in _DRAWN_EDGES if palette.EDGE_LOOKS[e] == "body"]
    for xyz, hidden in zip(people.xyz, people.hidden, strict=True):
        flat = xyz.copy()
        flat[:, 1] = floor
        seen = eye.see(flat, size)
        for a, b in body:
            if not (hidden[a] or hidden[b]):
                width = max(_FINER, round(26 * float(seen[[a, b], 3].mean())))
                draw.line([*seen[a, :2], *seen[b, :2]], fill=shadow, width=width)
                _dot(draw, seen[a, :2], width / 2, shadow)
                _dot(draw, seen[b, :2], width / 2, shadow)


def _grid(target: AnyFloats, floor: float) -> list[AnyFloats]:
    """Of each shade, its pieces of lines (M, 2, 3) in mm around a point."""
    cells = np.arange(-_GRID_CELLS, _GRID_CELLS + 1)
    across, along = (grid.ravel() for grid in np.meshgrid(cells, cells[:-1]))
    distance = np.hypot(across, along + 0.5)
    start, end = np.stack([across, along], axis=1), np.stack([across, along + 1], axis=1)
    pieces = np.stack([start, end], axis=1)  # (M, 2, 2) in cells; the other direction is its transpose
    x0, z0 = np.round(target[[0, 2]] / _GRID_STEP)
    found = []
    for shade in range(len(_GRID_SHADES)):
        chosen = pieces[(distance >= shade) & (distance < shade + 1)]
        both = np.concatenate([chosen, chosen[..., ::-1]]) + np.array([x0, z0])
        points = np.full((*both.shape[:2], 3), floor)
        points[..., [0, 2]] = _GRID_STEP * both
        found.append(points)
    return found


def _dot(draw: Any, xy: AnyFloats, radius: float, ink: Colour) -> None:
    x, y = xy
    draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=ink)


def _far(depth: float, eye: Eye) -> float:
    """How far something fades into the stage by its distance."""
    span = max(260.0, 0.4 * eye.distance)
    return _FARTHEST_FADE * float(np.clip((depth - eye.distance) / span + 0.2, 0, 1))


def _ink(group: str, fade: float = 0.0) -> Colour:
    """A group's colour on a dark ground, faded into the stage: 0 not at all, 1 completely."""
    return mix(_COLOURS[group], STAGE, min(fade, 1.0))


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """From colour a (share 0) to colour b (share 1)."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue
