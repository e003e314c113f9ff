"""Serve a built page from this computer to this computer."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Server(ThreadingHTTPServer):
    """Serves a folder at `url` from `serve_forever` until `shutdown` or an exception."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        """Listen on a port, 0 for any free one. Raises OSError if the port is taken."""
        super().__init__(("127.0.0.1", port), partial(_Handler, directory=str(folder)))

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}/"


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012 (so it is in the base class)
        **SimpleHTTPRequestHandler.extensions_map,
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".json": "application/json",
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: each file would be a line."""
