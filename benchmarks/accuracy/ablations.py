"""What can be taken away from SemGAN, one function each.

A function of this file changes a new SemGAN in place: it puts another module where the taken one was, or
changes a constant. Several can be applied one after the other.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.accuracy.answers import UNIT_MM
from wholebody_lift import camera
from wholebody_lift.features import KEYPOINT_COLUMNS, KEYPOINT_FEATURES, PERSON_FEATURES
from wholebody_lift.model import SemGAN
from wholebody_lift.model.encoder import Attention
from wholebody_lift.model.graph_conv import SemGraphConv
from wholebody_lift.model.nodes import NodeAnswers, NodeEmbedding, Nodes, nodes_of_parts
from wholebody_lift.model.semgan import OUT_CHANNELS
from wholebody_lift.train.synthetic.detector import KINDS, Detections
from wholebody_lift.train.synthetic.people import People, Scene

Cut = Callable[[SemGAN], None]


class Forget(nn.Module):
    """Some of the features are 0."""

    kept: Tensor

    def __init__(self, features: int, forgotten: set[int]) -> None:
        super().__init__()
        kept = torch.tensor([i not in forgotten for i in range(features)])
        self.register_buffer("kept", kept, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(..., features) to the same."""
        return x * self.kept


class SelfAlone(nn.Module):
    """Attention in which every node attends to itself alone, so that nothing passes between nodes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.value = nn.Linear(channels, channels)
        self.project = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, K, C) to (N, K, C)."""
        out: Tensor = self.project(self.value(x))
        return out


class LinearDecoder(nn.Module):
    """In place of a `PartDecoder`: what the encoder says of each node goes through one linear layer."""

    def __init__(self, nodes: Nodes, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.answers = NodeAnswers(nodes, OUT_CHANNELS)
        self.linear = nn.Linear(channels, self.answers.width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, nodes, C) of one part to (N, keypoints, 4)."""
        out: Tensor = self.answers(self.linear(self.norm(x)))
        return out


class SharedEmbedding(nn.Module):
    """In place of a `NodeEmbedding`: one linear layer for all nodes of a part, and a vector for each."""

    keypoint_in_slot: Tensor

    def __init__(self, own: NodeEmbedding) -> None:
        super().__init__()
        nodes, fan_in, channels = own.weight.shape
        self.register_buffer("keypoint_in_slot", own.keypoint_in_slot, persistent=False)
        self.linear = nn.Linear(fan_in, channels)
        self.vectors = nn.Parameter(0.02 * torch.randn(nodes, channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, keypoints, F) to (N, nodes, C)."""
        slots = nn.functional.pad(x, (0, 0, 0, 1))[:, self.keypoint_in_slot].flatten(2)
        out: Tensor = self.linear(slots) + self.vectors
        return out


def part_decoder(model: SemGAN) -> None:
    """Linear heads in place of the Body Part Decoder."""
    for name, nodes in nodes_of_parts(model.config.nodes).items():
        model.decoders[name] = LinearDecoder(nodes, model.config.channels)


def distance_information(model: SemGAN) -> None:
    """The input lacks the distances to parents."""
    _forget(model, "parent distance", "parent distance known")


def local_coordinates(model: SemGAN) -> None:
    """The input lacks the part-local coordinates of face and hands."""
    _forget(model, "local x", "local y", "log local size")


def camera_features(model: SemGAN) -> None:
    """The input lacks the angular size and what is known of the camera."""
    forget = Forget(PERSON_FEATURES, set(range(PERSON_FEATURES)))
    model.embed_person = nn.Sequential(forget, model.embed_person)  # type: ignore[assignment]


def graph_convolutions(model: SemGAN) -> None:
    """Linear layers in their place, in encoder and decoders."""
    _exchange(model, SemGraphConv, lambda taken: nn.Linear(*taken.self_weight.shape))


def attention(model: SemGAN) -> None:
    """Linear layers in its place, in encoder and decoders: only the graph connects the nodes."""
    _exchange(model, Attention, lambda taken: SelfAlone(taken.project.in_features))


def part_relative_answers(model: SemGAN) -> None:
    """Face and hands are answered relative to the root, as is the body, and in the same unit."""
    model.attached.fill_(False)
    model.unit_mm.fill_(UNIT_MM)


def own_embeddings(model: SemGAN) -> None:
    """Nodes share the weights of their embedding and differ by a vector."""
    _exchange(model, NodeEmbedding, SharedEmbedding)


def _forget(model: SemGAN, *columns: str) -> None:
    forgotten = {KEYPOINT_COLUMNS.index(column) for column in columns}
    for name, embed in model.embed_keypoints.items():
        model.embed_keypoints[name] = nn.Sequential(Forget(KEYPOINT_FEATURES, forgotten), embed)


def _exchange(model: nn.Module, kind: type[nn.Module], other: Callable[[Any], nn.Module]) -> None:
    """Put another module in place of every one of a kind."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, kind):
                setattr(parent, name, other(child))


class CompletePeople(People):
    """The same people before the same cameras, but all keypoints are known, and exactly.

    Also those outside the picture: they are where a lens without distortion would show them.
    """

    close_ups = 0.0

    def seen(self, *arguments: Any, **options: Any) -> Scene:
        scene = super().seen(*arguments, **options)
        xy = camera.project(scene.views.xyz, scene.views.K)
        straight = torch.zeros_like(scene.views.distortion)
        exact = torch.full_like(scene.detections.kind, list(KINDS).index("exact"))
        return scene._replace(
            views=replace(scene.views, xy=xy, distortion=straight),
            detections=Detections(xy, torch.ones_like(scene.detections.scores), exact),
        )
