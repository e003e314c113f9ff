"""What the app does with what it is given, without HTTP."""

import json
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from threading import Barrier, Event

import numpy as np
import pytest

from wholebody_lift import InputError, InputWarning, Keypoints2D, Lifter, Pose3D, detectors, formats
from wholebody_lift.app import workshop as workshop_module
from wholebody_lift.app.workshop import KEPT_RESULTS, WORKERS, NotFoundError, Workshop
from wholebody_lift.outputs import KINDS


@pytest.fixture
def photos(example_data: Path) -> Keypoints2D:
    """Two people in two pictures."""
    return formats.read(example_data / "photos.json")


@pytest.fixture
def content(example_data: Path) -> bytes:
    return (example_data / "photos.json").read_bytes()


@pytest.fixture
def pair(squats: Keypoints2D) -> bytes:
    """Two people with track ids in three frames of known rate, as npz."""
    rows = squats[[0, 1, 2, 10, 11, 12]]
    who = {"image_ids": np.array([0, 1, 2] * 2), "track_ids": np.repeat([3, 8], 3), "fps": 5.0}
    return written(rows.model_copy(update=who))


def written(people: Keypoints2D) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.npz"
        formats.write_keypoints(people, path, "arrays")
        return path.read_bytes()


def pose_of(workshop: Workshop, answer: dict) -> Pose3D:
    return formats.read_pose(workshop.export(answer["id"], ".npz")[1])


def test_detections_are_lifted(
    workshop: Workshop, lifter: Lifter, content: bytes, photos: Keypoints2D
) -> None:
    answer = workshop.take(content, "photos.json", {})
    pose = pose_of(workshop, answer)
    np.testing.assert_array_equal(pose.xyz, lifter.lift(photos).xyz)
    assert answer["summary"] == pose.summary().split("\n")
    assert answer["name"] == "photos.json"
    assert answer["notes"] == []
    json.dumps(answer)


def test_it_says_how_far_it_is(workshop: Workshop, squats: Keypoints2D) -> None:
    """Of single people and of a motion."""
    told = []
    for fps in (None, 5.0):
        content = written(squats.model_copy(update={"fps": fps}))
        workshop.take(content, "a.npz", {}, lambda *far: told.append(far))
    assert told == [("lifting", len(squats), len(squats))] * 2


