"""The steps of a sequence, alone and together."""

import numpy as np
import pytest

pytest.importorskip("anny", reason="the extra train")

from benchmarks import sequence_steps as bench
from wholebody_lift import Keypoints2D, Lifter, Pose3D
from wholebody_lift.errors import InputWarning
from wholebody_lift.skeleton import PARTS

pytestmark = pytest.mark.filterwarnings(f"ignore::{InputWarning.__module__}.InputWarning")


def same(one: Pose3D, other: Pose3D) -> bool:
    return np.array_equal(one.xyz, other.xyz) and np.array_equal(one.translation, other.translation)


def test_together_they_are_what_lift_sequence_does(squats: Keypoints2D) -> None:
    lifter = Lifter.from_pretrained("tiny", device="cpu")
    everything = bench.lift(lifter, squats, bench.STEPS["all (`lock_feet`)"])
    assert same(everything, lifter.lift_sequence(squats, lock_feet=True))
    smooth = bench.lift(lifter, squats, bench.Steps())
    assert same(smooth, lifter.lift_sequence(squats))


def test_each_step_changes_the_result(squats: Keypoints2D) -> None:
    lifter = Lifter.from_pretrained("tiny", device="cpu")
    # Nothing but feet and hands rests in the squats.
    different = dict.fromkeys(steps._replace(rests=False) for steps in bench.STEPS.values())
    poses = [bench.lift(lifter, squats, steps) for steps in different]
    for place, pose in enumerate(poses):
        assert not any(same(pose, other) for other in poses[:place])


def test_hands_are_apart_by_their_nearest_keypoints() -> None:
    xyz = np.zeros((2, 133, 3), np.float32)
    xyz[:, PARTS["right_hand"], 0] = 100
    xyz[1, PARTS["right_hand"].start, 0] = 30
    assert bench.hands_apart(xyz).tolist() == [100, 30]
