from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from benchmarks import real_parts
from wholebody_lift.skeleton import INDEX, PARTS

K = np.array([[800.0, 0.0, 320.0], [0.0, 790.0, 240.0], [0.0, 0.0, 1.0]])


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_hands_are_projected_with_their_own_camera(tmp_path: Path, random: np.random.Generator) -> None:
    joints = random.normal(scale=5, size=(4, 21, 3)) + np.array([0, 0, 45])  # cm
    savemat(tmp_path / "pose_gt.mat", {"pose_gt": joints})
    savemat(tmp_path / "params.mat", {"cam_param": np.tile([800.0, 790.0, 320.0, 240.0], (4, 1))})
    part = real_parts.hands(tmp_path)
    assert part.keypoints == list(PARTS["left_hand"])
    assert np.allclose(part.truth, 10 * joints)
    assert np.allclose(part.camera["K"], K)
    x, y, z = joints[2, 7]
    assert np.allclose(part.xy[2, part.keypoints[7]], (800 * x / z + 320, 790 * y / z + 240))
    assert np.isnan(part.xy[:, list(PARTS["body"])]).all()


def test_faces_get_the_size_of_adults(tmp_path: Path, random: np.random.Generator) -> None:
    points = random.normal(scale=60, size=(3, 3, 68)) + 200
    np.save(tmp_path / "faces.npy", points.astype(np.float32))
    part = real_parts.faces(tmp_path / "faces.npy")
    corners = [INDEX[f"face-{i}"] - part.keypoints[0] for i in (36, 45)]
    between = np.linalg.norm(part.truth[:, corners[0]] - part.truth[:, corners[1]], axis=-1)
    assert np.allclose(between, real_parts.EYE_CORNERS_MM)
    assert np.allclose(part.xy[:, part.keypoints], points[:, :2].swapaxes(1, 2), atol=1e-3)
    deeper = part.truth[0, 5, 2] > part.truth[0, 9, 2]
    assert deeper == (points[0, 2, 5] < points[0, 2, 9])  # theirs points towards the camera


def _rotation(random: np.random.Generator) -> np.ndarray:
    turned = np.linalg.qr(random.normal(size=(3, 3)))[0]
    return turned * np.sign(np.linalg.det(turned))


def test_the_camera_of_points_is_found(random: np.random.Generator) -> None:
    xyz, rotation, translation = random.normal(size=(100, 3)) * 900, _rotation(random), (100, -200, 5000)
    seen = (xyz @ rotation.T + translation) @ K.T
    found = real_parts.camera_of(xyz, seen[:, :2] / seen[:, 2:])
    assert np.allclose(found[0], K, atol=1e-6)
    assert np.allclose(found[1], rotation, atol=1e-8)
    assert np.allclose(found[2], translation, atol=1e-5)


def test_bodies_are_in_the_axes_of_each_camera(tmp_path: Path, random: np.random.Generator) -> None:
    world = random.normal(size=(50, 15, 3))  # metres
    cameras = [(_rotation(random), np.array([0.1, 0.2, 5.0])) for _ in range(2)]
    seen = []
    for rotation, translation in cameras:
        xyz = (world @ rotation.T + translation) @ K.T
        seen.append(xyz[..., :2] / xyz[..., 2:])
    for name, values in (("3d", world), ("2d", seen)):
        everything = {f"positions_{name}": {"Train/S1": {"Walking 1 chunk0": values}}}
        np.savez(tmp_path / f"data_{name}_humaneva15.npz", **everything)
    part = real_parts.bodies(tmp_path)
    frames = range(0, 50, real_parts.HUMANEVA_STEP)
    assert len(part.truth) == 2 * len(frames)
    for (rotation, translation), rows in zip(cameras, (slice(0, 3), slice(3, 6)), strict=True):
        xyz = 1000 * (world[::20] @ rotation.T + translation)
        wrist = part.keypoints.index(INDEX["left_wrist"])
        assert np.allclose(part.truth[rows, wrist], xyz[:, 4], atol=0.01)
    projected = part.truth @ K.T
    assert np.allclose(part.xy[:, part.keypoints], projected[..., :2] / projected[..., 2:], atol=0.01)


@pytest.mark.parametrize("name", ["hand", "face", "body"])
def test_errors_ignore_what_is_aligned(name: str, random: np.random.Generator) -> None:
    keypoints = {"hand": PARTS["left_hand"], "face": PARTS["face"], "body": PARTS["body"]}[name]
    truth = random.normal(scale=80, size=(5, len(keypoints), 3))
    part = real_parts.Part(name, list(keypoints), np.zeros((5, 133, 2)), truth, {})
    moved = real_parts.errors(truth + np.array([10, 20, 500]), part)
    assert max(moved.values()) < 1e-9
    larger = real_parts.errors(1.2 * truth + 7, part)
    assert larger["N-MPJPE"] < 1e-9 < larger["MPJPE"]
    turned = real_parts.errors(truth @ _rotation(random).T, part)
    assert turned["PA-MPJPE"] < 1e-9 < turned["N-MPJPE"]


def test_halves_share_everyone(random: np.random.Generator) -> None:
    truth, cameras = random.normal(size=(7, 21, 3)), np.tile(K, (7, 1, 1))
    part = real_parts.Part("hand", list(PARTS["left_hand"]), np.zeros((7, 133, 2)), truth, {"K": cameras})
    halves = [real_parts.half(part, which) for which in ("first", "second")]
    assert [len(each.truth) for each in halves] == [3, 4]
    assert [len(each.camera["K"]) for each in halves] == [3, 4]
    assert len(real_parts.half(part, "all").truth) == 7
