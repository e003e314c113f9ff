"""The columns of detections, of lifted people and of rows set aside; Arrow tables to arrays and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wholebody_lift import checks
from wholebody_lift._types import Floats, Integers, Mask
from wholebody_lift.errors import InputError
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.pose import FRAMES, Pose3D
from wholebody_lift.skeleton import KEYPOINT_NAMES, LONG_BONES, NUM_KEYPOINTS

_PAIRS = pa.list_(pa.list_(pa.float64()))
_NUMBERS = pa.list_(pa.float64())

INPUT = pa.schema(
    [
        pa.field("video", pa.string()),
        pa.field("frame", pa.int64(), nullable=False),
        pa.field("track", pa.int64()),
        pa.field("keypoints", _PAIRS, nullable=False),
        pa.field("scores", _NUMBERS),
        pa.field("image_size", _NUMBERS),
        pa.field("K", _PAIRS),
        pa.field("distortion", _NUMBERS),
        pa.field("height_mm", pa.float64()),
        pa.field("bone_lengths", _NUMBERS),
        pa.field("gravity", _NUMBERS),
        pa.field("gravity_spread_deg", pa.float64()),
        pa.field("depth", _NUMBERS),
        pa.field("fps", pa.float64()),
    ]
)
"""What may be known of a person in a frame. Lists may have fixed sizes, another precision, or lie flat."""

REQUIRED = tuple(field.name for field in INPUT if not field.nullable)

ORIGIN = pa.schema(
    [pa.field("source", pa.string()), pa.field("row", pa.int64()), pa.field("problem", pa.string())]
)
"""What readers add: the file, the row in it from 0, and why the row cannot be read, if it cannot."""

_SHAPES: dict[str, tuple[int, ...]] = {
    "scores": (NUM_KEYPOINTS,),
    "image_size": (2,),
    "K": (3, 3),
    "distortion": (5,),
    "height_mm": (),
    "bone_lengths": (len(LONG_BONES),),
    "gravity": (3,),
    "gravity_spread_deg": (),
    "depth": (NUM_KEYPOINTS,),
}
"""The optional fields of `Keypoints2D`, and the shape of each for one person."""


def _fixed(kind: pa.DataType, *shape: int) -> pa.DataType:
    for size in reversed(shape):
        kind = pa.list_(kind, size)
    return kind


def output(frame: str) -> pa.Schema:
    """The columns of lifted people in the axes of `frame`, with units and names in the metadata."""
    axes = FRAMES[frame]
    described = {
        "unit": "millimetres",
        "origin": "midpoint of the hips",
        "frame": {"name": frame, "x": axes.x, "y": axes.y, "z": axes.z, "handedness": axes.handedness},
        "keypoints": list(KEYPOINT_NAMES),
    }
    return pa.schema(
        [
            pa.field("video", pa.string()),
            pa.field("frame", pa.int64(), nullable=False),
            pa.field("track", pa.int64()),
            pa.field("source", pa.string(), nullable=False),
            pa.field("row", pa.int64()),
            pa.field("xyz", _fixed(pa.float32(), NUM_KEYPOINTS, 3), nullable=False),
            pa.field("error_mm", _fixed(pa.float32(), NUM_KEYPOINTS), nullable=False),
            pa.field("observed", _fixed(pa.bool_(), NUM_KEYPOINTS), nullable=False),
            pa.field("translation", _fixed(pa.float32(), 3), nullable=False),
            pa.field("reprojection_error_px", pa.float32()),
            pa.field("K", _fixed(pa.float64(), 3, 3), nullable=False),
            pa.field("camera_source", pa.string(), nullable=False),
            pa.field("scale_source", pa.string(), nullable=False),
        ],
        metadata={"wholebody_lift": json.dumps(described)},
    )


REJECTED = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("row", pa.int64()),
        pa.field("rows", pa.int64(), nullable=False),
        pa.field("video", pa.string()),
        pa.field("frame", pa.int64()),
        pa.field("track", pa.int64()),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
"""What was set aside: a row of a file, several from `row` on that cannot be read, or a file (row null)."""


@dataclass(frozen=True)
class Rows:
    """N rows of detections as arrays.

    Attributes:
        table: (N rows) the columns `video`, `frame`, `track`, `source` and `row`.
        frames: (N,) frame of each, 0 where null.
        tracks: (N,) track of each, -1 where null.
        fps: (N,) NaN where not known.
        xy: (N, 133, 2) pixels, NaN where missing.
        known: the optional fields of `Keypoints2D` by name, each (N, ...) and (N,) whether it is given.
        problems: (N,) why a row cannot be lifted, or None.
        for_all: further arguments of `Keypoints2D` that are the same for everyone.
    """

    table: pa.Table
    frames: Integers
    tracks: Integers
    fps: Floats
    xy: Floats
    known: dict[str, tuple[Floats, Mask]]
    problems: npt.NDArray[Any]
    for_all: dict[str, Any]

    def __len__(self) -> int:
        return len(self.frames)

    @classmethod
    def concatenate(cls, pieces: Sequence[Rows]) -> Rows:
        """The rows of all pieces, one after the other."""
        return cls(
            table=pa.concat_tables([piece.table for piece in pieces]).combine_chunks(),
            known={
                name: (
                    np.concatenate([piece.known[name][0] for piece in pieces]),
                    np.concatenate([piece.known[name][1] for piece in pieces]),
                )
                for name in pieces[0].known
            },
            **{
                name: np.concatenate([getattr(piece, name) for piece in pieces])
                for name in ("frames", "tracks", "fps", "xy", "problems")
            },
            for_all=pieces[0].for_all,
        )

    def __getitem__(self, chosen: Mask) -> Rows:
        """The chosen rows.

        Not by Arrow, whose `filter` and `take` give wrong values for slices of nested lists of fixed sizes
        (pyarrow 26.0.1).
        """
        return Rows(
            table=self.table.filter(pa.array(chosen)),
            known={name: (values[chosen], given[chosen]) for name, (values, given) in self.known.items()},
            **{name: getattr(self, name)[chosen] for name in ("frames", "tracks", "fps", "xy", "problems")},
            for_all=self.for_all,
        )

    def videos(self) -> Integers:
        """(N,) the same number for rows of one video."""
        column = self.table["video"].combine_chunks()
        return np.asarray(column.dictionary_encode().indices.fill_null(-1), np.int64)

    def pattern(self) -> Integers:
        """(N,) the same number for rows of which the same optional fields are known."""
        code = np.zeros(len(self), np.int64)
        for _, given in self.known.values():
            code = 2 * code + given
        return code

    def fields(self, rows: npt.NDArray[np.intp]) -> dict[str, Any]:
        """Arguments of `Keypoints2D` for rows of one `pattern`."""
        optional = {name: values[rows] for name, (values, given) in self.known.items() if given[rows].all()}
        return {"keypoints": self.xy[rows], **optional, **self.for_all}


def read(table: pa.Table, known: dict[str, Any], fps: float | None) -> Rows:
    """Rows of a table with the columns of `INPUT` and `ORIGIN`; optional ones may be absent.

    `known` and `fps` apply to everyone and replace the values in the table.
    """
    n, known = len(table), checks.known_in_words(known)
    problems = np.asarray(_column(table, "problem", pa.string()).to_pylist(), dtype=object)
    points, columns = _numbers(table, "keypoints", ((NUM_KEYPOINTS, 2), (NUM_KEYPOINTS, 3)), problems)
    scored = columns == 1  # score in the third column
    fields = {}
    for name, shape in _SHAPES.items():
        values, which = _numbers(table, name, (shape,), problems)
        fields[name] = (values, which >= 0)
    values, given = fields["scores"]
    fields["scores"] = (np.where(given[:, None], values, points[..., 2]), given | scored)
    for name in known.keys() & _SHAPES.keys():
        array = np.asarray(known[name], np.float64)
        fields[name] = (np.repeat(array[None], n, axis=0), np.ones(n, dtype=np.bool_))
    frame = _column(table, "frame", pa.int64())
    track = _column(table, "track", pa.int64())
    track = pc.if_else(pc.less(track, 0), pa.scalar(None, pa.int64()), track)  # as trackers write it
    rates = np.full(n, fps) if fps else _plain(_column(table, "fps", pa.float64()))
    _note(problems, np.asarray(frame.is_null()), "expected the number of a frame, got null")
    return Rows(
        table=pa.table(
            {
                "video": _column(table, "video", pa.string()),
                "frame": frame,
                "track": track,
                "source": _column(table, "source", pa.string()),
                "row": _column(table, "row", pa.int64()),
            }
        ),
        frames=np.asarray(pc.fill_null(frame, 0)),
        tracks=np.asarray(pc.fill_null(track, -1)),
        fps=rates,
        xy=np.ascontiguousarray(points[..., :2]),
        known=fields,
        problems=problems,
        for_all={name: value for name, value in known.items() if name not in _SHAPES},
    )


def table_of(people: Keypoints2D, video: str, source: str) -> pa.Table:
    """Detections that a reader of `formats` made, as a table that `read` takes."""
    n = len(people)
    columns: dict[str, Any] = {
        "video": pa.array([video] * n, pa.string()),
        "frame": np.arange(n) if people.image_ids is None else people.image_ids,
        "keypoints": _lists(people.keypoints),
        "source": pa.array([source] * n, pa.string()),
        "row": np.arange(n),
    }
    if people.track_ids is not None:
        columns["track"] = people.track_ids
    for name in _SHAPES:
        value = getattr(people, name)
        if value is not None:
            columns[name] = _lists(value) if value.ndim > 1 else value
    if people.fps is not None:
        columns["fps"] = np.full(n, people.fps)
    return pa.table(columns)


def lifted(origin: pa.Table, pose: Pose3D) -> pa.Table:
    """The output for people whose `video`, `frame`, `track`, `source` and `row` are in `origin`."""
    n = len(pose)
    columns = {name: origin[name] for name in ("video", "frame", "track", "source", "row")}
    for name in ("xyz", "error_mm", "observed", "translation", "K"):
        columns[name] = _lists(getattr(pose, name))
    columns["reprojection_error_px"] = pa.array(pose.reprojection_error_px, from_pandas=True)  # NaN: null
    columns["camera_source"] = pa.array([pose.camera_source] * n, pa.string())
    columns["scale_source"] = pa.array([pose.scale_source] * n, pa.string())
    schema = output(pose.frame)
    return pa.table(columns).select(schema.names).cast(schema)


def rejected(rows: Rows, chosen: npt.NDArray[np.intp], reasons: Sequence[str]) -> pa.Table:
    """Rows set aside, one by one."""
    origin = rows.table.take(chosen)
    columns = {name: origin[name] for name in ("source", "row", "video", "frame", "track")}
    columns |= {"rows": np.ones(len(chosen), np.int64), "reason": pa.array(list(reasons), pa.string())}
    return pa.table(columns).select(REJECTED.names).cast(REJECTED)


def rejected_piece(source: str, row: int | None, rows: int, reason: str) -> pa.Table:
    """Rows that could not be read; or, without a row, a file."""
    entry = dict.fromkeys(REJECTED.names) | {"source": source, "row": row, "rows": rows, "reason": reason}
    return pa.Table.from_pylist([entry], REJECTED)


def require_columns(schema: pa.Schema) -> list[str]:
    """The columns that are not used. Raises InputError for columns that are missing or of another type."""
    missing = [name for name in REQUIRED if name not in schema.names]
    if missing:
        raise InputError(f"expected a column {missing[0]!r}, got {', '.join(schema.names) or 'no columns'}")
    for wanted in INPUT:
        if wanted.name in schema.names:
            got = schema.field(wanted.name).type
            if not _fits(got, wanted.type):
                raise InputError(f"expected column {wanted.name!r} of type {wanted.type}, got {got}")
    return [name for name in schema.names if name not in INPUT.names]


def _fits(got: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether values of a type can be read as another, in which lists stand for arrays."""
    got = got.storage_type if isinstance(got, pa.BaseExtensionType) else got
    got = got.value_type if pa.types.is_dictionary(got) else got
    if pa.types.is_null(got):
        return True
    if pa.types.is_list(wanted):
        if not _is_list(got):
            return False
        while _is_list(got):
            got = got.value_type
        return bool(pa.types.is_floating(got) or pa.types.is_integer(got) or pa.types.is_null(got))
    if pa.types.is_string(wanted):
        return bool(pa.types.is_string(got) or pa.types.is_large_string(got))
    if pa.types.is_integer(wanted):
        return bool(pa.types.is_integer(got))
    return bool(pa.types.is_floating(got) or pa.types.is_integer(got))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _column(table: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    """A column of plain values; nulls where the table lacks it."""
    if name not in table.column_names:
        return pa.nulls(len(table), kind)
    column = table[name]
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return column.cast(kind)


def _plain(column: pa.Array) -> Floats:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)


