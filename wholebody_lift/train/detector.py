"""What detectors make of a person: noisy, displaced, swapped, lost and invented keypoints, with scores.

The model has a few kinds of detector (`KINDS`), each a row of probabilities; what every kind shares
stands in the constants beside it. A detection is made in this order: the annotator's or body's own
idea of where a keypoint is; confusion of left and right; whole hands and faces displaced; independent
heavy-tailed errors; the grid of the heatmap; scores; and at last what is lost.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.linalg import vector_norm

from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.skeleton import INDEX, MIRROR, NUM_KEYPOINTS, PARENTS, PARTS, indices
from wholebody_lift.train.cameras import Views


class Kind(NamedTuple):
    """One kind of detector. Numbers are probabilities per person unless said otherwise."""

    share: float
    noise: float = 1.0
    """Multiplies the independent error."""
    own_crops: float = 0.0
    """1: face and hands are found in crops of their own, finer than the crop of the person."""
    drops_hidden: float = 0.0
    """A hidden keypoint is not reported, per keypoint."""
    hand_lost: float = 0.0
    """A hand in full view is not found, per hand."""
    hidden_hand_lost: float = 0.0
    """The same of a wholly hidden hand; in between in proportion. What is not lost is guessed."""
    hidden_face_lost: float = 0.0
    """A face that is turned away is not found."""
    no_hands: float = 0.0
    no_face: float = 0.0
    no_feet: float = 0.0
    no_small_toes: float = 0.0
    zero: float = 0.0
    """What is missing is written as 0, 0 with score 0, rather than as a bad guess with a low score."""
    constant: float = 0.0
    """Face and hands that were found have one and the same score."""
    score_base: float = 0.0
    """Logit of the score of a keypoint in full view without any error."""
    score_error: float = 0.0
    """How far the logit falls with an error as large as annotators' disagreement."""
    score_hidden: float = 0.0
    """How far it falls for a hidden keypoint."""
    score_spread: float = 0.0
    """Spread of the logit."""


KINDS: dict[str, Kind] = {
    # Exact annotation or motion capture: complete, also somewhat beyond the picture; all scores 1.
    "exact": Kind(share=0.15),
    # Exact input with keypoints hidden as H3WB's second task does it, see MASKS.
    "masked": Kind(share=0.10),
    # RTMPose, DWPose, ViTPose: one heatmap per keypoint from one crop; guesses what it does not see.
    "wholebody": Kind(
        share=0.38,
        drops_hidden=0.05,
        hand_lost=0.04,
        hidden_hand_lost=0.3,
        hidden_face_lost=0.25,
        no_hands=0.02,
        no_face=0.02,
        no_feet=0.02,
        no_small_toes=0.03,
        zero=0.15,
        constant=0.03,
        score_base=2.4,
        score_error=1.6,
        score_hidden=1.6,
        score_spread=0.5,
    ),
    # MediaPipe Holistic: no small toes, visibilities near 0 or 1, constant scores for hands and face, hands
    # often lost but also guessed where they are hidden.
    "holistic": Kind(
        share=0.20,
        noise=1.1,
        own_crops=1.0,
        drops_hidden=0.02,
        hand_lost=0.2,
        hidden_hand_lost=0.45,
        hidden_face_lost=0.9,
        no_hands=0.03,
        no_face=0.03,
        no_small_toes=1.0,
        zero=1.0,
        constant=1.0,
        score_base=5.5,
        score_error=1.5,
        score_hidden=4.0,
        score_spread=1.4,
    ),
    # OpenPose: bottom-up, leaves out what it does not see; hands and face are options.
    "bottom_up": Kind(
        share=0.10,
        noise=1.25,
        own_crops=1.0,
        drops_hidden=0.5,
        hand_lost=0.12,
        hidden_hand_lost=0.8,
        hidden_face_lost=0.9,
        no_hands=0.35,
        no_face=0.35,
        no_feet=0.3,
        zero=1.0,
        score_base=1.7,
        score_error=1.4,
        score_hidden=1.0,
        score_spread=0.5,
    ),
    # 17 keypoints, or 23 with the feet.
    "body_only": Kind(
        share=0.07,
        drops_hidden=0.1,
        no_hands=1.0,
        no_face=1.0,
        no_feet=0.7,
        zero=0.5,
        score_base=2.4,
        score_error=1.6,
        score_hidden=1.6,
        score_spread=0.5,
    ),
}
"""The mixture of detectors by name; shares add up to one."""

