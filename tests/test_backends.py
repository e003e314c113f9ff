"""ONNX Runtime lifts as torch does, for every camera, and where torch is not installed."""

import copy
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wholebody_lift import Keypoints2D, Lifter, LiveLifter, WeightsError, formats, pretrained
from wholebody_lift.backends import chosen

onnxruntime = pytest.importorskip("onnxruntime")

ROOT = Path(__file__).parents[1]
SQUATS = ROOT / "examples" / "data" / "squats.json"
WITHIN_MM = 0.1

CAMERA = np.array([[1400.0, 3.0, 650.0], [0.0, 1420.0, 350.0], [0.0, 0.0, 1.0]])
LENS = [-0.3, 0.1, 0.001, -0.002, 0.02]
KNOWN = {
    "size": {"image_size": (1280, 720)},
    "pixels alone": {},
    "K": {"K": CAMERA},
    "lens": {"K": CAMERA, "distortion": LENS},
    "height": {"image_size": (1280, 720), "height_mm": np.linspace(900.0, 2000.0, 40)},
    "low scores": {"image_size": (1280, 720), "min_score": 0.05},
}


@pytest.fixture(scope="module", params=["tiny", "base"])
def lifters(request: pytest.FixtureRequest) -> tuple[Lifter, Lifter]:
    by_torch, by_onnx = (
        Lifter.from_pretrained(request.param, backend=backend, device="cpu") for backend in ("torch", "onnx")
    )
    return by_torch, by_onnx


def squats(n: int = 40, **known: object) -> Keypoints2D:
    people = formats.read(SQUATS)[:n]
    scores = people.scores.copy()
    scores[::3, 91:112] = 0.1
    keypoints = people.keypoints.copy()
    keypoints[1::4, 7:11] = np.nan
    return Keypoints2D(keypoints, scores, fps=30, image_ids=np.arange(n), **known)


def assert_same(one: object, other: object) -> None:
    assert np.abs(one.xyz - other.xyz).max() < WITHIN_MM
    assert np.abs(one.error_mm - other.error_mm).max() < WITHIN_MM
    assert np.abs(one.translation - other.translation).max() < 1e-3 * np.abs(one.translation).max()
    assert np.allclose(one.reprojection_error_px, other.reprojection_error_px, atol=0.01, equal_nan=True)
    assert np.allclose(one.K, other.K, rtol=1e-6)
    for field in ("camera_source", "scale_source", "fps"):
        assert getattr(one, field) == getattr(other, field)
    assert np.array_equal(one.observed, other.observed)


@pytest.mark.parametrize("known", KNOWN.values(), ids=KNOWN)
def test_people_are_the_same(lifters: tuple[Lifter, Lifter], known: dict[str, object]) -> None:
    people = squats(**known)
    assert_same(*(lifter.lift(people) for lifter in lifters))


@pytest.mark.parametrize("known", [KNOWN["size"], KNOWN["pixels alone"]], ids=["size", "pixels alone"])
def test_sequences_are_the_same(lifters: tuple[Lifter, Lifter], known: dict[str, object]) -> None:
    people = squats(**known)
    assert_same(*(lifter.lift_sequence(people, lock_feet=True) for lifter in lifters))


def test_live_is_the_same(lifters: tuple[Lifter, Lifter]) -> None:
    people = squats(20, image_size=(1280, 720))
    two = Keypoints2D.concatenate([people, people])
    two = two.model_copy(update={"track_ids": np.repeat([1, 2], 20)})
    assert_same(*(LiveLifter(lifter, 30).replay(two) for lifter in lifters))


def test_nobody_and_many(lifters: tuple[Lifter, Lifter]) -> None:
    _, by_onnx = lifters
    assert len(by_onnx.lift(Keypoints2D.empty())) == 0
    people = squats(image_size=(1280, 720))
    many = Keypoints2D.concatenate([people] * 5)  # more than one chunk
    single = by_onnx.lift(people[7])
    assert np.abs(by_onnx.lift(many).xyz[7] - single.xyz[0]).max() < 0.01


