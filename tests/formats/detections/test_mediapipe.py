"""On what MediaPipe Holistic really answered for a portrait; tests/data/README.md says how it was made."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from astronaut import with_mediapipe

from wholebody_lift import formats
from wholebody_lift.errors import InputError
from wholebody_lift.formats.detections.mediapipe import FACE_VERTICES, PARTS
from wholebody_lift.skeleton import INDEX, MIRROR
from wholebody_lift.skeleton import PARTS as OUR_PARTS

ASTRONAUT = Path(__file__).parents[2] / "data" / "mediapipe_astronaut.json"
SIZE = (512, 512)


@pytest.fixture
def document():
    return json.loads(ASTRONAUT.read_text())


@pytest.fixture
def with_hands(document):
    """The portrait with hands put at its wrists, as none is to be seen there."""
    random = np.random.default_rng(0)
    for part, wrist in zip(PARTS[2:], (15, 16), strict=True):
        at = document["pose_landmarks"]["landmark"][wrist]
        around = random.uniform(-0.02, 0.02, (21, 2))
        points = [{"x": at["x"] + float(x), "y": at["y"] + float(y), "z": 0.0} for x, y in around]
        document[part] = {"landmark": points}
    return document


def objects(document, *, tasks=False):
    """The document as the object that `mp.solutions.holistic` answers, or the tasks API."""

    def part(name):
        points = (document[name] or {"landmark": []})["landmark"]
        found = [
            SimpleNamespace(**{"visibility": None if tasks else 0.0, "presence": None, **point})
            for point in points
        ]
        return found if tasks else SimpleNamespace(landmark=found) if found else None

    return SimpleNamespace(**{name: part(name) for name in PARTS})


def test_the_portrait_is_what_was_detected_in_it_before(example_data):
    """examples/data/photos.json has the same photo, detected in another run."""
    read = formats.read(ASTRONAUT, image_size=SIZE)
    expected = formats.read(example_data / "photos.json")[1]
    both = read.observed & expected.observed
    assert both.sum() == 9 + 68  # the body down to the elbows, and the face
    distance = np.linalg.norm(read.keypoints - expected.keypoints, axis=-1)
    assert distance[both].max() < 4.5
    face = slice(OUR_PARTS["face"].start, OUR_PARTS["face"].stop)
    assert distance[:, face].max() < 1
    assert read.image_ids is None


def test_objects_and_files_are_the_same(with_hands, save):
    read = formats.read(save(with_hands), image_size=SIZE)
    assert read.observed[0, [INDEX["left_hand_root"], INDEX["right_pinky_finger4"]]].all()
    for tasks in (False, True):
        found = formats.mediapipe.from_results(objects(with_hands, tasks=tasks), SIZE)
        np.testing.assert_array_equal(found.keypoints, read.keypoints)
        np.testing.assert_array_equal(found.scores, read.scores)


def test_each_keypoint_comes_from_where_it_is_said_to(with_hands):
    read = formats.mediapipe.from_results(with_hands, SIZE)

    def pixel(part, number):
        point = with_hands[part]["landmark"][number]
        return 512 * np.array([point["x"], point["y"]])

    for name, number in {"nose": 0, "left_eye": 2, "right_ear": 8, "left_shoulder": 11}.items():
        np.testing.assert_allclose(read.keypoints[0, INDEX[name]], pixel("pose_landmarks", number))
        visibility = with_hands["pose_landmarks"]["landmark"][number]["visibility"]
        assert read.scores[0, INDEX[name]] == np.float32(visibility)
    for name, number in {"face-8": 152, "face-30": 4, "face-36": 33, "face-45": 263, "face-54": 291}.items():
        np.testing.assert_allclose(read.keypoints[0, INDEX[name]], pixel("face_landmarks", number))
        assert read.scores[0, INDEX[name]] == 1
    brow = (pixel("face_landmarks", 107) + pixel("face_landmarks", 55)) / 2
    np.testing.assert_allclose(read.keypoints[0, INDEX["face-21"]], brow)
    for i in range(21):
        for part, ours in (("left_hand_landmarks", "left_hand"), ("right_hand_landmarks", "right_hand")):
            np.testing.assert_allclose(read.keypoints[0, OUR_PARTS[ours][i]], pixel(part, i))


def test_small_toes_and_what_is_beyond_the_image_are_missing(document):
    for point in document["pose_landmarks"]["landmark"]:
        point["visibility"] = 1.0
    read = formats.mediapipe.from_results(document, SIZE)
    beyond = [
        INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle", "heel", "big_toe")
    ]
    assert not read.observed[0, beyond].any()
    assert not read.observed[0, [INDEX["left_small_toe"], INDEX["right_small_toe"]]].any()
    for point in document["pose_landmarks"]["landmark"]:
        point["y"] /= 2
    read = formats.mediapipe.from_results(document, SIZE)
    assert read.observed[0, beyond].all()
    assert not read.observed[0, [INDEX["left_small_toe"], INDEX["right_small_toe"]]].any()


def test_the_mapping_of_the_face_is_symmetric(document):
    """MediaPipe's mesh is; vertices that mirror one another lie so in a face that looks ahead."""
    face = np.array([[p["x"], p["y"]] for p in document["face_landmarks"]["landmark"]])
    ours = face[np.array(FACE_VERTICES)].mean(axis=1)
    assert len(ours) == 68
    mirrored = ours[[MIRROR[i] - OUR_PARTS["face"].start for i in OUR_PARTS["face"]]] * (-1, 1)
    centre = ours.mean(axis=0) - mirrored.mean(axis=0)
    u, _, v = np.linalg.svd((mirrored - mirrored.mean(axis=0)).T @ (ours - ours.mean(axis=0)))
    turned = (mirrored - mirrored.mean(axis=0)) @ u @ v + mirrored.mean(axis=0) + centre
    width = np.ptp(face[:, 0])
    assert np.linalg.norm(turned - ours, axis=1).max() < 0.1 * width  # the head is turned a little


