"""What the benchmark of skeletons measures."""

import numpy as np
import pytest
from moving import clip, walk

pytest.importorskip("anny", reason="the extra train")

from benchmarks import skeleton as bench
from wholebody_lift.pose import FRAMES
from wholebody_lift.skeleton import INDEX, indices

Y_UP = FRAMES["opengl"].matrix.T


def test_every_keypoint_of_body_feet_and_hands_is_measured() -> None:
    wanted = indices("body", "feet", "left_hand", "right_hand")
    assert [INDEX[name] for name in bench.KEYPOINTS] == sorted(wanted)
    assert not set(bench.BEGINS) & set(bench.ENDS)
    assert not (set(bench.BEGINS) | set(bench.ENDS)) & set(bench.RIDES)


@pytest.mark.parametrize("keypoint", ["left_wrist", "right_pinky_finger4", "left_ear", "right_heel"])
def test_a_keypoint_that_moves_against_the_bones_is_found(keypoint: str) -> None:
    xyz = walk(20) @ Y_UP
    before = bench.distances(xyz)
    assert before.max() < 1e-6
    xyz[7, INDEX[keypoint]] += (30, 40, 0)
    off = bench.distances(xyz)[7, bench.KEYPOINTS.index(keypoint)]
    assert 10 < off < 51


def test_a_result_is_measured_in_every_frame_of_the_file() -> None:
    pose = clip(10)
    assert bench.of_result(pose[[0, 1, 2, 8, 9]]).shape == (10, len(bench.KEYPOINTS))


def test_a_row_names_the_worst() -> None:
    off = np.zeros((4, len(bench.KEYPOINTS)))
    off[2, bench.KEYPOINTS.index("left_knee")] = 65.0
    assert bench.row("clip", [off]) == ("clip", "0.25 mm", "0.00 mm", "65.00 mm (left_knee)")
