"""`python -m wholebody_lift.train`: make the weights again, or others."""

import argparse
import json
from pathlib import Path

import torch

from wholebody_lift import pretrained
from wholebody_lift.train import bank as banks
from wholebody_lift.train import evaluate, gallery, loop, settings
from wholebody_lift.train.people import People
from wholebody_lift.train.rig import load_rig

VALIDATION_SEED = 20260202


def _people(bank: Path | None, split: banks.Split, device: str) -> People:
    recordings = None if bank is None else banks.MotionBank.load(bank)
    return People(load_rig().to(device), recordings, split)


def _train(arguments: argparse.Namespace) -> None:
    chosen = settings.from_arguments(arguments)
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    validation_people = _people(chosen.bank, "val", chosen.device)
    generator = torch.Generator(chosen.device).manual_seed(VALIDATION_SEED)
    validation = validation_people.sample(loop.VALIDATION_PEOPLE, generator)
    trainer = loop.Trainer(chosen, _people(chosen.bank, "train", chosen.device), validation)
    if chosen.resume:
        trainer.load()
    trainer.train()
    hours = trainer.seconds / 3600
    print(f"trained on {trainer.step * chosen.batch:,} people in {hours:.2f} h: {chosen.folder}")


def _prepare(arguments: argparse.Namespace) -> None:
    banks.prepare(arguments.data, arguments.out)


def _evaluate(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(arguments.threads or torch.get_num_threads())
    model = pretrained.load(arguments.weights).to(arguments.device)
    people = _people(arguments.bank, "test", arguments.device)
    results = evaluate.evaluate(model, people, arguments.people)
    deciles = evaluate.calibration(model, people, arguments.people)
    print(evaluate.as_markdown(results), evaluate.calibration_as_markdown(deciles), sep="\n\n")
    if arguments.out is not None:
        tables = {
            "people_per_set": arguments.people,
            "seed": evaluate.SEED,
            "results": {name: result._asdict() for name, result in results.items()},
            "calibration": [row._asdict() for row in deciles],
        }
        arguments.out.write_text(json.dumps(tables, indent=1) + "\n")


def _release(arguments: argparse.Namespace) -> None:
    loop.release(arguments.run, arguments.to)
    print(f"config.json and model.safetensors are in {arguments.to}")


def _gallery(arguments: argparse.Namespace) -> None:
    people = _people(arguments.bank, "train", "cpu")
    figure = gallery.draw(people, arguments.people, torch.Generator().manual_seed(arguments.seed))
    figure.savefig(arguments.out, dpi=120)
    print(f"wrote {arguments.out}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m wholebody_lift.train", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser("run", help="train", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    settings.add_arguments(train)
    train.set_defaults(command=_train)

    prepare = commands.add_parser("prepare", help="pack downloaded recordings into a bank")
    prepare.add_argument(
        "data", type=Path, help="folder with motion/, hands/ and face/, as docs/training.md says"
    )
    prepare.add_argument("out", type=Path, help="file to write the bank to")
    prepare.set_defaults(command=_prepare)

    measure = commands.add_parser("evaluate", help="errors on people from recordings never trained on")
    measure.add_argument("--weights", help="directory or Hub id (default: the weights in the package)")
    measure.add_argument("--bank", type=Path, help="the bank made by prepare")
    measure.add_argument(
        "--people", type=int, default=evaluate.PEOPLE, help="people per test set (%(default)s)"
    )
    measure.add_argument("--out", type=Path, help="write the tables as JSON as well")
    measure.add_argument("--device", default="cpu", help="%(default)s")
    measure.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    measure.set_defaults(command=_evaluate)

    release = commands.add_parser(
        "release", help="write a run's averaged weights as a directory to load from"
    )
    release.add_argument("run", type=Path, help="the run's folder")
    release.add_argument("to", type=Path, help="directory for config.json and model.safetensors")
    release.set_defaults(command=_release)

    picture = commands.add_parser("gallery", help="draw synthetic people to look at")
    picture.add_argument("out", type=Path, help="picture to write: .png, .pdf or .svg")
    picture.add_argument("--bank", type=Path, help="the bank made by prepare")
    picture.add_argument("--people", type=int, default=48, help="%(default)s")
    picture.add_argument("--seed", type=int, default=0, help="%(default)s")
    picture.set_defaults(command=_gallery)

    arguments = parser.parse_args()
    arguments.command(arguments)


if __name__ == "__main__":
    main()
