"""The ONNX file lifts as the library does."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from wholebody_lift import Keypoints2D, Lifter, cli, formats, onnx_file, pretrained
from wholebody_lift.backends.onnx_runtime import OnnxRuntime
from wholebody_lift.checks import GRAVITY_SPREAD_DEG
from wholebody_lift.config import INPUTS, Config
from wholebody_lift.model import SemGAN

pytest.importorskip("onnxscript", reason="the extra onnx")
onnxruntime = pytest.importorskip("onnxruntime")

EXAMPLES = Path(__file__).parents[1] / "examples" / "data"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> "onnxruntime.InferenceSession":
    path = tmp_path_factory.mktemp("onnx") / "tiny.onnx"
    assert cli.main(["onnx", str(path), "--weights", "tiny", "--quiet"]) == 0
    weights = pretrained.packaged_directory("tiny") / pretrained.WEIGHTS_FILE
    assert path.stat().st_size < 1.2 * weights.stat().st_size
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def _run(
    session: "onnxruntime.InferenceSession", people: Keypoints2D, focal: float, given: bool
) -> dict[str, np.ndarray]:
    n = len(people)
    keypoints = np.concatenate([people.keypoints, people.scores[..., None]], -1).astype(np.float32)
    centre = np.broadcast_to(np.array(people.image_size, dtype=np.float32) / 2, (n, 2))
    answers = session.run(
        list(onnx_file.OUTPUTS),
        {
            "keypoints": keypoints,
            "focal": np.full((n, 2), focal, dtype=np.float32),
            "centre": np.ascontiguousarray(centre),
            "camera_given": np.full(n, given),
        },
    )
    return dict(zip(onnx_file.OUTPUTS, answers, strict=True))


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("name", ["squats", "photos"])
def test_it_lifts_as_the_library_does(
    session: "onnxruntime.InferenceSession", name: str, given: bool
) -> None:
    people = formats.read(EXAMPLES / f"{name}.json")[:20]
    width, height = people.image_size[0]
    focal = 1.1 * height if given else float(np.hypot(width, height))
    people = people[(people.image_size == people.image_size[0]).all(1)]
    K = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]]) if given else None
    lifter = Lifter.from_pretrained("tiny", device="cpu")
    pose = lifter.lift(people.keypoints, people.scores, image_size=people.image_size, K=K)
    found = _run(session, people, focal, given)
    assert np.abs(found["xyz"] - pose.xyz).max() < 0.1  # mm
    assert np.abs(found["error_mm"] - pose.error_mm).max() < 0.1
    assert np.abs(found["translation"] - pose.translation).max() < 1e-3 * np.abs(pose.translation).max()


def test_missing_is_a_low_score_or_no_number(session: "onnxruntime.InferenceSession") -> None:
    people = formats.read(EXAMPLES / "squats.json")[:2]
    low, none = people.keypoints.copy(), people.keypoints.copy()
    scores = people.scores.copy()
    scores[:, 91:112] = 0
    none[:, 91:112] = np.nan
    by_score = Keypoints2D(keypoints=low, scores=scores, image_size=people.image_size)
    by_nan = Keypoints2D(keypoints=none, scores=people.scores, image_size=people.image_size)
    answers = [_run(session, some, 1400.0, True)["xyz"] for some in (by_score, by_nan)]
    assert np.allclose(*answers, atol=1e-3)
    assert not np.allclose(answers[0], _run(session, people, 1400.0, True)["xyz"], atol=1.0)


def test_it_takes_what_the_network_can_be_told(tmp_path: Path) -> None:
    model = SemGAN(Config(channels=16, heads=2, layers=1, inputs=INPUTS)).eval()
    for weight in (*model.embed_known.parameters(), *model.adapters.parameters()):
        torch.nn.init.normal_(weight, std=0.1)
    onnx_file.write(model, tmp_path / "known.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "known.onnx", providers=["CPUExecutionProvider"])
    people = formats.read(EXAMPLES / "squats.json")[:3]
    n = len(people)
    known = {
        "bone_lengths": np.full((n, 12), 300.0, dtype=np.float32),
        "gravity": np.tile(np.float32([0, 0.8, 0.6]), (n, 1)),
        "gravity_spread_deg": np.full(n, 3.0, dtype=np.float32),
        "depth": 100 * np.random.default_rng(0).standard_normal((n, 133), dtype=np.float32),
    }
    known["bone_lengths"][0, 3] = known["gravity"][1] = known["depth"][2, :20] = np.nan
    K = np.array([[1400.0, 0, 0], [0, 1400.0, 0], [0, 0, 1]])
    K[:2, 2] = people.image_size[0] / 2
    told = Keypoints2D(people.keypoints, people.scores, image_size=people.image_size, K=K, **known)
    pose = Lifter(model, device="cpu").lift(told)
    keypoints = np.concatenate([people.keypoints, people.scores[..., None]], -1).astype(np.float32)
    fixed = {
        "keypoints": keypoints,
        "focal": np.full((n, 2), 1400, np.float32),
        "centre": (people.image_size / 2).astype(np.float32),
        "camera_given": np.ones(n, bool),
    }
    (xyz,) = session.run(["xyz"], {**fixed, **known})
    assert np.abs(xyz - pose.xyz).max() < 1.0
    usual = np.full(n, GRAVITY_SPREAD_DEG, dtype=np.float32)
    (stated,) = session.run(["xyz"], {**fixed, **known, "gravity_spread_deg": usual})
    (omitted,) = session.run(["xyz"], {**fixed, **{k: v for k, v in known.items() if "spread" not in k}})
    assert np.array_equal(omitted, stated)
    (blind,) = session.run(["xyz"], {**fixed, **{k: v + np.float32(np.nan) for k, v in known.items()}})
    assert np.abs(xyz - blind).max() > 5


@pytest.fixture(scope="module")
def small() -> SemGAN:
    """A network that is quick to export."""
    torch.manual_seed(0)
    return SemGAN(Config(channels=32, heads=2, layers=1, inputs=("gravity",))).eval()


@pytest.fixture(scope="module")
def people() -> Keypoints2D:
    return formats.read(EXAMPLES / "squats.json")[:40]


@pytest.fixture(scope="module")
def forms(small: SemGAN, people: Keypoints2D, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same network in every precision; "static" is int8 with people to calibrate it."""
    directory = tmp_path_factory.mktemp("forms")
    paths = {name: directory / f"{name}.onnx" for name in ("fp32", "fp16", "int8", "static")}
    export, programs = torch.onnx.export, {}

    def once(module: torch.nn.Module, *args: object, **options: object) -> object:
        """The exporter, which takes long, once for each kind of number."""
        kind = next(module.parameters()).dtype
        if kind not in programs:
            programs[kind] = export(module, *args, **options)
        return programs[kind]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(torch.onnx, "export", once)
        for name, path in paths.items():
            calibrate = people if name == "static" else None
            precision = "int8" if name == "static" else name
            onnx_file.write(small, path, precision=precision, calibrate=calibrate)
    return paths


