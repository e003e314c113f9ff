"""The plot of joint angles: what its lines and bands are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wholebody_lift.body.joint_angles import ANGLES, joint_angles
from wholebody_lift.errors import InputError
from wholebody_lift.pose import Pose3D
from wholebody_lift.viewers import angle_plot, palette

matplotlib = pytest.importorskip("matplotlib", reason="plots need the extra [plot]")


def panel_of(pose: Pose3D, title: str):
    (axes,) = [axes for axes in angle_plot.plot(pose).axes if axes.get_title() == title]
    return axes


def test_lines_are_the_angles_and_bands_their_errors(clip: Pose3D) -> None:
    pose = replace(clip.to("unity"), fps=25.0)
    axes = panel_of(pose, "Knee flexion")
    found = joint_angles(clip.xyz, clip.error_mm)
    lines = [line for line in axes.lines if len(line.get_xdata()) == len(clip)]
    for side, line, band in zip(("left", "right"), lines, axes.collections, strict=True):
        column = ANGLES.index(f"knee_flexion_{side}")
        np.testing.assert_allclose(line.get_xdata(), np.arange(65) / 25)
        np.testing.assert_allclose(line.get_ydata(), found.degrees[:, column], atol=1e-3)
        assert line.get_color() == palette.GROUP_COLOURS[f"body_{side}"].light
        heights = band.get_paths()[0].vertices[:, 1]
        assert heights.max() == pytest.approx((found.degrees + found.error)[:, column].max(), abs=1e-3)
        assert heights.min() == pytest.approx((found.degrees - found.error)[:, column].min(), abs=1e-3)


def test_every_angle_has_its_place(clip: Pose3D) -> None:
    titles = [
        axes.get_title() for axes in angle_plot.plot(replace(clip, fps=25.0)).axes if axes.get_visible()
    ]
    joints = {name.removesuffix("_left").removesuffix("_right") for name in ANGLES}
    assert sorted(titles) == sorted(name.replace("_", " ").capitalize() for name in joints)


def test_without_a_rate_the_axis_counts_images(clip: Pose3D) -> None:
    axes = panel_of(replace(clip, image_ids=clip.image_ids + 100), "Wrist deviation")
    assert axes.get_xlabel() == "image"
    assert axes.lines[0].get_xdata()[0] == 100


def test_a_single_image_has_bars(pose: Pose3D) -> None:
    assert len(panel_of(pose, "Knee flexion").containers) == 2


def test_one_person_is_plotted(crowd: Pose3D, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got 3; choose one with --track"):
        angle_plot.plot(crowd)
    with pytest.raises(InputError, match="got nobody"):
        angle_plot.plot(Pose3D.empty())


@pytest.mark.parametrize(("suffix", "begin"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")])
def test_it_is_saved_by_suffix(pose: Pose3D, tmp_path: Path, suffix: str, begin: bytes) -> None:
    path = tmp_path / f"angles{suffix}"
    angle_plot.write(pose, path)
    assert path.read_bytes().startswith(begin)
    if suffix == ".svg":
        assert ">Knee flexion<" in path.read_text(encoding="utf-8")  # text stays text
