"""The synthetic person: a compact rig of the body model Anny that yields the 133 keypoints.

Anny (Brégier et al. 2025, PyPI `anny`: Apache-2.0 code, CC0 data) makes a mesh of 13,718 vertices from
phenotypes, local changes and facial actions by linear blend shapes, and bends it by linear blend skinning on
104 bones. A keypoint is a weighted mean, sum_v a_v x_v, of its vertices. With skinning weights W_vb, rest
vertices x_v and rest bone heads r_b its posed place is

    sum_v a_v sum_b W_vb [G_b (x_v - r_b) + p_b]  =  sum_b [G_b o_b + w_b p_b],
    w_b = sum_v a_v W_vb,   o_b = sum_v a_v W_vb (x_v - r_b),

where G_b turns bone b from its rest pose into its posed one and p_b is its posed head. The offsets o_b are
as linear in the shape as vertices and heads are. So this rig holds no vertices, only heads and one offset
per keypoint and bone that moves it, and yet gives the keypoints of the full skinning.

Millimetres; z up, the person looks along -y and has the left side at +x. In the rest pose the person stands
with the arms held away from the body.
"""

import contextlib
import dataclasses
import functools
import importlib.metadata
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS, PARTS

if TYPE_CHECKING:
    from anny import Anny

CACHE_VARIABLE = "WHOLEBODY_LIFT_CACHE"
_RIG_VERSION = 2  # raise it when `build_rig` or its tables change, so that cached rigs are built again

# ------------------------------------------------------------------------------------------------ bones

_SIDES = ("L", "R")


def _chain(parent: str, *bones: str) -> dict[str, str]:
    """Parent of each bone in a chain that hangs on `parent`."""
    return dict(zip(bones, (parent, *bones), strict=False))


def _leg(side: str) -> dict[str, str]:
    leg = ("pelvis", "upperleg01", "upperleg02", "lowerleg01", "lowerleg02", "foot")
    parents = _chain("root", *(f"{bone}.{side}" for bone in leg))
    for toe, phalanges in zip(range(1, 6), (2, 3, 3, 3, 3), strict=True):
        parents |= _chain(f"foot.{side}", *(f"toe{toe}-{i}.{side}" for i in range(1, phalanges + 1)))
    return parents


def _arm(side: str) -> dict[str, str]:
    arm = ("clavicle", "shoulder01", "upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist")
    parents = _chain("spine01", *(f"{bone}.{side}" for bone in arm))
    for finger in range(1, 6):
        # Anny's metacarpal n carries finger n + 1; the thumb hangs on the wrist itself.
        metacarpal = [f"metacarpal{finger - 1}"] if finger > 1 else []
        bones = (*metacarpal, *(f"finger{finger}-{i}" for i in range(1, 4)))
        parents |= _chain(f"wrist.{side}", *(f"{bone}.{side}" for bone in bones))
    return parents


PARENT_BONES: dict[str, str] = {
    **_leg("L"),
    **_leg("R"),
    **_chain("root", "spine05", "spine04", "spine03", "spine02", "spine01"),
    **_arm("L"),
    **_arm("R"),
    **_chain("spine01", "neck01", "neck02", "neck03", "head"),
    **{f"eye.{side}": "head" for side in _SIDES},
}
"""Parent of each bone but the root, by name, in the order of `BONES`."""

BONES: tuple[str, ...] = ("root", *PARENT_BONES)
"""The 104 bones in Anny's order, parents before children."""

_BONE: dict[str, int] = {bone: i for i, bone in enumerate(BONES)}


def _other_side(bone: str) -> str:
    if bone.endswith(".L"):
        return bone.removesuffix(".L") + ".R"
    return bone.removesuffix(".R") + ".L" if bone.endswith(".R") else bone


MIRROR_BONES: tuple[int, ...] = tuple(_BONE[_other_side(bone)] for bone in BONES)
"""Index of the same bone on the other side of the person; itself on the midline."""

# ------------------------------------------------------------------------------------------------ shape

