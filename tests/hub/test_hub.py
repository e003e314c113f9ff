"""`load` and `push` with the real client against a Hub on loopback, and the accidents that happen there."""

import logging
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from hub_server import Hub, Repo
from huggingface_hub import constants

from wholebody_lift import Lifter, pretrained
from wholebody_lift import hub as hub_module
from wholebody_lift.config import Config, Temporal
from wholebody_lift.errors import WeightsError
from wholebody_lift.model.semgan import SemGAN
from wholebody_lift.pretrained import CARD_FILE, CONFIG_FILE, ONNX_FILE, TEMPORAL_FILE, WEIGHTS_FILE
from wholebody_lift.video import temporal
from wholebody_lift.video.temporal import TemporalNetwork

# The client, as it uploads a large file over plain HTTP.
pytestmark = pytest.mark.filterwarnings("ignore:Use .content=:DeprecationWarning")

REPO_ID = "somebody/lifter"
FILES = (CONFIG_FILE, WEIGHTS_FILE)
ClientSetting = Callable[[str, object], None]
UNKNOWN_COMMIT = "0" * 40


def small_model(seed: int) -> SemGAN:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SemGAN(Config(channels=8, heads=2, layers=1)).eval()


def files_of(model: SemGAN, directory: Path) -> dict[str, bytes]:
    pretrained.save(model, directory)
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def same(a: SemGAN, b: SemGAN) -> bool:
    return a.config == b.config and all(
        torch.equal(tensor, b.state_dict()[name]) for name, tensor in a.state_dict().items()
    )


def blobs(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("blobs/*") if path.is_file()]


@pytest.fixture
def model() -> SemGAN:
    return small_model(1)


@pytest.fixture
def files(model: SemGAN, tmp_path: Path) -> dict[str, bytes]:
    return files_of(model, tmp_path / "saved")


@pytest.fixture
def cache(hub: Hub) -> Path:
    return Path(constants.HF_HUB_CACHE)


@pytest.fixture
def repo(hub: Hub, files: dict[str, bytes]) -> Repo:
    return hub.repo(REPO_ID, files)


def test_download(hub: Hub, repo: Repo, model: SemGAN) -> None:
    loaded = pretrained.load(REPO_ID)
    assert same(loaded, model)
    assert not loaded.training
    assert len(hub.downloads(CONFIG_FILE)) == len(hub.downloads(WEIGHTS_FILE)) == 1


def test_cache_dir(repo: Repo, model: SemGAN, cache: Path, tmp_path: Path) -> None:
    pretrained.load(REPO_ID, cache_dir=tmp_path / "elsewhere")
    assert blobs(tmp_path / "elsewhere")
    assert not blobs(cache)


def test_second_load_downloads_nothing(hub: Hub, repo: Repo, model: SemGAN) -> None:
    pretrained.load(REPO_ID)
    hub.seen.clear()
    assert same(pretrained.load(REPO_ID), model)
    assert not [seen for seen in hub.seen if seen.method == "GET" and "resolve" in seen.path]
    assert not hub.downloads(WEIGHTS_FILE)


def test_cache_serves_while_the_hub_is_down(hub: Hub, repo: Repo, model: SemGAN) -> None:
    pretrained.load(REPO_ID)
    hub.stop()
    assert same(pretrained.load(REPO_ID), model)


def test_hub_down_and_nothing_cached(hub: Hub, repo: Repo) -> None:
    hub.stop()
    with pytest.raises(
        WeightsError, match=rf"could not fetch config.json of {REPO_ID} .*check the connection"
    ):
        pretrained.load(REPO_ID)


def test_pinned_commit_stays(hub: Hub, repo: Repo, model: SemGAN, tmp_path: Path) -> None:
    pinned = repo.branches["main"]
    newer = small_model(2)
    repo.commit(files_of(newer, tmp_path / "newer"))
    assert same(pretrained.load(REPO_ID), newer)
    assert same(pretrained.load(REPO_ID, revision=pinned), model)
    hub.seen.clear()
    assert same(pretrained.load(REPO_ID, revision=pinned), model)
    assert not [seen for seen in hub.seen if "resolve" in seen.path], (
        "a pinned commit in the cache needs no question"
    )


