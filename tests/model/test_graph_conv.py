import torch

from wholebody_lift import skeleton
from wholebody_lift.model.graph_conv import SemGraphConv


def _layer() -> SemGraphConv:
    torch.manual_seed(0)
    layer = SemGraphConv(5, 7, skeleton.NUM_KEYPOINTS, skeleton.EDGES).double()
    torch.nn.init.normal_(layer.edge_logits)
    torch.nn.init.normal_(layer.bias)
    return layer


def test_adjacency_has_the_skeletons_edges_and_rows_that_sum_to_one() -> None:
    adjacency = _layer().adjacency()
    wanted = {(i, i) for i in range(133)} | set(skeleton.EDGES) | {(b, a) for a, b in skeleton.EDGES}
    assert {tuple(e) for e in adjacency.nonzero().tolist()} == wanted
    assert torch.allclose(adjacency.sum(-1), torch.ones(133, dtype=torch.float64))


def test_agrees_with_a_plain_loop() -> None:
    layer = _layer()
    x = torch.randn(2, 133, 5, dtype=torch.float64)
    adjacency = layer.adjacency()
    expected = torch.zeros(2, 133, 7, dtype=torch.float64)
    for person in range(2):
        for i in range(133):
            total = layer.bias.clone()
            for j in range(133):
                weight = layer.self_weight if i == j else layer.neighbour_weight
                if adjacency[i, j] > 0:
                    total = total + adjacency[i, j] * (x[person, j] @ weight)
            expected[person, i] = total
    assert (layer(x) - expected).abs().max() < 1e-10


def test_only_neighbours_reach_a_keypoint() -> None:
    layer = _layer()
    x = torch.randn(1, 133, 5, dtype=torch.float64, requires_grad=True)
    knee = skeleton.INDEX["left_knee"]
    (gradient,) = torch.autograd.grad(layer(x)[0, knee].sum(), x)
    reached = set(gradient[0].abs().sum(-1).nonzero().flatten().tolist())
    assert reached == {knee, skeleton.INDEX["left_hip"], skeleton.INDEX["left_ankle"]}