_VARIATIONS: dict[str, tuple[str, ...]] = {
    "gender": ("male", "female"),
    "age": ("newborn", "baby", "child", "young", "old"),
    "muscle": ("minmuscle", "averagemuscle", "maxmuscle"),
    "weight": ("minweight", "averageweight", "maxweight"),
    "height": ("minheight", "maxheight"),
    "proportions": ("idealproportions", "uncommonproportions"),
}
# What Anny interpolates along each phenotype, at even steps over 0..1; newborns are at age -1/3.
_RACES = ("african", "asian", "caucasian")
_NEWBORN_AGE = -1 / 3

PHENOTYPES: tuple[str, ...] = (*_VARIATIONS, *_RACES)
"""Anny's phenotypes that this rig has, 0..1 each. Gender 1 is female; the last three count by their ratio."""

_ADULT_AGE = (0.75, 0.92)  # about 17 to 85 years on Anny's scale
_CHILD_AGE = (0.215, 0.6)  # about 4 to 15 years
# Mean and spread of men and of women: adults of the U.S. in 2011 to 2014 were 5 ft 9 1/4 in and 5 ft 3 3/4 in
# tall (NHANES; Vital and Health Statistics 3(39), 2016).
_STATURE_MM = ((1760.0, 70.0), (1620.0, 70.0))
_STATURE_RANGE_MM = (1450.0, 2050.0)
# Mean and spread of phenotypes. Anny's height lengthens thighs above all: they are 0.20 of the stature at
# height 0.2, 0.24 at 0.5 and 0.25 at 0.6, whereas people's are 0.24 (de Leva 1996). So the height varies
# little here, and the whole body is scaled to its stature. The proportions widen men's shoulders above all.
_PHENOTYPE_SPREAD = {
    "muscle": (0.5, 0.2),
    "weight": (0.5, 0.2),
    "height": (0.5, 0.06),
    "proportions": (0.5, 0.12),
}
_CHILD_SIZE = (0.92, 0.045)  # Anny's children of height 0.5 are as much too tall as its adults
# Mean of local changes of men and of women: what brings the means of `anthropometry.py` to those of people.
# At height 0.5 Anny is 1.77 m (women) to 1.91 m (men) tall, so the scaling makes heads too small; its arms
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
# What goes together: long legs with a short trunk (correlation -0.8 in ANSUR II), large hands with large
# feet (0.6). One number of unit spread per person moves each row, on top of what its changes do on their own.
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
# left and right drives both alike. A step of 1 changes limbs by 40 to 100 mm and heads by 10 to 25 mm.
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
"""Local changes that this rig has, -1..1 each, and the one or two of Anny's that each drives."""

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
    """Who people are: phenotypes (N, 9) in the order of `PHENOTYPES`, local changes (N, L) in that of
    `LOCAL_CHANGES`, and the size (N,) of the whole body, by default Anny's own, 1."""

    phenotypes: Tensor
    local_changes: Tensor
    size: Tensor | None = None


@dataclasses.dataclass(frozen=True)
class Rest:
    """People in the rest pose, in mm: bone heads (N, J, 3), the offsets (N, E, 3) that `Rig.pose` turns,
    keypoints (N, 133, 3), the standing height from the floor to the top of the head (N,), and the z (N,)
    of the floor."""

    heads: Tensor
    offsets: Tensor
    keypoints: Tensor
    stature_mm: Tensor
    floor_mm: Tensor


