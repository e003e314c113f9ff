"""The Hub on loopback, and the real client pointed at it; nothing outlives a test."""

import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hub_server import Hub, running_hub
from huggingface_hub import constants, file_download
from huggingface_hub.utils import _http, disable_progress_bars, enable_progress_bars


@pytest.fixture
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are not looked up, and connections to anything but this machine fail."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def refuse_others(host: object) -> None:
        if host not in ("127.0.0.1", "::1", None):
            pytest.fail(f"a test tried to reach {host!r}")  # no Exception, so that no one handles it

    def connect_to_loopback(sock: socket.socket, address: Any) -> None:
        if sock.family != socket.AF_UNIX:
            refuse_others(address[0])
        connect(sock, address)

    def look_up_loopback(host: Any, *args: Any, **options: Any) -> Any:
        refuse_others(host.decode() if isinstance(host, bytes) else host)
        return look_up(host, *args, **options)

    monkeypatch.setattr(socket.socket, "connect", connect_to_loopback)
    monkeypatch.setattr(socket, "getaddrinfo", look_up_loopback)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, loopback_only: None) -> Iterator[Hub]:
    """A running Hub that huggingface_hub takes for the Hub, with no one signed in."""
    with running_hub() as hub:
        # What the client read from the environment when it was imported.
        monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
        template = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True, raising=False)  # plain HTTP, in Python
        monkeypatch.setattr(constants, "AGENT_HARNESSES_PATH", str(tmp_path / "harnesses"), raising=False)
        for name in (
            "HF_TOKEN",
            "HUGGING_FACE_HUB_TOKEN",
            "HTTP_PROXY",
            "http_proxy",
            "ALL_PROXY",
            "all_proxy",
        ):
            monkeypatch.delenv(name, raising=False)
        # The client waits between its attempts.
        for module in (file_download, _http):
            monkeypatch.setattr(module, "time", SimpleNamespace(sleep=lambda seconds: None, time=lambda: 0.0))
        disable_progress_bars()
        try:
            yield hub
        finally:
            enable_progress_bars()
            _close_connections()


def _close_connections() -> None:
    """Forget the client's open connections: the next test's Hub may have the same port."""
    if hasattr(_http, "close_session"):
        _http.close_session()
    else:
        _http.reset_sessions()
