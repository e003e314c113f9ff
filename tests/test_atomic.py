"""A file is whole or not there, whatever goes wrong while it is written."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from moving import clip

from wholebody_lift import Pose3D, atomic, outputs

OLD = b"precious"

posix = pytest.mark.skipif(os.name != "posix", reason="permissions and signals of POSIX")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The only file in its folder."""
    path = tmp_path / "old.txt"
    path.write_bytes(OLD)
    return path


def alone(path: Path) -> bool:
    """Nothing is left beside a file."""
    return list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["old.txt", "new.txt", "é" * 120 + ".json", "a" * 255])
def test_a_file_is_written(old: Path, name: str) -> None:
    path = old.with_name(name)
    atomic.write_text(path, "a\nb")
    assert path.read_bytes() == b"a\nb"
    assert {*old.parent.iterdir()} == {old, path}


def test_the_old_file_is_there_until_the_new_one_is_whole(old: Path) -> None:
    with atomic.replacing(old) as new:
        new.write_bytes(b"half")
        assert old.read_bytes() == OLD
        assert new.suffix == ".txt"
    assert old.read_bytes() == b"half"
    assert alone(old)


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), OSError("no")])
def test_what_fails_leaves_the_old_file_alone(old: Path, error: BaseException) -> None:
    def fail() -> None:
        with atomic.replacing(old) as new:
            new.write_bytes(b"half")
            raise error

    with pytest.raises(type(error)) as caught:
        fail()
    assert caught.value is error
    assert old.read_bytes() == OLD
    assert alone(old)


@posix
def test_permissions_are_kept_and_new_files_have_the_usual_ones(old: Path) -> None:
    old.chmod(0o640)
    atomic.write_bytes(old, b"new")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    (old.parent / "plain").touch()
    atomic.write_bytes(old.with_name("new"), b"new")
    assert old.with_name("new").stat().st_mode == old.with_name("plain").stat().st_mode


@posix
def test_a_link_stays_a_link(old: Path) -> None:
    link, dangling = old.with_name("link"), old.with_name("dangling")
    link.symlink_to(old.name)
    dangling.symlink_to("absent.txt")
    atomic.write_bytes(link, b"new")
    atomic.write_bytes(dangling, b"there")
    assert link.is_symlink()
    assert old.read_bytes() == b"new"
    assert old.with_name("absent.txt").read_bytes() == b"there"
    loop = old.with_name("loop")
    loop.symlink_to("loop")
    with pytest.raises(OSError, match="loop"):
        atomic.write_bytes(loop, b"")


def test_a_folder_is_no_file(old: Path) -> None:
    with pytest.raises(IsADirectoryError) as caught:
        atomic.write_bytes(old.parent, b"")
    assert caught.value.filename == str(old.parent)


def test_a_missing_folder_is_named(old: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        atomic.write_bytes(old.parent / "deep" / "a.json", b"")
    assert caught.value.filename == str(old.parent / "deep")


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write everywhere")
def test_what_may_not_be_written_is_not(old: Path) -> None:
    old.chmod(0o444)
    with pytest.raises(PermissionError, match=r"old\.txt"):
        atomic.write_bytes(old, b"new")
    old.parent.chmod(0o555)
    with pytest.raises(PermissionError, match=r"new\.txt"):
        atomic.write_bytes(old.with_name("new.txt"), b"new")
    old.parent.chmod(0o755)
    assert old.read_bytes() == OLD


@posix
def test_a_pipe_gets_the_bytes(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    atomic.write_bytes(pipe, b"content")
    reader.join()
    assert read == [b"content"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_full_device_is_an_error() -> None:
    with pytest.raises(OSError, match=r"No space left on device: '/dev/full'"):
        atomic.write_bytes("/dev/full", b"content")


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no /dev/stdout")
def test_standard_output_is_written_into(tmp_path: Path) -> None:
    code = "from wholebody_lift import atomic; atomic.write_bytes('/dev/stdout', b'content')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"content"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "out").read_bytes() == b"content"


# --- every writer ---

FORMATS = {"coco-wholebody": "a.json", "mmpose": "b.json", "openpose": "c.json", "arrays": "a.npz"}
"""Of 2D keypoints, with the name of a file."""

LIMITED = f"""
import json, os, resource, signal, sys, warnings
from pathlib import Path
from wholebody_lift import Keypoints2D, Pose3D, formats, outputs

pose = Pose3D.load(sys.argv[1])
writers = {{
    f"pose{{suffix}}": lambda path: outputs.write(pose, path)
    for suffix, kind in outputs.KINDS.items() if kind.missing is None
}}
people = Keypoints2D(pose.keypoints[:1], pose.scores[:1])
for format, name in {FORMATS}.items():
    writers[name] = lambda path, format=format: formats.write_keypoints(people, path, format)
for suffix in (".png", ".pdf", ".svg"):
    if f"pose{{suffix}}" in writers:
        import matplotlib.pyplot  # what it keeps in files of its own must not be in the way
        outputs.write(pose, Path(sys.argv[2]) / f"warm{{suffix}}")
outcomes = {{}}
for name, write in writers.items():
    folder = Path(sys.argv[2]) / name
    folder.mkdir()
    (folder / name).write_bytes({OLD!r})
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, resource.RLIM_INFINITY))
    try:
        write(folder / name)
        outcomes[name] = "written"
    except OSError as error:
        outcomes[name] = str(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps(outcomes))
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "clip.npz"
    clip(4).save(path)
    return path


@posix
def test_a_full_disk_leaves_the_old_file_whole(saved: Path, tmp_path: Path) -> None:
    """Files may not grow over 700 bytes here; a full disk ends a write in the same way."""
    command = [sys.executable, "-c", LIMITED, str(saved), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout.splitlines()[-1])
    assert {"pose.json", "pose.npz", "pose.csv", "pose.html", "pose.trc", "pose.bvh"} <= set(outcomes)
    assert set(FORMATS.values()) <= set(outcomes)
    for name, outcome in outcomes.items():
        assert name in outcome, f"{name}: {outcome}"
        assert (tmp_path / name / name).read_bytes() == OLD, name
        assert alone(tmp_path / name / name)


@posix
def test_a_killed_program_leaves_the_old_file_whole(saved: Path, tmp_path: Path) -> None:
    """It is killed when all is written and nothing renamed: there is no later moment."""
    path = tmp_path / "a.json"
    path.write_bytes(OLD)
    code = (
        "import os, signal, sys\n"
        "from wholebody_lift import Pose3D\n"
        "os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "Pose3D.load(sys.argv[1]).save(sys.argv[2])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(saved), str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == OLD


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("suffix", [kind.suffix for kind in outputs.KINDS.values()])
def test_every_kind_says_what_is_wrong_with_its_place(saved: Path, tmp_path: Path, suffix: str) -> None:
    if outputs.KINDS[suffix].missing is not None:
        pytest.skip(f"needs the extra {outputs.KINDS[suffix].missing.name}")
    pose = Pose3D.load(saved)
    folder, full = tmp_path / f"folder{suffix}", tmp_path / f"full{suffix}"
    folder.mkdir()
    full.symlink_to("/dev/full")
    with pytest.raises(IsADirectoryError):
        outputs.write(pose, folder)
    with pytest.raises(OSError, match="No space left"):
        outputs.write(pose, full)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        outputs.write(pose, tmp_path / "file" / f"a{suffix}")