def test_refined_faces_have_10_more(document):
    expected = formats.mediapipe.from_results(document, SIZE)
    document["face_landmarks"]["landmark"] += [{"x": 0.5, "y": 0.5}] * 10
    read = formats.mediapipe.from_results(document, SIZE)
    np.testing.assert_array_equal(read.keypoints, expected.keypoints)


def test_a_video_in_which_nobody_is_now_and_then(document, save):
    nobody = dict.fromkeys(PARTS)
    read = formats.mediapipe.from_results(
        [objects(nobody), objects(document), None, objects(document)], SIZE, fps=30, track_ids=[1, 1]
    )
    assert read.image_ids.tolist() == [1, 3]
    assert read.fps == 30
    from_file = formats.read(save([None, document, {}, document]), image_size=SIZE)
    assert from_file.image_ids.tolist() == [1, 3]
    np.testing.assert_array_equal(from_file.keypoints, read.keypoints)


def test_javascript_writes_in_camel_case_and_its_tasks_nest_once_more(document, save):
    expected = formats.read(ASTRONAUT, image_size=SIZE)
    plain = {"poseLandmarks": document["pose_landmarks"]["landmark"], "leftHandLandmarks": []}
    plain["faceLandmarks"] = document["face_landmarks"]["landmark"]
    nested = {name: [points] if points else [] for name, points in plain.items()}
    for form in (plain, nested):
        np.testing.assert_array_equal(formats.read(save(form), image_size=SIZE).keypoints, expected.keypoints)


def test_flat_arrays(with_hands, tmp_path):
    """As the much copied extract_keypoints makes them: zeros where a part was not found."""
    pose = [[p["x"], p["y"], p["z"], p["visibility"]] for p in with_hands["pose_landmarks"]["landmark"]]
    others = [[[p["x"], p["y"], p["z"]] for p in with_hands[part]["landmark"]] for part in PARTS[1:]]
    flat = np.concatenate([np.ravel(part) for part in (pose, *others)])
    expected = formats.mediapipe.from_results(with_hands, SIZE)
    np.save(tmp_path / "flat.npy", flat)
    np.testing.assert_array_equal(
        formats.read(tmp_path / "flat.npy", image_size=SIZE).keypoints, expected.keypoints
    )
    np.save(tmp_path / "flat.npy", np.stack((flat, np.zeros(1662), flat)))
    read = formats.read(tmp_path / "flat.npy", image_size=SIZE)
    assert read.image_ids.tolist() == [0, 2]
    np.testing.assert_array_equal(read.keypoints[1], expected.keypoints[0])


