"""The examples run, and print what they say they print."""

import ast
import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from wholebody_lift import pretrained

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"

pytestmark = pytest.mark.skipif(
    not (ROOT / "weights" / pretrained.WEIGHTS_FILE).is_file(),
    reason="needs the package's weights, which this checkout lacks",
)


def run(name: str) -> dict[str, Any]:
    """The names that an example leaves behind."""
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


def test_quickstart(capsys: pytest.CaptureFixture[str]) -> None:
    run("quickstart")
    assert capsys.readouterr().out.count("left wrist: ") == 5  # of 65 frames


def test_known_camera_places_the_person_in_the_room(capsys: pytest.CaptureFixture[str]) -> None:
    left = run("known_camera")
    assert left["pose"].camera_source == "given"
    assert 1000 < left["hips"][:, 2].mean() < 5000  # mm from the camera
    assert "m from the camera" in capsys.readouterr().out


def test_video_sequence_is_steadier_and_keeps_bone_lengths() -> None:
    left = run("video_sequence")
    jitter, length_spread = left["jitter"], left["length_spread"]
    assert jitter(left["whole"]) < jitter(left["single"])
    assert length_spread(left["whole"]) < 0.01 < 1 < length_spread(left["single"])  # percent


def test_demo_writes_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("sys.argv", ["demo.py", "--out", str(tmp_path)])
    runpy.run_path(str(EXAMPLES / "demo.py"), run_name="__main__")
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.{suffix}" for name in ("photos", "squats") for suffix in ("json", "html", "png")
    }


def test_the_notebook_runs_and_results_show_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cell by cell, in the notebook's folder, as Jupyter runs it."""
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(EXAMPLES)
    notebook = json.loads((EXAMPLES / "notebook.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    shown = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            shown.append(_run_cell("".join(cell["source"]), names))
    assert [type(value).__name__ for value in shown] == ["Pose3D", "Pose3D", "NoneType", "Figure"]
    assert [len(value) for value in shown[:2]] == [65, 1]
    assert all(value._repr_html_().startswith("<iframe srcdoc=") for value in shown[:2])


def _run_cell(source: str, names: dict[str, Any]) -> Any:
    """The value of the last expression of a cell, or None."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), names)
