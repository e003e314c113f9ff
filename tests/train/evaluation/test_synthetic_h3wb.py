from pathlib import Path

import numpy as np
import pytest
import torch
from recordings import small_bank

pytest.importorskip("anny")

from wholebody_lift import camera
from wholebody_lift.config import Config
from wholebody_lift.model import SemGAN
from wholebody_lift.train.evaluation import h3wb, metrics, synthetic_h3wb
from wholebody_lift.train.evaluation.h3wb import H3WB
from wholebody_lift.train.synthetic.rig import Rig

POSES = 12


@pytest.fixture(scope="module")
def statures() -> dict[str, float]:
    return {}


@pytest.fixture(scope="module")
def path(rig: Rig, statures: dict[str, float], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("h3wb") / "synthetic.npz"
    statures |= synthetic_h3wb.write(path, rig, small_bank(), POSES)
    return path


@pytest.fixture(scope="module")
def data(path: Path) -> H3WB:
    return h3wb.read(path)


def test_it_has_the_subjects_and_cameras_of_h3wb(data: H3WB) -> None:
    assert len(data.of("train")) == 4 * 4 * POSES
    assert len(data.of("test")) == 4 * POSES
    assert set(data.subject.tolist()) == {"S1", "S5", "S6", "S7", "S8"}
    assert set(data.camera.tolist()) == set(synthetic_h3wb.CAMERAS)
    assert sorted(data.sample.tolist()) == list(range(len(data)))


def test_the_test_subject_uses_test_recordings_only(data: H3WB) -> None:
    train, test = ({*data.of(split).action.tolist()} for split in ("train", "test"))
    assert test <= {"cmu_amc/02_03", "indian/13"}
    assert not train & test


def test_every_subject_has_one_body_of_its_own(data: H3WB) -> None:
    """Faces and fingers move, so long bones and palms are measured."""
    lengths = metrics.bone_lengths(torch.from_numpy(data.xyz))
    long = lengths.mean(0) > 60
    bodies = [
        lengths[torch.from_numpy(data.subject == subject)][:, long] for subject in np.unique(data.subject)
    ]
    within = max((body.std(0) / body.mean(0)).median().item() for body in bodies)
    means = torch.stack([body.mean(0) for body in bodies])
    between = (means.std(0) / means.mean(0)).median().item()
    assert within < 0.01 < 0.02 < between


def test_cameras_stand_in_the_corners_of_a_room(data: H3WB) -> None:
    K = data.K
    assert K is not None
    assert np.abs(K[:, 0, 0] - 1145).max() < 20
    distance = np.linalg.norm(data.xyz[:, [11, 12]].mean(1), axis=-1)
    assert 3300 < distance.min() < distance.max() < 7000
    inside = ((data.xy > 0) & (data.xy < 1000)).all(-1)
    assert inside.mean() > 0.98
    seen = camera.project(torch.from_numpy(data.xyz), torch.from_numpy(K))
    assert (seen - torch.from_numpy(data.xy)).abs().max() < 0.1


def test_four_cameras_see_one_moment(path: Path) -> None:
    with np.load(path, allow_pickle=True) as file:
        train_data, metadata = file["train_data"].item(), file["metadata"].item()
    for subject, actions in train_data.items():
        for recording in actions.values():
            world = recording["global_3d"]
            assert len(recording["frame_id"]) == len(world)
            assert world[..., 2].min() > -0.1  # nobody is under the floor
            for name in synthetic_h3wb.CAMERAS:
                about = metadata[subject][name]
                seen = world @ about["R"][0].T + about["T"].reshape(1, 3)
                assert np.abs(seen - recording[name]["camera_3d"]).max() < 0.1
                assert recording[name]["pose_2d"].dtype == np.float32


def test_cameras_move_between_subjects_but_keep_their_lenses(path: Path) -> None:
    with np.load(path, allow_pickle=True) as file:
        metadata = file["metadata"].item()
    first, second = (metadata[subject][synthetic_h3wb.CAMERAS[0]] for subject in ("S1", "S8"))
    assert np.array_equal(first["K"], second["K"])
    assert not np.allclose(first["T"], second["T"], atol=1)


def test_statures_are_returned(path: Path, statures: dict[str, float]) -> None:
    with np.load(path, allow_pickle=True) as file:
        assert file["metadata"].item()["stature_mm"] == statures
    assert all(1400 < stature < 2100 for stature in statures.values())
    assert len(set(statures.values())) == 5


def test_writing_is_deterministic(rig: Rig, data: H3WB, tmp_path: Path) -> None:
    synthetic_h3wb.write(tmp_path / "again.npz", rig, small_bank(), POSES)
    again = h3wb.read(tmp_path / "again.npz")
    assert np.array_equal(again.xyz, data.xyz)
    assert np.array_equal(again.xy, data.xy)


def test_training_and_the_protocol_accept_it(data: H3WB) -> None:
    batch = h3wb.to_batch(data.of("train")[:8])
    assert batch.observed.all()
    assert batch.target.isfinite().all()
    model = SemGAN(Config(channels=16, heads=2, layers=1))
    errors = h3wb.evaluate(model, h3wb.incomplete(data.of("test"), torch.Generator().manual_seed(0)))
    assert all(0 < error < 2000 for error in errors)
