"""Averages of weights that were trained on from the same ones."""

from pathlib import Path

import pytest
import torch

pytest.importorskip("anny")

from wholebody_lift import pretrained
from wholebody_lift.config import Config, Temporal
from wholebody_lift.errors import InputError
from wholebody_lift.model import SemGAN
from wholebody_lift.train import __main__ as command
from wholebody_lift.train.average import FOR_WHAT_IS_KNOWN, average

SMALL = Config(channels=16, heads=2, layers=1)


def _network(seed: int, config: Config = SMALL) -> SemGAN:
    torch.manual_seed(seed)
    return SemGAN(config)


def test_the_average_is_weighted_by_shares() -> None:
    a, b = _network(0), _network(1)
    mean = average([a, b], [1, 3])
    for name, values in mean.state_dict().items():
        expected = (a.state_dict()[name] + 3 * b.state_dict()[name]) / 4
        torch.testing.assert_close(values, expected)


def test_a_network_alone_stays_as_it_is() -> None:
    network = _network(0)
    for name, values in average([network], [0.2]).state_dict().items():
        assert torch.equal(values, network.state_dict()[name]), name


def test_layers_that_only_some_have_are_those_of_the_networks_that_have_them() -> None:
    plain = _network(0)
    told = _network(1, SMALL.model_copy(update={"inputs": ("bone_lengths",), "close_ups": True}))
    mean = average([plain, told], [1, 1])
    assert mean.config.inputs == ("bone_lengths",)
    assert mean.config.close_ups
    only = set(told.state_dict()) - set(plain.state_dict())
    assert only
    for name in only:
        assert torch.equal(mean.state_dict()[name], told.state_dict()[name]), name


def test_layers_for_what_is_known_can_be_those_of_one_network() -> None:
    told = SMALL.model_copy(update={"inputs": ("bone_lengths", "depth")})
    a, b, known_of = (_network(seed, told) for seed in range(3))
    mean, plain = (
        average([a, b], [1, 1], known_of=known_of).state_dict(),
        average([a, b], [1, 1]).state_dict(),
    )
    own = [name for name in mean if name.startswith(FOR_WHAT_IS_KNOWN)]
    assert {name.partition(".")[0] for name in own} == {"embed_known", "adapters"}
    for name, values in mean.items():
        expected = known_of.state_dict()[name] if name in own else plain[name]
        assert torch.equal(values, expected), name
    with pytest.raises(InputError, match="expected weights with layers for what else is known"):
        average([a, b], [1, 1], known_of=_network(0))


def test_networks_of_different_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="expected networks of one shape"):
        average([_network(0), _network(1, Config(channels=32, heads=2, layers=1))], [1, 1])


@pytest.mark.parametrize("shares", [[1.0], [1.0, 0.0], [1.0, -1.0], [1.0, float("nan")]])
def test_shares_are_checked(shares: list[float]) -> None:
    with pytest.raises(InputError, match="expected a positive share for each of 2 networks"):
        average([_network(0), _network(1)], shares)


def test_the_command_writes_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, out = (str(tmp_path / name) for name in ("a", "b", "out"))
    pretrained.save(_network(0).half(), a)
    pretrained.save(_network(1).half(), b)
    monkeypatch.setattr("sys.argv", ["train", "average", out, a, b, "--shares", "1", "2"])
    command.main()
    assert pretrained.load(out).config == SMALL


def test_the_network_over_time_is_written_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, out = (str(tmp_path / name) for name in ("a", "b", "out"))
    network = pretrained.load_temporal(pretrained.load("base").config, pretrained.packaged_directory())
    pretrained.save(_network(0).half(), a, temporal=network)
    pretrained.save(_network(1).half(), b)
    monkeypatch.setattr("sys.argv", ["train", "average", out, a, b, "--temporal", a])
    command.main()
    written = pretrained.load_temporal(pretrained.load(out).config, Path(out))
    assert network is not None
    assert written is not None
    assert written.config == network.config
    assert (Path(out) / pretrained.TEMPORAL_FILE).read_bytes() == (
        pretrained.packaged_directory() / pretrained.TEMPORAL_FILE
    ).read_bytes()
    monkeypatch.setattr("sys.argv", ["train", "average", out, a, b, "--temporal", b])
    with pytest.raises(SystemExit, match="1"):
        command.main()


def test_weights_with_and_without_a_network_over_time_can_be_averaged() -> None:
    with_temporal = _network(0, SMALL.model_copy(update={"temporal": Temporal()}))
    assert average([with_temporal, _network(1)], [1, 1]).config == SMALL
