import math

import pytest
import torch
from people import standing
from torch import Tensor

from wholebody_lift import camera, features, skeleton, viewpoint

K0 = camera.intrinsics(
    torch.tensor([1145.0], dtype=torch.float64), torch.tensor([[512.0, 490.0]], dtype=torch.float64)
)


def _person_in_camera() -> Tensor:
    return standing(1) + torch.tensor([700.0, 250.0, 4000.0], dtype=torch.float64)


def _rotation(axis: int, degrees: float) -> Tensor:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    i, j = [k for k in range(3) if k != axis]
    turn = torch.eye(3, dtype=torch.float64)
    turn[i, i] = turn[j, j] = c
    turn[i, j], turn[j, i] = -s, s
    return turn


def _observed(missing: tuple[int, ...] = (3, 50, 120)) -> Tensor:
    observed = torch.ones(1, skeleton.NUM_KEYPOINTS, dtype=torch.bool)
    observed[:, list(missing)] = False
    return observed


def _features(plane: Tensor, observed: Tensor) -> features.Features:
    canonical, view = viewpoint.canonical_view(plane, observed)
    yes = torch.ones(len(plane), dtype=torch.bool)
    return features.features(canonical, torch.ones_like(plane[..., 0]), observed, view, yes, yes)


def _largest_difference(a: features.Features, b: features.Features) -> float:
    return max((x - y).abs().max().item() for x, y in zip(a[:2], b[:2], strict=True))


def test_scaling_image_and_intrinsics_together_changes_nothing() -> None:
    observed = _observed()
    xy = camera.project(_person_in_camera(), K0)
    scaled_K = torch.diag(torch.tensor([2.5, 2.5, 1.0], dtype=torch.float64)) @ K0
    plain = _features(camera.to_image_plane(xy, K0), observed)
    scaled = _features(camera.to_image_plane(2.5 * xy, scaled_K), observed)
    assert _largest_difference(plain, scaled) < 1e-12


@pytest.mark.parametrize("scale", [1.0, 0.2, 30.0])
def test_without_a_camera_neither_place_nor_size_in_the_image_matter(scale: float) -> None:
    observed = _observed()
    xy = camera.project(_person_in_camera(), K0)
    moved = scale * xy + torch.tensor([-3000.0, 777.0], dtype=torch.float64)
    results = [
        _features(camera.to_image_plane(p, viewpoint.intrinsics_from_keypoints(p, observed)), observed)
        for p in (xy, moved)
    ]
    assert _largest_difference(*results) < 1e-11


def test_without_a_camera_the_person_is_as_large_as_an_adult_five_metres_away() -> None:
    observed = _observed()
    xy = camera.project(_person_in_camera(), K0)
    plane = camera.to_image_plane(xy, viewpoint.intrinsics_from_keypoints(xy, observed))
    _, view = viewpoint.canonical_view(plane, observed)
    assert view.angular_size.item() == pytest.approx(viewpoint.MODERATE_SIZE, rel=0.02)


@pytest.mark.parametrize(("pan", "tilt"), [(25, 0), (-40, 0), (12, -10), (-8, 20)])
def test_turning_the_camera_turns_the_result_by_the_same_rotation(pan: float, tilt: float) -> None:
    """Any pan and tilt that leaves the person's roll in the image alone."""
    observed = _observed()
    person = _person_in_camera()
    plane = person[..., :2] / person[..., 2:]
    canonical, view = viewpoint.canonical_view(plane, observed)
    target = _rotation(0, tilt) @ _rotation(1, pan) @ view.rotation[0].mT[:, 2]
    turn = camera.look_at(target[None])[0].mT @ view.rotation[0]  # carries the old view onto the new one

    turned_person = person @ turn.mT
    turned_canonical, turned_view = viewpoint.canonical_view(
        turned_person[..., :2] / turned_person[..., 2:], observed
    )
    assert (turned_canonical - canonical).abs().max() < 1e-12
    assert (turned_view.angular_size - view.angular_size).abs().max() < 1e-13
    answer = torch.randn(1, 133, 3, dtype=torch.float64)
    turned_answer = viewpoint.to_camera_axes(answer, turned_view)
    assert (turned_answer - viewpoint.to_camera_axes(answer, view) @ turn.mT).abs().max() < 1e-12


def test_panning_a_level_camera_is_such_a_turn() -> None:
    observed = _observed()
    person = _person_in_camera()
    panned = person @ _rotation(1, 30).mT
    before = _features(person[..., :2] / person[..., 2:], observed)
    after = _features(panned[..., :2] / panned[..., 2:], observed)
    assert _largest_difference(before, after) < 1e-12


