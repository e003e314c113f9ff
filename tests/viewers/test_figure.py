"""The matplotlib figure: panels, axes, scale, people, and what it says without matplotlib."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wholebody_lift.pose import FRAMES, WORLD, Pose3D
from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS
from wholebody_lift.viewers.figure import plot, write

matplotlib = pytest.importorskip("matplotlib", reason="figures need the extra [plot]")


def dots(axes) -> np.ndarray:
    return axes.collections[-1].get_offsets()


def turned(pose: Pose3D, degrees: float) -> Pose3D:
    """The same people, each turned about the vertical through their hips."""
    a = np.deg2rad(degrees)
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    return replace(pose, xyz=(pose.xyz @ turn.T).astype(np.float32))


def test_panels_and_labels(pose: Pose3D) -> None:
    figure = plot(pose, views=("input", "camera", "front", "side", "top", (20, -30)))
    assert [axes.get_title() for axes in figure.axes] == [
        "2D input",
        "From the camera",
        "From the front",
        "From the side",
        "From above",
        "20° up, -30° around",
    ]
    assert [(axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes] == [
        ("x (pixels)", "y (pixels)"),
        ("x (mm)", "y (mm)"),
        ("left (mm)", "up (mm)"),
        ("forward (mm)", "up (mm)"),
        ("left (mm)", "forward (mm)"),
        ("right (mm)", "up (mm)"),
    ]
    assert [axes.get_aspect() for axes in figure.axes] == [1.0] * 6
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[0] == "Body, left"
    assert labels[-1] == "inferred"


@pytest.mark.parametrize("frame", [frame for frame in FRAMES if frame != WORLD])
def test_a_view_looks_the_same_in_every_frame(pose: Pose3D, frame: str) -> None:
    """Only the labels differ: the nose, say, is at the same place of the panel."""

    def on_screen(pose: Pose3D) -> list[np.ndarray]:
        figure = plot(pose, views=("camera", "front", "side", "top", (30.0, 50.0)))
        return [axes.transLimits.transform(dots(axes)) for axes in figure.axes]

    np.testing.assert_allclose(on_screen(pose.to(frame)), on_screen(pose), atol=1e-4)


def test_named_views_turn_with_the_person(pose: Pose3D) -> None:
    here, there = (plot(p, views=("front", "side", "top")) for p in (pose, turned(pose, 130.0)))
    for before, after in zip(here.axes, there.axes, strict=True):
        np.testing.assert_allclose(np.sort(dots(before), axis=0), np.sort(dots(after), axis=0), atol=0.01)


def test_the_directions_of_the_named_views(pose: Pose3D) -> None:
    """Axes grow as they say: to the person's left, up and forward."""
    lines = {}
    for view in ("front", "side", "top"):
        axes = plot(pose, views=(view,)).axes[0]
        lines[view] = (dots(axes), axes.get_xlim(), axes.get_ylim())
    up, forward, left = -pose.xyz[0, :, 1], -pose.xyz[0, :, 2], pose.xyz[0, :, 0]
    for view, (x, y) in {"front": (left, up), "side": (forward, up), "top": (left, forward)}.items():
        np.testing.assert_allclose(np.sort(lines[view][0][:, 0]), np.sort(x), atol=20)
        np.testing.assert_allclose(np.sort(lines[view][0][:, 1]), np.sort(y), atol=20)
        assert lines[view][1][0] < lines[view][1][1]
    assert lines["top"][2][0] > lines["top"][2][1]  # forward is down, as seen from the front


def test_azimuth_is_clockwise_from_the_camera(pose: Pose3D) -> None:
    camera = dots(plot(pose, views=((0, 0),)).axes[0])
    np.testing.assert_allclose(np.sort(camera[:, 0]), np.sort(pose.xyz[0, :, 0]), atol=1e-3)
    from_the_left = dots(plot(pose, views=((0, 90),)).axes[0])
    np.testing.assert_allclose(np.sort(from_the_left[:, 0]), np.sort(-pose.xyz[0, :, 2]), atol=1e-3)
    above = dots(plot(pose, views=((90, 0),)).axes[0])
    np.testing.assert_allclose(np.sort(above[:, 1]), np.sort(pose.xyz[0, :, 2]), atol=1e-3)


def test_all_3d_panels_have_one_scale_and_hold_everybody(crowd: Pose3D) -> None:
    figure = plot(crowd, views=("camera", "front", "side", "top", (20, 40)), show_error=True)
    spans = {
        (round(abs(np.ptp(axes.get_xlim()))), round(abs(np.ptp(axes.get_ylim())))) for axes in figure.axes
    }
    assert len(spans) == 1
    for axes in figure.axes:
        for sticks in axes.collections[1::2]:
            inside = axes.transLimits.transform(sticks.get_offsets())
            assert inside.min() > 0
            assert inside.max() < 1


