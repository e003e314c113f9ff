"""From tables of detections to people in 3D: every row once, and the same as `Lifter` alone."""

import numpy as np
import pytest
from bulk.conftest import rows, seen, with_origin

from wholebody_lift import Keypoints2D, Lifter
from wholebody_lift.bulk import lift_table
from wholebody_lift.bulk.lift_table import LiftedTables, lift_tables
from wholebody_lift.bulk.settings import Settings
from wholebody_lift.errors import InputError

pa = pytest.importorskip("pyarrow", reason="the extra bulk")


def people_of(result: LiftedTables) -> "pa.Table":
    return pa.concat_tables(result.people)


def numbers(table: "pa.Table", name: str, *shape: int) -> np.ndarray:
    return np.array(table[name].to_pylist()).reshape(len(table), *shape)


def test_frames_are_lifted_as_by_the_lifter(lifter: Lifter) -> None:
    columns = rows({"a": 5, "b": 3})
    lifted = people_of(lift_tables(lifter, [with_origin(columns)], Settings()))
    pose = lifter.lift(columns["keypoints"], columns["scores"], image_size=columns["image_size"])
    assert np.array_equal(numbers(lifted, "xyz", 133, 3).astype(np.float32), pose.xyz)
    assert np.array_equal(numbers(lifted, "translation", 3).astype(np.float32), pose.translation)
    assert np.array_equal(numbers(lifted, "K", 3, 3), pose.K)
    assert lifted["video"].to_pylist() == columns["video"]
    assert lifted["row"].to_pylist() == list(range(8))
    assert set(lifted["camera_source"].to_pylist()) == {"image_size"}


def test_output_has_the_axes_that_were_asked_for(lifter: Lifter) -> None:
    table = with_origin(rows({"a": 2}))
    plain = people_of(lift_tables(lifter, [table], Settings()))
    turned = people_of(lift_tables(lifter, [table], Settings(frame="opengl")))
    assert np.allclose(numbers(turned, "xyz", 133, 3), numbers(plain, "xyz", 133, 3) * (1, -1, -1))


def test_bad_rows_are_set_aside_one_by_one_with_their_reason(lifter: Lifter) -> None:
    columns = rows({"a": 9})
    columns["keypoints"][1] = [[0.0, 0.0]] * 133  # nobody
    columns["keypoints"][3] = [[1e9, 5.0]] * 133  # no image is so large
    columns["keypoints"][4] = columns["keypoints"][4][:17]
    columns["keypoints"][5] = None
    columns["image_size"][6] = [-1.0, 720.0]
    columns["frame"][7] = None
    result = lift_tables(lifter, [with_origin(columns)], Settings())
    reasons = {row["row"]: row["reason"] for table in result.rejected for row in table.to_pylist()}
    assert sorted(reasons) == [1, 3, 4, 5, 6, 7]
    for row, word in {1: "visible", 3: "pixel", 4: "(17, 2)", 5: "null", 6: "image_size", 7: "frame"}.items():
        assert word in reasons[row]
    assert sorted(people_of(result)["row"].to_pylist()) == [0, 2, 8]


def test_rows_with_and_without_optional_columns_are_lifted_side_by_side(lifter: Lifter) -> None:
    columns = rows({"a": 6})
    columns["image_size"] = [None, *columns["image_size"][1:]]
    columns["height_mm"] = [None, None, 1500.0, None, None, None]
    columns["K"] = [None, None, None, [[900.0, 0, 640], [0, 900, 360], [0, 0, 1]], None, None]
    lifted = people_of(lift_tables(lifter, [with_origin(columns)], Settings())).sort_by("row")
    sources = ["keypoints", "image_size", "image_size", "given", "image_size", "image_size"]
    assert lifted["camera_source"].to_pylist() == sources
    assert [i for i, source in enumerate(lifted["scale_source"].to_pylist()) if source == "height_mm"] == [2]
    alone = lifter.lift(columns["keypoints"][3], columns["scores"][3], K=columns["K"][3])
    assert np.allclose(numbers(lifted, "xyz", 133, 3)[3], alone.xyz[0], atol=0.01)


def test_known_values_replace_those_of_the_table(lifter: Lifter) -> None:
    table = with_origin(rows({"a": 2}))
    settings = Settings(known={"K": [[900.0, 0, 640], [0, 900, 360], [0, 0, 1]]})
    assert set(people_of(lift_tables(lifter, [table], settings))["camera_source"].to_pylist()) == {"given"}


