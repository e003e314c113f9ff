"""The work of the app, without HTTP: read files, lift them, keep the results, export them."""

from __future__ import annotations

import secrets
import tempfile
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import numpy as np

import wholebody_lift
from wholebody_lift import formats, outputs, tracks
from wholebody_lift._types import Progress
from wholebody_lift.app.notes import Notes
from wholebody_lift.app.options import Options, read_options
from wholebody_lift.detectors import headers
from wholebody_lift.errors import InputError, InputWarning, ResultError
from wholebody_lift.extras import DETECT
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.kinds import Kind, Obstacle
from wholebody_lift.outputs import KINDS
from wholebody_lift.pose import Pose3D

if TYPE_CHECKING:
    from wholebody_lift.app.camera import Camera
    from wholebody_lift.detectors import Detect
    from wholebody_lift.lifter import Lifter

KEPT_RESULTS = 8
"""How many results are kept for download; older ones are dropped."""

EXAMPLE = "squats.json"

WORKERS = 2
"""Files that are lifted at the same time; the others wait."""

Stage: TypeAlias = Literal["waiting", "reading", "detecting", "lifting"]

Report: TypeAlias = Callable[[Stage, int, int | None], object]
"""Called with what is being done, how many items are done, and how many there are (None while unknown)."""

_WAIT_SECONDS = 0.5
"""How often `report` is called for a file that waits or is read."""

_Read = TypeVar("_Read")

_CSV_LAYOUTS = {"long": "a row per keypoint", "wide": "a row per person"}

_REASONS: dict[Obstacle, str] = {
    "who": "The file does not identify people across images (it has no track ids).",
    "when": "The frame rate is unknown: fill in frames per second.",
    "several": "Contains one person: choose one under Who.",
}


@dataclass(frozen=True, eq=False)
class Result:
    """Lifted people."""

    id: str
    name: str
    """The name of the file that they come from."""
    pose: Pose3D
    notes: list[str]
    """Warnings, each once."""


class NotFoundError(LookupError):
    """The result, the kind of file or the person does not exist; the text says which."""


