"""Measure `lift_sequence` and `LiveLifter` against lifting frame by frame, on synthetic videos.

A video is one synthetic person who moves in front of one camera that stands still, seen by a noisy detector.
The motion comes from the recordings of the split that training never sees (--data, the folder that
`python -m wholebody_lift.train prepare` reads), or else, with no download at all, from activity poses with
smooth moves between them. Fingers and faces always move smoothly between drawn shapes.

The person is put on the floor: whatever part of the body is lowest does not slide, so that it is known when a
foot stands. The camera and the height are given to the lifter, so that errors are errors of pose.

What is assumed of the detector: at each instant it errs as the "wholebody" detector of train/detector.py,
less what stays the same through a video, such as what it calls a hip. Of the variance of its errors a share
QUICK is new in every frame, and a share SLOW changes slowly, from one draw to another in BLOCK_SECONDS.
--steady-errors adds the rest.
Whole parts are lost for such a block at a time, and besides every keypoint flickers: it is lost in a share
FLICKER of all frames.
"""

import argparse
import math
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks import real
from wholebody_lift import InputWarning, Keypoints2D, Lifter, LiveLifter, Pose3D
from wholebody_lift.body.bone_lengths import CONSTANT_EDGES
from wholebody_lift.camera import intrinsics, project
from wholebody_lift.ground import Ground
from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.skeleton import ROOT, indices
from wholebody_lift.train.evaluation import metrics
from wholebody_lift.train.markdown import table
from wholebody_lift.train.synthetic import bank, faces, hands, poses, rotations
from wholebody_lift.train.synthetic.cameras import Views
from wholebody_lift.train.synthetic.detector import detect
from wholebody_lift.train.synthetic.occlusion import hidden
from wholebody_lift.train.synthetic.phenotypes import Shape
from wholebody_lift.train.synthetic.recordings import amc, bvh
from wholebody_lift.train.synthetic.recordings.figures import CMU_AMC, CMU_BVH, Source
from wholebody_lift.train.synthetic.recordings.retarget import rest_pose, retarget
from wholebody_lift.train.synthetic.rig import Rig, load_rig
from wholebody_lift.video.feet import BALLS

FPS = 30.0
IMAGE_SIZE = (1920, 1080)
FOCAL = 1400.0
FILLS = 0.85
"""Share of the picture, in width or height, that the person's whole way fills."""
ELEVATION_DEG = (0.0, 20.0)

QUICK, SLOW = 0.15, 0.45
BLOCK_SECONDS = 0.5
FLICKER = 0.02

KEY_SECONDS = 0.8
"""Between two drawn hands or faces, and at least between two activity poses."""
FASTEST_DEG_PER_SECOND = 150.0
"""Mean speed of the bone that turns most between two activity poses."""
CALM_ROOT = 0.3
"""Activity poses turn the whole body by this much of what they say, so that people do not tumble."""

FLOOR_SOFTNESS_MM = 8.0
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

_SPOTS = indices("body", "feet")


class Video(NamedTuple):
    """One synthetic video of T frames."""

    name: str
    xyz: Tensor
    """(T, 133, 3) mm from the camera: the truth."""
    people: Keypoints2D
    """What the detector says, with the camera and the person's height."""
    down: Tensor
    """(3,) unit vector along gravity, in the camera's axes."""
    camera_height_mm: float
    """Height of the camera above the floor."""


def recorded_motion(data: Path, split: bank.Split, count: int, rig: Rig) -> Iterator[tuple[str, Tensor]]:
    """Names and poses (T, J, 4) at `FPS` of `count` of CMU's recordings in a split, spread over them all.

    Salsa is left out: its files have a wrong frame rate, and its recordings are split by pairs.
    """
    rest = rest_pose(rig)

    def of_split(archive: zipfile.ZipFile) -> list[str]:
        names = (name for name in sorted(archive.namelist()) if name.endswith((".amc", ".bvh")))
        return [n for n in names if not n.startswith("salsa") and bank.split_of(_group(n)) == split]

    with (
        zipfile.ZipFile(data / bank.INPUTS["cmu_amc"]) as amcs,
        zipfile.ZipFile(data / bank.INPUTS["cmu_bvh"]) as bvhs,
    ):
        every = of_split(amcs) + of_split(bvhs)
        for place in np.linspace(0, len(every) - 1, min(count, len(every))).round().astype(int):
            name = every[place]
            source: Source = CMU_AMC if name.endswith(".amc") else CMU_BVH
            if source is CMU_AMC:
                subject = name.split("/")[0]
                skeleton = amcs.read(f"{subject}/{subject}.asf").decode("latin-1")
                clip = amc.read(skeleton, amcs.read(name).decode("latin-1"))
            else:
                clip = bvh.read(bvhs.read(name).decode("latin-1"))
            # The first frame of a BVH file is a reference pose.
            yield name.rsplit(".", 1)[0], retarget(clip.subsample(FPS), source, rest)[1:]


