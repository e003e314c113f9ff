"""What all networks of the literature share: their input and their output."""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from wholebody_lift import skeleton
from wholebody_lift.features import KEYPOINT_FEATURES, PERSON_FEATURES, Features
from wholebody_lift.model import Prediction

UNIT_MM = 500.0
"""Length that an output of 1 stands for: about the spread of a person around the root."""

INPUTS = KEYPOINT_FEATURES + PERSON_FEATURES
"""Numbers that `everything` tells of each keypoint."""


class Answer(NamedTuple):
    """What a network says, in `UNIT_MM`."""

    position: Tensor
    """(N, 133, 3)"""
    error: Tensor
    """(N, 133) expected distance from the truth, positive."""


def everything(features: Features) -> Tensor:
    """All features (N, 133, INPUTS): those of the person stand beside those of each keypoint."""
    person = features.person[:, None].expand(-1, features.keypoints.shape[1], -1)
    return torch.cat((features.keypoints, person), dim=-1)


def from_channels(out: Tensor) -> Answer:
    """The answer in four outputs per keypoint (N, 133, 4), the last of which is made positive."""
    return Answer(out[..., :3], nn.functional.softplus(out[..., 3]))


def to_prediction(answer: Answer) -> Prediction:
    """The answer in mm, relative to the root."""
    xyz = UNIT_MM * answer.position.float()
    root = xyz[:, list(skeleton.ROOT)].mean(1, keepdim=True)
    return Prediction(xyz - root, UNIT_MM * answer.error.float())


class Baseline(nn.Module):
    """A network of others as one that lifts `Features`."""

    def __init__(self, network: nn.Module) -> None:
        """network: takes (N, 133, INPUTS) and returns a list of `Answer`, the last of which counts."""
        super().__init__()
        self.network = network

    def answers(self, features: Features) -> list[Prediction]:
        """Every answer, the last one last."""
        said = cast(list[Answer], self.network(everything(features)))
        return [to_prediction(answer) for answer in said]

    def forward(self, features: Features) -> Prediction:
        """Lift the people that the features describe."""
        return self.answers(features)[-1]


class AllAnswers(nn.Module):
    """A baseline as `loop.Trainer` takes it: inner answers are trained too."""

    def __init__(self, model: Baseline) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Features) -> list[Prediction]:
        """What the baseline answers on the way, and at last."""
        return self.model.answers(features)
