"""The app over HTTP: what it answers, and whom it keeps out."""

import http.client
import io
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Event, active_count
from time import sleep
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np
import pytest
from serving import serving
from waiting import PATIENCE, until

from wholebody_lift import detectors, formats, pretrained
from wholebody_lift.app import server as server_module
from wholebody_lift.app.server import MAX_BYTES, Server
from wholebody_lift.app.workshop import Workshop
from wholebody_lift.config import Config
from wholebody_lift.model.semgan import SemGAN


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def document(self) -> Any:
        """As JSON; of lines, the last."""
        lines = self.body.splitlines()
        if self.headers["Content-Type"] != "application/jsonl":
            assert self.headers["Content-Type"] == "application/json"
            assert len(lines) == 1
        return json.loads(lines[-1])


def ask(
    server: Server,
    path: str = "",
    body: bytes | None = None,
    *,
    method: str | None = None,
    token: str | None = None,
    **headers: str,
) -> Answer:
    """A request as the page sends it; `headers` replace those of the page, empty ones are left out."""
    own = {"Host": server.hosts[0]}
    if body is not None:
        own |= {"Origin": f"http://{server.hosts[0]}", "Content-Length": str(len(body))}
    own |= {name.replace("_", "-"): value for name, value in headers.items()}
    address = f"/{token or server.token}/{path}"
    with closing(http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)) as connection:
        connection.putrequest(method or ("GET" if body is None else "POST"), address, skip_host=True)
        for name, value in own.items():
            if value:
                connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


@pytest.fixture
def squats_file(example_data: Path) -> bytes:
    return (example_data / "squats.json").read_bytes()


def test_listens_to_this_computer_alone(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    address = urlsplit(server.url)
    assert (address.hostname, address.port) == ("127.0.0.1", server.server_port)
    assert len(address.path.strip("/")) >= 32


def test_every_app_has_a_secret_of_its_own(server: Server) -> None:
    with Server(server.workshop) as other:
        assert other.token != server.token
        assert other.server_port != server.server_port


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("", "text/html"),
        ("app.js", "text/javascript"),
        ("style.css", "text/css"),
        ("about", "application/json"),
    ],
)
def test_the_page_and_its_headers(server: Server, path: str, kind: str) -> None:
    response = ask(server, path)
    assert response.status == 200
    assert response.headers["Content-Type"].startswith(kind)
    assert len(response.body) == int(response.headers["Content-Length"])
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_lift_view_and_download(server: Server, squats_file: bytes) -> None:
    response = ask(server, "lift?name=squats.json&fps=5", squats_file)
    assert response.status == 200
    result = response.document
    view = ask(server, f"results/{result['id']}/view")
    assert view.status == 200
    assert view.headers["Content-Security-Policy"] == "sandbox allow-scripts; frame-ancestors 'self'"
    assert "<title>squats.json</title>" in view.body.decode()
    file = ask(server, f"results/{result['id']}/file/.npz")
    assert file.headers["Content-Disposition"] == "attachment; filename*=UTF-8''squats.npz"
    assert formats.read_pose(file.body).fps == 5
    person = ask(server, f"results/{result['id']}/file/.npz?person=0")
    assert person.headers["Content-Disposition"].endswith("squats-person0.npz")


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "server.py",
        "../server.py",
        "..%2fserver.py",
        "page/app.js",
        "lift",
        "results/",
        "results/nothing/view",
        "results/nothing/file/.npz",
        "/etc/passwd",
    ],
)
def test_nothing_else_is_there(server: Server, path: str) -> None:
    response = ask(server, path)
    assert response.status == 404
    assert response.document["error"]


def test_no_paths_within_a_result(server: Server, example_data: Path) -> None:
    photos = (example_data / "photos.json").read_bytes()
    id = ask(server, "lift?name=photos.json", photos).document["id"]
    for path in (
        "",
        "/view/x",
        "/file",
        "/file/../../x",
        "/file/.npz/x",
        "/file/.exe",
        "/file/.npz?person=7",
    ):
        assert ask(server, f"results/{id}{path}").status == 404
    assert ask(server, f"results/{id}/file/.trc").status == 409
    for who in ("one", "1" * 5000, "²", "-"):
        assert ask(server, f"results/{id}/file/.npz?person={quote(who)}").status in (404, 422)
    assert "frames per second" in ask(server, f"results/{id}/file/.trc").document["error"]


