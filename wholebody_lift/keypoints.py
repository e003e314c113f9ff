"""Keypoints2D: the input, validated once at the door.

What cannot be lifted raises `InputError`; what can be lifted but looks wrong warns with `InputWarning`.
`checks` says what each field must be, `plausibility` what looks wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator, model_validator

from wholebody_lift import checks
from wholebody_lift._types import Floats, Integers, Mask
from wholebody_lift.checks import MIN_SCORE
from wholebody_lift.errors import InputError, warn
from wholebody_lift.plausibility import signs_of_mistakes
from wholebody_lift.skeleton import NUM_KEYPOINTS

__all__ = ["MIN_SCORE", "Keypoints2D"]


class Keypoints2D(BaseModel):
    """The 2D keypoints of N people, validated, in the 133-keypoint COCO-WholeBody layout.

    Attributes:
        keypoints: (N, 133, 2) float64, x right and y down in pixels; NaN where missing.
        scores: (N, 133) float32, 0..1; 0 where missing, 1 if the detector gave none.
        image_size: (N, 2) float64, width and height in pixels, or None.
        K: (N, 3, 3) float64, camera intrinsics in pixels, or None.
        distortion: (N, 5) float64, Brown-Conrady k1 k2 p1 p2 k3 in OpenCV's order, or None.
        height_mm: (N,) float64, standing height of each person, or None.
        bone_lengths: (N, 12) float64, mm, in the order of `skeleton.LONG_BONES`; NaN where unknown, or None.
        gravity: (N, 3) float64, unit vectors that point down in camera axes (x right, y down, z forward), NaN
            where unknown, or None.
        gravity_spread_deg: (N,) float64, by how many degrees `gravity` may be off, or None.
        depth: (N, 133) float64, mm along the viewing direction, as a detector guesses it; NaN where missing,
            or None.
        image_ids: (N,) int64, the image or video frame that each person is in, or None.
        track_ids: (N,) int64, who each person is: the same number is the same person in every frame, or None.
        fps: frames per second of the video that the frames are of, or None.
        min_score: keypoints with a lower score are missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    keypoints: Floats
    scores: npt.NDArray[np.float32]
    image_size: Floats | None = None
    K: Floats | None = None
    distortion: Floats | None = None
    height_mm: Floats | None = None
    bone_lengths: Floats | None = None
    gravity: Floats | None = None
    gravity_spread_deg: Floats | None = None
    depth: Floats | None = None
    image_ids: Integers | None = None
    track_ids: Integers | None = None
    fps: float | None = None
    min_score: float = MIN_SCORE

    def __init__(
        self,
        keypoints: npt.ArrayLike,
        scores: npt.ArrayLike | None = None,
        *,
        image_size: npt.ArrayLike | None = None,
        K: npt.ArrayLike | None = None,
        distortion: npt.ArrayLike | None = None,
        height_mm: npt.ArrayLike | None = None,
        bone_lengths: npt.ArrayLike | Mapping[str, float] | None = None,
        gravity: npt.ArrayLike | Literal["level"] | None = None,
        gravity_spread_deg: npt.ArrayLike | None = None,
        depth: npt.ArrayLike | None = None,
        image_ids: npt.ArrayLike | None = None,
        track_ids: npt.ArrayLike | None = None,
        fps: float | None = None,
        min_score: float = MIN_SCORE,
    ) -> None:
        """Validate all fields once and convert them to one form; accepts numpy, torch and lists.

        A keypoint is missing where x, y or the score is NaN (None in lists, masked in `np.ma`), where the
        score is under `min_score`, and where x and y are both exactly 0, or both -1 without a score. With a
        known `image_size`, `CLAMPED` or more keypoints exactly on one border of the picture are missing too,
        and a warning says so.

        Args:
            keypoints: (133, 2) or (N, 133, 2) pixels; a third column is the score.
            scores: (133,) or (N, 133), 0..1; a little outside (`SCORE_RANGE`) is cut.
            image_size: (width, height) or (N, 2) pixels.
            K: (3, 3) or (N, 3, 3).
            distortion: (5,) or (N, 5), or OpenCV's shapes of 4, 8, 12 or 14 numbers as far as the others are
                0; needs K.
            height_mm: a number or (N,).
            bone_lengths: mm by name, as {"left_thigh": 430}; or (12,) or (N, 12) in the order of
                `skeleton.LONG_BONES`, NaN where not known. `Pose3D.bone_lengths` measures them.
            gravity: (3,) or (N, 3) in camera axes, of any length; or "level" for a camera that is held level.
            gravity_spread_deg: a number or (N,); `checks.GRAVITY_SPREAD_DEG` unless given.
            depth: (133,) or (N, 133) mm, larger is farther away; from any origin, NaN where missing.
            image_ids: (N,) whole numbers.
            track_ids: (N,) whole numbers; the same id may appear only once in an image. A negative number
                means no track; if anyone has none, all ids are dropped.
            fps: from `MIN_FPS` to `MAX_FPS`.
            min_score: 0..1.

        Raises:
            InputError: as it says: what was expected, what came and how to fix it.

        Warns:
            InputWarning: the people can be lifted but look wrong.
        """
        given = {
            "keypoints": keypoints,
            "scores": scores,
            "image_size": image_size,
            "K": K,
            "distortion": distortion,
            "height_mm": height_mm,
            "bone_lengths": bone_lengths,
            "gravity": gravity,
            "gravity_spread_deg": gravity_spread_deg,
            "depth": depth,
            "image_ids": image_ids,
            "track_ids": track_ids,
            "fps": fps,
            "min_score": min_score,
        }
        with _input_errors():
            super().__init__(**given)
        self._warn()

    @classmethod
    def visible(
        cls, keypoints: npt.ArrayLike, scores: npt.ArrayLike | None = None, **known: Any
    ) -> tuple[Keypoints2D, Mask]:
        """The people with at least two visible keypoints in different places, and a mask of who they are.

        Args:
            keypoints, scores, known: as for `Keypoints2D`; fields with a person axis have all people.

        Returns:
            The people, perhaps none, and (N,) bool: which of those given they are.

        Raises InputError and warns as `Keypoints2D`, but for people of whom nothing is visible.
        """
        chosen: dict[str, Mask] = {}
        people = cls.__new__(cls)
        given = {"keypoints": keypoints, "scores": scores, **known}
        with _input_errors():  # as BaseModel.__init__ does, which takes no context
            cls.__pydantic_validator__.validate_python(given, self_instance=people, context=chosen)
        people._warn()
        return people, chosen["visible"]

    @classmethod
    def empty(cls) -> Keypoints2D:
        """No people (N = 0), as a detector finds in an empty picture."""
        return cls._of(
            keypoints=np.zeros((0, NUM_KEYPOINTS, 2)), scores=np.zeros((0, NUM_KEYPOINTS), np.float32)
        )

    @classmethod
    def concatenate(cls, pieces: Iterable[Keypoints2D]) -> Keypoints2D:
        """The people of all pieces, one after the other.

        Raises InputError where some pieces have a field that others lack, or another fps or min_score.
        """
        pieces = [piece for piece in pieces if len(piece)]
        if not pieces:
            return cls.empty()
        joined: dict[str, Any] = {}
        for name in cls.model_fields:
            values = [getattr(piece, name) for piece in pieces]
            if isinstance(values[0], np.ndarray) and all(value is not None for value in values):
                joined[name] = np.concatenate(values)
            elif all(not isinstance(value, np.ndarray) and value == values[0] for value in values):
                joined[name] = values[0]
            else:
                raise InputError(
                    f"expected pieces that all have {name}, the same or one for each person, got some "
                    "without or with another; give it to all of them, or to none"
                )
        return cls._of(**joined)

    @classmethod
    def _of(cls, **fields: Any) -> Keypoints2D:
        """People whose fields have been validated."""
        return cls.model_construct(**fields)

    def replace(self, **known: Any) -> Keypoints2D:
        """The same people with other fields, which are validated as by `Keypoints2D`; None stays as it is."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**fields | {name: value for name, value in known.items() if value is not None})

    @property
    def observed(self) -> Mask:
        """(N, 133) bool: False where the keypoint is missing."""
        return ~np.isnan(self.keypoints[..., 0])

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __len__(self) -> int:
        """Number of people N."""
        return len(self.keypoints)

    def __getitem__(self, index: int | slice | Sequence[int] | npt.NDArray[Any]) -> Keypoints2D:
        """The chosen people; an int chooses one, and the result still has a person axis (N = 1).

        Raises IndexError for rows that are not there, InputError for a single bool.
        """
        checks.selection(index, self.track_ids)
        selection: Any = index
        rows = np.atleast_1d(np.arange(len(self))[selection])
        chosen = {
            name: value[rows] if isinstance(value, np.ndarray) else value
            for name, value in ((name, getattr(self, name)) for name in type(self).model_fields)
        }
        return self._of(**chosen)

    def __iter__(self) -> Iterator[Keypoints2D]:  # type: ignore[override]  # pydantic's yields fields
        """Each person as a `Keypoints2D` of length 1."""
        return (self[i] for i in range(len(self)))

    def __repr_args__(self) -> Iterable[tuple[str, Any]]:
        yield "people", len(self)
        yield "observed", f"{self.observed.sum()} of {self.observed.size}"
        yield "min_score", self.min_score
        for name in (*checks.PER_PERSON, "fps"):
            yield name, "given" if getattr(self, name) is not None else None

    def _warn(self) -> None:
        """Warn of signs of mistakes, at the line that called into this package."""
        for category, message in signs_of_mistakes(self.keypoints, self.image_size, self.K):
            warn(message, category)

    # The validators, in the order in which they run.

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        """Keypoints, scores and image size, which decide together what is missing; without the people of whom
        nothing is visible, if `visible` asks for that."""
        given = {name: value for name, value in given.items() if value is not None or name == "keypoints"}
        given = checks.known_in_words(given)
        min_score = checks.min_score(given.get("min_score", MIN_SCORE))
        xy, scores = checks.keypoints_and_scores(given.pop("keypoints"), given.pop("scores", None), min_score)
        if "image_size" in given:
            given["image_size"] = checks.image_size(given["image_size"], len(xy))
            checks.drop_clamped(xy, scores, given["image_size"])
        seen = ~checks.invisible(xy)
        if info.context is None:
            checks.require_visible(~seen, xy, min_score)
        else:
            info.context["visible"] = seen
            given = {name: checks.rows(name, value, seen) for name, value in given.items()}
            xy, scores = xy[seen], scores[seen]
        return {**given, "keypoints": xy, "scores": scores, "min_score": min_score}

    @field_validator(*checks.CHECKS, mode="before")
    @classmethod
    def _check_per_person(cls, value: Any, info: ValidationInfo) -> npt.NDArray[Any] | None:
        return checks.CHECKS[str(info.field_name)](value, info.data["keypoints"])

    @field_validator("fps", mode="before")
    @classmethod
    def _check_fps(cls, value: Any) -> float:
        return checks.fps(value)

    @model_validator(mode="after")
    def _fits_together(self) -> Keypoints2D:
        if self.distortion is not None and self.K is None:
            raise InputError(
                "expected K with distortion, as they come from one calibration, got distortion alone; pass "
                "K too"
            )
        checks.require_pixel_units(self.keypoints, self.K, self.image_size)
        if self.track_ids is not None and self.image_ids is not None:
            checks.require_once_per_image(self.image_ids, self.track_ids)
        return self


@contextmanager
def _input_errors() -> Iterator[None]:
    """Raise the InputError that pydantic wrapped in its own error."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, InputError):
            raise cause from None
        raise TypeError(f"Keypoints2D has no field {'.'.join(map(str, first['loc']))!r}") from None
