"""Draw the pictures of the pages docs/tools/*: docs/assets/tools-*.png, without Blender's (tools_blender.py).

Run from anywhere: `python docs/figures/tools.py [OUT]`. Needs matplotlib and trimesh. What a page writes
for another program is written here in the same way, and drawn from that file: the TRC by the reader below,
the glTF by trimesh, the JSON of ComfyUI as its numbers stand there.
"""

import json
import sys
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
import trimesh
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from wholebody_lift import Keypoints2D, Lifter, Pose3D, formats
from wholebody_lift.formats.detections.mediapipe import FACE_VERTICES
from wholebody_lift.formats.results import trc
from wholebody_lift.layouts import OPENPOSE_18
from wholebody_lift.skeleton import EDGES, INDEX, KEYPOINT_NAMES, PARTS
from wholebody_lift.viewers import palette
from wholebody_lift.viewers.views import axes as view_axes

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "assets"
SQUATS = ROOT / "examples" / "data" / "squats.json"
ASTRONAUT = ROOT / "tests" / "data" / "mediapipe_astronaut.json"
FPS = 5.0
DEEP = 8  # a frame in which the knees are bent

INK, PALE, GRID = "#333333", "#8a94a3", "#e3e6ea"
LOOKS = {"body": (2.2, 15.0), "head": (0.9, 3.0), "feet": (1.7, 9.0), "face": (0.7, 0.8)}
LOOKS |= dict.fromkeys(("left_hand", "right_hand"), (1.0, 2.2))
"""Width of bones in pt and area of keypoints in pt² of each part."""
AXIS_COLOURS = {"x": "#c4372b", "y": "#2b8a3e", "z": "#1f5fbf"}


def project(xyz: np.ndarray, turn: float = 0.0, tilt: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Right and up (..., 2), and depth (...), of points in OpenCV's axes, seen from two angles in degrees."""
    right, down, away = view_axes(np.deg2rad(turn), np.deg2rad(tilt))
    return xyz @ np.stack([right, -down]).T, xyz @ away


def draw_person(
    axes: Axes, xy: np.ndarray, depth: np.ndarray, observed: np.ndarray, size: float = 1.0
) -> None:
    """Bones and keypoints (133, 2), far ones paler, inferred ones hollow; NaN is left out."""
    farness = (depth - np.nanmin(depth)) / max(float(np.ptp(depth[np.isfinite(depth)])), 1.0)
    shown = np.isfinite(xy).all(axis=1)
    edges = np.array(EDGES)[list(palette.SHOWN_EDGES)]
    bones = [(e, a, b) for e, (a, b) in zip(palette.SHOWN_EDGES, edges, strict=True) if shown[a] and shown[b]]
    bones.sort(key=lambda bone: -farness[list(bone[1:])].mean())
    axes.add_collection(
        LineCollection(
            [xy[[a, b]] for _, a, b in bones],
            colors=[
                (*ink(palette.EDGE_GROUPS[e], farness[[a, b]].mean()), 1.0 if observed[[a, b]].all() else 0.4)
                for e, a, b in bones
            ],
            linewidths=[size * LOOKS[palette.EDGE_LOOKS[e]][0] for e, _, _ in bones],
            capstyle="round",
            zorder=3,
        )
    )
    order = [k for k in np.argsort(-farness) if shown[k]]
    colours = [ink(palette.KEYPOINT_GROUPS[k], farness[k]) for k in order]
    axes.scatter(
        *xy[order].T,
        s=[size**2 * LOOKS[palette.LOOKS[k]][1] for k in order],
        facecolors=[colour if observed[k] else (1, 1, 1) for k, colour in zip(order, colours, strict=True)],
        edgecolors=colours,
        linewidths=0.5 * size,
        zorder=4,
    )


def ink(group: str, farness: float) -> tuple[float, float, float]:
    red, green, blue = to_rgb(palette.GROUP_COLOURS[group].light)
    pale = 0.45 * float(farness)
    return red + (1 - red) * pale, green + (1 - green) * pale, blue + (1 - blue) * pale


def bare(axes: Axes, title: str, below: str = "") -> None:
    """No ticks and no frame; words above and below."""
    axes.set(aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=10, color=INK)
    axes.set_xlabel(below, fontsize=8.5, color="0.35")


def save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=110, facecolor="white", metadata={"Software": None})


