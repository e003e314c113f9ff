"""Readers answer, or raise what they promise, whatever happens to a file; `python -m fuzz` runs longer."""

import random

import pytest

from fuzz.mutations import damaged
from fuzz.seeds import seeds
from fuzz.targets import run

EXECUTIONS = 150
"""Of each reader."""

SEEDS = seeds()


@pytest.mark.parametrize("reader", SEEDS)
def test_whole_files_are_read(reader: str) -> None:
    assert all(run(reader, content) for content in SEEDS[reader])


@pytest.mark.parametrize("reader", SEEDS)
def test_damaged_files_are_read_or_refused(reader: str) -> None:
    rng = random.Random(reader)
    contents = [damaged(rng.choice(SEEDS[reader]), rng) for _ in range(EXECUTIONS)]
    taken = sum(run(reader, content) for content in contents)
    assert taken < EXECUTIONS


def test_damage_repeats_with_its_seed() -> None:
    (content, *_) = SEEDS["openpose"]
    first, again = (damaged(content, random.Random(3)) for _ in range(2))
    assert first == again != content
