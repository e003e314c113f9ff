"""MediaPipe Holistic: the results of `mp.solutions.holistic` and of the tasks API's `HolisticLandmarker`.

One person: 33 keypoints of the body, 468 of the face (478 with the irises), and 21 of each hand, as fractions
of the width and height of the image, which is why its size is needed. They become ours like this:

- body: what has our name; the foot index is our big toe, the heel our heel, and nothing is a small toe;
- face: each of the 68 is a vertex of the mesh (`FACE_VERTICES`), but each of the brows is the middle of its
  upper and lower edge, as the mesh has both and iBUG's scheme has their ridge;
- hands: keypoint by keypoint, as both have the same order.

The score of the body is MediaPipe's visibility; face and hands have none, and get 1 where they were found. So
does the body of a result in which no landmark has a visibility, as on the web and on Android. What MediaPipe
guesses beyond the edge of the image is missing.

The depth of the body is the z of `pose_world_landmarks`, metres from the hips, where a result has them. That
of `pose_landmarks` is in widths of the image, and that of face and hands from origins of their own: they are
left out.

Saved results: a JSON object, or a list of those for the frames of a video, with `pose_landmarks`,
`face_landmarks`, `left_hand_landmarks`, `right_hand_landmarks` (in camelCase too, as JavaScript has them),
each a list of {x, y, z, visibility} or of lists of these, or {"landmark": that list} or {"landmarks": that
list}, as MessageToDict and others make it; null or left out where not found. And npy arrays (1662,) or (T,
1662), as a much copied `extract_keypoints` for sign language makes them: x, y, z, visibility of 33, then x,
y, z of 468, of 21 left and of 21 right, zeros where not found.

The vertices are the list that goes round as landmark_points_68 (ByteDance's LatentSync has it, for one), and
can be checked in the picture mediapipe/modules/face_geometry/data/canonical_face_model_uv_visualization.png.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wholebody_lift._types import Floats
from wholebody_lift.errors import InputError
from wholebody_lift.formats.detections.assemble import Fields, GivenButSize, assemble, brief, stack
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.layouts import FACE, LEFT_HAND, MEDIAPIPE_POSE, RIGHT_HAND, Layout, place
from wholebody_lift.skeleton import FACE_FEATURES, NUM_KEYPOINTS

if TYPE_CHECKING:
    from typing_extensions import Unpack

LOOKED_FOR = "MediaPipe (an object with pose_landmarks, or a list of them)"

PARTS = ("pose_landmarks", "face_landmarks", "left_hand_landmarks", "right_hand_landmarks")
"""What a result is made of, in the order of the flat arrays."""

_VERTICES: dict[str, tuple[int | tuple[int, int], ...]] = {
    "jaw": (162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
    "right_brow": ((70, 46), (63, 53), (105, 52), (66, 65), (107, 55)),
    "left_brow": ((336, 285), (296, 295), (334, 282), (293, 283), (300, 276)),
    "nose": (168, 197, 5, 4, 75, 97, 2, 326, 305),
    "right_eye": (33, 160, 158, 133, 153, 144),
    "left_eye": (362, 385, 387, 263, 373, 380),
    "mouth": (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87),
}

FACE_VERTICES: tuple[tuple[int, int], ...] = tuple(
    vertex if isinstance(vertex, tuple) else (vertex, vertex)
    for feature in FACE_FEATURES
    for vertex in _VERTICES[feature]
)
"""The two vertices of the mesh that each of the 68 keypoints is the middle of; often one vertex twice."""

_COUNTS = {"pose_landmarks": (33,), "face_landmarks": (468, 478)} | dict.fromkeys(PARTS[2:], (21,))
_WORLD = "pose_world_landmarks"
_COUNTS[_WORLD] = _COUNTS["pose_landmarks"]
_FLAT_COLUMNS = dict(zip(PARTS, (4, 3, 3, 3), strict=True))
_COLUMNS = ("x", "y", "visibility")
_ABSENT = object()
_FRACTIONS_END = 5.0
"""MediaPipe guesses beyond the image, but not most landmarks this far."""
_FLAT_LENGTH = sum(_COUNTS[part][0] * _FLAT_COLUMNS[part] for part in PARTS)  # 1662


def from_results(results: Any, image_size: npt.ArrayLike, **known: Unpack[GivenButSize]) -> Keypoints2D:
    """The person in the results of one image, or of all frames of a video.

    Args:
        results: what `Holistic.process` or `HolisticLandmarker.detect` answers; or a list of those, one for
            each frame, which becomes image_ids. Frames in which nobody was found, or None, are left out.
        image_size: (width, height) in pixels, e.g. image.shape[1::-1].
        **known: what else is known, as in `Keypoints2D`.

    Raises:
        InputError: nobody was found, or it is something else.
    """
    return assemble({**_parse(results), "image_size": image_size}, known)


def matches(document: Any) -> bool:
    """Whether the parsed JSON is this format."""
    frames = document if isinstance(document, list) else [document]
    return any(isinstance(frame, Mapping) and _is_result(frame) for frame in frames)


def parse(document: Any, layout: Layout | None = None) -> Fields:
    """The fields in the parsed JSON, whose layout is MediaPipe's own."""
    return _parse(document)


