"""All networks that are compared, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

from torch import nn

from benchmarks.accuracy import ablations, mixtures
from benchmarks.accuracy.answers import INPUTS, AllAnswers, Baseline
from benchmarks.accuracy.jointformer import COARSE, COARSE_OF_H3WB, REFINEMENT, Jointformer
from benchmarks.accuracy.lfm import LFM
from benchmarks.accuracy.semgcn import SemGCN
from benchmarks.accuracy.simple_baseline import LargeSimpleBaseline
from wholebody_lift import pretrained, skeleton
from wholebody_lift.config import Config
from wholebody_lift.model import SemGAN
from wholebody_lift.train.loop import DeepSupervision
from wholebody_lift.train.losses import LossWeights
from wholebody_lift.train.synthetic.bank import MotionBank
from wholebody_lift.train.synthetic.people import People
from wholebody_lift.train.synthetic.rig import Rig

OURS = "semgan"
TINY = "semgan-tiny"
TINY_LONGER = "tiny-longer"

TINY_CHANNELS = 112
"""Of the released tiny weights. Ablations are of this size: a fifth of the arithmetic, so that each can be
trained on enough people."""

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
    people: Callable[[Rig, MotionBank | None], People] = People
    """Whom it is trained on."""


def _baseline(about: str, make: Callable[[], nn.Module]) -> Contestant:
    """A network of others, trained with Adam and in single precision as its authors did."""
    return Contestant(
        about,
        lambda: AllAnswers(Baseline(make())),
        settings={"optimizer": "adamw", "precision": "float32"},
    )


def _semgan(about: str, *cuts: ablations.Cut, config: Config | None = None) -> Contestant:
    def network() -> nn.Module:
        model = SemGAN(config or Config())
        for cut in cuts:
            cut(model)
        return DeepSupervision(model)

    return Contestant(about, network)


def _tiny(about: str, *cuts: ablations.Cut, **varied: Any) -> Contestant:
    return _semgan(about, *cuts, config=Config(channels=TINY_CHANNELS, **varied))


def _tiny_trained(about: str, **special: Any) -> Contestant:
    return replace(_tiny(about), **special)


_WITHOUT_MUON = {"optimizer": "adamw"}

BASELINES: dict[str, Contestant] = {
    OURS: _semgan("as released"),
    "semgan-adamw": replace(_semgan("trained with AdamW alone, as the others are"), settings=_WITHOUT_MUON),
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
    "3d-lfm": _baseline(
        "Dabhi et al. 2024, as wide and as deep as SemGAN", lambda: LFM(_KEYPOINTS, INPUTS, skeleton.EDGES)
    ),
    "3d-lfm-unturned": _baseline(
        "the same, answering in the camera's frame",
        lambda: LFM(_KEYPOINTS, INPUTS, skeleton.EDGES, turned=False),
    ),
}
"""SemGAN and the networks of others."""

ABLATIONS: dict[str, Contestant] = {
    TINY: _tiny("of the size of the tiny weights"),
    "without-part-decoder": _tiny("linear heads", ablations.part_decoder),
    "without-distance": _tiny("distances to parents are not told", ablations.distance_information),
    "without-geometry-losses": _tiny_trained(
        "neither normal nor bone loss", loss_weights=LossWeights(normal=0.0, bone=0.0)
    ),
    "without-graph": _tiny("linear layers in place of graph convolutions", ablations.graph_convolutions),
    "without-attention": _tiny("only the graph connects the nodes", ablations.attention),
    "keypoints-as-nodes": _tiny("133 nodes in place of 42", nodes="keypoints"),
    "without-camera": _tiny("nothing is told of the camera", ablations.camera_features),
    "without-local-coordinates": _tiny(
        "face and hands are told in the person's frame alone", ablations.local_coordinates
    ),
    "without-part-relative": _tiny(
        "face and hands are answered relative to the root", ablations.part_relative_answers
    ),
    "without-own-embeddings": _tiny(
        "one embedding for all nodes of a part, and a vector for each", ablations.own_embeddings
    ),
    "without-missing": _tiny_trained(
        "trained on complete, exact input alone", people=ablations.CompletePeople
    ),
    "without-inner-answers": _tiny_trained("no loss after the inner layers", settings={"layer_weight": 0.0}),
    "without-waves": _tiny("the body's coordinates are told plainly", waves=()),
    "without-sharpness": _tiny_trained(
        "every distance counts alike in the loss", settings={"sharpness": 0.0}
    ),
    "without-muon": _tiny_trained("AdamW for all weights", settings=_WITHOUT_MUON),
}
"""A tiny SemGAN without one thing: first what the publication measured, then what we added to it."""


def _released() -> nn.Module:
    """The tiny weights, to be trained on; inner layers do not answer, for want of heads that have learned."""
    return DeepSupervision(pretrained.load("tiny").with_calibration(None))


def _tiny_longer(about: str, people: Callable[[Rig, MotionBank | None], People]) -> Contestant:
    return Contestant(about, _released, settings={"layer_weight": 0.0, "decay": 1.0}, people=people)


def _only(*families: str, given: str) -> Contestant:
    people = partial(mixtures.Only, families=families, given=given)
    return _tiny_longer(f"on {' and '.join(families)}, {given}, alone", people)


MIXTURES: dict[str, Contestant] = {
    TINY_LONGER: _tiny_longer("on the mixture of training", People),
    "more-exact": _tiny_longer("half of the people exact", partial(mixtures.MoreOf, kind="exact")),
    "more-masked": _tiny_longer("half of the people masked", partial(mixtures.MoreOf, kind="masked")),
    "more-webcams": _tiny_longer("half before webcams", partial(mixtures.MoreOf, family="webcam")),
    "exact-in-picture": _tiny_longer(
        "exact people have nothing outside the picture", mixtures.ExactInPicture
    ),
    "only-laboratory-exact": _only("laboratory", given="exact"),
    "only-laboratory-noise": _only("laboratory", given="noise"),
    "only-laboratory-detector": _only("laboratory", given="detector"),
    "only-laboratory-incomplete": _only("laboratory", given="incomplete"),
    "only-phones-exact": _only("phone_portrait", "phone_landscape", given="exact"),
    "only-webcams-exact": _only("webcam", given="exact"),
}
"""The tiny weights, trained on with people of other mixtures than before, the rate falling all the way."""


class Group(NamedTuple):
    """Contestants that are compared with one of them."""

    reference: str
    contestants: Mapping[str, Contestant]


GROUPS: dict[str, Group] = {
    "baselines": Group(OURS, BASELINES),
    "ablations": Group(TINY, ABLATIONS),
    "mixtures": Group(TINY_LONGER, MIXTURES),
}
"""All that can be compared, by what it is for."""

CONTESTANTS: dict[str, Contestant] = BASELINES | ABLATIONS | MIXTURES
"""All networks of all groups."""
