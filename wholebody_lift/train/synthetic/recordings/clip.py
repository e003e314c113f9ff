"""One recording of body motion, on the skeleton of its file."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

Y_UP_TO_Z_UP = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]], dtype=torch.float64)
"""From axes in which y is up and the person looks along z to Anny's, in which z is up and they look along
-y."""


@dataclass(frozen=True)
class Clip:
    """A recording in Anny's axes: z is up, the person in the rest pose looks along -y, and their left is +x.

    Rotations are world rotations relative to the rest pose, so in the rest pose they are the identity,
    whatever axes the file gives its bones. The position of the person is not kept.
    """

    bones: tuple[str, ...]
    parents: tuple[int, ...]  # parents come before children; -1 for the root
    heads: Tensor  # (B, 3) where each bone begins in the rest pose, metres, float64
    tails: Tensor  # (B, 3) where it ends
    rotations: Tensor  # (T, B, 3, 3) float64
    fps: float

    @classmethod
    def from_local(
        cls,
        bones: tuple[str, ...],
        parents: tuple[int, ...],
        heads: Tensor,
        tails: Tensor,
        local: Tensor,
        fps: float,
        axes: Tensor = Y_UP_TO_Z_UP,
    ) -> "Clip":
        """Build a clip from rest positions (B, 3) and rotations (T, B, 3, 3), both in the file's axes, with
        each rotation relative to the parent and the rest pose. `axes` (3, 3) turns the file's axes to
        Anny's."""
        world: list[Tensor] = []
        for bone, parent in enumerate(parents):
            world.append(local[:, bone] if parent < 0 else world[parent] @ local[:, bone])
        return cls(
            bones=bones,
            parents=parents,
            heads=heads @ axes.T,
            tails=tails @ axes.T,
            rotations=axes @ torch.stack(world, 1) @ axes.T,
            fps=fps,
        )

    def __len__(self) -> int:
        """The number of frames."""
        return len(self.rotations)

    def subsample(self, fps: float) -> "Clip":
        """Keep every k-th frame, so that about `fps` frames per second are left."""
        step = max(1, round(self.fps / fps))
        return replace(self, rotations=self.rotations[::step], fps=self.fps / step)

    def extended(self, tips: Mapping[str, str]) -> "Clip":
        """The clip with a bone at the tail of each bone that `tips` names, by the name of that bone.

        It turns with the bone that it extends, and is as long.
        """
        ends = [self.bones.index(bone) for bone in tips]
        return replace(
            self,
            bones=(*self.bones, *tips.values()),
            parents=(*self.parents, *ends),
            heads=torch.cat([self.heads, self.tails[ends]]),
            tails=torch.cat([self.tails, 2 * self.tails[ends] - self.heads[ends]]),
            rotations=torch.cat([self.rotations, self.rotations[:, ends]], 1),
        )

    def with_rest(self, directions: Mapping[str, Tensor]) -> "Clip":
        """The clip with another rest pose: bones lie in these directions (3,) from the one above, by name.

        They are as far from it as before, and all others keep their offset from it. Rotations stay the same.
        """
        heads: list[Tensor] = []
        for bone, parent in enumerate(self.parents):
            if parent < 0:
                heads.append(self.heads[bone])
                continue
            offset = self.heads[bone] - self.heads[parent]
            if self.bones[bone] in directions:
                offset = directions[self.bones[bone]] * torch.linalg.vector_norm(offset)
            heads.append(heads[parent] + offset)
        moved = torch.stack(heads)
        return replace(self, heads=moved, tails=self.tails + moved - self.heads)

    def positions(self) -> Tensor:
        """Bone heads (T, B, 3) in metres, with the root at its position in the rest pose."""
        placed: list[Tensor] = []
        for bone, parent in enumerate(self.parents):
            if parent < 0:
                placed.append(self.heads[bone].expand(len(self), 3))
            else:
                step = self.rotations[:, parent] @ (self.heads[bone] - self.heads[parent])
                placed.append(placed[parent] + step)
        return torch.stack(placed, 1)


def from_euler(order: str, angles: Tensor) -> Tensor:
    """Matrices (..., 3, 3) of Euler angles (..., n) in degrees: rotations about the axes that `order` names,
    such as "ZXY", multiplied from left to right."""
    result = torch.eye(3, dtype=angles.dtype).expand(*angles.shape[:-1], 3, 3)
    for axis, angle in zip(order.upper(), torch.deg2rad(angles).unbind(-1), strict=True):
        c, s, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
        rows = {
            "X": (one, zero, zero, zero, c, -s, zero, s, c),
            "Y": (c, zero, s, zero, one, zero, -s, zero, c),
            "Z": (c, -s, zero, s, c, zero, zero, zero, one),
        }[axis]
        result = result @ torch.stack(rows, -1).reshape(*angle.shape, 3, 3)
    return result
