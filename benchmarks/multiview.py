"""Make a table of a real person from synchronized videos: `python -m benchmarks.multiview FOLDER table.npz`.

FOLDER holds `calibration/*.qca.txt` (Qualisys) and `videos/NAME.mp4` for each camera, as in the demos of
Pose2Sim (https://github.com/perfanalytics/pose2sim, BSD-3-Clause, `Pose2Sim/Demo_SinglePerson`). A detector
finds the person in every camera; the ground truth of one camera is triangulated from what it found in the
others. `python -m benchmarks.real --file table.npz` then measures lifting on each camera.

The ground truth has the detector's own errors, which views from other sides average in part. So the table can
tell one set of weights from another, but not how small their errors are.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

from wholebody_lift import camera, detectors
from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.skeleton import NUM_KEYPOINTS, PARTS

Floats = npt.NDArray[np.float64]

_HEAD = 5  # nose, eyes and ears come first
TRIANGULATED = [*PARTS["body"][_HEAD:], *PARTS["feet"]]
"""Keypoints with ground truth: those of the body below the face, and of the feet."""
VIEWS_AGREE_MM = 80.0
"""A triangulated point is at most so far from the ray of each camera that it comes from."""
PICTURE_AGREES_MM = 150.0
"""Ground truth is at most so far from the ray of the camera that it is for."""
MOST_FRAMES_APART = 15
"""Cameras that were started by hand are searched for the offset within these frames."""
_FRAMES_TO_SYNCHRONISE = 30
_PIXEL = 64.0  # Qualisys counts in 64ths of a pixel
_RADIAL, _TANGENTIAL = "radialDistortion", "tangentalDistortion"  # as Qualisys spells them
_DISTORTION = (f"{_RADIAL}1", f"{_RADIAL}2", f"{_TANGENTIAL}1", f"{_TANGENTIAL}2", f"{_RADIAL}3")


class Camera(NamedTuple):
    """A calibrated camera; a point in the world, in mm, is at rotation @ point + translation from it."""

    K: Floats
    """(3, 3)"""
    distortion: Floats
    """(5,) in OpenCV's order."""
    rotation: Floats
    """(3, 3)"""
    translation: Floats
    """(3,) mm"""

    def seen_from(self, xyz: Floats) -> Floats:
        """Points (..., 3) of the world in the camera's axes."""
        return np.asarray(xyz @ self.rotation.T + self.translation)


class View(NamedTuple):
    """What a camera shows of the person in F frames."""

    camera: Camera
    plane: Floats
    """(F, 133, 2) rays as points on the plane z = 1, NaN where missing."""
    scores: Floats
    """(F, 133)"""
    image_size: Floats
    """(2,)"""
    fps: float

    def from_frame(self, first: int, frames: int) -> View:
        """The same from another frame on."""
        rows = slice(first, first + frames)
        return self._replace(plane=self.plane[rows], scores=self.scores[rows])


def read_cameras(path: Path) -> dict[str, Camera]:
    """Cameras by name from Qualisys' XML. Its camera axes have y up and z backwards."""
    cameras = {}
    for entry in ElementTree.parse(path).getroot().iter("camera"):
        lens, place = (
            {name: float(value) for name, value in _attributes(entry, tag).items()}
            for tag in ("intrinsic", "transform")
        )
        K = np.eye(3)
        K[0, 0], K[0, 2] = lens["focalLengthU"] / _PIXEL, lens["centerPointU"] / _PIXEL
        K[1, 1], K[1, 2] = lens["focalLengthV"] / _PIXEL, lens["centerPointV"] / _PIXEL
        turn = [[place[f"r{row}{column}"] for column in (1, 2, 3)] for row in (1, 2, 3)]
        rotation = np.diag([1.0, -1.0, -1.0]) @ np.array(turn)
        cameras[entry.attrib["serial"]] = Camera(
            K=K,
            distortion=np.array([lens[name] for name in _DISTORTION]),
            rotation=rotation,
            translation=-rotation @ np.array([place["x"], place["y"], place["z"]]),
        )
    return cameras


def _attributes(entry: ElementTree.Element, tag: str) -> dict[str, str]:
    found = entry.find(tag)
    if found is None:
        raise ValueError(f"expected <{tag}> in the camera {entry.attrib.get('serial')}, got none")
    return found.attrib


def look(video: Path, one: Camera, detector: str) -> View:
    """Find the person in each frame of a video; raises `ValueError` if there are several in one."""
    found = detectors.detect_video(video, detector)
    if len(np.unique(found.image_ids)) < len(found.image_ids):
        raise ValueError(
            f"{video}: expected one person in each frame, got several; the cameras would mix them up"
        )
    frames = int(found.image_ids[-1]) + 1
    plane, scores = np.full((frames, NUM_KEYPOINTS, 2), np.nan), np.zeros((frames, NUM_KEYPOINTS))
    seen = found.scores >= MIN_SCORE
    rays = camera.to_image_plane(np.nan_to_num(found.keypoints), one.K[None], one.distortion[None])
    plane[found.image_ids] = np.where(seen[..., None], rays, np.nan)
    scores[found.image_ids] = found.scores
    return View(one, plane, scores, np.asarray(found.image_size[0], dtype=np.float64), float(found.fps))


