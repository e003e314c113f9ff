"""What is known of synthetic people beside their keypoints, as users know it: with errors, and of some only.

Errors of a detector's depth are modelled after what MediaPipe answers for one real person (640 frames of
`benchmarks/data/gestures.npz`, person 0): upper arms and thighs are too flat, one limb in ten points the
wrong way, the trunk bends towards the camera or away, and the whole body leans by a few degrees.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift.camera import look_at
from wholebody_lift.known import BONE_NAMES, SPREAD_RANGE_DEG, TYPICAL_STATURE_MM, Known, long_bones
from wholebody_lift.skeleton import INDEX, PARTS, indices
from wholebody_lift.train.synthetic.cameras import Views
from wholebody_lift.train.synthetic.draws import Draws
from wholebody_lift.viewpoint import weights_of

NOTHING_KNOWN = 0.4
"""Share of training people of whom nothing else is known, as with most users."""
SHARES: dict[str, float] = {"bone_lengths": 0.5, "gravity": 0.5, "depth": 0.5, "height": 0.5}
"""Share of the others of whom each is known, one independently of another; height only of those with known
bone lengths."""

SOME_BONES = 0.4
"""Share of people with known bone lengths of whom any may be missing."""
BONE_ERROR = (0.005, 0.06)
"""Relative error of a person's bone lengths, drawn log-uniformly: from that of a tape measure to that of a
video."""
_POSE_ERROR = {"trunk": 0.03, "shoulder_width": 0.04, "hip_width": 0.02, "head_width": 0.03}
"""What posture changes, as it was another one when the lengths were measured; relative."""
HEIGHT_ERROR = 0.01

BODY_DEPTH = 0.6
"""Share of the depths that cover body, toes and heels only, as MediaPipe's; others cover every keypoint."""

_PITCH_DEG = (-3.0, 5.0)
"""Mean and spread of the lean; the feet come out too near where it is negative."""
_SIZE_SD = 0.15
"""Spread of the log scale."""
_CAREFUL = 0.4
"""Spread of the log of a person's quality, by which all that is random below is multiplied."""


class _Segment(NamedTuple):
    """How the depth from one keypoint to the next comes out."""

    slope: float
    slope_sd: float
    mirrored: float
    """Share that points the wrong way."""
    noise_mm: float


_SEGMENTS: dict[str, _Segment] = {
    "upper_arm": _Segment(0.55, 0.25, 0.09, 44.0),
    "forearm": _Segment(0.92, 0.25, 0.06, 44.0),
    "thigh": _Segment(0.3, 0.35, 0.12, 40.0),
    "shank": _Segment(1.05, 0.25, 0.02, 32.0),
    "foot": _Segment(0.9, 0.25, 0.02, 20.0),
    "trunk": _Segment(0.9, 0.25, 0.03, 70.0),
    "head": _Segment(0.9, 0.3, 0.02, 36.0),
    "shoulders": _Segment(0.9, 0.2, 0.02, 16.0),
    "hips": _Segment(0.9, 0.2, 0.02, 8.0),
    "face": _Segment(0.8, 0.2, 0.0, 3.0),
    "hand": _Segment(0.8, 0.3, 0.05, 6.0),
}


class Facts(NamedTuple):
    """What is known of N people."""

    known: Known
    scale: Tensor
    """(N,) height as a multiple of the network's stature, NaN where it is not known."""


def sample(
    views: Views,
    stature_mm: Tensor,
    observed: Tensor,
    generator: torch.Generator,
    shares: dict[str, float] = SHARES,
    nothing_known: float = NOTHING_KNOWN,
) -> Facts:
    """Facts about people before cameras, of whom `observed` (N, 133) keypoints are detected.

    shares: of the people of whom each is known, apart from the share `nothing_known`; as in `SHARES`.
    """
    draws = Draws(len(stature_mm), generator)
    bone_lengths = _bone_lengths(views.xyz, draws)
    something = ~draws.happens(nothing_known)
    height = stature_mm * (1 + HEIGHT_ERROR * draws.normal())
    gravity, spread = _gravity(views.rotation, draws)
    depth = _depth(views.xyz, observed, draws)

    def some(values: Tensor, name: str) -> Tensor:
        happens = something & draws.happens(shares[name])
        return torch.where(happens.view(-1, *[1] * (values.ndim - 1)), values, torch.nan)

    bone_lengths = some(bone_lengths, "bone_lengths")
    height_known = bone_lengths.isfinite().any(-1) & draws.happens(shares["height"])
    return Facts(
        Known(bone_lengths, some(gravity, "gravity"), spread, some(depth, "depth")),
        torch.where(height_known, height / TYPICAL_STATURE_MM, torch.nan),
    )


def _bone_lengths(xyz: Tensor, draws: Draws) -> Tensor:
    """(N, 12) mm"""
    low, high = map(math.log, BONE_ERROR)
    of_person = draws.between((low, high)).exp()
    posture = xyz.new_tensor([_POSE_ERROR.get(name, 0.0) for name in BONE_NAMES])
    error = of_person[:, None] * draws.normal(len(BONE_NAMES)) + posture * draws.normal(len(BONE_NAMES))
    measured = long_bones(xyz) * error.exp()
    missing = draws.happens(SOME_BONES)[:, None] & (draws.uniform(len(BONE_NAMES)) < draws.uniform()[:, None])
    return torch.where(missing, torch.nan, measured)