MASKS: dict[str, tuple[float, float]] = {
    "any": (0.4, 0.25),
    "face": (0.2, 1.0),
    "left_hand": (0.2, 1.0),
    "right_hand": (0.2, 1.0),
}
"""H3WB's masking for lifting from incomplete keypoints (Zhu et al., ICCV 2023, and its README): one of these
for each person, as (probability, share of the keypoints that is masked)."""

# fmt: off
_BODY_SIGMAS = (26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89)
_FEET_SIGMAS = (68, 66, 66, 92, 94, 94)
_FACE_SIGMAS = (
    42, 43, 44, 43, 40, 35, 31, 25, 20, 23, 29, 32, 37, 38, 43, 41, 45,  # jaw
    13, 12, 11, 11, 12, 12, 11, 11, 13, 15,  # brows
    9, 7, 7, 7, 12, 9, 8, 16, 10,  # nose
    17, 11, 9, 11, 9, 7, 13, 8, 11, 12, 10, 34,  # eyes
    8, 8, 9, 8, 8, 7, 10, 8, 9, 9, 9, 7, 7, 8, 11, 8, 8, 8, 10, 8,  # lips
)
_HAND_SIGMAS = (29, 22, 35, 37, 47, 26, 25, 24, 35, 18, 24, 22, 26, 17, 21, 21, 32, 20, 19, 22, 31)
# fmt: on
SIGMAS: tuple[float, ...] = tuple(
    thousandths / 1000 for thousandths in _BODY_SIGMAS + _FEET_SIGMAS + _FACE_SIGMAS + _HAND_SIGMAS * 2
)
"""Disagreement of annotators per keypoint (COCO-WholeBody's evaluation), as a share of the person's size:
the root of the person's area in the picture."""

SIZE_OF_BONES = 0.55
"""That size in mm over trunk + thigh + shank: the area is about 0.19 of the height squared (0.53 of a box
0.35 as wide as high), and the three together are 0.78 of the height."""
ERROR_OF_SIGMA = 0.28
"""Detectors err by a quarter to a half of the sigma; this is per axis, before the tail of Student's t."""
INDEPENDENT: dict[str, float] = {"face": 0.5, "left_hand": 0.8, "right_hand": 0.8}
"""How much of that each keypoint of a part errs on its own; the rest it shares with its neighbours, see
`DISPLACEMENTS`."""
QUALITY_SD = 0.45
"""Spread of the logarithm of a person's overall error."""
HIDDEN_ERROR: dict[str, float] = {"body": 3.0, "feet": 3.0, "face": 1.0, "left_hand": 1.5, "right_hand": 1.5}
"""A hidden keypoint's error is this much larger, in addition; a face or hand is guessed as a whole, so its
keypoints stay together."""
INPUT_PIXELS = 256.0
"""Height of the detector's input, which shows a box `CROP_MARGIN` times the person's."""
CROP_MARGIN = 1.25
FLOOR_INPUT_PIXELS = (0.15, 0.6)
FLOOR_PIXELS = 0.4
"""Least error per axis: in pixels of the detector's input, per person, and of the image."""
COARSE = 0.25
"""Share of detectors that answer on the grid of their heatmap, a quarter of the input, to a quarter cell."""
COARSE_INPUT_PIXELS = 1.0

OFFSETS_MM: dict[str, tuple[float, float, float]] = {
    "hip": (18.0, 22.0, 12.0),
    "shoulder": (14.0, 16.0, 10.0),
    "ear": (6.0, 12.0, 12.0),
    "eye": (3.0, 3.0, 4.0),
    "knee": (6.0, 10.0, 8.0),
    "elbow": (6.0, 8.0, 6.0),
    "ankle": (5.0, 12.0, 8.0),
    "heel": (4.0, 8.0, 10.0),
    "hand_root": (4.0, 5.0, 4.0),
}
"""Systematic offset per person, the same on both sides but for `OFFSET_ASYMMETRY`: what annotators call a
hip differs, and so do bodies and clothes. Spread outwards, upwards (of the trunk) and to the front."""
ALONG_MM: dict[str, float] = {"wrist": 14.0, "ankle": 10.0, "hand_root": 12.0}
"""The same along the limb, from the parent."""
OFFSET_ASYMMETRY = 0.35


