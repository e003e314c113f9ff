"""Weights on disk: inverse pairs, strictness, and what is said about weights that do not fit."""

import hashlib
import json
import os
import pickle
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from wholebody_lift import checkpoint, pretrained
from wholebody_lift.config import Config
from wholebody_lift.errors import WeightsError
from wholebody_lift.model.semgan import SemGAN
from wholebody_lift.pretrained import CONFIG_FILE, ONNX_FILE, SUMS_FILE, TEMPORAL_FILE, WEIGHTS_FILE


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
    with pytest.raises(WeightsError, match=rf"expected a directory with .* has no {name}"):
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
    with pytest.raises(WeightsError, match=r"embed_person.bias expected \(8,\), got \(17,\)"):
        pretrained.load(directory)


def test_many_problems_are_counted(directory: Path) -> None:
    change_config(directory, channels=16)
    with pytest.raises(
        WeightsError, match=r"of another shape: (\S+ expected .*){5} and \d+ more\. The two files must"
    ):
        pretrained.load(directory)


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_cut_file(directory: Path, kept: int) -> None:
    path = directory / WEIGHTS_FILE
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(
        WeightsError, match=r"expected a complete safetensors file, got .*model.safetensors \(\d+ bytes\)"
    ):
        pretrained.load(directory)


def test_unknown_config_field(directory: Path) -> None:
    change_config(directory, dropout=0.1)
    with pytest.raises(
        WeightsError,
        match=r"unknown field 'dropout' \(known: format, nodes, waves, channels, .*another release",
    ):
        pretrained.load(directory)


def test_other_format(directory: Path) -> None:
    change_config(directory, format="wholebody-lift/99")
    with pytest.raises(
        WeightsError,
        match=r"expected format 'wholebody-lift/\d+', got 'wholebody-lift/99'",
    ):
        pretrained.load(directory)


def test_wrong_config_value(directory: Path) -> None:
    change_config(directory, layers=0)
    with pytest.raises(WeightsError, match=r"layers 0: Input should be greater than 0"):
        pretrained.load(directory)


def test_config_is_no_json(directory: Path) -> None:
    (directory / CONFIG_FILE).write_text("<html>")
    with pytest.raises(WeightsError, match=r"config.json does not describe .* it is not valid JSON"):
        pretrained.load(directory)


@pytest.mark.parametrize(
    "source", ["no/such/directory", "./missing", "lifter", "somebody/lifter/main", "a b/c"]
)
def test_neither_directory_nor_hub_id(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError, match=rf"expected .* a directory .* a Hub id .*got '{source}'"):
        pretrained.load(source)


def test_path_object_is_never_a_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError, match=r"got '.*lifter', which does not exist"):
        pretrained.load(Path("somebody/lifter"))


def test_file_instead_of_directory(directory: Path) -> None:
    with pytest.raises(WeightsError, match=r"expected .* a directory .* which is a file"):
        pretrained.load(directory / WEIGHTS_FILE)


def test_revision_needs_the_hub(directory: Path) -> None:
    for source in (directory, None):
        with pytest.raises(WeightsError, match=r"weights that are not on the Hub, got revision='main'"):
            pretrained.load(source, revision="main")


def test_push_to_no_hub_id(model: SemGAN) -> None:
    with pytest.raises(WeightsError, match=r"expected a Hub id \"owner/name\", .*got 'weights'"):
        pretrained.push(model, "weights")


def test_push_without_the_card_that_was_named(model: SemGAN, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"expected .* model card .*card.md.* not a file"):
        pretrained.push(model, "somebody/lifter", card=tmp_path / "card.md")


def test_installation_without_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "__file__", str(tmp_path / "package" / "pretrained.py"))
    with pytest.raises(WeightsError, match=r"this installation has no weights 'base': expected .*reinstall"):
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


def test_base_is_what_nothing_loads_and_tiny_is_a_quarter_of_its_size() -> None:
    base, default, tiny = (pretrained.load(source) for source in ("base", None, "tiny"))
    assert base.config == default.config
    assert all(a.equal(b) for a, b in zip(base.parameters(), default.parameters(), strict=True))
    assert tiny.config.channels < base.config.channels
    assert (pretrained.packaged_directory("tiny") / pretrained.WEIGHTS_FILE).stat().st_size <= 2_500_000


