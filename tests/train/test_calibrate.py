import pytest
import torch
from recordings import small_bank

pytest.importorskip("anny")

from wholebody_lift import skeleton
from wholebody_lift.config import Config
from wholebody_lift.features import KEYPOINT_COLUMNS
from wholebody_lift.model import SemGAN
from wholebody_lift.model.calibration import ErrorCalibration
from wholebody_lift.train import calibrate
from wholebody_lift.train.evaluation import evaluate, held_out, metrics
from wholebody_lift.train.synthetic.people import People
from wholebody_lift.train.synthetic.rig import Rig


def test_systematic_errors_are_corrected() -> None:
    generator = torch.Generator().manual_seed(0)
    predicted = 100 * (0.5 * torch.randn(2000, 133, generator=generator)).exp()
    expected = 7 * predicted**0.6
    measured = expected * -torch.rand(2000, 133, generator=generator).log()  # of that mean
    deciles = metrics.calibration(predicted, measured)
    assert max(abs(decile.ratio - 1) for decile in deciles) > 0.3
    right = ErrorCalibration(calibrate.fit(predicted, measured))(predicted)
    assert max(abs(decile.ratio - 1) for decile in metrics.calibration(right, measured)) < 0.05


def test_hands_share_a_curve() -> None:
    generator = torch.Generator().manual_seed(0)
    predicted, measured = torch.rand(2, 100, 133, generator=generator) + 0.1
    curves = calibrate.fit(predicted, measured)
    assert curves.measured_mm["left_hand"] == curves.measured_mm["right_hand"] != curves.measured_mm["body"]


@pytest.mark.parametrize(
    ("values", "right"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        ([1.0, 3.0, 2.0], [1.0, 2.5, 2.5]),
        ([3.0, 2.0, 1.0, 5.0], [2.0, 2.0, 2.0, 5.0]),
        ([2.0, 3.0, 1.0], [2.0, 2.0, 2.0]),
    ],
)
def test_pools_do_not_decrease(values: list[float], right: list[float]) -> None:
    assert calibrate.non_decreasing(values) == pytest.approx(right)


def test_a_network_keeps_its_weights(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out, "BLOCK", 32)
    monkeypatch.setattr(held_out, "PEOPLE", 32)
    model = SemGAN(Config(channels=16, heads=2, layers=1)).eval()
    better = calibrate.calibrated(model, People(rig, small_bank(), "val"))
    assert better.config.calibration is not None
    assert better.config.model_copy(update={"calibration": None}) == model.config
    for a, b in zip(better.parameters(), model.parameters(), strict=True):
        assert torch.equal(a, b)
    again = calibrate.calibrated(better, People(rig, small_bank(), "val"))
    assert again.config.calibration == better.config.calibration
    with pytest.raises(ValueError, match=r"a bank.*, got none"):
        calibrate.calibrated(model, People(rig, None, "val"))


def test_calibration_uses_the_given_camera_and_detector(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out, "BLOCK", 32)
    monkeypatch.setattr(held_out, "PEOPLE", 32)
    model = SemGAN(Config(channels=16, heads=2, layers=1)).eval()
    seen: list[torch.Tensor] = []
    predict = evaluate.predict
    monkeypatch.setattr(
        evaluate,
        "predict",
        lambda model, features: seen.append(features.keypoints) or predict(model, features),
    )
    for family, kind in ((None, None), ("laboratory", "exact"), ("webcam", "body_only")):
        calibrate.answers(model, People(rig, small_bank(), "val", family=family, kind=kind))
    given = KEYPOINT_COLUMNS.index("observed")
    mixture, laboratory, webcam = (keypoints[..., given] for keypoints in seen)
    assert laboratory.all()
    assert not webcam[:, skeleton.indices("face", "left_hand", "right_hand")].any()
    assert 0.3 < mixture.mean() < 0.9
