"""Measure what `lock_feet` makes of people who rest on more than their feet: `python -m benchmarks.contacts`.

The videos are those of `benchmarks.sequences`, of people who kneel, sit, lie or are on all fours: hips and
legs keep one pose, and so do the arms that carry; trunk, head and free arms move as in activity videos. So it
is known which knees, hands and seats rest. Compared are smoothing alone, holding feet alone, and holding
everything that rests.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks import sequences
from benchmarks.sequence_steps import Steps, lift
from wholebody_lift import InputWarning, Lifter, Pose3D
from wholebody_lift.skeleton import CONTACTS
from wholebody_lift.train.markdown import table
from wholebody_lift.train.synthetic import poses, rotations
from wholebody_lift.train.synthetic.bones import BONES
from wholebody_lift.train.synthetic.rig import Rig, load_rig
from wholebody_lift.train.synthetic.videos import FPS, Video, activity_motion, film

ACTIVITIES = (
    *("kneeling", "on_all_fours", "sitting_on_ground", "sitting", "hugging_knees", "propped_on_front"),
    *("lying_on_back", "lying_on_side", "lying_on_front", "squatting", "at_table"),
)
CARRIED_BY_ARMS = ("on_all_fours", "propped_on_front")
TRUNK_SHARE = 0.4
"""Trunk and head move by this share of what they do in activity videos."""
RESTING_MM_PER_SECOND, MOVING_MM_PER_SECOND = 30.0, 100.0
"""What is slower in truth rests, what is faster is wrongly held."""

_TRUNK = ("spine", "neck", "head")
_ARMS = ("clavicle", "shoulder", "upperarm", "lowerarm", "wrist", "finger", "metacarpal")

STEPS: dict[str, Steps] = {
    "smoothing and constant bones (`lift_sequence`)": Steps(),
    "feet held": Steps(fit=True, floor=True, feet=True, hands=True),
    "feet, knees, hands and seat held (`lock_feet`)": Steps(
        fit=True, floor=True, feet=True, hands=True, rests=True
    ),
}

COLUMNS = (
    *("MPJPE, mm", "PA-MPJPE, mm", "joint angles, degrees", "root, mm", "depth jitter, mm/s"),
    *(f"{name} that rest move, mm/s" for name in ("knees", "hands", "seats")),
    "held, % of what rests",
    "moves, % of what is held",
)


class Found(NamedTuple):
    """What is measured of one video."""

    figures: tuple[float, ...]
    """The first five of `COLUMNS`."""
    speeds: Tensor
    """(T, C) mm/s in the result."""
    truth: Tensor
    """(T, C) mm/s"""
    held: Tensor
    """(T, C)"""


def resting_motion(seconds: float, rig: Rig, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
    """Names and motions (T, J, 4) of people who rest, one of each of `ACTIVITIES`."""
    rest = rig.rest(rig.sample_shape(1, generator))
    for name in ACTIVITIES:
        pose = rotations.from_matrix(poses.sample_with_grips(rest.heads, generator, only=name)[0])[0]
        ((_, moves),) = activity_motion(seconds, 1, rig, generator)
        motion = pose.expand_as(moves).clone()
        for bone, of_rig in enumerate(BONES):
            if of_rig.startswith(_TRUNK) and name not in CARRIED_BY_ARMS:
                share = torch.full((len(moves),), TRUNK_SHARE)
                motion[:, bone] = rotations.slerp(motion[:, bone], moves[:, bone], share)
            elif of_rig.startswith(_ARMS) and name not in CARRIED_BY_ARMS:
                motion[:, bone] = moves[:, bone]
        yield name, motion


def measure(pose: Pose3D, video: Video) -> Found:
    """What is measured of a result."""
    xyz, path = torch.from_numpy(pose.xyz), torch.from_numpy(pose.translation)
    result = sequences.measure(xyz, path, video.xyz)
    figures = result.mpjpe, result.pa_mpjpe, result.angles, result.root, result.depth_jitter
    held = np.zeros((len(xyz), len(CONTACTS)), bool) if pose.contacts_held is None else pose.contacts_held
    return Found(figures, _speeds(xyz + path[:, None]), _speeds(video.xyz), torch.from_numpy(held))


def _speeds(placed: Tensor) -> Tensor:
    """(T, C) mm/s of the `CONTACTS` of people (T, 133, 3)."""
    places = torch.stack([placed[:, list(group)].mean(1) for group in CONTACTS.values()], 1)
    return torch.gradient(places, dim=0)[0].norm(dim=-1) * FPS


def row(found: list[Found]) -> list[float]:
    """The `COLUMNS`."""
    speeds, truth, held = (
        torch.cat([getattr(of_one, name) for of_one in found]) for name in ("speeds", "truth", "held")
    )
    rests = truth < RESTING_MM_PER_SECOND
    names = list(CONTACTS)
    kinds = [[i for i, name in enumerate(names) if name.endswith(kind)] for kind in ("knee", "hand", "seat")]
    return [
        *np.mean([of_one.figures for of_one in found], axis=0),
        *(speeds[:, kind][rests[:, kind]].mean().item() for kind in kinds),
        100 * (held & rests).sum().item() / rests.sum().item(),
        100 * (held & (truth > MOVING_MM_PER_SECOND)).sum().item() / max(held.sum().item(), 1),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", help="directory or Hub id (default: the weights in the package)")
    parser.add_argument("--seed", type=int, default=0, help="%(default)s")
    parser.add_argument("--seeds", type=int, default=1, help="how many cameras and people (%(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each video (%(default)s)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads or torch.get_num_threads())
    warnings.simplefilter("ignore", InputWarning)
    lifter = Lifter.from_pretrained(options.weights, device="cpu")
    rig, videos = load_rig(), []
    for seed in range(options.seed, options.seed + options.seeds):
        generator = torch.Generator().manual_seed(seed)
        motions = resting_motion(options.seconds, rig, generator)
        videos += [film(name, motion, rig, generator) for name, motion in motions]
    print(f"{len(videos)} videos, {sum(len(video.xyz) for video in videos)} frames\n")
    rows = []
    for name, steps in STEPS.items():
        found = [measure(lift(lifter, video.people, steps), video) for video in videos]
        rows.append((name, *(f"{figure:.1f}" for figure in row(found))))
    print(table(("", *COLUMNS), rows))


if __name__ == "__main__":
    main()
