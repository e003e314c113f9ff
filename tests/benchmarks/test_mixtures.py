from functools import partial

import pytest
import torch
from recordings import small_bank

pytest.importorskip("anny")
pytest.importorskip("tensorboard")

from benchmarks.accuracy import mixtures
from benchmarks.accuracy.contestants import CONTESTANTS, GROUPS, MIXTURES
from wholebody_lift import pretrained
from wholebody_lift.features import Features
from wholebody_lift.train.synthetic import people
from wholebody_lift.train.synthetic.detector import KINDS
from wholebody_lift.train.synthetic.people import People, Scene
from wholebody_lift.train.synthetic.rig import load_rig


def _scenes(kind, pieces: int = 8) -> list[Scene]:
    """What some pieces of 16 people look like."""
    crowd, generator = kind(load_rig(), small_bank()), torch.Generator().manual_seed(4)
    posed = crowd.posed(16, generator)
    return [crowd.seen(*posed, generator) for _ in range(pieces)]


@pytest.mark.parametrize("given", ["exact", "noise", "incomplete"])
def test_only_what_one_test_set_shows(given: str) -> None:
    only = partial(mixtures.Only, families=("laboratory",), given=given)
    for scene in _scenes(only, pieces=2):
        assert {width for width, _ in scene.views.image_size.tolist()} == {1000}
        found, exact = scene.detections, scene.views.xy
        observed = found.scores >= 0.3
        assert observed.float().mean() == pytest.approx(0.73 if given == "incomplete" else 1.0, abs=0.2)
        assert torch.equal(found.xy[observed], exact[observed]) == (given != "noise")


def test_only_one_family_at_a_time() -> None:
    only = partial(mixtures.Only, families=("laboratory", "telephoto"), given="exact")
    widths = [{width for width, _ in scene.views.image_size.tolist()} for scene in _scenes(only)]
    assert {1000} in widths
    assert any(1000 not in some for some in widths)


def test_half_of_the_people_are_more_of_a_kind() -> None:
    kinds = [scene.detections.kind for scene in _scenes(partial(mixtures.MoreOf, kind="exact"))]
    alike = [(kind == list(KINDS).index("exact")).all().item() for kind in kinds]
    assert 0 < sum(alike) < len(alike)


def test_exact_people_in_the_picture_lack_what_is_outside() -> None:
    cropped = _scenes(mixtures.ExactInPicture)
    lost = 0
    for scene, usual in zip(cropped, _scenes(People), strict=True):
        exact = scene.detections.kind == list(KINDS).index("exact")
        given, before = scene.detections.scores, usual.detections.scores
        assert torch.equal(given[~exact], before[~exact])
        assert torch.equal(given[exact], before[exact] * scene.views.inside[exact])
        lost += (before > given).sum().item()
    assert lost > 0


def test_they_begin_with_the_tiny_weights(told: Features) -> None:
    released = pretrained.load("tiny")
    network = MIXTURES["only-webcams-exact"].network()
    assert torch.equal(network.model.eval()(told).xyz, released(told).xyz)
    assert MIXTURES["only-webcams-exact"].settings["layer_weight"] == 0


def test_every_mixture_makes_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "CPU_VIEWS", 4)
    rig, bank = load_rig(), small_bank()
    for contestant in MIXTURES.values():
        batch = contestant.people(rig, bank).sample(8, torch.Generator().manual_seed(5))
        assert batch.observed.sum(1).min() >= 4
        assert batch.target.isfinite().all()


def test_every_group_has_its_reference() -> None:
    assert all(group.reference in group.contestants for group in GROUPS.values())
    assert sum(len(group.contestants) for group in GROUPS.values()) == len(CONTESTANTS)
