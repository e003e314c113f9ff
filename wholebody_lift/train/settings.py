"""Everything that can be set about a training run, in one place; the command line is made from it."""

import argparse
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Settings:
    """One training run. Each setting is annotated with its type and what the command line's help says."""

    folder: Annotated[Path, "folder for checkpoints, curves and the validation log"] = Path("runs/base")
    bank: Annotated[Path | None, "recordings packed by `prepare`; none: people of the samplers alone"] = None
    dataset: Annotated[
        Path | None, "train on the training subjects of a file in H3WB's layout, not on synthetic people"
    ] = None
    children: Annotated[float, "share of the people, 0 to 1, who are 4 to 15 years old"] = 0.0
    camera: Annotated[str | None, "family of cameras that all people are seen by; none: the mixture"] = None
    detector: Annotated[str | None, "kind of detector that finds all people; none: the mixture"] = None
    hours: Annotated[
        float, "time budget that the learning rate's schedule is stretched over; may grow on --resume"
    ] = 1.0
    steps: Annotated[int | None, "budget in steps instead of hours: repeats to the bit on one CPU"] = None
    batch: Annotated[int, "people per step"] = 128
    optimizer: Annotated[
        Literal["muon", "adamw"], "of the square matrices inside the network; AdamW has the rest"
    ] = "muon"
    learning_rate: Annotated[float, "rate that is held for most of the budget"] = 1e-3
    muon_rate: Annotated[float, "rate of Muon's matrices, as a multiple of that"] = 3.0
    decay: Annotated[float, "share of the budget, at its end, in which the rate falls to a hundredth"] = 0.25
    warmup_steps: Annotated[int, "steps of linear warm-up"] = 150
    weight_decay: Annotated[float, "of matrices; vectors are not decayed"] = 0.02
    clip: Annotated[float, "largest norm of the gradient"] = 1.0
    ema_decay: Annotated[float, "of the moving average of the weights, which is what is released"] = 0.998
    layer_weight: Annotated[float, "weight of the loss after an inner layer, against 1 for the last"] = 0.3
    sharpness: Annotated[
        float, "distances count by the predicted error to the power of minus this; 0: all alike"
    ] = 0.5
    checkpoint_minutes: Annotated[float, "between checkpoints"] = 1.0
    validation_minutes: Annotated[float, "between validations"] = 4.0
    nodes: Annotated[Literal["groups", "keypoints"], "what the network's graph is made of"] = "groups"
    channels: Annotated[int, "width of the network"] = 256
    heads: Annotated[int, "attention heads"] = 8
    layers: Annotated[int, "encoder layers"] = 4
    seed: Annotated[int, "seed of weights and people"] = 0
    threads: Annotated[int, "CPU threads; 0 leaves the choice to torch"] = 0
    precision: Annotated[
        Literal["float32", "bfloat16"],
        "of the network's arithmetic and Muon's; bfloat16 where the hardware has it",
    ] = "float32"
    start_from: Annotated[
        str | None,
        "weights to begin with, of the same size: base, tiny, a directory or a Hub id; none: random",
    ] = None
    compile: Annotated[bool, "compile the network first; minutes, worth it on a GPU"] = False
    device: Annotated[str, "where to train, as torch names it"] = "cpu"
    resume: Annotated[bool, "continue from the run's last checkpoint"] = False


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
    """The settings that were given on the command line."""
    return Settings(**{setting.name: getattr(arguments, setting.name) for setting in fields(Settings)})
