import pytest
import torch

from benchmarks import scores
from wholebody_lift import pretrained
from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.train.synthetic.people import People, Scene
from wholebody_lift.train.synthetic.rig import Rig, load_rig


@pytest.fixture(scope="module")
def rig() -> Rig:
    return load_rig()


def _scene(rig: Rig, kind: str) -> Scene:
    return People(rig, None).scene(12, torch.Generator().manual_seed(0), family="laboratory", kind=kind)


def test_keypoints_that_were_found_get_a_score_of_one(rig: Rig) -> None:
    scene = _scene(rig, "wholebody")
    found = scene.detections.scores >= MIN_SCORE
    plain = scores.without_scores(scene).detections
    assert (plain.scores[found] == 1).all()
    assert torch.equal(plain.scores[~found], scene.detections.scores[~found])
    assert torch.equal(plain.xy, scene.detections.xy)
    assert (scene.detections.scores[found] < 1).any()


def test_exact_people_have_the_same_errors_without_scores(rig: Rig) -> None:
    scene, model = _scene(rig, "exact"), pretrained.load("tiny")
    with_scores, without = (scores.errors(model, each) for each in (scene, scores.without_scores(scene)))
    assert with_scores.shape == (12, 2)
    assert torch.equal(with_scores, without)
    noisy = _scene(rig, "wholebody")
    assert not torch.equal(scores.errors(model, noisy), scores.errors(model, scores.without_scores(noisy)))