def test_what_it_is() -> None:
    lifter = Lifter.from_pretrained("tiny", backend="onnx")
    assert lifter.device == "cpu"
    assert lifter.backend.config == pretrained.load("tiny").config
    assert re.match(r"onnxruntime \d", lifter.backend.described)
    with pytest.raises(AttributeError):
        _ = lifter.model


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "mps"}, "expected auto, cpu, cuda or cuda:1 as device"),
        ({"dtype": "float16"}, "expected no dtype"),
        ({"backend": "tensorflow"}, "expected one of auto, torch, onnx"),
    ],
)
def test_wrong_options(options: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Lifter.from_pretrained("tiny", **{"backend": "onnx", **options})


def test_wrong_files(tmp_path: Path) -> None:
    path = tmp_path / "no.onnx"
    with pytest.raises(WeightsError, match="does not exist"):
        Lifter.from_pretrained(path, backend="onnx")
    path.write_bytes(b"no model")
    with pytest.raises(WeightsError, match="wholebody-lift onnx"):
        Lifter.from_pretrained(path, backend="onnx")
    pretrained.save(pretrained.load("tiny"), tmp_path)
    with pytest.raises(WeightsError, match=r"model\.onnx beside the weights"):
        Lifter.from_pretrained(tmp_path, backend="onnx")


def test_weights_saved_with_their_onnx_file(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="the extra onnx")
    lifter = Lifter.from_pretrained("tiny", device="cpu")
    pretrained.save(pretrained.load("tiny").half(), tmp_path, onnx=True)
    weights, onnx = (tmp_path / name for name in (pretrained.WEIGHTS_FILE, pretrained.ONNX_FILE))
    assert onnx.stat().st_size < weights.stat().st_size / 4  # the tensors are not stored twice
    people = squats(5)
    assert_same(lifter.lift(people), Lifter.from_pretrained(tmp_path, backend="onnx").lift(people))
    weights.unlink()
    with pytest.raises(WeightsError, match=r"model\.safetensors"):
        Lifter.from_pretrained(tmp_path, backend="onnx")


def test_weights_in_single_precision_saved_with_their_onnx_file(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="the extra onnx")
    lifter = Lifter.from_pretrained("tiny", device="cpu")
    lifter.save_pretrained(tmp_path, onnx=True)
    people = squats(5)
    assert_same(lifter.lift(people), Lifter.from_pretrained(tmp_path, backend="onnx").lift(people))


def test_a_file_of_another_program(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    content = onnx.load(pretrained.packaged_directory("tiny") / pretrained.ONNX_FILE)
    del content.metadata_props[:]
    onnx.save(content, tmp_path / "other.onnx")
    with pytest.raises(WeightsError, match="does not say what network"):
        Lifter.from_pretrained(tmp_path / "other.onnx", backend="onnx")


def test_onnxruntime_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r"wholebody-lift\[onnxruntime\]"):
        Lifter.from_pretrained("tiny", backend="onnx")


def test_which_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen("auto") == "torch"
    monkeypatch.setattr("wholebody_lift.backends.find_spec", lambda name: None)
    assert chosen("auto") == "onnx"
    assert chosen("torch") == "torch"


WITHOUT_TORCH = """
import sys
class Refuses:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "safetensors"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Refuses())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "torch" else found(name, package)
"""


@pytest.fixture
def without_torch(tmp_path: Path) -> Callable[..., str]:
    def run(code: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", WITHOUT_TORCH + code],
            check=True,
            capture_output=True,
            text=True,
            cwd=tmp_path,
        ).stdout

    return run


def test_lifting_needs_no_torch(without_torch: Callable[..., str]) -> None:
    code = f"""
import numpy as np
from wholebody_lift import Lifter, LiveLifter, formats
people = formats.read({str(SQUATS)!r})[:12]
lifter = Lifter.from_pretrained("tiny")
for pose in (lifter.lift(people), lifter.lift_sequence(people, 30.0, lock_feet=True)):
    assert len(pose) == 12
LiveLifter(lifter, 30).push(people[0])
lifter.lift(people.keypoints, K=np.diag([1000.0, 1000, 1]), distortion=[0.1, 0, 0, 0, 0])
for name in ("json", "npz", "csv", "bvh", "trc", "glb"):
    formats.write(pose, f"pose.{{name}}")
formats.read_pose("pose.npz")
assert "torch" not in sys.modules
print(lifter.backend.described)
"""
    assert without_torch(code).startswith("onnxruntime")


def test_the_command_needs_no_torch(without_torch: Callable[..., str]) -> None:
    code = f"""
from wholebody_lift.cli import main
assert main(["lift", {str(SQUATS)!r}, "--weights", "tiny", "-o", "out.html", "-o", "out.npz", "-q"]) == 0
assert main(["export", "out.npz", "-o", "out.bvh", "-q"]) == 0
assert main(["info", "tiny"]) == 0
assert main(["lift", {str(SQUATS)!r}, "--backend", "torch", "-o", "out.npz", "-q"]) != 0
"""
    assert "backend  onnxruntime" in without_torch(code)


def test_the_light_requirements_are_those_of_the_package() -> None:
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "requirements-onnx.txt").read_text().splitlines()
    light = {line for line in lines if not line.startswith("#")}
    extra = set(project["optional-dependencies"]["onnxruntime"])
    heavy = {one for one in project["dependencies"] if one.startswith(("torch", "safetensors"))}
    assert light == set(project["dependencies"]) - heavy | extra


def test_a_file_is_loaded_beside_its_own_weights_only(tmp_path: Path) -> None:
    """Its tensors lie in the weights, by their place: those of others would be taken for its own."""
    for name in ("tiny", "base"):
        shutil.copytree(
            pretrained.packaged_directory(name),
            tmp_path / name,
            ignore=shutil.ignore_patterns("SHA256SUMS", "tiny"),
        )
    assert Lifter.from_pretrained(tmp_path / "tiny", backend="onnx").lift(squats(1))
    shutil.copy(tmp_path / "base" / "model.safetensors", tmp_path / "tiny")
    with pytest.raises(WeightsError, match=r"expected the model.safetensors that .* was written beside"):
        Lifter.from_pretrained(tmp_path / "tiny" / "model.onnx", backend="onnx")


def test_a_lifter_without_torch_can_be_copied_and_pickled() -> None:
    lifter = Lifter.from_pretrained("tiny", backend="onnx", device="cpu")
    people = squats(2)
    for other in (copy.deepcopy(lifter), pickle.loads(pickle.dumps(lifter))):
        assert np.array_equal(other.lift(people).xyz, lifter.lift(people).xyz)
        assert other.backend.described == lifter.backend.described


def test_cuda_that_falls_back_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: both)
    real = onnxruntime.InferenceSession
    monkeypatch.setattr(
        onnxruntime,
        "InferenceSession",
        lambda *a, providers, **k: real(*a, providers=["CPUExecutionProvider"], **k),
    )
    assert Lifter.from_pretrained("tiny", backend="onnx", device="auto").backend.device == "cpu"
    with pytest.raises(ValueError, match="expected ONNX Runtime to compute on cuda:1, got cpu"):
        Lifter.from_pretrained("tiny", backend="onnx", device="cuda:1")


def test_a_revision_of_a_file_is_refused() -> None:
    with pytest.raises(WeightsError, match="expected no revision"):
        Lifter.from_pretrained(
            pretrained.packaged_directory("tiny") / "model.onnx", backend="onnx", revision="v1"
        )
