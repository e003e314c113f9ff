"""A running camera, without HTTP: pictures in, people in 3D out, and a recording of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from threading import Event, Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from wholebody_lift import checks, detectors
from wholebody_lift._types import Floats, Picture, Size
from wholebody_lift.app.notes import Notes
from wholebody_lift.app.options import Options
from wholebody_lift.app.recording import Recording
from wholebody_lift.arrays import extent
from wholebody_lift.detectors import headers
from wholebody_lift.detectors.pictures import read_image
from wholebody_lift.errors import InputError
from wholebody_lift.keypoints import MIN_SCORE, Keypoints2D
from wholebody_lift.live import LiveLifter
from wholebody_lift.viewers import live_page

if TYPE_CHECKING:
    from wholebody_lift.lifter import Lifter

MOST_PEOPLE = 8
"""More people in a picture than this are left out, the smallest first."""

MAX_PICTURE_BYTES = 8 * 2**20
MAX_PICTURE_PIXELS = 2**24

_WAIT_SECONDS = 0.5
"""How often `waiting` is called while the detector is loaded."""

_LATEST = 1e9
"""Seconds."""


class Camera:
    """The people in front of one camera, from `start` to `close`.

    Detector and lifter work in one thread of its own: detectors need not be safe to share between threads.
    """

    def __init__(
        self, lifter: Lifter, detector: str | detectors.Detect, options: Options, notes: Notes
    ) -> None:
        """Raises ImportError if the detector is not installed."""
        self.id = secrets.token_urlsafe(9)
        self.ended = Event()
        self._lifter, self._notes = lifter, notes
        self._height_mm, self._smoothness = options.known.get("height_mm"), options.smoothness
        self._detector = detectors.start(detector, video=True)
        self._size: Size | None = None
        self._recording: Recording | None = None
        self._busy = Lock()
        self._open = ExitStack()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="camera")

    def start(self, waiting: Callable[[], object]) -> None:
        """Load the detector; `waiting` is called meanwhile, and an exception that it raises ends the wait.

        Raises RuntimeError if the detector cannot be loaded.
        """
        loading = self._thread.submit(self._open.enter_context, self._detector)
        while not wait([loading], timeout=_WAIT_SECONDS).done:
            waiting()
        self._detect = loading.result()

    def close(self) -> None:
        """End the work on the last picture, and let go of the detector."""
        self.ended.set()
        self._thread.submit(self._open.close)
        self._thread.shutdown()

    def look(self, picture: bytes, seconds: float) -> dict[str, Any]:
        """The people of the next picture, a file such as JPEG, that was taken at a time, for the page.

        Raises InputError for what is no picture, one that is too large, and one that comes before the answer
        to the last; RuntimeError after `close`.
        """
        if not self._busy.acquire(blocking=False):
            raise InputError("expected the next picture after the answer to the last one; send one at a time")
        try:
            return self._thread.submit(self._look, picture, seconds).result()
        finally:
            self._busy.release()

    def record(self) -> None:
        """Record from now on, in place of what was recorded before."""
        self._recording = Recording()

    def take_recording(self) -> Recording:
        """What was recorded; ends the recording. Raises InputError if there is none."""
        recording, self._recording = self._recording, None
        if recording is None:
            raise InputError("expected a recording, got none; start one first")
        return recording

    def _look(self, picture: bytes, seconds: float) -> dict[str, Any]:
        begun = perf_counter()
        with self._notes.collected() as notes:
            pixels = _read(picture)
            height, width = pixels.shape[:2]
            found = detectors.as_people(self._detect(pixels))
            detected = perf_counter()
            people = self._people(found, (width, height))
            pose = self._live.push(people, checks.number("seconds", seconds, least=0, most=_LATEST))
        recording, recorded = self._recording, None
        if recording is not None:
            recording.add(seconds, people.model_copy(update={"track_ids": pose.track_ids}))
            recorded = {"seconds": recording.lasts, "full": recording.is_full}
        return {
            **live_page.message(pose, (width, height)),
            "notes": notes,
            "detecting_ms": round(1000 * (detected - begun), 1),
            "lifting_ms": round(1000 * (perf_counter() - detected), 1),
            "recorded": recorded,
        }

    def _people(self, found: Floats, size: Size) -> Keypoints2D:
        """The people (N, 133, 3) that were found; of too many, the highest."""
        if size != self._size:  # the first picture, or the device was turned
            self._size = size
            self._live = LiveLifter(self._lifter, smoothness=self._smoothness, track=True)
        seen, y = found[..., 2] >= MIN_SCORE, found[..., 1]  # (N, K)
        heights = extent(np.where(seen, y, np.nan)[..., None])[:, 0]
        found = found[np.sort(np.argsort(heights)[::-1][:MOST_PEOPLE])]
        if not len(found):
            return Keypoints2D.empty()
        people, _ = Keypoints2D.visible(found, image_size=size, height_mm=self._height_mm)
        return people


def _read(picture: bytes) -> Picture:
    size = headers.size_of(picture)
    if len(picture) > MAX_PICTURE_BYTES or (size is not None and size[0] * size[1] > MAX_PICTURE_PIXELS):
        raise InputError(
            f"expected a picture of at most {MAX_PICTURE_BYTES / 2**20:.0f} MB and "
            f"{MAX_PICTURE_PIXELS / 2**20:.0f} megapixels, got {len(picture) / 2**20:.1f} MB"
        )
    return read_image(picture, "the camera's picture")
