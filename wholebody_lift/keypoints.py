"""Keypoints2D: the input, validated once at the door, and what a bad input is told.

Whatever cannot be lifted raises `InputError`; what can be lifted but looks wrong warns with
`InputWarning`. Every text says what came, what was wanted and how to fix it.
"""

from __future__ import annotations

import os
import reprlib
import warnings
from collections.abc import Iterable, Iterator, Sequence
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from wholebody_lift._types import Floats, Mask
from wholebody_lift.errors import InputError, InputWarning, count, name_people
from wholebody_lift.plausibility import signs_of_mistakes
from wholebody_lift.skeleton import KEYPOINT_NAMES, NUM_KEYPOINTS, PARTS

MIN_SCORE = 0.3
"""A keypoint whose score is under this counts as missing, unless the caller sets another limit."""

MAX_PIXEL = 1e6
"""No image is this large; a coordinate beyond it is a mistake, as infinity is."""

MAX_SLOPE = 10.0
"""Tangent of 84 degrees: a K that puts most keypoints further off its axis is in other units than theirs."""

HEIGHT_RANGE_MM = (300.0, 2500.0)
"""Standing heights from a newborn's to a giant's."""

LAYOUTS: dict[int, str] = {
    17: f"the COCO body (our keypoints 0 to {PARTS['body'][-1]}) or, in another order, Human3.6M",
    18: "OpenPose's COCO body",
    21: "one hand",
    25: "OpenPose's BODY_25",
    26: "Halpe's body with feet",
    33: "MediaPipe's body",
    65: f"COCO-WholeBody without the face (our keypoints 0 to {PARTS['feet'][-1]} "
    f"and {PARTS['left_hand'][0]} to {PARTS['right_hand'][-1]})",
    68: f"the iBUG face of 300-W and dlib (our keypoints {PARTS['face'][0]} to {PARTS['face'][-1]})",
    70: "OpenPose's face (68 and the two pupils) or the MHR70 body with hands",
    134: "COCO-WholeBody put into OpenPose's order with a neck added, as by DWPose and rtmlib "
    "(where to_openpose=False turns it off)",
    135: "OpenPose's BODY_135",
    136: "Halpe's full body",
    137: "OpenPose's BODY_25 with both hands and the 70 keypoints of its face",
    308: "Sapiens' (Goliath) body, hands and dense face",
    543: "MediaPipe Holistic",
}
"""Layouts by their number of keypoints: what a wrong number usually is."""