@with_mediapipe
def test_the_package_itself(document, documented, tmp_path, monkeypatch):
    """Runs what docs/formats.md says, and so MediaPipe's own models, on the portrait."""
    monkeypatch.chdir(tmp_path)
    names = {"formats": formats, "json": json}
    expected = formats.mediapipe.from_results(document, SIZE)
    for block in documented("MediaPipe Holistic")[:2]:  # in memory, and through a file
        exec(block, names)
        np.testing.assert_allclose(names["person"].keypoints, expected.keypoints, atol=0.5)


@with_mediapipe
def test_the_packages_tasks(with_hands):
    """In the objects of the tasks API, whose models do not come with it."""
    from mediapipe.tasks.python.components.containers.landmark import NormalizedLandmark
    from mediapipe.tasks.python.vision.holistic_landmarker import HolisticLandmarkerResult

    found = {
        name: [
            NormalizedLandmark(point["x"], point["y"], point["z"], point.get("visibility"))
            for point in with_hands[name]["landmark"]
        ]
        for name in PARTS
    }
    nothing: dict[str, list] = {field.name: [] for field in dataclasses.fields(HolisticLandmarkerResult)}
    result = HolisticLandmarkerResult(**{**nothing, **found})
    read = formats.mediapipe.from_results(result, SIZE)
    expected = formats.mediapipe.from_results(with_hands, SIZE)
    np.testing.assert_array_equal(read.keypoints, expected.keypoints)
    np.testing.assert_array_equal(read.scores, expected.scores)
    video = formats.mediapipe.from_results([HolisticLandmarkerResult(**nothing), result], SIZE)
    assert video.image_ids.tolist() == [1]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda d: d["face_landmarks"]["landmark"].pop(),
            "468 or 478 landmarks in face_landmarks of frame 0, got 467",
        ),
        (lambda d: d.update(dict.fromkeys(PARTS)), "got a list without people"),
        (lambda d: d.clear(), "the detector found nobody"),
        (lambda d: d.update(pose_landmarks=[[[0.5, 0.5, 0]] * 33] * 2), "one person in pose_landmarks of"),
        (lambda d: d.update(pose_landmarks=[[90, 160, 0]] * 33), "look like pixels"),
    ],
)
def test_what_is_no_result(document, save, change, text):
    change(document)
    with pytest.raises(InputError, match=text):
        formats.read(save(document), image_size=SIZE)


def test_another_object():
    with pytest.raises(InputError, match="a result with pose_landmarks, face_landmarks"):
        formats.mediapipe.from_results([1.5], SIZE)


def test_the_body_has_the_depth_of_its_world_landmarks(document):
    assert formats.mediapipe.from_results(document, SIZE).depth is None
    z = np.linspace(-0.4, 0.4, 33)
    world = [{"x": 0.0, "y": 0.0, "z": float(value)} for value in z]
    document["pose_world_landmarks"] = {"landmark": world}
    as_objects = SimpleNamespace(landmark=[SimpleNamespace(**point) for point in world])
    for result in (document, SimpleNamespace(**vars(objects(document)), pose_world_landmarks=as_objects)):
        depth = formats.mediapipe.from_results(result, SIZE).depth
        assert depth.shape == (1, 133)
        assert depth[0, INDEX["nose"]] == pytest.approx(-400)
        assert depth[0, INDEX["left_shoulder"]] == pytest.approx(1000 * z[11])
        assert np.isnan(depth[0, list(OUR_PARTS["face"])]).all()
    world.pop()
    with pytest.raises(InputError, match="33 landmarks in pose_world_landmarks"):
        formats.mediapipe.from_results(document, SIZE)
