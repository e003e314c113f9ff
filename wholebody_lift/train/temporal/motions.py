"""Motions for clips: recorded ones and activities, each played at another pace and with other habits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift.train.synthetic import bank, poses, rotations, videos
from wholebody_lift.train.synthetic.bones import BONES, HAND_BONES
from wholebody_lift.train.synthetic.recordings import added, gltf
from wholebody_lift.train.synthetic.recordings.added import Clips
from wholebody_lift.train.synthetic.recordings.figures import QUATERNIUS
from wholebody_lift.train.synthetic.recordings.retarget import rest_pose, retarget
from wholebody_lift.train.synthetic.rig import Rig

SOURCE_FPS = 60.0
"""Recordings are kept at this rate."""
RECORDED, ANIMATED = 0.5, 0.1
"""Shares of recorded and of animated motions; the others are activities."""
PACE = (0.7, 1.4)
"""Range of the pace at which recordings are played, log-uniform."""
RECOMBINED = 0.3
"""Share of recordings whose upper body is that of another recording."""
HABIT_DEG, SWAY_DEG = 5.0, 4.0
"""Usual constant and slow changes of every joint, by which people move differently."""
SWAY_SECONDS = 2.5
SHORTEST_SECONDS = 1.5
_LENGTH_POWER = 0.5
_NOT_MOVED = {"root", *HAND_BONES}


class Motions(NamedTuple):
    """Where motions come from; poses (T, B, 4) at `SOURCE_FPS`."""

    recorded: list[Tensor]
    animated: list[Tensor]
    rig: Rig

    @classmethod
    def load(cls, data: Path | None, split: bank.Split, rig: Rig) -> Motions:
        """The recordings of a split in the folder `data`; without it, activities alone."""
        if data is None:
            return cls([], [], rig)
        recorded = [motion for _, motion in videos.recorded_motion(data, split, 1000, rig, SOURCE_FPS)]
        return cls(recorded, list(_animated(data, split, rig)), rig)

    def draw(self, seconds: float, fps: float, generator: torch.Generator) -> Tensor:
        """A motion (T, B, 4) of at most so many seconds, at `fps`."""
        share = torch.rand((), generator=generator).item()
        if not self.recorded or share > RECORDED + ANIMATED:
            (drawn,) = videos.activity_motion(seconds, 1, self.rig, generator, fps)
            return drawn[1]
        sources = self.recorded if share < RECORDED or not self.animated else self.animated
        motion = _played(_pick(sources, generator), seconds, fps, generator)
        if torch.rand((), generator=generator) < RECOMBINED:
            other = _played(_pick(self.recorded, generator), seconds, fps, generator)
            frames = min(len(motion), len(other))
            lower, upper = (rotations.to_matrix(m[:frames]) for m in (motion, other))
            motion = rotations.from_matrix(poses.recombine(lower, upper))
        return _with_habits(motion, fps, generator)


def _animated(data: Path, split: bank.Split, rig: Rig) -> Iterator[Tensor]:
    """Animations of the split, and the recordings that only training uses, where they are long enough."""
    rest = rest_pose(rig)
    for _, clip, figure in _clips(data, split):
        thinned = clip.subsample(SOURCE_FPS)
        frames = int((len(thinned) - 1) / thinned.fps * SOURCE_FPS)
        if frames >= SHORTEST_SECONDS * SOURCE_FPS:
            motion = retarget(thinned, figure, rest)
            yield _at(motion, torch.arange(frames) * thinned.fps / SOURCE_FPS)


def _clips(data: Path, split: bank.Split) -> Clips:
    for name, clip in gltf.read(data / bank.INPUTS["quaternius"]).items():
        if name != "T-Pose" and bank.split_of(f"quaternius/{name.split('_')[0]}") == split:
            yield name, clip, QUATERNIUS
    if split == "train":
        there = {
            source: data / path
            for source, path in bank.ADDED_INPUTS.items()
            if (data / path).exists() and source != "reactidle"  # of which few frames are read
        }
        for _, name, clip, figure in added.read_all(there, data / bank.INPUTS["cmu_amc"]):
            yield name, clip, figure


def _pick(motions: list[Tensor], generator: torch.Generator) -> Tensor:
    weights = torch.tensor([len(motion) ** _LENGTH_POWER for motion in motions])
    return motions[int(torch.multinomial(weights, 1, generator=generator))]


def _played(motion: Tensor, seconds: float, fps: float, generator: torch.Generator) -> Tensor:
    """A random part at a random pace."""
    low, high = (math.log(pace) for pace in PACE)
    pace = math.exp(low + (high - low) * torch.rand((), generator=generator).item())
    step = SOURCE_FPS * pace / fps
    frames = min(round(seconds * fps), int((len(motion) - 1) / step))
    start = torch.rand((), generator=generator).item() * (len(motion) - 1 - frames * step)
    return _at(motion, start + torch.arange(frames) * step)


def _at(motion: Tensor, places: Tensor) -> Tensor:
    """(T, B, 4) between the frames."""
    before = places.long().clamp(0, len(motion) - 1)
    after = (before + 1).clamp_max(len(motion) - 1)
    share = (places - before).clamp(0, 1)[:, None].expand(-1, motion.shape[1])
    return rotations.slerp(motion[before], motion[after], share.to(motion.dtype))


def _with_habits(motion: Tensor, fps: float, generator: torch.Generator) -> Tensor:
    """The motion with every joint of the body bent a little differently, and slowly changing."""
    frames, bones = motion.shape[:2]
    keys = math.ceil(frames / fps / SWAY_SECONDS) + 2
    drawn = math.radians(SWAY_DEG) * torch.randn(keys, bones, 3, generator=generator)
    drawn += math.radians(HABIT_DEG) * torch.randn(1, bones, 3, generator=generator)
    drawn[:, [i for i, bone in enumerate(BONES) if bone in _NOT_MOVED]] = 0
    place = torch.arange(frames) / fps / SWAY_SECONDS
    before, share = place.long(), place.frac()[:, None, None]
    share = share * share * (3 - 2 * share)
    change = drawn[before] * (1 - share) + drawn[before + 1] * share
    return rotations.multiply(motion, rotations.from_matrix(rotations.from_rotation_vector(change)))