class Keypoints2D(BaseModel):
    """The 2D keypoints of N people, validated, in the 133-keypoint COCO-WholeBody layout.

    Attributes:
        keypoints: (N, 133, 2) float64, x right and y down in pixels; NaN where missing.
        scores: (N, 133) float32, 0..1; 0 where missing, 1 if the detector gave none.
        image_size: (N, 2) float64, width and height in pixels, or None.
        K: (N, 3, 3) float64, camera intrinsics in pixels, or None.
        distortion: (N, 5) float64, Brown-Conrady k1 k2 p1 p2 k3 in OpenCV's order, or None.
        height_mm: (N,) float64, standing height of each person, or None.
        image_ids: (N,) int64, the image or video frame that each person is in, or None.
        track_ids: (N,) int64, who each person is: the same number is the same person in every frame, or None.
        fps: frames per second of the video that the frames are of, or None.
        min_score: keypoints with a lower score are missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    keypoints: Floats
    scores: npt.NDArray[np.float32]
    image_size: Floats | None
    K: Floats | None
    distortion: Floats | None
    height_mm: Floats | None
    image_ids: npt.NDArray[np.int64] | None
    track_ids: npt.NDArray[np.int64] | None
    fps: float | None
    min_score: float

    def __init__(
        self,
        keypoints: npt.ArrayLike,
        scores: npt.ArrayLike | None = None,
        *,
        image_size: npt.ArrayLike | None = None,
        K: npt.ArrayLike | None = None,
        distortion: npt.ArrayLike | None = None,
        height_mm: npt.ArrayLike | None = None,
        image_ids: npt.ArrayLike | None = None,
        track_ids: npt.ArrayLike | None = None,
        fps: float | None = None,
        min_score: float = MIN_SCORE,
    ) -> None:
        """Check everything once and bring it to one form; numpy, torch and lists are taken alike.

        A keypoint is missing where x, y or the score is NaN (None in lists), where the score is under
        `min_score`, and where x and y are both exactly 0 without a positive score.

        Args:
            keypoints: (133, 2) or (N, 133, 2) pixels; a third column is the score.
            scores: (133,) or (N, 133), 0..1.
            image_size: (width, height) or (N, 2) pixels.
            K: (3, 3) or (N, 3, 3).
            distortion: (5,) or (N, 5); needs K.
            height_mm: a number or (N,).
            image_ids: (N,) whole numbers.
            track_ids: (N,) whole numbers; nobody may be in one image twice.
            fps: over 0.
            min_score: 0..1.

        Raises:
            InputError: something cannot be used; the text says what and how to fix it.

        Warns:
            InputWarning: something is accepted but looks wrong.
        """
        xy, clean_scores = read_keypoints(keypoints, scores, min_score)
        _require_someone(xy, min_score)
        n = len(xy)
        super().__init__(
            keypoints=xy,
            scores=clean_scores,
            image_size=_image_size(image_size, n),
            K=_intrinsics(K, xy),
            distortion=_distortion(distortion, n, has_camera=K is not None),
            height_mm=_height(height_mm, n),
            image_ids=_ids("image_ids", image_ids, n, "the number of the image or video frame"),
            track_ids=_track_ids(track_ids, image_ids, n),
            fps=_fps(fps),
            min_score=float(min_score),
        )
        for message in signs_of_mistakes(self.keypoints, self.image_size, self.K):
            warnings.warn(message, InputWarning, stacklevel=2)

    @property
    def observed(self) -> Mask:
        """(N, 133) bool: False where the keypoint is missing."""
        return ~np.isnan(self.keypoints[..., 0])

    def __len__(self) -> int:
        """Number of people N, at least 1."""
        return len(self.keypoints)

    def __getitem__(self, index: int | slice | Sequence[int] | npt.NDArray[Any]) -> Keypoints2D:
        """The chosen people; an int chooses one, and the result still has a person axis (N = 1)."""
        selection: Any = index
        rows = np.atleast_1d(np.arange(len(self))[selection])
        if not len(rows):
            raise IndexError(f"got an index that chooses none of {len(self)} people; choose at least one")
        chosen = {
            name: value[rows] if isinstance(value, np.ndarray) else value
            for name, value in ((name, getattr(self, name)) for name in type(self).model_fields)
        }
        return self.model_construct(None, **chosen)

    def __iter__(self) -> Iterator[Keypoints2D]:  # type: ignore[override]
        """Each person as a `Keypoints2D` of length 1."""
        return (self[i] for i in range(len(self)))

    def __repr_args__(self) -> Iterable[tuple[str, Any]]:
        yield "people", len(self)
        yield "observed", f"{self.observed.sum()} of {self.observed.size}"
        yield "min_score", self.min_score
        for name in ("image_size", "K", "distortion", "height_mm", "image_ids", "track_ids", "fps"):
            yield name, "given" if getattr(self, name) is not None else None


def read_keypoints(
    keypoints: npt.ArrayLike, scores: npt.ArrayLike | None, min_score: float
) -> tuple[Floats, npt.NDArray[np.float32]]:
    """Keypoints (N, 133, 2), NaN where missing, and scores (N, 133), 0 where missing.

    Raises InputError for what is not such keypoints. People without any are let through.
    """
    limit = _numbers("min_score", min_score).astype(np.float32)
    if limit.shape or not 0 <= limit <= 1:
        raise InputError(f"got min_score {min_score!r}; one number from 0 to 1 was wanted")
    given = _numbers("keypoints", keypoints).astype(np.float64)
    _require_layout(given.shape)
    given = given.reshape(-1, *given.shape[-2:])  # (N, K, 2) or (N, K, 3)
    if given.shape[-1] == 3:
        if scores is not None:
            raise InputError(
                "got scores twice: in the third column of keypoints and as scores; "
                "pass keypoints[..., :2] to use scores, or leave scores away"
            )
        scores = given[..., 2]
    xy = given[..., :2].copy()
    if scores is None:
        score = np.where((xy == 0).all(-1), np.float32(0), np.float32(1))
    else:
        score = _scores(scores, len(xy))
    missing = np.isnan(xy).any(-1) | np.isnan(score) | (score < limit)
    missing |= (score == 0) & (xy == 0).all(-1)
    xy[missing] = np.nan
    score[missing] = 0
    _require_pixels(xy)
    return xy, score


def unusable(xy: Floats) -> Mask:
    """(N,) bool: people that have no visible keypoint, or all of them on one spot."""
    seen = ~np.isnan(xy)
    extent = np.where(seen, xy, -np.inf).max(axis=1) - np.where(seen, xy, np.inf).min(axis=1)  # (N, 2)
    size = np.where(seen, np.abs(xy), 0).max(axis=(1, 2))  # (N,)
    return np.asarray(extent.max(axis=-1) <= 1e-6 * size)


def _numbers(name: str, value: npt.ArrayLike) -> npt.NDArray[Any]:
    """The value as a numeric array; the same numbers, None as NaN."""
    if isinstance(value, str | bytes | os.PathLike):
        raise InputError(
            f"got {reprlib.repr(value)} for {name}; an array of numbers was wanted; "
            "to read a file use wholebody_lift.formats.read(path)"
        )
    source: Any = value
    if hasattr(source, "detach"):  # a torch tensor, on any device, in any precision, with or without gradient
        source = source.detach().cpu().double().numpy()
    try:
        array = np.asarray(source)
    except (ValueError, TypeError, RuntimeError):
        raise InputError(
            f"got ragged {name}: its rows have different lengths; a full array was wanted, "
            "so give missing keypoints as NaN instead of leaving them away"
        ) from None
    if array.dtype == object:
        odd = next((v for v in array.flat if not isinstance(v, Real | None)), None)
        if odd is None:
            return array.astype(np.float64)
        raise InputError(
            f"got {name} with a {type(odd).__name__}, {reprlib.repr(odd)}; only numbers were wanted"
        )
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"got {name} of type {array.dtype}, such as {reprlib.repr(array.flat[0])}; "
            "only real numbers were wanted"
        )
    return array


def _require_layout(shape: tuple[int, ...]) -> None:
    if len(shape) in (2, 3) and shape[-2] == NUM_KEYPOINTS and shape[-1] in (2, 3) and shape[0] > 0:
        return
    wanted = f"({NUM_KEYPOINTS}, 2), ({NUM_KEYPOINTS}, 3), (N, {NUM_KEYPOINTS}, 2) or (N, {NUM_KEYPOINTS}, 3)"
    raise InputError(f"got keypoints of shape {shape}; {wanted} was wanted. {_layout_hint(shape)}")


def _layout_hint(shape: tuple[int, ...]) -> str:
    """What a wrong shape of keypoints most likely is, and how to put it right."""
    columns = (2, 3)
    if 0 in shape:
        return "There is nobody in it: skip images in which the detector found no one."
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
            "which lines up the people of all frames, and tell them apart with image_ids."
        )
    if len(shape) in (2, 3) and shape[-1] in columns:
        came = shape[-2]
        usually = f", which is usually {LAYOUTS[came]}" if came in LAYOUTS else ""
        return (
            f"That is {came} keypoints{usually}. Copy what both layouts have into "
            f"np.full(({NUM_KEYPOINTS}, 2), np.nan), in the order of wholebody_lift.skeleton.KEYPOINT_NAMES; "
            "NaN means missing."
        )
    if len(shape) in (2, 3) and shape[-2] == NUM_KEYPOINTS and shape[-1] > 3:
        return "Each keypoint has x, y and perhaps a score: pass keypoints[..., :2], and scores beside it."
    return f"The last two axes are the {NUM_KEYPOINTS} keypoints and their x, y (and score)."


def _scores(value: npt.ArrayLike, n: int) -> npt.NDArray[np.float32]:
    scores = _numbers("scores", value).astype(np.float32)
    if scores.shape != (n, NUM_KEYPOINTS) and not (n == 1 and scores.shape == (NUM_KEYPOINTS,)):
        alone = f"({NUM_KEYPOINTS},) or " if n == 1 else ""
        raise InputError(
            f"got scores of shape {scores.shape} with the keypoints of {count(n)}; "
            f"{alone}({n}, {NUM_KEYPOINTS}) was wanted, one score per keypoint"
        )
    scores = scores.reshape(n, NUM_KEYPOINTS)
    bad = (scores < 0) | (scores > 1)
    if bad.any():
        person, keypoint = np.argwhere(bad)[0]
        low, high = np.nanmin(scores), np.nanmax(scores)
        raise InputError(
            f"got scores from {low:.4g} to {high:.4g}, the first wrong one at {_place(person, keypoint)}; "
            f"0 to 1 was wanted. {_score_hint(scores)}"
        )
    return scores


def _score_hint(scores: npt.NDArray[np.float32]) -> str:
    if np.isin(scores, (0, 1, 2)).all():
        return "If these are COCO's visibility flags 0, 1, 2, pass scores = flags > 0."
    return (
        "RTMPose, RTMW and DWPose can answer a little over 1: pass np.clip(scores, 0, 1). "
        "If the third column is a depth and no score, pass keypoints[..., :2]."
    )


def _require_pixels(xy: Floats) -> None:
    bad = (np.abs(xy) > MAX_PIXEL).any(axis=-1)  # infinity too; NaN is no number, and so not greater
    if bad.any():
        person, keypoint = np.argwhere(bad)[0]
        x, y = xy[person, keypoint]
        raise InputError(
            f"got ({x:g}, {y:g}) at {_place(person, keypoint)}; "
            f"finite pixels under {MAX_PIXEL:g} were wanted. Give a missing keypoint as NaN or with score 0"
        )


def _require_someone(xy: Floats, min_score: float) -> None:
    bad = unusable(xy)
    if not bad.any():
        return
    unseen = np.asarray(np.isnan(xy[..., 0]).all(axis=1))
    if unseen.any():
        raise InputError(
            f"got no visible keypoint for {name_people(unseen)}: every one is NaN, (0, 0) or has a score "
            f"under {min_score:g}; at least two keypoints in different places were wanted. "
            "Leave such people out, or lower min_score if the detector's scores are low"
        )
    first = np.flatnonzero(bad)[0]
    x, y = xy[first, ~np.isnan(xy[first, :, 0])][0]
    raise InputError(
        f"got all visible keypoints on one spot, ({x:g}, {y:g}), for {name_people(bad)}; "
        "at least two keypoints in different places were wanted. Leave such people out"
    )


def _image_size(value: npt.ArrayLike | None, n: int) -> Floats | None:
    if value is None:
        return None
    size = _per_person("image_size", value, (2,), n, "width and height in pixels, e.g. image.shape[1::-1]")
    if (size <= 0).any():
        raise InputError(
            f"got image_size {_first(size, size <= 0)}; width and height in pixels were wanted, both over 0"
        )
    return size


def _intrinsics(value: npt.ArrayLike | None, xy: Floats) -> Floats | None:
    if value is None:
        return None
    form = "[[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in pixels"
    K = _per_person("K", value, (3, 3), len(xy), form)
    wrong_form = (K[:, 2] != (0, 0, 1)) | (K[:, [1]] != 0)[..., 0]
    if wrong_form.any():
        transposed = (K[:, :, 2] == (0, 0, 1)).all()
        hint = "; it looks transposed, so pass np.swapaxes(K, -1, -2)" if transposed else ""
        raise InputError(f"got K = {_first(K, wrong_form)}, which is no camera; {form} was wanted{hint}")
    focal, centre = K[:, [0, 1], [0, 1]], K[:, :2, 2]  # (N, 2) each
    if (focal <= 0).any():
        raise InputError(
            f"got K = {_first(K, focal <= 0)}, which is no camera; focal lengths over 0 were wanted. "
            "Where an axis points the other way, turn the keypoints instead (x right, y down)"
        )
    slope = np.linalg.norm((xy - centre[:, None]) / focal[:, None], axis=-1)  # (N, K)
    steep = (slope > MAX_SLOPE).sum(axis=1) > (slope <= MAX_SLOPE).sum(axis=1)
    if steep.any():
        raise InputError(
            f"got K = {_first(K, steep)}, which is no camera that saw {name_people(steep)}: most keypoints "
            f"lie {np.degrees(np.arctan(MAX_SLOPE)):.0f} degrees or more off its axis; K was wanted in "
            "pixels of the image that the keypoints are in, neither normalised nor in millimetres"
        )
    return K


def _distortion(value: npt.ArrayLike | None, n: int, *, has_camera: bool) -> Floats | None:
    if value is None:
        return None
    if not has_camera:
        raise InputError(
            "got distortion without K; both were wanted, as they come from one calibration. Pass K too"
        )
    meaning = (
        "k1, k2, p1, p2, k3 in OpenCV's order. Fill missing ones with 0; undo any other lens model before, "
        "e.g. with cv2.undistortPoints"
    )
    return _per_person("distortion", value, (5,), n, meaning)


def _height(value: npt.ArrayLike | None, n: int) -> Floats | None:
    if value is None:
        return None
    height = _per_person("height_mm", value, (), n, "standing height in millimetres")
    low, high = HEIGHT_RANGE_MM
    bad = (height < low) | (height > high)
    if bad.any():
        wrong = float(height[bad][0])
        units = {"metres": 1000, "centimetres": 10, "inches": 25.4, "feet": 304.8}
        unit = next((name for name, mm in units.items() if 1000 <= wrong * mm <= high), None)
        hint = f"; it looks like {unit}, so pass {wrong * units[unit]:g}" if unit else ""
        raise InputError(f"got height_mm {wrong:g}; {low:g} to {high:g} millimetres were wanted{hint}")
    return height


def _ids(name: str, value: npt.ArrayLike | None, n: int, meaning: str) -> npt.NDArray[np.int64] | None:
    if value is None:
        return None
    ids = _numbers(name, value)
    if ids.shape != (n,) or not np.array_equal(ids, np.floor(ids)):
        raise InputError(
            f"got {name} of shape {ids.shape} and type {ids.dtype} with {count(n)}; ({n},) whole numbers "
            f"were wanted: for each person {meaning}"
        )
    return ids.astype(np.int64)


def _track_ids(
    value: npt.ArrayLike | None, image_ids: npt.ArrayLike | None, n: int
) -> npt.NDArray[np.int64] | None:
    ids = _ids("track_ids", value, n, "a number that is the same in every frame")
    if ids is None or image_ids is None:
        return ids
    pairs, counts = np.unique(np.stack((np.asarray(image_ids), ids)), axis=1, return_counts=True)
    if (counts > 1).any():
        image, track = pairs[:, counts > 1][:, 0]
        raise InputError(
            f"got {counts.max()} people with track id {track} in image {image}; one was wanted: give each "
            "person of an image a number of their own"
        )
    return ids


def _fps(value: float | None) -> float | None:
    if value is None:
        return None
    fps = _numbers("fps", value).astype(np.float64)
    if fps.shape or not 0 < fps < np.inf:
        raise InputError(f"got fps {value!r}; one number of frames per second over 0 was wanted")
    return float(fps)


def _per_person(name: str, value: npt.ArrayLike, shape: tuple[int, ...], n: int, meaning: str) -> Floats:
    """The value as finite (n, *shape); one value of that shape stands for everyone."""
    array = _numbers(name, value).astype(np.float64)
    if array.shape not in (shape, (n, *shape)):
        single = shape or "a number"
        raise InputError(
            f"got {name} of shape {array.shape} with {count(n)}; {single} for everyone or {(n, *shape)} "
            f"was wanted: {meaning}"
        )
    if not np.isfinite(array).all():
        raise InputError(f"got {name} with NaN or infinity; finite numbers were wanted: {meaning}")
    return np.array(np.broadcast_to(array, (n, *shape)))


def _first(values: Floats, bad: Mask) -> list[Any]:
    """The value of the first person for whom anything is bad."""
    rows = bad.reshape(len(bad), -1).any(axis=1)
    return list(values[rows][0].tolist())


def _place(person: int, keypoint: int) -> str:
    return f"person {person}, keypoint {keypoint} ({KEYPOINT_NAMES[keypoint]})"
