import numpy as np
import pytest
from people import standing

from wholebody_lift.body.bone_lengths import (
    CONSTANT_EDGES,
    FINGER_EDGES,
    LIMB_EDGES,
    RIGID_PARTS,
    Measures,
    lock_lengths,
    measures,
)
from wholebody_lift.skeleton import EDGES, INDEX, KEYPOINT_NAMES, PARENTS, PARTS, ROOT


@pytest.fixture
def people() -> np.ndarray:
    """(8, 133, 3) mm: one person whose keypoints are off by 15 mm in every frame."""
    return standing(8).numpy()


def directions(xyz: np.ndarray, bones: list[tuple[int, int]]) -> np.ndarray:
    parents, children = zip(*bones, strict=True)
    offset = xyz[:, children] - xyz[:, parents]
    return offset / np.linalg.norm(offset, axis=-1, keepdims=True)


def lengths_of(xyz: np.ndarray, pairs: list[tuple[int, int]]) -> np.ndarray:
    first, second = zip(*pairs, strict=True)
    return np.linalg.norm(xyz[:, second] - xyz[:, first], axis=-1)


def test_bones_are_edges_of_the_tree_that_do_not_stretch() -> None:
    assert all(PARENTS[child] == parent for parent, child in CONSTANT_EDGES)
    ends = {KEYPOINT_NAMES[child] for _, child in CONSTANT_EDGES}
    assert {"left_elbow", "right_knee", "left_heel", "right_ear", "left_thumb4"} <= ends
    assert not ends & {"left_shoulder", "right_hip", "face-8"}


def test_every_bone_turns_by_itself_or_is_in_a_rigid_body() -> None:
    turning = {child for _, child in LIMB_EDGES + FINGER_EDGES}
    carried = [i for part in RIGID_PARTS for i in part.members]
    assert len(set(carried)) == len(carried)
    assert turning | set(carried) == {child for _, child in CONSTANT_EDGES}
    assert not turning & set(carried)
    assert {KEYPOINT_NAMES[child] for _, child in LIMB_EDGES} == {
        f"{side}_{name}" for side in ("left", "right") for name in ("elbow", "wrist", "knee", "ankle")
    }


def test_locked_people_have_the_measures(people: np.ndarray) -> None:
    lengths = measures(people).mean(axis=0)
    locked = lock_lengths(people, lengths)
    found, wanted = Measures.of(measures(locked)), Measures.of(lengths)
    for name in set(Measures._fields) - {"neck"}:  # which is told where the shoulders hang
        assert np.allclose(getattr(found, name), getattr(wanted, name), rtol=1e-9, atol=1e-9), name
    assert np.allclose(locked[:, list(ROOT)].mean(axis=1), 0, atol=1e-9)


def test_no_edge_beyond_the_trunk_changes_its_length(people: np.ndarray) -> None:
    """Those that close hips, shoulders, palms and feet neither."""
    ends = {INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("shoulder", "hip")}
    pairs = [
        (a, b) for a, b in EDGES if not {a, b} & set(PARTS["face"]) and (PARENTS[b] != a or b not in ends)
    ]
    assert len(pairs) == len(CONSTANT_EDGES) + 2 + 2 * (2 + 3)
    lengths = lengths_of(lock_lengths(people, measures(people).mean(axis=0)), pairs)
    assert np.ptp(lengths, axis=0).max() < 1e-9


def test_limbs_point_at_where_keypoints_were_and_fingers_keep_their_direction(people: np.ndarray) -> None:
    locked = lock_lengths(people, measures(people).mean(axis=0))
    for parent, child in LIMB_EDGES:
        towards = people[:, child] - locked[:, parent]
        towards /= np.linalg.norm(towards, axis=-1, keepdims=True)
        assert np.allclose(directions(locked, [(parent, child)])[:, 0], towards, atol=1e-9)
    assert np.allclose(directions(locked, FINGER_EDGES), directions(people, FINGER_EDGES), atol=1e-9)


def test_what_is_rigid_is_turned_as_it_was() -> None:
    people = np.repeat(standing(1).numpy(), 3, axis=0)
    hand, wrist = list(PARTS["left_hand"]), INDEX["left_wrist"]
    for t, angle in enumerate((0.0, 0.5, 1.0)):
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        people[t, hand] = people[t, wrist] + (people[t, hand] - people[t, wrist]) @ turn.T
    assert np.allclose(lock_lengths(people, np.median(measures(people), axis=0)), people, atol=1e-9)


def test_locking_twice_changes_nothing_more(people: np.ndarray) -> None:
    lengths = measures(people).mean(axis=0)
    locked = lock_lengths(people, lengths)
    assert np.allclose(lock_lengths(locked, lengths), locked, atol=1e-9)


def test_a_single_frame_with_its_own_measures_stays_as_it_is(people: np.ndarray) -> None:
    assert np.allclose(lock_lengths(people[:1], measures(people[:1])[0]), people[:1], atol=1e-9)


def test_the_face_keeps_its_shape_and_hangs_on_the_nose(people: np.ndarray) -> None:
    locked = lock_lengths(people, measures(people).mean(axis=0))
    face, nose = list(PARTS["face"]), INDEX["nose"]
    before, after = (xyz[:, face] - xyz[:, [nose]] for xyz in (people, locked))
    ratio = np.linalg.norm(after, axis=-1) / np.linalg.norm(before, axis=-1)
    assert np.allclose(ratio, ratio[:, :1])
