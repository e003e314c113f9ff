"""A running camera over HTTP: it lasts as long as its page, and nobody else reaches it."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager

import numpy as np
import pytest
from fake_detector import SIZE, FakeDetector, jpeg
from serving import serving
from test_app_server import ask
from waiting import until

from wholebody_lift import Keypoints2D, Lifter, formats
from wholebody_lift.app import server as server_module
from wholebody_lift.app.camera import MAX_PICTURE_BYTES
from wholebody_lift.app.server import Server
from wholebody_lift.app.workshop import Workshop

pytest.importorskip("cv2", reason="needs OpenCV")


@pytest.fixture
def workshop(lifter: Lifter, squats: Keypoints2D) -> Workshop:
    return Workshop(lifter, FakeDetector.of(squats, SIZE[0] / squats.image_size[0, 0]))


@contextmanager
def running(server: Server, query: str = "") -> Iterator[str]:
    """The id of a camera that runs until the connection is closed."""
    host = server.hosts[0]
    with closing(http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)) as connection:
        connection.request("POST", f"/{server.token}/camera{query}", b"", {"Origin": f"http://{host}"})
        with connection.getresponse() as response:
            line = json.loads(response.readline())
            assert response.status == 200, line
            assert response.headers["Content-Type"] == "application/jsonl"
            yield line["id"]


def test_pictures_in_people_out_and_a_recording(server: Server) -> None:
    with running(server, "?height_mm=1700") as id:
        for n in range(3):
            seen = ask(server, f"camera/{id}/picture?seconds={n / 5}", jpeg())
            assert seen.status == 200
            assert len(seen.document["people"]) == 1
        assert ask(server, f"camera/{id}/record", b"").status == 200
        for n in range(3, 9):
            seen = ask(server, f"camera/{id}/picture?seconds={n / 5}", jpeg())
        assert seen.document["recorded"]["seconds"] == pytest.approx(1.0)
        result = ask(server, f"camera/{id}/lift?lock_feet=on", b"").document
    assert result["name"].startswith("camera-20")
    file = ask(server, f"results/{result['id']}/file/.npz")
    pose = formats.read_pose(file.body)
    assert len(pose) == 6
    assert pose.scale_source == "height_mm"
    assert ask(server, f"results/{result['id']}/view").status == 200


def test_it_ends_with_its_page(server: Server) -> None:
    with running(server) as id:
        assert ask(server, f"camera/{id}/picture?seconds=1", jpeg()).status == 200
    until(lambda: not server.workshop._cameras)
    for what in ("picture?seconds=2", "record", "lift"):
        response = ask(server, f"camera/{id}/{what}", jpeg())
        assert response.status == 404
        assert "start it again" in response.document["error"]


def test_so_many_cameras_at_once(server: Server) -> None:
    with running(server), running(server) as second:
        response = ask(server, "camera", b"")
        assert response.status == 503
        assert "stop one" in response.document["error"]
        assert ask(server, f"camera/{second}/picture?seconds=1", jpeg()).status == 200
    until(lambda: not server.workshop._cameras)
    with running(server) as third:
        assert third


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("picture?seconds=1", b"no picture", 422),
        ("picture?seconds=soon", None, 422),
        ("picture", None, 422),
        ("picture?seconds=nan", None, 422),
        ("picture?seconds=1", b"\xff\xd8\xff" + bytes(99), 422),
        ("lift", b"", 422),
        ("lift?height_mm=tall", b"", 422),
        ("else", b"", 404),
        ("", b"", 404),
        ("picture/more?seconds=1", b"", 404),
    ],
)
def test_what_is_refused(server: Server, path: str, body: bytes | None, status: int) -> None:
    with running(server) as id:
        response = ask(server, f"camera/{id}/{path}", jpeg() if body is None else body)
        assert response.status == status
        assert response.document["error"]
        assert ask(server, f"camera/{id}/picture?seconds=5", jpeg()).status == 200


def test_strangers_reach_no_camera(server: Server) -> None:
    with running(server) as id:
        path = f"camera/{id}/picture?seconds=1"
        assert ask(server, path, jpeg(), Origin="http://evil.example").status == 403
        assert ask(server, path, jpeg(), token="guess").status == 404
        assert ask(server, path, jpeg(), Host="evil.example").status == 421
        assert ask(server, "camera/guess/picture?seconds=1", jpeg()).status == 404
        assert ask(server, path, b"", Content_Length=str(MAX_PICTURE_BYTES + 1)).status == 413
    assert ask(server, "camera", b"", Origin="null").status == 403


def test_wrong_options_start_no_camera(server: Server) -> None:
    response = ask(server, "camera?smoothness=0", b"")
    assert response.status == 422
    assert "smoothness" in response.document["error"]
    assert not server.workshop._cameras


def test_our_own_mistakes_are_answered_in_json(
    lifter: Lifter, caplog: pytest.LogCaptureFixture, squats: Keypoints2D
) -> None:
    """And the camera goes on."""
    found = [TypeError("five"), np.zeros((1, 5, 3)), np.empty((0, 133, 3))]

    def detect(picture: np.ndarray) -> np.ndarray:
        answer = found.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with serving(Server(Workshop(lifter, detect))) as server, running(server) as id:
        statuses = [ask(server, f"camera/{id}/picture?seconds={n}", jpeg()).status for n in range(3)]
    assert statuses == [500, 422, 200]
    assert len(caplog.records) == 1


def test_the_viewer_of_a_camera_is_sandboxed(server: Server) -> None:
    view = ask(server, "camera/view")
    assert view.status == 200
    assert view.headers["Content-Security-Policy"] == "sandbox allow-scripts; frame-ancestors 'self'"


def test_a_recording_is_a_job_like_others(server: Server) -> None:
    for _ in range(server_module.MAX_JOBS):
        assert server.jobs.acquire(blocking=False)
    with running(server) as id:
        assert ask(server, f"camera/{id}/lift", b"").status == 503