def test_a_result_that_opens_slowly_says_so(
    workshop: Workshop, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And can be given up; what reading warns of is kept."""
    go_on, told = Event(), []
    read = workshop_module._read

    def slowly(*given: object) -> object:
        assert go_on.wait(30)
        warnings.warn("read with care", InputWarning, stacklevel=1)
        return read(*given)

    def report(*far: object) -> None:
        told.append(far)
        go_on.set()

    def give_up(*far: object) -> None:
        go_on.set()
        raise ConnectionAbortedError

    monkeypatch.setattr(workshop_module, "_read", slowly)
    monkeypatch.setattr(workshop_module, "_WAIT_SECONDS", 0.01)
    saved = workshop.export(workshop.take(content, "photos.json", {}, report)["id"], ".json")[1]
    go_on.clear()
    told.clear()
    answer = workshop.take(saved, "result.json", {}, report)
    assert told[0][0] == "reading"
    assert answer["notes"] == ["read with care"]
    go_on.clear()
    with pytest.raises(ConnectionAbortedError):
        workshop.take(saved, "result.json", {}, give_up)
    assert len(workshop._results) == 2
    for _ in range(WORKERS):
        assert workshop._workers.acquire(blocking=False)


def test_it_can_be_ended_while_it_lifts(workshop: Workshop, content: bytes) -> None:
    def end(*far: object) -> None:
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        workshop.take(content, "photos.json", {}, end)
    assert not workshop._results
    workshop.take(content, "photos.json", {})


def test_with_a_frame_rate_it_is_one_motion(workshop: Workshop, lifter: Lifter, squats: Keypoints2D) -> None:
    content = written(squats.model_copy(update={"fps": None}))
    for rate, want in (("", lifter.lift(squats)), ("5", lifter.lift_sequence(squats, 5))):
        pose = pose_of(workshop, workshop.take(content, "squats.npz", {"fps": rate}))
        np.testing.assert_array_equal(pose.xyz, want.xyz)
        assert pose.fps == (5 if rate else None)


def test_what_is_known_is_used(workshop: Workshop, content: bytes) -> None:
    known = {"width": "700", "height": "1300", "focal": "1500", "height_mm": " 1800 ", "fps": ""}
    pose = pose_of(workshop, workshop.take(content, "photos.json", known))
    np.testing.assert_array_equal(pose.K[-1], [[1500, 0, 350], [0, 1500, 650], [0, 0, 1]])
    assert (pose.camera_source, pose.scale_source, pose.fps) == ("given", "height_mm", None)


def test_the_focal_length_goes_with_the_size_in_the_file(workshop: Workshop, content: bytes) -> None:
    pose = pose_of(workshop, workshop.take(content, "photos.json", {"focal": "1500"}))
    np.testing.assert_array_equal(pose.K[0], [[1500, 0, 320], [0, 1500, 212.5], [0, 0, 1]])


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"fps": "fast"}, "expected a number over 0 .* as frames per second, got 'fast'"),
        ({"height_mm": "-1"}, "person's height, got '-1'"),
        ({"width": "700"}, "width and height, got only one"),
        ({"height_mm": "1.8"}, "it looks like metres, so pass 1800"),
    ],
)
def test_what_cannot_be_known(workshop: Workshop, content: bytes, known: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        workshop.take(content, "photos.json", known)


def test_a_focal_length_needs_a_size(workshop: Workshop, squats: Keypoints2D) -> None:
    content = written(squats[[0]].model_copy(update={"image_size": None}))
    with pytest.raises(InputError, match="fill in width and height too"):
        workshop.take(content, "one.npz", {"focal": "1500"})


def test_errors_call_the_file_by_its_name(workshop: Workshop) -> None:
    with pytest.raises(InputError, match=r"^my file\.json: .*got an object with a"):
        workshop.take(b'{"a": 1}', "my file.json", {})


def test_warnings_come_with_the_result(workshop: Workshop, squats: Keypoints2D) -> None:
    flipped = squats.keypoints[[0]] * (1, -1) + (0, 1280)
    upside_down = squats[[0]].model_copy(update={"keypoints": flipped})
    answer = workshop.take(written(upside_down), "one.npz", {})
    assert len(answer["notes"]) == len(set(answer["notes"])) > 0
    assert "upside down" in answer["notes"][0]


def test_a_result_opens_as_it_is(workshop: Workshop, content: bytes) -> None:
    first = workshop.take(content, "photos.json", {"height_mm": "1800"})
    for suffix in (".json", ".npz"):
        name, saved = workshop.export(first["id"], suffix)
        assert name == f"photos{suffix}"
        again = workshop.take(saved, name, {})
        np.testing.assert_array_equal(pose_of(workshop, again).xyz, pose_of(workshop, first).xyz)


def test_the_frame_rate_of_a_result_can_be_filled_in(workshop: Workshop, content: bytes) -> None:
    first = workshop.take(content, "photos.json", {})
    _, saved = workshop.export(first["id"], ".json")
    assert pose_of(workshop, workshop.take(saved, "result.json", {})).fps is None
    assert pose_of(workshop, workshop.take(saved, "result.json", {"fps": "12"})).fps == 12


def test_a_damaged_result_is_told_what_is_wrong(workshop: Workshop, content: bytes) -> None:
    first = workshop.take(content, "photos.json", {})
    document = json.loads(workshop.export(first["id"], ".json")[1])
    damaged = json.dumps({**document, "fps": -5}).encode()
    with pytest.raises(InputError, match=r"^result\.json: .*fps"):
        workshop.take(damaged, "result.json", {})


def test_a_photo_goes_through_the_detector(
    workshop: Workshop, squats: Keypoints2D, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}

    def detect(content: bytes, *, detector: str, name: str, height_mm: float | None) -> Keypoints2D:
        seen.update(content=content, name=name, height_mm=height_mm)
        return squats[[0]].model_copy(update={"image_ids": None})

    monkeypatch.setattr(detectors, "detect_image", detect)
    photo = b"\xff\xd8\xff and so on"
    answer = workshop.take(photo, "me.jpg", {"height_mm": "1800", "focal": "1500"})
    assert seen == {"content": photo, "name": "me.jpg", "height_mm": 1800}
    assert pose_of(workshop, answer).camera_source == "given"


@pytest.mark.parametrize("known", [{}, {"fps": "50", "height_mm": "1800"}])
def test_a_video_goes_through_the_detector(
    workshop: Workshop,
    squats: Keypoints2D,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    known: dict[str, str],
) -> None:
    """A real one, decoded frame by frame, with a detector that finds the same person in each picture."""
    cv2 = pytest.importorskip("cv2", reason="needs OpenCV")
    path = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25.0, (160, 96))
    for shade in range(0, 250, 50):
        writer.write(np.full((96, 160, 3), shade, np.uint8))
    writer.release()
    person = np.column_stack([squats.keypoints[0], squats.scores[0]])[None]
    monkeypatch.setattr(detectors, "start", lambda *_, **__: nullcontext(lambda picture: person))
    told = []
    answer = workshop.take(path.read_bytes(), "me.mp4", known, lambda *far: told.append(far))
    pose = pose_of(workshop, answer)
    assert told[:5] == [("detecting", done, 5) for done in range(1, 6)]
    assert (len(pose), pose.fps) == (5, 50 if known else 25)
    assert pose.scale_source == ("height_mm" if known else "average_adult")
    assert answer["name"] == "me.mp4"


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"\xff\xd8\xff\xe0", "photo"), (b"\0\0\0\x20ftypisom", "video"), (b'{"a": "ftyp"}', None)],
)
def test_a_file_is_what_it_begins_with(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, content: bytes, kind: str | None
) -> None:
    def came(as_what: str) -> Callable[..., Keypoints2D]:
        def stop(*_: object, **__: object) -> Keypoints2D:
            raise InputError(f"came as a {as_what}")

        return stop

    monkeypatch.setattr(detectors, "detect_image", came("photo"))
    monkeypatch.setattr(detectors, "detect_video", came("video"))
    with pytest.raises(InputError) as told:
        workshop.take(content, "file", {})
    assert (f"came as a {kind}" == str(told.value)) is (kind is not None)


def test_it_says_what_brings_a_detector(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detectors, "available", list)
    assert workshop.about()["photos"] == 'pip install "wholebody-lift[detect]"'
    monkeypatch.setattr(detectors, "available", lambda: ["mediapipe"])
    assert workshop.about()["photos"] is None


def downloads(answer: dict) -> dict[str, dict]:
    return {kind["suffix"]: kind for kind in answer["downloads"]}


def test_everything_that_is_offered_can_be_had(workshop: Workshop, pair: bytes) -> None:
    answer = workshop.take(pair, "pair.npz", {})
    assert answer["people"] == [{"id": 3, "name": "Person 3"}, {"id": 8, "name": "Person 8"}]
    offered = downloads(answer)
    assert list(offered) == list(KINDS)
    slow = {".png", ".pdf", ".svg", ".rrd"}  # and they have tests of their own
    for kind in answer["downloads"]:
        suffix, layout = kind["suffix"], kind["layout"]
        for person in ("", "3", "8"):
            if kind["install"] or suffix in slow:
                continue
            who = int(person) if person else None
            if person in kind["reasons"]:
                with pytest.raises(ValueError, match=kind["reasons"][person][:10]):
                    workshop.export(answer["id"], suffix, who, layout)
            else:
                name, content = workshop.export(answer["id"], suffix, who, layout)
                wide = "-wide" if layout == "wide" else ""
                assert name == f"pair{f'-person{person}' if person else ''}{wide}{suffix}"
                assert len(content) > 1000
    assert offered[".bvh"]["reasons"] == {"": "Contains one person: choose one under Who."}
    assert offered[".glb"]["reasons"] == {}


def test_tables_come_in_two_layouts(workshop: Workshop, pair: bytes) -> None:
    answer = workshop.take(pair, "pair.npz", {})
    tables = [kind for kind in answer["downloads"] if kind["suffix"] == ".csv"]
    assert [(kind["name"], kind["layout"]) for kind in tables] == [
        ("CSV, long", "long"),
        ("CSV, wide", "wide"),
    ]
    rows = [
        len(workshop.export(answer["id"], ".csv", None, layout)[1].splitlines())
        for layout in ("long", "wide")
    ]
    assert rows == [1 + 6 * 133, 1 + 6]
    with pytest.raises(NotFoundError):
        workshop.export(answer["id"], ".csv", None, "tall")
    with pytest.raises(NotFoundError):
        workshop.export(answer["id"], ".json", None, "wide")


def test_without_a_rate_it_is_said_what_is_missing(workshop: Workshop, content: bytes) -> None:
    offered = downloads(workshop.take(content, "photos.json", {}))
    assert "frames per second" in offered[".trc"]["reasons"][""]
    assert offered[".csv"]["reasons"] == {}


def test_without_an_extra_it_is_said_what_brings_it(
    workshop: Workshop, pair: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wholebody_lift.extras.find_spec", lambda name: None)
    offered = downloads(workshop.take(pair, "pair.npz", {}))
    assert offered[".c3d"]["install"] == 'pip install "wholebody-lift[c3d]"'
    assert offered[".json"]["install"] is None


def test_nobody_else_is_there(workshop: Workshop, pair: bytes) -> None:
    answer = workshop.take(pair, "pair.npz", {})
    for id, suffix, person in (
        (answer["id"], ".npz", 5),
        (answer["id"], ".exe", None),
        ("other", ".npz", None),
    ):
        with pytest.raises(NotFoundError):
            workshop.export(id, suffix, person)
    with pytest.raises(NotFoundError):
        workshop.page("other")


def test_old_results_are_forgotten(workshop: Workshop, pair: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop_module, "KEPT_RESULTS", 2)
    ids = [workshop.take(pair, "pair.npz", {})["id"] for _ in range(3)]
    with pytest.raises(NotFoundError):
        workshop.page(ids[0])
    assert "<title>pair.npz</title>" in workshop.page(ids[1])
    assert KEPT_RESULTS > 1


class _Stub:
    """A lifter that does something before it lifts."""

    def __init__(self, lifter: Lifter, before: Callable[[Keypoints2D], object]) -> None:
        self._lifter = lifter
        self._before = before

    def lift(self, people: Keypoints2D, **options: object) -> Pose3D:
        self._before(people)
        return self._lifter.lift(people)

    lift_sequence = lift


def test_two_are_lifted_at_once(lifter: Lifter, pair: bytes) -> None:
    """Each is lifted only when the other is being lifted as well."""
    together = Barrier(WORKERS, timeout=30)
    workshop = Workshop(_Stub(lifter, lambda people: together.wait()))
    with ThreadPoolExecutor(WORKERS) as tabs:
        answers = list(tabs.map(lambda name: workshop.take(pair, name, {}), ["a.npz", "b.npz"]))
    assert [answer["name"] for answer in answers] == ["a.npz", "b.npz"]


def test_the_next_waits_and_can_give_up(lifter: Lifter, pair: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop_module, "_WAIT_SECONDS", 0.01)
    go_on, begun = Event(), Barrier(WORKERS + 1, timeout=30)

    def hold(people: Keypoints2D) -> None:
        begun.wait()
        assert go_on.wait(30)

    workshop = Workshop(_Stub(lifter, hold))
    with ThreadPoolExecutor(WORKERS) as tabs:
        working = [tabs.submit(workshop.take, pair, "a.npz", {}) for _ in range(WORKERS)]
        begun.wait()
        told = []

        def give_up(*far: object) -> None:
            told.append(far)
            if len(told) == 3:
                raise ConnectionAbortedError

        with pytest.raises(ConnectionAbortedError):
            workshop.take(pair, "b.npz", {}, give_up)
        assert told == [("waiting", 0, None)] * 3
        go_on.set()
        assert all(job.result() for job in working)
    workshop._lifter = lifter
    assert workshop.take(pair, "c.npz", {})["name"] == "c.npz"  # every place is free again


def test_warnings_are_those_of_the_own_file(lifter: Lifter, squats: Keypoints2D) -> None:
    """Also where two threads warn in turn."""
    together = Barrier(WORKERS, timeout=30)

    def warn(people: Keypoints2D) -> None:
        for number in range(20):
            together.wait()
            warnings.warn(f"{number} of {len(people)}", UserWarning, stacklevel=2)

    workshop = Workshop(_Stub(lifter, warn))
    files = [written(squats[range(count)].model_copy(update={"fps": None})) for count in (1, 2)]
    shown = warnings.showwarning
    with ThreadPoolExecutor(WORKERS) as tabs:
        answers = list(tabs.map(lambda content: workshop.take(content, "a.npz", {}), files))
    for count, answer in zip((1, 2), answers, strict=True):
        assert answer["notes"] == [f"{number} of {count}" for number in range(20)]
    assert warnings.showwarning is shown
