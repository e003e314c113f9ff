"""2D keypoints as files, from other programs and for them; one module a program, and the content decides."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy.typing as npt

from wholebody_lift import layouts
from wholebody_lift.errors import InputError, InputWarning, listed, warn
from wholebody_lift.formats.detections import (
    alphapose,
    arrays,
    assemble,
    coco_wholebody,
    mediapipe,
    mmpose,
    openpose,
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


_READERS: tuple[_Reader, ...] = (mediapipe, mmpose, openpose, alphapose, coco_wholebody, arrays)
"""The first that matches reads."""

_JSON = (".json", ".jsonl", ".json.gz", ".jsonl.gz")

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
    fps: float | None = None,
    min_score: float = MIN_SCORE,
) -> Keypoints2D:
    """Read 2D keypoints; the content decides the format, whatever the file is called.

    Formats: COCO-WholeBody, MMPose, OpenPose, Pose2Sim, ControlNet, AlphaPose and MediaPipe as JSON, JSON
    lines or either in gzip, and arrays as npy, npz or JSON; docs/formats.md has an example of each. A folder
    of such JSON files, one for each frame, is a video. Keypoints that a format lacks are missing, and those
    that it alone has are left out. People without visible keypoints are left out.

    Args:
        path: the file or folder; or the content of a file, as bytes or from a binary file object.
        name: what errors and warnings call it; the path, unless given.
        layout: one of `layouts.NAMED`, where the keypoints are in an order that the file does not tell, or
            tells wrong; their number decides otherwise, and where several layouts have it, where they lie.
        image_size, K, distortion, height_mm, fps, min_score: as in `Keypoints2D`; they replace what the file
            says.

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
                "fps": fps,
                "min_score": min_score,
            },
            source=f"{content.name}: ",
        )
    except InputError as error:
        raise InputError(f"{content.name}: {error}") from None
    except (
        AttributeError,
        IndexError,
        KeyError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        problem = f"{type(error).__name__}: {' '.join(str(error).split())}"
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
        return arrays.read_npz(content, layout)
    document = content.json()
    for reader in _READERS:
        if reader.matches(document):
            return reader.parse(document, layout)
    looked_for = ", ".join(reader.LOOKED_FOR for reader in _READERS)
    raise InputError(f"expected one of {looked_for}, got {_outline(document)}")


def _read_folder(folder: Path, layout: Layout | None) -> assemble.Fields:
    """What the JSON files of a folder say, a frame each; those in which there is nobody are skipped."""
    files = {file.name: Content.of(file) for file in folder.iterdir() if file.name.lower().endswith(_JSON)}
    if not files:
        raise InputError("expected a folder with a .json file for each frame of a video, got one without")
    found: dict[str, assemble.Fields] = {}
    with _each_warning_once():
        for name in natural_order(list(files)):
            try:
                found[name] = _read_fields(files[name], layout)
            except assemble.NobodyError:
                continue
            except InputError as error:
                raise InputError(f"{name}: {error}") from None
    if not found:
        raise InputError(f"expected people in some file, got {len(files)} files without any")
    return assemble.join(found)


@contextmanager
def _each_warning_once() -> Iterator[None]:
    """Let each text of the block's warnings out once, after it; many files say the same."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for text, category in dict.fromkeys((str(warning.message), warning.category) for warning in caught):
        if issubclass(category, InputWarning):
            warn(text, category)


def _outline(document: Any) -> str:
    """What parsed JSON looks like from afar."""
    if isinstance(document, dict):
        return f"an object with {listed(document)}"
    if isinstance(document, list):
        first = f", the first of them {_outline(document[0])}" if document else ""
        return f"a list of {len(document)}{first}"
    return repr(document)
