"""Measure `lift_sequence` and `LiveLifter` against lifting frame by frame, on synthetic videos.

A video is one synthetic person who moves in front of one camera that stands still, seen by a noisy detector.
The motion comes from the recordings of the split that training never sees (--data, the folder that
`python -m wholebody_lift.train prepare` reads), or else, with no download at all, from activity poses with
smooth moves between them. Fingers and faces always move smoothly between drawn shapes.

`train/synthetic/videos.py` makes the videos, and documents the simulated detector at its head;
--steady-errors adds the errors that stay the same through a video. The camera and the height are given to the
lifter, so that errors are errors of pose.
"""

import argparse
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks import real
from wholebody_lift import InputWarning, Keypoints2D, Lifter, LiveLifter, Pose3D
from wholebody_lift.body.bone_lengths import CONSTANT_EDGES
from wholebody_lift.ground import Ground
from wholebody_lift.skeleton import ROOT, indices
from wholebody_lift.train.evaluation import metrics
from wholebody_lift.train.markdown import table
from wholebody_lift.train.synthetic.rig import load_rig
from wholebody_lift.train.synthetic.videos import FPS, Video, activity_motion, film, recorded_motion
from wholebody_lift.video.feet import BALLS

STANDING_MM_PER_SECOND = 100.0
"""A foot slower than this in truth stands."""

SHORTEST = 45
"""Frames of the shortest recording that is used."""

COLUMNS = (
    "MPJPE, mm",
    "PA-MPJPE, mm",
    "acceleration error, m/s²",
    "bone-length spread, %",
    "foot skating, mm/s",
    "feet under the floor, mm",
    "root, mm",
    "depth jitter, mm/s",
    "joint angles, degrees",
    "delay, ms",
)

Lifted = tuple[Tensor, Tensor]
"""xyz (T, 133, 3) mm from the root, and where the root is (T, 3) mm."""


class Result(NamedTuple):
    """What is measured of one way of lifting; means over frames, keypoints and videos."""

    mpjpe: float
    """mm, root-aligned."""
    pa_mpjpe: float
    """mm, after the similarity that fits best, frame by frame."""
    acceleration: float
    """m/s^2: length of the difference between the second differences of result and truth, both relative to
    the root (as in Kanazawa et al. 2019, HMMR, and Kocabas et al. 2020, VIBE)."""
    bones: float
    """%: spread over mean of the length of a bone over the video, mean over `bone_lengths.CONSTANT_EDGES`."""
    skating: float
    """mm/s: speed, as the camera sees it, of the ball of a foot that stands in truth."""
    under_floor: float
    """mm: how far under the true floor the lowest keypoint of a foot is, at worst in the video; NaN where the
    floor is not known."""
    root: float
    """mm: distance of the root from where it is."""
    depth_jitter: float
    """mm/s: mean change of the error of the root's distance from the camera."""
    angles: float
    """degrees: mean absolute error of the angles at knees, hips, elbows and shoulders (`real.ANGLES`)."""
    delay: float
    """ms by which the truth has to be put off to fit the result best."""


def measure(
    xyz: Tensor, path: Tensor, truth: Tensor, down: Tensor | None = None, camera_height_mm: float = math.nan
) -> Result:
    """The errors of a lifted video: (T, 133, 3) from the root, which is at (T, 3).

    `down` (3,) and the height of the camera say where the true floor is.
    """
    centre = truth[:, list(ROOT)].mean(1)
    local, placed = truth - centre[:, None], xyz + path[:, None]
    acceleration = (xyz - local).diff(n=2, dim=0).norm(dim=-1).mean() * FPS**2 / 1000
    parents, children = (list(column) for column in zip(*CONSTANT_EDGES, strict=True))
    length = (xyz[:, children] - xyz[:, parents]).norm(dim=-1)
    speeds, stands = [], []
    for ball in BALLS:
        stands.append(truth[:, ball].mean(1).diff(dim=0).norm(dim=-1) * FPS < STANDING_MM_PER_SECOND)
        speeds.append(placed[:, ball].mean(1).diff(dim=0).norm(dim=-1) * FPS)
    return Result(
        mpjpe=metrics.root_aligned(xyz, local).mean().item(),
        pa_mpjpe=metrics.procrustes_aligned(xyz, local).mean().item(),
        acceleration=acceleration.item(),
        bones=100 * (length.std(0) / length.mean(0)).mean().item(),
        skating=torch.cat(speeds)[torch.cat(stands)].mean().item(),
        under_floor=math.nan
        if down is None
        else max(0.0, (placed[:, indices("feet")] @ down).max().item() - camera_height_mm),
        root=(path - centre).norm(dim=-1).mean().item(),
        depth_jitter=(path - centre)[:, 2].diff(dim=0).abs().mean().item() * FPS,
        angles=_angle_error(xyz, local),
        delay=_delay(xyz, local),
    )


