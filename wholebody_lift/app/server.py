"""The app over HTTP, for this computer alone.

It listens on 127.0.0.1 only. Every address begins with a secret that is new at each start, so neither other
users of the computer nor web pages know a valid address. Requests under another host name (DNS rebinding) and
posts from other pages are refused. The only files it serves are those of the page, listed one by one. Every
failure is answered with a status and {"error": text} as JSON.
"""

from __future__ import annotations

import hmac
import io
import json
import logging
import re
import secrets
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from threading import BoundedSemaphore
from time import sleep
from typing import Any
from urllib.parse import parse_qs, quote

from wholebody_lift import pages
from wholebody_lift.app.camera import MAX_PICTURE_BYTES
from wholebody_lift.app.connections import Connections, DeadlineReader, has_hung_up
from wholebody_lift.app.workshop import NotFoundError, Report, Stage, Workshop

_LOGGER = logging.getLogger(__name__)

MAX_BYTES = 128 * 2**20
"""The largest file that is accepted: 15 minutes of one person at 30 frames per second, as JSON."""

REQUEST_SECONDS = 15.0
"""Within this time a request must be complete except for its body; idle connections are closed after it."""

BODY_SECONDS = 60.0
"""Within this time the body must be complete, and the client must take each piece of an answer."""

LINGER_SECONDS = 2.0
"""How long a refused client may go on sending before its connection is closed, and how long the server waits
for its connections to end when it is closed."""

MAX_CONNECTIONS = 64

MAX_JOBS = 6
"""The most files that may be lifted or waiting at once; each is held in memory."""

MAX_CAMERAS = 2
"""The most cameras that may run at once; each has a detector of its own."""

HANG_UP_SECONDS = 0.2
"""How soon after its page a camera ends."""

_BUSY = f"{MAX_JOBS} files are being lifted already; try again when one of them is done"
_CAMERAS_BUSY = f"{MAX_CAMERAS} cameras are running already; stop one of them, or close its tab"

_NAME_BYTES = 160
"""Longest file name in UTF-8. File systems take 255 bytes, and exports add to it."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Control characters, line ends and marks that reverse the direction of text."""

_HTML = "text/html; charset=utf-8"
_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
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
"""The viewer has its own policy; this one denies it the app's origin."""


@cache
def _page() -> dict[str, tuple[bytes, str]]:
    """The files of the page by path, each with its kind."""
    found = pages.contents("wholebody_lift.app")
    found[""] = found.pop("index.html")
    return {path: (content, _KINDS.get(PurePosixPath(path).suffix, _HTML)) for path, content in found.items()}


