"""With a made-up MediaPipe that answers as the real one did, and with the real one where it is installed."""

from pathlib import Path

import numpy as np
import pytest
from astronaut import astronaut, with_mediapipe

from wholebody_lift import detectors, formats
from wholebody_lift.errors import InputError
from wholebody_lift.skeleton import PARTS

RECORDED = Path(__file__).parents[1] / "data" / "mediapipe_astronaut.json"

_HOLISTIC = f"""
import json
from types import SimpleNamespace

made = []


class Holistic:
    def __init__(self, **options):
        self.options = options
        self.closed = False
        made.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.closed = True

    def process(self, image):
        assert image.flags.c_contiguous and image.dtype == "uint8"
        with open({str(RECORDED)!r}) as file:
            document = json.load(file)
        return SimpleNamespace(**{{name: self.part(part, image) for name, part in document.items()}})

    def part(self, part, image):
        if part is None or not image.any():
            return None
        found = [SimpleNamespace(**{{"visibility": 0, **point}}) for point in part["landmark"]]
        return SimpleNamespace(landmark=found)
"""


@pytest.fixture
def made_up(install):
    """The made-up module; its `made` holds every Holistic."""
    install("mediapipe", {"python/solutions/holistic.py": _HOLISTIC})
    import mediapipe.python.solutions.holistic as module

    return module


@pytest.fixture
def recorded():
    return formats.read(RECORDED, image_size=(512, 512))


def test_a_picture(made_up, recorded):
    picture = np.full((512, 512, 3), 128, np.uint8)
    person = detectors.detect_image(picture[:, ::-1], "mediapipe")
    np.testing.assert_allclose(person.keypoints, recorded.keypoints)
    np.testing.assert_array_equal(person.scores, recorded.scores)
    assert person.image_size.tolist() == [[512, 512]]
    (holistic,) = made_up.made
    assert holistic.options == {"static_image_mode": True, "smooth_landmarks": False}
    assert holistic.closed


def test_fractions_are_of_width_and_height(made_up, recorded):
    wide = detectors.detect_image(np.full((256, 1024, 3), 128, np.uint8))
    np.testing.assert_allclose(wide.keypoints, recorded.keypoints * (2, 0.5))


def test_a_video_in_which_nobody_is_now_and_then(made_up, save_video):
    grey, black = np.full((64, 64, 3), 128, np.uint8), np.zeros((64, 64, 3), np.uint8)
    person = detectors.detect_video(save_video([black, grey, grey, black, grey]))
    assert person.image_ids.tolist() == [1, 2, 4]
    assert person.track_ids.tolist() == [0, 0, 0]
    (holistic,) = made_up.made
    assert holistic.options == {"static_image_mode": False, "smooth_landmarks": False}
    assert holistic.closed


def test_many_pictures_with_one_detector(made_up):
    grey, black = np.full((64, 64, 3), 128, np.uint8), np.zeros((64, 64, 3), np.uint8)
    with detectors.start() as detect:
        assert [np.shape(detect(picture)) for picture in (grey, black, grey)] == [
            (1, 133, 3),
            (0, 133, 3),
            (1, 133, 3),
        ]
    assert len(made_up.made) == 1


@pytest.mark.parametrize(
    ("name", "detect"), [("photo.jpg", detectors.detect_image), ("clip.mp4", detectors.detect_video)]
)
def test_a_wrong_file_is_told_before_the_detector_is_loaded(made_up, cv2, tmp_path, name, detect):
    (tmp_path / name).write_bytes(b"no picture")
    with pytest.raises(InputError, match="that OpenCV decodes"):
        detect(tmp_path / name)
    assert made_up.made == []


# The real one


@pytest.fixture(name="astronaut")
def _astronaut():
    return astronaut()


@with_mediapipe
def test_a_real_photo(astronaut, recorded, cv2, tmp_path):
    cv2.imwrite(str(tmp_path / "photo.png"), astronaut[..., ::-1])
    person = detectors.detect_image(tmp_path / "photo.png")
    np.testing.assert_array_equal(person.observed, recorded.observed)
    np.testing.assert_allclose(person.keypoints, recorded.keypoints, atol=0.5)
    assert person.observed[0, PARTS["face"]].all()


@with_mediapipe
def test_a_real_photo_that_is_not_square(astronaut, recorded):
    """On the face; the body that MediaPipe guesses below a close-up depends on what is around it."""
    wide = np.zeros((512, 900, 3), np.uint8)
    wide[:, 200:712] = astronaut
    person = detectors.detect_image(wide)
    off = np.linalg.norm(person.keypoints - recorded.keypoints - (200, 0), axis=-1)[0, PARTS["face"]]
    assert np.median(off) < 1
    assert off.max() < 3


@with_mediapipe
def test_a_photo_without_anybody(astronaut):
    with pytest.raises(InputError, match="nobody was found in this picture"):
        detectors.detect_image(np.full((256, 256, 3), 90, np.uint8))


@with_mediapipe
def test_nothing_is_said(astronaut, capfd):
    with detectors.start("mediapipe", video=True) as detect:
        assert [len(detect(picture)) for picture in (np.zeros_like(astronaut), astronaut)] == [0, 1]
    assert capfd.readouterr() == ("", "")


@with_mediapipe
def test_what_it_says_can_be_had(astronaut, caplog, capfd):
    caplog.set_level("DEBUG", logger="wholebody_lift")
    detectors.detect_image(astronaut)
    assert "W0000 00:00:" in capfd.readouterr().err


@with_mediapipe
def test_a_real_video(astronaut, save_video):
    """The astronaut moves 3 pixels to the right from frame to frame."""
    frames = [np.roll(astronaut, 3 * i, axis=1) for i in range(12)]
    person = detectors.detect_video(save_video(frames))
    assert person.image_ids.tolist() == list(range(12))
    assert set(person.track_ids.tolist()) == {0}
    x = person.keypoints[:, PARTS["face"], 0].mean(axis=1)
    np.testing.assert_allclose(x - x[0], 3.0 * np.arange(12), atol=4)


@with_mediapipe
def test_a_real_photo_in_3d(astronaut, tmp_path):
    """Everything in one environment: detect, lift, write the page."""
    from wholebody_lift import Lifter
    from wholebody_lift.viewers import html

    pose = Lifter.from_pretrained(device="cpu").lift(detectors.detect_image(astronaut))
    eyes, shoulders = (
        pose.xyz[0, [pose.names.index(f"{side}_{name}") for side in ("left", "right")]]
        for name in ("eye", "shoulder")
    )
    assert 250 < np.linalg.norm(shoulders[0] - shoulders[1]) < 450  # of an average adult, in mm
    assert 40 < np.linalg.norm(eyes[0] - eyes[1]) < 90
    assert eyes[:, 1].mean() < shoulders[:, 1].mean() < 0  # y is down, the hips are 0
    html.write(pose, tmp_path / "photo.html")
    assert (tmp_path / "photo.html").stat().st_size < 1e6
