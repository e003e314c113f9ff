"""SemGAN (Wen, Zhu, Tan, arXiv 2406.01196): Semantic Graph Attention encoder, Body Part Decoder, distance
information."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from wholebody_lift import skeleton
from wholebody_lift.config import Config
from wholebody_lift.features import KEYPOINT_FEATURES, PERSON_FEATURES, Features
from wholebody_lift.model.encoder import SemGANLayer
from wholebody_lift.model.part_decoder import PartDecoder

# In keypoint order, so that the decoded parts joined again are the person.
_DECODED_PARTS = {
    "body": skeleton.indices("body", "feet"),
    "face": skeleton.indices("face"),
    "hands": skeleton.indices("left_hand", "right_hand"),
}
_UNIT_MM = {"body": 500.0, "face": 50.0, "hands": 100.0}
"""Length that an output of 1 stands for: about the spread of the part around what it hangs on."""


class Prediction(NamedTuple):
    """What the network answers, for a person of the configured stature."""

    xyz: Tensor
    """(N, 133, 3) float32, mm, relative to the root, in the virtual camera's axes."""
    error_mm: Tensor
    """(N, 133) float32, expected distance from the truth in mm."""


def _edges_within(part: list[int]) -> list[tuple[int, int]]:
    """The skeleton's edges between keypoints of a part, numbered within the part."""
    place = {keypoint: i for i, keypoint in enumerate(part)}
    return [(place[a], place[b]) for a, b in skeleton.EDGES if a in place and b in place]


class SemGAN(nn.Module):
    """Features of 133 keypoints to their 3D positions and expected errors."""

    unit_mm: Tensor
    anchor: Tensor
    attached: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embed_features = nn.Linear(KEYPOINT_FEATURES, config.channels)
        self.embed_person = nn.Linear(PERSON_FEATURES, config.channels)
        self.embed_keypoint = nn.Parameter(torch.randn(skeleton.NUM_KEYPOINTS, config.channels) * 0.02)
        self.encoder = nn.ModuleList(
            SemGANLayer(config.channels, config.heads, skeleton.NUM_KEYPOINTS, skeleton.EDGES)
            for _ in range(config.layers)
        )
        self.decoders = nn.ModuleDict(
            {
                name: PartDecoder(config.channels, config.heads, 4, len(part), _edges_within(part))
                for name, part in _DECODED_PARTS.items()
            }
        )
        unit = torch.empty(skeleton.NUM_KEYPOINTS, 1)
        for name, part in _DECODED_PARTS.items():
            unit[part] = _UNIT_MM[name]
        anchor = torch.arange(skeleton.NUM_KEYPOINTS)
        for name, part_root in skeleton.PART_ROOTS.items():
            anchor[skeleton.indices(name)] = part_root
        attached = (anchor != torch.arange(skeleton.NUM_KEYPOINTS))[:, None]
        self.register_buffer("unit_mm", unit, persistent=False)
        self.register_buffer("anchor", anchor, persistent=False)
        self.register_buffer("attached", attached, persistent=False)

    def encode(self, features: Features) -> list[Tensor]:
        """(N, 133, C) after each encoder layer."""
        x = (
            self.embed_features(features.keypoints)
            + self.embed_person(features.person)[:, None]
            + self.embed_keypoint
        )
        states = []
        for layer in self.encoder:
            x = layer(x)
            states.append(x)
        return states

    def decode(self, encoded: Tensor) -> Prediction:
        """The prediction from the last encoder state (N, 133, C)."""
        parts = torch.split(encoded, [len(part) for part in _DECODED_PARTS.values()], dim=1)
        decoded = [decoder(part) for decoder, part in zip(self.decoders.values(), parts, strict=True)]
        return self.compose(torch.cat(decoded, dim=1))

    def compose(self, out: Tensor) -> Prediction:
        """Raw outputs (N, 133, 4) as positions and errors in mm.

        Face and hands come relative to nose and wrists and are set upon them, then everything is taken
        relative to the root, so that the midpoint of the hips is exactly the origin.
        """
        out = out.float()
        unit = self.unit_mm.float()
        relative = out[..., :3] * unit
        xyz = relative + torch.where(self.attached, relative[:, self.anchor], 0)
        root = xyz[:, list(skeleton.ROOT)].mean(1, keepdim=True)
        error = nn.functional.softplus(out[..., 3]) * unit[:, 0]
        return Prediction(xyz - root, error)

    def forward(self, features: Features) -> Prediction:
        """Lift the people that the features describe."""
        return self.decode(self.encode(features)[-1])