@pytest.mark.parametrize("at_once", [1024, 7])
def test_motions_are_those_of_lift_sequence(
    lifter: Lifter, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(lift_table, "ROWS_AT_ONCE", at_once)
    columns = rows({"a": 8, "b": 6}, tracks=2)
    order = np.random.default_rng(0).permutation(28)
    mixed = {name: [values[i] for i in order] for name, values in columns.items()}
    lifted = people_of(lift_tables(lifter, [with_origin(mixed)], Settings(smooth=True)))
    assert sorted(lifted["row"].to_pylist()) == list(range(28))
    for video in ("a", "b"):
        chosen = [i for i, name in enumerate(columns["video"]) if name == video]
        pick = {name: [values[i] for i in chosen] for name, values in columns.items()}
        people = Keypoints2D(
            pick["keypoints"],
            pick["scores"],
            image_size=pick["image_size"],
            image_ids=pick["frame"],
            track_ids=pick["track"],
            fps=30,
        )
        pose = lifter.lift_sequence(people)
        ours = lifted.filter(pa.compute.equal(lifted["video"], video)).sort_by(
            [("frame", "ascending"), ("track", "ascending")]
        )
        assert ours["track"].to_pylist() == pose.track_ids.tolist()
        assert np.allclose(numbers(ours, "xyz", 133, 3), pose.xyz, atol=0.01)
        assert np.allclose(numbers(ours, "translation", 3), pose.translation, atol=0.1)


def test_only_rows_of_the_chosen_videos_are_lifted(lifter: Lifter) -> None:
    table = with_origin(rows({"a": 4, "b": 5}))
    result = lift_tables(lifter, [table.slice(2)], Settings(smooth=True), frozenset({"b"}))
    assert people_of(result)["row"].to_pylist() == [4, 5, 6, 7, 8]
    assert not result.rejected


def test_gaps_are_filled_without_a_row_and_bad_frames_do_not_spoil_a_motion(lifter: Lifter) -> None:
    columns = rows({"a": 12})
    columns["keypoints"][4] = [[0.0, 0.0]] * 133
    columns["keypoints"][6] = [[1e9, 5.0]] * 133
    result = lift_tables(lifter, [with_origin(columns)], Settings(smooth=True))
    lifted = people_of(result).sort_by("frame")
    assert lifted["frame"].to_pylist() == list(range(12))
    assert [row for row in lifted["row"].to_pylist() if row is not None] == [0, 1, 2, 3, 5, *range(7, 12)]
    assert sorted(row for table in result.rejected for row in table["row"].to_pylist()) == [4, 6]


def test_people_without_tracks_are_followed(lifter: Lifter) -> None:
    columns = rows({"a": 12}, tracks=2, track=None)
    for row in range(1, 24, 2):
        columns["keypoints"][row] = (np.array(columns["keypoints"][row]) + 400).tolist()
    columns["frame"].append(3)  # a false detection
    for name in columns.keys() - {"frame", "keypoints"}:
        columns[name].append(columns[name][0])
    columns["keypoints"].append((seen(1)[0] - 300).tolist())
    result = lift_tables(lifter, [with_origin(columns)], Settings(smooth=True))
    lifted = people_of(result).sort_by("row")
    assert lifted["track"].to_pylist() == [0, 1] * 12
    (aside,) = (row for table in result.rejected for row in table.to_pylist())
    assert aside["row"] == 24
    assert "false detection" in aside["reason"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"fps": [None] * 6}, "frame rate"),
        ({"fps": [30.0] * 3 + [25.0] * 3}, "one frame rate"),
        ({"frame": [0, 1, 2, 3, 4, 4]}, "once"),
        ({"image_size": [None] + [[1280.0, 720.0]] * 5}, "same columns"),
    ],
)
def test_motions_that_cannot_be_lifted_are_set_aside_whole(lifter: Lifter, change: dict, word: str) -> None:
    both = rows({"good": 6, "bad": 6})
    for name, values in change.items():
        both[name][6:] = values
    result = lift_tables(lifter, [with_origin(both)], Settings(smooth=True))
    assert people_of(result)["row"].to_pylist() == list(range(6))
    aside = [row for table in result.rejected for row in table.to_pylist()]
    assert sorted(row["row"] for row in aside) == list(range(6, 12))
    assert all(word in row["reason"] for row in aside)


def test_warnings_are_counted(lifter: Lifter) -> None:
    result = lift_tables(lifter, [with_origin(rows({"a": 3}, image_size=[64.0, 36.0]))], Settings())
    assert result.warnings["CameraWarning"] == 1


def test_nothing_comes_of_nothing(lifter: Lifter) -> None:
    assert lift_tables(lifter, [], Settings()).people == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"smoothness": 0.0},
        {"smoothness": 2.0},
        {"min_score": 3.0},
        {"fps": -1.0},
        {"frame": "maya"},
        {"lock_feet": True},
    ],
)
def test_settings_are_checked(wrong: dict) -> None:
    with pytest.raises(InputError, match="expected"):
        Settings(**wrong)
