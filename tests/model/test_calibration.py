import pytest
import torch
from pydantic import ValidationError

from wholebody_lift import skeleton
from wholebody_lift.config import Calibration, Config
from wholebody_lift.features import KEYPOINT_FEATURES, PERSON_FEATURES, Features
from wholebody_lift.model import SemGAN
from wholebody_lift.model.calibration import ErrorCalibration

SAID, FOUND = (10.0, 40.0, 160.0), (20.0, 40.0, 40.0)


def _same_for_all(said: tuple[float, ...], found: tuple[float, ...]) -> Calibration:
    return Calibration(
        predicted_mm=dict.fromkeys(skeleton.PARTS, said), measured_mm=dict.fromkeys(skeleton.PARTS, found)
    )


@pytest.mark.parametrize(
    ("error", "right"), [(10, 20), (40, 40), (160, 40), (20, 800**0.5), (80, 40), (5, 10), (320, 80)]
)
def test_knots_and_what_lies_between_and_beyond(error: float, right: float) -> None:
    calibrate = ErrorCalibration(_same_for_all(SAID, FOUND))
    assert torch.allclose(calibrate(torch.full((2, 133), float(error))), torch.tensor(float(right)))


def test_parts_have_their_own_curves() -> None:
    curves = {part: tuple(factor * mm for mm in SAID) for factor, part in enumerate(skeleton.PARTS, 1)}
    calibrate = ErrorCalibration(
        Calibration(predicted_mm=dict.fromkeys(skeleton.PARTS, SAID), measured_mm=curves)
    )
    right = calibrate(torch.full((1, 133), 25.0))[0]
    for factor, keypoints in enumerate(skeleton.PARTS.values(), 1):
        assert torch.allclose(right[list(keypoints)], torch.tensor(25.0 * factor))


def test_it_changes_expected_errors_alone() -> None:
    generator = torch.Generator().manual_seed(0)
    told = Features(
        torch.randn(2, 133, KEYPOINT_FEATURES, generator=generator),
        torch.randn(2, PERSON_FEATURES, generator=generator),
    )
    plain = SemGAN(Config(channels=16, heads=2, layers=1)).eval()
    right = SemGAN(Config(channels=16, heads=2, layers=1, calibration=_same_for_all(SAID, FOUND))).eval()
    right.load_state_dict(plain.state_dict())
    assert torch.equal(right(told).xyz, plain(told).xyz)
    expected = ErrorCalibration(_same_for_all(SAID, FOUND))(plain(told).error_mm)
    assert torch.allclose(right(told).error_mm, expected)
    assert (right.half()(told.map(lambda t: t.half())).error_mm > 0).all()


@pytest.mark.parametrize(
    ("said", "found"),
    [((10.0, 10.0), (1.0, 2.0)), ((10.0, 20.0), (2.0, 1.0)), ((10.0,), (1.0,)), ((10.0, 20.0), (0.0, 1.0))],
)
def test_what_is_no_curve_is_refused(said: tuple[float, ...], found: tuple[float, ...]) -> None:
    with pytest.raises(
        ValidationError, match=r"rising lengths as predicted_mm of body|at least 2 items|greater than 0"
    ):
        _same_for_all(said, found)


def test_missing_parts_and_knots_are_refused() -> None:
    with pytest.raises(ValidationError, match="expected the parts"):
        Calibration(predicted_mm={"body": SAID}, measured_mm={"body": FOUND})
    with pytest.raises(ValidationError, match="same number of knots"):
        Calibration(
            predicted_mm=dict.fromkeys(skeleton.PARTS, SAID),
            measured_mm=dict.fromkeys(skeleton.PARTS, SAID[:2]),
        )


def test_the_former_format_is_read_and_nothing_else_is_let_through() -> None:
    new = Config(channels=16, heads=2, layers=1, calibration=_same_for_all(SAID, FOUND)).model_dump(
        mode="json"
    )
    assert new["format"] == "wholebody-lift/5"
    assert (new.pop("inputs"), new.pop("close_ups")) == ([], False)
    curves = new["calibration"]
    former = {**new, "format": "wholebody-lift/3"}
    former["calibration"] = {"said_mm": curves["predicted_mm"], "found_mm": curves["measured_mm"]}
    assert Config.model_validate(former) == Config.model_validate(new)
    assert Config.model_validate({**former, "calibration": None}).calibration is None
    assert Config.model_validate({**new, "format": "wholebody-lift/4"}) == Config.model_validate(new)
    for wrong in (
        {**former, "format": "wholebody-lift/4"},
        {**former, "format": "wholebody-lift/2"},
        {**former, "odd": 1},
        {**new, "format": "wholebody-lift/4", "inputs": ["depth"]},
        {**new, "format": "wholebody-lift/4", "close_ups": True},
        {**new, "inputs": ["depth", "gravity"]},
    ):
        with pytest.raises(ValidationError):
            Config.model_validate(wrong)
