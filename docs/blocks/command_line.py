"""Options of the commands: cli.md."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable

from blocks.writing import code, table
from wholebody_lift import (
    cli,
)


def commands() -> dict[str, argparse.ArgumentParser]:
    """The commands of `wholebody-lift`."""
    return {name: command.complete() for name, command in cli.parser().commands.items()}


def options_of(command: str) -> list[argparse.Action]:
    """The arguments of a command, without --help."""
    return [action for action in commands()[command]._actions if action.dest != "help"]


def _options(command: str) -> str:
    rows = []
    for action in sorted(options_of(command), key=lambda action: action.dest == "debug"):
        value = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
        value = " ".join(value) if isinstance(value, tuple) else value
        meaning = (action.help or "") % {"default": action.default}
        if action.choices:
            meaning = f"{', '.join(map(str, action.choices))}: {meaning}"
        rows.append((code(f"{', '.join(action.option_strings)} {value}".strip()), meaning))
    return table(("Argument", "Meaning"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    f"{command}-options": functools.partial(_options, command) for command in commands()
}
