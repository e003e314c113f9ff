"""All networks that are compared, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from benchmarks.accuracy import ablations
from benchmarks.accuracy.answers import INPUTS, AllAnswers, Baseline
from benchmarks.accuracy.jointformer import COARSE, COARSE_OF_H3WB, REFINEMENT, Jointformer
from benchmarks.accuracy.semgcn import SemGCN
from benchmarks.accuracy.simple_baseline import LargeSimpleBaseline
from wholebody_lift import skeleton
from wholebody_lift.config import Config
from wholebody_lift.model import SemGAN
from wholebody_lift.train.loop import DeepSupervision
from wholebody_lift.train.losses import LossWeights
from wholebody_lift.train.people import People

OURS = "semgan"

_KEYPOINTS = skeleton.NUM_KEYPOINTS


@dataclass(frozen=True)
class Contestant:
    """A network and what is special about its training."""

    about: str
    network: Callable[[], nn.Module]
    """Makes a new one, as `loop.Trainer` takes it."""
    loss_weights: LossWeights = field(default_factory=LossWeights)
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `Settings` that are not the default."""
    people: type[People] = People
    """Whom it is trained on."""


def _baseline(about: str, make: Callable[[], nn.Module]) -> Contestant:
    return Contestant(about, lambda: AllAnswers(Baseline(make())))


def _semgan(about: str, *cuts: ablations.Cut, config: Config | None = None) -> Contestant:
    def network() -> nn.Module:
        model = SemGAN(config or Config())
        for cut in cuts:
            cut(model)
        return DeepSupervision(model)

    return Contestant(about, network)


_OURS = _semgan("as released")

BASELINES: dict[str, Contestant] = {
    OURS: _OURS,
    "semgan-published": _semgan(
        "without any of our additions but missing input and a vector for each keypoint",
        ablations.camera_features,
        ablations.local_coordinates,
        ablations.part_relative_answers,
        ablations.own_embeddings,
        config=Config(nodes="keypoints", waves=()),
    ),
    "jointformer-refined": _baseline(
        "Lutz et al. 2022, both stages", lambda: Jointformer(_KEYPOINTS, INPUTS, COARSE, REFINEMENT)
    ),
    "jointformer": _baseline(
        "Lutz et al. 2022, the first stage", lambda: Jointformer(_KEYPOINTS, INPUTS, COARSE)
    ),
    "jointformer-h3wb": _baseline(
        "the first stage as wide as in H3WB's benchmark",
        lambda: Jointformer(_KEYPOINTS, INPUTS, COARSE_OF_H3WB),
    ),
    "large-simple-baseline": _baseline(
        "Martinez et al. 2017, as large as in H3WB's benchmark",
        lambda: LargeSimpleBaseline(_KEYPOINTS, INPUTS),
    ),
    "semgcn": _baseline(
        "Zhao et al. 2019, with non-local layers", lambda: SemGCN(_KEYPOINTS, INPUTS, skeleton.EDGES)
    ),
}
"""SemGAN and the networks of others."""

ABLATIONS: dict[str, Contestant] = {
    "without-part-decoder": _semgan("linear heads", ablations.part_decoder),
    "without-distance": _semgan("distances to parents are not told", ablations.distance_information),
    "without-geometry-losses": Contestant(
        "neither normal nor bone loss", _OURS.network, loss_weights=LossWeights(normal=0.0, bone=0.0)
    ),
    "without-graph": _semgan("linear layers in place of graph convolutions", ablations.graph_convolutions),
    "without-attention": _semgan("only the graph connects the nodes", ablations.attention),
    "keypoints-as-nodes": _semgan("133 nodes in place of 42", config=Config(nodes="keypoints")),
    "without-camera": _semgan("nothing is told of the camera", ablations.camera_features),
    "without-local-coordinates": _semgan(
        "face and hands are told in the person's frame alone", ablations.local_coordinates
    ),
    "without-part-relative": _semgan(
        "face and hands are answered relative to the root", ablations.part_relative_answers
    ),
    "without-own-embeddings": _semgan(
        "one embedding for all nodes of a part, and a vector for each", ablations.own_embeddings
    ),
    "without-missing": Contestant(
        "trained on complete, exact input alone", _OURS.network, people=ablations.CompletePeople
    ),
    "without-inner-answers": Contestant(
        "no loss after the inner layers", _OURS.network, settings={"layer_weight": 0.0}
    ),
    "without-waves": _semgan("the body's coordinates are told plainly", config=Config(waves=())),
    "without-sharpness": Contestant(
        "every distance counts alike in the loss", _OURS.network, settings={"sharpness": 0.0}
    ),
    "without-muon": Contestant("AdamW for all weights", _OURS.network, settings={"optimizer": "adamw"}),
}
"""SemGAN without one thing: first what the publication measured, then what we added to it."""

CONTESTANTS: dict[str, Contestant] = BASELINES | ABLATIONS
