"""2D keypoints as files, from other programs and for them; one module a program, and the content decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy.typing as npt

from wholebody_lift.errors import InputError, listed
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
from wholebody_lift.formats.loading import NPY, ZIP, Content
from wholebody_lift.keypoints import MIN_SCORE, Keypoints2D

__all__ = ["mediapipe", "mmpose", "read", "rtmlib", "supervision", "vitpose", "write_keypoints"]


class _Reader(Protocol):
    """A module that reads a JSON format of 2D keypoints."""

    LOOKED_FOR: str

    def matches(self, document: Any) -> bool: ...

    def parse(self, document: Any) -> assemble.Fields: ...


_READERS: tuple[_Reader, ...] = (mediapipe, mmpose, openpose, alphapose, coco_wholebody, arrays)
"""The first that matches reads."""

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
    image_size: npt.ArrayLike | None = None,
    K: npt.ArrayLike | None = None,
    distortion: npt.ArrayLike | None = None,
    height_mm: npt.ArrayLike | None = None,
    fps: float | None = None,
    min_score: float = MIN_SCORE,
) -> Keypoints2D:
    """Read 2D keypoints; the content decides the format, whatever the file is called.

    Formats: COCO-WholeBody, MMPose, OpenPose (a folder of frames too), ControlNet, AlphaPose and MediaPipe as
    JSON, and arrays as npy, npz or JSON; docs/formats.md has an example of each. Keypoints that a format
    lacks are missing, and those that it alone has are left out. What is given here replaces what the file
    says; shapes as in `Keypoints2D`. People without visible keypoints are left out.

    In place of a path, the content of a file is read as well, as bytes or from a binary file object; errors
    and warnings call it `name`.

    Raises:
        InputError: the file holds nothing that can be lifted; the text names it and says why.
        OSError: the file cannot be opened.

    Warns:
        InputWarning: keypoints or people were left out, or what was read looks wrong.
    """
    content = Content.of(path, name)
    try:
        return assemble.assemble(
            _read_fields(content),
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
        raise InputError(f"got format {format!r}; one of {', '.join(_KEYPOINT_WRITERS)} was wanted")
    _KEYPOINT_WRITERS[format](people, Path(path))


def _read_fields(content: Content) -> assemble.Fields:
    """What the file says, as keyword arguments of `Keypoints2D`."""
    if isinstance(content.source, Path) and content.source.is_dir():
        return _read_folder(content.source)
    if content.starts_with(NPY):
        fields = arrays.read_npy(content)
        keypoints = fields["keypoints"]
        return mediapipe.parse_flat(keypoints) if mediapipe.is_flat(keypoints) else fields
    if content.starts_with(ZIP):
        return arrays.read_npz(content)
    document = content.json()
    for reader in _READERS:
        if reader.matches(document):
            return reader.parse(document)
    looked_for = ", ".join(reader.LOOKED_FOR for reader in _READERS)
    raise InputError(f"got {_outline(document)}, which is no format that is known. Looked for {looked_for}")


def _read_folder(path: Path) -> assemble.Fields:
    files = sorted(path.glob("*.json"))
    if not files:
        raise InputError("got a folder without .json files; OpenPose's folder of frames was wanted")
    return openpose.parse_folder({file.name: Content.of(file).json() for file in files})


def _outline(document: Any) -> str:
    """What parsed JSON looks like from afar."""
    if isinstance(document, dict):
        return f"an object with {listed(document)}"
    if isinstance(document, list):
        first = f", the first of them {_outline(document[0])}" if document else ""
        return f"a list of {len(document)}{first}"
    return repr(document)
