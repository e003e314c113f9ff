"""Weights on disk: inverse pairs, strictness, and what is said about weights that do not fit."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from wholebody_lift import pretrained
from wholebody_lift.config import Config
from wholebody_lift.errors import WeightsError
from wholebody_lift.model.semgan import SemGAN
from wholebody_lift.pretrained import CONFIG_FILE, WEIGHTS_FILE


@pytest.fixture
def model() -> SemGAN:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return SemGAN(Config(channels=8, heads=2, layers=1))


@pytest.fixture
def directory(model: SemGAN, tmp_path: Path) -> Path:
    pretrained.save(model, tmp_path / "weights")
    return tmp_path / "weights"


def change_config(directory: Path, **fields: Any) -> None:
    path = directory / CONFIG_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def change_tensors(directory: Path, drop: str | None = None, **tensors: torch.Tensor) -> None:
    path = directory / WEIGHTS_FILE
    found = {name: tensor for name, tensor in safetensors.torch.load_file(path).items() if name != drop}
    safetensors.torch.save_file({**found, **tensors}, path)


def test_save_and_load_are_inverse(model: SemGAN, directory: Path) -> None:
    loaded = pretrained.load(directory)
    assert loaded.config == model.config
    assert loaded.state_dict().keys() == model.state_dict().keys()
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    assert not loaded.training


def test_saved_files(directory: Path) -> None:
    assert sorted(path.name for path in directory.iterdir()) == [CONFIG_FILE, WEIGHTS_FILE]
    with safetensors.safe_open(directory / WEIGHTS_FILE, framework="pt") as file:
        assert file.metadata() == {"format": "pt"}
    assert Config.model_validate_json((directory / CONFIG_FILE).read_text()).channels == 8


def test_half_precision_loads_as_float32(model: SemGAN, tmp_path: Path) -> None:
    pretrained.save(model.half(), tmp_path)
    assert {tensor.dtype for tensor in pretrained.load(tmp_path).parameters()} == {torch.float32}


def test_source_may_be_text_or_path(directory: Path) -> None:
    assert pretrained.load(str(directory)).config == pretrained.load(directory).config


def test_existing_directory_goes_before_a_hub_id(
    model: SemGAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pretrained.save(model, "somebody/lifter")
    assert pretrained.load("somebody/lifter").config == model.config


def test_loading_leaves_random_numbers_alone(directory: Path) -> None:
    before = torch.random.get_rng_state()
    pretrained.load(directory)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_saving_again_replaces(directory: Path) -> None:
    other = SemGAN(Config(channels=16, heads=4, layers=2))
    pretrained.save(other, directory)
    assert pretrained.load(directory).config == other.config


def test_interrupted_save_leaves_the_old_weights(
    model: SemGAN, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in directory.iterdir()}

    def fail(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        pretrained.save(SemGAN(model.config), directory)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_saved_files_have_usual_permissions(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    usual = stat.S_IMODE((tmp_path / "usual").stat().st_mode)
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {usual}


@pytest.mark.parametrize("name", [CONFIG_FILE, WEIGHTS_FILE])
def test_file_missing(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(WeightsError, match=rf"has no {name}; weights are a directory with"):
        pretrained.load(directory)


def test_missing_tensor_is_named(directory: Path) -> None:
    change_tensors(directory, drop="embed_person.weight")
    with pytest.raises(WeightsError, match=r"missing: embed_person\.weight\."):
        pretrained.load(directory)


def test_left_over_tensor_is_named(directory: Path) -> None:
    change_tensors(directory, head=torch.zeros(1))
    with pytest.raises(WeightsError, match=r"left over: head\."):
        pretrained.load(directory)


def test_reshaped_tensor_is_named(model: SemGAN, directory: Path) -> None:
    change_tensors(directory, **{"embed_person.bias": torch.zeros(17)})
    with pytest.raises(WeightsError, match=r"embed_person.bias is \(17,\), wanted \(8,\)"):
        pretrained.load(directory)


def test_many_problems_are_counted(directory: Path) -> None:
    change_config(directory, channels=16)
    with pytest.raises(
        WeightsError, match=r"of another shape: (\S+ is .*){5} and \d+ more\. The two files must"
    ):
        pretrained.load(directory)


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_cut_file(directory: Path, kept: int) -> None:
    path = directory / WEIGHTS_FILE
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(
        WeightsError, match=r"model.safetensors \(\d+ bytes\) is no complete safetensors file"
    ):
        pretrained.load(directory)


def test_unknown_config_field(directory: Path) -> None:
    change_config(directory, dropout=0.1)
    with pytest.raises(
        WeightsError,
        match=r"unknown field 'dropout' \(known: format, nodes, waves, channels, .*pip install -U",
    ):
        pretrained.load(directory)


def test_other_format(directory: Path) -> None:
    change_config(directory, format="wholebody-lift/99")
    with pytest.raises(
        WeightsError, match=r"format 'wholebody-lift/99', wanted 'wholebody-lift/\d+'; .*pip install -U"
    ):
        pretrained.load(directory)


def test_wrong_config_value(directory: Path) -> None:
    change_config(directory, layers=0)
    with pytest.raises(WeightsError, match=r"layers 0: Input should be greater than 0"):
        pretrained.load(directory)


def test_config_is_no_json(directory: Path) -> None:
    (directory / CONFIG_FILE).write_text("<html>")
    with pytest.raises(WeightsError, match=r"config.json does not describe .* it is no JSON"):
        pretrained.load(directory)


@pytest.mark.parametrize(
    "source", ["no/such/directory", "./missing", "lifter", "somebody/lifter/main", "a b/c"]
)
def test_neither_directory_nor_hub_id(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError, match=rf"got '{source}' as weights.*wanted a directory .* a Hub id"):
        pretrained.load(source)


def test_path_object_is_never_a_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError, match=r"got '.*lifter' as weights, which does not exist"):
        pretrained.load(Path("somebody/lifter"))


def test_file_instead_of_directory(directory: Path) -> None:
    with pytest.raises(WeightsError, match=r"which is a file; wanted a directory"):
        pretrained.load(directory / WEIGHTS_FILE)


def test_revision_needs_the_hub(directory: Path) -> None:
    for source in (directory, None):
        with pytest.raises(
            WeightsError, match=r"got revision='main' .* only weights on the Hub have revisions"
        ):
            pretrained.load(source, revision="main")


def test_push_to_no_hub_id(model: SemGAN) -> None:
    with pytest.raises(WeightsError, match=r"got 'weights' as Hub id; wanted \"owner/name\""):
        pretrained.push(model, "weights")


def test_push_without_the_card_that_was_named(model: SemGAN, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"the model card .*card.md is no file"):
        pretrained.push(model, "somebody/lifter", card=tmp_path / "card.md")


def test_installation_without_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "__file__", str(tmp_path / "package" / "pretrained.py"))
    with pytest.raises(
        WeightsError, match=r"this installation holds no weights 'base': neither .*pip install"
    ):
        pretrained.load()


def test_weights_inside_the_package_go_first(
    tmp_path: Path, model: SemGAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrained, "__file__", str(tmp_path / "package" / "pretrained.py"))
    pretrained.save(model, tmp_path / "weights")
    assert pretrained.packaged_directory() == tmp_path / "weights"
    pretrained.save(model, tmp_path / "package" / "weights")
    assert pretrained.packaged_directory() == tmp_path / "package" / "weights"


def test_packaged_weights_need_no_network() -> None:
    """With every socket refused, the package's own weights load, and the Hub's client is never imported."""
    script = """
import socket, sys
def refuse(*args): raise AssertionError("a socket was opened")
socket.socket.connect = refuse
from wholebody_lift import pretrained
model = pretrained.load()
assert not model.training
assert "huggingface_hub" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("source", pretrained.PACKAGED)
def test_packaged_weights_are_finite(source: str) -> None:
    for name, tensor in pretrained.load(source).state_dict().items():
        assert tensor.isfinite().all(), name


def test_base_is_what_nothing_loads_and_tiny_is_at_most_two_megabytes() -> None:
    base, default, tiny = (pretrained.load(source) for source in ("base", None, "tiny"))
    assert base.config == default.config
    assert all(a.equal(b) for a, b in zip(base.parameters(), default.parameters(), strict=True))
    assert tiny.config.channels < base.config.channels
    assert (pretrained.packaged_directory("tiny") / pretrained.WEIGHTS_FILE).stat().st_size <= 2_000_000


def test_a_directory_called_as_packaged_weights_are_is_meant_by_its_path(
    tmp_path: Path, model: SemGAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pretrained.save(model, "tiny")
    assert pretrained.load("tiny").config != model.config
    assert pretrained.load("./tiny").config == pretrained.load(Path("tiny")).config == model.config
