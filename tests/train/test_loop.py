import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

pytest.importorskip("anny")
pytest.importorskip("tensorboard")

from wholebody_lift import pretrained
from wholebody_lift.config import INPUTS
from wholebody_lift.train import supply
from wholebody_lift.train.__main__ import _wanted
from wholebody_lift.train.loop import Trainer, TrainingDivergedError, averaged, checkpoint_path
from wholebody_lift.train.settings import Settings
from wholebody_lift.train.synthetic.facts import NOTHING_KNOWN
from wholebody_lift.train.synthetic.people import Batch, People
from wholebody_lift.train.synthetic.rig import load_rig


@pytest.fixture(scope="module")
def people() -> People:
    return People(load_rig(), bank=None)


@pytest.fixture(scope="module")
def validation(people: People) -> Batch:
    return people.sample(16, torch.Generator().manual_seed(9))


@pytest.fixture(autouse=True)
def few_people_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply, "PEOPLE_AHEAD", 4)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        folder=tmp_path / "run",
        steps=12,
        batch=8,
        channels=16,
        heads=2,
        layers=2,
        warmup_steps=2,
        learning_rate=3e-3,
    )


def _pose_error(trainer: Trainer) -> float:
    batch = trainer.validation
    with torch.no_grad():
        xyz = trainer.network.model(batch.features).xyz
    return (xyz - batch.target).norm(dim=-1).mean().item()


def test_a_short_run_learns_and_writes_all_files(
    people: People, validation: Batch, settings: Settings
) -> None:
    trainer = Trainer(replace(settings, steps=60), people, validation)
    before = _pose_error(trainer)
    trainer.train()
    assert _pose_error(trainer) < 0.9 * before
    record = json.loads((settings.folder / "validation.jsonl").read_text().splitlines()[-1])
    assert record["step"] == 60
    assert record["mpjpe/whole"] > 0
    assert list(settings.folder.glob("events.*"))

    model = averaged(settings.folder)
    exact = trainer.ema.module(validation.features).xyz
    assert (model(validation.features).xyz - exact).abs().max() < 1.0  # mm, by rounding to half precision
    for name, tensor in trainer.ema.module.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor.half().float()), name


