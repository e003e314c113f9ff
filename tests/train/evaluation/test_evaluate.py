import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from recordings import small_bank
from torch import Tensor, nn

pytest.importorskip("anny")

from wholebody_lift import skeleton
from wholebody_lift.config import Config
from wholebody_lift.errors import InputError
from wholebody_lift.features import Features
from wholebody_lift.model import Prediction, SemGAN
from wholebody_lift.train.evaluation import evaluate, fingerprints, held_out, report
from wholebody_lift.train.evaluation.evaluate import Report
from wholebody_lift.train.evaluation.held_out import SETS
from wholebody_lift.train.synthetic.cameras import FAMILIES
from wholebody_lift.train.synthetic.people import Batch, People, to_batch
from wholebody_lift.train.synthetic.rig import Rig


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    _shrink(monkeypatch)


def _shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out, "BLOCK", 16)
    monkeypatch.setattr(held_out, "_NOISE_DRAWS", 2)
    monkeypatch.setattr(
        fingerprints,
        "published",
        lambda _version: fingerprints.Published(fingerprints.Fingerprint("", ()), {}),
    )


@pytest.fixture(scope="module")
def people(rig: Rig) -> People:
    return People(rig, small_bank(), "test")


class Oracle(nn.Module):
    """Knows the truth, and answers with what `wrong` makes of it and an error of 10 mm."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, wrong: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.wrong = wrong
        self.truth = torch.zeros(0)
        monkeypatch.setattr(evaluate, "to_batch", self._overhear)

    def _overhear(self, *arguments: Any) -> Batch:
        batch = to_batch(*arguments)
        self.truth = batch.target
        return batch

    def forward(self, told: Features) -> Prediction:
        assert len(told.keypoints) == len(self.truth)
        return Prediction(self.wrong(self.truth), torch.full(self.truth.shape[:2], 10.0))


def test_the_truth_has_no_error(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    found = evaluate.evaluate(Oracle(monkeypatch, lambda truth: truth), people, 16)
    assert set(found.results) == set(SETS)
    for name, row in found.results.items():
        assert set(row) == set(SETS[name].inputs)
        for result in row.values():
            assert result.people == 16
            wrong = (result.whole, result.seen, result.n_mpjpe, result.hands_at_wrist, *result.parts.values())
            assert max(wrong) < 0.01
            assert result.predicted == pytest.approx(10)
    exact = found.results["laboratory"]["exact"]
    assert exact.given > 99
    assert exact.root < 2
    assert exact.root_percent == pytest.approx(exact.root / 50, rel=0.3)  # at about 5 m
    assert max(found.bones["exact"].values()) < 1.0
    assert all(decile.predicted == pytest.approx(10) for decile in found.calibration)


def test_stature_scales_the_millimetres(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = Oracle(monkeypatch, lambda truth: truth)
    found = evaluate.evaluate(oracle, people, 8, sets=["laboratory"], stature_mm=1000.0)
    result = found.results["laboratory"]["exact"]
    assert result.whole < 0.01
    assert result.root < 2  # true millimetres again
    assert oracle.truth.norm(dim=-1).amax(1).max() < 800


def test_only_scale_alignment_ignores_a_wrong_size(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = Oracle(monkeypatch, lambda truth: 0.9 * truth)
    result = evaluate.evaluate(oracle, people, 8, sets=["telephoto"]).results["telephoto"]["exact"]
    assert result.whole > 30
    assert result.n_mpjpe < 0.01
    assert result.pa_mpjpe < 0.1
    assert result.root_percent == pytest.approx(10, abs=1)  # smaller, so nearer


def test_depth_and_lateral_errors_are_separated(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    others = [i for i in range(skeleton.NUM_KEYPOINTS) if i not in skeleton.ROOT]

    def deeper(truth: Tensor) -> Tensor:
        wrong = truth.clone()
        wrong[:, others, 2] += 10
        return wrong

    result = evaluate.evaluate(Oracle(monkeypatch, deeper), people, 8, sets=["laboratory"])
    exact = result.results["laboratory"]["exact"]
    share = len(others) / skeleton.NUM_KEYPOINTS
    assert exact.whole == pytest.approx(10 * share, rel=1e-3)
    assert exact.depth == pytest.approx(10 * share, rel=0.02)  # people are nearly straight ahead
    assert exact.across < 2
    assert exact.parts == pytest.approx({**dict.fromkeys(exact.parts, 10.0), "body": 10 * 15 / 17}, rel=1e-3)


def test_a_wrong_root_does_not_count_after_centring(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    def hips_elsewhere(truth: Tensor) -> Tensor:
        wrong = truth.clone()
        wrong[:, list(skeleton.ROOT)] += 50
        return wrong

    found = evaluate.evaluate(Oracle(monkeypatch, hips_elsewhere), people, 8, sets=["webcam"])
    exact = found.results["webcam"]["exact"]
    assert exact.seen > 50
    assert exact.seen_centred < 5  # hips are mostly outside the picture


def test_noise_displaces_what_is_given_and_exact_is_exact(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle = Oracle(monkeypatch, lambda truth: truth)
    row = evaluate.evaluate(oracle, people, 8, sets=["laboratory"]).results["laboratory"]
    assert row["exact"].displaced < 1
    assert row["incomplete"].displaced < 1
    assert 5 < row["noise"].displaced < 60


def test_groups_are_parts_of_their_set(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = Oracle(monkeypatch, lambda truth: 0.9 * truth)
    sets = sorted({ask.test_set for ask in evaluate.GROUPINGS.values()})
    found = evaluate.evaluate(oracle, people, 20, sets=sets)  # more than a block, less than two
    assert set(found.groups) == set(evaluate.GROUPINGS)
    for question, ask in evaluate.GROUPINGS.items():
        whole = found.results[ask.test_set][ask.given]
        groups = found.groups[question].values()
        assert sum(group.people for group in groups) == 20
        mean = sum(group.people * group.whole for group in groups) / 20
        assert mean == pytest.approx(whole.whole, rel=1e-4)
    assert set(found.groups["recorded actions, laboratory, exact"]) == {"dancing", "running"}


class Plain(nn.Module):
    """Any other network, with what must be switched off to be measured."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)
        self.linear = nn.Linear(9, 4)

    def forward(self, told: Features) -> Prediction:
        out = self.linear(self.dropout(told.keypoints))
        return Prediction(1000 * out[..., :3], out[..., 3].exp())


