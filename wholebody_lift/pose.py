"""Pose3D: lifted people, with the units, origin, axes and names needed to read them."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from wholebody_lift import checks, over_time, tracks
from wholebody_lift._types import AnyFloats
from wholebody_lift.body import long_bones
from wholebody_lift.ground import Ground
from wholebody_lift.skeleton import CONTACTS, KEYPOINT_NAMES, LONG_BONES, NUM_KEYPOINTS, PARTS

if TYPE_CHECKING:
    import pandas


CameraSource = Literal["given", "image_size", "keypoints"]
ScaleSource = Literal["height_mm", "bone_lengths", "average_adult"]


class FrameSpec(NamedTuple):
    """A coordinate frame, by how it turns the axes of an OpenCV camera into its own."""

    matrix: npt.NDArray[np.float64]
    """(3, 3): coordinates in this frame = matrix @ coordinates in the OpenCV camera frame."""
    x: str
    y: str
    z: str
    handedness: Literal["right", "left"]


def _frame(rows: list[list[int]], x: str, y: str, z: str) -> FrameSpec:
    matrix = np.array(rows, dtype=np.float64)
    return FrameSpec(matrix, x, y, z, "right" if np.linalg.det(matrix) > 0 else "left")


_OF_SEQUENCES = ("feet_held", "contacts_held", "frame_by_frame_px", "ground")
"""Fields that only `lift_sequence` sets."""

OPTIONAL_FIELDS = ("image_size", "track_ids", "feet_held", "contacts_held", "frame_by_frame_px")
"""The fields with a person axis that are None where they are not known."""

WORLD = "world"

FRAMES: dict[str, FrameSpec] = {
    "opencv": _frame([[1, 0, 0], [0, 1, 0], [0, 0, 1]], "image right", "image down", "away from the camera"),
    "opengl": _frame([[1, 0, 0], [0, -1, 0], [0, 0, -1]], "image right", "image up", "towards the camera"),
    "blender": _frame([[1, 0, 0], [0, 0, 1], [0, -1, 0]], "image right", "away from the camera", "image up"),
    "unity": _frame([[1, 0, 0], [0, -1, 0], [0, 0, 1]], "image right", "image up", "away from the camera"),
    "opensim": _frame([[0, 0, 1], [0, -1, 0], [1, 0, 0]], "away from the camera", "image up", "image right"),
    WORLD: _frame(
        [[1, 0, 0], [0, 0, 1], [0, -1, 0]], "level, image right", "level, away from the camera", "up"
    ),
}
"""The frames that `Pose3D.to` knows. All keep millimetres, and all but "world" change only the axes.