class Swap(NamedTuple):
    """Probability that left and right are confused: at all, more from the side, more from behind."""

    always: float
    sideways: float
    behind: float
    keypoints: tuple[str, ...]


SWAPS: dict[str, Swap] = {
    "legs": Swap(0.006, 0.05, 0.03, ("knee", "ankle", "big_toe", "small_toe", "heel")),
    "hips and legs": Swap(0.002, 0.02, 0.02, ("hip", "knee", "ankle", "big_toe", "small_toe", "heel")),
    "arms": Swap(0.002, 0.015, 0.02, ("elbow", "wrist", "hand")),
    "all": Swap(0.001, 0.004, 0.03, ("",)),
}
HAND_ON_OTHER = 0.12
"""A wholly hidden hand that was not lost is found on the other hand."""


class Displacement(NamedTuple):
    """How a part moves as one: spreads of shift (of its size), turn (degrees) and scale, seen and hidden."""

    shift: tuple[float, float]
    turn_deg: tuple[float, float]
    scale: tuple[float, float]


DISPLACEMENTS: dict[str, Displacement] = {
    "face": Displacement(shift=(0.012, 0.12), turn_deg=(1.0, 12.0), scale=(0.015, 0.12)),
    "left_hand": Displacement(shift=(0.03, 0.30), turn_deg=(3.0, 40.0), scale=(0.04, 0.20)),
    "right_hand": Displacement(shift=(0.03, 0.30), turn_deg=(3.0, 40.0), scale=(0.04, 0.20)),
}
SMALL_HAND_PIXELS = 12.0
"""A hand of this size in the picture is lost half the time on top of the rest; larger ones less."""

TABLE = 0.08
"""Share of people hidden from somewhere between shoulders and knees downwards."""
OBJECT = 0.15
"""Share of people partly behind something, of a size of `OBJECT_SIZE` of the person's box."""
OBJECT_SIZE = (0.05, 0.25)
DROPOUT = 0.4
"""Share of people some of whose keypoints are missing for no reason, up to a share `DROPOUT_MOST`."""
DROPOUT_MOST = 0.15

UNSCORED = 0.12
"""Share of noisy detections whose scores are thrown away: 1 for all that was found."""
CONSTANT_SCORES = (0.9, 0.9, 1.0, 0.5)
"""What face and hands with a constant score have, equally likely."""
BORDER_GUESS = 0.03
"""A keypoint outside the picture is reported on its border, with a score that counts, per keypoint."""
BORDER_SCORES = (0.3, 0.5)
MISSING_SCORES = (0.0, 0.25)
EXACT_REACH = 1.0
"""Exact input holds keypoints this many picture sizes beyond the border, where the lens is straight."""
MIN_FOUND = 4
"""People with fewer keypoints left are given exact: nothing can be lifted from them."""

_HANDS = ("left_hand", "right_hand")
_SLICES = {name: slice(part.start, part.stop) for name, part in PARTS.items()}
_SMALL_TOES = [INDEX["left_small_toe"], INDEX["right_small_toe"]]
_SHOULDERS, _HIPS, _KNEES, _ANKLES = (
    [INDEX[f"left_{name}"], INDEX[f"right_{name}"]] for name in ("shoulder", "hip", "knee", "ankle")
)
_EXACT, _MASKED = (list(KINDS).index(name) for name in ("exact", "masked"))


@dataclass(frozen=True)
class Detections:
    """What N detectors say about N people."""

    xy: Tensor
    """(N, 133, 2) float32 pixels; anything (0, 0, a bad guess) where the score says missing."""
    scores: Tensor
    """(N, 133) float32, 0 to 1; under `keypoints.MIN_SCORE` the keypoint is missing."""
    kind: Tensor
    """(N,) int64, position in `KINDS`."""


@dataclass(frozen=True)
class _Tables:
    kinds: dict[str, Tensor]  # each (D,)
    sigmas: Tensor  # (K,) as shares of the person's size
    errors: Tensor  # (K,) per axis, in the same unit
    mirror: Tensor  # (K,)
    offsets: Tensor  # (K, 3)
    hidden_error: Tensor  # (K,)
    sides: Tensor  # (K,) 1 left, -1 right
    along: Tensor  # (K,)
    parents: Tensor  # (K,)
    swaps: Tensor  # (S, 3)
    swapped: Tensor  # (S, K) bool
    masked: Tensor  # (M, K) probability that the keypoint is masked
    mask_share: Tensor  # (M,)


