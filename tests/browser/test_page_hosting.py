"""The page on static hosts, in a folder: it finds its files, and works when the host has gone."""

from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from chromium import SOFTWARE_GPU, launched, open_page
from fake_packages import build_page
from serving import serving

FOLDER = "docs/demo/"
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "assets" / "webcam.png"


class _Host(SimpleHTTPRequestHandler):
    """No headers but what files need."""

    root: Path

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, directory=str(self.root))

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""


class _ShortAddresses(_Host):
    """page.html is found at page, and index.html at its folder."""

    def do_GET(self) -> None:
        if self.path.endswith(".html"):
            self.send_response(308)
            self.send_header("Location", self.path.removesuffix(".html").removesuffix("index") or "/")
            self.end_headers()
            return
        if (self.root / f"{self.path[1:]}.html").is_file():
            self.path += ".html"
        super().do_GET()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched(gpu=SOFTWARE_GPU) as browser:
        yield browser


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("host")
    (root / "docs").mkdir()
    build_page(root / FOLDER)
    return root


@pytest.mark.parametrize("kind", [_Host, _ShortAddresses])
def test_a_static_host_will_do(kind: type[_Host], browser: Any, root: Path) -> None:
    """Until MediaPipe is to start, which is empty here."""
    host = type("Host", (kind,), {"root": root})
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), host)) as server:
        url = f"http://localhost:{server.server_port}/{FOLDER}"
        page = open_page(browser, f"{url}index.html")
        page.wait_for_selector("#choose:enabled")
        page.set_input_files("#file", PICTURE)
        page.wait_for_selector("body[data-state='failed']")
        assert page.inner_text("#problem") == "The page could not go on"
        scope = "navigator.serviceWorker.getRegistration().then((worker) => worker?.scope)"
        assert page.evaluate(scope) == url
    page.goto(url)  # the host has gone
    page.wait_for_selector("#choose:enabled")
    page.wait_for_function("() => frames[0].document.querySelector('main:not([aria-busy])')")
    lost = page.evaluate(
        """async () => {
          const { files } = await (await fetch("files.json")).json();
          const kept = async (path) => (await fetch(path).catch(() => ({ ok: false }))).ok;
          const paths = Object.keys(files).filter((path) => !path.startsWith("onnxruntime/webgpu/"));
          const all = await Promise.all(paths.map(async (path) => [path, await kept(path)]));
          return all.filter(([, ok]) => !ok).map(([path]) => path);
        }"""
    )
    assert lost == []
    page.close()
