"""The app over HTTP: what it answers, and whom it keeps out."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from wholebody_lift import inputs, pretrained
from wholebody_lift.app import server as server_module
from wholebody_lift.app.server import MAX_BYTES, Server
from wholebody_lift.config import Config
from wholebody_lift.model.semgan import SemGAN


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def document(self) -> Any:
        assert self.headers["Content-Type"] == "application/json"
        return json.loads(self.body)


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
    assert inputs.read_pose(file.body, "squats.npz").fps == 5
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
    for what in ("file/.trc", "file/.npz?person=one"):
        assert ask(server, f"results/{id}/{what}").status == 409
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
    assert response.document["error"].startswith("a.json: got an object with a, which is no format")


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
        ("x" * 300, "x" * 100),
    ],
)
def test_names_are_names(server: Server, given: str, name: str) -> None:
    squat = json.dumps({"keypoints": np.random.default_rng(0).uniform(0, 500, (133, 2)).tolist()}).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wholebody_lift.keypoints.signs_of_mistakes", lambda *_, **__: [])
        result = ask(server, f"lift?name={given}", squat).document
    assert result["name"] == name
    file = ask(server, f"results/{result['id']}/file/.csv")
    assert file.status == 200
    assert "Set-Cookie" not in file.headers
    assert "<script>.json" not in ask(server, f"results/{result['id']}/view").body.decode()


def test_other_methods_are_refused(server: Server) -> None:
    for method in ("PUT", "DELETE", "OPTIONS", "HEAD"):
        assert ask(server, method=method).status == 501


def test_one_connection_for_many_requests(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    for path in ("", "about", "app.js"):
        connection.request("GET", f"/{server.token}/{path}")
        assert connection.getresponse().read()
    connection.close()


def test_a_client_that_leaves_is_no_news(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port)) as client:
        host = server.hosts[0]
        lines = [f"POST /{server.token}/lift HTTP/1.1", f"Host: {host}", f"Origin: http://{host}"]
        client.sendall("\r\n".join([*lines, "Content-Length: 99", "", "["]).encode())
    assert ask(server).status == 200
    assert "Traceback" not in capfd.readouterr().err


def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    pretrained.save(SemGAN(Config(channels=16, heads=2, layers=1)), tmp_path)
    command = [sys.executable, "-m", "wholebody_lift", "app", "--no-open", "--weights", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(server_module.__file__).parents[2])}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as app:
        assert app.stdout is not None
        assert app.stderr is not None
        url = app.stdout.readline().split()[-1]
        address = urlsplit(url)
        connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=20)
        connection.request("GET", address.path)
        assert connection.getresponse().status == 200  # and the connection stays open
        app.send_signal(signal.SIGINT)
        assert app.wait(timeout=20) == 0
        assert app.stderr.read() == ""
        connection.close()