@lru_cache
def _tables(device: torch.device) -> _Tables:
    def floats(rows: Iterable[object]) -> Tensor:
        return torch.tensor(list(rows), dtype=torch.float32, device=device)

    def bools(rows: Iterable[Iterable[bool]]) -> Tensor:
        return torch.tensor([list(row) for row in rows], device=device)

    unsided = {name: name.removeprefix("left_").removeprefix("right_") for name in INDEX}
    masked = [range(NUM_KEYPOINTS) if name == "any" else PARTS[name] for name in MASKS]
    return _Tables(
        kinds={
            name: floats(column)
            for name, column in zip(Kind._fields, zip(*KINDS.values(), strict=True), strict=True)
        },
        sigmas=floats(SIGMAS),
        errors=floats(
            ERROR_OF_SIGMA * SIGMAS[i] * INDEPENDENT.get(part, 1.0) for part in PARTS for i in PARTS[part]
        ),
        hidden_error=floats(HIDDEN_ERROR[part] for part in PARTS for _ in PARTS[part]),
        mirror=torch.tensor(MIRROR, device=device),
        offsets=floats(OFFSETS_MM.get(name, (0.0, 0.0, 0.0)) for name in unsided.values()),
        sides=floats((name.startswith("left_")) - (name.startswith("right_")) for name in INDEX),
        along=floats(ALONG_MM.get(name, 0.0) for name in unsided.values()),
        parents=torch.tensor([max(parent, 0) for parent in PARENTS], device=device),
        swaps=floats(swap[:3] for swap in SWAPS.values()),
        swapped=bools(
            (_belongs(name, swap.keypoints) for name in unsided.values()) for swap in SWAPS.values()
        ),
        masked=floats(
            [share * (i in members) for i in range(NUM_KEYPOINTS)]
            for members, (_, share) in zip(masked, MASKS.values(), strict=True)
        ),
        mask_share=floats(share for share, _ in MASKS.values()),
    )


def _belongs(name: str, group: tuple[str, ...]) -> bool:
    """Whether a keypoint's name (without its side) is in a group; "hand" stands for all of a hand."""
    in_hand = name == "hand_root" or name.rstrip("1234").endswith(("thumb", "finger"))
    return "" in group or name in group or ("hand" in group and in_hand)


class _Draw:
    """Random numbers for N people from one generator."""

    def __init__(self, generator: torch.Generator, n: int) -> None:
        self.generator, self.n = generator, n

    def uniform(self, *shape: int, between: tuple[float, float] = (0.0, 1.0)) -> Tensor:
        """(N, *shape) between two values."""
        low, high = between
        drawn = torch.rand(self.n, *shape, generator=self.generator, device=self.generator.device)
        return low + (high - low) * drawn

    def normal(self, *shape: int) -> Tensor:
        """(N, *shape) of mean 0 and spread 1."""
        return torch.randn(self.n, *shape, generator=self.generator, device=self.generator.device)

    def happens(self, probability: Tensor | float, *shape: int) -> Tensor:
        """(N, *shape) bool; the probability broadcasts to that."""
        return self.uniform(*shape) < probability

    def choice(self, shares: Tensor) -> Tensor:
        """(N,) positions, drawn with the shares (M,)."""
        return torch.multinomial(shares, self.n, replacement=True, generator=self.generator)


