import pytest
import torch
from recordings import small_bank

pytest.importorskip("anny")
pytest.importorskip("tensorboard")

from benchmarks.accuracy import ablations
from benchmarks.accuracy.ablations import CompletePeople
from benchmarks.accuracy.answers import UNIT_MM
from benchmarks.accuracy.contestants import ABLATIONS, BASELINES, CONTESTANTS, TINY_CHANNELS
from wholebody_lift import skeleton
from wholebody_lift.camera import project
from wholebody_lift.config import Config
from wholebody_lift.features import Features
from wholebody_lift.model import SemGAN
from wholebody_lift.model.encoder import Attention
from wholebody_lift.model.graph_conv import SemGraphConv
from wholebody_lift.model.nodes import NodeEmbedding
from wholebody_lift.model.part_decoder import PartDecoder
from wholebody_lift.train.loop import DeepSupervision
from wholebody_lift.train.losses import losses, weighted_sum
from wholebody_lift.train.synthetic.people import People
from wholebody_lift.train.synthetic.rig import load_rig

CUTS: dict[str, ablations.Cut] = {
    "without-part-decoder": ablations.part_decoder,
    "without-distance": ablations.distance_information,
    "without-graph": ablations.graph_convolutions,
    "without-attention": ablations.attention,
    "without-camera": ablations.camera_features,
    "without-local-coordinates": ablations.local_coordinates,
    "without-part-relative": ablations.part_relative_answers,
    "without-own-embeddings": ablations.own_embeddings,
}


def _small(cut: ablations.Cut, nodes: str = "groups") -> SemGAN:
    torch.manual_seed(0)
    model = SemGAN(Config(channels=16, heads=2, layers=2, nodes=nodes))
    cut(model)
    return model


@pytest.mark.parametrize("nodes", ["groups", "keypoints"])
@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_what_is_left_still_learns_and_lifts(cut: ablations.Cut, nodes: str, told: Features) -> None:
    model = _small(cut, nodes)
    target, observed = torch.randn(3, 133, 3) * 300, torch.ones(3, 133, dtype=torch.bool)
    network = DeepSupervision(model)
    weights = CONTESTANTS["semgan"].loss_weights
    sum(weighted_sum(losses(said, target, observed), weights) for said in network(told)).backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []

    together = model.eval()(told)
    alone = model(Features(told.keypoints[1:2], told.person[1:2]))
    assert torch.allclose(alone.xyz[0], together.xyz[1], atol=1e-3)


@pytest.mark.parametrize(
    ("cut", "gone"),
    [
        (ablations.part_decoder, PartDecoder),
        (ablations.graph_convolutions, SemGraphConv),
        (ablations.attention, Attention),
        (ablations.own_embeddings, NodeEmbedding),
    ],
)
def test_modules_are_gone(cut: ablations.Cut, gone: type) -> None:
    whole = _small(lambda model: None)
    assert any(isinstance(module, gone) for module in whole.modules())
    assert not any(isinstance(module, gone) for module in _small(cut).modules())


@pytest.mark.parametrize(
    ("cut", "keypoint_columns", "person_columns"),
    [
        (ablations.distance_information, {4, 5}, set()),
        (ablations.local_coordinates, {6, 7, 8}, set()),
        (ablations.camera_features, set(), {0, 1, 2}),
    ],
)
def test_features_are_not_heard(
    cut: ablations.Cut, keypoint_columns: set[int], person_columns: set[int], told: Features
) -> None:
    tensors = told.keypoints, told.person
    for tensor in tensors:
        tensor.requires_grad_()
    _small(cut)(told).xyz.square().sum().backward()
    for tensor, columns in zip(tensors, (keypoint_columns, person_columns), strict=True):
        heard = tensor.grad.flatten(0, -2).abs().sum(0)
        assert set((heard == 0).nonzero().flatten().tolist()) == columns


def test_without_attention_nothing_passes_but_along_edges(told: Features) -> None:
    """Two layers reach two edges far, from a toe to the knee; with attention everything is one step away."""
    toe, knee, hip = (skeleton.INDEX[f"left_{name}"] for name in ("big_toe", "knee", "hip"))

    def heard(model: SemGAN, node: int) -> float:
        keypoints = told.keypoints.clone().requires_grad_()
        model.encode(Features(keypoints, told.person))[-1][:, node].square().sum().backward()
        return keypoints.grad[:, toe].abs().sum().item()

    cut, whole = _small(ablations.attention), _small(lambda model: None)
    assert heard(cut, knee) > 0
    assert heard(cut, hip) == 0
    assert heard(whole, hip) > 0


def test_without_graph_nothing_passes_but_by_attention(told: Features) -> None:
    model = _small(ablations.graph_convolutions)
    ablations.attention(model)
    keypoints = told.keypoints.clone().requires_grad_()
    nose = skeleton.INDEX["nose"]
    model.encode(Features(keypoints, told.person))[-1][:, nose].square().sum().backward()
    assert keypoints.grad.abs().sum((0, 2)).nonzero().flatten().tolist() == [nose]


def test_answers_relative_to_the_root_hang_on_nothing() -> None:
    model = _small(ablations.part_relative_answers)
    out = torch.randn(2, 133, 4)
    expected = UNIT_MM * out[..., :3]
    expected = expected - expected[:, list(skeleton.ROOT)].mean(1, keepdim=True)
    assert torch.allclose(model.compose(out).xyz, expected, atol=1e-3)


def test_a_shared_embedding_tells_nodes_apart_by_their_vectors_alone(told: Features) -> None:
    embed = _small(ablations.own_embeddings).embed_keypoints["hands"]
    same = told.keypoints[:, :1].expand(-1, 42, -1)
    nodes = embed(same)  # root and five fingers of each hand
    assert torch.allclose(nodes[:, 0] - nodes[:, 6], embed.vectors[0] - embed.vectors[6], atol=1e-6)
    assert not torch.allclose(nodes[:, 0], nodes[:, 6])


def test_some_networks_are_whole_but_trained_otherwise() -> None:
    assert ABLATIONS["without-geometry-losses"].loss_weights.normal == 0
    assert ABLATIONS["without-geometry-losses"].loss_weights.bone == 0
    assert ABLATIONS["without-geometry-losses"].loss_weights.pose == BASELINES["semgan"].loss_weights.pose
    assert ABLATIONS["without-inner-answers"].settings == {"layer_weight": 0.0}
    assert ABLATIONS["without-missing"].people is CompletePeople
    for name in ("without-geometry-losses", "without-inner-answers", "without-missing", "semgan-tiny"):
        assert ABLATIONS[name].network().model.config == Config(channels=TINY_CHANNELS)
    assert ABLATIONS["keypoints-as-nodes"].network().model.config == Config(
        nodes="keypoints", channels=TINY_CHANNELS
    )


def test_complete_people_are_the_same_people_and_lack_nothing() -> None:
    rig, bank = load_rig(), small_bank()
    usual, complete = (
        kind(rig, bank).sample(64, torch.Generator().manual_seed(3)) for kind in (People, CompletePeople)
    )
    assert not usual.observed.all()
    assert complete.observed.all()
    # What is seen turns the view, but the bodies are the same.
    assert torch.allclose(usual.target.norm(dim=-1), complete.target.norm(dim=-1), atol=0.1)

    scene = CompletePeople(rig, bank).scene(16, torch.Generator().manual_seed(3), family="webcam")
    assert not scene.views.inside.all()
    assert torch.equal(scene.detections.xy, project(scene.views.xyz, scene.views.K))
