"""A running camera, without HTTP: who is seen, who is who, and what a recording becomes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread, active_count

import cv2
import numpy as np
import pytest
from astronaut import astronaut, with_mediapipe
from fake_detector import SIZE, FakeDetector, jpeg

from wholebody_lift import InputError, Keypoints2D, Lifter, LiveLifter, Pose3D, detectors, formats
from wholebody_lift.app import camera as module
from wholebody_lift.app.camera import Camera
from wholebody_lift.app.workshop import NotFoundError, Workshop
from wholebody_lift.skeleton import INDEX, PARTS

pytest.importorskip("cv2", reason="needs OpenCV")


@pytest.fixture
def found(squats: Keypoints2D) -> np.ndarray:
    """The squats (65, 133, 3) in pictures of `SIZE`."""
    scaled = np.nan_to_num(squats.keypoints) * SIZE[0] / squats.image_size[0, 0]
    return np.dstack((scaled, squats.scores)).astype(np.float64)


@contextmanager
def running(lifter: Lifter, detect: Callable, **known: str) -> Iterator[tuple[Workshop, Camera]]:
    workshop = Workshop(lifter, detect)
    with workshop.camera(known, lambda: None) as camera:
        yield workshop, camera


def result_of(workshop: Workshop, answer: dict) -> Pose3D:
    return formats.read_pose(workshop.export(answer["id"], ".npz")[1])


def test_it_is_the_live_lifter(lifter: Lifter, found: np.ndarray) -> None:
    """At the times of the pictures, which need not be steady."""
    times = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.2, 8))
    live = LiveLifter(lifter, image_size=SIZE, height_mm=1700)
    with running(lifter, FakeDetector([person] for person in found), height_mm="1700") as (_, camera):
        for seconds, person in zip(times, found, strict=False):
            seen = camera.look(jpeg(), float(seconds))
            pose = live.push(person, float(seconds))
            (one,) = seen["people"]
            np.testing.assert_allclose(np.reshape(one["xyz"], (-1, 3)), pose.xyz[0], atol=0.06)
            np.testing.assert_allclose(one["translation"], pose.translation[0], atol=0.06)
    assert seen["size"] == list(SIZE)
    assert seen["recorded"] is None


def test_an_empty_picture(lifter: Lifter, found: np.ndarray) -> None:
    with running(lifter, FakeDetector([[found[0]], [], [np.zeros((133, 3))], [found[1]]])) as (_, camera):
        numbers = [len(camera.look(jpeg(), float(n))["people"]) for n in range(4)]
    assert numbers == [1, 0, 0, 1]


def test_several_people_keep_their_numbers(lifter: Lifter, found: np.ndarray) -> None:
    """In whatever order the detector lists them."""
    other = found + np.array([40, 0, 0])
    frames = [[a, b] if n % 2 else [b, a] for n, (a, b) in enumerate(zip(found[:6], other[:6], strict=True))]
    with running(lifter, FakeDetector(frames)) as (_, camera):
        left_of: dict[int, list[bool]] = {}
        for n in range(6):
            for person in camera.look(jpeg(), n / 5)["people"]:
                left_of.setdefault(person["id"], []).append(
                    np.nanmean(np.array(person["xy"], float)[::2]) < 50
                )
    assert len(left_of) == 2
    for sides in left_of.values():
        assert len(sides) == 6
        assert len(set(sides)) == 1


def test_of_a_crowd_the_largest_are_lifted(
    lifter: Lifter, found: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PEOPLE", 2)
    people = [found[0] * (scale, scale, 1) for scale in (0.5, 0.9, 0.3, 0.8)]
    with running(lifter, FakeDetector([people])) as (_, camera):
        seen = camera.look(jpeg(), 0.0)["people"]
    tall = [np.nanmax(np.array(person["xy"], float)) for person in seen]
    np.testing.assert_allclose(tall, [found[0, :, 1].max() * scale for scale in (0.9, 0.8)], atol=0.1)


def test_a_device_that_is_turned(lifter: Lifter, found: np.ndarray) -> None:
    with running(lifter, FakeDetector([person] for person in found)) as (_, camera):
        camera.look(jpeg(), 0.0)
        assert camera.look(jpeg((128, 96)), 0.1)["size"] == [128, 96]
        assert len(camera.look(jpeg(), 0.2)["people"]) == 1


@pytest.mark.parametrize(
    ("picture", "seconds", "said"),
    [
        (b"no picture", 2.0, "expected a picture that OpenCV decodes"),
        (b"", 2.0, "expected a picture"),
        (bytes(2**24), 2.0, "at most 8 MB"),
        (None, 1.0, "later than the one before"),
        (None, 0.5, "later than the one before"),
        (None, float("nan"), "seconds"),
        (None, -1.0, "seconds"),
        (None, 1e12, "seconds"),
    ],
)
def test_what_is_refused_leaves_no_trace(
    lifter: Lifter, found: np.ndarray, picture: bytes | None, seconds: float, said: str
) -> None:
    with running(lifter, FakeDetector([person] for person in found)) as (_, camera):
        camera.look(jpeg(), 1.0)
        with pytest.raises(InputError, match=said):
            camera.look(jpeg() if picture is None else picture, seconds)
        assert len(camera.look(jpeg(), 3.0)["people"]) == 1


def test_a_large_picture_is_not_decoded(
    lifter: Lifter, found: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = cv2.imencode(".png", np.zeros((4200, 4200), np.uint8))[1].tobytes()
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded it"))
    with (
        running(lifter, FakeDetector([[found[0]]])) as (_, camera),
        pytest.raises(InputError, match="16 megapixels"),
    ):
        camera.look(content, 0.0)


def test_one_picture_at_a_time(lifter: Lifter, found: np.ndarray) -> None:
    begun, go_on = Event(), Event()

    def detect(picture: np.ndarray) -> np.ndarray:
        begun.set()
        assert go_on.wait(30)
        return found[:1]

    with running(lifter, detect) as (_, camera):
        first = Thread(target=camera.look, args=(jpeg(), 0.0))
        first.start()
        assert begun.wait(30)
        with pytest.raises(InputError, match="one at a time"):
            camera.look(jpeg(), 0.1)
        go_on.set()
        first.join()
        assert len(camera.look(jpeg(), 0.2)["people"]) == 1


def test_a_recording_is_lifted_as_one_motion(lifter: Lifter, found: np.ndarray) -> None:
    with running(lifter, FakeDetector([person] for person in found)) as (workshop, camera):
        camera.look(jpeg(), 0.0)  # before the recording
        camera.record()
        for n in range(1, 11):
            seen = camera.look(jpeg(), n / 5)
        assert seen["recorded"] == {"seconds": pytest.approx(1.8), "full": False}
        told: list[tuple] = []
        answer = workshop.lift_recording(camera.id, "take", {}, lambda *far: told.append(far))
        assert camera.look(jpeg(), 3.0)["recorded"] is None
    pose = result_of(workshop, answer)
    want = lifter.lift_sequence(
        Keypoints2D(keypoints=found[1:11], image_size=SIZE, image_ids=range(10), track_ids=[0] * 10), 5
    )
    np.testing.assert_allclose(pose.xyz, want.xyz, atol=0.5)
    assert pose.fps == 5
    assert answer["name"] == "take"
    assert told[-1] == ("lifting", 10, 10)
    for suffix in (".bvh", ".trc", ".glb", ".csv", ".html", ".mot", ".json"):
        assert len(workshop.export(answer["id"], suffix)[1]) > 500


def test_a_recording_keeps_no_pictures(lifter: Lifter, found: np.ndarray) -> None:
    with running(lifter, FakeDetector([[found[0]]])) as (_, camera):
        camera.record()
        for n in range(3):
            camera.look(jpeg(), float(n))
        kept = vars(camera.take_recording()).values()
        shapes = {
            array.shape[1:]
            for people in list(kept)[1]
            for array in vars(people).values()
            if hasattr(array, "shape")
        }
    assert shapes <= {(133, 2), (133,), (2,), ()}


@pytest.mark.parametrize("recorded", [False, True])
def test_no_recording_and_an_empty_one(lifter: Lifter, recorded: bool) -> None:
    with running(lifter, FakeDetector([[]])) as (workshop, camera):
        if recorded:
            camera.record()
            camera.look(jpeg(), 0.0)
        with pytest.raises(InputError, match=r"expected (a recording|someone in the recording)"):
            workshop.lift_recording(camera.id, "take", {})


def test_warnings_come_with_the_picture(lifter: Lifter, found: np.ndarray) -> None:
    upside_down = found[0] * (1, -1, 1) + (0, SIZE[1], 0)
    with running(lifter, FakeDetector([[upside_down], [found[0]]])) as (_, camera):
        assert "upside down" in " ".join(camera.look(jpeg(), 0.0)["notes"])


def test_when_it_has_ended(lifter: Lifter, found: np.ndarray) -> None:
    before = active_count()
    with running(lifter, FakeDetector([[found[0]]])) as (workshop, camera):
        assert workshop.running(camera.id) is camera
        camera.look(jpeg(), 0.0)
    with pytest.raises(NotFoundError):
        workshop.running(camera.id)
    assert active_count() == before


def test_the_detector_is_let_go_of_by_its_thread(lifter: Lifter, monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import current_thread

    threads = []

    @contextmanager
    def start(name: str, *, video: bool) -> Iterator[Callable]:
        assert video
        threads.append(current_thread())
        yield lambda picture: threads.append(current_thread()) or []
        threads.append(current_thread())

    monkeypatch.setattr(detectors, "start", start)
    workshop = Workshop(lifter)
    with workshop.camera({}, lambda: None) as camera:
        camera.look(jpeg(), 0.0)
    assert len(threads) == 3
    assert len(set(threads)) == 1
    assert threads[0] is not current_thread()


def test_a_detector_that_cannot_be_loaded(lifter: Lifter, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def start(name: str, *, video: bool) -> Iterator[Callable]:
        raise RuntimeError("rtmlib cannot load its models")
        yield

    monkeypatch.setattr(detectors, "start", start)
    with pytest.raises(RuntimeError, match="cannot load"), Workshop(lifter).camera({}, lambda: None):
        pass


def test_waiting_for_a_detector_can_be_given_up(lifter: Lifter, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = Event()

    @contextmanager
    def start(name: str, *, video: bool) -> Iterator[Callable]:
        assert go_on.wait(30)
        yield lambda picture: []

    def give_up() -> None:
        go_on.set()
        raise ConnectionAbortedError

    monkeypatch.setattr(detectors, "start", start)
    monkeypatch.setattr(module, "_WAIT_SECONDS", 0.01)
    workshop = Workshop(lifter)
    with pytest.raises(ConnectionAbortedError), workshop.camera({}, give_up):
        pass
    assert workshop._cameras == {}


def test_without_a_detector_it_says_what_to_install(lifter: Lifter, monkeypatch: pytest.MonkeyPatch) -> None:
    from wholebody_lift.detectors import mediapipe_holistic

    monkeypatch.setattr(mediapipe_holistic, "is_installed", lambda: False)
    with (
        pytest.raises(ImportError, match=r'pip install "wholebody-lift\[detect\]"'),
        Workshop(lifter, "mediapipe").camera({}, lambda: None),
    ):
        pass


@with_mediapipe
def test_mediapipe_itself(lifter: Lifter) -> None:
    """A photograph that moves to the right, an empty picture, and the recording as one motion."""
    steps = [20 * n for n in range(4)]
    pictures = [np.roll(astronaut(), step, axis=1) for step in steps]
    with running(lifter, "mediapipe") as (workshop, camera):
        camera.record()
        seen = [camera.look(_png(picture), n / 10) for n, picture in enumerate(pictures)]
        nobody = camera.look(_png(np.full((512, 512, 3), 90, np.uint8)), 60.0)
        result = result_of(workshop, workshop.lift_recording(camera.id, "take", {}))
    assert nobody["people"] == []
    people = [one for picture in seen for one in picture["people"]]
    assert [person["id"] for person in people] == [people[0]["id"]] * len(pictures)
    face = np.array([person["xy"] for person in people], float).reshape(len(people), -1, 2)[
        :, list(PARTS["face"]), 0
    ]
    np.testing.assert_allclose(np.median(face - face[0], axis=1), steps, atol=6)  # it smooths a little
    assert all(picture["detecting_ms"] > 1 for picture in seen)
    assert len(result) == len(pictures)
    assert result.error_mm[:, list(PARTS["face"])].mean() < result.error_mm[:, INDEX["left_heel"]].mean()


def _png(picture: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", picture[..., ::-1])[1])
