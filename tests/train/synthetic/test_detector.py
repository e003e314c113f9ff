import dataclasses
import math

import pytest
import torch

from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.skeleton import INDEX, MIRROR, PARTS, indices
from wholebody_lift.train.synthetic import detector
from wholebody_lift.train.synthetic.cameras import sample
from wholebody_lift.train.synthetic.detector import KINDS, MASKS, MIN_FOUND, SIGMAS, detect
from wholebody_lift.train.synthetic.draws import Draws
from wholebody_lift.train.synthetic.occlusion import hidden


@pytest.fixture
def views(people, generator):
    return sample(people, generator, "laboratory")


@pytest.fixture
def covered(views):
    return hidden(views.xyz)


@pytest.fixture
def nothing_covered(views):
    return torch.zeros_like(views.inside)


def missing(detections):
    return detections.scores < MIN_SCORE


def error_px(detections, views):
    return (detections.xy - views.xy).norm(dim=-1)


def test_mixture_is_a_distribution():
    assert math.isclose(sum(kind.share for kind in KINDS.values()), 1)
    assert math.isclose(sum(share for share, _ in MASKS.values()), 1)
    assert all(0 <= value <= 1 for kind in KINDS.values() for value in kind[2:13])


def test_sigmas_are_those_of_coco_wholebody():
    """A few that anyone can look up, and the symmetry of the whole."""
    assert len(SIGMAS) == 133
    assert [SIGMAS[INDEX[name]] for name in ("nose", "left_hip", "right_ankle", "right_heel")] == [
        0.026,
        0.107,
        0.089,
        0.094,
    ]
    assert SIGMAS[PARTS["face"][30]] == 0.007
    assert SIGMAS[PARTS["face"][-1]] == 0.008
    assert SIGMAS[INDEX["right_thumb4"]] == 0.047
    for part in ("body", "left_hand"):
        assert all(SIGMAS[i] == SIGMAS[MIRROR[i]] for i in PARTS[part])


def test_shapes_and_ranges(people, generator):
    views = sample(people, generator)
    found = detect(views.xy, views, hidden(views.xyz), generator)
    assert found.xy.shape == (len(people), 133, 2)
    assert found.scores.shape == (len(people), 133)
    assert found.xy.dtype == found.scores.dtype == torch.float32
    assert found.xy.isfinite().all()
    assert found.scores.min() >= 0
    assert found.scores.max() <= 1
    assert ((~missing(found)).sum(-1) >= MIN_FOUND).all()


def test_without_noise_everything_is_exact(views, covered, generator):
    found = detect(views.xy, views, covered, generator, noise=False)
    assert torch.equal(found.xy, views.xy)
    assert (found.scores == 1).all()


def test_exact_kind_is_exact(views, covered, generator):
    found = detect(views.xy, views, covered, generator, kind="exact")
    assert torch.equal(found.xy, views.xy)
    assert (found.scores[views.inside] == 1).all()


def test_exact_input_of_training_has_several_layouts(people, generator):
    assert math.isclose(sum(layout.share for layout in detector.EXACT_LAYOUTS.values()), 1)
    views = sample(people.repeat(8, 1, 1), generator, "laboratory")
    found = detect(views.xy, views, torch.zeros_like(views.inside), generator, as_trained=True)
    exact = found.kind == list(KINDS).index("exact")
    assert torch.equal(found.xy[exact], views.xy[exact])
    complete = exact & views.inside.all(-1)
    given = found.scores[complete] == 1
    has = {
        "all": given.all(-1),
        "body": given[:, indices("body")].all(-1) & ~given[:, indices("feet")].any(-1),
        "limbs": ~given[:, indices("face", "feet")].any(-1) & ~given[:, INDEX["nose"]],
    }
    for name, rows in has.items():
        assert rows.float().mean().item() == pytest.approx(detector.EXACT_LAYOUTS[name].share, abs=0.1)
    assert given[has["limbs"]].sum(-1).tolist() == [12] * int(has["limbs"].sum())
    for options in ({}, {"as_trained": True}):
        alone = detect(views.xy, views, torch.zeros_like(views.inside), generator, kind="exact", **options)
        assert (alone.scores[complete] == 1).all()


def test_some_bodies_have_no_head_in_training(people, generator):
    views = sample(people.repeat(24, 1, 1), generator, "laboratory")
    found = detect(views.xy, views, torch.zeros_like(views.inside), generator, as_trained=True)
    bodies = found.kind == list(KINDS).index("body_only")
    head = [INDEX["nose"], INDEX["left_ear"], INDEX["right_eye"]]
    headless = missing(found)[bodies][:, head].all(-1).float().mean().item()
    assert headless == pytest.approx(detector.HEADLESS, abs=0.12)


