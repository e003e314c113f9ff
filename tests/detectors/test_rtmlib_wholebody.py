"""With a made-up rtmlib, and with the real one on networks that are made up, as it would download its own."""

import os
import subprocess
import sys

import numpy as np
import pytest

from wholebody_lift import detectors, formats
from wholebody_lift.errors import InputError

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
    with pytest.raises(RuntimeError, match="downloads on first use: no network"):
        detectors.detect_image(picture(red=(16, 16)), "rtmlib")


# The real one


def _save(path, inputs, nodes, outputs):
    onnx = pytest.importorskip("onnx", reason="onnx, of the extra test, is not installed")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(kind, list(came), list(goes), **rest) for kind, came, goes, rest in nodes],
        path.stem,
        [onnx.helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, inputs)],
        [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, size) for name, size in outputs],
    )
    opset = [onnx.helper.make_opsetid("", 13)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), path)


def _constant(name, values):
    from onnx import numpy_helper

    return "Constant", (), (name,), {"value": numpy_helper.from_array(np.asarray(values), name)}


def _save_detector(path, boxes):
    """A network that answers (1, N, 5) boxes with their scores, after NMS, whatever it is shown."""
    nodes = [
        ("ReduceMin", ("image",), ("darkest",), {"keepdims": 0}),
        _constant("nothing", np.float32(0)),
        ("Mul", ("darkest", "nothing"), ("zero",), {}),  # the input must be used
        _constant("boxes", np.asarray(boxes, np.float32)[None]),
        ("Add", ("boxes", "zero"), ("dets",), {}),
    ]
    _save(path, (1, 3, 640, 640), nodes, [("dets", (1, len(boxes), 5))])


def _save_pose(path, width, height):
    """A network whose keypoints are where red is most above blue, and every other one green, by SimCC."""
    weights = np.zeros((133, 3, 1, 1), np.float32)  # of BGR
    weights[:, 0] = -1
    weights[0::2, 2] = weights[1::2, 1] = 1
    nodes = [
        _constant("weights", weights),
        ("Conv", ("image", "weights"), ("seen",), {}),  # (1, 133, H, W)
        _constant("half_pixels", np.array([1, 1, 2], np.float32)),
    ]
    for name, across in (("x", 2), ("y", 3)):
        nodes += [
            ("ReduceMax", ("seen",), (f"along_{name}",), {"axes": [across], "keepdims": 0}),
            ("Resize", (f"along_{name}", "", "half_pixels"), (f"simcc_{name}",), {"mode": "nearest"}),
        ]
    outputs = [("simcc_x", (1, 133, 2 * width)), ("simcc_y", (1, 133, 2 * height))]
    _save(path, (1, 3, height, width), nodes, outputs)


@pytest.fixture
def package(monkeypatch, tmp_path):
    """rtmlib with small networks in the place of those that it would download: it finds two people."""
    rtmlib = pytest.importorskip("rtmlib", reason="rtmlib, which make test installs, is not there")
    pytest.importorskip("onnxruntime", reason="onnxruntime, of the extra test, is not installed")
    models = rtmlib.Wholebody.MODE["balanced"]  # what it takes unless told otherwise
    width, height = models["pose_input_size"]
    scale = models["det_input_size"][0] / 320  # of the picture in these tests
    boxes = np.array([(40, 20, 120, 180, 0.9), (200, 20, 280, 180, 0.8), (0, 0, 320, 200, 0.1)])
    _save_detector(tmp_path / "detector.onnx", boxes * (scale, scale, scale, scale, 1))
    _save_pose(tmp_path / "pose.onnx", width, height)
    monkeypatch.setitem(models, "det", str(tmp_path / "detector.onnx"))
    monkeypatch.setitem(models, "pose", str(tmp_path / "pose.onnx"))
    return rtmlib


SPOTS = np.array([[(70, 60), (90, 140)], [(250, 150), (230, 70)]])
"""Of each person the red and the green one: x, y in the pixels of the picture."""


@pytest.fixture
def spots():
    """(200, 320, 3) RGB."""
    pixels = np.full((200, 320, 3), 90, np.uint8)
    for person in SPOTS:
        for (x, y), colour in zip(person, ((255, 0, 0), (0, 255, 0)), strict=True):
            pixels[y - 2 : y + 3, x - 2 : x + 3] = colour
    return pixels


# All keypoints of a person are on two spots here, which is warned of.
on_two_spots = pytest.mark.filterwarnings("ignore::wholebody_lift.errors.InputWarning")


@on_two_spots
def test_the_package_itself(package, spots, capfd):
    people = detectors.detect_image(spots, "rtmlib")
    expected = SPOTS[:, [i % 2 for i in range(133)]]
    np.testing.assert_allclose(people.keypoints, expected, atol=2.5)  # anywhere in its spot
    assert (people.scores == 1).all()
    assert capfd.readouterr() == ("", "")


@on_two_spots
def test_the_package_itself_in_a_video(package, spots, save_video):
    frames = [spots, np.roll(spots, 4, axis=1), np.roll(spots, 8, axis=1)]
    people = detectors.detect_video(save_video(frames), "rtmlib")
    assert people.image_ids.tolist() == [0, 0, 1, 1, 2, 2]
    assert people.track_ids.tolist() == [0, 1, 0, 1, 0, 1]
    moved = people[people.track_ids == 1].keypoints[:, 0, 0]
    np.testing.assert_allclose(moved - moved[0], (0, 4, 8), atol=2.5)


@on_two_spots
@pytest.mark.filterwarnings("ignore:got COCO-WholeBody in OpenPose's order")
def test_what_it_answers_by_itself(package, spots):
    """formats.rtmlib reads it, in both orders; SimCC's scores are not normalised."""
    alike = detectors.detect_image(spots, "rtmlib")
    for to_openpose in (False, True):
        keypoints, scores = package.Wholebody(to_openpose=to_openpose)(spots[..., ::-1])
        assert scores.max() > 1
        people = formats.rtmlib.from_arrays(keypoints, scores, image_size=(320, 200))
        np.testing.assert_allclose(people.keypoints, alike.keypoints, rtol=1e-6)


def test_what_it_says_can_be_had(package, caplog, capfd):
    caplog.set_level("DEBUG", logger="wholebody_lift")
    with detectors.start("rtmlib"):
        pass
    out, err = capfd.readouterr()
    assert out == ""
    assert "pose.onnx with onnxruntime backend" in err


_WITH_ONNX_RUNTIME = """
import onnxruntime


class Wholebody:
    def __init__(self, **options):
        onnxruntime.InferenceSession("detector.onnx", providers=["CPUExecutionProvider"])
"""


def test_onnx_runtime_writes_nothing_into_the_home_directory(package, tmp_path):
    """Left to itself, it does so on import: a device id, and a file of what it reports."""
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "rtmlib.py").write_text(_WITH_ONNX_RUNTIME)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))},
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
    }
    script = 'from wholebody_lift import detectors\nwith detectors.start("rtmlib"): pass'
    subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True, capture_output=True
    )
    assert list(home.rglob("*")) == []