def is_flat(array: npt.NDArray[Any]) -> bool:
    """Whether an npy array is made of such results."""
    return array.ndim in (1, 2) and array.shape[-1] == _FLAT_LENGTH


def parse_flat(array: npt.NDArray[Any]) -> Fields:
    """The fields in an array (1662,) or (T, 1662)."""
    results = [_split(row) for row in np.atleast_2d(array)]
    return _parse(results[0] if array.ndim == 1 else results)


def _parse(results: Any) -> Fields:
    is_one = _is_result(results)
    results = dict(enumerate([results] if is_one else results))
    frames = {n: _triples(result, n) for n, result in results.items() if result}
    found = [number for number, triples in frames.items() if not np.isnan(triples).all()]
    keypoints = stack(frames[number] for number in found)  # (N, K, 3)
    fields: Fields = {"keypoints": keypoints, "normalised": True}
    depth = np.stack([_depth(results[number], number) for number in found])
    if not np.isnan(depth).all():
        fields["depth"] = depth
    return fields if is_one else {**fields, "image_ids": found}


def _is_result(result: Any) -> bool:
    """Whether it is one result, and not a list of them."""
    return any(_get(result, part) is not _ABSENT for part in PARTS)


def _get(result: Any, part: str) -> Any:
    """A part of a result by its name, in an object or a mapping, in snake_case or camelCase."""
    head, *tail = part.split("_")
    names = (part, head + "".join(word.capitalize() for word in tail))
    if isinstance(result, Mapping):
        return next((result[name] for name in names if name in result), _ABSENT)
    return next((getattr(result, name) for name in names if hasattr(result, name)), _ABSENT)


def _triples(result: Any, number: int) -> Floats:
    """(133, 3) x, y as fractions, and score, of one result; NaN where missing."""
    ours = np.full((NUM_KEYPOINTS, 3), np.nan)
    if not _is_result(result):
        raise InputError(f"expected a result with {', '.join(PARTS)} as frame {number}, got {brief(result)}")
    body, face, left_hand, right_hand = (_keypoints(_get(result, part), part, number) for part in PARTS)
    if body is not None:
        place(
            _certain(body) if np.isnan(body[:, 2]).all() else np.nan_to_num(body), MEDIAPIPE_POSE.names, ours
        )
    for keypoints, names in ((left_hand, LEFT_HAND), (right_hand, RIGHT_HAND)):
        if keypoints is not None:
            place(_certain(keypoints), names, ours)
    if face is not None:
        place(_certain(face[np.array(FACE_VERTICES)].mean(axis=1)), FACE, ours)
    outside = (ours[:, :2] < 0).any(axis=1) | (ours[:, :2] > 1).any(axis=1)
    ours[outside] = np.nan
    return ours


def _depth(result: Any, number: int) -> Floats:
    """(133,) mm, NaN where there is none."""
    ours = np.full((NUM_KEYPOINTS, 1), np.nan)
    landmarks = _landmarks(_get(result, _WORLD), _WORLD, number)
    if landmarks is None:
        return ours[:, 0]
    try:
        z = np.array([[_z(landmark)] for landmark in landmarks], dtype=np.float64)
    except (AttributeError, IndexError, TypeError, ValueError, OverflowError):
        raise InputError(
            f"expected x, y and z in {_WORLD} of frame {number}, got {brief(landmarks[0])}"
        ) from None
    place(1000 * z, MEDIAPIPE_POSE.names, ours)
    return ours[:, 0]