# --- MMPose and rtmlib ---


def draw_mmpose(pose: Pose3D, out: Path) -> None:
    """Some frames of the clip: the detections, and what they become, from the person's side."""
    moments = (0, 4, 6, 8, 11, 15)
    figure = Figure(figsize=(10, 5.5), layout="constrained")
    rows = figure.subplots(2, len(moments), height_ratios=(1.25, 1))
    for column, moment in enumerate(moments):
        one = pose[moment]
        above, below = rows[:, column]
        draw_person(above, one.keypoints[0], np.zeros(len(INDEX)), one.observed[0], size=0.75)
        above.set(xlim=(90, 630), ylim=(1180, 130), aspect="equal", xticks=[], yticks=[], facecolor="#f4f5f7")
        above.spines[:].set(color="0.8", linewidth=0.6)
        above.set_title(f"{moment / FPS:.1f} s", fontsize=9.5, color=INK)
        xy, depth = project(one.xyz[0], turn=90)
        xy[:, 1] -= xy[:, 1].min()  # onto the floor
        draw_person(below, xy, depth, one.observed[0], size=0.75)
        below.set(xlim=(-620, 620), ylim=(-60, 1860))
        below.axhline(0, color=GRID, linewidth=1, zorder=0)
        bare(below, "")
    for axes, words in zip(rows[:, 0], ("in: pixels and scores", "out: mm, seen from aside"), strict=True):
        axes.set_ylabel(words, fontsize=9.5, color=INK)
    save(figure, out / "tools-mmpose.png")


# --- ComfyUI ---

LIMBS = ((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13))
LIMBS += ((1, 0), (0, 14), (14, 16), (0, 15), (15, 17))
"""Pairs of OpenPose's 18 keypoints in the order of its colours."""


def pose_keypoints(xy: np.ndarray, width: int, height: int) -> dict[str, object]:
    """A frame as the page docs/tools/comfyui.md writes it, of one person (133, 2); NaN is missing."""
    named = dict(zip(KEYPOINT_NAMES, xy, strict=True))
    named["neck"] = (named["left_shoulder"] + named["right_shoulder"]) / 2
    parts = {
        "pose_keypoints_2d": np.array([named[name] for name in OPENPOSE_18.names]),
        "face_keypoints_2d": xy[PARTS["face"]],
        "hand_left_keypoints_2d": xy[PARTS["left_hand"]],
        "hand_right_keypoints_2d": xy[PARTS["right_hand"]],
    }
    triples = {
        part: np.nan_to_num(np.column_stack((points, np.isfinite(points[:, 0])))).ravel().tolist()
        for part, points in parts.items()
    }
    return {"people": [triples], "canvas_width": width, "canvas_height": height}


def draw_canvas(axes: Axes, path: Path) -> None:
    """The JSON of ComfyUI as ControlNet's picture: black, limbs in the colours of the rainbow."""
    (frame,) = json.loads(path.read_text())
    (person,) = frame["people"]
    axes.set_facecolor("black")
    axes.set(xlim=(0, frame["canvas_width"]), ylim=(frame["canvas_height"], 0), aspect="equal")
    axes.set(xticks=[], yticks=[])
    body = np.reshape(person["pose_keypoints_2d"], (-1, 3))
    hues = [matplotlib.colors.hsv_to_rgb((i / 18, 1, 1)) for i in range(18)]
    for (a, b), colour in zip(LIMBS, hues, strict=False):
        if body[a, 2] and body[b, 2]:
            axes.plot(*body[[a, b], :2].T, color=0.62 * colour, linewidth=5, solid_capstyle="round")
    seen = body[:, 2] > 0
    axes.scatter(*body[seen, :2].T, s=16, c=np.array(hues)[seen], zorder=3)
    for part, size in (("face", 1.6), ("hand_left", 3), ("hand_right", 3)):
        points = np.reshape(person[f"{part}_keypoints_2d"], (-1, 3))
        points = points[points[:, 2] > 0]
        axes.scatter(*points[:, :2].T, s=size, c="white" if part == "face" else "#4477ff", zorder=3)


