import os
import socket
import subprocess
import sys

import pytest
import torch

from wholebody_lift.train.team import Team

_TWO_PROCESSES = """
import torch
from wholebody_lift.train.team import Team

team = Team()
weights = [torch.nn.Parameter(torch.zeros(*shape)) for shape in ((2, 3), (4,), (1,))]
weights[0].grad = torch.full((2, 3), 1.0 + team.rank)
weights[1].grad = torch.arange(4.0) * (team.rank + 1)
team.average_gradients(weights)
assert weights[0].grad.eq(1.5).all(), weights[0].grad
assert weights[1].grad.tolist() == [0.0, 1.5, 3.0, 4.5]
assert weights[2].grad is None
assert team.leaders(7.0 + team.rank) == 7.0
assert team.gather(("item", team.rank)) == [("item", 0), ("item", 1)]
assert team.leads == (team.rank == 0)
torch.distributed.destroy_process_group()
print("done", team.rank)
"""


def test_alone_nothing_is_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    monkeypatch.delenv("RANK", raising=False)
    team = Team()
    weight = torch.nn.Parameter(torch.zeros(3))
    weight.grad = torch.tensor([1.0, 2.0, 3.0])
    team.average_gradients([weight])
    assert weight.grad.tolist() == [1.0, 2.0, 3.0]
    assert team.leads
    assert team.leaders(0.25) == 0.25
    assert team.gather("item") == ["item"]


def test_two_processes_agree() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    shared = {
        **os.environ,
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
        "OMP_NUM_THREADS": "1",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _TWO_PROCESSES],
            env={**shared, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for rank, process in enumerate(processes):
        out, error = process.communicate(timeout=120)
        assert out.strip() == f"done {rank}", error