def _group(name: str) -> str:
    """The group of a recording in the bank: the subject of an Acclaim file, else the recording itself."""
    return f"cmu_amc/{name.split('/')[0]}" if name.endswith(".amc") else name.removesuffix(".bvh")


def activity_motion(
    seconds: float, count: int, rig: Rig, generator: torch.Generator
) -> Iterator[tuple[str, Tensor]]:
    """`count` motions (T, J, 4) at `FPS` from activity pose to activity pose, with a pause at each."""
    frames = round(seconds * FPS)
    for number in range(count):
        rest = rig.rest(rig.sample_shape(1, generator))
        most = math.ceil(seconds / KEY_SECONDS) + 1
        keys = rotations.from_matrix(poses.sample(rest.heads.expand(most, -1, -1), generator)[0])
        still = torch.tensor([1.0, 0.0, 0.0, 0.0])
        keys[:, 0] = rotations.slerp(still.expand(most, 4), keys[:, 0], torch.full((most,), CALM_ROOT))
        turns = rotations.angle_between(rotations.to_matrix(keys[:-1]), rotations.to_matrix(keys[1:])).amax(
            -1
        )
        times = (turns / math.radians(FASTEST_DEG_PER_SECOND)).clamp_min(KEY_SECONDS).cumsum(0)
        yield f"activities {number}", _between(keys, torch.nn.functional.pad(times, (1, 0)), frames)


def _between(keys: Tensor, times: Tensor, frames: int) -> Tensor:
    """Quaternions (T, B, 4) from key (n, B, 4) to key, at `times` (n,) s, with rest at each key."""
    t = torch.arange(frames) / FPS
    after = torch.searchsorted(times, t, right=True).clamp(1, len(times) - 1)
    u = ((t - times[after - 1]) / (times[after] - times[after - 1])).clamp(0, 1)
    u = u**3 * (10 - 15 * u + 6 * u * u)  # least jerk
    return rotations.slerp(keys[after - 1], keys[after], u[:, None].expand(-1, keys.shape[1]))


def film(
    name: str,
    motion: Tensor,
    rig: Rig,
    generator: torch.Generator,
    *,
    towards_camera: bool = False,
    steady_errors: bool = False,
) -> Video:
    """A person who moves so, (T, J, 4), in front of a camera and a detector.

    With `steady_errors`, the detector also makes the errors that stay the same throughout the video.
    """
    frames = len(motion)
    shape = rig.sample_shape(1, generator)
    keys = math.ceil(frames / FPS / KEY_SECONDS) + 1
    times = torch.arange(keys) * KEY_SECONDS
    expressions = faces.random(keys, generator, share=0.1)
    place = torch.arange(frames) / FPS / KEY_SECONDS
    weight = (1 - (place[:, None] - torch.arange(keys)).abs()).clamp_min(0)
    weight = weight * weight * (3 - 2 * weight)
    row = [0] * frames
    size = None if shape.size is None else shape.size[row]
    rest = rig.rest(Shape(shape.phenotypes[row], shape.local_changes[row], size), weight @ expressions)
    left, right = (
        rotations.to_matrix(
            _between(
                rotations.from_matrix(hands.sample(rest.heads[:1].expand(keys, -1, -1), generator)),
                times,
                frames,
            )
        )
        for _ in range(2)
    )
    world = rig.pose(rest, hands.attach(rotations.to_matrix(motion), left, right))
    world = _on_floor(world)
    way = (world[-1] - world[0]).mean(0) if towards_camera else None
    views = _views(world, generator, way)
    down = -views.rotation[0, :, 2]
    xy, scores = _detect(views, generator, steady_errors)
    people = Keypoints2D(
        keypoints=xy.numpy(),
        scores=scores.numpy(),
        image_size=IMAGE_SIZE,
        K=views.K[0].numpy(),
        height_mm=float(rest.stature_mm[0]),
        image_ids=np.arange(frames),
        fps=FPS,
    )
    # What is at height z above the floor is camera_height - z below the camera.
    height = float((views.xyz[0, 0] @ down) + world[0, 0, 2])
    return Video(name, views.xyz, people, down, height)


