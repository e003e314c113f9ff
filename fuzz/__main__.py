"""`python -m fuzz`: damage files and read them, over and over; what fails is written to a folder.

Files are damaged at random; with `--coverage`, Atheris (`pip install atheris`) looks for damage that reaches
new code.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import resource
import subprocess
import sys
import time
import traceback
from pathlib import Path

from fuzz.mutations import damaged
from fuzz.seeds import seeds
from fuzz.targets import run

MEMORY_BYTES = 4 * 2**30
"""A reader that needs more fails."""

SLOW_SECONDS = 20.0
"""A file that takes longer to read is a finding too."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--executions", type=int, default=20_000, help="in all (%(default)s)")
    parser.add_argument("--reader", choices=list(seeds()), action="append", help="(default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--findings", type=Path, default=Path("out/fuzz"), help="folder (%(default)s)")
    parser.add_argument("--coverage", action="store_true", help="guided by coverage, with Atheris")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    readers = arguments.reader or list(seeds())
    one = _guided if arguments.coverage else _random
    found = sum(one(reader, arguments, arguments.executions // len(readers)) for reader in readers)
    sys.exit(1 if found else 0)


def _random(reader: str, arguments: argparse.Namespace, executions: int) -> int:
    """Damage at random; the number of findings."""
    rng = random.Random(f"{arguments.seed} {reader}")
    corpus, taken, found, slowest = seeds()[reader], 0, 0, 0.0
    started = time.perf_counter()
    for _ in range(executions):
        content = damaged(rng.choice(corpus), rng)
        begun = time.perf_counter()
        try:
            taken += run(reader, content)
        except (Exception, MemoryError) as error:
            found += 1
            _keep(arguments.findings, reader, content, "".join(traceback.format_exception(error)))
        seconds = time.perf_counter() - begun
        slowest = max(slowest, seconds)
        if seconds > SLOW_SECONDS:
            found += 1
            _keep(arguments.findings, reader, content, f"took {seconds:.1f} s")
    rate = executions / (time.perf_counter() - started)
    print(
        f"{reader:15} {executions:8,} executions, {taken / max(1, executions):4.0%} read, {found} findings, "
        f"{rate:.0f} per second, slowest {slowest:.2f} s",
        flush=True,
    )
    return found


def _keep(folder: Path, reader: str, content: bytes, text: str) -> None:
    name = f"{reader.replace(' ', '-')}-{hashlib.sha256(content).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    (folder / f"{name}.txt").write_text(text)
    print(f"{reader}: {text.strip().splitlines()[-1]} (kept as {folder / name})", flush=True)


def _guided(reader: str, arguments: argparse.Namespace, executions: int) -> int:
    """Damage that reaches new code, in a process of its own, as Atheris ends the one that it runs in."""
    corpus = arguments.findings / "corpus" / reader.replace(" ", "-")
    command = [sys.executable, "-m", "fuzz.guided", reader, str(executions), str(corpus)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    figures = dict(re.findall(r"stat::(\w+): +(\d+)", said))
    found = int(done.returncode != 0)
    print(
        f"{reader:15} {int(figures.get('number_of_executed_units', 0)):8,} executions, "
        f"{len(list(corpus.iterdir())):,} files that reach different code, {found} findings",
        flush=True,
    )
    if found:
        print(said[-4000:], file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    main()
