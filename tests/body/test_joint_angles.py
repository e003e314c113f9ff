"""Joint angles of a stick person whose angles are known because it was built from them."""

import numpy as np
import pytest

from wholebody_lift.body import joint_angles
from wholebody_lift.body.joint_angles import ANGLES, angles_of
from wholebody_lift.skeleton import INDEX, MIRROR, NUM_KEYPOINTS

RIGHT = {  # x forwards, y up, z right, mm: upright, arms hang, palms look forwards
    "shoulder": (0, 480, 180),
    "elbow": (0, 180, 180),
    "wrist": (0, -70, 180),
    "forefinger1": (0, -150, 210),
    "middle_finger1": (0, -160, 180),
    "pinky_finger1": (0, -140, 150),
    "hip": (0, 0, 90),
    "knee": (0, -420, 90),
    "ankle": (0, -840, 90),
    "heel": (-60, -900, 90),
    "big_toe": (160, -900, 70),
    "small_toe": (160, -900, 110),
}
HEAD = {"nose": (120, 640, 0), "right_eye": (100, 680, 30), "right_ear": (0, 660, 75)}

ARM, FOREARM, HAND = ["elbow", "wrist"], ["wrist"], ["forefinger1", "middle_finger1", "pinky_finger1"]
SHANK, FOOT = ["ankle"], ["heel", "big_toe", "small_toe"]


def anatomical() -> np.ndarray:
    """(133, 3) mm; keypoints that no angle uses are at the hips."""
    xyz = np.zeros((NUM_KEYPOINTS, 3))
    for name, place in (HEAD | {f"right_{name}": place for name, place in RIGHT.items()}).items():
        xyz[INDEX[name]] = place
        xyz[MIRROR[INDEX[name]]] = (place[0], place[1], -place[2])
    return xyz


