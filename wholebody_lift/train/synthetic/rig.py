"""The synthetic person: a compact rig of the body model Anny that yields the 133 keypoints.

Anny (Brégier et al. 2025, PyPI `anny`: Apache-2.0 code, CC0 data) makes a mesh of 13,718 vertices from
phenotypes, local changes and facial actions by linear blend shapes, and poses it by linear blend skinning on
104 bones. A keypoint is a weighted mean, sum_v a_v x_v, of its vertices. With skinning weights W_vb, rest
vertices x_v and rest bone heads r_b, its posed position is

    sum_v a_v sum_b W_vb [G_b (x_v - r_b) + p_b]  =  sum_b [G_b o_b + w_b p_b],
    w_b = sum_v a_v W_vb,   o_b = sum_v a_v W_vb (x_v - r_b),

where G_b rotates bone b from the rest pose to its pose and p_b is its posed head. Like vertices and heads,
the offsets o_b are linear in the shape. So this rig has no vertices, only bone heads and one offset for each
pair of a keypoint and a bone that moves it, and yet gives the same keypoints as the full skinning.

Units are millimetres; z is up, the person looks along -y, and their left is +x. In the rest pose the person
stands with the arms held away from the body.
"""

import contextlib
import dataclasses
import importlib.metadata
import os

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from wholebody_lift import cache
from wholebody_lift.train.synthetic import phenotypes
from wholebody_lift.train.synthetic.bones import BONE, BONES, PARENT_BONES
from wholebody_lift.train.synthetic.build_rig import build_rig
from wholebody_lift.train.synthetic.phenotypes import FACE_ACTIONS, NEWBORN_AGE, VARIATIONS, Shape

_RIG_VERSION = 2  # increase it when `build_rig` or its tables change, so that cached rigs are rebuilt


@dataclasses.dataclass(frozen=True)
class Rest:
    """People in the rest pose, in mm: bone heads (N, J, 3), the offsets (N, E, 3) that `Rig.pose` rotates,
    keypoints (N, 133, 3), stature from the floor to the top of the head (N,), and the z of the floor (N,)."""

    heads: Tensor
    offsets: Tensor
    keypoints: Tensor
    stature_mm: Tensor
    floor_mm: Tensor