def detect(
    xy: Tensor,
    views: Views,
    hidden: Tensor,
    generator: torch.Generator,
    noise: bool = True,
    kind: str | None = None,
) -> Detections:
    """What a detector reports of N people.

    `xy` (N, 133, 2) are the exact pixels in `views`, `hidden` (N, 133) bool says which keypoints the body
    itself hides, `generator` lives on their device. Without `noise` the result is `xy` with every score 1.
    `kind` is a name in `KINDS`, or None for the mixture. Raises ValueError on any other name.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"got detector kind {kind!r}; the kinds are {', '.join(KINDS)}")
    draw, table = _Draw(generator, len(xy)), _tables(xy.device)
    if not noise:
        return Detections(xy, torch.ones_like(xy[..., 0]), torch.full((len(xy),), _EXACT, device=xy.device))
    which = draw.choice(table.kinds["share"])
    if kind is not None:
        which = torch.full_like(which, list(KINDS).index(kind))

    scored_xy, scores = _noisy(draw, table, which, xy, views, hidden)
    masked = draw.happens(table.masked[draw.choice(table.mask_share)], NUM_KEYPOINTS)
    is_masked = (which == _MASKED)[:, None]
    scores = torch.where(is_masked, (views.inside & ~masked).to(scores), scores)

    too_few = (scores >= MIN_SCORE).sum(-1) < MIN_FOUND
    which = torch.where(too_few, _EXACT, which)
    is_exact = (which == _EXACT)[:, None]
    scores = torch.where(is_exact, _within_reach(xy, views).to(scores), scores)
    return Detections(torch.where((is_masked | is_exact)[..., None], xy, scored_xy), scores, which)


def _within_reach(xy: Tensor, views: Views) -> Tensor:
    """(N, K) bool: a keypoint that exact input would hold."""
    size = views.image_size[:, None]
    near = ((xy > -EXACT_REACH * size) & (xy < (1 + EXACT_REACH) * size)).all(-1)
    straight = (views.distortion == 0).all(-1, keepdim=True)
    return views.inside | (near & straight)


def _noisy(
    draw: _Draw, table: _Tables, which: Tensor, xy: Tensor, views: Views, hidden: Tensor
) -> tuple[Tensor, Tensor]:
    """Keypoints (N, K, 2) and scores (N, K) of detectors of kinds `which` (N,)."""
    kinds = {name: column[which] for name, column in table.kinds.items()}
    pixels_per_mm = views.K[:, :1, 0] / views.xyz[..., 2]  # (N, K)
    size = _size_mm(views.xyz)[:, None] * pixels_per_mm  # (N, K) px
    inside = views.inside
    box = _extent(xy, inside)  # (N,) px
    unseen = hidden | ~inside | _behind_objects(draw, xy, box)
    axes = _trunk_axes(views.xyz)

    found_at = xy + _offsets_mm(draw, table, views.xyz, axes) * pixels_per_mm[..., None]
    taken_from = _confused(draw, table, axes, unseen)  # (N, K)
    found_at = found_at.gather(1, taken_from[..., None].expand_as(found_at))
    unseen, inside = unseen.gather(1, taken_from), inside.gather(1, taken_from)

    # Errors, and the scores that go with them.
    scale = box[:, None].expand_as(size).clone()  # of the crop, (N, K) px
    for part in DISPLACEMENTS:
        own = _extent(xy[:, _SLICES[part]]) * CROP_MARGIN
        scale[:, _SLICES[part]] = torch.where(kinds["own_crops"] > 0, own, box)[:, None]
    input_pixel = scale * CROP_MARGIN / INPUT_PIXELS
    quality = (QUALITY_SD * draw.normal(1)).exp() * kinds["noise"][:, None]
    floor = FLOOR_PIXELS + draw.uniform(1, between=FLOOR_INPUT_PIXELS) * input_pixel
    spread = (quality * table.errors * size).hypot(floor) * (1 + table.hidden_error * unseen)
    error = _displacement(draw, found_at, unseen, quality) + spread[..., None] * _student_t(draw)
    scores = _scores(draw, kinds, vector_norm(error, dim=-1) / (table.sigmas * size), unseen)
    answer = found_at + error
    cell = (COARSE_INPUT_PIXELS * input_pixel)[..., None]
    coarse = draw.happens(COARSE, 1, 1)
    answer = torch.where(coarse, (answer / cell).round() * cell, answer)

    # What is missing.
    on_border = ~inside & draw.happens(BORDER_GUESS * (kinds["zero"] < 1)[:, None], NUM_KEYPOINTS)
    on_border_scores = draw.uniform(NUM_KEYPOINTS, between=BORDER_SCORES)
    scores = torch.where(on_border, on_border_scores, scores)
    lost = _lost(draw, kinds, unseen, found_at) | (~inside & ~on_border)
    unscored = draw.happens(UNSCORED, 1) & (scores >= MIN_SCORE)
    scores = torch.where(unscored, 1.0, scores)
    border = views.image_size[:, None] - 1
    answer = torch.where(inside[..., None], answer, answer.clamp(torch.zeros_like(border), border))
    zero = draw.happens(kinds["zero"][:, None], 1)
    missing_scores = draw.uniform(NUM_KEYPOINTS, between=MISSING_SCORES)
    scores = torch.where(lost, torch.where(zero, 0.0, missing_scores), scores)
    return answer.masked_fill((lost & zero)[..., None], 0.0), scores


def _size_mm(xyz: Tensor) -> Tensor:
    """(N,) root of the area that the person would have standing upright, mm; from trunk and legs."""
    shoulders, hips, knees, ankles = (xyz[:, pair] for pair in (_SHOULDERS, _HIPS, _KNEES, _ANKLES))
    trunk: Tensor = vector_norm(shoulders.mean(1) - hips.mean(1), dim=-1)
    legs: Tensor = vector_norm(hips - knees, dim=-1) + vector_norm(knees - ankles, dim=-1)
    return SIZE_OF_BONES * (trunk + legs.mean(1))


def _trunk_axes(xyz: Tensor) -> Tensor:
    """(N, 3, 3): rows point to the person's left, upwards along the trunk and to the front."""
    shoulders, hips = xyz[:, _SHOULDERS], xyz[:, _HIPS]
    left = _unit((shoulders + hips)[:, 0] - (shoulders + hips)[:, 1])
    front = _unit(torch.linalg.cross(left, shoulders.mean(1) - hips.mean(1)))
    return torch.stack([left, torch.linalg.cross(front, left), front], 1)


