import os
import socket
import subprocess
import sys
from pathlib import Path

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
stack = torch.arange(6.0).reshape(3, 2)
assert team.divided(torch.neg, stack).equal(-stack)
assert team.divided(torch.neg, stack[:1]).equal(-stack[:1])
assert team.leads == (team.rank == 0)
torch.distributed.destroy_process_group()
print("done", team.rank)
"""


def test_a_single_process_exchanges_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
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


_TRAIN = """
import sys
from pathlib import Path
import torch
from wholebody_lift.train import supply
from wholebody_lift.train.loop import Trainer
from wholebody_lift.train.synthetic.people import People
from wholebody_lift.train.synthetic.rig import load_rig
from wholebody_lift.train.settings import Settings

supply.PEOPLE_AHEAD = 4
people = People(load_rig(), bank=None)
size = {"channels": 16, "heads": 2, "layers": 2}
settings = Settings(folder=Path(sys.argv[1]), steps=4, batch=16, warmup_steps=1, **size)
Trainer(settings, people, people.sample(4, torch.Generator().manual_seed(0))).train()
if torch.distributed.is_initialized():
    torch.distributed.destroy_process_group()
"""


def test_two_processes_train_the_same_network_as_one(tmp_path: Path) -> None:
    pytest.importorskip("anny")
    _run(1, _TRAIN, str(tmp_path / "one"))
    _run(2, _TRAIN, str(tmp_path / "two"))
    one, two = (torch.load(tmp_path / name / "checkpoint.pt", weights_only=False) for name in ("one", "two"))
    assert one["step"] == two["step"] == 4
    for name, weight in one["network"].items():
        if weight.ndim > 1:  # the bias of keys has no gradient but noise, which the optimizer makes large
            assert torch.allclose(weight, two["network"][name], atol=1e-4), name
    for a, b in zip(one["sources"], two["sources"], strict=True):
        assert torch.equal(a["generator"], b["generator"])
        assert a["taken"] == b["taken"]


def test_two_processes_agree() -> None:
    assert _run(2, _TWO_PROCESSES) == ["done 0", "done 1"]


def _run(size: int, program: str, *arguments: str) -> list[str]:
    """Run a program in a team of processes and return what each printed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    shared = {
        **os.environ,
        "WORLD_SIZE": str(size),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
        "OMP_NUM_THREADS": "1",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env={**shared, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    said = []
    for process in processes:
        out, error = process.communicate(timeout=300)
        assert process.returncode == 0, error
        said.append(out.strip())
    return said
