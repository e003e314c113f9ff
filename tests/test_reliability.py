"""Promises that belong to no single module, and that docs/reliability.md names tests that exist."""

import ast
import os
import pickle
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from wholebody_lift import Keypoints2D, Lifter, formats

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text()
CITED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


@pytest.mark.parametrize("path", sorted({path for path, _ in CITED}))
def test_the_tests_of_promises_exist(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text())
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert {name for cited, name in CITED if cited == path} <= tests


def test_every_promise_has_a_test() -> None:
    rows = re.findall(
        r"^\| (?!Promise|---)(.*) \| (.*) \|$", (ROOT / "docs" / "reliability.md").read_text(), re.M
    )
    assert rows
    assert not [promise for promise, test in rows if "::" not in test]


def test_lifting_works_without_network_and_with_a_home_that_stays_empty(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    script = """
import socket, sys
def refuse(*args): raise AssertionError("a connection was opened")
socket.socket.connect = socket.getaddrinfo = refuse
from wholebody_lift.cli import main
sys.exit(main(sys.argv[1:]))
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "HF_"))}
    detections, result = ROOT / "examples" / "data" / "photos.json", tmp_path / "result.json"
    subprocess.run(
        [sys.executable, "-c", script, "lift", str(detections), "-o", str(result)],
        env={**environment, "HOME": str(home), "USERPROFILE": str(home)},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    assert result.is_file()
    assert list(home.rglob("*")) == []


# --- lifting, with the released weights ---


@pytest.fixture(scope="module")
def tiny() -> Lifter:
    return Lifter.from_pretrained("tiny", device="cpu")


@pytest.fixture(scope="module")
def people() -> Keypoints2D:
    return formats.read(ROOT / "examples" / "data" / "squats.json")[:16]


def as_arrays(people: Keypoints2D) -> dict[str, np.ndarray]:
    size = people.image_size
    assert size is not None
    return {"keypoints": people.keypoints.copy(), "scores": people.scores.copy(), "image_size": size.copy()}


def test_repeats_and_threads_give_the_same_bits(tiny: Lifter, people: Keypoints2D) -> None:
    expected = tiny.lift(people)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(tiny.lift, [people] * 24))
    assert all(np.array_equal(result.xyz, expected.xyz) for result in results)
    assert all(np.array_equal(result.error_mm, expected.error_mm) for result in results)


def test_alone_and_among_others_is_the_same_to_rounding(tiny: Lifter, people: Keypoints2D) -> None:
    together = tiny.lift(people).xyz
    alone = np.concatenate([tiny.lift(people[i : i + 1]).xyz for i in range(len(people))])
    assert np.abs(together - alone).max() < 0.01  # mm


@pytest.mark.parametrize("scale", [1e-3, 0.1, 10.0, 500.0])
def test_the_unit_of_pixels_does_not_matter(tiny: Lifter, people: Keypoints2D, scale: float) -> None:
    """Image and intrinsics scaled together: a picture of 1 pixel or of half a million."""
    K = np.array([[1500.0, 0, 360], [0, 1500, 640], [0, 0, 1]])
    scaled = np.diag([scale, scale, 1]) @ K
    expected = tiny.lift(people.keypoints, people.scores, K=K)
    result = tiny.lift(people.keypoints * scale, people.scores, K=scaled)
    assert np.abs(result.xyz - expected.xyz).max() < 0.05  # mm


@pytest.mark.filterwarnings("ignore::wholebody_lift.errors.InputWarning")
def test_any_two_visible_keypoints_give_finite_numbers(tiny: Lifter, people: Keypoints2D) -> None:
    random = np.random.default_rng(0)
    keypoints, observed = (np.repeat(array, 16, axis=0) for array in (people.keypoints, people.observed))
    scores = np.zeros(observed.shape)
    for row, seen in zip(scores, observed, strict=True):
        row[random.choice(np.flatnonzero(seen), 2, replace=False)] = 1.0
    pose = tiny.lift(keypoints, scores)
    assert np.isfinite(pose.xyz).all()
    assert np.isfinite(pose.error_mm).all()


def test_inputs_are_never_modified(tiny: Lifter, people: Keypoints2D) -> None:
    given = as_arrays(people)
    before = {name: array.copy() for name, array in given.items()}
    for array in given.values():
        array.flags.writeable = False
    tiny.lift(**given)
    tiny.lift_sequence(Keypoints2D(**given, fps=30))
    assert all(np.array_equal(given[name], before[name], equal_nan=True) for name in given)


@pytest.mark.filterwarnings("ignore:You are using `torch.load`:FutureWarning")  # torch 2.4, of itself
def test_a_lifter_can_be_pickled(tiny: Lifter, people: Keypoints2D) -> None:
    copy = pickle.loads(pickle.dumps(tiny))
    assert np.array_equal(copy.lift(people).xyz, tiny.lift(people).xyz)