def test_the_camera_view_is_upright(pose: Pose3D) -> None:
    axes = plot(pose, views=("camera",)).axes[0]
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    assert left < right  # x image right
    assert bottom > top  # y image down


def test_people_of_one_image_stand_in_place(crowd: Pose3D, clip: Pose3D) -> None:
    axes = plot(crowd, views=("camera",)).axes[0]
    drawn = np.concatenate([sticks.get_offsets() for sticks in axes.collections[1::2]])
    np.testing.assert_allclose(np.sort(drawn[:, 0]), np.sort(crowd.in_camera[..., 0].ravel()), atol=0.01)
    assert {text.get_text() for text in axes.texts} == {"0", "1", "2"}
    tracked = plot(replace(crowd, track_ids=np.array([4, 9, 5])), views=("camera",)).axes[0]
    assert {text.get_text() for text in tracked.texts} == {"4", "5", "9"}

    first = plot(clip, views=("camera",)).axes[0]  # the first frame, one person
    assert len(first.collections) == 2
    assert len(dots(first)) == NUM_KEYPOINTS
    alone = plot(crowd, 1, views=("camera",)).axes[0]
    assert len(alone.collections) == 2
    np.testing.assert_allclose(np.sort(dots(alone)[:, 0]), np.sort(crowd.xyz[1, :, 0]), atol=0.01)


def test_error_discs_are_as_large_as_the_expected_error(pose: Pose3D) -> None:
    assert not plot(pose, views=("camera",)).axes[0].patches
    axes = plot(pose, views=("camera",), show_error=True).axes[0]
    widths = []
    for patch in axes.patches:
        outline = patch.get_path()
        starts = np.flatnonzero(outline.codes == outline.MOVETO)
        widths += [np.ptp(disc[:, 0]) for disc in np.split(outline.vertices, starts[1:])]
    assert len(widths) == NUM_KEYPOINTS
    np.testing.assert_allclose(np.sort(widths), np.sort(2 * pose.error_mm[0]), rtol=1e-4)


def test_inferred_keypoints_are_hollow(pose: Pose3D) -> None:
    sticks = plot(pose, views=("camera",)).axes[0].collections[-1]
    hollow = (sticks.get_facecolors()[:, :3] == 1).all(axis=1)
    assert hollow.sum() == (~pose.observed[0]).sum()
    unseen = plot(pose, views=("input",)).axes[0]
    assert len(dots(unseen)) == pose.observed[0].sum()


def test_what_is_further_away_is_paler(pose: Pose3D) -> None:
    x, y, _ = pose.xyz[0, INDEX["left_wrist"]]

    def paleness(view: tuple[float, float]) -> float:
        axes = plot(pose, views=(view,)).axes[0]
        place = {0: (x, -y), 180: (-x, -y)}[view[1]]
        nearest = np.linalg.norm(dots(axes) - place, axis=1).argmin()
        return float(axes.collections[-1].get_edgecolors()[nearest, :3].mean())

    assert pose.xyz[0, INDEX["left_wrist"], 2] < 0  # nearer to the camera than the hips
    assert paleness((0, 180)) > paleness((0, 0)) + 0.05


def test_can_be_saved_without_image_size(crowd: Pose3D, tmp_path: Path) -> None:
    write(replace(crowd, image_size=None), tmp_path / "a.svg", show_error=True)
    drawn = (tmp_path / "a.svg").read_text()
    assert "<text" in drawn  # as text, not as outlines
    assert "From the camera" in drawn
    write(crowd, tmp_path / "a.pdf", person=2, views=("camera",))
    fonts = set(
        re.findall(rb"/Subtype /(Type3|Type0|TrueType|CIDFontType2)", (tmp_path / "a.pdf").read_bytes())
    )
    assert b"Type3" not in fonts
    assert fonts


def test_leaves_pyplot_alone(pose: Pose3D) -> None:
    loaded = "matplotlib.pyplot" in sys.modules
    plot(pose)
    assert ("matplotlib.pyplot" in sys.modules) == loaded


def test_wrong_arguments(pose: Pose3D) -> None:
    with pytest.raises(ValueError, match=r"expected views from 'input', 'camera'.+ got 'back'"):
        plot(pose, views=("back",))
    with pytest.raises(ValueError, match=r"got \(1, 2, 3\)"):
        plot(pose, views=((1, 2, 3),))
    with pytest.raises(ValueError, match="expected views from"):
        plot(pose, views=())
    with pytest.raises(IndexError, match="person 1 of 1"):
        plot(pose, person=1)
    with pytest.raises(ValueError, match="0 people"):
        plot(pose[[]])


def test_without_matplotlib_it_names_the_extra(pose: Pose3D, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "wholebody-lift\[plot\]"'):
        plot(pose)
