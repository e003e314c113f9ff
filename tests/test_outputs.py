"""Kinds of outputs: what they can be told, and when they cannot be made."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from moving import clip

from wholebody_lift import InputError, Keypoints2D, Lifter, Pose3D, outputs
from wholebody_lift.config import Config
from wholebody_lift.model.semgan import SemGAN
from wholebody_lift.outputs import KINDS


@pytest.fixture(scope="module")
def pose(squats: Keypoints2D) -> Pose3D:
    """Four rows in two frames, of people 3 and 8, of known rate."""
    lifted = Lifter(SemGAN(Config(channels=16, heads=2, layers=1)), device="cpu").lift(squats[range(4)])
    ids = {"image_ids": np.array([0, 0, 1, 1]), "track_ids": np.array([3, 8, 3, 8])}
    return replace(lifted, **ids, fps=5.0)


def test_options_are_those_of_the_writers() -> None:
    assert KINDS[".json"].options == {"frame": None}
    assert KINDS[".csv"].options == {"frame": None, "layout": "long"}
    assert KINDS[".html"].options == {
        "frame": None,
        "title": "wholebody-lift",
        "pictures": None,
    }
    assert KINDS[".trc"].options == {
        "frame": "opensim",
        "origin": "ground",
        "names": "keypoints",
        "inferred": True,
    }
    assert KINDS[".bvh"].options == {"origin": "ground", "names": "vrm"}
    assert KINDS[".rrd"].options == {}


def test_all_are_written_as_asked(pose: Pose3D, tmp_path: Path) -> None:
    one = pose[pose.track_ids == 3]
    values = {"frame": "opengl", "origin": "hips", "layout": "wide", "names": "pose2sim", "inferred": False}
    for kind in KINDS.values():
        if kind.missing is None and kind.suffix not in {".png", ".pdf", ".svg", ".rrd"}:
            path = tmp_path / "deep" / f"a{kind.suffix}"
            outputs.write(
                one, path, **{name: value for name, value in values.items() if kind.takes(name, value)}
            )
            assert path.stat().st_size > 500
    assert Pose3D.load(tmp_path / "deep" / "a.json").frame == "opengl"
    outputs.write(one.to("unity"), tmp_path / "a.trc")  # which is left-handed, and TRC has axes of its own


ONE_PERSON = (".trc", ".mot", ".bvh")


@pytest.mark.parametrize(
    ("changes", "obstacles"),
    [
        ({}, dict.fromkeys(ONE_PERSON, "several")),
        (
            {"fps": None},
            dict.fromkeys(ONE_PERSON, "several") | dict.fromkeys([".c3d", ".glb", ".mp4"], "when"),
        ),
        ({"track_ids": None}, dict.fromkeys([*ONE_PERSON, ".c3d", ".glb", ".rrd"], "who")),
        (
            {"track_ids": None, "image_ids": np.arange(4), "fps": None},
            dict.fromkeys([*ONE_PERSON, ".c3d", ".glb", ".mp4"], "when"),
        ),
        (
            {"track_ids": None, "image_ids": np.zeros(4, np.int64), "fps": None},
            dict.fromkeys(ONE_PERSON, "several"),
        ),
    ],
)
def test_obstacles_are_those_of_the_formats(
    pose: Pose3D, changes: dict[str, object], obstacles: dict[str, str], tmp_path: Path
) -> None:
    changed = replace(pose, **changes)
    for suffix, kind in KINDS.items():
        assert outputs.obstacle(changed, kind) == obstacles.get(suffix)
        if kind.obstacles and kind.missing is None and suffix != ".rrd":
            path = tmp_path / f"a{suffix}"
            if suffix in obstacles:
                with pytest.raises(ValueError, match="got"):
                    outputs.write(changed, path)
            else:
                outputs.write(changed, path)


def test_one_file_for_several_people(pose: Pose3D, tmp_path: Path) -> None:
    pytest.importorskip("ezc3d", reason="the extra c3d")
    kind = KINDS[".c3d"]
    assert outputs.obstacle(pose, kind) is None
    assert outputs.obstacle(pose, kind, one_file=True) == "several"
    assert outputs.obstacle(pose[pose.track_ids == 3], kind, one_file=True) is None
    written = outputs.write(pose, tmp_path / "a.c3d")
    assert [path.name for path in written] == ["a-person3.c3d", "a-person8.c3d"]
    assert outputs.write(pose, tmp_path / "a.csv") == [tmp_path / "a.csv"]


def test_an_option_that_a_kind_does_not_take_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"options that .bvh takes \(origin, names\), got frame"):
        outputs.write(clip(3), tmp_path / "walk.bvh", frame="opengl")
