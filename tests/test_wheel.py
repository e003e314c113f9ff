"""The wheel and the source archive: what is in them, and how large they are."""

import os
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from wholebody_lift import pretrained

ROOT = Path(__file__).resolve().parents[1]
MOST_BYTES = 15_000_000


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(directory)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return directory


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_size(wheel: Path) -> None:
    assert wheel.stat().st_size < MOST_BYTES


def test_weights_are_inside(wheel: Path, names: set[str]) -> None:
    folder = ROOT / "weights"
    in_tree = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    assert in_tree.keys() >= {"config.json", "model.safetensors", "model.onnx", "README.md", "SHA256SUMS"}
    assert in_tree.keys() >= {
        "tiny/config.json",
        "tiny/model.safetensors",
        "tiny/model.onnx",
        "tiny/SHA256SUMS",
    }
    assert {name for name in names if "/weights/" in name} == {
        f"wholebody_lift/weights/{name}" for name in in_tree
    }
    with zipfile.ZipFile(wheel) as archive:
        for name, content in in_tree.items():
            assert archive.read(f"wholebody_lift/weights/{name}") == content


def test_whole_package_is_inside(names: set[str]) -> None:
    package = ROOT / "wholebody_lift"
    in_tree = {path.relative_to(ROOT).as_posix() for path in package.rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == in_tree
    assert "wholebody_lift/py.typed" in names


def test_nothing_else_is_inside(names: set[str]) -> None:
    assert {name.split("/")[0].split("-")[0] for name in names} == {"wholebody_lift"}
    allowed = {".py", ".typed", ".safetensors", ".onnx", ".json", ".md", ".html", ".css", ".js"}
    kinds = {
        Path(name).suffix
        for name in names
        if ".dist-info/" not in name and not name.endswith(f"/{pretrained.SUMS_FILE}")
    }
    assert kinds <= allowed, "a training cache, recording or picture is in the wheel"


def test_metadata(wheel: Path, names: set[str]) -> None:
    (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
    with zipfile.ZipFile(wheel) as archive:
        about = message_from_bytes(archive.read(metadata))
        scripts = archive.read(metadata.replace("METADATA", "entry_points.txt")).decode()
    assert about["Name"] == "wholebody-lift"
    assert about["License-Expression"] == "Apache-2.0"
    assert {f"{metadata.rsplit('/', 1)[0]}/licenses/{name}" for name in ("LICENSE", "NOTICE")} <= names
    assert "wholebody-lift = wholebody_lift.cli:main" in scripts


def test_wheel_works_without_the_tree(wheel: Path, tmp_path: Path) -> None:
    """Unpacked anywhere, the wheel's content loads its own weights."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = (
        "from wholebody_lift import pretrained; pretrained.load(); "
        f"assert str(pretrained.packaged_directory()).startswith({str(tmp_path)!r})"
    )
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {script}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_second_build_is_the_same_to_the_byte(dist: Path, tmp_path: Path) -> None:
    """In another time zone and locale, with other permissions by default."""
    again = tmp_path / "dist"
    script = "import os, runpy; os.umask(0o027); runpy.run_module('hatchling', run_name='__main__')"
    subprocess.run(
        [sys.executable, "-c", script, "build", "--directory", str(again)],
        cwd=ROOT,
        env={**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"},
        check=True,
        capture_output=True,
    )
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in dist.iterdir()
    }


def test_source_archive_builds_the_same_wheel(dist: Path, wheel: Path, tmp_path: Path) -> None:
    (source,) = dist.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(
        [*command, "--directory", str(tmp_path / "dist")], cwd=unpacked, check=True, capture_output=True
    )
    (again,) = (tmp_path / "dist").glob("*.whl")
    assert again.read_bytes() == wheel.read_bytes()