class Rig(nn.Module):
    """Synthetic people from shape, facial actions and pose.

    Get one from `load_rig`. All constants are buffers, so `.to(device)` moves it; what comes out is
    differentiable in every input. Axes: N people, J = 104 bones, K = 133 keypoints, E offsets, C coefficients
    of the blend shapes, H vertices at either end of the body.
    """

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        """`tensors` are those of `build_rig`; a missing or left-over one raises `KeyError`."""
        super().__init__()
        missing, unknown = _TENSORS - tensors.keys(), tensors.keys() - _TENSORS
        if missing or unknown:
            raise KeyError(f"not the tensors of a rig: lacks {sorted(missing)}, knows no {sorted(unknown)}")
        for name in sorted(_TENSORS):
            self.register_buffer(name, tensors[name])
        parents = torch.tensor([-1] + [_BONE[parent] for parent in PARENT_BONES.values()])
        ancestors = torch.eye(len(BONES))
        depth = torch.zeros(len(BONES), dtype=torch.long)
        for bone, parent in enumerate(parents.tolist()[1:], start=1):
            ancestors[bone] += ancestors[parent]
            depth[bone] = depth[parent] + 1
        self.register_buffer("_parents", parents.clamp_min(0), persistent=False)
        self.register_buffer("_ancestors", ancestors, persistent=False)

        # Bones sorted by depth; each level is a slice and finds its parents in the level above.
        order = torch.argsort(depth, stable=True)
        place = torch.argsort(order)
        self._levels = [int(n) for n in torch.bincount(depth)]
        starts = torch.tensor(self._levels).cumsum(0) - torch.tensor(self._levels)
        above = place[parents.clamp_min(0)] - starts[(depth - 1).clamp_min(0)]
        self.register_buffer("_order", order, persistent=False)
        self.register_buffer("_place", place, persistent=False)
        self.register_buffer("_above", above[order], persistent=False)
        spread = torch.tensor(list(_LOCAL_SPREAD.values()))
        means = torch.tensor([_ADULT_MEAN.get(name, (0.0, 0.0)) for name in LOCAL_CHANGES]).T  # (2, L)
        self.register_buffer("_local_spread", spread, persistent=False)
        self.register_buffer("_adult_means", means, persistent=False)
        together = torch.tensor([[row.get(name, 0.0) for name in LOCAL_CHANGES] for row in _TOGETHER])
        self.register_buffer("_together", together, persistent=False)

    # Filled by `register_buffer`; all but the indices are float32 and in mm.
    shapes: Tensor  # (C, (J + E) * 3): what each coefficient adds to heads and offsets
    template: Tensor  # ((J + E) * 3,)
    height_shapes: Tensor  # (C, H): what it adds to the z of those vertices
    height_template: Tensor  # (H,)
    crown: Tensor  # (H,) bool: on the head rather than under the soles
    factors: Tensor  # (phenotype rows of C, F) int64: the variations that each is the product of
    offset_bones: Tensor  # (E,) int64
    offset_keypoints: Tensor  # (K, E): 1 where an offset belongs to a keypoint
    head_weights: Tensor  # (K, J): w
    _parents: Tensor
    _ancestors: Tensor
    _order: Tensor
    _place: Tensor
    _above: Tensor
    _local_spread: Tensor
    _adult_means: Tensor
    _together: Tensor

    def sample_shape(self, n: int, generator: torch.Generator, children: float = 0.0) -> Shape:
        """`n` random people, each one symmetric; a share `children` (0..1) of them is 4 to 15 years old.

        Statures of adults are normal, 1760 +- 70 mm for men and 1620 +- 70 mm for women, clamped to
        1450..2050 mm; those of children follow their age, +- 5 %. The proportions of adults have the means
        and spreads of `anthropometry.MEASUREMENTS`; heads, faces, hands and limbs vary on their own, but for
        what goes together in people.
        """
        device = generator.device

        def uniform(*shape: int) -> Tensor:
            return torch.rand(n, *shape, generator=generator, device=device)

        def normal(*shape: int) -> Tensor:
            return torch.randn(n, *shape, generator=generator, device=device)

        female, child = uniform() < 0.5, uniform() < children
        androgyny = (0.15 * normal()).abs().clamp_max(0.5)
        (low, high), (child_low, child_high) = _ADULT_AGE, _CHILD_AGE
        age = uniform()
        columns = {
            "gender": torch.where(female, 1 - androgyny, androgyny),
            "age": torch.where(child, child_low + (child_high - child_low) * age, low + (high - low) * age),
            **{name: (m + s * normal()).clamp(0, 1) for name, (m, s) in _PHENOTYPE_SPREAD.items()},
            **{race: -torch.log1p(-uniform()) for race in _RACES},  # so that their shares are even
        }
        phenotypes = torch.stack([columns[name] for name in PHENOTYPES], 1).to(self.template)
        mean = torch.where(child[:, None], 0.0, self._adult_means.to(device)[female.long()])  # (N, L)
        local = mean + self._local_spread.to(device) * normal(len(LOCAL_CHANGES))
        local = (local + normal(len(_TOGETHER)) @ self._together.to(device)).clamp(-1, 1).to(self.template)

        means, spreads = torch.tensor(_STATURE_MM, device=device)[female.long()].unbind(1)
        wanted = (means + spreads * normal()).clamp(*_STATURE_RANGE_MM).to(self.template)
        soles, crown = self._ends(self._coefficients(phenotypes, local, None))
        child_size = (_CHILD_SIZE[0] + _CHILD_SIZE[1] * normal()).to(self.template)
        return Shape(
            phenotypes,
            local,
            torch.where(child.to(self.template.device), child_size, wanted / (crown - soles)),
        )

    def rest(self, shape: Shape, face: Tensor | None = None) -> Rest:
        """The people of `shape` in the rest pose, with facial actions (N, 52) of 0..1 in the order of
        `FACE_ACTIONS`, none if left out."""
        coefficients = self._coefficients(shape.phenotypes, shape.local_changes, face)
        points = torch.addmm(self.template, coefficients, self.shapes)
        soles, crown = self._ends(coefficients)
        if shape.size is not None:
            points, soles, crown = points * shape.size[:, None], soles * shape.size, crown * shape.size
        points = points.reshape(len(points), -1, 3)  # (N, J + E, 3)
        heads, offsets = points[:, : len(BONES)], points[:, len(BONES) :]
        keypoints = _mix(self.offset_keypoints, offsets) + _mix(self.head_weights, heads)  # (N, K, 3)
        return Rest(heads, offsets, keypoints, crown - soles, soles)

    def bones(self, rest: Rest, rotations: Tensor) -> tuple[Tensor, Tensor]:
        """Posed bone heads (N, J, 3) in mm and world rotations (N, J, 3, 3), identities in the rest pose.

        `rotations` (N, J, 3, 3) are each bone's turn relative to its parent's, in the axes of the rest pose:
        G_b = G_parent L_b. The root turns about its own head, which stays in place.
        """
        local = rotations.index_select(1, self._order)
        levels, start = [local[:, :1]], 1
        for size in self._levels[1:]:
            above = levels[-1].index_select(1, self._above[start : start + size])
            levels.append(above @ local[:, start : start + size])
            start += size
        world = torch.cat(levels, 1).index_select(1, self._place)  # (N, J, 3, 3)
        steps = rest.heads - rest.heads[:, self._parents]  # the root's is 0
        steps = (world.index_select(1, self._parents) @ steps[..., None]).squeeze(-1)
        return rest.heads[:, :1] + _mix(self._ancestors, steps), world

    def pose(self, rest: Rest, rotations: Tensor) -> Tensor:
        """The keypoints (N, 133, 3) in mm of people in the pose `rotations` (N, J, 3, 3), as in `bones`."""
        heads, world = self.bones(rest, rotations)
        turned = (world.index_select(1, self.offset_bones) @ rest.offsets[..., None]).squeeze(-1)  # (N, E, 3)
        return _mix(self.offset_keypoints, turned) + _mix(self.head_weights, heads)

    def forward(self, shape: Shape, rotations: Tensor, face_actions: Tensor | None = None) -> Tensor:
        """The keypoints (N, 133, 3) in mm of `shape` in the pose `rotations`, with facial actions (N, 52)."""
        return self.pose(self.rest(shape, face_actions), rotations)

    def _coefficients(self, phenotypes: Tensor, local_changes: Tensor, face: Tensor | None) -> Tensor:
        """Coefficients (N, C) of the blend shapes: products of phenotypes, facial actions, then the positive
        and the negative part of each local change."""
        columns = []
        for name, value in zip(_VARIATIONS, phenotypes.unbind(1), strict=False):
            steps = len(_VARIATIONS[name]) - 1
            start = _NEWBORN_AGE if name == "age" else 0.0
            place = ((value - start) / (1 - start) * steps).clamp(0, steps)
            knots = torch.arange(steps + 1, device=value.device)
            columns.append((1 - (place[:, None] - knots).abs()).clamp_min(0))
        races = phenotypes[:, len(_VARIATIONS) :]
        columns += [races / races.sum(1, keepdim=True), torch.ones_like(races[:, :1])]
        products = torch.cat(columns, 1)[:, self.factors].prod(-1)  # (N, products)
        if face is None:
            face = phenotypes.new_zeros(len(phenotypes), len(FACE_ACTIONS))
        return torch.cat([products, face, local_changes.clamp_min(0), -local_changes.clamp_max(0)], 1)

    def _ends(self, coefficients: Tensor) -> tuple[Tensor, Tensor]:
        """The z (N,) of the soles and of the top of the head."""
        z = torch.addmm(self.height_template, coefficients, self.height_shapes)  # (N, H)
        return z.where(~self.crown, torch.inf).amin(1), z.where(self.crown, -torch.inf).amax(1)