def draw_comfyui(pose: Pose3D, out: Path, folder: Path) -> None:
    """A pose, the same in 3D, and the pose that a camera on another side would have seen."""
    one = pose[DEEP]
    angle = np.deg2rad(60)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    seen = (one.xyz[0] @ turn.T + one.translation[0]) @ one.K[0].T
    width, height = one.image_size[0].astype(int).tolist()
    hips = one.translation[0] @ one.K[0].T
    hips, mm = hips[:2] / hips[2], hips[2] / one.K[0, 0, 0]  # where they are in the picture; mm to a pixel
    top, bottom = 400, 1050  # what is shown of the height, pixels
    figure = Figure(figsize=(10, 3.0), layout="constrained")
    before, camera, aside, after = figure.subplots(1, 4)
    for axes, xy, title in (
        (before, one.keypoints[0], "In: PoseKeypoint_00001.json"),
        (after, seen[:, :2] / seen[:, 2:], "Out: turned.json"),
    ):
        path = folder / "frame.json"
        path.write_text(json.dumps([pose_keypoints(xy, width, height)]))
        draw_canvas(axes, path)
        axes.set(xlim=(40, 680), ylim=(bottom, top))
        axes.set_title(title, fontsize=10, color=INK)
    for axes, degrees, title in ((camera, 0, "3D from the camera"), (aside, -60, "3D from 60° aside")):
        xy, depth = project(one.xyz[0], turn=degrees)
        draw_person(axes, xy, depth, one.observed[0], size=0.8)
        axes.set(xlim=mm * (np.array([40, 680]) - hips[0]), ylim=mm * (hips[1] - np.array([bottom, top])))
        bare(axes, title)
    save(figure, out / "tools-comfyui.png")


# --- MediaPipe ---


def draw_mediapipe(pose: Pose3D, out: Path) -> None:
    """The face that is taken from the mesh, and what MediaPipe does not see and is inferred."""
    document = json.loads(ASTRONAUT.read_text())
    mesh = np.array([(v["x"], v["y"]) for v in document["face_landmarks"]["landmark"]]) * 512
    figure = Figure(figsize=(10, 4.3), layout="constrained")
    face, body, feet = figure.subplots(1, 3, width_ratios=(1.15, 0.8, 1.15))
    face.scatter(*mesh.T, s=4, color="0.78", linewidths=0)
    ours = np.full((len(INDEX), 2), np.nan)
    ours[PARTS["face"]] = mesh[np.array(FACE_VERTICES)].mean(axis=1)
    draw_person(face, ours, np.zeros(len(INDEX)), np.ones(len(INDEX), bool), size=2.2)
    face.invert_yaxis()
    face.margins(0.05)
    bare(face, "Face: 68 of 468 vertices", "as Holistic sees NASA's portrait")

    one = pose[DEEP]
    xy, depth = project(one.xyz[0], turn=25, tilt=8)
    draw_person(body, xy, depth, one.observed[0])
    body.autoscale()
    body.margins(0.08)
    bare(body, "The 133, in 3D", f"{(~one.observed[0]).sum()} of them inferred: hollow")

    one = pose[0]
    xy, depth = project(one.xyz[0], tilt=55)
    legs = [INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle")]
    shown = np.full(xy.shape, np.nan)
    shown[[*legs, *PARTS["feet"]]] = xy[[*legs, *PARTS["feet"]]]
    draw_person(feet, shown, depth, one.observed[0], size=2.4)
    around = xy[list(PARTS["feet"])]
    low, high = around.min(axis=0), around.max(axis=0)
    feet.set(xlim=(low[0] - 150, high[0] + 150), ylim=(low[1] - 100, high[1] + 90))
    for name in ("left_small_toe", "right_small_toe", "left_big_toe", "left_heel"):
        side, _, what = name.partition("_")
        label = what.replace("_", " ") + ("" if one.observed[0, INDEX[name]] else ": inferred")
        step = 26 if side == "left" else -26
        feet.annotate(
            label,
            xy[INDEX[name]],
            (step, -20 if "toe" in name else 12),
            textcoords="offset points",
            fontsize=8.5,
            ha="left" if side == "left" else "right",
            color=INK,
            zorder=5,
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.7},
        )
    bare(feet, "The feet, from above")
    save(figure, out / "tools-mediapipe.png")