class RequestError(Exception):
    """Ends a request: it is answered with this status and text."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class Server(ThreadingHTTPServer):
    """Serves a workshop at `url` from `serve_forever` until `shutdown` or an exception."""

    daemon_threads = True  # a browser that holds a connection does not keep the program from ending
    block_on_close = False
    request_queue_size = MAX_CONNECTIONS

    def __init__(self, workshop: Workshop, port: int = 0) -> None:
        """Listen on a port, 0 for any free one. Raises OSError if the port is taken."""
        self.connections = Connections(MAX_CONNECTIONS)
        self.jobs = BoundedSemaphore(MAX_JOBS)
        self.cameras = BoundedSemaphore(MAX_CAMERAS)
        super().__init__(("127.0.0.1", port), _Handler)
        self.workshop = workshop
        self.token = secrets.token_urlsafe(24)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names that it answers to."""
        return tuple(f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost"))

    @property
    def url(self) -> str:
        """The address of the page, with the secret."""
        return f"http://{self.hosts[0]}/{self.token}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, if there is room for another connection."""
        if self.connections.admit(request):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.connections.forget(request)

    def server_close(self) -> None:
        """Stop listening, and end the connections, which browsers keep open otherwise."""
        super().server_close()
        self.connections.end(LINGER_SECONDS)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are not reported."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            _log(error)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "wholebody-lift"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self._incoming = DeadlineReader(self.connection)
        self.rfile = io.BufferedReader(self._incoming)

    def handle_one_request(self) -> None:
        self._incoming.allow(REQUEST_SECONDS)
        super().handle_one_request()

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: addresses are secret."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself refuses, such as a broken header or another method, in JSON as well."""
        status = HTTPStatus(code)
        self.request_version = self.protocol_version  # that of a broken request may not have been read
        self._refuse(status, f"expected an HTTP request by GET or POST: {message or status.phrase}")

    def _answer(self, respond: Callable[[str, Mapping[str, str]], None]) -> None:
        try:
            respond(*self._address())
        except RequestError as refusal:
            self._refuse(refusal.status, str(refusal))
        except OSError:
            raise  # the connection broke; errors of files are handled where files are used
        except Exception as error:
            _log(error)
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, _mistake(error))

    def _address(self) -> tuple[str, dict[str, str]]:
        """The path after the secret, and the query. Refuses requests without the secret or to other hosts."""
        if self.headers.get("Host") not in self.server.hosts:
            raise RequestError(HTTPStatus.MISDIRECTED_REQUEST, "this host name is not served")
        path, _, query = self.path.partition("?")
        token, slash, path = path.removeprefix("/").partition("/")
        if not slash or not hmac.compare_digest(token.encode(), self.server.token.encode()):
            raise RequestError(
                HTTPStatus.NOT_FOUND, "there is nothing here; use the address that was printed"
            )
        self.server.connections.trust(self.connection)
        try:
            fields = parse_qs(query, errors="strict", max_num_fields=20)
        except ValueError:  # UnicodeDecodeError among them
            raise RequestError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "expected a file name and fields in UTF-8, got other bytes; rename the file",
            ) from None
        return path, {name: values[0] for name, values in fields.items()}

    # What it serves

    def _get(self, path: str, query: Mapping[str, str]) -> None:
        if path in _page():
            self._send(HTTPStatus.OK, *_page()[path])
        elif path == "about":
            self._send_json({**self.server.workshop.about(), "max_bytes": MAX_BYTES})
        elif path == "example":
            with _failures(HTTPStatus.NOT_FOUND):
                content = self.server.workshop.example()
            self._send(HTTPStatus.OK, content, _JSON)
        elif path == "camera/view":
            content = self.server.workshop.live_page().encode()
            self._send(HTTPStatus.OK, content, _HTML, _VIEWER_HEADERS)
        elif path.startswith("results/"):
            self._get_result(*path.split("/")[1:], person=query.get("person"), layout=query.get("layout"))
        else:
            raise RequestError(HTTPStatus.NOT_FOUND, "there is nothing here")

    def _get_result(
        self, id: str, what: str = "", *more: str, person: str | None, layout: str | None
    ) -> None:
        with _failures(HTTPStatus.CONFLICT):
            if what == "view" and not more:
                page = self.server.workshop.page(id).encode()
                kind, headers = _HTML, _VIEWER_HEADERS
            elif what == "file" and len(more) == 1:
                who = None if person is None else _number(person)
                name, page = self.server.workshop.export(id, more[0], who, layout)
                kind, headers = "application/octet-stream", _attachment(name)
            else:
                raise RequestError(HTTPStatus.NOT_FOUND, "there is nothing here")
        self._send(HTTPStatus.OK, page, kind, headers)

    def _post(self, path: str, query: Mapping[str, str]) -> None:
        if self.headers.get("Origin") not in [f"http://{host}" for host in self.server.hosts]:
            raise RequestError(HTTPStatus.FORBIDDEN, "only the page itself may post")
        match path.split("/"):
            case ["lift"]:
                with self._place(self.server.jobs, _BUSY):
                    content, name = self._body(self._length()), _file_name(query.get("name", ""))
                    self._work(lambda report: self.server.workshop.take(content, name, query, report))
            case ["camera"]:
                with self._place(self.server.cameras, _CAMERAS_BUSY):
                    self._camera(query)
            case ["camera", id, "picture"]:
                self._picture(id, query)
            case ["camera", id, "record"]:
                with _failures(HTTPStatus.CONFLICT):
                    self.server.workshop.running(id).record()
                self._send_json({})
            case ["camera", id, "lift"]:
                with self._place(self.server.jobs, _BUSY):
                    name = f"camera-{datetime.now():%Y-%m-%d-%H%M%S}"
                    take = self.server.workshop.lift_recording
                    self._work(lambda report: take(id, name, query, report))
            case _:
                raise RequestError(HTTPStatus.NOT_FOUND, "there is nothing here")

    @contextmanager
    def _place(self, places: BoundedSemaphore, busy: str) -> Iterator[None]:
        """Take one of a few places; refuses the request if there is none."""
        self._length()
        if not places.acquire(blocking=False):
            raise RequestError(HTTPStatus.SERVICE_UNAVAILABLE, busy)
        try:
            yield
        finally:
            places.release()

    def _work(self, work: Callable[[Report], dict[str, Any]]) -> None:
        """Answers with the result or an error as JSON; where it takes longer, as the last of several lines.

        Those before it say how far the work is, {"stage": text, "done": number, "of": number or null}. If
        the client has hung up, the work ends at the next of them.
        """
        lines = _Lines(self)
        try:
            with _failures(HTTPStatus.UNPROCESSABLE_ENTITY):
                result = work(lines.report)
        except RequestError as refusal:
            if not lines.begun:
                raise
            result = {"error": str(refusal), "status": refusal.status}
        if lines.begun:
            lines.add(result)
            lines.end()
        else:
            self._send_json(result)

    def _camera(self, query: Mapping[str, str]) -> None:
        """Runs a camera until the client hangs up; a line {"id": text} says that pictures may come."""
        lines = _Lines(self)
        try:
            with (
                _failures(HTTPStatus.UNPROCESSABLE_ENTITY),
                self.server.workshop.camera(query, lines.require_client) as camera,
            ):
                lines.add({"id": camera.id})
                while True:
                    lines.require_client()
                    sleep(HANG_UP_SECONDS)
        except RequestError as refusal:
            if not lines.begun:
                raise
            lines.add({"error": str(refusal), "status": refusal.status})
            lines.end()

    def _picture(self, id: str, query: Mapping[str, str]) -> None:
        picture = self._body(self._length(MAX_PICTURE_BYTES))
        try:
            seconds = float(query.get("seconds", ""))
        except ValueError:
            raise RequestError(
                HTTPStatus.UNPROCESSABLE_ENTITY, "expected the time of the picture in seconds"
            ) from None
        with _failures(HTTPStatus.UNPROCESSABLE_ENTITY):
            seen = self.server.workshop.running(id).look(picture, seconds)
        self._send_json(seen)

    def _length(self, most: int | None = None) -> int:
        """Of the body, in bytes; MAX_BYTES at most, unless another limit is given."""
        most = MAX_BYTES if most is None else most
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,15}", length):
            raise RequestError(HTTPStatus.LENGTH_REQUIRED, "expected a Content-Length")
        if int(length) > most:
            raise RequestError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"expected a file of at most {most / 2**20:.0f} MB, got {int(length) / 2**20:.0f} MB",
            )
        return int(length)

    def _body(self, length: int) -> bytes:
        self._incoming.allow(BODY_SECONDS)
        try:
            content = self.rfile.read(length)
        except TimeoutError:
            raise RequestError(
                HTTPStatus.REQUEST_TIMEOUT, f"expected the whole file within {BODY_SECONDS:.0f} seconds"
            ) from None
        if len(content) < length:
            raise ConnectionAbortedError
        return content

    # Sending

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        self.close_connection = True
        self._send(status, json.dumps({"error": text}).encode(), _JSON)
        with suppress(OSError):  # read and drop the rest of the request: a reset would lose the answer
            self.connection.shutdown(socket.SHUT_WR)
            self._incoming.allow(LINGER_SECONDS)
            while self.rfile.read1(2**16):
                pass

    def _send_json(self, document: Any) -> None:
        self._send(HTTPStatus.OK, json.dumps(document).encode(), _JSON)

    def _send(
        self, status: HTTPStatus, content: bytes, kind: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.begin(status, kind, {"Content-Length": str(len(content)), **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(content)

    def begin(self, status: HTTPStatus, kind: str, headers: Mapping[str, str]) -> None:
        self.connection.settimeout(BODY_SECONDS)
        self.send_response(status)
        for name, value in {**_HEADERS, **headers, "Content-Type": kind}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()


class _Lines:
    """An answer that is sent line by line, each line a JSON object; the first line starts it."""

    def __init__(self, handler: _Handler) -> None:
        self._handler = handler
        self.begun = False

    def require_client(self) -> None:
        """Raises ConnectionError when the client has hung up."""
        if has_hung_up(self._handler.connection):
            raise ConnectionAbortedError

    def report(self, stage: Stage, done: int, of: int | None) -> None:
        """A line that says how far the work is. Raises ConnectionError when the client has hung up."""
        self.require_client()
        self.add({"stage": stage, "done": done, "of": of})

    def add(self, document: Mapping[str, Any]) -> None:
        if not self.begun:
            self.begun = True
            self._handler.begin(HTTPStatus.OK, _JSON_LINES, {"Transfer-Encoding": "chunked"})
        self._chunk(json.dumps(document).encode() + b"\n")

    def end(self) -> None:
        self._chunk(b"")

    def _chunk(self, content: bytes) -> None:
        self._handler.connection.settimeout(BODY_SECONDS)
        self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))


@contextmanager
def _failures(status: HTTPStatus) -> Iterator[None]:
    """Turn errors in the block into RequestErrors, with this status if the input is to blame."""
    try:
        yield
    except (RequestError, ConnectionError, TimeoutError):
        raise
    except NotFoundError as error:
        raise RequestError(HTTPStatus.NOT_FOUND, str(error)) from None
    except MemoryError:
        raise RequestError(
            status, "there is not enough memory for this; split the file, or close other programs"
        ) from None
    except (ImportError, RuntimeError, ValueError) as error:  # RecursionError is a RuntimeError
        raise RequestError(status, str(error)) from None
    except Exception as error:
        _log(error)
        raise RequestError(HTTPStatus.INTERNAL_SERVER_ERROR, _mistake(error)) from None


def _mistake(error: Exception) -> str:
    """What the page shows for an error of our own."""
    if isinstance(error, OSError):  # a full disk, say
        return str(error)
    return f"wholebody-lift itself failed ({type(error).__name__}: {error}); please report it"


def _log(error: BaseException | None) -> None:
    """One line on stderr; with --debug the traceback."""
    debug = _LOGGER.isEnabledFor(logging.DEBUG)
    _LOGGER.error("%s: %s", type(error).__name__, error, exc_info=error if debug else None)


def _number(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, "expected the number of a person")
    return int(text)


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}


def _file_name(given: str) -> str:
    """A name to show and to save under: no folders, no control characters, short enough for file systems."""
    name = PurePosixPath(_CONTROLS.sub("", re.split(r"[/\\]", given)[-1]))
    suffix = _cut(name.suffix, 20)
    short = _cut(name.stem, _NAME_BYTES - len(suffix.encode())) + suffix
    return short if short.strip(". ") else "upload"


def _cut(text: str, most: int) -> str:
    """The beginning of a text that fits into `most` bytes of UTF-8."""
    return text.encode()[:most].decode(errors="ignore")
