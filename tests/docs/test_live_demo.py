"""The site carries the page that runs in the browser alone, if that was built; else nothing leads there."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import pytest
from fake_packages import build_page

pytest.importorskip("mkdocs", reason="the extra docs")
from mkdocs.commands.build import build as build_site
from mkdocs.config import load_config

from wholebody_lift.browser import build

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r'href="([^"]*demo/[^"]*)"')

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def empty_page(tmp_path: Path) -> Path:
    return build_page(tmp_path / "web")


@pytest.fixture
def site(tmp_path: Path) -> Callable[[Path], Path]:
    """Build the site with the demo of a folder; the API's pages take long and are left out."""

    def make(demo: Path) -> Path:
        settings = {"site_dir": str(tmp_path / "site"), "plugins": ["search"]}
        config = load_config(str(ROOT / "mkdocs.yml"), extra={"live_demo": str(demo)}, **settings)
        build_site(config)
        return tmp_path / "site"

    return make


def linked(site: Path, page: str) -> list[str]:
    """Where the links of a page to the demo lead, from the root of the site."""
    return [urljoin(page, link) for link in LINK.findall((site / page / "index.html").read_text())]


@pytest.mark.parametrize("page", ["", "browser/"])
def test_its_pages_lead_to_the_demo(page: str, site: Callable[[Path], Path], empty_page: Path) -> None:
    made = site(empty_page)
    (address,) = linked(made, page)
    start = made / address / "index.html" if address.endswith("/") else made / address
    assert start.read_bytes() == (empty_page / "index.html").read_bytes()
    demo = start.parent
    assert build.is_current(demo)
    assert {path.relative_to(demo) for path in demo.rglob("*")} == {
        path.relative_to(empty_page) for path in empty_page.rglob("*")
    }


def test_without_a_page_of_today_there_is_no_link(
    site: Callable[[Path], Path], empty_page: Path, tmp_path: Path
) -> None:
    (empty_page / "files.json").write_text("{}")  # as if it were of another release
    for demo in (empty_page, tmp_path / "nothing"):
        made = site(demo)
        assert not (made / "demo").exists()
        assert [linked(made, page) for page in ("", "browser/")] == [[], []]
        assert "live demo" not in (made / "index.html").read_text()