# --- OpenSim ---


MARKERS = (
    "Nose",
    *(
        f"{side}{name}"
        for name in (
            *("Eye", "Shoulder", "Elbow", "Wrist", "Thumb", "Index", "Pinky"),
            *("Hip", "Knee", "Ankle", "Heel", "BigToe", "SmallToe"),
        )
        for side in "RL"
    ),
)
"""Those of Pose2Sim's marker set for COCO_133."""


def draw_opensim(pose: Pose3D, out: Path, folder: Path) -> None:
    """The markers in a TRC file by name, and the angle of the knees that they give."""
    formats.write(pose, folder / "squats.trc", names="pose2sim")
    names, times, xyz, _ = trc.read(folder / "squats.trc")
    at = {name: xyz[:, number] for number, name in enumerate(names)}
    figure = Figure(figsize=(10, 4.9), layout="constrained")
    person, knees = figure.subplots(1, 2, width_ratios=(1.1, 1))

    standing = xyz[0][:, [2, 1]]  # z is to the right, y up: what the camera sees
    for a, b in EDGES:
        if max(a, b) < PARTS["feet"].stop:
            person.plot(*standing[[a, b]].T, color="0.85", linewidth=2, zorder=1)
    person.scatter(*standing.T, s=4, color="0.6", linewidths=0, zorder=2)
    used = np.array([at[name][0, [2, 1]] for name in MARKERS])
    sides = ["#c4501b" if name[0] == "R" else "#1f66b0" if name[0] == "L" else INK for name in MARKERS]
    person.scatter(*used.T, s=22, c=sides, edgecolors="white", linewidths=0.6, zorder=3)
    for right in (True, False):
        mine = [i for i, name in enumerate(MARKERS) if (name[0] == "L") == right]
        mine.sort(key=lambda i: used[i, 1])
        heights = apart([used[i, 1] for i in mine], 74.0)
        for i, height in zip(mine, heights, strict=True):
            person.annotate(
                MARKERS[i],
                used[i],
                (560 if right else -640, height),
                fontsize=8,
                va="center",
                color=sides[i],
                ha="left" if right else "right",
                arrowprops={"arrowstyle": "-", "color": "0.75", "linewidth": 0.6, "shrinkB": 2},
            )
    for letter, step in (("y", (0, 260)), ("z", (260, 0))):
        start = np.array([-1080.0, -40.0])
        person.annotate(
            "",
            start + step,
            start,
            arrowprops={"arrowstyle": "-|>", "color": AXIS_COLOURS[letter], "lw": 1.8},
        )
        tip = start + 1.22 * np.array(step)
        person.text(*tip, letter, color=AXIS_COLOURS[letter], ha="center", va="center", fontweight="bold")
    person.text(-1080, -130, "x: away from you", color=AXIS_COLOURS["x"], fontsize=8.5)
    person.set(xlim=(-1130, 900), ylim=(-190, 1980))
    bare(person, "27 markers of Pose2Sim, 133 in the file")

    for side, colour in (("L", "#1f66b0"), ("R", "#c4501b")):
        thigh, shank = (at[f"{side}{name}"] - at[f"{side}Knee"] for name in ("Hip", "Ankle"))
        cosine = (thigh * shank).sum(axis=1) / np.linalg.norm(thigh, axis=1) / np.linalg.norm(shank, axis=1)
        knees.plot(times, 180 - np.rad2deg(np.arccos(cosine)), color=colour, linewidth=1.8, label=side)
    knees.legend(["left", "right"], frameon=False, fontsize=9)
    knees.set(xlim=(0, times[-1]), ylim=(0, 120))
    knees.set_xlabel("s", fontsize=9)
    knees.set_title("Bend of the knees by these markers, degrees", fontsize=10, color=INK)
    knees.tick_params(labelsize=8.5, colors="0.3")
    knees.grid(color=GRID, linewidth=0.7)
    knees.spines[["top", "right"]].set_visible(False)
    save(figure, out / "tools-opensim.png")


