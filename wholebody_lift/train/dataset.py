"""People from a file to train on, H3WB or any file in its layout, in place of the synthetic ones of
`people`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from wholebody_lift.camera import intrinsics_from_image_size
from wholebody_lift.errors import InputError
from wholebody_lift.skeleton import MIRROR
from wholebody_lift.train.evaluation import h3wb
from wholebody_lift.train.evaluation.h3wb import H3WB, IMAGE_SIZE
from wholebody_lift.train.synthetic.people import Batch

MASKED = 0.5
"""Share of the people who are masked as in H3WB's second task; the others are unchanged."""


class Dataset:
    """An endless supply of people drawn from a file, half of them mirrored."""

    def __init__(self, people: H3WB, device: torch.device | str = "cpu") -> None:
        """people: all people to draw from; `H3WB.of("train")` for the official split.

        Targets are in the file's own millimetres, since H3WB does not publish how tall its subjects are. So a
        network learns people of their size, whatever stature its config states. Raises `InputError` if there
        are no people.
        """
        if not len(people):
            raise InputError(
                "expected people to train on, got none; h3wb.of('train') is empty if all of them are S8"
            )
        self.people = people
        self.device = torch.device(device)

    def sample(self, n: int, generator: torch.Generator) -> Batch:
        """n people, with replacement."""
        seed = torch.randint(2**62, (), generator=generator, device=generator.device).item()
        draw = torch.Generator().manual_seed(int(seed))  # the file's arrays are on the CPU
        chosen = self.people[torch.randint(len(self.people), (n,), generator=draw).numpy()]
        masked, mirrored = (torch.rand(n, 1, generator=draw).numpy() < share for share in (MASKED, 0.5))
        chosen = _choose(masked, h3wb.incomplete(chosen, draw), chosen)
        return h3wb.to_batch(_choose(mirrored, mirror(chosen), chosen), device=self.device)


def mirror(people: H3WB) -> H3WB:
    """The same people mirrored at the plane through the camera's optical axis, with left and right
    swapped."""
    assumed = intrinsics_from_image_size(torch.tensor([IMAGE_SIZE])).numpy()
    middle = (assumed if people.K is None else people.K)[..., 0, 2]
    places = list(MIRROR)
    xy, xyz = people.xy[:, places].copy(), people.xyz[:, places].copy()
    xy[..., 0] = 2 * np.broadcast_to(middle, len(people))[:, None] - xy[..., 0]
    xyz[..., 0] *= -1
    return replace(people, xy=xy, xyz=xyz, observed=people.observed[:, places])


def _choose(first: np.ndarray, a: H3WB, b: H3WB) -> H3WB:
    """The people of `a` where `first` (N, 1) holds, else those of `b`; the two differ only in keypoints."""
    return replace(
        b,
        xy=np.where(first[..., None], a.xy, b.xy),
        xyz=np.where(first[..., None], a.xyz, b.xyz),
        observed=np.where(first, a.observed, b.observed),
    )
