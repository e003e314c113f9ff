"""The 133 COCO-WholeBody keypoints: names, parts, tree, graph and mirror pairs.

Layout and names follow COCO-WholeBody (Jin et al., ECCV 2020) as spelled in MMPose. "Left" and
"right" are the person's own. All other modules take keypoint indices from here.
"""

import itertools

_SIDES = ("left", "right")
_BODY_PAIRS = ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
_BODY = ("nose", *(f"{side}_{name}" for name in _BODY_PAIRS for side in _SIDES))
_FEET = tuple(f"{side}_{name}" for side in _SIDES for name in ("big_toe", "small_toe", "heel"))
_FACE = tuple(f"face-{i}" for i in range(68))
_FINGERS = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")
_HAND = ("hand_root", *(f"{finger}{i}" for finger in _FINGERS for i in range(1, 5)))

KEYPOINT_NAMES: tuple[str, ...] = (
    _BODY + _FEET + _FACE + tuple(f"{side}_{name}" for side in _SIDES for name in _HAND)
)
"""Name of each keypoint, in COCO-WholeBody order."""

NUM_KEYPOINTS = len(KEYPOINT_NAMES)

PARTS: dict[str, range] = {
    "body": range(17),
    "feet": range(17, 23),
    "face": range(23, 91),
    "left_hand": range(91, 112),
    "right_hand": range(112, 133),
}
"""The five parts, which partition the keypoints."""

INDEX: dict[str, int] = {name: i for i, name in enumerate(KEYPOINT_NAMES)}
"""Keypoint index by name."""

FACE_FEATURES: dict[str, range] = {
    name: range(INDEX[f"face-{first}"], INDEX[f"face-{last}"] + 1)
    for name, first, last in (
        ("jaw", 0, 16),
        ("right_brow", 17, 21),
        ("left_brow", 22, 26),
        ("nose", 27, 35),
        ("right_eye", 36, 41),
        ("left_eye", 42, 47),
        ("mouth", 48, 67),
    )
}
"""Keypoints of each facial feature; the features partition the part "face"."""

GROUPS: dict[str, range] = {
    **{name: range(i, i + 1) for name, i in INDEX.items() if i in PARTS["body"] or i in PARTS["feet"]},
    **{f"face_{name}": members for name, members in FACE_FEATURES.items()},
    **{
        f"{side}_{name}": range(INDEX[f"{side}_{first}"], INDEX[f"{side}_{last}"] + 1)
        for side in _SIDES
        for name, first, last in (
            ("hand_root", "hand_root", "hand_root"),
            *((finger, f"{finger}1", f"{finger}4") for finger in _FINGERS),
        )
    },
}
"""Keypoints that hardly move relative to each other, in keypoint order: each keypoint of body and feet alone,
the features of the face, and for each hand its root and its fingers. The groups partition the keypoints."""

ROOT: tuple[int, int] = (INDEX["left_hip"], INDEX["right_hip"])
"""The origin of every 3D result is the midpoint of these two keypoints."""

CONTACTS: dict[str, tuple[int, ...]] = {
    **{f"{side} knee": (INDEX[f"{side}_knee"],) for side in _SIDES},
    **{f"{side} hand": (INDEX[f"{side}_wrist"],) for side in _SIDES},
    "seat": ROOT,
}
"""What else than feet people rest on, by name; the place of each is the mean of its keypoints."""

PART_ROOTS: dict[str, int] = {
    "face": INDEX["nose"],
    "left_hand": INDEX["left_wrist"],
    "right_hand": INDEX["right_wrist"],
}
"""The body keypoint to which a part is attached."""


def _face(*numbers: int) -> list[int]:
    """Keypoint indices of face keypoints given by their number in the 68-point (iBUG) scheme."""
    return [PARTS["face"][number] for number in numbers]


def _chain(*indices: int) -> list[tuple[int, int]]:
    """(child, parent) pairs along a chain that begins at its top."""
    return [(child, parent) for parent, child in itertools.pairwise(indices)]


def _body_tree() -> list[tuple[int, int]]:
    nose = INDEX["nose"]
    pairs: list[tuple[int, int]] = []
    for side in _SIDES:
        body = {name.removeprefix(f"{side}_"): i for name, i in INDEX.items() if name.startswith(side)}
        pairs += _chain(nose, body["eye"], body["ear"])
        pairs += _chain(nose, body["shoulder"], body["elbow"], body["wrist"], body["hand_root"])
        pairs += _chain(body["shoulder"], body["hip"], body["knee"], body["ankle"], body["heel"])
        pairs += _chain(body["ankle"], body["big_toe"]) + _chain(body["ankle"], body["small_toe"])
        for finger in _FINGERS:
            pairs += _chain(body["hand_root"], *(body[f"{finger}{i}"] for i in range(1, 5)))
    return pairs


