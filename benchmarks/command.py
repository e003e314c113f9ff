"""The command line of benchmarks that measure networks on people in poses of recordings."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from wholebody_lift.train.markdown import table


def options(name: str, description: str | None, *, people: int, per: str) -> argparse.ArgumentParser:
    """Bank, weights, how many people, split, outputs and threads."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=description)
    parser.add_argument("bank", type=Path, help="the bank made by prepare")
    parser.add_argument("--weights", nargs="+", default=["base", "tiny"], help="(default: base tiny)")
    parser.add_argument("--people", type=int, default=people, help=f"per {per} (default: %(default)s)")
    parser.add_argument("--split", choices=["val", "test"], default="test", help="(default: %(default)s)")
    parser.add_argument("--out", type=Path, help="write everything as JSON as well")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    return parser


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """What the command line says; sets the threads."""
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads or torch.get_num_threads())
    return arguments


def report(head: Sequence[str], rows: list[list[Any]], found: list[dict[str, Any]], out: Path | None) -> None:
    """Print the rows as a table, and write what was found to a file if there is to be one."""
    print(table(head, rows))
    if out is not None:
        out.write_text(json.dumps(found, indent=1) + "\n")
