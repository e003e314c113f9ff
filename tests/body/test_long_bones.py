import numpy as np

from wholebody_lift.body import long_bones
from wholebody_lift.skeleton import INDEX, LONG_BONES, NUM_KEYPOINTS


def test_each_bone_is_as_long_as_the_distance_between_its_ends() -> None:
    xyz = np.zeros((2, NUM_KEYPOINTS, 3))
    xyz[:, INDEX["left_knee"]] = (0, 300, 400)
    of_bone = dict(zip(LONG_BONES, long_bones.lengths(xyz).T, strict=True))
    assert {name: lengths.tolist() for name, lengths in of_bone.items() if lengths.any()} == {
        "left_thigh": [500, 500],
        "left_shank": [500, 500],
    }


def test_a_bone_counts_the_less_the_larger_the_errors_of_its_ends() -> None:
    error_mm = np.full((1, NUM_KEYPOINTS), 10.0)
    error_mm[:, INDEX["left_ankle"]] = 30
    weights = dict(zip(LONG_BONES, long_bones.weights(error_mm)[0], strict=True))
    assert weights["left_shank"] < weights["left_thigh"] == weights["right_shank"]


def test_weighted_median_ignores_what_is_not_trusted() -> None:
    values = np.array([[1.0, 5], [2, 6], [3, 7], [100, 8], [200, 9]])
    weights = np.array([[1.0, 1], [1, 1], [1, 1], [0, 1], [0, 1]])
    assert long_bones.weighted_median(values, weights).tolist() == [2, 7]