@pytest.mark.parametrize(("name", "within_mm"), [("fp16", 5.0), ("int8", 40.0), ("static", 40.0)])
def test_every_precision_lifts_much_as_fp32(
    forms: dict[str, Path], people: Keypoints2D, name: str, within_mm: float
) -> None:
    exact, rounded = (Lifter(OnnxRuntime(forms[form])).lift(people).xyz for form in ("fp32", name))
    off = np.linalg.norm(exact - rounded, axis=-1)
    spread = np.linalg.norm(exact - exact.mean(axis=0), axis=-1)
    assert 0 < off.mean() < within_mm
    assert off.mean() < 0.5 * spread.mean()


def test_a_file_says_its_precision(forms: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    stated = {"fp32": "fp32", "fp16": "fp16", "int8": "int8", "static": "int8"}
    assert {name: OnnxRuntime(path).precision for name, path in forms.items()} == stated
    lifter = Lifter.from_pretrained(forms["int8"], backend="onnx")
    assert lifter.backend.described.endswith("int8")
    assert cli.main(["info", str(forms["fp16"])]) == 0
    assert "fp16" in capsys.readouterr().out


def test_int8_keeps_input_and_output_layers(small: SemGAN, forms: dict[str, Path]) -> None:
    import onnx

    for name in ("int8", "static"):
        graph = onnx.load(forms[name]).graph
        whole = [tensor for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.INT8]
        widths = {tuple(tensor.dims) for tensor in whole if len(tensor.dims) == 2}
        channels = small.config.channels
        assert widths == {(channels, channels), (channels, 3 * channels)}
    assert forms["int8"].stat().st_size < forms["fp32"].stat().st_size


def test_calibrated_people_do_not_depend_on_one_another(forms: dict[str, Path], people: Keypoints2D) -> None:
    def usual_difference(name: str) -> float:
        """Not the largest: rounding to 8 bits makes a step of a difference in the last bit."""
        lifter = Lifter(OnnxRuntime(forms[name]))
        together = lifter.lift(people[:5]).xyz
        alone = np.concatenate([lifter.lift(person).xyz for person in people[:5]])
        return float(np.median(np.abs(alone - together)))

    assert usual_difference("static") < 0.01
    assert usual_difference("int8") > 0.01  # as the documentation says


@pytest.mark.parametrize("options", [{"precision": "int4"}, {"precision": "fp16", "calibrate": "people"}])
def test_wrong_precision(
    small: SemGAN, people: Keypoints2D, options: dict[str, object], tmp_path: Path
) -> None:
    if "calibrate" in options:
        options = {**options, "calibrate": people}
    with pytest.raises(ValueError, match="precision"):
        onnx_file.write(small, tmp_path / "no.onnx", **options)
    assert not list(tmp_path.iterdir())


def test_the_command_calibrates_on_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given: dict[str, object] = {}

    def write(model: SemGAN, path: Path, **options: object) -> None:
        path.touch()
        given.update(options)

    squats = str(EXAMPLES / "squats.json")
    with monkeypatch.context() as patched:
        patched.setattr(onnx_file, "write", write)
        asked = ["onnx", str(tmp_path / "a.onnx"), "--weights", "tiny", "--precision", "int8"]
        assert cli.main([*asked, "--calibrate", squats]) == 0
    assert given["precision"] == "int8"
    assert len(given["calibrate"]) == len(formats.read(squats))
    assert cli.main(["onnx", str(tmp_path / "b.onnx"), "--weights", "tiny", "--calibrate", squats]) != 0
    assert "choose int8" in capsys.readouterr().err


def test_exporting_prints_nothing_of_other_libraries(small: SemGAN, tmp_path: Path) -> None:
    pretrained.save(small, tmp_path / "weights")
    written = tmp_path / "small.onnx"
    command = ["onnx", str(written), "--weights", str(tmp_path / "weights"), "--precision", "int8"]
    done = subprocess.run(
        [sys.executable, "-m", "wholebody_lift", *command], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert re.fullmatch(rf"wrote {re.escape(str(written))}, .* MB\n", done.stdout), done.stdout


def test_the_name_must_tell_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["onnx", "tiny.pt"])
    assert "ends in .onnx" in capsys.readouterr().err
