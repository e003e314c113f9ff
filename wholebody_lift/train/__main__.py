"""`python -m wholebody_lift.train`: reproduce the released weights, or train your own."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import torch

from wholebody_lift import pretrained
from wholebody_lift.errors import InputError, WeightsError
from wholebody_lift.model import SemGAN
from wholebody_lift.train import average, calibrate, loop, settings
from wholebody_lift.train.dataset import Dataset
from wholebody_lift.train.datasheet import gallery, measures
from wholebody_lift.train.datasheet import page as datasheet
from wholebody_lift.train.evaluation import evaluate, fingerprints, h3wb, held_out, report, synthetic_h3wb
from wholebody_lift.train.evaluation.held_out import LATEST, VERSIONS
from wholebody_lift.train.supply import PeopleSource
from wholebody_lift.train.synthetic import bank as banks
from wholebody_lift.train.synthetic.cameras import FAMILIES
from wholebody_lift.train.synthetic.detector import KINDS
from wholebody_lift.train.synthetic.people import People
from wholebody_lift.train.synthetic.poses import LABELS
from wholebody_lift.train.synthetic.recordings import hand_files
from wholebody_lift.train.synthetic.rig import load_rig
from wholebody_lift.train.temporal import command as temporal
from wholebody_lift.video.temporal import TemporalNetwork

VALIDATION_SEED = 20260202

_CALIBRATE = "calibrate expected errors on the validation recordings of this bank (default: no calibration)"


def _people(bank: Path | None, split: banks.Split) -> People:
    return People(load_rig(), None if bank is None else banks.MotionBank.load(bank), split)


def _wanted(chosen: settings.Settings, split: banks.Split) -> People:
    """The synthetic people that a run asks for."""
    people = People(
        load_rig().to(chosen.device),
        None if chosen.bank is None else banks.MotionBank.load(chosen.bank),
        split,
        chosen.children,
        family=chosen.camera,
        kind=chosen.detector,
    )
    if chosen.close_ups:
        people.close_ups, people.without_body = 1.0, True
    if chosen.known_only:
        people.nothing_known = 0.0
    return people


def _train(arguments: argparse.Namespace) -> None:
    chosen = settings.from_arguments(arguments)
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    generator = torch.Generator(chosen.device).manual_seed(VALIDATION_SEED)
    validation = _wanted(chosen, "val").sample(loop.VALIDATION_PEOPLE, generator)
    trainer = loop.Trainer(chosen, _training_people(chosen), validation)
    if chosen.resume:
        trainer.load()
    trainer.train()
    hours = trainer.seconds / 3600
    print(f"trained on {trainer.step * chosen.batch:,} people in {hours:.2f} h: {chosen.folder}")


def _training_people(chosen: settings.Settings) -> PeopleSource:
    if chosen.dataset is None:
        return _wanted(chosen, "train")
    return Dataset(h3wb.read(chosen.dataset).of("train"), chosen.device)


def _add_prepare(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "data", type=Path, help="folder with motion/, hands/ and face/, as docs/training.md says"
    )
    command.add_argument("out", type=Path, help="file to write the bank to")


def _prepare(arguments: argparse.Namespace) -> None:
    banks.prepare(arguments.data, arguments.out)


def _add_convert_hands(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "out", type=Path, help="file to write: .json from .ts and .cs, .npz from the other files"
    )
    command.add_argument(
        "files",
        type=Path,
        nargs="+",
        help="configurations of IWER (.ts), source of MRTK (.cs), Leap recordings (.json.lz), or named hands "
        "of Handy.js (.js), Handy Work (.handpose) and Ultraleap (.asset)",
    )


def _convert_hands(arguments: argparse.Namespace) -> None:
    hand_files.convert(arguments.files, arguments.out)
    print(f"wrote {arguments.out}")


def _add_evaluate(command: argparse.ArgumentParser) -> None:
    command.add_argument("--weights", help="base, tiny, a directory or a Hub id (default: base)")
    command.add_argument("--bank", type=Path, required=True, help="the bank made by prepare")
    command.add_argument(
        "--people", type=int, default=evaluate.PEOPLE, help="people per test set (%(default)s)"
    )
    sets = list(dict.fromkeys(name for version in VERSIONS.values() for name in version.sets))
    command.add_argument(
        "--sets",
        nargs="+",
        choices=sets,
        metavar="SET",
        help=f"{', '.join(sets)} (default: all of the version)",
    )
    command.add_argument(
        "--sets-version",
        type=int,
        choices=list(VERSIONS),
        default=LATEST,
        help="version of the test sets; former ones are for comparison with older figures (%(default)s)",
    )
    command.add_argument(
        "--split", choices=get_args(banks.Split), default="test", help="split of the recordings (%(default)s)"
    )
    command.add_argument("--out", type=Path, help="also write everything as JSON")
    command.add_argument("--device", default="cpu", help="device of the network (%(default)s)")
    command.add_argument("--threads", type=int, default=0, help="CPU threads; 0: as torch chooses")


def _evaluate(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(arguments.threads or torch.get_num_threads())
    model = pretrained.load(arguments.weights).to(arguments.device)
    found = evaluate.evaluate(
        model,
        _people(arguments.bank, arguments.split),
        arguments.people,
        sets=arguments.sets,
        version=arguments.sets_version,
        stature_mm=model.config.stature_mm,
        progress=True,
    )
    print(report.as_markdown(found))
    print(f"\n{arguments.people:,} people per test set, {found.seconds:.0f} s")
    for difference in found.differences:
        print(f"not comparable with published figures: {difference}", file=sys.stderr)
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(report.as_json(found), indent=1) + "\n")


def _add_h3wb(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, help="an NPZ file in H3WB's layout, with subject S8")
    command.add_argument("--weights", help="base, tiny, a directory or a Hub id (default: base)")
    command.add_argument(
        "--stature-mm", type=float, help="stature of the subject (default: the one of the network)"
    )
    command.add_argument("--out", type=Path, help="also write everything as JSON")
    command.add_argument("--device", default="cpu", help="device of the network (%(default)s)")


def _h3wb(arguments: argparse.Namespace) -> None:
    model = pretrained.load(arguments.weights).to(arguments.device)
    test = h3wb.read(arguments.file).of("test")
    generator = torch.Generator().manual_seed(held_out.SEED)
    given = {"complete": test, "incomplete": h3wb.incomplete(test, generator)}
    errors = {
        name: h3wb.evaluate(
            model,
            samples,
            stature_mm=arguments.stature_mm,
            network_stature_mm=model.config.stature_mm,
            progress=True,
        )
        for name, samples in given.items()
    }
    print(report.h3wb_as_markdown(errors))
    if arguments.out is not None:
        found = {name: means._asdict() for name, means in errors.items()}
        arguments.out.write_text(json.dumps(found, indent=1) + "\n")


def _add_synthetic_h3wb(command: argparse.ArgumentParser) -> None:
    command.add_argument("out", type=Path, help="file to write (.npz)")
    command.add_argument("--bank", type=Path, required=True, help="the bank made by prepare")
    command.add_argument(
        "--poses",
        type=int,
        default=synthetic_h3wb.POSES,
        help="poses of each subject, seen by four cameras (%(default)s)",
    )


def _synthetic_h3wb(arguments: argparse.Namespace) -> None:
    bank = banks.MotionBank.load(arguments.bank)
    statures = synthetic_h3wb.write(arguments.out, load_rig(), bank, arguments.poses)
    print(f"wrote {arguments.out}; statures: " + ", ".join(f"{s} {mm:.0f} mm" for s, mm in statures.items()))


def _add_test_sets(command: argparse.ArgumentParser) -> None:
    command.add_argument("--bank", type=Path, required=True, help="the bank made by prepare")
    command.add_argument("--out", type=Path, default=fingerprints.PUBLISHED, help="%(default)s")


def _test_sets(arguments: argparse.Namespace) -> None:
    fingerprints.publish(arguments.out, load_rig(), banks.MotionBank.load(arguments.bank))
    print(f"wrote {arguments.out}")


def _add_what_is_written(command: argparse.ArgumentParser) -> None:
    command.add_argument("--onnx", action="store_true", help="also write model.onnx, for backend='onnx'")
    command.add_argument("--bank", type=Path, help=_CALIBRATE)
    command.add_argument(
        "--temporal",
        metavar="WEIGHTS",
        help="also write the network over time of these weights: base, a directory or a Hub id",
    )


def _write(model: SemGAN, arguments: argparse.Namespace) -> None:
    network = None if arguments.temporal is None else _temporal_of(arguments.temporal)
    pretrained.save(model.half(), arguments.to, onnx=arguments.onnx, temporal=network)
    print(f"the weights are in {arguments.to}")


def _temporal_of(source: str) -> TemporalNetwork:
    directory = pretrained.locate(source)
    found = pretrained.load_temporal(pretrained.load(source).config, directory, source)
    if found is None:
        raise InputError(
            f"expected weights with a network over time for --temporal, got {source!r}, which have none; "
            "omit --temporal, or train one with `python -m wholebody_lift.train temporal`"
        )
    return found


def _add_release(command: argparse.ArgumentParser) -> None:
    command.add_argument("run", type=Path, help="the run's folder")
    command.add_argument("to", type=Path, help="directory for config.json and model.safetensors")
    _add_what_is_written(command)


def _release(arguments: argparse.Namespace) -> None:
    model = loop.averaged(arguments.run)
    if arguments.bank is not None:
        trained = loop.settings_of(arguments.run)
        here = replace(trained, bank=arguments.bank, device="cpu")
        model = calibrate.calibrated(model, _wanted(here, "val"))
    _write(model, arguments)


def _add_average(command: argparse.ArgumentParser) -> None:
    command.add_argument("to", type=Path, help="directory for config.json and model.safetensors")
    command.add_argument(
        "weights", nargs="+", help="base, tiny, directories or Hub ids, trained on from the same"
    )
    command.add_argument(
        "--shares", type=float, nargs="+", help="how much each of them counts (default: all the same)"
    )
    command.add_argument(
        "--known-of",
        metavar="WEIGHTS",
        help="take the layers for bone lengths, gravity and depth from these weights, not averaged",
    )
    _add_what_is_written(command)


def _average(arguments: argparse.Namespace) -> None:
    networks = [pretrained.load(weights) for weights in arguments.weights]
    known_of = None if arguments.known_of is None else pretrained.load(arguments.known_of)
    model = average.average(networks, arguments.shares or [1.0] * len(networks), known_of=known_of)
    if arguments.bank is not None:
        model = calibrate.calibrated(model, _people(arguments.bank, "val"))
    _write(model, arguments)


def _add_gallery(command: argparse.ArgumentParser) -> None:
    command.add_argument("out", type=Path, help="picture to write: .png, .pdf or .svg")
    command.add_argument("--bank", type=Path, help="the bank made by prepare")
    command.add_argument("--people", type=int, default=48, help="%(default)s")
    command.add_argument("--seed", type=int, default=0, help="%(default)s")
    command.add_argument("--camera", choices=list(FAMILIES), help="family of cameras (default: the mixture)")
    command.add_argument("--detector", choices=list(KINDS), help="kind of detector (default: the mixture)")
    command.add_argument("--pose", choices=list(LABELS), metavar="POSE", help=f"one of {', '.join(LABELS)}")
    command.add_argument("--recorded-only", action="store_true", help="only poses of the bank, unchanged")


def _gallery(arguments: argparse.Namespace) -> None:
    people = _people(arguments.bank, "train")
    figure = gallery.draw(
        people,
        arguments.people,
        torch.Generator().manual_seed(arguments.seed),
        family=arguments.camera,
        kind=arguments.detector,
        pose=arguments.pose,
        recorded_only=arguments.recorded_only,
    )
    gallery.save(figure, arguments.out)
    print(f"wrote {arguments.out}")


def _add_datasheet(command: argparse.ArgumentParser) -> None:
    command.add_argument("out", type=Path, help="folder for datasheet.md and, in assets, its figures")
    command.add_argument("--bank", type=Path, help="the bank made by prepare")
    command.add_argument("--people", type=int, default=measures.PEOPLE, help="%(default)s")
    command.add_argument("--split", choices=get_args(banks.Split), default="train", help="%(default)s")
    command.add_argument("--seed", type=int, default=0, help="%(default)s")


def _datasheet(arguments: argparse.Namespace) -> None:
    people = _people(arguments.bank, arguments.split)
    generator = torch.Generator().manual_seed(arguments.seed)
    datasheet.write(measures.measure(people, arguments.people, generator), arguments.out)
    print(f"datasheet.md, and its figures in assets, are in {arguments.out}")


_COMMANDS = (
    ("run", "train a network", settings.add_arguments, _train),
    ("prepare", "pack downloaded recordings into one file, the bank", _add_prepare, _prepare),
    (
        "convert-hands",
        "convert hands from their publishers' formats",
        _add_convert_hands,
        _convert_hands,
    ),
    ("evaluate", "measure errors on recordings that were not trained on", _add_evaluate, _evaluate),
    ("h3wb", "measure errors on the test subject of H3WB, or of synthetic H3WB", _add_h3wb, _h3wb),
    ("synthetic-h3wb", "write synthetic people in the layout of H3WB", _add_synthetic_h3wb, _synthetic_h3wb),
    ("test-sets", "write the fingerprints of the test sets", _add_test_sets, _test_sets),
    (
        "release",
        "write the averaged weights of a run to a directory that Lifter can load",
        _add_release,
        _release,
    ),
    ("average", "average weights that were trained on from the same ones", _add_average, _average),
    (
        "clips",
        "film synthetic videos and store a network's answers to them, to train a network over time",
        temporal.add_clips,
        temporal.make_clips,
    ),
    ("temporal", "train the network over time on clips", temporal.add_train, temporal.train),
    ("gallery", "draw synthetic people as a picture", _add_gallery, _gallery),
    ("datasheet", "measure synthetic people and write tables, figures and JSON", _add_datasheet, _datasheet),
)
"""Name, help, what adds the arguments, and what runs it."""


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m wholebody_lift.train", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for name, help, add_arguments, run in _COMMANDS:
        shown = argparse.ArgumentDefaultsHelpFormatter if name == "run" else argparse.HelpFormatter
        command = commands.add_parser(name, help=help, formatter_class=shown)
        add_arguments(command)
        command.set_defaults(command=run)
    return top


def main() -> None:
    top = parser()
    arguments = top.parse_args()
    try:
        arguments.command(arguments)
    except (InputError, WeightsError, FileNotFoundError) as error:
        top.exit(1, f"{top.prog}: error: {error}\n")


if __name__ == "__main__":
    main()
