import numpy as np
import pytest
import torch

from benchmarks import precision
from wholebody_lift import pretrained
from wholebody_lift.train.synthetic.people import People
from wholebody_lift.train.synthetic.rig import load_rig

pytest.importorskip("onnxruntime")


def test_a_file_is_compared_with_the_first() -> None:
    scene = People(load_rig(), None).scene(12, torch.Generator().manual_seed(0))
    people, visible = precision._people_of(scene)
    seen = precision.Seen(people, scene.views.xyz.double().numpy()[visible])
    base, tiny = (pretrained.packaged_directory(name) / pretrained.ONNX_FILE for name in ("base", "tiny"))
    rows = precision.measure({"a": base, "same": base, "other": tiny}, {"people": seen}, {2: 2})
    first, same, other = rows
    assert first["people, from fp32 mm"] == same["people, from fp32 mm"] == 0
    assert first["people, MPJPE mm"] == same["people, MPJPE mm"] != other["people, MPJPE mm"]
    assert other["people, from fp32 mm"] > 1
    assert first["times as fast, 2"] == [1, 1, 1]
    assert len(same["times as fast, 2"]) == 3


def test_errors_are_at_the_hips() -> None:
    truth = np.random.default_rng(0).standard_normal((3, 133, 3))
    assert precision.mpjpe(truth + np.array([1.0, 2.0, 3.0]), truth) == pytest.approx(0, abs=1e-9)
    truth[:, 50] = np.nan
    assert np.isfinite(precision.mpjpe(np.zeros((3, 133, 3)), truth))
