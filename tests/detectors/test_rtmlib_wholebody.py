"""With a made-up rtmlib, and with the real one on networks that are made up, as it would download its own."""

import numpy as np
import pytest

from wholebody_lift import detectors
from wholebody_lift.keypoints import InputError

_PACKAGE = """
import numpy as np

made = []


class Wholebody:
    '''Everybody is a red rectangle, which is found by its blue channel being under 128.'''

    def __init__(self, **options):
        print("load model with onnxruntime backend")
        made.append(options)

    def det_model(self, image):
        y, x = np.nonzero(image[..., 0] < 128)  # BGR
        return np.array([[x.min(), y.min(), x.max() + 1, y.max() + 1]]) if len(x) else np.array([])

    def pose_model(self, image, bboxes=()):
        if len(bboxes) == 0:  # as the real one does
            bboxes = [[0, 0, image.shape[1], image.shape[0]]]
        person = np.load("person.npy")
        middles = np.array([(left + right, top + bottom) for left, top, right, bottom in bboxes]) / 2
        scores = 6 * person[:, 2].astype(np.float32)
        return person[:, :2] + middles[:, None], np.tile(scores, (len(middles), 1))
"""


@pytest.fixture
def made_up(install, uninstall, small, tmp_path, monkeypatch):
    np.save(tmp_path / "person.npy", small)
    monkeypatch.chdir(tmp_path)
    uninstall("mediapipe")
    install("onnxruntime", {})
    install("rtmlib", {"__init__.py": _PACKAGE})
    import rtmlib

    return rtmlib


def test_a_picture(made_up, picture, small, capsys):
    people = detectors.detect_image(picture(red=(32, 16)))
    assert made_up.made == [{"to_openpose": False}]
    assert len(people) == 1
    seen = people.observed[0]
    np.testing.assert_allclose(people.keypoints[0, seen], (small[:, :2] + (40, 24))[seen])
    np.testing.assert_allclose(
        people.scores[0, seen], np.minimum(6 * small[seen, 2], 1), rtol=1e-6
    )  # SimCC's
    assert capsys.readouterr().out == ""  # which is for results


def test_nobody_is_nobody(made_up, picture):
    """Without boxes the model takes the whole picture for a person."""
    with pytest.raises(InputError, match="nobody was found"):
        detectors.detect_image(picture())


def test_a_video(made_up, picture, save_video):
    frames = [picture(red=(16, 16)), picture(), picture(red=(18, 16)), picture(red=(130, 60))]
    people = detectors.detect_video(save_video(frames), "rtmlib")
    assert people.image_ids.tolist() == [0, 2, 3]
    assert people.track_ids.tolist() == [0, 0, 1]
    assert len(made_up.made) == 1


def test_models_that_cannot_be_downloaded(install, picture):
    install("onnxruntime", {})
    install("rtmlib", {"__init__.py": "def Wholebody(**options):\n    raise OSError('no network')\n"})
    with pytest.raises(RuntimeError, match="downloads when it is first used: no network"):
        detectors.detect_image(picture(red=(16, 16)), "rtmlib")


# The real one


class _Session:
    """A network that finds one person at (64, 32) to (128, 160), and every keypoint in the middle of it."""

    def __init__(self, path_or_bytes, providers):
        self._is_pose = "rtmw" in path_or_bytes

    def get_inputs(self):
        return [type("Input", (), {"name": "image"})]

    def get_outputs(self):
        return [type("Output", (), {"name": name}) for name in ("first", "second")[: 1 + self._is_pose]]

    def run(self, names, inputs):
        _, _, height, width = inputs["image"].shape
        if not self._is_pose:
            scale = min(width / 320, height / 200)  # of the picture in the test, to the input
            box = np.array([64, 32, 128, 160, 0.9]) * (scale, scale, scale, scale, 1)
            return [np.stack((box, box * (1, 1, 1, 1, 0)))[None].astype(np.float32)]
        simcc = [np.zeros((1, 133, 2 * size), np.float32) for size in (width, height)]
        for axis, size in zip(simcc, (width, height), strict=True):
            axis[..., size] = 5.0
        return simcc


def test_the_package_itself(monkeypatch):
    rtmlib = pytest.importorskip("rtmlib", reason="rtmlib, which needs OpenCV, is not installed")
    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.setattr(rtmlib.tools.base, "download_checkpoint", lambda url: url)
    monkeypatch.setattr(onnxruntime, "InferenceSession", _Session)
    with detectors.start("rtmlib") as detect:
        people = detect(np.full((200, 320, 3), 90, np.uint8))
    assert people.shape == (1, 133, 3)
    np.testing.assert_allclose(people[0, :, :2], np.full((133, 2), 96), atol=1)
    assert (people[..., 2] == 1).all()
