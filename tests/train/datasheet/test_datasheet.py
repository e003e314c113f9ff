"""The datasheet measures what it says, and sees what it is there to see."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from turns import random_rotation

pytest.importorskip("anny")
pytest.importorskip("matplotlib")

from wholebody_lift.skeleton import INDEX, PARTS, ROOT
from wholebody_lift.train.datasheet import measures as measuring
from wholebody_lift.train.datasheet import page, summary
from wholebody_lift.train.datasheet.measures import (
    TEST_TO_TRAIN,
    TRAIN_TO_OTHERS,
    TRAIN_TO_OWN,
    Components,
    Measures,
    compare_splits,
    facing,
    laid_on_mean,
)
from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.bank import Recording, Track
from wholebody_lift.train.synthetic.cameras import FAMILIES, Views
from wholebody_lift.train.synthetic.detector import KINDS, Detections
from wholebody_lift.train.synthetic.people import People, Scene
from wholebody_lift.train.synthetic.rig import Rig

PEOPLE = 300


@pytest.fixture(scope="module")
def measures(rig: Rig) -> Measures:
    previous, measuring.DIVERSE = measuring.DIVERSE, 200
    yield measuring.measure(People(rig, bank=None), PEOPLE, torch.Generator().manual_seed(0))
    measuring.DIVERSE = previous


# Views


def _look(person: Tensor, from_where: tuple[float, float, float], roll: float) -> dict[str, Tensor]:
    """What is measured of a camera at a place in mm, in the world's axes, that looks at the hips; it turns
    clockwise about its axis by `roll` degrees."""
    root = person[list(ROOT)].mean(0)
    place = root + torch.tensor(from_where)
    forward = rotations.normalize(root - place)
    right = rotations.normalize(torch.linalg.cross(forward, torch.tensor([0.0, 0, 1])))
    level = torch.stack([right, torch.linalg.cross(forward, right), forward])
    rotation = rotations.about("z", torch.tensor(-math.radians(roll))) @ level
    xyz = ((person - place) @ rotation.mT)[None]
    K = torch.tensor([[[1000.0, 0, 500], [0, 1000, 400], [0, 0, 1]]])
    views = Views(
        xyz=xyz,
        xy=(xyz / xyz[..., 2:])[..., :2] * 1000 + torch.tensor([500.0, 400]),
        K=K,
        distortion=torch.zeros(1, 5),
        image_size=torch.tensor([[1000.0, 800]]),
        family=torch.zeros(1, dtype=torch.long),
        rotation=rotation[None],
    )
    detections = Detections(views.xy, torch.ones(1, 133), torch.zeros(1, dtype=torch.long))
    return measuring.measure_scene(Scene(views, detections, torch.tensor([1700.0])))


@pytest.mark.parametrize(
    ("place", "yaw", "pitch"),
    [
        ((0, -4000, 0), 0, 0),
        ((4000, 0, 0), 90, 0),
        ((-4000, 0, 0), -90, 0),
        ((0, -4000, 4000), 0, 45),
        ((3000, -3000, -2000), 45, -25.2),
    ],
)
@pytest.mark.parametrize("roll", [0, 20])
def test_yaw_pitch_and_roll_are_those_of_the_camera(
    person: Tensor, place: tuple[float, float, float], yaw: float, pitch: float, roll: float
) -> None:
    found = {name: float(value) for name, value in _look(person, place, roll).items() if value.numel() == 1}
    assert found["yaw"] == pytest.approx(yaw, abs=8)  # seen from the middle of the trunk
    assert found["pitch"] == pytest.approx(pitch, abs=0.1)
    assert found["roll"] == pytest.approx(roll, abs=1e-3)
    assert found["distance"] == pytest.approx(math.hypot(*place) / 1000, rel=1e-5)
    assert found["focal"] == pytest.approx(1)


def test_behind_is_half_a_turn(person: Tensor) -> None:
    assert float(_look(person, (0.0, 4000.0, 0.0), 0)["yaw"].abs()) == pytest.approx(180, abs=1e-3)


def test_missing_keypoints_are_counted_by_part(measures: Measures) -> None:
    exact = measures.kind == list(KINDS).index("exact")
    body_only = measures.kind == list(KINDS).index("body_only")
    assert measures.missing["left_hand"][body_only].min() == 1
    assert measures.missing["left_hand"][exact].mean() < 0.5


# Alignment and components


def test_facing_removes_only_position_and_heading(people: Tensor) -> None:
    turn = rotations.about("z", torch.linspace(0, 6, len(people)))
    moved = people @ turn.mT + torch.tensor([100.0, -50, 30])
    assert torch.allclose(facing(moved), facing(people), atol=0.02)
    aligned = facing(people)
    assert torch.allclose(aligned[:, INDEX["left_hip"], 1], torch.zeros(len(people)), atol=1e-2)
    assert (aligned[:, INDEX["left_hip"], 0] > 0).all()
    lengths, before = (
        (xyz[:, INDEX["left_wrist"]] - xyz[:, INDEX["nose"]]).norm(dim=-1) for xyz in (aligned, people)
    )
    assert torch.allclose(lengths, before, rtol=1e-4)


def test_shapes_are_aligned_by_rotation_only(generator: torch.Generator) -> None:
    shape = 50 * torch.randn(21, 3, generator=generator)
    turned = shape @ random_rotation((40,), generator).mT + 300 * torch.randn(40, 1, 3)
    laid = laid_on_mean(turned, range(5))
    assert (laid - laid.mean(0)).norm(dim=-1).max() < 1e-2
    mirrored = torch.cat([turned, turned[:1] * torch.tensor([-1.0, 1, 1])])
    assert (laid_on_mean(mirrored, range(5))[-1] - laid_on_mean(mirrored, range(5))[0]).norm(dim=-1).max() > 5


def test_components_find_the_directions_of_variation(generator: torch.Generator) -> None:
    weights = torch.randn(5000, 2, generator=generator) * torch.tensor([6.0, 2.0])
    weights -= weights.mean(0)
    points = torch.full((5000, 2, 3), 7.0)
    points[:, 0, 0] += weights[:, 0]
    points[:, 1, 2] += weights[:, 1]
    found = Components.of(points)
    assert torch.allclose(found.mean, torch.full((2, 3), 7.0).double(), atol=1e-4)
    assert found.variance[:2].sqrt().tolist() == pytest.approx([6, 2], rel=0.05)
    assert found.axes[0, 0, 0].abs() == pytest.approx(1, abs=1e-2)
    assert (found.needed(0.5), found.needed(0.95), found.needed(0.85)) == (1, 2, 1)
    assert found.spread_mm == pytest.approx(math.sqrt((36 + 4) / 2), rel=0.05)


# Neighbours


def _track(groups: dict[str, str]) -> Track:
    """Ten rows for each recording: name of group -> split."""
    recordings = tuple(
        Recording(f"{group}/{i}", "made", group, split, rows=10)
        for group, split in groups.items()
        for i in range(2)
    )
    return Track(torch.empty(10 * len(recordings), 0), recordings)


def _walks(track: Track, generator: torch.Generator) -> Tensor:
    """Points (R, 7, 3): each recording is elsewhere, and its rows differ by about a millimetre."""
    places = 1000 * torch.randn(len(track.recordings), 1, 7, 3, generator=generator)
    rows = torch.randn(len(track.recordings), 10, 7, 3, generator=generator)
    return (places + rows).flatten(0, 1)


def test_different_recordings_are_as_far_from_test_as_from_each_other(generator: torch.Generator) -> None:
    track = _track({"a": "train", "b": "train", "c": "val", "d": "test"})
    found = compare_splits(_walks(track, generator), track, generator)
    assert [len(found[name]) for name in (TEST_TO_TRAIN, TRAIN_TO_OTHERS, TRAIN_TO_OWN)] == [20, 40, 40]
    assert found[TRAIN_TO_OWN].max() < 5
    assert min(found[TEST_TO_TRAIN].min(), found[TRAIN_TO_OTHERS].min()) > 100


def test_a_leak_between_splits_is_visible(generator: torch.Generator) -> None:
    track = _track({"a": "train", "b": "train", "d": "test"})
    points = _walks(track, generator)
    points[-20:] = points[:20] + 0.1  # the test recordings are train's under another name
    found = compare_splits(points, track, generator)
    assert found[TEST_TO_TRAIN].tolist() == pytest.approx([0.1 * math.sqrt(3)] * 20, rel=0.01)


def test_takes_of_one_group_are_not_other_recordings(generator: torch.Generator) -> None:
    track = _track({"a": "train", "b": "train", "d": "test"})
    points = _walks(track, generator)
    points[10:20] = points[:10]  # two takes of one group are alike
    assert compare_splits(points, track, generator)[TRAIN_TO_OTHERS].min() > 100


# Summary and page


def test_the_summary_compares_drawn_and_documented_shares(measures: Measures) -> None:
    found = summary.summarise(measures)
    for members in found["shares"].values():
        for of in ("documented", "drawn"):
            assert sum(share[of] for share in members.values()) == pytest.approx(1)
    assert set(found["shares"]["cameras"]) == set(FAMILIES)
    assert "recorded" not in found["shares"]["poses"]
    for share in found["shares"]["cameras"].values():
        assert share["drawn"] == pytest.approx(share["documented"], abs=0.12)
    assert found["angles"]["knee_flexion"]["made up"]["outside"] < 0.02
    json.dumps(found)  # plain values


def test_an_angle_beyond_its_limit_is_reported(measures: Measures) -> None:
    angles = measures.angles.clone()
    angles[:30] = 400.0
    wrong = summary.summarise(replace(measures, angles=angles))["angles"]
    assert all(angle["made up"]["outside"] >= 0.1 for angle in wrong.values())


def test_the_page_has_the_files_that_it_refers_to(measures: Measures, tmp_path: Path) -> None:
    page.write(measures, tmp_path)
    text = (tmp_path / "datasheet.md").read_text()
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", text)
    assert len(pictures) == 4  # all but the one of neighbours
    for picture in pictures:
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
    assert "needs recordings" in text
    numbers = json.loads((tmp_path / "assets" / "datasheet.json").read_text())
    assert set(numbers["missing"]["all"]) == set(PARTS)
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert all(len({line.count("|") for line in table}) == 1 for table in tables)


def test_the_published_page_matches_its_numbers() -> None:
    docs = Path(__file__).resolve().parents[3] / "docs"
    numbers = json.loads((docs / "assets" / "datasheet.json").read_text())
    assert page.page(numbers) == (docs / "datasheet.md").read_text()
