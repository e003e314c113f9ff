"""Signs of common mistakes in input that can still be lifted.

Each sign is chosen so that a real person in a real picture does not show it: missing keypoints, oblique views
and unusual poses do not trigger it. `benchmarks/false_alarms.py` measures how often each is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Floats, Mask
from wholebody_lift.arrays import extent
from wholebody_lift.errors import (
    CameraWarning,
    InputWarning,
    OrientationWarning,
    PlaceholderWarning,
    ProportionWarning,
    ReprojectionWarning,
    name_people,
)
from wholebody_lift.skeleton import FACE_FEATURES, INDEX, PARTS, TREE_EDGES

REPROJECTION_LIMIT = 0.1
"""Mean reprojection error, as a share of the person's size in the image, above which a warning is given."""

BODY_TO_FIT = 6
"""With fewer keypoints of shoulders, arms, hips, legs and feet, as in a picture of a face or a hand, the size
of what is seen is not that of the person."""

SAME_SPOT, SAME_LINE = 4, 7
"""This many keypoints of shoulders, arms, hips, legs and feet on one spot, or on one row or column."""

SAME_SPOT_OF_A_PART = 10
"""This many keypoints of a face or a hand, with none of the part elsewhere, on one spot."""

IMPOSSIBLE = 6.0
"""A part this many times larger than the others suggest does not belong to the same person."""

MOSTLY_MIRRORED = 0.9
"""If at least this share of the faces seen squarely enough are mirrored, the picture is mirrored. Exact 2D
of people seen from behind also has mirrored faces, but then other faces are the right way round."""

UPSIDE_DOWN_ERRORS = 1.2
"""Errors of the body of people who look upside down are 1.18 times those expected: 0.92 times for 942 people
of the validation recordings, turned by half a turn, and 1.38 times for 1,155 with y up; 2D keypoints do not
tell which they are. Of 1,500 people as recorded, none looks upside down (`benchmarks/turned.py`)."""

OFF_CENTRE = 0.2
"""Largest usual distance of the principal point from the image centre, as a share of width and height. With
K of half the resolution it is 0.25."""

UNEQUAL_FOCAL = 2.0
"""No camera has pixels this many times wider than high, or higher than wide."""

_MOVING = [i for i in (*PARTS["body"], *PARTS["feet"]) if i > INDEX["right_ear"]]

_SHARES = {
    "head": {("nose", "eye"): 0.03, ("eye", "ear"): 0.05},
    "arms": {("shoulder", "elbow"): 0.18, ("elbow", "wrist"): 0.15},
    "legs": {("hip", "knee"): 0.24, ("knee", "ankle"): 0.24},
    "feet": {("ankle", "heel"): 0.06, ("heel", "big_toe"): 0.14},
}
_PROPORTIONS: dict[str, list[tuple[int, int, float]]] = {
    group: [
        (INDEX[a if a in INDEX else f"{side}_{a}"], INDEX[f"{side}_{b}"], share)
        for (a, b), share in edges.items()
        for side in ("left", "right")
    ]
    for group, edges in _SHARES.items()
} | {
    "trunk": [
        (INDEX[f"left_{a}"], INDEX[f"{side}_{b}"], share)
        for a, side, b, share in (
            ("shoulder", "right", "shoulder", 0.21),
            ("hip", "right", "hip", 0.11),
            ("shoulder", "left", "hip", 0.3),
        )
    ]
}
"""Edges of each part of the body, and their lengths as shares of the stature (Drillis and Contini 1966, as in
Winter, Biomechanics and Motor Control of Human Movement, figure 4.1; head and feet from COCO's keypoints)."""

_STARTS, _ENDS, _SPANS = map(
    np.array, zip(*(edge for part in _PROPORTIONS.values() for edge in part), strict=True)
)
_FIRST_EDGES = np.cumsum([0, *map(len, _PROPORTIONS.values())])[:-1]

_BODY_EDGES = np.array([edge for edge in TREE_EDGES if set(edge) <= set(PARTS["body"])])

_UPPER, _LOWER = np.triu_indices(5, 1)
"""Pairs of the levels of a person: nose, shoulders, hips, knees, ankles."""


class _Sign(NamedTuple):
    people: Mask
    """(N,) bool: the people who show it."""
    what: str
    fix: str
    category: type[InputWarning] = OrientationWarning


