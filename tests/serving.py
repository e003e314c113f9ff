"""A server at work in a thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from threading import Thread
from typing import TypeVar

SomeServer = TypeVar("SomeServer", bound=BaseServer)


@contextmanager
def serving(server: SomeServer) -> Iterator[SomeServer]:
    """Serve requests until the block ends, then close the server."""
    with server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
