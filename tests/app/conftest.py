"""A running app with a small untrained network."""

from collections.abc import Iterator
from threading import Thread

import pytest

from wholebody_lift import Lifter
from wholebody_lift.app.server import Server
from wholebody_lift.app.workshop import Workshop
from wholebody_lift.config import Config
from wholebody_lift.model.semgan import SemGAN


@pytest.fixture(scope="session")
def lifter() -> Lifter:
    return Lifter(SemGAN(Config(channels=16, heads=2, layers=1)), device="cpu")


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