def _note(problems: npt.NDArray[Any], rows: Mask, reason: str) -> None:
    """Give rows a problem, if they have none yet."""
    problems[rows & (problems == None)] = reason  # noqa: E711  # elementwise


def _numbers(
    table: pa.Table, name: str, shapes: Sequence[tuple[int, ...]], problems: npt.NDArray[Any]
) -> tuple[Floats, Integers]:
    """Numbers (N, *last of the shapes), NaN where there are none; and (N,) which of the shapes they have, or
    -1 where they are not given.

    What does not have one of the shapes becomes a problem of its row, unless that has one; null does where
    the column is required.
    """
    n, largest = len(table), shapes[-1]
    values = np.full((n, *largest), np.nan)
    which = np.full(n, -1)
    if name not in table.column_names:
        return values, which
    column = table[name]
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    dense = _dense(column)
    if dense is not None:
        for place, shape in enumerate(shapes):
            if _same(dense[0], shape):
                _corner(values, shape)[:] = dense.reshape(n, *shape)
                which[:] = place
                return values, which
    for i, value in enumerate(column.to_pylist()):
        if value is None:
            if name in REQUIRED and problems[i] is None:
                problems[i] = f"expected {name}, got null"
            continue
        array = _array(value)
        fitting = [j for j, shape in enumerate(shapes) if array is not None and _same(array, shape)]
        if array is None or not fitting:
            if problems[i] is None:
                wanted = " or ".join(map(str, shapes))
                got = "lists of several lengths" if array is None else array.shape
                problems[i] = f"expected {name} of shape {wanted}, got {got}"
            continue
        shape = shapes[fitting[0]]
        _corner(values, shape)[i] = array.reshape(shape)
        which[i] = fitting[0]
    return values, which


