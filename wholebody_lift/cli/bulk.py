"""`wholebody-lift bulk`: the detections of a whole archive, on one machine or a cluster."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from wholebody_lift.cli import arguments as options
from wholebody_lift.cli.messages import progress, say

SUMMARY = "Lift the detections of a whole archive, on one machine or a cluster"
DETAILS = (
    "IN is a Parquet or JSON-lines file of detections, or a folder of those and of files that detectors "
    "wrote. OUT becomes a folder of Parquet files. After an interruption, run the same command again: it "
    "does what is left."
)
EXAMPLES = """\
  wholebody-lift bulk detections.parquet lifted
  wholebody-lift bulk archive lifted --smooth offline --fps 30 --workers 8
  wholebody-lift bulk /mnt/archive /mnt/lifted --address auto
  wholebody-lift bulk archive lifted --no-ray
"""


def add_arguments(command: ArgumentParser) -> None:
    from wholebody_lift.bulk.settings import PART_ROWS
    from wholebody_lift.pose import FRAMES, WORLD

    options.add_source(command, "IN", "a .parquet or .jsonl file, a detector's file, or a folder of them")
    command.add_argument(
        "output", metavar="OUT", type=Path, help="the folder to write; an unfinished one is continued"
    )
    options.add_layout(command)
    options.add_min_score(command)
    command.add_argument(
        "--frame",
        default="opencv",
        choices=[frame for frame in FRAMES if frame != WORLD],
        help="axes of the output (default: %(default)s)",
    )
    options.add_quiet(command)
    group = command.add_argument_group("workers")
    group.add_argument(
        "--address",
        metavar="A",
        help="a Ray cluster: auto, or host:port (default: RAY_ADDRESS, or else this machine)",
    )
    group.add_argument(
        "--workers",
        type=options.whole_number,
        metavar="N",
        help="workers, each with one CPU core or one GPU (default: all of them)",
    )
    group.add_argument("--no-ray", action="store_true", help="lift in this process, without Ray")
    group.add_argument(
        "--part-rows",
        type=options.whole_number,
        metavar="N",
        default=PART_ROWS,
        help="rows per file in OUT; a restart repeats at most one file per worker (default: %(default)s)",
    )
    options.add_camera(command)
    group = command.add_argument_group("people over time")
    group.add_argument(
        "--smooth",
        choices=["offline", "none"],
        default="none",
        help="offline lifts the rows of each video and track as one motion, none lifts each row by itself "
        "(default: %(default)s)",
    )
    options.add_fps(group, "that of the input, if it has one")
    options.add_smoothness(group)
    options.add_device(options.add_weights(command))


def run(arguments: Namespace) -> None:
    from wholebody_lift.extras import PYARROW

    PYARROW.needed_for("bulk lifting")
    from wholebody_lift.bulk import job
    from wholebody_lift.bulk.settings import Settings
    from wholebody_lift.errors import InputError

    over_time = {"--smoothness": arguments.smoothness is not None, "--lock-feet": arguments.lock_feet}
    for option in [name for name, given in over_time.items() if given and arguments.smooth != "offline"]:
        raise InputError(f"expected --smooth offline with {option}, got --smooth {arguments.smooth}")
    known = options.known(arguments)
    settings = Settings(
        weights=arguments.weights,
        revision=arguments.revision,
        smooth=arguments.smooth == "offline",
        smoothness=arguments.smoothness or 1.0,
        lock_feet=arguments.lock_feet,
        fps=arguments.fps,
        **({"min_score": known.pop("min_score")} if "min_score" in known else {}),
        layout=arguments.layout,
        known=known,
        frame=arguments.frame,
        part_rows=arguments.part_rows,
    )
    with progress(arguments, "parts") as show:
        report = job.lift(
            arguments.input,
            arguments.output,
            settings,
            device=arguments.device,
            workers=arguments.workers,
            address=arguments.address,
            ray=not arguments.no_ray,
            progress=show,
        )
    say(arguments, report.summary())
