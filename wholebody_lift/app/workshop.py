"""What the app does with what it is given: read, lift, keep, export. Knows nothing of HTTP."""

from __future__ import annotations

import re
import secrets
import tempfile
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from wholebody_lift import inputs, outputs
from wholebody_lift._types import Progress
from wholebody_lift.errors import InputError
from wholebody_lift.extras import DETECT
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.kinds import Kind, Obstacle
from wholebody_lift.outputs import KINDS
from wholebody_lift.pose import Pose3D

if TYPE_CHECKING:
    from wholebody_lift.lifter import Lifter

KEPT_RESULTS = 8
"""The last so many results can be downloaded; older ones are forgotten."""

KNOWN = {
    "width": "image width",
    "height": "image height",
    "focal": "focal length",
    "height_mm": "person's height",
    "fps": "frames per second",
}
"""Fields of the page and what they are called there: pixels, pixels, pixels, millimetres, 1 / seconds."""

_PHOTO = re.compile(
    rb"\x89PNG|\xff\xd8\xff|RIFF....WEBP|BM|GIF8|II\*\0|MM\0\*|....ftyp(?:hei|hev|mif1|msf1|avi[fs])",
    re.DOTALL,
)
"""How pictures begin: PNG, JPEG, WebP, BMP, GIF, TIFF, HEIC and AVIF."""

_VIDEO = re.compile(rb"....(?:ftyp|moov|mdat|wide)|\x1aE\xdf\xa3|RIFF....AVI |\x00\x00\x01\xba", re.DOTALL)
"""How videos begin that are no picture: MP4 and QuickTime, Matroska and WebM, AVI, MPEG."""


_CSV_LAYOUTS = {"long": "a row per keypoint", "wide": "a row per person"}

_REASONS: dict[Obstacle, str] = {
    "who": "The file does not say who is who from image to image (track ids).",
    "when": "The frame rate is not known: fill in frames per second.",
    "several": "Holds one person: choose one above.",
}


@dataclass(frozen=True, eq=False)
class Result:
    """Lifted people."""

    id: str
    name: str
    """Of the file that they come from."""
    pose: Pose3D
    notes: list[str]
    """Warnings, each once."""


class Workshop:
    """Lifts one thing at a time and remembers the last results. Safe to share between threads."""

    def __init__(self, lifter: Lifter) -> None:
        self._lifter = lifter
        self._results: OrderedDict[str, Result] = OrderedDict()
        self._lock = Lock()

    def about(self) -> dict[str, Any]:
        """What can be done here, for the page to show."""
        from wholebody_lift import detectors

        return {"photos": None if detectors.available() else DETECT.command}

    def take(
        self, content: bytes, name: str, known: Mapping[str, str], progress: Progress | None = None
    ) -> dict[str, Any]:
        """Lift detections, a photo or a video, or show a saved result; `describe` of the result.

        `known` has texts of the page's fields `KNOWN`; those that are absent are not known. Of a video,
        `progress` is told.

        Raises InputError for what cannot be lifted, ImportError where an extra is needed, and what `progress`
        raises.
        """
        values = _numbers(known)
        with self._lock, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            pose = self._lift(content, name, values, progress)
            notes = list(dict.fromkeys(" ".join(str(warning.message).split()) for warning in caught))
            result = Result(secrets.token_urlsafe(9), name, pose, notes)
            self._results[result.id] = result
            while len(self._results) > KEPT_RESULTS:
                self._results.popitem(last=False)
        return self.describe(result)

    def describe(self, result: Result) -> dict[str, Any]:
        """A result for the page: words, people, and what it can be downloaded as, for everybody and each."""
        pose = result.pose
        who = outputs.numbers(pose)
        ids = [] if who is None else np.unique(who).tolist()
        people = {one: pose[np.flatnonzero(who == one)] for one in ids} if len(ids) > 1 else {}
        first = 1 if pose.track_ids is None else 0  # the viewer counts from 1 where it has no ids
        choices = {"": pose} | {str(one): person for one, person in people.items()}
        return {
            "id": result.id,
            "name": result.name,
            "summary": pose.summary().split("\n"),
            "notes": result.notes,
            "people": [{"id": one, "name": f"Person {one + first}"} for one in people],
            "downloads": [
                _download(kind, layout, choices) for kind in KINDS.values() for layout in _layouts(kind)
            ],
        }

    def page(self, id: str) -> str:
        """The viewer of a result. Raises KeyError for one that is not known."""
        from wholebody_lift.viewers import html

        result = self._results[id]
        with self._lock:
            return html.render(result.pose, title=result.name)

    def export(
        self, id: str, suffix: str, person: int | None = None, layout: str | None = None
    ) -> tuple[str, bytes]:
        """The name and content of a file of a result, of everybody or one person; a table in a layout.

        Raises KeyError for a result, suffix, person or layout that is not known, ValueError or ImportError
        where the file cannot be made.
        """
        result, kind = self._results[id], KINDS[suffix]
        pose, name = result.pose, Path(result.name).stem
        if layout not in (None, *_layouts(kind)):
            raise KeyError(layout)
        if person is not None:
            who = outputs.numbers(pose)
            if who is None or person not in who:
                raise KeyError(person)
            pose, name = pose[np.flatnonzero(who == person)], f"{name}-person{person}"
        obstacle = outputs.obstacle(pose, kind)
        if obstacle is not None:
            raise ValueError(_REASONS[obstacle])
        with self._lock, tempfile.TemporaryDirectory(prefix="wholebody-lift-") as folder:
            path = Path(folder) / f"{name}{'-wide' if layout == 'wide' else ''}{suffix}"
            given = {"title": result.name} | ({} if layout is None else {"layout": layout})
            outputs.write(pose, path, **{name: given[name] for name in given.keys() & kind.options.keys()})
            return path.name, path.read_bytes()

    def _lift(
        self, content: bytes, name: str, known: Mapping[str, float], progress: Progress | None
    ) -> Pose3D:
        if _PHOTO.match(content) or _VIDEO.match(content):
            people = _detect(content, name, known, progress)
        else:
            try:
                return inputs.read_pose(content, name)
            except InputError:
                people = _read(content, name, known)  # no result, and so detections
        people = _with_camera(people, known)
        lift = self._lifter.lift_sequence if inputs.is_motion(people) else self._lifter.lift
        return lift(people)