def _extent(xy: Tensor, of: Tensor | None = None) -> Tensor:
    """(N,) longer side of the box around keypoints (N, K, 2), at least one pixel; of some of them (N, K)."""
    low = high = xy
    if of is not None:
        low, high = (xy.masked_fill(~of[..., None], value) for value in (torch.inf, -torch.inf))
    return (high.amax(1) - low.amin(1)).amax(-1).clamp_min(1.0)


def _behind_objects(draw: _Draw, xy: Tensor, box: Tensor) -> Tensor:
    """(N, K) bool: furniture or other things cover the keypoint."""
    top, bottom = xy[:, _SHOULDERS, 1].mean(1, keepdim=True), xy[:, _KNEES, 1].mean(1, keepdim=True)
    table = draw.happens(TABLE, 1) & (xy[..., 1] > top + (bottom - top) * draw.uniform(1))
    anywhere = (draw.uniform(1, 1) * NUM_KEYPOINTS).long().expand(-1, -1, 2)
    half = draw.uniform(1, 2, between=OBJECT_SIZE) * box[:, None, None]
    thing = draw.happens(OBJECT, 1) & ((xy - xy.gather(1, anywhere)).abs() < half).all(-1)
    return table | thing


def _offsets_mm(draw: _Draw, table: _Tables, xyz: Tensor, axes: Tensor) -> Tensor:
    """(N, K, 2) systematic offset in the plane of the picture, mm."""
    z = draw.normal(NUM_KEYPOINTS, 4)
    both_sides = (z + z[:, table.mirror]) / math.sqrt(2)
    z = math.sqrt(1 - OFFSET_ASYMMETRY**2) * both_sides + OFFSET_ASYMMETRY * z
    out, up, front, along = z.unbind(-1)
    of_trunk = torch.stack([out * table.sides, up, front], -1) * table.offsets
    limb = _unit(xyz - xyz[:, table.parents])
    return (of_trunk @ axes + (along * table.along)[..., None] * limb)[..., :2]


def _confused(draw: _Draw, table: _Tables, axes: Tensor, unseen: Tensor) -> Tensor:
    """(N, K) the keypoint that is taken for each keypoint: itself, or the one on the other side."""
    facing = -axes[:, 2, 2:]  # (N, 1): 1 towards the camera, -1 away from it
    conditions = torch.cat([torch.ones_like(facing), 1 - facing.abs(), (-facing).clamp_min(0)], -1)
    happens = draw.happens(conditions @ table.swaps.T, len(SWAPS))  # (N, S)
    other_side = (happens.float() @ table.swapped.float()) % 2 == 1
    for hand in _HANDS:
        part = _SLICES[hand]
        other_side[:, part] ^= draw.happens(HAND_ON_OTHER * _share_unseen(unseen, hand)[:, None], 1)
    return torch.where(other_side, table.mirror, torch.arange(NUM_KEYPOINTS, device=unseen.device))


