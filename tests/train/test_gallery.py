import io

import pytest
import torch

pytest.importorskip("anny")
pytest.importorskip("matplotlib")

from wholebody_lift.train.gallery import COLUMNS, draw
from wholebody_lift.train.people import People
from wholebody_lift.train.rig import load_rig


def test_three_panels_for_every_person() -> None:
    count = COLUMNS + 1  # one row and a bit, whose other panels stay empty
    figure = draw(People(load_rig(), bank=None), count, torch.Generator().manual_seed(0))
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == 3 * count
    assert all(len(axes.collections[0].get_segments()) > 100 for axes in shown if axes.get_title() == "side")
    file = io.BytesIO()
    figure.savefig(file, dpi=20)
    assert file.getvalue().startswith(b"\x89PNG")
