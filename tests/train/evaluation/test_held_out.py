import pytest
import torch
from recordings import small_bank

pytest.importorskip("anny")

from wholebody_lift import skeleton
from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.train.evaluation import held_out, metrics
from wholebody_lift.train.evaluation.held_out import INPUTS, LATEST, SETS, VERSIONS, Crowd
from wholebody_lift.train.synthetic import poses
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.cameras import FAMILIES
from wholebody_lift.train.synthetic.close_ups import CLOSE_UPS
from wholebody_lift.train.synthetic.people import CAMERA_KNOWLEDGE, Scene
from wholebody_lift.train.synthetic.rig import Rig

BLOCK = 32


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out, "BLOCK", BLOCK)


@pytest.fixture(scope="module")
def bank() -> MotionBank:
    return small_bank()


def _block(name: str, rig: Rig, bank: MotionBank, version: int = LATEST) -> tuple[Crowd, dict[str, Scene]]:
    return next(held_out.blocks(name, rig, bank, people=1, version=version))


def _found(scene: Scene) -> torch.Tensor:
    return scene.detections.scores >= MIN_SCORE


@pytest.mark.parametrize("version", VERSIONS)
def test_every_family_has_a_set_with_the_same_four_inputs(version: int) -> None:
    sets = held_out.sets_of(version)
    for family in FAMILIES:
        assert sets[family].family == family
        assert sets[family].inputs[:4] == ("exact", "noise", "detector", "incomplete")


def test_every_input_is_used() -> None:
    assert {name for held in SETS.values() for name in held.inputs} == set(INPUTS)
    assert {given.knowledge for given in INPUTS.values()} == set(CAMERA_KNOWLEDGE)


def test_sets_do_not_depend_on_the_number_of_people(rig: Rig, bank: MotionBank) -> None:
    few = list(held_out.blocks("laboratory", rig, bank, people=BLOCK))
    more = list(held_out.blocks("laboratory", rig, bank, people=BLOCK + 1))
    assert (len(few), len(more)) == (1, 2)
    for (crowd, scenes), (again, scenes_again) in zip(few, more, strict=False):
        assert crowd.labels == again.labels
        assert torch.equal(crowd.views.xyz, again.views.xyz)
        for name in scenes:
            assert torch.equal(scenes[name].detections.xy, scenes_again[name].detections.xy)
    assert not torch.equal(more[0][0].views.xyz, more[1][0].views.xyz)


def test_people_do_what_the_recordings_of_the_split_do(rig: Rig, bank: MotionBank) -> None:
    crowd, _ = _block("laboratory", rig, bank)
    assert set(crowd.labels) == {"cmu_amc/02_03", "indian/13"}
    crowd, _ = next(held_out.blocks("laboratory", rig, bank, people=1, split="val"))
    assert set(crowd.labels) == {"martial/06"}


def test_activities_come_from_the_samplers(rig: Rig, bank: MotionBank) -> None:
    crowd, _ = _block("activities", rig, bank)
    assert set(crowd.labels) <= set(poses.LABELS)
    assert len(set(crowd.labels)) > 5


def test_exact_input_is_what_the_picture_shows(rig: Rig, bank: MotionBank) -> None:
    crowd, scenes = _block("webcam", rig, bank)
    assert torch.equal(_found(scenes["exact"]), crowd.views.inside)
    assert torch.equal(scenes["exact"].detections.xy, crowd.views.xy)
    assert not crowd.views.inside.all()


def test_noise_alone_loses_nothing(rig: Rig, bank: MotionBank) -> None:
    for name in ("laboratory", "webcam", "surveillance"):
        crowd, scenes = _block(name, rig, bank)
        noise, exact = scenes["noise"], scenes["exact"]
        assert not (_found(noise) & ~_found(exact)).any()
        assert (_found(noise) == _found(exact)).float().mean() > 0.999
        off = (noise.detections.xy - crowd.views.xy).norm(dim=-1)[_found(noise)]
        assert 0.5 < off.median() < 10
        assert _found(scenes["detector"]).float().mean() < 0.95 * _found(noise).float().mean()


def test_incomplete_input_is_exact_where_observed(rig: Rig, bank: MotionBank) -> None:
    crowd, scenes = _block("laboratory", rig, bank)
    given = scenes["incomplete"]
    assert torch.equal(given.detections.xy, crowd.views.xy)
    assert 0.5 < _found(given).float().mean() < 0.9


