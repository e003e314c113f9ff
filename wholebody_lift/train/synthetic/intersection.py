"""Self-intersection of bodies: capsules around trunk, skull, arms and legs, and how close they may be."""

import functools

import torch
from torch import Tensor

from wholebody_lift.train.synthetic.bones import BONE, BONES

_THIGH_LENGTH_MM = 392.0  # of the average adult, to whom the radii belong
TOLERANCE_MM = 10.0

# Capsules: both ends as weighted bone heads, and the radius in mm for an average adult.
_CAPSULES: dict[str, tuple[dict[str, float], dict[str, float], float]] = {
    "torso": ({"root": 0.9, "spine04": 0.1}, {"spine01": 0.5, "clavicle.L": 0.25, "clavicle.R": 0.25}, 95.0),
    "skull": ({"head": 1.6, "neck02": -0.6}, {"head": 2.0, "neck02": -1.0}, 80.0),
    **{
        f"{name}.{side}": (
            {f"{bone}.{side}": weight for bone, weight in a.items()},
            {f"{b}.{side}": 1.0},
            radius,
        )
        for side in "LR"
        for name, a, b, radius in (
            ("flank", {"upperleg01": 0.5, "upperarm01": 0.5}, "upperleg01", 60.0),
            ("forearm", {"lowerarm01": 0.8, "wrist": 0.2}, "wrist", 35.0),
            ("hand", {"wrist": 1.0}, "finger3-1", 20.0),
            ("thigh", {"upperleg01": 0.65, "lowerleg01": 0.35}, "lowerleg01", 60.0),
            ("shank", {"lowerleg01": 0.9, "foot": 0.1}, "foot", 45.0),
        )
    },
}

# Pairs of capsules, and their minimum distance as a share of the sum of radii: flesh gives way, bones do not.
_PAIRS: tuple[tuple[str, str, float], ...] = (
    *(
        (f"{limb}.{side}", part, keep)
        for side in "LR"
        for limb, part, keep in (
            ("forearm", "torso", 0.8),
            ("hand", "torso", 0.8),
            ("forearm", "skull", 0.8),
            ("hand", "skull", 0.7),
            ("shank", "torso", 0.9),
            ("shank", "skull", 0.9),
            ("thigh", "skull", 0.9),
        )
    ),
    *(
        (f"{a}.{s}", f"{b}.{t}", keep)
        for s, t in ("LR", "RL")
        for a, b, keep in (
            ("forearm", "thigh", 0.75),
            ("hand", "thigh", 0.7),
            ("forearm", "shank", 0.75),
            ("hand", "shank", 0.7),
            ("thigh", "shank", 0.7),
            ("hand", "forearm", 0.5),
            ("forearm", "flank", 0.7),
        )
    ),
    *(
        (f"{a}.{s}", f"{b}.{s}", keep)
        for s in "LR"
        for a, b, keep in (
            ("forearm", "thigh", 0.75),
            ("hand", "thigh", 0.7),
            ("forearm", "shank", 0.75),
            ("hand", "shank", 0.7),
            ("forearm", "flank", 0.6),
        )
    ),
    ("forearm.L", "forearm.R", 0.6),
    ("thigh.L", "thigh.R", 0.65),
    ("shank.L", "shank.R", 0.6),
)


@functools.cache
def _capsule_table(device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Weights of bone heads at both ends of each capsule (2, C, J), the capsules of each pair as indices (P,
    2), and the minimum distance (P,) of each pair."""
    ends = torch.zeros(2, len(_CAPSULES), len(BONES), device=device)
    for i, (*both, _) in enumerate(_CAPSULES.values()):
        for end, weights in enumerate(both):
            for bone, weight in weights.items():
                ends[end, i, BONE[bone]] = weight
    number = {name: i for i, name in enumerate(_CAPSULES)}
    radius = [radius for *_, radius in _CAPSULES.values()]
    pairs = [(number[a], number[b]) for a, b, _ in _PAIRS]
    distance = [keep * (radius[number[a]] + radius[number[b]]) for a, b, keep in _PAIRS]
    return ends, torch.tensor(pairs, device=device), torch.tensor(distance, device=device)


def penetration(heads: Tensor) -> Tensor:
    """How deep in mm, (n,), limbs penetrate torso, head or each other, by their capsules; zero or negative if
    they do not. `heads` (n, J, 3) are posed bone heads in mm."""
    ends, pairs, distance = _capsule_table(heads.device)
    thigh = torch.linalg.vector_norm(heads[:, BONE["lowerleg01.L"]] - heads[:, BONE["upperleg01.L"]], dim=-1)
    scale = thigh / _THIGH_LENGTH_MM
    a, b = (end @ heads for end in ends)  # (n, C, 3) each
    gap = _segment_distance(a[:, pairs[:, 0]], b[:, pairs[:, 0]], a[:, pairs[:, 1]], b[:, pairs[:, 1]])
    return torch.amax(scale[:, None] * distance - gap, -1)


def intersecting(heads: Tensor) -> Tensor:
    """Whether limbs penetrate torso, head or each other by more than 10 mm: (n,) bool, from heads (n, J,
    3)."""
    return penetration(heads) > TOLERANCE_MM


def _segment_distance(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """Distance (...) between the segments from a to b and from c to d, all (..., 3) (Ericson 2005)."""
    u, v, w = b - a, d - c, a - c
    uu, vv, uv = (u * u).sum(-1).clamp_min(1e-6), (v * v).sum(-1).clamp_min(1e-6), (u * v).sum(-1)
    uw, vw = (u * w).sum(-1), (v * w).sum(-1)
    determinant = (uu * vv - uv * uv).clamp_min(1e-6)
    s = ((uv * vw - uw * vv) / determinant).clamp(0, 1)
    t = ((uv * s + vw) / vv).clamp(0, 1)
    s = ((uv * t - uw) / uu).clamp(0, 1)
    distance: Tensor = torch.linalg.vector_norm(w + s[..., None] * u - t[..., None] * v, dim=-1)
    return distance
