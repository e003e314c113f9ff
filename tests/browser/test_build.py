"""The folder of the page: what is in it, when it is built again, and what is said if that fails."""

import json
import os
import re
from pathlib import Path

import fake_packages
import pytest

from wholebody_lift.browser import build
from wholebody_lift.browser.build import THIRD_PARTY, BuildError
from wholebody_lift.cli import main

PAGE = Path(build.__file__).parent / "page"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(build, "_install", fake_packages.install)
    build.build(tmp_path / "page")
    return tmp_path / "page"


def _paths(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_it_lists_all_files_but_the_list_and_the_worker(page) -> None:
    listed = json.loads((page / "files.json").read_text())["files"]
    assert listed.keys() == _paths(page) - {"files.json", "sw.js"}
    assert listed.keys() >= THIRD_PARTY.keys()
    assert all(listed[path]["bytes"] == (page / path).stat().st_size for path in listed)


def test_whatever_the_page_names_is_there(page) -> None:
    paths = _paths(page)
    for script in page.glob("*.js"):
        for name in re.findall(r'from "\./([\w.]+)"', script.read_text()):
            assert name in paths, (script.name, name)
    for name in re.findall(r'(?:src|href)="([\w.]+)"', (page / "index.html").read_text()):
        assert name in paths


def test_the_worker_knows_every_file_by_its_hash(page) -> None:
    text = (page / "sw.js").read_text()
    found = re.search(r"const HASHES = (\{.*?\});", text, re.DOTALL)
    assert found is not None
    hashes = json.loads(found[1])
    assert hashes.keys() == _paths(page) - {"sw.js"}
    before = hashes["tables.json"]
    assert before == build._hash((page / "tables.json").read_bytes())
    assert "$" not in re.sub(r"\$\{", "", text)


def test_the_unused_model_is_cut_out(page) -> None:
    models = (page / "mediapipe" / "holistic_solution_packed_assets.data").read_bytes()
    loader = (page / "mediapipe" / "holistic_solution_packed_assets_loader.js").read_text()
    packed = json.loads(loader.removeprefix("loadPackage(").removesuffix(");"))
    assert packed["remote_package_size"] == len(models)
    kept = {
        file["filename"].rsplit("/", 1)[-1]: models[file["start"] : file["end"]] for file in packed["files"]
    }
    assert kept == {"face.tflite": b"face", "hand.tflite": b"hands"}


def test_it_is_built_again_only_if_something_has_changed(page, monkeypatch) -> None:
    monkeypatch.setattr(build, "_install", lambda folder: pytest.fail("built again"))
    build.build(page)
    monkeypatch.setattr(build, "_install", fake_packages.install)
    monkeypatch.setattr(build, "_made", lambda: {"tables.json": "{}"})
    assert not build.is_current(page)
    build.build(page)
    assert (page / "tables.json").read_text() == "{}"
    assert build.is_current(page)
    assert [path.name for path in page.parent.iterdir()] == ["page"]


def test_other_folders_are_left_alone(tmp_path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(FileExistsError, match="another folder"):
        build.build(tmp_path)
    assert _paths(tmp_path) == {"letter.txt"}


def test_without_npm(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["demo", "--web", str(tmp_path / "page"), "--build"]) == 1
    assert "install Node.js" in capsys.readouterr().err
    assert not (tmp_path / "page").exists()


@pytest.mark.skipif(os.name == "nt", reason="the npm in this test is a shell script")
def test_npm_that_fails_is_quoted(tmp_path, monkeypatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error network' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(BuildError, match="npm error network"):
        build.build(tmp_path / "page")


def test_the_lock_names_the_versions_and_no_host() -> None:
    lock = json.loads((PAGE / "package-lock.json").read_text())["packages"]
    for name, version in json.loads((PAGE / "package.json").read_text())["dependencies"].items():
        assert lock[f"node_modules/{name}"]["version"] == version
    for name, package in lock.items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")
