"""Check each field of `Keypoints2D` and convert it: to arrays of numbers in one form, or an
`InputError` that says what was expected, what came and how to fix it.
"""

from __future__ import annotations

import os
import reprlib
import sys
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Floats, Integers, Mask
from wholebody_lift.arrays import extent
from wholebody_lift.errors import DroppedWarning, InputError, PlaceholderWarning, count, name_people, warn
from wholebody_lift.layouts import USUAL_LAYOUT
from wholebody_lift.skeleton import KEYPOINT_NAMES, LONG_BONES, NUM_KEYPOINTS

MIN_SCORE = 0.3
"""A keypoint with a lower score counts as missing, unless the caller sets another limit."""

MAX_PIXEL = 1e6
"""No image has this many pixels across: a larger coordinate or focal length is a mistake."""

MAX_SLOPE = 10.0
"""Tangent of 84 degrees: if most keypoints are further from the axis of K, it is in other units than they
are."""

MAX_DISTORTION = 1000.0
"""No lens has a distortion coefficient this large."""

MIN_FPS, MAX_FPS = 1e-4, 10_000.0
"""From one frame every three hours to more than any camera used for people records."""

MAX_ASPECT = 100.0
"""No image is this many times wider than it is high, or higher than it is wide."""

SCORE_RANGE = (-0.5, 1.5)
"""Scores in this range are cut to 0..1: heatmaps can answer a little under 0, and RTMPose, RTMW and OpenPose
a little over 1. Beyond it they are something else, such as logits or percentages."""

SMOOTHNESS_RANGE = (1e-3, 1e3)
"""From no smoothing at all to that of a clip by a straight line."""

HEIGHT_RANGE_MM = (300.0, 2500.0)
"""Standing heights from a newborn's to a giant's."""

BONE_RANGE_MM = (10.0, 1000.0)
"""From the forearm of a newborn to more than the thigh of a giant."""

GRAVITY_SPREAD_DEG = 5.0
"""Default spread of a known gravity, in degrees: that of a camera held level by hand."""

MAX_CAMERA_HEIGHT_MM = 1e5
"""A hundred metres: the roof of a stadium."""

MAX_DEPTH_MM = 1e6
"""A kilometre."""

LEVEL = (0.0, 1.0, 0.0)
"""Gravity in the axes of a camera that is held level."""

CLAMPED = 4
"""At least this many keypoints exactly on one border of the picture were moved there by a detector."""

_LARGEST_FRACTION = 2.0
"""Coordinates of people that are all smaller than this are fractions of the picture, not pixels."""

_LEAST_FRACTION = -0.25
"""The lowest fraction to expect of people who are partly outside the picture."""

PER_PERSON = {
    "image_size": 1,
    "K": 2,
    "distortion": 1,
    "height_mm": 0,
    "bone_lengths": 1,
    "gravity": 1,
    "gravity_spread_deg": 0,
    "depth": 1,
    "image_ids": 0,
    "track_ids": 0,
}
"""The fields that may have a person axis, and how many axes their value for one person has."""


def min_score(value: Any) -> float:
    return number("min_score", value, least=0, most=1)


def keypoints_and_scores(
    keypoints: Any, scores: Any, min_score: float
) -> tuple[Floats, npt.NDArray[np.float32]]:
    """Keypoints (N, 133, 2), NaN where missing, and scores (N, 133), 0 where missing."""
    given = numbers("keypoints", keypoints).astype(np.float64)
    _require_layout(given.shape)
    given = given.reshape(-1, *given.shape[-2:])  # (N, K, 2) or (N, K, 3)
    if given.shape[-1] == 3:
        if scores is not None:
            raise InputError(
                "expected scores once, got them twice: in the third column of keypoints and as scores; "
                "pass keypoints[..., :2] to use scores, or omit scores"
            )
        scores = given[..., 2]
    xy = given[..., :2].copy()
    nowhere = (xy == 0).all(-1)
    if scores is None:
        nowhere |= (xy == -1).all(-1)
        score = np.where(nowhere, np.float32(0), np.float32(1))
    else:
        score = _scores(scores, len(xy))
    missing = nowhere | np.isnan(xy).any(-1) | np.isnan(score) | (score < np.float32(min_score))
    missing |= ~(score > 0).any(axis=-1, keepdims=True)  # even with min_score 0: nothing has a weight
    xy[missing] = np.nan
    score[missing] = 0
    _require_finite(xy)
    return xy, score


