"""The shape of synthetic people: distributions and correlations of Anny's phenotypes and local changes."""

import dataclasses
import functools
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift.train.synthetic.draws import Draws

VARIATIONS: dict[str, tuple[str, ...]] = {
    "gender": ("male", "female"),
    "age": ("newborn", "baby", "child", "young", "old"),
    "muscle": ("minmuscle", "averagemuscle", "maxmuscle"),
    "weight": ("minweight", "averageweight", "maxweight"),
    "height": ("minheight", "maxheight"),
    "proportions": ("idealproportions", "uncommonproportions"),
}
"""The variations that Anny interpolates along each phenotype, evenly spaced over 0..1, or from `NEWBORN_AGE`
for age."""
RACES = ("african", "asian", "caucasian")
NEWBORN_AGE = -1 / 3

PHENOTYPES: tuple[str, ...] = (*VARIATIONS, *RACES)
"""Anny's phenotypes that the rig has, 0..1 each. Gender 1 is female; only the ratio of the last three
matters."""

_ADULT_AGE = (0.75, 0.92)  # about 17 to 85 years on Anny's scale
_CHILD_AGE = (0.215, 0.6)  # about 4 to 15 years
# Mean and standard deviation of men and of women: adults of the U.S. were 5 ft 9 1/4 in and 5 ft 3 3/4 in
# tall in 2011 to 2014 (NHANES; Vital and Health Statistics 3(39), 2016).
_STATURE_MM = ((1760.0, 70.0), (1620.0, 70.0))
_STATURE_RANGE_MM = (1450.0, 2050.0)
# Mean and standard deviation of phenotypes. Anny's height mostly lengthens the thighs: they are 0.20 of the
# stature at height 0.2, 0.24 at 0.5 and 0.25 at 0.6, whereas people's are 0.24 (de Leva 1996). So the height
# varies little here, and the whole body is scaled to its stature. The proportions mostly widen men's
# shoulders.
_PHENOTYPE_SPREAD = {
    "muscle": (0.5, 0.2),
    "weight": (0.5, 0.2),
    "height": (0.5, 0.06),
    "proportions": (0.5, 0.12),
}
_CHILD_SIZE = (0.92, 0.045)  # Anny's children of height 0.5 are as much too tall as its adults
# Mean local changes of men and of women. They give the means of `anthropometry.py` the values of real people:
# at height 0.5 Anny is 1.77 m (women) to 1.91 m (men) tall, so the scaling makes heads too small; its arms
# are short, men's shanks long, women's feet short, and women's hips narrower than men's.
_ADULT_MEAN: dict[str, tuple[float, float]] = {
    "measure-upperarm-length-incr": (0.1, 0.15),
    "measure-lowerarm-length-incr": (0.15, 0.3),
    "measure-lowerleg-height-incr": (-0.3, 0.0),
    "measure-shoulder-dist-incr": (0.0, 0.15),
    "hip-scale-horiz-incr": (-0.4, 0.45),
    "hand-scale-incr": (0.08, 0.1),
    "foot-scale-depth-incr": (0.0, 0.25),
    "head-scale-vert-incr": (0.15, 0.3),
    "head-scale-horiz-incr": (0.4, 0.4),
    "head-scale-depth-incr": (0.0, 0.5),
    "chin-height-incr": (0.4, 0.3),
    "eye-trans-out": (0.0, 0.2),
}
# Correlated changes: long legs with a short trunk (correlation -0.8 in ANSUR II), large hands with large feet
# (0.6). One standard normal number per person and row is added to the independent changes of that row.
_TOGETHER: tuple[dict[str, float], ...] = (
    {
        "measure-upperleg-height-incr": 0.15,
        "measure-lowerleg-height-incr": 0.15,
        "measure-napetowaist-dist-incr": -0.2,
        "measure-waisttohip-dist-incr": -0.2,
    },
    {"hand-scale-incr": 0.11, "foot-scale-incr": 0.1},
)

