"""Waiting for what a thread, a server or a page does in its own time."""

from collections.abc import Callable
from time import monotonic, sleep

PATIENCE = 60.0
"""Seconds: more than anything takes on a busy machine, so that only what never happens fails."""


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds; fails if it never does."""
    ends = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < ends, "waited in vain"
        sleep(0.01)
