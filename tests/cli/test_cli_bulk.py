"""The command `bulk`: options reach the job, and the report is printed."""

import json
from pathlib import Path

import pytest
from cli.test_cli import error_of

from wholebody_lift.cli import main

pytest.importorskip("pyarrow", reason="the extra bulk")


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """One person in six frames, as JSON lines."""
    from bulk.conftest import rows

    columns = rows({"walk": 6})
    path = tmp_path / "people.jsonl"
    path.write_text(
        "".join(
            json.dumps(dict(zip(columns, row, strict=True))) + "\n"
            for row in zip(*columns.values(), strict=True)
        )
    )
    return path


def test_bulk_lifts_and_reports(
    lines: Path, tmp_path: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import pyarrow.parquet as pq

    out = tmp_path / "out"
    arguments = ["bulk", str(lines), str(out), "--weights", weights, "--no-ray", "--device", "cpu"]
    options = [
        "--smooth",
        "offline",
        "--fps",
        "25",
        "--frame",
        "opengl",
        "--part-rows",
        "4",
        "--min-score",
        "0.2",
    ]
    assert main([*arguments, *options, "--height-mm", "1800"]) == 0
    assert "6 rows in 1 parts: 6 lifted, 0 set aside" in capsys.readouterr().out
    settings = json.loads((out / "manifest.json").read_text())["settings"]
    assert settings["smooth"] is True
    assert settings["known"] == {"height_mm": 1800}
    assert (settings["fps"], settings["frame"], settings["min_score"]) == (25, "opengl", 0.2)
    described = json.loads(pq.read_schema(out / "people" / "part-000000.parquet").metadata[b"wholebody_lift"])
    assert described["frame"]["name"] == "opengl"


def test_bulk_says_what_is_wrong_in_one_line(
    tmp_path: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert (
        main(["bulk", str(tmp_path / "empty"), str(tmp_path / "out"), "--weights", weights, "--no-ray"]) == 1
    )
    assert ".parquet" in error_of(capsys)


def test_bulk_needs_its_extra(
    lines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    assert main(["bulk", str(lines), str(tmp_path / "out")]) == 1
    assert "wholebody-lift[bulk]" in error_of(capsys)


@pytest.mark.parametrize("wrong", [["--workers", "0"], ["--part-rows", "many"], ["--smooth", "live"]])
def test_bulk_refuses_wrong_options(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["bulk", "in", "out", *wrong])
    assert leaving.value.code == 2


@pytest.mark.parametrize("option", [["--lock-feet"], ["--smoothness", "2"]])
def test_bulk_says_what_needs_smoothing_in_words_of_the_command(
    lines: Path, tmp_path: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bulk", str(lines), str(tmp_path / "out"), "--no-ray", *option]) == 1
    assert f"expected --smooth offline with {option[0]}, got --smooth none" in capsys.readouterr().err