@pytest.mark.parametrize(
    ("status", "how"),
    [
        (404, {"token": "guess"}),
        (404, {"token": "gu%C3%A9ss"}),
        (421, {"Host": "evil.example"}),
        (421, {"Host": "evil.example:80"}),
        (421, {"Host": "127.0.0.1"}),
        (421, {"Host": ""}),
    ],
)
def test_strangers_get_nothing(server: Server, status: int, how: dict[str, str]) -> None:
    for body in (None, b"[]"):
        response = ask(server, "" if body is None else "lift", body, **how)  # type: ignore[arg-type]
        assert response.status == status
        assert server.token not in response.body.decode()


def test_the_name_localhost_is_ours(server: Server) -> None:
    assert ask(server, Host=server.hosts[1]).status == 200


@pytest.mark.parametrize(
    "origin", ["", "null", "http://evil.example", "https://127.0.0.1", "http://127.0.0.1"]
)
def test_other_pages_cannot_post(server: Server, squats_file: bytes, origin: str) -> None:
    assert ask(server, "lift?name=a.json", squats_file, Origin=origin).status == 403


def test_sizes(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    response = ask(server, "lift", b"", Content_Length=str(MAX_BYTES + 1))
    assert response.status == 413
    assert "at most 128 MB" in response.document["error"]
    for length in ("", "-1", "many", "1e3"):
        assert ask(server, "lift", b"", Content_Length=length).status == 411
    monkeypatch.setattr(server_module, "MAX_BYTES", 1)
    assert ask(server, "lift", b"[]").status == 413


def test_a_wrong_file_is_told_why(server: Server) -> None:
    response = ask(server, "lift?name=a.json", b'{"a": 1}')
    assert response.status == 422
    assert re.match("a.json: .*got an object with a", response.document["error"])


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("squats.json", "squats.json"),
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("C:%5Cme%5Cphoto.jpg", "photo.jpg"),
        ("a%0D%0ASet-Cookie:%20b", "aSet-Cookie: b"),
        ("", "upload"),
        ("..", "upload"),
        ("%3Cscript%3E.json", "<script>.json"),
        ("a%E2%80%AEgpj.exe", "agpj.exe"),
        ("x" * 300, "x" * 160),
        ("x" * 300 + ".json", "x" * 155 + ".json"),
        (
            quote("\N{CJK UNIFIED IDEOGRAPH-4EBA}" * 300 + ".json"),
            "\N{CJK UNIFIED IDEOGRAPH-4EBA}" * 51 + ".json",
        ),
        (quote("\N{WOMAN}" * 300), "\N{WOMAN}" * 40),
        ("a." + "b" * 300, "a." + "b" * 19),
    ],
)
def test_names_are_names(server: Server, given: str, name: str) -> None:
    squat = json.dumps({"keypoints": np.random.default_rng(0).uniform(0, 500, (133, 2)).tolist()}).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wholebody_lift.keypoints.signs_of_mistakes", lambda *_, **__: [])
        result = ask(server, f"lift?name={given}", squat).document
    assert result["name"] == name
    for what in (".csv", ".npz", ".html", ".csv?layout=wide"):
        file = ask(server, f"results/{result['id']}/file/{what}")
        assert file.status == 200
    assert "Set-Cookie" not in file.headers
    assert "<script>.json" not in ask(server, f"results/{result['id']}/view").body.decode()