def test_a_directory_called_as_packaged_weights_are_is_meant_by_its_path(
    tmp_path: Path, model: SemGAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pretrained.save(model, "tiny")
    assert pretrained.load("tiny").config != model.config
    assert pretrained.load("./tiny").config == pretrained.load(Path("tiny")).config == model.config


# --- what is refused before a network is built ---


def test_packaged_weights_are_those_that_were_released() -> None:
    """`python -m wholebody_lift.train release RUN DIRECTORY --onnx` writes all of them."""
    for name in pretrained.PACKAGED:
        stated = pretrained.verify(pretrained.packaged_directory(name))
        over_time = {TEMPORAL_FILE} if pretrained.load(name).config.temporal else set()
        assert stated.keys() == {CONFIG_FILE, WEIGHTS_FILE, ONNX_FILE, *over_time}


def write_sums(directory: Path) -> None:
    content = {name: (directory / name).read_bytes() for name in (CONFIG_FILE, WEIGHTS_FILE)}
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in content.items()]
    (directory / SUMS_FILE).write_text("".join(lines))


@pytest.mark.parametrize("name", [CONFIG_FILE, WEIGHTS_FILE])
def test_one_flipped_bit_is_noticed(directory: Path, name: str) -> None:
    write_sums(directory)
    pretrained.load(directory)
    content = bytearray((directory / name).read_bytes())
    content[-3] ^= 1
    (directory / name).write_bytes(content)
    with pytest.raises(WeightsError, match=rf"expected SHA-256 \w+ of .*{name}, .*got \w+.*damaged"):
        pretrained.load(directory)


def test_a_flipped_bit_in_the_package_is_noticed(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrained, "__file__", str(tmp_path / "package" / "pretrained.py"))
    with pytest.raises(WeightsError, match=r"expected the hashes .*SHA256SUMS.*reinstall"):
        pretrained.load()
    write_sums(directory)
    pretrained.load()
    content = bytearray((directory / WEIGHTS_FILE).read_bytes())
    content[-3] ^= 1
    (directory / WEIGHTS_FILE).write_bytes(content)
    with pytest.raises(WeightsError, match="expected SHA-256"):
        pretrained.load()


def test_a_file_without_a_hash_is_not_verified(directory: Path) -> None:
    write_sums(directory)
    sums = directory / SUMS_FILE
    sums.write_text(sums.read_text().splitlines()[0])
    with pytest.raises(WeightsError, match=rf"expected SHA-256 none of .*{WEIGHTS_FILE}"):
        pretrained.verify(directory, (CONFIG_FILE, WEIGHTS_FILE))


def test_saving_brings_hashes_up_to_date(directory: Path) -> None:
    write_sums(directory)
    pretrained.save(SemGAN(Config(channels=16, heads=2, layers=1)), directory)
    assert pretrained.load(directory).config.channels == 16


