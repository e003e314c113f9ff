"""The tests write tiny files in the two layouts of H3WB: six pictures of people in four cameras."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from people import standing

from wholebody_lift import camera, features, skeleton, viewpoint
from wholebody_lift.config import Config
from wholebody_lift.errors import InputError
from wholebody_lift.model import Prediction, SemGAN
from wholebody_lift.train.evaluation import h3wb
from wholebody_lift.train.synthetic.detector import MASKS

CAMERAS = ("54138969", "55011271", "58860488", "60457274")
SUBJECTS = ("S1", "S8")
FRAMES = 2
CENTRE = (0.5125, 0.5155)  # thousands of pixels, as metadata has it
FOCAL = 1.145


@pytest.fixture(scope="module")
def xyz() -> np.ndarray:
    """(2 subjects, 4 cameras, 2 frames, 133, 3) mm in camera axes, 4.5 m away."""
    count = len(SUBJECTS) * len(CAMERAS) * FRAMES
    people = standing(count).numpy() + np.array([200.0, -100.0, 4500.0])
    return people.reshape(len(SUBJECTS), len(CAMERAS), FRAMES, 133, 3)


def _pixels(xyz: np.ndarray) -> np.ndarray:
    return 1000 * (FOCAL * xyz[..., :2] / xyz[..., 2:] + np.array(CENTRE))


def _metadata(subjects: tuple[str, ...] = SUBJECTS) -> dict[str, Any]:
    K = np.array([[[FOCAL, 0, CENTRE[0]], [0, FOCAL, CENTRE[1]], [0, 0, 1]]], dtype=np.float32)
    return {
        "body": list(range(17)),
        **{subject: {name: {"K": K, "R": np.eye(3)[None]} for name in CAMERAS} for subject in subjects},
    }


def _recordings(xyz: np.ndarray) -> dict[str, Any]:
    return {
        subject: {
            "Directions 1": {
                "global_3d": xyz[i, 0],
                "frame_id": np.array(["0075", "0080"]),
                **{
                    name: {"camera_3d": xyz[i, j].copy(), "pose_2d": _pixels(xyz[i, j])}
                    for j, name in enumerate(CAMERAS)
                },
            }
        }
        for i, subject in enumerate(SUBJECTS)
    }


@pytest.fixture
def npz(tmp_path: Path, xyz: np.ndarray) -> Path:
    path = tmp_path / "h3wb_train.npz"
    np.savez(path, train_data=np.array(_recordings(xyz)), metadata=np.array(_metadata()))
    return path


def _points(values: np.ndarray) -> dict[str, dict[str, float]]:
    return {str(i): dict(zip("xyz", map(float, row), strict=False)) for i, row in enumerate(values)}


def _write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def poses(tmp_path: Path, xyz: np.ndarray) -> Path:
    """Four views of one person; as published, 3D is in the camera's axes but not moved to its centre."""
    samples = {
        str(i): {"keypoints_2d": _points(_pixels(view)), "keypoints_3d": _points(view - [0, 0, 4500])}
        for i, view in enumerate(xyz[0, :, 0])
    }
    return _write(tmp_path / "2Dto3D_train.json", samples)


@pytest.fixture
def images(tmp_path: Path, xyz: np.ndarray) -> Path:
    samples = {
        str(i): {
            "image_path": f"S1/Images/Directions 1.{CAMERAS[i]}/frame_0075.jpg",
            "bbox": {"x_min": 1, "y_min": 2, "x_max": 3, "y_max": 4},
            "keypoints_3d": _points(view - [0, 0, 4500]),
        }
        for i, view in reversed(list(enumerate(xyz[0, :, 0])))
    }
    return _write(tmp_path / "RGBto3D_train.json", samples)


class Oracle(torch.nn.Module):
    """Predicts the truth, multiplied by `scale`, in the network's millimetres."""

    def __init__(self, data: h3wb.H3WB, scale: float = 1.0) -> None:
        super().__init__()
        self.config = Config()
        self.dummy = torch.nn.Parameter(torch.zeros(1))
        self.answer = h3wb.to_batch(data).target * scale

    def forward(self, told: features.Features) -> Prediction:
        assert len(told.keypoints) == len(self.answer)
        return Prediction(self.answer, self.answer[..., 0])