def invisible(xy: Floats) -> Mask:
    """(N,) bool: people that have no visible keypoint, or all of them on one spot."""
    size = np.nan_to_num(np.abs(xy)).max(axis=(1, 2))  # (N,)
    return np.asarray(extent(xy).max(axis=-1) <= 1e-6 * size)


def rows(name: str, value: Any, chosen: Mask) -> Any:
    """The chosen people's rows of a field; the field itself if it is one value for everyone."""
    if name not in PER_PERSON:
        return value
    array = numbers(name, value)
    has_person_axis = array.ndim == PER_PERSON[name] + 1 and len(array) == len(chosen)
    return array[chosen] if has_person_axis else value


def selection(index: Any, track_ids: Any) -> None:
    """Raise InputError for one bool as an index, which would be taken for row 0 or 1."""
    if not isinstance(index, slice) and np.ndim(index) == 0 and np.asarray(index).dtype.kind == "b":
        why = "without track_ids, a comparison with them gives one bool" if track_ids is None else "one bool"
        raise InputError(
            "expected a row, a slice, a list of rows or a mask with a bool for each person, got "
            f"{bool(index)}; {why}. Choose by row, such as people[0], or give track_ids"
        )


def numbers(name: str, value: Any) -> npt.NDArray[Any]:
    """A copy of the value as an array of numbers, in which None and masked numbers are NaN."""
    if isinstance(value, str | bytes | os.PathLike):
        hint = "; to read a file use wholebody_lift.formats.read(path)" if name == "keypoints" else ""
        raise InputError(f"expected {name} as an array of numbers, got {reprlib.repr(value)}{hint}")
    source: Any = value
    if hasattr(source, "detach"):  # a torch tensor, on any device, in any precision, with or without gradient
        if source.is_complex():
            raise InputError(f"expected {name} as real numbers, got a tensor of type {source.dtype}")
        source = source.detach().cpu().double().numpy()
    try:
        array = np.array(_unmasked(source))
        if array.dtype == object and array.ndim == 1 and all(isinstance(row, np.ndarray) for row in array):
            array = np.array(list(array))  # an array of arrays, one for each person
    except (ValueError, TypeError, RuntimeError):
        raise InputError(
            f"expected {name} as a full array, got rows of different lengths; "
            "give missing keypoints as NaN instead of omitting them"
        ) from None
    if array.dtype == object:
        odd = next((v for v in array.flat if not isinstance(v, Real | None)), None)
        if odd is None:
            return _as_floats(name, array)
        raise InputError(
            f"expected {name} to hold only numbers, got a {type(odd).__name__}, {reprlib.repr(odd)}"
        )
    if array.dtype.kind not in "biuf":
        example = f", such as {reprlib.repr(array.flat[0])}" if array.size else ""
        raise InputError(f"expected {name} as real numbers, got type {array.dtype}{example}")
    return array


def _unmasked(source: Any) -> Any:
    """The value with NaN or None in place of masked numbers, in an `np.ma` array or in lists of such
    arrays."""
    if "numpy.ma" not in sys.modules:  # no such array exists, and numpy would only now load what makes them
        return source
    if isinstance(source, np.ma.MaskedArray):
        return source.filled(np.nan) if source.dtype.kind == "f" else source.tolist()
    if isinstance(source, list | tuple):
        nested = any(isinstance(item, np.ma.MaskedArray | list | tuple) for item in source)
        return [_unmasked(item) for item in source] if nested else source
    return source


def _as_floats(name: str, array: npt.NDArray[Any]) -> Floats:
    try:
        return array.astype(np.float64)
    except OverflowError:
        raise InputError(
            f"expected {name} to fit into 64-bit floats, got a number that is too large"
        ) from None


def _require_layout(shape: tuple[int, ...]) -> None:
    if len(shape) in (2, 3) and shape[-2] == NUM_KEYPOINTS and shape[-1] in (2, 3):
        return
    k = NUM_KEYPOINTS
    raise InputError(
        f"expected keypoints of shape ({k}, 2), ({k}, 3), (N, {k}, 2) or (N, {k}, 3), got {shape}. "
        f"{_layout_hint(shape)}"
    )


