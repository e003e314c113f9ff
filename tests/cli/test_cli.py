"""The command as a whole: help, exit codes, one line for each mistake, pipes and interrupts."""

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from wholebody_lift import __version__, backends, cli, onnx_file
from wholebody_lift.cli import lift, main, messages
from wholebody_lift.formats import detections

COMMANDS = [
    *("lift", "image", "video", "webcam", "bulk", "convert", "export", "view", "app", "demo", "onnx", "info"),
]


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("wholebody-lift: error: ")
    return lines[0]


def test_all_commands_are_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["--help"])
    assert leaving.value.code == 0
    printed = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n    {name} " not in printed] == []
    assert len(cli.COMMANDS) == len(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_of_the_help_are_commands(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    printed = capsys.readouterr().out
    lines = printed.partition("examples:\n")[2].splitlines()
    examples = [
        line.split() for line in lines if line.strip().startswith("wholebody-lift") and "|" not in line
    ]
    assert examples
    for words in examples:
        cli.parser().parse_args(words[1:])


def test_help_imports_nothing_slow() -> None:
    slow = {"torch", "matplotlib", "huggingface_hub", "pydantic", "tqdm", "cv2", "http.server"}
    slow |= {"hashlib", "html", "zipfile", "gzip", "csv", "fractions", "decimal"}
    slow |= {"logging", "subprocess", "tempfile", "webbrowser", "wholebody_lift.viewers.painter"}
    code = (
        "import sys, numpy\n"
        "of_numpy = set(sys.modules)\n"
        "from wholebody_lift.cli import main\n"
        f"for command in {COMMANDS}:\n"
        "    try: main([command, '--help'])\n"
        "    except SystemExit: pass\n"
        "print(*(set(sys.modules) - of_numpy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("examples:") == len(COMMANDS)
    assert slow & set(done.stdout.splitlines()[-1].split()) == set()


def test_the_list_of_commands_imports_only_the_command_line() -> None:
    code = (
        "import sys\n"
        "from wholebody_lift.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1].split()
    ours = {name.removeprefix("wholebody_lift.") for name in loaded if name.startswith("wholebody_lift.")}
    assert {name for name in ours if name.partition(".")[0] != "cli"} == {"extras"}
    assert not {"cli.files", "cli.lifting"} & ours
    assert not {"numpy", "json", "zipfile", "logging", "difflib", "tempfile", "subprocess"} & set(loaded)


def test_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "wholebody_lift", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"wholebody-lift {__version__}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "required: COMMAND"),
        (["lift", "people.npy", "-o", "walk.fbx"], "got 'walk.fbx'; for .fbx, write .glb"),
        (["lift", "people.npy", "-o", "result.docx"], "expected a name that ends in .json or .npz"),
        (["lift", "people.npy", "-o", "result.json", "--frame", "maya"], "invalid choice: 'maya'"),
        (["lift", "people.npy", "-o", "result.json", "--image-size", "640"], "expected 2 arguments"),
        (["lift", "people.npy", "-o", "result.json", "--fps", "0"], "expected a number over 0, got '0'"),
        (
            ["lift", "people.npy", "-o", "result.json", "--fps", "fast"],
            "expected a number over 0, got 'fast'",
        ),
        (["view", "result.json", "-o", "page.json"], "expected a name that ends in .html"),
        (["convert", "a.json", "b.txt"], "expected a name that ends in .json or .npz"),
        (["convert", "a.json", "b.npz", "--to", "mmpose"], "OUT to be .json for mmpose, got b.npz"),
        (
            ["export", "a.json", "-o", "b.glb", "--layout", "wide"],
            "expected an OUT that takes --layout (.csv)",
        ),
        (["image", "a.jpg", "--detector", "guess"], "invalid choice: 'guess'"),
        (["lfit", "people.npy"], "'lfit'; did you mean lift?"),
        (["xyzzy"], "expected a command (lift, image,"),
        (
            ["lift", "a.npy", "-o", "b.json", "--heigth-mm", "1800"],
            "did you mean --height-mm?",
        ),
        (
            ["lift", "a.npy", "b.npy", "-o", "c.json"],
            "write {name} for the name of the input: -o {name}.json",
        ),
        (["lift", "a.npy", "b.npy", "--open"], "expected one input with --open, got 2"),
        (["lift", "a.npy", "-"], "expected - as the only input"),
        (["lift", "a/x.npy", "b/x.npy", "-o", "{name}.npz"], "expected inputs with different names"),
        (["view", "a.json", "b.json"], "unknown argument 'b.json'"),
        (
            ["lift", "a.npy", "-o", "b.json", "--device", "gpu"],
            "expected auto, cpu, cuda, cuda:1, ... or mps",
        ),
        (["video", "a.mp4", "--every", "0"], "expected a whole number over 0, got '0'"),
        (["app", "--port", "99999"], "expected a number from 0 to 65535, got '99999'"),
    ],
)
def test_wrong_usage_exits_with_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert leaving.value.code == 2
    printed = capsys.readouterr().err
    assert "usage: wholebody-lift" in printed
    assert said in printed


def test_the_input_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "detections.json"
    path.write_text("precious")
    with pytest.raises(SystemExit) as leaving:
        main(["lift", str(path), "-o", str(tmp_path / "." / "detections.json")])
    assert leaving.value.code == 2
    assert "is the input" in capsys.readouterr().err
    assert path.read_text() == "precious"


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
    assert "expected a result or detections, got neither" in error_of(capsys)
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


def test_an_interrupt_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lift, "run", interrupt)
    assert main(["lift", "people.npy", "-o", "result.json"]) == 130
    assert capsys.readouterr().err == "wholebody-lift: interrupted\n"


def test_a_reader_that_goes_away_is_no_error(example_data: Path) -> None:
    command = [sys.executable, "-m", "wholebody_lift", "convert", str(example_data / "squats.json"), "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.wait() == 141
        assert b"Error" not in process.stderr.read()


class TestProgress:
    def arguments(self, quiet: bool = False) -> object:
        return type("Arguments", (), {"quiet": quiet})()

    def shown(self, capsys: pytest.CaptureFixture[str], quiet: bool = False) -> str:
        with messages.progress(self.arguments(quiet), "people") as show:  # type: ignore[arg-type]
            show(64, 512)
            time.sleep(0.15)  # tqdm's least time between two looks
            show(128, 512)
        return capsys.readouterr().err

    def test_on_a_terminal(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(messages, "BAR_AFTER_SECONDS", 0)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        assert "128/512" in self.shown(capsys)
        assert self.shown(capsys, quiet=True) == ""

    def test_not_for_short_work(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(messages, "BAR_AFTER_SECONDS", 3600)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        assert "128/512" not in self.shown(capsys)

    def test_not_in_a_file(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(messages, "BAR_AFTER_SECONDS", 0)
        assert self.shown(capsys) == ""


def test_packaged_weights_are_verified(capsys):
    assert main(["info", "--verify"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in out} == {"ok"}
    names = sorted(Path(line.split()[-1]).name for line in out)
    of_each = ["config.json", "model.onnx", "model.safetensors", "temporal.safetensors"]
    assert names == sorted([*of_each, *of_each])


def test_a_device_that_is_not_here(
    detections: Path, weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "a.json")
    assert main(["lift", str(detections), "-o", out, "--weights", weights, "--device", "cuda:99"]) == 1
    assert "cuda devices that PyTorch finds here" in error_of(capsys)


@pytest.mark.skipif(os.name != "posix", reason="closed streams as a shell closes them")
class TestClosedStreams:
    def run(self, redirection: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
        command = shlex.join([sys.executable, "-m", "wholebody_lift", *map(str, words)])
        return subprocess.run(
            ["sh", "-c", f"{command} {redirection}"], capture_output=True, text=True, check=False
        )

    def test_stdin(self) -> None:
        done = self.run("<&-", "view", "-", "--no-open")
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            "wholebody-lift: error: standard input is closed; give the name of a file in place of -"
        ]

    def test_stdout_that_is_asked_for(self, result: Path) -> None:
        done = self.run(">&-", "export", result, "-o", "-")
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            "wholebody-lift: error: standard output is closed; give the name of a file in place of -"
        ]

    def test_stdout_that_is_not(self, result: Path, tmp_path: Path) -> None:
        done = self.run(">&-", "export", result, "-o", tmp_path / "a.csv")
        assert (done.returncode, done.stderr) == (0, "")
        assert (tmp_path / "a.csv").read_text().startswith("image_id,")

    def test_stderr(self, result: Path) -> None:
        done = self.run("2>&-", "export", result, "-o", "-")
        assert done.returncode == 0
        assert json.loads(done.stdout)["format"] == "wholebody-lift pose"
        done = self.run("2>&-", "export", result.with_name("absent.json"), "-o", "-")
        assert (done.returncode, done.stdout) == (1, "")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
    def test_a_full_disk_behind_stdout(self, result: Path) -> None:
        done = self.run(">/dev/full", "export", result, "-o", "-")
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert "No space left" in line


@pytest.mark.parametrize("small", ["-2.1e-04", "-1E-3", "-.1", "-3.", "1e-4"])
def test_negative_numbers_as_opencv_prints_them(small: str) -> None:
    camera = ["--intrinsics", "1400", "1400", small, "640", "--distortion", "0.1", "-0.2", small, "0", small]
    words = ["lift", "people.json", *camera, "--gravity", small, "0.99", "-0.1"]
    given = cli.parser(["lift"]).parse_args(words)
    assert given.distortion == [0.1, -0.2, float(small), 0, float(small)]
    assert given.intrinsics[2] == given.gravity[0] == float(small)


def test_choices_are_those_of_the_library() -> None:
    """They are written out, since a help text does not wait for pydantic."""
    for command, option, names in (
        ("lift", "--backend", get_args(backends.Name)),
        ("onnx", "--precision", get_args(onnx_file.Precision)),
        ("convert", "--to", tuple(detections.KEPT)),
    ):
        given = cli.parser([command]).commands[command].complete()
        (action,) = [action for action in given._actions if option in action.option_strings]
        assert sorted(action.choices) == sorted(names), option