def test_all_inputs_show_the_same_people(rig: Rig, bank: MotionBank) -> None:
    crowd, scenes = _block("laboratory", rig, bank)
    assert set(scenes) == set(SETS["laboratory"].inputs)
    assert all(scene.views is crowd.views for scene in scenes.values())
    assert scenes["detector"].detections is scenes["unknown camera"].detections


def test_four_views_show_one_body(rig: Rig, bank: MotionBank) -> None:
    crowd, _ = _block("four views", rig, bank)
    lengths = metrics.bone_lengths(crowd.views.xyz).reshape(BLOCK // 4, 4, -1)
    assert metrics.spread_percent(lengths)[..., : len(skeleton.TREE_EDGES)].median() < 0.01
    assert crowd.stature_mm.reshape(-1, 4).std(1).max() == 0
    assert len(crowd.stature_mm.unique()) == BLOCK // 4
    one, other = crowd.views.xyz[:2]
    assert (one - other).norm(dim=-1).max() > 100


def test_first_keeps_the_first_people_of_a_scene(rig: Rig, bank: MotionBank) -> None:
    _, scenes = _block("laboratory", rig, bank)
    three = held_out.first(scenes["detector"], 3)
    assert torch.equal(three.views.K, scenes["detector"].views.K[:3])
    assert torch.equal(three.detections.scores, scenes["detector"].detections.scores[:3])
    assert len(three.stature_mm) == 3


def test_exact_input_may_lack_all_but_the_body_or_the_limbs(rig: Rig, bank: MotionBank) -> None:
    crowd, scenes = _block("laboratory", rig, bank)
    body = torch.zeros(skeleton.NUM_KEYPOINTS, dtype=torch.bool)
    body[skeleton.indices("body", "feet")] = True
    assert torch.equal(_found(scenes["body alone"]), crowd.views.inside & body)
    limbs = [i for limb in skeleton.LIMBS for i in limb]
    assert _found(scenes["limbs alone"]).any(0).nonzero()[:, 0].tolist() == sorted(limbs)
    assert torch.equal(scenes["limbs alone"].detections.xy, crowd.views.xy)


def test_faces_and_hands_differ_from_person_to_person_since_version_2(rig: Rig, bank: MotionBank) -> None:
    """By the shape of the nose, which no expression changes, and by the proportions of a finger."""
    spread = {}
    for version in VERSIONS:
        crowd, _ = _block("laboratory", rig, bank, version)
        face, hand = (crowd.views.xyz[:, skeleton.indices(name)] for name in ("face", "left_hand"))
        bridge = [(face[:, i] - face[:, i + 1]).norm(dim=-1) for i in (27, 28, 29)]
        finger = [(hand[:, i] - hand[:, i + 1]).norm(dim=-1) for i in (9, 10)]
        ratios = torch.stack([bridge[0] / bridge[2], finger[0] / finger[1]])
        spread[version] = ratios.log().std(1)
    assert (spread[2] > 2 * spread[1]).all()


def test_close_ups_show_one_part(rig: Rig, bank: MotionBank) -> None:
    crowd, scenes = _block("close-ups", rig, bank)
    assert crowd.shown is not None
    assert set(crowd.close_ups) <= set(CLOSE_UPS)
    assert len(set(crowd.close_ups)) > 4
    for name, shown in zip(crowd.close_ups, crowd.shown, strict=True):
        assert shown.nonzero()[:, 0].tolist() == sorted(CLOSE_UPS[name].keypoints)
    for scene in scenes.values():
        assert not (_found(scene) & ~crowd.shown).any()
        assert _found(scene).any(1).all()
    laboratory, _ = _block("laboratory", rig, bank)
    assert (laboratory.shown, laboratory.close_ups) == (None, ())


def test_an_unknown_version_is_told(rig: Rig, bank: MotionBank) -> None:
    with pytest.raises(ValueError, match="version of the test sets among 1, 2, got 3"):
        _block("laboratory", rig, bank, 3)
    with pytest.raises(ValueError, match="got 'close-ups'"):
        _block("close-ups", rig, bank, 1)


def test_unknown_names_and_devices_are_told(rig: Rig, bank: MotionBank) -> None:
    with pytest.raises(ValueError, match=r"laboratory.*got 'studio'"):
        _block("studio", rig, bank)


def test_a_rig_on_another_device_is_an_error(bank: MotionBank) -> None:
    class Elsewhere:
        template = torch.zeros(1, device="meta")

    with pytest.raises(ValueError, match="drawn on the CPU"):
        _block("laboratory", Elsewhere(), bank)  # type: ignore[arg-type]