def apart(places: list[float], least: float) -> np.ndarray:
    """Ascending places, pushed apart so that none are nearer than `least`, around where they were."""
    steps = least * np.arange(len(places))
    pushed = np.maximum.accumulate(np.array(places) - steps) + steps
    return pushed - max(0.0, float((pushed - places).mean()))


# --- Unity ---

BONE_LABELS = {
    "head": (0.32, 1.86),
    "neck": (-0.3, 1.72),
    "leftShoulder": (0.3, 1.6),
    "leftUpperArm": (0.42, 1.16),
    "leftLowerArm": (0.78, 1.6),
    "leftHand": (0.8, 1.16),
    "leftIndexProximal": (0.92, 1.75),
    "chest": (-0.42, 1.1),
    "spine": (-0.42, 0.98),
    "hips": (-0.42, 0.86),
    "leftUpperLeg": (0.48, 0.8),
    "leftLowerLeg": (0.48, 0.46),
    "leftFoot": (0.44, 0.14),
    "leftToes": (0.44, 0.0),
    "rightHand": (-0.74, 1.16),
    "rightUpperArm": (-0.42, 1.6),
}
"""Where the names of some bones are written, in metres."""
STEEL = np.array(to_rgb("#4d86c6"))


def in_unity(points: np.ndarray, turn: float, tilt: float) -> tuple[np.ndarray, np.ndarray]:
    """`project` of points in Unity's axes: x right, y up, z away from a viewer who has not turned."""
    return project(points * [1.0, -1.0, 1.0], turn, tilt)


def draw_triangles(axes: Axes, triangles: np.ndarray, turn: float, tilt: float) -> None:
    """Triangles (F, 3, 3) in Unity's axes, lit from where the viewer stands."""
    xy, depth = in_unity(triangles, turn, tilt)
    u, v = xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0]
    across = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    area = np.linalg.norm(
        np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1
    )
    light = 0.55 + 0.45 * across / np.maximum(area, 1e-12)
    order = np.argsort(-depth.mean(axis=1))
    colours = light[order, None] * STEEL
    axes.add_collection(
        PolyCollection(list(xy[order]), facecolors=colours, edgecolors=colours, linewidths=0.3)
    )


