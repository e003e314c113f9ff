"""`benchmarks.leans`: who is measured, and what leans."""

import pytest
import torch

from benchmarks import leans
from wholebody_lift.skeleton import INDEX
from wholebody_lift.train.synthetic.people import People
from wholebody_lift.train.synthetic.rig import load_rig


@pytest.fixture(scope="module")
def scene_and_elevations():
    return leans.standing(People(load_rig(), None), torch.Generator().manual_seed(1))


def test_people_stand_and_face_the_camera(scene_and_elevations) -> None:
    scene, elevation = scene_and_elevations
    assert len(scene.views.xyz) == len(scene.detections.xy) == len(scene.stature_mm) == len(elevation) > 2
    left, right = (scene.views.xyz[:, INDEX[f"{side}_hip"], 0] for side in ("left", "right"))
    assert (left > right).all()


def test_people_seen_from_above_are_seen_so(scene_and_elevations) -> None:
    """Who stands upright has the ankles as far behind the hips as the camera looks down."""
    scene, elevation = scene_and_elevations
    lean = leans.lean_of_legs(scene.views.xyz)
    offset = lean + elevation
    assert (offset.abs() < 40).all()  # the camera may also be aimed beside the person
    assert torch.corrcoef(torch.stack((-lean, elevation)))[0, 1] > 0.3


def test_ankles_nearer_to_the_camera_lean() -> None:
    xyz = torch.zeros(1, 133, 3)
    for side in ("left", "right"):
        xyz[:, INDEX[f"{side}_ankle"]] = torch.tensor([0.0, 800.0, -800.0])
    assert leans.lean_of_legs(xyz).item() == pytest.approx(45)
