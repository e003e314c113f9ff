import pytest
import torch

pytest.importorskip("anny")

from recordings import small_bank

from benchmarks import noise
from wholebody_lift.config import Config
from wholebody_lift.features import KEYPOINT_COLUMNS, Features
from wholebody_lift.model import Prediction
from wholebody_lift.skeleton import NUM_KEYPOINTS, ROOT
from wholebody_lift.train.evaluation import held_out
from wholebody_lift.train.synthetic.people import Batch, to_batch
from wholebody_lift.train.synthetic.rig import load_rig


def test_a_share_of_the_noise_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out, "BLOCK", 8)
    monkeypatch.setattr(held_out, "_NOISE_DRAWS", 1)
    _, scenes = next(held_out.blocks("laboratory", load_rig(), small_bank(), people=8))
    exact, noisy = scenes["exact"], scenes["noise"]
    everything = range(NUM_KEYPOINTS)
    none, half, whole = (noise.with_noise(exact, noisy, share, everything) for share in (0.0, 0.5, 1.0))
    assert torch.equal(none.detections.xy, exact.detections.xy)
    assert torch.allclose(whole.detections.xy, noisy.detections.xy, atol=1e-3)
    off = [(scene.detections.xy - exact.detections.xy).norm(dim=-1) for scene in (half, whole)]
    assert torch.allclose(2 * off[0], off[1], atol=1e-2)
    hips = noise.with_noise(exact, noisy, 1.0, ROOT)
    moved = (hips.detections.xy - exact.detections.xy).norm(dim=-1).amax(0).nonzero().flatten()
    assert moved.tolist() == list(ROOT)


class OneSided(torch.nn.Module):
    """Answers with the canonical coordinates, and is wrong by 10 mm to one side, whoever it sees."""

    def forward(self, told: Features) -> Prediction:
        x, y = (1000 * told.keypoints[..., KEYPOINT_COLUMNS.index(name)] for name in "xy")
        return Prediction(torch.stack([x + 10, y, 0 * y], -1), torch.ones_like(x))


def test_the_mean_with_the_mirrored_person_has_no_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out, "BLOCK", 8)
    monkeypatch.setattr(held_out, "_NOISE_DRAWS", 1)
    _, scenes = next(held_out.blocks("laboratory", load_rig(), small_bank(), people=8))
    batch: Batch = to_batch(scenes["exact"], "given", Config())
    told = OneSided()(batch.features).xyz
    mean = noise.mean_with_mirrored(OneSided(), batch)
    assert torch.allclose(mean, told - torch.tensor([10.0, 0.0, 0.0]), atol=1e-3)
