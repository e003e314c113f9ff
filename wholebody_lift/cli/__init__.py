"""The command `wholebody-lift`: from pictures and detections to people in 3D, and on to other programs.

One file per command. What they share: `arguments` (options), `lifting` (from 2D to 3D, with a progress bar),
`files` (pipes, outputs) and `messages`. torch and everything else that is slow to import is imported by the
command that needs it, when it runs.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import textwrap
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

from wholebody_lift import __version__
from wholebody_lift.cli import app, convert, export, image, info, lift, onnx, video, view
from wholebody_lift.cli.messages import one_line, print_warning_once

COMMANDS = (lift, image, video, convert, export, view, app, onnx, info)

FAILED, INTERRUPTED, READER_GONE = 1, 130, 141
"""Exit codes beside 0 and argparse's 2 for wrong usage; the last two as shells see SIGINT and SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (default: the process's own) and return the exit code.

    Wrong usage exits with code 2 by SystemExit, as argparse does.
    """
    arguments = _parser().parse_args(argv)
    with warnings.catch_warnings(), _libraries_log() if arguments.debug else nullcontext():
        warnings.showwarning = print_warning_once()
        try:
            arguments.run(arguments)
            sys.stdout.flush()
        except BrokenPipeError:
            _let_go_of_stdout()
            return READER_GONE
        except KeyboardInterrupt:
            print("wholebody-lift: interrupted", file=sys.stderr)
            return INTERRUPTED
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            if arguments.debug:
                traceback.print_exc()
            print(f"wholebody-lift: error: {one_line(error)}", file=sys.stderr)
            return FAILED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wholebody-lift",
        description="People in 3D from 2D keypoints (133, COCO-WholeBody), photos and videos: millimetres, "
        "with an error for each keypoint.",
        epilog='Run "wholebody-lift COMMAND --help" for the options of a command and examples.',
    )
    parser.add_argument("--version", action="version", version=f"wholebody-lift {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS:
        name = module.__name__.rpartition(".")[2]
        command = commands.add_parser(
            name,
            help=module.SUMMARY[0].lower() + module.SUMMARY[1:],
            description=f"{module.SUMMARY}. {module.DETAILS}".strip(),
            epilog=f"examples:\n{module.EXAMPLES}",
            formatter_class=_Help,
        )
        module.add_arguments(command)
        command.add_argument(
            "--debug", action="store_true", help="show the traceback of an error, and what libraries log"
        )
        command.set_defaults(run=module.run, wrong_usage=command.error)
    return parser


@contextmanager
def _libraries_log() -> Iterator[None]:
    """Let through what `detectors.chatter` leaves out."""
    logger = logging.getLogger("wholebody_lift")
    before = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.setLevel(before)


class _Help(argparse.RawDescriptionHelpFormatter):
    """Wraps descriptions like argparse does, and leaves examples as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text.startswith("examples:"):
            return super()._fill_text(text, width, indent)
        return textwrap.fill(text, width, break_on_hyphens=False)


def _let_go_of_stdout() -> None:
    """Python flushes stdout once more when it ends, which must not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
