"""Batches without end, shared out to the processes of a team, and taken up again to the bit."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
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


class _Pool:
    """People made in one go."""

    def __init__(self, people: PeopleSource, generator: torch.Generator, size: int) -> None:
        """In pieces of `size` people, drawn with the generator, which moves on."""
        self.before = generator.get_state()
        self.pieces = people.sample(PEOPLE_AHEAD, generator).split(size)
        self._made = torch.cuda.current_stream().record_event() if people.device.type == "cuda" else None

    def hand_over(self) -> None:
        """Let the present stream of a GPU use what another one made, without a wait of the host."""
        if self._made is not None:
            stream = torch.cuda.current_stream()
            stream.wait_event(self._made)
            for piece in self.pieces:
                for tensor in (*piece.features, piece.target, piece.observed):
                    tensor.record_stream(stream)


class _Ahead:
    """A thread that makes pools while a step goes on; on a GPU in a stream of its own.

    To draw people needs numbers that a GPU has worked out (how many poses have to be drawn again?). The
    thread waits for them, and training does not.
    """

    def __init__(self, device: torch.device) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="people")
        self._stream: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
            self._stream.wait_stream(torch.cuda.current_stream())

    def make(self, people: PeopleSource, generator: torch.Generator, size: int) -> Future[_Pool]:
        """A pool that is being made."""
        return self._thread.submit(self._make, people, generator, size)

    def _make(self, people: PeopleSource, generator: torch.Generator, size: int) -> _Pool:
        with torch.cuda.stream(self._stream):  # none on a CPU
            return _Pool(people, generator, size)


class Source:
    """One stream of people."""

    def __init__(self, people: PeopleSource, seed: int, size: int, ahead: _Ahead | None = None) -> None:
        """Pieces of `size` people each; with `ahead`, a pool is made while the one before is used up."""
        self.people = people
        self.size = size
        self.generator = torch.Generator(people.device).manual_seed(seed)
        self._ahead = ahead
        self._pool: _Pool | None = None
        self._next: Future[_Pool] | None = None
        self._taken = 0

    def __next__(self) -> Batch:
        """The next piece."""
        if self._pool is None or self._taken == len(self._pool.pieces):
            self._pool, self._taken = self._make(), 0
        self._taken += 1
        return self._pool.pieces[self._taken - 1]

    def state(self) -> SourceState:
        """What `restore` needs to go on from here."""
        if self._pool is None:
            return {"generator": self.generator.get_state(), "taken": 0}
        return {"generator": self._pool.before, "taken": self._taken}

    def restore(self, state: SourceState) -> None:
        """Go on from a state; its pool is made again rather than kept."""
        if self._next is not None:
            self._next.result()  # which still draws from the generator
        self.generator.set_state(state["generator"])
        self._pool, self._next, self._taken = None, None, 0
        if state["taken"]:
            self._pool, self._taken = self._make(), state["taken"]

    def _make(self) -> _Pool:
        """The next pool; the one after it is begun."""
        if self._ahead is None:
            return _Pool(self.people, self.generator, self.size)
        coming = self._next or self._ahead.make(self.people, self.generator, self.size)
        pool = coming.result()
        self._next = self._ahead.make(self.people, self.generator, self.size)
        pool.hand_over()
        return pool


class Supply:
    """The sources of one process; all processes together have every source once."""

    def __init__(
        self,
        people: PeopleSource,
        seed: int,
        batch: int,
        rank: int = 0,
        team: int = 1,
        *,
        ahead: bool | None = None,
    ) -> None:
        """The share of process `rank` among `team` in batches of `batch` people.

        ahead: whether a thread makes people while others are trained on, by default on a GPU alone. They are
        the same people.

        Raises ValueError where the sources or the batch cannot be shared evenly.
        """
        if SOURCES % team:
            raise ValueError(f"expected a number of processes that divides {SOURCES}, got {team}")
        if batch % SOURCES:
            raise ValueError(f"expected a batch that is a multiple of {SOURCES} people, got {batch}")
        share = SOURCES // team
        numbers = range(rank * share, (rank + 1) * share)
        if ahead is None:
            ahead = people.device.type == "cuda"
        thread = _Ahead(people.device) if ahead else None
        self.sources = [
            Source(people, seed * 10_007 + number, batch // SOURCES, thread) for number in numbers
        ]

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
