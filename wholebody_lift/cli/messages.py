"""Messages: errors and warnings in one line, progress of long work, what was written."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TextIO

from wholebody_lift.cli.paths import PIPE, outputs_of

if TYPE_CHECKING:
    from wholebody_lift._types import Progress

BAR_AFTER_SECONDS = 2
"""Work that takes less shows no progress bar."""


def say(arguments: Namespace, text: str) -> None:
    """Print a message on stdout, or on stderr where a result goes to stdout; nothing with --quiet."""
    if not getattr(arguments, "quiet", False):
        print(text, file=sys.stderr if PIPE in outputs_of(arguments) else sys.stdout)


def progress(arguments: Namespace, unit: str) -> AbstractContextManager[Progress]:
    """A progress bar on stderr, if that is a terminal and the work takes longer than a moment."""
    if arguments.quiet or not sys.stderr.isatty():
        return nullcontext(lambda done, total: None)
    return _bar(unit)


@contextmanager
def _bar(unit: str) -> Iterator[Progress]:
    from tqdm import tqdm

    with tqdm(unit=f" {unit}", delay=BAR_AFTER_SECONDS, leave=False, file=sys.stderr) as bar:

        def show(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def text_of(error: BaseException) -> str:
    """What is printed of an error, in one line."""
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return f"{error.filename}: there is no such file or folder"
    from wholebody_lift.errors import one_line  # imported late, as it needs numpy

    return one_line(error)


def print_warning_once() -> Any:
    """A replacement for warnings.showwarning: one line on stderr for each text, once."""
    shown: set[str] = set()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        text = " ".join(str(message).split())
        if text not in shown:
            shown.add(text)
            print(f"wholebody-lift: warning: {text}", file=sys.stderr)

    return show