def test_no_connection_outlives_the_server(workshop: Workshop) -> None:
    """Browsers keep theirs open; so would their threads, for as long as a request may take to come."""
    before = active_count()
    with serving(Server(workshop)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
        connection.request("GET", f"/{server.token}/about")
        assert connection.getresponse().read()
    assert server.connections._trusted == {}
    with closing(connection):
        assert connection.sock.recv(1) == b""
    until(lambda: active_count() == before)


def test_other_methods_are_refused(server: Server) -> None:
    for method in ("PUT", "DELETE", "OPTIONS", "HEAD"):
        assert ask(server, method=method).status == 501


def test_one_connection_for_many_requests(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    for path in ("", "about", "app.js"):
        connection.request("GET", f"/{server.token}/{path}")
        assert connection.getresponse().read()
    connection.close()


@pytest.mark.parametrize(
    ("query", "status"),
    [("name=%FF%FE.json", 422), ("name=%ED%A0%80", 422), ("&".join(f"a{i}=1" for i in range(99)), 422)],
)
def test_queries_that_are_not_read(server: Server, query: str, status: int) -> None:
    response = ask(server, f"lift?{query}", b"[]")
    assert response.status == status
    assert "UTF-8" in response.document["error"]


@pytest.mark.parametrize(
    ("field", "value"), [("width", "1e308"), ("height_mm", "1e308"), ("focal", "1e308"), ("fps", "1e9")]
)
def test_absurd_numbers_are_refused(server: Server, squats_file: bytes, field: str, value: str) -> None:
    other = "&height=1" if field == "width" else ""
    response = ask(server, f"lift?name=a.json&{field}={value}{other}", squats_file)
    assert response.status == 422
    assert response.document["error"]


def npz_of_zeros(count: int) -> bytes:
    """Many people in a file of a few kilobytes."""
    content = io.BytesIO()
    with (
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("keypoints.npy", "w") as file,
    ):
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f8", "fortran_order": False, "shape": (count, 133, 3)}
        )
        for _ in range(count // 1000):
            file.write(bytes(8 * 133 * 3 * 1000))
    return content.getvalue()


def test_bombs_are_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files that would become gigabytes."""
    cv2 = pytest.importorskip("cv2", reason="needs OpenCV")
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded it"))
    monkeypatch.setattr(detectors, "start", lambda *_, **__: nullcontext(lambda picture: []))
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header + bytes(99)
    response = ask(server, "lift?name=bomb.png", png)
    assert response.status == 422
    assert "bomb.png: expected at most 150 megapixels" in response.document["error"]
    response = ask(server, "lift?name=bomb.npz", npz_of_zeros(100_000))
    assert response.status == 422
    assert response.document["error"].startswith("bomb.npz: ")
    response = ask(server, "lift?name=deep.json", b"[" * 100_000)
    assert response.status == 422
    response = ask(server, "lift?name=large.json", b'{"keypoints": [' + b"9" * 5000 + b"]}")
    assert response.status == 422


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"PK\x03\x04",
        b"\x93NUMPY\x01\0\x10\0{'a': ",
        b"null",
        b'{"people": ["x"]}',
        b'{"pose_landmarks": 5}',
        b'{"images": null, "annotations": 1}',
        b'[{"keypoints": "x"}]',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe[",
        b'{"keypoints": NaN}',
        b'{"format": "wholebody-lift pose", "xyz": 1}',
        b"ply\n",
    ],
)
def test_files_that_are_something_else(
    server: Server, capfd: pytest.CaptureFixture[str], content: bytes
) -> None:
    response = ask(server, "lift?name=a.json", content)
    assert response.status == 422
    assert response.document["error"].startswith("a.json: ")
    assert "pickle" not in response.document["error"]
    assert capfd.readouterr().err == ""


def talk(server: Server, request: bytes) -> bytes:
    """What comes back to some bytes, until the connection ends."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as client:
        client.sendall(request)
        answer = b""
        while piece := client.recv(2**16):
            answer += piece
        return answer


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, b"nonsense\r\n\r\n"),
        (400, b"GET / HTTP/x\r\n\r\n"),
        (400, b"GET / HTTP/1.1 and more\r\n\r\n"),
        (505, b"GET / HTTP/9.0\r\n\r\n"),
        (414, b"GET /" + b"x" * 2**17 + b" HTTP/1.1\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\n" + b"".join(b"x%d: y\r\n" % i for i in range(200)) + b"\r\n"),
        (431, b"GET / HTTP/1.1\r\nx: " + b"x" * 2**17 + b"\r\n\r\n"),
        (501, b"BREW / HTTP/1.1\r\n\r\n"),
        (421, b"GET //[ HTTP/1.1\r\n\r\n"),
    ],
)
def test_broken_requests_are_answered_in_json(
    server: Server, capfd: pytest.CaptureFixture[str], status: int, request_: bytes
) -> None:
    head, _, body = talk(server, request_).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nContent-Type: application/json" in head
    assert json.loads(body)["error"]
    assert ask(server).status == 200
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("error", [TypeError("five"), KeyError("five"), AssertionError("five")])
def test_our_own_mistakes_are_answered_in_json(
    server: Server,
    squats_file: bytes,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def fail(*_: object) -> None:
        raise error

    for method, path, body in (
        ("_lift", "lift?name=a.json", squats_file),
        ("page", "results/x/view", None),
        ("export", "results/x/file/.npz", None),
        ("about", "about", None),
    ):
        monkeypatch.setattr(server.workshop, method, fail)
        response = ask(server, path, body)
        assert response.status == 500
        assert type(error).__name__ in response.document["error"]
        assert "please report" in response.document["error"]
    assert len(caplog.records) == 4
    assert not any(record.exc_info for record in caplog.records)
    assert "Traceback" not in capfd.readouterr().err


def test_a_lack_of_memory_is_told(
    server: Server, squats_file: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(server.workshop, "_lift", fail)
    response = ask(server, "lift?name=a.json", squats_file)
    assert response.status == 422
    assert "memory" in response.document["error"]


def drip(server: Server, begin: bytes) -> bytes:
    """What comes back to some bytes and then one more every now and then, until the connection ends."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=0.05) as client:
        client.sendall(begin)
        answer = b""
        for _ in range(600):
            try:
                client.sendall(b"x")
                piece = client.recv(2**16)
            except TimeoutError:
                continue
            except ConnectionError:
                return answer
            if not piece:
                return answer
            answer += piece
    raise AssertionError("the connection is still open")


def test_a_request_that_drips_is_ended(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "REQUEST_SECONDS", 0.3)
    assert drip(server, b"G") == b""
    assert drip(server, b"GET / HTTP/1.1\r\nHost: ") == b""


def test_a_body_that_drips_is_ended(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(server_module, "LINGER_SECONDS", 0.3)
    host = server.hosts[0]
    lines = [f"POST /{server.token}/lift HTTP/1.1", f"Host: {host}", f"Origin: http://{host}"]
    answer = drip(server, "\r\n".join([*lines, "Content-Length: 9999", "", ""]).encode())
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert ask(server).status == 200


def test_strangers_do_not_keep_the_user_out(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many connections they open, there are only so many threads."""
    monkeypatch.setattr(server_module, "MAX_CONNECTIONS", 4)
    monkeypatch.setattr(server_module, "REQUEST_SECONDS", 10 * PATIENCE)  # they would go by themselves
    before = active_count()
    with serving(Server(workshop)) as server, ExitStack() as stack:
        for _ in range(30):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.server_port)))
            client.sendall(b"GET /")
        assert ask(server).status == 200
        until(lambda: active_count() <= before + 1 + 4)  # the server's own, and those of connections


