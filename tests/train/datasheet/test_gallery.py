"""The picture of synthetic people."""

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("anny")
pytest.importorskip("matplotlib")

from matplotlib.axes import Axes
from numpy.typing import NDArray

from wholebody_lift.skeleton import EDGES
from wholebody_lift.train.datasheet.gallery import COLUMNS, draw, level_looks, save
from wholebody_lift.train.synthetic.people import People
from wholebody_lift.train.synthetic.rig import Rig
from wholebody_lift.train.synthetic.rotations import about

COUNT = COLUMNS + 1  # one row and a bit, whose other panels stay empty


@pytest.fixture
def people(rig: Rig) -> People:
    return People(rig, bank=None)


def _shown(people: People, **options: str) -> list[Axes]:
    figure = draw(people, COUNT, torch.Generator().manual_seed(0), **options)
    return [axes for axes in figure.axes if axes.get_visible()]


def _ends(axes: Axes) -> list[NDArray[np.float64]]:
    """Ends (edges, 2, 2) of the sticks of each figure in a panel."""
    return [np.array(sticks.get_segments()) for sticks in axes.collections]


def test_everyone_stands_on_the_floor_in_two_figures_of_one_height(people: People) -> None:
    shown = _shown(people)
    assert len(shown) == 2 * COUNT
    for sides in shown[1::2]:
        camera, side = _ends(sides)
        assert len(camera) == len(side) == len(EDGES)
        assert camera[..., 1].min() == pytest.approx(0, abs=1e-3)
        assert np.sort(camera[..., 1], axis=None) == pytest.approx(np.sort(side[..., 1], axis=None))
        assert camera[..., 0].mean() < side[..., 0].mean()


def test_a_picture_shows_only_what_the_detector_reports(people: People) -> None:
    exact, body_only = (_shown(people, kind=kind)[::2] for kind in ("exact", "body_only"))
    for more, less in zip(exact, body_only, strict=True):
        assert 0 < len(_ends(less)[0]) < len(_ends(more)[0]) <= len(EDGES)


def test_titles_name_the_chosen_camera(people: People) -> None:
    titles = [axes.get_title(loc="left") for axes in _shown(people, family="webcam")[::2]]
    assert [title.split("  ")[0] for title in titles] == [str(i) for i in range(COUNT)]
    assert all("webcam" in title for title in titles)


def test_figures_are_seen_from_the_camera_but_level() -> None:
    # A camera that looks along the world's y, then one that is tilted and rolled about where it looks.
    level = torch.tensor([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    tilted = about("x", torch.tensor(0.6)) @ level
    rolled = about("z", torch.tensor(0.4)) @ tilted
    turned = level @ about("z", torch.tensor(1.1))  # to the world's right
    right_forward_up = torch.eye(3)
    looks = level_looks(torch.stack([level, tilted, rolled, turned]))
    assert torch.allclose(looks[:3], right_forward_up.expand(3, 3, 3), atol=1e-6)
    assert torch.allclose(looks[3], right_forward_up @ about("z", torch.tensor(1.1)), atol=1e-6)


@pytest.mark.parametrize(("name", "start"), [("people.png", b"\x89PNG"), ("people.svg", b"<?xml")])
def test_figures_are_saved_by_suffix(people: People, tmp_path: Path, name: str, start: bytes) -> None:
    figure = draw(people, 1, torch.Generator().manual_seed(0))
    save(figure, tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)