class Rig(nn.Module):
    """Synthetic people from shape, facial actions and pose.

    Get one from `load_rig`. All constants are buffers, so `.to(device)` moves it. Results are differentiable
    with respect to every input. Axes: N people, J = 104 bones, K = 133 keypoints, E offsets, C coefficients
    of the blend shapes, H vertices at the soles and the top of the head.
    """

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        """`tensors` are those that `build_rig` makes. Raises `KeyError` for missing and unknown ones."""
        super().__init__()
        missing, unknown = _TENSORS - tensors.keys(), tensors.keys() - _TENSORS
        if missing or unknown:
            raise KeyError(
                f"expected the tensors of a rig; missing: {sorted(missing)}, unknown: {sorted(unknown)}"
            )
        for name in sorted(_TENSORS):
            self.register_buffer(name, tensors[name])
        parents = torch.tensor([-1] + [BONE[parent] for parent in PARENT_BONES.values()])
        ancestors = torch.eye(len(BONES))
        depth = torch.zeros(len(BONES), dtype=torch.long)
        for bone, parent in enumerate(parents.tolist()[1:], start=1):
            ancestors[bone] += ancestors[parent]
            depth[bone] = depth[parent] + 1
        self.register_buffer("_parents", parents.clamp_min(0), persistent=False)
        self.register_buffer("_ancestors", ancestors, persistent=False)

        # Bones are sorted by depth, so each level is a slice, whose parents are in the level above.
        order = torch.argsort(depth, stable=True)
        place = torch.argsort(order)
        self._levels = [int(n) for n in torch.bincount(depth)]
        starts = torch.tensor(self._levels).cumsum(0) - torch.tensor(self._levels)
        above = place[parents.clamp_min(0)] - starts[(depth - 1).clamp_min(0)]
        self.register_buffer("_order", order, persistent=False)
        self.register_buffer("_place", place, persistent=False)
        self.register_buffer("_above", above[order], persistent=False)

    # Registered as buffers; all except indices and masks are float32, and lengths are in mm.
    shapes: Tensor  # (C, (J + E) * 3): what each coefficient adds to heads and offsets
    template: Tensor  # ((J + E) * 3,)
    height_shapes: Tensor  # (C, H): what each coefficient adds to the z of the H vertices
    height_template: Tensor  # (H,)
    crown: Tensor  # (H,) bool: the vertex is on the head, not under the soles
    factors: Tensor  # (phenotype rows of C, F) int64: the variations that each row is the product of
    offset_bones: Tensor  # (E,) int64
    offset_keypoints: Tensor  # (K, E): 1 where an offset belongs to a keypoint
    head_weights: Tensor  # (K, J): w
    _parents: Tensor
    _ancestors: Tensor
    _order: Tensor
    _place: Tensor
    _above: Tensor

    def sample_shape(self, n: int, generator: torch.Generator, children: float = 0.0) -> Shape:
        """Draw `n` random people, all symmetric; a share `children` (0..1) of them is 4 to 15 years old.

        Statures of adults are normal, 1760 +- 70 mm for men and 1620 +- 70 mm for women, clamped to
        1450..2050 mm. Statures of children follow their age, +- 5 %. The proportions of adults have the means
        and spreads of `anthropometry.MEASUREMENTS`. Heads, faces, hands and limbs vary independently, except
        for proportions that are correlated in real people.
        """
        drawn = phenotypes.draw(n, generator, children)
        who, local = drawn.phenotypes.to(self.template), drawn.local_changes.to(self.template)
        soles, crown = self._ends(self._coefficients(who, local, None))
        adult_size = drawn.adult_stature_mm.to(self.template) / (crown - soles)
        size = torch.where(drawn.child.to(adult_size.device), drawn.child_size.to(self.template), adult_size)
        return Shape(who, local, size)

    def rest(self, shape: Shape, face: Tensor | None = None) -> Rest:
        """The people of `shape` in the rest pose, with facial actions (N, 52), 0..1, in the order of
        `FACE_ACTIONS`; None is a face at rest."""
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

        `rotations` (N, J, 3, 3) are relative to the parent, in the axes of the rest pose: G_b = G_parent L_b.
        The root rotates about its own head, which stays in place.
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
        """Keypoints (N, 133, 3) in mm of people in the pose `rotations` (N, J, 3, 3), as in `bones`."""
        heads, world = self.bones(rest, rotations)
        turned = (world.index_select(1, self.offset_bones) @ rest.offsets[..., None]).squeeze(-1)  # (N, E, 3)
        return _mix(self.offset_keypoints, turned) + _mix(self.head_weights, heads)

    def forward(self, shape: Shape, rotations: Tensor, face_actions: Tensor | None = None) -> Tensor:
        """Keypoints (N, 133, 3) in mm of `shape` in the pose `rotations`, with facial actions (N, 52)."""
        return self.pose(self.rest(shape, face_actions), rotations)

    def _coefficients(self, phenotypes: Tensor, local_changes: Tensor, face: Tensor | None) -> Tensor:
        """Coefficients (N, C) of the blend shapes: products of phenotypes, then facial actions, then the
        positive and the negative part of each local change."""
        columns = []
        for name, value in zip(VARIATIONS, phenotypes.unbind(1), strict=False):
            steps = len(VARIATIONS[name]) - 1
            start = NEWBORN_AGE if name == "age" else 0.0
            place = ((value - start) / (1 - start) * steps).clamp(0, steps)
            knots = torch.arange(steps + 1, device=value.device)
            columns.append((1 - (place[:, None] - knots).abs()).clamp_min(0))
        races = phenotypes[:, len(VARIATIONS) :]
        columns += [races / races.sum(1, keepdim=True), torch.ones_like(races[:, :1])]
        products = torch.cat(columns, 1)[:, self.factors].prod(-1)  # (N, products)
        if face is None:
            face = phenotypes.new_zeros(len(phenotypes), len(FACE_ACTIONS))
        return torch.cat([products, face, local_changes.clamp_min(0), -local_changes.clamp_max(0)], 1)

    def _ends(self, coefficients: Tensor) -> tuple[Tensor, Tensor]:
        """Heights z (N,) of the soles and of the top of the head."""
        z = torch.addmm(self.height_template, coefficients, self.height_shapes)  # (N, H)
        return z.where(~self.crown, torch.inf).amin(1), z.where(self.crown, -torch.inf).amax(1)


def _mix(weights: Tensor, points: Tensor) -> Tensor:
    """Weighted sums (N, K, 3) of points (N, E, 3), with weights (K, E) that `@` would copy N times."""
    return torch.einsum("ke,nex->nkx", weights, points)


_TENSORS = frozenset(
    (
        *("shapes", "template", "height_shapes", "height_template", "crown", "factors"),
        *("offset_bones", "offset_keypoints", "head_weights"),
    )
)


def load_rig(cache_dir: str | os.PathLike[str] | None = None) -> Rig:
    """Load the rig from `cache_dir`, or build it with `build_rig` and keep it there.

    The default directory is the environment variable WHOLEBODY_LIFT_CACHE, or else `wholebody-lift` in the
    user's cache directory. A rig from another version of anny or of this module is rebuilt. Loading does not
    need `anny`.
    """
    path = cache.directory(cache_dir) / "rig.safetensors"
    made_by = _made_by()
    if path.exists():
        with safe_open(path, framework="pt") as file:
            if made_by.items() <= (file.metadata() or {}).items():
                return Rig({name: file.get_tensor(name) for name in _TENSORS})
    rig = Rig(build_rig())
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    save_file(rig.state_dict(), unfinished, made_by)
    os.replace(unfinished, path)  # other processes see either the old file or the new one
    return rig


def _made_by() -> dict[str, str]:
    """The versions that a cached rig must have been made by. Without `anny` installed, any version of it is
    accepted."""
    versions = {"rig": str(_RIG_VERSION)}
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        versions["anny"] = importlib.metadata.version("anny")
    return versions
