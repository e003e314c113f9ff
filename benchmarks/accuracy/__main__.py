"""`python -m benchmarks.accuracy`: compare networks that are trained alike."""

import argparse
import json
from pathlib import Path
from typing import get_args

import torch

from benchmarks.accuracy import match, tables
from benchmarks.accuracy.contestants import CONTESTANTS, GROUPS
from wholebody_lift.train.evaluation.evaluate import PEOPLE
from wholebody_lift.train.synthetic.bank import MotionBank, Split
from wholebody_lift.train.synthetic.rig import load_rig


def _chosen(arguments: argparse.Namespace) -> list[str]:
    """Names of contestants, groups spelled out, each once."""
    groups = (GROUPS[word].contestants if word in GROUPS else [word] for word in arguments.networks)
    return list(dict.fromkeys(name for group in groups for name in group))


def _run(arguments: argparse.Namespace) -> None:
    people = arguments.people if arguments.minutes is None else None
    rules = match.Rules(
        people=people,
        minutes=arguments.minutes,
        batch=arguments.batch,
        precision=arguments.precision,
        split=arguments.split,
        test_people=arguments.test_people,
    )
    rules.agree(arguments.folder)
    rig, bank = load_rig(), MotionBank.load(arguments.bank)
    for seed in range(arguments.seeds):
        for name in _chosen(arguments):
            print(f"{name}, seed {seed}")
            match.play(name, CONTESTANTS[name], seed, rules, arguments.folder, rig, bank, arguments.device)
            found = match.records(arguments.folder)
            (arguments.folder / "results.json").write_text(json.dumps(found, indent=1) + "\n")
            (arguments.folder / "results.md").write_text(tables.of_results(found))
    print(tables.of_results(match.records(arguments.folder)))


def _plan(arguments: argparse.Namespace) -> None:
    rig = load_rig()
    paces = {
        name: match.pace(
            CONTESTANTS[name], arguments.batch, arguments.steps, rig, arguments.device, arguments.precision
        )
        for name in _chosen(arguments)
    }
    print(tables.of_paces(paces, arguments.batch, arguments.people))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="train and measure; what is done already is kept")
    plan = commands.add_parser("plan", help="parameters, speed, and how long a run would take")
    for command in (run, plan):
        command.add_argument(
            "--networks",
            nargs="+",
            default=list(GROUPS),
            choices=[*GROUPS, *CONTESTANTS],
            metavar="NAME",
            help=f"{', '.join(GROUPS)}, or any of {', '.join(CONTESTANTS)} (default: all)",
        )
        command.add_argument(
            "--people", type=int, default=100_000, help="people that each is trained on (%(default)s)"
        )
        command.add_argument("--batch", type=int, default=64, help="people per step (%(default)s)")
        command.add_argument(
            "--device", default="cpu", help="where to train, as torch names it (%(default)s)"
        )
        command.add_argument(
            "--precision",
            choices=get_args(match.Precision),
            default="float32",
            help="of SemGAN's arithmetic in training (%(default)s); bfloat16 where the hardware has it",
        )
        command.add_argument(
            "--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch"
        )

    run.add_argument("--bank", type=Path, required=True, help="the bank made by wholebody_lift.train prepare")
    run.add_argument("--minutes", type=float, help="equal time for all, in place of equal people")
    run.add_argument("--seeds", type=int, default=1, help="trainings of each (%(default)s)")
    run.add_argument(
        "--folder", type=Path, default=Path("runs/accuracy"), help="for checkpoints and results (%(default)s)"
    )
    run.add_argument(
        "--split",
        choices=get_args(Split),
        default="test",
        help="recordings to measure on (%(default)s); val for what decides about a design",
    )
    run.add_argument("--test-people", type=int, default=PEOPLE, help="of each test set (%(default)s)")
    run.set_defaults(command=_run)

    plan.add_argument(
        "--steps", type=int, default=5, help="to time, of which the fastest counts (%(default)s)"
    )
    plan.set_defaults(command=_plan)

    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    arguments.command(arguments)


if __name__ == "__main__":
    main()