def _z(landmark: Any) -> float:
    """z of a landmark; JSON made of protocol buffers leaves out what is 0."""
    if isinstance(landmark, Mapping):
        value = landmark.get("z", 0)
    elif isinstance(landmark, Sequence) and not isinstance(landmark, str):
        value = landmark[2]
    else:
        value = landmark.z
    return np.nan if value is None else float(value)


def _landmarks(part: Any, name: str, number: int) -> Any:
    """The landmarks of a part, one after the other; None where it was not found."""
    if part is _ABSENT:
        return None
    keypoints = getattr(part, "landmark", part)  # a protocol buffer of mp.solutions
    if isinstance(part, Mapping):
        keypoints = part.get("landmark", part.get("landmarks"))  # the same as JSON
    if keypoints is None:
        return None
    what = f"{name} of frame {number}"
    if isinstance(keypoints, str | Mapping | int | float):
        raise InputError(f"expected {what} to be a list of landmarks, got {brief(keypoints)}")
    if not len(keypoints):
        return None
    if len(keypoints) == 1:  # a list of people, by JavaScript's tasks
        keypoints = keypoints[0]
        keypoints = keypoints.get("landmarks", keypoints) if isinstance(keypoints, Mapping) else keypoints
        if not isinstance(keypoints, Sequence | np.ndarray) or isinstance(keypoints, str):
            raise InputError(f"expected {what} to be a list of landmarks, got {brief(keypoints)}")
    if isinstance(keypoints[0], list) and len(keypoints[0]) in _COUNTS[name]:
        raise InputError(f"expected one person in {what}, got {len(keypoints)}; give the landmarks of one")
    if len(keypoints) not in _COUNTS[name]:
        wanted = " or ".join(map(str, _COUNTS[name]))
        raise InputError(f"expected {wanted} landmarks in {what}, got {len(keypoints)}")
    return keypoints


def _keypoints(part: Any, name: str, number: int) -> Floats | None:
    """(K, 3) x, y, visibility of a part, NaN where there is no visibility; None where it was not found."""
    if isinstance(part, np.ndarray):
        return part
    keypoints = _landmarks(part, name, number)
    if keypoints is None:
        return None
    what = f"{name} of frame {number}"
    try:
        values = np.array([_values(keypoint) for keypoint in keypoints], dtype=np.float64)
    except (AttributeError, IndexError, TypeError, ValueError, OverflowError):
        raise InputError(
            f"expected x, y and perhaps visibility in {what}, got {brief(keypoints[0])}"
        ) from None
    furthest = np.abs(values[~np.isnan(values[:, 0]), :2])
    if furthest.size and np.median(furthest) > _FRACTIONS_END:
        raise InputError(
            f"expected fractions of the image in {what}, got numbers up to {furthest.max():.4g}, which look "
            "like pixels; divide x by the width and y by the height of the image"
        )
    return values


def _values(keypoint: Any) -> list[float]:
    """x, y, visibility of a keypoint, which is an object, a mapping, or a list of x, y, z and visibility; NaN
    where that is null or not there. JSON made of protocol buffers leaves out what is 0."""
    if isinstance(keypoint, Mapping):
        x, y, visibility = (keypoint.get(name, 0 if name != "visibility" else None) for name in _COLUMNS)
    elif isinstance(keypoint, Sequence) and not isinstance(keypoint, str):
        x, y, visibility = keypoint[0], keypoint[1], keypoint[3] if len(keypoint) > 3 else None
    else:
        x, y, visibility = keypoint.x, keypoint.y, _visibility(keypoint)
    return [np.nan if value is None else float(value) for value in (x, y, visibility)]


def _visibility(landmark: Any) -> float | None:
    """That of a landmark of the Python API, in which it is 0 where it was not set."""
    has = getattr(landmark, "HasField", None)
    if has is not None and not has("visibility"):
        return None
    visibility: float | None = getattr(landmark, "visibility", None)
    return visibility


def _certain(keypoints: Floats) -> Floats:
    return np.column_stack((keypoints[:, :2], np.ones(len(keypoints))))


def _split(row: npt.NDArray[Any]) -> dict[str, Floats | None]:
    """A flat array as a result."""
    result: dict[str, Floats | None] = {}
    start = 0
    for part, columns in _FLAT_COLUMNS.items():
        stop = start + _COUNTS[part][0] * columns
        values = row[start:stop].reshape(-1, columns).astype(np.float64)
        result[part] = values[:, [0, 1, columns - 1]] if values.any() else None
        start = stop
    return result
