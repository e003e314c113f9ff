"""Errors that sequences expect, against their actual errors."""

import argparse
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("anny", reason="the extra train")

from benchmarks import sequence_errors as bench
from wholebody_lift import Lifter
from wholebody_lift.errors import InputWarning
from wholebody_lift.skeleton import PARTS, ROOT


@pytest.fixture(scope="module")
def videos() -> list[bench.Filmed]:
    options = {"seed": 100, "seeds": 6, "seconds": 2.0, "data": None}
    return bench.synthetic(argparse.Namespace(**options))


@pytest.mark.filterwarnings(f"ignore::{InputWarning.__module__}.InputWarning")
@pytest.mark.parametrize("step", list(bench.STEPS)[1:])
def test_sequences_err_as_much_as_they_expect(videos: list[bench.Filmed], step: str) -> None:
    lifter = Lifter.from_pretrained(device="cpu")
    found = bench.errors(videos, [bench.STEPS[step](lifter, video.people) for video in videos])
    for name in ("body", "feet", "face", "hands"):
        assert 0.75 < found[name].actual / found[name].expected < 1.33, name


def test_errors_are_means_over_what_has_a_truth(videos: list[bench.Filmed], small: Lifter) -> None:
    film = videos[0]
    pose = small.lift(film.people)
    centred = film.truth - film.truth[:, list(ROOT)].mean(axis=1, keepdims=True)
    off = centred + np.array([0.0, 0, 30])
    pose = replace(pose, xyz=off.astype(np.float32), error_mm=np.full(off.shape[:2], 60, np.float32))
    truth = film.truth.copy()
    truth[:, PARTS["face"]] = np.nan
    found = bench.errors([film._replace(truth=truth)], [pose])
    assert str(found["body"]) == "30 / 60 = 0.50"
    assert str(found["face"]) == ""
