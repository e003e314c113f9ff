"""A running app with the small weights."""

from collections.abc import Iterator

import pytest
from serving import serving

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
    with serving(Server(workshop)) as server:
        yield server