def _mix(weights: Tensor, points: Tensor) -> Tensor:
    """Weighted sums (N, K, 3) of points (N, E, 3) by weights (K, E), which @ would copy N times."""
    return torch.einsum("ke,nex->nkx", weights, points)


_TENSORS = frozenset(
    (
        *("shapes", "template", "height_shapes", "height_template", "crown", "factors"),
        *("offset_bones", "offset_keypoints", "head_weights"),
    )
)

# ------------------------------------------------------------------------------------------------ building

# Where Anny's joints are not where the hand bends, as fractions of the way to another head. Its wrist is some
# 10 mm up the forearm (the wrist's crease is 20 mm further on), its knuckles are 5 mm from the webs of the
# fingers and should be thrice as far, and the middle joint of the thumb is short of its crease. What comes
# out for men, 88 mm from wrist to middle knuckle and then 46, 29 and 27 mm along that finger, is close to
# measured hands (86 mm, de Leva 1996; 45, 26 and 21 mm, Buryanov and Kotiuk 2010).
_MOVED_HEADS: dict[str, tuple[str, float]] = {
    "wrist": ("finger3-1", 0.08),
    **{f"finger{finger}-1": ("wrist", 0.1) for finger in range(2, 6)},
    "finger1-2": ("finger1-3", 0.2),
}

