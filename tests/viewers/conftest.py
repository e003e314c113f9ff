"""Plausible people from simple formulas, so that the viewers are tested without weights."""

import math

import numpy as np
import pytest

from wholebody_lift.pose import Pose3D
from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS, PARTS

IMAGE_SIZE = (720.0, 1280.0)
FOCAL = 1468.0


def stick_figure(bend: float = 0.0, raise_right: float = 0.0) -> np.ndarray:
    """One standing person facing the camera: (133, 3) mm, opencv axes, root at the hips.

    `bend` 0..1 goes into a squat; `raise_right` 0..1 lifts the right hand to the side.
    """
    xyz = np.full((NUM_KEYPOINTS, 3), np.nan)
    thigh, shank, drop = 430.0, 410.0, 0.95 * bend
    for side, sign in (("left", 1.0), ("right", -1.0)):

        def put(name: str, *position: float, side: str = side) -> np.ndarray:
            xyz[INDEX[f"{side}_{name}"]] = position
            return xyz[INDEX[f"{side}_{name}"]]

        put("eye", 32 * sign, -712, -92)
        put("ear", 74 * sign, -700, 0)
        put("hip", 95 * sign, 0, 0)
        knee = put("knee", 115 * sign, thigh * math.cos(drop), -thigh * math.sin(drop))
        x, y, z = knee
        put("ankle", x + 5 * sign, y + shank * math.cos(0.6 * drop), z + shank * math.sin(0.6 * drop) + 30)
        x, y, z = xyz[INDEX[f"{side}_ankle"]]
        put("big_toe", x + 15 * sign, y + 70, z - 175)
        put("small_toe", x + 65 * sign, y + 70, z - 140)
        put("heel", x, y + 75, z + 55)
        shoulder = put("shoulder", 175 * sign, -480, 0)
        lift = 2.0 * raise_right if side == "right" else 0.35 * bend
        swing = 0.15 + lift
        down = np.array([sign * math.sin(swing), math.cos(swing), -0.15 - 0.5 * bend])
        down /= np.linalg.norm(down)
        elbow = put("elbow", *(shoulder + 290 * down))
        fore = np.array([sign * math.sin(swing * 1.15), math.cos(swing * 1.15), -0.35 - 0.5 * bend])
        fore /= np.linalg.norm(fore)
        wrist = put("wrist", *(elbow + 255 * fore))
        put("hand_root", *wrist)
        across = np.cross(fore, [sign, 0.0, 0.0])
        across /= np.linalg.norm(across)
        for column, finger in enumerate(("forefinger", "middle_finger", "ring_finger", "pinky_finger")):
            length = (78, 86, 80, 62)[column]
            base = wrist + 88 * fore + (33 - 22 * column) * across
            put(f"{finger}1", *base)
            for phalanx in (1, 2, 3):
                curl = 0.22 * phalanx
                step = length * (0.5, 0.3, 0.2)[phalanx - 1]
                base = base + step * (
                    math.cos(curl) * fore - math.sin(curl) * sign * np.array([1.0, 0.0, 0.0])
                )
                put(f"{finger}{phalanx + 1}", *base)
        for k, reach in enumerate((28, 62, 92, 116), start=1):
            put(f"thumb{k}", *(wrist + reach * (0.75 * fore + 0.66 * across)))
    xyz[INDEX["nose"]] = (0, -678, -118)
    xyz[PARTS["face"].start : PARTS["face"].stop] = _face() + np.array([0.0, -678.0, -118.0])
    xyz[:, 2] -= 0.12 * np.minimum(xyz[:, 1], 0) * bend * -2.0
    return xyz


