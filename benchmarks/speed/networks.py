"""The networks of the table, as something to run on N people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.accuracy.answers import INPUTS, Baseline
from benchmarks.accuracy.jointformer import COARSE, REFINEMENT, Jointformer
from benchmarks.accuracy.simple_baseline import LargeSimpleBaseline
from benchmarks.speed.stand_ins import MotionAGFormerSized, PafuseSized
from wholebody_lift import Keypoints2D, Lifter, onnx_file, pretrained
from wholebody_lift.backends.onnx_runtime import OnnxRuntime
from wholebody_lift.features import KEYPOINT_FEATURES, PERSON_FEATURES, Features
from wholebody_lift.model import SemGAN
from wholebody_lift.skeleton import NUM_KEYPOINTS

EXPORTED = ("fp16", "int8")
"""Precisions of which the package contains no file."""


@dataclass(frozen=True)
class Network:
    """A network and how it lifts N people."""

    name: str
    computed_by: str
    parameters: int
    flops: float
    """Of one person, two for each product and sum."""
    lift: Callable[[int], Callable[[], object]]
    """For N people, what lifts them."""
    together: int = 128
    """People for whom the rate is measured."""
    people_at_least: int = 1
    """Frames of a clip that are lifted together in any case."""


def features_of(n: int) -> Features:
    """Features of n people, at random."""
    return Features(torch.randn(n, NUM_KEYPOINTS, KEYPOINT_FEATURES), torch.randn(n, PERSON_FEATURES))


def parameters_of(network: nn.Module) -> int:
    """All that can be learned."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def flops_of(network: nn.Module, *inputs: object) -> int:
    """Floating-point operations of one call, without those of element-wise functions."""
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(*inputs)
    return counter.get_total_flops()


def ours(weights: str, people: Keypoints2D, folder: Path, threads: int) -> list[Network]:
    """`Lifter.lift` with the weights of that name, by every backend and in every precision."""
    model = pretrained.load(weights)
    size, flops = parameters_of(model), flops_of(_without_close_ups(model), features_of(1))
    lifters = {
        f"torch {kind}": Lifter(pretrained.load(weights), "cpu", dtype) for kind, dtype in _DTYPES.items()
    }
    files = {"fp32": pretrained.locate_onnx(weights)}
    for precision in EXPORTED:
        files[precision] = folder / f"{weights}-{precision}.onnx"
        if not files[precision].is_file():
            onnx_file.write(model, files[precision], precision=precision)
    for precision, path in files.items():
        lifters[f"ONNX {precision}"] = Lifter(OnnxRuntime(path, "cpu", threads=threads))
    return [
        Network(weights, name, size, flops, partial(_lifts, lifter, people))
        for name, lifter in lifters.items()
    ]


_DTYPES = {"fp32": "float32", "bf16": "bfloat16"}


def _without_close_ups(model: SemGAN) -> SemGAN:
    """The network as it is for everyone of whom the body is seen: other layers add nothing to them."""
    plain = SemGAN(model.config.model_copy(update={"close_ups": False}))
    plain.load_state_dict({name: model.state_dict()[name] for name in plain.state_dict()})
    return plain.eval()


def _lifts(lifter: Lifter, people: Keypoints2D, n: int) -> Callable[[], object]:
    xy, size = people.keypoints[torch.arange(n) % len(people)], people.image_size[0]
    return lambda: lifter.lift(xy, image_size=size)


def of_others() -> list[Network]:
    """The networks of others, with random weights."""
    found = []
    for name, make in {
        "Large SimpleBaseline": lambda: LargeSimpleBaseline(NUM_KEYPOINTS, INPUTS),
        "Jointformer, first stage": lambda: Jointformer(NUM_KEYPOINTS, INPUTS, COARSE),
        "Jointformer, both stages": lambda: Jointformer(NUM_KEYPOINTS, INPUTS, COARSE, REFINEMENT),
    }.items():
        network = Baseline(make()).eval()
        found.append(_bare(name, network, features_of, 1))
    clip = MotionAGFormerSized().eval()
    frames, keypoints = clip.FRAMES, clip.KEYPOINTS
    found.append(_bare("MotionAGFormer-B, its size", clip, lambda n: torch.randn(n, keypoints, 3), frames))
    diffusion = PafuseSized().eval()
    found.append(
        _bare("PAFUSE, its size", diffusion, lambda n: torch.randn(n, NUM_KEYPOINTS, 2), 1, together=1)
    )
    return found


def _bare(
    name: str, network: nn.Module, inputs: Callable[[int], object], least: int, together: int = 128
) -> Network:
    """A network without a library around it, in torch and single precision."""

    def lift(n: int) -> Callable[[], object]:
        given = inputs(n)

        def run() -> object:
            with torch.inference_mode():
                return network(given)

        return run

    return Network(
        name,
        "torch fp32",
        parameters_of(network),
        flops_of(network, inputs(least)) / least,
        lift,
        max(together, least),
        least,
    )
