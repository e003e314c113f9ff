"""Draw the 133 keypoints with their indices: docs/assets/keypoints.svg.

Run from anywhere: `python docs/figures/keypoints.py [OUT]`. Indices, edges, parts and colours are the
package's own. The places are made up; those of the face are a detected one made symmetric.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wholebody_lift import formats
from wholebody_lift.skeleton import EDGES, FACE_FEATURES, INDEX, KEYPOINT_NAMES, MIRROR, PARTS
from wholebody_lift.viewers import palette

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "assets" / "keypoints.svg"

PORTRAIT = 1
"""The person in examples/data/photos.json who looks into the camera."""

# A person who looks at us: x to our right, which is the person's left, and y up.
_MIDDLE = {"nose": (0.0, 10.05)}
_LEFT = {
    "eye": (0.36, 10.45),
    "ear": (0.85, 10.25),
    "shoulder": (1.75, 8.3),
    "elbow": (2.55, 6.45),
    "wrist": (3.05, 4.75),
    "hip": (1.0, 4.9),
    "knee": (1.15, 2.55),
    "ankle": (1.2, 0.45),
    "big_toe": (1.45, -0.95),
    "small_toe": (2.35, -0.75),
    "heel": (1.95, 0.05),
}
# Where labels stand, from the keypoint; (1, 0) if nothing is said here.
_LABEL_OF_BODY = {
    "nose": (0.0, -1.15),
    "eye": (0.25, 1.0),
    "big_toe": (0.0, -1.15),
    "shoulder": (0.9, 0.55),
}
_FINGER_DEGREES = {
    "thumb": 45.0,
    "forefinger": 16.0,
    "middle_finger": 1.0,
    "ring_finger": -13.0,
    "pinky_finger": -28.0,
}
_FINGER_START = {
    "thumb": 0.9,
    "forefinger": 2.55,
    "middle_finger": 2.6,
    "ring_finger": 2.5,
    "pinky_finger": 2.3,
}
_NOSE_BASE = FACE_FEATURES["nose"][6]
_STRETCH = 1.45
"""How much longer the face is drawn below the nose, so that the lips have room for their indices."""
_PHALANX = {
    "thumb": 0.8,
    "forefinger": 0.76,
    "middle_finger": 0.82,
    "ring_finger": 0.78,
    "pinky_finger": 0.68,
}


def body_places() -> dict[int, tuple[float, float]]:
    """Body and feet."""
    places = {INDEX[name]: place for name, place in _MIDDLE.items()}
    for name, (x, y) in _LEFT.items():
        left = INDEX[f"left_{name}"]
        places[left], places[MIRROR[left]] = (x, y), (-x, y)
    return places


def face_places() -> dict[int, tuple[float, float]]:
    """A face from the front: the mean of a detected one and its mirror image, jaw 10 wide."""
    part = PARTS["face"]
    people = formats.read(ROOT / "examples" / "data" / "photos.json")
    xy = people.keypoints[PORTRAIT, part.start : part.stop] * (1, -1)
    xy -= (xy[:17].mean(0) + xy[27:36].mean(0)) / 2
    mirrored = xy[[MIRROR[i] - part.start for i in part]] * (-1, 1)
    turn = np.linalg.svd(mirrored.T @ xy)
    upright = _half_turn(turn[2].T @ turn[0].T)
    xy = xy @ upright.T
    mirrored = xy[[MIRROR[i] - part.start for i in part]] * (-1, 1)
    xy = (xy - xy.mean(0) + mirrored - mirrored.mean(0)) / 2
    xy *= 10 / np.ptp(xy[:, 0])
    base = xy[PARTS["face"].index(_NOSE_BASE), 1]
    below = xy[:, 1] < base
    xy[below, 1] = base + _STRETCH * (xy[below, 1] - base)
    return {i: (float(x), float(y)) for i, (x, y) in zip(part, xy, strict=True)}


def _half_turn(rotation: np.ndarray) -> np.ndarray:
    """The rotation by half the angle, backwards: what sets a tilted face upright."""
    half = -np.arctan2(rotation[1, 0], rotation[0, 0]) / 2
    return np.array([[np.cos(half), -np.sin(half)], [np.sin(half), np.cos(half)]])


def hand_places(side: str) -> dict[int, tuple[float, float]]:
    """A raised hand that shows us its palm, thumb towards the person's middle."""
    outward = 1 if side == "left" else -1
    places = {INDEX[f"{side}_hand_root"]: (0.0, 0.0)}
    for finger, degrees in _FINGER_DEGREES.items():
        towards_thumb = np.radians(degrees)
        along = np.array([-outward * np.sin(towards_thumb), np.cos(towards_thumb)])
        for i in range(4):
            x, y = along * (_FINGER_START[finger] + i * _PHALANX[finger])
            places[INDEX[f"{side}_{finger}{i + 1}"]] = (float(x), float(y))
    return places


