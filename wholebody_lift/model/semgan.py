"""SemGAN (Wen, Zhu, Tan, arXiv 2406.01196): Semantic Graph Attention encoder, Body Part Decoder, distance
information."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from wholebody_lift import skeleton
from wholebody_lift.config import Calibration, Config
from wholebody_lift.features import KEYPOINT_FEATURES, PERSON_FEATURES, Features
from wholebody_lift.model.adapter import Adapter, no_body_seen
from wholebody_lift.model.calibration import ErrorCalibration
from wholebody_lift.model.encoder import SemGANLayer
from wholebody_lift.model.known import KnownEmbedding, anything_known, given_inputs
from wholebody_lift.model.nodes import NodeEmbedding, graph_of, nodes_of_parts
from wholebody_lift.model.part_decoder import PartDecoder
from wholebody_lift.model.waves import Waves

_UNIT_MM = {"body": 500.0, "face": 50.0, "hands": 100.0}
"""Length of an output of 1: about the spread of the part around its anchor."""

OUT_CHANNELS = 4
"""x, y, z and the expected error, each in units of the part."""


class Prediction(NamedTuple):
    """The output of the network, for a person of the configured stature."""

    xyz: Tensor
    """(N, 133, 3) float32, mm, relative to the root, in the virtual camera's axes."""
    error_mm: Tensor
    """(N, 133) float32, expected distance from the truth in mm."""


class SemGAN(nn.Module):
    """Features of 133 keypoints to their 3D positions and expected errors."""

    unit_mm: Tensor
    anchor: Tensor
    attached: Tensor
    root: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        parts = nodes_of_parts(config.nodes)
        graph = graph_of(list(parts.values()))
        self.num_nodes = [len(nodes.members) for nodes in parts.values()]
        self.num_keypoints = [nodes.num_keypoints for nodes in parts.values()]
        self.embed_keypoints = nn.ModuleDict(
            {name: NodeEmbedding(nodes, KEYPOINT_FEATURES, config.channels) for name, nodes in parts.items()}
        )
        if config.waves:  # for the body only: its depth is the hardest to tell
            waves = Waves(config.waves)
            body = NodeEmbedding(parts["body"], KEYPOINT_FEATURES + waves.extra, config.channels)
            self.embed_keypoints["body"] = nn.Sequential(waves, body)
        self.embed_person = nn.Linear(PERSON_FEATURES, config.channels)
        self.embed_known: nn.Module = KnownEmbedding(config.inputs, parts, config.channels)
        self.encoder = nn.ModuleList(
            SemGANLayer(config.channels, config.heads, sum(self.num_nodes), graph)
            for _ in range(config.layers)
        )
        self.adapters = nn.ModuleList(
            Adapter(config.channels) for _ in range(config.layers if config.inputs and config.adapters else 0)
        )
        self.close_up_adapters = nn.ModuleList(
            Adapter(config.channels) for _ in range(config.layers if config.close_ups else 0)
        )
        self.decoders = nn.ModuleDict(
            {
                name: PartDecoder(nodes, config.channels, config.heads, OUT_CHANNELS)
                for name, nodes in parts.items()
            }
        )
        unit = [_UNIT_MM[name] for name, nodes in parts.items() for keys in nodes.members for _ in keys]
        anchor = torch.arange(skeleton.NUM_KEYPOINTS)
        for name, part_root in skeleton.PART_ROOTS.items():
            anchor[skeleton.indices(name)] = part_root
        attached = (anchor != torch.arange(skeleton.NUM_KEYPOINTS))[:, None]
        self.register_buffer("unit_mm", torch.tensor(unit)[:, None], persistent=False)
        self.register_buffer("anchor", anchor, persistent=False)
        self.register_buffer("attached", attached, persistent=False)
        self.register_buffer("root", torch.tensor(skeleton.ROOT), persistent=False)
        self.calibrate = ErrorCalibration(config.calibration) if config.calibration else nn.Identity()

    def with_calibration(self, calibration: Calibration | None) -> SemGAN:
        """A copy, in training mode, with expected errors calibrated by other curves, or not at all."""
        copy = SemGAN(self.config.model_copy(update={"calibration": calibration}))
        copy.load_state_dict(self.state_dict())
        return copy

    def encode(self, features: Features) -> list[Tensor]:
        """(N, nodes, C) after each encoder layer."""
        keypoints = torch.split(features.keypoints, self.num_keypoints, dim=1)
        embedded = [embed(x) for embed, x in zip(self.embed_keypoints.values(), keypoints, strict=True)]
        x = torch.cat(embedded, dim=1) + self.embed_person(features.person)[:, None]
        close_up = no_body_seen(features) if self.config.close_ups else None
        given = given_inputs(features, self.config.inputs)
        known = anything_known(given)
        if known is not None:
            known = known if close_up is None else known * (1 - close_up)
            x = self.embed_known(x, known, given)
        states = []
        for i, layer in enumerate(self.encoder):
            x = layer(x)
            if known is not None and self.config.adapters:
                x = self.adapters[i](x, known)
            if close_up is not None:
                x = self.close_up_adapters[i](x, close_up)
            states.append(x)
        return states

    def decode(self, encoded: Tensor) -> Prediction:
        """The prediction from the last encoder state (N, nodes, C)."""
        parts = torch.split(encoded, self.num_nodes, dim=1)
        decoded = [decoder(part) for decoder, part in zip(self.decoders.values(), parts, strict=True)]
        return self.compose(torch.cat(decoded, dim=1))

    def compose(self, out: Tensor) -> Prediction:
        """Raw outputs (N, 133, 4) as positions and errors in mm.

        Face and hands are predicted relative to nose and wrists and added to them; then the root is
        subtracted, so that the midpoint of the hips is exactly the origin.
        """
        out = out.float()
        unit = self.unit_mm.float()
        relative = out[..., :3] * unit
        xyz = relative + torch.where(self.attached, relative.index_select(1, self.anchor), 0)
        root = xyz.index_select(1, self.root).mean(1, keepdim=True)
        error = nn.functional.softplus(out[..., 3]) * unit[:, 0]
        return Prediction(xyz - root, self.calibrate(error))

    def forward(self, features: Features) -> Prediction:
        """Lift the people that the features describe."""
        return self.decode(self.encode(features)[-1])