def _layout_hint(shape: tuple[int, ...]) -> str:
    """What a wrong shape of keypoints most likely is, and how to fix it."""
    columns = (2, 3)
    if 0 in shape:
        return _NOBODY
    if len(shape) in (1, 2) and shape[-1] in (NUM_KEYPOINTS * 2, NUM_KEYPOINTS * 3):
        return (
            f"These are flat rows: pass keypoints.reshape(-1, {NUM_KEYPOINTS}, {shape[-1] // NUM_KEYPOINTS})."
        )
    if len(shape) in (2, 3) and shape[-1] == NUM_KEYPOINTS and shape[-2] in columns:
        return "The last two axes are transposed: pass np.swapaxes(keypoints, -1, -2)."
    if len(shape) == 3 and shape[0] == NUM_KEYPOINTS and shape[-1] in columns:
        return "The keypoint axis comes first: pass np.swapaxes(keypoints, 0, 1)."
    if len(shape) > 3 and shape[-2] == NUM_KEYPOINTS and shape[-1] in columns:
        return (
            f"There are too many axes: pass keypoints.reshape(-1, {NUM_KEYPOINTS}, {shape[-1]}), "
            "which puts the people of all frames one after the other, and tell them apart with image_ids."
        )
    if len(shape) in (2, 3) and shape[-1] in columns:
        came = shape[-2]
        usually = f", which is usually {USUAL_LAYOUT[came]}" if came in USUAL_LAYOUT else ""
        return (
            f"That is {came} keypoints{usually}. Copy the keypoints that both layouts have into "
            f"np.full(({NUM_KEYPOINTS}, 2), np.nan), in the order of wholebody_lift.skeleton.KEYPOINT_NAMES; "
            "NaN means missing."
        )
    if len(shape) in (2, 3) and shape[-2] == NUM_KEYPOINTS and shape[-1] > 3:
        return "Each keypoint has x, y and perhaps a score: pass keypoints[..., :2], and the rest as scores."
    return f"The last two axes are the {NUM_KEYPOINTS} keypoints and their x, y (and score)."


def _scores(value: Any, n: int) -> npt.NDArray[np.float32]:
    with np.errstate(over="ignore"):  # what is too large for float32 is out of range too
        scores = numbers("scores", value).astype(np.float32)
    if scores.shape != (n, NUM_KEYPOINTS) and not (n == 1 and scores.shape == (NUM_KEYPOINTS,)):
        alone = f"({NUM_KEYPOINTS},) or " if n == 1 else ""
        raise InputError(
            f"expected scores of shape {alone}({n}, {NUM_KEYPOINTS}) with the keypoints of {count(n)}, one "
            f"score per keypoint, got shape {scores.shape}"
        )
    scores = scores.reshape(n, NUM_KEYPOINTS)
    low, high = SCORE_RANGE
    bad = (scores < low) | (scores > high)
    if bad.any():
        person, keypoint = np.argwhere(bad)[0]
        raise InputError(
            f"expected scores from 0 to 1, got {np.nanmin(scores):.4g} to {np.nanmax(scores):.4g}, the first "
            f"wrong one at {_place(person, keypoint)}. {_score_hint(scores)}"
        )
    return scores.clip(0, 1)


def _score_hint(scores: npt.NDArray[np.float32]) -> str:
    if np.isin(scores, (0, 1, 2)).all():
        return "If these are COCO's visibility flags 0, 1, 2, pass scores = flags > 0."
    if (scores >= 0).all() and np.nanmax(scores) <= 100:
        return (
            "If these are percentages, pass scores / 100. "
            "If the third column is a depth and not a score, pass keypoints[..., :2]."
        )
    return (
        "If these are logits, pass 1 / (1 + np.exp(-scores)). "
        "If the third column is a depth and not a score, pass keypoints[..., :2]."
    )


def _require_finite(xy: Floats) -> None:
    bad = (np.abs(xy) > MAX_PIXEL).any(axis=-1)  # infinity too; NaN is no number, and so not greater
    if bad.any():
        person, keypoint = np.argwhere(bad)[0]
        x, y = xy[person, keypoint]
        raise InputError(
            f"expected finite pixels under {MAX_PIXEL:g}, got ({x:g}, {y:g}) at {_place(person, keypoint)}. "
            "Give a missing keypoint as NaN or with score 0"
        )


_NOBODY = "It holds no people: skip images in which the detector found nobody, or use Keypoints2D.empty()."


