"""An endless supply of batches, divided among the processes of a team, that can be resumed to the bit."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypedDict

import torch

from wholebody_lift.train.synthetic.people import Batch

SOURCES = 8
"""Independent streams that make up every batch, so that one process and a team of eight see the same
people."""

PEOPLE_AHEAD = 2048
"""People that a source makes together, which is faster per person."""


class PeopleSource(Protocol):
    """A source of people: `people.People`, which makes them, or `dataset.Dataset`, which reads them."""

    device: torch.device

    def sample(self, n: int, generator: torch.Generator) -> Batch:
        """Draw n people for training; they depend on the generator only."""
        ...


class SourceState(TypedDict):
    """The position of a source in its stream."""

    generator: torch.Tensor
    """State of the random generator before the current pool was made."""
    taken: int
    """Pieces of that pool that have been used."""


class _Pool:
    """People that were made together."""

    def __init__(self, people: PeopleSource, generator: torch.Generator, size: int) -> None:
        """Make people with the generator, whose state advances, and split them into pieces of `size`."""
        self.before = generator.get_state()
        self.pieces = people.sample(PEOPLE_AHEAD, generator).split(size)
        self._made = torch.cuda.current_stream().record_event() if people.device.type == "cuda" else None

    def hand_over(self) -> None:
        """Let the current stream of a GPU use what another stream made, without making the host wait."""
        if self._made is not None:
            stream = torch.cuda.current_stream()
            stream.wait_event(self._made)
            for piece in self.pieces:
                for tensor in piece.tensors:
                    tensor.record_stream(stream)


class _Ahead:
    """A thread that makes pools during training steps; on a GPU, in a stream of its own.

    Drawing people needs results of the GPU on the host (such as how many poses must be drawn again). The
    thread waits for them, so training does not have to.
    """

    def __init__(self, device: torch.device) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="people")
        self._stream: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
            self._stream.wait_stream(torch.cuda.current_stream())

    def make(self, people: PeopleSource, generator: torch.Generator, size: int) -> Future[_Pool]:
        """Start making a pool."""
        return self._thread.submit(self._make, people, generator, size)

    def _make(self, people: PeopleSource, generator: torch.Generator, size: int) -> _Pool:
        with torch.cuda.stream(self._stream):  # none on a CPU
            return _Pool(people, generator, size)


class Source:
    """One stream of people."""

    def __init__(self, people: PeopleSource, seed: int, size: int, ahead: _Ahead | None = None) -> None:
        """Pieces have `size` people. With `ahead`, the next pool is made while the current one is used."""
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
        """The state from which `restore` continues."""
        if self._pool is None:
            return {"generator": self.generator.get_state(), "taken": 0}
        return {"generator": self._pool.before, "taken": self._taken}

    def restore(self, state: SourceState) -> None:
        """Continue from a state; its pool is made again, because states do not contain it."""
        if self._next is not None:
            self._next.result()  # it still draws from the generator
        self.generator.set_state(state["generator"])
        self._pool, self._next, self._taken = None, None, 0
        if state["taken"]:
            self._pool, self._taken = self._make(), state["taken"]

    def _make(self) -> _Pool:
        """The next pool; the one after it is started."""
        if self._ahead is None:
            return _Pool(self.people, self.generator, self.size)
        coming = self._next or self._ahead.make(self.people, self.generator, self.size)
        pool = coming.result()
        self._next = self._ahead.make(self.people, self.generator, self.size)
        pool.hand_over()
        return pool


class Supply:
    """The sources of one process; all processes together have each source once."""

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
        """The share of process `rank`, of `team` processes, in batches of `batch` people.

        ahead: whether a thread makes people during training steps, by default only on a GPU. It does not
        change the people.

        Raises ValueError if the sources or the batch cannot be divided evenly.
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
        """The states of this process's sources, in order."""
        return [source.state() for source in self.sources]

    def restore(self, states: list[SourceState]) -> None:
        """The inverse of `state`."""
        for source, state in zip(self.sources, states, strict=True):
            source.restore(state)
