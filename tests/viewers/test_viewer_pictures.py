"""The pictures of docs/viewer.md can be taken again, and are those that the page shows."""

import re
import shutil
import sys
from pathlib import Path

import pytest
from scripts import load

from wholebody_lift.pose import Pose3D

pytest.importorskip("playwright.sync_api", reason="needs the Python package playwright")
pytest.importorskip("matplotlib", reason="figures need the extra [plot]")
if shutil.which("chromium") is None:
    pytest.skip("needs Chromium (Debian's package chromium)", allow_module_level=True)

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_pictures_can_be_taken_again(clip: Pose3D, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With people from formulas in place of lifted ones, so that no weights are needed."""
    script = load("docs/figures/viewer.py")

    class Formulas:
        @classmethod
        def from_pretrained(cls) -> "Formulas":
            return cls()

        def lift(self, detections: object) -> Pose3D:
            return clip

    monkeypatch.setattr(script, "Lifter", Formulas)
    monkeypatch.setattr(sys, "argv", ["viewer", str(tmp_path)])
    script.main()
    taken = {path.name for path in tmp_path.glob("*.png")}
    assert taken == {path.name for path in (DOCS / "assets").glob("viewer*.png")}
    assert taken == set(re.findall(r"assets/(viewer[\w-]*\.png)", (DOCS / "viewer.md").read_text()))
