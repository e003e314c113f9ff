import pytest
import torch

from benchmarks import known
from wholebody_lift.checks import GRAVITY_SPREAD_DEG
from wholebody_lift.train.synthetic.people import People, Scene, to_batch
from wholebody_lift.train.synthetic.rig import load_rig


@pytest.fixture(scope="module")
def scene() -> Scene:
    return People(load_rig(), None).scene(300, torch.Generator().manual_seed(0))


def test_gravity_is_as_far_off_as_is_said(scene: Scene) -> None:
    told = known.told(scene, torch.Generator().manual_seed(1)).known
    cosine = (told.gravity * -scene.views.rotation[..., 2]).sum(-1)
    off = torch.rad2deg(torch.acos(cosine.clamp(-1, 1)))
    assert 1.2 < (off / GRAVITY_SPREAD_DEG).square().mean().sqrt() < 1.6  # in two directions: sqrt(2)
    assert (told.gravity_spread_deg == GRAVITY_SPREAD_DEG).all()


@pytest.mark.parametrize("names", known.KNOWN.values(), ids=list(known.KNOWN))
def test_only_what_is_named_is_told(scene: Scene, names: tuple[str, ...]) -> None:
    everything = known.told(scene, torch.Generator().manual_seed(1))
    features = to_batch(scene, "given", beside=known.of_these(everything, names)).features
    for name in ("bone_lengths", "gravity", "depth"):
        assert (getattr(features, name) is not None) == (name in names)
    if features.bone_lengths is not None:
        assert bool(features.bone_lengths[:, -1].any()) == ("height" in names)
