"""A running app with the small weights."""

from collections.abc import Iterator
from threading import Thread

import pytest

from wholebody_lift import Lifter
from wholebody_lift.app.server import Server
from wholebody_lift.app.workshop import Workshop


@pytest.fixture(scope="session")
def lifter() -> Lifter:
    return Lifter.from_pretrained("tiny", device="cpu")


@pytest.fixture
def workshop(lifter: Lifter) -> Workshop:
    return Workshop(lifter)


@pytest.fixture
def server(workshop: Workshop) -> Iterator[Server]:
    with Server(workshop) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
