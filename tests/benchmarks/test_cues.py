"""`benchmarks.cues`: what is left out, and what is moved how far."""

import numpy as np
import pytest

from benchmarks import cues, real
from wholebody_lift.skeleton import INDEX


@pytest.fixture(scope="module")
def recordings() -> real.Recordings:
    return cues.every(real.read(), 50)


def test_one_frame_in_many(recordings: real.Recordings) -> None:
    assert len(recordings.keypoints) == len(recordings.take) == 26
    assert recordings.fps == real.read().fps


def test_keypoints_are_left_out_or_moved_and_no_others(recordings: real.Recordings) -> None:
    ways = dict(cues.inputs(recordings))
    heels = [INDEX["left_heel"], INDEX["right_heel"]]
    others = np.delete(np.arange(133), heels)
    for way in ("without heels", "heels 25 mm up"):
        np.testing.assert_array_equal(ways[way][:, others], recordings.keypoints[:, others])
    assert np.isnan(ways["without heels"][:, heels]).all()
    up = ways["heels 25 mm up"][:, heels] - recordings.keypoints[:, heels]
    depth = np.nanmedian(recordings.truth[..., 2], axis=1)
    np.testing.assert_allclose(-up[..., 1] * (depth / recordings.K[:, 0, 0])[:, None], 25, rtol=1e-6)


def test_outwards_is_away_from_the_other_side(recordings: real.Recordings) -> None:
    ways = dict(cues.inputs(recordings))
    knees = [INDEX["left_knee"], INDEX["right_knee"]]
    gaps = [np.ptp(xy[:, knees, 0], axis=1) for xy in (ways["knees 25 mm outwards"], recordings.keypoints)]
    assert (gaps[0] > gaps[1]).all()
