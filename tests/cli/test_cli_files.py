"""`convert`, `export`, `view` and `info`: from file to file without lifting."""

import csv
import hashlib
import io
import json
import shlex
import sys
import webbrowser
from pathlib import Path

import numpy as np
import pytest
from test_cli import error_of

from wholebody_lift import Pose3D, WeightsError, __version__, extras, formats, pretrained
from wholebody_lift.cli import main


class TestConvert:
    @pytest.mark.parametrize(
        ("out", "options"),
        [
            ("out.json", []),
            ("out.json", ["--to", "mmpose"]),
            ("out.npz", []),
            ("frames", []),
            ("deep/down/out.json", []),
        ],
    )
    @pytest.mark.filterwarnings("ignore:got OpenPose keypoints")
    def test_there_and_back(self, example_data: Path, tmp_path: Path, out: str, options: list[str]) -> None:
        source, there, back = example_data / "squats.json", tmp_path / out, tmp_path / "back.npz"
        assert main(["convert", str(source), str(there), *options]) == 0
        assert main(["convert", str(there), str(back)]) == 0
        want, got = formats.read(source, min_score=0), formats.read(back, min_score=0)
        np.testing.assert_allclose(got.keypoints, want.keypoints, atol=1e-3)
        np.testing.assert_array_equal(got.observed, want.observed)

    def test_no_score_is_too_low(self, detections: Path, tmp_path: Path) -> None:
        people = np.load(detections)
        people[:, 5, 2] = 0.01
        np.save(detections, people)
        out = tmp_path / "out.json"
        assert main(["convert", str(detections), str(out), "-q"]) == 0
        assert formats.read(out, min_score=0).observed.all()
        assert main(["convert", str(detections), str(out), "--min-score", "0.3"]) == 0
        assert not formats.read(out, min_score=0).observed[:, 5].any()

    def test_what_is_known_besides(self, detections: Path, tmp_path: Path) -> None:
        out = tmp_path / "out.npz"
        options = shlex.split("--fps 25 --image-size 1280 720 --height-mm 1800 --track 1")
        assert main(["convert", str(detections), str(out), *options]) == 0
        people = formats.read(out)
        assert (len(people), people.fps) == (1, 25)
        np.testing.assert_array_equal(people.image_size, [[1280, 720]])
        np.testing.assert_array_equal(people.height_mm, [1800])

    def test_through_pipes(
        self, detections: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(detections.read_bytes())))
        assert main(["convert", "-", "-"]) == 0
        printed = capsys.readouterr()
        assert len(json.loads(printed.out)["annotations"]) == 2
        assert printed.err == "wrote 2 people as coco-wholebody to standard output\n"


class TestExport:
    def test_options_reach_their_formats(self, clip: Path, tmp_path: Path) -> None:
        trc, table = tmp_path / "a.trc", tmp_path / "a.csv"
        options = shlex.split("--fps 25 --track 8 --names pose2sim --layout wide --frame opengl")
        assert main(["export", str(clip), "-o", str(trc), "-o", str(table), *options]) == 0
        lines = trc.read_text().splitlines()
        assert lines[2].startswith("25\t25\t6\t133\tm\t")
        assert "LWrist" in lines[3]
        with table.open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [(row["track_id"], row["frame"], row["fps"]) for row in rows] == [("8", "opengl", "25.0")] * 6

    def test_observed_only(self, tmp_path: Path, clip: Path) -> None:
        out = tmp_path / "a.trc"
        pose = Pose3D.load(clip)
        pose.observed[:, 0] = False
        pose.save(clip)
        assert (
            main(["export", str(clip), "-o", str(out), "--fps", "9", "--track", "3", "--observed-only"]) == 0
        )
        assert out.read_text().splitlines()[6].split("\t")[2:6] != ["", "", "", ""]
        assert out.read_text().splitlines()[6].split("\t")[2:5] == ["", "", ""]

    def test_angles(self, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        table, out = tmp_path / "angles.csv", tmp_path / "a.mot"
        words = ["export", str(clip), "--fps", "25", "--track", "8", "--angles", str(table)]
        assert main([*words, "-o", str(out)]) == 0
        assert out.read_text().startswith("a\nversion=1\nnRows=6\n")
        assert len(table.read_text().splitlines()) == 7
        table.unlink()
        assert main(words) == 0
        assert table.exists()
        with pytest.raises(SystemExit):
            main(["export", str(clip)])
        assert "expected -o or --angles" in capsys.readouterr().err

    def test_angles_are_plotted(self, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        pytest.importorskip("matplotlib", reason="plots need the extra [plot]")
        plot = tmp_path / "plots" / "angles.png"
        words = ["export", str(clip), "--fps", "25", "--angles", str(plot)]
        assert main([*words, "--track", "8"]) == 0
        assert plot.read_bytes().startswith(b"\x89PNG")
        assert f"wrote {plot}" in capsys.readouterr().out
        assert main(words) == 1
        assert "expected one person to plot, got 2; choose one with --track" in error_of(capsys)

    def test_frame_of_the_pipe(self, result: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["export", str(result), "-o", "-", "--frame", "unity"]) == 0
        assert json.loads(capsys.readouterr().out)["frame"]["name"] == "unity"

    def test_through_pipes(
        self, result: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(result.read_bytes())))
        assert main(["export", "-", "-o", "-"]) == 0
        assert capsys.readouterr() == (result.read_text(), "")

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--track", "3"], "the frame rate is not known; give it with --fps"),
            (["--fps", "30"], "the file holds one person; choose one with --track"),
        ],
    )
    def test_what_is_still_to_be_said(
        self, clip: Path, tmp_path: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["export", str(clip), "-o", str(tmp_path / "a.bvh"), *options]) == 1
        assert said in error_of(capsys)

    def test_detections_are_no_result(
        self, example_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["export", str(example_data / "squats.json"), "-o", str(tmp_path / "a.bvh")]) == 1
        assert "squats.json" in error_of(capsys)