def _angle_error(xyz: Tensor, truth: Tensor) -> float:
    """Degrees, mean over joints of both sides and frames."""
    found, true = (values.double().numpy() for values in (xyz, truth))
    off = [
        real.angle(found, side, corners) - real.angle(true, side, corners)
        for side in ("left", "right")
        for corners in real.ANGLES.values()
    ]
    return float(np.abs(off).mean())


def _delay(xyz: Tensor, truth: Tensor) -> float:
    """ms by which the truth has to be put off to fit the result best, to a fraction of a frame."""
    shifts = range(-1, 8)
    first, last = max(shifts), len(xyz) + min(shifts)
    errors = [
        (xyz[first:last] - truth[first - shift : last - shift]).square().sum(-1).mean().item()
        for shift in shifts
    ]
    best = min(max(int(np.argmin(errors)), 1), len(errors) - 2)
    low, middle, high = errors[best - 1 : best + 2]
    fraction = 0.5 * (low - high) / (low - 2 * middle + high)
    return 1000 / FPS * (shifts[best] + fraction)


def _arrays(poses: Sequence[Pose3D]) -> Lifted:
    """xyz (T, 133, 3) and root (T, 3) of results of a person that follow one another."""
    xyz, path = (np.concatenate([getattr(pose, name) for pose in poses]) for name in ("xyz", "translation"))
    return torch.from_numpy(xyz), torch.from_numpy(path)


def _live(lifter: Lifter, videos: Sequence[Video]) -> list[Lifted]:
    """All videos at once, as people in front of one running camera."""
    stream = LiveLifter(lifter, FPS)
    poses: list[list[Pose3D]] = [[] for _ in videos]
    for t in range(max(len(video.xyz) for video in videos)):
        there = [i for i, video in enumerate(videos) if t < len(video.xyz)]
        frames = [videos[i].people[t] for i in there]
        fields = ("keypoints", "scores", "image_size", "K", "height_mm")
        together: dict[str, Any] = {
            name: np.concatenate([getattr(frame, name) for frame in frames]) for name in fields
        }
        for i, pose in zip(there, stream.push(Keypoints2D(**together, track_ids=there)), strict=True):
            poses[i].append(pose)
    return [_arrays(rows) for rows in poses]


class GroundError(NamedTuple):
    """How far the ground of a result is off."""

    down: float
    """degrees"""
    down_said: float
    """degrees, the spread that the result states"""
    floor: float
    """mm, where the person's feet are; positive: the result's floor is too low"""
    floor_said: float
    """mm, the spread that the result states"""


def ground_error(ground: Ground | None, video: Video) -> GroundError:
    """NaN where there is no ground."""
    if ground is None:
        return GroundError(math.nan, math.nan, math.nan, math.nan)
    found, true = np.array(ground.down), video.down.double().numpy()
    feet = video.xyz[:, [toe for ball in BALLS for toe in ball]].double().mean((0, 1)).numpy()
    return GroundError(
        down=math.degrees(math.acos(min(1.0, float(found @ true)))),
        down_said=ground.down_spread_deg,
        floor=(ground.camera_height_mm - found @ feet) - (video.camera_height_mm - true @ feet),
        floor_said=ground.height_spread_mm,
    )


def _grounds(lifter: Lifter, videos: Sequence[Video]) -> Iterator[tuple[str, list[GroundError]]]:
    """The errors of the ground: of a camera that is taken to be level, from people, and with its height."""
    level = [math.degrees(math.acos(min(1.0, float(v.down[1])))) for v in videos]
    yield "taken as level", [GroundError(error, math.nan, math.nan, math.nan) for error in level]
    for name, height_known in (
        ("from people", False),
        ("from people, height of the camera given", True),
    ):
        poses = [
            lifter.lift_sequence(v.people, camera_height_mm=v.camera_height_mm if height_known else None)
            for v in videos
        ]
        yield name, [ground_error(pose.ground, v) for pose, v in zip(poses, videos, strict=True)]


