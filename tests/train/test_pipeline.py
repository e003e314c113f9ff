"""Weights are made from beginning to end by the commands that made the released ones, only smaller."""

import json
import sys
from pathlib import Path

import pytest
import torch
from recordings import small_bank

pytest.importorskip("anny")
pytest.importorskip("tensorboard")

from wholebody_lift import Lifter, formats
from wholebody_lift.train import __main__ as command
from wholebody_lift.train import supply
from wholebody_lift.train.evaluation import fingerprints, held_out
from wholebody_lift.train.loop import checkpoint_path, settings_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "data" / "squats.json"
STEPS = 120
FALL = 0.5
"""The validation error has to fall to this share of that after a few steps."""


@pytest.fixture(autouse=True)
def _few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply, "PEOPLE_AHEAD", 256)
    monkeypatch.setattr(held_out, "BLOCK", 64)
    monkeypatch.setattr(held_out, "PEOPLE", 128)
    monkeypatch.setattr(held_out, "_NOISE_DRAWS", 2)
    monkeypatch.setattr(
        fingerprints,
        "published",
        lambda _version: fingerprints.Published(fingerprints.Fingerprint("", ()), {}),
    )


def _call(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", ["train", *map(str, words)])
    command.main()


def test_the_commands_make_weights_that_lift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bank, run, weights, errors = (tmp_path / name for name in ("bank.npz", "run", "weights", "errors.json"))
    small_bank().save(bank)
    size = ("--channels", 48, "--layers", 2, "--batch", 32)
    training = ("run", "--folder", run, "--bank", bank, "--warmup-steps", 10, *size)

    _call(monkeypatch, *training, "--steps", 4)
    _call(monkeypatch, *training, "--steps", STEPS, "--resume")
    first, *_, last = map(json.loads, (run / "validation.jsonl").read_text().splitlines())
    assert last["step"] == STEPS
    assert last["mpjpe/whole"] < FALL * first["mpjpe/whole"]

    _call(monkeypatch, "release", run, weights, "--bank", bank, "--onnx")
    _call(
        *(monkeypatch, "evaluate", "--weights", weights, "--bank", bank, "--out", errors),
        *("--people", 64, "--sets", "laboratory", "mixture"),
    )
    found = json.loads(errors.read_text())
    assert 0 < found["results"]["laboratory"]["exact"]["whole"] < 600
    assert len(found["calibration"]) > 0
    assert "MPJPE, all keypoints, mm" in capsys.readouterr().out

    averaged = torch.load(checkpoint_path(run), weights_only=False)["ema"]
    lifter = Lifter.from_pretrained(weights, device="cpu")
    assert lifter.model.config.calibration is not None
    assert Lifter.from_pretrained(weights, backend="onnx").backend.config == lifter.model.config
    for name, tensor in lifter.model.state_dict().items():
        assert torch.equal(tensor, averaged[f"module.{name}"].half().float()), name
    squats = formats.read(EXAMPLE)
    lifter.save_pretrained(tmp_path / "again")
    again = Lifter.from_pretrained(tmp_path / "again", device="cpu").lift(squats)
    assert (again.xyz == lifter.lift(squats).xyz).all()

    _call(monkeypatch, *training, "--folder", tmp_path / "on", "--steps", 1, "--start-from", weights)
    (record,) = map(json.loads, (tmp_path / "on" / "validation.jsonl").read_text().splitlines())
    assert record["mpjpe/whole"] < 1.1 * last["mpjpe/whole"]

    special = tmp_path / "special"
    _call(
        *(monkeypatch, *training, "--folder", special, "--steps", 1, "--start-from", weights),
        *("--camera", "webcam", "--detector", "body_only"),
    )
    assert (settings_of(special).camera, settings_of(special).detector) == ("webcam", "body_only")
    _call(monkeypatch, "release", special, special / "weights", "--bank", bank)
    assert Lifter.from_pretrained(special / "weights").model.config.calibration is not None


def test_a_saved_set_trains_like_synthetic_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bank, saved, run = (tmp_path / name for name in ("bank.npz", "saved.npz", "run"))
    small_bank().save(bank)
    _call(monkeypatch, "synthetic-h3wb", saved, "--bank", bank, "--poses", 8)
    size = ("--channels", 32, "--layers", 2, "--batch", 32)
    _call(monkeypatch, "run", "--folder", run, "--dataset", saved, "--steps", 60, "--warmup-steps", 5, *size)
    _call(monkeypatch, "release", run, tmp_path / "weights")
    _call(monkeypatch, "h3wb", saved, "--weights", tmp_path / "weights")
    complete = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| complete |"))
    assert 0 < float(complete.split("|")[2]) < 500


def test_wrong_input_is_reported_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut.ts"
    cut.write_text("export const pinchHandPose")
    for source, said in ((cut, "expected the 21 joints"), (tmp_path / "none.ts", "No such file")):
        with pytest.raises(SystemExit) as end:
            _call(monkeypatch, "convert-hands", tmp_path / "hands.json", source)
        assert end.value.code == 1
        assert said in capsys.readouterr().err
