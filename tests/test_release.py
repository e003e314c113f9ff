"""The released weights on real detections: golden values, and whether what comes out is a person.

After a new release, `python tests/test_release.py` writes the golden values anew; look at `make demo` first.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from wholebody_lift import Lifter, Pose3D, formats, skeleton
from wholebody_lift.pretrained import PACKAGED

GOLDEN = Path(__file__).parent / "data" / "golden.json"
NAMES = ("squats", "photos")
EXAMPLES = Path(__file__).parents[1] / "examples" / "data"
WATCHED = (
    "nose",
    "left_wrist",
    "right_knee",
    "left_big_toe",
    "face-8",
    "left_hand_root",
    "right_forefinger4",
)


def _lift(name: str, weights: str = "base") -> Pose3D:
    return Lifter.from_pretrained(weights, device="cpu").lift(formats.read(EXAMPLES / f"{name}.json"))


@pytest.fixture(scope="module")
def squats() -> Pose3D:
    return _lift("squats")


@pytest.fixture(scope="module")
def photos() -> Pose3D:
    return _lift("photos")


def _golden(pose: Pose3D) -> dict[str, list[list[float]]]:
    """Positions of a few keypoints of the first and the last row, mm."""
    rows = pose.xyz[[0, -1]]
    return {name: np.round(rows[:, skeleton.INDEX[name]], 2).tolist() for name in WATCHED}


@pytest.mark.parametrize("weights", PACKAGED)
@pytest.mark.parametrize("name", NAMES)
def test_golden_values(name: str, weights: str) -> None:
    expected = json.loads(GOLDEN.read_text())[weights][name]
    for keypoint, rows in _golden(_lift(name, weights)).items():
        assert np.allclose(rows, expected[keypoint], atol=1.0), keypoint  # mm; processors differ in rounding


def test_tiny_says_about_the_same(squats: Pose3D) -> None:
    tiny = _lift("squats", "tiny")
    off = np.linalg.norm(tiny.xyz - squats.xyz, axis=-1)
    assert off.mean() < 0.6 * squats.error_mm.mean()


def _height(pose: Pose3D, name: str) -> np.ndarray:
    """How far above the hips a keypoint is, mm."""
    return -pose.xyz[:, skeleton.INDEX[name], 1]


def test_the_person_in_the_squats_stands_upright(squats: Pose3D) -> None:
    assert (_height(squats, "nose") > 300).all()
    assert (_height(squats, "left_ankle") < -150).all()
    assert (_height(squats, "right_ankle") < -150).all()


def test_the_hips_go_down_to_the_feet_and_up_again(squats: Pose3D) -> None:
    legs = -(_height(squats, "left_ankle") + _height(squats, "right_ankle")) / 2
    assert legs.max() > 650
    assert legs.min() < 0.75 * legs.max()


def _length(pose: Pose3D, a: str, b: str) -> np.ndarray:
    return np.linalg.norm(pose.xyz[:, skeleton.INDEX[a]] - pose.xyz[:, skeleton.INDEX[b]], axis=-1)


@pytest.mark.parametrize(
    ("a", "b", "shortest", "longest"),
    [
        ("hip", "knee", 330, 500),
        ("knee", "ankle", 330, 500),
        ("shoulder", "elbow", 200, 360),
        ("elbow", "wrist", 180, 330),
        ("shoulder", "hip", 400, 620),
    ],
)
def test_limbs_are_as_long_as_an_adults(
    squats: Pose3D, a: str, b: str, shortest: float, longest: float
) -> None:
    for side in ("left", "right"):
        assert shortest < np.median(_length(squats, f"{side}_{a}", f"{side}_{b}")) < longest


def test_hands_and_face_are_at_one_scale_with_the_body(squats: Pose3D, photos: Pose3D) -> None:
    for pose in (squats, photos):
        for side in ("left", "right"):
            palm = _length(pose, f"{side}_hand_root", f"{side}_middle_finger1")
            assert 60 < np.median(palm) < 115
            assert _length(pose, f"{side}_wrist", f"{side}_hand_root").max() < 60
        assert 95 < np.median(_length(pose, "face-0", "face-16")) < 175


def test_what_is_inferred_is_less_certain(squats: Pose3D) -> None:
    assert squats.error_mm[~squats.observed].mean() > squats.error_mm[squats.observed].mean()


def test_the_result_projects_back_onto_the_keypoints(squats: Pose3D) -> None:
    person = np.nanmax(squats.keypoints[..., 1], axis=1) - np.nanmin(squats.keypoints[..., 1], axis=1)
    assert (squats.reprojection_error_px < 0.05 * person).mean() > 0.9


if __name__ == "__main__":
    values = {weights: {name: _golden(_lift(name, weights)) for name in NAMES} for weights in PACKAGED}
    GOLDEN.write_text(json.dumps(values, indent=1) + "\n")
