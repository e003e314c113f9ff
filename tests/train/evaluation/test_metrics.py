import pytest
import torch
from people import standing

from wholebody_lift import skeleton
from wholebody_lift.train.evaluation import metrics


def _turn() -> torch.Tensor:
    turn, _ = torch.linalg.qr(
        torch.randn(3, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    )
    return turn * torch.linalg.det(turn)


def test_root_alignment_removes_a_constant_offset() -> None:
    truth = standing(3)
    offset = truth + torch.tensor([6.0, 0.0, 8.0], dtype=torch.float64)
    assert (offset - truth).norm(dim=-1).mean().item() == pytest.approx(10)
    assert metrics.root_aligned(offset, truth).max() < 1e-9


def test_an_error_of_ten_mm_everywhere_but_at_the_hips_is_ten() -> None:
    truth = standing(1)
    wrong = truth.clone()
    others = [i for i in range(133) if i not in skeleton.ROOT]
    wrong[:, others, 2] += 10
    distance = metrics.root_aligned(wrong, truth)[0]
    assert distance[others].mean().item() == pytest.approx(10)
    assert distance[list(skeleton.ROOT)].max() < 1e-9


def test_scale_alignment_removes_size_but_not_rotation() -> None:
    truth = standing(2)
    assert metrics.scale_aligned(0.7 * truth, truth).max() < 1e-9
    assert metrics.scale_aligned(truth @ _turn().T, truth).mean() > 50


def test_procrustes_removes_a_similarity_but_not_a_reflection() -> None:
    truth = standing(2)
    similar = 1.7 * truth @ _turn().T + 300
    assert metrics.procrustes_aligned(similar, truth).max() < 1e-9
    mirrored = truth * torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)
    assert metrics.procrustes_aligned(mirrored, truth).mean() > 20


def test_parts_are_aligned_to_nose_and_hand_roots() -> None:
    truth = standing(2)
    moved = truth.clone()
    moved[:, [*skeleton.indices("face"), skeleton.INDEX["nose"]]] += 25
    moved[:, skeleton.indices("left_hand")] -= 40
    distance = metrics.part_aligned(moved, truth)
    assert distance[:, skeleton.indices("face", "left_hand", "right_hand")].max() < 1e-9
    assert metrics.root_aligned(moved, truth)[:, skeleton.indices("face")].min() > 40


def test_reported_parts_are_those_of_the_protocol() -> None:
    parts = metrics.REPORTED_PARTS
    assert [len(parts[name]) for name in ("whole", "body", "face", "hands")] == [133, 23, 68, 42]


def test_the_protocol_names_what_it_measures() -> None:
    truth = standing(3)
    wrong = truth.clone()
    wrong[:, [*skeleton.indices("face"), skeleton.INDEX["nose"]], 0] += 8
    wrong[:, skeleton.indices("left_hand"), 1] += 12
    errors = metrics.protocol(wrong, truth)
    assert errors.face.tolist() == pytest.approx([8] * 3)
    assert errors.face_at_nose.max() < 1e-9
    assert errors.hands.tolist() == pytest.approx([6] * 3)
    assert errors.hands_at_wrist.max() < 1e-9
    assert errors.body.tolist() == pytest.approx([8 / 23] * 3)
    assert errors.whole.tolist() == pytest.approx([(69 * 8 + 21 * 12) / 133] * 3)


def test_depth_error_is_along_the_ray_only() -> None:
    truth = standing(2)
    rays = truth + torch.tensor([0.0, 0.0, 4000.0], dtype=torch.float64)
    along = torch.nn.functional.normalize(rays, dim=-1)
    aside = torch.nn.functional.normalize(torch.linalg.cross(along, along.roll(1, -1)), dim=-1)
    others = [i for i in range(133) if i not in skeleton.ROOT]
    for direction, wanted in ((along, (10, 0)), (aside, (0, 10)), (0.6 * along + 0.8 * aside, (6, 8))):
        wrong = truth.clone()
        wrong[:, others] += 10 * direction[:, others]
        found = metrics.depth_and_across(wrong, truth, rays)
        assert [part[:, others].mean().item() for part in found] == pytest.approx(wanted, abs=1e-6)
        total = (found[0].square() + found[1].square()).sqrt()
        assert torch.allclose(total, metrics.root_aligned(wrong, truth))


def test_bones_of_a_rigid_body_do_not_differ_between_views() -> None:
    body = standing(1)
    views = torch.stack([body[0], body[0] @ _turn().T, body[0] + 500], 0)
    assert metrics.spread_percent(metrics.bone_lengths(views[None])).max() < 1e-9


def test_the_spread_of_bone_lengths_is_that_of_their_sizes() -> None:
    body = standing(1)[0]
    views = torch.stack([0.9 * body, 1.1 * body])[None]
    spread = metrics.spread_percent(metrics.bone_lengths(views))
    assert spread.shape == (1, len(skeleton.EDGES))
    assert torch.allclose(spread, torch.full_like(spread, 10.0))


def test_lengths_are_those_of_the_edges() -> None:
    body = standing(1)
    a, b = skeleton.EDGES[5]
    assert metrics.bone_lengths(body)[0, 5] == (body[0, a] - body[0, b]).norm()


def test_right_predictions_are_calibrated() -> None:
    actual = 5 + 100 * torch.rand(200, 133, generator=torch.Generator().manual_seed(0))
    deciles = metrics.calibration(actual, actual)
    assert [(d.part, d.decile) for d in deciles] == [(p, i) for p in skeleton.PARTS for i in range(1, 11)]
    assert all(d.ratio == pytest.approx(1) for d in deciles)
    first, last = deciles[0], deciles[9]
    assert first.actual < 20 < 95 < last.actual
    line = metrics.summary(deciles)
    assert (line.mean_ratio, line.mean_deviation) == pytest.approx((1, 0), abs=1e-6)


def test_calibration_of_known_numbers() -> None:
    """Ten people; the k-th has predicted and actual errors of k mm, except that the last one's feet have
    twice that."""
    predicted = torch.arange(1.0, 11.0)[:, None].expand(10, 133)
    actual = predicted.clone()
    actual[-1, skeleton.indices("feet")] *= 2
    deciles = metrics.calibration(predicted, actual)
    body = [(d.predicted, d.actual) for d in deciles if d.part == "body"]
    assert body == [pytest.approx((k, k)) for k in range(1, 11)]
    line = metrics.summary(deciles)
    assert (line.worst.part, line.worst.decile, line.worst.predicted, line.worst.actual) == (
        "feet",
        10,
        10,
        20,
    )
    assert line.worst.ratio == 0.5
    assert line.mean_ratio == pytest.approx(49.5 / 50)
    assert line.mean_deviation == pytest.approx(0.5 / 50)


def test_too_large_is_as_bad_as_too_small() -> None:
    half = metrics.Decile("body", 1, 10.0, 20.0)
    triple = metrics.Decile("face", 1, 30.0, 10.0)
    assert metrics.summary([half, triple]).worst == triple
    assert metrics.summary([half, metrics.Decile("face", 1, 15.0, 10.0)]).worst == half