def require_visible(bad: Mask, xy: Floats, min_score: float) -> None:
    if not len(xy):
        raise InputError(f"expected keypoints of at least one person, got {xy.shape}. {_NOBODY}")
    if not bad.any():
        return
    unseen = np.asarray(np.isnan(xy[..., 0]).all(axis=1))
    if unseen.any():
        limit = f"under {min_score:g}" if min_score else "of 0"
        other = "lower min_score if the detector's scores are low" if min_score else "omit the scores"
        raise InputError(
            "expected at least two visible keypoints in different places, got none for "
            f"{name_people(unseen)}: every one is NaN, (0, 0) or has a score {limit}. Leave such people out, "
            f"or {other}"
        )
    first = np.flatnonzero(bad)[0]
    x, y = xy[first, ~np.isnan(xy[first, :, 0])][0]
    raise InputError(
        f"expected at least two visible keypoints in different places, got all of them on one spot, ({x:g}, "
        f"{y:g}), for {name_people(bad)}. Leave such people out"
    )


def drop_clamped(xy: Floats, scores: npt.NDArray[np.float32], image_size: Floats) -> None:
    """Make missing what a detector has moved onto the border of the picture, in place, and say so."""
    end = image_size[:, None]
    first, last = xy == 0, (xy == end) | (xy == end - 1)  # row or column
    on_border = np.stack((first, last))  # (2, N, K, 2)
    many = on_border.sum(axis=2, keepdims=True) >= CLAMPED
    dropped = np.asarray((on_border & many).any(axis=(0, 3)))  # (N, K)
    if dropped.any():
        people = name_people(np.asarray(dropped.any(axis=1)))
        warn(
            f"{people}: {dropped.sum()} keypoints lie exactly on the border of the image, as if a detector "
            "had moved them there, and count as missing; pass keypoints outside the image unchanged, as "
            "NaN, or with score 0",
            PlaceholderWarning,
        )
        xy[dropped] = np.nan
        scores[dropped] = 0


def image_size(value: Any, n: int) -> Floats:
    size = _per_person("image_size", value, (2,), n, "width and height in pixels, e.g. image.shape[1::-1]")
    bad = (size < 1) | (size > MAX_PIXEL)
    if bad.any():
        raise InputError(
            f"expected image_size as width and height in pixels, from 1 to {MAX_PIXEL:g}, got "
            f"{_first(size, bad)}"
        )
    narrow = size.max(axis=1) > MAX_ASPECT * size.min(axis=1)
    if narrow.any():
        raise InputError(
            f"expected image_size as width and height of an image, neither more than {MAX_ASPECT:g} times "
            f"the other, got {_first(size, narrow)}"
        )
    return size


def _intrinsics(value: Any, xy: Floats) -> Floats:
    form = "[[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in pixels"
    K = _per_person("K", value, (3, 3), len(xy), form)
    wrong_form = (np.abs(K[:, 2] - (0, 0, 1)) > 1e-6) | (K[:, [1]] != 0)[..., 0]
    if wrong_form.any():
        transposed = (K[:, :, 2] == (0, 0, 1)).all()
        hint = "; it looks transposed, so pass np.swapaxes(K, -1, -2)" if transposed else ""
        raise InputError(f"expected K as {form}, got {_first(K, wrong_form)}{hint}")
    K[:, 2] = (0, 0, 1)
    focal, centre, skew = K[:, [0, 1], [0, 1]], K[:, :2, 2], K[:, 0, 1]  # (N, 2), (N, 2), (N,)
    if (focal <= 0).any():
        raise InputError(
            f"expected focal lengths over 0 in K, got {_first(K, focal <= 0)}. "
            "Where an axis points the other way, turn the keypoints instead (x right, y down)"
        )
    beyond = (focal > MAX_PIXEL).any(axis=1) | (np.abs(centre) > MAX_PIXEL).any(axis=1)
    beyond |= np.abs(skew) > focal[:, 0]
    if beyond.any():
        raise InputError(
            f"expected focal lengths and a principal point under {MAX_PIXEL:g} pixels and a skew smaller "
            f"than fx in K, got {_first(K, beyond)}"
        )
    slope = np.linalg.norm((xy - centre[:, None]) / focal[:, None], axis=-1)  # (N, K)
    steep = (slope > MAX_SLOPE).sum(axis=1) > (slope <= MAX_SLOPE).sum(axis=1)
    if steep.any():
        raise InputError(
            f"expected K in pixels of the image that the keypoints are in, got {_first(K, steep)}, which "
            f"cannot have seen {name_people(steep)}: most keypoints lie "
            f"{np.degrees(np.arctan(MAX_SLOPE)):.0f} degrees or more off its axis. K is neither normalised "
            "nor in millimetres"
        )
    return K


