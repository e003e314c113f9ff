import pytest
import torch
from people import standing

from wholebody_lift import skeleton
from wholebody_lift.train import metrics


def _turn() -> torch.Tensor:
    turn, _ = torch.linalg.qr(
        torch.randn(3, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    )
    return turn * torch.linalg.det(turn)


def test_a_constant_offset_is_forgiven_at_the_root() -> None:
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


def test_scale_alignment_forgives_size_but_not_turns() -> None:
    truth = standing(2)
    assert metrics.scale_aligned(0.7 * truth, truth).max() < 1e-9
    assert metrics.scale_aligned(truth @ _turn().T, truth).mean() > 50


def test_procrustes_forgives_a_similarity_but_no_mirror() -> None:
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