def turn(axis: str, degrees: float) -> np.ndarray:
    a = np.deg2rad(degrees)
    c, s = np.cos(a), np.sin(a)
    rows = {
        "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
        "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }
    return np.array(rows[axis])


def moved(joint: str, names: list[str], *turns: np.ndarray, xyz: np.ndarray | None = None) -> np.ndarray:
    """The person with keypoints of the right side turned about one of its joints."""
    xyz = anatomical() if xyz is None else xyz.copy()
    pivot, rows = xyz[INDEX[f"right_{joint}"]].copy(), [INDEX[f"right_{name}"] for name in names]
    rotation = np.linalg.multi_dot([np.eye(3), *turns, np.eye(3)])
    xyz[rows] = (xyz[rows] - pivot) @ rotation.T + pivot
    return xyz


def measured(xyz: np.ndarray) -> dict[str, float]:
    return dict(zip(ANGLES, angles_of(xyz[None])[0].tolist(), strict=True))


UNDEFINED = {f"shoulder_{name}_{side}" for name in ("plane", "rotation") for side in ("left", "right")}
"""What an arm that hangs does not have."""


def test_the_anatomical_position_is_zero() -> None:
    level = measured(anatomical())
    assert [name for name, value in level.items() if abs(value) > 1e-6 and name not in UNDEFINED] == []


@pytest.mark.parametrize(
    ("joint", "names", "turns", "expected"),
    [
        ("hip", ["knee", *SHANK, *FOOT], [("z", 40)], {"hip_flexion": 40}),
        ("hip", ["knee", *SHANK, *FOOT], [("x", 15)], {"hip_adduction": 15}),
        ("hip", ["knee", *SHANK, *FOOT], [("y", -20)], {"hip_rotation": -20}),  # toes out
        (
            "hip",
            ["knee", *SHANK, *FOOT],
            [("z", 50), ("x", -10), ("y", 12)],
            {"hip_flexion": 50, "hip_adduction": -10, "hip_rotation": 12},
        ),
        ("knee", [*SHANK, *FOOT], [("z", -70)], {"knee_flexion": 70}),
        ("ankle", FOOT, [("z", 15)], {"ankle_dorsiflexion": 15}),
        ("ankle", FOOT, [("x", 10)], {"ankle_inversion": 10}),
        ("elbow", [*FOREARM, *HAND], [("z", 90)], {"elbow_flexion": 90}),
        ("elbow", HAND, [("y", 80)], {"forearm_pronation": 80}),
        ("wrist", HAND, [("z", 30)], {"wrist_flexion": 30}),
        ("wrist", HAND, [("x", 20)], {"wrist_deviation": 20}),
    ],
)
def test_one_joint_moves_its_own_angles(
    joint: str, names: list[str], turns: list[tuple[str, float]], expected: dict[str, float]
) -> None:
    xyz = moved(joint, names, *(turn(*one) for one in turns))
    found = measured(xyz)
    for name, value in found.items():
        if name not in UNDEFINED:
            assert value == pytest.approx(expected.get(name.removesuffix("_right"), 0), abs=1e-6), name


@pytest.mark.parametrize(
    ("turns", "plane", "elevation"),
    [([("x", -90)], 0, 90), ([("z", 90)], 90, 90), ([("z", 45)], 90, 45), ([("z", -30)], -90, 30)],
)
def test_arms_are_raised_in_a_plane(turns: list[tuple[str, float]], plane: float, elevation: float) -> None:
    xyz = moved("shoulder", [*ARM, *HAND], *(turn(*one) for one in turns))
    found = measured(xyz)
    assert found["shoulder_plane_right"] == pytest.approx(plane, abs=1e-6)
    assert found["shoulder_elevation_right"] == pytest.approx(elevation, abs=1e-6)
    assert found["elbow_flexion_right"] == pytest.approx(0, abs=1e-5)


def test_rotation_of_the_shoulder_is_that_of_the_bent_elbow() -> None:
    """As Wu et al. build it: about y, x and y again, seen by the plane of the bent arm."""
    bent = moved("elbow", [*FOREARM, *HAND], turn("z", 90))
    rotation = (turn("y", 60), turn("x", -70), turn("y", -25))
    found = measured(moved("shoulder", [*ARM, *HAND], *rotation, xyz=bent))
    assert [found[f"shoulder_{name}_right"] for name in ("plane", "elevation", "rotation")] == pytest.approx(
        [60, 70, -25]
    )


def test_trunk_and_head() -> None:
    xyz = anatomical()
    rows = [i for name, i in INDEX.items() if name in HEAD or name in ("left_eye", "left_ear")]
    xyz[rows] = (xyz[rows] - (0, 500, 0)) @ (turn("z", -20) @ turn("x", 10) @ turn("y", 30)).T + (0, 500, 0)
    found = measured(xyz)
    assert [found[f"neck_{name}"] for name in ("flexion", "bending", "rotation")] == pytest.approx(
        [20, 10, 30]
    )
    xyz = anatomical()
    shoulders = [INDEX[f"{side}_shoulder"] for side in ("left", "right")]
    xyz[shoulders] = xyz[shoulders] @ turn("y", 25).T
    assert measured(xyz)["trunk_rotation"] == pytest.approx(25)


def test_the_mirror_image_has_the_angles_of_the_other_side() -> None:
    xyz = (anatomical() + np.random.default_rng(0).normal(0, 25, (NUM_KEYPOINTS, 3)))[None]
    found, mirrored = measured(xyz[0]), measured(joint_angles.mirrored(xyz)[0])
    for name in ANGLES:
        if name.endswith("_left"):
            assert mirrored[name.replace("_left", "_right")] == pytest.approx(found[name])
    assert mirrored["trunk_rotation"] == pytest.approx(-found["trunk_rotation"])
    assert mirrored["neck_flexion"] == pytest.approx(found["neck_flexion"])


def test_axes_and_position_do_not_matter() -> None:
    xyz = anatomical() + np.random.default_rng(1).normal(0, 25, (NUM_KEYPOINTS, 3))
    elsewhere = xyz @ (turn("x", 40) @ turn("y", -130)).T + (100, 2000, 5000)
    np.testing.assert_allclose(angles_of(elsewhere[None]), angles_of(xyz[None]), atol=1e-6)


def test_expected_errors_are_those_of_noisy_keypoints() -> None:
    """Against 4,000 draws; where errors are large, linear propagation is only about right."""
    rng = np.random.default_rng(2)
    bent = moved("elbow", [*FOREARM, *HAND], turn("z", 60))
    bent = moved("knee", [*SHANK, *FOOT], turn("z", -60), xyz=bent)
    sigma = 8.0
    stated = joint_angles.joint_angles(bent[None], np.full((1, NUM_KEYPOINTS), sigma * np.sqrt(8 / np.pi)))
    draws = angles_of(bent + rng.normal(0, sigma, (4000, NUM_KEYPOINTS, 3)))
    off = np.abs((draws - stated.degrees + 180) % 360 - 180).mean(axis=0)
    for name in ("hip_flexion", "hip_rotation", "knee_flexion", "ankle_dorsiflexion", "elbow_flexion"):
        i = ANGLES.index(f"{name}_right")
        assert off[i] == pytest.approx(stated.error[0, i], rel=0.2), name
    hanging = [ANGLES.index(f"shoulder_plane_{side}") for side in ("left", "right")]
    assert (stated.error[0, hanging] > 40).all()  # an arm that hangs has no plane


def test_coordinates_of_opensim() -> None:
    xyz = moved("hip", ["knee", *SHANK, *FOOT], turn("z", 40))
    xyz = xyz @ turn("y", 30).T + (0, 900, 0)
    found = {name: values[0] for name, values in joint_angles.opensim_coordinates(xyz[None]).items()}
    assert found["pelvis_rotation"] == pytest.approx(30)
    assert found["pelvis_tilt"] == pytest.approx(0, abs=1e-6)
    assert found["pelvis_ty"] == pytest.approx(900)
    assert found["hip_flexion_r"] == pytest.approx(40)
    assert found["hip_flexion_l"] == pytest.approx(0, abs=1e-6)
