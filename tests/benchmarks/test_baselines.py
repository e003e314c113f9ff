import itertools
from collections.abc import Callable

import pytest
import torch
from torch import nn

pytest.importorskip("anny")
pytest.importorskip("tensorboard")

from benchmarks.accuracy import jointformer
from benchmarks.accuracy.answers import INPUTS, UNIT_MM, Answer, Baseline, everything, to_prediction
from benchmarks.accuracy.contestants import BASELINES, OURS
from benchmarks.accuracy.lfm import LFM, FourierFeatures, GraphAttention, fitting_rotation
from benchmarks.accuracy.match import parameters
from benchmarks.accuracy.semgcn import NonLocal, SemGCN
from benchmarks.accuracy.simple_baseline import LargeSimpleBaseline, Perceptron
from wholebody_lift import skeleton
from wholebody_lift.features import Features

SMALL = jointformer.Stage(channels=8, layers=2, hidden=16, dropout=0.2)

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "large-simple-baseline": lambda: LargeSimpleBaseline(133, INPUTS),
    "semgcn": lambda: SemGCN(133, INPUTS, skeleton.EDGES),
    "3d-lfm": lambda: LFM(133, INPUTS, skeleton.EDGES),
    "3d-lfm-unturned": lambda: LFM(133, INPUTS, skeleton.EDGES, turned=False),
    "jointformer": lambda: jointformer.Jointformer(133, INPUTS, SMALL),
    "jointformer-refined": lambda: jointformer.Jointformer(133, INPUTS, SMALL, SMALL),
}


@pytest.fixture(params=NETWORKS)
def model(request: pytest.FixtureRequest) -> Baseline:
    torch.manual_seed(0)
    return Baseline(NETWORKS[request.param]())


def test_answers_are_root_relative_and_errors_positive(model: Baseline, told: Features) -> None:
    for answer in model.eval().answers(told):
        assert answer.xyz.shape == (3, 133, 3)
        assert answer.error_mm.shape == (3, 133)
        assert answer.xyz[:, list(skeleton.ROOT)].mean(1).abs().max() < 1e-3
        assert (answer.error_mm > 0).all()


def test_every_parameter_learns_from_all_answers(model: Baseline, told: Features) -> None:
    sum(answer.xyz.square().sum() + answer.error_mm.sum() for answer in model.answers(told)).backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    # Behind a batch normalisation that starts at 0, the inside of a non-local layer has to wait for it, and
    # nothing hears what is fed back after the last layer.
    assert all(".layers." in name or ".feed_back.1." in name for name in silent)
    assert not any("positions" in name or "errors" in name or "refine" in name for name in silent)


def test_a_batch_is_lifted_as_its_people_are(model: Baseline, told: Features) -> None:
    together = model.eval()(told)
    for i in range(3):
        alone = model(told.map(lambda tensor, i=i: tensor[i : i + 1]))
        assert torch.allclose(alone.xyz[0], together.xyz[i], atol=1e-2)
        assert torch.allclose(alone.error_mm[0], together.error_mm[i], atol=1e-2)


def test_all_features_are_read(model: Baseline, told: Features) -> None:
    for tensor in (told.keypoints, told.person):
        tensor.requires_grad_()
    model.eval()(told).xyz.square().sum().backward()
    assert (told.keypoints.grad.abs().sum((0, 1)) > 0).all()
    assert (told.person.grad.abs().sum(0) > 0).all()


def test_those_of_the_person_stand_beside_those_of_each_keypoint(told: Features) -> None:
    read = everything(told)
    assert read.shape == (3, 133, INPUTS)
    assert torch.equal(read[1, 77], torch.cat((told.keypoints[1, 77], told.person[1])))


def test_an_answer_of_one_is_half_a_metre() -> None:
    position = torch.zeros(1, 133, 3)
    position[:, 0, 2] = 1
    answer = to_prediction(Answer(position, torch.full((1, 133), 0.1)))
    assert answer.xyz[0, 0].tolist() == [0, 0, UNIT_MM]
    assert answer.error_mm[0, 0].item() == pytest.approx(0.1 * UNIT_MM)


# Published sizes


def test_the_perceptron_has_the_size_of_h3wbs() -> None:
    assert parameters(Perceptron(133 * 2, 133 * 3)) == 6_979_983


def test_semgcn_has_its_published_size() -> None:
    """0.43 M in the table of its repository, and 0.27 M without the non-local layers."""
    model = SemGCN(16, 2, list(itertools.pairwise(range(16))), outputs=3)
    assert parameters(model) == 434_703
    assert (
        parameters(model) - sum(parameters(m) for m in model.modules() if isinstance(m, NonLocal)) == 267_343
    )


