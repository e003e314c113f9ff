"""The figures of joint angles: of the truth itself they are none."""

import numpy as np

from benchmarks import angles, real
from wholebody_lift import Pose3D


class _Knows:
    """Lifts to the truth."""

    def __init__(self, truth: np.ndarray) -> None:
        self.truth = truth

    def lift(self, keypoints, scores, K):
        n = len(keypoints)
        nobody = Pose3D.empty()
        arrays = {
            name: np.zeros((n, *getattr(nobody, name).shape[1:])) for name in ("keypoints", "scores", "K")
        }
        arrays |= {"distortion": np.zeros((n, 5)), "translation": np.zeros((n, 3))}
        return Pose3D(
            self.truth,
            np.full(self.truth.shape[:2], 10.0),
            np.ones(self.truth.shape[:2], bool),
            reprojection_error_px=np.zeros(n),
            image_ids=np.arange(n),
            camera_source="given",
            **arrays,
        )


def test_the_truth_has_no_error() -> None:
    recordings = real.read()
    found = angles.measure(recordings, _Knows(recordings.truth))
    assert "knee_flexion" in found
    assert "wrist_flexion" not in found  # of palms there is no truth
    for one in found.values():
        assert one.mean == 0
        assert 0 < one.expected <= 90
    assert "| knee_flexion |" in angles.as_markdown(found)
