"""Limits on connections: every read has a deadline, and the number of open connections is bounded."""

from __future__ import annotations

import io
import socket
from contextlib import suppress
from threading import Condition
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class DeadlineReader(io.RawIOBase):
    """Reads from a socket until a deadline, however slowly the bytes arrive.

    A socket's own timeout restarts with every byte, so it never stops a client that sends one now and then.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._deadline = 0.0

    def allow(self, seconds: float) -> None:
        """Set the deadline, from now. After it, reading raises TimeoutError."""
        self._deadline = monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError("the client was too slow")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class Connections:
    """The open connections of a server, up to a maximum.

    A connection is trusted once a request on it has shown the secret. At the maximum, a new one replaces
    the oldest untrusted one, so nobody without the secret can keep the user out.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._trusted: dict[socket.socket, bool] = {}  # in the order in which they came
        self._lock = Condition()

    def admit(self, connection: socket.socket) -> bool:
        """Whether there is room for a new connection."""
        with self._lock:
            if len(self._trusted) >= self._most:
                strangers = (known for known, trusted in self._trusted.items() if not trusted)
                oldest = next(strangers, None)
                if oldest is None:
                    return False
                del self._trusted[oldest]
                hang_up(oldest)
            self._trusted[connection] = False
            return True

    def trust(self, connection: socket.socket) -> None:
        """A request on this connection has shown the secret."""
        with self._lock:
            if connection in self._trusted:
                self._trusted[connection] = True

    def forget(self, connection: socket.socket) -> None:
        """This connection has been closed."""
        with self._lock:
            self._trusted.pop(connection, None)
            self._lock.notify_all()

    def end(self, seconds: float) -> None:
        """End all connections, and wait for so long at most until their threads have closed them."""
        with self._lock:
            for connection in self._trusted:
                hang_up(connection)
            self._lock.wait_for(lambda: not self._trusted, seconds)


def hang_up(connection: socket.socket) -> None:
    """End a connection that another thread may be reading from; that thread then closes it."""
    with suppress(OSError):  # it has ended by itself
        connection.shutdown(socket.SHUT_RDWR)


def has_hung_up(connection: socket.socket) -> bool:
    """Whether the client has closed its end."""
    connection.settimeout(0)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False  # nothing to read, as usual
    except OSError:
        return True