def test_npz_is_read_with_subjects_cameras_and_intrinsics(npz: Path, xyz: np.ndarray) -> None:
    data = h3wb.read(npz)
    assert len(data) == 16
    assert np.allclose(data.xyz, xyz.reshape(-1, 133, 3), atol=1e-2)
    assert data.observed.all()
    assert data.subject.tolist() == ["S1"] * 8 + ["S8"] * 8
    assert data.camera[:4].tolist() == [CAMERAS[0]] * 2 + [CAMERAS[1]] * 2
    assert set(data.action.tolist()) == {"Directions 1"}
    seen = camera.project(torch.from_numpy(data.xyz), torch.from_numpy(data.K))
    assert (seen - torch.from_numpy(data.xy)).abs().max() < 0.05


def test_the_official_split_is_by_subject(npz: Path) -> None:
    data = h3wb.read(npz)
    assert set(data.of("train").subject.tolist()) == {"S1"}
    assert set(data.of("test").subject.tolist()) == {"S8"}


def test_cameras_may_be_tensors(tmp_path: Path, npz: Path, xyz: np.ndarray) -> None:
    metadata = _metadata()
    for subject in SUBJECTS:
        for known in metadata[subject].values():
            known["K"] = torch.from_numpy(known["K"])
    path = tmp_path / "tensors.npz"
    np.savez(path, train_data=np.array(_recordings(xyz)), metadata=np.array(metadata))
    assert np.array_equal(h3wb.read(path).K, h3wb.read(npz).K)


def test_a_test_npz_takes_its_cameras_from_the_training_file(
    npz: Path, tmp_path: Path, xyz: np.ndarray
) -> None:
    """The test files name their content "data", have no cameras, an axis of one person, masked 2D as 0, 0."""
    recordings = _recordings(xyz)
    del recordings["S1"]
    for name in CAMERAS:
        block = recordings["S8"]["Directions 1"][name]
        block["pose_2d"] = block["pose_2d"][:, None]
        block["camera_3d"] = block["camera_3d"][:, None]
        block["pose_2d"][:, :, list(skeleton.PARTS["face"])] = 0
        block["sample_id"] = np.array([4, 12])
    path = tmp_path / "task2_test_3d.npz"
    np.savez(path, data=np.array(recordings))
    data = h3wb.read(path)
    assert data.K is None
    assert data.sample.tolist() == [4, 12] * 4
    hidden = list(skeleton.PARTS["face"])
    assert not data.observed[:, hidden].any()
    assert np.isnan(data.xy[:, hidden]).all()
    assert data.observed.sum() == len(data) * (133 - len(hidden))
    with_K = h3wb.with_cameras(data, npz)
    assert np.array_equal(with_K.K, h3wb.read(npz).of("test").K)


def test_json_is_read_and_joined_with_images(poses: Path, images: Path, npz: Path, xyz: np.ndarray) -> None:
    data = h3wb.read(poses)
    assert data.sample.tolist() == [0, 1, 2, 3]
    assert np.allclose(data.xy, _pixels(xyz[0, :, 0]), atol=1e-2)
    assert np.allclose(data.xyz, xyz[0, :, 0] - [0, 0, 4500], atol=1e-2)
    with pytest.raises(InputError, match="with subjects, got some without"):
        data.of("train")
    data = h3wb.with_images(data, h3wb.read(images))
    assert data.subject.tolist() == ["S1"] * 4
    assert data.action.tolist() == ["Directions 1"] * 4
    assert tuple(data.camera.tolist()) == CAMERAS
    assert h3wb.with_cameras(data, npz).K[:, 0, 0].tolist() == pytest.approx([1145.0] * 4)


def test_an_incomplete_file_says_what_it_lacks(poses: Path, images: Path, tmp_path: Path) -> None:
    only_3d = h3wb.read(images)
    assert not only_3d.observed.any()
    with pytest.raises(InputError, match="expected observed 2D keypoints in every sample"):
        h3wb.to_batch(only_3d)
    samples = json.loads(poses.read_text())
    for sample in samples.values():
        del sample["keypoints_3d"]
    with pytest.raises(InputError, match="3D keypoints in every sample, got none in 4 of 4"):
        h3wb.to_batch(h3wb.read(_write(tmp_path / "2Dto3D_test_2d.json", samples)))


