"""Measure each step of `lift_sequence`, alone and together: `python -m benchmarks.sequence_steps`.

The network over time, where the weights have one, corrects the frames before all steps but the first two;
`--without-temporal` leaves it out.

The videos and most figures are those of `benchmarks.sequences`. "Told" are the lengths of the person's bones,
as the first lift has measured them over the whole video, to the network, which lifts again. The fit over time
has terms for the picture and the network's answer, and others that can be left out: the floor, standing feet,
knees, hands and seat that rest, and hands that touch. All together, without being told, are
`lift_sequence(lock_feet=True)`.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from benchmarks import sequences
from benchmarks.sequences import Video
from wholebody_lift import InputWarning, Lifter, Pose3D
from wholebody_lift._types import AnyFloats, Floats
from wholebody_lift.ground import Ground
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.skeleton import PARTS
from wholebody_lift.train.markdown import table
from wholebody_lift.video import feet, sequence
from wholebody_lift.video.sequence import Picture, SmoothStretch

TOUCH_MM = 40.0
"""Hands whose nearest keypoints are closer than this in truth touch."""


class Steps(NamedTuple):
    """What is done."""

    told: bool = False
    smooth: bool = True
    fit: bool = False
    floor: bool = False
    feet: bool = False
    hands: bool = False
    rests: bool = False


STEPS: dict[str, Steps] = {
    "frame by frame": Steps(smooth=False),
    "frame by frame, lengths told": Steps(smooth=False, told=True),
    "smoothing and constant bones (`lift_sequence`)": Steps(),
    "smoothing, lengths told": Steps(told=True),
    "smoothing, feet held": Steps(feet=True),
    "smoothing, fit": Steps(fit=True),
    "smoothing, fit, floor": Steps(fit=True, floor=True),
    "smoothing, fit, feet held": Steps(fit=True, feet=True),
    "smoothing, fit, hands": Steps(fit=True, hands=True),
    "all but knees, hands and seat that rest": Steps(fit=True, floor=True, feet=True, hands=True),
    "all (`lock_feet`)": Steps(fit=True, floor=True, feet=True, hands=True, rests=True),
    "all, lengths told": Steps(told=True, fit=True, floor=True, feet=True, hands=True, rests=True),
}

FIGURES = {
    "mpjpe": "MPJPE, mm",
    "pa_mpjpe": "PA-MPJPE, mm",
    "angles": "joint angles, degrees",
    "root": "root, mm",
    "skating": "foot skating, mm/s",
    "under_floor": "feet under the floor, mm",
}
"""The figures of `sequences.Result` that are shown."""


def lift(lifter: Lifter, people: Keypoints2D, steps: Steps) -> Pose3D:
    """One person of a video, with these steps."""
    if not steps.smooth:
        return _flat(lifter, people, steps)
    frames = sequence.prepare(people, fps=None, smoothness=1.0, max_gap_seconds=sequence.MAX_GAP_SECONDS)
    by_frame = _flat(lifter, frames.smooth, steps)
    flat = sequence.corrected(by_frame, frames, lifter.temporal)
    motions = [motion for track in frames.stretches for motion in sequence.move(track, flat, frames)]
    if steps.fit or steps.feet:
        pictures = [sequence.picture_of(motion, flat, frames) for motion in motions]
        ground = sequence.ground_of(motions, pictures, frames, None) if steps.floor else None
        motions = [
            _fitted(motion, picture, ground, steps, frames.fps)
            if steps.fit
            else _feet_held(motion, picture, frames.fps)
            for motion, picture in zip(motions, pictures, strict=True)
        ]
    return sequence.assemble(by_frame, frames, motions)


def _flat(lifter: Lifter, people: Keypoints2D, steps: Steps) -> Pose3D:
    """Lifted frame by frame."""
    pose = lifter.lift(people)
    if not steps.told:
        return pose
    return lifter.lift(people.model_copy(update={"bone_lengths": pose.bone_lengths()}))


def _fitted(
    motion: SmoothStretch, picture: Picture, ground: Ground | None, steps: Steps, fps: float
) -> SmoothStretch:
    """Fitted to what of the picture these steps use."""
    touch, rests = sequence.contacts_of(motion, picture, ground, fps)
    found = sequence.Contacts(touch if steps.hands else None, rests & steps.rests)
    return sequence.hold(motion, picture._replace(stands=picture.stands & steps.feet), found, ground, fps)


def _feet_held(motion: SmoothStretch, picture: Picture, fps: float) -> SmoothStretch:
    xyz, path = feet.lock_feet(motion.xyz, motion.path, picture.stands, fps)
    return motion._replace(xyz=xyz, path=path)


def hands_apart(xyz: AnyFloats) -> Floats:
    """(T,) mm: distance of the nearest keypoints of the two hands of people (T, 133, 3)."""
    left, right = (xyz[:, list(PARTS[f"{side}_hand"])].astype(np.float64) for side in ("left", "right"))
    return np.asarray(np.linalg.norm(left[:, :, None] - right[:, None], axis=-1).min(axis=(1, 2)))


def measure(lifter: Lifter, videos: Sequence[Video], steps: Steps) -> list[float]:
    """The figures, how far hands that touch are apart in mm, and CPU milliseconds for each frame."""
    results, apart = [], []
    started = time.process_time()
    poses = [lift(lifter, video.people, steps) for video in videos]
    seconds = time.process_time() - started
    for pose, video in zip(poses, videos, strict=True):
        xyz, path = torch.from_numpy(pose.xyz), torch.from_numpy(pose.translation)
        results.append(sequences.measure(xyz, path, video.xyz, video.down, video.camera_height_mm))
        touch = hands_apart(video.xyz.numpy()) < TOUCH_MM
        apart.append(hands_apart(pose.xyz)[touch])
    touching = np.concatenate(apart)
    means = [float(np.nanmean([getattr(result, name) for result in results])) for name in FIGURES]
    return [
        *means,
        float(touching.mean()) if len(touching) else math.nan,
        1000 * seconds / sum(len(video.xyz) for video in videos),
    ]


def main() -> None:
    parser = sequences.parser_of_videos(__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many cameras and people (%(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    options = parser.parse_args()
    torch.set_num_threads(options.threads or torch.get_num_threads())
    warnings.simplefilter("ignore", InputWarning)
    lifter = sequences.lifter_of(options)
    videos = [
        video
        for seed in range(options.seed, options.seed + options.seeds)
        for video in sequences.film_all(argparse.Namespace(**{**vars(options), "seed": seed}))
    ]
    print(f"{len(videos)} videos, {sum(len(video.xyz) for video in videos)} frames\n")
    rows = []
    for name, steps in STEPS.items():
        figures = measure(lifter, videos, steps)
        rows.append((name, *("" if math.isnan(figure) else f"{figure:.1f}" for figure in figures)))
    columns = (*FIGURES.values(), "hands that touch apart, mm", "CPU, ms a frame")
    print(table(("", *columns), rows))


if __name__ == "__main__":
    main()
