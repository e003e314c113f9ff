"""Read and write other programs' files of 2D keypoints: one module per program, chosen by content."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

import numpy.typing as npt

from wholebody_lift import layouts
from wholebody_lift.errors import InputError, InputWarning, ResultError, listed, one_line, warn
from wholebody_lift.formats.detections import (
    alphapose,
    arrays,
    assemble,
    coco_wholebody,
    mediapipe,
    mmpose,
    openpose,
    rows,
    rtmlib,
    supervision,
    vitpose,
)
from wholebody_lift.formats.detections.frame_names import natural_order
from wholebody_lift.formats.loading import NPY, ZIP, Content
from wholebody_lift.keypoints import MIN_SCORE, Keypoints2D
from wholebody_lift.layouts import Layout

__all__ = ["mediapipe", "mmpose", "read", "rtmlib", "supervision", "vitpose", "write_keypoints"]


class _Reader(Protocol):
    """A module that reads a JSON format of 2D keypoints."""

    LOOKED_FOR: str

    def matches(self, document: Any) -> bool: ...

    def parse(self, document: Any, layout: Layout | None = None) -> assemble.Fields: ...


_READERS: tuple[_Reader, ...] = (mediapipe, rows, mmpose, openpose, alphapose, coco_wholebody, arrays)
"""The first one that matches the content reads it."""

_OF_ONE_PERSON = {"category_id", "keypoint_scores", "foot_kpts", "bbox", "frame", "track", "video"}
"""Keys of an object that describes one person; plain arrays do not have them."""

JSON_SUFFIXES = (".json", ".jsonl", ".json.gz", ".jsonl.gz")
"""Of the files in a folder that may be the frames of a video."""

_OF_A_VIDEO = frozenset({"image_ids", "track_ids"})
KEPT: dict[str, frozenset[str]] = {
    "arrays": frozenset(arrays.FIELDS),
    "coco-wholebody": _OF_A_VIDEO | {"image_size", "fps"},
    "mmpose": _OF_A_VIDEO,
    "openpose": _OF_A_VIDEO,
}
"""What else of a `Keypoints2D` than keypoints and scores a format of `write_keypoints` has a place for."""

_KEYPOINT_WRITERS = {
    "arrays": arrays.write,
    "coco-wholebody": coco_wholebody.write,
    "mmpose": mmpose.write,
    "openpose": openpose.write,
}


def read(
    path: str | Path | bytes | BinaryIO,
    *,
    name: str | None = None,
    layout: str | None = None,
    image_size: npt.ArrayLike | None = None,
    K: npt.ArrayLike | None = None,
    distortion: npt.ArrayLike | None = None,
    height_mm: npt.ArrayLike | None = None,
    bone_lengths: npt.ArrayLike | Mapping[str, float] | None = None,
    gravity: npt.ArrayLike | Literal["level"] | None = None,
    gravity_spread_deg: npt.ArrayLike | None = None,
    fps: float | None = None,
    min_score: float = MIN_SCORE,
) -> Keypoints2D:
    """Read 2D keypoints; the content decides the format, whatever the file is called.

    Formats: COCO-WholeBody, MMPose, OpenPose, Pose2Sim, ControlNet, AlphaPose, MediaPipe and rows of people
    as JSON, JSON lines or either in gzip, and arrays as npy, npz or JSON; docs/formats.md has an example of
    each. A folder or a zip of such JSON files, one for each frame, is a video, and so is an object of frames
    by their names. Hidden files are left alone. Keypoints that a format lacks are missing, and those that it
    alone has are left out. People without visible keypoints are left out.

    Args:
        path: the file or folder; or the content of a file, as bytes or from a binary file object.
        name: what errors and warnings call it; the path, unless given.
        layout: one of `layouts.NAMED`, where the keypoints are in an order that the file does not tell, or
            tells wrong; their number decides otherwise, and where several layouts have it, where they lie.
        image_size, K, distortion, height_mm, bone_lengths, gravity, gravity_spread_deg, fps, min_score: as in
            `Keypoints2D`; they replace what the file says.

    Raises:
        InputError: the file holds nothing that can be lifted; the text names it and says why.
        OSError: the file cannot be opened.

    Warns:
        InputWarning: keypoints or people were left out, or what was read looks wrong.
    """
    content = Content.of(path, name)
    try:
        return assemble.assemble(
            _read_fields(content, None if layout is None else layouts.named(layout)),
            {
                "image_size": image_size,
                "K": K,
                "distortion": distortion,
                "height_mm": height_mm,
                "bone_lengths": bone_lengths,
                "gravity": gravity,
                "gravity_spread_deg": gravity_spread_deg,
                "fps": fps,
                "min_score": min_score,
            },
            source=f"{content.name}: ",
        )
    except InputError as error:
        kind = ResultError if isinstance(error, ResultError) else InputError
        raise kind(f"{content.name}: {error}") from None
    except (
        AttributeError,
        IndexError,
        KeyError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        problem = f"{type(error).__name__}: {one_line(error)}"
        raise InputError(
            f"{content.name}: expected the content of its format, got something else ({problem})"
        ) from error


def write_keypoints(people: Keypoints2D, path: str | Path, format: str = "coco-wholebody") -> None:
    """Write 2D keypoints for another program, or to `read` them again.

    Args:
        people: the detections.
        path: the file; for OpenPose the folder of its frames, or a .json for one image.
        format: "coco-wholebody" (JSON with everything but cameras and heights), "mmpose" (the JSON of its
            demos), "openpose" (BODY_25, face and hands) or "arrays" (npz with everything).

    Raises:
        InputError: there is no such format, or it cannot hold these people.
        OSError: the file cannot be written.
    """
    if format not in _KEYPOINT_WRITERS:
        raise InputError(f"expected one of the formats {', '.join(_KEYPOINT_WRITERS)}, got {format!r}")
    _KEYPOINT_WRITERS[format](people, Path(path))


def _read_fields(content: Content, layout: Layout | None) -> assemble.Fields:
    """What the file or folder says, as keyword arguments of `Keypoints2D`."""
    if isinstance(content.source, Path) and content.source.is_dir():
        return _read_folder(content.source, layout)
    if content.starts_with(NPY):
        fields = arrays.read_npy(content, layout)
        keypoints = fields["keypoints"]
        return mediapipe.parse_flat(keypoints) if mediapipe.is_flat(keypoints) else fields
    if content.starts_with(ZIP):
        files = [name for name in content.zip_names() if _is_one_of_ours(name)]
        if not files:
            return arrays.read_npz(content, layout)
        unpacked = content.zipped(files)
        return _join(unpacked, lambda name: _read_fields(unpacked[name], layout))
    return _read_document(content.json(), layout)


def _read_document(document: Any, layout: Layout | None) -> assemble.Fields:
    """The content of parsed JSON. Raises NobodyError if it contains no people."""
    if _is_nothing(document):
        raise assemble.NobodyError("expected people, got a file without any; the detector found nobody")
    if isinstance(document, dict) and "keypoints" in document and not _OF_ONE_PERSON.isdisjoint(document):
        document = [document]
    for reader in _READERS:
        if reader.matches(document):
            fields = reader.parse(document, layout)
            return {name: value for name, value in fields.items() if value is not None}
    if isinstance(document, dict) and all(isinstance(frame, dict | list) for frame in document.values()):
        frames = {str(name): frame for name, frame in document.items() if not _is_nothing(frame)}
        programs = [reader for reader in _READERS if reader is not arrays]
        if frames and all(any(reader.matches(frame) for reader in programs) for frame in frames.values()):
            return _join(frames, lambda name: _read_document(frames[name], layout))
    looked_for = ", ".join(reader.LOOKED_FOR for reader in _READERS)
    raise InputError(f"expected one of {looked_for}, got {_outline(document)}")


def _is_nothing(document: Any) -> bool:
    """Whether parsed JSON is null, or lists and objects without anything in them."""
    if isinstance(document, list):
        return all(_is_nothing(one) for one in document)
    return document is None or document == {}


def _is_one_of_ours(name: str) -> bool:
    """Whether a file of a folder is read: JSON that is not hidden, as macOS's ._copies and __MACOSX are."""
    pieces = name.split("/")
    hidden = any(piece.startswith((".", "__MACOSX")) for piece in pieces)
    return pieces[-1].lower().endswith(JSON_SUFFIXES) and not hidden