def test_images_of_other_people_are_an_error(poses: Path, images: Path) -> None:
    pose, image = h3wb.read(poses), h3wb.read(images)
    with pytest.raises(InputError, match=r"same 3D keypoints.*sample 0"):
        h3wb.with_images(pose, h3wb.replace(image, sample=image.sample[::-1].copy()))
    with pytest.raises(InputError, match="samples of the images, got"):
        h3wb.with_images(pose, image[1:])


def test_the_batch_is_what_the_camera_saw(npz: Path) -> None:
    """The target, turned back and moved to where the person is, lands on the published pixels."""
    data = h3wb.read(npz)
    batch = h3wb.to_batch(data)
    assert batch.features.person[:, 1].eq(1).all()
    xy, K = torch.from_numpy(data.xy), torch.from_numpy(data.K)
    _, view = viewpoint.canonical_view(camera.to_image_plane(xy, K), batch.observed)
    root = torch.from_numpy(data.xyz)[:, list(skeleton.ROOT)].mean(1, keepdim=True)
    seen = camera.project(viewpoint.to_camera_axes(batch.target, view) + root, K)
    assert (seen - xy).abs().max() < 0.05


def test_stature_scales_only_the_target(npz: Path) -> None:
    data = h3wb.read(npz)
    plain, tall = h3wb.to_batch(data), h3wb.to_batch(data, stature_mm=2 * Config().stature_mm)
    assert torch.allclose(tall.target * 2, plain.target)
    assert torch.equal(tall.features.keypoints, plain.features.keypoints)


def test_without_intrinsics_the_camera_is_assumed(poses: Path) -> None:
    data = h3wb.read(poses)
    assert h3wb.to_batch(data).features.person[:, 1:].eq(0).all()
    assert h3wb.to_batch(data, knowledge="keypoints").features.person[:, 2].eq(1).all()
    with pytest.raises(InputError, match="with K, got none"):
        h3wb.to_batch(data, knowledge="given")
    with pytest.raises(InputError, match="expected knowledge to be one of given"):
        h3wb.to_batch(data, knowledge="none")


def test_masking_has_the_official_shares(npz: Path) -> None:
    data = h3wb.read(npz)
    many = data[np.zeros(4000, dtype=np.int64)]
    hidden = ~h3wb.incomplete(many, torch.Generator().manual_seed(0)).observed
    whole = {name: hidden[:, list(part)].all(1) for name, part in skeleton.PARTS.items()}
    for part in ("face", "left_hand", "right_hand"):
        assert whole[part].mean() == pytest.approx(MASKS[part][0], abs=0.03)
    share, masked = MASKS["any"]
    body = hidden[:, list(skeleton.PARTS["body"])]
    assert body.mean() == pytest.approx(share * masked, abs=0.02)
    again = h3wb.incomplete(many, torch.Generator().manual_seed(0))
    assert np.array_equal(~hidden, again.observed)
    assert np.isnan(again.xy[hidden]).all()


def test_the_truth_has_no_error_and_scale_alignment_ignores_a_wrong_size(npz: Path) -> None:
    data = h3wb.read(npz)
    assert max(h3wb.evaluate(Oracle(data), data)) < 1e-2
    wrong = h3wb.evaluate(Oracle(data, scale=0.9), data)
    assert wrong.whole > 20
    assert wrong.n_mpjpe < 1e-2
    assert wrong.face_at_nose < wrong.face
    right = h3wb.evaluate(Oracle(data, scale=0.9), data, stature_mm=Config().stature_mm / 0.9)
    assert max(right) < 1e-2


def test_errors_are_those_of_the_official_protocol(npz: Path) -> None:
    """Written out with its indices: hips 11 and 12, face 23 to 90 at 0, hands from 91 and 112."""
    data = h3wb.read(npz)
    oracle = Oracle(data)
    truth = oracle.answer.clone()
    oracle.answer = truth + 10 * torch.randn(truth.shape, generator=torch.Generator().manual_seed(0))
    off = oracle.answer - truth
    off = off - (off[:, 11:12] + off[:, 12:13]) / 2
    length = off.norm(dim=-1)
    left, right = off[:, 91:112] - off[:, 91:92], off[:, 112:] - off[:, 112:113]
    wanted = (
        length.mean(),
        length[:, :23].mean(),
        length[:, 23:91].mean(),
        (off[:, 23:91] - off[:, :1]).norm(dim=-1).mean(),
        length[:, 91:].mean(),
        (left.norm(dim=-1).mean() + right.norm(dim=-1).mean()) / 2,
    )
    assert h3wb.evaluate(oracle, data)[:6] == pytest.approx([float(value) for value in wanted], rel=1e-4)


