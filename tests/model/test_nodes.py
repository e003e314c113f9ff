import pytest
import torch

from wholebody_lift import skeleton
from wholebody_lift.model.nodes import NodeAnswers, NodeEmbedding, graph_of, nodes_of_parts


@pytest.mark.parametrize(("kind", "count"), [("groups", 42), ("keypoints", 133)])
def test_nodes_hold_every_keypoint_once_and_in_order(kind, count) -> None:
    parts = nodes_of_parts(kind)
    members = [keys for part in parts.values() for keys in part.members]
    assert len(members) == count
    assert [keypoint for keys in members for keypoint in keys] == list(range(133))
    assert [part.num_keypoints for part in parts.values()] == [23, 68, 42]
    assert [int(part.filled.sum()) for part in parts.values()] == [23, 68, 42]


def test_with_keypoints_as_nodes_the_graph_is_the_skeletons() -> None:
    graph = graph_of(list(nodes_of_parts("keypoints").values()))
    assert set(graph) == {(min(edge), max(edge)) for edge in skeleton.EDGES}


def test_groups_are_connected_where_their_keypoints_are() -> None:
    names = list(skeleton.GROUPS)
    graph = {frozenset((names[a], names[b])) for a, b in graph_of(list(nodes_of_parts("groups").values()))}
    for pair in (
        ("left_elbow", "left_wrist"),
        ("left_wrist", "left_hand_root"),
        ("left_hand_root", "left_thumb"),
        ("nose", "face_nose"),
        ("face_jaw", "face_mouth"),
    ):
        assert frozenset(pair) in graph, pair
    assert frozenset(("left_wrist", "right_hand_root")) not in graph
    assert all(len(pair) == 2 for pair in graph)


def test_a_node_hears_its_own_keypoints_alone() -> None:
    hands = nodes_of_parts("groups")["hands"]
    embed = NodeEmbedding(hands, 3, 5)
    x = torch.randn(1, 42, 3, requires_grad=True)
    for node, keys in enumerate(hands.members):
        (gradient,) = torch.autograd.grad(embed(x)[0, node].sum(), x)
        heard = gradient[0].abs().sum(-1).nonzero().flatten().tolist()
        assert heard == [keypoint - hands.members[0].start for keypoint in keys]


def test_embedding_agrees_with_a_plain_loop() -> None:
    face = nodes_of_parts("groups")["face"]
    torch.manual_seed(0)
    embed = NodeEmbedding(face, 2, 5)
    x = torch.randn(3, 68, 2)
    for node, keys in enumerate(face.members):
        own = x[:, [keypoint - face.members[0].start for keypoint in keys]].flatten(1)
        expected = own @ embed.weight[node, : own.shape[1]] + embed.bias[node]
        assert torch.allclose(embed(x)[:, node], expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["groups", "keypoints"])
def test_answers_are_the_inverse_of_an_embedding_that_copies(kind) -> None:
    for part in nodes_of_parts(kind).values():
        embed, answers = NodeEmbedding(part, 4, 4 * part.slots), NodeAnswers(part, 4)
        embed.weight.data = torch.eye(answers.width).expand(len(part.members), -1, -1)
        embed.bias.data.zero_()
        x = torch.randn(2, part.num_keypoints, 4)
        assert torch.equal(answers(embed(x)), x)