def test_nothing_large_is_built(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest network that a config may describe is compared with its file without memory for it."""
    change_config(directory, channels=1024, layers=8)
    built = []

    def build(config: Config) -> SemGAN:
        built.append(SemGAN(config))
        return built[-1]

    monkeypatch.setattr(checkpoint, "SemGAN", build)
    with pytest.raises(WeightsError, match=r"missing: encoder\.1.*of another shape"):
        pretrained.load(directory)
    sizes = {name: 0 if p.is_meta else p.numel() for name, p in built[0].named_parameters()}
    assert sum(sizes.values()) < 0.01 * sum(p.numel() for p in built[0].parameters())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("channels", 16_384),
        ("channels", 10**400),
        ("layers", 10**8),
        ("heads", 3),
        ("heads", 10**6),
        ("waves", [1.0] * 10_000),
        ("waves", [1e308]),
        ("waves", [-1.0]),
        ("stature_mm", 1e300),
        ("stature_mm", float("inf")),
        ("stature_mm", float("nan")),
    ],
)
def test_absurd_config(directory: Path, field: str, value: Any) -> None:
    change_config(directory, **{field: value})
    with pytest.raises(WeightsError, match=rf"does not describe a network .*({field}|JSON|expected)"):
        pretrained.load(directory)


@pytest.mark.parametrize("length", [1e308, float("inf"), float("nan"), 0.0, -1.0])
def test_absurd_calibration(directory: Path, length: float) -> None:
    config = json.loads((pretrained.packaged_directory() / CONFIG_FILE).read_text())
    curves = config["calibration"]
    for curve in curves.values():
        curve["body"][-1] = length
        change_config(directory, calibration=curves)
        with pytest.raises(WeightsError, match=r"does not describe a network"):
            pretrained.load(directory)


def test_huge_config(directory: Path) -> None:
    with (directory / CONFIG_FILE).open("ab") as file:
        file.truncate(2_000_000)
    with pytest.raises(WeightsError, match=r"expected at most 1,000,000 bytes .*got 2,000,000"):
        pretrained.load(directory)


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.uint8, torch.float8_e4m3fn], ids=str)
def test_tensors_of_another_kind(directory: Path, dtype: torch.dtype) -> None:
    change_tensors(directory, **{"embed_person.bias": torch.zeros(8).to(dtype)})
    with pytest.raises(WeightsError, match=r"expected F16, BF16, F32, F64: embed_person\.bias is \w+"):
        pretrained.load(directory)


@pytest.mark.parametrize(
    "value", [torch.nan, torch.inf, torch.tensor(1e300, dtype=torch.float64)], ids=["nan", "inf", "too large"]
)
def test_tensors_that_are_not_finite(directory: Path, value: float | torch.Tensor) -> None:
    bias = torch.zeros(8, dtype=torch.float64)
    bias[3] = value
    change_tensors(directory, **{"embed_person.bias": bias})
    with pytest.raises(WeightsError, match=r"got NaN or infinity in embed_person\.bias"):
        pretrained.load(directory)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_kinds_of_number_that_are_read(directory: Path, dtype: torch.dtype) -> None:
    change_tensors(directory, **{"embed_person.bias": torch.full((8,), 0.5, dtype=dtype)})
    bias = pretrained.load(directory).embed_person.bias
    assert bias.dtype == torch.float32
    assert bias.tolist() == [0.5] * 8


def test_loaded_weights_do_not_depend_on_their_file(directory: Path) -> None:
    loaded = pretrained.load(directory)
    before = loaded.embed_person.bias.tolist()
    path = directory / WEIGHTS_FILE
    with path.open("r+b") as file:  # in place: a mapping of it into memory would change, too
        file.write(bytes(path.stat().st_size))
    assert loaded.embed_person.bias.tolist() == before
    assert all(parameter.requires_grad for parameter in loaded.parameters())


def test_nothing_is_unpickled(directory: Path, tmp_path: Path) -> None:
    """A pickle in the place of either file is not run."""

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    for name in (CONFIG_FILE, WEIGHTS_FILE):
        saved = (directory / name).read_bytes()
        for content in (pickle.dumps(Trap()), pickle.dumps({"a": Trap()}, protocol=0)):
            (directory / name).write_bytes(content)
            with pytest.raises(WeightsError):
                pretrained.load(directory)
        (directory / name).write_bytes(saved)
    assert not (tmp_path / "ran").exists()


def test_damaged_files_are_errors_that_name_the_file(directory: Path) -> None:
    """Bytes changed at random anywhere in the header or the config, and files cut anywhere."""
    random = np.random.default_rng(1)
    files = {name: (directory / name).read_bytes() for name in (CONFIG_FILE, WEIGHTS_FILE)}
    header = 8 + int.from_bytes(files[WEIGHTS_FILE][:8], "little")
    errors = []
    for trial in range(200):
        name = (CONFIG_FILE, WEIGHTS_FILE)[trial % 2]
        content = bytearray(files[name])
        if trial % 4 < 2:
            content[random.integers(header if name == WEIGHTS_FILE else len(content))] = random.integers(256)
        else:
            del content[random.integers(len(content)) :]
        (directory / name).write_bytes(content)
        try:
            pretrained.load(directory)
        except WeightsError as error:
            errors.append((name, str(error)))
        (directory / name).write_bytes(files[name])
    assert len(errors) > 150
    assert all(name in text and len(text) < 5000 for name, text in errors)


def test_sums_may_have_any_form_that_sha256sum_writes(tmp_path: Path) -> None:
    shutil.copytree(pretrained.packaged_directory("tiny"), tmp_path / "w")
    sums = tmp_path / "w" / "SHA256SUMS"
    plain = pretrained.verify(tmp_path / "w")
    sums.write_text("".join(f"{digest.upper()} *./{name}\n" for name, digest in plain.items()))
    assert pretrained.verify(tmp_path / "w") == plain
    sums.write_text("nothing\n")
    with pytest.raises(WeightsError, match=r"run `sha256sum config.json .* > SHA256SUMS`"):
        pretrained.verify(tmp_path / "w")
