"""A recording beside what was made of it: the figure as it was recorded, and how far our limbs are off."""

import torch
from torch import Tensor

from wholebody_lift.skeleton import INDEX
from wholebody_lift.train.synthetic.recordings.clip import Clip
from wholebody_lift.train.synthetic.recordings.retarget import SIDES, Source

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