class Workshop:
    """Lifts files, a few at a time, and remembers the last results. Safe to share between threads."""

    def __init__(self, lifter: Lifter, detector: str | Detect = "auto") -> None:
        """`detector` finds people in pictures; as for `detectors.start`."""
        self._lifter, self._detector = lifter, detector
        self._cameras: dict[str, Camera] = {}
        self._results: OrderedDict[str, Result] = OrderedDict()
        self._keeping = Lock()
        self._workers = BoundedSemaphore(WORKERS)
        self._extras = Lock()  # the packages behind the extras are not thread-safe
        self._notes = Notes()

    def about(self) -> dict[str, Any]:
        """What can be done here, for the page to show."""
        from wholebody_lift import detectors

        ready = detectors.available() or not isinstance(self._detector, str)
        return {"photos": None if ready else DETECT.command}

    def take(
        self,
        content: bytes,
        name: str,
        known: Mapping[str, str],
        report: Report = lambda stage, done, of: None,
    ) -> dict[str, Any]:
        """Lift detections, a photo or a video, or show a saved result; `describe` of the result.

        `known` holds the texts of the fields in `KNOWN` that are filled in, and lock_feet, "on" to keep
        standing feet in place. `report` is called repeatedly
        until the result is ready; an exception that it raises ends the work.

        Raises InputError for what cannot be lifted, ImportError where an extra is needed, and what `report`
        raises.
        """
        work = partial(self._lift, content, name, read_options(known))
        return self._keep(name, work, report)

    @contextmanager
    def camera(self, known: Mapping[str, str], waiting: Callable[[], object]) -> Iterator[Camera]:
        """A running camera, which `look` and `lift_recording` know by its id while the block runs.

        `known` as in `take`; `waiting` as in `Camera.start`. Raises InputError, ImportError and RuntimeError.
        """
        from wholebody_lift.app.camera import Camera

        camera = Camera(self._lifter, self._detector, read_options(known), self._notes)
        try:
            camera.start(waiting)
            self._cameras[camera.id] = camera
            yield camera
        finally:
            self._cameras.pop(camera.id, None)
            camera.close()

    def example(self) -> bytes:
        """Detections to try: someone who squats. Raises NotFoundError if the installation lacks them."""
        package = Path(wholebody_lift.__file__).parent
        for folder in (
            package / "examples",
            package.parent / "examples" / "data",
        ):  # of a wheel, of a checkout
            if (folder / EXAMPLE).is_file():
                return (folder / EXAMPLE).read_bytes()
        raise NotFoundError(f"this installation has no {EXAMPLE}; reinstall the package")

    def live_page(self) -> str:
        """The viewer of a running camera."""
        from wholebody_lift.app.camera import MOST_PEOPLE
        from wholebody_lift.viewers import live_page

        return live_page.render(MOST_PEOPLE)

    def running(self, id: str) -> Camera:
        """The camera of an id. Raises NotFoundError if it does not run."""
        try:
            return self._cameras[id]
        except KeyError:
            raise NotFoundError("this camera has been stopped; start it again") from None

    def lift_recording(
        self, id: str, name: str, known: Mapping[str, str], report: Report = lambda stage, done, of: None
    ) -> dict[str, Any]:
        """Lift what a running camera has recorded as one motion, and end the recording; like `take`."""
        recording = self.running(id).take_recording()
        options = read_options(known)

        def work(report: Report) -> Pose3D:
            people = recording.people()
            return self._lift_people(people, options, report)

        return self._keep(name, work, report)

    def _keep(self, name: str, work: Callable[[Report], Pose3D], report: Report) -> dict[str, Any]:
        """Do some work when there is a worker for it, and keep its result; `describe` of it."""
        with self._worker(report), self._notes.collected() as notes:
            pose = work(report)
        result = Result(secrets.token_urlsafe(9), name, pose, notes)
        with self._keeping:
            self._results[result.id] = result
            while len(self._results) > KEPT_RESULTS:
                self._results.popitem(last=False)
        return self.describe(result)

    def describe(self, result: Result) -> dict[str, Any]:
        """A result for the page: summary, people, and the downloads of everyone and of each person."""
        pose = result.pose
        who = tracks.numbers(pose)
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
        """The viewer of a result. Raises NotFoundError for one that is not kept."""
        from wholebody_lift.viewers import html

        result = self._result(id)
        return html.render(result.pose, title=result.name)

    def export(
        self, id: str, suffix: str, person: int | None = None, layout: str | None = None
    ) -> tuple[str, bytes]:
        """The name and content of a file of a result, of everyone or one person; a table in a layout.

        Raises NotFoundError for a result, suffix, person or layout that does not exist, and ValueError or
        ImportError if the file cannot be made.
        """
        result, kind = self._result(id), KINDS.get(suffix)
        if kind is None or layout not in (None, *_layouts(kind)):
            raise NotFoundError("a result cannot be downloaded as such a file")
        pose, name = result.pose, Path(result.name).stem
        if person is not None:
            who = tracks.numbers(pose)
            if who is None or person not in who:
                raise NotFoundError(f"there is no person {person} in this result")
            pose, name = pose[np.flatnonzero(who == person)], f"{name}-person{person}"
        obstacle = outputs.obstacle(pose, kind, one_file=True)
        if obstacle is not None:
            raise ValueError(_REASONS[obstacle])
        alone = nullcontext() if kind.extra is None else self._extras
        with alone, tempfile.TemporaryDirectory(prefix="wholebody-lift-") as folder:
            path = Path(folder) / f"{name}{'-wide' if layout == 'wide' else ''}{suffix}"
            given = {"title": result.name} | ({} if layout is None else {"layout": layout})
            outputs.write(pose, path, **{name: given[name] for name in given.keys() & kind.options.keys()})
            return path.name, path.read_bytes()

    def _result(self, id: str) -> Result:
        try:
            return self._results[id]
        except KeyError:
            raise NotFoundError("this result is no longer kept; lift the file again") from None

    @contextmanager
    def _worker(self, report: Report) -> Iterator[None]:
        """Hold one of the workers; waits until one is free."""
        while not self._workers.acquire(timeout=_WAIT_SECONDS):
            report("waiting", 0, None)
        try:
            yield
        finally:
            self._workers.release()

    def _lift(self, content: bytes, name: str, options: Options, report: Report) -> Pose3D:
        if headers.kind_of(content) is not None:
            people = _detect(content, name, self._detector, options.known, partial(report, "detecting"))
        else:
            read = self._while_reading(partial(_read, content, name, options.known), report)
            if isinstance(read, Pose3D):
                fps = options.known.get("fps")
                return read if fps is None else replace(read, fps=tracks.rate(read, fps))
            people = read
        return self._lift_people(_with_camera(people, options.known), options, report)

    def _while_reading(self, read: Callable[[], _Read], report: Report) -> _Read:
        """The result of `read`, in a thread beside this one, which reports how long it takes.

        Reading cannot be interrupted: after an exception that `report` raises, the worker is free when the
        file has been read.
        """

        def noted() -> tuple[_Read, list[str]]:
            with self._notes.collected() as notes:
                return read(), notes

        begun = monotonic()
        with ThreadPoolExecutor(1, thread_name_prefix="reading") as thread:
            reading = thread.submit(noted)
            while not wait([reading], timeout=_WAIT_SECONDS).done:
                report("reading", round(monotonic() - begun), None)
            result, notes = reading.result()
        for note in notes:
            warnings.warn(note, InputWarning, stacklevel=2)
        return result

    def _lift_people(self, people: Keypoints2D, options: Options, report: Report) -> Pose3D:
        """Identified people in several frames as one motion, others each alone."""
        progress = partial(report, "lifting")
        if not tracks.is_video(people):
            return self._lifter.lift(people, progress=progress)
        return self._lifter.lift_sequence(
            people, lock_feet=options.lock_feet, smoothness=options.smoothness, progress=progress
        )