class TestView:
    def test_writes_the_page_and_opens_it(self, result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        opened: list[str] = []
        monkeypatch.setattr(webbrowser, "open", lambda url: bool(opened.append(url)) or True)
        assert main(["view", str(result)]) == 0
        page = result.with_suffix(".html")
        assert opened == [page.resolve().as_uri()]
        assert "<title>result.json</title>" in page.read_text(encoding="utf-8")

    def test_without_opening(self, result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("opened a browser"))
        assert main(["view", str(result), "-o", str(tmp_path / "page.html"), "--no-open"]) == 0
        assert (tmp_path / "page.html").exists()

    def test_without_a_browser_it_says_so(
        self, result: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(webbrowser, "open", lambda url: False)
        assert main(["view", str(result)]) == 0
        assert "no browser" in capsys.readouterr().out

    def test_from_the_pipe(
        self,
        result: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(result.read_bytes())))
        assert main(["view", "-", "--no-open"]) == 0
        page = Path(capsys.readouterr().out.removeprefix("wrote ").strip())
        assert page.is_relative_to(tmp_path)
        assert page.stat().st_size > 1000


class TestInfo:
    def test_describes_weights(self, weights: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["info", weights]) == 0
        printed = capsys.readouterr().out
        assert f"wholebody-lift {__version__}" in printed
        assert "expected errors not calibrated" in printed
        assert "channels" not in printed
        for extra in extras.EXTRAS:
            assert extra.installed != (extra.command in printed)
        content = (Path(weights) / pretrained.WEIGHTS_FILE).read_bytes()
        assert hashlib.sha256(content).hexdigest() in printed

    def test_describes_the_packages_own(self, capsys: pytest.CaptureFixture[str]) -> None:
        try:
            pretrained.packaged_directory()
        except WeightsError:
            pytest.skip("needs the package's weights, which this checkout lacks")
        assert main(["info"]) == 0
        printed = capsys.readouterr().out
        assert "weights  base: " in printed
        assert "device   " in printed

    def test_describes_files(
        self, result: Path, detections: Path, example_data: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["info", str(result)]) == 0
        assert Pose3D.load(result).summary() in capsys.readouterr().out
        assert main(["info", str(detections)]) == 0
        assert "people    2; images: unknown" in capsys.readouterr().out
        assert main(["info", str(example_data / "squats.json")]) == 0
        assert "image     720 x 1280 pixels" in capsys.readouterr().out


class TestWhatWouldBeLost:
    def test_a_format_without_a_place_for_an_option(
        self, example_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        squats, out = str(example_data / "squats.json"), str(tmp_path / "out.json")
        for words, lost in (
            (["--height-mm", "1800", "--gravity", "0", "1", "0"], "height_mm, gravity"),
            (["--to", "mmpose", "--fps", "30"], "fps"),
        ):
            with pytest.raises(SystemExit):
                main(["convert", squats, out, *words])
            assert f"expected a format with a place for {lost}" in capsys.readouterr().err
        assert main(["convert", squats, str(tmp_path / "out.npz"), "--height-mm", "1800"]) == 0
        assert main(["convert", squats, out, "--to", "mmpose"]) == 0
        assert "mmpose has no place for image_size, fps: left out" in capsys.readouterr().out

    def test_the_input_is_not_overwritten(
        self, example_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "people.json"
        path.write_bytes((example_data / "squats.json").read_bytes())
        with pytest.raises(SystemExit):
            main(["convert", str(path), str(path)])
        assert "is the input; write to another file" in capsys.readouterr().err

    def test_a_left_handed_frame_is_refused_before_the_work(
        self, example_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = ["lift", str(example_data / "squats.json"), "--frame", "unity", "-q"]
        assert main([*words, "-o", str(tmp_path / "a.trc"), "-o", str(tmp_path / "b.csv")]) == 1
        assert "a.trc: expected a right-handed frame, as TRC has one, got unity" in capsys.readouterr().err
        assert not list(tmp_path.iterdir())
