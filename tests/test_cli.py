"""The command line: what it writes, what it prints, what it says about mistakes."""

import json
import subprocess
import sys
import webbrowser
from pathlib import Path

import numpy as np
import pytest
from people import standing

from wholebody_lift import Lifter, Pose3D, __version__, pretrained
from wholebody_lift.cli import main
from wholebody_lift.config import Config
from wholebody_lift.model.semgan import SemGAN

PEOPLE = 2


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with the weights of a small untrained network."""
    directory = tmp_path_factory.mktemp("weights")
    pretrained.save(SemGAN(Config(channels=16, heads=2, layers=1)), directory)
    return str(directory)


@pytest.fixture
def detections(tmp_path: Path) -> Path:
    """People in the order of COCO-WholeBody, as a plain array of x, y, score."""
    xyz = standing(PEOPLE).numpy() + np.array([0.0, 0.0, 4000.0])
    xy = 1000 * xyz[..., :2] / xyz[..., 2:] + (640, 360)
    path = tmp_path / "people.npy"
    np.save(path, np.concatenate([xy, np.full((*xy.shape[:2], 1), 0.9)], axis=-1))
    return path


@pytest.fixture
def result(tmp_path: Path, detections: Path, weights: str) -> Path:
    path = tmp_path / "made" / "result.json"
    assert main(["lift", str(detections), "-o", str(path), "--weights", weights, "--device", "cpu"]) == 0
    return path


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("wholebody-lift: error: ")
    return lines[0]


def test_lift_writes_what_the_library_returns(detections: Path, weights: str, result: Path) -> None:
    want = Lifter.from_pretrained(weights, device="cpu").lift(np.load(detections))
    got = Pose3D.load(result)
    np.testing.assert_array_equal(got.xyz, want.xyz)
    assert len(got) == PEOPLE
    assert got.camera_source == "keypoints"


def test_lift_passes_on_what_it_is_told(tmp_path: Path, detections: Path, weights: str) -> None:
    out = tmp_path / "result.npz"
    options = [
        "--image-size",
        "1280",
        "720",
        "--intrinsics",
        "1000",
        "1010",
        "640",
        "360",
        "--height-mm",
        "1850",
    ]
    options += ["--distortion", "0.1", "0", "0", "0", "0", "--frame", "blender", "--weights", weights]
    assert main(["lift", str(detections), "-o", str(out), *options]) == 0
    pose = Pose3D.load(out)
    assert pose.frame == "blender"
    assert pose.camera_source == "given"
    assert pose.scale_source == "height_mm"
    np.testing.assert_array_equal(pose.K[0], [[1000, 0, 640], [0, 1010, 360], [0, 0, 1]])
    np.testing.assert_array_equal(pose.distortion[1], [0.1, 0, 0, 0, 0])
    np.testing.assert_array_equal(pose.image_size, [[1280, 720]] * PEOPLE)


def test_lift_writes_every_kind_of_output(
    tmp_path: Path, detections: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="figures need the extra [plot]")
    names = ["a.json", "a.npz", "a.csv", "a.html", "a.PNG", "a.pdf", "a.svg"]
    outputs = [argument for name in names for argument in ("-o", str(tmp_path / name))]
    assert main(["lift", str(detections), *outputs, "--weights", weights]) == 0
    printed = capsys.readouterr().out
    for name in names:
        assert (tmp_path / name).stat().st_size > 1000
        assert f"wrote {tmp_path / name}" in printed
    assert "millimetres" in printed


def test_min_score_decides_what_is_missing(tmp_path: Path, detections: Path, weights: str) -> None:
    people = np.load(detections)
    people[:, 50:, 2] = 0.2
    np.save(detections, people)
    out = tmp_path / "result.npz"
    for options, observed in (([], 50), (["--min-score", "0.1"], 133)):
        assert main(["lift", str(detections), "-o", str(out), "--weights", weights, *options]) == 0
        assert Pose3D.load(out).observed[0].sum() == observed


def test_view_writes_the_page_and_opens_it(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: bool(opened.append(url)) or True)
    assert main(["view", str(result)]) == 0
    page = result.with_suffix(".html")
    assert opened == [page.resolve().as_uri()]
    assert "<title>result.json</title>" in page.read_text(encoding="utf-8")


def test_view_without_opening(result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("opened a browser"))
    assert main(["view", str(result), "-o", str(tmp_path / "page.html"), "--no-open"]) == 0
    assert (tmp_path / "page.html").exists()


def test_view_without_a_browser_says_so(
    result: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert main(["view", str(result)]) == 0
    assert "no browser" in capsys.readouterr().out


def test_info_describes_weights(weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    import hashlib

    assert main(["info", weights]) == 0
    printed = capsys.readouterr().out
    assert f"wholebody-lift {__version__}" in printed
    assert "channels 16" in printed
    content = (Path(weights) / pretrained.WEIGHTS_FILE).read_bytes()
    assert hashlib.sha256(content).hexdigest() in printed


def test_info_describes_files(result: Path, detections: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["info", str(result)]) == 0
    assert Pose3D.load(result).summary() in capsys.readouterr().out
    assert main(["info", str(detections)]) == 0
    assert f"people    {PEOPLE}" in capsys.readouterr().out


def test_errors_are_one_line_and_exit_with_1(
    tmp_path: Path, detections: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "result.json")
    assert main(["lift", str(tmp_path / "absent.json"), "-o", out]) == 1
    assert "absent.json" in error_of(capsys)
    np.save(detections, np.zeros((1, 17, 3)))
    assert main(["lift", str(detections), "-o", out, "--weights", weights]) == 1
    assert "17 keypoints" in error_of(capsys)
    assert main(["info", str(tmp_path / "no-weights-here" / "deep" / "down")]) == 1
    assert "no-weights-here" in error_of(capsys)
    (tmp_path / "note.txt").write_text("nothing of ours")
    assert main(["info", str(tmp_path / "note.txt")]) == 1
    assert "neither a result" in error_of(capsys)
    assert not Path(out).exists()


def test_debug_shows_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["view", str(tmp_path / "absent.json"), "--no-open", "--debug"]) == 1
    printed = capsys.readouterr().err
    assert "Traceback" in printed
    assert printed.splitlines()[-1].startswith("wholebody-lift: error: ")


@pytest.mark.filterwarnings("default")
def test_a_warning_is_one_line(
    tmp_path: Path, detections: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    people = np.load(detections)
    people[..., 1] *= -1
    np.save(detections, people)
    assert main(["lift", str(detections), "-o", str(tmp_path / "result.json"), "--weights", weights]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert all(line.startswith("wholebody-lift: warning: ") for line in lines)
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["lift", "people.npy"],
        ["lift", "people.npy", "-o", "result.docx"],
        ["lift", "people.npy", "-o", "result.json", "--frame", "maya"],
        ["lift", "people.npy", "-o", "result.json", "--image-size", "640"],
        ["view", "result.json", "-o", "page.json"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert leaving.value.code == 2
    assert "usage: wholebody-lift" in capsys.readouterr().err


def test_help_does_not_import_torch() -> None:
    code = (
        "import json, sys\n"
        "from wholebody_lift.cli import main\n"
        "try: main(['lift', '--help'])\n"
        "except SystemExit: pass\n"
        "print(json.dumps(sorted({'torch', 'matplotlib', 'huggingface_hub'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "examples:" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "wholebody_lift", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"wholebody-lift {__version__}"
