"""The named views: where they stand, in every frame, and where people look every way."""

import math
from dataclasses import replace

import numpy as np
import pytest

from wholebody_lift.pose import FRAMES, WORLD, Pose3D
from wholebody_lift.viewers import views


def turned(pose: Pose3D, degrees: float) -> Pose3D:
    """The people turned about the vertical, towards the left of the image."""
    a = math.radians(degrees)
    turn = np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
    return replace(pose, xyz=(pose.xyz @ turn.T).astype(np.float32))


@pytest.mark.parametrize("frame", [frame for frame in FRAMES if frame != WORLD])
@pytest.mark.parametrize("degrees", [-120.0, 0.0, 90.0])
def test_facing_is_the_turn_of_the_people(pose: Pose3D, frame: str, degrees: float) -> None:
    """Somebody who looks at the camera and turns to the left of the image by an angle faces that angle."""
    straight = views.facing(pose)
    assert abs(straight) < 0.1
    there = turned(pose, degrees).to(frame)
    assert views.facing(there) == pytest.approx(straight + math.radians(degrees), abs=1e-4)


def test_people_who_look_every_way_are_seen_from_the_camera(pose: Pose3D) -> None:
    apart = [turned(pose, degrees) for degrees in (10.0, 190.0)]
    rows = {name: np.concatenate([getattr(p, name) for p in apart]) for name in ("xyz", "translation")}
    assert views.facing(replace(pose[[0, 0]], **rows)) == 0.0


def test_axes_are_right_handed_and_level(pose: Pose3D) -> None:
    for turn, lift in views.named(pose).values():
        axes = views.axes(turn, lift)
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(axes) == pytest.approx(1.0)
        assert axes[0, 1] == 0  # nothing tilts to a side
    np.testing.assert_allclose(views.axes(0.0, 0.0), np.eye(3), atol=1e-12)


def test_in_opencv_undoes_every_frame(pose: Pose3D) -> None:
    for frame in [frame for frame in FRAMES if frame != WORLD]:
        there = pose.to(frame)
        np.testing.assert_allclose(views.in_opencv(there, there.xyz), pose.xyz, atol=1e-3)