def _layouts(kind: Kind) -> tuple[str | None, ...]:
    """The layouts that a kind of file comes in."""
    return tuple(_CSV_LAYOUTS) if "layout" in kind.options else (None,)


def _download(kind: Kind, layout: str | None, choices: Mapping[str, Pose3D]) -> dict[str, Any]:
    """A kind of file for the page: the extra that is missing, and why it cannot be made of some choices."""
    obstacles = {key: outputs.obstacle(pose, kind, one_file=True) for key, pose in choices.items()}
    return {
        "suffix": kind.suffix,
        "layout": layout,
        "name": kind.name if layout is None else f"{kind.name}, {layout}",
        "purpose": kind.purpose if layout is None else _CSV_LAYOUTS[layout],
        "install": None if kind.missing is None else kind.missing.command,
        "reasons": {key: _REASONS[obstacle] for key, obstacle in obstacles.items() if obstacle},
    }


def _detect(
    content: bytes, name: str, detector: str | Detect, known: Mapping[str, float], progress: Progress
) -> Keypoints2D:
    """The people of a photo or a video."""
    from wholebody_lift import detectors

    height = known.get("height_mm")
    if headers.kind_of(content) == "picture":
        return detectors.detect_image(content, detector=detector, name=name, height_mm=height)
    with tempfile.TemporaryDirectory(prefix="wholebody-lift-") as folder:
        path = Path(folder) / "video"  # OpenCV reads videos from files only
        path.write_bytes(content)
        return detectors.detect_video(
            path,
            detector=detector,
            name=name,
            fps=known.get("fps"),
            progress=progress,
            height_mm=height,
        )


def _read(content: bytes, name: str, known: Mapping[str, float]) -> Keypoints2D | Pose3D:
    """The detections in a file, or the result that was saved in it."""
    try:
        return formats.read_pose(content, name=name)
    except InputError as error:
        not_a_result = error
    size = (known["width"], known["height"]) if "width" in known else None
    try:
        return formats.read(
            content, name=name, image_size=size, height_mm=known.get("height_mm"), fps=known.get("fps")
        )
    except ResultError:  # a damaged one
        raise not_a_result from None


def _with_camera(people: Keypoints2D, known: Mapping[str, float]) -> Keypoints2D:
    """People with the given focal length; the principal point is the middle of the image."""
    if "focal" not in known:
        return people
    if people.image_size is None:
        raise InputError("expected the image size with a focal length; fill in width and height too")
    K = np.zeros((len(people), 3, 3))
    K[:, [0, 1], [0, 1]] = known["focal"]
    K[:, :2, 2] = people.image_size / 2
    K[:, 2, 2] = 1
    return people.replace(K=K)