def _face_tree() -> list[tuple[int, int]]:
    """Everything is attached to the nose tip, symmetrically, so that mirroring maps the tree onto itself."""
    nose_tip, nose_base, nasion, upper_lip, lower_lip, chin = 30, 33, 27, 51, 57, 8
    inner_upper_lip, inner_lower_lip = 62, 66
    chains = [
        (nose_tip, 29, 28, nasion),
        (nose_tip, nose_base, 32, 31),
        (nose_base, 34, 35),
        (nasion, 21, 20, 19, 18, 17),
        (nasion, 22, 23, 24, 25, 26),
        (nasion, 39, 38, 37, 36),
        (39, 40, 41),
        (nasion, 42, 43, 44, 45),
        (42, 47, 46),
        (nose_base, upper_lip, 50, 49, 48),
        (upper_lip, 52, 53, 54),
        (upper_lip, inner_upper_lip, 61, 60),
        (inner_upper_lip, 63, 64),
        (inner_upper_lip, inner_lower_lip, 67),
        (inner_lower_lip, 65),
        (inner_lower_lip, lower_lip, 58, 59),
        (lower_lip, 56, 55),
        (lower_lip, chin, 7, 6, 5, 4, 3, 2, 1, 0),
        (chin, 9, 10, 11, 12, 13, 14, 15, 16),
    ]
    pairs = _chain(INDEX["nose"], *_face(nose_tip))
    for chain in chains:
        pairs += _chain(*_face(*chain))
    return pairs


_PARENT_OF = dict(_body_tree() + _face_tree())

PARENTS: tuple[int, ...] = tuple(_PARENT_OF.get(i, -1) for i in range(NUM_KEYPOINTS))
"""Parent of each keypoint in the skeleton tree; -1 for the nose, its top."""

TREE_EDGES: tuple[tuple[int, int], ...] = tuple(
    (parent, child) for child, parent in enumerate(PARENTS) if parent >= 0
)
"""(parent, child) of the 132 edges of the tree."""

_CLOSING_EDGES: list[tuple[int, int]] = [
    (INDEX["left_shoulder"], INDEX["right_shoulder"]),
    (INDEX["left_hip"], INDEX["right_hip"]),
    *(
        (INDEX[f"{side}_{a}"], INDEX[f"{side}_{b}"])
        for side in _SIDES
        for a, b in (
            ("big_toe", "heel"),
            ("small_toe", "heel"),
            ("forefinger1", "middle_finger1"),
            ("middle_finger1", "ring_finger1"),
            ("ring_finger1", "pinky_finger1"),
        )
    ),
    *(
        (PARTS["face"][a], PARTS["face"][b])
        for a, b in ((41, 36), (46, 45), (59, 48), (55, 54), (67, 60), (65, 64), (31, 27), (35, 27))
    ),
]

EDGES: tuple[tuple[int, int], ...] = TREE_EDGES + tuple(_CLOSING_EDGES)
"""The edges of the graph: the tree and those that close hips, shoulders, feet, palms, nose, eyes, lips."""


def _mirror() -> tuple[int, ...]:
    face_pairs = [(i, 16 - i) for i in range(8)]  # jaw
    face_pairs += [(17 + i, 26 - i) for i in range(5)]  # brows
    face_pairs += [(31, 35), (32, 34)]  # nostrils
    face_pairs += [(36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]  # eyes
    face_pairs += [(48, 54), (49, 53), (50, 52), (55, 59), (56, 58)]  # outer lips
    face_pairs += [(60, 64), (61, 63), (65, 67)]  # inner lips
    mirror = list(range(NUM_KEYPOINTS))
    for a, b in face_pairs:
        left, right = PARTS["face"][a], PARTS["face"][b]
        mirror[left], mirror[right] = right, left
    for name, i in INDEX.items():
        if name.startswith("left_"):
            other = INDEX["right_" + name.removeprefix("left_")]
            mirror[i], mirror[other] = other, i
    return tuple(mirror)


MIRROR: tuple[int, ...] = _mirror()
"""Index of the same keypoint on the other side of the person; itself on the midline."""

LIMBS: tuple[tuple[int, int, int], ...] = tuple(
    (INDEX[f"{side}_{a}"], INDEX[f"{side}_{b}"], INDEX[f"{side}_{c}"])
    for a, b, c in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
    for side in _SIDES
)
"""The four limbs as keypoint triples; each spans a plane."""


def _long_bones() -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """Both ends of each bone."""

    def ends(*names: str) -> tuple[int, ...]:
        return tuple(INDEX[name] for name in names)

    shoulders, hips = (ends(*(f"{side}_{name}" for side in _SIDES)) for name in ("shoulder", "hip"))
    bones = {
        f"{side}_{bone}": (ends(f"{side}_{start}"), ends(f"{side}_{end}"))
        for bone, start, end in (
            ("upper_arm", "shoulder", "elbow"),
            ("forearm", "elbow", "wrist"),
            ("thigh", "hip", "knee"),
            ("shank", "knee", "ankle"),
        )
        for side in _SIDES
    }
    return bones | {
        "shoulder_width": (shoulders[:1], shoulders[1:]),
        "hip_width": (hips[:1], hips[1:]),
        "trunk": (shoulders, hips),
        "head_width": (ends("left_ear"), ends("right_ear")),
    }


LONG_BONES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = _long_bones()
"""The lengths that say how a body is built, by name: the long bones of arms and legs, the widths of shoulders
and hips, the trunk, and the head from ear to ear. Each is the distance between the midpoints of two groups of
keypoints."""


def indices(*parts: str) -> list[int]:
    """Keypoint indices of the named parts, in order."""
    return [i for part in parts for i in PARTS[part]]