def signs_of_mistakes(
    xy: Floats, image_size: Floats | None, K: Floats | None
) -> Iterator[tuple[type[InputWarning], str]]:
    """A category and a message for each sign of a mistake that any of the people show.

    Args:
        xy: (N, 133, 2) pixels, NaN where missing.
        image_size: (N, 2) width and height in pixels, or None.
        K: (N, 3, 3) intrinsics in pixels, or None.
    """
    signs = [*_posture(xy), *_placeholders(xy), _proportions(xy)]
    if image_size is not None:
        signs += _outside_image(xy, image_size)
    if K is not None:
        signs += _odd_camera(image_size, K)
    yield from _messages(signs)


def upside_down(xy: Floats) -> Mask:
    """(N,) bool: people (N, 133, 2) in pixels, NaN where missing, whose y looks upside down."""
    return _upside_down(xy, *_face_chirality(xy))


def error_factor(xy: Floats) -> npt.NDArray[np.float32]:
    """(N, 1) float32: how many times larger errors are than expected, as what is seen (N, 133, 2) is
    implausible: `UPSIDE_DOWN_ERRORS` for people who are upside down, and exactly 1 for everyone else.
    """
    factor = np.ones((len(xy), 1), np.float32)
    factor[upside_down(xy)] = UPSIDE_DOWN_ERRORS
    return factor


def signs_in_result(xy: Floats, reprojection_error_px: Floats) -> Iterator[tuple[type[InputWarning], str]]:
    """The same for people who have been lifted, which catches mistakes that leave no sign in 2D.

    Args:
        xy: (N, 133, 2) pixels, NaN where missing.
        reprojection_error_px: (N,) mean distance between the 2D keypoints and the result; NaN if none.
    """
    size = _size(xy)
    share = np.divide(reprojection_error_px, size, out=np.zeros(len(size)), where=size > 0)
    share[(~np.isnan(xy[:, _MOVING, 0])).sum(axis=1) < BODY_TO_FIT] = 0
    yield from _messages(
        [
            _Sign(
                share > REPROJECTION_LIMIT,
                "the result does not fit the 2D keypoints: its mean distance from them is "
                f"{100 * np.nanmax(share, initial=0):.0f}% of the person's size",
                "check that the keypoints are in COCO-WholeBody's order, in pixels of one image and of one "
                "person, and that missing ones are NaN or have score 0",
                ReprojectionWarning,
            )
        ]
    )


def _messages(signs: Iterable[_Sign]) -> Iterator[tuple[type[InputWarning], str]]:
    for sign in signs:
        if sign.people.any():
            yield sign.category, f"{name_people(sign.people)}: {sign.what}; {sign.fix}"


_AT_ONCE = 4096
"""People whose keypoints are compared with one another at once, which bounds the memory."""