def _ground_rows(lifter: Lifter, videos: Sequence[Video]) -> list[tuple[str, ...]]:
    rows = []
    for name, errors in _grounds(lifter, videos):
        found = np.array([error for error in errors if not math.isnan(error.down)])
        mean, worst = (f"{of(found[:, 0]):.1f}" if len(found) else "" for of in (np.mean, np.max))
        rms = [math.sqrt((column**2).mean()) for column in found.T] if len(found) else [math.nan] * 4
        figures = [f"{rms[0]:.1f}", f"{rms[1]:.1f}", f"{rms[2]:.0f}", f"{rms[3]:.0f}"]
        known = ["" if figure == "nan" else figure for figure in figures]
        rows.append((name, f"{len(found)}", mean, worst, *known))
    return rows


GROUND_COLUMNS = (
    "videos with a ground",
    "down, mean error, degrees",
    "worst",
    "root mean square",
    "stated",
    "floor, root mean square error, mm",
    "stated",
)

WAYS: dict[str, Callable[[Lifter, Sequence[Video]], list[Lifted]]] = {
    "frame by frame": lambda lifter, videos: [_arrays([lifter.lift(v.people)]) for v in videos],
    "`lift_sequence`": lambda lifter, videos: [_arrays([lifter.lift_sequence(v.people)]) for v in videos],
    "`lift_sequence`, `lock_feet`": lambda lifter, videos: [
        _arrays([lifter.lift_sequence(v.people, lock_feet=True)]) for v in videos
    ],
    "`LiveLifter`": _live,
}
"""What is compared."""


def film_all(options: argparse.Namespace) -> list[Video]:
    """The videos of a run."""
    rig = load_rig()
    generator = torch.Generator().manual_seed(options.seed)
    longest = round(options.seconds * FPS)
    if options.data is None:
        motions = activity_motion(options.seconds, options.videos, rig, generator)
    else:
        motions = recorded_motion(options.data, options.split, options.videos, rig)
    videos = []
    for name, motion in motions:
        if len(motion) >= SHORTEST:
            start = max(len(motion) - longest, 0) // 2
            shown = motion[start : start + longest]
            ways = {"towards_camera": options.towards, "steady_errors": options.steady_errors}
            videos.append(film(name, shown, rig, generator, **ways))
    return videos


def parser_of_videos(description: str | None) -> argparse.ArgumentParser:
    """The options of `film_all`, and the weights."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder with motion/, as docs/training.md says")
    parser.add_argument("--split", choices=("val", "test"), default="test", help="%(default)s")
    parser.add_argument("--towards", action="store_true", help="people move towards the camera")
    parser.add_argument(
        "--steady-errors",
        action="store_true",
        help="the detector also makes the errors that stay the same throughout a video",
    )
    parser.add_argument("--videos", type=int, default=12, help="%(default)s")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each, at most (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="%(default)s")
    parser.add_argument("--weights", help="directory or Hub id (default: the weights in the package)")
    parser.add_argument("--without-temporal", action="store_true", help="without the network over time")
    return parser


def lifter_of(options: argparse.Namespace) -> Lifter:
    """The lifter that the options of `parser_of_videos` ask for."""
    lifter = Lifter.from_pretrained(options.weights, device="cpu")
    if options.without_temporal:
        lifter.temporal = None
    return lifter


def main() -> None:
    parser = parser_of_videos(__doc__)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    options = parser.parse_args()
    torch.set_num_threads(options.threads or torch.get_num_threads())
    warnings.simplefilter("ignore", InputWarning)  # detectors do confuse left and right

    lifter = lifter_of(options)
    videos = film_all(options)
    frames = sum(len(video.xyz) for video in videos)
    print(f"{len(videos)} videos, {frames} frames at {FPS:g} frames per second\n")
    rows = []
    for name, way in WAYS.items():
        results = [
            measure(*lifted, v.xyz, v.down, v.camera_height_mm)
            for lifted, v in zip(way(lifter, videos), videos, strict=True)
        ]
        rows.append((name, *(f"{mean:.1f}" for mean in np.nanmean(results, axis=0))))
    print(table(("", *COLUMNS), rows))
    print()
    print(table(("", *GROUND_COLUMNS), _ground_rows(lifter, videos)))


if __name__ == "__main__":
    main()