Frame "world" needs `Pose3D.ground`: z points up against gravity, and `translation` starts at the point of the
floor under the camera. Its matrix here is that of a camera that is held level.
"""

_CAMERA_WORDS: dict[str, str] = {
    "given": "as given (K)",
    "image_size": "assumed from the image size: focal length = image diagonal, principal point in the middle",
    "keypoints": "assumed from the keypoints alone: a moderate perspective centred on the person",
}
_SCALE_WORDS: dict[str, str] = {
    "height_mm": "from the given height",
    "bone_lengths": "from the given bone lengths",
    "average_adult": "of an average adult (one image cannot tell the true one; give height_mm to set it)",
}


@dataclass(frozen=True, eq=False)
class Pose3D:
    """N people in 3D.

    Attributes:
        xyz: (N, 133, 3) float32, mm; axes of `frame`; origin = midpoint of the person's hips.
        error_mm: (N, 133) float32, expected distance in mm between each keypoint and the truth.
        observed: (N, 133) bool; False where the 2D keypoint was missing and `xyz` is inferred.
        translation: (N, 3) float32, mm; the origin's position from the camera, axes of `frame`.
        K: (N, 3, 3) float64, intrinsics in pixels that were used (see `camera_source`).
        distortion: (N, 5) float64, Brown-Conrady k1 k2 p1 p2 k3; zeros where none was given.
        camera_source: where K came from: "given", assumed from the "image_size", or from the
            "keypoints" alone.
        reprojection_error_px: (N,) float32, mean distance in pixels between the 2D keypoints and
            the result seen through K; NaN where a whole frame of a sequence was filled in.
        keypoints: (N, 133, 2) float32, the 2D input in pixels, NaN where missing.
        scores: (N, 133) float32, its scores 0..1, 0 where missing.
        image_ids: (N,) int64; rows with one id are people of one image or video frame.
        image_size: (N, 2) float64, width and height in pixels, or None if unknown.
        track_ids: (N,) int64, who each person is: one number is one person in every frame, or None.
        feet_held: (N, 2) bool, whether the left and the right foot stand and were held in their place; None
            without `lock_feet`.
        contacts_held: (N, 5) bool, whether the left and the right knee, the left and the right hand, and the
            seat rest and were held likewise; None without `lock_feet`.
        frame_by_frame_px: (N,) float32, the reprojection error of each frame of a sequence lifted by itself,
            to compare with `reprojection_error_px`; NaN where the frame was filled in. None for results of
            single frames.
        fps: frames per second, where `image_ids` count the frames of a video, or None.
        scale_source: "height_mm" if the user gave the person's height, else "bone_lengths" if some of these
            were given, else "average_adult".
        frame: one of `FRAMES`.
        ground: which way is down and where the floor is, for a sequence whose camera does not move; or None
            if it is not known.
    """

    xyz: AnyFloats
    error_mm: AnyFloats
    observed: npt.NDArray[np.bool_]
    translation: AnyFloats
    K: AnyFloats
    distortion: AnyFloats
    camera_source: CameraSource
    reprojection_error_px: AnyFloats
    keypoints: AnyFloats
    scores: AnyFloats
    image_ids: npt.NDArray[np.int64]
    image_size: AnyFloats | None = None
    track_ids: npt.NDArray[np.int64] | None = None
    feet_held: npt.NDArray[np.bool_] | None = None
    contacts_held: npt.NDArray[np.bool_] | None = None
    frame_by_frame_px: AnyFloats | None = None
    fps: float | None = None
    scale_source: ScaleSource = "average_adult"
    frame: str = "opencv"
    ground: Ground | None = None

    def __post_init__(self) -> None:
        n = len(self.xyz)
        for name, shape in _shapes(n).items():
            value = getattr(self, name)
            if value is not None and np.shape(value) != shape:
                raise ValueError(f"expected Pose3D.{name} of shape {shape}, got {np.shape(value)}")
        for name in ("image_ids", "track_ids"):
            value = getattr(self, name)
            if value is not None and np.asarray(value).dtype.kind not in "iu":
                kind = np.asarray(value).dtype
                raise ValueError(f"expected Pose3D.{name} as an array of whole numbers, got {kind}")
        _frame_spec(self.frame)
        if self.frame == WORLD:
            self._require_ground()
        _check_one_of("camera_source", self.camera_source, CameraSource)
        _check_one_of("scale_source", self.scale_source, ScaleSource)
        if self.fps is not None:
            object.__setattr__(self, "fps", checks.fps(self.fps))  # a plain float, as files hold it

    @classmethod
    def empty(cls, fps: float | None = None) -> Pose3D:
        """No people (N = 0): the result for an empty picture."""
        arrays: dict[str, Any] = {name: np.zeros(shape, np.float32) for name, shape in _shapes(0).items()}
        return cls(
            **arrays
            | {
                "observed": np.zeros((0, NUM_KEYPOINTS), dtype=bool),
                "K": np.zeros((0, 3, 3)),
                "distortion": np.zeros((0, 5)),
                "image_ids": np.zeros(0, np.int64),
                **dict.fromkeys(OPTIONAL_FIELDS),
            },
            camera_source="keypoints",
            fps=fps,
        )

    @classmethod
    def concatenate(cls, pieces: Iterable[Pose3D]) -> Pose3D:
        """The people of all pieces, one after the other.

        What only sequences have is kept if all pieces have it.

        Raises ValueError for pieces in different frames, with different sources of camera or scale or
        different frame rates, of which only some have track ids or image sizes, or in frame "world" on
        different grounds.
        """
        pieces = list(pieces)
        some = [piece for piece in pieces if len(piece)]
        if not some:
            return pieces[0] if pieces else cls.empty()
        if some[0].frame == WORLD and len({piece.ground for piece in some}) > 1:
            raise ValueError(
                'expected pieces of one ground in frame "world", got several; turn them into a frame of the '
                'camera first, such as pose.to("opencv")'
            )
        joined: dict[str, Any] = {}
        for field in fields(cls):
            values = [getattr(piece, field.name) for piece in some]
            if field.name in _OF_SEQUENCES and (
                any(value is None for value in values) or (field.name == "ground" and len(set(values)) > 1)
            ):
                joined[field.name] = None
            elif all(isinstance(value, np.ndarray) for value in values):
                joined[field.name] = np.concatenate(values)
            elif any(isinstance(value, np.ndarray) for value in values) or len(set(values)) > 1:
                raise ValueError(
                    f"expected pieces with the same {field.name}, got {', '.join(map(_brief, values))}"
                )
            else:
                joined[field.name] = values[0]
        return cls(**joined)

    def __len__(self) -> int:
        """Number of people N."""
        return len(self.xyz)

    def __getitem__(self, index: int | slice | Sequence[int] | npt.NDArray[Any]) -> Pose3D:
        """The chosen people; an int chooses one, and the result still has a person axis (N = 1).

        Raises IndexError for rows that are not there, InputError for a single bool.
        """
        checks.selection(index, self.track_ids)
        rows: Any = index
        if not isinstance(index, slice) and np.ndim(index) == 0:
            number = operator.index(index)  # type: ignore[arg-type]  # an int, or an array of one
            if not -len(self) <= number < len(self):
                raise IndexError(f"person {number} of {len(self)}")
            start = number % len(self)
            rows = slice(start, start + 1)
        chosen = {name: getattr(self, name)[rows] for name in _shapes(0) if getattr(self, name) is not None}
        return replace(self, **chosen)

    def __iter__(self) -> Iterator[Pose3D]:
        """Each person as a `Pose3D` of length 1."""
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"Pose3D({tracks.in_words(self)}, {NUM_KEYPOINTS} keypoints, mm, frame={self.frame!r})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the page, in a frame (see `viewers.notebook`)."""
        from wholebody_lift.viewers import notebook

        return notebook.cell(self)

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each of the 133 keypoints."""
        return KEYPOINT_NAMES

    @property
    def parts(self) -> dict[str, AnyFloats]:
        """xyz of each part by name: (N, 17|6|68|21|21, 3) mm."""
        return {name: self.xyz[:, part.start : part.stop] for name, part in PARTS.items()}

    @property
    def in_camera(self) -> AnyFloats:
        """(N, 133, 3) float32, mm: positions from the camera instead of from the hips; in frame "world", from
        the floor under the camera."""
        return self.xyz + self.translation[:, None]

    def to(self, frame: str) -> Pose3D:
        """The same people in the axes of another frame, still in mm (see `FRAMES`).

        Raises ValueError for a frame that is not known, and for "world" if `ground` is None.
        """
        if frame == self.frame == WORLD:
            return self
        turn = (self._turn(frame) @ self._turn(self.frame).T).astype(np.float32)
        translation = self.translation
        if self.frame == WORLD:
            translation = translation - self._camera_in_world()
        translation = translation @ turn.T
        if frame == WORLD:
            translation = translation + self._camera_in_world()
        return replace(self, xyz=self.xyz @ turn.T, translation=translation, frame=frame)

    def _turn(self, frame: str) -> AnyFloats:
        """(3, 3): coordinates in a frame = matrix @ coordinates in the axes of the OpenCV camera."""
        matrix = _frame_spec(frame).matrix
        return self._require_ground().matrix if frame == WORLD else matrix

    def _camera_in_world(self) -> AnyFloats:
        """(3,) mm, the camera's position in frame "world"."""
        return np.array([0.0, 0.0, self._require_ground().camera_height_mm], np.float32)

    def _require_ground(self) -> Ground:
        if self.ground is None:
            raise ValueError(
                'expected a result whose ground is known for frame "world", got one without; lift a video of '
                "people who stand in front of a camera that does not move with lift_sequence, or pass it "
                "gravity and camera_height_mm"
            )
        return self.ground

    def bone_lengths(self) -> AnyFloats:
        """Lengths of the long bones of each person, for another lift of the same people.

        They are in mm, in the order of `skeleton.LONG_BONES`: the weighted median over all rows in which the
        person is, so that each row of a person has the same. Without `height_mm` they are those of an average
        adult, proportioned like the person.

        Returns:
            (N, 12) float64.

        Raises:
            InputError: it is not known who is who in several images.
        """
        lengths = np.empty((len(self), len(LONG_BONES)))
        for _, rows in tracks.each(self):
            measured = long_bones.lengths(self.xyz[rows].astype(np.float64))
            weights = long_bones.weights(self.error_mm[rows])
            lengths[rows] = long_bones.weighted_median(measured, weights)
        return lengths

    def summary(self) -> str:
        """A readable summary: people, units, axes, camera, scale, errors.

        For a video also how the fit to the picture changed, what was filled in, how constant bones are, and
        which feet were held.
        """
        spec = FRAMES[self.frame]
        per_part = ", ".join(
            f"{name} {_mean(self.error_mm[:, part.start : part.stop]):.0f}" for name, part in PARTS.items()
        )
        observed = int(self.observed.sum())
        before = self.frame_by_frame_px
        return "\n".join(
            [
                f"{tracks.in_words(self)}, {NUM_KEYPOINTS} keypoints each, "
                f"{observed} of {self.observed.size} observed, the others inferred",
                "unit    millimetres, origin = midpoint of the hips",
                f"scale   {_SCALE_WORDS[self.scale_source]}",
                f"frame   {self.frame} ({spec.handedness}-handed): x {spec.x}, y {spec.y}, z {spec.z}",
                f"camera  {_CAMERA_WORDS[self.camera_source]}",
                f"error   expected, in mm: {per_part}",
                f"        mean reprojection error {_mean(self.reprojection_error_px):.1f} px"
                + ("" if before is None else f" ({_mean(before):.1f} px frame by frame)"),
                *over_time.lines(self),
                *([] if self.ground is None else [f"ground  {self.ground.in_words()}"]),
            ]
        )

    def save(self, path: str | Path, **options: Any) -> None:
        """Write by suffix: .npz or .json, lossless, for `load`; .csv, .trc, .mot, .c3d, .bvh, .glb or .rrd
        (see `formats.write`); .html, a page to look at (`viewers.html`); .mp4, a video (`viewers.clip`);
        .png, .pdf or .svg, a figure (`viewers.figure`).

        `options` are those of the function behind each, such as `pictures` for .html and .mp4. Raises
        InputError for another suffix, and what these functions raise.
        """
        from wholebody_lift import outputs

        outputs.kind_of(path).write(self, Path(path), **options)

    def to_dataframe(self, layout: Literal["long", "wide", "angles"] = "long") -> pandas.DataFrame:
        """A table: a row per keypoint ("long"), or per person and image ("wide"; "angles" for joint angles in
        degrees, each with its expected error). Needs the extra pandas."""
        from wholebody_lift.formats.results.dataframe import to_dataframe

        return to_dataframe(self, layout)

    @staticmethod
    def load(path: str | Path) -> Pose3D:
        """Read what `save` wrote as .npz or .json."""
        from wholebody_lift import formats

        return formats.read_pose(path)


