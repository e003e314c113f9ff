"""The pictures of the model card can be drawn again, here smaller."""

import json
import sys
from pathlib import Path

import pytest
from recordings import small_bank
from scripts import load

pytest.importorskip("anny")
pytest.importorskip("matplotlib")

from wholebody_lift.train.evaluation import held_out

ROOT = Path(__file__).resolve().parents[2]


def test_failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out, "BLOCK", 8)
    monkeypatch.setattr(held_out, "_NOISE_DRAWS", 1)
    small_bank().save(tmp_path / "bank.npz")
    script = load("docs/figures/failures.py")
    monkeypatch.setattr(script, "PEOPLE", 8)
    monkeypatch.setattr(sys, "argv", ["failures", str(tmp_path / "bank.npz"), str(tmp_path / "out.png")])
    script.main()
    assert (tmp_path / "out.png").stat().st_size > 10_000


def test_before_and_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = ROOT / "examples" / "data" / "photos.json"
    out = tmp_path / "out.png"
    monkeypatch.setattr(sys, "argv", ["before_after", str(photos), "base", "tiny", str(out)])
    load("docs/figures/before_after.py").main()
    assert out.stat().st_size > 10_000


def test_learning_curve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = load("docs/figures/learning_curve.py")
    for name, suffix in (("KEPT", "json"), ("OUT", "png")):
        monkeypatch.setattr(script, name, tmp_path / f"out.{suffix}")
    records = [
        {"people": 100 * i, "seconds": i, "mpjpe/whole": 90.0 - i, "pa_mpjpe/whole": 60.0 - i} for i in (1, 2)
    ]
    (tmp_path / "validation.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    for more in (["base", str(tmp_path)], []):
        monkeypatch.setattr(sys, "argv", ["learning_curve", *more])
        script.main()
        assert json.loads((tmp_path / "out.json").read_text())["base"]["people"] == [100, 200]
    assert (tmp_path / "out.png").stat().st_size > 5_000