def _on_floor(world: Tensor) -> Tensor:
    """Move the person (T, 133, 3) so that what is lowest is on the floor, z = 0, and does not slide."""
    spots = world[:, _SPOTS]
    height = spots[..., 2]
    carries = torch.softmax(-height / FLOOR_SOFTNESS_MM, -1)
    both = torch.minimum(carries[1:], carries[:-1])
    step = ((spots[1:] - spots[:-1]) * (both / both.sum(-1, keepdim=True))[..., None]).sum(1)
    path = torch.nn.functional.pad(-step.cumsum(0), (0, 0, 1, 0))
    path[:, 2] = FLOOR_SOFTNESS_MM * torch.logsumexp(-height / FLOOR_SOFTNESS_MM, -1)
    return world + path[:, None]


def _views(world: Tensor, generator: torch.Generator, way: Tensor | None = None) -> Views:
    """One camera for all of (T, 133, 3), from any side, or where the person goes, (3,)."""
    frames = len(world)
    azimuth, tilt = torch.rand(2, generator=generator)
    azimuth, low_high = azimuth * 2 * math.pi, torch.tensor(ELEVATION_DEG).deg2rad()
    if way is not None:
        azimuth = torch.atan2(-way[1], -way[0])
    elevation = low_high[0] + tilt * (low_high[1] - low_high[0])
    towards = torch.stack(
        [azimuth.cos() * elevation.cos(), azimuth.sin() * elevation.cos(), -elevation.sin()]
    )
    right = torch.stack([-azimuth.sin(), azimuth.cos(), torch.zeros(())]) * -1
    rotation = torch.stack([right, torch.linalg.cross(towards, right), towards])
    seen = (world - (world.amax((0, 1)) + world.amin((0, 1))) / 2) @ rotation.T
    half = FILLS / 2 * torch.tensor(IMAGE_SIZE) / FOCAL
    distance = (seen[..., :2].abs() / half - seen[..., 2:]).amax()
    xyz = seen + torch.tensor([0.0, 0.0, 1.0]) * distance
    size = torch.tensor(IMAGE_SIZE, dtype=torch.float32).expand(frames, 2)
    K = intrinsics(torch.full((frames,), FOCAL), size / 2)
    return Views(
        xyz=xyz,
        xy=project(xyz, K),
        K=K,
        distortion=torch.zeros(frames, 5),
        image_size=size,
        family=torch.zeros(frames, dtype=torch.int64),
        rotation=rotation.expand(frames, 3, 3),
    )


def _detect(views: Views, generator: torch.Generator, steady_errors: bool) -> tuple[Tensor, Tensor]:
    """Keypoints (T, 133, 2) and scores (T, 133) as the module's text says."""
    covered = hidden(views.xyz)
    quick, slow = (detect(views.xy, views, covered, generator, kind="wholebody") for _ in range(2))
    place = torch.arange(len(views.xy)) / (BLOCK_SECONDS * FPS)
    length = round(BLOCK_SECONDS * FPS)
    before = (place.long() * length).clamp_max(len(views.xy) - 1)
    after = (before + length).clamp_max(len(views.xy) - 1)
    nearest = torch.where(place.frac() < 0.5, before, after)

    def error(found: Tensor, scores: Tensor) -> Tensor:
        return torch.where((scores >= MIN_SCORE)[..., None], found - views.xy, 0)

    drawn = error(slow.xy, slow.scores)
    angle = place.frac()[:, None, None] * math.pi / 2
    slowly = angle.cos() * drawn[before] + angle.sin() * drawn[after]
    errors = math.sqrt(SLOW) * slowly + math.sqrt(QUICK) * error(quick.xy, quick.scores)
    if steady_errors:
        steady = detect(views.xy, views, covered, generator, kind="wholebody")
        found = (steady.scores >= MIN_SCORE).float().argmax(0)  # (K,) a frame in which it is
        steadily = error(steady.xy, steady.scores)[found, torch.arange(len(found))]
        errors = errors + math.sqrt(1 - QUICK - SLOW) * steadily
    scores = slow.scores[nearest]
    flicker = torch.rand(scores.shape, generator=generator) < FLICKER
    return views.xy + errors, scores.masked_fill(flicker, 0.0)


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
    return parser


def main() -> None:
    parser = parser_of_videos(__doc__)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    options = parser.parse_args()
    torch.set_num_threads(options.threads or torch.get_num_threads())
    warnings.simplefilter("ignore", InputWarning)  # detectors do confuse left and right

    lifter = Lifter.from_pretrained(options.weights, device="cpu")
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
