"""`python -m fuzz.guided READER RUNS CORPUS`: one reader, with damaged files chosen by the code they reach.

Atheris counts the branches of this package; half of the damage is its own, in bytes, and half is that of
`fuzz.mutations`, in the tree of JSON, where bytes hardly ever get past the parser.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["wholebody_lift"]):
    from fuzz.mutations import damaged
    from fuzz.seeds import seeds
    from fuzz.targets import run

    SEEDS = seeds()  # which imports the readers

LONGEST = 60_000
"""Bytes of a damaged file."""


def main() -> None:
    reader, runs, corpus = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(SEEDS[reader]):
        (corpus / f"seed-{number}").write_bytes(content)
        assert run(reader, content)

    def mutate(content: bytes, longest: int, seed: int) -> bytes:
        rng = random.Random(seed)
        changed = damaged(content, rng) if rng.random() < 0.5 else atheris.Mutate(content, longest)
        return bytes(changed[:longest])

    options = [f"-runs={runs}", f"-max_len={LONGEST}", "-len_control=0", "-rss_limit_mb=4096", "-verbosity=0"]
    atheris.Setup(
        [sys.argv[0], *options, "-print_final_stats=1", f"-artifact_prefix={corpus.parent}/", str(corpus)],
        lambda content: run(reader, content),
        custom_mutator=mutate,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
