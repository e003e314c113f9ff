"""`lift`, `image` and `video`: what they write, and what they pass on."""

import io
import shlex
import sys
import webbrowser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_cli import error_of

from wholebody_lift import (
    InputError,
    InputWarning,
    Keypoints2D,
    Lifter,
    LiveLifter,
    Pose3D,
    detectors,
    formats,
    pretrained,
)
from wholebody_lift.cli import files, lifting, main
from wholebody_lift.config import INPUTS, Config
from wholebody_lift.model.semgan import SemGAN
from wholebody_lift.video import sequence

JPEG = b"\xff\xd8\xff" + bytes(20)
MP4 = b"\0\0\0\x18ftypmp42" + bytes(20)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that the browser was asked to open."""
    addresses: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: bool(addresses.append(url)) or True)
    return addresses


@pytest.fixture
def video(tmp_path: Path, pair: Keypoints2D) -> Path:
    """Two people in six frames, of unknown rate."""
    path = tmp_path / "video.npz"
    formats.write_keypoints(pair, path, "arrays")
    return path


def test_lift_writes_what_the_library_returns(detections: Path, weights: str, result: Path) -> None:
    want = Lifter.from_pretrained(weights, device="cpu").lift(np.load(detections))
    got = Pose3D.load(result)
    np.testing.assert_array_equal(got.xyz, want.xyz)
    assert len(got) == 2
    assert got.camera_source == "keypoints"


def test_lift_passes_on_what_it_is_told(tmp_path: Path, detections: Path, weights: str) -> None:
    out = tmp_path / "result.npz"
    options = shlex.split("--image-size 1280 720 --intrinsics 1000 1010 640 360 --height-mm 1850")
    options += ["--distortion", "0.1", "0", "0", "0", "0", "--frame", "blender", "--weights", weights]
    assert main(["lift", str(detections), "-o", str(out), *options]) == 0
    pose = Pose3D.load(out)
    assert pose.frame == "blender"
    assert pose.camera_source == "given"
    assert pose.scale_source == "height_mm"
    np.testing.assert_array_equal(pose.K[0], [[1000, 0, 640], [0, 1010, 360], [0, 0, 1]])
    np.testing.assert_array_equal(pose.distortion[1], [0.1, 0, 0, 0, 0])
    np.testing.assert_array_equal(pose.image_size, [[1280, 720]] * 2)


def test_lift_writes_every_kind_of_output(
    tmp_path: Path, detections: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="figures need the extra [plot]")
    names = ["a.json", "a.npz", "a.csv", "a.html", "a.PNG", "a.glb"]
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


def test_quiet_says_nothing(result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert capsys.readouterr() == ("", "")


def test_through_pipes(
    result: Path,
    detections: Path,
    weights: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(detections.read_bytes())))
    assert main(["lift", "-", "-o", "-", "--weights", weights]) == 0
    printed = capsys.readouterr()
    assert printed.out == result.read_text()
    assert "millimetres" in printed.err


def test_errors_in_the_pipe_say_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"[1, 2")))
    assert main(["lift", "-", "-o", "-"]) == 1
    assert "standard input: not a valid .npy" in error_of(capsys)


class TestSequences:
    def lift(self, video: Path, weights: str, *options: str) -> Pose3D:
        out = video.with_name("out.npz")
        assert main(["lift", str(video), "-o", str(out), "--weights", weights, *options]) == 0
        return Pose3D.load(out)

    def test_without_a_rate_every_frame_is_by_itself(
        self, video: Path, pair: Keypoints2D, weights: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pose = self.lift(video, weights)
        np.testing.assert_array_equal(pose.xyz, Lifter.from_pretrained(weights).lift(pair).xyz)
        assert "give --fps" in capsys.readouterr().out

    def test_with_a_rate_it_is_one_motion(
        self, video: Path, pair: Keypoints2D, weights: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pose = self.lift(video, weights, "--fps", "30", "--lock-feet", "--smoothness", "2")
        lifter = Lifter.from_pretrained(weights)
        want = lifter.lift_sequence(pair, 30, lock_feet=True, smoothness=2.0)
        np.testing.assert_array_equal(pose.xyz, want.xyz)
        np.testing.assert_array_equal(pose.track_ids, [3, 8] * 6)
        assert pose.fps == 30
        assert "6 frames, 30 per second" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("smooth", "steps"),
        [("none", [5, 10, 12]), ("offline", [5, 10, 12]), ("live", [2, 4, 6, 8, 10, 12])],
    )
    def test_it_is_said_how_far_it_is(
        self, video: Path, weights: str, smooth: str, steps: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[tuple[int, int | None]] = []
        monkeypatch.setattr("wholebody_lift.lifter.CHUNK", 5)
        monkeypatch.setattr(lifting, "progress", lambda *_: nullcontext(lambda *done: told.append(done)))
        self.lift(video, weights, "--fps", "30", "--smooth", smooth)
        assert told == [(done, 12) for done in steps]

    def test_live(self, video: Path, pair: Keypoints2D, weights: str) -> None:
        pose = self.lift(video, weights, "--fps", "30", "--smooth", "live")
        live = LiveLifter(Lifter.from_pretrained(weights), 30)
        want = np.concatenate([live.push(pair[2 * i : 2 * i + 2]).xyz for i in range(6)])
        np.testing.assert_array_equal(pose.xyz, want)
        np.testing.assert_array_equal(pose.image_ids, pair.image_ids)

    def test_none(self, video: Path, pair: Keypoints2D, weights: str) -> None:
        pose = self.lift(video, weights, "--fps", "30", "--smooth", "none")
        np.testing.assert_array_equal(pose.xyz, Lifter.from_pretrained(weights).lift(pair).xyz)
        assert pose.fps == 30

    def test_one_track(self, video: Path, weights: str) -> None:
        pose = self.lift(video, weights, "--track", "8")
        np.testing.assert_array_equal(pose.track_ids, [8] * 6)

    def test_a_number_in_one_image(self, detections: Path, weights: str) -> None:
        pose = self.lift(detections, weights, "--track", "1")
        np.testing.assert_array_equal(pose.xyz, self.lift(detections, weights)[1].xyz)

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--track", "5"], "expected one of the people 3 and 8, got 5"),
            (
                ["--smooth", "offline"],
                "expected a frame rate for --smooth offline",
            ),
            (["--lock-feet"], "expected --smooth offline"),
            (["--smooth", "none", "--smoothness", "5"], "or live (which need --fps) with --smoothness"),
            (["--camera-height", "1400"], "expected --smooth offline"),
            (["--fps", "9", "--camera-height", "1400"], "expected height_mm or bone_lengths"),
            (["--frame", "world"], "expected --smooth offline (which needs --fps) with --frame world"),
            (["--smooth", "live", "--fps", "9", "--lock-feet"], "expected --smooth offline"),
        ],
    )
    def test_what_does_not_go_together(
        self, video: Path, weights: str, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        arguments = ["lift", str(video), "-o", "out.json", "-q", "--weights", weights, *options]
        assert main(arguments) == 1
        assert said in error_of(capsys)

    def test_without_a_ground_the_result_is_written_all_the_same(
        self,
        video: Path,
        weights: str,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(sequence, "ground_of", lambda *_: None)
        out = tmp_path / "out.json"
        arguments = ["lift", str(video), "-o", str(out), "-q", "--weights", weights, "--fps", "30"]
        assert main([*arguments, "--frame", "world"]) == 1
        assert "expected people whose ground is known for --frame world" in error_of(capsys)
        assert Pose3D.load(out).frame == "opencv"

    def test_angles_of_several_inputs_have_names_of_their_own(
        self, video: Path, weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        inputs = [tmp_path / folder / "same.npz" for folder in ("a", "b")]
        for path in inputs:
            path.parent.mkdir()
            path.write_bytes(video.read_bytes())
        words = [
            "lift",
            *map(str, inputs),
            "--angles",
            "{name}.csv",
            "-o",
            "{name}-x.json",
            "--weights",
            weights,
        ]
        with pytest.raises(SystemExit):
            main(words)
        assert "same.csv" in capsys.readouterr().err

    def test_world_with_what_is_known_of_the_camera(
        self, video: Path, weights: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        known = [
            "--fps",
            "30",
            "--gravity",
            "0",
            "0.8",
            "0.6",
            "--height-mm",
            "1700",
            "--camera-height",
            "1500",
        ]
        pose = self.lift(video, weights, "--frame", "world", *known)
        assert pose.frame == "world"
        assert pose.ground is not None
        assert (pose.ground.camera_height_mm, pose.ground.source) == (1500, "given")
        assert "ground  camera 1,500 mm above the floor" in capsys.readouterr().out

    def test_people_without_track_ids_are_followed(
        self, video: Path, pair: Keypoints2D, weights: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        formats.write_keypoints(pair.model_copy(update={"track_ids": None}), video, "arrays")
        pose = self.lift(video, weights, "--fps", "30")
        assert sorted(set(pose.track_ids.tolist())) == [0, 1]
        assert "--track-people" in capsys.readouterr().out
        assert self.lift(video, weights, "--fps", "30", "--no-track-people").track_ids is None
        assert "give --track-people" in capsys.readouterr().out

    def test_what_cannot_be_written_does_not_keep_the_rest_from_it(
        self, video: Path, weights: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        outputs = [
            word for name in ("a.bvh", "a.html", "a.npz") for word in ("-o", str(video.with_name(name)))
        ]
        assert main(["lift", str(video), *outputs, "--fps", "30", "-q", "--weights", weights]) == 1
        assert "a.bvh: the file holds one person; choose one with --track" in error_of(capsys)
        assert video.with_name("a.html").exists()
        assert video.with_name("a.npz").exists()
        assert not video.with_name("a.bvh").exists()


class TestMistakes:
    @pytest.mark.parametrize("command", ["lift", "convert", "view"])
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"\xff\xd8\xff\xe0", "got a picture; try: wholebody-lift image"),
            (b"\x00\x00\x00\x18ftypmp42", "got a video; try: wholebody-lift video"),
        ],
    )
    def test_pictures_have_commands_of_their_own(
        self, command: str, content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "holiday"
        path.write_bytes(content + bytes(50))
        words = {"lift": ["-o", "a.json"], "convert": ["a.json"], "view": ["--no-open"]}[command]
        assert main([command, str(path), *words]) == 1
        assert f"{said} {path}" in error_of(capsys)

    def test_detections_are_to_be_lifted_first(
        self, example_data: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["view", str(example_data / "photos.json"), "--no-open"]) == 1
        assert "expected a saved result, got 2D keypoints; try: wholebody-lift lift " in error_of(capsys)

    def test_a_result_is_lifted_already(self, result: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["lift", str(result), "-o", "a.json"]) == 1
        assert "expected 2D keypoints, got a saved result; try: wholebody-lift view " in error_of(capsys)

    @pytest.mark.parametrize(("rate", "warned"), [("5", False), ("5.01", False), ("30", True)])
    def test_another_rate_than_that_of_the_file_is_warned_of(
        self, rate: str, warned: bool, example_data: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "a.json"
        words = ["convert", str(example_data / "squats.json"), str(out), "-q", "--fps", rate]
        expected = pytest.warns(InputWarning, match="states 5 frames per second; the 30 passed")
        with expected if warned else nullcontext():
            read = files.read_detections(example_data / "squats.json", float(rate))
        assert read.fps == float(rate)
        if not warned:
            assert main(words) == 0
            assert formats.read(out).fps == float(rate)


class TestPictures:
    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch, pair: Keypoints2D, tmp_path: Path) -> dict[str, Any]:
        """What the detector was asked; it finds one person in any photo, and two in any video."""
        asked: dict[str, Any] = {}
        (tmp_path / "photo.jpg").write_bytes(JPEG)
        (tmp_path / "clip.mp4").write_bytes(MP4)

        def detect(found: Keypoints2D) -> Any:
            def answer(path: Path, detector: str, **options: Any) -> Keypoints2D:
                asked.update(options, path=path, detector=detector)
                asked["paths"] = [*asked.get("paths", []), path]
                return found

            return answer

        still = pair[[0]].model_copy(update={"image_ids": None, "track_ids": None})
        starts: list[str] = asked.setdefault("starts", [])
        monkeypatch.setattr(detectors, "start", lambda name: nullcontext(starts.append(name) or name))
        monkeypatch.setattr(detectors, "detect_image", detect(still))
        monkeypatch.setattr(detectors, "detect_video", detect(pair.model_copy(update={"fps": 25.0})))
        return asked

    def test_a_photo_is_shown(
        self, tmp_path: Path, weights: str, asked: dict[str, Any], opened: list[str]
    ) -> None:
        photo = tmp_path / "photo.jpg"
        assert main(["image", str(photo), "--weights", weights]) == 0
        page = tmp_path / "photo.html"
        assert opened == [page.as_uri()]
        assert "<title>photo.jpg</title>" in page.read_text(encoding="utf-8")
        assert asked == {"path": photo, "paths": [photo], "detector": "auto", "starts": ["auto"]}

    def test_a_photo_is_written(
        self, tmp_path: Path, weights: str, asked: dict[str, Any], opened: list[str]
    ) -> None:
        out = tmp_path / "result.json"
        options = ["--height-mm", "1700", "--min-score", "0.5", "--detector", "rtmlib", "--weights", weights]
        assert main(["image", str(tmp_path / "photo.jpg"), "-o", str(out), *options]) == 0
        assert len(Pose3D.load(out)) == 1
        assert asked["height_mm"] == 1700
        assert asked["min_score"] == 0.5
        assert asked["detector"] == "rtmlib"
        assert opened == []

    def test_a_photo_is_both(
        self, tmp_path: Path, weights: str, asked: dict[str, Any], opened: list[str]
    ) -> None:
        page = tmp_path / "page.html"
        arguments = ["image", str(tmp_path / "photo.jpg"), "-o", str(page), "--open", "--weights", weights]
        assert main(arguments) == 0
        assert opened == [page.as_uri()]

    def test_a_video_is_one_motion(self, tmp_path: Path, weights: str, asked: dict[str, Any]) -> None:
        out = tmp_path / "clip.npz"
        options = ["--every", "2", "--track", "3", "--weights", weights]
        assert main(["video", str(tmp_path / "clip.mp4"), "-o", str(out), *options]) == 0
        assert asked["every"] == 2
        pose = Pose3D.load(out)
        assert pose.fps == 25
        np.testing.assert_array_equal(pose.track_ids, [3] * 6)

    def test_it_is_said_how_far_a_video_is(
        self, tmp_path: Path, weights: str, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[tuple[int, int | None]] = []
        show = nullcontext(lambda *done: told.append(done))
        monkeypatch.setattr("wholebody_lift.cli.video.progress", lambda arguments, unit: show)
        out = str(tmp_path / "clip.npz")
        assert main(["video", str(tmp_path / "clip.mp4"), "-o", out, "--weights", weights]) == 0
        asked["progress"](3, 6)
        assert told == [(3, 6)]

    def test_without_a_detector_it_says_what_installs_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        for module in ("mediapipe_holistic", "rtmlib_wholebody"):
            monkeypatch.setattr(f"wholebody_lift.detectors.{module}.is_installed", lambda: False)
        (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
        assert main(["image", str(tmp_path / "photo.jpg")]) == 1
        assert 'pip install "wholebody-lift[detect]"' in error_of(capsys)


class TestSeveralInputs:
    @pytest.fixture
    def album(self, tmp_path: Path) -> Path:
        """Three photos, a video, and what is neither."""
        folder = tmp_path / "album"
        folder.mkdir()
        for name in ("10.jpg", "9.jpg", "b.png"):
            (folder / name).write_bytes(JPEG)
        (folder / "clip.mp4").write_bytes(MP4)
        (folder / "notes.txt").write_text("nothing")
        (folder / ".hidden.jpg").write_bytes(JPEG)
        return folder

    @pytest.fixture
    def found(self, monkeypatch: pytest.MonkeyPatch, pair: Keypoints2D) -> list[Path]:
        """The photos that were looked at; nobody is in b.png."""
        paths: list[Path] = []

        def detect(path: Path, detector: str, **_: Any) -> Keypoints2D:
            paths.append(path)
            if path.name == "b.png":
                raise InputError(f"{path}: nobody was found in this picture")
            return pair[[0]].model_copy(update={"image_ids": None, "track_ids": None})

        monkeypatch.setattr(detectors, "start", lambda name: nullcontext(name))
        monkeypatch.setattr(detectors, "detect_image", detect)
        return paths

    @pytest.mark.parametrize("given", ["album", "album/*.jpg", "album/9.jpg album/10.jpg"])
    def test_each_photo_has_its_own_file(
        self,
        given: str,
        album: Path,
        found: list[Path],
        weights: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(album.parent)
        loads = []
        load = Lifter.from_pretrained
        monkeypatch.setattr(Lifter, "from_pretrained", lambda *a, **k: loads.append(1) or load(*a, **k))
        code = main(["image", *given.split(), "-o", "out/{name}.json", "--weights", weights])
        names = ["9.jpg", "10.jpg"] + ["b.png"] * (given == "album")
        assert [path.name for path in found] == names
        assert sorted(path.name for path in Path("out").iterdir()) == ["10.json", "9.json"]
        assert len(loads) == 1
        assert code == (1 if given == "album" else 0)
        if given == "album":  # the others go on, and it is said at the end which failed
            lines = capsys.readouterr().err.splitlines()
            assert "nobody was found" in lines[0]
            assert "1 of 3 inputs failed: album/b.png" in lines[1]

    def test_without_output_each_has_a_page_and_none_opens(
        self, album: Path, found: list[Path], weights: str, opened: list[str]
    ) -> None:
        assert main(["image", str(album / "9.jpg"), str(album / "10.jpg"), "--weights", weights]) == 0
        assert sorted(path.name for path in album.glob("*.html")) == ["10.html", "9.html"]
        assert opened == []

    def test_a_folder_without_videos(self, album: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (album / "clip.mp4").unlink()
        assert main(["video", str(album)]) == 1
        assert "expected a folder with videos, got one with 9.jpg, 10.jpg" in error_of(capsys)

    def test_a_pattern_that_matches_nothing(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["lift", str(tmp_path / "*.json")]) == 1
        assert "expected files that match" in error_of(capsys)

    def test_several_files_of_keypoints(self, tmp_path: Path, detections: Path, weights: str) -> None:
        other = tmp_path / "other.npy"
        np.save(other, np.load(detections)[:1])
        out = str(tmp_path / "{name}.npz")
        assert main(["lift", str(detections), str(other), "-o", out, "--weights", weights, "-q"]) == 0
        assert [len(Pose3D.load(tmp_path / f"{name}.npz")) for name in ("people", "other")] == [2, 1]


class TestFirstMistakes:
    @pytest.fixture
    def here(self, tmp_path: Path, example_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.chdir(tmp_path)
        Path("photo.jpg").write_bytes(JPEG)
        Path("clip.mp4").write_bytes(MP4)
        Path("detections.json").write_bytes((example_data / "photos.json").read_bytes())
        return tmp_path

    @pytest.mark.parametrize(
        ("words", "got", "command"),
        [
            ("lift photo.jpg", "a picture", "image photo.jpg"),
            ("lift clip.mp4 -o a.json", "a video", "video clip.mp4"),
            ("convert photo.jpg a.json", "a picture", "image photo.jpg"),
            ("view detections.json", "2D keypoints", "lift detections.json"),
            ("view photo.jpg", "a picture", "image photo.jpg"),
            ("export detections.json -o a.trc", "2D keypoints", "lift detections.json"),
            ("video photo.jpg", "a picture", "image photo.jpg"),
            ("video detections.json", "2D keypoints", "lift detections.json"),
            ("image clip.mp4", "a video", "video clip.mp4"),
            ("image detections.json", "2D keypoints", "lift detections.json"),
            ("info clip.mp4", "a video", "video clip.mp4"),
        ],
    )
    def test_another_command_takes_the_file(
        self, here: Path, words: str, got: str, command: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(words.split()) == 1
        said = error_of(capsys)
        assert f"got {got}" in said
        assert said.endswith(f"try: wholebody-lift {command}")

    @pytest.mark.parametrize(
        ("word", "command"),
        [("photo.jpg", "image"), ("clip.mp4", "video"), ("detections.json", "lift"), (".", "lift")],
    )
    def test_a_file_without_a_command(
        self, here: Path, word: str, command: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit):
            main([word])
        assert f"try: wholebody-lift {command} {word}" in capsys.readouterr().err

    def test_lift_without_output_shows_a_page(
        self, here: Path, weights: str, opened: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["lift", "detections.json", "--weights", weights]) == 0
        assert opened == [(here / "detections.html").as_uri()]
        assert "millimetres" in capsys.readouterr().out

    def test_a_file_that_is_not_there(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["lift", "missing.json"]) == 1
        assert error_of(capsys) == "wholebody-lift: error: missing.json: there is no such file or folder"

    def test_many_rows_without_a_rate(
        self, tmp_path: Path, detections: Path, weights: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        np.save(detections, np.tile(np.load(detections)[:1], (60, 1, 1)))
        words = ["lift", str(detections), "-o", str(tmp_path / "a.npz"), "--weights", weights]
        assert main(words) == 0
        assert "lifting 60 people without image ids as people of one picture" in capsys.readouterr().out
        assert main([*words, "--fps", "30"]) == 0
        assert "60 frames, 30 per second" in capsys.readouterr().out

    def test_a_track_where_there_are_none(
        self, here: Path, video: Path, weights: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = ["-o", "a.json", "--track", "1", "-q", "--weights", weights]
        assert main(["lift", "detections.json", *words]) == 1
        assert "images with one person each" in error_of(capsys)
        people = formats.read(video)
        formats.write_keypoints(people.model_copy(update={"track_ids": None}), video, "arrays")
        assert main(["lift", str(video), *words]) == 1
        assert "--track-people and --fps" in error_of(capsys)


def test_a_missing_extra_is_told_before_the_work(
    detections: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("wholebody_lift.extras.find_spec", lambda name: None)
    monkeypatch.setattr(Lifter, "from_pretrained", lambda *_, **__: pytest.fail("loaded the weights"))
    assert main(["lift", str(detections), "-o", "a.c3d"]) == 1
    assert 'a.c3d needs ezc3d: pip install "wholebody-lift[c3d]"' in error_of(capsys)


class TestWhatElseIsKnown:
    @pytest.fixture
    def weights(self, tmp_path: Path) -> str:
        """A small network that takes all of it."""
        directory = tmp_path / "weights"
        pretrained.save(SemGAN(Config(channels=16, heads=2, layers=1, inputs=INPUTS)), directory)
        return str(directory)

    @pytest.fixture
    def seen(self, monkeypatch: pytest.MonkeyPatch) -> list[Keypoints2D]:
        """The people that the network was given."""
        people: list[Keypoints2D] = []
        lift = Lifter.lift

        def remember(lifter: Lifter, given: Keypoints2D, **options: Any) -> Pose3D:
            people.append(given)
            return lift(lifter, given, **options)

        monkeypatch.setattr(Lifter, "lift", remember)
        return people

    def lift(self, detections: Path, weights: str, *options: str) -> int:
        out = str(detections.with_name("known.npz"))
        return main(["lift", str(detections), "-o", out, "--weights", weights, "-q", *options])

    def test_bone_lengths_by_name(
        self, tmp_path: Path, detections: Path, weights: str, seen: list[Keypoints2D]
    ) -> None:
        path = tmp_path / "lengths.json"
        path.write_text('{"left_thigh": 430, "right_thigh": 425}')
        assert self.lift(detections, weights, "--bone-lengths", str(path)) == 0
        (people,) = seen
        expected = Keypoints2D(np.load(detections), bone_lengths={"left_thigh": 430, "right_thigh": 425})
        np.testing.assert_array_equal(people.bone_lengths, expected.bone_lengths)
        assert np.isfinite(people.bone_lengths[0]).sum() == 2

    def test_bone_lengths_of_a_saved_result(
        self, tmp_path: Path, detections: Path, weights: str, result: Path, seen: list[Keypoints2D]
    ) -> None:
        one = tmp_path / "one.json"
        Pose3D.load(result)[0].save(one)
        assert self.lift(detections, weights, "--bone-lengths", str(one)) == 0
        np.testing.assert_allclose(seen[0].bone_lengths[1], Pose3D.load(one).bone_lengths()[0])

    @pytest.mark.parametrize(
        ("content", "error"),
        [
            ('{"left_thigh": 430, "left_tigh": 1}', "left_tigh"),
            ('{"left_thigh": "long"}', "'long'"),
            ('{"left_thigh": 0.43}', "lengths.json: expected bone_lengths from"),
            ("[430", "expected JSON with bone lengths by name"),
            ('{"thigh": 430}', "lengths.json"),
        ],
    )
    def test_what_is_no_bone_length_is_named(
        self,
        tmp_path: Path,
        detections: Path,
        weights: str,
        content: str,
        error: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        path = tmp_path / "lengths.json"
        path.write_text(content)
        assert self.lift(detections, weights, "--bone-lengths", str(path)) == 1
        assert error in error_of(capsys)

    def test_bone_lengths_are_those_of_one_person(
        self, detections: Path, weights: str, result: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.lift(detections, weights, "--bone-lengths", str(result)) == 1
        assert "expected the result of one person, got several" in error_of(capsys)

    @pytest.mark.parametrize(
        ("options", "direction", "spread"),
        [
            (("--gravity", "0", "0.8", "0.6"), [0, 0.8, 0.6], 5.0),
            (("--level-camera",), [0, 1, 0], 5.0),
            (("--level-camera", "2.5"), [0, 1, 0], 2.5),
        ],
    )
    def test_down(
        self,
        detections: Path,
        weights: str,
        options: tuple[str, ...],
        direction: list[float],
        spread: float,
        seen: list[Keypoints2D],
    ) -> None:
        assert self.lift(detections, weights, *options) == 0
        np.testing.assert_allclose(seen[0].gravity, [direction] * 2)
        assert seen[0].gravity_spread_deg.tolist() == [spread] * 2

    def test_down_is_said_once(
        self, detections: Path, weights: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit):
            self.lift(detections, weights, "--level-camera", "--gravity", "0", "1", "0")
        assert "not allowed with" in capsys.readouterr().err
