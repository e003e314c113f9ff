"""The matplotlib figure: panels, axes, scale, and what it says without matplotlib."""

import builtins
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wholebody_lift.pose import FRAMES, Pose3D
from wholebody_lift.viewers.figure import plot

matplotlib = pytest.importorskip("matplotlib", reason="figures need the extra [plot]")


def test_panels_and_labels(pose: Pose3D) -> None:
    figure = plot(pose)
    assert [axes.get_title() for axes in figure.axes] == [
        "2D input",
        "From the camera",
        "From the side",
        "From above",
    ]
    assert [axes.get_xlabel() for axes in figure.axes] == ["x (pixels)", "x (mm)", "z (mm)", "x (mm)"]
    assert [axes.get_ylabel() for axes in figure.axes] == ["y (pixels)", "y (mm)", "y (mm)", "z (mm)"]
    assert [axes.get_aspect() for axes in figure.axes] == [1.0] * 4
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[0] == "Body, left"
    assert labels[-1] == "inferred"


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("view", ["camera", "side", "top"])
def test_a_view_looks_the_same_in_every_frame(pose: Pose3D, frame: str, view: str) -> None:
    """Only the labels differ: the nose, say, is at the same place of the panel."""

    def on_screen(pose: Pose3D) -> np.ndarray:
        axes = plot(pose, views=(view,)).axes[0]
        dots = axes.collections[-1].get_offsets()
        return axes.transLimits.transform(dots)

    np.testing.assert_allclose(on_screen(pose.to(frame)), on_screen(pose), atol=1e-4)


def test_all_3d_panels_have_one_scale_and_hold_everybody(pose: Pose3D) -> None:
    figure = plot(pose, views=("camera", "side", "top"), show_error=True)
    spans = {
        (round(abs(np.ptp(axes.get_xlim()))), round(abs(np.ptp(axes.get_ylim())))) for axes in figure.axes
    }
    assert len(spans) == 1
    for axes in figure.axes:
        inside = axes.transLimits.transform(axes.collections[-1].get_offsets())
        assert inside.min() > 0
        assert inside.max() < 1


def test_the_camera_view_is_upright(pose: Pose3D) -> None:
    axes = plot(pose, views=("camera",)).axes[0]
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    assert left < right  # x image right
    assert bottom > top  # y image down


def test_error_discs_are_as_large_as_the_predicted_error(pose: Pose3D) -> None:
    without = plot(pose, views=("camera",)).axes[0].collections
    discs = plot(pose, views=("camera",), show_error=True).axes[0].collections[0]
    assert len(without) == 2
    widths = [np.ptp(path.vertices[:, 0]) for path in discs.get_paths()]
    np.testing.assert_allclose(widths, 2 * pose.error_mm[0], rtol=1e-4)


def test_inferred_keypoints_are_hollow(pose: Pose3D) -> None:
    dots = plot(pose, views=("camera",)).axes[0].collections[-1]
    hollow = (dots.get_facecolors()[:, :3] == 1).all(axis=1)
    assert hollow.sum() == (~pose.observed[0]).sum()
    unseen = plot(pose, views=("input",)).axes[0].collections[-1]
    assert len(unseen.get_offsets()) == pose.observed[0].sum()


def test_can_be_saved_without_image_size(crowd: Pose3D, tmp_path: Path) -> None:
    plot(replace(crowd, image_size=None), person=2, show_error=True).savefig(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").stat().st_size > 10_000


def test_leaves_pyplot_alone(pose: Pose3D) -> None:
    loaded = "matplotlib.pyplot" in sys.modules
    plot(pose)
    assert ("matplotlib.pyplot" in sys.modules) == loaded


def test_wrong_arguments(pose: Pose3D) -> None:
    with pytest.raises(ValueError, match=r"'front'.*choose from 'input', 'camera'"):
        plot(pose, views=("front",))
    with pytest.raises(ValueError, match="choose from"):
        plot(pose, views=())
    with pytest.raises(IndexError, match="person 1 of 1"):
        plot(pose, person=1)


def test_without_matplotlib_it_names_the_extra(pose: Pose3D, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: object, **kwargs: object) -> object:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r'pip install "wholebody-lift\[plot\]"'):
        plot(pose)
