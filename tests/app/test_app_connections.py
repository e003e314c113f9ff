"""Connections that end, and who gets a place when all are taken."""

import io
import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from wholebody_lift.app.connections import Connections, DeadlineReader, has_hung_up


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """Connected sockets: the server's end and the client's."""
    made = [socket.socketpair() for _ in range(4)]
    yield made
    for ends in made:
        for end in ends:
            end.close()


def test_a_stranger_makes_room(pairs: list) -> None:
    (a, at_a), (b, at_b), (c, at_c), _ = pairs
    connections = Connections(2)
    assert connections.admit(a)
    assert connections.admit(b)
    connections.trust(a)
    assert connections.admit(c)
    assert b.recv(1) == b""  # the oldest of those that are not trusted has been ended
    assert has_hung_up(at_b)
    assert not has_hung_up(at_a)
    assert not has_hung_up(at_c)


def test_nobody_who_is_trusted_makes_room(pairs: list) -> None:
    a, b, c = (ends[0] for ends in pairs[:3])
    connections = Connections(2)
    for one in (a, b):
        connections.admit(one)
        connections.trust(one)
    assert not connections.admit(c)
    connections.trust(c)  # not among them, and so of no effect
    connections.forget(a)
    assert connections.admit(c)
    connections.forget(a)


def test_all_of_them_can_be_ended(pairs: list) -> None:
    (a, at_a), (b, at_b), *_ = pairs
    connections = Connections(2)
    for one in (a, b):
        connections.admit(one)
    connections.trust(a)

    def serve(connection: socket.socket) -> None:
        assert connection.recv(1) == b""  # waits until it is ended
        connection.close()
        connections.forget(connection)

    threads = [Thread(target=serve, args=(one,)) for one in (a, b)]
    for thread in threads:
        thread.start()
    connections.end(30)
    assert a.fileno() == b.fileno() == -1
    assert has_hung_up(at_a)
    assert has_hung_up(at_b)
    for thread in threads:
        thread.join()


def test_reading_has_a_deadline(pairs: list) -> None:
    server, client = pairs[0]
    incoming = DeadlineReader(server)
    reader = io.BufferedReader(incoming)
    client.sendall(b"line\nrest")
    incoming.allow(20)
    assert reader.readline() == b"line\n"
    assert reader.read(4) == b"rest"
    incoming.allow(0.01)
    with pytest.raises(TimeoutError):
        reader.readline()
    incoming.allow(0)
    client.sendall(b"more")
    with pytest.raises(TimeoutError):  # although there is something now
        reader.readline()


def test_whether_a_client_is_there(pairs: list) -> None:
    server, client = pairs[0]
    assert not has_hung_up(server)
    client.sendall(b"x")
    assert not has_hung_up(server)
    server.recv(1)
    client.close()
    assert has_hung_up(server)