def _share_unseen(unseen: Tensor, part: str) -> Tensor:
    """(N,) how far a part is out of sight, 0 to 1; half a part hidden counts little."""
    return unseen[:, _SLICES[part]].float().mean(-1).square()


def _displacement(draw: _Draw, xy: Tensor, unseen: Tensor, quality: Tensor) -> Tensor:
    """(N, K, 2) px by which face and hands are off as wholes."""
    moved = torch.zeros_like(xy)
    for part, spreads in DISPLACEMENTS.items():
        points = xy[:, _SLICES[part]]
        out_of_sight = _share_unseen(unseen, part)[:, None]
        shift, turn, scale = (
            torch.lerp(
                torch.full_like(quality, seen) * quality, torch.full_like(quality, not_seen), out_of_sight
            )
            for seen, not_seen in spreads
        )
        angle = torch.deg2rad(turn * draw.normal(1))
        factor = (scale * draw.normal(1)).exp()
        from_middle = points - points.mean(1, keepdim=True)
        x, y = from_middle.unbind(-1)
        turned = torch.stack([x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos()], -1)
        step = shift * draw.normal(2) * _extent(points)[:, None]
        moved[:, _SLICES[part]] = factor[..., None] * turned - from_middle + step[:, None]
    return moved


def _student_t(draw: _Draw) -> Tensor:
    """(N, K, 2) of Student's t with 4 degrees of freedom, jointly in x and y."""
    chi_square = -2 * draw.uniform(NUM_KEYPOINTS, 2).clamp_min(1e-7).log().sum(-1, keepdim=True)
    return draw.normal(NUM_KEYPOINTS, 2) * (4 / chi_square).sqrt()


def _scores(draw: _Draw, kinds: dict[str, Tensor], error: Tensor, unseen: Tensor) -> Tensor:
    """(N, K) scores for errors (N, K) in units of the annotators' sigma."""
    base, slope, fall, spread = (
        kinds[name][:, None] for name in ("score_base", "score_error", "score_hidden", "score_spread")
    )
    logit = base - slope * error.log1p() - fall * unseen + spread * draw.normal(NUM_KEYPOINTS)
    scores = logit.sigmoid()
    values = torch.tensor(CONSTANT_SCORES, device=scores.device)
    value = values[(draw.uniform(1) * len(values)).long()]
    constant = draw.happens(kinds["constant"][:, None], 1)
    parts = indices("face", *_HANDS)
    scores[:, parts] = torch.where(constant, value, scores[:, parts])
    return scores


def _lost(draw: _Draw, kinds: dict[str, Tensor], unseen: Tensor, xy: Tensor) -> Tensor:
    """(N, K) bool: not reported, though it is in the picture."""
    lost = unseen & draw.happens(kinds["drops_hidden"][:, None], NUM_KEYPOINTS)
    most = draw.uniform(1, between=(0.0, DROPOUT_MOST)) * draw.happens(DROPOUT, 1)
    lost |= draw.happens(most, NUM_KEYPOINTS)

    no_hands = draw.happens(kinds["no_hands"])
    for hand in _HANDS:
        seen_or_not = torch.lerp(kinds["hand_lost"], kinds["hidden_hand_lost"], _share_unseen(unseen, hand))
        small = 0.5 * (SMALL_HAND_PIXELS / _extent(xy[:, _SLICES[hand]])).square()
        lost[:, _SLICES[hand]] |= (no_hands | draw.happens(seen_or_not + small))[:, None]
    away = kinds["hidden_face_lost"] * _share_unseen(unseen, "face")
    lost[:, _SLICES["face"]] |= draw.happens(kinds["no_face"] + away)[:, None]
    lost[:, _SLICES["feet"]] |= draw.happens(kinds["no_feet"])[:, None]
    lost[:, _SMALL_TOES] |= draw.happens(kinds["no_small_toes"])[:, None]
    return lost


def _unit(vectors: Tensor) -> Tensor:
    unit: Tensor = torch.nn.functional.normalize(vectors, dim=-1)
    return unit
