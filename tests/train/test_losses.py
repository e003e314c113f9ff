import pytest
import torch
from people import standing

from wholebody_lift import skeleton
from wholebody_lift.model import Prediction
from wholebody_lift.train.losses import INFERRED_WEIGHT, SHARPNESS_MM, LossWeights, losses, weighted_sum

ALL = torch.ones(4, 133, dtype=torch.bool)


def _terms(xyz: torch.Tensor, truth: torch.Tensor, observed: torch.Tensor = ALL, error: float = 10.0):
    return losses(Prediction(xyz, torch.full(xyz.shape[:2], error, dtype=xyz.dtype)), truth, observed)


def test_the_truth_has_no_loss() -> None:
    truth = standing(4)
    terms = _terms(truth, truth)
    assert terms.pose == 0
    assert terms.local == 0
    assert terms.bone == 0
    assert terms.normal < 1e-3


def test_pose_is_the_mean_distance_over_parts() -> None:
    truth = standing(4)
    wrong = truth.clone()
    wrong[:, skeleton.indices("face"), 0] += 30
    assert _terms(wrong, truth).pose.item() == pytest.approx(10)  # one part of three
    assert _terms(wrong, truth).local.item() == pytest.approx(15)  # face, and the mean of the hands


def test_a_hand_that_moves_with_its_wrist_has_no_local_error() -> None:
    truth = standing(4)
    wrong = truth.clone()
    wrong[:, [*skeleton.indices("left_hand"), skeleton.INDEX["left_wrist"]]] += 50
    assert _terms(wrong, truth).local < 1e-9 < _terms(wrong, truth).pose


def test_sharpness_gives_confident_predictions_more_weight() -> None:
    truth = standing(4)
    wrong = truth + 10.0
    sure, unsure = (
        losses(Prediction(wrong, torch.full((4, 133), error)), truth, ALL, sharpness=0.5)
        for error in (SHARPNESS_MM / 4, SHARPNESS_MM * 4)
    )
    plain = _terms(wrong, truth)
    assert sure.pose.item() == pytest.approx(2 * plain.pose.item())
    assert unsure.pose.item() == pytest.approx(0.5 * plain.pose.item())
    assert sure.bone == plain.bone


def test_bone_loss_ignores_rotations_and_detects_lengths() -> None:
    truth = standing(4)
    turn = torch.linalg.qr(
        torch.randn(3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    )[0]
    assert _terms(truth @ turn, truth).bone < 1e-6
    lengths = [(truth[:, a] - truth[:, b]).norm(dim=-1) for a, b in skeleton.TREE_EDGES]
    expected = 0.1 * torch.stack(lengths).mean()
    assert _terms(1.1 * truth, truth).bone.item() == pytest.approx(expected.item(), rel=1e-4)


def test_normal_loss_sees_an_elbow_that_bends_the_wrong_way() -> None:
    truth = standing(4)
    shoulder, elbow, wrist = skeleton.LIMBS[0]
    flipped = truth.clone()
    axis = torch.nn.functional.normalize(truth[:, wrist] - truth[:, shoulder], dim=-1)
    arm = truth[:, elbow] - truth[:, shoulder]
    along = (arm * axis).sum(-1, keepdim=True) * axis
    flipped[:, elbow] = truth[:, shoulder] + 2 * along - arm
    assert _terms(flipped, truth).normal > 0.1
    assert _terms(flipped, truth).bone < 1e-2


def test_predicted_error_is_best_where_it_is_the_mean_error() -> None:
    truth = standing(4)
    wrong = truth.clone()
    wrong[..., 2] += 20
    values = [_terms(wrong, truth, error=e).error.item() for e in (10.0, 20.0, 40.0)]
    assert values[1] < values[0]
    assert values[1] < values[2]


def test_inferred_keypoints_count_less() -> None:
    truth = standing(4)
    wrong = truth.clone()
    wrong[:, skeleton.INDEX["left_knee"], 0] += 23
    missing = ALL.clone()
    missing[:, skeleton.INDEX["left_knee"]] = False
    expected = INFERRED_WEIGHT * 23 / (22 + INFERRED_WEIGHT) / 3
    assert _terms(wrong, truth, missing).pose.item() == pytest.approx(expected)


def test_shares_of_a_batch_add_up_to_the_batch() -> None:
    generator = torch.Generator().manual_seed(0)
    truth = standing(4)
    wrong = truth + 30 * torch.randn(truth.shape, generator=generator, dtype=truth.dtype)
    observed = torch.rand(4, 133, generator=generator) < torch.tensor([[1.0], [0.5], [0.2], [0.9]])
    whole = _terms(wrong, truth, observed)
    halves = [_terms(wrong[rows], truth[rows], observed[rows]) for rows in (slice(0, 2), slice(2, 4))]
    for name, *parts in zip(whole._fields, *halves, strict=True):
        assert getattr(whole, name).item() == pytest.approx(torch.stack(parts).mean().item()), name


def test_weighted_sum_adds_the_weighted_terms() -> None:
    terms = _terms(standing(4) * 1.02, standing(4))
    expected = sum(weight * term for weight, term in zip(LossWeights(), terms, strict=True))
    assert weighted_sum(terms, LossWeights()).item() == pytest.approx(float(expected))
