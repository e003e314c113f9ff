"""Draw recordings beside the people that training poses after them: docs/assets/retargeting.png.

Run from anywhere: `python docs/figures/retargeting.py DATA [OUT]`. DATA is the folder of recordings that
docs/training.md describes. For twelve recordings it prints the largest angle between a limb as it was
recorded and ours, in the frame that is drawn and over the whole recording.
"""

import math
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from torch import Tensor

from wholebody_lift.skeleton import EDGES, INDEX
from wholebody_lift.train.synthetic.recordings import amc, bvh, gltf
from wholebody_lift.train.synthetic.recordings.clip import Clip
from wholebody_lift.train.synthetic.recordings.figures import CMU_AMC, CMU_BVH, QUATERNIUS, SIDES, Source
from wholebody_lift.train.synthetic.recordings.retarget import rest_pose, retarget
from wholebody_lift.train.synthetic.rig import load_rig
from wholebody_lift.train.synthetic.rotations import about, to_matrix
from wholebody_lift.viewers import palette

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "assets" / "retargeting.png"

# Name in the archive or file, and the place of the frame in the recording, 0 to 1.
BVH = (("indian/04", 0.31), ("martial/03", 0.62), ("salsa/05", 0.47), ("salsa/20", 0.55))
AMC = (("01/01_03", 0.45), ("02/02_05", 0.53), ("08/08_03", 0.4), ("16/16_47", 0.5))
GLB = (("Sword_Attack", 0.45), ("Sitting_Talking_Loop", 0.5), ("Roll", 0.45), ("Punch_Cross", 0.4))
FRAMES_PER_RECORDING = 60
"""Spread over each recording, whose largest angle is printed."""

COLUMNS = 4
TURN = math.radians(35)
"""From how far beside the person's front we look."""
MM = 1000.0

LIMBS: dict[str, tuple[str, str, str, str]] = {
    "upper arm": ("shoulder", "elbow", "upper_arm", "forearm"),
    "forearm": ("elbow", "wrist", "forearm", "hand"),
    "thigh": ("hip", "knee", "thigh", "shin"),
    "shank": ("knee", "ankle", "shin", "foot"),
}
"""The limbs by name: our keypoints at either end, and the fields of `Source` that name the bones of a
recording that begin there."""

LIMB_NAMES: tuple[str, ...] = tuple(f"{side} {limb}" for limb in LIMBS for side in ("left", "right"))
"""The limbs of both sides, in the order of the limb axis of `limb_angles`."""

_MIDLINE_METRES = 0.01


def limb_angles(clip: Clip, source: Source, xyz: Tensor) -> Tensor:
    """Angles (T, 8) in degrees between the limbs of a recording and those of our keypoints.

    xyz: keypoints (T, 133, 3) of a body in the poses that `retarget` made of the same clip, in any unit, in
    the axes of `Rig.pose`.
    """
    places, columns = clip.positions(), []
    for begin, end, their_begin, their_end in LIMBS.values():
        for side, name in zip(SIDES, ("left", "right"), strict=True):
            ours = xyz[:, INDEX[f"{name}_{end}"]] - xyz[:, INDEX[f"{name}_{begin}"]]
            first, last = (
                clip.bones.index(source.bone(getattr(source, bone), side))
                for bone in (their_begin, their_end)
            )
            columns.append(_angle(ours.double(), places[:, last] - places[:, first]))
    return torch.rad2deg(torch.stack(columns, 1))


def _angle(a: Tensor, b: Tensor) -> Tensor:
    """Angle (...) in radians between vectors (..., 3), exact for small ones too."""
    return torch.atan2(torch.linalg.vector_norm(torch.linalg.cross(a, b), dim=-1), (a * b).sum(-1))


def sticks(clip: Clip, source: Source) -> tuple[Tensor, Tensor]:
    """The recorded figure as segments (T, S, 2, 3) in metres, and the side (S,) that each is on: 1 left, -1
    right, 0 neither. Bones that lead from the floor to the pelvis are left out."""
    places = clip.positions()
    ends = places + (clip.rotations @ (clip.tails - clip.heads)[..., None]).squeeze(-1)
    segments, x = [], []
    figure = {clip.bones.index(source.pelvis)}
    for bone, parent in enumerate(clip.parents):  # parents come first
        if parent in figure:
            figure.add(bone)
            segments.append(torch.stack([places[:, parent], places[:, bone]], 1))
            x.append(clip.heads[bone, 0])
            if bone not in clip.parents:  # a last bone ends at its tail
                segments.append(torch.stack([places[:, bone], ends[:, bone]], 1))
                x.append(clip.heads[bone, 0])
    across = torch.stack(x)
    return torch.stack(segments, 1), across.sign() * (across.abs() > _MIDLINE_METRES)


