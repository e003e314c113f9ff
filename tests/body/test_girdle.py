import numpy as np
import pytest
from moving import walk

from wholebody_lift.body import girdle
from wholebody_lift.skeleton import INDEX

BACK = 60.0
WIDTH = 360.0


def shoulders(rises: list[float], lean: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Waist, left and right shoulder (T, 3) of who looks along z; they are 400 and so much apart."""
    middle = np.array([[lean, 400 + rise, 0] for rise in rises])
    across = np.array([WIDTH / 2, 0, 0])
    return np.zeros((len(rises), 3)), middle + across, middle - across


def test_shoulders_that_are_as_far_as_usual_hang() -> None:
    waist, left, right = shoulders([0, 0, 0])
    length, top = girdle.spine(waist, left, right, BACK)
    assert length == pytest.approx(np.hypot(400, BACK))
    assert np.allclose(top, [0, 400, -BACK])  # behind the middle of the shoulders
    assert np.allclose(girdle.relaxed_neck_base(waist, left, right), [0, 400, -girdle.SET_BACK * WIDTH])


@pytest.mark.parametrize("lean", [0.0, 80.0])
def test_spine_and_collarbones_keep_their_length(lean: float) -> None:
    waist, left, right = shoulders([0, 0, 0, 20, -20], lean)
    length, top = girdle.spine(waist, left, right, BACK)
    assert np.allclose(np.linalg.norm(top - waist, axis=-1), length)
    for shoulder in (left, right):
        assert np.allclose(np.linalg.norm(top - shoulder, axis=-1), np.hypot(WIDTH / 2, BACK))
    assert (top[:, 2] < 0).all()


def test_only_a_much_shorter_trunk_leaves_the_spine_to_bend() -> None:
    waist, left, right = shoulders([0, 0, 0, -90])
    length, top = girdle.spine(waist, left, right, BACK)
    far = np.linalg.norm(top - waist, axis=-1)
    assert np.allclose(far[:3], length)
    assert far[3] < length - 30


def test_the_spine_is_long_enough_for_all_frames_but_errors() -> None:
    waist, left, right = shoulders([0, 0, 0, 70])
    length, top = girdle.spine(waist, left, right, BACK)
    assert length > np.hypot(400, BACK) + 5
    assert np.linalg.norm(top[3] - waist[3]) == pytest.approx(length)
    waist, left, right = shoulders([0, 0, 0, 1000])
    length, _ = girdle.spine(waist, left, right, BACK)
    assert length == pytest.approx(1.1 * np.hypot(400, BACK))


def test_the_head_nods_behind_and_below_the_ears_and_turns_with_them() -> None:
    head = walk(12)[:, girdle.HEAD] @ np.diag([1.0, -1, -1])  # y up
    ears = head[:, 3:].mean(axis=1)
    axes = girdle.head_axes(head)
    assert ((head[:, 0] - ears)[:, None] @ axes)[:, 0, 2].min() > 50  # the nose is ahead
    assert ((head[:, 3] - head[:, 4])[:, None] @ axes)[:, 0, 0].min() > 100  # the left ear to the left
    place = ((girdle.head_pivot(head) - ears)[:, None] @ axes)[:, 0]
    assert np.allclose(place, place[0])
    assert (place[0, 1:] < 0).all()
    assert girdle.HEAD[0] == INDEX["nose"]


def test_nothing_depends_on_where_the_person_is_or_how_turned() -> None:
    q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    q *= np.sign(np.linalg.det(q))
    people = shoulders([0, 10, -15, 3], lean=30)
    length, top = girdle.spine(*people, BACK)
    moved_length, moved = girdle.spine(*(x @ q.T + (10, 20, 30) for x in people), BACK)
    assert moved_length == pytest.approx(length)
    assert np.allclose(moved, top @ q.T + (10, 20, 30))