# Standard deviation of the local changes that move keypoints; Anny's range is -1..1. A name that Anny has for
# left and right drives both sides equally. A step of 1 changes limbs by 40 to 100 mm and heads by 10 to 25
# mm.
_LOCAL_SPREAD: dict[str, float] = {
    # limbs
    "measure-upperarm-length-incr": 0.15,
    "measure-lowerarm-length-incr": 0.15,
    "measure-upperleg-height-incr": 0.15,
    "measure-lowerleg-height-incr": 0.12,
    "leg-valgus-incr": 0.12,
    # trunk
    "measure-napetowaist-dist-incr": 0.12,
    "measure-waisttohip-dist-incr": 0.12,
    "measure-shoulder-dist-incr": 0.15,
    "torso-scale-horiz-incr": 0.12,
    "torso-vshape-incr": 0.15,
    "torso-scale-depth-incr": 0.3,
    "hip-scale-horiz-incr": 0.3,
    "hip-scale-depth-incr": 0.3,
    # hands
    "hand-scale-incr": 0.06,
    "hand-fingers-length-incr": 0.12,
    "hand-fingers-distance-incr": 0.3,
    # feet
    "foot-scale-incr": 0.03,
    "foot-scale-depth-incr": 0.1,
    "foot-scale-horiz-incr": 0.3,
    "foot-scale-vert-incr": 0.2,
    # neck and head
    "measure-neck-height-incr": 0.2,
    "head-trans-forward": 0.2,
    "head-angle-out": 0.2,
    "head-scale-vert-incr": 0.3,
    "head-scale-depth-incr": 0.3,
    "head-scale-horiz-incr": 0.3,
    "head-fat-incr": 0.3,
    "ear-trans-forward": 0.3,
    "ear-trans-up": 0.3,
    # face
    "chin-height-incr": 0.3,
    "chin-bones-incr": 0.3,
    "nose-point-up": 0.3,
    "eye-trans-out": 0.2,
    **dict.fromkeys(
        (
            "head-age-incr",
            "cheek-volume-incr",
            "cheek-bones-incr",
            "chin-jaw-drop-incr",
            "chin-prominent-incr",
            "chin-width-incr",
            "chin-prognathism-incr",
            "eyebrows-angle-up",
            "eyebrows-trans-up",
            "eyebrows-trans-forward",
            "eye-scale-incr",
            "eye-height1-incr",
            "eye-height2-incr",
            "eye-height3-incr",
            "eye-push1-out",
            "eye-push2-out",
            "eye-corner1-up",
            "eye-corner2-up",
            "eye-trans-up",
            "forehead-temple-incr",
            "mouth-scale-horiz-incr",
            "mouth-scale-vert-incr",
            "mouth-scale-depth-incr",
            "mouth-trans-up",
            "mouth-trans-forward",
            "mouth-angles-up",
            "mouth-upperlip-height-incr",
            "mouth-upperlip-width-incr",
            "mouth-upperlip-middle-up",
            "mouth-lowerlip-height-incr",
            "mouth-lowerlip-width-incr",
            "mouth-lowerlip-middle-up",
            "nose-scale-vert-incr",
            "nose-scale-horiz-incr",
            "nose-scale-depth-incr",
            "nose-trans-up",
            "nose-trans-forward",
            "nose-curve-convex",
            "nose-hump-incr",
            "nose-greek-incr",
            "nose-base-up",
            "nose-width3-incr",
            "nose-volume-incr",
            "nose-nostrils-width-incr",
            "nose-compression-uncompress",
        ),
        0.4,
    ),
}

LOCAL_CHANGES: dict[str, tuple[str, ...]] = {
    name: tuple(f"{side}-{name}" for side in "lr")
    if name.split("-")[0] in ("cheek", "ear", "eye", "foot", "hand", "leg")
    else (name,)
    for name in _LOCAL_SPREAD
}
"""Local changes that the rig has, -1..1 each, and the one or two of Anny's that each drives."""

