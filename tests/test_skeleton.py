import subprocess
import sys

import pytest

from wholebody_lift import skeleton
from wholebody_lift.skeleton import (
    EDGES,
    FACE_FEATURES,
    INDEX,
    KEYPOINT_NAMES,
    LIMBS,
    MIRROR,
    NUM_KEYPOINTS,
    PARENTS,
    PART_ROOTS,
    PARTS,
    ROOT,
    TREE_EDGES,
)

# As MMPose's description of COCO-WholeBody spells them, written out on their own.
_BODY = ["nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder"]
_BODY += ["left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip"]
_BODY += ["left_knee", "right_knee", "left_ankle", "right_ankle"]
_FEET = ["left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel"]
_LEFT_HAND = ["left_hand_root", "left_thumb1", "left_thumb2", "left_thumb3", "left_thumb4"]
_LEFT_HAND += ["left_forefinger1", "left_forefinger2", "left_forefinger3", "left_forefinger4"]
_LEFT_HAND += ["left_middle_finger1", "left_middle_finger2", "left_middle_finger3", "left_middle_finger4"]
_LEFT_HAND += ["left_ring_finger1", "left_ring_finger2", "left_ring_finger3", "left_ring_finger4"]
_LEFT_HAND += ["left_pinky_finger1", "left_pinky_finger2", "left_pinky_finger3", "left_pinky_finger4"]
_RIGHT_HAND = [name.replace("left", "right") for name in _LEFT_HAND]
_NAMES = [*_BODY, *_FEET, *(f"face-{i}" for i in range(68)), *_LEFT_HAND, *_RIGHT_HAND]


def test_names_are_those_of_coco_wholebody_in_their_order():
    assert list(KEYPOINT_NAMES) == _NAMES
    assert len(set(KEYPOINT_NAMES)) == NUM_KEYPOINTS == 133
    assert [INDEX[name] for name in KEYPOINT_NAMES] == list(range(133))


def test_parts_partition_the_keypoints_and_have_their_sizes():
    assert [i for part in PARTS.values() for i in part] == list(range(133))
    assert {name: len(part) for name, part in PARTS.items()} == {
        "body": 17,
        "feet": 6,
        "face": 68,
        "left_hand": 21,
        "right_hand": 21,
    }
    assert skeleton.indices("left_hand", "feet") == [*range(91, 112), *range(17, 23)]


def test_each_hand_holds_its_own_names():
    for side in ("left", "right"):
        assert all(KEYPOINT_NAMES[i].startswith(side) for i in PARTS[f"{side}_hand"])


def test_face_features_partition_the_face():
    assert [i for feature in FACE_FEATURES.values() for i in feature] == list(PARTS["face"])


def test_tree_is_a_tree_on_all_keypoints():
    assert len(TREE_EDGES) == NUM_KEYPOINTS - 1
    assert [i for i, parent in enumerate(PARENTS) if parent < 0] == [INDEX["nose"]]
    for start in range(NUM_KEYPOINTS):
        steps, keypoint = 0, start
        while PARENTS[keypoint] >= 0:
            keypoint = PARENTS[keypoint]
            steps += 1
            assert steps < NUM_KEYPOINTS, f"{KEYPOINT_NAMES[start]} is on a cycle"
        assert keypoint == INDEX["nose"]
    assert {(parent, child) for child, parent in enumerate(PARENTS) if parent >= 0} == set(TREE_EDGES)


def test_edges_are_the_tree_and_more_without_loops_or_repetition():
    assert EDGES[: len(TREE_EDGES)] == TREE_EDGES
    undirected = {frozenset(edge) for edge in EDGES}
    assert len(undirected) == len(EDGES)
    assert all(len(edge) == 2 for edge in undirected)


def test_mirroring_twice_is_the_identity():
    assert [MIRROR[MIRROR[i]] for i in range(NUM_KEYPOINTS)] == list(range(NUM_KEYPOINTS))


@pytest.mark.parametrize("edges", [TREE_EDGES, EDGES], ids=["tree", "graph"])
def test_mirroring_maps_edges_to_edges(edges):
    assert {frozenset((MIRROR[a], MIRROR[b])) for a, b in edges} == {frozenset(edge) for edge in edges}


def test_mirroring_exchanges_the_sides():
    for name, i in INDEX.items():
        if not name.startswith("face-"):
            side, _, rest = name.partition("_")
            other = {"left": f"right_{rest}", "right": f"left_{rest}", "nose": "nose"}[side]
            assert KEYPOINT_NAMES[MIRROR[i]] == other
    for name, feature in FACE_FEATURES.items():
        other = name.replace("left", "LEFT").replace("right", "left").replace("LEFT", "right")
        assert {MIRROR[i] for i in feature} == set(FACE_FEATURES[other])


def test_midline_is_what_lies_in_the_middle_of_a_face():
    midline = [KEYPOINT_NAMES[i] for i in range(NUM_KEYPOINTS) if MIRROR[i] == i]
    numbers = (8, 27, 28, 29, 30, 33, 51, 57, 62, 66)  # chin, bridge and tip of the nose, middle of the lips
    assert midline == ["nose", *(f"face-{i}" for i in numbers)]


def test_roots_and_limbs_are_named_right():
    assert [KEYPOINT_NAMES[i] for i in ROOT] == ["left_hip", "right_hip"]
    assert {part: KEYPOINT_NAMES[i] for part, i in PART_ROOTS.items()} == {
        "face": "nose",
        "left_hand": "left_wrist",
        "right_hand": "right_wrist",
    }
    assert sorted(tuple(KEYPOINT_NAMES[i] for i in limb) for limb in LIMBS) == [
        ("left_hip", "left_knee", "left_ankle"),
        ("left_shoulder", "left_elbow", "left_wrist"),
        ("right_hip", "right_knee", "right_ankle"),
        ("right_shoulder", "right_elbow", "right_wrist"),
    ]


def test_skeleton_imports_nothing_heavy():
    code = (
        "import importlib.util, sys; "
        f"spec = importlib.util.spec_from_file_location('skeleton', {skeleton.__file__!r}); "
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module); "
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-S", "-c", code], check=False).returncode == 0
