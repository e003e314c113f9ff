"""Models of 2D detectors: keypoints that are noisy, displaced, swapped, lost or invented, with scores.

`KINDS` has the probabilities that characterise each kind of detector; the other constants apply to all kinds.
A detection is simulated in this order: systematic offsets, as annotators and bodies differ in where a
keypoint is; heels of feet that point at the camera; confusion of left and right; displacement of whole hands
and faces; independent heavy-tailed errors; the grid of the heatmap; scores; and finally losses.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.skeleton import INDEX, MIRROR, NUM_KEYPOINTS, PARENTS, PARTS
from wholebody_lift.train.synthetic.cameras import Views
from wholebody_lift.train.synthetic.draws import Draws, between


class Kind(NamedTuple):
    """One kind of detector. Numbers are probabilities per person unless said otherwise."""

    share: float
    noise: float = 1.0
    """Factor of the independent error."""
    own_crops: float = 0.0
    """1: face and hands are detected in crops of their own, at a higher resolution than the person's crop."""
    drops_hidden: float = 0.0
    """A hidden keypoint is not reported; per keypoint."""
    hand_lost: float = 0.0
    """A hand in full view is not found; per hand."""
    hidden_hand_lost: float = 0.0
    """As `hand_lost`, for a wholly hidden hand; interpolated for a partly hidden one. If it is not lost, its
    keypoints are guessed."""
    hidden_face_lost: float = 0.0
    """A face that is turned away is not found."""
    no_hands: float = 0.0
    no_face: float = 0.0
    no_feet: float = 0.0
    no_small_toes: float = 0.0
    zero: float = 0.0
    """Missing keypoints are reported as 0, 0 with score 0, not as a bad guess with a low score."""
    constant: float = 0.0
    """All found keypoints of face and hands have the same score."""
    score_base: float = 0.0
    """Logit of the score of a visible keypoint without any error."""
    score_error: float = 0.0
    """Drop of the logit for an error as large as the annotators' disagreement."""
    score_hidden: float = 0.0
    """Drop of the logit for a hidden keypoint."""
    score_spread: float = 0.0
    """Standard deviation of the logit."""