def _placeholders(xy: Floats) -> list[_Sign]:
    """Many keypoints on one spot or one line, as only placeholders are."""
    tolerance = 1e-5 * _size(xy)[:, None, None]  # (N, 1, 1)
    on_spot, on_line = np.zeros((2, len(xy)), dtype=np.int64)
    for start in range(0, len(xy), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        body = xy[part, _MOVING]  # (B, M, 2)
        close = np.abs(body[:, :, None] - body[:, None]) <= tolerance[part, None]  # (B, M, M, 2)
        on_spot[part] = close.all(axis=-1).sum(axis=2).max(axis=1)  # False with NaN
        on_line[part] = close.sum(axis=2).max(axis=(1, 2))
    fix = "mark placeholders as missing (NaN, or score 0)"
    parts = [
        _on_one_spot(xy[:, PARTS[part]], tolerance[:, 0]) for part in ("face", "left_hand", "right_hand")
    ]
    return [
        _Sign(on_spot >= SAME_SPOT, "several keypoints of the body are on one spot", fix, PlaceholderWarning),
        _Sign(
            (on_line >= SAME_LINE) & (on_spot < SAME_SPOT),
            "many keypoints of the body are on one line",
            fix,
            PlaceholderWarning,
        ),
        _Sign(
            np.logical_or.reduce(parts),
            "all keypoints of a face or a hand are on one spot",
            fix,
            PlaceholderWarning,
        ),
    ]


def _on_one_spot(part: Floats, tolerance: Floats) -> Mask:
    """(N,) bool: whether all visible keypoints of a part (N, K, 2) are on one spot, if enough are visible."""
    seen = (~np.isnan(part[..., 0])).sum(axis=1)
    return np.asarray((extent(part) <= tolerance).all(axis=1) & (seen >= SAME_SPOT_OF_A_PART))


def _proportions(xy: Floats) -> _Sign:
    """A part of the body whose longest edge is impossibly long compared with the others'.

    Foreshortening shortens edges, and near parts look larger to a near camera, but a head is never several
    times as large as limbs and trunk suggest.
    """
    apparent = _length(xy[:, _STARTS] - xy[:, _ENDS]) / _SPANS  # (N, edges) statures in pixels
    largest = np.sort(np.fmax.reduceat(apparent, _FIRST_EDGES, axis=1), axis=1)  # (N, parts), NaN last
    known = (~np.isnan(largest)).sum(axis=1)
    person = np.arange(len(xy))
    median = (largest[person, (known - 1) // 2] + largest[person, known // 2]) / 2
    return _Sign(
        (known >= 3) & (largest[person, known - 1] > IMPOSSIBLE * median),
        "parts of the body have impossible proportions",
        "check that the keypoints are in COCO-WholeBody's order and belong to one person",
        ProportionWarning,
    )


def _odd_camera(image_size: Floats | None, K: Floats) -> Iterator[_Sign]:
    """Pixels that are not square, and a principal point far from the image centre, as in a K of another
    resolution."""
    ratio = K[:, 0, 0] / K[:, 1, 1]
    yield _Sign(
        np.maximum(ratio, 1 / ratio) > UNEQUAL_FOCAL,
        f"fx and fy of K differ by more than {UNEQUAL_FOCAL:g} times",
        "check the order [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] and that both are in pixels",
        CameraWarning,
    )
    if image_size is not None:
        off = np.abs(K[:, :2, 2] / image_size - 0.5)  # (N, 2)
        yield _Sign(
            np.asarray((off > OFF_CENTRE).any(axis=1)),
            "the principal point of K is far from the centre of the image",
            "scale fx, fy, cx and cy to the resolution of the image; ignore this if the image was cropped "
            "off centre",
            CameraWarning,
        )


def _outside_image(xy: Floats, image_size: Floats) -> Iterator[_Sign]:
    """Keypoints outside an image of w x h that are all inside one of h x w; or most of them outside."""
    size = image_size[:, None]  # (N, 1, 2)
    observed = (~np.isnan(xy[..., 0])).sum(axis=1)
    outside = ((xy > size) | (xy < 0)).any(axis=-1).sum(axis=1)
    outside_turned = ((xy > size[..., ::-1]) | (xy < 0)).any(axis=-1).sum(axis=1)
    on_its_side = (outside > 0.1 * observed) & (outside_turned == 0)
    yield _Sign(
        on_its_side,
        "keypoints lie outside the image, but would lie inside if width and height were swapped",
        "pass image_size as (width, height), e.g. image.shape[1::-1]",
    )
    yield _Sign(
        (outside > 0.5 * observed) & ~on_its_side,
        "most keypoints lie outside the image",
        "pass the size of the image that the keypoints are in, with (0, 0) in its upper left corner",
        CameraWarning,
    )


def _posture(xy: Floats) -> list[_Sign]:
    mirrored, right_way_round = _face_chirality(xy)
    upside_down = _upside_down(xy, mirrored, right_way_round)
    decisive = mirrored | right_way_round
    if mirrored.sum() < MOSTLY_MIRRORED * decisive.sum() or decisive.sum() < 0.5 * len(xy):
        mirrored = np.zeros_like(mirrored)  # some are seen from behind, with a face that shines through
    at_other_wrist, far_from_wrist = _hands_off(xy)
    swapped = "left and right look swapped: "
    exchange = "left is the person's own left, so swap the sides"
    return [
        _Sign(
            upside_down,
            "y looks upside down, as the head is lowest",
            "y points down in images, so pass height - y if yours points up (ignore this for a handstand)",
        ),
        _Sign(
            mirrored & ~upside_down,
            f"{swapped}the face is mirrored",
            f"pass width - x if the picture was mirrored; otherwise {exchange}; give the face of somebody "
            "seen from behind as missing",
        ),
        _Sign(_face_against_body(xy), f"{swapped}the face looks the other way than the body", exchange),
        _Sign(at_other_wrist, f"{swapped}a hand is at the other hand's wrist", exchange),
        _Sign(
            far_from_wrist,
            "a hand is far from its wrist",
            "mark it as missing (score 0) if it is someone else's; otherwise check the keypoint order",
            ProportionWarning,
        ),
    ]


def _face_chirality(xy: Floats) -> tuple[Mask, Mask]:
    """Whether the face is mirrored, and whether it is the right way round; neither if seen obliquely.

    Rotating a picture keeps the sense of rotation from the line of the eyes to the line down to the mouth;
    mirroring it in x or y reverses it. Since a face is visible only from the front, this is decisive.
    """
    right_eye, left_eye, mouth = (
        _middle(xy, FACE_FEATURES[name]) for name in ("right_eye", "left_eye", "mouth")
    )
    across, down = left_eye - right_eye, mouth - (left_eye + right_eye) / 2  # (N, 2)
    sense = across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]
    decisive = 0.5 * _length(across) * _length(down)
    frontal = _length(across) > 0.5 * _length(down)
    return frontal & (sense < -decisive), frontal & (sense > decisive)


def _upside_down(xy: Floats, mirrored: Mask, right_way_round: Mask) -> Mask:
    """Whether the visible ones of nose, shoulders, hips, knees and ankles follow one another upwards.

    In a handstand they do too, but then the face, if visible, is the right way round.
    """
    pairs = [_either(xy, name) for name in ("shoulder", "hip", "knee", "ankle")]
    levels = np.stack([xy[:, INDEX["nose"]], *pairs], axis=1)  # (N, 5, 2)
    downwards = levels[:, _UPPER, 1] <= levels[:, _LOWER, 1]  # (N, 10); False where one is missing
    width, height = extent(levels).T
    upright = height > 2 * width  # someone lying down may have their feet slightly higher
    known = (~np.isnan(levels[..., 0])).sum(axis=1)
    sure = ((known >= 3) & ~right_way_round) | ((known >= 2) & mirrored)
    head_first: Mask = ~downwards.any(axis=1) & upright & sure
    return head_first


def _face_against_body(xy: Floats) -> Mask:
    """Whether eyes and ears are reversed relative to shoulders and hips, if seen nearly square on."""
    eyes, ears, shoulders, hips = (_across(xy, name) for name in ("eye", "ear", "shoulder", "hip"))
    torso = _either(xy, "shoulder") - _either(xy, "hip")
    square_on: Mask = _length(ears) > 0.25 * _length(shoulders)
    square_on &= _length(shoulders) > 0.5 * _length(torso)
    against = (_dot(eyes, shoulders) < 0) & (_dot(hips, shoulders) > 0)
    against &= _dot(ears, shoulders) < -0.5 * _length(ears) * _length(shoulders)
    return against & square_on


def _hands_off(xy: Floats) -> tuple[Mask, Mask]:
    """Whether a hand is at the other side's wrist, and whether one is far from its own.

    "Far" is relative to the person's size: the longest visible edge of the body, often torso or thigh.
    """
    lengths = _length(xy[:, _BODY_EDGES[:, 0]] - xy[:, _BODY_EDGES[:, 1]])  # (N, edges)
    size = np.where(np.isnan(lengths), 0, lengths).max(axis=1)
    size[size == 0] = np.inf  # no edge to measure by
    at_other, far = np.zeros(len(xy), dtype=bool), np.zeros(len(xy), dtype=bool)
    for side, other in (("left", "right"), ("right", "left")):
        root = xy[:, INDEX[f"{side}_hand_root"]]
        to_own = _length(root - xy[:, INDEX[f"{side}_wrist"]])
        to_other = _length(root - xy[:, INDEX[f"{other}_wrist"]])
        off = to_own > 0.5 * size
        exchanged = off & (to_other < 0.2 * size)
        at_other |= exchanged
        far |= off & ~exchanged
    return at_other, far


def _size(xy: Floats) -> Floats:
    """(N,) the longer side of the box around a person's keypoints, in pixels."""
    return np.asarray(extent(xy).max(axis=1).clip(min=0))


def _across(xy: Floats, name: str) -> Floats:
    """(N, 2): the vector from the right keypoint to the left one."""
    return xy[:, INDEX[f"left_{name}"]] - xy[:, INDEX[f"right_{name}"]]


def _either(xy: Floats, name: str) -> Floats:
    """(N, 2): the midpoint of the left and the right keypoint, or the visible one."""
    left, right = xy[:, INDEX[f"left_{name}"]], xy[:, INDEX[f"right_{name}"]]
    return np.where(np.isnan(left), right, np.where(np.isnan(right), left, (left + right) / 2))


def _middle(xy: Floats, keypoints: range) -> Floats:
    """(N, 2): the mean of the keypoints; NaN unless all are visible."""
    return np.asarray(xy[:, keypoints.start : keypoints.stop].mean(axis=1))


def _length(vectors: Floats) -> Floats:
    return np.asarray(np.linalg.norm(vectors, axis=-1))


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray((a * b).sum(axis=-1))
