"""The colours in which all viewers draw the parts.

The side sets the hue (cool for the person's left, warm for the right) and the part sets the shade, so that
people with a colour vision deficiency can tell sides and parts apart.
"""

from typing import NamedTuple

from wholebody_lift.skeleton import EDGES, FACE_FEATURES, KEYPOINT_NAMES, NUM_KEYPOINTS, PARTS, TREE_EDGES


class Colours(NamedTuple):
    """One colour on a light and on a dark ground, as #rrggbb."""

    light: str
    dark: str


GROUP_COLOURS: dict[str, Colours] = {
    "body_middle": Colours("#5f6b7a", "#a3afbe"),
    "body_left": Colours("#1f66b0", "#5aa2ee"),
    "body_right": Colours("#c4501b", "#f08a4b"),
    "feet_left": Colours("#5b96d1", "#93c5fd"),
    "feet_right": Colours("#d98a3d", "#f7bd7f"),
    "face": Colours("#7a62b3", "#b3a1e6"),
    "left_hand": Colours("#0f857f", "#3fc4b8"),
    "right_hand": Colours("#b23a6b", "#ee7fae"),
}
"""The colour groups: parts, with body and feet split by side."""

LABELS: dict[str, str] = {
    "body_middle": "Body, middle",
    "body_left": "Body, left",
    "body_right": "Body, right",
    "feet_left": "Foot, left",
    "feet_right": "Foot, right",
    "face": "Face",
    "left_hand": "Hand, left",
    "right_hand": "Hand, right",
}
"""The groups in words; left and right are the person's own."""

PART_GROUPS: dict[str, tuple[str, ...]] = {
    "body": ("body_left", "body_right"),
    "feet": ("feet_left", "feet_right"),
    "face": ("face",),
    "left_hand": ("left_hand",),
    "right_hand": ("right_hand",),
}
"""The groups that represent a part in a legend."""

ERROR_RAMP: tuple[Colours, ...] = (
    Colours("#4a4fc4", "#7f8bf5"),
    Colours("#c2418c", "#ea6bb0"),
    Colours("#ef8a1d", "#ffd060"),
)
"""Colours of a small, a medium and a large expected error."""

PART_OF: tuple[str, ...] = tuple(part for part, keypoints in PARTS.items() for _ in keypoints)
"""The part of each keypoint."""


def _keypoint_group(index: int) -> str:
    part = PART_OF[index]
    if part in GROUP_COLOURS:
        return part
    side = KEYPOINT_NAMES[index].split("_")[0]
    return f"{part}_{side if side in ('left', 'right') else 'middle'}"


KEYPOINT_GROUPS: tuple[str, ...] = tuple(_keypoint_group(i) for i in range(NUM_KEYPOINTS))
"""The colour group of each keypoint."""


def _edge_group(a: int, b: int) -> str:
    """The group of an edge: that of its outer end, or body_middle if it crosses the body."""
    outer, inner = KEYPOINT_GROUPS[b], KEYPOINT_GROUPS[a]
    if outer.startswith("body") and outer != inner:
        return "body_middle"
    return outer


EDGE_GROUPS: tuple[str, ...] = tuple(_edge_group(a, b) for a, b in EDGES)
"""The colour group of each edge of the skeleton."""

EDGE_PARTS: tuple[str, ...] = tuple(PART_OF[b] for _, b in EDGES)
"""The part with which each edge of the skeleton is shown and hidden."""


LOOKS: tuple[str, ...] = tuple(
    "head" if name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear") else part
    for name, part in zip(KEYPOINT_NAMES, PART_OF, strict=True)
)
"""The size class of each keypoint: its part, or "head" for those of the body that lie on the face."""

EDGE_LOOKS: tuple[str, ...] = tuple(
    "head" if LOOKS[a] == "head" == LOOKS[b] else PART_OF[b] for a, b in EDGES
)
"""The thickness class of each edge."""


_FEATURE_OF = {i: name for name, keypoints in FACE_FEATURES.items() for i in keypoints}


def _outlines(a: int, b: int) -> bool:
    """Whether an edge is drawn: all but those that only connect the outlines of facial features."""
    feature = _FEATURE_OF.get(b)
    if feature is None:
        return True
    if _FEATURE_OF.get(a) != feature:
        return False
    tie = feature == "nose" or (feature == "mouth" and (a, b) in TREE_EDGES)
    return abs(a - b) == 1 or not tie


SHOWN_EDGES: tuple[int, ...] = tuple(e for e, (a, b) in enumerate(EDGES) if _outlines(a, b))
"""The edges that are drawn, by their index in `EDGES`."""
