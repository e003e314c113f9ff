from pathlib import Path
from typing import Any

import pytest
import torch
from recordings import small_bank

pytest.importorskip("anny")
pytest.importorskip("tensorboard")

from benchmarks.accuracy import match, tables
from benchmarks.accuracy.contestants import CONTESTANTS, Contestant
from benchmarks.accuracy.match import Pace, Rules
from wholebody_lift.config import Config
from wholebody_lift.model import SemGAN
from wholebody_lift.train import supply
from wholebody_lift.train.evaluation import fingerprints, held_out
from wholebody_lift.train.evaluation.evaluate import Result
from wholebody_lift.train.loop import DeepSupervision, Trainer
from wholebody_lift.train.synthetic.people import Batch
from wholebody_lift.train.synthetic.rig import load_rig

SMALL = Contestant("small", lambda: DeepSupervision(SemGAN(Config(channels=16, heads=2, layers=2))))
RULES = Rules(people=15, minutes=None, batch=8, precision="float32", split="test", test_people=4)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out, "BLOCK", 8)
    monkeypatch.setattr(held_out, "_NOISE_DRAWS", 1)
    monkeypatch.setattr(supply, "PEOPLE_AHEAD", 4)
    monkeypatch.setattr(match, "VALIDATION_PEOPLE", 4)
    monkeypatch.setattr(
        fingerprints,
        "published",
        lambda _version: fingerprints.Published(fingerprints.Fingerprint("", ()), {}),
    )


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of the training steps that were taken."""
    taken: list[int] = []
    advance = Trainer.advance

    def counted(trainer: Trainer, batch: Batch) -> object:
        taken.append(trainer.step)
        return advance(trainer, batch)

    monkeypatch.setattr(Trainer, "advance", counted)
    return taken


def test_a_broken_match_goes_on_and_is_played_once(
    tmp_path: Path, steps: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(match, "VIEWS", {"webcam": ("webcam", "exact")})
    folder, rig, bank = tmp_path / "semgan" / "seed-0", load_rig(), small_bank()
    broken = match._trainer(SMALL, RULES.settings(SMALL, folder, 0, "cpu"), rig, bank)
    folder.mkdir(parents=True)
    broken.advance(next(broken.supply))
    broken.save()
    for _ in range(2):
        match.play("semgan", SMALL, 0, RULES, tmp_path, rig, bank, "cpu")
        assert steps == [0, 1]  # 15 people in batches of 8

    (record,) = match.records(tmp_path)
    assert (record["network"], record["seed"], record["people"]) == ("semgan", 0, 16)
    assert record["parameters"] == match.parameters(SMALL.network().model)
    result = record["evaluation"]["results"]["webcam"]["exact"]
    assert result["people"] == RULES.test_people
    assert result["whole"] > 0


def _record(network: str, seed: int, error: float) -> dict[str, Any]:
    """As if every figure of an evaluation was the same."""
    return {
        "network": network,
        "about": "made up",
        "seed": seed,
        "parameters": 2_000_000,
        "people": 1000,
        "seconds": 10.0,
        "evaluation": {
            "results": {
                name: dict.fromkeys(held_out.SETS[name].inputs, dict.fromkeys(Result._fields, error))
                for name in held_out.SETS
            }
        },
    }


def test_tables_have_the_spread_of_the_seeds() -> None:
    text = tables.of_results(
        [_record("semgcn", 0, 60.0), _record("semgan", 0, 40.0), _record("semgan", 1, 50.0)]
    )
    assert "| semgan | made up | 2.00 M | 1,000 | 0 | 100 | 2 |" in text
    views = len(match.VIEWS)
    assert text.count("### ") == 2 + views
    assert text.count("| semgan | 45.0 ± 7.1 | 45.0 ± 7.1 |") == 1 + views
    assert text.count("| semgcn | 60.0 | 60.0 |") == 1 + views
    assert text.count("| +33.3% |") == views


def test_seeds_decide_about_weights() -> None:
    rig, bank = load_rig(), small_bank()

    def weights(seed: int) -> torch.Tensor:
        settings = RULES.settings(SMALL, Path("nowhere"), seed, "cpu")
        return match._trainer(SMALL, settings, rig, bank).network.model.embed_person.weight

    first = weights(1)
    assert torch.equal(first, weights(1))
    assert not torch.equal(first, weights(2))


def test_results_by_other_rules_are_not_mixed(tmp_path: Path) -> None:
    RULES.agree(tmp_path)
    RULES.agree(tmp_path)
    with pytest.raises(ValueError, match="choose another folder"):
        Rules(people=None, minutes=5.0, batch=8, precision="float32", split="test", test_people=4).agree(
            tmp_path
        )


def test_minutes_are_a_budget_of_time() -> None:
    rules = Rules(people=None, minutes=30.0, batch=8, precision="bfloat16", split="test", test_people=4)
    settings = rules.settings(CONTESTANTS["without-inner-answers"], Path("nowhere"), 3, "cpu")
    assert settings.steps is None
    assert settings.hours == 0.5
    assert settings.precision == "bfloat16"
    jointformer = rules.settings(CONTESTANTS["jointformer"], Path("nowhere"), 3, "cpu")
    assert (jointformer.precision, jointformer.optimizer) == ("float32", "adamw")  # as its authors did
    assert settings.layer_weight == 0
    assert settings.seed == 3


def test_pace_is_of_steps_and_is_scaled_to_the_people() -> None:
    pace = match.pace(SMALL, 8, 1, load_rig(), "cpu", "bfloat16")
    assert pace.parameters == match.parameters(SMALL.network().model)
    assert 0 < pace.seconds_per_step < 60
    text = tables.of_paces({"semgan": Pace(2_000_000, 0.5)}, batch=64, people=460_800)
    assert "| 2.00 M | 128 | 1.00 |" in text
    assert "All together: 1.0 hours." in text