def test_a_network_is_evaluated(npz: Path) -> None:
    errors = h3wb.evaluate(SemGAN(Config(channels=16, heads=2, layers=1)).eval(), h3wb.read(npz).of("test"))
    assert all(np.isfinite(value) and value > 0 for value in errors)


def test_files_that_are_not_h3wb_are_described(tmp_path: Path) -> None:
    coco = _write(tmp_path / "coco.json", {"images": [], "annotations": []})
    with pytest.raises(InputError, match="holds 'images', 'annotations'"):
        h3wb.read(coco)
    with pytest.raises(InputError, match="holds a list"):
        h3wb.read(_write(tmp_path / "list.json", [1, 2]))
    half = tmp_path / "half.json"
    half.write_text('{"0": {"keypoints_2d"')
    with pytest.raises(InputError, match="incomplete JSON"):
        h3wb.read(half)
    video = tmp_path / "video.mp4"
    video.write_bytes(b"\x00\x01")
    with pytest.raises(InputError, match="not a valid JSON or NPZ"):
        h3wb.read(video)
    h36m = tmp_path / "data_3d_h36m.npz"
    np.savez(h36m, positions_3d=np.zeros(3))
    with pytest.raises(InputError, match="archive of 'positions_3d'"):
        h3wb.read(h36m)


def test_a_missing_keypoint_is_named(poses: Path, tmp_path: Path) -> None:
    samples = json.loads(poses.read_text())
    del samples["2"]["keypoints_2d"]["132"]
    with pytest.raises(InputError, match="keypoints_2d of sample 2"):
        h3wb.read(_write(tmp_path / "short.json", samples))
    samples = json.loads(poses.read_text())
    for point in samples["1"]["keypoints_3d"].values():
        del point["z"]
    with pytest.raises(InputError, match=r"keypoints_3d of sample 1 .*x, y, z.*\(133, 2\)"):
        h3wb.read(_write(tmp_path / "flat.json", samples))


def test_a_broken_npz_names_the_recording(tmp_path: Path, xyz: np.ndarray, npz: Path) -> None:
    recordings = _recordings(xyz)
    recordings["S8"]["Directions 1"][CAMERAS[1]]["pose_2d"] = np.zeros((2, 17, 2))
    path = tmp_path / "broken.npz"
    np.savez(path, train_data=np.array(recordings), metadata=np.array(_metadata()))
    with pytest.raises(InputError, match=r"S8 'Directions 1' camera 55011271 .*\(2, 17, 2\)"):
        h3wb.read(path)
    np.savez(path, train_data=np.array(_recordings(xyz)), metadata=np.array(_metadata(("S1",))))
    with pytest.raises(InputError, match="expected K of camera '54138969' of subject 'S8'"):
        h3wb.read(path)
    np.savez(path, train_data=np.array(_recordings(xyz / 1000)), metadata=np.array(_metadata()))
    with pytest.raises(InputError, match="expected millimetres"):
        h3wb.read(path)
    elsewhere = _recordings(xyz)
    for recording in elsewhere.values():
        for name in CAMERAS:
            recording["Directions 1"][name]["camera_3d"] += np.array([600.0, 0.0, 0.0])
    np.savez(path, train_data=np.array(elsewhere), metadata=np.array(_metadata()))
    with pytest.raises(InputError, match="px between pose_2d"):
        h3wb.read(path)


class Surprise:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path, ("surprise",))


def test_a_pickle_that_would_run_code_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "h3wb_train.npz"
    np.savez(path, train_data=np.array({"S1": Surprise()}))
    assert isinstance(pickle.loads(pickle.dumps({"S1": Surprise()}))["S1"], Path)
    with pytest.raises(InputError, match="not loaded, for safety"):
        h3wb.read(path)
