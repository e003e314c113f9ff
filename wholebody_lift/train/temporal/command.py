"""The commands `clips` and `temporal` of `python -m wholebody_lift.train`."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from torch import Tensor

from wholebody_lift import InputWarning, Lifter, pretrained
from wholebody_lift.config import Temporal
from wholebody_lift.train.synthetic import bank
from wholebody_lift.train.synthetic.rig import load_rig
from wholebody_lift.train.temporal import clips, loop
from wholebody_lift.train.temporal.motions import Motions
from wholebody_lift.video.temporal import FORMS, Form

_REPORT_STEPS = 500


def add_clips(command: argparse.ArgumentParser) -> None:
    """The options of `make_clips`."""
    command.add_argument("out", type=Path, help="file to write (.npz)")
    command.add_argument("--data", type=Path, help="folder with motion/ (default: activities alone)")
    command.add_argument("--split", choices=get_args(bank.Split), default="train", help="%(default)s")
    command.add_argument("--clips", type=int, default=1200, help="%(default)s")
    command.add_argument("--seed", type=int, default=0, help="%(default)s")
    command.add_argument(
        "--weights", nargs="+", default=["base"], help="whose answers: they take turns (default: base)"
    )
    command.add_argument("--dtype", default="bfloat16", help="precision of the answers (%(default)s)")
    command.add_argument("--threads", type=int, default=0, help="CPU threads; 0: as torch chooses")


def make_clips(arguments: argparse.Namespace) -> None:
    """Film videos, answer them and write the clips."""
    torch.set_num_threads(arguments.threads or torch.get_num_threads())
    warnings.simplefilter("ignore", InputWarning)  # detectors do confuse left and right
    motions = Motions.load(arguments.data, arguments.split, load_rig())
    lifters = [Lifter.from_pretrained(one, device="cpu", dtype=arguments.dtype) for one in arguments.weights]
    generator = torch.Generator().manual_seed(arguments.seed)
    made = list(clips.prepare(lifters, motions, arguments.clips, generator))
    clips.save(arguments.out, made)
    print(f"wrote {arguments.out}: {len(made)} clips, {sum(len(one.truth) for one in made)} frames")


def add_train(command: argparse.ArgumentParser) -> None:
    """The options of `train`."""
    shape, recipe = Temporal(), loop.Recipe()
    command.add_argument("clips", type=Path, nargs="+", help="files made by `clips`")
    command.add_argument("--into", type=Path, required=True, help="directory of the weights that it is for")
    command.add_argument("--validation", type=Path, help="clips of the validation split, to report on")
    command.add_argument("--steps", type=int, default=recipe.steps, help="%(default)s")
    command.add_argument("--seed", type=int, default=recipe.seed, help="%(default)s")
    command.add_argument("--channels", type=int, default=shape.channels, help="%(default)s")
    command.add_argument("--threads", type=int, default=0, help="CPU threads; 0: as torch chooses")


def train(arguments: argparse.Namespace) -> None:
    """Train both forms and add them to a directory of weights."""
    torch.set_num_threads(arguments.threads or torch.get_num_threads())
    config = Temporal(channels=arguments.channels)
    recipe = loop.Recipe(steps=arguments.steps, seed=arguments.seed)
    trained: dict[Form, dict[str, Tensor]] = {}
    seen = [one for path in arguments.clips for one in clips.load(path)]
    validation = [] if arguments.validation is None else clips.load(arguments.validation)
    for form in FORMS:
        judged = [one for one in validation if one.smoothed == (form == "centred")]
        of_form = [one for one in seen if one.smoothed == (form == "centred")]
        for step, weights in enumerate(loop.train(of_form, form, config, recipe), start=1):
            trained[form] = weights
            if judged and (step % _REPORT_STEPS == 0 or step == recipe.steps):
                _report(form, step, loop.errors(judged, form, weights))
    model = pretrained.load(arguments.into)
    onnx = (arguments.into / pretrained.ONNX_FILE).is_file()
    pretrained.save(model.half(), arguments.into, onnx=onnx, temporal=loop.network(config, trained))
    print(f"{pretrained.TEMPORAL_FILE} is in {arguments.into}")


def _report(form: str, step: int, errors: list[loop.Errors]) -> None:
    """Print means over clips, before and after."""
    mean = loop.Errors(*np.nanmean(errors, axis=0))
    print(
        f"{form}, step {step}: MPJPE {mean.before:.1f} -> {mean.after:.1f} mm, PA-MPJPE "
        f"{mean.pa_before:.1f} -> {mean.pa_after:.1f} mm",
        flush=True,
    )
