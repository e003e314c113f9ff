import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("anny")

from benchmarks import face_models
from wholebody_lift._types import Floats
from wholebody_lift.train.synthetic.individual import FACE_MM

EVERYTHING = list(range(68))


@pytest.fixture(scope="module")
def rig() -> tuple[Floats, Floats]:
    return face_models.rigs_face()


def test_the_rigs_face_looks_to_the_front_and_is_symmetric(rig: tuple[Floats, Floats]) -> None:
    face, ear = rig
    assert np.sqrt(np.square(face).sum(1).mean()) == pytest.approx(FACE_MM, rel=0.01)
    assert face[45, 0] > 20 > -20 > face[36, 0]  # the left eye, the right eye
    assert face[27, 1] > face[8, 1] + 80  # the bridge of the nose is above the chin
    assert face[30, 2] > face[[36, 45, 8, 0], 2].max()  # the tip of the nose is in front
    assert face[0, 2] - ear[2] == pytest.approx(39, abs=3)
    assert face[face_models._OTHER_SIDE] * [-1, 1, 1] == pytest.approx(face)


def test_offsets_do_not_depend_on_where_the_model_is(rig: tuple[Floats, Floats]) -> None:
    face, _ = rig
    deeper = face.copy()
    deeper[30, 2] += 6
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    moved = 0.013 * deeper @ turn + [3, -2, 8]
    by = [i for i in EVERYTHING if i != 30]
    found = face_models.offsets(moved, face, by)
    assert found[30] == pytest.approx([0, 0, 6], abs=1e-6)
    assert found[by] == pytest.approx(np.zeros((67, 3)), abs=1e-6)


def test_the_jaw_line_is_moved_back_towards_the_ears(rig: tuple[Floats, Floats]) -> None:
    face, ear = rig
    none = np.zeros((68, 3))
    found = face_models.of_training(none, none, face, ear)
    assert found[0, 2] == pytest.approx((ear[2] - face[0, 2]) / 2)
    assert (np.diff(found[:5, 2]) > 0).all()
    assert not found[4:].any()


def test_both_models_are_read(tmp_path: Path) -> None:
    points = np.random.default_rng(1).normal(size=(500, 3)).round(6)
    text = "".join(f"v {x} {y} {z}\nvn 0 0 1\n" for x, y, z in points)
    (tmp_path / "FaceXModel").mkdir()
    (tmp_path / "FaceXModel" / "generic_neutral_mesh.obj").write_text(text)
    numbers = list(range(400, 468))
    (tmp_path / "FaceXModel" / "vertex_indices.json").write_text(
        json.dumps({"idx_to_landmark_verts": numbers})
    )
    assert face_models.ict_landmarks(tmp_path) == pytest.approx(points[numbers])
    obj = tmp_path / "canonical_face_model.obj"
    obj.write_text(text)
    assert face_models.mediapipe_landmarks(obj)[8] == pytest.approx(points[152])
