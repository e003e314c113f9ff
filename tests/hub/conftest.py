"""The Hub on loopback, and the real client pointed at it; nothing outlives a test."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hub_server import Hub, running_hub
from huggingface_hub import file_download
from huggingface_hub.utils import _http, disable_progress_bars, enable_progress_bars

from wholebody_lift.hub import THREAD_NAME


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
def set_for_client(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, object], None]:
    """Change what the client read from the environment when it was imported, in all its modules' copies."""

    def change(name: str, value: object) -> None:
        for module_name, module in list(sys.modules.items()):
            if module_name.split(".")[0] == "huggingface_hub" and name in vars(module):
                monkeypatch.setattr(module, name, value)
        _close_connections()  # they, too, may hold what was set when they were opened

    return change


@pytest.fixture
def hub(
    monkeypatch: pytest.MonkeyPatch,
    set_for_client: Callable[[str, object], None],
    tmp_path: Path,
    loopback_only: None,
) -> Iterator[Hub]:
    """A running Hub that huggingface_hub takes for the Hub, with no one signed in."""
    with running_hub() as hub:
        settings = {
            "ENDPOINT": hub.endpoint,
            "HUGGINGFACE_CO_URL_TEMPLATE": hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}",
            "HF_HUB_CACHE": str(tmp_path / "cache"),
            "HF_TOKEN_PATH": str(tmp_path / "no-token"),
            "HF_HUB_OFFLINE": False,
            "HF_HUB_DISABLE_XET": True,  # plain HTTP, in Python
            "AGENT_HARNESSES_PATH": str(tmp_path / "harnesses"),
        }
        for name, value in settings.items():
            set_for_client(name, value)
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
            hub.released.set()
            _end_late_calls()
            _close_connections()


def _end_late_calls() -> None:
    """Wait for calls that went on after their deadline."""
    for thread in threading.enumerate():
        if thread.name == THREAD_NAME:
            thread.join(30)


def _close_connections() -> None:
    """Forget the client's open connections: the next test's Hub may have the same port."""
    if hasattr(_http, "close_session"):
        _http.close_session()
    else:
        _http.reset_sessions()
