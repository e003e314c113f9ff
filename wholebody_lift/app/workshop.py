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
from wholebody_lift.keypoints import InputError, Keypoints2D
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

_PHOTO = re.compile(rb"\x89PNG|\xff\xd8\xff|RIFF....WEBP|BM|GIF8|II\*\0|MM\0\*", re.DOTALL)
"""How pictures begin: PNG, JPEG, WebP, BMP, GIF, TIFF."""

_DETECTOR = 'pip install "wholebody-lift[detect]"'

_REASONS: dict[outputs.Obstacle, str] = {
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

        return {"photos": None if detectors.available() else _DETECTOR}

    def take(self, content: bytes, name: str, known: Mapping[str, str]) -> dict[str, Any]:
        """Lift detections or a photo, or show a saved result; `describe` of the result.

        `known` has texts of the page's fields `KNOWN`; those that are absent are not known.

        Raises InputError for what cannot be lifted, ImportError where an extra is needed.
        """
        values = _numbers(known)
        with self._lock, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            pose = self._lift(content, name, values)
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
            "downloads": [_download(kind, choices) for kind in KINDS.values()],
        }

    def page(self, id: str) -> str:
        """The viewer of a result. Raises KeyError for one that is not known."""
        from wholebody_lift.viewers import html

        result = self._results[id]
        with self._lock:
            return html.render(result.pose, title=result.name)

    def export(self, id: str, suffix: str, person: int | None = None) -> tuple[str, bytes]:
        """The name and content of a file of a result, of everybody or one person.

        Raises KeyError for a result, suffix or person that is not known, ValueError or ImportError where
        the file cannot be made.
        """
        result, kind = self._results[id], KINDS[suffix]
        pose, name = result.pose, Path(result.name).stem
        if person is not None:
            who = outputs.numbers(pose)
            if who is None or person not in who:
                raise KeyError(person)
            pose, name = pose[np.flatnonzero(who == person)], f"{name}-person{person}"
        obstacle = outputs.obstacle(pose, kind)
        if obstacle is not None:
            raise ValueError(_REASONS[obstacle])
        with self._lock, tempfile.TemporaryDirectory(prefix="wholebody-lift-") as folder:
            path = Path(folder) / f"{name}{suffix}"
            outputs.write(pose, path, title=result.name)
            return path.name, path.read_bytes()

    def _lift(self, content: bytes, name: str, known: Mapping[str, float]) -> Pose3D:
        if not _PHOTO.match(content):
            try:
                return inputs.read_pose(content, name)
            except InputError:
                pass  # no result, and so detections
        people = _with_camera(_read(content, name, known), known)
        lift = self._lifter.lift_sequence if inputs.is_motion(people) else self._lifter.lift
        return lift(people)


def _download(kind: outputs.Kind, choices: Mapping[str, Pose3D]) -> dict[str, Any]:
    """A kind of file for the page: what it still needs, and of which choice it cannot be made and why."""
    obstacles = {key: outputs.obstacle(pose, kind) for key, pose in choices.items()}
    return {
        "suffix": kind.suffix,
        "name": kind.name,
        "purpose": kind.purpose,
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


def _read(content: bytes, name: str, known: Mapping[str, float]) -> Keypoints2D:
    """Detections, or those of a photo."""
    if _PHOTO.match(content):
        from wholebody_lift import detectors

        with inputs.as_file(content, name) as path:
            return detectors.detect_image(path, height_mm=known.get("height_mm"))
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
