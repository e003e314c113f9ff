import copy

import pytest
import torch

from wholebody_lift import skeleton
from wholebody_lift.config import Calibration, Config
from wholebody_lift.features import KEYPOINT_FEATURES, PERSON_FEATURES, Features
from wholebody_lift.model import SemGAN

SMALL = Config(channels=32, heads=4, layers=2)
PUBLISHED = Config(channels=32, heads=4, layers=2, nodes="keypoints")


@pytest.fixture(params=[SMALL, PUBLISHED], ids=["groups", "keypoints"])
def model(request: pytest.FixtureRequest) -> SemGAN:
    torch.manual_seed(0)
    return SemGAN(request.param).eval()


@pytest.fixture
def people() -> Features:
    generator = torch.Generator().manual_seed(0)
    return Features(
        torch.randn(3, 133, KEYPOINT_FEATURES, generator=generator),
        torch.randn(3, PERSON_FEATURES, generator=generator),
    )


def test_shapes_and_units(model: SemGAN, people: Features) -> None:
    answer = model(people)
    assert answer.xyz.shape == (3, 133, 3)
    assert answer.error_mm.shape == (3, 133)
    assert answer.xyz.dtype == torch.float32
    assert (answer.error_mm > 0).all()
    assert answer.xyz[:, list(skeleton.ROOT)].mean(1).abs().max() < 1e-3  # the root is the origin


def test_the_default_is_the_publications_size() -> None:
    config = Config()
    assert (config.channels, config.heads, config.layers) == (256, 8, 4)
    encoder = SemGAN(config).encoder
    assert len(encoder) == 4


def test_batch_equals_single(model: SemGAN, people: Features) -> None:
    together = model(people)
    for i in range(3):
        alone = model(Features(people.keypoints[i : i + 1], people.person[i : i + 1]))
        assert torch.allclose(alone.xyz[0], together.xyz[i], atol=1e-3)


def test_hands_and_face_hang_on_wrists_and_nose(model: SemGAN) -> None:
    """Moving the raw output of a wrist moves its whole hand by as much, and nothing of the other."""
    out = torch.randn(1, 133, 4)
    wrist = skeleton.INDEX["left_wrist"]
    moved = out.clone()
    moved[:, wrist, 0] += 1
    shift = (model.compose(moved).xyz - model.compose(out).xyz)[0]
    changed = set(shift.abs().sum(-1).nonzero().flatten().tolist())
    assert changed == {wrist, *skeleton.indices("left_hand")}
    assert torch.allclose(shift[wrist], shift[skeleton.indices("left_hand")], atol=1e-3)


def test_survives_deepcopy_and_state_dict(model: SemGAN, people: Features) -> None:
    other = SemGAN(model.config)
    other.load_state_dict(model.state_dict(), strict=True)
    for twin in (copy.deepcopy(model), other.eval()):
        assert torch.equal(twin(people).xyz, model(people).xyz)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_survives_half_precision(model: SemGAN, people: Features, dtype: torch.dtype) -> None:
    reference = model(people).xyz
    half = copy.deepcopy(model).to(dtype)
    answer = half(people.map(lambda x: x.to(dtype)))
    assert answer.xyz.dtype == torch.float32  # positions keep their precision outside the network
    assert (answer.xyz - reference).norm(dim=-1).mean() < 0.03 * reference.norm(dim=-1).mean()


@pytest.mark.skipif(
    tuple(map(int, torch.__version__.split(".")[:2])) < (2, 7), reason="the extra onnx needs PyTorch 2.7"
)
def test_survives_export(model: SemGAN, people: Features) -> None:
    n = torch.export.Dim("n", min=1, max=1024)
    exported = torch.export.export(model, (people,), dynamic_shapes=(Features({0: n}, {0: n}),)).module()
    two = Features(people.keypoints[:2], people.person[:2])
    assert torch.allclose(exported(two).xyz, model(two).xyz, atol=1e-3)


@pytest.mark.filterwarnings("ignore:Guards may run slower:RuntimeWarning")  # torch, on Python 3.13.0
def test_survives_compile(model: SemGAN, people: Features) -> None:
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    assert torch.allclose(compiled(people).xyz, model(people).xyz, atol=1e-3)


def test_every_parameter_is_read(model: SemGAN, people: Features) -> None:
    answer = model(people)
    (answer.xyz.sum() + answer.error_mm.sum()).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_a_copy_with_other_curves_answers_alike_but_for_expected_errors(
    model: SemGAN, people: Features
) -> None:
    knots = {part: (10.0, 100.0) for part in skeleton.PARTS}
    twice = Calibration(predicted_mm=knots, measured_mm={part: (20.0, 200.0) for part in skeleton.PARTS})
    curved = model.with_calibration(twice).eval()
    before, after = model(people), curved(people)
    assert torch.equal(after.xyz, before.xyz)
    assert torch.allclose(after.error_mm, 2 * before.error_mm, rtol=1e-4)
    assert torch.equal(curved.with_calibration(None).eval()(people).error_mm, before.error_mm)
    assert model.config.calibration is None