# Body keypoints that are the place where a bone turns: COCO's annotators mean the joint, and its distance to
# the next joint does not change with the pose. That of Anny's regressed keypoints, means of skin, does.
_KEYPOINT_BONES: dict[str, str] = {
    "shoulder": "upperarm01",
    "elbow": "lowerarm01",
    "hip": "upperleg01",
    "knee": "lowerleg01",
    "ankle": "foot",
}
# The rearmost skin of the heels; the regressed heels are 20 mm inside.
_HEEL_VERTICES = {"left": (12410, 12421), "right": (5829, 5840)}
_NEGLIGIBLE = 1e-3  # share of its largest weight under which a regressor's weight is left out
# A vertex so close to the top or the floor may be the last one of another body; of 4,000 none was farther.
_NEAR_END_MM = 3.0


def head_moves() -> Tensor:
    """(J, J) float64: heads of this rig as weighted means of Anny's bone heads."""
    moves = torch.eye(len(BONES), dtype=torch.float64)
    for side in _SIDES:
        for bone, (towards, fraction) in _MOVED_HEADS.items():
            i, j = _BONE[f"{bone}.{side}"], _BONE[f"{towards}.{side}"]
            moves[i, i], moves[i, j] = 1 - fraction, fraction
    return moves


def keypoint_weights(model: "Anny") -> tuple[Tensor, Tensor]:
    """What the keypoints are made of, float64: weights of vertices (K, V) and of bone heads (K, J, J).

    Of the latter, [k, b, i] is the share of Anny's head of bone i, carried by bone b, in keypoint k.
    """
    from anny.keypoints import KeypointsRegressor

    table = _table()
    vertices = torch.zeros(NUM_KEYPOINTS, table["n_vertices"], dtype=torch.float64)
    heads = torch.zeros(NUM_KEYPOINTS, len(BONES), len(BONES), dtype=torch.float64)
    regressor = KeypointsRegressor.coco(model)
    for label, weights in zip(regressor.labels, regressor.regression_weights.double(), strict=True):
        weights = weights.where(weights > _NEGLIGIBLE * weights.max(), torch.zeros(()).double())
        vertices[INDEX[label]] = weights / weights.sum()
    for keypoint, vertex in zip(PARTS["face"], table["face_68"], strict=True):
        vertices[keypoint, vertex] = 1
    vertices[INDEX["nose"]] = vertices[PARTS["face"][30]]  # the tip; the regressed nose is 9 mm inside

    moves = head_moves()
    for side, letter in zip(("left", "right"), _SIDES, strict=True):
        for name, bone in _KEYPOINT_BONES.items():
            keypoint, i = INDEX[f"{side}_{name}"], _BONE[f"{bone}.{letter}"]
            vertices[keypoint] = 0
            heads[keypoint, i] = moves[i]
        # The body's wrist ends the forearm where Anny has it, just before the root of the hand.
        vertices[INDEX[f"{side}_wrist"]] = 0
        heads[INDEX[f"{side}_wrist"], _BONE[f"lowerarm02.{letter}"], _BONE[f"wrist.{letter}"]] = 1
        vertices[INDEX[f"{side}_heel"]] = 0
        vertices[INDEX[f"{side}_heel"], list(_HEEL_VERTICES[side])] = 0.5
        for keypoint, source in zip(PARTS[f"{side}_hand"], table["hand_joints"][side], strict=True):
            if source.startswith("vertex:"):
                finger = source.removeprefix("vertex:").removesuffix("_tip")
                vertices[keypoint, table["fingertips"][side][finger]] = 1
            else:
                heads[keypoint, _BONE[source]] = moves[_BONE[source]]
    return vertices, heads