def triangulate(views: Sequence[View]) -> Floats:
    """Points (F, 133, 3) in the world nearest to the rays of all views, NaN where fewer than two have one."""
    rows = []
    for view in views:
        matrix = np.concatenate([view.camera.rotation, view.camera.translation[:, None]], axis=1)
        equations = view.plane[..., None] * matrix[2] - matrix[:2]  # (F, 133, 2, 4)
        rows.append(np.where(np.isfinite(equations), equations, 0.0))
    solution = np.linalg.svd(np.concatenate(rows, axis=-2))[2][..., -1, :]
    seen = sum(np.isfinite(view.plane[..., 0]).astype(int) for view in views)
    xyz = solution[..., :3] / solution[..., 3:]
    return np.where(np.asarray(seen)[..., None] >= 2, xyz, np.nan)


def off_rays(xyz: Floats, views: Sequence[View]) -> Floats:
    """Distances (V, F, 133) in mm of points (F, 133, 3) in the world from the rays of each view."""
    found = []
    for view in views:
        seen = view.camera.seen_from(xyz)
        found.append(np.linalg.norm(seen[..., :2] - view.plane * seen[..., 2:], axis=-1))
    return np.stack(found)


def agreed(views: list[View]) -> Floats:
    """Points (F, 133, 3) in the world on which all views agree, or two of them where one is wrong; otherwise
    NaN."""
    best = np.full((*views[0].plane.shape[:2], 3), np.nan)
    for some in (views, *itertools.combinations(views, 2)):
        xyz = triangulate(some)
        worst = np.nan_to_num(off_rays(xyz, some)).max(axis=0)
        good = np.isnan(best[..., 0]) & np.isfinite(xyz[..., 0]) & (worst < VIEWS_AGREE_MM)
        best[good] = xyz[good]
    return best


def synchronise(views: list[View]) -> list[View]:
    """Shift each view after the first by the number of frames at which its rays fit those before it best."""
    frames = min(len(view.plane) for view in views) - 2 * MOST_FRAMES_APART
    if frames < _FRAMES_TO_SYNCHRONISE:
        raise ValueError(
            f"expected videos of at least {2 * MOST_FRAMES_APART + _FRAMES_TO_SYNCHRONISE} frames, got "
            f"{frames + 2 * MOST_FRAMES_APART}"
        )
    starts = [MOST_FRAMES_APART] * len(views)

    def misfit(number: int, start: int) -> float:
        """Median distance of rays from points, of the views up to one that starts at another frame."""
        some = [
            view.from_frame(first, frames)
            for view, first in zip(views, [*starts[:number], start], strict=False)
        ]
        return float(np.nanmedian(off_rays(triangulate(some), some)[:, :, TRIANGULATED]))

    for number in range(1, len(views)):
        starts[number] = min(range(2 * MOST_FRAMES_APART + 1), key=lambda start: misfit(number, start))
    return [view.from_frame(first, frames) for view, first in zip(views, starts, strict=True)]


def as_table(views: list[View]) -> dict[str, npt.NDArray[np.generic]]:
    """The arrays that `benchmarks.real` reads; each camera is a take."""
    names = ("kp2d", "score", "K", "image_size", "gravity", "xyz")
    arrays: dict[str, list[Floats]] = {name: [] for name in names}
    for number, view in enumerate(views):
        frames = len(view.plane)
        world = agreed([*views[:number], *views[number + 1 :]])
        truth = view.camera.seen_from(world)
        truth[off_rays(world, [view])[0] > PICTURE_AGREES_MM] = np.nan
        truth[:, np.setdiff1d(np.arange(NUM_KEYPOINTS), TRIANGULATED)] = np.nan
        K = np.repeat(view.camera.K[None], frames, axis=0)
        arrays["kp2d"].append(camera.to_pixels(view.plane, K))
        arrays["score"].append(view.scores)
        arrays["K"].append(K)
        arrays["image_size"].append(np.repeat(view.image_size[None], frames, axis=0))
        down = -view.camera.rotation[:, 2]  # the world's z is up
        arrays["gravity"].append(np.repeat(down[None], frames, axis=0))
        arrays["xyz"].append(truth)
    takes = np.repeat(np.arange(len(views)), len(views[0].plane))
    return {
        **{name: np.concatenate(parts) for name, parts in arrays.items()},
        "person": np.zeros_like(takes),
        "take": takes,
        "frame": np.tile(np.arange(len(views[0].plane)), len(views)),
        "fps": np.array(views[0].fps),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.multiview",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="calibration/*.qca.txt and videos/*.mp4")
    parser.add_argument("out", type=Path, help="the table (.npz)")
    parser.add_argument("--detector", default="auto", help="mediapipe, rtmlib or auto (default: auto)")
    arguments = parser.parse_args()
    calibrations = sorted((arguments.folder / "calibration").glob("*.qca.txt"))
    if len(calibrations) != 1:
        parser.error(f"expected one calibration/*.qca.txt in {arguments.folder}, got {len(calibrations)}")
    views = [
        look(arguments.folder / "videos" / f"{name}.mp4", one, arguments.detector)
        for name, one in read_cameras(calibrations[0]).items()
    ]
    table = as_table(synchronise(views))
    np.savez_compressed(arguments.out, **table)
    known = np.isfinite(table["xyz"][:, TRIANGULATED, 0]).mean()
    print(f"{len(views)} cameras, {len(table['xyz'])} frames; {known:.0%} of the keypoints have ground truth")


if __name__ == "__main__":
    main()
