"""Clips for the network over time, and its training."""

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("anny", reason="the extra train")

from wholebody_lift import Lifter, pretrained
from wholebody_lift.config import Temporal
from wholebody_lift.train import __main__ as train
from wholebody_lift.train.synthetic.rig import load_rig
from wholebody_lift.train.temporal import clips, loop, motions
from wholebody_lift.train.temporal.clips import Clip
from wholebody_lift.train.temporal.motions import Motions
from wholebody_lift.video.temporal import Form

CONFIG = Temporal(channels=8)


@pytest.fixture(scope="module")
def made() -> list[Clip]:
    lifter = Lifter.from_pretrained("tiny", device="cpu")
    sources = Motions.load(None, "train", load_rig())
    return list(clips.prepare([lifter], sources, 4, torch.Generator().manual_seed(0)))


@pytest.mark.filterwarnings("ignore::wholebody_lift.errors.InputWarning")
def test_clips_hold_answers_near_the_truth(made: list[Clip]) -> None:
    assert [clip.smoothed for clip in made] == [True, False] * 2
    for clip in made:
        off = np.linalg.norm(clip.answers.xyz - clip.truth, axis=-1).mean()
        assert off < 0.5 * np.linalg.norm(clip.truth, axis=-1).mean()
        every, at_frames = (len(clips.steps(clip, causal=causal).off) for causal in (False, True))
        assert at_frames <= min(every, len(clip.truth))


def test_files_keep_clips(made: list[Clip], tmp_path: Path) -> None:
    clips.save(tmp_path / "clips.npz", made)
    for before, after in zip(made, clips.load(tmp_path / "clips.npz"), strict=True):
        assert before.smoothed == after.smoothed
        assert np.abs(before.truth - after.truth).max() < 0.1
        for a, b in zip(before.answers, after.answers, strict=True):
            assert np.allclose(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("form", ["centred", "causal"])
def test_training_takes_errors_away(made: list[Clip], form: Form) -> None:
    """Of the clips that it sees; and it is the same each time."""
    recipe = loop.Recipe(steps=40, batch=64, ema_decay=0.9)
    *_, weights = loop.train(made, form, CONFIG, recipe)
    errors = np.mean(loop.errors(made, form, weights), axis=0)
    assert errors[1] < 0.99 * errors[0]
    *_, again = loop.train(made, form, CONFIG, recipe)
    assert all(torch.equal(weights[name], again[name]) for name in weights)


def test_people_move_in_their_own_way() -> None:
    still = torch.zeros(60, len(motions.BONES), 4)
    still[..., 0] = 1
    moved = motions._with_habits(still, 30.0, torch.Generator().manual_seed(0))
    assert torch.allclose(moved.norm(dim=-1), torch.ones(()), atol=1e-5)
    turned = 2 * moved[..., 0].abs().clamp_max(1).acos().rad2deg()
    fixed = [i for i, bone in enumerate(motions.BONES) if bone in motions._NOT_MOVED]
    assert turned[:, fixed].max() < 0.1
    assert 3 < turned.mean() < 12
    assert (2 * (moved[1:] * moved[:-1]).sum(-1).abs().clamp_max(1).acos().rad2deg()).max() < 3


def test_the_commands_add_a_network_to_weights(
    small: Lifter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, file = tmp_path / "weights", tmp_path / "clips.npz"
    small.save_pretrained(weights)

    def run(*arguments: object) -> None:
        monkeypatch.setattr("sys.argv", ["train", *map(str, arguments), "--threads", "1"])
        train.main()

    run("clips", file, "--clips", 2, "--weights", weights)
    run("temporal", file, "--into", weights, "--steps", 2, "--validation", file, "--channels", 8)
    assert "causal, step 2: MPJPE" in capsys.readouterr().out
    network = Lifter.from_pretrained(weights, device="cpu").temporal
    assert network is not None
    assert network.config == CONFIG
    assert (weights / pretrained.TEMPORAL_FILE).stat().st_size < 50_000