def _read_folder(folder: Path, layout: Layout | None) -> assemble.Fields:
    names = sorted(file.name for file in folder.iterdir())
    files = {name: Content.of(folder / name) for name in names if _is_one_of_ours(name)}
    if not files:
        raise InputError(
            f"expected a folder with a .json file for each frame of a video, got one with {listed(names)}"
        )
    return _join(files, lambda name: _read_fields(files[name], layout))


def _join(frames: Collection[str], read_one: Callable[[str], assemble.Fields]) -> assemble.Fields:
    """The content of the frames of a video, by file name; frames without people are skipped. A single file
    may be a whole video."""
    found: dict[str, assemble.Fields] = {}
    with _each_warning_once():
        for name in natural_order(list(frames)):
            try:
                found[name] = read_one(name)
            except assemble.NobodyError:
                continue
            except InputError as error:
                raise InputError(f"{name}: {error}") from None
    if not found:
        raise InputError(f"expected people in some file, got {len(frames)} files without any")
    return found.popitem()[1] if len(frames) == 1 else assemble.join(found)


@contextmanager
def _each_warning_once() -> Iterator[None]:
    """Issue each distinct warning of the block once, at its end: many files cause the same one."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for text, category in dict.fromkeys((str(warning.message), warning.category) for warning in caught):
        if issubclass(category, InputWarning):
            warn(text, category)


def _outline(document: Any) -> str:
    """A short description of parsed JSON, for error messages."""
    if isinstance(document, dict):
        return f"an object with {listed(document)}"
    if isinstance(document, list):
        first = f", the first of them {_outline(document[0])}" if document else ""
        return f"a list of {len(document)}{first}"
    return repr(document)