def test_branch(repo: Repo, model: SemGAN, tmp_path: Path) -> None:
    other = small_model(3)
    repo.commit(files_of(other, tmp_path / "other"), branch="trial/second")
    assert same(pretrained.load(REPO_ID, revision="trial/second"), other)
    assert same(pretrained.load(REPO_ID), model)


def test_both_files_come_from_one_commit(
    hub: Hub, repo: Repo, model: SemGAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A push between the two downloads does not mix two sets of weights."""
    newer = files_of(small_model(2), tmp_path / "newer")
    is_unharmed = hub_module.has_stated_hash

    def push_after_every_file(path: Path) -> bool:
        repo.commit(newer)
        return is_unharmed(path)

    monkeypatch.setattr(hub_module, "has_stated_hash", push_after_every_file)
    assert same(pretrained.load(REPO_ID), model)


def test_offline_mode(hub: Hub, repo: Repo, model: SemGAN, set_for_client: ClientSetting) -> None:
    set_for_client("HF_HUB_OFFLINE", True)
    with pytest.raises(
        WeightsError, match=r"config.json of .* is not in the cache, and HF_HUB_OFFLINE forbids"
    ):
        pretrained.load(REPO_ID)
    assert not hub.seen
    set_for_client("HF_HUB_OFFLINE", False)
    pretrained.load(REPO_ID)
    hub.seen.clear()
    set_for_client("HF_HUB_OFFLINE", True)
    assert same(pretrained.load(REPO_ID), model)
    assert not hub.seen


def test_local_files_only(hub: Hub, repo: Repo, model: SemGAN) -> None:
    with pytest.raises(
        WeightsError, match=r"is not in the cache, and local_files_only=True forbids fetching it"
    ):
        pretrained.load(REPO_ID, local_files_only=True)
    assert not hub.seen
    pretrained.load(REPO_ID)
    hub.seen.clear()
    assert same(pretrained.load(REPO_ID, local_files_only=True), model)
    assert not hub.seen


def test_no_such_repository(hub: Hub) -> None:
    with pytest.raises(
        WeightsError, match=r"shows no repository somebody/lifter \(HTTP 401\).*no directory of that"
    ):
        pretrained.load(REPO_ID)
    with pytest.raises(WeightsError, match=r"shows no repository somebody/lifter \(HTTP 404\)"):
        pretrained.load(REPO_ID, token="hf_reader")


def test_no_such_revision(repo: Repo) -> None:
    for revision in ("no-such-branch", UNKNOWN_COMMIT):
        with pytest.raises(
            WeightsError, match=rf"has no revision '{revision}'; pass a branch, a tag or a full commit"
        ):
            pretrained.load(REPO_ID, revision=revision)


def test_repository_of_something_else(hub: Hub, cache: Path) -> None:
    hub.repo(REPO_ID, {"pytorch_model.bin": b"?"})
    with pytest.raises(
        WeightsError, match=r"has no config.json at revision 'main', so it does not hold weights"
    ):
        pretrained.load(REPO_ID)


def test_repository_without_tensors(hub: Hub, files: dict[str, bytes]) -> None:
    repo = hub.repo(REPO_ID, {CONFIG_FILE: files[CONFIG_FILE]})
    commit = repo.branches["main"]
    with pytest.raises(WeightsError, match=rf"has no model.safetensors at revision '{commit}'"):
        pretrained.load(REPO_ID)


def test_private_repository(hub: Hub, files: dict[str, bytes], model: SemGAN) -> None:
    hub.repo(REPO_ID, files, private=True)
    with pytest.raises(
        WeightsError, match=r"HTTP 401.*if the repository is private, pass token=... with read access"
    ):
        pretrained.load(REPO_ID)
    assert same(pretrained.load(REPO_ID, token="hf_reader"), model)
    assert {seen.token for seen in hub.seen if seen.host == "storage"} == {None}, (
        "the token went to the storage host"
    )


def test_token_from_the_environment(
    hub: Hub, files: dict[str, bytes], model: SemGAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.repo(REPO_ID, files, private=True)
    monkeypatch.setenv("HF_TOKEN", "hf_reader")
    assert same(pretrained.load(REPO_ID), model)


def test_gated_repository(hub: Hub, files: dict[str, bytes]) -> None:
    hub.repo(REPO_ID, files, gated=True)
    with pytest.raises(
        WeightsError, match=r"is gated on http://127.0.0.1:\d+ \(HTTP 401\); accept its terms"
    ):
        pretrained.load(REPO_ID)


def test_wrong_token(repo: Repo) -> None:
    with pytest.raises(WeightsError, match=r"refuses access to somebody/lifter \(HTTP 401\); pass token="):
        pretrained.load(REPO_ID, token="hf_expired")


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (403, r"refuses access to somebody/lifter \(HTTP 403\)"),
        (503, r"could not serve config.json .*\(HTTP 503\)"),
    ],
)
def test_other_refusals(hub: Hub, repo: Repo, model: SemGAN, status: int, text: str) -> None:
    hub.status = status
    with pytest.raises(WeightsError, match=text):
        pretrained.load(REPO_ID)
    hub.status = None
    assert same(pretrained.load(REPO_ID), model)


def test_connection_cut_once(hub: Hub, repo: Repo, model: SemGAN, files: dict[str, bytes]) -> None:
    hub.cuts = [len(files[WEIGHTS_FILE]) // 2]
    try:
        loaded = pretrained.load(REPO_ID)
    except WeightsError:  # huggingface_hub 0.25 leaves it to the user to try again
        loaded = pretrained.load(REPO_ID)
    assert same(loaded, model)
    assert len(hub.downloads(WEIGHTS_FILE)) == 2


def test_connection_cut_for_good(hub: Hub, repo: Repo, model: SemGAN, cache: Path) -> None:
    hub.cuts = [1000] + [0] * 100
    with pytest.raises(
        WeightsError, match=r"could not fetch model.safetensors .*check the connection and try again"
    ):
        pretrained.load(REPO_ID)
    assert not list(cache.rglob(f"snapshots/*/{WEIGHTS_FILE}")), "a part of a file is in the cache"
    with pytest.raises(WeightsError, match=r"model.safetensors of .* is not in the cache"):
        pretrained.load(REPO_ID, local_files_only=True)
    hub.cuts = []
    assert same(pretrained.load(REPO_ID), model)


def test_altered_download_is_fetched_again(hub: Hub, repo: Repo, model: SemGAN) -> None:
    hub.alter_downloads = 1
    assert same(pretrained.load(REPO_ID), model)
    assert len(hub.downloads(WEIGHTS_FILE)) == 2


def test_altered_downloads_end_in_an_error(hub: Hub, repo: Repo, model: SemGAN, cache: Path) -> None:
    hub.alter_downloads = 2
    with pytest.raises(
        WeightsError, match=r"model.safetensors .* arrived twice with content that does not match"
    ):
        pretrained.load(REPO_ID)
    assert not list(cache.rglob(f"snapshots/*/{WEIGHTS_FILE}")), "the altered file is in the cache"
    assert [hub_module.has_stated_hash(path) for path in cache.rglob("snapshots/*/*")] == [True]
    assert same(pretrained.load(REPO_ID), model)


def test_altered_config_ends_in_an_error(hub: Hub, repo: Repo, model: SemGAN, cache: Path) -> None:
    hub.alter_small_files = True
    with pytest.raises(WeightsError, match=r"config.json .* does not match the hash"):
        pretrained.load(REPO_ID)
    assert not blobs(cache)
    hub.alter_small_files = False
    assert same(pretrained.load(REPO_ID), model)


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-100], lambda content: content[:-1] + bytes([content[-1] ^ 1])]
)
def test_damage_in_the_cache_is_repaired(
    repo: Repo, model: SemGAN, cache: Path, damage: Callable[[bytes], bytes]
) -> None:
    pretrained.load(REPO_ID)
    largest = max(blobs(cache), key=lambda path: path.stat().st_size)
    largest.write_bytes(damage(largest.read_bytes()))
    with pytest.raises(WeightsError, match=r"was damaged and has been removed; then .* is not in the cache"):
        pretrained.load(REPO_ID, local_files_only=True)
    assert same(pretrained.load(REPO_ID), model)


def test_weights_that_do_not_fit_their_config(hub: Hub, files: dict[str, bytes], tmp_path: Path) -> None:
    wider = files_of(SemGAN(Config(channels=16, heads=2, layers=1)), tmp_path / "wider")
    hub.repo(REPO_ID, {CONFIG_FILE: files[CONFIG_FILE], WEIGHTS_FILE: wider[WEIGHTS_FILE]})
    with pytest.raises(WeightsError, match=r"of another shape: .* expected \(8,.*got \(16,"):
        pretrained.load(REPO_ID)


def test_push_round_trip(hub: Hub, model: SemGAN, tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text("---\nlicense: apache-2.0\n---\nMade for a test.\n")
    url = pretrained.push(model, REPO_ID, token="hf_writer", private=True, commit_message="First", card=card)
    repo = hub.repos[REPO_ID]
    commit = repo.branches["main"]
    assert url == f"{hub.endpoint}/{REPO_ID}/commit/{commit}"
    assert repo.private
    assert repo.commits[commit].keys() == {".gitattributes", CONFIG_FILE, WEIGHTS_FILE, CARD_FILE}
    assert repo.commits[commit][CARD_FILE] == card.read_bytes()
    assert same(pretrained.load(REPO_ID, revision=commit, token="hf_reader"), model)


@pytest.mark.filterwarnings("ignore::wholebody_lift.InputWarning")  # the network has not been trained
def test_push_with_onnx(hub: Hub, model: SemGAN, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="the extra onnx")
    pytest.importorskip("onnxruntime", reason="the extra onnxruntime")
    url = pretrained.push(model, REPO_ID, token="hf_writer", onnx=True)
    repo, revision = hub.repos[REPO_ID], url.rsplit("/", 1)[1]
    assert repo.commits[revision].keys() == {".gitattributes", *FILES, ONNX_FILE}
    alone = tmp_path / "alone.onnx"  # it needs no other file
    alone.write_bytes(repo.commits[revision][ONNX_FILE])
    people = np.random.default_rng(0).uniform(100, 500, (2, 133, 2))
    by_torch = Lifter(model, "cpu").lift(people).xyz
    for source, chosen in ((REPO_ID, {"revision": revision}), (alone, {})):
        by_onnx = Lifter.from_pretrained(source, backend="onnx", device="cpu", **chosen)
        assert np.abs(by_onnx.lift(people).xyz - by_torch).max() < 0.1  # mm


def test_push_is_one_commit_and_again_another(hub: Hub, model: SemGAN) -> None:
    first = pretrained.push(model, REPO_ID, token="hf_writer")
    assert len(hub.repos[REPO_ID].commits) == 2  # the empty repository, the weights
    newer = small_model(2)
    second = pretrained.push(newer, REPO_ID, token="hf_writer")
    assert same(pretrained.load(REPO_ID, revision=first.rsplit("/", 1)[1]), model)
    assert same(pretrained.load(REPO_ID, revision=second.rsplit("/", 1)[1]), newer)


def test_push_to_a_branch(hub: Hub, model: SemGAN) -> None:
    newer = small_model(2)
    pretrained.push(model, REPO_ID, token="hf_writer")
    for _ in range(2):  # a branch that is to be made, and one that is there
        pretrained.push(newer, REPO_ID, token="hf_writer", revision="trial")
    assert same(pretrained.load(REPO_ID), model)
    assert same(pretrained.load(REPO_ID, revision="trial"), newer)


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("hf_reader", 403)])
def test_push_without_the_right(hub: Hub, model: SemGAN, token: str | None, status: int) -> None:
    with pytest.raises(
        WeightsError,
        match=rf"refuses to write to somebody/lifter \(HTTP {status}\); pass token=... with write access",
    ):
        pretrained.push(model, REPO_ID, token=token)
    assert not hub.repos


def test_push_while_the_hub_is_down(hub: Hub, model: SemGAN) -> None:
    hub.stop()
    with pytest.raises(WeightsError, match=r"could not upload to somebody/lifter .*so try again"):
        pretrained.push(model, REPO_ID, token="hf_writer")


def test_environment_variables_are_the_clients(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    """In a fresh process, HF_ENDPOINT and HF_HOME alone lead there; HF_HUB_OFFLINE then needs no server."""
    environment = {
        **{name: value for name, value in os.environ.items() if not re.match(r"(?i)HF_|.*_proxy$", name)},
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_DISABLE_XET": "1",
    }
    command = [sys.executable, "-c", f"from wholebody_lift import pretrained; pretrained.load({REPO_ID!r})"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert blobs(tmp_path / "home" / "hub")
    hub.stop()
    subprocess.run(command, env={**environment, "HF_HUB_OFFLINE": "1"}, check=True, capture_output=True)


# --- a silent or slow Hub ---


def test_silent_hub_ends_by_the_deadline(hub: Hub, repo: Repo) -> None:
    hub.silent = True
    with pytest.raises(WeightsError, match=r"did not deliver config.json .* within 0.2 seconds"):
        hub_module.Hub(answer_seconds=0.2).download(REPO_ID, FILES)


def test_dripping_hub_ends_by_the_deadline(hub: Hub, repo: Repo, model: SemGAN) -> None:
    """Each byte comes long before the client's own timeout, and all of them after it."""
    hub.drips = True
    with pytest.raises(WeightsError, match=r"did not deliver model.safetensors .* within 0.2 seconds"):
        hub_module.Hub(transfer_seconds=0.2).download(REPO_ID, FILES)
    hub.released.set()
    assert same(pretrained.load(REPO_ID), model)


def test_cache_serves_while_the_hub_is_silent(hub: Hub, repo: Repo, model: SemGAN) -> None:
    pretrained.load(REPO_ID)
    hub.silent = True
    assert same(pretrained.load(hub_module.Hub(answer_seconds=0.2).download(REPO_ID, FILES)), model)


def test_silent_hub_ends_a_push(hub: Hub, model: SemGAN, tmp_path: Path) -> None:
    pretrained.save(model, tmp_path)
    hub.silent = True
    with pytest.raises(WeightsError, match=r"did not end within 0.2 seconds.* is not known"):
        hub_module.Hub(token="hf_writer", transfer_seconds=0.2).upload(
            REPO_ID, {name: tmp_path / name for name in FILES}, message="First"
        )


def test_deadlines_are_those_that_are_documented() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "weights.md").read_text()
    hub = hub_module.Hub()
    assert f"{hub.answer_seconds:g} seconds for `config.json`" in docs
    assert f"{hub.transfer_seconds / 60:g} minutes for `model.safetensors`" in docs


