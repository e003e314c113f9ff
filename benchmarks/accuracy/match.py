"""Train a contestant, measure it, and keep what was found; what is there already is not done again."""

import copy
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import nn

from benchmarks.accuracy.contestants import Contestant
from wholebody_lift.train.evaluation import evaluate, report
from wholebody_lift.train.loop import VALIDATION_PEOPLE, Trainer, checkpoint_path, steady_path
from wholebody_lift.train.settings import Settings
from wholebody_lift.train.synthetic.bank import MotionBank, Split
from wholebody_lift.train.synthetic.people import Batch, People
from wholebody_lift.train.synthetic.rig import Rig

VIEWS: dict[str, tuple[str, str]] = {
    "laboratory, exact": ("laboratory", "exact"),
    "laboratory, noise": ("laboratory", "noise"),
    "laboratory, detector": ("laboratory", "detector"),
    "laboratory, incomplete": ("laboratory", "incomplete"),
    "phone, exact": ("phone_portrait", "exact"),
    "webcam, exact": ("webcam", "exact"),
}
"""Test set and input of each table."""

_VALIDATION_SEED = 20260303

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Rules:
    """What is the same for all contestants."""

    people: int | None
    """People that each is trained on; None: as many as fit into the minutes."""
    minutes: float | None
    batch: int
    precision: Precision
    """Of SemGAN's arithmetic in training; the networks of others are trained in float32."""
    split: Split
    """Recordings that are measured on."""
    test_people: int
    """People of each test set."""

    def settings(self, contestant: Contestant, folder: Path, seed: int, device: str) -> Settings:
        """Of one contestant's training."""
        return Settings(
            folder=folder,
            hours=(self.minutes or 0.0) / 60,
            steps=None if self.people is None else -(-self.people // self.batch),
            batch=self.batch,
            seed=seed,
            device=device,
            **{"precision": self.precision, **contestant.settings},
        )

    def agree(self, folder: Path) -> None:
        """Write the rules into the folder; raises ValueError if others are there."""
        path = folder / "rules.json"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(asdict(self), indent=1) + "\n")
        others = json.loads(path.read_text())
        if others != asdict(self):
            raise ValueError(f"{folder} holds results by other rules, {others}; choose another folder")


def play(
    name: str,
    contestant: Contestant,
    seed: int,
    rules: Rules,
    folder: Path,
    rig: Rig,
    bank: MotionBank,
    device: str,
) -> None:
    """Train and measure one contestant with one seed, from wherever an earlier call was stopped."""
    own = folder / name / f"seed-{seed}"
    result = own / "result.json"
    if result.exists():
        return
    trainer = _trainer(contestant, rules.settings(contestant, own, seed, device), rig, bank)
    if checkpoint_path(own).exists():
        trainer.load()
    trainer.train()
    model = trainer.ema.module
    sets = tuple(dict.fromkeys(test_set for test_set, _ in VIEWS.values()))
    found = evaluate.evaluate(model, People(rig, bank, rules.split), rules.test_people, sets=sets)
    record = {
        "network": name,
        "about": contestant.about,
        "seed": seed,
        "parameters": parameters(model),
        "people": trainer.step * rules.batch,
        "seconds": trainer.seconds,
        "seconds_of_people": trainer.seconds_of_people,
        "threads": torch.get_num_threads(),
        "device": device,
        "evaluation": report.as_json(found),
    }
    result.write_text(json.dumps(record, indent=1) + "\n")
    steady_path(own).unlink(missing_ok=True)  # serves a longer budget, which the rules do not allow


def records(folder: Path) -> list[dict[str, Any]]:
    """What was found so far."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*/seed-*/result.json"))]


def parameters(model: nn.Module) -> int:
    """Numbers that a network has learned."""
    return sum(parameter.numel() for parameter in model.parameters())


def _trainer(contestant: Contestant, settings: Settings, rig: Rig, bank: MotionBank) -> Trainer:
    there = copy.deepcopy(rig).to(settings.device)
    generator = torch.Generator(settings.device).manual_seed(_VALIDATION_SEED)
    validation = People(there, bank, "val").sample(VALIDATION_PEOPLE, generator)
    torch.manual_seed(settings.seed)
    return Trainer(
        settings,
        contestant.people(there, bank),
        validation,
        network=contestant.network(),
        loss_weights=contestant.loss_weights,
    )


@dataclass(frozen=True)
class Pace:
    """What a contestant costs."""

    parameters: int
    seconds_per_step: float
    """Of training, without the making of people."""


def pace(contestant: Contestant, batch: int, steps: int, rig: Rig, device: str, precision: Precision) -> Pace:
    """Time some steps on sampled people; nothing is written."""
    people = People(copy.deepcopy(rig).to(device), bank=None)
    sample = people.sample(batch, torch.Generator(device).manual_seed(0))
    settings = Settings(batch=batch, device=device, **{"precision": precision, **contestant.settings})
    torch.manual_seed(settings.seed)
    trainer = Trainer(
        settings, people, sample, network=contestant.network(), loss_weights=contestant.loss_weights
    )
    return Pace(parameters(cast(nn.Module, trainer.network.model)), _best_seconds(trainer, sample, steps))


def _best_seconds(trainer: Trainer, batch: Batch, steps: int) -> float:
    """Of the fastest of some steps, after one to warm up."""
    trainer.advance(batch)
    best = float("inf")
    for _ in range(steps):
        started = time.perf_counter()
        trainer.advance(batch)
        best = min(best, time.perf_counter() - started)
    return best