def _gravity(rotation: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
    """(N, 3) directions and (N,) spreads, degrees, for rotations (N, 3, 3) from world to camera axes."""
    low, high = map(math.log, SPREAD_RANGE_DEG)
    spread = draws.between((low, high)).exp()
    down = -rotation[..., 2]
    off = spread.deg2rad()[:, None] * draws.normal(3)
    off = off - (off * down).sum(-1, keepdim=True) * down
    return torch.nn.functional.normalize(down + off, dim=-1), spread


def _depth(xyz: Tensor, observed: Tensor, draws: Draws) -> Tensor:
    """(N, 133) mm, NaN where the detector gives none, for people (N, 133, 3) mm from the camera."""
    weights = weights_of(observed, xyz)
    centre = (weights[..., None] * xyz).sum(1) / weights.sum(1, keepdim=True)
    turned = (xyz - centre[:, None]) @ look_at(torch.nn.functional.normalize(centre, dim=-1)).mT
    guess = _Guess(turned[..., 2], draws)
    guess.trunk_and_head()
    guess.limbs()
    mean, spread = _PITCH_DEG
    lean = (mean + spread * draws.normal()).deg2rad().tan()
    size = (_SIZE_SD * draws.normal()).exp()
    depth = (guess.depth + lean[:, None] * turned[..., 1]) * size[:, None]
    body_only = draws.happens(BODY_DEPTH)[:, None]
    small = torch.ones(depth.shape[1], dtype=torch.bool, device=depth.device)
    small[[*PARTS["body"], *PARTS["feet"]]] = False
    return torch.where(~observed | (body_only & small), torch.nan, depth)


class _Guess:
    """A detector's guess of the depth of N people, which follows their segments from the hips on."""

    def __init__(self, true: Tensor, draws: Draws) -> None:
        """true: (N, 133) mm."""
        self._true = true
        self._draws = draws
        self._quality = (_CAREFUL * draws.normal()).exp()
        self.depth = torch.zeros_like(true)

    def trunk_and_head(self) -> None:
        """Hips around 0, shoulders above them, the head above these."""
        true, depth = self._true, self.depth
        hips, shoulders = self._middle("hip"), self._middle("shoulder")
        top = self._follow("trunk", hips, shoulders)
        for name, base in (("hip", torch.zeros_like(top)), ("shoulder", top)):
            half = self._follow(f"{name}s", *self._ends(name)) / 2
            depth[:, INDEX[f"left_{name}"]], depth[:, INDEX[f"right_{name}"]] = base - half, base + half
        nose = true[:, INDEX["nose"]]
        on_head = top + self._follow("head", shoulders, nose)
        for members in (_HEAD, indices("face")):
            depth[:, members] = on_head[:, None] + self._follow("face", nose, true[:, members])

    def limbs(self) -> None:
        """Arms with hands and legs with feet, from shoulders and hips."""
        true, depth = self._true, self.depth
        for side in ("left", "right"):
            for kind, start, end in _LIMBS:
                i, j = INDEX[f"{side}_{start}"], INDEX[f"{side}_{end}"]
                depth[:, j] = depth[:, i] + self._follow(kind, true[:, i], true[:, j])
            for kind, start, members in (
                ("hand", "wrist", indices(f"{side}_hand")),
                ("foot", "ankle", [i for i in PARTS["feet"] if i in _FEET[side]]),
            ):
                i = INDEX[f"{side}_{start}"]
                depth[:, members] = depth[:, [i]] + self._follow(kind, true[:, i], true[:, members])

    def _follow(self, kind: str, start: Tensor, end: Tensor) -> Tensor:
        """The depth of the end, as seen from the start: (N,) or (N, M) each."""
        segment, draws = _SEGMENTS[kind], self._draws
        slope = segment.slope + segment.slope_sd * self._quality * draws.normal()
        slope = torch.where(draws.happens(segment.mirrored), -slope, slope)
        noise = segment.noise_mm * self._quality
        if end.ndim == 1:
            return slope * (end - start) + noise * draws.normal()
        return slope[:, None] * (end - start[:, None]) + noise[:, None] * draws.normal(end.shape[1])

    def _ends(self, name: str) -> tuple[Tensor, Tensor]:
        return self._true[:, INDEX[f"left_{name}"]], self._true[:, INDEX[f"right_{name}"]]

    def _middle(self, name: str) -> Tensor:
        left, right = self._ends(name)
        return (left + right) / 2


_HEAD = [
    INDEX["nose"],
    *(INDEX[f"{side}_{name}"] for name in ("eye", "ear") for side in ("left", "right")),
]

_LIMBS = (
    ("upper_arm", "shoulder", "elbow"),
    ("forearm", "elbow", "wrist"),
    ("thigh", "hip", "knee"),
    ("shank", "knee", "ankle"),
)
"""Kind of segment, and the keypoints of one side where it starts and ends."""

_FEET = {
    side: {INDEX[f"{side}_{name}"] for name in ("big_toe", "small_toe", "heel")} for side in ("left", "right")
}