FACE_ACTIONS: tuple[str, ...] = (
    *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    *("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight"),
    *("eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft"),
    *("eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight"),
    *("eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose"),
    *("mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel", "mouthLeft"),
    *("mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker"),
    *("mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *("mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft"),
    *("mouthUpperUpRight", "noseSneerLeft", "noseSneerRight", "tongueOut"),
)
"""The 52 facial actions, named as in ARKit, in Anny's order."""


@dataclasses.dataclass(frozen=True)
class Shape:
    """The shape of people: phenotypes (N, 9) in the order of `PHENOTYPES`, local changes (N, L) in that of
    `LOCAL_CHANGES`, and the scale (N,) of the whole body, by default 1, Anny's own size."""

    phenotypes: Tensor
    local_changes: Tensor
    size: Tensor | None = None


class DrawnShape(NamedTuple):
    """Shapes drawn at random, before the size of the body is known."""

    phenotypes: Tensor
    """(N, 9)"""
    local_changes: Tensor
    """(N, L)"""
    child: Tensor
    """(N,) bool: the person is 4 to 15 years old."""
    child_size: Tensor
    """(N,) the size that the person has as a child."""
    adult_stature_mm: Tensor
    """(N,) the stature that the person has as an adult."""


@dataclasses.dataclass(frozen=True)
class _Tables:
    """The tables above as tensors; L local changes, T rows of `_TOGETHER`."""

    spread: Tensor  # (L,)
    adult_mean: Tensor  # (2, L) men and women
    together: Tensor  # (T, L)
    stature: Tensor  # (2, 2) mean and spread of men and women


@functools.cache
def _tables(device: torch.device) -> _Tables:
    means = [_ADULT_MEAN.get(name, (0.0, 0.0)) for name in LOCAL_CHANGES]
    together = [[row.get(name, 0.0) for name in LOCAL_CHANGES] for row in _TOGETHER]
    return _Tables(
        spread=torch.tensor(list(_LOCAL_SPREAD.values()), device=device),
        adult_mean=torch.tensor(means, device=device).T,
        together=torch.tensor(together, device=device),
        stature=torch.tensor(_STATURE_MM, device=device),
    )


def draw(n: int, generator: torch.Generator, children: float) -> DrawnShape:
    """Draw n random people, a share `children` (0..1) of them children; see `Rig.sample_shape`."""
    draws, table = Draws(n, generator), _tables(generator.device)
    female, child = draws.happens(0.5), draws.happens(children)
    androgyny = (0.15 * draws.normal()).abs().clamp_max(0.5)
    (low, high), (child_low, child_high) = _ADULT_AGE, _CHILD_AGE
    age = draws.uniform()
    columns = {
        "gender": torch.where(female, 1 - androgyny, androgyny),
        "age": torch.where(child, child_low + (child_high - child_low) * age, low + (high - low) * age),
        **{name: (m + s * draws.normal()).clamp(0, 1) for name, (m, s) in _PHENOTYPE_SPREAD.items()},
        **{race: -torch.log1p(-draws.uniform()) for race in RACES},  # so that all ratios are equally likely
    }
    mean = torch.where(child[:, None], 0.0, table.adult_mean[female.long()])  # (N, L)
    local = mean + table.spread * draws.normal(len(LOCAL_CHANGES))
    local = (local + draws.normal(len(_TOGETHER)) @ table.together).clamp(-1, 1)
    mean_mm, spread_mm = table.stature[female.long()].unbind(1)
    return DrawnShape(
        phenotypes=torch.stack([columns[name] for name in PHENOTYPES], 1),
        local_changes=local,
        child=child,
        adult_stature_mm=(mean_mm + spread_mm * draws.normal()).clamp(*_STATURE_RANGE_MM),
        child_size=_CHILD_SIZE[0] + _CHILD_SIZE[1] * draws.normal(),
    )