KINDS: dict[str, Kind] = {
    # Exact annotation or motion capture: complete, even somewhat beyond the picture; all scores are 1.
    "exact": Kind(share=0.15),
    # Exact input, masked as in H3WB's second task; see MASKS.
    "masked": Kind(share=0.10),
    # RTMPose, DWPose, ViTPose: one heatmap per keypoint from a single crop; guesses what it does not see.
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
    # MediaPipe Holistic: no small toes, visibilities near 0 or 1, constant scores for hands and face; often
    # loses hands, but also guesses hidden ones.
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
    # OpenPose: bottom-up; omits what it does not see; hands and face are optional.
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
"""Kinds of detector by name; their shares add up to one."""

MASKS: dict[str, tuple[float, float]] = {
    "any": (0.4, 0.25),
    "face": (0.2, 1.0),
    "left_hand": (0.2, 1.0),
    "right_hand": (0.2, 1.0),
}
"""H3WB's masking for lifting from incomplete keypoints (Zhu et al., ICCV 2023, and its README): one of these
is drawn for each person, as (probability, share of the keypoints that is masked)."""

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
"""Annotators' disagreement per keypoint, the sigma of COCO-WholeBody's evaluation, as a share of the person's
size, which is the square root of their area in the picture."""

SIZE_OF_BONES = 0.55
"""The person's size in mm divided by trunk + thigh + shank. The area is about 0.19 of the height squared
(0.53 of a box 0.35 as wide as high), and trunk, thigh and shank together are 0.78 of the height."""
ERROR_OF_SIGMA = 0.28
"""Error per axis in units of sigma, before the tail of Student's t: detectors err by 0.25 to 0.5 sigma."""
INDEPENDENT: dict[str, float] = {"face": 0.5, "left_hand": 0.8, "right_hand": 0.8}
"""Share of that error which is independent per keypoint of a part; the rest is common to the part, see
`DISPLACEMENTS`."""
QUALITY_SD = 0.45
"""Standard deviation of the logarithm of a person's overall error."""
HIDDEN_ERROR: dict[str, float] = {"body": 3.0, "feet": 3.0, "face": 1.0, "left_hand": 1.5, "right_hand": 1.5}
"""Error that is added for a hidden keypoint. Faces and hands are guessed as a whole, so their keypoints stay
together."""
INPUT_PIXELS = 256.0
"""Height of the detector's input, which shows a box `CROP_MARGIN` times as large as the person's."""
CROP_MARGIN = 1.25
FLOOR_INPUT_PIXELS = (0.15, 0.6)
FLOOR_PIXELS = 0.4
"""Smallest error per axis: in pixels of the detector's input, drawn per person, and in pixels of the
image."""
COARSE = 0.25
"""Share of detections that are rounded to a quarter cell of the heatmap, whose side is a quarter of the
input's."""
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
"""Standard deviation of a person's systematic offsets: outwards, upwards along the trunk, and to the front.
Annotators differ in what they call a hip, and so do bodies and clothes. Both sides have the same offset,
apart from `OFFSET_ASYMMETRY`."""
ALONG_MM: dict[str, float] = {"wrist": 14.0, "ankle": 10.0, "hand_root": 12.0}
"""Standard deviation of the systematic offset along the limb, away from the parent."""
OFFSET_ASYMMETRY = 0.35
TRAINED_OFFSETS_MM: dict[str, tuple[float, float, float]] = {
    "heel": (6.0, 12.0, 12.0),
    "big_toe": (8.0, 12.0, 14.0),
    "small_toe": (8.0, 12.0, 14.0),
}
"""What `OFFSETS_MM` is for feet `as_trained`. Otherwise detectors are trusted more with feet: toes have no
offset."""
HEEL_TOO_NEAR = 0.6
"""`as_trained`, the heel of a foot that points at the camera is placed too near to its toes, by up to this
share of the way between them: hidden behind the foot, it is put at the lower edge of the shoe. The line from
heel to toes tells how far the camera looks down, so a network that trusts it lets people lean."""


class Swap(NamedTuple):
    """Probability of confusing left and right: in any view, and added to it from the side and from behind."""

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
"""Probability that a wholly hidden hand, if not lost, is detected on the other hand."""


class Displacement(NamedTuple):
    """How a part is displaced as a whole: standard deviations of shift (in units of its size), rotation
    (degrees) and scale, when seen and when hidden."""

    shift: tuple[float, float]
    turn_deg: tuple[float, float]
    scale: tuple[float, float]


DISPLACEMENTS: dict[str, Displacement] = {
    "face": Displacement(shift=(0.012, 0.12), turn_deg=(1.0, 12.0), scale=(0.015, 0.12)),
    "left_hand": Displacement(shift=(0.03, 0.30), turn_deg=(3.0, 40.0), scale=(0.04, 0.20)),
    "right_hand": Displacement(shift=(0.03, 0.30), turn_deg=(3.0, 40.0), scale=(0.04, 0.20)),
}
SMALL_HAND_PIXELS = 12.0
"""A hand of this size in the picture is lost in half of the cases, in addition to other losses; larger hands
less often."""

TABLE = 0.08
"""Share of people who are hidden below a height between shoulders and knees."""
OBJECT = 0.15
"""Share of people who are partly behind an object, whose size is `OBJECT_SIZE` times that of their box."""
OBJECT_SIZE = (0.05, 0.25)
DROPOUT = 0.4
"""Share of people who lose keypoints at random, up to a share `DROPOUT_MOST` of them."""
DROPOUT_MOST = 0.15


def _unsided(name: str) -> str:
    """The name of a keypoint without its side."""
    return name.removeprefix("left_").removeprefix("right_")


class Layout(NamedTuple):
    """The keypoints that an exact annotation has."""

    share: float
    keypoints: tuple[str, ...]
    """Names without their side, or parts."""

    @property
    def given(self) -> Tensor:
        """(133,) bool: the annotation has the keypoint."""
        part_of = {i: part for part, members in PARTS.items() for i in members}
        return torch.tensor(
            [_unsided(name) in self.keypoints or part_of[i] in self.keypoints for name, i in INDEX.items()]
        )


_LIMBS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
EXACT_LAYOUTS: dict[str, Layout] = {
    "all": Layout(0.6, tuple(PARTS)),
    "body and feet": Layout(0.1, ("body", "feet")),
    "body": Layout(0.1, ("body",)),
    "limbs, nose and feet": Layout(0.04, (*_LIMBS, "nose", "feet")),
    "limbs and nose": Layout(0.06, (*_LIMBS, "nose")),
    "limbs": Layout(0.1, _LIMBS),
}
"""What exact input has in the mixture of training: motion capture and annotations of other layouts have no
hands and face, and often nothing of the head that is also a keypoint of COCO."""
HEADLESS = 0.2
"""Share of the kind "body_only", in the mixture of training, of whom no eyes, ears or nose are reported."""

UNSCORED = 0.12
"""Share of noisy detections without scores: every keypoint that was found gets 1."""
CONSTANT_SCORES = (0.9, 0.9, 1.0, 0.5)
"""The scores that face and hands may have where theirs is constant; equally likely."""
BORDER_GUESS = 0.03
"""Probability that a keypoint outside the picture is reported on its border with a score that counts."""
BORDER_SCORES = (0.3, 0.5)
MISSING_SCORES = (0.0, 0.25)
EXACT_REACH = 1.0
"""Exact input has keypoints up to this many picture sizes beyond the border, if the lens has no
distortion."""
MIN_FOUND = 4
"""If fewer keypoints would be left, from which nobody can be lifted, exact ones are reported instead."""

_HANDS = ("left_hand", "right_hand")
_GROUPS = (*DISPLACEMENTS, "rest")
_SLICES = {name: slice(part.start, part.stop) for name, part in PARTS.items()}
_NAMES = list(INDEX)
_SMALL_TOES, _BIG_TOES, _HEELS, _SHOULDERS, _HIPS, _KNEES, _ANKLES = (
    slice(left := INDEX[f"left_{name}"], (right := INDEX[f"right_{name}"]) + 1, right - left)
    for name in ("small_toe", "big_toe", "heel", "shoulder", "hip", "knee", "ankle")
)
_HEAD = [INDEX[name] for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
_EXACT, _MASKED, _BODY_ONLY = (list(KINDS).index(name) for name in ("exact", "masked", "body_only"))


@dataclass(frozen=True)
class Detections:
    """What N detectors report of N people."""

    xy: Tensor
    """(N, 133, 2) float32 pixels; 0, 0 or a bad guess where the score says that the keypoint is missing."""
    scores: Tensor
    """(N, 133) float32, 0 to 1; below `keypoints.MIN_SCORE` the keypoint is missing."""
    kind: Tensor
    """(N,) int64, position in `KINDS`."""


@dataclass(frozen=True)
class _Tables:
    """The tables above as tensors: K keypoints, of which F have systematic offsets, in G groups. Each group
    but the last, which is the rest, is displaced as a whole."""

    share: Tensor  # (D,) of each kind of detector
    kinds: Tensor  # (D, fields of Kind)
    sigmas: Tensor  # (K,) as shares of the person's size
    errors: Tensor  # (K,) per axis, in the same unit
    hidden_error: Tensor  # (K,)
    mirror: Tensor  # (K,)
    offset: Tensor  # (F,) keypoints
    offset_mirror: Tensor  # (F,) positions in `offset`
    offset_parents: Tensor  # (F,) keypoints
    offsets: Tensor  # (F, 4) to the left, upwards, to the front, along the limb
    offset_to_all: Tensor  # (F, K) 1 for the keypoint itself
    swaps: Tensor  # (3, S)
    swapped: Tensor  # (S, K) 1 for keypoints that belong to the swap
    group: Tensor  # (K,) position in `_GROUPS`
    mean: Tensor  # (K, G) weights of the mean over each group
    displacements: Tensor  # (2, G, 3) seen and hidden
    constant_scores: Tensor
    masked: Tensor  # (M, K) probability that the keypoint is masked
    mask_share: Tensor  # (M,)
    layouts: Tensor  # (L, K) bool
    layout_share: Tensor  # (L,)


@lru_cache
def _tables(device: torch.device, as_trained: bool = False) -> _Tables:
    offsets_mm = OFFSETS_MM | TRAINED_OFFSETS_MM if as_trained else OFFSETS_MM

    def floats(rows: Iterable[object]) -> Tensor:
        return torch.tensor(list(rows), dtype=torch.float32, device=device)

    def whole(numbers: Iterable[int]) -> Tensor:
        return torch.tensor(list(numbers), device=device)

    unsided = {name: _unsided(name) for name in INDEX}
    sides = {name: name.startswith("left_") - name.startswith("right_") for name in INDEX}
    offset = [name for name in INDEX if unsided[name] in offsets_mm | ALONG_MM]
    group = [_GROUPS.index(part if part in _GROUPS else "rest") for part in PARTS for _ in PARTS[part]]
    masked = [range(NUM_KEYPOINTS) if name == "any" else PARTS[name] for name in MASKS]
    still = (0.0, 0.0, 0.0)
    return _Tables(
        share=floats(kind.share for kind in KINDS.values()),
        kinds=floats(KINDS.values()),
        sigmas=floats(SIGMAS),
        errors=floats(
            ERROR_OF_SIGMA * SIGMAS[i] * INDEPENDENT.get(part, 1.0) for part in PARTS for i in PARTS[part]
        ),
        hidden_error=floats(HIDDEN_ERROR[part] for part in PARTS for _ in PARTS[part]),
        mirror=whole(MIRROR),
        offset=whole(INDEX[name] for name in offset),
        offset_mirror=whole(offset.index(_NAMES[MIRROR[INDEX[name]]]) for name in offset),
        offset_parents=whole(PARENTS[INDEX[name]] for name in offset),
        offsets=floats(
            (out * sides[name], up, front, ALONG_MM.get(unsided[name], 0.0))
            for name in offset
            for out, up, front in (offsets_mm.get(unsided[name], still),)
        ),
        offset_to_all=floats([i == INDEX[name] for i in range(NUM_KEYPOINTS)] for name in offset),
        swaps=floats(swap[:3] for swap in SWAPS.values()).T,
        swapped=floats(
            [_belongs(name, swap.keypoints) for name in unsided.values()] for swap in SWAPS.values()
        ),
        group=whole(group),
        mean=floats([(g == i) / group.count(i) for i in range(len(_GROUPS))] for g in group),
        displacements=floats(
            [[spread[hidden] for spread in parts] for parts in (*DISPLACEMENTS.values(), [still] * 3)]
            for hidden in (0, 1)
        ),
        constant_scores=floats(CONSTANT_SCORES),
        masked=floats(
            [share * (i in members) for i in range(NUM_KEYPOINTS)]
            for members, (_, share) in zip(masked, MASKS.values(), strict=True)
        ),
        mask_share=floats(share for share, _ in MASKS.values()),
        layouts=torch.stack([layout.given for layout in EXACT_LAYOUTS.values()]).to(device),
        layout_share=floats(layout.share for layout in EXACT_LAYOUTS.values()),
    )


def _belongs(name: str, group: tuple[str, ...]) -> bool:
    """Whether a keypoint, named without its side, is in a group; "hand" stands for all of a hand."""
    in_hand = name == "hand_root" or name.rstrip("1234").endswith(("thumb", "finger"))
    return "" in group or name in group or ("hand" in group and in_hand)


def detect(
    xy: Tensor,
    views: Views,
    hidden: Tensor,
    generator: torch.Generator,
    noise: bool = True,
    kind: str | None = None,
    *,
    as_trained: bool = False,
) -> Detections:
    """Simulate detections of N people.

    as_trained: as for training people and the latest test sets; else with smaller errors of feet, and with
    exact input that always has all keypoints, as in the first version of the test sets and in videos.

    `xy` (N, 133, 2) are the exact pixels in `views`, `hidden` (N, 133) bool the keypoints that the body
    itself hides. `generator` is on their device. Without `noise` the result is `xy` with all scores 1. `kind`
    is a name in `KINDS`, or None for the mixture. Raises ValueError for any other name.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"expected one of the kinds of detectors {', '.join(KINDS)}, got {kind!r}")
    draws, table = Draws(len(xy), generator), _tables(xy.device, as_trained)
    if not noise:
        return Detections(xy, torch.ones_like(xy[..., 0]), torch.full((len(xy),), _EXACT, device=xy.device))
    which = draws.choice(table.share)
    if kind is not None:
        which = torch.full_like(which, list(KINDS).index(kind))

    inside = views.inside
    scored_xy, scores = _noisy(draws, table, which, xy.mT.contiguous(), views, inside, hidden, as_trained)
    masked = draws.happens(table.masked[draws.choice(table.mask_share)], NUM_KEYPOINTS)
    is_masked = (which == _MASKED)[:, None]
    scores = torch.where(is_masked, (inside & ~masked).to(scores), scores)

    mixed = as_trained and kind is None
    if mixed:
        headless = (which == _BODY_ONLY) & draws.happens(HEADLESS)
        scores[:, _HEAD] = torch.where(headless[:, None], 0.0, scores[:, _HEAD])
    too_few = (scores >= MIN_SCORE).sum(-1) < MIN_FOUND
    which = torch.where(too_few, _EXACT, which)
    is_exact = (which == _EXACT)[:, None]
    exact = inside | _within_reach(xy.mT, views)
    if mixed:
        some = exact & table.layouts[draws.choice(table.layout_share)]
        exact = torch.where((some.sum(-1) < MIN_FOUND)[:, None], exact, some)
    scores = torch.where(is_exact, exact.to(scores), scores)
    exact_xy = (is_masked | is_exact)[:, None]
    return Detections(torch.where(exact_xy, xy.mT, scored_xy).mT.contiguous(), scores, which)


def _within_reach(xy: Tensor, views: Views) -> Tensor:
    """(N, K) bool: exact input has the keypoint (N, 2, K), which may be outside the picture."""
    size = views.image_size[..., None]
    near = (xy > -EXACT_REACH * size) & (xy < (1 + EXACT_REACH) * size)
    straight = (views.distortion == 0).all(-1, keepdim=True)
    return near[:, 0] & near[:, 1] & straight


# From here on coordinates come before keypoints, (N, 2, K) and (N, 3, K), which makes arithmetic several
# times faster.


def _noisy(
    draws: Draws,
    table: _Tables,
    which: Tensor,
    xy: Tensor,
    views: Views,
    inside: Tensor,
    hidden: Tensor,
    as_trained: bool,
) -> tuple[Tensor, Tensor]:
    """Keypoints (N, 2, K) and scores (N, K) from detectors of kinds `which` (N,)."""
    columns = table.kinds[which].unsqueeze(1).unbind(-1)
    kinds = dict(zip(Kind._fields, columns, strict=True))  # (N, 1) each
    xyz = views.xyz.mT.contiguous()
    pixels_per_mm = views.K[:, :1, 0] / xyz[:, 2]  # (N, K)
    size = _size_mm(xyz) * pixels_per_mm  # (N, K) px
    box = _extent(xy, inside)  # (N, 1) px
    own_boxes = CROP_MARGIN * _extents(xy)  # (N, G - 1) px
    unseen = hidden | ~inside | _behind_objects(draws, xy, box)
    axes = _trunk_axes(xyz)

    found_at = xy + _offsets_mm(draws, table, xyz, axes) * pixels_per_mm[:, None]
    if as_trained:
        found_at[..., _HEELS] += _heels_too_near(draws, xyz, found_at)
    other_side = _confused(draws, table, axes, unseen)  # (N, K)
    unseen, inside = (_exchanged(table, other_side, mask) for mask in (unseen, inside))
    found_at = _exchanged(table, other_side[:, None], found_at)
    hidden_share = (unseen.to(xy) @ table.mean).square()  # (N, G); a half-hidden part counts little
    extents = _extents(found_at)

    # Errors, and the scores that go with them.
    crops = torch.cat([torch.where(kinds["own_crops"] > 0, own_boxes, box), box], 1)  # (N, G) px
    input_pixel = crops.index_select(1, table.group) * (CROP_MARGIN / INPUT_PIXELS)  # (N, K)
    quality = (QUALITY_SD * draws.normal(1)).exp() * kinds["noise"]
    floor = FLOOR_PIXELS + draws.between(FLOOR_INPUT_PIXELS, 1) * input_pixel
    spread = (quality * table.errors * size).hypot(floor) * (1 + table.hidden_error * unseen)
    error = spread[:, None] * _student_t(draws)
    error += _displacement(draws, table, found_at, extents, hidden_share, quality)
    relative_error = torch.hypot(error[:, 0], error[:, 1]) / (table.sigmas * size)
    scores = _scores(draws, table, kinds, relative_error, unseen)
    answer = found_at + error
    cell = (COARSE_INPUT_PIXELS * input_pixel)[:, None]
    coarse = draws.happens(COARSE, 1, 1)
    answer = torch.where(coarse, (answer / cell).round() * cell, answer)

    return _reported(draws, kinds, views, unseen, inside, hidden_share, extents, answer, scores)


def _reported(
    draws: Draws,
    kinds: dict[str, Tensor],
    views: Views,
    unseen: Tensor,
    inside: Tensor,
    hidden_share: Tensor,
    extents: Tensor,
    answer: Tensor,
    scores: Tensor,
) -> tuple[Tensor, Tensor]:
    """The answers (N, 2, K) and their scores (N, K) with those missing that are lost or outside the picture.

    One random number per keypoint serves for either kind of score of a missing one.
    """
    on_border = ~inside & draws.happens(BORDER_GUESS * (kinds["zero"] < 1), NUM_KEYPOINTS)
    drawn = draws.uniform(NUM_KEYPOINTS)
    scores = torch.where(on_border, between(drawn, BORDER_SCORES), scores)
    lost = _lost(draws, kinds, unseen, hidden_share, extents) | (~inside & ~on_border)
    unscored = draws.happens(UNSCORED, 1) & (scores >= MIN_SCORE)
    scores = torch.where(unscored, 1.0, scores)
    border = torch.minimum(answer.clamp_min(0), views.image_size[..., None] - 1)
    answer = torch.where(inside[:, None], answer, border)
    zero = draws.happens(kinds["zero"], 1)
    scores = torch.where(lost, torch.where(zero, 0.0, between(drawn, MISSING_SCORES)), scores)
    return answer.masked_fill_((lost & zero)[:, None], 0.0), scores


def _size_mm(xyz: Tensor) -> Tensor:
    """(N, 1) square root of the area that the person would cover standing upright, mm; from trunk and
    legs."""
    shoulders, hips, knees, ankles = (xyz[..., pair] for pair in (_SHOULDERS, _HIPS, _KNEES, _ANKLES))
    trunk = _length(shoulders.mean(-1, keepdim=True) - hips.mean(-1, keepdim=True))
    legs = _length(hips - knees) + _length(knees - ankles)
    return SIZE_OF_BONES * (trunk + legs.mean(-1, keepdim=True))


def _trunk_axes(xyz: Tensor) -> Tensor:
    """(N, 3, 3), whose columns point to the person's left, upwards along the trunk and to the front."""
    shoulders, hips = xyz[..., _SHOULDERS], xyz[..., _HIPS]
    left = _unit((shoulders + hips)[..., 0] - (shoulders + hips)[..., 1])
    front = _unit(torch.linalg.cross(left, shoulders.mean(-1) - hips.mean(-1)))
    return torch.stack([left, torch.linalg.cross(front, left), front], -1)


def _extent(xy: Tensor, of: Tensor | None = None) -> Tensor:
    """(N, 1) longer side, at least one pixel, of the box around keypoints (N, 2, K), or those in `of` (N,
    K)."""
    low = high = xy
    if of is not None:
        low, high = (torch.where(of[:, None], xy, value) for value in (torch.inf, -torch.inf))
    return (high.amax(-1) - low.amin(-1)).amax(-1, keepdim=True).clamp_min(1.0)


def _extents(xy: Tensor) -> Tensor:
    """As `_extent`, for each group except the rest: (N, G - 1)."""
    return torch.cat([_extent(xy[..., _SLICES[part]]) for part in DISPLACEMENTS], 1)


def _behind_objects(draws: Draws, xy: Tensor, box: Tensor) -> Tensor:
    """(N, K) bool: an object, such as furniture, covers the keypoint."""
    x, y = xy.unbind(1)
    top, bottom = (y[:, pair].mean(1, keepdim=True) for pair in (_SHOULDERS, _KNEES))
    table = draws.happens(TABLE, 1) & (y > top + (bottom - top) * draws.uniform(1))
    anywhere = (draws.uniform(1) * NUM_KEYPOINTS).long()
    half_wide, half_high = (draws.between(OBJECT_SIZE, 2) * box).chunk(2, 1)
    wide, high = ((side - side.gather(1, anywhere)).abs() for side in (x, y))
    return table | (draws.happens(OBJECT, 1) & (wide < half_wide) & (high < half_high))


def _offsets_mm(draws: Draws, table: _Tables, xyz: Tensor, axes: Tensor) -> Tensor:
    """(N, 2, K) systematic offsets in the plane of the picture, mm."""
    z = draws.normal(len(table.offset), 4)  # (N, F, 4)
    both_sides = (z + z.index_select(1, table.offset_mirror)) / math.sqrt(2)
    z = math.sqrt(1 - OFFSET_ASYMMETRY**2) * both_sides + OFFSET_ASYMMETRY * z
    *of_trunk, along = (z * table.offsets).unbind(-1)  # (N, F) each
    limb = _unit(xyz.index_select(-1, table.offset) - xyz.index_select(-1, table.offset_parents))
    offsets = axes[:, :2] @ torch.stack(of_trunk, 1) + along[:, None] * limb[:, :2]  # (N, 2, F)
    return offsets @ table.offset_to_all


def _heels_too_near(draws: Draws, xyz: Tensor, xy: Tensor) -> Tensor:
    """(N, 2, 2) px by which the heels are placed too near to the toes, alike on both sides."""
    to_camera = (-_unit(xyz[..., _BIG_TOES] - xyz[..., _HEELS])[:, 2:]).clamp_min(0)  # (N, 1, 2)
    share = HEEL_TOO_NEAR * draws.uniform(1, 1) * to_camera
    return share * (xy[..., _BIG_TOES] - xy[..., _HEELS])


def _confused(draws: Draws, table: _Tables, axes: Tensor, unseen: Tensor) -> Tensor:
    """(N, K) bool: the keypoint is confused with its counterpart on the other side."""
    facing = -axes[:, 2:, 2]  # (N, 1): 1 towards the camera, -1 away from it
    conditions = torch.cat([torch.ones_like(facing), 1 - facing.abs(), (-facing).clamp_min(0)], -1)
    happens = draws.happens(conditions @ table.swaps, len(SWAPS))  # (N, S)
    other_side = (happens.to(axes) @ table.swapped) % 2 == 1
    for hand in _HANDS:
        part = _SLICES[hand]
        hidden_share = unseen[:, part].to(axes).mean(-1, keepdim=True).square()
        other_side[:, part] ^= draws.happens(HAND_ON_OTHER * hidden_share, 1)
    return other_side


def _exchanged(table: _Tables, other_side: Tensor, values: Tensor) -> Tensor:
    """Values (..., K), where `other_side` (N, K) holds taken from the keypoint on the other side."""
    return torch.where(other_side, values.index_select(-1, table.mirror), values)


def _displacement(
    draws: Draws, table: _Tables, xy: Tensor, extents: Tensor, hidden_share: Tensor, quality: Tensor
) -> Tensor:
    """(N, 2, K) displacement in px of face and hands as wholes."""
    seen, not_seen = table.displacements
    spreads = torch.lerp(quality[..., None] * seen, not_seen, hidden_share[..., None])  # (N, G, 3)
    shift, turn, scale = spreads.unbind(-1)
    z = draws.normal(4, len(_GROUPS))
    angle, factor = torch.deg2rad(turn * z[:, 0]), (scale * z[:, 1]).exp()
    size = torch.nn.functional.pad(shift[:, :-1] * extents, (0, 1))
    of_groups = [
        xy @ table.mean,
        torch.stack([factor * angle.cos() - 1, factor * angle.sin()], 1),
        size[:, None] * z[:, 2:],
    ]
    middle, turned, step = torch.cat(of_groups, 1).index_select(-1, table.group).chunk(3, 1)  # (N, 2, K)
    (x, y), (cosine, sine) = (xy - middle).unbind(1), turned.unbind(1)
    return torch.stack([x * cosine - y * sine, x * sine + y * cosine], 1) + step


def _student_t(draws: Draws) -> Tensor:
    """(N, 2, K) from the bivariate Student's t distribution with 4 degrees of freedom.

    The length exceeds r with probability (1 + r^2 / 4)^-2, and the direction is uniform.
    """
    way = 2 * math.pi * draws.uniform(NUM_KEYPOINTS)
    length = 2 * ((1 - draws.uniform(NUM_KEYPOINTS)).rsqrt_() - 1).clamp_min_(0).sqrt_()
    return length[:, None] * torch.stack([way.cos(), way.sin()], 1)


def _scores(draws: Draws, table: _Tables, kinds: dict[str, Tensor], error: Tensor, unseen: Tensor) -> Tensor:
    """(N, K) scores of keypoints with errors (N, K), in units of the annotators' sigma."""
    logit = kinds["score_base"] - kinds["score_error"] * error.log1p() - kinds["score_hidden"] * unseen
    scores = torch.addcmul(logit, kinds["score_spread"], draws.normal(NUM_KEYPOINTS)).sigmoid_()
    value = table.constant_scores[(draws.uniform(1) * len(CONSTANT_SCORES)).long()]
    constant = draws.happens(kinds["constant"], 1) & (table.group < len(DISPLACEMENTS))
    return torch.where(constant, value, scores)


def _lost(
    draws: Draws,
    kinds: dict[str, Tensor],
    unseen: Tensor,
    hidden_share: Tensor,
    extents: Tensor,
) -> Tensor:
    """(N, K) bool: the keypoint is in the picture but not reported."""
    most = draws.between((0.0, DROPOUT_MOST), 1) * draws.happens(DROPOUT, 1)
    lost = draws.uniform(NUM_KEYPOINTS) < most + (1 - most) * kinds["drops_hidden"] * unseen

    hidden = dict(zip(_GROUPS, hidden_share.unsqueeze(1).unbind(-1), strict=True))
    extent = dict(zip(DISPLACEMENTS, extents.unsqueeze(1).unbind(-1), strict=True))
    lost_parts = {"face": draws.happens(kinds["no_face"] + kinds["hidden_face_lost"] * hidden["face"], 1)}
    no_hands = draws.happens(kinds["no_hands"], 1)
    for hand in _HANDS:
        seen_or_not = torch.lerp(kinds["hand_lost"], kinds["hidden_hand_lost"], hidden[hand])
        small = 0.5 * (SMALL_HAND_PIXELS / extent[hand]).square()
        lost_parts[hand] = no_hands | draws.happens(seen_or_not + small, 1)
    for part, gone in lost_parts.items():
        lost[:, _SLICES[part]] |= gone
    lost[:, _SLICES["feet"]] |= draws.happens(kinds["no_feet"], 1)
    lost[:, _SMALL_TOES] |= draws.happens(kinds["no_small_toes"], 1)
    return lost


def _length(vectors: Tensor) -> Tensor:
    """Lengths of vectors (N, 3, ...)."""
    return (vectors * vectors).sum(1).sqrt()


def _unit(vectors: Tensor) -> Tensor:
    """Vectors (N, 3, ...) at unit length."""
    return vectors / _length(vectors)[:, None].clamp_min(1e-12)
