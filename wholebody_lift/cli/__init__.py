"""The command `wholebody-lift`: from pictures and detections to people in 3D, and on to other programs.

One file per command. What they share: `arguments` (options), `lifting` (from 2D to 3D, with a progress bar),
`files` (pipes, outputs) and `messages`. The list of commands imports little; the options of a command import
numpy and the formats, and only the command itself imports torch and whatever else is slow.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from wholebody_lift import __version__
from wholebody_lift.cli.messages import print_warning_once, text_of

COMMANDS = (
    *("lift", "image", "video", "webcam", "bulk"),
    *("convert", "export", "view", "app", "demo", "onnx", "info"),
)
"""Each is a module beside this one; only that of the command in use is imported."""

_NEGATIVE = re.compile(r"^-(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$", re.IGNORECASE)

FAILED, INTERRUPTED, READER_GONE = 1, 130, 141
"""Exit codes beside 0 and argparse's 2 for wrong usage; the last two as shells see SIGINT and SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (default: the process's own) and return the exit code.

    Wrong usage exits with code 2 by SystemExit, as argparse does.
    """
    _replace_closed_streams()
    words = sys.argv[1:] if argv is None else list(argv)
    named = words[:1] if words and words[0] in COMMANDS else COMMANDS
    arguments = parser(named).parse_args(words)
    with warnings.catch_warnings(), _libraries_log() if arguments.debug else nullcontext():
        warnings.showwarning = print_warning_once()
        try:
            arguments.run(arguments)
            _flush_stdout()
        except BrokenPipeError:
            _let_go_of_stdout()
            return READER_GONE
        except KeyboardInterrupt:
            print("wholebody-lift: interrupted", file=sys.stderr)
            return INTERRUPTED
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            if arguments.debug:
                import traceback

                traceback.print_exc()
            print(f"wholebody-lift: error: {text_of(error)}", file=sys.stderr)
            try:
                _flush_stdout()
            except OSError:  # it was stdout itself that failed
                _let_go_of_stdout()
            return FAILED
    return 0


def parser(commands: Iterable[str] = COMMANDS) -> Parser:
    """The parser of the command line, with these of its commands."""
    top = Parser(
        prog="wholebody-lift",
        description="Lift people from 2D keypoints (133, COCO-WholeBody), photos and videos to 3D, in "
        "millimetres, with an expected error for each keypoint.",
        epilog='Run "wholebody-lift COMMAND --help" for the options of a command and examples.',
    )
    top.add_argument("--version", action="version", version=f"wholebody-lift {__version__}")
    group = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in commands:
        module = import_module(f"{__name__}.{name}")
        command = group.add_parser(
            name,
            help=module.SUMMARY[0].lower() + module.SUMMARY[1:],
            description=f"{module.SUMMARY}. {module.DETAILS}".strip(),
            epilog=f"examples:\n{module.EXAMPLES}",
            formatter_class=_Help,
            module=module,
        )
        top.commands[name] = command
    return top


class Parser(argparse.ArgumentParser):
    """The parser of the command line or, with its `module`, of a command.

    It asks "did you mean" about names that it does not know.
    """

    def __init__(self, *, module: ModuleType | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._negative_number_matcher = _NEGATIVE  # argparse's own knows no -2.1e-04, as OpenCV prints it
        self.commands: dict[str, Parser] = {}
        """The parser of each command, by name."""
        self._module = module

    def complete(self) -> Parser:
        """Add the command's arguments, unless that is done; parsing begins with it.

        Their help texts list formats, which the list of commands need not import.
        """
        module, self._module = self._module, None
        if module is not None:
            module.add_arguments(self)
            self.add_argument(
                "--debug", action="store_true", help="show the traceback of an error, and what libraries log"
            )
            self.set_defaults(run=module.run, wrong_usage=self.error)
        return self

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self.complete()
        words = sys.argv[1:] if args is None else list(args)
        if self.commands and words and not words[0].startswith("-") and words[0] not in self.commands:
            self.error(
                f"expected a command ({', '.join(self.commands)}), got {words[0]!r}"
                + (_command_for(Path(words[0])) or _did_you_mean(words[0], self.commands))
            )
        known, unknown = super().parse_known_args(words, namespace)
        if unknown:
            options = re.findall(r"--[a-z-]+", self.format_usage())
            meant = _did_you_mean(unknown[0].partition("=")[0], options)
            self.error(f"unknown argument {unknown[0]!r}{meant}")
        return known, unknown


def _command_for(path: Path) -> str:
    """A hint at the command for a file or folder that was given without one; empty for any other word."""
    if path.is_dir():
        return f"; try: wholebody-lift lift {path}, or image or video for a folder of photos or videos"
    if not path.is_file():
        return ""
    from wholebody_lift.cli import files

    media = files.media_of(path)
    return f"; try: wholebody-lift {'lift' if media is None else files.COMMAND[media]} {path}"


def _did_you_mean(word: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches  # which only mistakes need

    near = get_close_matches(word, names, n=1)
    return f"; did you mean {near[0]}?" if near else ""


@contextmanager
def _libraries_log() -> Iterator[None]:
    """Show what `detectors.chatter` hides."""
    import logging

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


def _replace_closed_streams() -> None:
    """Open /dev/null in place of closed standard streams.

    Otherwise the next files to be opened would get their numbers, and what libraries print would end up in
    those files. Errors must not go to stdout either.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)


def _flush_stdout() -> None:
    if sys.stdout is not None:  # None if it was closed
        sys.stdout.flush()


def _let_go_of_stdout() -> None:
    """Point stdout at /dev/null: Python flushes it once more at exit, and that must not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
