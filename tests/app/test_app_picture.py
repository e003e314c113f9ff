"""The pictures of docs/app.md and docs/webcam.md can be taken again."""

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from scripts import load

from wholebody_lift import Lifter

pytest.importorskip("playwright.sync_api", reason="needs the Python package playwright")
if shutil.which("chromium") is None:
    pytest.skip("needs Chromium (Debian's package chromium)", allow_module_level=True)

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("page", ["app", "webcam"])
def test_the_picture_can_be_taken_again(
    page: str, lifter: Lifter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a small network in place of the weights."""
    script = load(f"docs/figures/{page}.py")
    monkeypatch.setattr(script, "Lifter", SimpleNamespace(from_pretrained=lambda: lifter))
    monkeypatch.setattr(sys, "argv", [page, str(tmp_path / "page.png")])
    script.main()
    assert (tmp_path / "page.png").stat().st_size > 20_000
    assert f"assets/{page}.png" in (DOCS / f"{page}.md").read_text()
    assert (DOCS / "assets" / f"{page}.png").is_file()