def _distortion(value: Any, xy: Floats) -> Floats:
    n = len(xy)
    meaning = (
        "k1, k2, p1, p2, k3 in OpenCV's order. Fill missing ones with 0; undo any other lens model before, "
        "e.g. with cv2.undistortPoints"
    )
    given = numbers("distortion", value).astype(np.float64)
    if not given.size:  # ROS and OpenCV write no distortion like this
        given = np.zeros(5)
    if given.ndim == 2 and 1 in given.shape and given.size in (4, 5, 8, 12, 14):
        given = given.reshape(-1)  # OpenCV's (1, 5) and (5, 1)
    if given.ndim in (1, 2) and given.shape[-1] in (4, 8, 12, 14):
        if given[..., 5:].any():
            raise InputError(
                f"expected distortion as {meaning}; got {given.shape[-1]} numbers of a rational or "
                f"thin-prism model, of which {np.array2string(given[..., 5:].reshape(-1)[:9])} beyond k3 are "
                "not 0"
            )
        padding = [(0, 0)] * (given.ndim - 1) + [(0, max(0, 5 - given.shape[-1]))]
        given = np.pad(given, padding)[..., :5]
    distortion = _per_person("distortion", given, (5,), n, meaning)
    bad = np.abs(distortion) > MAX_DISTORTION
    if bad.any():
        raise InputError(
            f"expected distortion coefficients under {MAX_DISTORTION:g}, got {_first(distortion, bad)}: "
            f"{meaning}"
        )
    return distortion


def _height(value: Any, xy: Floats) -> Floats:
    height = _per_person("height_mm", value, (), len(xy), "standing height in millimetres")
    low, high = HEIGHT_RANGE_MM
    bad = (height < low) | (height > high)
    if bad.any():
        wrong = float(height[bad][0])
        raise InputError(
            f"expected height_mm from {low:g} to {high:g} millimetres, got {wrong:g}"
            f"{_unit_hint(wrong, 1000, high)}"
        )
    return height


def _unit_hint(length: float, least: float, most: float) -> str:
    """What a length that is not in millimetres is likely to be in, if that puts it between two usual ones."""
    for unit, mm in {"metres": 1000, "centimetres": 10, "inches": 25.4, "feet": 304.8}.items():
        if least <= length * mm <= most:
            return f"; it looks like {unit}, so pass {length * mm:g}"
    return ""


def known_in_words(given: dict[str, Any]) -> dict[str, Any]:
    """The same fields with words converted to numbers: a level camera, and bone lengths by name."""
    given = dict(given)
    gravity, bones = given.get("gravity"), given.get("bone_lengths")
    if isinstance(gravity, str):
        if gravity != "level":
            raise InputError(
                f'expected gravity as a direction in camera axes or "level", got {reprlib.repr(gravity)}'
            )
        given["gravity"] = LEVEL
    if isinstance(bones, Mapping):
        unknown = [name for name in bones if name not in LONG_BONES]
        if unknown:
            raise InputError(
                f"expected bone_lengths of {', '.join(LONG_BONES)}, got one of {reprlib.repr(unknown[0])}"
            )
        given["bone_lengths"] = [bones.get(name) for name in LONG_BONES]
    if gravity is None and "gravity_spread_deg" in given:
        raise InputError(
            "expected gravity with gravity_spread_deg, got the spread alone; pass gravity too, such as "
            'gravity="level"'
        )
    if gravity is not None:
        given.setdefault("gravity_spread_deg", GRAVITY_SPREAD_DEG)
    return given


def bone_lengths(value: Any) -> Floats:
    """(12,) mm of one person, given so or by name; NaN where not known."""
    given = known_in_words({"bone_lengths": value})["bone_lengths"]
    return np.asarray(_bone_lengths(given, np.zeros((1, 0, 2)))).reshape(-1)


