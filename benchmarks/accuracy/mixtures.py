"""People of other mixtures than those of training.

Training is about all cameras and detectors at once, so a figure of one of them might be better if there were
more of it. `Only` is the far end of that: nothing but what one test set shows. What a network still gets
wrong after it was trained on `Only` is not for want of such people in the mixture.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from wholebody_lift.train.evaluation import held_out
from wholebody_lift.train.synthetic import cameras
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.detector import KINDS
from wholebody_lift.train.synthetic.occlusion import hidden
from wholebody_lift.train.synthetic.people import People, Scene
from wholebody_lift.train.synthetic.rig import Rig


class Only(People):
    """People before cameras of some families, shown in one way of the test sets."""

    close_ups = 0.0

    def __init__(self, rig: Rig, bank: MotionBank | None, *, families: Sequence[str], given: str) -> None:
        """given: a name in `held_out.INPUTS`, of which what is known of the camera is not taken over."""
        super().__init__(rig, bank)
        self.families = families
        self.given = given

    def seen(self, xyz: Tensor, stature_mm: Tensor, generator: torch.Generator, **_options: Any) -> Scene:
        family = self.families[_drawn(len(self.families), generator)]
        views = cameras.sample(xyz, generator, family, as_trained=True)
        crowd = held_out.Crowd(views, hidden(views.xyz), None, stature_mm, labels=())
        detections = held_out.detect(crowd, held_out.INPUTS[self.given].detections, generator)
        return Scene(views, detections, stature_mm)


class MoreOf(People):
    """The mixture of training, but half of the people before one family or shown by one kind of detector."""

    def __init__(
        self, rig: Rig, bank: MotionBank | None, *, family: str | None = None, kind: str | None = None
    ) -> None:
        super().__init__(rig, bank)
        self.more = {"family": family, "kind": kind}

    def seen(self, *arguments: Any, **_options: Any) -> Scene:
        *_, generator = arguments
        return super().seen(*arguments, **(self.more if _drawn(2, generator) else {}))


class ExactInPicture(People):
    """The mixture of training, but exact people, too, have only those keypoints that are in the picture."""

    def seen(self, *arguments: Any, **options: Any) -> Scene:
        scene = super().seen(*arguments, **options)
        found = scene.detections
        exact = found.kind == list(KINDS).index("exact")
        scores = torch.where(exact[:, None] & ~scene.views.inside, 0.0, found.scores)
        return scene._replace(detections=replace(found, scores=scores))


def _drawn(n: int, generator: torch.Generator) -> int:
    """A number below n: what a whole piece of people has in common."""
    return int(torch.randint(n, (), generator=generator, device=generator.device))
