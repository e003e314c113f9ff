"""A Pose3D as a video to show: the picture with its keypoints beside the people in 3D, seen from around."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from wholebody_lift import atomic, tracks
from wholebody_lift._types import AnyFloats, Integers, Picture, Size
from wholebody_lift.extras import MP4, PILLOW
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import WORLD, Pose3D
from wholebody_lift.viewers import views
from wholebody_lift.viewers.pictures import NumberedPictures, matching
from wholebody_lift.viewers.sound import copied

if TYPE_CHECKING:
    from PIL.Image import Image

    from wholebody_lift.viewers.painter import Eye

_LARGEST = (960, 720)  # of the panel with the picture; the other is a square of the same height
_SMALLEST_SIDE = 320
_LIFT = 0.16  # radians from which the people are seen from above
_SWING = (0.75, 9.0)  # radians to each side, and seconds there and back
_STILL_SECONDS = 8.0  # in which the view goes once around a single image
_GROUNDED = 95  # percent of the frames have no keypoint below the ground
_QUALITY = {"crf": "20", "preset": "veryfast"}  # of libx264


def write(
    pose: Pose3D,
    path: str | Path,
    *,
    pictures: NumberedPictures | None = None,
    sound: str | Path | None = None,
) -> None:
    """Write an MP4 (H.264): the 2D input on the left, the people in 3D on the right.

    Frames are those of the clip, at its rate, and the view swings to both sides. Of a single image the view
    goes once around the people. Keypoints that were inferred are faint; the ground is drawn, not measured.

    Args:
        pose: people in one image, or in the frames of a video with its `fps`.
        path: a name that ends in .mp4.
        pictures: what the keypoints were found in; without, they are drawn on a plain ground.
        sound: the video that the keypoints were found in, or its sound: it is copied as it is, from the first
            frame on. Of a single image, there is none.

    Warns with `DroppedWarning` if an .mp4 cannot contain that sound, or `fps` is not the rate of the video.

    Raises:
        ImportError: PyAV or Pillow is not installed; the text names the extra.
        ValueError: there are no people, or several images without a frame rate.
        OSError: the file cannot be written.
    """
    from fractions import Fraction

    av = MP4.needed_for("an .mp4")
    PILLOW.needed_for("an .mp4")
    film = _Film.of(pose)
    frames = film.frames(pictures)
    first = next(frames)
    with atomic.replacing(path) as new, av.open(str(new), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(film.fps).limit_denominator(1001))
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", _QUALITY
        recorded = pose.fps or film.fps
        heard = None if film.is_still else sound
        with copied(heard, container, film.ids[0] / recorded, recorded) as hear:
            for number, frame in enumerate(chain([first], frames)):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
                hear((number + 1) / film.fps)
            container.mux(stream.encode())


def frames(pose: Pose3D, pictures: NumberedPictures | None = None) -> Iterator[Picture]:
    """The frames (H, W, 3) of the video that `write` writes, to encode otherwise."""
    return _Film.of(pose).frames(pictures)


KIND = Kind(
    ".mp4",
    "MP4",
    "a video to show",
    write,
    "any player",
    unit="",
    extra=MP4,
    obstacles=frozenset({"when"}),
)


class _Film(NamedTuple):
    """What is the same in all frames.

    Attributes:
        pose: the people, sorted by frame.
        ids: (F,) the image id of each frame of the film.
        fps: frames per second.
        xyz: (N, 133, 3) mm, where people stand.
        hidden: (N, 133) bool.
        floor: mm.
        eye: where they are seen from at the start.
    """

    pose: Pose3D
    ids: Integers
    fps: float
    xyz: AnyFloats
    hidden: npt.NDArray[np.bool_]
    floor: float
    eye: Eye

    @classmethod
    def of(cls, pose: Pose3D) -> _Film:
        from wholebody_lift.viewers.painter import Eye  # imported late: `--help` paints nothing
        from wholebody_lift.viewers.solids import unseen_feet

        if len(pose) == 0:
            raise ValueError("expected a pose with people to show, got one of 0 people")
        if pose.ground is not None:
            pose = pose.to(WORLD)  # upright, however the camera was held
        pose = pose[np.argsort(pose.image_ids, kind="stable")]
        when, fps = tracks.clock(pose)
        first, last = pose.image_ids[[0, -1]]
        ids = np.linspace(first, last, int(when[-1]) + 1).round().astype(np.int64)
        if len(ids) == 1:
            ids = np.repeat(ids, round(_STILL_SECONDS * fps))
        xyz, floor = _on_the_ground(pose)
        who = tracks.numbers(pose)
        hidden = unseen_feet(pose.observed, np.arange(len(pose)) if who is None else who)
        return cls(pose, ids, fps, xyz, hidden, floor, Eye.around(xyz, _LIFT))

    @property
    def is_still(self) -> bool:
        """Whether all frames show the same image."""
        return len(np.unique(self.ids)) == 1

    def frames(self, pictures: NumberedPictures | None) -> Iterator[Picture]:
        """Each frame (H, W, 3)."""
        from wholebody_lift.viewers import painter

        pose = self.pose
        shown = matching(pictures, self.ids)
        size: Size | None = None
        left: Image | None = None
        for number, (id, pixels) in enumerate(zip(self.ids, shown, strict=True)):
            seconds = number / self.fps
            box = _box(pose, pixels)
            if size is None:
                size = _panel_size(box)
            turn = 2 * math.pi * seconds / _STILL_SECONDS if self.is_still else _swing(seconds)
            rows = np.flatnonzero(pose.image_ids == id)
            people = painter.People(self.xyz[rows], pose.observed[rows], self.hidden[rows])
            if left is None or not self.is_still:
                left = painter.picture(pixels, pose.keypoints[rows], size, box)
            right = painter.figure(people, self.eye._replace(turn=turn), (size[1], size[1]), self.floor)
            yield np.concatenate([np.asarray(left), np.asarray(right)], axis=1)


def _swing(seconds: float) -> float:
    radians, period = _SWING
    return radians * math.sin(2 * math.pi * seconds / period)


def _on_the_ground(pose: Pose3D) -> tuple[AnyFloats, float]:
    """Where people stand (N, 133, 3), in OpenCV camera axes, and how far down the ground is, in mm.

    Several people stand where the camera saw them. One person stays in the middle, with the lowest keypoint
    on the ground in every frame.
    """
    if len(tracks.images(pose)) == len(pose):
        xyz = views.in_opencv(pose, pose.xyz)
        return xyz - xyz[..., 1].max(axis=1)[:, None, None] * np.array([0.0, 1.0, 0.0]), 0.0
    xyz = views.in_opencv(pose, pose.in_camera)
    lowest = [xyz[pose.image_ids == id][..., 1].max() for id in tracks.images(pose)]
    return xyz, float(np.percentile(lowest, _GROUNDED))


def _box(pose: Pose3D, pixels: Picture | None) -> AnyFloats:
    """Left, top, width and height of what the left panel shows, in pixels of the input."""
    if pose.image_size is not None:
        return np.array([0.0, 0.0, *pose.image_size[0]])
    if pixels is not None:
        return np.array([0.0, 0.0, *pixels.shape[1::-1]])
    low, high = (bound(pose.keypoints, axis=(0, 1)) for bound in (np.nanmin, np.nanmax))
    edge = 0.06 * max(*(high - low), 1.0)
    return np.array([*(low - edge), *(high - low + 2 * edge)])


def _panel_size(box: AnyFloats) -> Size:
    """The largest even size with the shape of a box; what is very long is distorted rather than thin."""
    width, height = box[2:]
    scale = min(_LARGEST[0] / width, _LARGEST[1] / height)
    across, down = (2 * round(max(side * scale, _SMALLEST_SIDE) / 2) for side in (width, height))
    return across, down
