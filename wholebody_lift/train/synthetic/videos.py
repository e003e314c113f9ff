"""Synthetic videos: one person who moves in front of one camera that stands still, seen by a noisy detector.

The motion comes from recordings, or else, with no download at all, from activity poses with smooth moves
between them. Fingers and faces always move smoothly between drawn shapes. The person is put on the floor:
whatever part of the body is lowest does not slide, so that it is known when a foot stands.

What is assumed of the detector: at each instant it errs as a detector of `detector.KINDS`, less what stays
the same through a video, such as what it calls a hip. Of the variance of its errors a share QUICK is new in
every frame, and a share SLOW changes slowly, from one draw to another in BLOCK_SECONDS. Steady errors are the
rest, for whoever asks for them. Whole parts are lost for such a block at a time, and besides every keypoint
flickers: it is lost in a share FLICKER of all frames.
"""

import math
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from wholebody_lift import Keypoints2D
from wholebody_lift.camera import intrinsics, project
from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.skeleton import indices
from wholebody_lift.train.synthetic import bank, cameras, faces, hands, poses, rotations
from wholebody_lift.train.synthetic.cameras import Views
from wholebody_lift.train.synthetic.detector import detect
from wholebody_lift.train.synthetic.occlusion import hidden
from wholebody_lift.train.synthetic.phenotypes import Shape
from wholebody_lift.train.synthetic.recordings import amc, bvh
from wholebody_lift.train.synthetic.recordings.figures import CMU_AMC, CMU_BVH, Source
from wholebody_lift.train.synthetic.recordings.retarget import rest_pose, retarget
from wholebody_lift.train.synthetic.rig import Rest, Rig

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

NEAREST_MM = 400.0
LEAST_INSIDE = 0.45
"""Of `any_camera`: how near the person comes, and the share of the body's keypoints in the picture."""

SPOTS = indices("body", "feet")
"""The keypoints that may stand on the floor."""

Camera = Callable[[Tensor, torch.Generator, Tensor | None], Views]
"""Draws one camera for all frames (T, 133, 3) of a person in the world, mm: from any side, or where the
person goes, (3,)."""


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