def test_kinds_have_their_shares(people, generator):
    views = sample(people.repeat(8, 1, 1), generator, "laboratory")
    found = detect(views.xy, views, torch.zeros_like(views.inside), generator)
    for i, kind in enumerate(KINDS.values()):
        sd = math.sqrt(kind.share * (1 - kind.share) / len(views.xy))
        assert abs((found.kind == i).float().mean().item() - kind.share) < 4 * sd + 0.01
    complete_and_exact = (found.xy == views.xy).all(-1).all(-1) & (found.scores == 1).all(-1)
    assert 0.12 < complete_and_exact.float().mean() < 0.2


def test_unknown_kind(views, covered, generator):
    with pytest.raises(ValueError, match=r"exact, masked.*got 'yolo'"):
        detect(views.xy, views, covered, generator, kind="yolo")


def test_same_seed_same_result(views, covered):
    first, again = (detect(views.xy, views, covered, torch.Generator().manual_seed(3)) for _ in range(2))
    other = detect(views.xy, views, covered, torch.Generator().manual_seed(4))
    assert torch.equal(first.xy, again.xy)
    assert torch.equal(first.scores, again.scores)
    assert not torch.equal(first.xy, other.xy)


def test_errors_follow_the_sigmas(views, nothing_covered, generator):
    error = error_px(detect(views.xy, views, nothing_covered, generator, kind="wholebody"), views)
    nose, wrist, hip = (error[:, INDEX[name]].median().item() for name in ("nose", "left_wrist", "left_hip"))
    assert 0.5 < nose < wrist < hip < 25