def _mean(values: AnyFloats) -> float:
    """The mean of the known values; NaN if none is known."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def _brief(value: object) -> str:
    return "given" if isinstance(value, np.ndarray) else repr(value)


def _shapes(n: int) -> dict[str, tuple[int, ...]]:
    """The arrays of a Pose3D of n people and their shapes."""
    k = NUM_KEYPOINTS
    return {
        "xyz": (n, k, 3),
        "error_mm": (n, k),
        "observed": (n, k),
        "translation": (n, 3),
        "K": (n, 3, 3),
        "distortion": (n, 5),
        "reprojection_error_px": (n,),
        "keypoints": (n, k, 2),
        "scores": (n, k),
        "image_ids": (n,),
        "image_size": (n, 2),
        "track_ids": (n,),
        "feet_held": (n, 2),
        "contacts_held": (n, len(CONTACTS)),
        "frame_by_frame_px": (n,),
    }


def _check_one_of(name: str, value: object, choices: Any) -> None:
    if value not in get_args(choices):
        raise ValueError(f"expected {name} {' or '.join(get_args(choices))}, got {value!r}")


def _frame_spec(frame: str) -> FrameSpec:
    if frame not in FRAMES:
        raise ValueError(f"expected one of the frames {', '.join(FRAMES)}, got {frame!r}")
    return FRAMES[frame]


FIELD_NAMES: tuple[str, ...] = tuple(field.name for field in fields(Pose3D))
"""All fields that a file needs to restore a Pose3D."""
