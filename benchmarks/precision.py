"""Measure ONNX files in fp16 and int8 against fp32: `python -m benchmarks.precision bank.npz`.

Errors are those of synthetic people of the recordings, in the mixture of cameras and detectors of training,
and of the recordings of real people (`benchmarks.real`); K is given. Static int8 is calibrated on people of
the training recordings. Speed is the processor time of `Lifter.lift` with one thread: each file in turn lifts
the same people, and the ratio to fp32 is taken within each turn.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import torch

from benchmarks import real
from wholebody_lift import InputWarning, Keypoints2D, Lifter, onnx_file, pretrained
from wholebody_lift.backends.onnx_runtime import OnnxRuntime
from wholebody_lift.skeleton import ROOT
from wholebody_lift.train.evaluation import held_out
from wholebody_lift.train.markdown import table
from wholebody_lift.train.synthetic.bank import MotionBank, Split
from wholebody_lift.train.synthetic.people import People, Scene
from wholebody_lift.train.synthetic.rig import load_rig

Floats = npt.NDArray[np.float64]

FORMS: dict[str, dict[str, Any]] = {
    "fp32": {},
    "fp16": {"precision": "fp16"},
    "int8, dynamic": {"precision": "int8"},
    "int8, static": {"precision": "int8", "calibrate": True},
}
"""Options of `onnx_file.write`, by name; the first is what the others are compared with."""

CALIBRATION_PEOPLE = 256
SEED = 20261128

TURNS = {1: 60, 128: 6}
"""How often people are lifted to take the time, by how many they are."""
SPREAD_PERCENT = (50, 10, 90)


class Seen(NamedTuple):
    """N people of whom the truth is known."""

    people: Keypoints2D
    xyz: Floats
    """(N, 133, 3) mm, camera axes, NaN where unknown."""


def calibration_people(people: People) -> Keypoints2D:
    """What detectors see of people of the training recordings."""
    scene = people.scene(CALIBRATION_PEOPLE, torch.Generator().manual_seed(SEED))
    return _people_of(scene)[0]


def synthetic(people: People, count: int) -> Seen:
    """The first people of the mixture of a split, with their true height."""
    some, truth = [], []
    blocks = held_out.blocks("mixture", people.rig, people.bank, people=count, split=people.split)
    for _, scenes in blocks:
        seen, visible = _people_of(scenes["any detector"])
        some.append(seen)
        truth.append(scenes["any detector"].views.xyz.double().numpy()[visible])
    return Seen(Keypoints2D.concatenate(some)[:count], np.concatenate(truth)[:count])


def of_real_people() -> Seen:
    """All frames of the recordings."""
    found = real.read()
    return Seen(Keypoints2D(found.keypoints, found.scores, K=found.K), found.truth)


def _people_of(scene: Scene) -> tuple[Keypoints2D, npt.NDArray[np.bool_]]:
    """Those of whom anything is visible, and which they are."""
    given = {
        "keypoints": scene.detections.xy,
        "scores": scene.detections.scores,
        "K": scene.views.K,
        "distortion": scene.views.distortion,
        "image_size": scene.views.image_size,
        "height_mm": scene.stature_mm,
    }
    return Keypoints2D.visible(**{name: values.double().numpy() for name, values in given.items()})


def mpjpe(xyz: Floats, truth: Floats) -> float:
    """Mean distance in mm over all keypoints whose place is known, root-aligned."""
    roots = list(ROOT)
    off = (xyz - xyz[:, roots].mean(1, keepdims=True)) - (truth - truth[:, roots].mean(1, keepdims=True))
    return float(np.nanmean(np.linalg.norm(off, axis=-1)))


def speed(lifters: list[Lifter], people: Keypoints2D, turns: int) -> Floats:
    """(turns, lifters): seconds of processor time to lift these people."""
    for lifter in lifters:
        lifter.lift(people)
    seconds = np.empty((turns, len(lifters)))
    for turn in seconds:
        for i, lifter in enumerate(lifters):
            started = time.process_time()
            lifter.lift(people)
            turn[i] = time.process_time() - started
    return seconds


def measure(
    paths: dict[str, Path], sources: dict[str, Seen], turns: dict[int, int]
) -> list[dict[str, object]]:
    """One row for each file: size, error and distance from the first file's result by source, speed."""
    lifters = {name: Lifter(OnnxRuntime(path, "cpu", threads=1)) for name, path in paths.items()}
    rows: dict[str, dict[str, object]] = {
        name: {"form": name, "MB": path.stat().st_size / 1e6} for name, path in paths.items()
    }
    for source, (people, truth) in sources.items():
        first = None
        for name, lifter in lifters.items():
            xyz = lifter.lift(people).xyz.astype(np.float64)
            first = xyz if first is None else first
            rows[name][f"{source}, MPJPE mm"] = mpjpe(xyz, truth)
            rows[name][f"{source}, from fp32 mm"] = float(np.linalg.norm(xyz - first, axis=-1).mean())
    people = next(iter(sources.values())).people
    for n, repeats in turns.items():
        seconds = speed(list(lifters.values()), people[np.arange(n) % len(people)], repeats)
        ratios = np.percentile(seconds[:, :1] / seconds, SPREAD_PERCENT, axis=0)
        for row, ratio in zip(rows.values(), ratios.T, strict=True):
            row[f"times as fast, {n}"] = ratio.tolist()
    return list(rows.values())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.precision", description=__doc__)
    parser.add_argument("bank", type=Path, help="the bank made by prepare")
    parser.add_argument("--weights", nargs="+", default=["base", "tiny"], help="(default: base tiny)")
    parser.add_argument("--people", type=int, default=500, help="synthetic people (default: %(default)s)")
    parser.add_argument("--split", choices=get_args(Split), default="test", help="(default: %(default)s)")
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS), help="(default: all)")
    parser.add_argument("--out", type=Path, help="write everything as JSON as well")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", InputWarning)
    rig, bank = load_rig(), MotionBank.load(arguments.bank)
    calibrate = calibration_people(People(rig, bank, "train"))
    sources = {
        "synthetic": synthetic(People(rig, bank, arguments.split), arguments.people),
        "real": of_real_people(),
    }
    found = []
    for weights in arguments.weights:
        model = pretrained.load(weights)
        with tempfile.TemporaryDirectory() as directory:
            paths = {}
            for number, name in enumerate(arguments.forms):
                options = {**FORMS[name]}
                if "calibrate" in options:
                    options["calibrate"] = calibrate
                paths[name] = Path(directory, f"{number}.onnx")
                onnx_file.write(model, paths[name], **options)
            found += [{"weights": weights, **row} for row in measure(paths, sources, TURNS)]
    print(table(list(found[0]), [[_cell(value) for value in row.values()] for row in found]))
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n")


def _cell(value: object) -> str:
    if isinstance(value, list):
        return "{:.2f} ({:.2f} to {:.2f})".format(*value)
    return f"{value:.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
