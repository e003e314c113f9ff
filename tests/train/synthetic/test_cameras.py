import math

import pytest
import torch

from wholebody_lift.camera import distort, project, undistort
from wholebody_lift.skeleton import INDEX, PARTS
from wholebody_lift.train.synthetic import cameras
from wholebody_lift.train.synthetic.cameras import FAMILIES, FRAMINGS, MIN_DEPTH_MM, MIN_INSIDE, sample
from wholebody_lift.train.synthetic.draws import Draws


@pytest.fixture
def views(people, generator):
    return sample(people, generator)


def of_family(views, name):
    return views.family == list(FAMILIES).index(name)


def elevation_deg(views, family):
    """Angle above the horizon under which the hips see the camera."""
    chosen = of_family(views, family)
    hips = views.xyz[chosen][:, [INDEX["left_hip"], INDEX["right_hip"]]].mean(1)
    up = views.rotation[chosen][:, :, 2]
    return torch.asin(-(hips * up).sum(-1) / hips.norm(dim=-1)).rad2deg()


def test_mixture_is_a_distribution():
    assert math.isclose(sum(family.share for family in FAMILIES.values()), 1)
    for family in FAMILIES.values():
        assert math.isclose(sum(family.framings.values()), 1)
        assert set(family.framings) <= set(FRAMINGS)


def test_shapes_and_dtypes(views, people):
    n = len(people)
    assert views.xyz.shape == (n, 133, 3)
    assert views.xy.shape == (n, 133, 2)
    assert views.K.shape == views.rotation.shape == (n, 3, 3)
    assert views.image_size.shape == (n, 2)
    assert views.distortion.shape == (n, 5)
    assert views.family.shape == (n,)
    for tensor in (views.xyz, views.xy, views.K, views.image_size, views.distortion, views.rotation):
        assert tensor.dtype == torch.float32
        assert tensor.isfinite().all()


def test_xy_is_the_projection_with_K_and_lens(views):
    x, y, z = views.xyz.double().unbind(-1)
    straight = torch.stack([x / z, y / z], -1)
    bent = distort(straight, views.distortion.double())
    focal, centre = views.K.double()[:, (0, 1), (0, 1)], views.K.double()[:, :2, 2]
    expected = bent * focal[:, None] + centre[:, None]
    inside = views.inside
    torch.testing.assert_close(views.xy.double()[inside], expected[inside], atol=0.02, rtol=0)
    torch.testing.assert_close(views.xy, project(views.xyz, views.K, views.distortion), atol=1e-3, rtol=1e-4)


def test_views_are_rigid_and_not_mirrored(views, people):
    torch.testing.assert_close(
        views.rotation @ views.rotation.mT, torch.eye(3).expand_as(views.rotation), atol=1e-5, rtol=0
    )
    assert (torch.linalg.det(views.rotation) > 0).all()
    turned = people @ views.rotation.mT
    moved = views.xyz - turned
    assert (moved - moved[:, :1]).abs().max() < 0.1


def test_nothing_is_behind_the_camera_or_too_near(people, generator):
    for family in FAMILIES:
        assert sample(people, generator, family).xyz[..., 2].min() > MIN_DEPTH_MM - 0.1


def test_something_is_always_in_the_picture(views):
    assert views.inside.sum(-1).min() >= MIN_INSIDE


def test_families_have_their_shares(people, generator):
    views = sample(people.repeat(8, 1, 1), generator)
    for name, family in FAMILIES.items():
        sd = math.sqrt(family.share * (1 - family.share) / len(views.family))
        assert abs(of_family(views, name).float().mean().item() - family.share) < 4 * sd


def test_one_family(people, generator):
    for name in FAMILIES:
        assert of_family(sample(people[:8], generator, name), name).all()


def test_unknown_family(people, generator):
    with pytest.raises(ValueError, match=r"laboratory, phone_portrait.*got 'fisheye'"):
        sample(people, generator, "fisheye")


def test_same_seed_same_views(people):
    first, again = (sample(people, torch.Generator().manual_seed(5)) for _ in range(2))
    other = sample(people, torch.Generator().manual_seed(6))
    assert torch.equal(first.xy, again.xy)
    assert torch.equal(first.K, again.K)
    assert not torch.equal(first.xy, other.xy)