def test_hidden_keypoints_are_worse_and_score_lower(views, nothing_covered, generator):
    legs = [INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle")]
    legs_covered = nothing_covered.clone()
    legs_covered[:, legs] = True
    seen, unseen = (
        detect(views.xy, views, some, generator, kind="wholebody") for some in (nothing_covered, legs_covered)
    )
    assert error_px(unseen, views)[:, legs].median() > 2 * error_px(seen, views)[:, legs].median()
    assert unseen.scores[:, legs].median() < seen.scores[:, legs].median() - 0.2
    assert missing(unseen)[:, legs].float().mean() > 3 * missing(seen)[:, legs].float().mean()


@pytest.mark.parametrize("kind", ["wholebody", "holistic", "bottom_up", "body_only"])
def test_scores_fall_with_the_error(views, covered, generator, kind):
    body = list(PARTS["body"])
    found = detect(views.xy, views, covered, generator, kind=kind)
    error, scores = error_px(found, views)[:, body], found.scores[:, body]
    scored = (scores >= MIN_SCORE) & (scores < 1)  # without those whose scores were thrown away
    ranks = torch.stack([error[scored].argsort().argsort(), scores[scored].argsort().argsort()]).double()
    assert torch.corrcoef(ranks)[0, 1] < -0.2


def test_students_t_has_its_quantiles(generator):
    """Of x and of y alone: 0.741 and 2.132 are the quantiles 0.75 and 0.95 of Student's t, 4 degrees."""
    drawn = detector._student_t(Draws(2000, generator))
    for coordinate in drawn.unbind(1):
        quantiles = torch.tensor([0.25, 0.5, 0.75, 0.95])
        found = coordinate.flatten().quantile(quantiles)
        torch.testing.assert_close(found, torch.tensor([-0.741, 0.0, 0.741, 2.132]), atol=0.03, rtol=0)
    x, y = drawn.unbind(1)
    assert abs(torch.corrcoef(torch.stack([x.flatten().sign(), y.flatten().sign()]))[0, 1]) < 0.01


def test_the_tail_is_heavy(views, nothing_covered, generator):
    error = error_px(detect(views.xy, views, nothing_covered, generator, kind="wholebody"), views)
    error = error[:, INDEX["nose"]]
    assert error.quantile(0.98) > 4 * error.median()  # 2.4 for a normal distribution


def test_small_people_have_relatively_larger_errors(people, nothing_covered, generator):
    near = sample(people, torch.Generator().manual_seed(0), "laboratory")
    shrink = torch.diag(torch.tensor([0.1, 0.1, 1.0]))
    far = dataclasses.replace(near, K=shrink @ near.K, xy=near.xy * 0.1, image_size=near.image_size * 0.1)
    large, small = (detect(v.xy, v, nothing_covered, generator, kind="wholebody") for v in (near, far))
    face = indices("face")
    assert 10 * error_px(small, far)[:, face].median() > 2 * error_px(large, near)[:, face].median()
    hands = indices("left_hand", "right_hand")
    assert missing(small)[:, hands].float().mean() > missing(large)[:, hands].float().mean() + 0.2


def test_outside_the_picture_is_missing(people, generator):
    views = sample(people, generator, "webcam")
    covered = torch.zeros_like(views.inside)
    found = detect(views.xy, views, covered, generator, kind="wholebody")
    outside = ~(views.inside | views.inside[:, list(MIRROR)]) & (found.kind != 0)[:, None]
    assert missing(found)[outside].float().mean() > 0.9
    border = views.image_size[:, None].expand_as(found.xy) - 1
    assert (found.xy[outside] >= 0).all()
    assert (found.xy[outside] <= border[outside]).all()
    found = detect(views.xy, views, covered, generator, kind="holistic")
    outside = ~(views.inside | views.inside[:, list(MIRROR)]) & (found.kind != 0)[:, None]
    assert (found.scores[outside] == 0).all()
    assert (found.xy[outside] == 0).all()


def test_masked_kind_follows_h3wb(views, covered, generator):
    found = detect(views.xy, views, covered, generator, kind="masked")
    assert torch.equal(found.xy, views.xy)
    gone = missing(found) & views.inside
    whole_part_gone = {
        part: gone[:, list(PARTS[part])].all(-1) for part in ("face", "left_hand", "right_hand")
    }
    for part, share in whole_part_gone.items():
        assert abs(share.float().mean() - 0.2) < 0.07, part
    rest = ~torch.stack(list(whole_part_gone.values())).any(0)
    assert abs(rest.float().mean() - 0.4) < 0.09
    assert abs(gone[rest].float().mean() - 0.25) < 0.02
    assert set(found.scores.unique().tolist()) == {0.0, 1.0}


def test_holistic_looks_like_mediapipe(views, nothing_covered, generator):
    """Constant scores for hands and face, no small toes, zeros where nothing was found."""
    found = detect(views.xy, views, nothing_covered, generator, kind="holistic")
    toes = [INDEX["left_small_toe"], INDEX["right_small_toe"]]
    assert (found.scores[:, toes] == 0).all()
    assert (found.xy[:, toes] == 0).all()
    for part in ("face", "left_hand", "right_hand"):
        scores = found.scores[:, list(PARTS[part])]
        highest = scores.amax(-1, keepdim=True)
        assert ((scores == highest) | (scores == 0)).all()
    hands_found = (~missing(found))[:, list(PARTS["left_hand"])].any(-1).float().mean()
    assert 0.5 < hands_found < 0.95


def test_holistic_guesses_hidden_hands_with_the_same_score(views, nothing_covered, generator):
    hand = list(PARTS["left_hand"])
    hand_covered = nothing_covered.clone()
    hand_covered[:, hand] = True
    found = detect(views.xy, views, hand_covered, generator, kind="holistic")
    guessed = (~missing(found))[:, hand].float().mean(-1) > 0.5
    assert 0.25 < guessed.float().mean() < 0.75
    assert (found.scores[guessed][:, hand].amax(-1) >= 0.5).all()
    seen = detect(views.xy, views, nothing_covered, generator, kind="holistic")
    seen_error = error_px(seen, views)[:, hand][~missing(seen)[:, hand]]
    assert error_px(found, views)[guessed][:, hand].median() > 2 * seen_error.median()


def test_body_only_reports_only_the_body(views, nothing_covered, generator):
    found = detect(views.xy, views, nothing_covered, generator, kind="body_only")
    assert missing(found)[:, indices("face", "left_hand", "right_hand")].all()
    assert missing(found)[:, list(PARTS["body"])].float().mean() < 0.2
    feet_found = (~missing(found))[:, list(PARTS["feet"])].any(-1).float().mean()
    assert 0.2 < feet_found < 0.4


def test_a_face_from_behind_is_mostly_missing(views, nothing_covered, generator):
    face = list(PARTS["face"])
    away = nothing_covered.clone()
    away[:, face] = True
    for kind, share in (("holistic", 0.85), ("bottom_up", 0.85), ("wholebody", 0.4)):
        found = detect(views.xy, views, away, generator, kind=kind)
        assert missing(found)[:, face].float().mean() > share, kind


def test_legs_swap_more_often_from_behind(people, generator):
    views = sample(people.repeat(8, 1, 1), generator, "laboratory")
    found = detect(views.xy, views, torch.zeros_like(views.inside), generator, kind="wholebody")
    left, right = INDEX["left_ankle"], INDEX["right_ankle"]
    apart = (views.xy[:, left] - views.xy[:, right]).norm(dim=-1)
    shown = (apart > 20) & ~missing(found)[:, [left, right]].any(-1)
    closer_to_other = ((found.xy[:, left] - views.xy[:, right]).norm(dim=-1) < 0.3 * apart) & (
        (found.xy[:, right] - views.xy[:, left]).norm(dim=-1) < 0.3 * apart
    )
    from_front = views.xy[:, INDEX["left_hip"], 0] > views.xy[:, INDEX["right_hip"], 0]
    front = closer_to_other[shown & from_front].float().mean()
    behind = closer_to_other[shown & ~from_front].float().mean()
    assert front < 0.03
    assert behind > 1.5 * front
    assert behind > 0.02


def test_hands_are_displaced_as_a_whole(views, nothing_covered, generator):
    """Neighbours in a hand err together, beyond what each errs on its own."""
    found = detect(views.xy, views, nothing_covered, generator, kind="wholebody")
    shift = (found.xy - views.xy)[:, [INDEX["left_forefinger2"], INDEX["left_ring_finger2"]]]
    fair = (shift.norm(dim=-1) < 15).all(-1) & ~missing(found)[:, list(PARTS["left_hand"])].any(-1)
    together = torch.corrcoef(shift[fair].permute(1, 0, 2).flatten(1))[0, 1]
    assert together > 0.2


def test_hip_offsets_are_the_persons_own(views, nothing_covered, generator):
    """Both hips are off upwards or downwards together."""
    found = detect(views.xy, views, nothing_covered, generator, kind="wholebody")
    hips = [INDEX["left_hip"], INDEX["right_hip"]]
    down = (found.xy - views.xy)[:, hips, 1]
    fair = (down.abs() < 40).all(-1) & ~missing(found)[:, hips].any(-1)
    assert torch.corrcoef(down[fair].T)[0, 1] > 0.2


@pytest.mark.parametrize("as_trained", [False, True])
def test_toes_are_off_together_in_training_alone(views, nothing_covered, generator, as_trained):
    """Both big toes are off upwards or downwards together, as hips are."""
    found = detect(views.xy, views, nothing_covered, generator, kind="wholebody", as_trained=as_trained)
    toes = [INDEX["left_big_toe"], INDEX["right_big_toe"]]
    down = (found.xy - views.xy)[:, toes, 1]
    fair = (down.abs() < 10).all(-1) & ~missing(found)[:, toes].any(-1)
    together = torch.corrcoef(down[fair].T)[0, 1]
    assert (together > 0.18) == as_trained


@pytest.mark.parametrize("as_trained", [False, True])
def test_heels_of_feet_that_point_at_the_camera_are_too_near_to_the_toes(
    people, nothing_covered, generator, as_trained
):
    views = sample(people, generator, "surveillance")
    found = detect(views.xy, views, nothing_covered, generator, kind="wholebody", as_trained=as_trained)
    heel, toe = INDEX["left_heel"], INDEX["left_big_toe"]
    foot = torch.nn.functional.normalize(views.xyz[:, toe] - views.xyz[:, heel], dim=-1)
    fair = ~missing(found)[:, [heel, toe]].any(-1) & views.inside[:, [heel, toe]].all(-1)
    lengths = [(xy[:, toe] - xy[:, heel]).norm(dim=-1) for xy in (found.xy, views.xy)]
    shorter = 1 - lengths[0] / lengths[1]
    pointing = (foot[:, 2] < -0.7, foot[:, 2].abs() < 0.3)
    frontal, sideways = (shorter[fair & which].median() for which in pointing)
    assert (frontal > 0.1) == as_trained
    assert sideways < 0.05


def test_some_detections_have_no_scores(views, nothing_covered, generator):
    found = detect(views.xy, views, nothing_covered, generator, kind="wholebody")
    only_ones = ((found.scores == 1) | missing(found)).all(-1).float().mean()
    assert 0.06 < only_ones < 0.2


def test_input_is_not_changed(views, covered, generator):
    before = views.xy.clone(), covered.clone()
    detect(views.xy, views, covered, generator)
    assert torch.equal(views.xy, before[0])
    assert torch.equal(covered, before[1])
