"""Measure expected errors of people who are upside down in the picture: `python -m benchmarks.turned BANK`.

People of the test sets, as a detector sees them, are lifted as they are, in a picture turned by half a turn,
and with y pointing up, which mirrors them too. Errors of the body are compared with those that were expected;
once more by themselves for those whom `plausibility.upside_down` finds by their 2D keypoints.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any, get_args

import numpy as np

from wholebody_lift import Keypoints2D, Lifter
from wholebody_lift.errors import InputWarning
from wholebody_lift.plausibility import upside_down
from wholebody_lift.skeleton import INDEX, indices
from wholebody_lift.train.evaluation import held_out
from wholebody_lift.train.synthetic.bank import MotionBank, Split
from wholebody_lift.train.synthetic.rig import load_rig

WAYS = {"as they are": (1, 1), "turned by half a turn": (-1, -1), "y up": (1, -1)}
"""Signs of x and y."""

BODY = indices("body")
HIPS = [INDEX["left_hip"], INDEX["right_hip"]]


def measured(lifter: Lifter, scene: Any, signs: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean errors of the body (N,), those expected (N,), and whether a person looks upside down (N,)."""
    views, found = scene.views, scene.detections
    xyz, xy, K, size = (t.double().numpy().copy() for t in (views.xyz, found.xy, views.K, views.image_size))
    xyz -= xyz[:, HIPS].mean(axis=1, keepdims=True)
    for axis, sign in enumerate(signs):
        if sign < 0:
            xy[..., axis] = size[:, None, axis] - xy[..., axis]
            K[:, axis, 2] = size[:, axis] - K[:, axis, 2]
            xyz[..., axis] *= -1
    people, seen = Keypoints2D.visible(xy, found.scores.numpy(), K=K, image_size=size)
    pose = lifter.lift(people)
    error = np.linalg.norm(pose.xyz - xyz[seen], axis=-1)[:, BODY].mean(axis=1)
    return error, pose.error_mm[:, BODY].mean(axis=1), upside_down(people.keypoints)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure expected errors of people who are upside down.")
    parser.add_argument("bank", type=Path, help="recordings, as `wholebody_lift.train prepare` writes them")
    parser.add_argument("--people", type=int, default=150, help="of each set (%(default)s)")
    parser.add_argument("--split", choices=get_args(Split), default="val", help="(default: %(default)s)")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", InputWarning)
    lifter, rig, motions = Lifter.from_pretrained(), load_rig(), MotionBank.load(arguments.bank)
    scenes = [
        scene
        for name, held in held_out.SETS.items()
        if not held.close_ups
        for _, given in held_out.blocks(name, rig, motions, people=arguments.people, split=arguments.split)
        for kind, scene in given.items()
        if "detector" in kind
    ]
    for way, signs in WAYS.items():
        error, expected, found = map(
            np.concatenate, zip(*(measured(lifter, s, signs) for s in scenes), strict=True)
        )
        for whom, rows in (("all", np.ones(len(found), bool)), ("found upside down", found)):
            if rows.any():
                print(
                    f"{way:22} {whom:18} {rows.sum():5} people: error {error[rows].mean():5.1f} mm, expected "
                    f"{expected[rows].mean():5.1f} mm, {error[rows].mean() / expected[rows].mean():.2f} times"
                )


if __name__ == "__main__":
    main()