# --- secrets ---


@pytest.mark.parametrize("token", ["hf_secret\n", "hf_secret\r\nX-Other: 1", " hf_secret", "hf_sécret", ""])
def test_a_token_that_cannot_be_one_is_not_shown(hub: Hub, model: SemGAN, token: str) -> None:
    for call in (
        lambda: pretrained.load(REPO_ID, token=token),
        lambda: pretrained.push(model, REPO_ID, token=token),
    ):
        with pytest.raises(WeightsError, match=r"expected a Hub token") as caught:
            call()
        assert "cret" not in "".join(traceback.format_exception(caught.value))
    assert not hub.seen


def test_a_token_in_the_environment_may_end_in_a_newline(
    hub: Hub, files: dict[str, bytes], model: SemGAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.repo(REPO_ID, files, private=True)
    monkeypatch.setenv("HF_TOKEN", "hf_reader\n")
    assert same(pretrained.load(REPO_ID), model)


def test_a_token_is_not_in_the_repr() -> None:
    assert "hf_secret" not in repr(hub_module.Hub(token="hf_secret"))


Failure = Callable[[Hub], None]
FAILURES: dict[str, Failure] = {
    "down": Hub.stop,
    "silent": lambda hub: setattr(hub, "silent", True),
    "503": lambda hub: setattr(hub, "status", 503),
    "403": lambda hub: setattr(hub, "status", 403),
    "401": lambda hub: None,
    "cut": lambda hub: setattr(hub, "cuts", [0] * 100),
}


@pytest.mark.parametrize("fail", FAILURES.values(), ids=FAILURES)
def test_no_message_shows_a_token_or_the_password_of_an_address(
    hub: Hub,
    repo: Repo,
    model: SemGAN,
    tmp_path: Path,
    fail: Failure,
    set_for_client: ClientSetting,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither the error nor its traceback, nor what the client logs about its retries."""
    endpoint = hub.endpoint.replace("://", "://someone:pass%20word@")
    set_for_client("ENDPOINT", endpoint)
    set_for_client("HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    fail(hub)
    reached = hub_module.Hub(token="hf_expired", answer_seconds=2, transfer_seconds=2)
    pretrained.save(model, tmp_path / "to-push")
    files = {name: tmp_path / "to-push" / name for name in FILES}
    for call in (
        lambda: reached.download(REPO_ID, FILES),
        lambda: reached.upload(REPO_ID, files, message="First"),
    ):
        with pytest.raises(WeightsError) as caught:
            call()
        said = "".join(traceback.format_exception(caught.value)) + "".join(capfd.readouterr())
        assert "pass%20word" not in said
        assert "pass word" not in said
        assert "hf_expired" not in said
        assert "***@127.0.0.1" in str(caught.value)


@pytest.mark.parametrize("is_wanted", [False, True])
def test_retries_are_logged_only_for_who_debugs(is_wanted: bool) -> None:
    """The client prints addresses as they are when it does."""
    logger = logging.getLogger("huggingface_hub")
    handler = logging.StreamHandler(logged := StringIO())
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if is_wanted else logging.WARNING)
    try:
        client = logging.getLogger("huggingface_hub.utils._http")
        hub_module.within(5, lambda: client.warning("Retrying"))
        assert handler.filters == []
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
    assert ("Retrying" in logged.getvalue()) == is_wanted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at https://me:secret@host/x", "at https://***@host/x"),
        ("at https://me:sec/ret@host", "at https://***@host"),
        ("Bearer hf_secret", "Bearer ***"),
        ("GET https://host/a?X-Amz-Signature=secret&b=1 failed", "GET https://host/a?*** failed"),
        ("a plain@sentence, with a question?", "a plain@sentence, with a question?"),
    ],
)
def test_what_is_shown_of_a_text(text: str, shown: str, set_for_client: ClientSetting) -> None:
    set_for_client("ENDPOINT", "https://me:sec/ret@host")
    assert hub_module.Hub(token="hf_secret").redacted(text) == shown


# --- the disk ---


def test_cache_that_cannot_be_written(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WeightsError, match=r"could not store config.json .* cannot be written") as caught:
        pretrained.load(REPO_ID, cache_dir=tmp_path / "file" / "cache")
    assert "connection" not in str(caught.value)


def test_full_disk(hub: Hub, repo: Repo, model: SemGAN, cache: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits of a process, which Windows does not have")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(WeightsError, match=r"could not store model.safetensors .* is full") as caught:
            pretrained.load(REPO_ID)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "connection" not in str(caught.value)
    assert not list(cache.rglob(f"snapshots/*/{WEIGHTS_FILE}"))
    assert same(pretrained.load(REPO_ID), model)


def test_the_network_over_time_comes_along(hub: Hub, model: SemGAN) -> None:
    shape = Temporal(channels=4)
    weights = {name: np.full(size, 0.5, np.float32) for name, size in temporal.shapes(shape).items()}
    url = pretrained.push(model, REPO_ID, token="hf_writer", temporal=TemporalNetwork(shape, weights))
    repo, commit = hub.repos[REPO_ID], url.rsplit("/", 1)[1]
    assert repo.commits[commit].keys() == {".gitattributes", *FILES, TEMPORAL_FILE}
    loaded = Lifter.from_pretrained(REPO_ID, device="cpu")
    assert loaded.temporal is not None
    assert loaded.temporal.config == shape
    assert all(np.array_equal(loaded.temporal.weights[name], weights[name]) for name in weights)
    assert len(hub.downloads(TEMPORAL_FILE)) == 1
