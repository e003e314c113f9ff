from dataclasses import replace
from pathlib import Path

import pytest
import torch
from recordings import small_bank

pytest.importorskip("anny")

from wholebody_lift import skeleton
from wholebody_lift.train.evaluation import fingerprints, held_out
from wholebody_lift.train.evaluation.fingerprints import Fingerprint, Published, fingerprint
from wholebody_lift.train.evaluation.held_out import SETS, VERSIONS, Crowd
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.people import Scene
from wholebody_lift.train.synthetic.rig import Rig

BLOCK = 64


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out, "BLOCK", BLOCK)


@pytest.fixture
def block(rig: Rig) -> tuple[Crowd, dict[str, Scene]]:
    return next(held_out.blocks("phone_portrait", rig, small_bank(), people=1))


def _moved(crowd: Crowd, xyz: torch.Tensor, xy: torch.Tensor) -> Crowd:
    return replace(crowd, views=replace(crowd.views, xyz=xyz, xy=xy))


def test_rounding_is_tolerated(block: tuple[Crowd, dict[str, Scene]]) -> None:
    """As far as the same people were seen to differ between AVX2 and plain arithmetic, and some more."""
    crowd, scenes = block
    made = fingerprint(crowd, scenes)
    generator = torch.Generator().manual_seed(0)
    xyz, xy = (
        values + 0.02 * torch.randn(values.shape, generator=generator)
        for values in (crowd.views.xyz, crowd.views.xy)
    )
    rounded = fingerprint(_moved(crowd, xyz, xy), scenes)
    assert rounded != made
    assert rounded.is_like(made)
    lost = {**scenes}
    found = scenes["detector"].detections
    scores = found.scores.clone()
    scores[0, :2] = 0  # two scores that fell on the other side of the limit
    lost["detector"] = scenes["detector"]._replace(detections=replace(found, scores=scores))
    assert fingerprint(crowd, lost).is_like(made)


def test_other_people_are_noticed(block: tuple[Crowd, dict[str, Scene]]) -> None:
    crowd, scenes = block
    made, views = fingerprint(crowd, scenes), crowd.views
    ears = views.xyz.clone()
    ears[:, [skeleton.INDEX["left_ear"], skeleton.INDEX["right_ear"]], 1] += 1
    assert not fingerprint(_moved(crowd, ears, views.xy), scenes).is_like(made)
    assert not fingerprint(_moved(crowd, views.xyz, views.xy + 1), scenes).is_like(made)
    mirror = list(skeleton.MIRROR)
    assert not fingerprint(_moved(crowd, views.xyz[:, mirror], views.xy[:, mirror]), scenes).is_like(made)
    labels = ("cmu_amc/02_01", *crowd.labels[1:])
    assert not fingerprint(replace(crowd, labels=labels), scenes).is_like(made)
    noisier = scenes["detector"].detections
    noisier = replace(noisier, xy=views.xy + 1.1 * (noisier.xy - views.xy))
    scenes = {**scenes, "detector": scenes["detector"]._replace(detections=noisier)}
    assert not fingerprint(crowd, scenes).is_like(made)


def test_blocks_and_sets_differ(rig: Rig) -> None:
    bank = small_bank()
    made = [fingerprint(*block) for block in held_out.blocks("laboratory", rig, bank, people=2 * BLOCK)]
    made += [fingerprint(*block) for block in held_out.blocks("webcam", rig, bank, people=1)]
    assert len({each.drawn for each in made}) == 3


def test_recordings_are_identified_and_not_the_file(tmp_path: Path) -> None:
    bank = small_bank()
    bank.save(tmp_path / "bank.npz")
    made = fingerprints.of_test_recordings(bank)
    assert fingerprints.of_test_recordings(MotionBank.load(tmp_path / "bank.npz")) == made
    assert not fingerprints.of_test_recordings(small_bank(seed=1)).is_like(made)


def test_rounding_of_recordings_is_tolerated() -> None:
    """Processors round some of the packed values up that others round down."""
    made, other = small_bank(), small_bank()
    values = other.tracks["bodies"].values
    values[::7] += (torch.arange(len(values[::7])) % 3 - 1)[:, None, None].to(values.dtype)
    there = fingerprints.of_test_recordings(other)
    assert there != fingerprints.of_test_recordings(made)
    assert there.is_like(fingerprints.of_test_recordings(made))


def test_one_person_in_a_block_may_be_another() -> None:
    """Where rounding decides whether a drawn pose touches itself, another pose is drawn."""
    made = Fingerprint("ab", (-3.348, 581.52, 98.337, 64831.982, 53748.959, 133.0, 0.0))
    there = Fingerprint("ab", (-3.299, 581.495, 98.358, 64831.002, 53748.374, 133.0, 0.0))
    assert there.is_like(made)
    for i, change in ((0, 0.2), (3, 6.0), (5, 0.2)):
        changed = [number + change * (j == i) for j, number in enumerate(made.numbers)]
        assert not Fingerprint("ab", tuple(changed)).is_like(made)


def test_published_fingerprints_are_read_back(rig: Rig, tmp_path: Path) -> None:
    path, bank = tmp_path / "published.json", small_bank()
    fingerprints.publish(path, rig, bank, people=BLOCK)
    known = fingerprints.published(path=path)
    assert set(known.sets) == set(SETS)
    made = {"webcam": [fingerprint(*block) for block in held_out.blocks("webcam", rig, bank, people=BLOCK)]}
    assert fingerprints.differences(bank, made, known) == []
    first = fingerprints.published(1, path)
    assert fingerprints.differences(bank, made, first) == [
        "test set 'webcam': 0 of 1 blocks are as published"
    ]


def test_differences_are_described_in_words() -> None:
    bank, one, two = small_bank(), Fingerprint("ab", (1.0,)), Fingerprint("cd", (1.0,))
    known = Published(fingerprints.of_test_recordings(bank), {"webcam": (one, two)})
    assert fingerprints.differences(bank, {"webcam": [one]}, known) == []
    assert fingerprints.differences(bank, {"webcam": [one, one]}, known) == [
        "test set 'webcam': 1 of 2 blocks are as published"
    ]
    told = fingerprints.differences(small_bank(seed=1), {"telephoto": [one]}, known)
    assert told[0].startswith("expected test recordings")
    assert told[1] == "test set 'telephoto': 0 of 1 blocks are as published"
    assert not one.is_like(Fingerprint("ab", (1.0, 2.0)))


@pytest.mark.parametrize("version", VERSIONS)
def test_all_sets_are_published(version: int) -> None:
    known = fingerprints.published(version)
    assert {name: len(blocks) for name, blocks in known.sets.items()} == dict.fromkeys(
        held_out.sets_of(version), held_out.PEOPLE // 500
    )