def recorded_motion(
    data: Path, split: bank.Split, count: int, rig: Rig, fps: float = FPS
) -> Iterator[tuple[str, Tensor]]:
    """Names and poses (T, J, 4) at `fps` of `count` of CMU's recordings in a split, spread over them all.

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
            yield name.rsplit(".", 1)[0], retarget(clip.subsample(fps), source, rest)[1:]


def _group(name: str) -> str:
    """The group of a recording in the bank: the subject of an Acclaim file, else the recording itself."""
    return f"cmu_amc/{name.split('/')[0]}" if name.endswith(".amc") else name.removesuffix(".bvh")


def activity_motion(
    seconds: float, count: int, rig: Rig, generator: torch.Generator, fps: float = FPS
) -> Iterator[tuple[str, Tensor]]:
    """`count` motions (T, J, 4) at `fps` from activity pose to activity pose, with a pause at each."""
    frames = round(seconds * fps)
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
        yield f"activities {number}", _between(keys, torch.nn.functional.pad(times, (1, 0)), frames, fps)


def _between(keys: Tensor, times: Tensor, frames: int, fps: float) -> Tensor:
    """Quaternions (T, B, 4) from key (n, B, 4) to key, at `times` (n,) s, with rest at each key."""
    t = torch.arange(frames) / fps
    after = torch.searchsorted(times, t, right=True).clamp(1, len(times) - 1)
    u = ((t - times[after - 1]) / (times[after] - times[after - 1])).clamp(0, 1)
    u = u**3 * (10 - 15 * u + 6 * u * u)  # least jerk
    return rotations.slerp(keys[after - 1], keys[after], u[:, None].expand(-1, keys.shape[1]))


def still_camera(world: Tensor, generator: torch.Generator, way: Tensor | None = None) -> Views:
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


def any_camera(world: Tensor, generator: torch.Generator, way: Tensor | None = None) -> Views:
    """One camera for all of (T, 133, 3), as one of `cameras.FAMILIES` sees the person in one of the frames.

    Where the person comes too near or is mostly out of the picture, or goes somewhere, `way`, it is a
    `still_camera`.
    """
    if way is not None:
        return still_camera(world, generator, way)
    frames = len(world)
    seen_at = int(torch.randint(frames, (1,), generator=generator))
    one = cameras.sample(world[seen_at : seen_at + 1], generator)
    rotation, K, distortion, size = (
        values.expand(frames, *values.shape[1:])
        for values in (one.rotation, one.K, one.distortion, one.image_size)
    )
    xyz = world @ one.rotation[0].T
    xyz = xyz + (one.xyz[0] - xyz[seen_at]).mean(0)
    views = Views(xyz, project(xyz, K, distortion), K, distortion, size, one.family.expand(frames), rotation)
    near = xyz[..., 2].amin() < NEAREST_MM
    if near or views.inside[:, indices("body")].float().mean() < LEAST_INSIDE:
        return still_camera(world, generator)
    return views


def film(
    name: str,
    motion: Tensor,
    rig: Rig,
    generator: torch.Generator,
    *,
    fps: float = FPS,
    towards_camera: bool = False,
    steady_errors: bool = False,
    camera: Camera = still_camera,
    detector: str = "wholebody",
) -> Video:
    """A person who moves so, (T, J, 4) at `fps`, in front of a camera and a detector of `detector.KINDS`.

    With `towards_camera`, the camera is where they go. With `steady_errors`, the detector also makes the
    errors that stay the same throughout the video. Frames in which nobody is seen are left out.
    """
    rest, rotations_of_bones = _moving(motion, rig, generator, fps)
    world = on_floor(rig.pose(rest, rotations_of_bones))
    way = (world[-1] - world[0]).mean(0) if towards_camera else None
    views = camera(world, generator, way)
    down = -views.rotation[0, :, 2]
    xy, scores = _detect(views, generator, steady_errors, fps, detector)
    people, seen = Keypoints2D.visible(
        xy.numpy(),
        scores.numpy(),
        image_size=views.image_size[0].numpy(),
        K=views.K[0].numpy(),
        distortion=views.distortion[0].numpy() if views.distortion.any() else None,
        height_mm=float(rest.stature_mm[0]),
        image_ids=np.arange(len(motion)),
        fps=fps,
    )
    # What is at height z above the floor is camera_height - z below the camera.
    height = float((views.xyz[0, 0] @ down) + world[0, 0, 2])
    return Video(name, views.xyz[torch.from_numpy(seen)], people, down, height)


def _moving(motion: Tensor, rig: Rig, generator: torch.Generator, fps: float) -> tuple[Rest, Tensor]:
    """Someone with a moving face, T times, and the rotations (T, J, 3, 3) of a motion (T, J, 4) with moving
    hands."""
    frames = len(motion)
    shape = rig.sample_shape(1, generator)
    keys = math.ceil(frames / fps / KEY_SECONDS) + 1
    times = torch.arange(keys) * KEY_SECONDS
    expressions = faces.random(keys, generator, share=0.1)
    place = torch.arange(frames) / fps / KEY_SECONDS
    weight = (1 - (place[:, None] - torch.arange(keys)).abs()).clamp_min(0)
    weight = weight * weight * (3 - 2 * weight)
    row = [0] * frames
    size = None if shape.size is None else shape.size[row]
    rest = rig.rest(Shape(shape.phenotypes[row], shape.local_changes[row], size), weight @ expressions)

    def fingers() -> Tensor:
        drawn = hands.sample(rest.heads[:1].expand(keys, -1, -1), generator)
        return rotations.to_matrix(_between(rotations.from_matrix(drawn), times, frames, fps))

    left, right = fingers(), fingers()
    return rest, hands.attach(rotations.to_matrix(motion), left, right)


def on_floor(world: Tensor) -> Tensor:
    """Move the person (T, 133, 3) so that what is lowest is on the floor, z = 0, and does not slide."""
    spots = world[:, SPOTS]
    height = spots[..., 2]
    carries = torch.softmax(-height / FLOOR_SOFTNESS_MM, -1)
    both = torch.minimum(carries[1:], carries[:-1])
    step = ((spots[1:] - spots[:-1]) * (both / both.sum(-1, keepdim=True))[..., None]).sum(1)
    path = torch.nn.functional.pad(-step.cumsum(0), (0, 0, 1, 0))
    path[:, 2] = FLOOR_SOFTNESS_MM * torch.logsumexp(-height / FLOOR_SOFTNESS_MM, -1)
    return world + path[:, None]


def _detect(
    views: Views, generator: torch.Generator, steady_errors: bool, fps: float, kind: str
) -> tuple[Tensor, Tensor]:
    """Keypoints (T, 133, 2) and scores (T, 133) as the module's text says."""
    covered = hidden(views.xyz)
    quick, slow = (detect(views.xy, views, covered, generator, kind=kind) for _ in range(2))
    length = round(BLOCK_SECONDS * fps)
    place = torch.arange(len(views.xy)) / length
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
        steady = detect(views.xy, views, covered, generator, kind=kind)
        found = (steady.scores >= MIN_SCORE).float().argmax(0)  # (K,) a frame in which it is
        steadily = error(steady.xy, steady.scores)[found, torch.arange(len(found))]
        errors = errors + math.sqrt(1 - QUICK - SLOW) * steadily
    scores = slow.scores[nearest]
    flicker = torch.rand(scores.shape, generator=generator) < FLICKER
    return views.xy + errors, scores.masked_fill(flicker, 0.0)
