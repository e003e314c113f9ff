import pytest
import torch

from wholebody_lift.skeleton import INDEX, MIRROR, PARTS
from wholebody_lift.train.synthetic import individual
from wholebody_lift.train.synthetic.people import People
from wholebody_lift.train.synthetic.rig import Rig, load_rig

FACE = list(PARTS["face"])


@pytest.fixture(scope="module")
def posed() -> torch.Tensor:
    """(300, 133, 3) of people in all poses."""
    return People(load_rig(), None).posed(300, torch.Generator().manual_seed(0))[0]


@pytest.fixture(scope="module")
def varied(posed: torch.Tensor) -> torch.Tensor:
    return individual.vary(posed, torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def standing(rig: Rig) -> torch.Tensor:
    """(300, 133, 3) of people in the rest pose, who look along -y; z is up."""
    shape = rig.sample_shape(300, torch.Generator().manual_seed(2))
    return rig.rest(shape).keypoints


def test_each_keypoint_of_the_face_has_one_place() -> None:
    told = sorted(keypoint for place in individual.PLACES for keypoint in place.keypoints)
    first = FACE[0]
    both = sorted({*told, *(MIRROR[first + keypoint] - first for keypoint in told)})
    assert len(told) == len(set(told))
    assert both == list(range(68))


def test_keypoints_in_the_middle_stay_in_the_middle() -> None:
    first = FACE[0]
    for place in individual.PLACES:
        in_the_middle = [k for k in place.keypoints if MIRROR[first + k] - first == k]
        if in_the_middle == list(place.keypoints):
            assert place.mean[0] == place.spread[0] == 0


def test_only_faces_and_hands_change(posed: torch.Tensor, varied: torch.Tensor) -> None:
    changed = (varied - posed).abs().amax((0, 2)) > 1e-3
    moved = {*PARTS["face"], *PARTS["left_hand"], *PARTS["right_hand"]}
    moved |= {INDEX[name] for name in ("nose", "left_eye", "right_eye")}
    assert set(changed.nonzero()[:, 0].tolist()) == moved


def test_the_input_is_not_changed_and_the_same_seed_gives_the_same(
    posed: torch.Tensor, varied: torch.Tensor
) -> None:
    before = posed.clone()
    again = individual.vary(posed, torch.Generator().manual_seed(1))
    assert torch.equal(posed, before)
    assert torch.equal(again, varied)


def test_some_faces_stay_as_they_are(posed: torch.Tensor, varied: torch.Tensor) -> None:
    same = (varied[:, FACE] == posed[:, FACE]).all((1, 2)).float().mean().item()
    assert same == pytest.approx(1 - individual.FACES, abs=0.08)


def test_faces_turn_with_the_head(standing: torch.Tensor) -> None:
    """Turning people before or after gives the same."""
    turn = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    before, after = (torch.Generator().manual_seed(3) for _ in range(2))
    assert torch.allclose(
        individual.vary(standing @ turn.T, before), individual.vary(standing, after) @ turn.T, atol=0.05
    )


def test_both_sides_change_alike(standing: torch.Tensor) -> None:
    new = individual.vary(standing, torch.Generator().manual_seed(4))
    mirrored = new[:, list(MIRROR)] * torch.tensor([-1.0, 1.0, 1.0])
    asymmetry = (new - mirrored).norm(dim=-1).mean()
    before = (standing - standing[:, list(MIRROR)] * torch.tensor([-1.0, 1.0, 1.0])).norm(dim=-1).mean()
    assert asymmetry < before + 0.5


def test_jaw_lines_begin_nearer_to_the_ears(standing: torch.Tensor) -> None:
    new = individual.vary(standing, torch.Generator().manual_seed(5))

    def in_front_of_the_ears(xyz: torch.Tensor) -> float:
        ears = xyz[:, [INDEX["left_ear"], INDEX["right_ear"]], 1].mean()
        return (ears - xyz[:, [FACE[0], FACE[16]], 1].mean()).item()

    assert in_front_of_the_ears(new) == pytest.approx(in_front_of_the_ears(standing) - 16, abs=4)


def test_thumbs_turn_to_the_palm_on_both_sides(standing: torch.Tensor) -> None:
    """The palms of the rest pose face down or to the front, those of `hands` by their knuckles."""
    new = individual.vary(standing, torch.Generator().manual_seed(6))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        hand = PARTS[f"{side}_hand"]
        heights = []
        for xyz in (standing[:, hand.start : hand.stop], new[:, hand.start : hand.stop]):
            along, across = xyz[:, 9] - xyz[:, 0], xyz[:, 5] - xyz[:, 17]
            palm = sign * torch.nn.functional.normalize(torch.linalg.cross(along, across), dim=-1)
            heights.append(((xyz[:, 4] - xyz[:, 5]) * palm).sum(-1).mean().item())
        assert heights[0] + 5 < heights[1] < heights[0] + 30


def test_bones_of_fingers_differ_by_their_spread(posed: torch.Tensor, varied: torch.Tensor) -> None:
    hand = PARTS["left_hand"]
    ratio = []
    for xyz in (posed, varied):
        joints = xyz[:, hand.start + 5 : hand.start + 9]  # of the index finger
        ratio.append(joints.diff(dim=1).norm(dim=-1).log())
    longer = ratio[1] - ratio[0]
    expected = [(individual.FINGER_SD**2 + sd**2) ** 0.5 for sd in individual.BONE_SD]
    assert longer.std(0).tolist() == pytest.approx(expected, rel=0.2)
    assert longer.mean(0).tolist() == pytest.approx(list(individual.BONE_MEAN), abs=0.03)


def test_training_people_are_varied(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    vary = individual.vary
    monkeypatch.setattr(individual, "vary", lambda xyz, g: seen.append(len(xyz)) or vary(xyz, g))
    People(rig, None).sample(16, torch.Generator().manual_seed(7))
    assert seen == [16]