def test_laboratory_is_like_human36m(people, generator):
    views = sample(people, generator, "laboratory")
    assert (views.K[:, 0, 0] - 1145).abs().max() < 10
    assert (views.image_size[:, 0] == 1000).all()
    distance = views.xyz.mean(1).norm(dim=-1)
    assert distance.min() > 3500
    assert distance.max() < 6500
    assert views.inside.float().mean() > 0.995


def test_webcam_cuts_the_body_and_shows_the_face(people, generator):
    views = sample(people, generator, "webcam")
    legs = [INDEX[name] for name in ("left_knee", "right_knee", "left_ankle", "right_ankle")]
    assert views.inside[:, legs].float().mean() < 0.1
    assert views.inside[:, list(PARTS["face"])].float().mean() > 0.95


def test_cameras_are_where_the_family_says(people, generator):
    from_above = elevation_deg(sample(people, generator, "surveillance"), "surveillance")
    from_below = elevation_deg(sample(people, generator, "low_angle"), "low_angle")
    assert from_above.median() > 30
    assert from_above.min() > 5
    assert from_below.median() < -10


def test_phones_look_down_more_steeply_in_training(people, generator):
    tested, trained = (
        elevation_deg(sample(people, generator, "phone_portrait", as_trained=as_trained), "phone_portrait")
        for as_trained in (False, True)
    )
    assert trained.median() > tested.median() + 4


def test_all_other_cameras_are_the_same_in_training(people):
    for name, family in FAMILIES.items():
        if family.trained_elevation_deg is None:
            tested, trained = (
                sample(people[:64], torch.Generator().manual_seed(5), name, as_trained=as_trained)
                for as_trained in (False, True)
            )
            assert torch.equal(tested.xy, trained.xy)


def test_the_person_is_upright_and_left_is_left(person, generator):
    """From the front the head is up and the person's left is on the right of the picture."""
    views = sample(person.expand(256, -1, -1), generator, "webcam")
    chin, brow = PARTS["face"][8], PARTS["face"][27]
    assert (views.xy[:, chin, 1] > views.xy[:, brow, 1]).float().mean() > 0.95
    left, right = INDEX["left_shoulder"], INDEX["right_shoulder"]
    in_front = views.xyz[:, chin, 2] < (views.xyz[:, left, 2] + views.xyz[:, right, 2]) / 2
    assert in_front.float().mean() > 0.7
    assert (views.xy[in_front, left, 0] > views.xy[in_front, right, 0]).float().mean() > 0.95


def test_every_yaw_is_seen(views):
    across = views.xyz[:, INDEX["left_shoulder"]] - views.xyz[:, INDEX["right_shoulder"]]
    yaw = torch.atan2(across[:, 2], across[:, 0])
    assert (torch.histc(yaw, 8, -math.pi, math.pi) > 20).all()


def test_positions_and_sizes_vary(people, generator):
    views = sample(people, generator, "phone_portrait")
    whole = views.inside.all(-1)
    assert 0.3 < whole.float().mean() < 0.8  # the others are partial views
    middle = views.xy[whole].mean(1) / views.image_size[whole]
    assert (middle.std(0) > 0.08).all()
    height = (views.xy[..., 1].amax(1) - views.xy[..., 1].amin(1))[whole] / views.image_size[whole][:, 1]
    assert height.min() < 0.3
    assert height.max() > 0.8


def test_roll_is_mostly_small(views):
    up = views.rotation[:, :2, 2]
    roll = torch.atan2(up[:, 0], -up[:, 1]).rad2deg().abs()
    assert roll.median() < 6
    assert (roll > 25).float().mean() < 0.06


def test_lenses_can_be_undone_and_do_not_fold(generator):
    lens = cameras._distortion(Draws(256, generator), torch.ones(256))
    radius = torch.linspace(0, 3, 200)
    angle = torch.tensor(0.7)
    rays = torch.stack([radius * angle.cos(), radius * angle.sin()], -1).expand(256, -1, -1)
    bent = distort(rays, lens)
    assert (bent.norm(dim=-1).diff() > 0).all()
    near = rays[:, radius < 0.8]
    torch.testing.assert_close(undistort(distort(near, lens), lens), near, atol=1e-4, rtol=0)


def test_people_are_independent(people):
    """The first people of a batch of one size are the same whatever the others are."""
    shuffled = people.clone()
    shuffled[100:] = people[100:].flip(0)
    first, second = (sample(batch, torch.Generator().manual_seed(1)) for batch in (people, shuffled))
    torch.testing.assert_close(first.xy[:100], second.xy[:100])
