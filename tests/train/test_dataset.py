from dataclasses import replace

import numpy as np
import pytest
import torch
from recordings import small_bank

pytest.importorskip("anny")

from wholebody_lift import InputError
from wholebody_lift.skeleton import MIRROR
from wholebody_lift.train import dataset
from wholebody_lift.train.dataset import Dataset
from wholebody_lift.train.evaluation import h3wb, synthetic_h3wb
from wholebody_lift.train.evaluation.h3wb import H3WB
from wholebody_lift.train.synthetic.rig import Rig


@pytest.fixture(scope="module")
def people(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> H3WB:
    path = tmp_path_factory.mktemp("h3wb") / "synthetic.npz"
    synthetic_h3wb.write(path, rig, small_bank(), 4)
    return h3wb.read(path)


@pytest.mark.parametrize("with_K", [True, False])
def test_mirroring_swaps_the_sides_of_the_same_person(people: H3WB, with_K: bool) -> None:
    people = people if with_K else replace(people, K=None)
    plain, mirrored = (h3wb.to_batch(some) for some in (people, dataset.mirror(people)))
    sides = torch.tensor([-1.0, 1.0, 1.0])
    assert torch.allclose(mirrored.target, plain.target[:, list(MIRROR)] * sides, atol=0.1)
    there = plain.features.keypoints[:, list(MIRROR)]
    there[..., 0] *= -1  # x
    there[..., 6] *= -1  # local x
    assert torch.allclose(mirrored.features.keypoints, there, atol=1e-4)
    twice = dataset.mirror(dataset.mirror(people))
    assert np.allclose(twice.xyz, people.xyz)
    assert np.allclose(twice.xy, people.xy, atol=1e-3)


def test_people_and_masks_depend_on_the_generator(people: H3WB) -> None:
    crowd = Dataset(people.of("train"))
    first, again, other = (crowd.sample(64, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.target, again.target)
    assert torch.equal(first.observed, again.observed)
    assert not torch.equal(first.target, other.target)
    complete = first.observed.all(1)
    assert 0.3 < complete.float().mean() < 0.7
    assert first.observed.any(1).all()


def test_an_empty_dataset_is_an_error(people: H3WB) -> None:
    with pytest.raises(InputError, match="people to train on, got none"):
        Dataset(people.of("test").of("train"))