def test_any_network_is_measured_and_left_unchanged(people: People) -> None:
    model = Plain().train()
    first, again = (evaluate.evaluate(model, people, 8, sets=["webcam", "mixture"]) for _ in range(2))
    assert model.training
    assert first.results == again.results
    assert first.calibration == again.calibration


@pytest.fixture(scope="module")
def found(people: People) -> Report:
    with pytest.MonkeyPatch.context() as monkeypatch:
        _shrink(monkeypatch)
        return evaluate.evaluate(SemGAN(Config(channels=16, heads=2, layers=1)), people, 16)


def test_all_measures_are_json(found: Report) -> None:
    content = json.loads(json.dumps(report.as_json(found), allow_nan=False))
    assert set(content["results"]) == set(SETS)
    assert len(content["calibration"]) == 50
    assert len(content["bone_length_spread_percent"]["detector"]) == len(skeleton.EDGES)
    assert content["calibration_summary"]["worst"]["part"] in skeleton.PARTS


def test_json_and_back(found: Report) -> None:
    again = report.from_json(json.loads(json.dumps(report.as_json(found))))
    assert report.as_json(again) == report.as_json(found)
    assert report.as_markdown(again) == report.as_markdown(found)


def test_the_short_table_has_a_row_for_each_family(found: Report) -> None:
    header, _, *rows = report.in_short(found).splitlines()
    assert len(rows) == len(FAMILIES)
    assert {row.count("|") for row in rows} == {header.count("|")}


def test_tables_are_complete(found: Report) -> None:
    text = report.as_markdown(found)
    for table in text.split("### ")[1:]:
        title, _, *lines = table.strip().splitlines()
        rows = [line for line in lines if line.startswith("|")]
        assert len(rows) > 2, title
        assert len({row.count("|") for row in rows}) == 1, title
        assert rows[0].count("|") < 13
    assert "| phone portrait |" in text
    assert "nan" not in text


def test_the_cost_of_an_input_stands_beside_it(found: Report) -> None:
    row = found.results["webcam"]
    cost = row["noise"].whole / row["exact"].whole - 1
    assert f"{row['noise'].whole:.1f} ({cost:+.0%})" in report.as_markdown(found)


def test_sets_that_differ_from_published_ones_are_reported(found: Report) -> None:
    assert len(found.differences) == 1 + len(SETS)


def test_wrong_arguments_are_errors(people: People, rig: Rig) -> None:
    model = Plain()
    with pytest.raises(ValueError, match=r"a bank.*, got none"):
        evaluate.evaluate(model, People(rig, None, "test"), 8)
    with pytest.raises(ValueError, match=r"laboratory.*got 'studio'"):
        evaluate.evaluate(model, people, 8, sets=["studio"])
    with pytest.raises(InputError, match=r"version 1, laboratory.*got 'close-ups'"):
        evaluate.evaluate(model, people, 8, sets=["close-ups"], version=1)
    with pytest.raises(ValueError, match=r"expected 1 to 3000 people.*got 9999"):
        evaluate.evaluate(model, people, 9999)