def test_jointformer_has_its_published_size() -> None:
    """As counted by hand from its repository's code with the sizes of its README, for 17 keypoints."""
    layer = 4 * 64 * 512 + 2 * 64 + (64 * 512 + 512) + (512 * 64 + 64) + 2 * 64
    head = 2 * 17 * 64 + (17 * 64 * 51 + 51)
    back = 51 * 17 * 64 + 17 * 64
    coarse = jointformer.JointTransformer(17, 2, jointformer.COARSE)
    assert parameters(coarse) == (2 * 64 + 64) + 2 * 64 + 4 * (layer + 2 * head + back) == 1_478_104

    layer = 4 * 256 * 512 + 2 * 256 + (256 * 1024 + 1024) + (1024 * 256 + 256) + 2 * 256
    head = 2 * 17 * 256 + (17 * 256 * 51 + 51)
    refinement = jointformer.Refinement(17, 2, jointformer.REFINEMENT, outputs=3)
    assert parameters(refinement) == (8 * 256 + 256) + 2 * 256 + 2 * layer + head


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        (OURS, 4.12),
        ("semgan-published", 3.48),
        ("large-simple-baseline", 8.48),
        ("semgcn", 0.44),
        ("3d-lfm", 2.75),
    ],
)
def test_sizes_with_our_input(name: str, millions: float) -> None:
    assert parameters(BASELINES[name].network().model) / 1e6 == pytest.approx(millions, abs=0.01)


# Each network's own


def test_non_local_layers_are_the_identity_at_first() -> None:
    layer, x = NonLocal(), torch.randn(2, 5, 128)
    assert torch.equal(layer(x), x)


def test_non_local_layers_are_their_equation() -> None:
    torch.manual_seed(0)
    layer, x = NonLocal().eval(), torch.randn(1, 3, 128)
    layer.norm.weight.data.fill_(1)
    weight = torch.cat((layer.of_query.weight, layer.of_key.weight), dim=1)[0]
    for i in range(3):
        mean = torch.zeros(64)
        for j in range(3):
            pair = torch.cat((layer.query(x[0, i]), layer.key(x[0, j])))
            mean += torch.relu(weight @ pair) * layer.value(x[0, j]) / 3
        expected = x[0, i] + layer.project(mean) / (1 + layer.norm.eps) ** 0.5
        assert torch.allclose(layer(x)[0, i], expected, atol=1e-5)


def test_the_refinement_does_not_train_the_first_stage(told: Features) -> None:
    model = Baseline(jointformer.Jointformer(133, INPUTS, SMALL, SMALL))
    model(told).xyz.square().sum().backward()
    assert all(parameter.grad is None for parameter in model.network.coarse.parameters())
    assert len(model.answers(told)) == SMALL.layers + 1


def test_jointformers_expected_distance_is_the_length_of_its_errors() -> None:
    model = jointformer.Jointformer(133, INPUTS, SMALL).eval()
    x = torch.randn(2, 133, INPUTS)
    _, error = model.coarse(x)[-1]
    assert torch.allclose(model(x)[-1].error, error.square().sum(-1).sqrt())


def test_graph_attention_sees_neighbours_alone() -> None:
    torch.manual_seed(0)
    layer = GraphAttention(4, [(0, 1), (1, 2)])
    x = torch.randn(1, 4, 256, requires_grad=True)
    layer(x)[0, 0].sum().backward()
    assert x.grad[0].abs().sum(-1).bool().tolist() == [True, True, False, False]


def test_fourier_features_tell_a_shift_as_a_rotation() -> None:
    """How similar the features of two places are depends only on the vector between them."""
    torch.manual_seed(0)
    features = FourierFeatures(2)
    a, b, shift = torch.randn(3, 2)
    near = features(a) @ features(b)
    assert features(a + shift) @ features(b + shift) == pytest.approx(near.item(), abs=1e-3)


def test_the_fitting_rotation_is_found_again_whatever_the_scale_and_place() -> None:
    torch.manual_seed(0)
    shape = torch.randn(2, 133, 3)
    turned = torch.linalg.qr(torch.randn(2, 3, 3))[0]
    turned = turned * turned.det()[:, None, None].sign()  # a rotation, not a reflection
    image = 0.3 * (shape @ turned)[..., :2] + 5
    observed = torch.ones(2, 133)
    observed[:, 100:] = 0
    image[:, 100:] = 0
    assert torch.allclose(fitting_rotation(shape, image, observed), turned, atol=1e-2)