def recordings(data: Path) -> Iterator[tuple[str, Clip, Source, float]]:
    """Label, recording, its kind of skeleton and the place of the frame to draw."""
    with zipfile.ZipFile(data / "motion" / "cmu_bvh.zip") as archive:
        for name, place in BVH:
            clip = bvh.read(archive.read(f"{name}.bvh").decode("latin-1"))
            yield f"BVH {name}", clip, CMU_BVH, place
    with zipfile.ZipFile(data / "motion" / "cmu_amc.zip") as archive:
        for name, place in AMC:
            subject = name.split("/")[0]
            skeleton, motion = (
                archive.read(file).decode("latin-1") for file in (f"{subject}/{subject}.asf", f"{name}.amc")
            )
            yield f"AMC {name}", amc.read(skeleton, motion), CMU_AMC, place
    clips = gltf.read(data / "motion" / "quaternius" / "animation.glb")
    for name, place in GLB:
        yield f"glTF {name.replace('_', ' ')}", clips[name], QUATERNIUS, place


def view(pelvis: Tensor) -> Tensor:
    """(2, 3): right and up of a level look at a person whose pelvis is turned by (3, 3)."""
    front = pelvis @ torch.tensor([0.0, -1.0, 0.0], dtype=pelvis.dtype)
    heading = torch.atan2(front[0], -front[1])
    return about("z", -heading + TURN)[[0, 2]]


def draw(axes: Axes, segments: np.ndarray, colours: list[str], middle: float) -> None:
    """Segments (S, 2, 2) mm beside others, with the middle of the figure at x = `middle` and the lowest point
    on the floor."""
    points = segments.reshape(-1, 2)
    shift = np.array([middle - (points[:, 0].min() + points[:, 0].max()) / 2, -points[:, 1].min()])
    axes.add_collection(
        LineCollection(list(segments + shift), colors=colours, linewidths=1.3, capstyle="round")
    )


def main() -> None:
    data = Path(sys.argv[1])
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else OUT
    matplotlib.rcParams["font.family"] = "DejaVu Sans"
    rig, generator = load_rig(), torch.Generator().manual_seed(0)
    rest = rest_pose(rig)
    middle, left, right = (
        palette.GROUP_COLOURS[f"body_{side}"].light for side in ("middle", "left", "right")
    )
    ours = [palette.GROUP_COLOURS[group].light for group in palette.EDGE_GROUPS]
    edges = torch.tensor(EDGES)

    rows = -(-(len(BVH) + len(AMC) + len(GLB)) // COLUMNS)
    figure = Figure(figsize=(3.3 * COLUMNS, 2.65 * rows), layout="constrained")
    panels = figure.subplots(rows, COLUMNS).flat
    for axes, (label, clip, source, place) in zip(panels, recordings(data), strict=True):
        frames = torch.linspace(0, len(clip) - 1, FRAMES_PER_RECORDING).round().long()
        frames[0] = round(place * (len(clip) - 1))  # the first of a BVH is no motion, and this one is drawn
        few = Clip(clip.bones, clip.parents, clip.heads, clip.tails, clip.rotations[frames], clip.fps)
        body = rig.rest(rig.sample_shape(1, generator))
        poses = to_matrix(retarget(few, source, rest))
        xyz = torch.cat([rig.pose(body, pose[None]) for pose in poses])
        angles = limb_angles(few, source, xyz)
        worst = int(angles[0].argmax())
        print(
            f"{label}: {angles[0, worst]:.1f} degrees ({LIMB_NAMES[worst]}), "
            f"{angles.max():.1f} over the recording"
        )

        look = view(few.rotations[0, clip.bones.index(source.pelvis)])
        segments, side = sticks(few, source)
        colours = [{1.0: left, -1.0: right}.get(s, middle) for s in side.tolist()]
        draw(axes, (segments[0] * MM @ look.T).numpy(), colours, -600.0)
        draw(axes, (xyz[0, edges].double() @ look.T).numpy(), ours, 600.0)
        axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
        axes.set(xlim=(-1250, 1250), ylim=(-60, 1960), aspect="equal", xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_title(label, fontsize=9.5, loc="left", pad=2)
        axes.text(1, 1.012, f"{angles[0, worst]:.1f}°", transform=axes.transAxes, ha="right", fontsize=9.5)
    figure.savefig(out, dpi=100, facecolor="white", metadata={"Software": None})


if __name__ == "__main__":
    main()