def _bone_lengths(value: Any, xy: Floats) -> Floats | None:
    count_of_bones = len(LONG_BONES)
    lengths = _per_person(
        "bone_lengths",
        value,
        (count_of_bones,),
        len(xy),
        f"mm of {', '.join(LONG_BONES)}; NaN where not known",
        missing=True,
    )
    low, high = BONE_RANGE_MM
    bad = (lengths < low) | (lengths > high)
    if bad.any():
        person, bone = np.argwhere(bad)[0]
        wrong = float(lengths[person, bone])
        raise InputError(
            f"expected bone_lengths from {low:g} to {high:g} millimetres, got {wrong:g} as "
            f"{list(LONG_BONES)[bone]}{_unit_hint(wrong, 100, high)}"
        )
    if np.isnan(lengths).all():
        if np.ndim(value) == 1:
            raise InputError("expected at least one known bone length, got NaN alone; omit bone_lengths")
        return None
    return lengths


def _gravity(value: Any, xy: Floats) -> Floats:
    form = 'a direction in camera axes (x right, y down, z forward), or "level"'
    gravity = _per_person("gravity", value, (3,), len(xy), form, missing=True)
    length = np.linalg.norm(gravity, axis=-1, keepdims=True)
    bad = (length <= 1e-6) | (length >= 1e6)  # False of NaN
    if bad.any():
        raise InputError(f"expected gravity as {form}, got {_first(gravity, bad)}")
    return np.asarray(gravity / length)


def _gravity_spread(value: Any, xy: Floats) -> Floats:
    spread = _per_person("gravity_spread_deg", value, (), len(xy), "degrees by which gravity may be off")
    bad = (spread < 0) | (spread > 180)
    if bad.any():
        raise InputError(f"expected gravity_spread_deg from 0 to 180 degrees, got {float(spread[bad][0]):g}")
    return spread


def _depth(value: Any, xy: Floats) -> Floats:
    depth = numbers("depth", value).astype(np.float64)
    n = len(xy)
    if depth.shape != (n, NUM_KEYPOINTS) and not (n <= 1 and depth.shape == (NUM_KEYPOINTS,)):
        raise InputError(
            f"expected depth of shape ({n}, {NUM_KEYPOINTS}) with the keypoints of {count(n)}, mm for each "
            f"keypoint, got shape {depth.shape}"
        )
    depth = depth.reshape(-1, NUM_KEYPOINTS)[:n]  # one person may have been left out
    if (np.abs(depth) > MAX_DEPTH_MM).any():
        raise InputError(
            f"expected depth under {MAX_DEPTH_MM:g} mm, got {np.nanmax(np.abs(depth)):g}; give a missing one "
            "as NaN"
        )
    return depth


def _image_ids(value: Any, xy: Floats) -> Integers:
    return _ids("image_ids", value, len(xy), "the number of the image or video frame")


def _track_ids(value: Any, xy: Floats) -> Integers | None:
    ids = _ids("track_ids", value, len(xy), "a number that is the same in every frame")
    without = ids < 0
    if without.any() and not without.all():
        warn(
            f"left out all track ids, as {name_people(without)} has none; a negative number is no track, so "
            "number them all, or remove them all",
            DroppedWarning,
        )
    return None if without.any() else ids


def _ids(name: str, value: Any, n: int, meaning: str) -> Integers:
    ids = numbers(name, value)
    if ids.shape != (n,):
        raise InputError(
            f"expected {name} of shape ({n},) with {count(n)}, for each person {meaning}, got shape "
            f"{ids.shape}"
        )
    limits = np.iinfo(np.int64)
    whole = np.isfinite(ids) & (ids == np.floor(ids)) if ids.dtype.kind == "f" else np.ones(n, bool)
    # as floats the limits also stand for whole numbers that are beyond them
    within = (ids > float(limits.min)) & (ids < 2.0**63) if ids.dtype.kind == "f" else ids <= limits.max
    if not (whole & within).all():
        raise InputError(
            f"expected {name} as whole numbers within 64 bits, for each person {meaning}, got "
            f"{ids[~(whole & within)][0]}"
        )
    return ids.astype(np.int64)


def require_once_per_image(image_ids: Integers, track_ids: Integers) -> None:
    pairs, counts = np.unique(np.stack((image_ids, track_ids)), axis=1, return_counts=True)
    if (counts > 1).any():
        image, track = pairs[:, counts > 1][:, 0]
        raise InputError(
            f"expected each person once in an image, got {counts.max()} people with track id {track} in "
            f"image {image}; give each person of an image a number of their own"
        )


