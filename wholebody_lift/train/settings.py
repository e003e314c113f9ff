"""All settings of a training run; the command line is generated from them."""

import argparse
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from wholebody_lift.errors import InputError


@dataclass(frozen=True)
class Settings:
    """One training run. Each setting is annotated with its type and its help text on the command line."""

    folder: Annotated[Path, "folder for checkpoints, curves and the validation log"] = Path("runs/base")
    bank: Annotated[Path | None, "recordings packed by `prepare`; without them, samplers make every pose"] = (
        None
    )
    dataset: Annotated[
        Path | None, "train on the training subjects of a file in H3WB's layout instead of synthetic people"
    ] = None
    children: Annotated[float, "share of people aged 4 to 15, from 0 to 1"] = 0.0
    camera: Annotated[str | None, "use one family of cameras for everyone (default: the mixture)"] = None
    detector: Annotated[str | None, "use one kind of detector for everyone (default: the mixture)"] = None
    hours: Annotated[
        float, "time budget, over which the learning rate is scheduled; may be raised with --resume"
    ] = 1.0
    steps: Annotated[
        int | None, "budget in steps instead of hours; such a run is reproducible to the bit on one CPU"
    ] = None
    batch: Annotated[int, "people per step"] = 128
    optimizer: Annotated[
        Literal["muon", "adamw"], "optimizer of the square matrices inside the network; AdamW trains the rest"
    ] = "muon"
    learning_rate: Annotated[float, "learning rate, held for most of the budget"] = 1e-3
    muon_rate: Annotated[float, "learning rate of Muon, as a multiple of --learning-rate"] = 3.0
    decay: Annotated[
        float, "final share of the budget, over which the learning rate falls to a hundredth"
    ] = 0.25
    warmup_steps: Annotated[int, "steps of linear warm-up"] = 150
    weight_decay: Annotated[float, "weight decay of all parameters but vectors"] = 0.02
    clip: Annotated[float, "maximum norm of the gradient"] = 1.0
    ema_decay: Annotated[float, "decay of the moving average of the weights, which is what is released"] = (
        0.998
    )
    layer_weight: Annotated[
        float, "weight of the loss after each inner layer, relative to the last layer"
    ] = 0.3
    sharpness: Annotated[
        float, "weigh each distance by its expected error to the power of minus this; 0: equally"
    ] = 0.5
    checkpoint_minutes: Annotated[float, "minutes between checkpoints"] = 1.0
    validation_minutes: Annotated[float, "minutes between validations"] = 4.0
    nodes: Annotated[Literal["groups", "keypoints"], "nodes of the network's graph"] = "groups"
    channels: Annotated[int, "width of the network"] = 256
    heads: Annotated[int, "attention heads"] = 8
    layers: Annotated[int, "encoder layers"] = 4
    inputs: Annotated[
        Literal["all", "none"], "what the network can be told beside keypoints: bone lengths, gravity, depth"
    ] = "all"
    close_ups: Annotated[
        bool, "add layers for hands and faces without a body in the picture, and train only these"
    ] = False
    known_only: Annotated[
        bool, "train only what makes use of these inputs: nothing changes for people of whom none is known"
    ] = False
    seed: Annotated[int, "random seed of the weights and the people"] = 0
    threads: Annotated[int, "CPU threads; 0: as torch chooses"] = 0
    precision: Annotated[
        Literal["float32", "bfloat16"],
        "arithmetic of the network and Muon; use bfloat16 where the hardware supports it",
    ] = "float32"
    start_from: Annotated[
        str | None,
        "initial weights of the same size: base, tiny, a directory or a Hub id (default: random)",
    ] = None
    compile: Annotated[
        bool, "compile the network first, which takes minutes: for GPUs, and for long runs on CPUs with AMX"
    ] = False
    device: Annotated[str, "device to train on, as torch names it: cpu, cuda"] = "cpu"
    resume: Annotated[bool, "continue from the last checkpoint in the folder"] = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One option per setting, named after it."""
    hints = get_type_hints(Settings, include_extras=True)
    for setting in fields(Settings):
        kind, text = get_args(hints[setting.name])
        option = "--" + setting.name.replace("_", "-")
        if kind is bool:
            parser.add_argument(option, action="store_true", help=text)
        elif get_origin(kind) is Literal:
            parser.add_argument(option, choices=get_args(kind), default=setting.default, help=text)
        else:
            plain: Any = next(iter(get_args(kind)), kind)  # the type that is not None
            parser.add_argument(option, type=plain, default=setting.default, help=text)


def from_arguments(arguments: argparse.Namespace) -> Settings:
    """The settings that were given on the command line.

    Raises `InputError` if they would leave layers without any people to learn from.
    """
    chosen = Settings(**{setting.name: getattr(arguments, setting.name) for setting in fields(Settings)})
    alone = [f"--{name.replace('_', '-')}" for name in ("close_ups", "known_only") if getattr(chosen, name)]
    if len(alone) > 1:
        raise InputError(
            f"expected one of {' and '.join(alone)}, got both; these layers learn from different people, so "
            "train them in two runs, the second with --start-from the weights of the first"
        )
    if alone and chosen.dataset is not None:
        raise InputError(
            f"expected synthetic people for {alone[0]}, got --dataset {chosen.dataset}, in which there is "
            "nothing for these layers to learn from; omit one of the two"
        )
    if chosen.close_ups and chosen.camera is not None:
        raise InputError(
            f"expected the cameras of close-ups for --close-ups, got --camera {chosen.camera}; omit one of "
            "the two"
        )
    return chosen