def _face() -> np.ndarray:
    """(68, 3) mm from the tip of the nose, in the order of the 68-point scheme."""
    rows: list[tuple[float, float, float]] = []
    for i in range(17):
        a = math.pi * (i / 16)
        rows.append((-70 * math.cos(a), -20 + 85 * math.sin(a), 95 - 65 * math.sin(a)))
    rows += [(s * x, y, z) for s, xs in ((-1, (58, 47, 36, 25, 14)), (1, (14, 25, 36, 47, 58)))
             for x in xs for y, z in [(-58 + abs(x - 36) * 0.25, 22 + 0.01 * x * x)]]  # fmt: skip
    rows += [(0, -36 + 12 * i, 20 - 7 * i) for i in range(4)]
    rows += [(x, 12, 12 + 0.03 * x * x) for x in (-14, -7, 0, 7, 14)]
    for s in (-1, 1):
        eye = [(-15, 0), (-6, -6), (6, -6), (15, 0), (6, 5), (-6, 5)]
        rows += [(s * 32 + x, -34 + y, 28 + 0.2 * abs(x)) for x, y in eye]
    for (width, height), count in (((25, 9), 12), ((17, 3), 8)):
        for i in range(count):
            a = 2 * math.pi * i / count
            rows.append((-width * math.cos(a), 38 - height * math.sin(a), 16 + 9 * abs(math.cos(a))))
    return np.array(rows, dtype=float)


def make_pose(
    xyz: np.ndarray, translation: np.ndarray, image_ids: list[int], *, known_size: bool = True
) -> Pose3D:
    """A Pose3D as the lifter would hand it out: seen through a camera, with some keypoints missing."""
    n = len(xyz)
    K = np.array([[FOCAL, 0, IMAGE_SIZE[0] / 2], [0, FOCAL, IMAGE_SIZE[1] / 2], [0, 0, 1.0]])
    rays = (xyz + translation[:, None]) @ K.T
    keypoints = rays[..., :2] / rays[..., 2:]
    observed = np.ones((n, NUM_KEYPOINTS), bool)
    observed[:, [INDEX["left_small_toe"], INDEX["right_small_toe"], INDEX["left_ear"]]] = False
    observed[:, INDEX["left_ring_finger2"] : PARTS["left_hand"].stop] = False
    keypoints[~observed] = np.nan
    depth = np.linalg.norm(xyz - xyz[:, :1] * 0.2, axis=-1)
    return Pose3D(
        xyz=xyz.astype(np.float32),
        error_mm=(12 + 0.03 * depth + 25 * ~observed).astype(np.float32),
        observed=observed,
        translation=translation.astype(np.float32),
        K=np.broadcast_to(K, (n, 3, 3)).copy(),
        distortion=np.zeros((n, 5)),
        camera_source="image_size" if known_size else "keypoints",
        reprojection_error_px=np.full(n, 2.4, np.float32),
        keypoints=keypoints.astype(np.float32),
        scores=np.where(observed, 0.9, 0.0).astype(np.float32),
        image_ids=np.array(image_ids),
        image_size=np.broadcast_to(np.array(IMAGE_SIZE), (n, 2)).copy() if known_size else None,
    )


@pytest.fixture
def pose() -> Pose3D:
    """One person in one image."""
    return make_pose(stick_figure(raise_right=0.55)[None], np.array([[20.0, 60.0, 3400.0]]), [0])


@pytest.fixture
def clip() -> Pose3D:
    """One person in 65 frames of a video, one squat."""
    phases = [0.5 - 0.5 * math.cos(2 * math.pi * t / 64) for t in range(65)]
    xyz = np.stack([stick_figure(bend=p, raise_right=0.3 * p) for p in phases])
    translation = np.array([[0.0, 60.0 + 150 * p, 3400.0] for p in phases])
    return make_pose(xyz, translation, list(range(65)))


@pytest.fixture
def crowd() -> Pose3D:
    """Three people in one image."""
    xyz = np.stack([stick_figure(raise_right=r) for r in (0.0, 0.6, 0.9)])
    translation = np.array([[-550.0, 40.0, 3600.0], [100.0, 60.0, 3400.0], [700.0, 20.0, 4300.0]])
    return make_pose(xyz, translation, [7, 7, 7])