def draw_floor(axes: Axes, turn: float, tilt: float) -> None:
    """Half metres on the ground, and Unity's axes."""
    for at in np.linspace(-2.0, 2.0, 9):
        for ends in (((at, 0, -1.0), (at, 0, 1.0)), ((-2.0, 0, at / 2), (2.0, 0, at / 2))):
            line = in_unity(np.array(ends), turn, tilt)[0]
            axes.plot(*line.T, color=GRID, linewidth=0.8, zorder=0)
    start = np.array([-2.0, 0.0, -1.0])
    for number, letter in enumerate("xyz"):
        tip = start + 0.55 * np.eye(3)[number]
        a, b, label = in_unity(np.array([start, tip, start + 0.68 * np.eye(3)[number]]), turn, tilt)[0]
        colour = AXIS_COLOURS[letter]
        axes.annotate("", b, a, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.8, "shrinkA": 0})
        axes.text(*label, letter, color=colour, ha="center", va="center", fontweight="bold")


def draw_unity(pose: Pose3D, out: Path, folder: Path) -> None:
    """The bones of a glTF by name, and how it and coordinates in the frame `unity` stand in Unity's axes."""
    formats.write(pose, folder / "squats.glb")
    scene = trimesh.load(folder / "squats.glb", force="scene")
    (mesh,) = scene.geometry.values()
    to_unity = np.array([-1.0, 1.0, 1.0])  # what importers of glTF do: x to the other side
    triangles = mesh.triangles * to_unity  # (F, 3, 3) m

    figure = Figure(figsize=(10, 4.4), layout="constrained")
    names, space = figure.subplots(1, 2, width_ratios=(1, 1.1))
    draw_triangles(names, triangles, turn=180, tilt=0)
    for name, place in BONE_LABELS.items():
        bone = in_unity(scene.graph[name][0][:3, 3] * to_unity, 180, 0)[0]
        names.annotate(
            name,
            bone,
            place,
            fontsize=8,
            color=INK,
            ha="center",
            va="center",
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "shrinkA": 1, "shrinkB": 0},
        )
    names.set(xlim=(-1.08, 1.22), ylim=(-0.1, 1.98))
    bare(names, "Bones in squats.glb, at rest")

    turn, tilt = 24.0, 16.0
    draw_floor(space, turn, tilt)
    draw_triangles(space, triangles + np.array([0.95, 0, 0]), turn, tilt)
    one = pose[0].to("unity")
    metres = one.xyz[0] / 1000
    metres += [-0.95, -float(metres[:, 1].min()), 0]
    xy, depth = in_unity(metres, turn, tilt)
    draw_person(space, xy, depth * 1000, one.observed[0], size=0.85)
    for x, z, words in ((-0.95, -1.0, "frame unity:\nfaces the camera, -z"), (0.95, 1.0, "glTF: faces z")):
        ends = in_unity(np.array([[x, 0, 0.28 * z], [x, 0, 0.85 * z]]), turn, tilt)[0]
        space.annotate(
            "", ends[1], ends[0], arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.3}, zorder=5
        )
        label = in_unity(np.array([x, 0, -1.0]), turn, tilt)[0] - (0, 0.12)
        space.text(*label, words, fontsize=8.5, color=INK, ha="center", va="top")
    space.set(xlim=(-2.3, 2.25), ylim=(-0.95, 2.35))
    bare(space, "Both in Unity's axes")
    save(figure, out / "tools-unity.png")


def make_smaller(path: Path) -> None:
    """A picture that Blender rendered in fewer colours, so that a floor that is nearly even is even."""
    picture = Image.open(path)
    if picture.mode != "P":
        even = picture.point(lambda value: 4 * round(value / 4))
        even.quantize(200, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    matplotlib.rcParams["font.family"] = "DejaVu Sans"
    people: Keypoints2D = formats.read(SQUATS, fps=FPS)
    pose = Lifter.from_pretrained().lift_sequence(people)
    with tempfile.TemporaryDirectory() as name:
        draw_mmpose(pose, out)
        draw_comfyui(pose, out, Path(name))
        draw_mediapipe(pose, out)
        draw_opensim(pose, out, Path(name))
        draw_unity(pose, out, Path(name))
    if (out / "tools-blender.png").exists():
        make_smaller(out / "tools-blender.png")


if __name__ == "__main__":
    main()