def fps(value: Any) -> float:
    return number("fps", value, least=MIN_FPS, most=MAX_FPS)


def smoothness(value: Any) -> float:
    low, high = SMOOTHNESS_RANGE
    return number("smoothness", value, least=low, most=high)


def number(name: str, value: Any, *, most: float, least: float | None = None) -> float:
    """One number up to `most`, and from `least` or over 0."""
    low = "over 0 and up" if least is None else f"from {least:g}"
    wanted = f"expected {name} to be one number {low} to {most:g}"
    if isinstance(value, str | bytes | bool):
        text = "" if isinstance(value, bool) else "the text "
        raise InputError(f"{wanted}, got {text}{reprlib.repr(value)}")
    given = numbers(name, value).astype(np.float64)
    lowest = np.finfo(np.float64).tiny if least is None else least
    if given.shape or not lowest <= given <= most:
        raise InputError(f"{wanted}, got {reprlib.repr(value)}")
    return float(given)


def require_pixel_units(xy: Floats, K: Floats | None, image_size: Floats | None) -> None:
    """Raise InputError for coordinates (N, 133, 2) that are fractions of the picture, unless the camera is in
    such units too."""
    camera_size = np.full(len(xy), np.inf)
    if K is not None:
        camera_size = K[:, 0, 0]
    if image_size is not None:
        camera_size = image_size.max(axis=-1)
    largest = np.nanmax(np.abs(xy), axis=(1, 2), initial=0)
    fractions = (largest <= _LARGEST_FRACTION) & (camera_size > 10 * _LARGEST_FRACTION)
    if not fractions.any():
        return
    size = "(width, height)"
    if image_size is not None:
        size = "({:g}, {:g})".format(*image_size[np.flatnonzero(fractions)[0]])
    least, most = np.nanmin(xy[fractions]), np.nanmax(xy[fractions])
    message = (
        f"expected keypoints in pixels, got coordinates from {least:.3g} to {most:.3g} for "
        f"{name_people(fractions)}, which look like "
    )
    if least < _LEAST_FRACTION:
        raise InputError(
            f"{message}a scale from -1 to 1; undo what was done to them: (keypoints[..., :2] + 1) / 2 * "
            f"{size}, or where both axes were divided by the width, as by VideoPose3D, "
            "keypoints[..., :2] * width / 2 + (width / 2, height / 2)"
        )
    raise InputError(
        f"{message}fractions of the image: multiply x by its width and y by its height, "
        f"keypoints[..., :2] * {size}"
    )


def _per_person(
    name: str, value: Any, shape: tuple[int, ...], n: int, meaning: str, *, missing: bool = False
) -> Floats:
    """The value as (n, *shape), finite or, where values may be missing, NaN; one value of that shape stands
    for everyone."""
    array = numbers(name, value).astype(np.float64)
    if array.shape not in (shape, (n, *shape)):
        single = shape or "a number"
        raise InputError(
            f"expected {name} of shape {single} for everyone or {(n, *shape)} with {count(n)}, got shape "
            f"{array.shape}: {meaning}"
        )
    if not (np.isfinite(array) | (missing & np.isnan(array))).all():
        raise InputError(f"expected finite numbers in {name}, got NaN or infinity: {meaning}")
    return np.array(np.broadcast_to(array, (n, *shape)))


def _first(values: Floats, bad: Mask) -> list[Any]:
    """The value of the first person for whom anything is bad."""
    rows = bad.reshape(len(bad), -1).any(axis=1)
    return list(values[rows][0].tolist())


def _place(person: int, keypoint: int) -> str:
    return f"person {person}, keypoint {keypoint} ({KEYPOINT_NAMES[keypoint]})"


CHECKS: dict[str, Callable[[Any, Floats], npt.NDArray[Any] | None]] = {
    "K": _intrinsics,
    "distortion": _distortion,
    "height_mm": _height,
    "bone_lengths": _bone_lengths,
    "gravity": _gravity,
    "gravity_spread_deg": _gravity_spread,
    "depth": _depth,
    "image_ids": _image_ids,
    "track_ids": _track_ids,
}
"""What checks and converts each field, given for everyone or for each person of keypoints (N, 133, 2)."""