def load_anny() -> "Anny":
    """Anny with what this rig has of it, and with plain linear blend skinning.

    That takes minutes the very first time, when Anny reads its source files (and then keeps 1 GB in its own
    cache, `ANNY_CACHE_DIR`), and seconds later.

    Raises `ImportError` where the package `anny` is missing, and `RuntimeError` where its version has other
    bones, vertices or facial actions.
    """
    try:
        import anny
    except ImportError as error:
        raise ImportError('synthetic people need anny: pip install "wholebody-lift[train]"') from error
    model = anny.Anny(
        local_changes=[label for labels in LOCAL_CHANGES.values() for label in labels],
        facial_actions="all",
        phenotypes="all",
        phenotype_blendshapes="original",
        skinning_method="lbs",
    )
    parents = dict(zip(model.bone_labels, model.bone_parents, strict=True))
    wanted = {bone: _BONE.get(PARENT_BONES.get(bone, ""), -1) for bone in BONES}
    same = list(parents.items()) == list(wanted.items()) and tuple(model.facial_action_labels) == FACE_ACTIONS
    if not same or len(model.template_vertices) != _table()["n_vertices"]:
        raise RuntimeError(
            f"anny {importlib.metadata.version('anny')} has other bones, vertices or facial actions than the "
            f"keypoints are chosen on; install anny=={_table()['anny_version']}"
        )
    return model


@functools.cache
def _table() -> dict[str, Any]:
    """Which vertices and bones of Anny the keypoints of face and hands are."""
    path = Path(__file__).with_name("data") / "anny_landmarks.json"
    table: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return table


def build_rig() -> Rig:
    """The rig, made from the package `anny`; raises what `load_anny` raises."""
    model = load_anny()
    rows, factors = _coefficient_rows(model)
    weights, head_weights = keypoint_weights(model)

    def place(template: Tensor, shapes: Tensor) -> Tensor:
        """Template and, summed up as in `rows`, blend shapes of some points, mm: (1 + C, points, 3)."""
        summed = torch.einsum("cr,rpd->cpd", rows, shapes.double())
        return torch.cat([template.double()[None], summed]) * 1000

    anny_heads = place(model.template_bone_heads, model.bone_heads_blendshapes)
    heads = head_moves() @ anny_heads  # (1 + C, J, 3)
    moving = (weights != 0).any(0).nonzero().squeeze(1)  # the vertices that keypoints are made of
    vertices = place(model.template_vertices[moving], model.blendshapes[:, moving])
    weights = weights[:, moving]
    skinning = model.dense_vertex_bone_weights.double()[moving]  # (V, J)
    carried = weights @ skinning + head_weights.sum(-1)  # (K, J): w
    keypoints, bones = carried.nonzero().unbind(1)
    moments = torch.einsum("ev,cvd->ced", weights[keypoints] * skinning[:, bones].T, vertices)
    moments += torch.einsum("ej,cjd->ced", head_weights[keypoints, bones], anny_heads)
    offsets = moments - carried[keypoints, bones, None] * heads[:, bones]
    # A keypoint that is the head of its bone has nothing to turn.
    moved = offsets.abs().amax((0, 2)) > 1e-6
    keypoints, bones, offsets = keypoints[moved], bones[moved], offsets[:, moved]

    z = model.template_vertices[:, 2]
    average = model(phenotype_kwargs={"age": 0.8})["rest_vertices"][0, :, 2] * 1000
    crown, soles = average > average.max() - _NEAR_END_MM, average < average.min() + _NEAR_END_MM
    ends = (crown | soles).nonzero().squeeze(1)
    heights = place(z[ends, None], model.blendshapes[:, ends, 2:]).squeeze(-1)  # (1 + C, H)
    points = torch.cat([heads, offsets], 1).flatten(1)  # (1 + C, (J + E) * 3)
    belongs = torch.zeros(NUM_KEYPOINTS, len(keypoints))
    belongs[keypoints, torch.arange(len(keypoints))] = 1
    return Rig(
        {
            "template": points[0].float(),
            "shapes": points[1:].float(),
            "height_template": heights[0].float(),
            "height_shapes": heights[1:].float(),
            "crown": crown[ends],
            "factors": factors,
            "offset_bones": bones,
            "offset_keypoints": belongs,
            "head_weights": carried.float(),
        }
    )