def _dense(column: pa.Array) -> Floats | None:
    """The column (N, A, B, ...), if its lists have one length at each depth and none is null; else None."""
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if not len(column) or column.null_count:
        return None
    shape = [len(column)]
    while _is_list(column.type):
        lengths = pc.min_max(pc.list_value_length(column))
        if column.null_count or lengths["min"] != lengths["max"]:
            return None
        shape.append(lengths["min"].as_py())
        column = column.flatten()
    return _plain(column.cast(pa.float64())).reshape(shape)


def _array(value: Any) -> Floats | None:
    """Numbers from nested lists, in which a keypoint or a number may be None; None for ragged ones."""
    if isinstance(value, list) and any(isinstance(item, list) for item in value):
        width = max(len(item) for item in value if isinstance(item, list))
        value = [[None] * width if item is None else item for item in value]
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return None


def _corner(values: Floats, shape: tuple[int, ...]) -> Floats:
    """The part (N, *shape) of larger arrays."""
    every: tuple[slice, ...] = (slice(None),)
    return values[every + tuple(map(slice, shape))]


def _same(array: Floats, shape: tuple[int, ...]) -> bool:
    """Whether an array has a shape, or is the same numbers in a row."""
    size = int(np.prod(shape))
    return array.shape in (shape, (size,), (1, size))


def _lists(array: npt.NDArray[Any]) -> pa.Array:
    """(N, A, B, ...) as N lists of fixed sizes."""
    column = pa.array(np.ascontiguousarray(array).reshape(-1))
    for size in reversed(array.shape[1:]):
        column = pa.FixedSizeListArray.from_arrays(column, size)
    return cast(pa.Array, column)
