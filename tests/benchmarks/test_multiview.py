"""Ground truth from several cameras: right on points whose places are known."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import multiview, real
from benchmarks.multiview import Camera, View
from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS

FRAMES = 70
WRIST = INDEX["left_wrist"]


def _look_from(place: np.ndarray) -> Camera:
    """A camera at a place (3,) in mm that looks at the origin, z of the world upwards."""
    forward = -place / np.linalg.norm(place)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    K = np.array([[1000.0, 0, 540], [0, 1000.0, 960], [0, 0, 1]])
    return Camera(K, np.zeros(5), rotation, -rotation @ place)


CAMERAS = [
    _look_from(np.array(place))
    for place in ((3000.0, 0, 900), (0, 3500.0, 1500), (-3000.0, -500, 400), (500.0, -3000, 1200))
]


@pytest.fixture
def person() -> np.ndarray:
    """(FRAMES, 133, 3) in mm around the origin, each keypoint on a path of its own."""
    generator = np.random.default_rng(0)
    start = generator.normal(0, 300, (1, NUM_KEYPOINTS, 3))
    way = generator.normal(0, 150, (2, NUM_KEYPOINTS, 3))
    time = np.linspace(0, 4, FRAMES)[:, None, None]
    return start + np.sin(time) * way[0] + np.cos(2.3 * time) * way[1]


def _views(person: np.ndarray) -> list[View]:
    found = []
    for one in CAMERAS:
        seen = person @ one.rotation.T + one.translation
        plane = seen[..., :2] / seen[..., 2:]
        scores = np.full(person.shape[:2], 0.9)
        found.append(View(one, plane, scores, np.array([1080.0, 1920.0]), 60.0))
    return found


def test_the_point_on_all_rays_is_found(person: np.ndarray) -> None:
    views = _views(person)
    assert np.allclose(multiview.triangulate(views), person, atol=1e-6)
    assert multiview.off_rays(person, views).max() < 1e-6


def test_a_camera_that_is_wrong_is_left_out(person: np.ndarray) -> None:
    views = _views(person)
    views[2].plane[:, WRIST] += 0.2
    assert np.allclose(multiview.agreed(views), person, atol=1e-6)


def test_what_two_cameras_do_not_see_has_no_place(person: np.ndarray) -> None:
    views = _views(person)
    for view in views[1:]:
        view.plane[10:, WRIST] = np.nan
    places = multiview.agreed(views)
    assert np.isfinite(places[:10, WRIST]).all()
    assert np.isnan(places[10:, WRIST]).all()


def test_cameras_that_were_started_by_hand_are_synchronised(person: np.ndarray) -> None:
    views = _views(person)
    views[1] = views[1].from_frame(4, FRAMES)
    views[3] = views[3].from_frame(9, FRAMES)
    together = multiview.synchronise(views)
    places = multiview.triangulate(together)
    first = multiview.MOST_FRAMES_APART
    assert np.allclose(places, person[first : first + len(places)], atol=1e-6)
    with pytest.raises(ValueError, match="expected videos of at least 60 frames, got 50"):
        multiview.synchronise([view.from_frame(0, 50) for view in views])


def test_each_camera_is_measured_against_the_others(person: np.ndarray, tmp_path: Path) -> None:
    views = _views(person)
    views[0].plane[:, WRIST] += 0.2  # its own error must not become its ground truth
    np.savez(tmp_path / "table.npz", **multiview.as_table(views))
    recordings = real.read(tmp_path / "table.npz")
    assert len(recordings.takes) == len(CAMERAS)
    assert recordings.compared == [int(k) for k in multiview.TRIANGULATED]
    assert not recordings.has_detector_xyz
    for one, rows in zip(CAMERAS, recordings.takes, strict=True):
        truth = person @ one.rotation.T + one.translation
        known = np.isfinite(recordings.truth[rows][..., 0])
        assert np.allclose(recordings.truth[rows][known], truth[known], atol=1e-6)
        assert np.allclose(recordings.gravity[rows], one.rotation @ [0, 0, -1])
    assert np.isnan(recordings.truth[recordings.takes[0], WRIST]).all()  # the picture does not agree
    seen = (person @ CAMERAS[3].rotation.T + CAMERAS[3].translation) @ CAMERAS[3].K.T
    assert np.allclose(recordings.keypoints[recordings.takes[3]], seen[..., :2] / seen[..., 2:])


QCA = """<calibration><cameras><camera serial="cam01">
<transform x="1000" y="2000" z="1500"
 r11="1" r12="0" r13="0" r21="0" r22="0" r23="1" r31="0" r32="-1" r33="0"/>
<intrinsic focalLengthU="64000" focalLengthV="64064" centerPointU="34560" centerPointV="61440"
 radialDistortion1="0.1" radialDistortion2="0.2" radialDistortion3="0.3" tangentalDistortion1="0.4"
 tangentalDistortion2="0.5"/></camera></cameras></calibration>"""


def test_a_calibration_of_qualisys_is_read(tmp_path: Path) -> None:
    (tmp_path / "one.qca.txt").write_text(QCA)
    ((name, one),) = multiview.read_cameras(tmp_path / "one.qca.txt").items()
    assert name == "cam01"
    assert one.K.tolist() == [[1000, 0, 540], [0, 1001, 960], [0, 0, 1]]
    assert one.distortion.tolist() == [0.1, 0.2, 0.4, 0.5, 0.3]
    at_camera = one.rotation @ [1000, 2000, 1500] + one.translation
    assert np.allclose(at_camera, 0)
    # It stands upright and looks along y of the world: what is above lies at negative y.
    assert np.allclose(one.rotation @ [0, 0, 1], [0, -1, 0])
    assert np.allclose(one.rotation @ [0, 1, 0], [0, 0, 1])
    (tmp_path / "two.qca.txt").write_text(QCA.replace("<intrinsic", "<lens"))
    with pytest.raises(ValueError, match="expected <intrinsic> in the camera cam01, got none"):
        multiview.read_cameras(tmp_path / "two.qca.txt")


def test_several_people_in_a_frame_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    two = SimpleNamespace(image_ids=np.array([0, 0]))
    monkeypatch.setattr(multiview.detectors, "detect_video", lambda video, detector: two)
    with pytest.raises(ValueError, match=r"one\.mp4: expected one person in each frame"):
        multiview.look(Path("one.mp4"), CAMERAS[0], "auto")