def test_resuming_is_exact_to_the_bit(people: People, validation: Batch, settings: Settings) -> None:
    straight = Trainer(settings, people, validation)
    straight.train()

    broken = Trainer(settings, people, validation)
    settings.folder.mkdir(exist_ok=True)
    for _ in range(5):
        broken.advance(next(broken.supply))
    broken.save()
    resumed = Trainer(settings, people, validation)
    resumed.load()
    resumed.train()
    for (name, a), b in zip(
        straight.network.state_dict().items(), resumed.network.state_dict().values(), strict=True
    ):
        assert torch.equal(a, b), name
    for a, b in zip(straight.ema.state_dict().values(), resumed.ema.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_resuming_needs_a_checkpoint(people: People, validation: Batch, settings: Settings) -> None:
    with pytest.raises(FileNotFoundError, match="start without --resume"):
        Trainer(settings, people, validation).load()


def test_a_nan_loss_stops_the_run_and_saves_the_batch(
    people: People, validation: Batch, settings: Settings
) -> None:
    trainer = Trainer(settings, people, validation)
    settings.folder.mkdir()
    broken = validation._replace(target=validation.target * float("nan"))
    trainer.supply = iter([broken])
    with pytest.raises(TrainingDivergedError, match="step 0"):
        trainer.advance(next(trainer.supply))
    saved = torch.load(settings.folder / "diverged-0.pt", weights_only=False)
    assert torch.equal(saved["batch"].observed, validation.observed)


def test_weights_that_are_not_finite_are_not_saved(
    people: People, validation: Batch, settings: Settings
) -> None:
    trainer = Trainer(settings, people, validation)
    settings.folder.mkdir()
    trainer.save()
    next(trainer.network.parameters()).data[0] = float("nan")
    trainer.step = 7
    with pytest.raises(TrainingDivergedError, match="finite weights, got others at step 7"):
        trainer.save()
    assert torch.load(settings.folder / "checkpoint.pt", weights_only=False)["step"] == 0


def test_a_run_can_be_resumed_with_other_rates(people: People, validation: Batch, settings: Settings) -> None:
    settings.folder.mkdir()
    Trainer(settings, people, validation).save()
    lower = replace(settings, learning_rate=1e-4, muon_rate=2.0, weight_decay=0.5)
    resumed = Trainer(lower, people, validation)
    resumed.load()
    resumed.step = 5
    resumed.advance(next(resumed.supply))
    adam, muon = resumed.optimizers
    assert [group["lr"] for group in adam.param_groups] == [1e-4, 1e-4]
    assert [group["lr"] for group in muon.param_groups] == [2e-4]
    assert [group["weight_decay"] for o in (adam, muon) for group in o.param_groups] == [0.5, 0.0, 0.5]


def test_the_rate_warms_up_and_falls(people: People, validation: Batch, settings: Settings) -> None:
    trainer = Trainer(settings, people, validation)
    rates = []
    for trainer.step in range(13):
        rates.append(trainer._rate())
    assert rates[0] == pytest.approx(0.5, abs=0.02)
    assert rates[1:10] == [1.0] * 9  # three quarters of the budget
    assert rates[10] == pytest.approx(1 - 0.99 / 3)
    assert rates[-1] == pytest.approx(0.01)


def test_a_longer_budget_resumes_before_the_rate_fell(
    people: People, validation: Batch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    Trainer(settings, people, validation).train()  # 12 steps, 9 of them steady
    resumed = Trainer(replace(settings, steps=24), people, validation)
    resumed.load()
    assert resumed.step == 10
    assert "going back from step 12 to step 10" in capsys.readouterr().out
    assert torch.load(settings.folder / "checkpoint-12.pt", weights_only=False)["step"] == 12
    assert resumed._rate() == 1.0
    straight = Trainer(replace(settings, steps=24), people, validation)
    for _ in range(10):
        straight.advance(next(straight.supply))
    for a, b in zip(straight.network.parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(a, b)

    same_budget = Trainer(settings, people, validation)
    same_budget.load()
    assert same_budget.step == 12


def test_time_left_follows_the_speed_so_far(people: People, validation: Batch, settings: Settings) -> None:
    trainer = Trainer(settings, people, validation)
    trainer.step, trainer.seconds = 3, 60.0  # of 12
    assert trainer._minutes_left() == pytest.approx(3.0)


def test_the_moving_average_soon_follows(people: People, validation: Batch, settings: Settings) -> None:
    trainer = Trainer(settings, people, validation)
    for _ in range(2):
        trainer.advance(next(trainer.supply))
    bias = "embed_person.bias"
    before = trainer.ema.module.state_dict()[bias].clone()
    trainer.advance(next(trainer.supply))
    moved = trainer.ema.module.state_dict()[bias] - before
    gap = trainer.network.model.state_dict()[bias] - before
    assert torch.allclose(moved, (1 - 3 / 12) * gap, atol=1e-6)  # the third update, at index 2


def test_a_checkpoint_replaces_the_last_one(people: People, validation: Batch, settings: Settings) -> None:
    trainer = Trainer(settings, people, validation)
    settings.folder.mkdir()
    trainer.save()
    trainer.step = 7
    trainer.save()
    assert torch.load(checkpoint_path(settings.folder), weights_only=False)["step"] == 7
    assert [path.name for path in settings.folder.iterdir()] == ["checkpoint.pt"]


def test_bfloat16_trains_and_keeps_weights_and_positions_in_float32(
    people: People, validation: Batch, settings: Settings
) -> None:
    trainer = Trainer(replace(settings, precision="bfloat16", steps=40), people, validation)
    before = _pose_error(trainer)
    trainer.train()
    assert _pose_error(trainer) < before
    assert all(parameter.dtype == torch.float32 for parameter in trainer.network.parameters())
    assert not torch.is_autocast_enabled("cpu")


def test_bfloat16_is_only_used_between_inputs_and_outputs(
    people: People, validation: Batch, settings: Settings
) -> None:
    exact, rough = (
        Trainer(replace(settings, precision=precision), people, validation)
        for precision in ("float32", "bfloat16")
    )
    seen: dict[str, set[torch.dtype]] = {}
    for name, module in rough.network.named_modules():
        if not list(module.children()):
            module.register_forward_hook(
                lambda _, __, out, name=name: seen.setdefault(name.split(".")[1], set()).add(out.dtype)
            )
    xyz = [trainer.network(validation.features)[-1].xyz for trainer in (exact, rough)]
    assert not torch.equal(*xyz)
    assert (xyz[0] - xyz[1]).abs().mean() < 0.02 * xyz[0].abs().mean()
    assert seen["embed_keypoints"] == seen["embed_person"] == {torch.float32}
    assert torch.bfloat16 in seen["encoder"]
    assert torch.bfloat16 in seen["adapters"]
    averaged = [trainer.ema.module.eval()(validation.features).xyz for trainer in (exact, rough)]
    assert torch.equal(*averaged)


def test_a_run_can_start_from_weights(people: People, validation: Batch, settings: Settings) -> None:
    first = Trainer(settings, people, validation)
    pretrained.save(first.network.model, settings.folder)
    again = replace(settings, start_from=str(settings.folder), seed=7)
    for a, b in zip(
        Trainer(again, people, validation).network.model.parameters(),
        first.network.model.parameters(),
        strict=True,
    ):
        assert torch.equal(a, b)
        assert a.requires_grad
    with pytest.raises(ValueError, match=r"channels=16.*the settings ask for .*channels=32.*give --nodes"):
        Trainer(replace(again, channels=32), people, validation)
    Trainer(replace(again, start_from="gone", resume=True), people, validation)  # what it began with may go


def test_a_run_can_start_from_the_weights_in_the_package(
    people: People, validation: Batch, settings: Settings
) -> None:
    size = {"channels": 256, "heads": 8, "layers": 4}
    model = Trainer(replace(settings, start_from="base", **size), people, validation).network.model
    released = pretrained.load("base").state_dict()
    assert all(torch.equal(values, released[name]) for name, values in model.state_dict().items())


def test_a_compiled_network_trains_the_same_and_saves_the_same_names(
    people: People, validation: Batch, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_ = torch.nn.Module.compile
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: compile_(self, backend="aot_eager"))
    plain, compiled = (
        Trainer(replace(settings, compile=choice), people, validation) for choice in (False, True)
    )
    terms = [trainer.advance(next(trainer.supply)).pose for trainer in (plain, compiled)]
    assert torch.allclose(*terms, rtol=1e-4)
    assert plain.network.state_dict().keys() == compiled.network.state_dict().keys()


class _Elsewhere(TorchFunctionMode):
    """Notes where the host would wait for a GPU to take in a list of indices or new numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (torch.Tensor.__getitem__, torch.Tensor.__setitem__):
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            if any(isinstance(part, list | range) for part in index):
                self.waits.append(f"indexed with {index}")
        elif func in (torch.tensor, torch.Tensor.new_tensor, torch.Tensor.cpu, torch.Tensor.tolist):
            self.waits.append(str(func))
        return func(*args, **kwargs)


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_no_step_waits_for_a_gpu(
    validation: Batch, settings: Settings, monkeypatch: pytest.MonkeyPatch, optimizer: str
) -> None:
    """On the device "meta" whatever needs a value raises: item(), nonzero(), bool() of a tensor."""
    monkeypatch.setattr(Trainer, "_supply", lambda *_: None)
    there = Batch(
        validation.features.map(lambda tensor: tensor.to("meta")),
        validation.target.to("meta"),
        validation.observed.to("meta"),
    )
    trainer = Trainer(
        replace(settings, optimizer=optimizer), SimpleNamespace(device=torch.device("meta")), there
    )
    trainer.step = 1  # the loss is looked at in step 0
    trainer.advance(there)  # makes the tables
    with _Elsewhere() as host:
        trainer.advance(there)
    assert host.waits == []
    assert trainer.ema.n_averaged == 2


def test_a_run_resumes_on_a_device_with_other_random_numbers(
    people: People, validation: Batch, settings: Settings
) -> None:
    trainer = Trainer(settings, people, validation)
    settings.folder.mkdir()
    trainer.advance(next(trainer.supply))
    trainer.save()
    state = torch.load(checkpoint_path(settings.folder), weights_only=False)
    gpu = torch.zeros(16, dtype=torch.uint8)  # the state of a GPU's generator, which no CPU takes
    state |= {"device": "cuda", "sources": [{"generator": gpu, "taken": 1}] * supply.SOURCES}
    torch.save(state, checkpoint_path(settings.folder))

    resumed = Trainer(settings, people, validation)
    resumed.load()
    assert resumed.step == 1
    for a, b in zip(trainer.network.parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(a, b)
    first = next(Trainer(settings, people, validation).supply)
    assert not torch.equal(next(resumed.supply).target, first.target)
    resumed.train()
    assert resumed.step == settings.steps


def test_checkpoints_and_validations_have_their_own_pace(
    people: People, validation: Batch, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10_000, 15))  # a step takes 15 to 30 s by this clock
    monkeypatch.setattr("wholebody_lift.train.loop.time.perf_counter", lambda: float(next(clock)))
    trainer = Trainer(replace(settings, steps=30), people, validation)
    saved: list[int] = []
    monkeypatch.setattr(trainer, "save", lambda path=None: path or saved.append(trainer.step))
    trainer.train()
    log = (settings.folder / "validation.jsonl").read_text().splitlines()
    assert len(saved) >= 2 * len(log) >= 4
    assert saved[-1] == json.loads(log[-1])["step"] == 30


def test_what_is_known_can_be_learnt_alone(people: People, validation: Batch, settings: Settings) -> None:
    tiny = {"start_from": "tiny", "channels": 112, "heads": 8, "layers": 4, "batch": 16}
    trainer = Trainer(replace(settings, steps=2, known_only=True, **tiny), people, validation)
    trainer.train()
    made = averaged(trainer.settings.folder)
    released = pretrained.load("tiny")
    before, after = released.state_dict(), made.state_dict()
    learnt = {name for name in after if name.startswith(("embed_known.", "adapters."))}
    assert all(torch.equal(after[name], before[name]) for name in before.keys() - learnt)
    assert any(not torch.equal(after[name], before[name]) for name in learnt)
    assert made.config.calibration == released.config.calibration
    assert made.config.close_ups
    assert made.config.inputs == INPUTS
    resumed = Trainer(replace(trainer.settings, resume=True), people, validation)
    resumed.load()
    assert resumed.network.model.config == made.config.model_copy(update={"calibration": None})


def test_what_is_known_is_learnt_from_people_of_whom_something_is_known(settings: Settings) -> None:
    assert _wanted(replace(settings, known_only=True), "train").nothing_known == 0
    assert _wanted(settings, "train").nothing_known == NOTHING_KNOWN


def test_inputs_can_be_left_out(people: People, validation: Batch, settings: Settings) -> None:
    tiny = {"start_from": "tiny", "channels": 112, "heads": 8, "layers": 4}
    model = Trainer(replace(settings, inputs="none", **tiny), people, validation).network.model
    assert not model.config.inputs
    assert model.config.close_ups