def draw(
    axes: Axes, places: dict[int, tuple[float, float]], title: str, dot: float, text: float, offset: float
) -> None:
    """Edges, dots and indices of the keypoints that have a place; `offset` of the labels in points."""
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(title, fontsize=10.5, color="#222222", fontweight="bold")
    for number, (a, b) in enumerate(EDGES):
        if a in places and b in places:
            colour = palette.GROUP_COLOURS[palette.EDGE_GROUPS[number]].light
            (line,) = axes.plot(
                *zip(places[a], places[b], strict=True), color=colour, linewidth=1.6, alpha=0.75
            )
            line.set_gid(f"edge-{a}-{b}")
    for i, (x, y) in places.items():
        colour = palette.GROUP_COLOURS[palette.KEYPOINT_GROUPS[i]].light
        axes.plot(
            x, y, "o", color=colour, markersize=dot, markeredgecolor="white", markeredgewidth=0.5, zorder=4
        )
        dx, dy = _label_direction(i, places)
        label = axes.annotate(
            str(i),
            (x, y),
            xytext=(dx * offset, dy * offset),
            textcoords="offset points",
            fontsize=text,
            ha="center",
            va="center",
            color="#222222",
            bbox={"boxstyle": "square,pad=0.04", "facecolor": "white", "edgecolor": "none"},
        )
        label.set_gid(f"keypoint-{i}-{KEYPOINT_NAMES[i]}")


def _label_direction(i: int, places: dict[int, tuple[float, float]]) -> tuple[float, float]:
    """Where a label stands, as a direction from its keypoint."""
    part, name = palette.PART_OF[i], KEYPOINT_NAMES[i]
    side = np.sign(places[i][0])
    if part in ("body", "feet"):
        dx, dy = _LABEL_OF_BODY.get(name.split("_", 1)[-1], (1.15, 0.0))
        return side * dx, dy
    if part == "face":
        return _label_of_face(i, places)
    outward = 1 if part == "left_hand" else -1
    if name.endswith("hand_root"):
        return 0.0, -1.2
    finger = name.split("_", 1)[1].rstrip("1234")
    turn = np.radians(_FINGER_DEGREES[finger])
    across = np.array([outward * np.cos(turn), np.sin(turn)]) * (-1 if finger == "thumb" else 1)
    along = np.array([-outward * np.sin(turn), np.cos(turn)])
    is_knuckle = name.endswith("1") and finger != "thumb"
    dx, dy = across + 0.75 * along if is_knuckle else 1.1 * across
    return float(dx), float(dy)


def _label_of_face(i: int, places: dict[int, tuple[float, float]]) -> tuple[float, float]:
    (feature,) = (name for name, part in FACE_FEATURES.items() if i in part)
    part = FACE_FEATURES[feature]
    if feature.endswith("brow"):
        return 0.0, 1.1
    if feature == "nose":
        below_bridge = i >= part[4]
        side = np.sign(round(places[i][0], 3))
        return (1.0 * side, -0.75) if below_bridge else (1.25, 0.0)
    inner_lips = feature == "mouth" and i >= part[12]
    around = part[12:] if inner_lips else part[:12] if feature == "mouth" else part
    outline = np.array([places[k] for k in around])
    middle = outline[[0, -1]].mean(0) if feature == "jaw" else outline.mean(0)
    away = (np.array(places[i]) - middle) / (np.ptp(outline, axis=0) if feature != "jaw" else 1)
    dx, dy = away / np.linalg.norm(away)
    return (-1.0 * dx, -1.0 * dy) if inner_lips else (1.15 * dx, 1.15 * dy)


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    matplotlib.rcParams.update({"svg.hashsalt": "wholebody-lift", "font.family": "DejaVu Sans"})
    figure = Figure(figsize=(11, 10))
    draw(figure.add_axes((0.025, 0.07, 0.39, 0.88)), body_places(), "body 0-16 and feet 17-22", 7, 8.5, 9)
    draw(figure.add_axes((0.44, 0.39, 0.54, 0.57)), face_places(), "face 23-90", 4.5, 6.5, 7.5)
    draw(figure.add_axes((0.44, 0.01, 0.27, 0.34)), hand_places("right"), "right hand 112-132", 5, 7, 9)
    draw(figure.add_axes((0.72, 0.01, 0.27, 0.34)), hand_places("left"), "left hand 91-111", 5, 7, 9)
    figure.text(0.21, 0.03, "The person looks at you: their right is on your left.", fontsize=9, ha="center")
    figure.savefig(out, facecolor="white", metadata={"Date": None})


if __name__ == "__main__":
    main()