def test_so_many_jobs_at_once(server: Server, squats_file: bytes) -> None:
    for _ in range(server_module.MAX_JOBS):
        assert server.jobs.acquire(blocking=False)
    response = ask(server, "lift?name=a.json", squats_file)
    assert response.status == 503
    assert "try again" in response.document["error"]
    server.jobs.release()
    assert ask(server, "lift?name=a.json", squats_file).status == 200


def test_a_closed_tab_ends_the_work(
    server: Server, squats_file: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = Event(), Event()

    def work(*given: Any) -> Any:
        report = given[-1]

        try:
            for done in range(10**5):
                report("lifting", done, None)
                begun.set()
                sleep(0.005)
        finally:
            ended.set()
        raise AssertionError

    monkeypatch.setattr(server.workshop, "_lift", work)
    host = server.hosts[0]
    lines = [f"POST /{server.token}/lift HTTP/1.1", f"Host: {host}", f"Origin: http://{host}"]
    with socket.create_connection(("127.0.0.1", server.server_port)) as client:
        client.sendall("\r\n".join([*lines, f"Content-Length: {len(squats_file)}", "", ""]).encode())
        client.sendall(squats_file)
        assert begun.wait(30)
    assert ended.wait(30)
    assert server.workshop._results == {}


def test_a_client_that_leaves_is_no_news(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port)) as client:
        host = server.hosts[0]
        lines = [f"POST /{server.token}/lift HTTP/1.1", f"Host: {host}", f"Origin: http://{host}"]
        client.sendall("\r\n".join([*lines, "Content-Length: 99", "", "["]).encode())
    assert ask(server).status == 200
    assert "Traceback" not in capfd.readouterr().err


@pytest.fixture
def heard_by_children() -> Iterator[None]:
    """Ctrl-C: a program in the background is started with SIGINT ignored, and so are its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard_by_children")
def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    pretrained.save(SemGAN(Config(channels=16, heads=2, layers=1)), tmp_path)
    command = [sys.executable, "-m", "wholebody_lift", "app", "--no-open", "--weights", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(server_module.__file__).parents[2])}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as app:
        try:
            assert app.stdout is not None
            assert app.stderr is not None
            url = app.stdout.readline().split()[-1]
            address = urlsplit(url)
            connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=20)
            connection.request("GET", address.path)
            assert connection.getresponse().status == 200  # and the connection stays open
            app.send_signal(signal.SIGINT)
            assert app.wait(timeout=20) == 130  # as shells see SIGINT
            assert app.stderr.read() == "wholebody-lift: interrupted\n"
            connection.close()
        finally:
            app.kill()