def _coefficient_rows(model: "Anny") -> tuple[Tensor, Tensor]:
    """Which of Anny's blend shapes this rig has: sums (C, rows of Anny) float64, and the variations that the
    first of them are products of, (products, F) int64.

    Newborns are left out, and breasts, which are zero at Anny's average cup size and move no keypoint.
    """
    labels = list(model.blendshape_labels)
    variations = [name for names in _VARIATIONS.values() for name in names] + list(_RACES)
    place = {name: i for i, name in enumerate(variations)}
    kept, products = [], []
    for i, label in enumerate(labels):
        block, _, name = label.partition(":")
        if block in ("universal", "race", "height", "proportions") and "newborn" not in name:
            kept.append([i])
            products.append([place[factor] for factor in name.split("-")])
    most = max(map(len, products))
    one = len(variations)  # a last column of ones fills up the shorter products
    factors = torch.tensor([product + [one] * (most - len(product)) for product in products])
    kept += [[labels.index(f"facial_action:{action}")] for action in FACE_ACTIONS]
    positive = [
        [labels.index(f"local_change:{label}") for label in group] for group in LOCAL_CHANGES.values()
    ]
    kept += positive
    kept += [[i + 1 for i in group] for group in positive]  # Anny has each negative right after its positive
    rows = torch.zeros(len(kept), len(labels), dtype=torch.float64)
    for row, group in zip(rows, kept, strict=True):
        row[group] = 1
    return rows, factors


# ------------------------------------------------------------------------------------------------ cache


def load_rig(cache_dir: str | os.PathLike[str] | None = None) -> Rig:
    """The rig, built by `build_rig` once and then read from `cache_dir`.

    By default that is the directory in the environment variable WHOLEBODY_LIFT_CACHE, or else
    `wholebody-lift` in the user's cache directory. A rig that was made by another version of anny, or of
    this module, is built again. Reading needs no `anny`.
    """
    path = _cache_dir(cache_dir) / "rig.safetensors"
    made_by = _made_by()
    if path.exists():
        with safe_open(path, framework="pt") as file:
            if made_by.items() <= (file.metadata() or {}).items():
                return Rig({name: file.get_tensor(name) for name in _TENSORS})
    rig = build_rig()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    save_file(rig.state_dict(), unfinished, made_by)
    os.replace(unfinished, path)  # whoever reads meanwhile sees the old file or the new one
    return rig


def _made_by() -> dict[str, str]:
    """The versions that a cached rig must be of; any anny's will do where none is installed."""
    versions = {"rig": str(_RIG_VERSION)}
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        versions["anny"] = importlib.metadata.version("anny")
    return versions


def _cache_dir(cache_dir: str | os.PathLike[str] | None) -> Path:
    if cache_dir is None and not (cache_dir := os.environ.get(CACHE_VARIABLE)):
        cache_dir = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wholebody-lift"
    return Path(cache_dir)
