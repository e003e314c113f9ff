"""Close-ups show the part that they are of, from near, and nothing else."""

import pytest
import torch

from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.skeleton import NUM_KEYPOINTS, indices
from wholebody_lift.train.synthetic import close_ups, people
from wholebody_lift.train.synthetic.close_ups import CLOSE_UPS
from wholebody_lift.train.synthetic.detector import MIN_FOUND
from wholebody_lift.train.synthetic.people import People, Scene, to_batch
from wholebody_lift.train.synthetic.rig import Rig

N = 64


@pytest.fixture(scope="module")
def posed(rig: Rig) -> tuple[torch.Tensor, torch.Tensor]:
    scene = People(rig, None).scene(N, torch.Generator().manual_seed(0))
    world = scene.views.xyz @ scene.views.rotation
    return world, scene.stature_mm


def test_shares_add_up() -> None:
    assert sum(one.share for one in CLOSE_UPS.values()) == pytest.approx(1)


@pytest.mark.parametrize("name", CLOSE_UPS)
def test_only_the_part_is_reported(posed: tuple[torch.Tensor, torch.Tensor], name: str) -> None:
    world, stature = posed
    generator = torch.Generator().manual_seed(1)
    views, seen = close_ups.sample(world, generator, name)
    found = close_ups.detect(views, seen, generator)
    part = torch.zeros(NUM_KEYPOINTS, dtype=torch.bool)
    part[list(CLOSE_UPS[name].keypoints)] = True
    assert (seen == part).all()
    observed = found.scores >= MIN_SCORE
    assert not observed[:, ~part].any()
    assert (observed.sum(-1) >= MIN_FOUND).all()
    assert (views.xyz[:, part, 2] > 100).all()  # mm in front of the camera
    assert (views.inside & seen).sum() > 0.6 * seen.sum()
    batch = to_batch(Scene(views, found, stature), "given")
    assert batch.target.isfinite().all()
    assert all(feature.isfinite().all() for feature in batch.features if feature is not None)


def test_exact_keypoints_are_projections(posed: tuple[torch.Tensor, torch.Tensor]) -> None:
    views, seen = close_ups.sample(posed[0], torch.Generator().manual_seed(2), "left hand")
    xyz = views.xyz[seen]
    K = views.K.repeat_interleave(seen.sum(-1), dim=0)
    pixels = (K @ xyz[..., None])[..., 0]
    assert torch.allclose(pixels[:, :2] / pixels[:, 2:], views.xy[seen], atol=0.01)


def test_the_person_is_the_same_as_before_any_camera(posed: tuple[torch.Tensor, torch.Tensor]) -> None:
    world, _ = posed
    views, _ = close_ups.sample(world, torch.Generator().manual_seed(3))
    back = views.xyz @ views.rotation
    assert torch.allclose(back - back[:, :1], world - world[:, :1], atol=0.1)


def test_every_training_batch_has_close_ups(rig: Rig) -> None:
    batch = People(rig, None).sample(400, torch.Generator().manual_seed(4))
    no_body = ~batch.observed[:, indices("body")].any(-1)
    assert 0.03 < no_body.float().mean() < people.CLOSE_UPS


def test_close_ups_can_be_those_without_a_body(posed: tuple[torch.Tensor, torch.Tensor]) -> None:
    generator = torch.Generator().manual_seed(5)
    _, seen = close_ups.sample(posed[0], generator, without_body=True)
    assert not seen[:, indices("body")].any()
    assert seen[:, indices("face")].any()
    assert seen[:, indices("left_hand")].any()


def test_an_unknown_name_is_an_error(posed: tuple[torch.Tensor, torch.Tensor]) -> None:
    with pytest.raises(ValueError, match=r"left hand.*got 'ear'"):
        close_ups.sample(posed[0], torch.Generator(), "ear")
