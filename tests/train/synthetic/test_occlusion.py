import pytest
import torch

from wholebody_lift.skeleton import INDEX, MIRROR, PARTS
from wholebody_lift.train.synthetic.occlusion import BEHIND, CAPSULES, hidden

DISTANCE_MM = 5000.0
WORLD_TO_CAMERA = torch.tensor([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


def seen_from_the_front(person, distance=DISTANCE_MM):
    """Camera points (1, 133, 3) of a camera at the height of the chest."""
    shift = torch.tensor([0.0, 1200.0, distance])
    return (person @ WORLD_TO_CAMERA.T + shift)[None]


def turned(person, degrees):
    angle = torch.tensor(degrees).deg2rad()
    turn = torch.eye(3)
    turn[0, 0] = turn[1, 1] = angle.cos()
    turn[1, 0], turn[0, 1] = angle.sin(), -angle.sin()
    return person @ turn.T


def test_front_view_shows_face_limbs_and_trunk(person):
    covered = hidden(seen_from_the_front(person))[0]
    assert covered.shape == (133,)
    assert covered.dtype == torch.bool
    assert not covered[list(PARTS["body"])].any()
    assert covered[list(PARTS["face"])].float().mean() < 0.1


def test_face_from_behind_is_hidden(person):
    covered = hidden(seen_from_the_front(turned(person, 180)))[0]
    assert covered[list(PARTS["face"])].all()
    assert covered[[INDEX["nose"], INDEX["left_eye"], INDEX["right_eye"]]].all()
    assert not covered[[INDEX["left_shoulder"], INDEX["right_elbow"], INDEX["left_ankle"]]].any()


@pytest.mark.parametrize(("degrees", "far", "near"), [(90.0, "left", "right"), (-90.0, "right", "left")])
def test_profile_hides_the_far_side(person, degrees, far, near):
    """Turned by +90 degrees about the vertical, the person looks along +x; the right side is nearer to -y."""
    camera = seen_from_the_front(turned(person, degrees))
    depth = camera[0, :, 2]
    assert depth[INDEX[f"{far}_shoulder"]] > depth[INDEX[f"{near}_shoulder"]]
    covered = hidden(camera)[0]
    for name in ("ear", "eye", "shoulder", "hip"):
        assert covered[INDEX[f"{far}_{name}"]], name
        assert not covered[INDEX[f"{near}_{name}"]], name
    assert not covered[INDEX["nose"]]


@pytest.mark.parametrize(("side_of_trunk", "is_hidden"), [(250.0, True), (-250.0, False)])
def test_wrist_behind_and_in_front_of_the_trunk(person, side_of_trunk, is_hidden):
    person = person.clone()
    trunk = (person[INDEX["left_shoulder"]] + person[INDEX["right_hip"]]) / 2
    shift = trunk + torch.tensor([0.0, side_of_trunk, 0.0]) - person[INDEX["left_wrist"]]
    person[[INDEX["left_wrist"], *PARTS["left_hand"]]] += shift
    covered = hidden(seen_from_the_front(person))[0]
    assert covered[INDEX["left_wrist"]] == is_hidden
    disagree = covered[list(PARTS["left_hand"])] != is_hidden
    assert disagree.float().mean() < 0.1  # a palm hides fingers
    assert not covered[INDEX["right_wrist"]]


def test_hand_before_the_face_hides_it(person):
    person = person.clone()
    palm = [INDEX["left_hand_root"], INDEX["left_middle_finger1"]]
    mouth = person[PARTS["face"][51]]
    in_front = mouth + torch.tensor([0.0, -120.0, 0.0])
    person[list(PARTS["left_hand"])] += in_front - person[palm].mean(0)
    covered = hidden(seen_from_the_front(person))[0]
    assert covered[PARTS["face"][51]]
    assert not covered[PARTS["face"][19]]


def test_mirrored_person_hides_the_mirrored_keypoints(person):
    camera = seen_from_the_front(turned(person, 35.0))
    mirrored = camera[:, list(MIRROR)] * torch.tensor([-1.0, 1.0, 1.0])
    assert torch.equal(hidden(mirrored), hidden(camera)[:, list(MIRROR)])


def test_the_unit_does_not_matter(person):
    camera = seen_from_the_front(turned(person, 60.0))
    assert torch.equal(hidden(camera / 1000), hidden(camera))


def covered_by_brute_force(camera):
    """(133,) bool in float64: some of many spheres along a foreign capsule lies before the keypoint."""
    points = camera.double()
    result = torch.zeros(133, dtype=torch.bool)
    for capsule in CAPSULES:
        start, end = (
            sum(weight * points[INDEX[name]] for name, weight in mix.items())
            for mix in (capsule.start, capsule.end)
        )
        a, b = (points[INDEX[name]] for name in capsule.measure)
        radius = capsule.radius * (a - b).norm()
        for i in set(range(133)) - {INDEX[name] for name in capsule.own}:
            sight = points[i] / points[i].norm()
            along = torch.linspace(0, 1, 400, dtype=torch.float64)[:, None]
            centres = start + along * (end - start)
            depth = centres @ sight
            apart = (centres - depth[:, None] * sight).norm(dim=-1)
            nearest = apart.argmin()
            result[i] |= (apart[nearest] < radius) & (depth[nearest] < points[i].norm() - BEHIND * radius)
    return result


@pytest.mark.parametrize("distance", [1500.0, 80_000.0])
def test_parity_with_brute_force(person, distance):
    limbs = [*PARTS["body"][5:], *PARTS["feet"], *PARTS["left_hand"], *PARTS["right_hand"]]
    for degrees in (0, 50, 200):
        camera = seen_from_the_front(turned(person, degrees), distance)
        head = {INDEX["left_shoulder"], INDEX["right_shoulder"]}  # which the head may cover too
        of = [i for i in limbs if i not in head]
        assert torch.equal(hidden(camera)[0, of], covered_by_brute_force(camera[0])[of])


def test_batch_equals_single(people):
    camera = torch.cat([seen_from_the_front(person) for person in people[:16]])
    one_by_one = torch.cat([hidden(person[None]) for person in camera])
    assert torch.equal(hidden(camera), one_by_one)
