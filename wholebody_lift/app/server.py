"""The app over HTTP, for this computer alone.

It listens on 127.0.0.1 only. Every address begins with a secret that is new each time, so that neither
other users of the computer nor pages of the web know one. Requests by another host name are refused (DNS
rebinding), and so is whatever is posted from another page. There are no files behind the addresses but
those of the page, named one by one.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import sys
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from wholebody_lift.app.workshop import Workshop

MAX_BYTES = 128 * 2**20
"""The largest file that is taken: a quarter of an hour of one person as JSON, 30 frames per second."""

_SECONDS = 60
"""A connection that is silent for longer is closed."""

_PAGE = {
    "": ("index.html", "text/html; charset=utf-8"),
    "style.css": ("style.css", "text/css; charset=utf-8"),
    "app.js": ("app.js", "text/javascript; charset=utf-8"),
}
_JSON = "application/json"
_JSON_LINES = "application/jsonl"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "frame-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # the address is a secret
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_VIEWER_HEADERS = {"Content-Security-Policy": "sandbox allow-scripts; frame-ancestors 'self'"}
"""The viewer brings a policy of its own; this one takes the app's origin from it."""


class RequestError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class Server(ThreadingHTTPServer):
    """Serves a workshop at `url` from `serve_forever` until `shutdown` or an exception."""

    daemon_threads = True  # a browser that holds a connection does not keep the program from ending
    block_on_close = False

    def __init__(self, workshop: Workshop, port: int = 0) -> None:
        """Listen; port 0 is any that is free. Raises OSError if the port is taken."""
        super().__init__(("127.0.0.1", port), _Handler)
        self.workshop = workshop
        self.token = secrets.token_urlsafe(24)

    @property
    def hosts(self) -> tuple[str, ...]:
        """What this server is called by those who are meant to reach it."""
        return tuple(f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost"))

    @property
    def url(self) -> str:
        """The address of the page, with the secret."""
        return f"http://{self.hosts[0]}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Browsers that close early are no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "wholebody-lift"
    sys_version = ""
    timeout = _SECONDS

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: addresses are secret."""

    def _answer(self, respond: Any) -> None:
        try:
            respond(*self._address())
        except RequestError as refusal:
            self.close_connection = True  # what was sent may not have been read
            self._send(refusal.status, json.dumps({"error": str(refusal)}).encode(), _JSON)

    def _address(self) -> tuple[str, dict[str, str]]:
        """The path after the secret, and the query. Refuses who is not meant to be here."""
        if self.headers.get("Host") not in self.server.hosts:
            raise RequestError(HTTPStatus.MISDIRECTED_REQUEST, "this host name is not served")
        address = urlsplit(self.path)
        token, slash, path = address.path.removeprefix("/").partition("/")
        if not slash or not hmac.compare_digest(token.encode(), self.server.token.encode()):
            raise RequestError(
                HTTPStatus.NOT_FOUND, "there is nothing here; use the address that was printed"
            )
        return path, {name: values[0] for name, values in parse_qs(address.query).items()}

    # What is there

    def _get(self, path: str, query: Mapping[str, str]) -> None:
        if path in _PAGE:
            name, kind = _PAGE[path]
            content = (files("wholebody_lift.app") / "page" / name).read_bytes()
            self._send(HTTPStatus.OK, content, kind)
        elif path == "about":
            self._send_json({**self.server.workshop.about(), "max_bytes": MAX_BYTES})
        elif path.startswith("results/"):
            self._get_result(*path.split("/")[1:], person=query.get("person"), layout=query.get("layout"))
        else:
            raise RequestError(HTTPStatus.NOT_FOUND, "there is nothing here")

    def _get_result(
        self, id: str, what: str = "", *more: str, person: str | None, layout: str | None
    ) -> None:
        try:
            if what == "view" and not more:
                page = self.server.workshop.page(id).encode()
                self._send(HTTPStatus.OK, page, "text/html; charset=utf-8", _VIEWER_HEADERS)
                return
            if what != "file" or len(more) != 1:
                raise KeyError(what)
            who = None if person is None else int(person)
            name, content = self.server.workshop.export(id, more[0], who, layout)
        except KeyError:
            raise RequestError(
                HTTPStatus.NOT_FOUND, "this result is not kept any more; lift it again"
            ) from None
        except (ValueError, ImportError) as error:
            raise RequestError(HTTPStatus.CONFLICT, str(error)) from None
        attachment = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
        self._send(HTTPStatus.OK, content, "application/octet-stream", attachment)

    def _post(self, path: str, query: Mapping[str, str]) -> None:
        if self.headers.get("Origin") not in [f"http://{host}" for host in self.server.hosts]:
            raise RequestError(HTTPStatus.FORBIDDEN, "only the page itself may post")
        if path != "lift":
            raise RequestError(HTTPStatus.NOT_FOUND, "there is nothing here")
        self._lift(self._body(), query)

    def _lift(self, content: bytes, query: Mapping[str, str]) -> None:
        """Answers with the result or an error as JSON; for a video with lines of JSON, the last being that.

        The lines before it say how far the work is, {"done": frames, "of": frames or null}. A client that has
        gone cannot be told, and so the work on its video ends.
        """
        lines = _Lines(self)
        name = _file_name(query.get("name", ""))
        try:
            result = self.server.workshop.take(
                content, name, query, lambda done, of: lines.add(done=done, of=of)
            )
        except ConnectionError:
            raise
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            if not lines.begun:
                raise RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
            result = {"error": str(error)}
        if lines.begun:
            lines.add(**result)
            lines.end()
        else:
            self._send_json(result)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"\d{1,15}", length):
            raise RequestError(HTTPStatus.LENGTH_REQUIRED, "a length was wanted")
        if int(length) > MAX_BYTES:
            raise RequestError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"got a file of {int(length) / 2**20:.0f} MB; at most {MAX_BYTES / 2**20:.0f} MB were wanted",
            )
        content = self.rfile.read(int(length))
        if len(content) < int(length):
            raise ConnectionAbortedError
        return content

    # How it is sent

    def _send_json(self, document: Any) -> None:
        self._send(HTTPStatus.OK, json.dumps(document).encode(), _JSON)

    def _send(
        self, status: HTTPStatus, content: bytes, kind: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.begin(status, kind, {"Content-Length": str(len(content)), **(headers or {})})
        self.wfile.write(content)

    def begin(self, status: HTTPStatus, kind: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, **headers, "Content-Type": kind}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()


class _Lines:
    """An answer that comes line by line, each an object as JSON, and begins with the first."""

    def __init__(self, handler: _Handler) -> None:
        self._handler = handler
        self.begun = False

    def add(self, **document: Any) -> None:
        if not self.begun:
            self.begun = True
            self._handler.begin(HTTPStatus.OK, _JSON_LINES, {"Transfer-Encoding": "chunked"})
        self._chunk(json.dumps(document).encode() + b"\n")

    def end(self) -> None:
        self._chunk(b"")

    def _chunk(self, content: bytes) -> None:
        self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))


def _file_name(given: str) -> str:
    """A name to show and to save under: no folders, no control characters, not long."""
    name = re.sub(r"[\x00-\x1f\x7f]", "", re.split(r"[/\\]", given)[-1])[:100]
    return name if name.strip(". ") else "upload"
