"""Batches without end, shared out to the processes of a team, and taken up again to the bit."""

from __future__ import annotations

from typing import Protocol, TypedDict

import torch

from wholebody_lift.train.synthetic.people import Batch

SOURCES = 8
"""Independent streams that every batch is made of, whatever the size of the team that shares them: the people
are the same for one process as for eight."""

PEOPLE_AHEAD = 2048
"""People whom a source makes in one go; the generator is faster on many."""


class PeopleSource(Protocol):
    """Where people come from: `people.People`, which makes them, or `dataset.Dataset`, which draws them."""

    device: torch.device

    def sample(self, n: int, generator: torch.Generator) -> Batch:
        """n people for training; the generator alone decides who."""
        ...


class SourceState(TypedDict):
    """Where a source stands."""

    generator: torch.Tensor
    """State of the random numbers before the present pool was made."""
    taken: int
    """Pieces of that pool that are used up."""


class Source:
    """One stream of people."""

    def __init__(self, people: PeopleSource, seed: int, size: int) -> None:
        """Pieces of `size` people each."""
        self.people = people
        self.size = size
        self.generator = torch.Generator(people.device).manual_seed(seed)
        self._before = self.generator.get_state()
        self._pool: list[Batch] = []
        self._taken = 0

    def __next__(self) -> Batch:
        """The next piece."""
        if self._taken == len(self._pool):
            self._make()
            self._taken = 0
        self._taken += 1
        return self._pool[self._taken - 1]

    def state(self) -> SourceState:
        """What `restore` needs to go on from here."""
        return {"generator": self._before, "taken": self._taken}

    def restore(self, state: SourceState) -> None:
        """Go on from a state; its pool is made again rather than kept."""
        self.generator.set_state(state["generator"])
        self._pool, self._taken = [], 0
        if state["taken"]:
            self._make()
            self._taken = state["taken"]

    def _make(self) -> None:
        self._before = self.generator.get_state()
        self._pool = self.people.sample(PEOPLE_AHEAD, self.generator).split(self.size)


class Supply:
    """The sources of one process; all processes together have every source once."""

    def __init__(self, people: PeopleSource, seed: int, batch: int, rank: int = 0, team: int = 1) -> None:
        """The share of process `rank` among `team` in batches of `batch` people.

        Raises ValueError where the sources or the batch cannot be shared evenly.
        """
        if SOURCES % team:
            raise ValueError(f"got {team} processes; a number that divides {SOURCES} was wanted")
        if batch % SOURCES:
            raise ValueError(f"got a batch of {batch} people; a multiple of {SOURCES} was wanted")
        share = SOURCES // team
        numbers = range(rank * share, (rank + 1) * share)
        self.sources = [Source(people, seed * 10_007 + number, batch // SOURCES) for number in numbers]

    def __next__(self) -> Batch:
        """This process's share of the next batch."""
        return Batch.join([next(source) for source in self.sources])

    def state(self) -> list[SourceState]:
        """States of the process's sources, in order."""
        return [source.state() for source in self.sources]

    def restore(self, states: list[SourceState]) -> None:
        """Inverse of `state`."""
        for source, state in zip(self.sources, states, strict=True):
            source.restore(state)