def _layouts(kind: Kind) -> tuple[str | None, ...]:
    """The layouts that a kind of file comes in."""
    return tuple(_CSV_LAYOUTS) if "layout" in kind.options else (None,)


def _download(kind: Kind, layout: str | None, choices: Mapping[str, Pose3D]) -> dict[str, Any]:
    """A kind of file for the page: what it still needs, and of which choice it cannot be made and why."""
    obstacles = {key: outputs.obstacle(pose, kind) for key, pose in choices.items()}
    return {
        "suffix": kind.suffix,
        "layout": layout,
        "name": kind.name if layout is None else f"{kind.name}, {layout}",
        "purpose": kind.purpose if layout is None else _CSV_LAYOUTS[layout],
        "install": None if kind.missing is None else kind.missing.command,
        "reasons": {key: _REASONS[obstacle] for key, obstacle in obstacles.items() if obstacle},
    }


def _numbers(known: Mapping[str, str]) -> dict[str, float]:
    """The fields that are filled in. Raises InputError for what is no number over 0."""
    values = {}
    for field, label in KNOWN.items():
        text = known.get(field, "").strip()
        if not text:
            continue
        try:
            values[field] = float(text)
        except ValueError:
            values[field] = 0.0
        if not 0 < values[field] < np.inf:
            raise InputError(f"got {text!r} as {label}; a number over 0 was wanted")
    if ("width" in values) != ("height" in values):
        raise InputError("got one side of the image; width and height were wanted, or neither")
    return values


def _detect(content: bytes, name: str, known: Mapping[str, float], progress: Progress | None) -> Keypoints2D:
    """The people of a photo or a video."""
    from wholebody_lift import detectors

    height = known.get("height_mm")
    with inputs.as_file(content, name) as path:
        if _PHOTO.match(content):
            return detectors.detect_image(path, height_mm=height)
        people = detectors.detect_video(path, progress=progress, height_mm=height)
    return inputs.with_known(people, fps=known.get("fps"))


def _read(content: bytes, name: str, known: Mapping[str, float]) -> Keypoints2D:
    given = {field: known[field] for field in ("height_mm", "fps") if field in known}
    size = {"image_size": (known["width"], known["height"])} if "width" in known else {}
    return inputs.read(content, name, **given, **size)


def _with_camera(people: Keypoints2D, known: Mapping[str, float]) -> Keypoints2D:
    """The same with the given focal length, the camera's axis going through the middle of the image."""
    if "focal" not in known:
        return people
    if people.image_size is None:
        raise InputError("got a focal length and no image size; give width and height too")
    K = np.zeros((len(people), 3, 3))
    K[:, [0, 1], [0, 1]] = known["focal"]
    K[:, :2, 2] = people.image_size / 2
    K[:, 2, 2] = 1
    return inputs.with_known(people, K=K)