def test_any_turn_rolls_the_canonical_view_and_nothing_else() -> None:
    observed = _observed()
    person = _person_in_camera()
    turned = person @ (_rotation(2, 20) @ _rotation(0, 15) @ _rotation(1, -25)).mT
    first, _ = viewpoint.canonical_view(person[..., :2] / person[..., 2:], observed)
    second, _ = viewpoint.canonical_view(turned[..., :2] / turned[..., 2:], observed)
    roll, _, vt = torch.linalg.svd(second[0].mT @ first[0])
    assert (first[0] @ (roll @ vt).mT - second[0]).abs().max() < 1e-12


def test_canonical_view_there_and_back() -> None:
    observed = _observed()
    plane = camera.to_image_plane(camera.project(_person_in_camera(), K0), K0)
    canonical, view = viewpoint.canonical_view(plane, observed)
    back = viewpoint.from_canonical_view(canonical, observed, view)
    assert (back - plane)[observed].abs().max() < 1e-12


def test_axes_there_and_back() -> None:
    _, view = viewpoint.canonical_view(
        camera.to_image_plane(camera.project(_person_in_camera(), K0), K0), _observed()
    )
    xyz = standing(1)
    assert (viewpoint.to_virtual_axes(viewpoint.to_camera_axes(xyz, view), view) - xyz).abs().max() < 1e-10


def test_missing_keypoints_have_no_influence() -> None:
    observed = _observed()
    plane = camera.to_image_plane(camera.project(_person_in_camera(), K0), K0)
    garbage = plane.clone()
    garbage[~observed] = torch.tensor([float("nan"), 1e30], dtype=torch.float64)
    for clean, dirty in zip(_features(plane, observed)[:2], _features(garbage, observed)[:2], strict=True):
        assert torch.equal(clean, dirty)


def test_distance_information_is_the_distance_to_the_parent() -> None:
    observed = _observed(missing=(skeleton.INDEX["left_elbow"],))
    canonical, view = viewpoint.canonical_view(
        camera.to_image_plane(camera.project(_person_in_camera(), K0), K0), observed
    )
    yes = torch.ones(1, dtype=torch.bool)
    rows = features.features(canonical, torch.ones(1, 133), observed, view, yes, yes).keypoints[0]
    distance, known = rows[:, 4], rows[:, 5]
    knee, hip = skeleton.INDEX["left_knee"], skeleton.INDEX["left_hip"]
    assert distance[knee].item() == pytest.approx((canonical[0, knee] - canonical[0, hip]).norm().item())
    for name in ("nose", "left_elbow", "left_wrist"):  # the tree's top, the missing one, and its child
        assert known[skeleton.INDEX[name]] == 0
        assert distance[skeleton.INDEX[name]] == 0


def test_local_coordinates_do_not_depend_on_where_a_hand_is() -> None:
    observed = _observed(missing=())
    plane = camera.to_image_plane(camera.project(_person_in_camera(), K0), K0)
    canonical, view = viewpoint.canonical_view(plane, observed)
    hand = skeleton.indices("left_hand")
    moved = canonical.clone()
    moved[:, hand] = 2 * moved[:, hand] + 0.7
    yes = torch.ones(1, dtype=torch.bool)
    before, after = (
        features.features(c, torch.ones(1, 133), observed, view, yes, yes).keypoints[0, hand]
        for c in (canonical, moved)
    )
    assert (before[:, 6:8] - after[:, 6:8]).abs().max() < 1e-12
    assert (after[:, 8] - before[:, 8] - math.log(2)).abs().max() < 1e-12


def test_the_columns_are_the_features() -> None:
    canonical, scores = torch.randn(2, 133, 2), torch.rand(2, 133)
    observed = torch.rand(2, 133) > 0.3
    canonical[~observed] = 0
    view = viewpoint.View(torch.eye(3).expand(2, 3, 3), torch.full((2,), viewpoint.MODERATE_SIZE))
    known = torch.ones(2, dtype=torch.bool)
    told = features.features(canonical, scores, observed, view, known, known).keypoints
    column = dict(zip(features.KEYPOINT_COLUMNS, told.unbind(-1), strict=True))
    body, face = slice(0, 17), skeleton.indices("face")
    assert torch.equal(torch.stack((column["x"], column["y"]), -1), canonical)
    assert torch.equal(column["observed"], observed.float())
    assert torch.equal(column["score"], scores * observed)
    assert torch.equal(column["parent distance known"] > 0, column["parent distance"] > 0)
    knee, hip = skeleton.INDEX["left_knee"], skeleton.INDEX["left_hip"]
    expected = (canonical[:, knee] - canonical[:, hip]).norm(dim=-1) * observed[:, knee] * observed[:, hip]
    assert torch.allclose(column["parent distance"][:, knee], expected)
    assert torch.equal(column["local x"][:, body], column["x"][:, body])
    assert torch.equal(column["local y"][:, body], column["y"][:, body])
    local = torch.stack((column["local x"], column["local y"]), -1)[:, face]
    moved = (local * column["log local size"][:, face, None].exp() - canonical[:, face])[0, observed[0, face]]
    assert torch.allclose(moved, moved[:1].expand_as(moved), atol=1e-5)  # all by the same
