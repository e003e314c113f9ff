"""`python -m fuzz`: damage files and read them, over and over; what fails is written to a folder.

Files are damaged at random; with `--coverage`, atheris (`pip install atheris`) looks for damage that reaches
new code, one reader at a time.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
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
    parser.add_argument("--coverage", action="store_true", help="guided by coverage, with atheris")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    readers = arguments.reader or list(seeds())
    if arguments.coverage:
        _guided(readers[0], arguments.executions)
        return
    found = sum(_random(reader, arguments, len(readers)) for reader in readers)
    sys.exit(1 if found else 0)


def _random(reader: str, arguments: argparse.Namespace, readers: int) -> int:
    """Damage at random; the number of findings."""
    rng = random.Random(f"{arguments.seed} {reader}")
    corpus, taken, found, slowest = seeds()[reader], 0, 0, 0.0
    executions = arguments.executions // readers
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


def _guided(reader: str, executions: int) -> None:
    """Let atheris look for damage that reaches new code."""
    import atheris

    corpus = Path("out/fuzz-corpus", reader.replace(" ", "-"))
    corpus.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(seeds()[reader]):
        (corpus / f"seed-{number}").write_bytes(content)
    atheris.instrument_all()
    atheris.Setup(
        [sys.argv[0], f"-runs={executions}", "-max_len=20000", str(corpus)],
        lambda content: run(reader, content),
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
